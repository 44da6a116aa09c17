"""The table of derivatives: one row (`Primitive`) an operation, kept in one registry.

A row is written once and read four ways: on floats, on arrays, on Tensors (a graph), on text.
Everything else (methods of Tensor, NumPy's protocols, labels of drawings, documentation, tests)
is read from the registry, so a new operation touches one file.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from types import ModuleType
from typing import Any, TypeVar

__all__ = ["COMPOSITES", "PRIMITIVES", "REQUIRED", "Primitive", "composite", "primitive", "resolve"]

Rule = Callable[..., Any]
F = TypeVar("F", bound=Callable[..., Any])

VARIADIC = 4  # the flag of a code object with *args
REQUIRED: Any = object()
"""In the place of a default: the option must be given."""

PRIMITIVES: dict[str, Primitive] = {}
"""Every primitive by its name and by its aliases."""

COMPOSITES: dict[str, Callable[..., Any]] = {}
"""Every function made of primitives, by its name; it needs no rule."""

INSTALLERS: list[Callable[[str, Any], None]] = []
"""Called with the name and the primitive or composite: Tensor puts its installer here."""


class Primitive:
    """One row of the table: forward, symbol, samples and one derivative per input.

    `forward(xp, *arrays, **options)` is mathematics through the namespace `xp`; a rule
    `(xp, g, y, *arrays, **options)` gives the gradient with respect to its input, where `g` is
    the gradient that arrives (∂L/∂y) and `y` the output. Neither sees Tensors, broadcasting,
    accumulation or dtypes: the sweep does those, once.
    """

    def __init__(
        self,
        forward: Callable[..., Any],
        symbol: str,
        samples: Sequence[tuple[Any, ...]],
        elementwise: bool,
        domain: Any,
        aliases: Sequence[str],
        twin: str | None,
        calm: bool,
    ) -> None:
        self.forward = forward
        self.__name__ = forward.__name__
        self.__doc__ = forward.__doc__
        self.symbol = symbol
        self.samples = tuple(samples)
        self.elementwise = elementwise
        self.domain = domain
        self.aliases = tuple(aliases)
        self.twin = twin
        self.calm = calm
        self.rules: tuple[Rule | None, ...] = ()
        self.differentiable: bool | None = None  # None until the row says which
        self.recorded = False  # whether a node is made of its result
        self._read_signature()
        self.function: Callable[..., Any] | None = None

    def _read_signature(self) -> None:
        # from the code object: `inspect.signature` would take a third of the package's import
        code = self.forward.__code__
        names, count = code.co_varnames, code.co_argcount
        options = names[count : count + code.co_kwonlyargcount]
        self.variadic = bool(code.co_flags & VARIADIC)
        rest = names[count + len(options) :][: self.variadic]
        if names[:count][:1] != ("xp",):
            raise TypeError(
                f"primitive {self.__name__}: expected a forward `def {self.__name__}(xp, a, …, *, "
                f"option=…)`; received parameters {[*names[:count], *rest, *options]}."
            )
        self.inputs = (*names[1:count], *rest)
        # 1 or 2 inputs without options are stored one by one in a node; all else (0) as a tuple,
        # and the options
        self.arity = len(self.inputs) if not (rest or options) and len(self.inputs) < 3 else 0
        defaults = self.forward.__kwdefaults__ or {}
        self.options = {name: defaults.get(name, REQUIRED) for name in options}
        self.required = tuple(name for name in options if name not in defaults)
        # made of two numbers and nothing else: the sweep has a short way for it
        self.plain = self.elementwise and self.arity == 2 and not self.options

    @property
    def name(self) -> str:
        """The operation's name, a standard NumPy one where there is one."""
        return self.__name__

    def derivatives(self, *by_position: Any, **rules: Rule | None) -> Primitive:
        """Write one rule per input; None says: no derivative exists in this input.

        Raises TypeError where an input is missing or a name is not an input.
        """
        if by_position or set(rules) != set(self.inputs):
            raise TypeError(
                f"primitive {self.name}: expected one derivative for each of {list(self.inputs)}; "
                f"received {list(rules) or len(by_position)}. Write each by its name, and "
                f"`{self.inputs[0]}=None` where there is none."
            )
        self.rules = tuple(rules[name] for name in self.inputs)
        self.differentiable = any(rule is not None for rule in self.rules)
        self.recorded = self.differentiable
        return self

    def not_differentiable(self) -> Primitive:
        """Say that this operation is constant almost everywhere: its result is never recorded."""
        self.rules = (None,) * len(self.inputs)
        self.differentiable = False
        return self

    def rule(self, position: int) -> Rule | None:
        """The rule of the input at `position` (a variadic operation has one for all of them)."""
        return self.rules[0] if self.variadic else self.rules[position]

    def input_name(self, position: int) -> str:
        """The mathematical letter of the input at `position`."""
        return f"{self.inputs[0]}[{position}]" if self.variadic else self.inputs[position]

    def __call__(self, *inputs: Any, **options: Any) -> Any:
        """The graph reading: apply the operation to Tensors and record it."""
        if self.function is None:
            raise RuntimeError("no Tensor is loaded: import tinygrad_es before calling a primitive")
        return self.function(*inputs, **options)

    def __repr__(self) -> str:
        return f"<primitive {self.name} ({', '.join(self.inputs)})>"


