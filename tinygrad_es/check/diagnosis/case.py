"""The case of one wrong gradient: what it is, what it should be, and what was at hand.

Hypotheses read a case and nothing else. Both gradients are float64 arrays; names lead to the
values and to the gradients by hand that may have gone into the wrong formula.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np

from ...autodiff.tensor import Tensor
from ...languages import Pair
from ...views.compare import Compared, Comparison
from ...views.snapshot import contributions, receivers
from ..by_differences import found_in

__all__ = ["Case", "Diagnosis", "Fit", "Fits", "case_of", "first_not_finite", "residual"]

ALIKE = 1e-6  # what two equal contributions may differ by, relative to the larger
REDUCTIONS = frozenset(["sum", "mean", "amax", "amin", "norm2", "logsumexp"])


class Diagnosis(NamedTuple):
    """One explanation that fits, and how well: max|what it predicts − yours| / max|…|.

    `hint` says it to a student: without a number that comes from the reference.
    """

    code: str
    text: Pair
    residual: float
    hint: Pair | None = None


class Fit(NamedTuple):
    """An explanation in English and Spanish, and its residual."""

    en: str
    es: str
    residual: float
    hint: Pair | None = None  # for students, where the explanation has numbers of the reference


Fits = Iterator[Fit]


def residual(a: Any, b: Any) -> float:
    """How far two arrays are apart, relative to the larger; ∞ for other shapes.

    >>> residual(np.array([1.0, 2.0]), np.array([1.0, 2.5]))
    0.2
    """
    if np.shape(a) != np.shape(b) or not np.size(a):
        return np.inf
    scale = max(float(np.max(np.abs(a))), float(np.max(np.abs(b))))
    if not np.isfinite(scale):
        return np.inf
    gap = float(np.max(np.abs(np.subtract(a, b))))
    return gap / scale if scale else 0.0


class Case(NamedTuple):
    """One wrong gradient and what was at hand."""

    name: str
    g: Any  # by hand
    r: Any  # what it should be, given the gradients by hand that arrive
    values: dict[str, Any]  # named values, the nearest first
    gradients: dict[str, Any]  # by the name of their node: those by hand, else by the rules
    upstream: tuple[str, ...]  # the nearest named nodes that the gradient comes from
    paths: tuple[tuple[str, Any], ...]  # (what used the node, what it sends)
    tolerance: float
    previous: Any
    nan: str  # the first node in the forward pass that is not finite
    comparison: Comparison
    node: Tensor
    called: dict[int, str | None]  # names by node index
    looked: Any = None  # the entries (flat) of which the reference is known, None for all

    def sampled(self) -> Case:
        """The case of the entries that are known, in a row."""
        if self.looked is None or self.g.shape != self.r.shape:
            return self
        shape = self.r.shape

        def known(v: Any) -> Any:
            return np.ravel(v)[self.looked] if np.shape(v) == shape else v

        return self._replace(
            g=known(self.g),
            r=known(self.r),
            values={k: known(v) for k, v in self.values.items()},
            gradients={k: known(v) for k, v in self.gradients.items()},
            paths=tuple((name, known(c)) for name, c in self.paths),
        )

    def fits(self, predicted: Any, found: Any = None) -> float | None:
        """The residual of a prediction of g (or of `found`), None where it does not fit."""
        gap = residual(predicted, self.g if found is None else found)
        return gap if gap <= self.tolerance else None

    def without(self, blocked: frozenset[int]) -> Any:
        """What would arrive if nothing came through the nodes of these indices."""
        return self.resent(lambda node, g: [] if node.index in blocked else contributions(node, g))

    def resent(self, send: Callable[[Tensor, Any], list[Any]]) -> Any:
        """What would arrive if `send(node, g)` were what a node hands on, [] for nothing."""
        own: dict[int, Any] = {}
        fixed = {one.node.index for one in self.comparison.found}
        for node in self.comparison.order:
            if node is self.node:
                break
            g = self.comparison.own[node.index] if node.index in fixed else own.get(node.index)
            if node is self.comparison.order[0]:
                g = self.comparison.own[node.index]
            if node.op is None or g is None:
                continue
            with np.errstate(all="ignore"):
                terms = send(node, g)
            for x, (_, c) in zip(receivers(node), terms, strict=bool(terms)):
                own[x.index] = own[x.index] + c if x.index in own else c
        return np.asarray(own.get(self.node.index, np.zeros(self.node.shape)), np.float64)

    def on_the_way(self) -> Iterator[Tensor]:
        """The operations that lead from the node to the next gradients by hand, and these."""
        open_ends, given = {self.node.index}, {c.node.index for c in self.comparison.found}
        for user in reversed(self.comparison.order):
            if any(type(x) is Tensor and x.index in open_ends for x in user.inputs):
                if user.index not in given:
                    open_ends.add(user.index)
                yield user

    def after(self, node: Tensor) -> tuple[str, ...]:
        """The nearest named nodes that use this one; itself where it has a name."""
        name = self.called.get(node.index)
        return (name,) if name else tuple(_nearest(node, self.comparison.order, self.called))

    def normalisers(self) -> list[Tensor]:
        """The reductions after the node that are broadcast again, the nearest first."""
        largest: dict[int, int] = {}  # by index: the size of the largest node that comes of it
        for node in self.comparison.order:
            size = max(largest.get(node.index, 0), node.size)
            for x in node.inputs:
                if type(x) is Tensor:
                    largest[x.index] = max(largest.get(x.index, 0), size)
        after = {self.node.index}
        found = []
        for node in reversed(self.comparison.order):
            if any(type(x) is Tensor and x.index in after for x in node.inputs):
                after.add(node.index)
                reduces = node.op is not None and node.op.name in REDUCTIONS
                if reduces and largest.get(node.index, 0) > node.size:
                    found.append(node)
        return found


def case_of(
    one: Compared, comparison: Comparison, names: Mapping[int, str], values: Mapping[str, Any],
    previous: Any = None,
) -> Case:  # fmt: skip
    """The case of a wrong gradient.

    `names` has names by Tensor index, `values` those of arrays that are no Tensors.
    """
    node, order = one.node, comparison.order
    called = {n.index: n.name or names.get(n.index) for n in order}
    sent = sorted(comparison.sent.get(node.index, []), key=lambda pair: -pair[0].index)
    paths = tuple((_use(user, called), c) for user, c in _merged(sent, order))
    upstream = tuple(_nearest(node, order, called))
    everything = _values(order, called, names) | {k: np.asarray(v) for k, v in values.items()}
    near = [*upstream, one.name, *(called.get(x.index) for x in node.inputs if type(x) is Tensor)]
    ranked = sorted(everything, key=lambda k: near.index(k) if k in near else len(near))
    kind = 8 if type(node.value) is float else node.value.dtype.itemsize
    right = {c.node.index for c in comparison.found if c.verdict == "right"}

    def arrives(other: Tensor) -> bool:  # what was made of this very gradient explains nothing
        return other.index in right or (other.index > node.index and other.op is not None)

    differences = found_in(order[0])
    tolerance = differences.residuals[one.name] if differences else 1e-8 if kind == 8 else 1e-4
    known = {
        name: np.asarray(comparison.own[n.index], np.float64)
        for n in order
        if (name := called[n.index]) is not None and n is not node and arrives(n)
    }
    gradients = {k: known[k] for k in upstream if k in known} | known  # the nearest first
    return Case(
        one.name,
        np.asarray(one.mine, np.float64),
        np.asarray(one.expected, np.float64),
        {k: np.asarray(everything[k], np.float64) for k in ranked},
        gradients,
        upstream,
        paths,
        tolerance,
        None if previous is None else np.asarray(previous, np.float64),
        first_not_finite(order, called),
        comparison,
        node,
        called,
        differences.looked.get(one.name) if differences else None,
    )


def _merged(sent: list[tuple[Tensor, Any]], order: tuple[Tensor, ...]) -> list[tuple[Tensor, Any]]:
    """What is sent to a node; equal parts of one operation that has it twice, as W * W, are one.

    The node goes there as it is, or with its axes in another order, as in np.vdot(W, W).
    """
    users: dict[int, list[Tensor]] = {}
    for user in order:
        for x in user.inputs:
            if type(x) is Tensor:
                users.setdefault(x.index, []).append(user)
    found: dict[tuple[int, int], tuple[Tensor, Any]] = {}
    for k, (user, c) in enumerate(sent):
        part, end = np.asarray(c, np.float64), user
        while end.op and end.op.name in ("reshape", "transpose") and len(users[end.index]) == 1:
            (end,) = users[end.index]
        alike = (at for at, (_, v) in found.items() if at[0] == end.index)
        same = next((at for at in alike if residual(found[at][1], part) <= ALIKE), None)
        if same is None:
            found[end.index, k] = user, part
        else:
            found[same] = found[same][0], found[same][1] + part
    return list(found.values())


def _use(user: Tensor, called: Mapping[int, str | None]) -> str:
    """What uses a node: its name; of a matrix product without one its operands; else its kind."""
    if (name := called[user.index]) is not None or user.op is None:
        return name or "?"
    if user.op.name != "matmul":
        return user.op.name
    operands = [_operand(x, called) for x in user.inputs]
    return " @ ".join(operands) if all(operands) else "matmul"


def _operand(x: Any, called: Mapping[int, str | None]) -> str:
    """A named Tensor, or the transpose of one; "" for what has no name."""
    if type(x) is not Tensor:
        return ""
    if (name := called.get(x.index) or x.name) is not None:
        return name
    turned = x.op is not None and x.op.name == "transpose" and x.ndim == 2
    inner = _operand(x.inputs[0], called) if turned else ""
    return f"{inner}.T" if inner else ""


def _nearest(
    node: Tensor, order: tuple[Tensor, ...], called: Mapping[int, str | None]
) -> Iterator[str]:
    """The named nodes that use the node, directly or through nodes without a name."""
    open_ends = {node.index}
    for user in reversed(order):
        if any(type(x) is Tensor and x.index in open_ends for x in user.inputs):
            name = called[user.index]
            if name is None and user is not order[0]:
                open_ends.add(user.index)
            elif name is not None:
                yield name


def _values(
    order: tuple[Tensor, ...], called: Mapping[int, str | None], names: Mapping[int, str]
) -> dict[str, Any]:
    """The values of all named nodes, and of named Tensors that are not differentiated."""
    found: dict[str, Any] = {}
    for node in itertools.chain(order, (x for n in order for x in n.inputs if type(x) is Tensor)):
        name = called.get(node.index) or node.name or names.get(node.index)
        if name is not None and (type(node.value) is float or node.value.dtype.kind in "fiub"):
            found.setdefault(name, node.value)
    return found


def first_not_finite(order: tuple[Tensor, ...], called: Mapping[int, str | None]) -> str:
    """The first operation of the forward pass that is not finite, "" where all are."""
    for node in reversed(order):
        if node.op is not None and not np.all(np.isfinite(np.asarray(node.value, np.float64))):
            name = called[node.index]
            return f"{node.op.name} ({name})" if name else node.op.name
    return ""
