"""A hand-derived backward pass beside the automatic one: which nodes are right, wrong, or carry on.

Each gradient by hand is held against two others: the reference, and what the rules make of the
gradients *by hand* that arrive at it. Equal to the first it is right. Equal to the second only, the
error is an earlier one's and was carried on. Equal to neither, it is wrong; but where the automatic
gradient itself is not finite nothing can be said.

>>> from tinygrad_es import Tensor
>>> x, y = Tensor(3.0, requires_grad=True, name="x"), Tensor(4.0, requires_grad=True, name="y")
>>> q = x * y
>>> q.name = "q"
>>> L = q * 2.0
>>> verdicts(L, {"q": -2.0, "x": -8.0, "y": 6.0})
{'q': 'wrong', 'y': 'right', 'x': 'carried'}
"""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from ..autodiff.backward import seed
from ..autodiff.errors import describe
from ..autodiff.order import topological
from ..autodiff.sweep import sweep
from ..autodiff.tensor import Tensor, constant
from .rounding import BITS, SAFETY, Rounding
from .snapshot import contributions, receivers
from .ties import Ties

__all__ = ["Compared", "Comparison", "Reference", "agree", "compared", "verdicts"]

ROUGH = 1e-3  # of the largest entry: with more noise than this nothing can be said
TOLERANCES = {8: (1e-7, 1e-10), 4: (1e-5, 1e-7), 2: (1e-2, 1e-3)}  # rtol, atol/max, by item size


class Compared(NamedTuple):
    """One gradient by hand beside what it should be."""

    name: str
    node: Tensor
    mine: Any  # the gradient by hand
    reference: Any  # the automatic one
    expected: Any  # what the rules make of the gradients by hand that arrive
    verdict: str  # right, wrong, carried, or inconclusive


class Comparison(NamedTuple):
    """All gradients by hand, in the order of the backward pass, and the pass they make."""

    found: tuple[Compared, ...]
    order: tuple[Tensor, ...]  # every node, the newest first
    own: dict[int, Any]  # gradients by node index: by hand where given, else by the rules
    sent: dict[int, list[tuple[Tensor, Any]]]  # by node index: (what used it, what that one sends)


class Reference:
    """What gradients by hand are held against: the automatic ones, and what else may be right."""

    def __init__(self, root: Tensor, gradient: Any = None) -> None:
        self.root, self.gradient, self.start = root, gradient, seed(root, gradient)
        swept = sweep([(root, self.start)], keep=lambda node: True, hooks=False)
        self.gradients = {node.index: g for node, g in swept}
        self.rounding, self.ties = Rounding(root, self.start), Ties(root, self.start)

    @functools.cached_property
    def between(self) -> dict[int, tuple[Any, Any]]:
        """On a kink: for each node the least and the largest gradient that are right."""
        return self.ties.between()


def verdicts(
    root: Tensor,
    by_hand: Mapping[str, Any],
    names: Mapping[int, str] | None = None,
    gradient: Any = None,
) -> dict[str, str]:
    """For each named gradient what was found, in the order of the backward pass.

    "right", "wrong", "carried", or "inconclusive" where the automatic one is not finite.

    Raises:
        TypeError: `by_hand` is no mapping.
        LookupError: no node has one of the names.
    """
    found = compared(Reference(root, gradient), by_hand, names).found
    return {one.name: one.verdict for one in found}


def compared(
    reference: Reference,
    by_hand: Mapping[str, Any],
    names: Mapping[int, str] | None = None,
    apart: Sequence[Tensor] = (),
) -> Comparison:
    """The gradients by hand held against the automatic ones and against their own upstream.

    One of another shape than its node is wrong, and the rules go on with what they make
    themselves. `apart` are inputs that the root does not depend on. Errors as `verdicts`.
    """
    root = reference.root
    order = [*topological([root]), *apart]
    named = _named(order, by_hand, names or {})
    own: dict[int, Any] = {root.index: reference.start}  # gradients as the ones by hand make them
    sent: dict[int, list[tuple[Tensor, Any]]] = {}
    judge = Judge(reference, {i: g for i, (_, g) in named.items()})
    found = []
    for node in order:
        expected = own.get(node.index)
        if expected is None:
            expected = own[node.index] = np.zeros(node.shape)
        if node.index in named:
            name, mine = named[node.index]
            right = reference.gradients.get(node.index, np.zeros(node.shape))
            verdict = judge.verdict(node, mine, right, expected)
            found.append(Compared(name, node, mine, right, expected, verdict))
            if np.shape(mine) == node.shape:
                own[node.index] = mine
        if node.op is not None:
            with np.errstate(all="ignore"):
                terms = contributions(node, own[node.index])
            for x, (_, c) in zip(receivers(node), terms, strict=True):
                judge.hand_on(node, x)
                own[x.index] = own[x.index] + c if x.index in own else c
                sent.setdefault(x.index, []).append((node, c))
    done = {i: min(user.index for user, _ in users) for i, users in sent.items()}
    found.sort(key=lambda one: (-done.get(one.node.index, root.index + 1), -one.node.index))
    if not np.all(np.isfinite(np.asarray(root.value, np.float64))):
        found = [_unknown(one) for one in found]
    return Comparison(tuple(found), tuple(order), own, sent)


