"""Composites, element by element: made of primitives, they need no rule."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..autodiff import rules as r
from ..autodiff.config import float_dtype
from ..autodiff.primitive import composite
from ..autodiff.tensor import Tensor, as_tensor

LOG2, LOG10 = math.log(2.0), math.log(10.0)


@composite
def clip(x: Any, a_min: Any = None, a_max: Any = None, *, min: Any = None, max: Any = None) -> Any:
    """x limited to [a_min, a_max]; the derivative at the bounds is 1, outside 0.

    >>> from tinygrad_es import Tensor
    >>> Tensor([-2.0, 0.5, 2.0]).clip(-1, 1)
    tensor([-1. ,  0.5,  1. ])
    """
    low, high = (min if a_min is None else a_min), (max if a_max is None else a_max)
    if low is None and high is None:
        raise ValueError("clip: expected a_min, a_max or both. Received: neither.")
    if isinstance(low, Tensor) or isinstance(high, Tensor):
        x = x if low is None else r.maximum(x, low)
        return x if high is None else r.minimum(x, high)
    low, high = (_number(low), _number(high))
    return r.clip(x, low=low, high=high)


def _number(bound: Any) -> Any:
    return float(bound) if isinstance(bound, (int, float, np.generic)) else bound


@composite
def clamp(x: Any, min: Any = None, max: Any = None) -> Any:
    """`clip`, by PyTorch's name."""
    return clip(x, min, max)


@composite
def rsqrt(x: Any) -> Any:
    """1/√x."""
    return r.reciprocal(r.sqrt(x))


@composite
def log2(x: Any) -> Any:
    """The logarithm to base 2."""
    return r.log(x) * (1.0 / LOG2)


@composite
def log10(x: Any) -> Any:
    """The logarithm to base 10."""
    return r.log(x) * (1.0 / LOG10)


@composite
def exp2(x: Any) -> Any:
    """2 to the power x."""
    return r.exp(as_tensor(x) * LOG2)


@composite
def logaddexp(a: Any, b: Any) -> Any:
    """log(eᵃ + eᵇ) = b + softplus(a − b), without overflow and smooth where a = b."""
    same = r.logical_and(r.isinf(a), r.equal(a, b))  # ∞ − ∞ is avoided
    return r.add(b, r.softplus(r.subtract(a, r.where(same, 0.0, b))))


@composite
def hypot(a: Any, b: Any) -> Any:
    """√(a² + b²)."""
    return r.sqrt(r.square(a) + r.square(b))


@composite
def lerp(a: Any, b: Any, weight: Any) -> Any:
    """a + weight·(b − a)."""
    return r.add(a, r.multiply(weight, r.subtract(b, a)))


@composite
def addcmul(x: Any, a: Any, b: Any, *, value: float = 1.0) -> Any:
    """x + value·a·b."""
    return r.add(x, r.multiply(r.multiply(a, b), value))


@composite
def addcdiv(x: Any, a: Any, b: Any, *, value: float = 1.0) -> Any:
    """x + value·a/b."""
    return r.add(x, r.multiply(r.divide(a, b), value))


@composite
def masked_fill(x: Any, mask: Any, value: Any) -> Any:
    """x with `value` where the mask is true."""
    return r.where(mask, value, x)


@composite
def heaviside(x: Any, value_at_zero: float = 1.0) -> Any:
    """The step function: 0 below zero, 1 above, `value_at_zero` at zero. The derivative is 0."""
    x = as_tensor(x)
    dtype = x.dtype if x.dtype.kind == "f" else float_dtype()
    y = np.heaviside(x.value, value_at_zero)
    return as_tensor(float(y) if type(x.value) is float else np.asarray(y, dtype))


@composite
def isclose(a: Any, b: Any, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False) -> Any:
    """Where |a − b| ≤ atol + rtol·|b|."""
    a, b = as_tensor(a).value, as_tensor(b).value
    return as_tensor(np.isclose(a, b, rtol=rtol, atol=atol, equal_nan=equal_nan))


@composite
def allclose(
    a: Any, b: Any, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False
) -> bool:
    """Whether `isclose` holds everywhere."""
    return bool(isclose(a, b, rtol, atol, equal_nan).all())


@composite
def array_equal(a: Any, b: Any) -> bool:
    """Whether shapes and elements are equal."""
    return bool(np.array_equal(as_tensor(a).value, as_tensor(b).value))
