"""The text reading: expressions that write themselves as NumPy source and carry their value.

A rule read here writes `g * b`, `a.T @ g`, `np.sum(g, axis=0)`. The value that travels along
answers questions about shapes, fills formulas with numbers, and lets a test execute the text and
compare. What an expression is made of stays known, so that a program can give names to its parts.

>>> from tinygrad_es.autodiff import expressions as xp
>>> from tinygrad_es.ops import tanh as recorded
>>> tanh = recorded.primitive
>>> z = xp.Expression("z", 0.5)
>>> print(tanh.rules[0](xp, xp.Expression("g", 1.0), xp.Expression("y", 0.46), z))
g * (1.0 - y * y)
"""

from __future__ import annotations

import operator
import sys
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from . import arrays
from .primitive import PRIMITIVES, resolve

__all__ = ["Expression", "call", "helper_names", "literal"]

COMPARE, ADD, MULTIPLY, UNARY, POWER, ATOM = 1, 4, 5, 6, 7, 9

# Names whose text is not `np.<name>(…)`: NumPy lacks them, and the source brings their definition.
helper_names = frozenset(
    [
        *("erf", "fold", "linear_recurrence", "logabsdet", "qr_q", "qr_r"),
        *("eigh_values", "eigh_vectors", "scatter_add", "setitem", "sum_to"),
        *("svd_u", "svd_s", "svd_vt", "windows"),
    ]
)
_LINALG = frozenset(["cholesky", "det", "inv", "solve"])
# operation → sign, how tightly it binds, Python's function, Python's method
_SIGNS: dict[str, tuple[str, int, Callable[[Any, Any], Any], str]] = {
    "add": ("+", ADD, operator.add, "add"),
    "subtract": ("-", ADD, operator.sub, "sub"),
    "multiply": ("*", MULTIPLY, operator.mul, "mul"),
    "divide": ("/", MULTIPLY, operator.truediv, "truediv"),
    "floor_divide": ("//", MULTIPLY, operator.floordiv, "floordiv"),
    "remainder": ("%", MULTIPLY, operator.mod, "mod"),
    "matmul": ("@", MULTIPLY, arrays.matmul, "matmul"),
    "power": ("**", POWER, operator.pow, "pow"),
    "equal": ("==", COMPARE, operator.eq, "eq"),
    "not_equal": ("!=", COMPARE, operator.ne, "ne"),
    "less": ("<", COMPARE, operator.lt, "lt"),
    "less_equal": ("<=", COMPARE, operator.le, "le"),
    "greater": (">", COMPARE, operator.gt, "gt"),
    "greater_equal": (">=", COMPARE, operator.ge, "ge"),
}
_NUMPY_NAMES = {"round": "rint", "amax": "max", "amin": "min"}
_POSITIONAL = frozenset(["shape", "axes"])
_DEFAULTS = {"axis": None, "keepdims": False}  # NumPy's own, which are not written
NO_OPTIONS: dict[str, Any] = {}


class Expression:
    """A piece of NumPy source, how tightly it binds, and the value it has here.

    It is a name or a literal, or an operation on others (`op`, `inputs`, `options`), which writes
    itself when its text is first asked for. Assigning a name to `text` makes it that name
    wherever it is used.
    """

    __slots__ = ("_text", "binding", "inputs", "op", "options", "value")

    def __init__(self, text: str | None, value: Any, binding: int = ATOM) -> None:
        self._text = text
        self.value = value
        self.binding = binding
        self.op = ""
        self.inputs: tuple[Any, ...] = ()
        self.options = NO_OPTIONS

    @property
    def text(self) -> str:
        """The source; parts without a name are written first, one by one, without recursion."""
        if self._text is None:
            waiting = [self]
            while waiting:
                parts = [x for x in waiting[-1].parts() if x._text is None]
                if parts:
                    waiting += parts
                else:
                    done = waiting.pop()
                    done._text = done._text or _written(done)
        return self._text or ""

    @text.setter
    def text(self, name: str) -> None:
        self._text = name
        self.binding = ATOM

    def forget(self) -> None:
        """Write it again when asked: one of its parts has got a name."""
        self._text = None

    def parts(self) -> Iterator[Expression]:
        """The expressions it is made of, in an index too."""
        for x in (*self.inputs, *self.options.values()):
            for part in x if type(x) is tuple else (x,):
                if isinstance(part, Expression):
                    yield part

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        return f"Expression({self.text!r})"

    __hash__ = None  # type: ignore[assignment]  # == writes a comparison
    __array_ufunc__ = None  # an array leaves the operators to it, and np.exp(…) of it is an error

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
        if self.op == "T":
            return self.inputs[0]
        x = as_array(self)
        return made("T", x.value.T, (x,))

    def __getitem__(self, index: Any) -> Expression:
        x = as_array(self)
        return made("getitem", x.value[value_of(index)], (x,), {"index": index})

    def __neg__(self) -> Expression:
        return made("negative", -self.value, (self,), binding=UNARY)


