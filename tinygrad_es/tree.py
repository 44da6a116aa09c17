"""Structures of values: lists, tuples and dicts, one inside the other, with leaves."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

__all__ = ["is_nested", "leaves", "map_structure", "pack"]


def is_nested(structure: Any) -> bool:
    """Whether it is a list, a tuple or a dict, and not a leaf."""
    return isinstance(structure, (list, tuple, dict))


def map_structure(function: Callable[[Any], Any], structure: Any) -> Any:
    """The same structure with `function(leaf)` in place of each leaf.

    >>> map_structure(abs, {"a": [-1, 2], "b": (-3,)})
    {'a': [1, 2], 'b': (3,)}
    """
    if isinstance(structure, dict):
        return {key: map_structure(function, value) for key, value in structure.items()}
    if isinstance(structure, (list, tuple)):
        mapped = [map_structure(function, value) for value in structure]
        if isinstance(structure, list):
            return mapped
        named = hasattr(structure, "_fields")  # a named tuple takes its fields one by one
        return type(structure)(*mapped) if named else tuple(mapped)
    return function(structure)


def leaves(structure: Any) -> list[Any]:
    """The leaves in order.

    >>> leaves({"a": [-1, 2], "b": (-3,)})
    [-1, 2, -3]
    """
    found: list[Any] = []
    map_structure(found.append, structure)
    return found


def pack(structure: Any, values: Iterable[Any]) -> Any:
    """The structure with other leaves, in order.

    >>> pack({"a": [0, 0], "b": (0,)}, [1, 2, 3])
    {'a': [1, 2], 'b': (3,)}
    """
    following = iter(values)
    return map_structure(lambda _: next(following), structure)
