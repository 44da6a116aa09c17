"""What a failing test shows: the report, the user's own lines, and nothing of the library."""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, NoReturn

import pytest

from ..check import BackpropReport, GradientCheck
from ..check.hints import Hints
from ..languages import say

__all__ = ["fail_in", "is_of_library", "message", "tell", "without_library"]

LINES = 12
PACKAGE = str(Path(__file__).parents[1])
REPORTS = (GradientCheck, BackpropReport, Hints)


def message(report: Any, seed: int) -> str:
    """The report and how to repeat it, in at most twelve lines."""
    option = f"--gradcheck-seed={seed}"
    lines = str(report).splitlines()[: LINES - 1]
    return "\n".join([*lines, say((f"repeat with {option}", f"se repite con {option}"))])


def without_library(error: BaseException) -> BaseException:
    """The error without the frames of this package: what remains is the caller's function, down to
    its line that called the library. A cause that lies in the library alone goes as well.
    """
    error.__traceback__ = _own(error.__traceback__)
    cause = error.__cause__
    if cause is not None:
        cause.__traceback__ = _own(cause.__traceback__)
        if cause.__traceback__ is None:
            error.__cause__ = None
    return error


def is_of_library(error: BaseException) -> bool:
    """Whether no function of the caller's was running."""
    return _own(error.__traceback__) is None


def _own(traceback: TracebackType | None) -> TracebackType | None:
    if traceback is None:
        return None
    rest = _own(traceback.tb_next)
    if traceback.tb_frame.f_code.co_filename.startswith(PACKAGE):
        return rest
    return TracebackType(rest, traceback.tb_frame, traceback.tb_lasti, traceback.tb_lineno)


# --- plain asserts ------------------------------------------------------------------------------


def tell(found: pytest.ExceptionInfo[BaseException]) -> None:
    """In the message of `assert check_gradients(…)`, or of its `.ok`, put the report as it is.

    pytest writes the `repr` of what was false on one line, cut in the middle. A rewritten assert
    keeps its values in variables of the frame, `@py_assert1`, and there the report is found.
    """
    if not found.traceback:
        return
    error, last = found.value, found.traceback[-1]
    written = str(error.args[0]) if error.args else ""
    head, mark, tail = ("\n" + written).partition("\nassert ")
    if not mark:
        return
    for value in reversed(list(last.frame.f_locals.values())):
        if isinstance(value, REPORTS) and not value:
            shown = repr(value)[:40].partition("\n")[0]
            if tail.startswith((shown, f"False\n +  where False = {shown}")):
                error.args = ((head[1:] + "\n" + str(value)).lstrip("\n"),)
                return


# --- tests that have returned -------------------------------------------------------------------


def fail_in(test: Callable[..., Any], error: BaseException, returned: Any) -> NoReturn:
    """Raise an error as if in the test that has returned already, where its `return` stands.

    pytest shows the source of the frames of a traceback, so one is made: a function of one line
    with the name and the place of the test. `--showlocals` shows `returned`.
    """
    __tracebackhide__ = True
    test = inspect.unwrap(getattr(test, "__func__", test))
    code = getattr(test, "__code__", None)
    if code is None:
        raise error

    def stand_in() -> Any:
        if error is not None:
            raise error
        return returned

    stand_in.__code__ = stand_in.__code__.replace(
        co_filename=code.co_filename, co_firstlineno=code.co_firstlineno, co_name=code.co_name
    )
    try:
        stand_in()
    except BaseException as raised:
        made = raised.__traceback__
        step = made.tb_next if made is not None else None
        if step is not None:  # −1: no columns, they would be those of `raise error`
            line = code.co_firstlineno + _return_of(test)
            error.__traceback__ = TracebackType(None, step.tb_frame, -1, line)
    raise error


def _return_of(test: Callable[..., Any]) -> int:
    """The line of the only `return` of a function, counted from its first; of several that of
    its `def`."""
    try:
        function: Any = ast.parse(textwrap.dedent(inspect.getsource(test))).body[0]
    except (OSError, SyntaxError, IndexError):
        return 0
    returns, todo = [], list(function.body)
    while todo:
        node = todo.pop()
        if isinstance(node, ast.Return):
            returns.append(node.lineno)
        elif not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
            todo += ast.iter_child_nodes(node)
    line: int = returns[0] if len(returns) == 1 else function.lineno
    return line - 1
