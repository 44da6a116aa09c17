"""Few numbers fit many formulas by chance: what fits is tried at other inputs, where chance ends.

>>> moved((2, [0.5, 1.0], "relu")), moved((2, 3))
((2, [0.52..., 0.95...], 'relu'), (2.02..., 2.95...))
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..tree import leaves, map_structure
from .diagnosis.case import Diagnosis

__all__ = ["FEW", "moved", "still_fitting"]

FEW = 3  # numbers in a gradient, up to which a formula may fit by chance
VALUE = re.compile(r"= [-−]?[\d.,e+-]+")  # p = 0.6: another one there


def moved(given: tuple[Any, ...]) -> tuple[Any, ...]:
    """The numbers among these, a little away from where they were; integers too, where no others
    are among them."""
    rng = np.random.default_rng(0)
    kinds: tuple[type, ...] = (float, np.floating)
    if not any(_has_floats(x) for x in leaves(given)):
        kinds += (int, np.integer)

    def other(x: Any) -> Any:
        if isinstance(x, np.ndarray) and x.dtype.kind == "f":
            return np.asarray(x + 0.1 * rng.uniform(-1.0, 1.0, x.shape), x.dtype)
        number = isinstance(x, kinds) and not isinstance(x, bool)
        return x + 0.1 * float(rng.uniform(-1.0, 1.0)) if number else x

    found: tuple[Any, ...] = map_structure(other, given)
    return found


def _has_floats(x: Any) -> bool:
    return isinstance(x, (float, np.floating)) or (
        isinstance(x, np.ndarray) and x.dtype.kind == "f"
    )


def still_fitting(found: Sequence[Diagnosis], there: Sequence[Diagnosis]) -> list[Diagnosis]:
    """Those that were found at the other inputs as well; what also fitted here goes from them."""
    own = {_without_values(one): one for one in found}
    codes = {one.code for one in found}
    return [own.get(_without_values(one), one) for one in there if one.code in codes]


def _without_values(one: Diagnosis) -> tuple[str, str]:
    return one.code, VALUE.sub("=", one.text[0])
