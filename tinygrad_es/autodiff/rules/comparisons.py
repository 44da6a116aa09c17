"""Rows of the table without a derivative: comparisons, tests, constants, positions."""

from __future__ import annotations

from functools import partial

from ..primitive import primitive

binary = partial(primitive, elementwise=True, samples=[((3, 2), (2,)), ((), ())])
unary = partial(primitive, elementwise=True, samples=[((3, 2),), ((),)])


@binary("==", aliases=["eq"])
def equal(xp, a, b):
    """Where a = b."""
    return xp.equal(a, b)


@binary("≠", aliases=["ne"])
def not_equal(xp, a, b):
    """Where a ≠ b."""
    return xp.not_equal(a, b)


@binary("<", aliases=["lt"])
def less(xp, a, b):
    """Where a < b."""
    return xp.less(a, b)


@binary("≤", aliases=["le"])
def less_equal(xp, a, b):
    """Where a ≤ b."""
    return xp.less_equal(a, b)


@binary(">", aliases=["gt"])
def greater(xp, a, b):
    """Where a > b."""
    return xp.greater(a, b)


@binary("≥", aliases=["ge"])
def greater_equal(xp, a, b):
    """Where a ≥ b."""
    return xp.greater_equal(a, b)


@binary("∧")
def logical_and(xp, a, b):
    """Where both a and b are true (not zero)."""
    return xp.logical_and(a, b)


@binary("∨")
def logical_or(xp, a, b):
    """Where a or b is true (not zero)."""
    return xp.logical_or(a, b)


@binary("⊻")
def logical_xor(xp, a, b):
    """Where exactly one of a and b is true (not zero)."""
    return xp.logical_xor(a, b)


@unary("¬")
def logical_not(xp, x):
    """Where x is false (zero)."""
    return xp.logical_not(x)


@unary("isnan")
def isnan(xp, x):
    """Where x is not a number."""
    return xp.isnan(x)


@unary("isinf")
def isinf(xp, x):
    """Where x is +∞ or −∞."""
    return xp.isinf(x)


@unary("isfinite")
def isfinite(xp, x):
    """Where x is neither infinite nor NaN."""
    return xp.isfinite(x)


@unary("0")
def zeros_like(xp, x):
    """Zeros of the shape and dtype of x."""
    return xp.zeros_like(x)


@unary("1")
def ones_like(xp, x):
    """Ones of the shape and dtype of x."""
    return xp.ones_like(x)


AXIS = [((3, 4), {"axis": 1}), ((3, 4), {"axis": None})]


@primitive("any", samples=AXIS)
def any(xp, x, *, axis=None, keepdims=False):
    """Whether any element is true, over the axis or over all."""
    return xp.any(x, axis=axis, keepdims=keepdims)


@primitive("all", samples=AXIS)
def all(xp, x, *, axis=None, keepdims=False):
    """Whether all elements are true, over the axis or over all."""
    return xp.all(x, axis=axis, keepdims=keepdims)


@primitive("argmax", samples=AXIS)
def argmax(xp, x, *, axis=None, keepdims=False):
    """The position of the (first) largest element."""
    return xp.argmax(x, axis=axis, keepdims=keepdims)


@primitive("argmin", samples=AXIS)
def argmin(xp, x, *, axis=None, keepdims=False):
    """The position of the (first) smallest element."""
    return xp.argmin(x, axis=axis, keepdims=keepdims)


@primitive("argsort", samples=[((3, 4), {"axis": 1}), ((5,),)])
def argsort(xp, x, *, axis=-1):
    """The positions that sort x along an axis; equal elements keep their order."""
    return xp.argsort(x, axis=axis)


for _op in (equal, not_equal, less, less_equal, greater, greater_equal):
    _op.not_differentiable()
for _op in (logical_and, logical_or, logical_xor, logical_not, isnan, isinf, isfinite):
    _op.not_differentiable()
for _op in (zeros_like, ones_like, any, all, argmax, argmin, argsort):
    _op.not_differentiable()
