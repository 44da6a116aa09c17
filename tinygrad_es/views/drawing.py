"""`draw(loss)`: the graph with the value and the gradient of every node, and what the rules say."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from ..autodiff.errors import describe
from ..autodiff.order import topological
from ..autodiff.tensor import Tensor
from ..languages import chosen
from .boxes import DIRECTIONS, figure_of
from .compare import verdicts
from .data import to_json
from .failure import failed_graph
from .figures.engines import asked_for
from .figures.figure import Figure
from .figures.pictures import Drawing
from .flags import flagged
from .fold import Outline, fold
from .html import still_page, to_html
from .names import caller_names, named_arrays
from .snapshot import Edge, Snapshot, read
from .story import Story
from .subject import ForwardFailed, derived, is_model, merged_names, recorded
from .text import judged_text, to_text, why_nothing

__all__ = ["Drawing", "GraphDrawing", "draw", "figure_of"]

MANY = 300  # nodes, above which layers are closed unless something else is asked for
CROWDED = 60  # boxes, above which repeats become one box as well
LONGEST = 300  # operations in single file, of which more are drawn by their ends


class GraphDrawing(Drawing):
    """A drawing of a recorded graph: beside the figure it has the graph's numbers and steps."""

    def __init__(
        self,
        outline: Outline,
        settings: Mapping[str, Any],
        engine: str | None = None,
        error: BaseException | None = None,
    ) -> None:
        super().__init__(figure_of(outline, **settings), engine)
        self.outline = outline
        self.graph: Snapshot = outline.graph
        self.settings = dict(settings)
        self.error = error  # what the forward pass raised, where it did

    def html(self) -> str:
        """A page to step through the backward pass: one file that needs nothing else.

        With gradients by hand it is the picture with its verdicts: there is nothing to step through
        but the reference.
        """
        title, language = self.settings.get("title", ""), self.settings.get("language")
        by_hand = self.settings.get("by_hand")
        if by_hand:
            words = judged_text(self.graph, by_hand, language)
            return still_page(self.svg(), words, title=title, language=language)
        return to_html(self.graph, title=title, language=language)

    def json(self) -> str:
        """All nodes, edges, numbers, layers and steps as JSON, nothing folded."""
        return to_json(self.graph)

    def text(self) -> str:
        """The forward and the backward pass in lines of text; or up to where it failed, and why.

        Gradients by hand follow, each with its verdict.
        """
        language = self.settings.get("language")
        text = to_text(self.graph, language, self.settings["note"] if self.error else "")
        by_hand = self.settings.get("by_hand")
        return f"{text}\n{judged_text(self.graph, by_hand, language)}" if by_hand else text

    def without_gradients(self) -> GraphDrawing:
        """The same drawing without any number of the backward pass, but those by hand."""
        graph = self.graph
        nodes = tuple(node._replace(gradient=None) for node in graph.nodes)
        bare = self.outline._replace(
            graph=graph._replace(nodes=nodes, edges=_bare(graph.edges)),
            links=tuple(k._replace(edges=_bare(k.edges)) for k in self.outline.links),
        )
        return GraphDrawing(bare, self.settings, self.engine, self.error)

    def __repr__(self) -> str:
        shown = super().__repr__()
        failed = f", up to the {type(self.error).__name__};"
        return shown.replace(";", failed, 1) if self.error is not None else shown

    def frames(self) -> list[Figure]:
        """The backward pass in pictures: before it, and after each operation."""
        if len(self.graph.nodes) > MANY:
            raise ValueError(
                f"frames: expected a graph of at most {MANY} nodes. Received: "
                f"{len(self.graph.nodes)}; .html() steps through larger ones."
            )
        count = len(Story(self.graph).steps)
        return [
            figure_of(self.outline, **self.settings | {"step": step, "labels": True})
            for step in range(count + 1)
        ]

    def save_frames(self, folder: str | os.PathLike[str]) -> list[Any]:
        """Write the frames as `step_00.svg`, `step_01.svg`, … into a folder; returns the paths."""
        figures = self.frames()
        digits = max(2, len(str(len(figures))))
        os.makedirs(folder, exist_ok=True)
        return [
            Drawing(figure, self.engine).save(os.path.join(folder, f"step_{k:0{digits}}.svg"))
            for k, figure in enumerate(figures)
        ]


