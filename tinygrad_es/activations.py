"""Activation functions, by Keras' names: each takes a Tensor and returns a Tensor."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from . import ops
from .registry import resolve

__all__ = [
    "elu",
    "exponential",
    "gelu",
    "get",
    "leaky_relu",
    "linear",
    "relu",
    "selu",
    "sigmoid",
    "silu",
    "softmax",
    "softplus",
    "softsign",
    "tanh",
]

SELU_ALPHA, SELU_SCALE = 1.6732632423543772848170429916717, 1.0507009873554804934193349852946


def linear(x: Any) -> Any:
    """x itself."""
    return ops.as_tensor(x)


def relu(
    x: Any,
    negative_slope: float = 0.0,
    max_value: float | None = None,
    threshold: float = 0.0,
    *,
    alpha: float | None = None,
) -> Any:
    """max(0, x); in general x above the threshold, up to max_value, else slope·(x − threshold).

    The derivative at the threshold is the one from the left. `alpha` is Keras 2's slope.
    """
    slope = negative_slope if alpha is None else alpha
    if slope == 0.0 and max_value is None and threshold == 0.0:
        return ops.relu(x)
    x = ops.as_tensor(x)
    above = x > threshold
    y = ops.where(above, x, (x - threshold) * slope)
    return y if max_value is None else ops.where(y < max_value, y, max_value)


def leaky_relu(x: Any, negative_slope: float = 0.2) -> Any:
    """x where x > 0, else slope·x; the derivative at 0 is the slope."""
    return relu(x, negative_slope=negative_slope)


def sigmoid(x: Any) -> Any:
    """1/(1 + e⁻ˣ)."""
    return ops.sigmoid(x)


def tanh(x: Any) -> Any:
    """(1 − e⁻²ˣ)/(1 + e⁻²ˣ)."""
    return ops.tanh(x)


def softmax(x: Any, axis: int = -1) -> Any:
    """e^x / Σe^x along an axis."""
    return ops.softmax(x, axis)


def softplus(x: Any) -> Any:
    """log(1 + eˣ)."""
    return ops.softplus(x)


def softsign(x: Any) -> Any:
    """x/(1 + |x|)."""
    return x / (1.0 + ops.abs(x))


def exponential(x: Any) -> Any:
    """eˣ."""
    return ops.exp(x)


def elu(x: Any, alpha: float = 1.0) -> Any:
    """x where x > 0, else α·(eˣ − 1); the derivative at 0 is α."""
    x = ops.as_tensor(x)
    negative = ops.expm1(ops.where(x > 0.0, 0.0, x)) * alpha  # no overflow where it is not taken
    return ops.where(x > 0.0, x, negative)


def selu(x: Any) -> Any:
    """scale·elu(x, α), which keeps mean 0 and variance 1. Klambauer et al. 2017."""
    return elu(x, SELU_ALPHA) * SELU_SCALE


def silu(x: Any) -> Any:
    """x·σ(x), also called swish."""
    return x * ops.sigmoid(x)


def gelu(x: Any, approximate: bool = False) -> Any:
    """½·x·(1 + erf(x/√2)), or its tanh approximation."""
    if approximate:
        x = ops.as_tensor(x)
        return 0.5 * x * (1.0 + ops.tanh(math.sqrt(2.0 / math.pi) * (x + 0.044715 * x * x * x)))
    return 0.5 * x * (1.0 + ops.erf(x * (1.0 / math.sqrt(2.0))))


_TABLE: dict[str, Callable[..., Any]] = {
    "linear": linear,
    "relu": relu,
    "leaky_relu": leaky_relu,
    "sigmoid": sigmoid,
    "tanh": tanh,
    "softmax": softmax,
    "softplus": softplus,
    "softsign": softsign,
    "exponential": exponential,
    "elu": elu,
    "selu": selu,
    "silu": silu,
    "swish": silu,
    "gelu": gelu,
}


def get(identifier: Any) -> Callable[..., Any]:
    """The function of a name; None is `linear`, a callable is itself.

    Raises:
        ValueError: no such name.
    """
    if identifier is None:
        return linear
    found: Callable[..., Any] = resolve("activation function", identifier, _TABLE, callable)
    return found
