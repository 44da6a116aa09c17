"""Points that are far from every kink: where a derivative exists, and differences find it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from ..check.differences.kinks import Change, change, signature
from ..check.differences.subject import Function, Subject

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

__all__ = ["away_from_kinks", "change_near", "kink_near"]

DISTANCE = 1e-3
ENTRIES = 32  # up to which one looks along each axis, and above along as many directions
NUDGES = 20


def kink_near(f: Callable[..., Any], *inputs: Any, distance: float = DISTANCE) -> Change | None:
    """The first operation that takes another branch within a distance; None where none does.

    Looked for at the ends of steps in both directions, along each axis where there are at most 32
    entries, else along 32 directions in which all move. What an operation chose is its branch: the
    signs that `relu` and `abs` saw, the winner of `max`, the side of `clip`, the mask of `where`.

    >>> from tinygrad_es import ops
    >>> print(kink_near(ops.relu, [1.0, -0.0005]), kink_near(ops.relu, [1.0, -0.5]))
    relu[1] None
    """
    if not distance > 0:
        raise ValueError(f"kink_near: expected a distance > 0. Received: {distance!r}.")
    return change_near(Function(f, inputs), distance)


def change_near(subject: Subject, distance: float) -> Change | None:
    """The same, of all that can be checked."""
    here = signature(subject, subject.arrays)
    if all(side.branches is None for side in here):
        return None  # every operation is smooth
    for step in _steps(subject.arrays, distance):
        moved = [x + d for x, d in zip(subject.arrays, step, strict=True)]
        found = change(here, signature(subject, moved))
        if found is not None:
            return found
    return None


def _steps(arrays: list[Any], distance: float) -> Iterator[list[Any]]:
    count = sum(a.size for a in arrays)
    rng = np.random.default_rng(0)
    ends = np.cumsum([a.size for a in arrays])[:-1]
    for i in range(min(count, ENTRIES)):
        along = np.eye(count)[i] if count <= ENTRIES else rng.choice([-1.0, 1.0], count)
        for sign in (distance, -distance):
            parts = np.split(sign * along, ends)
            yield [part.reshape(a.shape) for part, a in zip(parts, arrays, strict=True)]


def away_from_kinks(
    f: Callable[..., Any], inputs: SearchStrategy[Any], *, distance: float = DISTANCE
) -> SearchStrategy[tuple[Any, ...]]:
    """Strategy: of the inputs those where f has no kink within a distance (see `kink_near`).

    A point too near to one is moved a little, at most twenty times, and only then given up: so it
    may lie outside the range of `inputs` by some distances.

    Args:
        f: a function of the inputs.
        inputs: a strategy of tuples of arrays, such as `arrays_for(shapes=[(5, 7), (7,)])`, or of
            single arrays.
        distance: how far each entry may move without meeting a kink.

    >>> from hypothesis import find
    >>> from tinygrad_es.testing import arrays_for
    >>> f = lambda x: np.maximum(x, 1.0).sum()
    >>> (x,) = find(away_from_kinks(f, arrays_for(shapes=[(2,)])), lambda inputs: True)
    >>> bool(np.all(np.abs(x - 1.0) > 1e-3))
    True
    """

    def far(point: Any) -> tuple[Any, ...] | None:
        here = tuple(point) if isinstance(point, (tuple, list)) else (point,)
        for k in range(NUDGES):
            if kink_near(f, *here, distance=distance) is None:
                return here
            here = _nudged(here, distance, k)
        return None

    found: Any = inputs.map(far).filter(lambda point: point is not None)
    return found


def _nudged(point: tuple[Any, ...], distance: float, k: int) -> tuple[Any, ...]:
    """Every floating point entry moved by two to four distances, up or down."""
    rng = np.random.default_rng(k)
    moved = []
    for x in map(np.asarray, point):
        if x.dtype.kind == "f":
            step = distance * rng.uniform(2.0, 4.0, x.shape) * rng.choice([-1.0, 1.0], x.shape)
            x = np.asarray(x + step, x.dtype)
        moved.append(x)
    return tuple(moved)