def draw(
    root: Any,
    *inputs: Any,
    gradient: Any = None,
    by_hand: Mapping[str, Any] | None = None,
    order: int = 0,
    names: Any = True,
    direction: str = "both",
    collapse: str | int | bool | None = None,
    focus: str | Iterable[str] = (),
    repeats: bool | None = None,
    constants: bool = True,
    labels: bool | None = None,
    flags: bool = True,
    legend: bool = False,
    title: str = "",
    rankdir: str = "LR",
    engine: str | None = None,
    language: str | None = None,
) -> Drawing:
    """Draw a recorded graph: what was computed, forward, and what the chain rule sends back.

    Boxes have the value and the gradient of every node. Solid arrows carry values; dashed ones
    carry gradients back, and say what they do: `1·(−4) = −4` is (what arrives)·(the local
    derivative) = (what is passed on). The graph itself does not change.

    Args:
        root: a Tensor (for example a loss) or several; a model; a function; an error.
        *inputs: of a model or a function, which is called with them: `draw(f, x)`,
            `draw(model, x)`, `draw(model, x, y)` for its loss. A model alone is drawn by its
            layers. Where it fails, the graph up to the
            operation that failed is drawn, that one in red with what it received.
        gradient: what arrives at `root`; needed where it is more than one number.
        by_hand: gradients derived by hand, by the names of nodes. Right ones are green, wrong ones
            red; amber is an error that was only carried on: right given what arrives by hand.
        order: 0 for the graph, 1 for that of its gradients, 2 for theirs.
        names: True for the names of the caller's variables, False, or a mapping like `locals()`.
            A Tensor's own name comes first.
        direction: "both", "forward" (values only) or "backward" (gradients only).
        collapse: "layers" draws each layer as one box, a number all layers at that depth, False
            none; by default layers, where there are more than 300 nodes.
        focus: layers that stay open while everything else is closed.
        repeats: several calls of a layer as one box (×N), and alike layers in a chain as one (+N);
            by default where more than 60 boxes would be left.
        constants: whether numbers and arrays that have no name are drawn.
        labels: whether arrows carry numbers; by default up to 60 boxes.
        flags: whether what is wrong is said: vanishing, exploding, dead, saturated, NaN.
        legend: whether the caption explains the signs.
        title: above the picture.
        rankdir: "LR" from left to right, "TB" from top to bottom.
        engine: "dot" or "pygraphviz" (both are Graphviz) or "builtin"; by default what is there.
        language: "en" or "es"; by default that of `set_language`.

    Returns:
        A Drawing: it shows itself in a notebook, and has `.svg() .dot() .html() .mermaid()
        .json() .text() .graphviz() .frames() .save(path)`.

    Raises:
        TypeError: `root` is none of these; a title, gradients by hand, names of layers that are
            something else.
        ValueError: an unknown direction, depth, layer, engine, language.

    >>> from tinygrad_es import Tensor, draw
    >>> x, y = Tensor(-2.0, requires_grad=True), Tensor(5.0)
    >>> draw(x * y)
    <Drawing of 3 nodes; .svg(), .dot(), .save('graph.svg')>
    >>> print(draw(lambda a, b: a * b, 3.0, 4.0).text())
    forward
      a = 3
      b = 4
      L = a·b = 12
    backward
      ∂L/∂L = 1
      ∂L/∂a = ∂L/∂L·b = 1·4 = 4
      ∂L/∂b = ∂L/∂L·a = 1·3 = 3
    """
    if not isinstance(direction, str) or direction not in DIRECTIONS:
        raise ValueError(f"direction: expected one of {DIRECTIONS}. Received: {direction!r}.")
    chosen(language)
    asked_for(engine)
    _check(title, by_hand)
    opened = _layer_names(focus)
    if is_model(root) and not inputs:
        if by_hand:
            raise ValueError("by_hand: expected a recorded loss, draw(model, x, y, by_hand=…).")
        return Drawing(root.as_figure(rankdir, shapes=True, names=True), engine)
    called = caller_names(names, 1)
    settings: dict[str, Any] = {"title": title, "rankdir": rankdir, "direction": direction}
    settings |= {"labels": labels, "legend": legend, "language": language}
    error: BaseException | None = root if isinstance(root, BaseException) else None
    graph = None
    if error is None:
        try:
            roots, own = recorded(root, inputs)
            called = merged_names(called, own)
            roots = derived(roots, order, gradient, called)
            gradient = gradient if order == 0 else None
            graph, places = read(roots, gradient, called, LONGEST)
            if by_hand:
                settings["by_hand"] = _judged(roots, by_hand, called, gradient, places)
        except ForwardFailed as failed:
            error, called = failed.error, merged_names(called, failed.names)
    if error is not None:
        failure = failed_graph(error, called)
        graph = failure.graph
        settings |= {"failed": failure.place, "note": failure.message, "direction": "forward"}
    assert graph is not None
    graph = named_arrays(graph, names, 1)
    if flags and error is None:
        found = flagged(graph, language)
        settings |= {"flags": found.words(language), "note": "; ".join(found.reasons)}
    if error is None and direction != "forward" and not settings.get("note"):
        settings["note"] = why_nothing(graph, language)
    outline = _folded(graph, collapse, opened, repeats, constants)
    return GraphDrawing(outline, settings, engine, error)


