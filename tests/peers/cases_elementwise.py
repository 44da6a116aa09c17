"""Element by element: functions of one, two and three inputs, operators, comparisons, kinks."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from torch_comparison import POSITIVE, UNIT, Case, away_from_zero, cases

from tinygrad_es import Tensor, ops

torch = pytest.importorskip("torch", reason="compares with torch")

SHAPES = [((3, 2),), ((),), ((0, 2),), ((2, 1, 3),)]
PAIRS = [
    ((3, 2), (3, 2)),
    ((3, 2), (2,)),
    ((4,), (3, 1)),
    ((), ()),
    ((), (3,)),
    ((2, 3), ()),
    ((2, 1, 3), (4, 1)),
    ((1,), (1, 1, 1)),
    ((0,), (1,)),
    ((0, 3), (1, 3)),
    ((2, 0), ()),
]
REAL = (-2.0, 2.0)

# name, PyTorch's function, domain; a method of Tensor and a function of `ops`
UNARY: list[tuple[str, Any, Any]] = [
    ("exp", torch.exp, REAL),
    ("expm1", torch.expm1, REAL),
    ("exp2", torch.exp2, REAL),
    ("log", torch.log, POSITIVE),
    ("log1p", torch.log1p, POSITIVE),
    ("log2", torch.log2, POSITIVE),
    ("log10", torch.log10, POSITIVE),
    ("sqrt", torch.sqrt, POSITIVE),
    ("rsqrt", torch.rsqrt, POSITIVE),
    ("square", torch.square, REAL),
    ("reciprocal", torch.reciprocal, away_from_zero),
    ("sin", torch.sin, REAL),
    ("cos", torch.cos, REAL),
    ("tan", torch.tan, (-1.2, 1.2)),
    ("arcsin", torch.arcsin, UNIT),
    ("arccos", torch.arccos, UNIT),
    ("arctan", torch.arctan, REAL),
    ("asin", torch.asin, UNIT),
    ("acos", torch.acos, UNIT),
    ("atan", torch.atan, REAL),
    ("sinh", torch.sinh, REAL),
    ("cosh", torch.cosh, REAL),
    ("tanh", torch.tanh, REAL),
    ("arcsinh", torch.arcsinh, REAL),
    ("arccosh", torch.arccosh, (1.3, 3.0)),
    ("arctanh", torch.arctanh, UNIT),
    ("asinh", torch.asinh, REAL),
    ("acosh", torch.acosh, (1.3, 3.0)),
    ("atanh", torch.atanh, UNIT),
    ("erf", torch.erf, REAL),
    ("sigmoid", torch.sigmoid, REAL),
    ("softplus", torch.nn.functional.softplus, REAL),
    ("relu", torch.relu, away_from_zero),
    ("abs", torch.abs, away_from_zero),
    ("absolute", torch.absolute, away_from_zero),
    ("negative", torch.negative, REAL),
    ("neg", torch.neg, REAL),
    ("sign", torch.sign, away_from_zero),
    ("floor", torch.floor, REAL),
    ("ceil", torch.ceil, REAL),
    ("round", torch.round, REAL),
    ("clone", torch.clone, REAL),
    ("isnan", torch.isnan, REAL),
    ("isinf", torch.isinf, REAL),
    ("isfinite", torch.isfinite, REAL),
    ("logical_not", torch.logical_not, REAL),
    ("zeros_like", torch.zeros_like, REAL),
    ("ones_like", torch.ones_like, REAL),
]

BINARY: list[tuple[str, Any, Any]] = [
    ("add", torch.add, REAL),
    ("subtract", torch.subtract, REAL),
    ("sub", torch.sub, REAL),
    ("multiply", torch.multiply, REAL),
    ("mul", torch.mul, REAL),
    ("divide", torch.divide, away_from_zero),
    ("div", torch.div, away_from_zero),
    ("true_divide", torch.true_divide, away_from_zero),
    ("power", torch.pow, POSITIVE),
    ("pow", torch.pow, POSITIVE),
    ("maximum", torch.maximum, REAL),
    ("minimum", torch.minimum, REAL),
    ("remainder", torch.remainder, away_from_zero),
    ("floor_divide", lambda a, b: torch.div(a, b, rounding_mode="floor"), away_from_zero),
    ("arctan2", torch.arctan2, away_from_zero),
    ("atan2", torch.atan2, away_from_zero),
    ("hypot", torch.hypot, away_from_zero),
    ("logaddexp", torch.logaddexp, REAL),
]

COMPARISONS = {
    "equal": torch.eq,
    "not_equal": torch.ne,
    "less": torch.lt,
    "less_equal": torch.le,
    "greater": torch.gt,
    "greater_equal": torch.ge,
    "eq": torch.eq,
    "ne": torch.ne,
    "lt": torch.lt,
    "le": torch.le,
    "gt": torch.gt,
    "ge": torch.ge,
    "logical_and": torch.logical_and,
    "logical_or": torch.logical_or,
    "logical_xor": torch.logical_xor,
    "isclose": torch.isclose,
}

# operators: with Tensors, with a Python number on either side, with itself
OPERATORS: list[tuple[str, Callable[..., Any], Any]] = [
    ("operator -x", operator.neg, REAL),
    ("operator +x", operator.pos, REAL),
    ("operator abs(x)", operator.abs, away_from_zero),
    ("operator x+2.5", lambda x: x + 2.5, REAL),
    ("operator 2.5+x", lambda x: 2.5 + x, REAL),
    ("operator x-2.5", lambda x: x - 2.5, REAL),
    ("operator 2.5-x", lambda x: 2.5 - x, REAL),
    ("operator x*3", lambda x: x * 3, REAL),
    ("operator 3*x", lambda x: 3 * x, REAL),
    ("operator x/4", lambda x: x / 4, REAL),
    ("operator 4/x", lambda x: 4 / x, away_from_zero),
    ("operator x**0", lambda x: x**0, REAL),
    ("operator x**1", lambda x: x**1, REAL),
    ("operator x**2", lambda x: x**2, REAL),
    ("operator x**3", lambda x: x**3, REAL),
    ("operator x**-2", lambda x: x**-2, away_from_zero),
    ("operator x**0.5", lambda x: x**0.5, POSITIVE),
    ("operator 2**x", lambda x: 2**x, REAL),
    ("operator x%0.7", lambda x: x % 0.7, REAL),
    ("operator x+x", lambda x: x + x, REAL),
    ("operator x*x", lambda x: x * x, REAL),
    ("operator x-x", lambda x: x - x, REAL),
    ("operator x/x", lambda x: x / x, away_from_zero),
    ("operator x**x", lambda x: x**x, POSITIVE),
    ("operator x*x+x*x", lambda x: (x * x) + (x * x), REAL),
    ("operator (x+x)*(x+x)", lambda x: (x + x) * (x + x), REAL),
    ("operator diamond", lambda x: (lambda y: y * y + y + x)(x * 2.0), REAL),
]


def _clips() -> Iterator[Case]:
    bounds: list[tuple[float | None, float | None]] = [(-0.5, 1.0), (None, 0.25), (-0.25, None)]
    for low, high in bounds:
        for name in ("clip", "clamp"):
            mine = getattr(ops, name)
            yield from cases(
                f"{name} {low},{high}",
                lambda x, f=mine, a=low, b=high: f(x, a, b),
                lambda x, a=low, b=high: torch.clamp(x, a, b),
                *SHAPES,
            )
    yield from cases(
        "clip tensors", ops.clip, torch.clamp, ((4,), np.full(4, -1.0), np.full(4, 1.0))
    )


def _ternary() -> Iterator[Case]:
    triples = [((3, 2), (2,), (3, 1)), ((), (), ()), ((2, 3), (), (3,)), ((0, 2), (2,), (1, 1))]
    yield from cases("lerp", ops.lerp, torch.lerp, *triples)
    for v in (1.0, -0.5):
        yield from cases(
            f"addcmul {v}",
            lambda x, a, b, v=v: ops.addcmul(x, a, b, value=v),
            lambda x, a, b, v=v: torch.addcmul(x, a, b, value=v),
            *triples,
        )
        yield from cases(
            f"addcdiv {v}",
            lambda x, a, b, v=v: ops.addcdiv(x, a, b, value=v),
            lambda x, a, b, v=v: torch.addcdiv(x, a, b, value=v),
            *triples,
            domain=away_from_zero,
        )
    mask = np.array([[True, False], [False, False], [True, True]])
    chosen = [(mask, (3, 2), (3, 2)), (mask, (2,), (3, 1)), (mask, (), (2, 1, 2))]
    chosen += [(np.array(True), (3,), ()), (np.zeros((0, 2), bool), (2,), (1, 1))]
    yield from cases("where", ops.where, torch.where, *chosen)
    yield from cases(
        "where number",
        lambda c, x: ops.where(c, x, 0.5),
        lambda c, x: torch.where(c, x, 0.5),
        (mask, (3, 2)),
        (mask, (2,)),
    )
    yield from cases(
        "masked_fill",
        lambda x, m: x.masked_fill(m, -3.0),
        lambda x, m: x.masked_fill(m, -3.0),
        ((3, 2), mask),
        ((2, 3, 2), mask),
        ((3, 2), np.array([True, False])),
    )
    yield from cases(
        "heaviside",
        lambda x: ops.heaviside(x.detach(), 0.5),
        lambda x: torch.heaviside(x.detach(), torch.tensor(0.5, dtype=x.dtype)),
        (np.array([-1.0, 0.0, 2.0]),),
    )


def _kinks() -> Iterator[Case]:
    """Where no derivative exists, the value both libraries take (spec §4.4)."""
    rough = {"smooth": False}
    at = (np.array([-1.0, 0.0, 2.0]),)
    for name, f in [("relu", torch.relu), ("abs", torch.abs), ("sign", torch.sign)]:
        yield from cases(f"{name} kink", getattr(ops, name), f, at, **rough)
    halves = (np.array([-2.5, -1.5, -0.5, 0.5, 1.5, 2.5]),)
    for name in ("round", "floor", "ceil"):
        yield from cases(f"{name} halves", getattr(ops, name), getattr(torch, name), halves)
    ties = (np.array([1.0, 2.0, 3.0]), np.array([1.0, 5.0, 3.0]))
    yield from cases("maximum ties", ops.maximum, torch.maximum, ties, **rough)
    yield from cases("minimum ties", ops.minimum, torch.minimum, ties, **rough)
    yield from cases(
        "clip bounds",
        lambda x: ops.clip(x, -1.0, 2.0),
        lambda x: torch.clamp(x, -1.0, 2.0),
        (np.array([-1.0, 2.0, -1.5, 2.5, 0.0]),),
        **rough,
    )
    zeros = (np.array([0.0, 0.0, 0.0, 2.0, -2.0]), np.array([0.0, 2.0, 1.0, 0.0, 3.0]))
    yield from cases(
        "power zeros",
        lambda a, b: ops.power(a[:4], b[:4]),
        lambda a, b: torch.pow(a[:4], b[:4]),
        zeros,
        **rough,
    )
    yield from cases(
        "power 0**-1",
        ops.power,
        torch.pow,
        (np.array([0.0]), np.array([-1.0])),
        **rough,
        quiet=True,
    )
    yield from cases(
        "power negative base", lambda a: a**3.0, lambda a: a**3.0, (np.array([-2.0, -0.5, 0.0]),)
    )
    for k in (0, 1, 2, 3):
        yield from cases(
            f"power 0**{k}",
            lambda x, k=k: x**k,
            lambda x, k=k: x**k,
            (np.zeros(2),),
            (np.zeros(()),),
        )
    yield from cases("sqrt zero", ops.sqrt, torch.sqrt, (np.array([0.0, 4.0]),), **rough)
    yield from cases(
        "power zero**0.5", lambda x: x**0.5, lambda x: x**0.5, (np.array([0.0, 4.0]),), **rough
    )
    yield from cases("log zero", ops.log, torch.log, (np.array([0.0, 4.0]),), **rough, quiet=True)
    yield from cases(
        "divide zero",
        ops.divide,
        torch.divide,
        (np.array([1.0, -1.0, 0.0]), np.zeros(3)),
        **rough,
        quiet=True,
    )
    yield from cases(
        "remainder signs",
        ops.remainder,
        torch.remainder,
        (np.array([-7.0, 7.0, -7.0]), np.array([3.0, -3.0, -3.0])),
        **rough,
    )
    for name, f in [
        ("sigmoid", torch.sigmoid),
        ("tanh", torch.tanh),
        ("softplus", torch.nn.functional.softplus),
    ]:
        far = (np.array([-1000.0, -30.0, 0.0, 30.0, 1000.0]),)
        yield from cases(f"{name} far", getattr(ops, name), f, far, double=1e-9)
    yield from cases(
        "arctan2 origin", ops.arctan2, torch.arctan2, (np.zeros(2), np.array([0.0, 1.0])), **rough
    )
    yield from cases(
        "hypot origin", ops.hypot, torch.hypot, (np.zeros(1), np.zeros(1)), **rough, quiet=True
    )
    yield from cases(
        "logaddexp ties",
        ops.logaddexp,
        torch.logaddexp,
        (np.array([1.0, 0.0]), np.array([1.0, 0.0])),
    )
    yield from cases(
        "logaddexp far",
        ops.logaddexp,
        torch.logaddexp,
        (np.array([1000.0, -1000.0]), np.array([0.0, -999.0])),
        smooth=False,  # it is, but PyTorch's second derivative is NaN
    )
    yield from cases(
        "where double",
        lambda x: ops.where(x > 0, ops.sqrt(ops.where(x > 0, x, 1.0)), 0.0),
        lambda x: torch.where(x > 0, torch.sqrt(torch.where(x > 0, x, 1.0)), 0.0),
        (np.array([0.0, 4.0]),),
        **rough,
    )
    yield from cases(
        "where single",
        lambda x: ops.where(x > 0, ops.sqrt(x), 0.0),
        lambda x: torch.where(x > 0, torch.sqrt(x), 0.0),
        (np.array([0.0, 4.0]),),
        **rough,
    )
    # an infinite gradient that arrives where a function is flat: 0, not 0·∞
    yield from cases(
        "relu then sqrt",
        lambda x: ops.sqrt(ops.relu(x)),
        lambda x: torch.sqrt(torch.relu(x)),
        (np.array([-1.0, 4.0]),),
        **rough,
    )
    yield from cases(
        "clip then sqrt",
        lambda x: ops.sqrt(ops.clip(x, 0.0, 9.0)),
        lambda x: torch.sqrt(torch.clamp(x, 0.0, 9.0)),
        (np.array([-1.0, 4.0]),),
        **rough,
    )
    yield from cases(
        "maximum then sqrt",
        lambda x: ops.sqrt(ops.maximum(x, 0.0)),
        lambda x: torch.sqrt(torch.maximum(x, x.new_zeros(()))),
        (np.array([-1.0, 4.0]),),
        **rough,
    )
    yield from cases(
        "abs then sqrt",
        lambda x: ops.sqrt(ops.abs(x)),
        lambda x: torch.sqrt(torch.abs(x)),
        (np.array([0.0, 4.0]),),
        **rough,
    )


def _all() -> Iterator[Case]:
    for i, (name, f, domain) in enumerate(UNARY):
        mine = getattr(Tensor, name) if i % 2 else getattr(ops, name)
        smooth = name not in ("zeros_like", "ones_like")
        yield from cases(name, mine, f, *SHAPES, domain=domain, smooth=smooth)
    for i, (name, f, domain) in enumerate(BINARY):
        mine = getattr(Tensor, name) if i % 2 else getattr(ops, name)
        yield from cases(
            name, mine, f, *PAIRS, domain=domain, double=1e-9 if "pow" in name else 1e-10
        )
    whole = np.array([[0.0, 1.0, 2.0], [1.0, 1.0, -1.0]]), np.array([1.0, 1.0, 2.0])
    for name, f in COMPARISONS.items():
        yield from cases(name, getattr(ops, name), f, whole, ((3,), (3,)), ((), ()), ((0,), (1,)))
    for name, f, domain in OPERATORS:
        yield from cases(name, f, f, *SHAPES[:3], domain=domain)
    for name in ("add", "sub", "mul", "truediv", "pow", "mod"):
        f = getattr(operator, name)
        yield from cases(f"operator {name}", f, f, *PAIRS, domain=POSITIVE)
    for name in ("lt", "le", "gt", "ge", "eq", "ne"):
        f = getattr(operator, name)
        yield from cases(f"operator {name}", f, f, whole)
        yield from cases(
            f"operator {name} number", lambda x, f=f: f(x, 1.0), lambda x, f=f: f(x, 1.0), whole[:1]
        )
    yield from _clips()
    yield from _ternary()
    yield from _kinks()


CASES = list(_all())
