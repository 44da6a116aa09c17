"""The layers of a recorded graph: where z = x·W + b, a = f(z) and a loss of y and t stand.

What is found is checked with the numbers of the snapshot: a layer, an activation or a loss whose
formula does not give the recorded gradient is left out, and told as the operations that it is.

>>> from tinygrad_es import layers, ops
>>> model = layers.Dense(2, activation="tanh")
>>> from tinygrad_es.views import snapshot
>>> [(layer.kind, layer.columns) for layer in layers_of(snapshot(model(ops.ones((1, 3))).sum()))]
[('tanh', False)]
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from ...autodiff.primitive import PRIMITIVES
from ..snapshot import Edge, Snapshot

__all__ = ["Layer", "agree", "layers_of", "slope"]

LONGEST = 12  # operations of one activation
NAMED = frozenset(["sigmoid", "tanh", "relu", "softplus", "exp", "sin"])


class Layer(NamedTuple):
    """z = (input times weight) + bias and a = f(z), by places in the snapshot."""

    product: int  # the matrix product; z itself where there is no bias or one operation has all
    z: int
    source: int
    weight: int
    bias: int | None
    columns: bool  # whether it is W @ a (columns), not a @ W (rows)
    region: tuple[int, ...] = ()  # the operations of the activation, in order
    kind: str = "identity"  # of the activation; "other" for one without a name here

    @property
    def a(self) -> int:
        """The output."""
        return self.region[-1] if self.region else self.z


def layers_of(graph: Snapshot) -> list[Layer]:
    """The layers, in the order of the forward pass."""
    incoming, outgoing = graph.incoming(), graph.outgoing()
    found = []
    for i, node in enumerate(graph.nodes):
        if node.gradient is None or not np.ndim(node.value):
            continue
        if node.op == "linear":
            x, w, b = (edge.source for edge in incoming[i])
            found.append(Layer(i, i, x, w, b, columns=False))
        elif node.op == "matmul":
            layer = _product(graph, i, incoming, outgoing)
            found += [layer] if layer is not None else []
    ends = {layer.z for layer in found}
    between: dict[int, list[tuple[int, ...]]] = {}  # z → what leads from it to the next layer
    for source in dict.fromkeys(layer.source for layer in found):
        z, region = _region(graph, ends, source, incoming)
        between.setdefault(z, []).append(region)
    return [_activated(graph, x, between.get(x.z, []), incoming, outgoing) for x in found]


def agree(a: Any, b: Any) -> bool:
    """Whether two arrays are the same but for rounding."""
    if np.shape(a) != np.shape(b):
        return False
    a, b = np.asarray(a, dtype=np.float64), np.asarray(b, dtype=np.float64)
    finite = np.abs(b[np.isfinite(b)])
    scale = float(finite.max()) if finite.size else 0.0
    return bool(np.allclose(a, b, rtol=1e-4, atol=1e-6 * scale, equal_nan=True))


# --- z -----------------------------------------------------------------------------------------


def _product(
    graph: Snapshot, i: int, incoming: list[list[Edge]], outgoing: list[list[Edge]]
) -> Layer | None:
    a, b = (edge.source for edge in incoming[i])
    columns = _in_columns(graph, a, b, outgoing[i])
    if columns is None:
        return None
    weight, source = (a, b) if columns else (b, a)
    z, bias = i, None
    users = outgoing[i]
    if len(users) == 1 and graph.nodes[users[0].target].op == "add":
        top = users[0].target
        (other,) = [e.source for e in incoming[top] if e is not users[0]] or [i]
        same = np.shape(graph.nodes[top].value) == np.shape(graph.nodes[i].value)
        if other != i and graph.nodes[other].op is None and same:
            z, bias = top, other
    return Layer(i, z, source, weight, bias, columns)


def _in_columns(graph: Snapshot, a: int, b: int, users: list[Edge]) -> bool | None:
    """Whether the first factor is the weight; None where it is not clear which one is."""
    first, second = graph.nodes[a], graph.nodes[b]
    one, two = np.ndim(first.value), np.ndim(second.value)
    if not {one, two} <= {1, 2} or one == two == 1:
        return None
    may = [node.op is None and np.ndim(node.value) == 2 for node in (first, second)]
    if may[0] != may[1]:
        other = second if may[0] else first
        return may[0] if other.op is not None or may == [one == 2, two == 2] else None
    if not may[0]:
        return None
    tracked = [node.kind == "parameter" for node in (first, second)]
    if tracked[0] != tracked[1]:
        return tracked[0]
    if np.shape(second.value)[1] == 1 or np.shape(first.value)[0] == 1:
        return bool(np.shape(second.value)[1] == 1)
    named = [(node.name or "").lower().startswith(("w", "kernel")) for node in (first, second)]
    return named[0] if named[0] != named[1] else None


# --- a = f(z) ----------------------------------------------------------------------------------


def _activated(
    graph: Snapshot,
    layer: Layer,
    between: list[tuple[int, ...]],
    incoming: list[list[Edge]],
    outgoing: list[list[Edge]],
) -> Layer:
    for region in between:
        if region and _holds(graph, layer.z, region, incoming):
            return layer._replace(region=region, kind=_kind(graph, layer.z, region))
    for top in _climb(graph, layer.z, outgoing):
        z, region = _region(graph, {layer.z}, top, incoming)
        kind = _kind(graph, z, region) if region else "other"
        if kind != "other" and _holds(graph, z, region, incoming):
            return layer._replace(region=region, kind=kind)
    return layer


def _climb(graph: Snapshot, z: int, outgoing: list[list[Edge]]) -> list[int]:
    """What is above z in single file, the highest first: the output layer's activation."""
    found: list[int] = []
    while len(outgoing[z]) == 1 and len(found) < 4:
        z = outgoing[z][0].target
        found.append(z)
    return found[::-1]


