"""Formulas of recorded operations: the text reading, made for readers.

An operation and its rules write themselves as NumPy source over the letters of the table (`g` the
gradient that arrives, `y` the output, inputs by their letter). Lengths print as where they came
from (`x.shape[0]`), operations of the table stay calls (`sigmoid(x)`), and a choice between two
branches that is the same for all elements is made.

>>> from tinygrad_es import ops
>>> rule_source(ops.tanh.primitive, 0, 1.0, 0.46, [0.5])
'g * (1.0 - y * y)'
>>> forward_source(ops.tanh.primitive, [0.5])
'np.tanh(x)'
"""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from ..autodiff import arrays, expressions
from ..autodiff.expressions import Expression, call_text
from ..autodiff.primitive import Primitive

__all__ = [
    "READING",
    "Symbol",
    "forward_source",
    "letters_of",
    "local_source",
    "rule_source",
    "symbols_of",
    "told",
]

# forwards that read better than the name of the operation
_SPELT = frozenset(
    [
        *("add", "subtract", "multiply", "divide", "negative", "power", "matmul", "square"),
        *("reciprocal", "remainder", "floor_divide", "getitem", "transpose"),
    ]
)


class Length(int):
    """A length that prints as where it came from: `x.shape[0]`."""

    text: str

    def __new__(cls, text: str, value: int) -> Length:
        """The integer `value`, printed as `text`."""
        length = super().__new__(cls, value)
        length.text = text
        return length

    def __repr__(self) -> str:
        return self.text


class Shape(tuple):  # type: ignore[type-arg]  # of Lengths
    """A shape that prints as `x.shape`."""

    text: str

    def __new__(cls, text: str, lengths: tuple[int, ...]) -> Shape:
        """The lengths, each printed as `x.shape[i]`."""
        shape = super().__new__(cls, [Length(f"{text}[{i}]", n) for i, n in enumerate(lengths)])
        shape.text = text
        return shape

    def __repr__(self) -> str:
        return self.text


class Symbol(Expression):
    """A letter of a formula, whose shape is named and not spelt out in numbers."""

    __slots__ = ("_shape",)

    @property
    def shape(self) -> tuple[int, ...]:
        """`x.shape`; a `concatenate` of 1,000 arrays asks each of them 1,000 times."""
        try:
            return self._shape
        except AttributeError:
            self._shape: tuple[int, ...] = Shape(f"{self.text}.shape", np.shape(self.value))
        return self._shape

    @property
    def size(self) -> int:
        """`x.size`."""
        return Length(f"{self.text}.size", int(np.size(self.value)))


class Reading:
    """The text reading, except that rows NumPy has no function for stay calls: `sigmoid(x)`."""

    def __init__(self, choosing: bool = False) -> None:
        self.choosing = choosing  # whether `where` with one condition for all is decided

    def __getattr__(self, name: str) -> Any:
        if name == "where" and self.choosing:
            return _chosen
        if name in arrays.NATIVE or name == "getitem":
            return getattr(expressions, name)

        def write(*inputs: Any, **options: Any) -> Expression:
            values = [getattr(x, "value", x) for x in inputs]
            text = call_text(name, inputs, options).removeprefix("np.")
            with np.errstate(all="ignore"):
                return Symbol(text, getattr(arrays, name)(*values, **options))

        return write


def _chosen(condition: Any, a: Any, b: Any) -> Any:
    value = np.asarray(getattr(condition, "value", condition))
    if value.size == 1:
        return a if value.all() else b
    return expressions.where(condition, a, b)


READING = Reading()
_CHOOSING: Any = Reading(choosing=True)


def letters_of(op: Primitive, count: int) -> list[str]:
    """The letters of the inputs; a variadic operation numbers them."""
    return [f"x{i}" for i in range(count)] if op.variadic else list(op.inputs)


def forward_source(
    op: Primitive, values: Sequence[Any], options: Mapping[str, Any] | None = None
) -> str:
    """The operation as source over its letters."""
    if op.name == "linear":
        return "x @ w + b"
    letters = letters_of(op, len(values))
    xs = [Symbol(letter, _value(v)) for letter, v in zip(letters, values, strict=True)]
    if op.name in _SPELT:
        return str(op.forward(_CHOOSING, *xs, **(options or {})))
    given = {k: v for k, v in (options or {}).items() if not _usual(op.options.get(k), v)}
    text = call_text(op.name, tuple(xs), given)
    return text if op.name in arrays.NATIVE else text.removeprefix("np.")


