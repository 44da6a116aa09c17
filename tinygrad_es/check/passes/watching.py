"""The variables of a function while it runs."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

from ...autodiff.tensor import Tensor

__all__ = ["observed", "recorded"]


def observed(function: Callable[..., Any], *args: Any) -> tuple[Any, dict[str, Any]]:
    """What a function returns, and its variables when it did.

    >>> def area(a, b):
    ...     c = a * b
    ...     return c + 1
    >>> observed(area, 2, 3)
    (7, {'a': 2, 'b': 3, 'c': 6})
    """
    result, variables, _, error = recorded(function, list(args))
    if error is not None:
        raise error
    return result, variables


def recorded(
    function: Callable[..., Any], inputs: list[Any], history: bool = False
) -> tuple[Any, dict[str, Any], dict[str, list[int]], Exception | None]:
    """What a function returns, its variables, and with `history` the Tensors that each has held.

    Those are told by index. `scores = scores - scores.max()`: of which of the two `dscores` is
    the gradient nobody says. An error is handed out, for the variables up to it are there.
    """
    code = getattr(getattr(function, "__func__", function), "__code__", None)
    variables: dict[str, Any] = {}
    held: dict[str, list[int]] = {}

    def inside(frame: Any, event: str, value: Any) -> Any:
        if event == "return":
            variables.clear()
            variables.update(frame.f_locals)
        for name, x in frame.f_locals.items() if history else ():
            if type(x) is Tensor and x.index not in held.setdefault(name, []):
                held[name].append(x.index)
        return inside

    def calls(frame: Any, event: str, value: Any) -> Any:
        if frame.f_code is not code:
            return None
        frame.f_trace_lines = history
        return inside

    before, result, error = (sys.gettrace(), sys.getprofile()), None, None
    sys.settrace(calls)
    try:
        result = function(*inputs)
    except Exception as raised:  # whatever the student's code does on Tensors
        error = raised
    finally:
        sys.settrace(before[0])
        if sys.getprofile() is not before[1]:  # the function has set one
            _profile(before[1])
    owner = getattr(function, "__self__", None)
    variables = {k: v for k, v in variables.items() if owner is None or v is not owner}
    return result, variables, {k: v for k, v in held.items() if len(v) > 1}, error


def _profile(profiler: Any) -> None:
    """Go on with what `sys.getprofile` gave: a function, or cProfile's, which is none."""
    if callable(getattr(profiler, "enable", None)):
        profiler.enable()
    else:
        sys.setprofile(profiler)
