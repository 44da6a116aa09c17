"""The modes of the engine, one ContextVar: threads and async tasks do not see each other's.

>>> from tinygrad_es import Tensor, no_grad
>>> w = Tensor(3.0, requires_grad=True)
>>> with no_grad():
...     y = w * 2
>>> y.requires_grad
False
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from contextvars import ContextVar, Token
from itertools import count
from typing import Any, TypeVar

__all__ = [
    "MODES",
    "OUTSIDE",
    "Modes",
    "Scope",
    "detect_anomaly",
    "enable_grad",
    "is_grad_enabled",
    "is_training",
    "no_grad",
    "scope",
    "scope_now",
    "set_grad_enabled",
    "training",
]

F = TypeVar("F", bound=Callable[..., Any])


class Scope(str):
    """The path of a scope, and which passage through it this is.

    Two calls of a layer have equal paths and different `call`s. `order` counts the backward
    passes that lie between: what a rule computes while its gradient is recorded belongs to the
    layer of the operation whose rule it is, at order 1; its derivatives in turn at order 2.
    """

    __slots__ = ("call", "order", "outer")
    call: int
    order: int
    outer: Scope | None  # the scope in which this one was entered

    def __new__(cls, path: str, call: int = 0, order: int = 0, outer: Scope | None = None) -> Scope:
        """The path `path`."""
        made = str.__new__(cls, path)
        made.call = call
        made.order = order
        made.outer = outer
        return made

    def __reduce__(self) -> tuple[Any, ...]:
        return Scope, (str(self), self.call, self.order, self.outer)


OUTSIDE = Scope("")
"""Outside of all layers."""
next_call = count(1).__next__


class Modes:
    """What the engine reads at every operation; never changed in place, only replaced."""

    __slots__ = ("anomaly", "grad", "scope", "tracing", "training")

    def __init__(
        self, grad: bool, training: bool, anomaly: bool, scope: Scope, tracing: bool = False
    ) -> None:
        self.grad = grad
        self.training = training
        self.anomaly = anomaly
        self.scope = scope
        self.tracing = tracing  # inside a function that a transform differentiates


GENERATOR = 0x20 | 0x80 | 0x200  # flags of a code object: generators and coroutines
DEFAULT = Modes(True, False, False, OUTSIDE)
MODES: ContextVar[Modes] = ContextVar("tinygrad_es.modes", default=DEFAULT)


class Switch:
    """A context manager, and a decorator, that replaces one mode and puts it back."""

    __slots__ = ("change", "tokens")

    def __init__(self, **change: Any) -> None:
        self.change = change
        self.tokens: list[Token[Modes]] = []

    def __enter__(self) -> None:
        now = MODES.get()
        fields: dict[str, Any] = {"grad": now.grad, "training": now.training}
        fields |= {"anomaly": now.anomaly, "scope": now.scope, "tracing": now.tracing}
        self.tokens.append(MODES.set(Modes(**(fields | self.change))))

    def __exit__(self, *exc: object) -> None:
        MODES.reset(self.tokens.pop())

    def __call__(self, function: F) -> F:
        change = self.change
        code = getattr(function, "__code__", None)  # a partial or a callable object has none
        if code is not None and code.co_flags & GENERATOR:
            raise TypeError(
                f"{function.__name__} is a generator: what it runs, it runs later. Write the "
                "`with` inside it."
            )

        @functools.wraps(function)
        def switched(*args: Any, **kwargs: Any) -> Any:
            with Switch(**change):  # a new one each call: threads must not share its tokens
                return function(*args, **kwargs)

        return switched  # type: ignore[return-value]  # same signature, by functools.wraps


def no_grad() -> Switch:
    """Inside, nothing is recorded: results do not require grad. Also a decorator: `@no_grad()`."""
    return Switch(grad=False)


def enable_grad() -> Switch:
    """Undo `no_grad` inside a block."""
    return Switch(grad=True)


def set_grad_enabled(enabled: bool) -> Switch:
    """`enable_grad()` or `no_grad()`, chosen by a flag."""
    return Switch(grad=bool(enabled))


def training(flag: bool = True) -> Switch:
    """Inside, layers that behave differently in training (dropout, batch norm) see this flag."""
    return Switch(training=bool(flag))


def detect_anomaly() -> Switch:
    """Inside, every operation and every rule is checked for NaN, and the user's line is recorded.

    Raises `AnomalyError` that names the first operation whose inputs had no NaN but whose
    result has one. Slow (one pass over every array): for finding a bug, not for training.
    """
    return Switch(anomaly=True)


def is_grad_enabled() -> bool:
    """Whether operations are recorded here and now."""
    return MODES.get().grad


def is_training() -> bool:
    """Whether the training flag is on here and now."""
    return MODES.get().training


def scope_now() -> Scope:
    """The layers inside which this runs, outermost first; "" outside of all."""
    return MODES.get().scope


class scope:
    """Names the layer in which the operations of the block are born: `with scope("dense_1"):`.

    Nested scopes are joined by `/`; a second argument sets the training flag too. Leaner than
    `Switch`, for it runs at every layer call.
    """

    __slots__ = ("name", "token", "training")

    def __init__(self, name: str, training: bool | None = None) -> None:
        self.name, self.training = name, training

    def __enter__(self) -> None:
        now = MODES.get()
        path = f"{now.scope}/{self.name}" if now.scope else self.name
        inside = Scope(path, next_call(), now.scope.order, now.scope or None)
        training = now.training if self.training is None else self.training
        self.token = MODES.set(Modes(now.grad, training, now.anomaly, inside, now.tracing))

    def __exit__(self, *exc: object) -> None:
        MODES.reset(self.token)


class derived:
    """Inside, `at(scope)` says whose rules are recorded: those of that scope, at this order."""

    __slots__ = ("before", "last", "order", "token")

    def __init__(self, order: int) -> None:
        self.order = order
        self.last: Scope | None = None

    def __enter__(self) -> derived:
        self.before = MODES.get()
        self.token = MODES.set(self.before)
        return self

    def at(self, where: Scope) -> None:
        """Name the scope of the node whose rules come next."""
        if where is not self.last:
            self.last, now = where, self.before
            inside = Scope(where, where.call, self.order, where.outer)
            MODES.set(Modes(now.grad, now.training, now.anomaly, inside, now.tracing))

    def __exit__(self, *exc: object) -> None:
        MODES.reset(self.token)
