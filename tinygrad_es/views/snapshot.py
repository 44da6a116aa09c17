"""A snapshot of a recorded graph: nodes, edges, values and gradients as plain data.

Every view reads this and nothing else. It runs a sweep of its own that keeps every gradient and
every contribution, so that no drawing shows a gradient that was not computed; the graph itself is
not touched.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from ..autodiff import arrays, floats
from ..autodiff.backward import seed
from ..autodiff.errors import describe
from ..autodiff.modes import OUTSIDE, Scope
from ..autodiff.order import topological
from ..autodiff.sweep import Frontier, fit, sweep
from ..autodiff.tensor import Tensor
from .runs import Run, long_runs

__all__ = ["Edge", "Node", "Snapshot", "contributions", "read", "receivers", "snapshot"]

DETAILED = 5_000  # operations up to which contributions and local derivatives are kept


class Node(NamedTuple):
    """A value in the graph, and how it came about."""

    kind: str  # input, parameter, constant, operation, output; or run: many in single file
    name: str | None
    op: str | None  # the primitive's name
    symbol: str | None
    value: Any  # a float or an array
    gradient: Any  # a float or an array; None where none was computed
    scope: Scope = OUTSIDE  # the layer, which call of it, and the order of the backward pass
    options: Mapping[str, Any] = {}  # of the operation: axis, keepdims, …
    line: str = ""  # the user's line, where `detect_anomaly` recorded it


class Edge(NamedTuple):
    """The value of node `source` is an input of node `target`.

    Its gradient is a sum over the edges that leave it: `contribution` is the term of this one.
    `local` is ∂target/∂source, element by element, where the operation works so; a contribution
    is then (gradient of target)·local, summed over the axes `summed` that broadcasting stretched.
    """

    source: int
    target: int
    input: str  # the primitive's name for this input
    position: int = 0
    contribution: Any = None  # None where none was computed
    local: Any = None
    summed: tuple[int, ...] = ()


class Snapshot(NamedTuple):
    """Nodes in topological order, and edges in the order of the operations' inputs."""

    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    detailed: bool = True  # whether contributions and local derivatives were kept

    def incoming(self) -> list[list[Edge]]:
        """For each node the edges from its inputs, in order."""
        found: list[list[Edge]] = [[] for _ in self.nodes]
        for edge in self.edges:
            found[edge.target].append(edge)
        return found

    def outgoing(self) -> list[list[Edge]]:
        """For each node the edges to what uses it; their contributions sum to its gradient."""
        found: list[list[Edge]] = [[] for _ in self.nodes]
        for edge in self.edges:
            found[edge.source].append(edge)
        return found


def snapshot(
    root: Tensor | Sequence[Tensor],
    gradient: Any = None,
    names: Mapping[int, str] | None = None,
    longest: int | None = None,
    detailed: int = DETAILED,
) -> Snapshot:
    """Read the graph that ends in `root`, a Tensor or several.

    Gradients are those of `root` where it is one number, or of Σ root·gradient; without a
    gradient for a root of several numbers none is shown. Beyond `detailed` operations (5,000)
    contributions and local derivatives are left out. `names` has names by Tensor index for what
    has none. With `longest`, of more operations than that in single file only both ends are read;
    what lies between is one node of the kind "run".

    Raises:
        TypeError: `root` is not a Tensor.

    >>> from tinygrad_es import Tensor
    >>> x = Tensor(3.0, requires_grad=True, name="x")
    >>> graph = snapshot(x * x)
    >>> [(n.symbol or n.name, n.value, n.gradient) for n in graph.nodes]
    [('x', 3.0, 6.0), ('·', 9.0, 1.0)]
    >>> [(e.local, e.contribution) for e in graph.edges]
    [(3.0, 3.0), (3.0, 3.0)]
    """
    return read(root, gradient, names, longest, detailed)[0]


