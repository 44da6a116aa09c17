"""What can go wrong with a recorded graph, and what to say about it."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np

from .errors import AnomalyError, GradientError, describe
from .primitive import Primitive
from .tensor import Tensor


def raise_modified(node: Tensor, x: Tensor) -> None:
    """An input changed its value after it was recorded."""
    assert node.op is not None
    called = f" named {x.name!r}" if x.name else ""
    what = "the result" if x is node else "an input"
    raise GradientError(
        f"{what} of {node.op.name}{called} (shape {x.shape}) was modified after the operation "
        f"was recorded, so its gradient would be wrong{where_recorded(node)}. Run the forward pass "
        "again after changing .data, or change a .clone()."
    )


def check_output(node: Tensor) -> None:
    """The value of a result was changed: an error where one of its rules reads it."""
    from dis import get_instructions

    for rule in node.op.rules if node.op is not None else ():
        if rule is not None:
            y = rule.__code__.co_varnames[2]
            for i in get_instructions(rule):
                read = i.argval if isinstance(i.argval, tuple) else (i.argval,)  # one may load two
                if y in read and i.opname.startswith("LOAD_"):
                    raise_modified(node, node)


def explain_rule(node: Tensor, position: int, g: Any, error: Exception) -> GradientError:
    """The error of a rule that failed: which one, on what, recorded where."""
    op = node.op
    assert op is not None
    received = ", ".join(describe(x) for x in node.inputs)
    return GradientError(
        f"the rule ∂{op.name}/∂{op.input_name(position)} failed: {type(error).__name__}: {error}. "
        f"Gradient received: {describe(g)}; inputs: {received}{where_recorded(node)}."
    )


def look_for_nan_in_rule(c: Any, g: Any, node: Tensor, x: Tensor) -> None:
    """Under detect_anomaly: a rule must not make a NaN of a gradient without one."""
    if np.isnan(c).any() and not np.isnan(g).any():
        position = next(i for i, other in enumerate(node.inputs) if other is x)
        assert node.op is not None
        raise AnomalyError(
            f"the rule ∂{node.op.name}/∂{node.op.input_name(position)} made a NaN of a gradient "
            f"that had none{where_recorded(node)}. Inputs: {', '.join(map(describe, node.inputs))}."
        )


def where_recorded(node: Tensor) -> str:
    """The user's line that recorded a node, or how to learn it."""
    return f", recorded at {node.line}" if node.line else " (detect_anomaly() records the line)"


def look_for_nan(t: Tensor, op: Primitive, first: Any, second: Any) -> None:
    """Under detect_anomaly: note the user's line, and refuse a NaN that is born here."""
    t.marked().line = users_line()
    if not np.isnan(t.value).any():
        return
    inputs = first if op.arity == 0 else (first, second)[: op.arity]
    values = [x.value if type(x) is Tensor else x for x in inputs]
    if any(np.isnan(v).any() for v in values):
        return  # not born here
    received = ", ".join(describe(v) for v in values)
    raise AnomalyError(
        f"{op.name} made a NaN of inputs that had none, at {t.line}. Received: {received}; "
        f"{int(np.isnan(t.value).sum())} of {t.size} elements are NaN."
    )


def users_line() -> str:
    """`file:line` of the innermost frame outside this package."""
    frame = sys._getframe(1)
    package = __name__.partition(".")[0] + "."
    while frame.f_back and (frame.f_globals.get("__name__", "") + ".").startswith(package):
        frame = frame.f_back
    return f"{frame.f_code.co_filename}:{frame.f_lineno}"
