"""What is wrong with the gradients of a graph, by node: vanishing, exploding, dead, NaN, …

The layers of a graph are its products with weights. The gradient at such a product is the error δ
that arrives there; `health` compares it with what arrives at the last one.

>>> from tinygrad_es import Tensor, ops
>>> from tinygrad_es.views import snapshot
>>> x = Tensor([4.0, 0.0], requires_grad=True, name="x")
>>> told = flagged(snapshot(ops.sqrt(x).sum()), "en")
>>> told.flags, told.reasons
({1: ('nan',)}, ['√(x): NaN: its derivative makes the first NaN or infinity'])
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ..languages import Pair, say
from .health import Pulse, dead_share, flag_names, flat_share, judge, reasons, reference_of
from .snapshot import Edge, Snapshot
from .story import Story
from .text import MANY

__all__ = ["Flagged", "flagged"]

PRODUCTS = frozenset(["linear", "matmul", "conv", "einsum"])
ACTIVATIONS = ("relu", "sigmoid", "tanh")

MADE = ("makes the first NaN or infinity", "hace el primer NaN o infinito")
INSIDE = (
    "one of them makes the first NaN or infinity",
    "una de ellas hace el primer NaN o infinito",
)
GIVEN = ("has NaN or infinities itself", "tiene NaN o infinitos de por sí")
DERIVED = (
    "its derivative makes the first NaN or infinity",
    "su derivada hace el primer NaN o infinito",
)


class Flagged(NamedTuple):
    """The flags by node, and a sentence for each with its reason and its threshold."""

    flags: dict[int, tuple[str, ...]]
    reasons: list[str]
    why: dict[int, str]  # the reasons of each node

    def words(self, language: str | None = None) -> dict[int, str]:
        """By node what its box says: `⚠ vanishing`."""
        return {i: f"⚠ {flag_names(own, language)}" for i, own in self.flags.items()}


def flagged(graph: Snapshot, language: str | None = None) -> Flagged:
    """The flags of a graph; none of one without gradients, or with more than 5,000 operations."""
    if not graph.detailed or all(node.gradient is None for node in graph.nodes):
        return Flagged({}, [], {})
    told = Story(graph)
    bad = _first_bad(graph, told)
    if bad is not None:
        i, cause = bad
        called = told.forward(i) if graph.nodes[i].op else told.name(i)
        if graph.nodes[i].kind == "run":
            called = say(MANY, language).format(graph.nodes[i].options["operations"])
            cause = INSIDE
        word = flag_names(["nan"], language)
        reason = f"{called}: {word}: {say(cause, language)}"
        return Flagged({i: ("nan",)}, [reason], {i: reason})
    pulses = _pulses(graph, told)
    judged = dict(zip(pulses, judge(list(pulses.values())), strict=True))
    said = reasons(list(pulses.values()), list(judged.values()), language)
    flags = {i: own for i, own in judged.items() if own}
    reference = reference_of(list(pulses.values()))
    why = {i: reasons([pulses[i]], [own], language, reference) for i, own in flags.items()}
    return Flagged(flags, said, {i: "; ".join(each) for i, each in why.items()})


def _finite(value: object) -> bool:
    return value is None or bool(np.isfinite(np.asarray(value)).all())


def _first_bad(graph: Snapshot, told: Story) -> tuple[int, Pair] | None:
    """Where the first NaN comes from: of the forward pass, else of the backward pass.

    Infinities count where they reach the result: masks of −∞ are as they should be.
    """
    nodes = graph.nodes
    nan = [i for i, node in enumerate(nodes) if node.value is not None and _has_nan(node.value)]
    if not nan and not _finite(nodes[told.root].value):
        nan = [i for i, node in enumerate(nodes) if not _finite(node.value)]
    if nan:
        first = nan[0]
        while True:  # up to what began with it
            above = [e.source for e in told.incoming[first] if not _finite(nodes[e.source].value)]
            if not above:
                return first, GIVEN if nodes[first].op is None else MADE
            first = above[0]
    for i in reversed(range(len(nodes))):
        made = [edge.contribution for edge in told.incoming[i]]
        if nodes[i].kind == "run":  # what is inside has no gradients here: what comes out of it?
            made = [nodes[edge.source].gradient for edge in told.incoming[i]]
            if not all(map(_finite, made)) and all(
                _finite(edge.contribution) for edge in told.outgoing[i]
            ):
                return i, INSIDE
        elif _finite(nodes[i].gradient) and not all(map(_finite, made)):
            return i, DERIVED
    return None


def _has_nan(value: object) -> bool:
    return bool(np.isnan(np.asarray(value)).any())


def _pulses(graph: Snapshot, told: Story) -> dict[int, Pulse]:
    """The layers of the forward pass: for each product with weights what arrives at it."""
    nodes = graph.nodes
    products = [
        i
        for i, node in enumerate(nodes)
        if node.op in PRODUCTS
        and node.gradient is not None
        and not node.scope.order
        and any(_is_weight(graph, edge) for edge in told.incoming[i])
    ]
    leads = _leading(told, set(products))
    found = {}
    for i in products:
        g = np.asarray(nodes[i].gradient, np.float64)
        active = _activation(graph, told, i)
        op = nodes[active].op if active is not None else None
        y = nodes[active].value if active is not None else 0.0
        name = str(nodes[i].scope).rpartition("/")[2] or told.name(i)
        found[i] = Pulse(
            name,
            float(np.linalg.norm(g)),
            i not in leads,
            zeros=1.0 - np.count_nonzero(g) / max(g.size, 1),
            saturated=flat_share(op, y) if op in ("sigmoid", "tanh") and np.size(y) else None,
            dead=dead_share(y) if op == "relu" else None,
        )
    return found


def _is_weight(graph: Snapshot, edge: Edge) -> bool:
    source = graph.nodes[edge.source]
    return source.kind == "parameter" and np.ndim(source.value) > 1


def _leading(told: Story, products: set[int]) -> set[int]:
    """The nodes from which a later product is reached."""
    leads: set[int] = set()
    for i in reversed(range(len(told.outgoing))):
        if any(e.target in products or e.target in leads for e in told.outgoing[i]):
            leads.add(i)
    return leads


def _activation(graph: Snapshot, told: Story, i: int) -> int | None:
    """The activation that a product goes through, a bias or a normalization before it or not."""
    for _ in range(3):
        if graph.nodes[i].op in ACTIVATIONS:
            return i
        following = told.outgoing[i]
        if len(following) != 1:
            return None
        i = following[0].target
    return i if graph.nodes[i].op in ACTIVATIONS else None
