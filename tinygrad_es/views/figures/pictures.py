"""A figure that shows itself in a notebook, and writes itself in many forms."""

from __future__ import annotations

import itertools
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from .dot import to_dot
from .engines import DPI, asked_for, image, picture
from .figure import Figure
from .mermaid import to_markdown, to_mermaid
from .svg import to_svg

__all__ = ["WRITERS", "Drawing", "must_have_a_folder", "write"]

SHOWN = 10_000  # boxes up to which a notebook gets a picture: 96,000 take more than 25 s
_numbers = itertools.count()  # two threads may write the same file


class Drawing:
    """A figure of a graph. In a notebook it shows itself; `.dot()` and `.svg()` are its texts."""

    def __init__(self, figure: Figure, engine: str | None = None) -> None:
        asked_for(engine)  # an unknown one is named at once
        self.figure = figure
        self.engine = engine
        self.dpi: float = DPI  # of a PNG
        self.splines = ""  # how Graphviz draws arrows, in its words

    def dot(self) -> str:
        """The graph in Graphviz' language; the same in every run."""
        return to_dot(self.figure, self.splines)

    def svg(self) -> str:
        """The picture, drawn by Graphviz where it is installed, else by the built-in layout.

        Order of choice: the `engine` of `draw`, the environment variable TINYGRAD_ES_ENGINE
        ("dot", "pygraphviz" or "builtin"), the program `dot`, the package `pygraphviz`, the
        built-in layout. Graphviz has 20 seconds; then, and above 2,000 boxes, the built-in layout
        draws, and the caption says so.

        Raises:
            ValueError: an unknown engine in the environment variable.
            FileNotFoundError: the engine was asked for and is not installed.
        """
        return picture(self.figure, self.engine, self.splines)

    def mermaid(self) -> str:
        """The graph as a Mermaid flowchart, which GitHub draws in a block ```` ```mermaid ````."""
        return to_mermaid(self.figure)

    def html(self) -> str:
        """A page to step through the backward pass: one file that needs nothing else."""
        raise self._no_graph()

    def json(self) -> str:
        """All nodes, edges, numbers, layers and steps as JSON, nothing folded."""
        raise self._no_graph()

    def text(self) -> str:
        """The forward and the backward pass in lines of text."""
        raise self._no_graph()

    def frames(self) -> list[Figure]:
        """The backward pass in pictures: before it, and after each operation."""
        raise self._no_graph()

    def _no_graph(self) -> ValueError:
        return ValueError(
            ".html, .json, .txt and frames show a recorded graph, that of draw(loss) or "
            "draw(model, x, y). Received: a picture of something else; .svg and .dot always work."
        )

    def graphviz(self) -> Any:
        """The graph as a `graphviz.Source`, for what that package can do with it."""
        try:
            import graphviz
        except ImportError:
            raise ImportError("graphviz(): `pip install graphviz` brings the package.") from None
        return graphviz.Source(self.dot())

    def save(self, path: str | os.PathLike[str], ending: str = "") -> Path:
        """Write the drawing in the form that the ending of the path names; returns the path.

        The file is written whole or not at all. `.svg` and the texts always work; `.png` and
        `.pdf` need a Graphviz.

        Args:
            path: where to.
            ending: the form of a path that has no ending, such as ".png".

        Raises:
            ValueError: an unknown ending.
            FileNotFoundError: a folder that is not there; `.png` without a Graphviz.
        """
        target = Path(path)
        writer = WRITERS.get((target.suffix or ending).lower())
        if writer is None:
            endings = ", ".join(WRITERS)
            raise ValueError(
                f"save: expected a path that ends in {endings}. Received: {str(path)!r}."
            )
        must_have_a_folder(target)
        content = writer(self)
        write(target, content.encode() if isinstance(content, str) else content)
        return target

    def _repr_svg_(self) -> str | None:
        if len(self.figure.boxes) > SHOWN:
            return None
        for drawn in (self.svg, lambda: to_svg(self.figure)):
            try:
                return drawn()
            except Exception:  # a notebook must not break on its picture: then the plainer one
                continue
        return None

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        svg = self._repr_svg_()
        shown = {} if svg is None else {"image/svg+xml": svg}
        return shown | {"text/plain": repr(self)}

    def __repr__(self) -> str:
        n = len(self.figure.boxes)
        nodes = f"{n} node{'' if n == 1 else 's'}"
        return f"<Drawing of {nodes}; .svg(), .dot(), .save('graph.svg')>"


# what `save` writes for each ending of a path
WRITERS: dict[str, Callable[[Drawing], str | bytes]] = {
    ".svg": Drawing.svg,
    ".dot": Drawing.dot,
    ".gv": Drawing.dot,
    ".mmd": Drawing.mermaid,
    ".html": lambda drawing: drawing.html(),
    ".json": lambda drawing: drawing.json(),
    ".txt": lambda drawing: drawing.text() + "\n",
    ".md": lambda drawing: to_markdown(drawing.figure),
    ".png": lambda drawing: image(drawing.dot(), "png", drawing.engine, drawing.dpi),
    ".pdf": lambda drawing: image(drawing.dot(), "pdf", drawing.engine),
}


def must_have_a_folder(path: Path) -> None:
    """An error where the folder of a path is not there, before anything is drawn."""
    if not path.parent.is_dir():
        raise FileNotFoundError(
            f"save: there is no folder {str(path.parent)!r}; os.makedirs makes it. "
            f"Received: {str(path)!r}."
        )


def write(path: Path, content: bytes) -> None:
    """Write beside the path, then take its place: half a file never has its name."""
    target = Path(os.path.realpath(path))
    if target.is_dir():
        raise IsADirectoryError(f"save: expected a path of a file. Received a folder: {path}.")
    temporary = target.with_name(f".{target.name[:100]}.{os.getpid()}.{next(_numbers)}.tmp")
    try:
        temporary.write_bytes(content)
        if target.exists():
            shutil.copymode(target, temporary)
        os.replace(temporary, target)
    finally:
        temporary.unlink(missing_ok=True)
