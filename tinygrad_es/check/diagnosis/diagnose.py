"""What is wrong with one gradient: every hypothesis that fits, the simplest first.

>>> from tinygrad_es import Tensor
>>> from tinygrad_es.check.diagnosis.case import case_of
>>> from tinygrad_es.views.compare import Reference, compared
>>> w = Tensor(np.array([1.0, 2.0, 3.0]), requires_grad=True, name="w")
>>> comparison = compared(Reference((w * w).sum()), {"w": np.array([1.0, 2.0, 3.0])})
>>> (found,) = diagnose(case_of(comparison.found[0], comparison, {}, {}))[:1]
>>> found.code, found.text[0]
('G03', 'your gradient = 0.5 × the reference, and half of it is missing ...
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .case import Case, Diagnosis, Fit
from .hypotheses import HYPOTHESES, LAST
from .parts import parts
from .scale import is_of_the_way

__all__ = ["diagnose", "unexplained"]

TIES = 4  # explanations that fit equally well, of which more are not listed


def diagnose(case: Case) -> list[Diagnosis]:
    """The explanations that fit, the simplest first; G99 alone where none does."""
    found: list[Diagnosis] = []
    whole, case = case, case.sampled()
    with np.errstate(all="ignore"):
        for code, hypothesis in HYPOTHESES:
            if len(found) < TIES:
                found += [_named(code, fit) for fit in hypothesis(case)]
            if found and code == "G10":
                break
        found += [] if found else [_named(code, fit) for code, fit in parts(case)]
        for code, hypothesis in LAST:
            found += [] if found else [_named(code, fit) for fit in hypothesis(case)]
        return _ranked(found[:TIES], case) or [unexplained(whole)]


def _ranked(found: list[Diagnosis], case: Case) -> list[Diagnosis]:
    """A constant comes after a formula that fits in place of the right one: not so by chance.

    Of one number every value is a constant, and a wrong sign is the simplest of all.
    """
    if not found or found[0].code != "G03" or case.g.size == 1:
        return found
    if case.fits(-case.r) is not None or is_of_the_way(case):
        return found
    return sorted(found, key=lambda one: "in place of d" not in one.text[0])


def _named(code: str, fit: Fit) -> Diagnosis:
    told = fit.en, fit.es
    return Diagnosis(code, told, fit.residual, told if fit.hint is None else fit.hint)


def unexplained(case: Case) -> Diagnosis:
    """G99: nothing fits; the angle, the ratios, the worst entries."""
    g, r = case.g, case.r
    if g.shape != r.shape:
        return Diagnosis(
            "G99",
            (
                f"nothing fits; a gradient of shape {r.shape} was expected, yours is {g.shape}.",
                f"nada encaja; se esperaba un gradiente de forma {r.shape}, el tuyo es {g.shape}.",
            ),
            np.inf,
        )
    length = float(np.linalg.norm(g) * np.linalg.norm(r))
    cosine = float(np.sum(g * r)) / length if length else 0.0
    ratios = (g / r)[np.isfinite(g / r)]
    low, high = (float(ratios.min()), float(ratios.max())) if ratios.size else (0.0, 0.0)
    scale = case.tolerance * np.max(np.abs(r), initial=0.0)
    count = int(np.sum(~(np.abs(g - r) <= scale)))
    many = f"{count:,} of {r.size:,} entries wrong", f"{count:,} de {r.size:,} elementos mal"
    en = f"nothing fits: {many[0]}, cosine {cosine:.3f}, ratios {low:.3g} … {high:.3g}"
    es = f"nada encaja: {many[1]}, coseno {cosine:.3f}, cocientes {low:.3g} … {high:.3g}"
    if r.size == 1:
        en, es = "nothing fits", "nada encaja"
    for at in _worst(g, r)[:count]:
        entry = "[" + ", ".join(map(str, at)) + "]"
        digits = 4 if f"{g[at]:.4g}" != f"{r[at]:.4g}" else 10
        mine, right = f"{g[at]:.{digits}g}", f"{r[at]:.{digits}g}"
        en += f"\n    {entry}  yours {mine}, reference {right}"
        es += f"\n    {entry}  tuyo {mine}, referencia {right}"
    gap = float(np.max(np.abs(g - r), initial=0.0) / max(np.max(np.abs(r), initial=0.0), 1e-300))
    return Diagnosis("G99", (en, es), gap)


def _worst(g: Any, r: Any, count: int = 3) -> list[tuple[int, ...]]:
    """Where the two differ most."""
    order = np.argsort(-np.abs(g - r), axis=None)[:count]
    return [tuple(int(i) for i in np.unravel_index(k, g.shape)) for k in order]