def read(
    root: Tensor | Sequence[Tensor],
    gradient: Any = None,
    names: Mapping[int, str] | None = None,
    longest: int | None = None,
    detailed: int = DETAILED,
) -> tuple[Snapshot, dict[int, int]]:
    """`snapshot`, and where each Tensor stands in it, by the Tensor's index."""
    roots: list[Any] = list(root) if isinstance(root, (list, tuple)) else [root]
    for one in roots:
        if not isinstance(one, Tensor):
            raise TypeError(f"expected a Tensor (for example a loss). Received: {describe(one)}.")
    if not roots:
        raise TypeError("expected a Tensor, or several in a list. Received: an empty list.")
    gradients = [gradient] if len(roots) == 1 else [None] * len(roots)
    if len(roots) > 1 and gradient is not None:
        gradients = list(gradient) if isinstance(gradient, (list, tuple)) else [gradient]
        if len(gradients) != len(roots):
            raise ValueError(
                f"gradient: expected a list of {len(roots)}, one for each result (None: none "
                f"arrives there). Received: {describe(gradient)}."
            )
    order = topological(roots)
    seeds = _seeds(roots, gradients) if len(roots) == 1 or gradient is not None else []
    runs = long_runs(order, longest) if longest is not None and len(order) > longest else {}
    inside = {index for run in runs.values() for index in run.inside}
    swept = sweep(seeds, keep=lambda node: node.index not in inside, hooks=False) if seeds else []
    found = {node.index: g for node, g in swept}
    whole = len(order) - len(inside) <= detailed
    reader = _Reader(names or {}, found, {one.index for one in roots}, whole)
    for tensor in reversed(order):
        if tensor.index in runs:
            reader.bridge(tensor, runs[tensor.index])
        elif tensor.index not in inside:
            reader.read(tensor)
    for one in roots:
        if one.index not in reader.places:
            reader.add(one)  # a leaf that is drawn alone
    return Snapshot(tuple(reader.nodes), tuple(reader.edges), whole), reader.places


def _seeds(roots: list[Tensor], gradients: list[Any]) -> list[tuple[Tensor, Any]]:
    pairs = zip(roots, gradients, strict=True)
    return [
        (root, seed(root, given))
        for root, given in pairs
        if root.tracked and (given is not None or root.size == 1)
    ]


# --- what the rules say --------------------------------------------------------------------------


class Witness(Frontier):
    """A frontier that notes what the rules of a node send, in the order of its inputs."""

    __slots__ = ("sent",)

    def __init__(self) -> None:
        super().__init__(None)
        self.sent: list[tuple[tuple[int, ...], Any]] = []

    def receive(self, node: Tensor, x: Tensor, c: Any, g: Any) -> None:
        raw, like = np.shape(c), x.value
        if type(like) is float:
            fits = type(c) is float
        else:
            fits = type(c) is np.ndarray and raw == like.shape and c.dtype == like.dtype
        self.sent.append((raw, c if fits else fit(c, like, node, x)))


def receivers(node: Tensor) -> list[Tensor]:
    """The inputs that get a contribution, in order."""
    op = node.op
    assert op is not None
    return [
        x
        for k, x in enumerate(node.inputs)
        if type(x) is Tensor and x.tracked and op.rule(k) is not None
    ]


def contributions(node: Tensor, g: Any) -> list[tuple[tuple[int, ...], Any]]:
    """What the rules of `node` send, and the shapes before what was broadcast is summed."""
    witness = Witness()
    with np.errstate(all="ignore"):
        witness.silence = np.errstate()
        witness.pull(node, g)
    return witness.sent


def _local(node: Tensor, values: list[Any], position: int) -> Any:
    """∂node/∂input, element by element: the rule for an arriving gradient of ones."""
    op, y, params = node.op, node.value, node.params or {}
    assert op is not None
    rule = op.rule(position)
    if rule is None or not op.elementwise:
        return None
    if type(y) is float:
        try:
            return float(rule(floats, 1.0, y, *values, **params))
        except (ZeroDivisionError, OverflowError, ValueError, TypeError):
            values, y = [np.float64(v) for v in values], np.float64(y)
    with np.errstate(all="ignore"):
        found = rule(arrays, np.ones_like(y), y, *values, **params)
    return float(found) if type(node.value) is float else np.asarray(found)


