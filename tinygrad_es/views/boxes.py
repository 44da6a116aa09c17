"""What a drawing shows: a snapshot, folded or not, whole or step by step, as boxes and arrows."""

from __future__ import annotations

from collections.abc import Mapping
from math import log10
from typing import Any

import numpy as np

from ..languages import say
from .failure import operand_rows
from .figures.figure import Arrow, Box, Figure, Row
from .fold import Item, Link, Outline, fold
from .notation import number
from .numbers import brief, heat, rms, short
from .snapshot import Edge, Node, Snapshot
from .story import Story

__all__ = ["DIRECTIONS", "figure_of"]

DIRECTIONS = ("both", "forward", "backward")
SPELT = 300  # nodes up to which titles are formulas
LABELLED = 60  # boxes up to which arrows carry numbers
ROOMY = 8  # closed layers up to which their boxes show weights and heat maps
TITLE = 44  # characters of a formula that still is a title
WEIGHTS = 3  # weights of a layer whose gradients its box shows
SUBSCRIPTS = str.maketrans("0123456789, ", "₀₁₂₃₄₅₆₇₈₉,\u200a")

WORDS = {
    "value": ("value", "valor"),
    "grad": ("grad", "gradiente"),
    "by hand": ("by hand", "a mano"),
    "right": ("✓ right", "✓ bien"),
    "wrong": ("✗ wrong", "✗ mal"),
    "carried": ("~ carried error", "~ error arrastrado"),
    "inconclusive": ("? not comparable", "? no comparable"),
    "exact": ("0 exactly", "0 exacto"),
    "constant": ("constant", "constante"),
    "input": ("input", "entrada"),
    "once": ("∂ backward pass", "∂ pasada hacia atrás"),
    "twice": ("∂∂ second backward pass", "∂∂ segunda pasada hacia atrás"),
    "operation": ("operation", "operación"),
    "operations": ("operations", "operaciones"),
    "calls": ("calls of one layer", "llamadas de una capa"),
    "layers": ("layers alike", "capas iguales"),
    "legend": (
        "→ value, forward ▪ ⇠ gradient, back: what arrives · local derivative = what is passed on; "
        "thicker: larger ▪ bar: parameter ▪ round: input ▪ dashed: constant ▪ double border: "
        "result ▪ two sheets: layer ▪ Σ: sum of what arrives, or over a broadcast axis ▪ "
        "—: no gradient was computed",
        "→ valor, hacia delante ▪ ⇠ gradiente, hacia atrás: lo que llega · derivada local = lo que "
        "se pasa; más gruesa: mayor ▪ barra: parámetro ▪ redonda: entrada ▪ a trazos: constante ▪ "
        "borde doble: resultado ▪ dos hojas: capa ▪ Σ: suma de lo que llega, o sobre un eje de "
        "broadcasting ▪ —: no se calculó ningún gradiente",
    ),
}


def figure_of(
    graph: Snapshot | Outline,
    title: str = "",
    rankdir: str = "LR",
    *,
    direction: str = "both",
    labels: bool | None = None,
    legend: bool = False,
    flags: Mapping[int, str] | None = None,
    note: str = "",
    language: str | None = None,
    step: int | None = None,
    failed: int | None = None,
    by_hand: Mapping[int, tuple[str, Any]] | None = None,
) -> Figure:
    """The boxes and arrows of a snapshot or of its outline.

    Args:
        graph: what to show.
        title: above the picture.
        rankdir: "LR" or "TB".
        direction: "forward" (values), "backward" (gradients), or "both" over one layout.
        labels: whether arrows carry numbers; by default up to 60 boxes.
        legend: whether the caption explains the signs.
        flags: warnings by node.
        note: the caption.
        language: "en" or "es".
        step: only so many operations of the backward pass have been done, the last is active.
        failed: the node that could not be computed.
        by_hand: by node a verdict ("right", "wrong", "carried") and the gradient made by hand.
    """
    outline = fold(graph) if isinstance(graph, Snapshot) else graph
    painter = _Painter(outline, direction, labels, flags or {}, language, step, failed)
    painter.by_hand = by_hand or {}
    signs = say(WORDS["legend"], language) if legend else ""
    return painter.figure(title, rankdir, " ▪ ".join(filter(None, [note, signs])))


def _carries(edge: Edge) -> bool:
    return edge.contribution is not None


