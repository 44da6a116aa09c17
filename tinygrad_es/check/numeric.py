"""Numerical derivatives: central differences in float64, with a Richardson error estimate."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

__all__ = ["central_difference", "cotangent"]

STEP = 6e-6  # the cube root of float64's epsilon: truncation and rounding balance


def cotangent(shape: tuple[int, ...], seed: int = 0) -> Any:
    """A seeded random cotangent of mixed signs, |v| in [0.5, 1.5]: no entry can vanish.

    One number needs no weight beside others: its cotangent is 1.
    """
    if math.prod(shape) == 1:
        return np.ones(shape)
    rng = np.random.default_rng(seed)
    return rng.uniform(0.5, 1.5, shape) * rng.choice([-1.0, 1.0], shape)


def central_difference(
    f: Callable[..., float], inputs: list[Any], position: int, step: float = STEP
) -> tuple[Any, Any]:
    """∂f/∂(input at `position`), entry by entry, and an estimate of its error.

    (f(x+h) − f(x−h))/2h at h and h/2 give the Richardson value (4·d(h/2) − d(h))/3, of error
    O(h⁴); their difference estimates the error. h = step·max(1, |x|), rounded so that (x+h) − x
    is exact. The inputs are copied, never perturbed.
    """
    x = np.array(inputs[position], dtype=np.float64)
    values = list(inputs)
    derivative, error = np.zeros(x.shape), np.zeros(x.shape)

    def at(i: tuple[int, ...], value: float) -> float:
        moved = x.copy()
        moved[i] = value
        values[position] = moved
        return float(f(*values))

    for i in np.ndindex(x.shape):
        h = step * max(1.0, abs(float(x[i])))
        found = []
        for width in (h, h / 2):
            high, low = float(x[i]) + width, float(x[i]) - width
            found.append((at(i, high) - at(i, low)) / (high - low))
        derivative[i] = (4.0 * found[1] - found[0]) / 3.0
        error[i] = abs(found[1] - found[0])
    return derivative, error
