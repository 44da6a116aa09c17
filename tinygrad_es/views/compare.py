"""A hand-derived backward pass beside the automatic one: which nodes are right, wrong, or carry on.

Each gradient by hand is held against two others: the reference, and what the rules make of the
gradients *by hand* that arrive at it. Equal to the first it is right. Equal to the second only, the
error is an earlier one's and was carried on. Equal to neither, it is wrong.

>>> from tinygrad_es import Tensor
>>> x, y = Tensor(3.0, requires_grad=True, name="x"), Tensor(4.0, requires_grad=True, name="y")
>>> q = x * y
>>> q.name = "q"
>>> L = q * 2.0
>>> verdicts(L, {"q": -2.0, "x": -8.0, "y": 6.0})
{'q': 'wrong', 'y': 'right', 'x': 'carried'}
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ..autodiff.backward import seed
from ..autodiff.errors import ShapeError, describe
from ..autodiff.order import topological
from ..autodiff.sweep import sweep
from ..autodiff.tensor import Tensor, constant
from .snapshot import contributions

__all__ = ["agree", "verdicts"]

TOLERANCES = {8: (1e-7, 1e-10), 4: (1e-5, 1e-7), 2: (1e-2, 1e-3)}  # rtol, atol/max, by item size


def verdicts(
    root: Tensor,
    by_hand: Mapping[str, Any],
    names: Mapping[int, str] | None = None,
    gradient: Any = None,
) -> dict[str, str]:
    """For each named gradient "right", "wrong" or "carried", in the order of the backward pass.

    Raises:
        TypeError: `by_hand` is no mapping.
        LookupError: no node has one of the names.
        ShapeError: a gradient has another shape than its node.
    """
    order = topological([root])
    named = _named(order, by_hand, names or {})
    start = seed(root, gradient)
    swept = sweep([(root, start)], keep=lambda node: True, hooks=False)
    reference = {node.index: g for node, g in swept}
    own: dict[int, Any] = {root.index: start}  # gradients as the ones by hand make them
    found = {}
    for node in order:
        expected = own.pop(node.index, None)
        if expected is None:
            expected = np.zeros(node.shape)
        if node.index in named:
            name, mine = named[node.index]
            if agree(mine, reference.get(node.index, 0.0), node):
                found[name] = "right"
            else:
                found[name] = "carried" if agree(mine, expected, node) else "wrong"
            expected = mine
        if node.op is not None:
            for x, c in zip(_receivers(node), contributions(node, expected), strict=True):
                own[x.index] = own[x.index] + c[1] if x.index in own else c[1]
    return found


def agree(mine: Any, other: Any, node: Tensor) -> bool:
    """Whether two gradients of a node are the same within the tolerance of its dtype."""
    size = 8 if type(node.value) is float else node.value.dtype.itemsize
    rtol, share = TOLERANCES.get(size, TOLERANCES[8])
    a, b = np.asarray(mine, np.float64), np.asarray(other, np.float64)
    scale = float(np.max(np.abs(b), initial=0.0))
    return bool(np.allclose(a, b, rtol=rtol, atol=share * scale if np.isfinite(scale) else 0.0))


def _receivers(node: Tensor) -> list[Tensor]:
    """The inputs that get a contribution, in order."""
    op = node.op
    assert op is not None
    return [
        x
        for k, x in enumerate(node.inputs)
        if type(x) is Tensor and x.tracked and op.rule(k) is not None
    ]


def _named(
    order: list[Tensor], by_hand: Mapping[str, Any], names: Mapping[int, str]
) -> dict[int, tuple[str, Any]]:
    """By node index: the name and the gradient by hand."""
    if not isinstance(by_hand, Mapping):
        raise TypeError(
            "by_hand: expected gradients by the names of nodes, such as {'w': 0.5}. Received: "
            f"{describe(by_hand)}."
        )
    by_name: dict[str, Tensor] = {}
    for node in order:
        called = node.name or names.get(node.index)
        if called is not None:
            by_name.setdefault(called, node)
    found = {}
    for name, value in by_hand.items():
        if name not in by_name:
            there = ", ".join(by_name) or "none"
            raise LookupError(f"by_hand: no node is called {name!r}. Nodes with names: {there}.")
        node, given = by_name[name], constant(value)
        if np.shape(given) != node.shape:
            raise ShapeError(
                f"by_hand: expected for {name!r} a gradient of shape {node.shape}. Received: "
                f"{describe(value)}."
            )
        mine = float(given) if type(node.value) is float else np.asarray(given, node.value.dtype)
        found[node.index] = (name, mine)
    return found