def symbols_of(op: Primitive, values: Sequence[Any]) -> list[Symbol]:
    """The letters of an operation, with the values that they stand for."""
    if not op.elementwise:  # its rules ask for axes, which a float has not
        values = [np.asarray(v) for v in values]
    letters = letters_of(op, len(values))
    return [Symbol(letter, _value(v)) for letter, v in zip(letters, values, strict=True)]


def rule_source(
    op: Primitive,
    position: int,
    gradient: Any,
    output: Any,
    values: Sequence[Any],
    options: Mapping[str, Any] | None = None,
    xs: Sequence[Symbol] = (),
) -> str | None:
    """∂L/∂(input at `position`) as source over `g`, `y` and the letters; None without a rule.

    `xs` are `symbols_of(op, values)`, for whoever asks for several inputs of one operation.
    """
    rule = op.rule(position)
    if rule is None:
        return None
    xs = xs or symbols_of(op, values)
    if not op.elementwise:
        gradient, output = np.asarray(gradient), np.asarray(output)
    extra = dict(options or {})
    if op.variadic:
        extra["which"] = position
    y = Symbol("y" if "y" not in op.inputs else "out", _value(output))
    with np.errstate(all="ignore"):
        return str(rule(_CHOOSING, Symbol("g", _value(gradient)), y, *xs, **extra))


# --- what is left out when a rule is told --------------------------------------------------------


def told(op: Primitive, letter: str, values: Sequence[Any], output: Any) -> str | None:
    """A rule without the reshaping that arrays need, where that hides it; else None.

    What a sum or a mean sends is the same for all elements, a vector in a matrix product is a
    column or a row, and the targets of a cross-entropy that sum to 1 are not summed.

    >>> from tinygrad_es.autodiff.primitive import PRIMITIVES
    >>> told(PRIMITIVES["mean"], "x", [np.ones((3, 4))], np.ones(3))
    'g / 4'
    """
    first = values[0]
    vectors = any(np.ndim(v) == 1 for v in values[:2])
    if op.name == "sum":
        return "g"
    if op.name == "mean":
        count = np.size(first) // max(np.size(output), 1)
        return f"g / {count}" if count > 1 else "g"
    if op.name == "relu" and np.ndim(first):
        return "g * np.where(np.greater(x, 0.0), 1.0, 0.0)"
    if op.name == "linear" and np.ndim(first) <= 2:
        by_letter = {"x": "g @ w.T", "w": "x.T @ g", "b": "g" if vectors else "np.sum(g, axis=0)"}
        return by_letter[letter]
    if op.name == "matmul" and vectors and max(np.ndim(v) for v in values) == 2:
        return {"a": "g @ b.T", "b": "a.T @ g"}[letter]
    if op.name == "softmax_cross_entropy" and letter == "logits":
        ones = np.allclose(np.sum(values[1], axis=-1), 1.0, rtol=1e-6)
        return "g * (softmax(logits) - targets)" if ones else None
    if op.name == "sparse_softmax_cross_entropy":
        rows = np.size(first) // max(np.shape(first)[-1], 1)
        mean = np.ndim(output) == 0 and np.ndim(first) > 1
        return "g * (softmax(logits) - onehot)" + (f" / {rows}" if mean else "")
    return None


@lru_cache(maxsize=1024)
def local_source(rule: str) -> str:
    """The local derivative of an elementwise rule: the rule for an arriving gradient of 1.

    >>> local_source("g * b"), local_source("-g * y / b"), local_source("0.5 * g / y")
    ('b', '-y / b', '0.5 / y')
    """
    return ast.unparse(_WithoutGradient().visit(ast.parse(rule, mode="eval")))


class _WithoutGradient(ast.NodeTransformer):
    def visit_Name(self, node: ast.Name) -> ast.expr:
        return ast.Constant(1.0) if node.id == "g" else node

    def visit_BinOp(self, node: ast.BinOp) -> ast.expr:
        left, right = self.visit(node.left), self.visit(node.right)
        if isinstance(node.op, ast.Mult):
            if _is_one(left):
                return right
            if _is_one(right):
                return left
            if isinstance(left, ast.UnaryOp) and _is_one(left.operand):
                return ast.UnaryOp(left.op, right)
        return ast.BinOp(left, node.op, right)


def _is_one(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value == 1.0


def _usual(default: Any, value: Any) -> bool:
    """Whether an option says nothing new."""
    return value is None or (not isinstance(value, np.ndarray) and bool(np.all(default == value)))


def _value(value: Any) -> Any:
    """An array where NumPy's functions shall be asked for shapes."""
    return value if isinstance(value, (float, np.ndarray)) else np.asarray(value)
