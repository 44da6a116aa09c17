"""In the child process: run the file, check its pairs, write down what was found.

Started by `process.check_file` as `python -m tinygrad_es.grading.child JOB.json`.
"""

from __future__ import annotations

import contextlib
import json
import sys
import traceback
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ..check import BackpropReport, check_backprop
from ..check.calling import NoLossError
from ..check.case import Pair
from ..check.hints import Hints
from ..script import run_script
from .pairs import Found, inputs_of, loss_in, pairs_in

__all__ = ["main"]

WRITTEN = 100_000_000  # bytes of a file that it may write

NOTHING = (
    "no forward and backward pass found. Expected functions such as affine_forward and "
    "affine_backward, or an object with the methods forward and backward.",
    "no se encontró ninguna pasada hacia delante y hacia atrás. Se esperaban funciones como "
    "affine_forward y affine_backward, o un objeto con los métodos forward y backward.",
)


def main(path: str) -> None:
    """Do the job that a file describes, and write its result where it says."""
    job = json.loads(Path(path).read_text(encoding="utf-8"))
    limit(job["seconds"], job["megabytes"])
    result = checked(job)
    Path(job["result"]).write_text(json.dumps(result), encoding="utf-8")  # in ASCII: any text fits


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


def checked(job: Mapping[str, Any]) -> dict[str, Any]:
    """The result: `error` for what stopped the file, and `pairs`."""
    path = Path(job["file"])
    try:
        finished = run_script(path, name=path.stem)
    except (OSError, SyntaxError) as error:
        return {"error": _told(error, path), "pairs": []}
    told = None if finished.error is None else _told(finished.error, path)
    try:
        found = pairs_in(finished.variables)
    except Exception as error:  # of a class of the file, in its constructor
        return {"error": _told(error, path), "pairs": []}
    if not found and told is None:
        told = {"en": NOTHING[0], "es": NOTHING[1]}
    try:
        given = _given(job.get("inputs"))
    except (OSError, ValueError, TypeError, zipfile.BadZipFile) as error:
        what = f"{job['inputs']}: {_one_line(str(error), 200)}"
        en, es = (
            f"expected an .npz file of arrays. Received: {what}",
            f"se esperaba un .npz: {what}",
        )
        return {"error": {"en": en, "es": es}, "pairs": []}
    return {
        "error": told,
        "pairs": [_pair(one, finished.variables, given, job, path) for one in found],
    }


def _pair(
    found: Found,
    variables: Mapping[str, Any],
    given: Mapping[str, Any],
    job: Mapping[str, Any],
    path: Path,
) -> dict[str, Any]:
    """What was found of one pair: `report` and `text`, or `error`."""
    rubric = job.get("rubric")
    if rubric is not None and found.name in rubric and isinstance(rubric[found.name], dict):
        rubric = rubric[found.name]
    options = {"rubric": rubric, "student": job.get("student", 0)}
    try:
        inputs = found.given(inputs_of(found, variables, given))
        report: BackpropReport | Hints
        try:
            report = check_backprop(*inputs, **options)
        except NoLossError:
            if (loss := loss_in(variables)) is None:
                raise
            report = check_backprop(*inputs, loss=loss, **options)
    except (Exception, SystemExit) as error:
        own = _line(error, path) is not None
        return {"name": found.name, "error": _told(error, path), "wrong": own}
    text = {language: report.text(language) for language in ("en", "es")}
    return {"name": found.name, "report": report.to_dict(), "text": text, "wrong": not report.ok}


def _given(path: str | None) -> dict[str, Any]:
    """The inputs of an .npz file, by name."""
    if path is None:
        return {}
    with np.load(path) as held:
        return {name: held[name] for name in held.files}


def _told(error: BaseException, path: Path) -> dict[str, str]:
    """An error in one line: where in the file, what."""
    line = _line(error, path)
    where: Pair = ("", "") if line is None else (f"line {line}: ", f"línea {line}: ")
    what: Pair = (f"{type(error).__name__}: {error}",) * 2
    if isinstance(error, ModuleNotFoundError):
        what = (
            f"the package {error.name!r} is not installed here.",
            f"el paquete {error.name!r} no está instalado aquí.",
        )
    elif isinstance(error, MemoryError):
        what = "it needs more memory than allowed.", "necesita más memoria de la permitida."
    elif isinstance(error, SystemExit):
        what = f"it calls exit({error.code!r}).", f"llama a exit({error.code!r})."
    elif isinstance(error, EOFError):
        what = (
            "it waits for input; there is nobody to type.",
            "espera que alguien escriba; aquí no hay nadie.",
        )
    elif isinstance(error, (LookupError, TypeError)) and line is None:
        what = (str(error.args[0]) if error.args else "",) * 2
    return {"en": _one_line(where[0] + what[0]), "es": _one_line(where[1] + what[1])}


def _one_line(text: str, limit: int = 600) -> str:
    text = " ".join(text.split())
    return text if len(text) <= limit else text[: limit - 1] + "…"


def _line(error: BaseException, path: Path) -> int | None:
    """The innermost line of the file that an error comes from."""
    if isinstance(error, SyntaxError) and error.filename == str(path):
        return error.lineno
    lines = [
        frame.lineno
        for frame in traceback.extract_tb(error.__traceback__)
        if frame.filename == str(path)
    ]
    return lines[-1] if lines else None


if __name__ == "__main__":
    main(sys.argv[1])
