"""Rows of the table: exponentials, logarithms, roots, trigonometry, and the classic activations."""

from __future__ import annotations

from functools import partial
from math import pi
from math import sqrt as _root

from ..primitive import primitive

UNARY = [((3, 2),), ((),), ((0, 2),)]
elementwise = partial(primitive, elementwise=True, samples=UNARY)
POSITIVE, UNIT = (0.3, 2.0), (-0.9, 0.9)


@elementwise("exp")
def exp(xp, x):
    """eˣ."""
    return xp.exp(x)


exp.derivatives(x=lambda xp, g, y, x: g * y)


@elementwise("expm1")
def expm1(xp, x):
    """eˣ − 1, accurate near 0."""
    return xp.expm1(x)


expm1.derivatives(x=lambda xp, g, y, x: g * (y + 1.0))


@elementwise("log", domain=POSITIVE)
def log(xp, x):
    """The natural logarithm."""
    return xp.log(x)


log.derivatives(x=lambda xp, g, y, x: g / x)


@elementwise("log1p", domain=POSITIVE)
def log1p(xp, x):
    """log(1 + x), accurate near 0."""
    return xp.log1p(x)


log1p.derivatives(x=lambda xp, g, y, x: g / (1.0 + x))


@elementwise("√", domain=POSITIVE)
def sqrt(xp, x):
    """√x; the derivative at 0 is ∞."""
    return xp.sqrt(x)


sqrt.derivatives(x=lambda xp, g, y, x: 0.5 * g / y)


@elementwise("sin")
def sin(xp, x):
    """sin x (radians)."""
    return xp.sin(x)


sin.derivatives(x=lambda xp, g, y, x: g * xp.cos(x))


@elementwise("cos")
def cos(xp, x):
    """cos x (radians)."""
    return xp.cos(x)


cos.derivatives(x=lambda xp, g, y, x: -g * xp.sin(x))


@elementwise("tan", domain=(-1.2, 1.2))
def tan(xp, x):
    """tan x (radians)."""
    return xp.tan(x)


tan.derivatives(x=lambda xp, g, y, x: g * (1.0 + y * y))


@elementwise("arcsin", domain=UNIT, aliases=["asin"])
def arcsin(xp, x):
    """The angle in [−π/2, π/2] whose sine is x."""
    return xp.arcsin(x)


arcsin.derivatives(x=lambda xp, g, y, x: g / xp.sqrt(1.0 - x * x))


@elementwise("arccos", domain=UNIT, aliases=["acos"])
def arccos(xp, x):
    """The angle in [0, π] whose cosine is x."""
    return xp.arccos(x)


arccos.derivatives(x=lambda xp, g, y, x: -g / xp.sqrt(1.0 - x * x))


@elementwise("arctan", aliases=["atan"])
def arctan(xp, x):
    """The angle in (−π/2, π/2) whose tangent is x."""
    return xp.arctan(x)


arctan.derivatives(x=lambda xp, g, y, x: g / (1.0 + x * x))


@primitive(
    "arctan2",
    elementwise=True,
    samples=[((3, 2), (2,)), ((), ())],
    domain=POSITIVE,
    aliases=["atan2"],
)
def arctan2(xp, a, b):
    """The angle of the point (b, a), in (−π, π]; the derivatives at the origin are 0."""
    return xp.arctan2(a, b)


def _squared_radius(xp, a, b):
    r = a * a + b * b
    return xp.where(xp.equal(r, 0.0), 1.0, r)


arctan2.derivatives(
    a=lambda xp, g, y, a, b: g * b / _squared_radius(xp, a, b),
    b=lambda xp, g, y, a, b: -g * a / _squared_radius(xp, a, b),
)


@elementwise("sinh")
def sinh(xp, x):
    """(eˣ − e⁻ˣ)/2."""
    return xp.sinh(x)


sinh.derivatives(x=lambda xp, g, y, x: g * xp.cosh(x))


@elementwise("cosh")
def cosh(xp, x):
    """(eˣ + e⁻ˣ)/2."""
    return xp.cosh(x)


cosh.derivatives(x=lambda xp, g, y, x: g * xp.sinh(x))


@elementwise("tanh", calm=True)
def tanh(xp, x):
    """(1 − e⁻²ˣ)/(1 + e⁻²ˣ); the derivative is 1 − y²."""
    return xp.tanh(x)


tanh.derivatives(x=lambda xp, g, y, x: g * (1.0 - y * y))


@elementwise("arcsinh", aliases=["asinh"])
def arcsinh(xp, x):
    """The inverse of sinh."""
    return xp.arcsinh(x)


arcsinh.derivatives(x=lambda xp, g, y, x: g / xp.sqrt(1.0 + x * x))


@elementwise("arccosh", domain=(1.3, 3.0), aliases=["acosh"])
def arccosh(xp, x):
    """The inverse of cosh, for x ≥ 1."""
    return xp.arccosh(x)


arccosh.derivatives(x=lambda xp, g, y, x: g / xp.sqrt(x * x - 1.0))


@elementwise("arctanh", domain=UNIT, aliases=["atanh"])
def arctanh(xp, x):
    """The inverse of tanh, for |x| < 1."""
    return xp.arctanh(x)


arctanh.derivatives(x=lambda xp, g, y, x: g / (1.0 - x * x))


@elementwise("erf")
def erf(xp, x):
    """The error function (2/√π)·∫₀ˣ e^(−t²) dt."""
    return xp.erf(x)


erf.derivatives(x=lambda xp, g, y, x: g * (2.0 / _root(pi)) * xp.exp(-x * x))


@elementwise("σ", calm=True)
def sigmoid(xp, x):
    """1/(1 + e⁻ˣ), without overflow at ±1000; the derivative is y·(1 − y), at most 1/4."""
    e = xp.exp(-xp.abs(x))
    return xp.where(xp.greater_equal(x, 0.0), 1.0, e) / (1.0 + e)


sigmoid.derivatives(x=lambda xp, g, y, x: g * y * (1.0 - y))


@elementwise("softplus")
def softplus(xp, x):
    """log(1 + eˣ), without overflow; the derivative is σ(x)."""
    return xp.maximum(x, 0.0) + xp.log1p(xp.exp(-xp.abs(x)))


softplus.derivatives(x=lambda xp, g, y, x: g * xp.sigmoid(x))


@elementwise("ReLU", calm=True)
def relu(xp, x):
    """max(0, x); the derivative at 0 is 0 (the left one), by the course and by torch."""
    return xp.maximum(x, 0.0)


relu.derivatives(x=lambda xp, g, y, x: xp.where(xp.greater(y, 0.0), g, 0.0))
