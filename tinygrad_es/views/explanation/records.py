"""The steps of a backward pass as data: what arrives at a node, and what it sends on."""

from __future__ import annotations

from typing import Any, NamedTuple

from ..story import Story

__all__ = ["Record", "Sent", "record_of"]


class Sent(NamedTuple):
    """What a step sends to one input."""

    to: str  # the name of the input
    source: int  # its place in the snapshot
    rule: str  # in the letters of the table of derivatives: g·b
    symbols: str  # in the names of the graph: ∂f/∂q·z
    numbers: str  # with their numbers, or shapes: 1·(−4)
    value: Any  # a float or an array


class Record(NamedTuple):
    """A step of the backward pass."""

    node: int  # its place in the snapshot
    name: str
    value: Any
    arrives: tuple[Any, ...]  # one contribution for each use of the node; their sum is `gradient`
    gradient: Any
    terms: tuple[Sent, ...]


def record_of(story: Story, i: int) -> Record:
    """The step back over operation i.

    >>> from tinygrad_es import Tensor
    >>> from tinygrad_es.views import snapshot
    >>> x = Tensor(3.0, requires_grad=True, name="x")
    >>> record = record_of(Story(snapshot(x * 2)), 2)
    >>> record.arrives, record.terms[0].to, record.terms[0].symbols, record.terms[0].value
    ((1.0,), 'x', '∂L/∂L·2', 2.0)
    """
    node = story.graph.nodes[i]
    sent = []
    for t in story.step(i).terms:
        name, value = story.name(t.source), t.edge.contribution
        sent.append(Sent(name, t.source, t.rule, t.symbols, t.numbers, value))
    arrives = tuple(edge.contribution for edge in story.arriving(i)) or (node.gradient,)
    return Record(i, story.name(i), node.value, arrives, node.gradient, tuple(sent))
