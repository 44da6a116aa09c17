"""Operations in single file: a chain of 100,000 is drawn by its two ends."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from ..autodiff.tensor import Tensor

__all__ = ["Run", "long_runs"]

ENDS = 3  # operations that stay at either end


class Run(NamedTuple):
    """The indices of operations in single file, the newest first, and of what comes before."""

    inside: tuple[int, ...]
    before: int


def long_runs(order: Sequence[Tensor], longest: int) -> dict[int, Run]:
    """The runs of more than `longest` operations, by the index of their newest one.

    Each operation of a run has one tracked input, and is used once, by the next; three stay at
    each end. `order` has the newest first (`topological`).

    >>> from tinygrad_es.autodiff.order import topological
    >>> x = Tensor(1.0, requires_grad=True)
    >>> y = x
    >>> for _ in range(20):
    ...     y = y * 2.0
    >>> [len(run.inside) for run in long_runs(topological([y]), 10).values()]
    [13]
    """
    uses: dict[int, int] = {}
    below: dict[int, int] = {}  # index → that of its only tracked input
    for node in order:
        tracked = [x.index for x in node.inputs if type(x) is Tensor and x.tracked]
        for index in tracked:
            uses[index] = uses.get(index, 0) + 1
        if len(tracked) == 1 and node.op is not None:
            below[node.index] = tracked[0]
    runs = {}
    seen: set[int] = set()
    for node in order:
        index = node.index
        run = []
        while index in below and uses.get(index) == 1 and index not in seen:
            seen.add(index)
            run.append(index)
            index = below[index]
        if len(run) > longest and len(run) > 2 * ENDS:
            inside = tuple(run[ENDS:-ENDS])
            runs[inside[0]] = Run(inside, run[-ENDS])
    return runs
