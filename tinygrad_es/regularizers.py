"""Penalties on weights and activities, with Keras' scaling: no ½, no division by N."""

from __future__ import annotations

import math
from typing import Any

from . import ops
from .registry import Configured, resolve, serialize

__all__ = [
    "L1",
    "L1L2",
    "L2",
    "OrthogonalRegularizer",
    "Regularizer",
    "get",
    "l1",
    "l1_l2",
    "l2",
    "serialize",
]


class Regularizer(Configured):
    """Base: `__call__(x)` returns the penalty of a Tensor, one number."""

    def __call__(self, x: Any) -> Any:
        raise TypeError(f"{type(self).__name__} has no __call__(x) of its own")


def factor(name: str, value: Any) -> float:
    """A ValueError unless a number from 0 on."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise ValueError(
            f"Invalid value for argument {name}: expected a float. Received: {name}={value!r}"
        )
    if not math.isfinite(value) or value < 0:
        raise ValueError(
            f"Invalid value for argument {name}: expected a non-negative float. Received: "
            f"{name}={value}"
        )
    return float(value)


class L1L2(Regularizer):
    """l1·Σ|x| + l2·Σx²; the derivative of |x| at 0 is 0.

    >>> L1L2(l1=0.5, l2=0.25)([[1.0, -2.0], [3.0, 4.0]])
    tensor(12.5)
    """

    def __init__(self, l1: float = 0.0, l2: float = 0.0) -> None:
        self.l1, self.l2 = factor("l1", l1 or 0.0), factor("l2", l2 or 0.0)

    def __call__(self, x: Any) -> Any:
        return self.l1 * ops.sum(ops.abs(x)) + self.l2 * ops.sum(ops.square(x))


class L1(Regularizer):
    """l1·Σ|x|: drives weights to exactly 0."""

    def __init__(self, l1: float = 0.01) -> None:
        self.l1 = factor("l1", l1)

    def __call__(self, x: Any) -> Any:
        return self.l1 * ops.sum(ops.abs(x))


class L2(Regularizer):
    """l2·Σx², whose gradient is 2·l2·x.

    The lessons' other scalings: λ/2 is l2 = λ/2; λ/N is l2 = λ/N.
    """

    def __init__(self, l2: float = 0.01) -> None:
        self.l2 = factor("l2", l2)

    def __call__(self, x: Any) -> Any:
        return self.l2 * ops.sum(ops.square(x))


class OrthogonalRegularizer(Regularizer):
    """factor·Σ|cos| between every two rows (or columns) of a matrix, halved by their number.

    Args:
        factor: of the penalty.
        mode: "rows" or "columns".
    """

    def __init__(self, factor: float = 0.01, mode: str = "rows") -> None:
        if mode not in ("rows", "columns"):
            raise ValueError(
                "Invalid value for argument mode: expected 'rows' or 'columns'. Received: "
                f"mode={mode!r}"
            )
        self.factor, self.mode = factor, mode

    def __call__(self, x: Any) -> Any:
        x = ops.as_tensor(x)
        if x.ndim != 2:
            raise ValueError(
                f"Inputs to OrthogonalRegularizer must have rank 2. Received: shape {x.shape}."
            )
        axis = 1 if self.mode == "rows" else 0
        unit = x / ops.maximum(ops.norm(x, axis=axis, keepdims=True), 1e-7)
        n = x.shape[1 - axis]
        products = unit @ unit.T if axis else unit.T @ unit
        between = ops.sum(ops.abs(products * (1.0 - ops.eye(n, dtype=x.dtype))))
        return self.factor * 0.5 * between / (n * (n - 1.0) / 2.0)


def l1_l2(l1: float = 0.01, l2: float = 0.01) -> L1L2:
    """`L1L2` with Keras 2's defaults."""
    return L1L2(l1, l2)


l1, l2 = L1, L2
_TABLE: dict[str, Any] = {
    "l1": L1,
    "l2": L2,
    "l1_l2": lambda: l1_l2(),
    "orthogonal_regularizer": OrthogonalRegularizer,
}


def get(identifier: Any) -> Any:
    """The regularizer of a name, a class or a configuration; a callable is itself, None is None.

    >>> get("l2").get_config(), get("L1L2").get_config()
    ({'l2': 0.01}, {'l1': 0.01, 'l2': 0.01})
    """
    if isinstance(identifier, str) and identifier.lower() in ("l1l2", "l1_l2"):
        return l1_l2()
    if isinstance(identifier, dict) and identifier.get("class_name") == "L1L2":
        return L1L2(**identifier.get("config", {}))
    return None if identifier is None else resolve("regularizer", identifier, _TABLE, callable)