def _unknown(one: Compared) -> Compared:
    """Inconclusive, but for its shape: where the result is not finite, its derivatives are none."""
    return one._replace(verdict="inconclusive") if np.shape(one.mine) == one.node.shape else one


class Judge:
    """The verdicts, node by node in the order of the backward pass."""

    def __init__(self, reference: Reference, by_hand: Mapping[int, Any]) -> None:
        self.reference, self.by_hand = reference, by_hand
        self.upstream: dict[int, str] = {}  # of nodes: the worst verdict that they come from

    def verdict(self, node: Tensor, mine: Any, reference: Any, expected: Any) -> str:
        """The verdict on a gradient by hand; what comes of it afterwards is held against it."""
        found = self._verdict(node, mine, reference, expected)
        if found == "right":
            self.upstream.pop(node.index, None)
        else:
            self.upstream[node.index] = "wrong" if found == "carried" else found
        return found

    def hand_on(self, node: Tensor, x: Tensor) -> None:
        """A node hands its gradient on to x."""
        if node.index in self.upstream:
            worst = {self.upstream[node.index], self.upstream.get(x.index)}
            self.upstream[x.index] = "wrong" if "wrong" in worst else "inconclusive"

    def _verdict(self, node: Tensor, mine: Any, reference: Any, expected: Any) -> str:
        if np.shape(mine) != node.shape:
            return "wrong"
        if agree(mine, reference, node):
            return "right"
        follows = {"wrong": "carried"}.get(known := self.upstream.get(node.index, "right"), known)
        if agree(mine, expected, node):
            return follows
        if _between(mine, self.reference.between.get(node.index), node):
            return "right"
        if _between(mine, self.between.get(node.index), node):
            return follows
        return self._rounded(node, mine, reference, expected)

    @functools.cached_property
    def between(self) -> dict[int, tuple[Any, Any]]:
        """The same, given the gradients by hand that arrive."""
        shapes = {node.index: node.shape for node in topological([self.reference.root])}
        fitting = {i: g for i, g in self.by_hand.items() if np.shape(g) == shapes.get(i)}
        return self.reference.ties.between(fitting)

    def _rounded(self, node: Tensor, mine: Any, reference: Any, expected: Any) -> str:
        """Whether it is but rounding that they differ by."""
        away = [np.abs(np.subtract(mine, g, dtype=np.float64)) for g in (reference, expected)]
        noise = SAFETY * self.reference.rounding.of(node)
        most = np.max(noise, initial=0.0)
        scale = np.max(np.abs(np.asarray(reference, np.float64)), initial=0.0)
        if most > ROUGH * scale and self.reference.rounding.vanishes(node):
            half = np.sqrt(np.finfo(np.asarray(node.value).dtype).eps)  # of the digits
            if np.max(away[0], initial=0.0) <= most / (SAFETY * BITS * half):
                return "right"
        if np.all(np.minimum(*away) <= noise):  # where both are finite
            return "right" if most <= ROUGH * scale else "inconclusive"
        known = np.all(np.isfinite(np.asarray(reference, np.float64)))
        return "wrong" if known else "inconclusive"


def _between(mine: Any, limits: tuple[Any, Any] | None, node: Tensor) -> bool:
    """Whether a gradient lies between two others."""
    if limits is None or np.array_equal(*limits):
        return False
    return agree(np.clip(np.asarray(mine, np.float64), *limits), mine, node)


def agree(mine: Any, other: Any, node: Tensor) -> bool:
    """Whether two gradients of a node are the same within the tolerance of its dtype."""
    size = 8 if type(node.value) is float else node.value.dtype.itemsize
    rtol, share = TOLERANCES.get(size, TOLERANCES[8])
    a, b = np.asarray(mine, np.float64), np.asarray(other, np.float64)
    scale = float(np.max(np.abs(b), initial=0.0))
    return bool(np.allclose(a, b, rtol=rtol, atol=share * scale if np.isfinite(scale) else 0.0))


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
        scalar = type(node.value) is float and np.ndim(given) == 0
        dtype = np.float64 if type(node.value) is float else node.value.dtype
        mine = float(given) if scalar else np.asarray(given, dtype)
        found[node.index] = (name, mine)
    return found
