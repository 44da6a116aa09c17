"""What may be wrong with a gradient: a table of hypotheses, the simplest first.

Each is exact algebra on a `Case`: a function that yields the explanations which fit, in English
and Spanish, with their residuals. None of them guesses.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from .axes import labels_shifted, permuted, summed, transposed
from .case import Case, Fit, Fits
from .factors import derivative_missed, factor, other_operands, other_value
from .paths import constant_normaliser, diagonal, last_only, not_zeroed, overwritten
from .routes import flipped, masked, not_added, routed_elsewhere, routed_everywhere
from .scale import scaled
from .terms import decay, product_term, scaled_but_for_a_term, term, uneven

__all__ = ["HYPOTHESES", "LAST"]


def nothing(case: Case) -> Fits:
    """G10: all zero, not finite, or the one of the step before."""
    g = case.g
    if not np.all(np.isfinite(g)):
        count = int(np.sum(~np.isfinite(g)))
        en = f"{count} of {g.size} entries are not finite"
        es = f"{count} de {g.size} elementos no son finitos"
        if case.nan:
            en += f"; in the forward pass the first such value is that of {case.nan}"
            es += f"; en la pasada hacia delante el primer valor así es el de {case.nan}"
        yield Fit(en + ".", es + ".", 0.0)
    elif not np.any(g) and np.any(case.r):
        yield Fit(
            "your gradient is 0 everywhere: the branch is disconnected.",
            "tu gradiente es 0 en todas partes: la rama está desconectada.",
            0.0,
        )
    elif case.previous is not None and (gap := case.fits(case.previous)) is not None:
        yield Fit(
            "your gradient is that of the step before: it was not computed anew.",
            "tu gradiente es el del paso anterior: no se ha vuelto a calcular.",
            gap,
        )


HYPOTHESES: tuple[tuple[str, Callable[[Case], Fits]], ...] = (
    ("G10", nothing),
    ("G08", not_zeroed),
    ("G01", transposed),
    ("G02", summed),
    ("G03", scaled),
    ("G11", constant_normaliser),
    ("G11", diagonal),
    ("G04", factor),
    ("G06", decay),
    ("G05", masked),
    ("G07", overwritten),
    ("G09", labels_shifted),
    ("G06", term),
    ("G12", other_value),
    ("G05", derivative_missed),
    ("G09", permuted),
    ("G07", last_only),
)

LAST: tuple[tuple[str, Callable[[Case], Fits]], ...] = (  # dearer: where none of those fits
    ("G03", uneven),
    ("G03", scaled_but_for_a_term),
    ("G07", not_added),
    ("G04", routed_everywhere),
    ("G05", routed_elsewhere),
    ("G12", other_operands),
    ("G09", flipped),
    ("G06", product_term),
)
