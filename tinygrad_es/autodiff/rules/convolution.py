"""Rows of the table: convolution and the largest of each window, on (batch, *space, channels).

Both are fused because a training step of a small convolutional network is 2 to 3 times faster than
with the compositions, `conv_twin` and `max_pool_twin`: a matrix of windows is not kept for the way
back but made again, and no indices are gathered.
"""

from __future__ import annotations

from itertools import product
from math import prod

from ..primitive import primitive

ONCE = {"strides": (1, 1), "dilation": (1, 1)}


def _window(size, strides, dilation):
    """The options of `windows` for the axes between batch and channels."""
    axes = tuple(range(1, len(size) + 1))
    return {"axes": axes, "size": size, "strides": strides, "dilation": dilation}


def _flat(xp, kernel):
    """(*window, channels, filters) as a matrix."""
    return xp.reshape(kernel, shape=(prod(kernel.shape[:-1]), kernel.shape[-1]))


def _rows(xp, x, size, strides, dilation):
    """Every window as a row, and the shape of the output without the filters."""
    n = len(size)
    windows = xp.windows(x, **_window(size, strides, dilation))  # (batch, *out, channels, *window)
    out, inner = windows.shape[: n + 1], prod(windows.shape[n + 1 :])
    front, back = tuple(range(n + 1)), (*range(n + 2, 2 * n + 2), n + 1)
    if x.shape[-1] > 1:
        return xp.reshape(xp.transpose(windows, axes=front + back), shape=(prod(out), inner)), out
    # of one channel a window's neighbours are short runs: columns are copied 6 times faster
    columns = xp.reshape(xp.transpose(windows, axes=back + front), shape=(inner, prod(out)))
    return columns.T, out


@primitive(
    "conv",
    samples=[
        ((2, 4, 5, 2), (2, 3, 2, 3), ONCE),
        ((1, 6, 7, 1), (2, 3, 1, 2), {"strides": (2, 1), "dilation": (1, 2)}),
        ((2, 6, 2), (3, 2, 2), {"strides": (2,), "dilation": (1,)}),
    ],
    twin="conv_twin",
    calm=True,
)
def conv(xp, x, kernel, *, strides, dilation):
    """Every window of x as a row, times the kernel (*window, channels, filters) as a matrix."""
    rows, out = _rows(xp, x, kernel.shape[:-2], strides, dilation)
    return xp.reshape(xp.matmul(rows, _flat(xp, kernel)), shape=(*out, kernel.shape[-1]))


def _conv_x(xp, g, y, x, kernel, *, strides, dilation):
    """For each place of the window a product; then they are added where they came from.

    The places are the first axis in memory, so that the additions go over long runs.
    """
    *size, channels, filters = kernel.shape
    n = len(size)
    places = xp.reshape(kernel, shape=(prod(size), channels, filters))
    parts = xp.matmul(
        xp.reshape(g, shape=(prod(g.shape[:-1]), filters)), xp.transpose(places, axes=(0, 2, 1))
    )
    parts = xp.reshape(parts, shape=(*size, *g.shape[:-1], channels))
    parts = xp.transpose(parts, axes=(*range(n, 2 * n + 2), *range(n)))
    return xp.fold(parts, shape=x.shape, **_window(tuple(size), strides, dilation))


def _conv_kernel(xp, g, y, x, kernel, *, strides, dilation):
    rows, _ = _rows(xp, x, kernel.shape[:-2], strides, dilation)
    return xp.reshape(xp.matmul(rows.T, _flat(xp, g)), shape=kernel.shape)


conv.derivatives(x=_conv_x, kernel=_conv_kernel)


def _places(x, size, strides):
    """For each place of the window the index of x that reads it in all windows."""
    found = []
    for offset in product(*map(range, size)):
        parts = zip(x.shape[1:-1], size, strides, offset)
        inner = [slice(k, k + (n - m) // s * s + 1, s) for n, m, s, k in parts]
        found.append((slice(None), *inner))
    return found


@primitive(
    "max pool",
    samples=[
        ((2, 5, 3), {"size": (2,), "strides": (2,)}),
        ((2, 4, 5, 2), {"size": (2, 2), "strides": (2, 2)}),
        ((1, 5, 6, 2), {"size": (3, 2), "strides": (1, 3)}),
    ],
    twin="max_pool_twin",
    calm=True,
)
def max_pool(xp, x, *, size, strides):
    """The largest element of every window; of ties the first gets the gradient."""
    first, *others = (xp.getitem(x, index=index) for index in _places(x, size, strides))
    for part in others:
        first = xp.maximum(first, part)
    return xp.copy(first) if not others else first


def _max_pool_rule(xp, g, y, x, *, size, strides):
    """Place by place of the window, whoever equals the maximum takes the gradient if it is still
    there; the last one takes what is left."""
    parts = []
    *places, _ = _places(x, size, strides)
    for index in places:
        largest = xp.equal(xp.getitem(x, index=index), y)
        parts.append(xp.where(largest, g, 0.0))
        g = xp.where(xp.logical_not(largest), g, 0.0)
    parts = xp.concatenate(*parts, g, axis=0)
    n = len(size)
    parts = xp.reshape(parts, shape=(*size, *y.shape))
    parts = xp.transpose(parts, axes=(*range(n, 2 * n + 2), *range(n)))
    return xp.fold(parts, shape=x.shape, **_window(size, strides, (1,) * n))


max_pool.derivatives(x=_max_pool_rule)