class _Painter:
    def __init__(
        self,
        outline: Outline,
        direction: str,
        labels: bool | None,
        flags: Mapping[int, str],
        language: str | None,
        step: int | None,
        failed: int | None,
    ) -> None:
        self.outline, self.graph = outline, outline.graph
        self.direction = direction
        layers = sum(bool(item.groups) for item in outline.items)
        self.roomy = layers <= ROOMY
        few = len(outline.items) <= LABELLED and self.roomy
        self.labelled = few if labels is None else labels
        self.flags = flags
        self.failed = failed
        self.by_hand: Mapping[int, tuple[str, Any]] = {}
        self.words = {key: say(pair, language) for key, pair in WORDS.items()}
        self.story = Story(self.graph) if len(self.graph.nodes) <= SPELT else None
        self.done = self._done(step)
        self.active = -1
        if step is not None and step > 0 and self.story:
            self.active = self.story.steps[step - 1].node
        self.outgoing = self.graph.outgoing()

    def _done(self, step: int | None) -> set[int] | None:
        """The operations whose rules have been applied; None for all."""
        if step is None or self.story is None:
            return None
        return {done.node for done in self.story.steps[:step]}

    def figure(self, title: str, rankdir: str, note: str) -> Figure:
        boxes = [self.box(k, item) for k, item in enumerate(self.outline.items)]
        arrows = []
        sizes = [rms(edge.contribution) for edge in self.graph.edges if _carries(edge)]
        largest = max([size for size in sizes if size < float("inf")], default=0.0)
        for link in self.outline.links:
            if self.direction != "backward":
                arrows.append(Arrow(link.source, link.target))
            if self.direction != "forward" and any(map(_carries, link.edges)):
                arrows.append(self.back(link, largest))
            elif self.direction == "backward":
                arrows.append(Arrow(link.source, link.target))
        return Figure(boxes, arrows, title, rankdir, note.strip())

    # --- arrows ---

    def _sent(self, edge: Edge) -> bool:
        return _carries(edge) and (self.done is None or edge.target in self.done)

    def back(self, link: Link, largest: float) -> Arrow:
        edges = [edge for edge in link.edges if _carries(edge)]
        size = max([rms(edge.contribution) for edge in edges])
        width = 1
        if 0 < size <= largest:
            width = max(1, 4 - round(log10(largest) - log10(size)))
        label = self.label(edges) if self.labelled else ""
        mark = "active" if any(edge.target == self.active for edge in edges) else ""
        if not any(map(self._sent, edges)):
            mark = "hidden"  # it keeps its place from frame to frame
        return Arrow(link.target, link.source, label, "backward", width, mark)

    def label(self, edges: list[Edge]) -> str:
        """What is passed on over a link: `1·(−4) = −4`, or an array's shape and size."""
        if len(edges) == 1 or len({edge.source for edge in edges}) > 1:
            edge = edges[0]
            more = f" … ×{len(edges)}" if len(edges) > 1 else ""
            arriving, local = self.graph.nodes[edge.target].gradient, edge.local
            if local is not None and np.ndim(local) == np.ndim(arriving) == 0:
                factor = number(float(local))
                factor = f"({factor})" if factor.startswith("−") else factor
                passed = number(float(edge.contribution))
                return f"{number(float(arriving))}·{factor} = {passed}{more}"
            axes = "".join(map(str, edge.summed)) if max(edge.summed, default=0) < 10 else ""
            sign = f"Σ{axes.translate(SUBSCRIPTS)} " if edge.summed else ""
            return sign + brief(edge.contribution) + more
        return "Σ " + brief(sum(edge.contribution for edge in edges))

    # --- boxes ---

    def box(self, k: int, item: Item) -> Box:
        if item.groups:
            return self.layer(k, item)
        (i,) = item.nodes
        node = self.graph.nodes[i]
        if node.kind == "run":
            count = f"{node.options['operations']:,} {self.words['operations']}"
            return Box(f"n{i}", "…", (), "layer", count)
        if i == self.failed:
            received = [Row(*row) for row in operand_rows(self.graph, i)]
            title = node.symbol or node.op or "?"
            return Box(f"n{i}", f"✗ {title}", tuple(received), node.kind, node.line, mark="failed")
        rows = [] if self.direction == "backward" else [self.row("value", node.value)]
        if node.kind != "constant" and self.direction != "forward":
            rows.append(self.gradient(i, node))
        mark, flag = "", self.flags.get(i, "")
        if i in self.by_hand:
            verdict, mine = self.by_hand[i]
            rows.append(self.row("by hand", mine))
            flag = " ".join(filter(None, [self.words[verdict], flag]))
            mark = verdict if verdict != "inconclusive" else ""
        if self.done is not None and node.op is not None:
            mark = "active" if i == self.active else "done" if i in self.done else "waiting"
        return Box(
            f"n{i}",
            self.title(i, node),
            tuple(rows),
            node.kind,
            self.note(node),
            flag,
            node.scope.order if node.op is not None else 0,
            mark,
        )

    def note(self, node: Node) -> str:
        """Where it comes from: the user's line, the layer, and which backward pass."""
        where = node.line or str(node.scope)
        if node.op is None or not node.scope.order:
            return where
        passes = self.words["once" if node.scope.order == 1 else "twice"]
        return f"{passes} · {where}" if where else passes

    def row(self, label: str, value: Any) -> Row:
        size = np.size(value) if value is not None else 0
        cells = heat(value) if size > 4 and self.labelled else ()
        return Row(self.words[label], short(value), cells)

    def compact(self, label: str, value: Any) -> Row:
        """A row of a layer: shorter, and without a heat map where there are many layers."""
        return self.row(label, value) if self.roomy else Row(self.words[label], brief(value))

    def gradient(self, i: int, node: Node) -> Row:
        """The gradient so far; where several contributions arrive, their sum is spelt out."""
        terms = [e.contribution for e in self.outgoing[i] if e.contribution is not None]
        whole = self.summed(node.gradient, terms)
        if self.done is None or not terms:
            return whole
        sent = [e.contribution for e in self.outgoing[i] if self._sent(e)]
        row = self.summed(sum(sent) if sent else None, sent)
        width = len(whole.text)  # the box keeps its size from frame to frame
        return row._replace(text=row.text.rjust(width), heat=row.heat and whole.heat)

    def summed(self, value: Any, terms: list[Any]) -> Row:
        row = self.row("grad", value)
        if value is None:
            return row
        if np.ndim(value) == 0 and float(value) == 0.0:
            return row._replace(text=self.words["exact"])
        if 1 < len(terms) <= 4 and np.ndim(value) == 0:
            parts = [number(float(term)) for term in terms]
            parts = [parts[0], *(f"({p})" if p.startswith("−") else p for p in parts[1:])]
            return row._replace(text=f"Σ {' + '.join(parts)} = {number(float(value))}")
        if len(terms) > 1:
            return row._replace(text=f"Σ({len(terms)}) {row.text}")
        return row

    def title(self, i: int, node: Node) -> str:
        """`x`, `q = x + y`, or the symbol of the operation where its inputs have no names."""
        if node.op is None:
            return node.name or self.words.get(node.kind, "Tensor")
        formula = node.symbol or node.op
        if self.story is not None and all(map(self.named, self.story.incoming[i])):
            spelt = self.story.forward(i)
            formula = spelt if 0 < len(spelt) <= TITLE else formula
        if not node.name:
            return formula
        plain = formula == (node.symbol or node.op)
        return f"{node.name} ({formula})" if plain else f"{node.name} = {formula}"

    def named(self, edge: Edge) -> bool:
        node = self.graph.nodes[edge.source]
        return bool(node.name) or (node.kind == "constant" and np.ndim(node.value) == 0)

    # --- layers ---

    def layer(self, k: int, item: Item) -> Box:
        """The box of a closed layer: what it gives, what comes back, its weights' gradients."""
        nodes, first = self.graph.nodes, item.groups[0]
        exits = self.exits(item)
        last = nodes[exits[-1]] if exits else nodes[item.nodes[-1]]
        rows = [] if self.direction == "backward" else [self.compact("value", last.value)]
        if self.direction != "forward":
            rows.append(self.compact("grad", last.gradient))
            weights = [nodes[i] for i in item.nodes if nodes[i].kind == "parameter"]
            weights = weights if self.roomy else []
            for weight in weights[:WEIGHTS] if not item.distinct else ():
                called = (weight.name or "").rpartition("/")[2] or "Tensor"
                rows.append(Row(f"∂{called}", brief(weight.gradient)))
            if len(weights) > WEIGHTS and not item.distinct:
                rows.append(Row("…", f"+{len(weights) - WEIGHTS}"))
        count = sum(nodes[i].op is not None for i in item.nodes)
        title = first.title
        note = f"{count} {self.words['operations' if count != 1 else 'operation']}"
        if len(item.groups) > 1:
            mark = "∂" * first.order + " " * bool(first.order)
            if item.distinct:
                title = f"{mark}{first.name} … {item.groups[-1].name}  +{len(item.groups) - 1}"
                note = f"{len(item.groups)} {self.words['layers']}, {note}"
            else:
                title = f"{mark}{first.name}  ×{len(item.groups)}"
                note = f"{len(item.groups)} {self.words['calls']}, {note}"
        flagged = [self.flags[i] for i in item.nodes if i in self.flags]
        flag = (
            flagged[0] + (f" (+{len(flagged) - 1})" if len(flagged) > 1 else "") if flagged else ""
        )
        return Box(f"g{k}", title, tuple(rows), "layer", note, flag, first.order)

    def exits(self, item: Item) -> list[int]:
        """The nodes of a layer that are used outside of it."""
        inside = set(item.nodes)
        found = [i for i in item.nodes if self.graph.nodes[i].op is not None]
        return [i for i in found if any(e.target not in inside for e in self.outgoing[i])]
