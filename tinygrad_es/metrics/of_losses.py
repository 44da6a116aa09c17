"""The losses as metrics: their mean over the samples seen, `MeanSquaredError()` for "mse"."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from .. import losses
from ..registry import snake_case
from .metric import MeanMetricWrapper, array
from .regression import LossMetric

__all__ = [
    "BinaryCrossentropy",
    "CategoricalCrossentropy",
    "CategoricalHinge",
    "CosineSimilarity",
    "Hinge",
    "KLDivergence",
    "LogCoshError",
    "MeanAbsoluteError",
    "MeanAbsolutePercentageError",
    "MeanSquaredError",
    "MeanSquaredLogarithmicError",
    "Poisson",
    "SparseCategoricalCrossentropy",
    "SquaredHinge",
]


class MetricOfLoss(LossMetric):
    """The base: the mean of a loss, with the options of the loss.

    Args:
        name: what the logs call it; default: the class in snake case.
        options: those of the loss, as `from_logits` and `label_smoothing`.
    """

    kind: ClassVar[type[losses.Loss]]

    def __init__(self, name: str | None = None, dtype: Any = None, **options: Any) -> None:
        super().__init__(self.kind(**options), name or snake_case(type(self).__name__), dtype)
        self.of_loss = options

    def get_config(self) -> dict[str, Any]:
        return {"name": self.name, **self.of_loss}


class MeanSquaredError(MetricOfLoss):
    """mean((t − y)²).

    >>> m = MeanSquaredError()
    >>> m.update_state([[0.0, 1.0]], [[0.5, 1.0]])
    >>> m.name, m.result()
    ('mean_squared_error', 0.125)
    """

    kind = losses.MeanSquaredError


class MeanAbsoluteError(MetricOfLoss):
    """mean|t − y|."""

    kind = losses.MeanAbsoluteError


class MeanAbsolutePercentageError(MetricOfLoss):
    """100·mean|(t − y)/t|."""

    kind = losses.MeanAbsolutePercentageError


class MeanSquaredLogarithmicError(MetricOfLoss):
    """mean((ln(1 + t) − ln(1 + y))²)."""

    kind = losses.MeanSquaredLogarithmicError


class LogCoshError(MetricOfLoss):
    """mean(ln cosh(y − t))."""

    kind = losses.LogCosh

    def __init__(self, name: str = "logcosh", dtype: Any = None) -> None:
        super().__init__(name, dtype)


class BinaryCrossentropy(MetricOfLoss):
    """−mean(t·ln p + (1 − t)·ln(1 − p)); options from_logits, label_smoothing."""

    kind = losses.BinaryCrossentropy


class CategoricalCrossentropy(MetricOfLoss):
    """−Σ t·ln p of one-hot rows; options from_logits, label_smoothing, axis."""

    kind = losses.CategoricalCrossentropy


class SparseCategoricalCrossentropy(MetricOfLoss):
    """−ln p of the class; options from_logits, ignore_class, axis."""

    kind = losses.SparseCategoricalCrossentropy


class KLDivergence(MetricOfLoss):
    """Σ t·ln(t/p)."""

    kind = losses.KLDivergence


class Poisson(MetricOfLoss):
    """mean(y − t·ln y)."""

    kind = losses.Poisson


class Hinge(MetricOfLoss):
    """mean(max(0, 1 − t·y))."""

    kind = losses.Hinge


class SquaredHinge(MetricOfLoss):
    """mean(max(0, 1 − t·y)²)."""

    kind = losses.SquaredHinge


class CategoricalHinge(MetricOfLoss):
    """max(0, 1 + the largest score of another class − that of the class)."""

    kind = losses.CategoricalHinge


class CosineSimilarity(MeanMetricWrapper):
    """Σ t·y/(‖t‖·‖y‖): 1 where directions agree. The loss of this name is its negative.

    Args:
        axis: of the components.
    """

    direction = "up"

    def __init__(self, name: str = "cosine_similarity", dtype: Any = None, axis: int = -1) -> None:
        super().__init__(similarity, name, dtype, axis=axis)


def similarity(y_true: Any, y_pred: Any, axis: int = -1) -> Any:
    """The cosine of the angle between t and y."""
    t, y = (np.asarray(array(v), dtype=np.float64) for v in (y_true, y_pred))
    lengths = np.linalg.norm(t, axis=axis) * np.linalg.norm(y, axis=axis)
    return (t * y).sum(axis=axis) / np.where(lengths > 0, lengths, 1.0)
