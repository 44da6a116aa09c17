"""A snapshot as plain data for JSON and for the page in the browser.

Everything in it is text, numbers, lists and dicts; it is the same in every run.
"""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from ..languages import LANGUAGES
from .flags import Flagged, flagged
from .groups import groups, members
from .numbers import heat, rms, short
from .snapshot import Edge, Node, Snapshot
from .story import Story

__all__ = ["to_data", "to_json"]

WHOLE = 64  # elements up to which an array is written out
TOLD = 2_000  # nodes up to which formulas are written


def to_data(graph: Snapshot) -> dict[str, Any]:
    """The graph as a dict.

    `nodes`: label, name, kind, op, symbol, shape, dtype, value and gradient (summaries, see
    `_array`), formula and plugged (with its numbers), scope, group, order, line, flags and their
    reason in each language. `edges`: source, target, input, contribution, local, summed, size (the
    contribution's root mean square). `groups`: title, path, call, calls, order, parent, depth,
    nodes. `steps`: node, and terms with source, edge, rule, symbols, numbers, result. Numbers refer
    to places in these lists; what was not computed is null; NaN and infinities are the texts "nan",
    "inf", "-inf".
    """
    told = Story(graph) if graph.detailed and len(graph.nodes) <= TOLD else None
    found = groups(graph)
    inner = members(found, len(graph.nodes))
    sick = [flagged(graph, language) for language in LANGUAGES]
    places = {(edge.target, edge.position): i for i, edge in enumerate(graph.edges)}
    return {
        "format": "tinygrad_es graph 1",
        "root": told.root if told else len(graph.nodes) - 1,
        "nodes": [
            _node(node, i, inner[i], told) | _flags(i, sick) for i, node in enumerate(graph.nodes)
        ],
        "edges": [_edge(edge) for edge in graph.edges],
        "groups": [
            {"title": group.title, **group._asdict(), "nodes": list(group.nodes)} for group in found
        ],
        "steps": [
            {
                "node": step.node,
                "terms": [
                    {
                        "source": term.source,
                        "edge": places[term.edge.target, term.edge.position],
                        "rule": term.rule,
                        "symbols": term.symbols,
                        "numbers": term.numbers,
                        "result": term.result,
                    }
                    for term in step.terms
                ],
            }
            for step in (told.steps if told else ())
        ],
    }


def to_json(graph: Snapshot, indent: int | None = 1) -> str:
    """The graph as JSON text."""
    return json.dumps(to_data(graph), ensure_ascii=False, allow_nan=False, indent=indent)


def _node(node: Node, i: int, group: int | None, told: Story | None) -> dict[str, Any]:
    value = node.value
    return {
        "label": told.labels[i] if told else node.name or f"v{i}",
        "name": _text(node.name),
        "kind": node.kind,
        "op": node.op,
        "symbol": node.symbol,
        "shape": None if value is None else list(np.shape(value)),
        "dtype": None if value is None or type(value) is float else np.asarray(value).dtype.name,
        "value": _array(value),
        "gradient": _array(node.gradient),
        "formula": told.forward(i) if told and node.op else None,
        "plugged": told.plugged(i) if told and node.op else None,
        "derivative": told.derivative(i) if told else None,
        "scope": str(node.scope),
        "group": group,
        "order": node.scope.order,
        "line": node.line,
    }


def _flags(i: int, sick: list[Flagged]) -> dict[str, Any]:
    """The warnings of a node, and why, in both languages."""
    if i not in sick[0].flags:
        return {"flags": []}
    return {"flags": list(sick[0].flags[i]), "reason": [told.why[i] for told in sick]}


def _edge(edge: Edge) -> dict[str, Any]:
    c = edge.contribution
    return {
        "source": edge.source,
        "target": edge.target,
        "input": edge.input,
        "contribution": _array(c),
        "local": _array(edge.local),
        "summed": list(edge.summed),
        "size": None if c is None else _number(rms(c)),
    }


def _array(value: Any) -> dict[str, Any] | None:
    """`text` (short), and for arrays the statistics, a heat map, and the elements of small ones."""
    if value is None:
        return None
    if np.ndim(value) == 0:
        return {"text": short(value), "values": _number(float(value))}
    array = np.asarray(value)
    found: dict[str, Any] = {"text": short(array), "shape": list(array.shape)}
    if array.size:
        numbers = array.astype(np.float64)
        with np.errstate(all="ignore"):
            found |= {
                "min": _number(float(numbers.min())),
                "max": _number(float(numbers.max())),
                "mean": _number(float(numbers.mean())),
                "std": _number(float(numbers.std())),
                "rms": _number(rms(numbers)),
                "zeros": int(np.count_nonzero(numbers == 0)),
                "bad": int(np.count_nonzero(~np.isfinite(numbers))),
                "size": int(array.size),
                "heat": [[_number(v) for v in row] for row in heat(numbers)],
            }
        if array.size <= WHOLE:
            found["values"] = _nested(numbers)
    return found


def _nested(array: Any) -> Any:
    return [_nested(part) for part in array] if array.ndim else _number(float(array))


def _number(value: float) -> float | str:
    """A finite number, or its name: JSON has no NaN."""
    return value if np.isfinite(value) else str(value)


def _text(name: str | None) -> str | None:
    """A name that can be encoded: without halves of surrogate pairs."""
    return None if name is None else name.encode("utf-8", "replace").decode("utf-8")
