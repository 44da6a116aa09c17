"""What weights must satisfy after each update: functions from arrays to arrays."""

from __future__ import annotations

from typing import Any

import numpy as np

from .autodiff.config import epsilon
from .registry import Configured, resolve, serialize

__all__ = [
    "Constraint",
    "MaxNorm",
    "MinMaxNorm",
    "NonNeg",
    "UnitNorm",
    "get",
    "max_norm",
    "min_max_norm",
    "non_neg",
    "serialize",
    "unit_norm",
]


class Constraint(Configured):
    """Base: `__call__(w)` returns the array that takes the place of w."""

    def __call__(self, w: Any) -> Any:
        raise TypeError(f"{type(self).__name__} has no __call__(w) of its own")


def norms(w: Any, axis: Any) -> Any:
    axes = tuple(axis) if isinstance(axis, list) else axis
    return np.sqrt(np.sum(np.square(w), axis=axes, keepdims=True))


class MaxNorm(Constraint):
    """The norm along an axis is at most max_value: that of a unit's weights with axis 0.

    >>> MaxNorm(2.0)(np.array([[3.0, 0.1], [4.0, 0.2]])).round(4)
    array([[1.2, 0.1],
           [1.6, 0.2]])
    """

    def __init__(self, max_value: float = 2, axis: Any = 0) -> None:
        self.max_value, self.axis = max_value, axis

    def __call__(self, w: Any) -> Any:
        size = norms(w, self.axis)
        return w * (np.clip(size, 0, self.max_value) / (epsilon() + size))


class UnitNorm(Constraint):
    """The norm along an axis is 1."""

    def __init__(self, axis: Any = 0) -> None:
        self.axis = axis

    def __call__(self, w: Any) -> Any:
        return w / (epsilon() + norms(w, self.axis))


class NonNeg(Constraint):
    """Nothing is negative."""

    def __call__(self, w: Any) -> Any:
        return np.maximum(w, 0)


class MinMaxNorm(Constraint):
    """The norm along an axis is drawn into [min_value, max_value], by a share `rate` of the way."""

    def __init__(
        self, min_value: float = 0.0, max_value: float = 1.0, rate: float = 1.0, axis: Any = 0
    ) -> None:
        self.min_value, self.max_value = min_value, max_value
        self.rate, self.axis = rate, axis

    def __call__(self, w: Any) -> Any:
        size = norms(w, self.axis)
        wanted = self.rate * np.clip(size, self.min_value, self.max_value)
        wanted = wanted + (1 - self.rate) * size
        return w * (wanted / (epsilon() + size))


max_norm, unit_norm, non_neg, min_max_norm = MaxNorm, UnitNorm, NonNeg, MinMaxNorm
_TABLE = {
    "max_norm": MaxNorm,
    "unit_norm": UnitNorm,
    "non_neg": NonNeg,
    "min_max_norm": MinMaxNorm,
}


def get(identifier: Any) -> Any:
    """The constraint of a name, a class or a configuration; a callable is itself, None is None."""
    return None if identifier is None else resolve("constraint", identifier, _TABLE, callable)
