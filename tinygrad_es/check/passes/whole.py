"""Numbers that were given as integers though backward returns their gradients: `b = 0`.

>>> whole = whole_leaves({"w": np.ones(2), "b": 0, "labels": np.array([2, 0])})
>>> whole, with_gradient({"w": np.ones(2), "b": 3.0}, {}, whole, ["w", "b", "labels"])
(['b', 'labels'], ['b'])
>>> lifted((np.array([2, 0]), {"b": 0}), ["labels", "x"], ["b"])
(array([2, 0]), {'b': 0.0})
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

import numpy as np

from .naming import is_keyed, named_leaves, node_of

__all__ = ["lifted", "whole_leaves", "with_gradient"]


def whole_leaves(by_name: Mapping[str, Any]) -> list[str]:
    """The names of the integers among the inputs, and of the arrays of integers."""
    return [name for name, x in named_leaves(dict(by_name)) if _is_whole(x)]


def with_gradient(
    result: Any, variables: Mapping[str, Any], whole: Collection[str], places: list[str]
) -> list[str]:
    """Those of which backward returns a gradient: under their name, in a variable, or at their
    place, where it returns as many as there are `places`."""
    known = dict.fromkeys(whole)
    flat = list(named_leaves(result))
    found = []
    for i, (label, x) in enumerate(flat):
        if x is None or np.asarray(x).dtype.kind not in "fiu":
            continue
        node = node_of(label, known, exact=True) if is_keyed(label) else None
        if node == label and variables.get(label) is x:
            continue  # handed back, as it is
        if node is None:
            own = (node_of(k, known) for k, v in variables.items() if v is x)
            node = next((n for n in own if n is not None), None)
        if node is None and len(flat) == len(places) and not is_keyed(label):
            node = places[i]
        found += [node] if node in known else []
    return found


def lifted(inputs: Iterable[Any], labels: Iterable[str], names: Collection[str]) -> tuple[Any, ...]:
    """The inputs, with floats for the integers of these names."""
    return tuple(_lifted(x, label, names) for x, label in zip(inputs, labels, strict=False))


def _lifted(x: Any, label: str, names: Collection[str]) -> Any:
    if isinstance(x, dict):
        named = ((k, k if isinstance(k, str) else f"{label}[{k}]") for k in x)
        return {k: _lifted(x[k], name, names) for k, name in named}
    if isinstance(x, (list, tuple)):
        parts = [_lifted(v, f"{label}[{i}]", names) for i, v in enumerate(x)]
        return parts if isinstance(x, list) else tuple(parts)
    if label in names and _is_whole(x):
        return x.astype(np.float64) if isinstance(x, np.ndarray) else float(x)
    return x


def _is_whole(x: Any) -> bool:
    if isinstance(x, np.ndarray):
        return x.dtype.kind in "iu"
    return isinstance(x, (int, np.integer)) and not isinstance(x, bool)
