"""A snapshot of a recorded graph: nodes, edges, values and gradients as plain data.

Every view reads this and nothing else. It runs its own sweep and keeps every gradient, so that no
drawing shows a gradient that was not computed; the graph itself is not touched.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from ..autodiff.backward import seed
from ..autodiff.errors import describe
from ..autodiff.order import topological
from ..autodiff.sweep import sweep
from ..autodiff.tensor import Tensor

__all__ = ["Edge", "Node", "Snapshot", "snapshot"]


class Node(NamedTuple):
    """A value in the graph, and how it came about."""

    kind: str  # input, parameter, constant, operation, output
    name: str | None
    op: str | None  # the primitive's name
    symbol: str | None
    value: Any  # a float or an array
    gradient: Any  # a float or an array; None where none was computed
    scope: str


class Edge(NamedTuple):
    """The value of node `source` is an input of node `target`."""

    source: int
    target: int
    input: str  # the primitive's name for this input


class Snapshot(NamedTuple):
    """Nodes in topological order, and edges in the order of the operations' inputs."""

    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]


def snapshot(root: Tensor, gradient: Any = None) -> Snapshot:
    """Read the graph that ends in `root`.

    Gradients are those of `root` where it is one number, or of Σ root·gradient; without a
    gradient for a root of several numbers none is shown.

    Raises:
        TypeError: `root` is not a Tensor.

    >>> from tinygrad_es import Tensor
    >>> x = Tensor(3.0, requires_grad=True, name="x")
    >>> [(n.symbol or n.name, n.value, n.gradient) for n in snapshot(x * x).nodes]
    [('x', 3.0, 6.0), ('·', 9.0, 1.0)]
    """
    if not isinstance(root, Tensor):
        raise TypeError(f"expected a Tensor (for example a loss). Received: {describe(root)}.")
    order = topological([root])
    found: dict[int, Any] = {}
    if root.tracked and (gradient is not None or root.size == 1):
        start = [(root, seed(root, gradient))]
        swept = sweep(start, keep=lambda node: True, hooks=False)
        found = {node.index: g for node, g in swept}
    places: dict[int, int] = {}  # creation index → position
    nodes: list[Node] = []
    edges: list[Edge] = []
    for tensor in reversed(order):
        incoming = []
        for x in tensor.inputs:
            if type(x) is not Tensor or x.index not in places:
                if type(x) is Tensor:
                    places[x.index] = len(nodes)
                incoming.append(len(nodes))
                nodes.append(_constant(x))
            else:
                incoming.append(places[x.index])
        places[tensor.index] = len(nodes)
        nodes.append(_node(tensor, root, found.get(tensor.index)))
        for position, source in enumerate(incoming):
            assert tensor.op is not None
            edges.append(Edge(source, places[tensor.index], tensor.op.input_name(position)))
    return Snapshot(tuple(nodes), tuple(edges))


def _constant(x: Any) -> Node:
    if type(x) is Tensor and (x.name or type(x.value) is not float):
        return Node("input", x.name, None, None, x.value, None, x.scope)
    return Node("constant", None, None, None, x.value if type(x) is Tensor else x, None, "")


def _node(tensor: Tensor, root: Tensor, gradient: Any) -> Node:
    op = tensor.op
    if isinstance(gradient, np.generic):
        gradient = np.asarray(gradient)
    kind = "operation" if op is not None else "parameter" if tensor.tracked else "input"
    if tensor is root and op is not None:
        kind = "output"
    return Node(
        kind,
        tensor.name,
        op.name if op is not None else None,
        op.symbol if op is not None else None,
        tensor.value,
        gradient,
        tensor.scope,
    )
