"""Metrics: running means over the batches of an epoch."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from . import losses
from .autodiff.modes import no_grad
from .autodiff.tensor import as_tensor
from .losses.loss import same_rank
from .registry import find

__all__ = ["Mean", "Metric", "accuracy", "confusion_matrix", "get"]


class Metric:
    """A value that grows with the batches: `update_state`, `result`, `reset_state`."""

    direction: str | None = None  # "up" or "down" where one of them is better

    def __init__(self, name: str) -> None:
        self.name = name

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        raise TypeError(f"{type(self).__name__} has no update_state of its own")

    def result(self) -> float:
        raise TypeError(f"{type(self).__name__} has no result of its own")

    def reset_state(self) -> None:
        raise TypeError(f"{type(self).__name__} has no reset_state of its own")


class Mean(Metric):
    """The mean of a function's values per sample, over all samples seen since the last reset.

    >>> m = Mean(accuracy, "accuracy")
    >>> m.update_state(np.array([0, 1]), np.array([[0.9, 0.1], [0.8, 0.2]]))
    >>> m.result()
    0.5
    """

    def __init__(
        self, function: Callable[[Any, Any], Any], name: str, direction: str | None = None
    ) -> None:
        super().__init__(name)
        self.function, self.direction = function, direction
        self.reset_state()

    def reset_state(self) -> None:
        self.total, self.count = 0.0, 0.0

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        values = np.asarray(self.function(y_true, y_pred), dtype=np.float64)
        if sample_weight is None:
            self.total += float(values.sum())
            self.count += values.size
        else:
            weight = np.broadcast_to(np.asarray(sample_weight, dtype=np.float64), values.shape)
            self.total += float((values * weight).sum())
            self.count += float(weight.sum())

    def result(self) -> float:
        return self.total / self.count if self.count else 0.0


def accuracy(y_true: Any, y_pred: Any) -> Any:
    """1 for each sample that is right, else 0; the shapes say what "right" means, as in Keras 3:

    predictions with one column: above ½ is 1; integer targets: the class of the largest
    prediction; one-hot targets: the largest of both.
    """
    t, p = np.asarray(as_tensor(y_true).value), np.asarray(as_tensor(y_pred).value)
    if p.ndim and p.shape[-1] == 1:
        return (t.reshape(p.shape) == (p > 0.5)).mean(axis=-1)
    if t.ndim < p.ndim or (t.shape[-1] == 1 and p.shape[-1] > 1):
        labels = t.reshape(p.shape[:-1])
        return labels == p.argmax(axis=-1)
    return t.argmax(axis=-1) == p.argmax(axis=-1)


def confusion_matrix(y_true: Any, y_pred: Any, num_classes: int | None = None) -> Any:
    """How often class i (row) was taken for class j (column).

    >>> confusion_matrix([0, 1, 1], [0, 1, 0])
    array([[1, 0],
           [1, 1]])
    """
    t, p = np.asarray(y_true).ravel().astype(int), np.asarray(y_pred).ravel().astype(int)
    if t.shape != p.shape:
        raise ValueError(f"confusion_matrix: {t.size} targets but {p.size} predictions.")
    found = int(max(t.max(initial=-1), p.max(initial=-1))) + 1
    n = found if num_classes is None else num_classes
    lowest = int(min(t.min(initial=0), p.min(initial=0)))
    if lowest < 0 or found > n:
        raise ValueError(
            f"confusion_matrix: expected classes from 0 to {n - 1}. Received: "
            f"{lowest if lowest < 0 else found - 1}."
        )
    counts = np.zeros((n, n), dtype=int)
    np.add.at(counts, (t, p), 1)
    return counts


def _of_loss(name: str) -> Callable[[Any, Any], Any]:
    loss = losses.get(name)

    def values(y_true: Any, y_pred: Any) -> Any:
        with no_grad():
            return loss.call(y_true, as_tensor(y_pred).detach()).value

    return values


_TABLE: dict[str, Callable[[], Callable[[Any, Any], Any]]] = {
    "accuracy": lambda: accuracy,
    "acc": lambda: accuracy,
    "mse": lambda: _of_loss("mse"),
    "mean_squared_error": lambda: _of_loss("mse"),
    "binary_crossentropy": lambda: _of_loss("binary_crossentropy"),
    "categorical_crossentropy": lambda: _of_loss("categorical_crossentropy"),
    "sparse_categorical_crossentropy": lambda: _of_loss("sparse_categorical_crossentropy"),
}


def get(identifier: Any) -> Metric:
    """The metric of a name, an instance, or a function of (y_true, y_pred).

    Raises:
        ValueError: no such name.
    """
    if isinstance(identifier, str):
        function = find("metric", identifier, _TABLE)()
        return Mean(function, identifier, "up" if function is accuracy else "down")
    if isinstance(identifier, Metric):
        return identifier
    if callable(identifier):

        def function(y_true: Any, y_pred: Any) -> Any:
            return identifier(same_rank(np.asarray(y_true), y_pred), y_pred)

        return Mean(function, getattr(identifier, "__name__", "metric"))
    raise ValueError(f"Could not interpret metric identifier: {identifier!r}")
