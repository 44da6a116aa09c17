"""Activation functions, by Keras' names: each takes a Tensor and returns a Tensor."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from . import ops, registry
from .autodiff.tensor import Tensor
from .registry import resolve

__all__ = [
    "celu",
    "elu",
    "exponential",
    "gelu",
    "get",
    "glu",
    "hard_shrink",
    "hard_sigmoid",
    "hard_silu",
    "hard_tanh",
    "leaky_relu",
    "linear",
    "log_sigmoid",
    "log_softmax",
    "mish",
    "relu",
    "relu6",
    "selu",
    "serialize",
    "sigmoid",
    "sign",
    "silu",
    "soft_shrink",
    "softmax",
    "softplus",
    "softsign",
    "sparse_plus",
    "sparse_sigmoid",
    "sparsemax",
    "squareplus",
    "step",
    "tanh",
    "tanh_shrink",
    "threshold",
]

SELU_ALPHA, SELU_SCALE = 1.6732632423543772848170429916717, 1.0507009873554804934193349852946


def values_of(x: Any) -> Any:
    """A Tensor, or a symbolic tensor as it is."""
    return x if type(x) is Tensor or hasattr(type(x), "operation") else ops.as_tensor(x)


def linear(x: Any) -> Any:
    """x itself."""
    return values_of(x)


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
    x = values_of(x)
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
    """e^x / Σe^x along an axis.

    A warning where the axis has one element, which becomes 1 whatever it was.
    """
    shape = x.shape if hasattr(x, "shape") else np.shape(x)
    if shape[axis : axis + 1 or None] == (1,):
        warnings.warn(
            f"You are using a softmax over axis {axis} of a tensor whose axis has size 1. The "
            "softmax operation will always return the value 1, which is likely not what you "
            "intended. Did you mean to use a sigmoid instead?",
            stacklevel=2,
        )
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
    x = values_of(x)
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
        x = values_of(x)
        return 0.5 * x * (1.0 + ops.tanh(math.sqrt(2.0 / math.pi) * (x + 0.044715 * x * x * x)))
    return 0.5 * x * (1.0 + ops.erf(x * (1.0 / math.sqrt(2.0))))


def celu(x: Any, alpha: float = 1.0) -> Any:
    """x where x > 0, else α·(e^{x/α} − 1)."""
    x = values_of(x)
    negative = ops.expm1(ops.where(x > 0.0, 0.0, x) * (1.0 / alpha)) * alpha
    return ops.where(x > 0.0, x, negative)


def mish(x: Any) -> Any:
    """x·tanh(softplus x)."""
    return x * ops.tanh(ops.softplus(x))


def glu(x: Any, axis: int = -1) -> Any:
    """a·σ(b), where a and b are the two halves of x along an axis."""
    a, b = ops.split(x, 2, axis)
    return a * ops.sigmoid(b)


def relu6(x: Any) -> Any:
    """min(max(0, x), 6); the derivative is 0 at 0 and at 6."""
    x = values_of(x)
    return ops.where((x > 0.0) & (x < 6.0), x, ops.where(x >= 6.0, 6.0, x * 0.0))


def hard_sigmoid(x: Any) -> Any:
    """x/6 + ½, cut to [0, 1]; the derivative at ±3 is 0."""
    return relu6(x + 3.0) * (1.0 / 6.0)


def hard_silu(x: Any) -> Any:
    """x·hard_sigmoid(x), also called hard swish."""
    return x * hard_sigmoid(x)


def hard_tanh(x: Any) -> Any:
    """x, cut to [−1, 1]; the derivative at ±1 is 0."""
    x = values_of(x)
    return ops.where(ops.abs(x) < 1.0, x, ops.sign(x))


def hard_shrink(x: Any, threshold: float = 0.5) -> Any:
    """x where |x| > threshold, else 0."""
    x = values_of(x)
    return ops.where(ops.abs(x) > threshold, x, 0.0)


def soft_shrink(x: Any, threshold: float = 0.5) -> Any:
    """x drawn towards 0 by the threshold, 0 where |x| ≤ threshold."""
    x = values_of(x)
    return ops.where(ops.abs(x) > threshold, x - ops.sign(x) * threshold, 0.0)


def tanh_shrink(x: Any) -> Any:
    """x − tanh x."""
    return x - ops.tanh(x)


def threshold(x: Any, threshold: float, default_value: float) -> Any:
    """x above the threshold, else the default value."""
    x = values_of(x)
    return ops.where(x > threshold, x, default_value)


def log_sigmoid(x: Any) -> Any:
    """log σ(x) = −softplus(−x)."""
    return -ops.softplus(-values_of(x))


def log_softmax(x: Any, axis: int = -1) -> Any:
    """log softmax(x) = x − log Σeˣ along an axis."""
    return ops.log_softmax(x, axis)


def squareplus(x: Any, b: float = 4.0) -> Any:
    """½·(x + √(x² + b)): a softplus without exponentials."""
    return 0.5 * (x + ops.sqrt(ops.square(x) + b))


def sparse_plus(x: Any) -> Any:
    """0 up to −1, ¼·(x + 1)² up to 1, then x."""
    x = values_of(x)
    middle = ops.where(x > -1.0, ops.square(0.5 * (x + 1.0)), 0.0)
    return ops.where(x < 1.0, middle, x)


def sparse_sigmoid(x: Any) -> Any:
    """0 up to −1, ½·(x + 1) up to 1, then 1."""
    x = values_of(x)
    return ops.where(ops.abs(x) < 1.0, 0.5 * (x + 1.0), ops.where(x > 0.0, 1.0, 0.0))


def sparsemax(x: Any, axis: int = -1) -> Any:
    """The nearest point of the simplex: max(x − τ, 0), where τ makes the sum 1.

    Source: Martins & Astudillo 2016 (arXiv 1602.02068).

    >>> sparsemax([0.5, 0.75, -1.0])
    tensor([0.375, 0.625, 0.   ])
    """
    x = values_of(x)
    z = np.moveaxis(x.numpy(), axis, -1)
    ordered = -np.sort(-z, axis=-1)
    k = np.arange(1, z.shape[-1] + 1)
    inside = 1.0 + k * ordered > np.cumsum(ordered, axis=-1)
    smallest = np.where(inside, ordered, np.inf).min(axis=-1, keepdims=True)
    support = np.moveaxis(z >= smallest, -1, axis)  # constant: it changes at kinks only
    count = support.sum(axis=axis, keepdims=True).astype(x.dtype)
    tau = (ops.sum(ops.where(support, x, 0.0), axis=axis, keepdims=True) - 1.0) / count
    return ops.where(support, x - tau, 0.0)


def step(x: Any) -> Any:
    """Heaviside's step: 1 where x ≥ 0, else 0; the derivative is 0 everywhere."""
    return ops.heaviside(x, 1.0)


def sign(x: Any) -> Any:
    """−1, 0 or 1; the derivative is 0 everywhere."""
    return ops.sign(x)


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
    "celu": celu,
    "mish": mish,
    "glu": glu,
    "relu6": relu6,
    "hard_sigmoid": hard_sigmoid,
    "hard_silu": hard_silu,
    "hard_swish": hard_silu,
    "hard_tanh": hard_tanh,
    "hard_shrink": hard_shrink,
    "soft_shrink": soft_shrink,
    "tanh_shrink": tanh_shrink,
    "threshold": threshold,
    "log_sigmoid": log_sigmoid,
    "log_softmax": log_softmax,
    "squareplus": squareplus,
    "sparse_plus": sparse_plus,
    "sparse_sigmoid": sparse_sigmoid,
    "sparsemax": sparsemax,
    "step": step,
    "sign": sign,
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


def serialize(activation: Callable[..., Any]) -> Any:
    """What `get` makes the activation from again: its name, or a description."""
    name = getattr(activation, "__name__", None)
    known = name is not None and _TABLE.get(name) is activation
    return name if known else registry.serialize(activation)
