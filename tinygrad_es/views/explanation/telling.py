"""The chain rule of one graph, told: forward pass, backward pass, gradients, as a document.

A `Teller` has the two stories of a snapshot, in text and in LaTeX, and writes every node with
both.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from ...languages import say
from ..figures.figure import clean, shorten
from ..formulas import letters_of
from ..notation import LATEX, latex_name, mathematics
from ..snapshot import Edge, Snapshot
from ..story import Story, Term
from .document import (
    Array,
    Block,
    Equation,
    Formula,
    Part,
    Section,
    Sentence,
    Side,
    Step,
    Table,
    as_formula,
    is_block,
    is_whole,
    part_text,
    shape_text,
)
from .sentences import BROADCAST, case_of, sentence

__all__ = ["Teller"]


class Teller:
    """Writes the nodes of a snapshot in a language, with some digits."""

    def __init__(
        self,
        graph: Snapshot,
        language: str,
        digits: int,
        names: Mapping[int, str] | None = None,
        gradients: Mapping[int, str] | None = None,
    ) -> None:
        self.graph, self.language, self.digits = graph, language, digits
        self.story = Story(graph, digits=digits, names=names, gradients=gradients)
        self.latex = Story(graph, LATEX, digits, names, gradients)
        self.root = self.story.root

    # --- pieces ---

    def say(self, english: str, spanish: str) -> str:
        """The one of the two that is spoken."""
        return say((english, spanish), self.language)

    def both(self, method: str, *args: Any) -> Formula:
        """What both stories say."""
        return Formula(getattr(self.story, method)(*args), getattr(self.latex, method)(*args))

    def name(self, i: int) -> Formula:
        """The name of node i."""
        return self.both("name", i)

    def derivative(self, i: int) -> Formula:
        """∂L/∂(node i)."""
        return self.both("derivative", i)

    def array(self, value: Any) -> Array:
        """A number or an array."""
        return Array(value, self.digits)

    def shape(self, value: Any) -> tuple[Part, ...]:
        """The note beside an array that is written out: its shape."""
        seen = is_whole(value) or not np.size(value)
        return (f"({shape_text(value)})",) if np.ndim(value) and seen else ()

    def named(self, i: int) -> Equation:
        """`x = −2`."""
        value = self.graph.nodes[i].value
        own = self.own_name(i)
        note = (*self.shape(value), f" {own}") if own else self.shape(value)
        return Equation((self.name(i), self.array(value)), note)

    def own_name(self, i: int) -> str:
        """The name a node has where it is called otherwise here."""
        own = clean(self.graph.nodes[i].name or "").strip()
        return shorten(own, 40) if own.replace("/", ".") != self.story.labels[i] else ""

    # --- forward ---

    def inputs(self, limit: int | None = None) -> list[Block]:
        """The leaves: numbers in one sentence, arrays one by one."""
        leaves = [
            i
            for i, node in enumerate(self.graph.nodes)
            if node.op is None and node.kind != "run" and not self.is_constant(i)
        ]
        rest = len(leaves) - limit if limit is not None else 0
        leaves = leaves[:limit]
        numbers = [i for i in leaves if not np.ndim(self.graph.nodes[i].value)]
        found: list[Block] = []
        parts: list[Part] = []
        for i in numbers:
            parts += [", "] if parts else []
            parts.append(self.equal(self.name(i), self.array(self.graph.nodes[i].value)))
        if parts:
            found.append(Sentence(tuple(parts)))
        found += [self.named(i) for i in leaves if np.ndim(self.graph.nodes[i].value)]
        return found + ([self.and_more(rest)] if rest > 0 else [])

    def and_more(self, count: int) -> Block:
        """The line in the place of the rest of a list."""
        return Sentence((self.say(f"… and {count:,} more.", f"… y {count:,} más."),))

    def is_constant(self, i: int) -> bool:
        """Whether node i is a number that stands in formulas itself."""
        node = self.graph.nodes[i]
        return node.kind == "constant" and not np.ndim(node.value) and not node.name

    def equal(self, left: Formula, right: Side) -> Formula:
        """`left = right` as one formula."""
        right = as_formula(right)
        return Formula(f"{left.text} = {right.text}", f"{left.latex} = {right.latex}")

    def forward(self, i: int) -> Block:
        """`q = x + y = −2 + 5 = 3`."""
        node = self.graph.nodes[i]
        if node.kind == "run":
            count = node.options.get("operations", 0)
            return Sentence((self.left_out(count),))
        sides: list[Side] = [self.name(i), self.both("forward", i)]
        numbers = [self.graph.nodes[edge.source].value for edge in self.story.incoming[i]]
        if numbers and not any(np.ndim(v) for v in numbers):
            sides.append(self.both("plugged", i))
        return self.equation([*sides, self.array(node.value)], self.shape(node.value))

    def left_out(self, count: int) -> str:
        """The line in the place of what is not told."""
        return self.say(
            f"… {count:,} operations are left out here; explain(…, limit=None) tells all. …",
            f"… aquí se omiten {count:,} operaciones; explain(…, limit=None) las cuenta todas. …",
        )

    def equation(
        self, sides: Iterable[Side], note: tuple[Part, ...] = (), **options: Any
    ) -> Equation:
        """An equation in which no two neighbours say the same."""
        kept: list[Side] = []
        for side in sides:
            if not kept or part_text(side) != part_text(kept[-1]):
                kept.append(side)
        return Equation(tuple(kept), note, **options)

    # --- backward ---

    def begin(self) -> Block:
        """∂f/∂f = 1."""
        g = self.graph.nodes[self.root].gradient
        words = self.say(
            "The backward pass begins at the end: ", "La pasada hacia atrás empieza por el final: "
        )
        return Sentence((words, self.equal(self.both("total", self.root), self.array(g)), "."))

    def arrival(self, i: int, once: bool = False) -> tuple[Part, ...]:
        """What arrives at node i: one gradient, or the sum of several."""
        g = self.array(self.graph.nodes[i].gradient)
        edges = [] if once else self.story.arriving(i)
        what = self.derivative(i)
        if i in self.story.gradients:  # δ² = ∂C/∂z²
            what = self.equal(what, self.both("total", i))
        if len(edges) < 2:
            return (self.say("Arrives: ", "Llega: "), *self.value_of(what, g))
        words = self.say(f"Arrives {self.times(len(edges))}: ", f"Llega {self.times(len(edges))}: ")
        return (words, *self.value_of(what, g, self.summands(edges)))

    def value_of(self, what: Formula, g: Array, terms: Formula | None = None) -> tuple[Part, ...]:
        """`∂f/∂q = −4`; of an array the shape, and of a matrix no more than that."""
        shape = f" ({shape_text(g.value)})" if np.ndim(g.value) else ""
        if is_block(g) or not (np.ndim(g.value) == 0 or is_whole(g.value)):
            return (what, shape)
        right = g if terms is None else self.equal(terms, g)
        return (self.equal(what, right), shape)

    def times(self, count: int) -> str:
        """Twice, 3 times."""
        if count == 2:
            return self.say("twice", "dos veces")
        return self.say(f"{count} times", f"{count} veces")

    def summands(self, edges: list[Edge]) -> Formula | None:
        """`3 + (−1)`; nothing for what does not stand in a line."""
        if any(np.ndim(e.contribution) for e in edges) or len(edges) > 12:
            return None
        texts, latexs = [], []
        for k, edge in enumerate(edges):
            c = float(edge.contribution)
            text, latex = self.story.number(c), self.latex.number(c)
            closed = k and text.startswith("−")
            texts.append(f"({text})" if closed else text)
            latexs.append(rf"\left({latex}\right)" if closed else latex)
        return Formula(" + ".join(texts), " + ".join(latexs))

    def step(self, i: int, number: int) -> list[Block]:
        """One operation: what arrives, its sentence, and what it sends."""
        made = self.equal(self.name(i), self.both("forward", i))
        op = self.graph.nodes[i].op or ""
        found: list[Block] = [Step(number, (made, ". ", *self.arrival(i))), *self.total(i)]
        edges = self.story.incoming[i]
        values = {edge.input: self.graph.nodes[edge.source].value for edge in edges}
        receivers = [edge.input for edge in edges if edge.contribution is not None]
        told = sentence(case_of(op, values, receivers), self.language)
        found.append(Sentence((told,), inside=True))
        found += self.terms(i)
        if any(edge.summed for edge in edges) and op not in (
            "linear",
            "broadcast_to",
        ):
            found.append(Sentence((say(BROADCAST, self.language),), inside=True))
        return found

    def total(self, i: int, inside: bool = True) -> list[Block]:
        """The sum of several matrices that arrive at node i: a line of its own."""
        g = self.array(self.graph.nodes[i].gradient)
        if len(self.story.arriving(i)) < 2 or not is_block(g):
            return []
        return [Equation((self.derivative(i), g), self.shape(g.value), inside=inside)]

    def terms(self, i: int) -> list[Block]:
        """What operation i sends, one equation for each input."""
        pairs = zip(self.story.step(i).terms, self.latex.step(i).terms, strict=True)
        return [self.term(i, text, latex) for text, latex in pairs]

    def term(self, i: int, text: Term, latex: Term) -> Equation:
        """`∂f/∂x = ∂f/∂q·∂q/∂x = −4·1 = −4`."""
        value = self.array(text.edge.contribution)
        sides = self.chain(i, text, latex)
        note = self.shapes(i, text) or self.shape(value.value)
        arriving = self.story.arriving(text.source)
        if len(arriving) < 2:
            whole = [self.derivative(text.source), *sides, value]
            return self.equation(whole, note, inside=True)
        place = 1 + self.story.rank(text.edge)
        of = self.say(f"({place} of {len(arriving)})", f"({place} de {len(arriving)})")
        lead = (self.say("for ", "para "), self.derivative(text.source), ":")
        note = (*note, " " if note else "", of)
        return self.equation([*sides, value], note, lead=lead, inside=True)

    def chain(self, i: int, text: Term, latex: Term) -> list[Side]:
        """The sides between the derivative and its number."""
        symbols, numbers = (
            Formula(text.symbols, latex.symbols),
            Formula(text.numbers, latex.numbers),
        )
        local = Formula(text.local, latex.local)
        factor = Formula(text.factor, latex.factor)
        node = self.graph.nodes[i]
        scalar = not np.ndim(node.value) and not np.ndim(text.edge.contribution)
        if text.edge.summed:
            return [symbols]
        if i == self.root and local.text and not np.ndim(node.value) and float(node.gradient) == 1:
            return [local, factor] if scalar else [local]
        op = self.story.op(i)
        if not local.text or op is None or not op.elementwise:
            return [symbols, numbers] if scalar else [symbols]
        bare = local.text == factor.text and local.text.lstrip("−").replace(".", "").isdecimal()
        uses = [edge for edge in self.story.incoming[i] if edge.source == text.source]
        sides: list[Side] = []
        if len(uses) == 1 and (scalar or not bare):
            ratio = self.both("ratio", i, text.source)
            sides.append(self.product(self.derivative(i), ratio, bool(np.ndim(node.value))))
        if not bare or not scalar:
            sides.append(symbols)
        if scalar and bare:
            g = float(node.gradient)
            numbers = self.product(Formula(self.story.number(g), self.latex.number(g)), factor)
        return [*sides, numbers] if scalar else sides

    def product(self, left: Formula, right: Formula, arrays: bool = False) -> Formula:
        """`left·right`, with the parentheses that it needs."""
        letters = "gl" if arrays else ""
        if " @ " in left.text:
            left = Formula(f"({left.text})", rf"\left({left.latex}\right)")
        text = mathematics("g * l", {"g": left.text, "l": right.text}, arrays=letters)
        latex = mathematics("g * l", {"g": left.latex, "l": right.latex}, LATEX, letters)
        return Formula(text, latex)

    def shapes(self, i: int, term: Term) -> tuple[Part, ...]:
        """The shapes of a matrix product: `(3×2)ᵀ @ (3×1)`."""
        op = self.story.op(i)
        if op is None or op.name not in ("matmul", "linear"):
            return ()
        edges = self.story.incoming[i]
        values = {
            k: self.graph.nodes[e.source].value for k, e in zip(letters_of(op, len(edges)), edges)
        }
        values["g"] = self.graph.nodes[i].gradient
        if not all(np.ndim(v) for v in values.values()) or "reshape" in term.code:
            return ()
        if "@" not in term.code:
            return ()
        names = {k: f"({shape_text(v)})" for k, v in values.items()}
        own = shape_text(term.edge.contribution)
        return (f"({own}) = {mathematics(term.code, names)}",)

    def leaf_sum(self, i: int) -> list[Block]:
        """For a leaf that is used several times: the sum of what arrived."""
        edges = self.story.arriving(i)
        uses = self.times(len(edges))
        words = self.say(
            f" is used {uses}, so what arrives adds up: ",
            f" se usa {uses}, así que lo que llega se suma: ",
        )
        g = self.array(self.graph.nodes[i].gradient)
        value = self.value_of(self.derivative(i), g, self.summands(edges))
        return [Sentence((self.name(i), words, *value)), *self.total(i, inside=False)]

    # --- summary ---

    def both_names(self, i: int) -> Formula:
        """The name of node i, and behind it the one its owner gave it."""
        name, own = self.name(i), self.own_name(i)
        if not own:
            return name
        return Formula(f"{name.text}  {own}", rf"{name.latex} \quad {latex_name(own)}")

    def summary(self, limit: int | None) -> list[Block]:
        """The table of the gradients of leaves."""
        leaves = [
            i
            for i, node in enumerate(self.graph.nodes)
            if node.op is None and node.gradient is not None
        ]
        shown = leaves if limit is None else leaves[:limit]
        head = (
            self.say("name", "nombre"),
            self.say("shape", "forma"),
            self.say("value", "valor"),
            self.say("gradient", "gradiente"),
        )
        rows = [
            (
                self.both_names(i),
                shape_text(self.graph.nodes[i].value) or self.say("number", "número"),
                self.array(self.graph.nodes[i].value),
                self.array(self.graph.nodes[i].gradient),
            )
            for i in shown
        ]
        found: list[Block] = [
            Section(self.say("Gradients", "Gradientes")),
            Table(head, tuple(rows)),
        ]
        if len(shown) < len(leaves):
            found.append(self.and_more(len(leaves) - len(shown)))
        return found
