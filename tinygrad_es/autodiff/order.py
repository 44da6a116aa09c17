"""The order of a recorded graph: what depends on what, the newest first.

Topological order is creation order: whatever used a node is newer than the node. Nothing is
recursive.
"""

from __future__ import annotations

from collections.abc import Sequence

from . import faults
from .tensor import Tensor

__all__ = ["as_recorded", "only_towards", "topological"]


def topological(roots: Sequence[Tensor]) -> list[Tensor]:
    """Every tracked Tensor that the roots depend on, the newest first."""
    found = {root.index: root for root in roots}
    stack = list(found.values())
    while stack:
        node = stack.pop()
        for x in node.inputs:
            if type(x) is Tensor:
                if x.marks is not None and x.marks.modified > node.index:
                    x = as_recorded(node, x)
                if x.tracked:
                    i = x.index
                    if i not in found:
                        found[i] = x
                        if x.op is not None:
                            stack.append(x)
    return list(map(found.__getitem__, sorted(found, reverse=True)))


def as_recorded(node: Tensor, x: Tensor) -> Tensor:
    """The node that `x` was when `node` read it, before `x[i] = …` or `x += …` made a new one.

    An operation in place keeps what it found as its first input, so the way back is there; the
    inputs of `node` are put right for good. A value assigned to `.data` is lost: an error says so.
    """
    old = x
    while old.index > node.index and old.op is not None and old.modified in (0, old.index):
        old = old.inputs[0]
    if old.modified > node.index:
        faults.raise_modified(node, x)
    node.inputs = tuple(old if y is x else y for y in node.inputs)
    return old


def only_towards(order: list[Tensor], targets: Sequence[Tensor]) -> set[int]:
    """The indices of those nodes of `order` that depend on one of the targets."""
    live = {t.index for t in targets}
    for node in reversed(order):
        if node.index not in live:
            for x in node.inputs:
                if type(x) is Tensor and x.index in live:
                    live.add(node.index)
                    break
    return live