def _summed(raw: tuple[int, ...], shape: tuple[int, ...]) -> tuple[int, ...]:
    """The axes over which a contribution of shape `raw` was summed to `shape`."""
    extra = len(raw) - len(shape)
    stretched = [i + extra for i, n in enumerate(shape) if n == 1 and raw[i + extra] != 1]
    return (*range(extra), *stretched)


# --- Tensors as data -----------------------------------------------------------------------------


class _Reader:
    """Nodes and edges so far, and where each Tensor stands."""

    def __init__(
        self, names: Mapping[int, str], found: dict[int, Any], roots: set[int], detailed: bool
    ) -> None:
        self.names, self.found, self.roots, self.detailed = names, found, roots, detailed
        self.places: dict[int, int] = {}  # creation index → position
        self.arrays: dict[int, int] = {}  # identity of a bare array → position
        self.nodes: list[Node] = []
        self.edges: list[Edge] = []

    def read(self, tensor: Tensor) -> None:
        """The node of a Tensor and the edges of its inputs, which come before it."""
        if tensor.op is None:
            self.add(tensor)
            return
        op, inputs = tensor.op, tensor.inputs
        sources = [self.place(x) for x in inputs]
        target = self.add(tensor)
        if not self.detailed or tensor.index not in self.found:
            for k, source in enumerate(sources):
                self.edges.append(Edge(source, target, op.input_name(k), k))
            return
        values = [x.value if type(x) is Tensor else x for x in inputs]
        arriving = iter(contributions(tensor, self.found[tensor.index]))
        for k, (x, source) in enumerate(zip(inputs, sources, strict=True)):
            edge = Edge(source, target, op.input_name(k), k)
            if type(x) is Tensor and x.tracked and op.rule(k) is not None:
                raw, c = next(arriving)
                local, summed = _local(tensor, values, k), _summed(raw, x.shape)
                edge = edge._replace(contribution=_plain(c), local=local, summed=summed)
            self.edges.append(edge)

    def bridge(self, newest: Tensor, run: Run) -> None:
        """One node in the place of many in single file, the last of which is `newest`."""
        count = {"operations": len(run.inside)}
        source, target = self.places[run.before], len(self.nodes)
        self.nodes.append(Node("run", None, None, "…", newest.value, None, newest.scope, count))
        self.places[newest.index] = target
        self.edges.append(Edge(source, target, ""))

    def place(self, x: Any) -> int:
        """Where an input stands; what was not tracked is added now, once."""
        if type(x) is Tensor:
            known = self.places.get(x.index)
            return self.add(x) if known is None else known
        if type(x) is not np.ndarray or not x.ndim:
            self.nodes.append(Node("constant", None, None, None, x, None))
            return len(self.nodes) - 1
        if id(x) not in self.arrays:  # the graph holds it, so that its identity is its own
            self.arrays[id(x)] = len(self.nodes)
            self.nodes.append(Node("constant", None, None, None, x, None))
        return self.arrays[id(x)]

    def add(self, tensor: Tensor) -> int:
        """Append the node of a Tensor; returns its position."""
        op = tensor.op
        name = tensor.name or self.names.get(tensor.index)
        kind = "operation"
        if op is None:
            named = name or type(tensor.value) is not float
            kind = "parameter" if tensor.tracked else "input" if named else "constant"
        elif tensor.index in self.roots:
            kind = "output"
        marks = tensor.marks
        self.places[tensor.index] = len(self.nodes)
        self.nodes.append(
            Node(
                kind,
                name,
                op.name if op is not None else None,
                op.symbol if op is not None else None,
                tensor.value,
                _plain(self.found.get(tensor.index)),
                tensor.scope,
                tensor.params or {},
                marks.line if marks is not None else "",
            )
        )
        return len(self.nodes) - 1


def _plain(gradient: Any) -> Any:
    """A scalar of NumPy as an array without axes."""
    return np.asarray(gradient) if isinstance(gradient, np.generic) else gradient
