"""`draw(loss)`: the graph with the value and the gradient of every node, as DOT or SVG."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np

from .dot import to_dot
from .figure import Arrow, Box, Figure
from .snapshot import Node, Snapshot, snapshot
from .svg import to_svg

__all__ = ["Drawing", "draw"]

ENGINES = ("dot", "builtin")
TIME_LIMIT = 20.0  # seconds for Graphviz: a random graph of 200 nodes can take it minutes
LARGE = 2000  # boxes, from which on Graphviz is not tried
_INFIX = frozenset(["+", "−", "·", "/", "@", "^", "%", "//"])


class Drawing:
    """A figure of a graph. In a notebook it shows itself; `.dot()` and `.svg()` are its texts."""

    def __init__(self, figure: Figure, engine: str | None = None) -> None:
        self.figure = figure
        self.engine = engine

    def dot(self) -> str:
        """The graph in Graphviz' language; the same in every run."""
        return to_dot(self.figure)

    def svg(self) -> str:
        """The picture, drawn by Graphviz' `dot` where it is installed, else by the built-in layout.

        Order of choice: the `engine` of `draw`, the environment variable TINYGRAD_ES_ENGINE
        ("dot" or "builtin"), `dot` on the PATH, the built-in layout.

        Raises:
            ValueError: an unknown engine.
            FileNotFoundError: engine "dot" was asked for and is not installed.
        """
        asked = self.engine or os.environ.get("TINYGRAD_ES_ENGINE") or None
        if asked is not None and asked not in ENGINES:
            raise ValueError(f"engine: expected one of {ENGINES}. Received: {asked!r}.")
        program = shutil.which("dot")
        if asked == "dot" and program is None:
            raise FileNotFoundError(
                "engine 'dot' needs the program `dot` of Graphviz on the PATH (Debian: apt install "
                "graphviz; macOS: brew install graphviz; conda install graphviz). Without it, "
                "engine='builtin' draws the same graph."
            )
        if asked == "builtin" or program is None or (asked is None and self._is_large()):
            return to_svg(self.figure)
        try:
            return _by_graphviz(program, self.dot())
        except (subprocess.SubprocessError, OSError) as error:
            if asked == "dot" and not isinstance(error, subprocess.TimeoutExpired):
                raise
            late = isinstance(error, subprocess.TimeoutExpired)
            why = "did not answer in time" if late else "failed"
            note = f"{self.figure.note} (built-in layout: Graphviz {why})".strip()
            figure = self.figure
            return to_svg(Figure(figure.boxes, figure.arrows, figure.title, figure.rankdir, note))

    def _is_large(self) -> bool:
        return len(self.figure.boxes) > LARGE

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write `.svg` or `.dot`, by the ending of the path; returns the path.

        Raises:
            ValueError: another ending.
        """
        target = Path(path)
        writers = {".svg": self.svg, ".dot": self.dot, ".gv": self.dot}
        if target.suffix not in writers:
            raise ValueError(
                f"save: expected a path that ends in {', '.join(writers)}. Received: {str(path)!r}."
            )
        target.write_text(writers[target.suffix](), encoding="utf-8")
        return target

    def _repr_svg_(self) -> str:
        try:
            return self.svg()
        except Exception:  # a notebook must not break on its picture: the built-in one always works
            return to_svg(self.figure)

    def __repr__(self) -> str:
        n = len(self.figure.boxes)
        nodes = f"{n} node{'' if n == 1 else 's'}"
        return f"<Drawing of {nodes}; .svg(), .dot(), .save('graph.svg')>"


def draw(
    root: Any,
    *,
    gradient: Any = None,
    title: str = "",
    rankdir: str = "LR",
    engine: str | None = None,
) -> Drawing:
    """Draw the graph that ends in a Tensor: value and gradient on every node.

    Args:
        root: the last Tensor, for example a loss.
        gradient: what arrives at `root`; needed where it is more than one number.
        title: above the picture.
        rankdir: "LR" from left to right, "TB" from top to bottom.
        engine: "dot" (Graphviz) or "builtin"; by default what is there.

    >>> from tinygrad_es import Tensor, draw
    >>> x, y = Tensor(-2.0, requires_grad=True, name="x"), Tensor(5.0, name="y")
    >>> draw(x * y)
    <Drawing of 3 nodes; .svg(), .dot(), .save('graph.svg')>
    """
    return Drawing(figure_of(snapshot(root, gradient), title, rankdir), engine)


def figure_of(graph: Snapshot, title: str = "", rankdir: str = "LR") -> Figure:
    """The boxes and arrows of a snapshot."""
    inputs: list[list[int]] = [[] for _ in graph.nodes]
    for edge in graph.edges:
        inputs[edge.target].append(edge.source)
    boxes = []
    for i, node in enumerate(graph.nodes):
        rows = [("value", short(node.value))]
        if node.kind != "constant":
            rows.append(("grad", "—" if node.gradient is None else short(node.gradient)))
        boxes.append(Box(f"n{i}", _title(graph, i, inputs[i]), tuple(rows), node.kind, node.scope))
    arrows = [Arrow(edge.source, edge.target) for edge in graph.edges]
    return Figure(boxes, arrows, title, rankdir)


def _title(graph: Snapshot, i: int, inputs: list[int]) -> str:
    """`x`, `q = x + y`, or the symbol of the operation where its inputs have no names."""
    node = graph.nodes[i]
    if node.op is None:
        return node.name or {"constant": "constant", "input": "input"}.get(node.kind, "Tensor")
    symbol = node.symbol or node.op
    names = [_called(graph.nodes[j]) for j in inputs]
    formula = symbol
    if all(names):
        if symbol in _INFIX and len(names) == 2:
            formula = f"{names[0]} {symbol} {names[1]}"
        elif len(names) == 1 and re.fullmatch(r"\w+", symbol):
            formula = f"{symbol}({names[0]})"
    if node.name:
        return f"{node.name} ({symbol})" if formula == symbol else f"{node.name} = {formula}"
    return formula


def _called(node: Node) -> str | None:
    if node.name:
        return node.name
    if node.kind == "constant" and np.ndim(node.value) == 0:
        return short(node.value)
    return None


def short(value: Any) -> str:
    """A number with four digits; a small array in full; a large one by shape, range and mean.

    >>> short(-12.0), short(np.array([1.0, 2.5])), short(np.zeros((32, 64)))
    ('-12', '[1 2.5]', '(32, 64) all 0')
    """
    if np.ndim(value) == 0:
        return f"{float(value):.4g}"
    array = np.asarray(value)
    if array.size == 0:
        return f"{array.shape} empty"
    if array.size <= 4 and array.ndim == 1:
        return "[" + " ".join(f"{float(v):.4g}" for v in array) + "]"
    with np.errstate(all="ignore"):
        low, high, mean = (float(f(array.astype(float))) for f in (np.min, np.max, np.mean))
    if low == high:
        return f"{array.shape} all {low:.4g}"
    return f"{array.shape} {low:.3g} … {high:.3g}, mean {mean:.3g}"


def _by_graphviz(program: str, text: str) -> str:
    done = subprocess.run(  # a list of arguments, no shell
        [program, "-Tsvg"],
        input=text.encode(),
        capture_output=True,
        timeout=TIME_LIMIT,
        check=True,
    )
    svg = done.stdout.decode()
    return svg[svg.index("<svg") :]
