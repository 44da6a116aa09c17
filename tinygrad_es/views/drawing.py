"""`draw(loss)`: the graph with the value and the gradient of every node, as DOT or SVG."""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from .figure import Arrow, Box, Figure
from .pictures import Drawing
from .snapshot import Node, Snapshot, snapshot

__all__ = ["Drawing", "draw"]

_INFIX = frozenset(["+", "−", "·", "/", "@", "^", "%", "//"])


def draw(
    root: Any,
    *,
    gradient: Any = None,
    title: str = "",
    rankdir: str = "LR",
    engine: str | None = None,
) -> Drawing:
    """Draw the graph that ends in a Tensor: value and gradient on every node.

    Args:
        root: the last Tensor, for example a loss.
        gradient: what arrives at `root`; needed where it is more than one number.
        title: above the picture.
        rankdir: "LR" from left to right, "TB" from top to bottom.
        engine: "dot" or "pygraphviz" (both are Graphviz) or "builtin"; by default what is there.

    >>> from tinygrad_es import Tensor, draw
    >>> x, y = Tensor(-2.0, requires_grad=True, name="x"), Tensor(5.0, name="y")
    >>> draw(x * y)
    <Drawing of 3 nodes; .svg(), .dot(), .save('graph.svg')>
    """
    return Drawing(figure_of(snapshot(root, gradient), title, rankdir), engine)


def figure_of(graph: Snapshot, title: str = "", rankdir: str = "LR") -> Figure:
    """The boxes and arrows of a snapshot."""
    inputs: list[list[int]] = [[] for _ in graph.nodes]
    for edge in graph.edges:
        inputs[edge.target].append(edge.source)
    boxes = []
    for i, node in enumerate(graph.nodes):
        rows = [("value", short(node.value))]
        if node.kind != "constant":
            rows.append(("grad", "—" if node.gradient is None else short(node.gradient)))
        boxes.append(Box(f"n{i}", _title(graph, i, inputs[i]), tuple(rows), node.kind, node.scope))
    arrows = [Arrow(edge.source, edge.target) for edge in graph.edges]
    return Figure(boxes, arrows, title, rankdir)


def _title(graph: Snapshot, i: int, inputs: list[int]) -> str:
    """`x`, `q = x + y`, or the symbol of the operation where its inputs have no names."""
    node = graph.nodes[i]
    if node.op is None:
        return node.name or {"constant": "constant", "input": "input"}.get(node.kind, "Tensor")
    symbol = node.symbol or node.op
    names = [_called(graph.nodes[j]) for j in inputs]
    formula = symbol
    if all(names):
        if symbol in _INFIX and len(names) == 2:
            formula = f"{names[0]} {symbol} {names[1]}"
        elif len(names) == 1 and re.fullmatch(r"\w+", symbol):
            formula = f"{symbol}({names[0]})"
    if node.name:
        return f"{node.name} ({symbol})" if formula == symbol else f"{node.name} = {formula}"
    return formula


def _called(node: Node) -> str | None:
    if node.name:
        return node.name
    if node.kind == "constant" and np.ndim(node.value) == 0:
        return short(node.value)
    return None


def short(value: Any) -> str:
    """A number with four digits; a small array in full; a large one by shape, range and mean.

    >>> short(-12.0), short(np.array([1.0, 2.5])), short(np.zeros((32, 64)))
    ('-12', '[1 2.5]', '(32, 64) all 0')
    """
    if np.ndim(value) == 0:
        return f"{float(value):.4g}"
    array = np.asarray(value)
    if array.size == 0:
        return f"{array.shape} empty"
    if array.size <= 4 and array.ndim == 1:
        return "[" + " ".join(f"{float(v):.4g}" for v in array) + "]"
    with np.errstate(all="ignore"):
        low, high, mean = (float(f(array.astype(float))) for f in (np.min, np.max, np.mean))
    if low == high:
        return f"{array.shape} all {low:.4g}"
    return f"{array.shape} {low:.3g} … {high:.3g}, mean {mean:.3g}"
