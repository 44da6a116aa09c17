"""A recorded graph as a straight list of statements: the forward pass, then the sweep back.

Every statement is one expression of the text reading, whose inputs are the targets of earlier
statements, arguments or constants. It has no names yet: who prints it gives them. What the sweep
does by itself (sums over what broadcasting stretched, dtypes, accumulation) is written out here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import numpy as np

from . import expressions, faults
from .backward import seed
from .errors import GradientError
from .expressions import ADD, Expression, call, made
from .order import topological
from .primitive import Primitive
from .promotion import materialise, promote
from .reading import Reading
from .sweep import fit
from .tensor import Tensor

__all__ = ["Argument", "Program", "Statement", "program"]

SMALL = 20  # elements up to which a constant array is written in its place


class Argument(NamedTuple):
    """What a program is given: a leaf, or an array too large to be written in its place."""

    expression: Expression
    value: Any  # a float or an array
    source: Any  # the Tensor or array that it is
    role: str  # what the operation that reads it calls it: "targets", "index", "c"


class Statement(NamedTuple):
    """`target` is the value of `node`, or its gradient, or a sum of gradients so far."""

    target: Expression
    node: Tensor
    by: Tensor  # the operation whose forward or whose rule this is
    backward: bool
    before: Expression | None  # the gradient to which `target` adds one more contribution


class Program(NamedTuple):
    """Statements in the order of execution, and what comes out."""

    arguments: list[Argument]
    statements: list[Statement]
    value: Expression
    gradients: list[tuple[Argument, Expression]]  # of the leaves that require grad


def program(
    root: Tensor,
    gradient: Any = None,
    calls: Callable[[str], bool] = lambda name: False,
    named: Callable[[Any], bool] = lambda source: False,
) -> Program:
    """Read the graph that ends in `root`, forward and backward.

    Args:
        root: one number, for example a loss; or any Tensor, with a gradient.
        gradient: what arrives at `root`; 1 for one number.
        calls: which rows are left as calls, by their name; all others are read through to NumPy.
        named: which constants become arguments though they are small, because they have a name.

    Raises:
        GradientError: as `backward` does; an operation cannot be written.
    """
    g = seed(root, gradient)
    writer = Writer(Reading(calls), named)
    order = topological([root])
    if root.op is None:
        writer.leaf(root)
    for node in reversed(order):
        if node.op is not None:
            writer.forward(node)
    writer.start(root, g)
    for node in order:
        if node.op is not None and node.index in writer.gradients:
            writer.backward(node)
    found = [
        (a, writer.gradients[a.source.index])
        for a in writer.arguments
        if type(a.source) is Tensor and a.source.tracked and a.source.index in writer.gradients
    ]
    return Program(writer.arguments, writer.statements, writer.values[root.index], found)


class Writer:
    """Makes the statements of a program, one node at a time."""

    def __init__(self, reading: Reading, named: Callable[[Any], bool]) -> None:
        self.reading = reading
        self.named = named
        self.arguments: list[Argument] = []
        self.statements: list[Statement] = []
        self.values: dict[int, Expression] = {}  # by the index of the Tensor
        self.gradients: dict[int, Expression] = {}
        self.inputs: dict[int, list[Any]] = {}  # what an operation reads, and its options
        self.options: dict[int, dict[str, Any]] = {}
        self.constants: dict[tuple[str, int], Expression] = {}  # arguments, by what they are

    # --- constants and arguments ----------------------------------------------------------------

    def argument(self, value: Any, source: Any, role: str) -> Expression:
        """A name for a value that is given."""
        expression = Expression(None, value)
        self.arguments.append(Argument(expression, value, source, role))
        return expression

    def leaf(self, node: Tensor) -> None:
        """A Tensor that requires grad."""
        self.values[node.index] = self.argument(node.value, node, "w")

    def constant(self, x: Any, role: str, bare: bool) -> Any:
        """A constant where it stands, `bare` as a plain number; or the argument that brings it."""
        value = x.value if type(x) is Tensor else x
        weak = type(x) is Tensor and type(value) is float
        key = ("number", x.index) if weak else ("array", id(value))
        if key in self.constants:
            return self.constants[key]
        if self.named(x) or not is_small(value):
            found = self.argument(value, x, role)  # which keeps the array alive
            self.constants[key] = found
            return found
        if np.ndim(value):
            return Expression(expressions.literal(value), value)
        bare_number = value if type(value) is float else value.item()
        return bare_number if bare else Expression(expressions.literal(value), np.asarray(value))

    def read(self, node: Tensor) -> None:
        """The expressions of what an operation reads."""
        op = node.op
        assert op is not None
        found = []
        for k, x in enumerate(node.inputs):
            if type(x) is Tensor and x.tracked:
                if x.op is None and x.index not in self.values:
                    self.leaf(x)
                found.append(self.values[x.index])
            else:
                role = op.inputs[0] if op.variadic else op.inputs[k]
                found.append(self.constant(x, role if len(role) > 1 else "c", op.elementwise))
        dtypes = map(dtype_of, values_of(node))
        if any(dtype.kind == "f" and dtype != np.float64 for dtype in dtypes):
            found = [as_weak(x, v) for x, v in zip(found, values_of(node), strict=True)]
        self.inputs[node.index] = found
        params = node.params or {}
        self.options[node.index] = {k: self.option(op, k, v) for k, v in params.items()}

    def option(self, op: Primitive, name: str, value: Any) -> Any:
        """An option as plain data that writes itself as what it is, and nothing else."""
        if type(value) is tuple:
            return tuple(self.option(op, name, v) for v in value)
        if type(value) is list or isinstance(value, np.ndarray):
            array = np.asarray(value)
            if name == "index" and array.ndim == 1 and 0 < array.size <= SMALL:
                return array.tolist()
            return self.constant(array, name, bare=False)
        if isinstance(value, np.generic):
            return value.item()
        if value is None or value is Ellipsis or type(value) in (bool, int, float, str):
            return value
        if type(value) is slice:
            parts = (value.start, value.stop, value.step)
            return slice(*(None if part is None else int(part) for part in parts))
        if isinstance(value, (np.dtype, type)) and name == "dtype":
            return np.dtype(value).name
        raise GradientError(
            f"{op.name}: the option {name} cannot be written as source. Expected numbers, texts, "
            f"shapes, slices or arrays. Received: {type(value).__name__}."
        )

    # --- forward --------------------------------------------------------------------------------

    def forward(self, node: Tensor) -> None:
        """The statement that computes a node."""
        op: Any = node.op
        self.read(node)
        inputs, options = self.inputs[node.index], self.options[node.index]
        dtype = dtype_of(node.value)
        try:
            y = self.reading.forward(op, inputs, options)
            if isinstance(y, Expression) and y.dtype != dtype and op.name != "setitem":
                y = self.reading.forward(op, promoted(node, inputs), options)
        except Exception as error:
            raise unwritable(f"the forward of {op.name}", error) from error
        y = statement_of(y, inputs)
        y = conform(y, node.value)
        must_repeat(node, y)
        self.values[node.index] = y
        self.statements.append(Statement(y, node, node, False, None))

    # --- backward -------------------------------------------------------------------------------

    def start(self, root: Tensor, g: Any) -> None:
        """The gradient that arrives at the root."""
        start: Any = float(g) if np.ndim(g) == 0 else self.constant(g, "gradient", bare=False)
        if np.ndim(g) == 0 and np.asarray(g).dtype != float:
            start = call("astype", start, dtype=g.dtype.name)
        self.receive(root, root, statement_of(start, ()))

    def backward(self, node: Tensor) -> None:
        """The rules of a node, for the inputs that need them."""
        op: Any = node.op
        if node.modified > node.index:
            faults.check_output(node)
        inputs, options = self.inputs[node.index], self.options[node.index]
        y, g = self.values[node.index], self.gradients[node.index]
        for k, x in enumerate(node.inputs):
            rule = op.rule(k)
            if type(x) is not Tensor or not x.tracked or rule is None:
                continue
            extra = {"which": k} if op.variadic else {}
            try:
                c = rule(self.reading, g, y, *inputs, **extra, **options)
            except Exception as error:
                raise unwritable(f"the rule ∂{op.name}/∂{op.input_name(k)}", error) from error
            if not isinstance(c, Expression):
                fit(c, x.value, node, x)  # which explains None
                c = made("same", c, (c,))
            c = self.fitted(c, node, x)
            self.receive(node, x, statement_of(c, (g, y, *inputs)))

    def fitted(self, c: Expression, node: Tensor, x: Tensor) -> Expression:
        """A contribution, summed over what was broadcast, in the shape and dtype of its input."""
        like = x.value
        if c.shape != np.shape(like):
            fit(np.asarray(c.value), like, node, x)  # which explains shapes that do not fit
            c = summed(self.reading, c, np.shape(like))
        return conform(c, like)

    def receive(self, node: Tensor, x: Tensor, c: Expression) -> None:
        """Add what a rule of `node` returned to the gradient of `x`."""
        before = self.gradients.get(x.index)
        if before is not None:
            with np.errstate(all="ignore"):
                c = made("add", before.value + c.value, (before, c), binding=ADD)
        self.gradients[x.index] = c
        self.statements.append(Statement(c, x, node, True, before))


def is_small(value: Any) -> bool:
    """Whether a constant is written where it stands: a number, or a short row of them."""
    return np.ndim(value) < 2 and np.size(value) <= SMALL


def statement_of(x: Any, known: Iterable[Any]) -> Expression:
    """An expression of its own, where `x` is a constant or one that has a statement already."""
    if isinstance(x, Expression) and x.op and not any(x is other for other in known):
        return x
    return made("same", expressions.value_of(x), (x,))


def summed(xp: Any, c: Expression, shape: tuple[int, ...]) -> Expression:
    """The sum over the axes that broadcasting made, as one would write it."""
    extra = c.ndim - len(shape)
    stretched = [i for i, n in enumerate(shape) if n == 1 and c.shape[extra + i] != 1]
    if not shape:
        found = xp.sum(c)
    elif not stretched:
        found = xp.sum(c, axis=0 if extra == 1 else tuple(range(extra)))
    elif not extra:
        axis = stretched[0] if len(stretched) == 1 else tuple(stretched)
        found = xp.sum(c, axis=axis, keepdims=True)
    else:
        found = xp.sum_to(c, shape=shape)
    assert isinstance(found, Expression)
    return found


def promoted(node: Tensor, inputs: list[Any]) -> list[Any]:
    """The inputs in the dtype that the engine brings them to, where NumPy takes another one."""
    assert node.op is not None
    values = values_of(node)
    wanted = promote(values if node.op.elementwise else materialise(values))
    found = []
    for x, value in zip(inputs, wanted, strict=True):
        if type(value) is not float:
            known = isinstance(x, Expression) and x.dtype == value.dtype
            x = x if known else call("astype", x, dtype=value.dtype.name)
        found.append(as_weak(x, value))
    return found


def values_of(node: Tensor) -> list[Any]:
    """The values of what an operation read."""
    return [x.value if type(x) is Tensor else x for x in node.inputs]


def as_weak(x: Any, value: Any) -> Any:
    """Python's number, where the engine has one and the text has one of NumPy's."""
    strong = isinstance(x, Expression) and type(x.value) is not float
    return number(x) if strong and type(value) is float else x


def number(x: Expression) -> Expression:
    """A result of NumPy as Python's number, which leaves the dtype of an array beside it."""
    return made("float", float(x.value), (x,))


