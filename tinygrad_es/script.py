"""A script or a notebook of the user's, run to its end or to its error, and what it left behind.

It runs in this very process, with the rights of whoever runs it: only scripts of your own, or ones
that you have read.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from pathlib import Path
from types import CodeType
from typing import Any, NamedTuple

from .autodiff.tensor import Tensor
from .cells import cells_of

__all__ = ["Finished", "cell_name", "chosen", "run_script"]

USUAL = ("loss", "L", "cost", "C", "f", "y", "out", "output")


class Finished(NamedTuple):
    """The variables of a script, and the error that ended it, if one did."""

    variables: dict[str, Any]
    error: BaseException | None


def run_script(path: Path, name: str = "__main__") -> Finished:
    """Run a file as `python FILE` does; its error is returned, not raised.

    With another `name` it runs as `import` does: what `if __name__ == "__main__"` guards does not.
    Of a notebook the code cells run in order, up to an error.

    Raises:
        OSError: the file cannot be read.
        SyntaxError: it is not Python.
        ValueError: it is no notebook.
    """
    variables: dict[str, Any] = {"__name__": name, "__file__": str(path)}
    if path.suffix == ".ipynb":
        variables["display"] = print
    parts = _parts(path)
    before, folder = (sys.argv, list(sys.path)), Path.cwd()
    sys.argv, sys.path[:0] = [str(path)], [str(path.resolve().parent)]
    try:
        for code in parts:
            exec(code, variables)
    except SystemExit as left:
        error = left if left.code not in (None, 0) else None
        return Finished(variables, error)
    except Exception as error:
        return Finished(variables, error)
    finally:
        sys.argv, sys.path[:] = before[0], before[1]
        os.chdir(folder)  # what is drawn goes where the command was given
    return Finished(variables, None)


def _parts(path: Path) -> Iterable[CodeType]:
    """The code of a file; of a notebook cell by cell, each compiled when its turn comes."""
    if path.suffix != ".ipynb":
        return [compile(path.read_bytes(), str(path), "exec")]
    cells = enumerate(cells_of(path), 1)
    return (compile(cell, cell_name(path, k), "exec") for k, cell in cells)


def cell_name(path: Path, number: int) -> str:
    """What a traceback calls a cell of a notebook."""
    return f"{path}, cell {number}"


def chosen(variables: dict[str, Any], name: str | None) -> tuple[str, Any]:
    """The variable of that name; without one `loss`, `L`, …, else the newest result.

    Raises:
        LookupError: there is none, or it is no recorded Tensor.
    """
    tensors = {
        key: value
        for key, value in variables.items()
        if isinstance(value, Tensor) and not key.startswith("_")
    }
    there = ", ".join(tensors) or "none"
    if name is not None:
        if name not in tensors:
            raise LookupError(f"there is no Tensor {name!r} in it. Its Tensors: {there}.")
        return name, tensors[name]
    results = {key: value for key, value in tensors.items() if value.op is not None}
    for usual in USUAL:
        if usual in results:
            return usual, results[usual]
    if not results:
        raise LookupError(
            "it leaves no recorded result at its top level (a Tensor that depends on one with "
            f"requires_grad=True). Its Tensors: {there}. Say which with FILE:NAME."
        )
    newest = max(results, key=lambda key: results[key].index)
    return newest, results[newest]