def made(
    op: str,
    value: Any,
    inputs: tuple[Any, ...],
    options: dict[str, Any] = NO_OPTIONS,
    binding: int = ATOM,
) -> Expression:
    """The result of an operation; it is written when its text is asked for."""
    found = Expression(None, value, binding)
    found.op, found.inputs, found.options = op, inputs, options
    return found


def as_array(x: Any) -> Any:
    """A number that stands where an array's method or index is needed."""
    if isinstance(x, Expression) and type(x.value) in (float, int, bool):
        return made("asarray", np.asarray(x.value), (x,))
    return x


def value_of(x: Any) -> Any:
    """The value of an expression, or of an index with expressions in it; a constant is itself."""
    if type(x) is tuple:
        return tuple(map(value_of, x))
    return x.value if isinstance(x, Expression) else x


# --- text ---------------------------------------------------------------------------------------


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
        return _array(value)
    if isinstance(value, float) and (value != value or value in (np.inf, -np.inf)):
        return {"inf": "np.inf", "-inf": "-np.inf"}.get(str(value), "np.nan")
    if isinstance(value, np.generic):
        return literal(value.item())
    return repr(value)


def _array(x: np.ndarray[Any, Any]) -> str:
    """`np.array([0, 2])`, with the dtype where it is not the one that NumPy would choose."""
    known = x.dtype in (np.float64, np.int64, np.bool)
    dtype = "" if known else f", dtype=np.{x.dtype.name}"
    if x.size == 0:
        return f"np.zeros({x.shape}, dtype=np.{x.dtype.name})"

    def rows(part: Any) -> str:
        if part.ndim:
            return f"[{', '.join(map(rows, part))}]"
        text = str(part)  # the shortest that reads back as the same number of this dtype
        return f"np.{text}" if text in ("nan", "inf") else text.replace("-inf", "-np.inf")

    return f"np.array({rows(x)}{dtype})"


def wrap(x: Any, binding: int) -> str:
    """The text of an operand, in parentheses where it binds less tightly than its place needs."""
    if not isinstance(x, Expression):
        text = literal(x)
        return f"({text})" if text.startswith("-") and binding > ADD else text
    return x.text if x.binding >= binding else f"({x.text})"


def _written(x: Expression) -> str:
    """The text of an operation whose parts have theirs."""
    if x.op in _SIGNS and x.binding != ATOM:
        sign, binding, _, _ = _SIGNS[x.op]
        a, b = x.inputs
        right = binding + (sign != "**")  # a - (b - c), but a ** b ** c
        left = binding + (sign == "**")
        if sign == "**" and type(b) is float and b.is_integer() and abs(b) < 1000:
            b = int(b)  # x ** 2, as one writes it
        return f"{wrap(a, left)} {sign} {wrap(b, right)}"
    if x.op == "negative":
        return f"-{wrap(x.inputs[0], UNARY)}"
    if x.op == "same":
        return literal(x.inputs[0])
    if x.op == "T":
        return f"{wrap(x.inputs[0], ATOM)}.T"
    if x.op == "getitem":
        return f"{wrap(x.inputs[0], ATOM)}[{_index(x.options['index']) or '()'}]"
    return call_text(x.op, x.inputs, x.options)


