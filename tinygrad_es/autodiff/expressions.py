"""The text reading: named expressions that carry their concrete value.

A rule read here writes itself as NumPy source: `g * b`, `a.T @ g`, `np.sum(g, axis=0)`. The
value that travels along answers questions about shapes, fills formulas with numbers, and lets
a test execute the text and compare.

>>> from tinygrad_es.autodiff import expressions as xp
>>> from tinygrad_es.ops import tanh as recorded
>>> tanh = recorded.primitive
>>> z = xp.Expression("z", 0.5)
>>> print(tanh.rules[0](xp, xp.Expression("g", 1.0), xp.Expression("y", 0.46), z))
g * (1.0 - y * y)
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import numpy as np

from . import arrays, floats
from .primitive import resolve

__all__ = ["Expression", "helper_names", "literal"]

COMPARE, ADD, MULTIPLY, UNARY, POWER, ATOM = 1, 4, 5, 6, 7, 9

# Names whose text is not `np.<name>(…)`: NumPy lacks them, and the source brings their definition.
helper_names = frozenset(
    [
        *("astype", "erf", "fold", "linear_recurrence", "logabsdet", "qr_q", "qr_r"),
        *("eigh_values", "eigh_vectors", "scatter_add", "setitem", "sum_to"),
        *("svd_u", "svd_s", "svd_vt", "windows"),
    ]
)
_LINALG = frozenset(["cholesky", "det", "inv", "solve"])
_OPERATORS = {"power": ("**", POWER), "matmul": ("@", MULTIPLY)}
_POSITIONAL = frozenset(["shape", "axes"])
_DEFAULTS = {"axis": None, "keepdims": False}


class Expression:
    """A piece of NumPy source, how tightly it binds, and the value it has here."""

    __slots__ = ("binding", "text", "value")

    def __init__(self, text: str, value: Any, binding: int = ATOM) -> None:
        self.text = text
        self.value = value
        self.binding = binding

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        return f"Expression({self.text!r})"

    __hash__ = None  # type: ignore[assignment]  # == writes a comparison

    # --- what rules ask of shapes: answered by the value ---

    @property
    def shape(self) -> tuple[int, ...]:
        return np.shape(self.value)

    @property
    def ndim(self) -> int:
        return np.ndim(self.value)

    @property
    def size(self) -> int:
        return int(np.size(self.value))

    @property
    def dtype(self) -> Any:
        return np.asarray(self.value).dtype

    @property
    def T(self) -> Expression:
        return Expression(f"{wrap(self, ATOM)}.T", self.value.T)

    def __getitem__(self, index: Any) -> Expression:
        text = ", ".join(map(literal, index)) if isinstance(index, tuple) else literal(index)
        return Expression(f"{wrap(self, ATOM)}[{text or '()'}]", self.value[index])

    def __neg__(self) -> Expression:
        return Expression(f"-{wrap(self, UNARY)}", -self.value, UNARY)


def literal(value: Any) -> str:
    """The source of a constant: a number, a shape, an index."""
    if isinstance(value, Expression):
        return value.text
    if isinstance(value, slice):
        parts = ["" if v is None else str(v) for v in (value.start, value.stop)]
        return ":".join(parts) + ("" if value.step is None else f":{value.step}")
    if value is Ellipsis:
        return "..."
    if isinstance(value, np.ndarray):
        flat = np.array2string(value, separator=", ", threshold=sys.maxsize, floatmode="unique")
        text = " ".join(flat.split())
        return f"np.array({text}, dtype=np.{value.dtype.name})"
    if isinstance(value, float) and (value != value or value in (np.inf, -np.inf)):
        return {"inf": "np.inf", "-inf": "-np.inf"}.get(str(value), "np.nan")
    if isinstance(value, np.generic):
        return literal(value.item())
    return repr(value)


def wrap(x: Any, binding: int) -> str:
    """The text of an operand, in parentheses where it binds less tightly than its place needs."""
    if not isinstance(x, Expression):
        text = literal(x)
        return f"({text})" if text.startswith("-") and binding > ADD else text
    return x.text if x.binding >= binding else f"({x.text})"


def value_of(x: Any) -> Any:
    return x.value if isinstance(x, Expression) else x


def compute(name: str, values: list[Any], options: dict[str, Any]) -> Any:
    """The value, by the floats reading where all are floats, else by the arrays reading."""

    def on_arrays() -> Any:
        with np.errstate(all="ignore"):
            return getattr(arrays, name)(*values, **options)

    if name not in floats.NATIVE or not all(isinstance(v, (float, bool)) for v in values):
        return on_arrays()
    try:
        return getattr(floats, name)(*values, **options)
    except (ZeroDivisionError, OverflowError, ValueError):  # what `math` refuses is inf or NaN
        return on_arrays()


def infix(sign: str, binding: int, function: Callable[[Any, Any], Any]) -> Callable[..., Any]:
    right = binding + (sign != "**")  # a - (b - c), but a ** b ** c
    left = binding + (sign == "**")

    def write(a: Any, b: Any) -> Expression:
        text = f"{wrap(a, left)} {sign} {wrap(b, right)}"
        with np.errstate(all="ignore"):
            return Expression(text, _value(function, value_of(a), value_of(b)), binding)

    return write


def _value(function: Callable[[Any, Any], Any], a: Any, b: Any) -> Any:
    try:
        return function(a, b)
    except (ZeroDivisionError, OverflowError):
        return float(function(np.float64(a), b))


def _install_operators() -> None:
    import operator as op

    table: dict[str, tuple[str, int]] = {
        "add": ("+", ADD),
        "sub": ("-", ADD),
        "mul": ("*", MULTIPLY),
        "truediv": ("/", MULTIPLY),
        "floordiv": ("//", MULTIPLY),
        "mod": ("%", MULTIPLY),
        "matmul": ("@", MULTIPLY),
        "pow": ("**", POWER),
    }
    for name, (sign, binding) in table.items():
        write = infix(sign, binding, getattr(op, name))
        setattr(Expression, f"__{name}__", write)
        setattr(Expression, f"__r{name}__", lambda self, other, write=write: write(other, self))
    comparisons = {"eq": "==", "ne": "!=", "lt": "<", "le": "<=", "gt": ">", "ge": ">="}
    for name, sign in comparisons.items():
        setattr(Expression, f"__{name}__", infix(sign, COMPARE, getattr(op, name)))


_install_operators()


def __getattr__(name: str) -> Callable[..., Any]:
    """`xp.exp` here: a function that writes `np.exp(…)`; an unknown one is read through its row."""
    if name.startswith("__"):
        raise AttributeError(name)
    if name == "getitem":
        return lambda x, *, index: x[index]
    if name not in arrays.NATIVE:
        return resolve(name, sys.modules[__name__])
    if name in _OPERATORS:
        sign, binding = _OPERATORS[name]
        return infix(sign, binding, getattr(arrays, name))

    def write(*inputs: Any, **options: Any) -> Expression:
        value = compute(name, [value_of(x) for x in inputs], options)
        return Expression(call_text(name, inputs, options), value)

    return write


def call_text(name: str, inputs: tuple[Any, ...], options: dict[str, Any]) -> str:
    """The source of a call: `np.sum(x, axis=0)`, `np.linalg.inv(a)`, `sum_to(g, shape=(3,))`."""
    arguments = [literal(x) for x in inputs]
    if name == "concatenate":
        arguments = [f"[{', '.join(arguments)}]"]
    if name == "einsum":
        arguments.insert(0, repr(options["subscripts"]))
        options = {}
    bare = name in helper_names
    for option, value in options.items():
        if option in _DEFAULTS and value == _DEFAULTS[option] and not isinstance(value, np.ndarray):
            continue
        prefix = "" if option in _POSITIONAL and not bare else f"{option}="
        text = literal(value)
        if option == "index":
            text = f"np.s_[{', '.join(map(literal, value)) if type(value) is tuple else text}]"
        arguments.append(prefix + text)
    if name == "argsort":
        arguments.append("kind='stable'")
    if name == "round":
        name = "rint"
    home = "" if bare else "np.linalg." if name in _LINALG else "np."
    return f"{home}{name}({', '.join(arguments)})"