def primitive(
    symbol: str,
    *,
    samples: Sequence[tuple[Any, ...]] = (),
    elementwise: bool = False,
    domain: Any = None,
    aliases: Sequence[str] = (),
    twin: str | None = None,
    calm: bool = False,
) -> Callable[[Callable[..., Any]], Primitive]:
    """Make a row of the table out of a forward written through `xp`.

    Args:
        symbol: what drawings and formulas show, e.g. `"·"`.
        samples: shapes to test with, one tuple a sample; a last dict holds options:
            `[((3, 2), (2,)), ((4,), {"axis": 0})]`. An array in place of a shape is taken as is.
        elementwise: broadcasting, promotion and Python floats are allowed.
        domain: interval `(low, high)` the samples are drawn from, or a function
            `(generator, shape, position) -> array`; default (-2, 2).
        aliases: further names (methods and `ops`).
        twin: for a fused operation, the name of the composite of the same mathematics.
        calm: the rules neither divide nor leave a domain, so the sweep need not silence NumPy.

    >>> from tinygrad_es import Tensor, primitive
    >>> @primitive("x·|x|", samples=[((3,),), ((),)], elementwise=True)
    ... def signed_square(xp, x):
    ...     '''x·|x|: the square that keeps its sign.'''
    ...     return x * xp.abs(x)
    >>> _ = signed_square.derivatives(x=lambda xp, g, y, x: g * 2.0 * xp.abs(x))
    >>> x = Tensor(-3.0, requires_grad=True)
    >>> x.signed_square().backward()
    >>> x.grad
    tensor(6.0)
    """

    if not isinstance(symbol, str):
        raise TypeError(
            '@primitive: expected the symbol first, @primitive("x·|x|", samples=[((3,),)]). '
            f"Received: {symbol!r}."
        )

    def make(forward: Callable[..., Any]) -> Primitive:
        op = Primitive(forward, symbol, samples, elementwise, domain, aliases, twin, calm)
        _claim(op)
        for reading, name in READ:
            if name in (op.name, *op.aliases):
                vars(reading).pop(name, None)
        for name in (op.name, *op.aliases):
            PRIMITIVES[name] = op
            for install in INSTALLERS:
                install(name, op)
        return op

    return make


def _claim(op: Primitive) -> None:
    """Refuse a name that is taken, unless the same definition is run again (a notebook cell)."""
    for name in (op.name, *op.aliases):
        other = PRIMITIVES.get(name)
        taken = COMPOSITES.get(name) if other is None else other.forward
        if taken is not None and taken.__module__ != op.forward.__module__:
            raise ValueError(
                f"an operation {name!r} exists already, in {taken.__module__}; "
                f"expected a new name. Received: {op.forward.__module__}.{op.name}."
            )


def composite(function: F) -> F:
    """Register a function made of other operations: it needs no rule, and Tensor gets a method.

    One of the same name as a primitive is that primitive's door: it tidies the arguments.
    A first parameter that is not the Tensor (`tensors`, `subscripts`) makes no method.
    """
    COMPOSITES[function.__name__] = function
    for install in INSTALLERS:
        install(function.__name__, function)
    return function


READ: set[tuple[Any, str]] = set()
"""What `resolve` found: a reading keeps it under its name until the operation is defined anew."""


def resolve(name: str, reading: ModuleType | Any) -> Callable[..., Any]:
    """The operation `name` in a reading that has no function of its own for it.

    Its forward, a composition of simpler functions, is read through that same namespace.
    """
    op = PRIMITIVES.get(name)
    if op is None:
        raise AttributeError(f"{getattr(reading, '__name__', reading)!r} has no operation {name!r}")

    READ.add((reading, name))
    return functools.partial(op.forward, reading)
