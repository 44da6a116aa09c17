"""Right, wrong or inconclusive: how an automatic derivative is judged by a numerical one."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

from .numeric import PRECISE, Estimate

__all__ = ["STRICT", "TORCH", "UNDERFLOW", "Tolerance", "tolerance_of"]

UNDERFLOW = 1e-290  # below, numbers lose their digits
SMALL = 1e-3  # … of an entry, or of this share of the largest one


class Tolerance(NamedTuple):
    """How far two derivatives may differ.

    `atol` is relative to the largest derivative of the input, so that the scale does not matter;
    with `absolute` it is not, as in torch.
    """

    rtol: float
    atol: float
    absolute: bool = False

    def allowed(self, a: float, n: float, largest: float) -> float:
        """The difference that needs no excuse."""
        if self.absolute:
            return self.atol + self.rtol * abs(n)
        return max(self.rtol * max(abs(a), abs(n)), self.atol * largest, UNDERFLOW)

    def verdict(self, a: float, found: Estimate, largest: float) -> str:
        """`"right"`, `"wrong"`, or `"inconclusive"` where the differences are too rough to say."""
        n, error = found.value, found.error
        if not (math.isfinite(n) and math.isfinite(error)):
            return "inconclusive"
        if not math.isfinite(a):
            return "wrong"
        gap = abs(a - n)
        if gap <= self.allowed(a, n, largest):
            return "right"
        if gap > 10.0 * error:
            return "wrong"
        size = max(abs(a), abs(n), SMALL * largest)
        return "right" if 10.0 * error <= PRECISE * size else "inconclusive"


STRICT = Tolerance(1e-5, 1e-8)
TORCH = Tolerance(1e-3, 1e-5, absolute=True)


def tolerance_of(name: Any, rtol: float | None, atol: float | None) -> Tolerance:
    """The tolerance of `tolerances=`, with the numbers that the caller gives instead."""
    if name not in ("strict", "torch"):
        raise ValueError(
            f"check_gradients: expected tolerances 'strict' or 'torch'. Received: {name!r}."
        )
    base = STRICT if name == "strict" else TORCH
    for key, value in (("rtol", rtol), ("atol", atol)):
        if value is not None and not (isinstance(value, (int, float)) and value >= 0):
            raise ValueError(
                f"check_gradients: expected {key} to be a number ≥ 0. Received: {value!r}."
            )
    rtol = base.rtol if rtol is None else float(rtol)
    return Tolerance(rtol, base.atol if atol is None else float(atol), base.absolute)
