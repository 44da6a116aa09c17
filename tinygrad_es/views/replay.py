"""A recorded graph once more: computed again with changed numbers, and swept backwards.

>>> x = Tensor(3.0, requires_grad=True)
>>> order = topological([x * x])
>>> twins = replayed(order, lambda _, inputs: inputs, lambda _, value: value + 1.0)
>>> swept(order, {order[0].index: 1.0}, twins)[x.index]
6.0
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ..autodiff.modes import enable_grad
from ..autodiff.order import topological
from ..autodiff.record import apply
from ..autodiff.tensor import Tensor
from .snapshot import contributions, receivers

__all__ = ["replayed", "swept", "topological"]

Twins = dict[int, Tensor]


def replayed(
    order: Sequence[Tensor],
    read: Callable[[Tensor, tuple[Any, ...]], tuple[Any, ...]],
    moved: Callable[[Tensor, Any], Any],
    options: Callable[[Tensor], Any] | None = None,
) -> Twins:
    """For each node, by its index, a twin.

    `read(node, inputs)` gives what the operation reads, `moved(node, value)` what becomes of its
    result where that is floating point, `options(node)` other parameters than the node's own.
    """
    twins: Twins = {}
    for node in reversed(order):
        if node.op is None:
            twins[node.index] = node
            continue
        inputs = tuple(twins.get(x.index, x) if type(x) is Tensor else x for x in node.inputs)
        with enable_grad():
            own = node.params if options is None else options(node)
            twin = apply(node.op, read(node, inputs), own)
        if twin.dtype.kind == "f":
            twin.value = moved(node, twin.value)
        twins[node.index] = twin
    return twins


def swept(
    order: Sequence[Tensor],
    seeds: Mapping[int, Any],
    twins: Twins,
    fixed: Mapping[int, Any] | None = None,
    handed: Callable[[Tensor, Any], Any] | None = None,
) -> dict[int, Any]:
    """The gradients that arrive, by the index of the node.

    From a node in `fixed` that gradient goes on instead; `handed(node, g)` may change what an
    operation hands on.
    """
    found = dict(seeds)
    for node in order:
        if node.op is None or node.index not in found:
            continue
        g = (fixed or {}).get(node.index, found[node.index])
        if handed is not None:
            g = handed(node, g)
        terms = contributions(twins[node.index], g)
        for x, (_, c) in zip(receivers(node), terms, strict=True):
            found[x.index] = found[x.index] + c if x.index in found else c
    return found
