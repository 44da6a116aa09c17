"""Composites of neural networks: activations, convolution, pooling, normalisation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..autodiff import rules as r
from ..autodiff.config import float_dtype
from ..autodiff.errors import ShapeError, describe
from ..autodiff.primitive import composite
from ..autodiff.tensor import Tensor, as_tensor
from . import random
from .reductions import axes_of
from .shapes import moveaxis, pad


@composite
def softmax(x: Any, axis: int = -1) -> Any:
    """e^x / Σe^x along an axis.

    >>> from tinygrad_es import Tensor
    >>> Tensor([0.0, 0.0]).softmax()
    tensor([0.5, 0.5])
    """
    x = as_tensor(x)
    if x.ndim == 0:
        raise ShapeError("softmax: expected at least one axis. Received: one number.")
    axis = axes_of("softmax", x, axis)
    if axis == x.ndim - 1:
        return r.softmax(x)
    return moveaxis(r.softmax(moveaxis(x, axis, -1)), -1, axis)


@composite
def softmax_twin(x: Any) -> Any:
    """The softmax over the last axis made of elementary operations, to compare with."""
    e = r.exp(x - r.amax(as_tensor(x).detach(), axis=-1, keepdims=True))
    return e / r.sum(e, axis=-1, keepdims=True)


@composite
def log_softmax(x: Any, axis: int = -1) -> Any:
    """log softmax(x) = x − log Σe^x, accurate where the probability vanishes."""
    x = as_tensor(x)
    return x - r.logsumexp(x, axis=axes_of("log_softmax", x, axis), keepdims=True)


@composite
def softmax_cross_entropy_twin(logits: Any, targets: Any) -> Any:
    """`softmax_cross_entropy` made of elementary operations."""
    return -r.sum(targets * log_softmax(logits), axis=-1)


@composite
def sparse_softmax_cross_entropy_twin(logits: Any, hot: Any, mean: bool = False) -> Any:
    """`sparse_softmax_cross_entropy` made of elementary operations."""
    log_p = log_softmax(logits)
    losses = -r.reshape(r.getitem(log_p, index=hot), shape=log_p.shape[:-1])
    return r.mean(losses) if mean else losses


@composite
def sigmoid_cross_entropy_twin(logits: Any, targets: Any) -> Any:
    """`sigmoid_cross_entropy` made of elementary operations."""
    z = as_tensor(logits)
    return r.softplus(z) - z * targets


@composite
def linear_twin(x: Any, w: Any, b: Any) -> Any:
    """x @ w + b, out of two operations: the twin of the fused `linear`."""
    return r.matmul(x, w) + b


@composite
def one_hot(x: Any, num_classes: int, axis: int = -1, dtype: Any = None) -> Any:
    """A row of zeros with a 1 at each class index."""
    index = np.asarray(as_tensor(x).value)
    whole = index.astype(np.intp)
    if (whole != index).any() or (whole.size and not 0 <= whole.min() <= whole.max() < num_classes):
        raise ValueError(
            f"one_hot: expected integers in [0, {num_classes - 1}]. Received: {describe(x)} "
            f"from {index.min()} to {index.max()}."
        )
    rows = as_tensor(np.eye(num_classes, dtype=np.dtype(dtype or float_dtype()))[whole])
    return rows if axis == -1 else moveaxis(rows, -1, axis)


@composite
def dropout(x: Any, rate: float, *, seed: Any = None) -> Any:
    """Inverted dropout: each element is 0 with probability `rate`, else divided by 1 − rate."""
    x = as_tensor(x)
    if not 0 <= rate <= 1:
        raise ValueError(f"dropout: expected a rate between 0 and 1. Received: rate={rate!r}.")
    if rate == 0:
        return x
    keep = random.generator(seed).random(x.shape) >= rate
    scale = 1.0 / (1.0 - rate) if rate < 1 else 0.0
    return x * (keep * scale).astype(x.dtype)


# --- windows ------------------------------------------------------------------------------------


def _per_axis(name: str, value: Any, n: int) -> tuple[int, ...]:
    values = (value,) * n if isinstance(value, (int, np.integer)) else tuple(value)
    if len(values) != n or any(int(v) != v or v < 1 for v in values):
        raise ValueError(
            f"{name}: expected a positive integer or {n} of them. Received: {value!r}."
        )
    return tuple(int(v) for v in values)


def _padded(
    x: Tensor,
    size: Sequence[int],
    strides: Sequence[int],
    dilation: Sequence[int],
    padding: str,
    fill: float,
) -> Tensor:
    if padding == "valid":
        return x
    if padding != "same":
        raise ValueError(f"expected padding 'valid' or 'same'. Received: {padding!r}.")
    widths = [(0, 0)]
    for n, k, s, d in zip(x.shape[1:-1], size, strides, dilation, strict=True):
        total = max((-(-n // s) - 1) * s + d * (k - 1) + 1 - n, 0)
        widths.append((total // 2, total - total // 2))
    return pad(x, [*widths, (0, 0)], constant_values=fill) if any(map(any, widths)) else x


def _ready(
    name: str, x: Tensor, size: tuple[int, ...], strides: Any, dilation: Any, padding: str,
    fill: float,
) -> tuple[Tensor, tuple[int, ...], tuple[int, ...]]:  # fmt: skip
    """x padded, and strides and dilation for each axis; a ShapeError where no window fits."""
    n = len(size)
    steps = _per_axis(f"{name} strides", strides, n)
    gaps = _per_axis(f"{name} dilation", dilation, n)
    if n != x.ndim - 2:
        raise ShapeError(
            f"{name}: expected an input with {n} axes between batch and channels. Received: "
            f"{describe(x)}."
        )
    x = _padded(x, size, steps, gaps, padding, fill)
    if any(m < g * (k - 1) + 1 for m, k, g in zip(x.shape[1:-1], size, gaps, strict=True)):
        raise ShapeError(
            f"{name}: the window {size} is larger than the input. Received: {x.shape}."
        )
    return x, steps, gaps


@composite
def conv(
    x: Any, kernel: Any, strides: Any = 1, padding: str = "valid", dilation_rate: Any = 1
) -> Any:
    """Convolution (as Keras: no flip) of (batch, *space, channels_in) with a kernel of
    (*window, channels_in, channels_out): every window as a row, times the kernel as a matrix."""
    x, kernel = as_tensor(x), as_tensor(kernel)
    if x.shape[-1] != kernel.shape[-2]:
        raise ShapeError(
            f"conv: expected an input with {kernel.shape[-2]} channels for a kernel of shape "
            f"{kernel.shape}. Received: {describe(x)}."
        )
    x, steps, gaps = _ready("conv", x, kernel.shape[:-2], strides, dilation_rate, padding, 0.0)
    return r.conv(x, kernel, strides=steps, dilation=gaps)


@composite
def conv_twin(x: Any, kernel: Any, strides: Any, dilation: Any) -> Any:
    """`conv` made of `unfold` and a matrix product."""
    rows = unfold(x, kernel.shape[:-2], strides, dilation)
    flat = r.reshape(kernel, shape=(rows.shape[-1], kernel.shape[-1]))
    return rows @ flat


@composite
def max_pool(x: Any, pool_size: Any, strides: Any = None, padding: str = "valid") -> Any:
    """The largest element of every window of (batch, *space, channels); ties: the first one."""
    x = as_tensor(x)
    size = _per_axis("max_pool pool_size", pool_size, x.ndim - 2)
    strides = size if strides is None else strides
    x, steps, _ = _ready("max_pool", x, size, strides, 1, padding, -np.inf)
    return r.max_pool(x, size=size, strides=steps)


@composite
def max_pool_twin(x: Any, size: Any, strides: Any) -> Any:
    """`max_pool` made of `windows` and a maximum."""
    w = _windows("max_pool", as_tensor(x), size, strides, 1, "valid", 0.0)
    rows = r.reshape(w, shape=(*w.shape[: -len(size)], int(np.prod(size))))
    return rows.max(axis=-1)


def _windows(
    name: str, x: Tensor, size: tuple[int, ...], strides: Any, dilation: Any, padding: str,
    fill: float,
) -> Tensor:  # fmt: skip
    """(batch, *out, channels, *window) of a (batch, *space, channels) input."""
    x, steps, gaps = _ready(name, x, size, strides, dilation, padding, fill)
    axes = tuple(range(1, len(size) + 1))
    return r.windows(x, axes=axes, size=size, strides=steps, dilation=gaps)


@composite
def average_pool(x: Any, pool_size: Any, strides: Any = None, padding: str = "valid") -> Any:
    """The mean of every window of (batch, *space, channels); padding does not count."""
    x = as_tensor(x)
    size = _per_axis("average_pool pool_size", pool_size, x.ndim - 2)
    strides = size if strides is None else strides
    inner = tuple(range(x.ndim, x.ndim + len(size)))

    def means(x: Tensor) -> Any:
        return r.mean(_windows("average_pool", x, size, strides, 1, padding, 0.0), axis=inner)

    if padding == "valid":
        return means(x)
    return means(x) / means(as_tensor(np.ones((1, *x.shape[1:-1], 1), dtype=x.dtype)))


@composite
def unfold(x: Any, size: Any, strides: Any = 1, dilation: Any = 1, padding: str = "valid") -> Any:
    """Every window of a (batch, *space, channels) input as one row: the im2col of convolution."""
    x = as_tensor(x)
    n = x.ndim - 2
    w = _windows("unfold", x, _per_axis("unfold size", size, n), strides, dilation, padding, 0.0)
    order = (*range(n + 1), *range(n + 2, 2 * n + 2), n + 1)  # (batch, *out, *window, channels)
    return r.reshape(r.transpose(w, axes=order), shape=(*w.shape[: n + 1], _row(w, n)))


def _row(w: Tensor, n: int) -> int:
    return int(np.prod(w.shape[n + 1 :]))


@composite
def batch_norm(x: Any, gamma: Any, beta: Any, axis: Any = 0, epsilon: float = 1e-3) -> Any:
    """(x − μ)/√(σ² + ε)·γ + β with mean and (biased) variance over `axis` of this batch."""
    x = as_tensor(x)
    axis = axes_of("batch_norm", x, axis)
    centred = x - r.mean(x, axis=axis, keepdims=True)
    variance = r.mean(r.square(centred), axis=axis, keepdims=True)
    return centred / r.sqrt(variance + epsilon) * gamma + beta
