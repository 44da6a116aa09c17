"""Rows of the table: + − · / and powers, comparisons of size, choices."""

from __future__ import annotations

from functools import partial

from ..primitive import primitive

elementwise = partial(primitive, elementwise=True)
BINARY = [((3, 2), (3, 2)), ((3, 2), (2,)), ((4,), (3, 1)), ((), ()), ((), (3,))]
UNARY = [((3, 2),), ((),), ((0, 2),)]


@elementwise("+", samples=BINARY, calm=True)
def add(xp, a, b):
    """a + b, with broadcasting."""
    return a + b


add.derivatives(
    a=lambda xp, g, y, a, b: g,
    b=lambda xp, g, y, a, b: g,
)


@elementwise("−", samples=BINARY, aliases=["sub"], calm=True)
def subtract(xp, a, b):
    """a − b, with broadcasting."""
    return a - b


subtract.derivatives(
    a=lambda xp, g, y, a, b: g,
    b=lambda xp, g, y, a, b: -g,
)


@elementwise("·", samples=BINARY, aliases=["mul"], calm=True)
def multiply(xp, a, b):
    """a · b elementwise, with broadcasting."""
    return a * b


multiply.derivatives(
    a=lambda xp, g, y, a, b: g * b,
    b=lambda xp, g, y, a, b: g * a,
)


def away_from_zero(rng, shape, position):
    """Samples in ±[0.5, 2]: for divisors."""
    return rng.uniform(0.5, 2.0, shape) * rng.choice([-1.0, 1.0], shape)


@elementwise("/", samples=BINARY, domain=away_from_zero, aliases=["div", "true_divide"])
def divide(xp, a, b):
    """a / b elementwise, with broadcasting."""
    return a / b


divide.derivatives(
    a=lambda xp, g, y, a, b: g / b,
    b=lambda xp, g, y, a, b: -g * y / b,
)


@elementwise("−", samples=UNARY, aliases=["neg"], calm=True)
def negative(xp, x):
    """−x."""
    return -x


negative.derivatives(x=lambda xp, g, y, x: -g)


@elementwise("^", samples=BINARY, domain=(0.5, 2.0), aliases=["pow"])
def power(xp, a, b):
    """a to the power b.

    At a = 0 the derivative in a of 0⁰ is 0, and that in b of 0ᵇ, b ≥ 0, is 0 (as in PyTorch).
    """
    return xp.power(a, b)


def _power_b(xp, g, y, a, b):
    nothing = xp.logical_and(xp.equal(a, 0.0), xp.greater_equal(b, 0.0))
    return g * y * xp.log(xp.where(nothing, xp.ones_like(y), a))


power.derivatives(
    a=lambda xp, g, y, a, b: g * b * xp.power(a, xp.where(xp.equal(b, 0.0), 1.0, b - 1.0)),
    b=_power_b,
)


@elementwise("²", samples=UNARY, calm=True)
def square(xp, x):
    """x²."""
    return x * x


square.derivatives(x=lambda xp, g, y, x: g * 2.0 * x)


@elementwise("1/x", samples=UNARY, domain=away_from_zero)
def reciprocal(xp, x):
    """1 / x."""
    return xp.reciprocal(x)


reciprocal.derivatives(x=lambda xp, g, y, x: -g * y * y)


@elementwise("|x|", samples=UNARY, domain=away_from_zero, aliases=["absolute"])
def abs(xp, x):
    """|x|; the derivative at 0 is 0."""
    return xp.abs(x)


abs.derivatives(x=lambda xp, g, y, x: g * xp.sign(x))


@elementwise("max", samples=BINARY)
def maximum(xp, a, b):
    """The larger of a and b; at a tie each gets half of the gradient."""
    return xp.maximum(a, b)


@elementwise("min", samples=BINARY)
def minimum(xp, a, b):
    """The smaller of a and b; at a tie each gets half of the gradient."""
    return xp.minimum(a, b)


