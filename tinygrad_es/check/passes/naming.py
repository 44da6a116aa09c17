"""Names: whose gradient one says, those of what lies in structures, of what a function takes.

>>> node_of("dW1", {"W1": 0}), node_of("grad_W1", {"W1": 0}), node_of("h", {"W1": 0})
('W1', 'W1', None)
"""

from __future__ import annotations

import inspect
import types
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from ...autodiff.tensor import Tensor
from .draws import GENERATORS

__all__ = [
    "PREFIXES",
    "is_keyed",
    "is_plain_object",
    "named_leaves",
    "node_of",
    "parameters",
    "required",
]

Leaves = Iterator[tuple[str, Any]]
PREFIXES: tuple[str, ...] = ("d", "d_", "dL_", "grad_", "grad", "g_", "delta_", "∂", "∂L_∂")
PREFIXES += tuple(f"d{L}{_}d" for L in ("L", "C", "J", "E", "f", "loss") for _ in ("", "_"))
PREFIXES += ("gradient_", "gradiente_", "nabla_", "∇")
SUFFIXES = ("_grad", "_gradient", "_gradiente", "_g")


def node_of(name: str, known: Mapping[str, Any], exact: bool = False) -> str | None:
    """The node whose gradient a name says: `dW1` is that of `W1`; with `exact` also `W1`."""
    owner, dot, last = name.rpartition(".")  # layers[0].dW is that of layers[0].W
    base, bracket, place = last.partition("[")
    for prefix in PREFIXES:
        found = owner + dot + base.removeprefix(prefix) + bracket + place
        if base.startswith(prefix) and found in known:
            return found
    for suffix in SUFFIXES:
        found = owner + dot + base.removesuffix(suffix) + bracket + place
        if base.endswith(suffix) and found in known:
            return found
    if exact and name in known:
        return name
    short = (
        owner + dot + base.removeprefix("g") + bracket + place
    )  # gW1, where no node is so called
    return short if base.startswith("g") and short in known and name not in known else None


def named_leaves(structure: Any, label: str = "", above: frozenset[int] = frozenset()) -> Leaves:
    """The leaves and their names: the last key, the place in a list, h[0], or layer.W."""
    inside = above | {id(structure)}
    if isinstance(structure, dict):
        for key, value in structure.items():
            name = key if isinstance(key, str) else f"{label}[{key}]"
            yield from named_leaves(value, name, inside)
    elif isinstance(structure, (list, tuple)):
        for i, value in enumerate(structure):
            yield from named_leaves(value, f"{label}[{i}]", inside)
    elif is_plain_object(structure) and id(structure) not in above:
        for key, value in vars(structure).items():
            yield from named_leaves(value, f"{label}.{key}", inside)
    else:
        yield label, structure


def is_plain_object(x: Any) -> bool:
    """Whether it is of a class that somebody wrote in Python, to keep things in."""
    kinds = (
        type,
        types.ModuleType,
        types.FunctionType,
        types.MethodType,
        Tensor,
        np.ndarray,  # of a subclass: a masked array, a matrix
        *GENERATORS,
    )
    return hasattr(x, "__dict__") and not isinstance(x, kinds)


def required(function: Callable[..., Any], optional: bool = False) -> list[str]:
    """The positional parameters, those without a default; with `optional` all."""
    kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    found = [p for p in parameters(function) if p.kind in kinds]
    return [p.name for p in found if optional or p.default is p.empty]


def parameters(function: Callable[..., Any]) -> list[inspect.Parameter]:
    """All parameters; none of what is written in C."""
    try:
        return list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError):
        return []


def is_keyed(label: str) -> bool:
    """Whether a label comes from a key, not only from a place."""
    return bool(label) and not label.startswith("[")
