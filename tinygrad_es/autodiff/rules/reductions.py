"""Rows of the table: sums, extremes, products, norms and running totals along axes."""

from __future__ import annotations

from functools import partial
from math import inf

from ..primitive import primitive

AXES = [
    ((3, 4),),
    ((3, 4), {"axis": 0}),
    ((2, 3, 4), {"axis": (0, 2), "keepdims": True}),
    ((3, 4), {"axis": -1, "keepdims": True}),
    ((2, 1, 3), {"axis": (0, -1)}),
]
reduction = partial(primitive, samples=AXES)


def kept(xp, reduced, x, axis, keepdims):
    """A reduced array, with the axes it lost back as axes of length 1, to meet `x` again."""
    if keepdims or axis is None:  # one number meets x as it is
        return reduced
    axes = axis if isinstance(axis, tuple) else (axis,)
    axes = [a % x.ndim for a in axes]
    return xp.reshape(reduced, shape=tuple(1 if i in axes else n for i, n in enumerate(x.shape)))


@primitive("Σ", samples=[*AXES, ((),), ((0, 3), {"axis": 0})], calm=True)
def sum(xp, x, *, axis=None, keepdims=False):
    """The sum over an axis, several axes, or all."""
    return xp.sum(x, axis=axis, keepdims=keepdims)


sum.derivatives(
    x=lambda xp, g, y, x, *, axis, keepdims: xp.broadcast_to(
        kept(xp, g, x, axis, keepdims), shape=x.shape
    )
)


def _count(x, axis):
    """How many elements each result is made of."""
    if axis is None:
        return x.size
    n = 1
    for a in axis if isinstance(axis, tuple) else (axis,):
        n *= x.shape[a]
    return n


@primitive("mean", samples=[*AXES, ((),)], calm=True)
def mean(xp, x, *, axis=None, keepdims=False):
    """The arithmetic mean over an axis, several axes, or all."""
    return xp.sum(x, axis=axis, keepdims=keepdims) / _count(x, axis)


mean.derivatives(
    x=lambda xp, g, y, x, *, axis, keepdims: xp.broadcast_to(
        kept(xp, g / _count(x, axis), x, axis, keepdims), shape=x.shape
    )
)


def _extreme(xp, g, y, x, *, axis, keepdims):
    """The gradient goes to the extreme elements, in equal shares where several tie."""
    ones = xp.where(xp.equal(x, kept(xp, y, x, axis, keepdims)), xp.ones_like(x), 0.0)
    return ones * (kept(xp, g, x, axis, keepdims) / xp.sum(ones, axis=axis, keepdims=True))


@reduction("max")
def amax(xp, x, *, axis=None, keepdims=False):
    """The largest element; ties share the gradient equally."""
    return xp.amax(x, axis=axis, keepdims=keepdims)


@reduction("min")
def amin(xp, x, *, axis=None, keepdims=False):
    """The smallest element; ties share the gradient equally."""
    return xp.amin(x, axis=axis, keepdims=keepdims)


amax.derivatives(x=_extreme)
amin.derivatives(x=_extreme)


def _shifted(xp, x, fill, axis, forward=True):
    """`x` moved by one place along `axis`; the place that opens holds `fill` (an array like x)."""
    cut = [slice(None)] * x.ndim
    open_place = [slice(None)] * x.ndim
    cut[axis] = slice(None, -1) if forward else slice(1, None)
    open_place[axis] = slice(None, 1)
    parts = [fill[tuple(open_place)], x[tuple(cut)]]
    return xp.concatenate(*(parts if forward else reversed(parts)), axis=axis)


def product_of_others(xp, x, axis):
    """For each element the product of the other ones along the axis: no division, zeros exact."""
    ones = xp.ones_like(x)
    before = xp.cumprod(_shifted(xp, x, ones, axis), axis=axis)
    after = xp.cumprod(_shifted(xp, xp.flip(x, axis=axis), ones, axis), axis=axis)
    return before * xp.flip(after, axis=axis)


def _prod_rule(xp, g, y, x, *, axis, keepdims):
    if x.ndim == 0:
        return g
    g = kept(xp, g, x, axis, keepdims)
    if axis is not None:
        return g * product_of_others(xp, x, axis)
    flat = xp.reshape(x, shape=(x.size,))
    return g * xp.reshape(product_of_others(xp, flat, 0), shape=x.shape)


