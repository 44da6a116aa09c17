"""A graph as lines of text, for a terminal, a log, a difference of two files.

>>> from tinygrad_es import Tensor
>>> x, y = Tensor(-2.0, requires_grad=True, name="x"), Tensor(5.0, requires_grad=True, name="y")
>>> from tinygrad_es.views import snapshot
>>> print(to_text(snapshot(x * y + x), "en"))
forward
  x = -2
  y = 5
  v1 = x·y = -10
  L = v1 + x = -12
backward
  ∂L/∂L = 1
  ∂L/∂v1 = ∂L/∂L = 1
  ∂L/∂x += ∂L/∂L = 1
  ∂L/∂x += ∂L/∂v1·y = 1·5 = 5
  ∂L/∂x = Σ 1 + 5 = 6
  ∂L/∂y = ∂L/∂v1·x = 1·(−2) = −2
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from ..languages import say
from .boxes import WORDS
from .figures.figure import clean
from .notation import number
from .numbers import short
from .snapshot import Snapshot
from .story import Story

__all__ = ["judged_text", "to_text", "why_nothing"]

SPELT = 2_000  # nodes up to which formulas are written

FORWARD = ("forward", "hacia delante")
BACKWARD = ("backward", "hacia atrás")
NOTHING = ("no gradient was computed", "no se calculó ningún gradiente")
UNTRACKED = (
    "nothing here requires grad. Tensor(…, requires_grad=True) makes a parameter",
    "nada requiere aquí gradiente. Tensor(…, requires_grad=True) crea un parámetro",
)
NOT_ONE = (
    "the result has shape {}. Say what arrives, gradient=…, or take its sum or mean",
    "el resultado tiene forma {}. Di qué gradiente llega, gradient=…, o toma su suma o su media",
)
MANY = ("{} operations in single file", "{} operaciones en fila")


def why_nothing(graph: Snapshot, language: str | None = None) -> str:
    """Why a graph has no gradients, in a sentence; "" where it has some.

    >>> from tinygrad_es import Tensor
    >>> from tinygrad_es.views import snapshot
    >>> x = Tensor(2.0, requires_grad=True)
    >>> print(why_nothing(snapshot(x * [1.0, 2.0]), "en").partition(". ")[0])
    no gradient was computed: the result has shape (2,)
    """
    if any(node.gradient is not None for node in graph.nodes):
        return ""
    nothing = say(NOTHING, language)
    if not any(node.kind == "parameter" for node in graph.nodes):
        return f"{nothing}: {say(UNTRACKED, language)}"
    results = [np.shape(node.value) for node in graph.nodes if node.kind == "output"]
    if len(results) == 1 and results[0]:
        return f"{nothing}: {say(NOT_ONE, language).format(results[0])}"
    return nothing


def to_text(graph: Snapshot, language: str | None = None, failed: str = "") -> str:
    """The forward and the backward pass, a line for each node and each contribution.

    Of a forward pass that failed there is no backward pass: `failed` says why, in its place.
    """
    return "\n".join(_lines(graph, language, failed))


def judged_text(
    graph: Snapshot, by_hand: Mapping[int, tuple[str, Any]], language: str | None = None
) -> str:
    """Gradients by hand, by place in the graph, and what was found of them."""
    told = Story(graph)
    lines = [say(WORDS["by hand"], language)]
    for i, (verdict, mine) in by_hand.items():
        lines.append(f"  {told.derivative(i)} = {short(mine)}: {say(WORDS[verdict], language)}")
    return "\n".join(lines)


def _lines(graph: Snapshot, language: str | None, failed: str) -> Iterator[str]:
    told = Story(graph)
    spelt = graph.detailed and len(graph.nodes) <= SPELT
    yield say(FORWARD, language)
    scope = ""
    for i, node in enumerate(graph.nodes):
        if node.kind == "run":
            yield "  … " + say(MANY, language).format(node.options["operations"])
            continue
        if node.kind == "constant" and np.ndim(node.value) == 0:
            continue
        if node.op is not None and str(node.scope) != scope:
            scope = str(node.scope)
            yield f"  # {clean(scope)}"
        formula = ""
        if node.op is not None:
            formula = f" = {told.forward(i) if spelt else node.symbol}"
        line = f"    # {clean(node.line)}" if node.line else ""
        yield f"  {told.name(i)}{formula} = {short(node.value)}{line}"
    if failed:
        yield failed
        return
    yield say(BACKWARD, language)
    nothing = why_nothing(graph, language)
    if nothing:
        yield f"  {nothing}"
    elif spelt:
        yield from _steps(graph, told)
    else:
        for i in reversed(range(len(graph.nodes))):
            if graph.nodes[i].gradient is not None:
                yield f"  {told.derivative(i)} = {short(graph.nodes[i].gradient)}"


def _steps(graph: Snapshot, told: Story) -> Iterator[str]:
    for i in reversed(range(len(graph.nodes))):
        end = graph.nodes[i].kind == "output" and not told.arriving(i)
        if i == told.root or (end and graph.nodes[i].gradient is not None):
            yield f"  {told.derivative(i)} = {short(graph.nodes[i].gradient)}"
    waiting = {i: told.arriving(i) for i in range(len(graph.nodes))}
    left = {i: len(edges) for i, edges in waiting.items()}
    for step in told.steps:
        for term in step.terms:
            i = term.source
            several = len(waiting[i]) > 1
            numbers = "" if term.numbers == term.result else f" = {term.numbers}"
            sign = "+=" if several else "="
            yield f"  {told.derivative(i)} {sign} {term.symbols}{numbers} = {term.result}"
            left[i] -= 1
            if several and not left[i]:
                yield f"  {told.derivative(i)} = Σ {_total(graph, told, i)}"


def _total(graph: Snapshot, told: Story, i: int) -> str:
    """The terms that arrived at a node and their sum."""
    gradient = graph.nodes[i].gradient
    if np.ndim(gradient):
        return short(gradient)
    parts = [number(float(edge.contribution)) for edge in told.arriving(i)]
    parts = [parts[0], *(f"({part})" if part.startswith("−") else part for part in parts[1:])]
    return f"{' + '.join(parts)} = {number(float(gradient))}"