def _bare(edges: Iterable[Edge]) -> tuple[Edge, ...]:
    """Arrows that carry values only."""
    return tuple(edge._replace(contribution=None, local=None) for edge in edges)


def _check(title: Any, by_hand: Any) -> None:
    if not isinstance(title, str):
        raise TypeError(f"title: expected a text. Received: {describe(title)}.")
    if by_hand is not None and not isinstance(by_hand, Mapping):
        raise TypeError(
            "by_hand: expected a mapping from names of nodes to gradients, {'W1': dW1}. Received: "
            f"{describe(by_hand)}."
        )


def _layer_names(focus: Any) -> list[str]:
    names: list[Any] = [focus]
    if np.iterable(focus) and not isinstance(focus, str):
        names = list(focus)
    if not all(isinstance(name, str) for name in names):
        raise TypeError(
            "focus: expected the name of a layer, or several in a list. Received: "
            f"{describe(focus)}."
        )
    return names


def _judged(
    roots: list[Tensor],
    by_hand: Mapping[str, Any],
    names: Mapping[int, str],
    gradient: Any,
    places: Mapping[int, int],
) -> dict[int, tuple[str, Any]]:
    """The verdict on each gradient by hand, and the gradient, by its place in the graph."""
    if len(roots) != 1:
        raise ValueError(f"by_hand: expected one result. Received: {len(roots)}.")
    found = verdicts(roots[0], by_hand, names, gradient)
    newest_last = reversed(topological(roots))  # of several nodes of one name the newest counts
    nodes = {node.name or names.get(node.index): node for node in newest_last}
    return {places[nodes[name].index]: (verdict, by_hand[name]) for name, verdict in found.items()}


def _folded(
    graph: Snapshot,
    collapse: str | int | bool | None,
    focus: list[str],
    repeats: bool | None,
    constants: bool,
) -> Outline:
    if collapse is None and not focus and len(graph.nodes) > MANY:
        collapse = "layers"
    outline = fold(graph, collapse, focus, bool(repeats), constants)
    closed = any(item.groups for item in outline.items)
    if repeats is None and closed and len(outline.items) > CROWDED:
        outline = fold(graph, collapse, focus, True, constants)
    return outline