@primitive("Π", samples=[((4,),), ((3, 4),), ((3, 4), {"axis": 0, "keepdims": True}), ((),)])
def prod(xp, x, *, axis=None, keepdims=False):
    """The product over one axis or over all; exact where elements are zero."""
    return xp.prod(x, axis=axis, keepdims=keepdims)


prod.derivatives(x=_prod_rule)


@primitive("cumsum", samples=[((5,), {"axis": 0}), ((3, 4), {"axis": 1}), ((3, 4), {"axis": -2})])
def cumsum(xp, x, *, axis):
    """The running sum along an axis."""
    return xp.cumsum(x, axis=axis)


cumsum.derivatives(
    x=lambda xp, g, y, x, *, axis: xp.flip(xp.cumsum(xp.flip(g, axis=axis), axis=axis), axis=axis)
)


@primitive(
    "recurrence",
    samples=[
        ((5,), (5,), {"axis": 0}),
        ((3, 4), (3, 4), {"axis": 1}),
        ((4, 2), (4, 2), {"axis": 0}),
    ],
)
def linear_recurrence(xp, a, b, *, axis=-1):
    """y[k] = a[k]·y[k−1] + b[k] along an axis, from y[−1] = 0; a[0] has no effect.

    The exponential average of the courses is a = β, b = (1 − β)·x. The gradient is the same
    recurrence run backwards.
    """
    return xp.linear_recurrence(a, b, axis=axis)


def _adjoint(xp, g, a, axis):
    """λ[k] = g[k] + a[k+1]·λ[k+1]."""
    following = _shifted(xp, a, xp.zeros_like(a), axis, forward=False)
    backwards = xp.linear_recurrence(
        xp.flip(following, axis=axis), xp.flip(g, axis=axis), axis=axis
    )
    return xp.flip(backwards, axis=axis)


linear_recurrence.derivatives(
    a=lambda xp, g, y, a, b, *, axis: (
        _adjoint(xp, g, a, axis) * _shifted(xp, y, xp.zeros_like(y), axis)
    ),
    b=lambda xp, g, y, a, b, *, axis: _adjoint(xp, g, a, axis),
)


@primitive("cumprod", samples=[((5,), {"axis": 0}), ((3, 4), {"axis": 1}), ((3, 4), {"axis": -2})])
def cumprod(xp, x, *, axis):
    """The running product along an axis; exact where elements are zero."""
    return xp.cumprod(x, axis=axis)


cumprod.derivatives(
    x=lambda xp, g, y, x, *, axis: (
        _adjoint(xp, g, x, axis) * xp.cumprod(_shifted(xp, x, xp.ones_like(x), axis), axis=axis)
    )
)


@reduction("log Σ exp")
def logsumexp(xp, x, *, axis=None, keepdims=False):
    """log Σ eˣ, shifted by the maximum so that nothing overflows; the gradient is the softmax.

    Where every element is −∞, or there is none, the result is −∞ and the gradient 0.
    """
    largest = xp.amax if _count(x, axis) else xp.sum  # of nothing, 0 will do
    top = largest(x, axis=axis, keepdims=True)
    top = xp.where(xp.isfinite(top), top, 0.0)
    total = xp.sum(xp.exp(x - top), axis=axis, keepdims=True)
    nothing = xp.equal(total, 0.0)
    total = xp.where(nothing, -inf, xp.log(xp.where(nothing, 1.0, total)) + top)
    return total if keepdims else xp.sum(total, axis=axis)


def _softmax_from(xp, g, y, x, *, axis, keepdims):
    total = kept(xp, y, x, axis, keepdims)
    total = xp.where(xp.isfinite(total), total, 0.0)
    return kept(xp, g, x, axis, keepdims) * xp.exp(x - total)


logsumexp.derivatives(x=_softmax_from)


@reduction("‖x‖")
def norm2(xp, x, *, axis=None, keepdims=False):
    """√Σx², the Euclidean norm; the derivative at 0 is 0."""
    return xp.sqrt(xp.sum(x * x, axis=axis, keepdims=keepdims))


def _norm_rule(xp, g, y, x, *, axis, keepdims):
    ratio = g / xp.where(xp.equal(y, 0.0), 1.0, y)
    return kept(xp, ratio, x, axis, keepdims) * x


norm2.derivatives(x=_norm_rule)
