"""The backward pass as a story: step by step, which rule sends what to whom.

Each operation that a gradient reaches is a step, in the order of the backward pass. It has one
`Term` for each input that gets something: the rule in symbols, with its numbers, and the result.
What arrives at a node is the sum of the terms that were sent to it.

>>> from tinygrad_es import Tensor
>>> x, y = Tensor(-2.0, requires_grad=True, name="x"), Tensor(5.0, requires_grad=True, name="y")
>>> z = Tensor(-4.0, requires_grad=True, name="z")
>>> q = x + y
>>> q.name = "q"
>>> f = q * z
>>> f.name = "f"
>>> from tinygrad_es.views import snapshot
>>> told = Story(snapshot(f))
>>> for step in told.steps:
...     for term in step.terms:
...         print(told.derivative(term.source), term.symbols, term.numbers, term.result, sep=" = ")
∂f/∂q = ∂f/∂f·z = 1·(−4) = −4
∂f/∂z = ∂f/∂f·q = 1·3 = 3
∂f/∂x = ∂f/∂q = −4 = −4
∂f/∂y = ∂f/∂q = −4 = −4
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from ..autodiff.primitive import PRIMITIVES, Primitive
from .figure import clean, shorten
from .formulas import forward_source, letters_of, rule_source
from .notation import LATEX, TEXT, Dialect, latex_name, mathematics, number
from .numbers import brief
from .snapshot import Edge, Snapshot

__all__ = ["Step", "Story", "Term"]

NAME_LIMIT = 30
FORMULA_LIMIT = 110  # a longer rule is named, not spelt


class Term(NamedTuple):
    """What one rule sends to one input."""

    source: int  # the node that receives it
    input: str  # the rule's letter for it
    rule: str  # in the letters of the table: g·b
    symbols: str  # in the names of the graph: ∂f/∂q·z
    numbers: str  # with numbers, or shapes, in their place: 1·(−4)
    result: str  # −4
    edge: Edge


class Step(NamedTuple):
    """One operation of the backward pass."""

    node: int
    terms: tuple[Term, ...]


class Story:
    """The steps of a snapshot, and what its nodes are called in formulas."""

    def __init__(self, graph: Snapshot, dialect: Dialect = TEXT) -> None:
        self.graph = graph
        self.dialect = dialect
        self.labels = labels(graph)
        self.incoming = graph.incoming()
        self.outgoing = graph.outgoing()
        roots = [i for i, node in enumerate(graph.nodes) if node.kind == "output"]
        self.root = roots[-1] if roots else len(graph.nodes) - 1

    @functools.cached_property
    def steps(self) -> tuple[Step, ...]:
        """The operations that a gradient reaches, in the order of the backward pass."""
        nodes = self.graph.nodes
        return tuple(
            Step(i, self._terms(i))
            for i in reversed(range(len(nodes)))
            if nodes[i].op is not None and nodes[i].gradient is not None
        )

    def name(self, i: int) -> str:
        """What node i is called: its name, its number, or a letter with a counter."""
        label = self.labels[i]
        if self.dialect is LATEX:
            return label.replace("−", "-") if self._is_number(i) else latex_name(label)
        return label

    def derivative(self, i: int) -> str:
        """∂L/∂(node i)."""
        top, below = self.name(self.root), self.name(i)
        if self.dialect is LATEX:
            return rf"\frac{{\partial {top}}}{{\partial {below}}}"
        return f"∂{top}/∂{below}"

    def forward(self, i: int) -> str:
        """The operation that made node i, in the names of the graph: `x + y`."""
        op, edges = self._op(i), self.incoming[i]
        if op is None:
            return self.graph.nodes[i].symbol or ""
        names = self._letters(op, edges, self.name)
        of = ", ".join(names.values())
        if self.graph.nodes[i].value is None:  # it could not be computed
            return f"{op.name}({of})"
        return self._readable(forward_source(op, *self._read(i)), names, op.name, of)

    def plugged(self, i: int) -> str:
        """The same with its numbers in the place of names: `−2 + 5`."""
        op, edges = self._op(i), self.incoming[i]
        if op is None or self.graph.nodes[i].value is None:
            return ""
        names = self._letters(op, edges, self.value)
        of = ", ".join(names.values())
        return self._readable(forward_source(op, *self._read(i)), names, op.name, of)

    def value(self, i: int) -> str:
        """The value of node i, for a formula: a number, or its name and shape."""
        return self._short(self.graph.nodes[i].value, self.labels[i])

    def arriving(self, i: int) -> list[Edge]:
        """The edges over which gradients arrive at node i, in the order of the backward pass."""
        edges = [edge for edge in self.outgoing[i] if edge.contribution is not None]
        return sorted(edges, key=lambda edge: (-edge.target, edge.position))

    # --- the pieces ---

    def _is_number(self, i: int) -> bool:
        node = self.graph.nodes[i]
        return node.kind == "constant" and np.ndim(node.value) == 0

    def _op(self, i: int) -> Primitive | None:
        name = self.graph.nodes[i].op
        return PRIMITIVES.get(name) if name is not None else None

    def _read(self, i: int) -> tuple[list[Any], Mapping[str, Any]]:
        values = [self.graph.nodes[edge.source].value for edge in self.incoming[i]]
        return values, self.graph.nodes[i].options

    def _letters(self, op: Primitive, edges: list[Edge], text: Any) -> dict[str, str]:
        letters = letters_of(op, len(edges))
        return {letter: text(edge.source) for letter, edge in zip(letters, edges, strict=True)}

    def _short(self, value: Any, name: str) -> str:
        if value is None:
            return "—"
        if np.ndim(value) == 0:
            text = number(float(value))
            return text.replace("−", "-") if self.dialect is LATEX else text
        shape = "×".join(map(str, np.shape(value)))
        if self.dialect is LATEX:
            shape = shape.replace("×", r" \times ")
            return rf"\underset{{{shape}}}{{{latex_name(name)}}}"
        return f"{name}[{shape}]"

    def _readable(self, source: str, names: Mapping[str, str], what: str, of: str) -> str:
        """A formula; where it is too long, what it is and of which names."""
        if len(source) <= FORMULA_LIMIT:
            return mathematics(source, names, self.dialect)
        if self.dialect is LATEX:
            what = rf"\text{{{what}}}".replace("_", r"\_")
        return f"{what}({of})"

    def _terms(self, i: int) -> tuple[Term, ...]:
        node, edges, op = self.graph.nodes[i], self.incoming[i], self._op(i)
        if op is None or len(edges) != (len(edges) if op.variadic else len(op.inputs)):
            return ()
        values, options = self._read(i)
        out = "y" if "y" not in op.inputs else "out"
        symbols = self._letters(op, edges, self.name)
        symbols |= {"g": self.derivative(i), out: self.name(i)}
        numbers = self._letters(op, edges, self.value) | self._lengths(op, i)
        g = self._short(node.gradient, f"∂{self.labels[i]}")
        numbers |= {"g": g, out: self.value(i)}
        terms = []
        for edge in edges:
            if edge.contribution is None:
                continue
            rule = rule_source(op, edge.position, node.gradient, node.value, values, options)
            rule, what = rule or "g", f"∂{op.name}/∂{edge.input}"
            terms.append(
                Term(
                    edge.source,
                    edge.input,
                    self._readable(rule, {}, what, "g"),
                    self._summed(self._readable(rule, symbols, what, symbols["g"]), edge),
                    self._summed(self._readable(rule, numbers, what, g), edge),
                    self._result(edge),
                    edge,
                )
            )
        return tuple(terms)

    def _lengths(self, op: Primitive, i: int) -> dict[str, str]:
        """The numbers behind `x.shape`, `x.shape[0]` and `x.size`."""
        nodes, found = self.graph.nodes, dict[str, str]()
        letters = letters_of(op, len(self.incoming[i]))
        given = {letter: nodes[e.source] for letter, e in zip(letters, self.incoming[i])}
        for letter, node in (given | {"g": nodes[i], "y": nodes[i]}).items():
            shape = np.shape(node.value)
            found |= {f"{letter}.shape": str(shape), f"{letter}.size": str(np.size(node.value))}
            found |= {f"{letter}.shape[{k}]": str(n) for k, n in enumerate(shape)}
        return found

    def _summed(self, text: str, edge: Edge) -> str:
        """The sum over the axes that broadcasting stretched, around a formula."""
        if not edge.summed:
            return text
        axes = ", ".join(map(str, edge.summed))
        if self.dialect is LATEX:
            return rf"\sum_{{\mathrm{{axis}}\,{axes}}} {text}"
        return f"Σ(axis {axes}) {text}"

    def _result(self, edge: Edge) -> str:
        c = edge.contribution
        if np.ndim(c) == 0:
            return self._short(c, "")
        return brief(c)


# --- names -------------------------------------------------------------------------------------


def labels(graph: Snapshot) -> list[str]:
    """What each node is called in formulas; no two are called alike.

    Its name; a number itself; `L` for a result without a name, else `v1`, `v2`, … for operations,
    `p1`, … for parameters, `c1`, … for arrays.
    """
    taken = {clean(node.name).strip().replace("/", ".") for node in graph.nodes if node.name}
    used: set[str] = set()
    counters: dict[str, int] = {}
    found = []
    for i, node in enumerate(graph.nodes):
        if node.kind == "constant" and np.ndim(node.value) == 0:
            found.append(number(float(node.value)))
            continue
        if node.name and clean(node.name).strip():
            name = clean(node.name).strip().replace("/", ".")  # ∂L/∂dense.kernel: one fraction
            label = base = shorten(name, NAME_LIMIT)
            count = 1
            while label in used or (label != base and label in taken):
                count += 1
                label = f"{base}_{count}"
        elif i == len(graph.nodes) - 1 and "L" not in taken:
            label = "L"
        else:
            letter = {"parameter": "p", "constant": "c", "input": "c"}.get(node.kind, "v")
            label = ""
            while not label or label in taken:
                counters[letter] = counters.get(letter, 0) + 1
                label = f"{letter}{counters[letter]}"
        used.add(label)
        found.append(label)
    return found
