"""The loss at the end of a recorded graph: squared differences, and the fused cross-entropies.

Found are the operation at its heart and the sums, means and factors above it, as one piece with a
derivative in one formula: a factor times (p − t). It is checked with the recorded gradient.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from ..snapshot import Edge, Snapshot
from .network import agree

__all__ = ["Loss", "losses_of"]

_HEARTS = frozenset(
    [
        *("softmax_cross_entropy", "sigmoid_cross_entropy", "sparse_softmax_cross_entropy"),
        *("square", "power", "multiply"),
    ]
)
_LINEAR = frozenset(["sum", "mean", "multiply", "divide", "negative"])


class Loss(NamedTuple):
    """∂C/∂(node `below`) = factor·(p − t)."""

    nodes: tuple[int, ...]  # all that it covers, the last one above
    kind: str  # squares, softmax, onehot, sigmoid
    heart: int
    below: int
    target: int | None  # None for classes, which are no node
    p: Any  # what is compared with the target: y, or probabilities
    t: Any
    factor: float
    among: int = 1  # of the numbers over which means are taken


def losses_of(graph: Snapshot) -> list[Loss]:
    """Every loss that is recognised."""
    incoming, outgoing = graph.incoming(), graph.outgoing()
    found = []
    for i, node in enumerate(graph.nodes):
        if node.gradient is None or node.op not in _HEARTS:
            continue
        heart = _heart(graph, i, incoming, outgoing)
        if heart is not None:
            nodes = _above(graph, i, incoming, outgoing)
            count = heart.among
            for k in nodes:
                if graph.nodes[k].op == "mean":
                    size = np.size(graph.nodes[incoming[k][0].source].value)
                    count *= size // max(np.size(graph.nodes[k].value), 1)
            start = (incoming[i][0].source,) if heart.kind == "squares" else ()
            found.append(heart._replace(nodes=(*start, *nodes), among=count))
    return found


def _above(
    graph: Snapshot, i: int, incoming: list[list[Edge]], outgoing: list[list[Edge]]
) -> tuple[int, ...]:
    """Sums, means and numbers as factors that follow operation i in single file."""
    found = [i]
    while len(outgoing[i]) == 1 and graph.nodes[outgoing[i][0].target].op in _LINEAR:
        i = outgoing[i][0].target
        others = [e.source for e in incoming[i] if e.source != found[-1]]
        if any(
            np.ndim(graph.nodes[k].value) or graph.nodes[k].gradient is not None for k in others
        ):
            break
        found.append(i)
    return tuple(found)


def _heart(
    graph: Snapshot, i: int, incoming: list[list[Edge]], outgoing: list[list[Edge]]
) -> Loss | None:
    node, edges = graph.nodes[i], incoming[i]
    if not np.ndim(graph.nodes[edges[0].source].value):
        return None
    g = np.asarray(node.gradient, dtype=np.float64)
    if not g.size or not np.all(g == g.flat[0]) or not np.isfinite(g.flat[0]):
        return None
    factor = float(g.flat[0])
    if node.op in ("softmax_cross_entropy", "sigmoid_cross_entropy"):
        logits, targets = (edge.source for edge in edges)
        if edges[1].contribution is not None:
            return None
        z = np.asarray(graph.nodes[logits].value, dtype=np.float64)
        p = _softmax(z) if node.op[1] == "o" else _sigmoid(z)
        kind = "softmax" if node.op[1] == "o" else "sigmoid"
        return _checked(graph, i, kind, logits, targets, p, graph.nodes[targets].value, factor)
    if node.op == "sparse_softmax_cross_entropy":
        z = np.asarray(graph.nodes[edges[0].source].value, dtype=np.float64)
        t = np.asarray(node.options["hot"], dtype=np.float64)
        rows = max(z.size // max(z.shape[-1], 1), 1) if node.options.get("mean") else 1
        source, p = edges[0].source, _softmax(z)
        found = _checked(graph, i, "onehot", source, None, p, t, factor / rows)
        return found._replace(among=rows) if found is not None else None
    return _squares(graph, i, incoming, outgoing, factor)


def _squares(
    graph: Snapshot, i: int, incoming: list[list[Edge]], outgoing: list[list[Edge]], factor: float
) -> Loss | None:
    """(y − t)², whichever way it was written."""
    node, edges = graph.nodes[i], incoming[i]
    e = edges[0].source
    squared = node.op == "square"
    if node.op == "power":
        exponent = graph.nodes[edges[1].source].value
        squared = np.ndim(exponent) == 0 and float(exponent) == 2.0
    if node.op == "multiply":
        squared = edges[0].source == edges[1].source
    inside = graph.nodes[e]
    if not squared or inside.op != "subtract" or any(u.target != i for u in outgoing[e]):
        return None
    tracked = [edge for edge in incoming[e] if edge.contribution is not None]
    if len(tracked) != 1 or not np.ndim(inside.value):
        return None
    y = tracked[0].source
    (target,) = [edge.source for edge in incoming[e] if edge.position != tracked[0].position]
    values = graph.nodes[y].value, graph.nodes[target].value
    return _checked(graph, i, "squares", y, target, *values, 2.0 * factor)


def _checked(
    graph: Snapshot,
    heart: int,
    kind: str,
    below: int,
    target: int | None,
    p: Any,
    t: Any,
    factor: float,
) -> Loss | None:
    if np.shape(p) != np.shape(t) or not np.ndim(p):
        return None
    with np.errstate(all="ignore"):
        expected = factor * (np.asarray(p, dtype=np.float64) - t)
    if not agree(graph.nodes[below].gradient, expected):
        return None
    return Loss((heart,), kind, heart, below, target, p, t, factor)


def _softmax(z: Any) -> Any:
    with np.errstate(all="ignore"):
        e = np.exp(z - z.max(axis=-1, keepdims=True, initial=-np.inf))
        return e / e.sum(axis=-1, keepdims=True)


def _sigmoid(z: Any) -> Any:
    with np.errstate(all="ignore"):
        return 1.0 / (1.0 + np.exp(-z))
