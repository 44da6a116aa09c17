"""Rows of the table that move elements without changing them: shapes, indices, windows."""

from __future__ import annotations

from ..primitive import primitive


@primitive("reshape", samples=[((3, 4), {"shape": (2, 6)}), ((), {"shape": (1, 1)})], calm=True)
def reshape(xp, x, *, shape):
    """The same elements, in row order, in another shape."""
    return xp.reshape(x, shape=shape)


reshape.derivatives(x=lambda xp, g, y, x, *, shape: xp.reshape(g, shape=x.shape))


@primitive(
    "ᵀ",
    samples=[((3, 4), {"axes": None}), ((2, 3, 4), {"axes": (1, 2, 0)})],
    calm=True,
)
def transpose(xp, x, *, axes=None):
    """The axes in another order; None reverses them."""
    return xp.transpose(x, axes=axes)


def _inverse(axes):
    if axes is None:
        return None
    n = len(axes)
    return tuple(sorted(range(n), key=lambda i: axes[i] % n))


transpose.derivatives(x=lambda xp, g, y, x, *, axes: xp.transpose(g, axes=_inverse(axes)))


@primitive("broadcast", samples=[((3, 1), {"shape": (2, 3, 4)}), ((), {"shape": (3,)})], calm=True)
def broadcast_to(xp, x, *, shape):
    """x repeated along new axes and along axes of length 1; the gradient is the sum over them."""
    return xp.broadcast_to(x, shape=shape)


broadcast_to.derivatives(x=lambda xp, g, y, x, *, shape: xp.sum_to(g, shape=x.shape))


@primitive("Σ to", samples=[((2, 3, 4), {"shape": (3, 1)}), ((3,), {"shape": ()})], calm=True)
def sum_to(xp, x, *, shape):
    """The sum over the axes that broadcasting `shape` to x would make: its transpose."""
    return xp.sum_to(x, shape=shape)


sum_to.derivatives(x=lambda xp, g, y, x, *, shape: xp.broadcast_to(g, shape=x.shape))


@primitive("flip", samples=[((3, 4), {"axis": 0}), ((3, 4), {"axis": None}), ((4,), {"axis": -1})])
def flip(xp, x, *, axis=None):
    """The elements in reversed order along an axis (or several, or all)."""
    return xp.flip(x, axis=axis)


flip.derivatives(x=lambda xp, g, y, x, *, axis: xp.flip(g, axis=axis))


@primitive(
    "concat",
    samples=[
        ((2, 3), (1, 3), {"axis": 0}),
        ((2, 3), (2, 1), (2, 2), {"axis": -1}),
        ((0,), (3,), {"axis": 0}),
    ],
    calm=True,
)
def concatenate(xp, *arrays, axis=0):
    """The arrays one after the other along an axis."""
    return xp.concatenate(*arrays, axis=axis)


def _part(xp, g, y, *arrays, which, axis):
    axis %= g.ndim
    start = sum(a.shape[axis] for a in arrays[:which])
    index = [slice(None)] * g.ndim
    index[axis] = slice(start, start + arrays[which].shape[axis])
    return xp.getitem(g, index=tuple(index))


concatenate.derivatives(arrays=_part)


@primitive(
    "[ ]",
    samples=[
        ((4, 3), {"index": (slice(1, None, 2), slice(None, None, -1))}),
        ((4, 3), {"index": ([0, 0, 2], slice(1, 3))}),
        ((4, 3), {"index": (None, Ellipsis, 1)}),
        ((3,), {"index": 2}),
    ],
    calm=True,
)
def getitem(xp, x, *, index):
    """x[index]: integers, slices, None, …, masks, integer arrays; repeated places accumulate."""
    return xp.getitem(x, index=index)


getitem.derivatives(x=lambda xp, g, y, x, *, index: xp.scatter_add(g, index=index, shape=x.shape))


