"""The base of all losses: a value per sample, then a reduction, with Keras 3's semantics."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np

from .. import ops
from ..autodiff import rules as r
from ..autodiff.tensor import Tensor, as_tensor
from ..registry import Configured, snake_case

__all__ = ["FunctionLoss", "Loss", "Reduction", "paired", "same_rank"]

REDUCTIONS = ("sum_over_batch_size", "mean", "sum", "mean_with_sample_weight", "none")


class Reduction:
    """Keras 2's names of the reductions: `MeanSquaredError(reduction=Reduction.AUTO)`."""

    AUTO = "auto"
    NONE = "none"
    SUM = "sum"
    SUM_OVER_BATCH_SIZE = "sum_over_batch_size"


def paired(y_true: Any, y_pred: Any, exact: bool = False) -> tuple[Any, Tensor]:
    """Targets in the dtype of the predictions and with the same axes: (3,) meets (3, 1).

    A column is compared with each column of the predictions, as in Keras, unless `exact`.
    """
    y_pred = as_tensor(y_pred)
    t = y_true if type(y_true) is Tensor and y_true.tracked else np.asarray(as_tensor(y_true).value)
    if t.ndim == y_pred.ndim - 1 and y_pred.shape[-1] == 1:
        t = t.reshape(*t.shape, 1)
    elif t.ndim == y_pred.ndim + 1 and t.shape[-1] == 1:
        t = t.reshape(t.shape[:-1])
    if t.shape != y_pred.shape:
        try:
            fits = np.broadcast_shapes(t.shape, y_pred.shape) == y_pred.shape
        except ValueError:
            fits = False
        if exact or not fits or t.ndim != y_pred.ndim:
            raise ValueError(
                f"the targets must have the shape of the predictions, {y_pred.shape}. Received: "
                f"y_true of shape {t.shape}. Give the last layer as many units as there are "
                "targets; class numbers go with sparse_categorical_crossentropy (or ops.one_hot)."
            )
    return (t if t.dtype == y_pred.dtype else t.astype(y_pred.dtype)), y_pred


def same_rank(y_true: Any, y_pred: Any) -> Any:
    """The targets with as many axes as the predictions, where one of length 1 is too many or few.

    Without it (n,) − (n, 1) would be n×n.
    """
    t, y = np.shape(y_true), np.shape(y_pred)
    if len(t) == len(y) - 1 and y[-1] == 1:
        return y_true.reshape(*t, 1)
    if len(t) == len(y) + 1 and t[-1] == 1:
        return y_true.reshape(t[:-1])
    return y_true


class Loss(Configured):
    """A loss as `compile` takes it: `call` gives a value per sample, then the reduction.

    Args:
        reduction: "sum_over_batch_size" (= "mean"; Keras 2's "auto" is accepted), "sum",
            "mean_with_sample_weight", or "none".
        name: what its configuration calls it.

    A subclass writes `call(y_true, y_pred)`.
    """

    default_name: ClassVar[str] = ""  # where it is not the class in snake case

    def __init__(
        self, reduction: str | None = "sum_over_batch_size", name: str | None = None
    ) -> None:
        reduction = {"auto": "sum_over_batch_size", None: "none"}.get(reduction, reduction)
        if reduction not in REDUCTIONS:
            raise ValueError(
                f"Invalid value for argument `reduction`. Expected one of {REDUCTIONS}. Received: "
                f"reduction={reduction}"
            )
        self.reduction = reduction
        self.name = name or self.default_name or snake_case(type(self).__name__)

    def call(self, y_true: Any, y_pred: Any) -> Any:
        raise TypeError(f"{type(self).__name__} has no call(y_true, y_pred) of its own")

    def __call__(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Any:
        return reduce_weighted(self.call(y_true, y_pred), sample_weight, self.reduction)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} name={self.name}>"


def reduce_weighted(values: Any, sample_weight: Any, reduction: str) -> Any:
    """Weigh the values per sample, and reduce them to one number."""
    if sample_weight is not None:
        weight = np.asarray(as_tensor(sample_weight).value, dtype=values.dtype)
        if weight.ndim == values.ndim + 1 and weight.shape[-1] == 1:
            weight = weight[..., 0]
        weight = weight.reshape(weight.shape + (1,) * (values.ndim - weight.ndim))
        if values.ndim and weight.shape[:1] != values.shape[:1] and weight.size != 1:
            raise ValueError(
                f"sample_weight: expected one weight for each of {values.shape[0]} samples. "
                f"Received: shape {weight.shape}."
            )
        values = values * weight
        if reduction == "mean_with_sample_weight":
            total = float(np.broadcast_to(weight, values.shape).sum())
            return ops.sum(values) / total
    if reduction == "none":
        return values
    return r.sum(values) if reduction == "sum" else r.mean(values)


class FunctionLoss(Loss):
    """A loss class around a function of (y_true, y_pred, **options).

    A subclass names the `function` and the `options` with their defaults; they become arguments
    of the constructor, in this order, before `reduction` and `name`, and attributes.
    """

    function: ClassVar[Callable[..., Any]]
    options: ClassVar[dict[str, Any]] = {}
    __signature__: ClassVar[inspect.Signature]

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        arguments = cls.options | {"reduction": "sum_over_batch_size", "name": None}
        kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
        cls.__signature__ = inspect.Signature(
            [inspect.Parameter(k, kind, default=v) for k, v in arguments.items()]
        )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        try:
            given = self.__signature__.bind(*args, **kwargs)
        except TypeError as error:
            raise TypeError(
                f"{type(self).__name__}: {error}. Expected {type(self).__name__}"
                f"{self.__signature__}."
            ) from None
        given.apply_defaults()
        super().__init__(given.arguments.pop("reduction"), given.arguments.pop("name"))
        vars(self).update(given.arguments)

    def call(self, y_true: Any, y_pred: Any) -> Any:
        return type(self).function(y_true, y_pred, **{k: getattr(self, k) for k in self.options})
