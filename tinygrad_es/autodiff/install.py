"""The one loop that puts methods on Tensor: what it can compute is read from the registry."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from . import rules
from .primitive import COMPOSITES, INSTALLERS, PRIMITIVES, Primitive
from .record import bind
from .tensor import Tensor

__all__ = ["ONE_SIDED", "OPERATORS", "install"]

OPERATORS = {
    "add": "add",
    "subtract": "sub",
    "multiply": "mul",
    "divide": "truediv",
    "power": "pow",
    "matmul": "matmul",
    "floor_divide": "floordiv",
    "remainder": "mod",
}
ONE_SIDED = {
    "equal": "eq",
    "not_equal": "ne",
    "less": "lt",
    "less_equal": "le",
    "greater": "gt",
    "greater_equal": "ge",
    "negative": "neg",
    "clone": "pos",
    "abs": "abs",
}
_BITS = {"and": "logical_and", "or": "logical_or", "xor": "logical_xor", "invert": "logical_not"}


def on_bools(sign: str, op: Primitive) -> Callable[..., Any]:
    """`&`, `|`, `^`, `~` of truth values; of integers they would mean bits, which are not here."""

    def function(*inputs: Any) -> Any:
        for x in inputs:
            dtype = np.asarray(x.value if type(x) is Tensor else x).dtype
            if dtype.kind != "b":
                raise TypeError(
                    f"{sign}: expected Tensors of bools. Received: {dtype}; compare first, as in "
                    "(x > 0) & (x < 1), or use tensor.numpy()."
                )
        return op(*inputs)

    return function


def install(name: str, op: Any) -> None:
    """Put one primitive (or composite) on Tensor, under its name and its operator."""
    function = op
    if isinstance(op, Primitive):
        of_a_tensor = not op.variadic and op.inputs[0] != "condition"
        if op.function is None:
            op.function = bind(op)
        function = op.function
        setattr(rules, name, function)  # the graph reading: no look-up in the registry
        if name in OPERATORS:
            sign = OPERATORS[name]
            setattr(Tensor, f"__{sign}__", function)
            setattr(Tensor, f"__r{sign}__", _reflected(function))
        if name in ONE_SIDED:
            compares = name in ("equal", "not_equal")
            sign = ONE_SIDED[name]
            setattr(Tensor, f"__{sign}__", _with_numbers(function) if compares else function)
        if name in COMPOSITES:
            return
    else:
        of_a_tensor = op.__code__.co_varnames[0] not in ("tensors", "subscripts")
    if of_a_tensor and name not in _OWN and not name.endswith("_twin"):
        setattr(Tensor, name, function)


def _with_numbers(function: Callable[..., Any]) -> Callable[[Any, Any], Any]:
    """`t == None` and `t == "a"` are what Python makes of them: False."""

    def compare(self: Tensor, other: Any) -> Any:
        if other is None or isinstance(other, str):
            return NotImplemented
        return function(self, other)

    return compare


def _reflected(function: Callable[..., Any]) -> Callable[[Any, Any], Any]:
    return lambda self, other: function(other, self)


_OWN = frozenset(vars(Tensor)) | {"T", "mT"}


BITWISE: dict[str, Callable[..., Any]] = {}
"""What `np.bitwise_and` and its kin run on Tensors."""


def transposed(self: Tensor) -> Tensor:
    """The axes reversed: rows become columns."""
    return PRIMITIVES["transpose"](self, axes=None)


def matrix_transposed(self: Tensor) -> Tensor:
    """The last two axes exchanged."""
    n = self.ndim
    return PRIMITIVES["transpose"](self, axes=(*range(n - 2), n - 1, n - 2))


Tensor.T = property(transposed)  # type: ignore[method-assign,assignment]  # of `Interface`
Tensor.mT = property(matrix_transposed)  # type: ignore[method-assign,assignment]  # the same
INSTALLERS.append(install)
for _name, _op in list(PRIMITIVES.items()):
    install(_name, _op)
for _sign, _name in _BITS.items():
    _function = on_bools(_sign, PRIMITIVES[_name])
    BITWISE[_sign if _sign == "invert" else f"bitwise_{_sign}"] = _function
    setattr(Tensor, f"__{_sign}__", _function)
    if _sign != "invert":
        setattr(Tensor, f"__r{_sign}__", _reflected(_function))
