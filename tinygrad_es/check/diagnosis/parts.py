"""A gradient that is wrong in some of its parts: the gates of an LSTM in one matrix, a packed QKV.

Where the forward pass reads a node by slices, each slice is a gradient of its own, and what fits
it is said of it. Parts that are right are left out.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from .case import Case, Fit, Fits
from .factors import derivative_missed, factor, other_value
from .scale import scaled

__all__ = ["PARTS", "parts"]

PARTS = 16  # slices of a node, of which each is looked at


def parts(case: Case) -> Iterator[tuple[str, Fit]]:
    """Codes and explanations of the first part that is wrong and can be explained."""
    if case.g.shape != case.r.shape or case.g.ndim == 0:
        return
    for index, upstream in _slices(case):
        g, r = case.g[index], case.r[index]
        if g.size < 2 or case.fits(g, r) is not None:
            continue
        others = (k for k, v in case.gradients.items() if v.shape == r.shape)
        names = tuple(dict.fromkeys([*upstream, *others]))
        part = case._replace(g=g, r=r, paths=(), upstream=names)
        found = [(code, fit) for code, one in ALONE for fit in itertools.islice(one(part), 1)]
        where = f"{case.name}[{_written(index)}]"
        for code, fit in found:
            hint = fit.hint and (f"in {where}: {fit.hint[0]}", f"en {where}: {fit.hint[1]}")
            told = f"in {where}: {fit.en}", f"en {where}: {fit.es}"
            yield code, Fit(*told, fit.residual, hint)
        if found:
            return


ALONE: tuple[tuple[str, Callable[[Case], Fits]], ...] = (  # what needs no graph around the node
    ("G03", scaled),
    ("G04", factor),
    ("G12", other_value),
    ("G05", derivative_missed),
)


def _slices(case: Case) -> list[tuple[tuple[Any, ...], tuple[str, ...]]]:
    """The slices that the forward pass reads, and the named nodes nearest to each; none where
    two of them have an entry in common."""
    found, taken = [], np.zeros(case.r.shape, int)
    for user, _ in case.comparison.sent.get(case.node.index, []):
        index = (user.params or {}).get("index") if user.op and user.op.name == "getitem" else None
        index = index if isinstance(index, tuple) else (index,)
        if all(isinstance(i, slice) for i in index):
            taken[index] += 1
            found.append((index, case.after(user)))
    if not 2 <= len(found) <= PARTS or np.any(taken > 1):
        return []
    return sorted(found, key=lambda one: str(one[0]))


def _written(index: tuple[Any, ...]) -> str:
    """Slices as one writes them.

    >>> _written((slice(None), slice(3, 6)))
    ':, 3:6'
    """
    ends = [("" if i.start is None else i.start, "" if i.stop is None else i.stop) for i in index]
    return ", ".join(f"{a}:{b}" for a, b in ends)