def _share(xp, g, winner, tie):
    return xp.where(tie, 0.5 * g, xp.where(winner, g, 0.0))


maximum.derivatives(
    a=lambda xp, g, y, a, b: _share(xp, g, xp.greater(a, b), xp.equal(a, b)),
    b=lambda xp, g, y, a, b: _share(xp, g, xp.less(a, b), xp.equal(a, b)),
)
minimum.derivatives(
    a=lambda xp, g, y, a, b: _share(xp, g, xp.less(a, b), xp.equal(a, b)),
    b=lambda xp, g, y, a, b: _share(xp, g, xp.greater(a, b), xp.equal(a, b)),
)


@elementwise("where", samples=[((3, 2), (3, 2), (2,)), ((3,), (3,), ()), ((), (), ())])
def where(xp, condition, a, b):
    """a where the condition holds (is not zero), else b.

    The branch that is not taken gets a gradient of 0, and 0·∞ is NaN: `where(x > 0, sqrt(x), 0)`
    has gradient NaN at 0. Write `sqrt(where(x > 0, x, 1))` inside as well (the "double where").
    """
    return xp.where(xp.not_equal(condition, 0), a, b)


where.derivatives(
    condition=None,
    a=lambda xp, g, y, condition, a, b: xp.where(condition, g, 0.0),
    b=lambda xp, g, y, condition, a, b: xp.where(condition, 0.0, g),
)


@elementwise("clip", samples=[((3, 2), {"low": -0.5, "high": 1.0}), ((), {"low": 0.0})])
def clip(xp, x, *, low=None, high=None):
    """x limited to [low, high]; the derivative at the bounds is 1 (inclusive), outside 0."""
    if low is not None:
        x = xp.maximum(x, low)
    return x if high is None else xp.minimum(x, high)


def _inside(xp, x, low, high):
    if low is None or high is None:
        return xp.less_equal(x, high) if low is None else xp.greater_equal(x, low)
    return xp.logical_and(xp.greater_equal(x, low), xp.less_equal(x, high))


clip.derivatives(x=lambda xp, g, y, x, *, low, high: xp.where(_inside(xp, x, low, high), g, 0.0))


@elementwise("%", samples=[((3, 2), (2,)), ((), ())], domain=(0.6, 0.9), aliases=["mod"])
def remainder(xp, a, b):
    """a − b·floor(a/b): the sign of the divisor, as Python's `%`."""
    return xp.remainder(a, b)


remainder.derivatives(
    a=lambda xp, g, y, a, b: g,
    b=lambda xp, g, y, a, b: -g * xp.floor(a / b),
)


def _flat(xp, g, y, *inputs):
    return xp.zeros_like(g)


_BETWEEN = (0.1, 0.4)  # samples strictly between the jumps


@elementwise("//", samples=[((3, 2), (2,)), ((), ())], domain=(0.6, 0.9))
def floor_divide(xp, a, b):
    """floor(a / b); the derivative is 0 wherever it exists."""
    return xp.floor_divide(a, b)


floor_divide.derivatives(a=_flat, b=_flat)


@elementwise("⌊x⌋", samples=UNARY, domain=_BETWEEN)
def floor(xp, x):
    """The largest integer ≤ x; the derivative is 0."""
    return xp.floor(x)


@elementwise("⌈x⌉", samples=UNARY, domain=_BETWEEN)
def ceil(xp, x):
    """The smallest integer ≥ x; the derivative is 0."""
    return xp.ceil(x)


@elementwise("round", samples=UNARY, domain=_BETWEEN, aliases=["rint"])
def round(xp, x):
    """The nearest integer, halves to even; the derivative is 0."""
    return xp.round(x)


@elementwise("sign", samples=UNARY, domain=away_from_zero)
def sign(xp, x):
    """−1, 0 or 1; the derivative is 0, and sign(0) = 0."""
    return xp.sign(x)


for _op in (floor, ceil, round, sign):
    _op.derivatives(x=_flat)
