"""Hypotheses about which named values went into a gradient: factors, operands.

Values and gradients are those of a `Case`. A factor is a function of one named value, such as
1 − h²; a product has two operands, h.T @ dz2.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from .case import Case, Fit, Fits

__all__ = ["derivative_missed", "factor", "matrix_products", "other_operands", "other_value"]

OPERANDS = 60  # matrices of which products are tried
WORK = 1_000_000_000  # multiplications that all products may cost
ROOM = 10_000_000  # numbers that gradients times values may take

Form = tuple[str, frozenset[str], Any]  # a formula, the names in it, its value
Table = tuple[tuple[str, Callable[[Any], Any]], ...]  # functions of a value, and their text

FACTORS: Table = (
    ("{}", lambda t: t),
    ("(1 − {}²)", lambda t: 1 - t * t),
    ("{0}·(1 − {0})", lambda t: t * (1 - t)),
    ("(1 − {})", lambda t: 1 - t),
    ("({} > 0)", lambda t: (t > 0).astype(float)),
    ("{}²", lambda t: t * t),
    ("1/{}", lambda t: 1 / t),
    ("1/{}²", lambda t: 1 / (t * t)),
    ("exp({})", np.exp),
    ("σ'({})", lambda t: np.exp(-t) / (1 + np.exp(-t)) ** 2),
    ("(1 − tanh({})²)", lambda t: 1 - np.tanh(t) ** 2),
)
MORE: Table = (
    *FACTORS,
    ("({} < 0)", lambda t: (t < 0).astype(float)),
    ("(1 + {}²)", lambda t: 1 + t * t),
    ("(1 + {})", lambda t: 1 + t),
    ("{0}·(1 + {0})", lambda t: t * (1 + t)),
    ("(1 − {})²", lambda t: (1 - t) ** 2),
    ("tanh({})", np.tanh),
    ("(1 − tanh({}))", lambda t: 1 - np.tanh(t)),
    ("(1 − σ({}))", lambda t: 1 / (1 + np.exp(t))),
    ("σ({})", lambda t: 1 / (1 + np.exp(-t))),
)


def factors_for(case: Case, table: Table = FACTORS) -> Iterator[tuple[str, Any]]:
    """Factors that broadcast to the shape of the gradient, each once; constants are none."""
    seen: set[bytes] = set()
    for (pattern, f), (name, t) in itertools.product(table, case.values.items()):
        try:
            fitting = np.broadcast_shapes(t.shape, case.r.shape) == case.r.shape
        except ValueError:
            continue
        numbers = case.r.size == 1  # of one number every factor is one: no constants to leave out
        if not fitting or (t.size < 2 and not numbers) or ("²" in pattern and np.all(t * t == t)):
            continue
        with np.errstate(all="ignore"):
            value = f(t)
        largest = np.max(np.abs(value))
        if not np.all(np.isfinite(value)) or (np.ptp(value) <= 1e-12 * largest and not numbers):
            continue
        key = np.round(value, 12).tobytes()
        if key not in seen:
            seen.add(key)
            yield pattern.format(name), value


def factor(case: Case) -> Fits:
    """G04: a factor is missing, or is one too many."""
    if case.g.shape != case.r.shape:
        return
    told: set[str] = set()
    for text, f in factors_for(case):
        if text.removeprefix("1/") in told:
            continue  # 1/h is missing: h is too many, and the other way round
        if (gap := case.fits(case.g * f, case.r)) is not None and case.fits(case.g, case.r) is None:
            told.add(text)
            yield Fit(f"the factor {text} is missing.", f"falta el factor {text}.", gap)
        if (gap := case.fits(case.r * f)) is not None:
            told.add(text)
            yield Fit(f"there is a factor {text} too many.", f"sobra un factor {text}.", gap)


def other_value(case: Case) -> Fits:
    """G12: what arrives times another named value."""
    yield from _from_upstream(case, FACTORS[:1])


def derivative_missed(case: Case) -> Fits:
    """G05: what arrives times a near miss of the derivative."""
    yield from _from_upstream(case, MORE[1:])


def _from_upstream(case: Case, table: Table) -> Fits:
    g, r = case.g, case.r
    if g.shape != r.shape:
        return
    arrives = [(k, case.gradients[k]) for k in case.upstream if k in case.gradients]
    arrives = [(k, u) for k, u in arrives if u.shape in ((), r.shape)]  # of a sum it is one number
    for name, u in arrives:
        found = [(text, gap) for text, f in factors_for(case, table)
                 if (gap := case.fits(u * f)) is not None]  # fmt: skip
        own_first = [(name, u), *(one for one in arrives if one[0] != name)]
        right = next((
            _product(k, v, text) for k, v in own_first if found
            for text, f in factors_for(case, MORE) if case.fits(v * f, r) is not None
        ), "")  # fmt: skip
        for text, gap in found:
            mine = _product(name, u, text)
            en, es = f"your gradient = {mine}", f"tu gradiente = {mine}"
            if right:
                en, es = f"{en} in place of {right}", f"{es} en vez de {right}"
            yield Fit(en + ".", es + ".", gap)


def _product(name: str, u: Any, factor: str) -> str:
    """What arrives times a factor; 1 is not written."""
    return factor if u.shape == () and u == 1.0 else f"d{name}·{factor}"


# --- products --------------------------------------------------------------------------------


def other_operands(case: Case) -> Fits:
    """G12: the product, or the sum, of other named values and gradients."""
    right: list[Form] = []
    mine: list[tuple[Form, float]] = []
    for shape in dict.fromkeys([case.r.shape, case.g.shape]):
        for form in products(case, shape):
            if case.fits(form[2], case.r) is not None:
                right.append(form)
            if (gap := case.fits(form[2])) is not None:
                mine.append((form, gap))
    found = []
    for (text, operands, _), gap in mine:
        alike = max((_alike(text, operands, form) for form in right), default=(0, 0))
        found.append(((-alike[0], -alike[1], len(text), text), operands, gap))
    for (*_, text), operands, gap in sorted(found, key=lambda one: one[0])[:2]:
        best = sorted(right, key=lambda form: (*_alike(text, operands, form, -1), len(form[0])))
        en, es = f"your gradient = {text}", f"tu gradiente = {text}"
        if best:
            en, es = f"{en} in place of {best[0][0]}", f"{es} en vez de {best[0][0]}"
        yield Fit(en + ".", es + ".", gap)


def _alike(text: str, operands: frozenset[str], form: Form, sign: int = 1) -> tuple[int, int]:
    """How alike two formulas are: whether both are sums, and how many names they share."""
    return sign * (("@" in text) == ("@" in form[0])), sign * len(operands & form[1])


def products(case: Case, shape: tuple[int, ...]) -> Iterator[Form]:
    """Formulas of this shape."""
    gradients = {f"d{name}": g for name, g in case.gradients.items()}
    named = {**case.values, **gradients}
    for name, u in gradients.items():
        yield from _sums(name, u, case.values, shape)
    yield from matrix_products(named, shape)
    if len(shape) == 2:
        vectors = [(n, v) for n, v in named.items() if v.ndim == 1][:OPERANDS]
        for (a, x), (b, y) in itertools.permutations(vectors, 2):
            if (x.size, y.size) == shape:
                yield f"outer({a}, {b})", frozenset([a, b]), np.outer(x, y)
    mixed: dict[str, Any] = {}  # a gradient times a function of a value goes into a product
    with np.errstate(all="ignore"):
        for (d, g), (t, v) in itertools.product(gradients.items(), case.values.items()):
            fitting = g.shape == v.shape and g.ndim in (1, 2)
            if fitting and (len(mixed) + len(MORE)) * g.size <= ROOM:
                mixed |= {f"({d}·{text.format(t)})": g * f(v) for text, f in MORE}
    yield from matrix_products(case.values, shape, mixed)


def matrix_products(
    named: dict[str, Any], shape: tuple[int, ...], other: dict[str, Any] | None = None
) -> Iterator[Form]:
    """All a @ b, and with transposes, of matrices; the last may be a vector. With `other` each
    has one operand of both."""
    if not 1 <= len(shape) <= 2:
        return
    first, second = ([*_both_ways(m)] for m in (named, named if other is None else other))
    left = WORK
    for lefts, rights in [(first, second)] if other is None else [(first, second), (second, first)]:
        fitting: dict[int, list[tuple[str, Any]]] = {}  # by their rows
        for b, y in rights:
            if y.shape[1:] == shape[1:]:
                fitting.setdefault(y.shape[0], []).append((b, y))
        for a, x in lefts:
            if x.ndim != 2 or x.shape[0] != shape[0]:
                continue
            for b, y in fitting.get(x.shape[1], ()):
                left -= x.shape[0] * y.size
                if left >= 0:
                    names = frozenset([a.removesuffix(".T"), b.removesuffix(".T")])
                    yield f"{a} @ {b}", names, x @ y


def _both_ways(named: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    few = [(n, v) for n, v in named.items() if v.ndim in (1, 2) and np.all(np.isfinite(v))]
    del few[OPERANDS * len(MORE) :]
    yield from few
    yield from ((f"{n}.T", v.T) for n, v in few if v.ndim == 2)


def _sums(name: str, u: Any, values: dict[str, Any], shape: tuple[int, ...]) -> Iterator[Form]:
    """A gradient, its sums, and those of its products with values."""
    if u.shape == shape:
        yield name, frozenset([name]), u
    for axis in range(u.ndim):
        for keep in (False, True):
            if u.sum(axis=axis, keepdims=keep).shape != shape:
                continue
            yield f"{name}.sum({axis})", frozenset([name]), u.sum(axis=axis, keepdims=keep)
            for other, t in values.items():
                if t.shape == u.shape:
                    text = f"({name}·{other}).sum({axis})"
                    yield text, frozenset([name, other]), (u * t).sum(axis=axis, keepdims=keep)