@primitive(
    "Σ at",
    samples=[
        ((3, 2), {"index": ([0, 0, 2], slice(1, 3)), "shape": (4, 3)}),
        ((2, 3), {"index": slice(1, 3), "shape": (4, 3)}),
    ],
)
def scatter_add(xp, values, *, index, shape):
    """Zeros of `shape` with the values added at `index`: the transpose of reading there."""
    return xp.scatter_add(values, index=index, shape=shape)


scatter_add.derivatives(values=lambda xp, g, y, values, *, index, shape: xp.getitem(g, index=index))


@primitive(
    "[ ] =",
    samples=[
        ((4, 3), (2, 3), {"index": slice(1, 3)}),
        ((4, 3), (), {"index": (slice(None), 0)}),
        ((4,), (2,), {"index": ([0, 2],)}),
        ((4, 3), (1, 1, 3), {"index": 0}),
    ],
)
def setitem(xp, x, values, *, index):
    """A copy of x in which the places of `index` hold the values."""
    return xp.setitem(x, values, index=index)


def _read_back(xp, g, y, x, values, *, index):
    """The gradient at the places; the values may have had more axes, of length 1, in front."""
    part = xp.getitem(g, index=index)
    extra = values.ndim - part.ndim
    return xp.reshape(part, shape=(1,) * extra + part.shape) if extra > 0 else part


setitem.derivatives(
    x=lambda xp, g, y, x, values, *, index: xp.setitem(g, 0.0, index=index),
    values=_read_back,
)

_WINDOW = {"axes": (1, 2), "size": (2, 2), "strides": (1, 2), "dilation": (1, 1)}
_DILATED = {"axes": (0,), "size": (2,), "strides": (1,), "dilation": (2,)}


@primitive("windows", samples=[((2, 4, 5, 2), _WINDOW), ((6, 2), _DILATED)])
def windows(xp, x, *, axes, size, strides, dilation):
    """Every window of `size` along `axes`; the window's own axes come last.

    Convolution is `windows` and a matrix product, pooling is `windows` and a maximum or a mean.
    """
    return xp.windows(x, axes=axes, size=size, strides=strides, dilation=dilation)


windows.derivatives(x=lambda xp, g, y, x, **window: xp.fold(g, shape=x.shape, **window))


@primitive(
    "fold",
    samples=[
        ((2, 3, 2, 2, 2, 2), {"shape": (2, 4, 5, 2), **_WINDOW}),
        ((4, 2, 2), {"shape": (6, 2), **_DILATED}),
    ],
)
def fold(xp, y, *, shape, axes, size, strides, dilation):
    """Windows added back to the places they came from: the transpose of `windows`."""
    return xp.fold(y, shape=shape, axes=axes, size=size, strides=strides, dilation=dilation)


fold.derivatives(y=lambda xp, g, out, y, *, shape, **window: xp.windows(g, **window))


@primitive("tril", samples=[((3, 4), {"k": 0}), ((2, 3, 3), {"k": -1})])
def tril(xp, x, *, k=0):
    """The lower triangle of the last two axes, up to the k-th diagonal; zeros above."""
    return xp.tril(x, k=k)


tril.derivatives(x=lambda xp, g, y, x, *, k: xp.tril(g, k=k))


@primitive("triu", samples=[((3, 4), {"k": 0}), ((2, 3, 3), {"k": 1})])
def triu(xp, x, *, k=0):
    """The upper triangle of the last two axes, from the k-th diagonal; zeros below."""
    return xp.triu(x, k=k)


triu.derivatives(x=lambda xp, g, y, x, *, k: xp.triu(g, k=k))


@primitive("copy", samples=[((3, 2),), ((0,),)])
def clone(xp, x):
    """A copy of x; the gradient passes through."""
    return xp.copy(x)


clone.derivatives(x=lambda xp, g, y, x: g)


@primitive("cast", samples=[((3, 2), {"dtype": "float64"})])
def astype(xp, x, *, dtype):
    """x in another dtype; the gradient comes back in the dtype of x."""
    return xp.astype(x, dtype=dtype)


astype.derivatives(x=lambda xp, g, y, x, *, dtype: g)