def _index(index: Any) -> str:
    return ", ".join(map(literal, index)) if type(index) is tuple else literal(index)


def call_text(name: str, inputs: tuple[Any, ...], options: dict[str, Any]) -> str:
    """The source of a call: `np.sum(x, axis=0)`, `np.linalg.inv(a)`, `sum_to(g, shape=(3,))`."""
    arguments = [literal(x) for x in inputs]
    if name == "astype":
        dtype = f"np.{np.dtype(options['dtype']).name}"
        if np.ndim(value_of(inputs[0])):
            return f"{wrap(inputs[0], ATOM)}.astype({dtype})"
        return f"{dtype}({arguments[0]})"
    if name == "concatenate":
        arguments = [f"[{', '.join(arguments)}]"]
    if name == "einsum":
        arguments.insert(0, repr(options["subscripts"]))
        options = {}
    numpys = name in _SIGNS or name == "asarray" or name in arrays.NATIVE - helper_names
    bare = not numpys
    known = _DEFAULTS if numpys or name not in PRIMITIVES else PRIMITIVES[name].options
    for option, value in options.items():
        if option in _DEFAULTS and (value is None or value is False) and value is known[option]:
            continue
        prefix = "" if option in _POSITIONAL and not bare else f"{option}="
        text = f"np.s_[{_index(value)}]" if option == "index" else literal(value)
        arguments.append(prefix + text)
    if name == "argsort":
        arguments.append("kind='stable'")
    home = "" if bare else "np.linalg." if name in _LINALG else "np."
    return f"{home}{_NUMPY_NAMES.get(name, name)}({', '.join(arguments)})"


# --- operators and functions --------------------------------------------------------------------


def infix(name: str) -> Callable[[Any, Any], Expression]:
    """The function that writes `a + b`."""
    _, binding, function, _ = _SIGNS[name]

    def write(a: Any, b: Any) -> Expression:
        if name == "divide" and type(b) is int and b == 1 and isinstance(a, Expression):
            return a  # a mean over one
        v, w = value_of(a), value_of(b)
        try:
            with np.errstate(all="ignore"):
                value = function(v, w)
            refused = isinstance(value, complex)
        except (ZeroDivisionError, OverflowError):
            refused = True
        if not refused:
            return made(name, value, (a, b), binding=binding)
        with np.errstate(all="ignore"):  # of two numbers, NumPy's function knows inf and NaN
            return made(name, getattr(np, name)(np.float64(v), w), (a, b))

    return write


def _install_operators() -> None:
    for name, (_, binding, _, method) in _SIGNS.items():
        write = infix(name)
        setattr(Expression, f"__{method}__", write)
        if binding != COMPARE:
            setattr(Expression, f"__r{method}__", lambda a, b, write=write: write(b, a))


_install_operators()


def compute(name: str, values: list[Any], options: dict[str, Any]) -> Any:
    """The value that NumPy gives where the text is executed: of Python's numbers one of its own."""
    if all(type(v) in (float, int, bool) for v in values):
        values = [np.asarray(v)[()] for v in values]
    with np.errstate(all="ignore"):
        value = getattr(arrays, name)(*values, **{k: value_of(v) for k, v in options.items()})
    return np.asarray(value)[()] if type(value) in (float, bool) else value


def call(name: str, *inputs: Any, **options: Any) -> Expression:
    """A function's call, `np.exp(x)`, with its value; NumPy's or that of a row of the table."""
    if name in helper_names or name == "astype":
        inputs = tuple(map(as_array, inputs))
    return made(name, compute(name, list(map(value_of, inputs)), options), inputs, options)


def __getattr__(name: str) -> Callable[..., Any]:
    """`xp.exp` here: a function that writes `np.exp(…)`; an unknown one is read through its row."""
    if name.startswith("__"):
        raise AttributeError(name)
    if name == "getitem":
        return lambda x, *, index: x[index]
    if name in _SIGNS:
        return infix(name)
    if name not in arrays.NATIVE:
        return resolve(name, sys.modules[__name__])
    return lambda *inputs, **options: call(name, *inputs, **options)
