"""In the child process: run the file, check its pairs, write down what was found.

Started by `process.check_file` as `python -m tinygrad_es.grading.child JOB.json`.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import sys
import traceback
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ..autodiff.errors import describe
from ..check import BackpropReport, check_backprop
from ..check.hints import Hints
from ..check.passes.calling import NoLossError
from ..languages import Pair
from ..script import run_script
from .pairs import Found, inputs_of, loss_in, pairs_in
from .spanish import in_both

__all__ = ["main"]

WRITTEN = 100_000_000  # bytes of a file that it may write

NOTHING = (
    "no forward and backward pass found. Expected functions such as affine_forward and "
    "affine_backward, or an object with the methods forward and backward.",
    "no se ha encontrado ninguna pasada hacia delante y hacia atrás. Se esperaban funciones como "
    "affine_forward y affine_backward, o un objeto con los métodos forward y backward.",
)


def main(path: str) -> None:
    """Do the job that a file describes; after each pair its result is written where it says."""
    job = json.loads(Path(path).read_text(encoding="utf-8"))
    limit(job["seconds"], job["megabytes"])
    for result in checked(job):
        written(result, Path(job["result"]))
    sys.stdout.flush()
    os._exit(0)  # threads that the file has started may never end


def written(result: Mapping[str, Any], path: Path) -> None:
    """Write a result, whole or not at all."""
    new = path.with_suffix(".new")
    new.write_text(json.dumps(result), encoding="utf-8")  # in ASCII: any text fits
    new.replace(path)


def limit(seconds: float, megabytes: int) -> None:
    """Bound this process: memory, time of the processor, the size of files. Not on Windows."""
    with contextlib.suppress(ImportError):
        import resource

        bounds = (
            (resource.RLIMIT_AS, megabytes * 2**20),
            (resource.RLIMIT_CPU, int(seconds) + 1),
            (resource.RLIMIT_FSIZE, WRITTEN),
        )
        for what, most in bounds:
            with contextlib.suppress(ValueError, OSError):  # a lower limit is in force already
                resource.setrlimit(what, (most, most))


def checked(job: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """The result as it grows: `error` for what stopped the file, `pairs`, and whether it is `done`.

    What a file does in the middle of a pair, whatever it be, leaves the pairs before.
    """
    path = Path(job["file"])
    try:
        finished = run_script(path, name=path.stem)
    except (OSError, SyntaxError, ValueError) as error:
        yield {"error": _told(error, path), "pairs": [], "done": True}
        return
    told = None if finished.error is None else _told(finished.error, path)
    found = pairs_in(finished.variables)
    if not found and told is None:
        told = {"en": NOTHING[0], "es": NOTHING[1]}
    try:
        given = _given(job.get("inputs"))
    except (OSError, ValueError, TypeError, zipfile.BadZipFile):
        told = {
            "en": "expected an .npz file of arrays of numbers, as np.savez writes it. Received: "
            f"{job['inputs']}",
            "es": "se esperaba un archivo .npz de arrays de números, como los que escribe "
            f"np.savez. Se ha recibido: {job['inputs']}",
        }
        yield {"error": told, "pairs": [], "done": True}
        return
    pairs: list[dict[str, Any]] = []
    yield {"error": told, "pairs": pairs, "done": not found}
    for one in found:
        pairs.append(_pair(one, finished.variables, given, job, path))
        yield {"error": told, "pairs": pairs, "done": len(pairs) == len(found)}


def _pair(
    found: Found,
    variables: Mapping[str, Any],
    given: Mapping[str, Any],
    job: Mapping[str, Any],
    path: Path,
) -> dict[str, Any]:
    """What was found of one pair: `report` and `text`, or `error`."""
    rubric = job.get("rubric")
    if rubric and all(isinstance(points, dict) for points in rubric.values()):  # by pair
        rubric = rubric.get(found.name)
    options = {"rubric": rubric, "student": job.get("student", 0)}
    if isinstance(found.subject, BaseException):  # a class that could not be tried
        return {"name": found.name, "error": _told(found.subject, path), "wrong": False}
    try:
        inputs = found.given(inputs_of(found, variables, given))
        report: BackpropReport | Hints
        try:
            report = check_backprop(*inputs, **options)
        except NoLossError:
            if (loss := loss_in(variables)) is None:
                raise
            report = check_backprop(*inputs, loss=loss, **options)
        text = {lang: _as_options(report.text(lang)) for lang in ("en", "es")}
        data = json.loads(json.dumps(report.to_dict()))
    except BaseException as error:  # the next pair is to be checked all the same
        own = _place(error, path) is not None
        return {"name": found.name, "error": _told(error, path), "wrong": own}
    return {"name": found.name, "report": data, "text": text, "wrong": not report.ok}


def _as_options(text: str) -> str:
    """What a message says of arguments, as the command line has them."""
    return re.sub(r"\bstudent=(\d) ", r"--student \1 ", text)


def _given(path: str | None) -> dict[str, Any]:
    """The inputs of an .npz file, by name."""
    if path is None:
        return {}
    with np.load(path) as held:
        return {name: held[name] for name in held.files}


def _told(error: BaseException, path: Path) -> dict[str, str]:
    """An error in one line: where in the file, what."""
    place = _place(error, path)
    where = ("", "") if place is None else _written(*place)
    said = _text_of(error)
    kind = type(error).__name__
    what: Pair = (f"{kind}: {said[0]}", f"{kind}: {said[1]}") if said[0] else (kind, kind)
    if isinstance(error, ModuleNotFoundError):
        what = (
            f"the package {error.name!r} is not installed here.",
            f"el paquete {error.name!r} no está instalado aquí.",
        )
    elif isinstance(error, MemoryError):
        what = "it needs more memory than allowed.", "necesita más memoria de la permitida."
    elif isinstance(error, SystemExit):
        code = describe(error.code) if error.code.__class__ is not int else str(error.code)
        what = f"it calls exit({code}).", f"llama a exit({code})."
    elif isinstance(error, EOFError):
        what = (
            "it waits for input; there is nobody to type.",
            "espera que alguien escriba; aquí no hay nadie.",
        )
    elif isinstance(error, (LookupError, TypeError, ValueError)) and place is None:
        what = in_both(said[0])
    return {"en": _one_line(where[0] + what[0]), "es": _one_line(where[1] + what[1])}


def _text_of(error: BaseException) -> Pair:
    """What an error says, also one of the file whose own `__str__` fails."""
    try:
        said = error.args[0] if isinstance(error, LookupError) and error.args else error
        return ("".join(str(said)),) * 2
    except BaseException as failed:  # SystemExit too: it must not end the other pairs
        name = type(failed).__name__
        return f"(its __str__ fails: {name})", f"(falla su propio __str__: {name})"


def _one_line(text: str, limit: int = 600) -> str:
    text = " ".join(text.split())
    return text if len(text) <= limit else text[: limit - 1] + "…"


def _written(cell: str | None, line: int) -> Pair:
    """A place, as a message begins."""
    if cell is None:
        return f"line {line}: ", f"línea {line}: "
    return f"cell {cell}, line {line}: ", f"celda {cell}, línea {line}: "


def _place(error: BaseException, path: Path) -> tuple[str | None, int] | None:
    """The innermost cell of a notebook, None in a script, and its line."""
    places = [(f.filename, f.lineno) for f in traceback.extract_tb(error.__traceback__)]
    if isinstance(error, SyntaxError):
        places.append((error.filename or "", error.lineno))
    for name, line in reversed(places):
        head, comma, cell = name.rpartition(", cell ")
        if line is not None and (name == str(path) or head == str(path)):
            return cell if comma and head == str(path) else None, line
    return None


if __name__ == "__main__":
    main(sys.argv[1])
