"""Gradients in lists, like the lists of weights: `return nabla_b, nabla_w`.

>>> shapes = {"biases[0]": (3, 1), "biases[1]": (2, 1), "weights[0]": (3, 5), "weights[1]": (2, 3)}
>>> b, w = [np.zeros((3, 1)), np.ones((2, 1))], [np.ones((3, 5)), np.ones((2, 3))]
>>> [list(one) for one in named_lists((b, w), {}, shapes)]
[['biases[0]', 'biases[1]'], ['weights[0]', 'weights[1]']]
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from .naming import node_of

__all__ = ["named_lists"]

Shapes = list[tuple[int, ...]]


def named_lists(
    result: Any, variables: Mapping[str, Any], shapes: Mapping[str, tuple[int, ...]]
) -> Any:
    """What backward returned, with a dict by node for each list in it, if it is clear of which.

    A list belongs to that of the same length whose name its variable has (`nabla_b`: `b`, or
    `biases`), else to the only one whose arrays have the same shapes. `shapes` are those of the
    inputs by name.
    """
    if not isinstance(result, tuple) or not any(_is_list(x) for x in result):
        return result
    groups = _groups(shapes)
    if any(v is x and node_of(k, shapes) for k, v in variables.items() for x in _arrays(result)):
        return result  # each has its own name
    found = {i: _owner(x, variables, groups) for i, x in enumerate(result) if _is_list(x)}
    owners = list(found.values())
    if None in owners or len(set(owners)) < len(owners):
        return result
    return tuple(
        {f"{found[i]}[{k}]": g for k, g in enumerate(x)} if i in found else x
        for i, x in enumerate(result)
    )


def _groups(shapes: Mapping[str, tuple[int, ...]]) -> dict[str, Shapes]:
    """The lists among the inputs: the shapes of their arrays, by name."""
    groups: dict[str, Shapes] = {}
    for name, shape in shapes.items():
        base, bracket, place = name.rpartition("[")
        if bracket and place == f"{len(groups.get(base, []))}]":
            groups.setdefault(base, []).append(shape)
    return groups


def _owner(one: Any, variables: Mapping[str, Any], groups: Mapping[str, Shapes]) -> str | None:
    """The list whose gradients these are, None where that is not clear."""
    fitting = [base for base, shapes in groups.items() if len(shapes) == len(one)]
    initials = [base[0].lower() for base in fitting]
    by_name = dict(zip(fitting, fitting, strict=True))
    by_name |= {i: b for i, b in zip(initials, fitting, strict=True) if initials.count(i) == 1}
    for name, x in variables.items():
        node = node_of(name, by_name) or node_of(name.lower(), by_name)
        if x is one and node is not None:
            return by_name[node]
    same = [base for base in fitting if groups[base] == [np.shape(g) for g in one]]
    return same[0] if len(same) == 1 else None


def _is_list(x: Any) -> bool:
    numbers = (np.ndarray, np.number, float)
    return isinstance(x, (list, tuple)) and bool(x) and all(isinstance(g, numbers) for g in x)


def _arrays(result: tuple[Any, ...]) -> list[Any]:
    return [g for x in result if _is_list(x) for g in x]
