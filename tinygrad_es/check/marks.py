"""Points for a backward pass by hand: a rubric, with follow-through marks.

Who makes one mistake loses its points once: what follows from it by right rules is a carried
error, and keeps its points, or the share of them that the grader grants. A mistake in a gradient
without points costs those of the first one that it is carried to.

>>> verdicts = {"y": "right", "z": "wrong", "W2": "carried", "W1": "carried"}
>>> [mark.points for mark in marks_of(verdicts, {"y": 1, "z": 3, "W2": 2, "W1": 2})]
[1.0, 0.0, 2.0, 2.0]
>>> [mark.points for mark in marks_of(verdicts, {"W2": 2, "W1": 2}, follow_through=0.5)]
[0.0, 1.0]
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from typing import Any, NamedTuple

from ..autodiff.errors import describe

__all__ = ["Mark", "checked_names", "checked_points", "marks_of"]


class Mark(NamedTuple):
    """The points that one gradient gets: `verdict` is right, wrong, carried or missing."""

    name: str
    verdict: str
    points: float
    of: float


def marks_of(
    verdicts: Mapping[str, str],
    rubric: Mapping[str, float] | None = None,
    follow_through: float = 1.0,
    known: Collection[str] = (),
) -> tuple[Mark, ...]:
    """The marks, in the order of the rubric; without one every gradient counts 1.

    Args:
        verdicts: what was found, by name.
        rubric: points by name; names among `known` without a verdict are missing.
        follow_through: the share of its points that a carried error keeps, from 0 to 1.
        known: the names of all nodes.

    Raises:
        TypeError: the rubric is no mapping from names to numbers.
        ValueError: points below 0, or a share outside of 0 … 1.
        LookupError: the rubric has a name that no node has.
    """
    share = checked_points(rubric, follow_through)
    given = dict.fromkeys(verdicts, 1.0) if rubric is None else rubric
    points = {name: float(value) for name, value in given.items()}
    checked_names(points, [*verdicts, *known])
    kept = dict.fromkeys(points, 0.0)
    unpaid = False  # a mistake that has cost nothing so far
    for name, verdict in verdicts.items():  # in the order of the backward pass
        if verdict == "right":
            kept[name] = 1.0
        elif verdict == "carried" and not (unpaid and points.get(name)):
            kept[name] = share
        else:
            unpaid = not points.get(name)
    return tuple(
        Mark(name, verdicts.get(name, "missing"), of * kept[name], of)
        for name, of in points.items()
    )


def checked_points(rubric: Mapping[str, float] | None, follow_through: float) -> float:
    """The share for carried errors. Errors as `marks_of`, but for names."""
    if rubric is not None and not isinstance(rubric, Mapping):
        raise TypeError(
            "rubric: expected points by the names of nodes, {'W1': 2, 'b1': 1}. Received: "
            f"{describe(rubric)}."
        )
    share = _number("follow_through", follow_through)
    if share > 1.0:
        raise ValueError(f"follow_through: expected a share from 0 to 1. Received: {share!r}.")
    for name, value in (rubric or {}).items():
        _number(f"rubric[{name!r}]", value)
    return share


def checked_names(rubric: Mapping[str, float] | None, known: Collection[str]) -> None:
    """Raises LookupError where the rubric has a name that is not known."""
    unknown = [name for name in rubric or {} if name not in known]
    if unknown:
        raise LookupError(
            f"rubric: no node is called {unknown[0]!r}. Nodes with names: "
            f"{', '.join(dict.fromkeys(known)) or 'none'}."
        )


def _number(what: str, value: Any) -> float:
    """A finite number that is not negative."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise TypeError(f"{what}: expected a number. Received: {describe(value)}.")
    if not (math.isfinite(value) and value >= 0):
        raise ValueError(f"{what}: expected a number ≥ 0. Received: {value!r}.")
    return float(value)
