"""The parent's side: a child process with a time limit, a memory limit and little patience.

The limits are there for accidents: a loop that never ends, an array that fits nowhere, a print
inside of a loop. They are no fortress: check files of people you know, as you would run them.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from ..autodiff.errors import describe
from ..languages import Pair, say

__all__ = ["Outcome", "check_file"]

PATIENCE = 1.0  # seconds to read the last that was printed
PRINTED = 10_000_000  # characters, beyond which a file does nothing but print


def visible(text: str) -> str:
    """A line of a file that is not one's own: nothing in it moves the cursor of a terminal.

    >>> visible("w\\x1b[2J\\n")
    'w\\\\x1b[2J\\\\n'
    """
    shown = (c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)
    return "".join(shown)


class Outcome(NamedTuple):
    """What came of a file: `code` 0 all right, 1 something is wrong, 2 not all could be checked."""

    file: str
    code: int
    error: Pair | None
    pairs: list[dict[str, Any]]

    def text(self, language: str | None = None) -> str:
        """What is told on the terminal."""
        parts = []
        for pair in self.pairs:
            told = pair["text"] if "text" in pair else pair["error"]
            lines = say((told["en"], told["es"]), language).split("\n")
            parts.append("\n".join(map(visible, [f"── {pair['name']}", *lines])))
        if self.error is not None:
            parts.append(visible(f"{Path(self.file).name}: {say(self.error, language)}"))
        return "\n\n".join(parts)

    def to_dict(self) -> dict[str, Any]:
        """The outcome as plain data."""
        error = None if self.error is None else dict(zip(("en", "es"), self.error, strict=True))
        return {"file": self.file, "code": self.code, "error": error, "pairs": self.pairs}


def check_file(
    path: str | os.PathLike[str],
    *,
    inputs: str | os.PathLike[str] | None = None,
    student: int = 0,
    rubric: Mapping[str, Any] | None = None,
    seconds: float = 60.0,
    megabytes: int = 2048,
) -> Outcome:
    """Check the pairs of forward and backward passes in a file, in a process of its own.

    Args:
        path: a Python file; its functions and objects are found by `pairs_in`.
        inputs: an `.npz` file with arrays by the names of arguments; they go before the file's.
        student: 0 for everything; 1, 2, 3 for hints without the reference.
        rubric: points by the names of nodes, or by pair and node.
        seconds: after which the process is ended.
        megabytes: how much memory it may use, where the system can tell it (not on Windows).

    Raises:
        FileNotFoundError, IsADirectoryError: there is no such file.
        TypeError: the rubric is no mapping.
    """
    if rubric is not None and not isinstance(rubric, Mapping):
        raise TypeError(
            f"rubric: expected points by name, {{'W1': 2}}. Received: {describe(rubric)}."
        )
    for given in (path, *([] if inputs is None else [inputs])):
        if Path(given).is_dir():
            raise IsADirectoryError(errno.EISDIR, "expected a file, it is a folder", str(given))
        if not Path(given).is_file():
            raise FileNotFoundError(f"there is no file {str(given)!r}.")
    with tempfile.TemporaryDirectory(prefix="tinygrad_es_") as folder:
        job, result = Path(folder, "job.json"), Path(folder, "result.json")
        asked = {
            "file": str(path),
            "inputs": None if inputs is None else str(inputs),
            "student": student,
            "rubric": None if rubric is None else dict(rubric),
            "result": str(result),
            "seconds": seconds,
            "megabytes": megabytes,
        }
        job.write_text(json.dumps(asked), encoding="utf-8")
        ended = _run(job, seconds, megabytes)
        found = _read(result) if result.is_file() else {"error": None, "pairs": [], "done": False}
    if found is None:
        broken = "it leaves no result that can be read.", "no deja un resultado legible."
        return Outcome(str(path), 2, ended or broken, [])
    error = found["error"]
    told = None if error is None else (error["en"], error["es"])
    if not found["done"]:  # the pairs up to there are told all the same
        told = ended or ("it ends the whole process.", "termina el proceso entero.")
    unchecked = any("error" in pair and not pair["wrong"] for pair in found["pairs"])
    wrong = any(pair["wrong"] for pair in found["pairs"])
    return Outcome(str(path), 1 if wrong else 2 if told or unchecked else 0, told, found["pairs"])


def _read(result: Path) -> dict[str, Any] | None:
    """The result; None where the file has meddled with it: neither pairs nor an error."""
    try:
        found = json.loads(result.read_text(encoding="utf-8"))
        return found if found["pairs"] or found["error"] or not found["done"] else None
    except (ValueError, TypeError, LookupError):
        return None


def _run(job: Path, seconds: float, megabytes: int) -> Pair | None:
    """Run the child; why it had to be ended or broke down, None where it came to its end."""
    folders = str(Path(__file__).parents[2]), os.environ.get("PYTHONPATH", "")
    environment = os.environ | {
        "PYTHONPATH": os.pathsep.join(filter(None, folders)),  # this very package
        "MPLBACKEND": "Agg",
        "OPENBLAS_NUM_THREADS": "1",
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "tinygrad_es.grading.child", str(job)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env=environment,
        start_new_session=os.name == "posix",
    )
    printed = _Printed(process)
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        return (
            f"it was ended after {seconds:g} s: a loop without an end?",
            f"se ha interrumpido a los {seconds:g} s: ¿un bucle sin fin?",
        )
    finally:
        _kill(process)
        printed.thread.join(PATIENCE)  # what outlives it may hold the pipe open
    if printed.much:
        return (
            f"it prints more than {PRINTED:,} characters: a print inside of a loop?",
            f"escribe más de {_points(PRINTED)} caracteres: ¿un print dentro de un bucle?",
        )
    code = process.returncode
    if code == 0:
        return None
    if code < 0:
        name = signal.Signals(-code).name
        return f"the process was ended by {name}.", f"la señal {name} ha terminado el proceso."
    last = printed.tail.decode("utf-8", "replace").strip().rpartition("\n")[2]
    if "MemoryError" in last:
        return (
            f"it needs more than {megabytes:,} MB of memory.",
            f"necesita más de {_points(megabytes)} MB de memoria.",
        )
    return f"the process failed: {last or code}", f"el proceso ha fallado: {last or code}"


def _points(count: int) -> str:
    return f"{count:,}".replace(",", ".")  # 10.000.000, as in Spain


class _Printed:
    """What a process prints, read and forgotten but for its end; too much of it ends it."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self.much, self.tail = False, b""
        self.thread = threading.Thread(target=self._read, args=(process,), daemon=True)
        self.thread.start()

    def _read(self, process: subprocess.Popen[bytes]) -> None:
        count = 0
        assert process.stdout is not None
        with process.stdout as pipe:
            while part := os.read(pipe.fileno(), 65_536):
                count += len(part)
                self.tail = (self.tail + part)[-4_000:]
                if count > PRINTED and not self.much:
                    self.much = True
                    _kill(process)


def _kill(process: subprocess.Popen[bytes]) -> None:
    """End a process and what it has started."""
    with contextlib.suppress(ProcessLookupError, PermissionError):  # it has ended by itself
        if os.name == "posix":
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()
    process.wait()
