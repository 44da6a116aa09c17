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

from collections.abc import Callable, Collection, Mapping
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from ..autodiff.primitive import PRIMITIVES, Primitive
from .figures.figure import clean, shorten
from .formulas import forward_source, letters_of, local_source, rule_source, symbols_of, told
from .notation import LATEX, TEXT, Dialect, latex_name, latex_number, mathematics, number
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
    local: str = ""  # the rule for an arriving gradient of 1, in symbols: z
    factor: str = ""  # and with numbers: −4
    code: str = ""  # the rule as source: g * b


class Step(NamedTuple):
    """One operation of the backward pass."""

    node: int
    terms: tuple[Term, ...]


class Story:
    """The steps of a snapshot, and what its nodes are called in formulas.

    `names` says what nodes shall be called instead; `gradients` what their gradients are called
    where it is not ∂L/∂…: δ¹.
    """

    def __init__(
        self,
        graph: Snapshot,
        dialect: Dialect = TEXT,
        digits: int = 4,
        names: Mapping[int, str] | None = None,
        gradients: Mapping[int, str] | None = None,
    ) -> None:
        self.graph = graph
        self.dialect = dialect
        self.digits = digits
        self.labels = labels(graph, digits, names or {})
        self.gradients = gradients or {}
        self._arriving: dict[int, list[Edge]] = {}
        self._steps: dict[int, Step] = {}
        self._ranks: dict[tuple[int, int], int] = {}
        self.incoming = graph.incoming()
        self.outgoing = graph.outgoing()
        roots = [i for i, node in enumerate(graph.nodes) if node.kind == "output"]
        self.root = roots[-1] if roots else len(graph.nodes) - 1

    @cached_property
    def steps(self) -> tuple[Step, ...]:
        """Every step, in the order of the backward pass."""
        return tuple(self.step(i) for i in self.order())

    def order(self) -> list[int]:
        """The operations that a gradient reaches, in the order of the backward pass."""
        nodes = self.graph.nodes
        return [
            i
            for i in reversed(range(len(nodes)))
            if nodes[i].op is not None and nodes[i].gradient is not None
        ]

    def step(self, i: int) -> Step:
        """The step of operation i."""
        if i not in self._steps:
            self._steps[i] = Step(i, self._terms(i))
        return self._steps[i]

    def name(self, i: int) -> str:
        """What node i is called: its name, its number, or a letter with a counter."""
        if self.dialect is not LATEX:
            return self.labels[i]
        if self._is_number(i):
            return self.number(float(self.graph.nodes[i].value))
        return latex_name(self.labels[i])

    def derivative(self, i: int) -> str:
        """∂L/∂(node i), or its letter."""
        if i in self.gradients:
            letter = self.gradients[i]
            return latex_name(letter) if self.dialect is LATEX else letter
        return self.total(i)

    def total(self, i: int) -> str:
        """∂L/∂(node i), L the result; or, where not just 1 arrives there, what lies beyond it."""
        return self._fraction(self.beyond or self.name(self.root), self.name(i))

    @cached_property
    def beyond(self) -> str:
        """A letter for Σ result·gradient, where that is not the one result itself; else empty."""
        ends = [n.gradient for n in self.graph.nodes if n.kind == "output"]
        ends = [g for g in ends if g is not None]
        if len(ends) < 2 and all(np.ndim(g) == 0 and float(g) == 1.0 for g in ends):
            return ""
        free = (f"{letter}{k}" for k in ("", *map(str, range(2, 99))) for letter in "LCJE")
        return next(letter for letter in free if letter not in self.labels)

    def ratio(self, above: int, i: int) -> str:
        """∂(node above)/∂(node i)."""
        return self._fraction(self.name(above), self.name(i))

    def _fraction(self, top: str, below: str) -> str:
        if self.dialect is LATEX:
            return rf"\frac{{\partial {top}}}{{\partial {below}}}"
        return f"∂{top}/∂{below}"

    def number(self, value: float) -> str:
        """A number in the dialect."""
        return (latex_number if self.dialect is LATEX else number)(value, self.digits)

    def forward(self, i: int, inside: Mapping[int, str] | None = None) -> str:
        """The operation that made node i, in the names of the graph: `x + y`.

        `inside` has formulas to write in the place of names.
        """
        inside = inside or {}
        return self._made(i, lambda source: inside.get(source) or self.name(source))

    def plugged(self, i: int) -> str:
        """The same with its numbers in the place of names: `−2 + 5`."""
        return self._made(i, self.value) if self.op(i) is not None else ""

    def _made(self, i: int, text: Callable[[int], str]) -> str:
        op, edges = self.op(i), self.incoming[i]
        if op is None:
            return self.graph.nodes[i].symbol or ""
        names = self._letters(op, edges, text)
        of = ", ".join(names.values())
        if self.graph.nodes[i].value is None:  # it could not be computed
            return f"{op.name}({of})"
        source = forward_source(op, *self._read(i))
        return self._readable(source, names, op.name, of, self._arrays(op, edges))

    def value(self, i: int) -> str:
        """The value of node i, for a formula: a number, or its name and shape."""
        return self._short(self.graph.nodes[i].value, self.labels[i])

    def arriving(self, i: int) -> list[Edge]:
        """The edges over which gradients arrive at node i, in the order of the backward pass."""
        if i not in self._arriving:
            edges = [edge for edge in self.outgoing[i] if edge.contribution is not None]
            edges.sort(key=lambda edge: (-edge.target, edge.position))
            self._arriving[i] = edges
            self._ranks |= {(e.target, e.position): k for k, e in enumerate(edges)}
        return self._arriving[i]

    def rank(self, edge: Edge) -> int:
        """The place of an edge among those that arrive at its source."""
        self.arriving(edge.source)
        return self._ranks[edge.target, edge.position]

    # --- the pieces ---

    def _is_number(self, i: int) -> bool:
        node = self.graph.nodes[i]
        return node.kind == "constant" and np.ndim(node.value) == 0

    def op(self, i: int) -> Primitive | None:
        """The row of the table that made node i."""
        name = self.graph.nodes[i].op
        if any(self.graph.nodes[edge.source].kind == "run" for edge in self.incoming[i]):
            return None  # without the value of its input nothing can be told
        return PRIMITIVES.get(name) if name is not None else None

    def _read(self, i: int) -> tuple[list[Any], Mapping[str, Any]]:
        values = [self.graph.nodes[edge.source].value for edge in self.incoming[i]]
        return values, self.graph.nodes[i].options

    def _letters(self, op: Primitive, edges: list[Edge], text: Any) -> dict[str, str]:
        letters = letters_of(op, len(edges))
        return {letter: text(edge.source) for letter, edge in zip(letters, edges, strict=True)}

    def _arrays(self, op: Primitive, edges: list[Edge], i: int | None = None) -> set[str]:
        """The letters that stand for more than one number; with i also those of its own."""
        nodes, letters = self.graph.nodes, letters_of(op, len(edges))
        pairs = zip(letters, edges, strict=True)
        found = {letter for letter, edge in pairs if np.ndim(nodes[edge.source].value)}
        return (
            found | {"g", _output(op), "onehot"}
            if i is not None and np.ndim(nodes[i].value)
            else found
        )

    def _short(self, value: Any, name: str) -> str:
        if value is None:
            return "—"
        if np.ndim(value) == 0:
            return self.number(float(value))
        shape = "×".join(map(str, np.shape(value)))
        if self.dialect is LATEX:
            shape = shape.replace("×", r" \times ")
            return rf"\underset{{{shape}}}{{{latex_name(name)}}}"
        return f"{name}[{shape}]"

    def _readable(
        self,
        source: str,
        names: Mapping[str, str],
        what: str,
        of: str,
        arrays: Collection[str] = (),
    ) -> str:
        """A formula; where it is too long, what it is and of which names."""
        if len(source) <= FORMULA_LIMIT:
            return mathematics(source, names, self.dialect, arrays)
        if self.dialect is LATEX:
            what = rf"\text{{{what}}}".replace("_", "-")
        return f"{what}({of})"

    def _terms(self, i: int) -> tuple[Term, ...]:
        node, edges, op = self.graph.nodes[i], self.incoming[i], self.op(i)
        if op is None or len(edges) != (len(edges) if op.variadic else len(op.inputs)):
            return ()
        values, options = self._read(i)
        own = {"onehot": self.name_of("onehot")}
        symbols = self._letters(op, edges, self.name) | own
        symbols |= {"g": self.derivative(i), _output(op): self.name(i)}
        numbers = self._letters(op, edges, self.value) | self._lengths(op, i) | own
        g = self._short(node.gradient, self.gradients.get(i) or f"∂{self.labels[i]}")
        numbers |= {"g": g, _output(op): self.value(i)}
        arrays, xs = self._arrays(op, edges, i), symbols_of(op, values)
        terms = []
        for edge in edges:
            if edge.contribution is None:
                continue
            rule = told(op, edge.input, values, node.value) or rule_source(
                op, edge.position, node.gradient, node.value, values, options, xs
            )
            rule, what = rule or "g", f"∂{op.name}/∂{edge.input}"
            local = local_source(rule) if "g." not in rule and len(rule) <= FORMULA_LIMIT else ""
            terms.append(
                Term(
                    edge.source,
                    edge.input,
                    self._readable(rule, {}, what, "g"),
                    self._summed(self._readable(rule, symbols, what, symbols["g"], arrays), edge),
                    self._summed(self._readable(rule, numbers, what, g, arrays), edge),
                    self._result(edge),
                    edge,
                    mathematics(local, symbols, self.dialect, arrays) if local else "",
                    mathematics(local, numbers, self.dialect, arrays) if local else "",
                    rule,
                )
            )
        return tuple(terms)

    def name_of(self, label: str) -> str:
        """A name that is not of a node, in the dialect."""
        return latex_name(label) if self.dialect is LATEX else label

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
        axes = axes if len(edge.summed) == 1 else f"({axes})"
        if self.dialect is LATEX:
            return rf"\sum_{{\mathrm{{axis={axes}}}}} \left({text}\right)"
        return f"Σ({text}, axis={axes})"

    def _result(self, edge: Edge) -> str:
        c = edge.contribution
        if np.ndim(c) == 0:
            return self._short(c, "")
        return brief(c)


# --- names -------------------------------------------------------------------------------------


def _output(op: Primitive) -> str:
    """The letter of the output in the rules of an operation."""
    return "y" if "y" not in op.inputs else "out"


def labels(graph: Snapshot, digits: int = 4, names: Mapping[int, str] | None = None) -> list[str]:
    """What each node is called in formulas; no two are called alike.

    What `names` says; its name; a number itself; `L` for a result without a name, else `v1`,
    `v2`, … for operations, `p1`, … for parameters, `c1`, … for arrays.
    """
    names = names or {}
    taken = {clean(node.name).strip().replace("/", ".") for node in graph.nodes if node.name}
    taken |= set(names.values())
    used = set(names.values())
    counters: dict[str, int] = {}
    found = []
    for i, node in enumerate(graph.nodes):
        if i in names:
            found.append(names[i])
            continue
        if node.kind == "constant" and np.ndim(node.value) == 0:
            found.append(number(float(node.value), digits))
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