def _region(
    graph: Snapshot, ends: set[int], top: int, incoming: list[list[Edge]]
) -> tuple[int, tuple[int, ...]]:
    """The elementwise operations between one z of `ends` and top, where nothing else comes in."""
    shape, nothing = np.shape(graph.nodes[top].value), (-1, ())
    seen, bottom, open_ = set[int](), set[int](), [top]
    while open_:
        i = open_.pop()
        if i in ends:
            bottom.add(i)
        if i in ends or i in seen:
            continue
        node, op = graph.nodes[i], PRIMITIVES.get(graph.nodes[i].op or "")
        if op is None or not op.elementwise or np.shape(node.value) != shape:
            return nothing
        seen.add(i)
        for edge in incoming[i]:
            if edge.contribution is not None:
                if edge.local is None or edge.summed:
                    return nothing
                open_.append(edge.source)
            elif np.ndim(graph.nodes[edge.source].value) and op.name != "where":
                return nothing
        if len(seen) > LONGEST or len(bottom) > 1:
            return nothing
    return (bottom.pop(), tuple(sorted(seen))) if bottom else nothing


def slope(graph: Snapshot, z: int, region: tuple[int, ...], incoming: list[list[Edge]]) -> Any:
    """f′(z), element by element: the chain rule through the operations of f."""
    reached: dict[int, Any] = {region[-1]: np.ones(np.shape(graph.nodes[z].value))}
    for i in reversed(region):
        if i not in reached:
            continue
        for edge in incoming[i]:
            if edge.local is not None and edge.contribution is not None:
                with np.errstate(all="ignore"):
                    reached[edge.source] = reached.get(edge.source, 0.0) + reached[i] * edge.local
    return reached.get(z)


def _holds(graph: Snapshot, z: int, region: tuple[int, ...], incoming: list[list[Edge]]) -> bool:
    """Whether f′(z) takes the gradient of a to that of z."""
    above, below = graph.nodes[region[-1]].gradient, graph.nodes[z].gradient
    derivative = slope(graph, z, region, incoming)
    if above is None or derivative is None:
        return False
    with np.errstate(all="ignore"):
        return agree(above * derivative, below)


def _kind(graph: Snapshot, z: int, region: tuple[int, ...]) -> str:
    """The name of an activation."""
    ops = [graph.nodes[i].op or "" for i in region]
    value = np.asarray(graph.nodes[z].value, dtype=np.float64)
    above = graph.nodes[region[-1]].value
    if len(ops) == 1 and ops[0] in NAMED:
        return ops[0]
    with np.errstate(all="ignore"):
        if ops == ["maximum"] and agree(above, np.maximum(value, 0.0)):
            return "relu"
        written = ops[:3] == ["negative", "exp", "add"] and len(ops) == 4
        if written and agree(above, 1.0 / (1.0 + np.exp(-value))):
            return "sigmoid"
    return "other"
