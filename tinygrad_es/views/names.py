"""What the user calls things: variables of the caller, made safe for source."""

from __future__ import annotations

import builtins
import keyword
import re
import sys
import unicodedata
from collections.abc import Mapping
from typing import Any

import numpy as np

from ..autodiff.errors import describe
from ..autodiff.tensor import Tensor
from .snapshot import Snapshot

__all__ = ["Identifiers", "caller_names", "caller_variables", "named_arrays"]

LONGEST = 40  # characters of an identifier
RESERVED = frozenset([*keyword.kwlist, *(n for n in dir(builtins) if n.islower()), "np", "math"])


def caller_variables(names: Any, depth: int = 1) -> dict[str, Any]:
    """The variables that may give names: the caller's, none, or those of a mapping.

    Args:
        names: True for the variables `depth` functions above the one that calls this one, first
            its own, then those of its module; False for none, or a mapping such as `locals()`.
        depth: 1 for the function that called the one that asks.

    Raises:
        TypeError: `names` is something else, or a mapping the other way round.
    """
    if isinstance(names, Mapping):
        found = dict(names)
        for key in found:
            if not isinstance(key, str):
                raise TypeError(
                    "names: expected a mapping from names to Tensors, {'w': w}. Received: a key "
                    f"that is no name, {describe(key)}."
                )
    elif names is True:
        frame = sys._getframe(depth + 1)
        found = {**frame.f_locals}
        for name, value in frame.f_globals.items():
            found.setdefault(name, value)
        found = {k: v for k, v in found.items() if k.isidentifier()}  # pytest adds `@py_assert1`
    elif names is False or names is None:
        found = {}
    else:
        raise TypeError(
            "names: expected True (the variables of the caller), False, or a mapping such as "
            f"locals(). Received: {describe(names)}."
        )
    return {k: v for k, v in found.items() if not k.startswith("_")}


def caller_names(names: Any = True, depth: int = 1) -> dict[int, str]:
    """The variable that holds a Tensor, by the Tensor's `index`; of several the first.

    `names` and `depth` are those of `caller_variables`.

    >>> def index_to_name():
    ...     return caller_names(True)
    >>> weight = Tensor(2.0)
    >>> index_to_name()[weight.index]
    'weight'
    """
    found: dict[int, str] = {}
    for name, value in caller_variables(names, depth + 1).items():
        if type(value) is Tensor:
            found.setdefault(value.index, name)
    return found


def named_arrays(graph: Snapshot, names: Any = True, depth: int = 1) -> Snapshot:
    """The graph, its arrays called as the variables that hold them: such an array is an input.

    `names` and `depth` are those of `caller_variables`.

    >>> from tinygrad_es.views import snapshot
    >>> x, W = np.ones((4, 2)), Tensor(np.ones((2, 3)), requires_grad=True)
    >>> graph = named_arrays(snapshot((x @ W).sum()), {"x": x})
    >>> [(node.kind, node.name) for node in graph.nodes][:2]
    [('parameter', None), ('input', 'x')]
    """
    arrays: dict[int, str] = {}
    for name, value in caller_variables(names, depth + 1).items():
        if isinstance(value, np.ndarray):
            arrays.setdefault(id(value), name)
    nodes = [
        node._replace(kind="input", name=arrays[id(node.value)])
        if node.op is None and node.name is None and id(node.value) in arrays
        else node
        for node in graph.nodes
    ]
    return graph._replace(nodes=tuple(nodes))


class Identifiers:
    """Gives out identifiers, each once; none is a keyword, a built-in function or reserved.

    >>> unique = Identifiers()
    >>> unique("W1"), unique("hidden/kernel"), unique("W1"), unique("lambda"), unique("2 π")
    ('W1', 'hidden_kernel', 'W1_2', 'lambda_', 'n2_π')
    """

    def __init__(self, reserved: Any = ()) -> None:
        self.taken = {*RESERVED, *reserved}
        self.next: dict[str, int] = {}

    def __call__(self, wish: str, otherwise: str = "v") -> str:
        """An identifier as near to `wish` as can be."""
        base = identifier(wish, otherwise)
        if base in RESERVED:
            base += "_"
        name, count = base, self.next.get(base, 1)
        while name in self.taken:
            count += 1
            name = f"{base}_{count}"
        self.next[base] = count
        self.taken.add(name)
        return name

    def numbered(self, base: str) -> str:
        """`v1`, `v2`, …: the next that is free."""
        while True:
            self.next[base + "#"] = count = self.next.get(base + "#", 0) + 1
            name = f"{base}{count}"
            if name not in self.taken:
                self.taken.add(name)
                return name


def identifier(wish: str, otherwise: str = "v") -> str:
    """Letters, digits and single underscores of a text; Python reads identifiers as NFKC.

    >>> identifier("año"), identifier("__import__('os')"), identifier("🎉"), identifier("1st")
    ('año', 'import_os', 'v', 'n1st')
    """
    text = unicodedata.normalize("NFKC", wish[: 4 * LONGEST])
    text = re.sub(r"[\W_]+", "_", text).strip("_")[:LONGEST].rstrip("_")
    if text and not text.isidentifier():
        text = "n" + text
    text = unicodedata.normalize("NFKC", text)
    return text if text.isidentifier() else otherwise
