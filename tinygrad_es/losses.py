"""Losses, with Keras 3's semantics: a value per sample, then a reduction.

Softmax + cross-entropy and sigmoid + cross-entropy backpropagate p − t exactly, even where the
probabilities saturate: a loss that receives the result of a softmax or sigmoid works on its logits.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np

from . import ops
from .autodiff import rules as r
from .autodiff.config import epsilon
from .autodiff.errors import describe
from .autodiff.tensor import Tensor, as_tensor, constant
from .registry import find, snake_case

__all__ = [
    "BinaryCrossentropy",
    "CategoricalCrossentropy",
    "Loss",
    "MeanSquaredError",
    "SparseCategoricalCrossentropy",
    "binary_crossentropy",
    "categorical_crossentropy",
    "get",
    "mean_squared_error",
    "sparse_categorical_crossentropy",
]

REDUCTIONS = ("sum_over_batch_size", "mean", "sum", "mean_with_sample_weight", "none")


# --- functions: one value per sample ------------------------------------------------------------


def paired(y_true: Any, y_pred: Any) -> tuple[Any, Tensor]:
    """Targets in the dtype of the predictions and with the same axes: (3,) meets (3, 1)."""
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
        if not fits or t.ndim != y_pred.ndim:
            raise ValueError(
                f"the targets must have the shape of the predictions, {y_pred.shape}. Received: "
                f"y_true of shape {t.shape}; class numbers go with sparse_categorical_crossentropy "
                "(or ops.one_hot)."
            )
    return (t if t.dtype == y_pred.dtype else t.astype(y_pred.dtype)), y_pred


def logits_of(y_pred: Tensor, activation: str) -> Tensor | None:
    """What went into the softmax or sigmoid that made `y_pred`, where that was recorded."""
    if y_pred.op is not None and y_pred.op.name == activation:
        inner = y_pred.inputs[0]
        return inner if type(inner) is Tensor else None
    return None


def mean_squared_error(y_true: Any, y_pred: Any) -> Any:
    """mean((t − y)²) over the last axis.

    >>> mean_squared_error([[0.0, 1.0]], [[0.5, 0.5]])
    tensor([0.25])
    """
    t, y = paired(y_true, y_pred)
    return ops.mean(ops.square(y - t), axis=-1)


def categorical_crossentropy(
    y_true: Any,
    y_pred: Any,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
    axis: int = -1,
) -> Any:
    """−Σ t·log p. Probabilities are divided by their sum and clipped to [1e-7, 1 − 1e-7]."""
    t, y = paired(y_true, y_pred)
    if label_smoothing:
        t = t * (1.0 - label_smoothing) + label_smoothing / y.shape[axis]
    if axis not in (-1, y.ndim - 1):
        y, t = ops.moveaxis(y, axis, -1), np.moveaxis(t, axis, -1)
    logits = y if from_logits else logits_of(y, "softmax")
    if logits is not None:
        return ops.softmax_cross_entropy(logits, t)
    p = y / ops.sum(y, axis=-1, keepdims=True)
    return -ops.sum(t * ops.log(ops.clip(p, epsilon(), 1.0 - epsilon())), axis=-1)


def sparse_categorical_crossentropy(
    y_true: Any,
    y_pred: Any,
    from_logits: bool = False,
    ignore_class: int | None = None,
    axis: int = -1,
) -> Any:
    """−log p of the class whose number is the target; of `ignore_class` 0."""
    return _sparse(y_true, y_pred, from_logits, ignore_class, axis, mean=False)


def _sparse(
    y_true: Any, y_pred: Any, from_logits: bool, ignore_class: int | None, axis: int, mean: bool
) -> Any:
    """The losses, or their mean: in one operation where it can be."""
    y = as_tensor(y_pred)
    labels = y_true if type(y_true) is np.ndarray else np.asarray(constant(y_true))
    if axis != -1 and axis != y.ndim - 1:
        y = ops.moveaxis(y, axis, -1)
    shape = y.shape
    samples, classes = shape[:-1], shape[-1]
    if labels.shape == (*samples, 1):
        labels = labels[..., 0]
    if labels.shape != samples:
        raise ValueError(
            f"sparse_categorical_crossentropy: expected integer targets of shape {samples} for "
            f"{classes} classes. Received: y_true {describe(labels)}, y_pred {describe(y)}; "
            "one-hot rows go with categorical_crossentropy, images need Flatten before Dense."
        )
    ignored = None if ignore_class is None else labels == ignore_class
    if ignored is not None:
        labels = np.where(ignored, 0, labels)
    hot = np.equal(labels[..., None], _numbers(classes))
    if np.count_nonzero(hot) != labels.size:
        wrong = labels[~hot.any(axis=-1)]
        raise ValueError(
            f"expected class numbers from 0 to {classes - 1} (the predictions have {classes} "
            f"columns). Received: {wrong.size} other target(s), the first is {wrong[0]:g}."
        )
    logits = y if from_logits else logits_of(y, "softmax")
    if logits is not None:
        if mean and ignored is None:
            return r.sparse_softmax_cross_entropy(logits, hot=hot, mean=True)
        loss = r.sparse_softmax_cross_entropy(logits, hot=hot)
    else:
        p = ops.getitem(y / ops.sum(y, axis=-1, keepdims=True), index=hot)
        loss = -ops.log(ops.clip(p, epsilon(), 1.0 - epsilon())).reshape(samples)
    loss = loss if ignored is None else ops.where(ignored, 0.0, loss)
    return r.mean(loss) if mean else loss


@lru_cache(maxsize=16)
def _numbers(n: int) -> Any:
    """0, 1, …, n − 1: the numbers of the classes."""
    return np.arange(n)


def binary_crossentropy(
    y_true: Any,
    y_pred: Any,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
    axis: int = -1,
) -> Any:
    """mean(−t·log p − (1 − t)·log(1 − p)) over an axis; p is clipped to [1e-7, 1 − 1e-7]."""
    t, y = paired(y_true, y_pred)
    if label_smoothing:
        t = t * (1.0 - label_smoothing) + 0.5 * label_smoothing
    logits = y if from_logits else logits_of(y, "sigmoid")
    if logits is not None:
        return ops.mean(ops.sigmoid_cross_entropy(logits, t), axis=axis)
    p = ops.clip(y, epsilon(), 1.0 - epsilon())
    return ops.mean(-(t * ops.log(p) + (1.0 - t) * ops.log(1.0 - p)), axis=axis)


# --- classes: with reduction and weights --------------------------------------------------------


class Loss:
    """A loss as `compile` takes it: `call` gives a value per sample, then the reduction.

    Args:
        reduction: "sum_over_batch_size" (= "mean"; Keras 2's "auto" is accepted), "sum",
            "mean_with_sample_weight", or "none".
        name: what its configuration calls it.

    A subclass writes `call(y_true, y_pred)`.
    """

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
        self.name = name or snake_case(type(self).__name__)

    def call(self, y_true: Any, y_pred: Any) -> Any:
        raise TypeError(f"{type(self).__name__} has no call(y_true, y_pred) of its own")

    def __call__(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Any:
        return reduce_weighted(self.call(y_true, y_pred), sample_weight, self.reduction)

    def get_config(self) -> dict[str, Any]:
        """The arguments that make this loss again."""
        return dict(vars(self))

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Loss:
        return cls(**config)


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


class _FunctionLoss(Loss):
    """A loss class around one of the functions above; its options are attributes."""

    function: Callable[..., Any]
    options: tuple[str, ...] = ()

    def call(self, y_true: Any, y_pred: Any) -> Any:
        return type(self).function(y_true, y_pred, **{k: getattr(self, k) for k in self.options})


class MeanSquaredError(_FunctionLoss):
    """mean((t − y)²): for regression, linear or tanh outputs."""

    function = staticmethod(mean_squared_error)


class _CrossEntropy(_FunctionLoss):
    """Of probabilities (or logits) with targets that may be smoothed."""

    options = ("from_logits", "label_smoothing", "axis")

    def __init__(
        self,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = None,
    ) -> None:
        super().__init__(reduction, name)
        self.from_logits, self.label_smoothing, self.axis = from_logits, label_smoothing, axis


class CategoricalCrossentropy(_CrossEntropy):
    """−Σ t·log p for one-hot targets and softmax outputs (or logits)."""

    function = staticmethod(categorical_crossentropy)


class SparseCategoricalCrossentropy(_FunctionLoss):
    """−log p of the target class, for integer targets and softmax outputs (or logits)."""

    function = staticmethod(sparse_categorical_crossentropy)
    options = ("from_logits", "ignore_class", "axis")

    def __init__(
        self,
        from_logits: bool = False,
        ignore_class: int | None = None,
        reduction: str | None = "sum_over_batch_size",
        axis: int = -1,
        name: str | None = "sparse_categorical_crossentropy",
    ) -> None:
        super().__init__(reduction, name)
        self.from_logits, self.ignore_class, self.axis = from_logits, ignore_class, axis

    def __call__(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Any:
        if self.ignore_class is None:
            own = type(self).call is _FunctionLoss.call  # a subclass may have written another
            if own and sample_weight is None and self.reduction in ("sum_over_batch_size", "mean"):
                return _sparse(y_true, y_pred, self.from_logits, None, self.axis, mean=True)
            return super().__call__(y_true, y_pred, sample_weight)
        labels = np.asarray(as_tensor(y_true).value)
        valid = (labels != self.ignore_class).reshape(labels.shape).astype(float)
        total = reduce_weighted(self.call(y_true, y_pred), sample_weight, "none")
        if self.reduction in ("sum", "none"):
            return ops.sum(total) if self.reduction == "sum" else total
        if self.reduction == "mean_with_sample_weight":
            valid = reduce_weighted(valid, sample_weight, "none")
        return ops.sum(total) / (float(valid.sum()) or 1.0)


class BinaryCrossentropy(_CrossEntropy):
    """−t·log p − (1 − t)·log(1 − p), for targets 0 or 1 and sigmoid outputs (or logits)."""

    function = staticmethod(binary_crossentropy)


class _Wrapped(Loss):
    """A user's function f(y_true, y_pred) as a loss: its value per sample is averaged."""

    def __init__(self, function: Callable[..., Any]) -> None:
        super().__init__(name=getattr(function, "__name__", "loss"))
        self.wrapped = function

    def call(self, y_true: Any, y_pred: Any) -> Any:
        return as_tensor(self.wrapped(y_true, y_pred))


_TABLE: dict[str, Any] = {
    "mean_squared_error": MeanSquaredError,
    "mse": MeanSquaredError,
    "categorical_crossentropy": CategoricalCrossentropy,
    "sparse_categorical_crossentropy": SparseCategoricalCrossentropy,
    "binary_crossentropy": BinaryCrossentropy,
    "bce": BinaryCrossentropy,
}


def get(identifier: Any) -> Loss:
    """The loss of a name, class, instance or function of (y_true, y_pred).

    Raises:
        ValueError: no such name.
    """
    if isinstance(identifier, str):
        identifier = find("loss", identifier, _TABLE)
    if isinstance(identifier, type) and issubclass(identifier, Loss):
        return identifier()
    if isinstance(identifier, Loss):
        return identifier
    if callable(identifier):
        return _Wrapped(identifier)
    raise ValueError(f"Could not interpret loss identifier: {identifier}")
