"""Hypotheses about the terms of a gradient: one is missing, too many, or has its own factor."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from ...languages import Pair
from ..by_differences import found_in
from .case import Case, Fit, Fits
from .factors import matrix_products
from .scale import causes_of, times

__all__ = ["decay", "product_term", "scaled_but_for_a_term", "term", "uneven"]

MANY = 6  # contributions, of which factors are looked for


def decay(case: Case) -> Fits:
    """G06: a multiple of the node itself, as weight decay is, was added, or was not."""
    return _terms(case, {k: v for k, v in case.values.items() if k == case.name})


def term(case: Case) -> Fits:
    """G06: a multiple of another named value was added, or was not."""
    return _terms(case, {k: v for k, v in case.values.items() if k != case.name})


def _terms(case: Case, values: dict[str, Any]) -> Fits:
    g, r = case.g, case.r
    if g.shape != r.shape or np.count_nonzero(g - r) < 2:
        return
    for name, t in values.items():
        if t.shape != r.shape or not np.any(t) or _multiple(r, t, case.tolerance):
            continue
        c = _times_that(t, g - r)
        if c and (gap := case.fits(r + c * t)) is not None:
            yield Fit(*_told(case, name, t, c), gap, _told(case, name, t, c, hint=True))


def _told(case: Case, name: str, t: Any, c: float, hint: bool = False) -> Pair:
    """What is wrong with the term in t: the gradient has c times t too much."""
    lacking, over = _times(-c, name), _times(c, name)
    if np.all((t == 0) | (t == 1)) and case.r.ndim:
        one_hot, share = t.ndim > 1 and bool(np.all(t.sum(axis=-1) == 1)), _share_of(case, t)
        if one_hot or share:
            return _labels(name, c, share, hint, ONE_HOT if one_hot else LABELS)
    paths = (path for _, path in case.paths if _multiple(path, t, case.tolerance))
    path = next(paths, None)
    if path is None and hint:
        asked = f"look at the term in {name}: is it missing, or one too many?"
        return asked, f"mira el término en {name}: ¿falta, o sobra?"
    if path is None:
        lacks = f"the term {lacking} is missing", f"falta el término {lacking}"
        has = f"there is a term {over} too many", f"sobra un término {over}"
        first, second = (lacks, has) if c < 0 else (has, lacks)
        if found_in(case.comparison.order[0]):  # nothing is known of the terms of the reference
            second = "half of it has the wrong sign", "su mitad tiene mal el signo"
        return f"{first[0]}, or {second[0]}.", f"{first[1]}, o {second[1]}."
    right = _times_that(t, path)
    k, m = 1.0 + c / right, f"c·{name}" if hint else _times(right, name)
    known: dict[float, Pair] = {
        0.0: (f"the term {m} is missing.", f"falta el término {m}."),
        2.0: (f"the term {m} is there twice.", f"el término {m} está dos veces."),
        -1.0: (
            f"the sign of the term {m} is wrong.",
            f"el signo del término {m} está mal.",
        ),
    }
    found = next((pair for value, pair in known.items() if abs(k - value) < 1e-6), None)
    if found is None and hint:
        return f"the factor of the term in {name} is wrong.", (
            f"el factor del término en {name} está mal."
        )
    return found or (
        f"the term is {m}, yours is {_times(right + c, name)}.",
        f"el término es {m}, el tuyo es {_times(right + c, name)}.",
    )


ONE_HOT, LABELS = ("the one-hot", "el one-hot"), ("the label", "la etiqueta")


def _labels(name: str, c: float, right: float, hint: bool, noun: Pair) -> Pair:
    """What is wrong with labels that the gradient has c times too much, of `right` times."""
    k = 1.0 + c / right if right else 0.0
    en, es = f"{noun[0]} {name}", f"{noun[1]} {name}"
    if abs(k + 1.0) < 1e-6:
        added = "se suma en lugar de restarse" if right < 0 else "se resta en lugar de sumarse"
        return f"{en} has the wrong sign.", f"{es} {added}."
    if abs(k - 2.0) < 1e-6:
        return f"{en} is there twice.", f"{es} está dos veces."
    if abs(k) >= 1e-6:
        told = "" if hint else f": {right:.4g}, yours {right + c:.4g}"
        tuyo = told.replace("yours", "el tuyo")
        del_ = f"de {es}".replace("de el ", "del ", 1)
        return f"the factor of {en} is wrong{told}.", f"está mal el factor {del_}{tuyo}."
    missing = f"c·{name}" if hint else _times(-c, name)
    return (
        f"{en} is not subtracted: {missing} is missing.",
        f"no se resta {es}: falta {missing}.",
    )


def _times(c: float, name: str) -> str:
    """A multiple of a name, as one writes it.

    >>> _times(0.1, "w"), _times(1.0, "w"), _times(-1.0, "w")
    ('0.1·w', 'w', '-w')
    """
    written = f"{c:.4g}"
    return {"1": name, "-1": f"-{name}"}.get(written, f"{written}·{name}")


def _share_of(case: Case, t: Any) -> float:
    """How many times labels are in the reference, a multiple of p − t; 0 where it is none."""
    r, z = case.r, np.asarray(case.node.value, np.float64)
    known = [v for v in case.values.values() if v.shape == r.shape and v is not t]
    if z.shape == r.shape:
        e = np.exp(z - np.max(z))
        known += [1 / (1 + np.exp(-z)), *(e / e.sum(axis=a, keepdims=True) for a in range(z.ndim))]
    for p in known:
        columns = np.stack([p.ravel(), t.ravel()], axis=1)
        if not np.all(np.isfinite(columns)) or np.linalg.matrix_rank(columns) < 2:
            continue
        a, b = np.linalg.lstsq(columns, r.ravel(), rcond=None)[0]
        if a * b < 0 and case.fits((columns @ [a, b]).reshape(r.shape), r) is not None:
            return float(b)
    return 0.0


def uneven(case: Case) -> Fits:
    """G03, G06: the contributions to the node are there, each times a constant of its own."""
    n, g = len(case.paths), case.g
    if not 2 <= n <= MANY or g.shape != case.r.shape or g.size < 2 * n + 1:
        return
    columns = np.stack([c.ravel() for _, c in case.paths], axis=1)
    if columns.shape[0] != g.size or not np.all(np.isfinite(columns)):
        return
    if np.linalg.matrix_rank(columns, 1e-9 * float(np.max(np.abs(columns)))) < n:
        return
    found = np.linalg.lstsq(columns, g.ravel(), rcond=None)[0]
    gap = case.fits((columns @ found).reshape(g.shape))
    if gap is None or np.ptp(found) < 1e-6:
        return
    close = 10.0 * case.tolerance
    wrong = [(k, float(c)) for k, c in enumerate(found) if abs(c - 1.0) > close]
    if all(abs(c) <= close for _, c in wrong):
        return  # some are there and others not
    pairs = [_factor_of(case, k, c if abs(c) > close else 0.0) for k, c in wrong]
    en, es = ("; ".join(pair[i] for pair in pairs) for i in (0, 1))
    names = [_called(case, k) for k, _ in wrong]
    yield Fit(
        f"of the {n} contributions to {case.name}, {en}.",
        f"de las {n} contribuciones a {case.name}, {es}.",
        gap,
        (
            f"it is a sum of {n} terms, whose factors are not right: {len(names)} of them.",
            f"es una suma de {n} términos, cuyos factores no están bien: {len(names)} de ellos.",
        ),
    )


def _factor_of(case: Case, k: int, c: float) -> Pair:
    """That of the contribution k, which stands there c times."""
    name = _called(case, k)
    if not c:
        return f"that of {name} is missing", f"falta la de {name}"
    (en, es), *_ = [*causes_of(case, c), ("", "")]
    return (
        f"that of {name} is {times(c)} × what it should be{en and ': ' + en}",
        f"la de {name} es {times(c)} × lo que debe ser{es and ': ' + es}",
    )


def _called(case: Case, k: int) -> str:
    """A contribution by what it is a multiple of, else by what sends it."""
    name, path = case.paths[k]
    t = case.values.get(case.name)
    if t is not None and t.shape == path.shape and _multiple(path, t, case.tolerance):
        return f"{_times_that(t, path):.4g}·{case.name}"
    return name


def scaled_but_for_a_term(case: Case) -> Fits:
    """G03: a constant times the reference, but for a multiple of the node itself."""
    g, r, t = case.g, case.r, case.values.get(case.name)
    if t is None or not g.shape == r.shape == t.shape or g.size < 5 or not np.any(g):
        return
    columns = np.stack([r.ravel(), t.ravel()], axis=1)
    if np.linalg.matrix_rank(columns, 1e-9 * float(np.max(np.abs(columns)))) < 2:
        return
    k, c = (float(v) for v in np.linalg.lstsq(columns, g.ravel(), rcond=None)[0])
    gap = case.fits(k * r + c * t)
    if gap is None or min(abs(k), abs(k - 1.0)) < 1e-6:
        return
    (en, es), *_ = [*causes_of(case, k), ("a constant is wrong", "una constante está mal")]
    more = f"{'+' if c > 0 else '−'} {abs(c):.4g}·{case.name}"
    why = (
        f"{en}, but not in the term in {case.name}.",
        f"{es}, pero no en el término en {case.name}.",
    )
    yield Fit(
        f"your gradient = {times(k)} × the reference {more}: {why[0]}",
        f"tu gradiente = {times(k)} × la referencia {more}: {why[1]}",
        gap,
        why,
    )


def product_term(case: Case) -> Fits:
    """G06: a multiple of a product, or of a sum, of named values was added, or was not."""
    g, r = case.g, case.r
    if g.shape != r.shape or np.count_nonzero(g - r) < 3:
        return
    for text, t in _made(case):
        if not np.any(t) or any(_multiple(v, t, case.tolerance) for v in (g, r)):
            continue
        c = _times_that(t, g - r)
        if c and (gap := case.fits(r + c * t)) is not None:
            more = f"{'+' if c > 0 else '−'} {abs(c):.4g}·{text}"
            yield Fit(
                f"your gradient = the reference {more}: this term is missing, is one too many, or "
                "its sign is wrong.",
                f"tu gradiente = la referencia {more}: este término falta, sobra o tiene mal el "
                "signo.",
                gap,
                (f"look at the term in {text}.", f"mira el término en {text}."),
            )
            return


def _made(case: Case) -> Iterator[tuple[str, Any]]:
    for name, t in case.values.items():
        for axis in range(t.ndim):
            if t.sum(axis=axis).shape == case.r.shape:
                yield f"{name}.sum({axis})", t.sum(axis=axis)
    yield from ((text, t) for text, _, t in matrix_products(case.values, case.r.shape))


def _times_that(t: Any, a: Any) -> float:
    """The multiple of t that is nearest to a."""
    return float(np.sum(a * t) / np.sum(t * t))


def _multiple(a: Any, t: Any, tolerance: float) -> bool:
    c = _times_that(t, a)
    return bool(c and np.max(np.abs(a - c * t)) <= tolerance * np.max(np.abs(a)))
