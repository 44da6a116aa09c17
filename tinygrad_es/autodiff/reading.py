"""The text reading, tidied for programs: constants are folded, and some rows stay calls."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from . import arrays, expressions
from .expressions import Expression, call
from .primitive import PRIMITIVES, resolve

__all__ = ["Reading"]


class Reading:
    """The text reading, tidied: constants are folded, and rows named in `calls` stay calls."""

    def __init__(self, calls: Callable[[str], bool]) -> None:
        self.calls = calls

    def __getattr__(self, name: str) -> Callable[..., Any]:
        if name.startswith("__"):
            raise AttributeError(name)
        if name not in arrays.NATIVE and not self.calls(name):
            op = PRIMITIVES.get(name)
            if op is None:
                resolve(name, self)  # which says that there is none
            return lambda *inputs, **options: self.forward(op, inputs, options)
        return lambda *inputs, **options: self.write(name, inputs, options)

    def forward(self, op: Any, inputs: Iterable[Any], options: dict[str, Any]) -> Any:
        """The forward of a row, as a call or as what it is made of."""
        if self.calls(op.name):
            return self.write(op.name, tuple(inputs), options)
        return op.forward(self, *inputs, **options)

    def write(self, name: str, inputs: tuple[Any, ...], options: dict[str, Any]) -> Any:
        """One function, unless it is of constants alone or changes nothing."""
        if not any(isinstance(x, Expression) for x in (*inputs, *options.values())):
            found = expressions.compute(name, list(inputs), options)
            return found.item() if np.ndim(found) == 0 else found
        simple = tidied(name, inputs, options)
        if simple is not None:
            return simple
        if name in arrays.NATIVE:
            return getattr(expressions, name)(*inputs, **options)
        return call(name, *inputs, **options)


def tidied(name: str, inputs: tuple[Any, ...], options: dict[str, Any]) -> Any:
    """What a call comes to where constants decide it: x ** 1.0 is x; None for all others."""
    if name == "power" and type(inputs[1]) is float and inputs[1] == 1.0:
        return inputs[0]
    if name == "not_equal" and type(inputs[1]) is int and inputs[0].dtype == bool:
        return inputs[0]  # `where` asks whether a condition is not 0
    if name == "transpose" and options.get("axes") is None:
        return inputs[0].T
    if name in ("broadcast_to", "reshape", "sum_to") and inputs[0].shape == options["shape"]:
        return inputs[0]
    if name == "where" and type(inputs[0]) is bool:
        taken, other = inputs[1:] if inputs[0] else inputs[:0:-1]
        same_shape = np.shape(expressions.value_of(taken)) == np.shape(expressions.value_of(other))
        return taken if same_shape else None
    return None
