"""The layers of a graph: which nodes were born in which call of which layer.

>>> from tinygrad_es import layers, ops
>>> layer = layers.Dense(2, activation="tanh", name="hidden")
>>> from tinygrad_es.views import snapshot
>>> for group in groups(snapshot(layer(ops.ones((1, 2))).sum())):
...     print(group.title, len(group.nodes))
hidden 4
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from ..autodiff.modes import Scope
from .snapshot import Snapshot

__all__ = ["Group", "groups", "members"]

Key = tuple[str, int, int]


class Group(NamedTuple):
    """One call of one layer, and its nodes: operations, weights and constants of its own."""

    path: str  # model/layer
    call: int  # 1 for the first call of this layer in the graph
    calls: int  # how often it is called
    order: int  # 0 forward, 1 the recorded backward pass, 2 its own
    parent: int | None  # the group around it
    depth: int  # 1 for the outermost
    nodes: tuple[int, ...]  # all inside, those of inner groups included

    @property
    def name(self) -> str:
        """The layer's own name."""
        return self.path.rpartition("/")[2]

    @property
    def title(self) -> str:
        """The name, with the number of the call where there are several, and ∂ for each order."""
        mark = "∂" * self.order
        call = f" ({self.call}/{self.calls})" if self.calls > 1 else ""
        return f"{mark}{' ' if mark else ''}{self.name}{call}"


def groups(graph: Snapshot) -> tuple[Group, ...]:
    """Every call of a layer in the graph, outer ones before inner ones, in topological order."""
    found: dict[Key, int] = {}
    parents: list[int | None] = []
    nodes: list[list[int]] = []
    inner: list[int | None] = [None] * len(graph.nodes)  # the innermost group of a node
    for i, node in enumerate(graph.nodes):
        if node.op is None and node.kind != "run":
            continue
        parent = None
        for scope in _lineage(node.scope):
            key = (str(scope), scope.call, node.scope.order)
            if key not in found:
                found[key] = len(found)
                parents.append(parent)
                nodes.append([])
            parent = found[key]
        inner[i] = parent
    keys = list(found)
    _adopt(graph, inner, parents, [key[0].rpartition("/")[2] for key in keys])
    for i, group in enumerate(inner):
        while group is not None:
            nodes[group].append(i)
            group = parents[group]
    return _numbered(keys, parents, nodes)


def members(found: Sequence[Group], count: int) -> list[int | None]:
    """The innermost group of each of `count` nodes."""
    inner: list[int | None] = [None] * count
    for g, group in enumerate(found):  # inner ones come later
        for i in group.nodes:
            inner[i] = g
    return inner


def _lineage(scope: Scope) -> list[Scope]:
    """The scopes around and this one, the outermost first."""
    found: list[Scope] = []
    while scope:
        found.append(scope)
        if scope.outer is None:
            break
        scope = scope.outer
    return found[::-1]


def _adopt(
    graph: Snapshot, inner: list[int | None], parents: list[int | None], names: list[str]
) -> None:
    """Weights and constants go where all that uses them is; the user's inputs stay outside."""
    for i, edges in enumerate(graph.outgoing()):
        node = graph.nodes[i]
        if node.op is not None or node.kind == "run" or not edges:
            continue
        first = min(graph.nodes[edge.target].scope.order for edge in edges)
        users = [e.target for e in edges if graph.nodes[e.target].scope.order == first]
        home = inner[users[0]]
        for user in users[1:]:
            home = _common(home, inner[user], parents)
        if node.kind != "constant":
            owners = set((node.name or "").split("/")[:-1])
            while home is not None and names[home] not in owners:
                home = parents[home]
        inner[i] = home


def _common(a: int | None, b: int | None, parents: list[int | None]) -> int | None:
    """The innermost group around both."""
    above = set()
    while a is not None:
        above.add(a)
        a = parents[a]
    while b is not None and b not in above:
        b = parents[b]
    return b


def _numbered(
    keys: list[Key], parents: list[int | None], nodes: list[list[int]]
) -> tuple[Group, ...]:
    total: dict[tuple[str, int], int] = {}
    call: list[int] = []
    for path, _, order in keys:
        total[path, order] = total.get((path, order), 0) + 1
        call.append(total[path, order])
    found: list[Group] = []
    for g, (path, _, order) in enumerate(keys):
        parent = parents[g]
        depth = 1 if parent is None else found[parent].depth + 1
        inside = tuple(sorted(nodes[g]))
        found.append(Group(path, call[g], total[path, order], order, parent, depth, inside))
    return tuple(found)
