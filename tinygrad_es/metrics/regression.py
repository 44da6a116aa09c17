"""Metrics of numbers and of probabilities: the losses as running means, and two more."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import losses
from ..autodiff.modes import no_grad
from ..autodiff.tensor import as_tensor
from .metric import MeanMetricWrapper, Metric, array

__all__ = ["LossMetric", "R2Score", "RootMeanSquaredError"]


class LossMetric(MeanMetricWrapper):
    """The mean of a loss' values per sample: `metrics.get("mse")`."""

    direction = "down"

    def __init__(self, loss: Any, name: str | None = None, dtype: Any = None) -> None:
        criterion = losses.get(loss)

        def values(y_true: Any, y_pred: Any) -> Any:
            with no_grad():
                return criterion.call(y_true, as_tensor(y_pred).detach()).value

        super().__init__(values, name or criterion.name, dtype)
        self.loss = criterion

    def get_config(self) -> dict[str, Any]:
        return {"loss": losses.serialize(self.loss), "name": self.name}


class RootMeanSquaredError(Metric):
    """√mean((t − y)²) over all elements seen."""

    direction = "down"

    def __init__(self, name: str = "root_mean_squared_error", dtype: Any = None) -> None:
        super().__init__(name, dtype)

    def reset_state(self) -> None:
        self.total, self.count = 0.0, 0.0

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        t, y = array(y_true), array(y_pred)
        squares = np.square(t.reshape(y.shape) - y).astype(float)
        weight = np.ones(squares.shape)
        if sample_weight is not None:
            given = np.asarray(array(sample_weight), float)
            weight = weight * given.reshape(given.shape + (1,) * (squares.ndim - given.ndim))
        self.total += float((squares * weight).sum())
        self.count += float(weight.sum())

    def result(self) -> float:
        return float(np.sqrt(self.total / self.count)) if self.count else 0.0


class R2Score(Metric):
    """1 − Σ(t − y)²/Σ(t − mean t)²: 1 is perfect, 0 is as good as the mean; mean over outputs."""

    direction = "up"

    def __init__(self, name: str = "r2_score", dtype: Any = None) -> None:
        super().__init__(name, dtype)

    def reset_state(self) -> None:
        self.count, self.sum, self.squares, self.residual = 0.0, 0.0, 0.0, 0.0

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        y = np.asarray(array(y_pred), float)
        t = np.asarray(array(y_true), float).reshape(y.shape)
        w: Any = 1.0
        if sample_weight is not None:
            w = np.asarray(array(sample_weight), float).reshape(-1, *[1] * (y.ndim - 1))
        self.count = self.count + (np.ones_like(t) * w).sum(0)
        self.sum = self.sum + (t * w).sum(0)
        self.squares = self.squares + (t * t * w).sum(0)
        self.residual = self.residual + (np.square(t - y) * w).sum(0)

    def result(self) -> float:
        if np.ndim(self.count) == 0 and self.count == 0:
            return 0.0
        total = self.squares - self.sum * self.sum / self.count
        return float(np.mean(1.0 - self.residual / total))