def dtype_of(value: Any) -> np.dtype[Any]:
    """The dtype of an array; float64 for a Python float."""
    return np.dtype(float) if type(value) is float else value.dtype


def conform(x: Expression, like: Any) -> Expression:
    """`x` in the dtype of `like`: what promotion does in the engine, and NumPy does otherwise."""
    dtype = dtype_of(like)
    if x.dtype == dtype:
        return x
    if type(like) is float:
        return number(x)
    return call("astype", x, dtype=dtype.name)


def must_repeat(node: Tensor, y: Expression) -> None:
    """Let `y` carry the recorded value, after a check that the operation gives it again."""
    op: Any = node.op
    was, now = node.value, y.value
    same = np.shape(was) == np.shape(now) and (
        was == now
        if type(was) is float and was == now
        else np.allclose(now, was, rtol=1e-2, atol=1e-3, equal_nan=True)
    )
    if not same:
        raise GradientError(
            f"{op.name}: run again on the same inputs it gives another result, so it cannot be "
            "written as source. Expected an operation without randomness or a state of its own."
        )
    if type(now) is float:
        y.value = float(was)
    else:
        exact = np.asarray(was, y.dtype)
        y.value = exact if type(now) is np.ndarray else exact[()]


def unwritable(what: str, error: Exception) -> GradientError:
    """The error of a forward or a rule that text cannot be read through."""
    if isinstance(error, GradientError):
        return error
    return GradientError(
        f"{what} cannot be written as source: {type(error).__name__}: {error}. Expected "
        "mathematics through `xp` and operators (xp.exp, not np.exp; xp.where, not if)."
    )
