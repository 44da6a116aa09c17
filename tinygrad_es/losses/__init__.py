"""Losses, with Keras 3's semantics and names; the lessons' forms under plain names."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..autodiff.tensor import Tensor, as_tensor
from ..registry import resolve, serialize
from .cross_entropy import (
    BinaryCrossentropy,
    BinaryFocalCrossentropy,
    CategoricalCrossentropy,
    CategoricalFocalCrossentropy,
    KLDivergence,
    Poisson,
    SparseCategoricalCrossentropy,
    SumBinaryCrossentropy,
    binary_crossentropy,
    binary_focal_crossentropy,
    categorical_crossentropy,
    categorical_focal_crossentropy,
    kl_divergence,
    poisson,
    sparse_categorical_crossentropy,
    sum_binary_crossentropy,
)
from .hinges import (
    CategoricalHinge,
    Hinge,
    MulticlassHinge,
    SquaredHinge,
    categorical_hinge,
    hinge,
    multiclass_hinge,
    squared_hinge,
)
from .loss import Loss, Reduction, same_rank
from .regression import (
    CosineSimilarity,
    HalfSquaredError,
    Huber,
    LogCosh,
    MeanAbsoluteError,
    MeanAbsolutePercentageError,
    MeanSquaredError,
    MeanSquaredLogarithmicError,
    cosine_similarity,
    half_squared_error,
    huber,
    log_cosh,
    mean_absolute_error,
    mean_absolute_percentage_error,
    mean_squared_error,
    mean_squared_logarithmic_error,
)

__all__ = [
    "BinaryCrossentropy",
    "BinaryFocalCrossentropy",
    "CategoricalCrossentropy",
    "CategoricalFocalCrossentropy",
    "CategoricalHinge",
    "CosineSimilarity",
    "HalfSquaredError",
    "Hinge",
    "Huber",
    "KLDivergence",
    "LogCosh",
    "Loss",
    "MeanAbsoluteError",
    "MeanAbsolutePercentageError",
    "MeanSquaredError",
    "MeanSquaredLogarithmicError",
    "MulticlassHinge",
    "Poisson",
    "Reduction",
    "ReductionV2",
    "SparseCategoricalCrossentropy",
    "SquaredHinge",
    "SumBinaryCrossentropy",
    "binary_crossentropy",
    "binary_focal_crossentropy",
    "categorical_crossentropy",
    "categorical_focal_crossentropy",
    "categorical_hinge",
    "cosine_similarity",
    "get",
    "half_squared_error",
    "hinge",
    "huber",
    "kl_divergence",
    "log_cosh",
    "mean_absolute_error",
    "mean_absolute_percentage_error",
    "mean_squared_error",
    "mean_squared_logarithmic_error",
    "multiclass_hinge",
    "names",
    "poisson",
    "serialize",
    "sparse_categorical_crossentropy",
    "squared_hinge",
    "sum_binary_crossentropy",
]

ReductionV2 = Reduction  # as the signatures in Keras 2's pages spell it


class Wrapped(Loss):
    """A user's function f(y_true, y_pred) as a loss: its value per sample is averaged."""

    def __init__(self, function: Callable[..., Any]) -> None:
        super().__init__(name=getattr(function, "__name__", "loss"))
        self.function = function

    def call(self, y_true: Any, y_pred: Any) -> Any:
        y_true = y_true if isinstance(y_true, Tensor) else np.asarray(y_true)
        found = self.function(same_rank(y_true, y_pred), y_pred)
        if found is None:
            raise ValueError(f"loss {self.name} returned None. Expected a Tensor: add a return.")
        return as_tensor(found)

    def get_config(self) -> dict[str, Any]:
        return {"function": self.function}


_TABLE: dict[str, Any] = {
    "binary_crossentropy": BinaryCrossentropy,
    "binary_focal_crossentropy": BinaryFocalCrossentropy,
    "categorical_crossentropy": CategoricalCrossentropy,
    "categorical_focal_crossentropy": CategoricalFocalCrossentropy,
    "categorical_hinge": CategoricalHinge,
    "cosine_similarity": CosineSimilarity,
    "half_squared_error": HalfSquaredError,
    "hinge": Hinge,
    "huber": Huber,
    "kl_divergence": KLDivergence,
    "log_cosh": LogCosh,
    "mean_absolute_error": MeanAbsoluteError,
    "mean_absolute_percentage_error": MeanAbsolutePercentageError,
    "mean_squared_error": MeanSquaredError,
    "mean_squared_logarithmic_error": MeanSquaredLogarithmicError,
    "multiclass_hinge": MulticlassHinge,
    "poisson": Poisson,
    "sparse_categorical_crossentropy": SparseCategoricalCrossentropy,
    "squared_hinge": SquaredHinge,
    "sum_binary_crossentropy": SumBinaryCrossentropy,
    # short names
    "bce": BinaryCrossentropy,
    "kld": KLDivergence,
    "mae": MeanAbsoluteError,
    "mape": MeanAbsolutePercentageError,
    "mse": MeanSquaredError,
    "msle": MeanSquaredLogarithmicError,
}


def get(identifier: Any) -> Loss:
    """The loss of a name, class, instance, configuration or function of (y_true, y_pred).

    Raises:
        ValueError: no such name.

    >>> get("mse").name, get("MAE").name
    ('mean_squared_error', 'mean_absolute_error')
    """
    found = resolve("loss", identifier, _TABLE, callable)
    return found if isinstance(found, Loss) else Wrapped(found)


def full_name(name: Any) -> Any:
    """The long name of a short one: "mse" is "mean_squared_error"; anything else is itself."""
    kind = _TABLE.get(name) if isinstance(name, str) else None
    return next((known for known, cls in _TABLE.items() if cls is kind), name)


def names() -> list[str]:
    """The names that `get` knows."""
    return list(_TABLE)
