"""Hooks and kept gradients: what somebody wants to know of a node during the sweep."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .errors import GradientError, ShapeError, describe
from .tensor import Tensor, as_tensor, constant

__all__ = ["Handle", "Watch", "plus", "register_hook", "retain_grad", "run_hooks"]


class Watch:
    """What somebody wants to know of a node: hooks, and whether to keep its gradient."""

    __slots__ = ("hooks", "retain")

    def __init__(self) -> None:
        self.hooks: dict[int, Callable[[Tensor], Any]] = {}
        self.retain = False


class Handle:
    """What `register_hook` returns: `.remove()` takes the hook off again."""

    __slots__ = ("key", "watch")

    def __init__(self, watch: Watch, key: int) -> None:
        self.watch, self.key = watch, key

    def remove(self) -> None:
        self.watch.hooks.pop(self.key, None)


def register_hook(self: Tensor, hook: Callable[[Tensor], Any]) -> Handle:
    """Call `hook(gradient)` when the gradient of this Tensor is known; it may return another.

    >>> from tinygrad_es import Tensor
    >>> x = Tensor(1.0, requires_grad=True)
    >>> handle = x.register_hook(lambda g: g * 10)
    >>> (x * 2).backward()
    >>> x.grad
    tensor(20.0)
    """
    if not self.tracked:
        raise GradientError("register_hook: this Tensor does not require grad")
    if self.watch is None:
        self.watch = Watch()
    key = max(self.watch.hooks, default=0) + 1
    self.watch.hooks[key] = hook
    return Handle(self.watch, key)


def retain_grad(self: Tensor) -> None:
    """Keep the gradient of this intermediate Tensor in `.grad` as well."""
    if not self.tracked:
        raise GradientError("retain_grad: this Tensor does not require grad")
    if self.op is not None:
        if self.watch is None:
            self.watch = Watch()
        self.watch.retain = True


def run_hooks(node: Tensor, g: Any) -> Any:
    """Let the hooks of a node see, and perhaps replace, the gradient that arrives."""
    recorded = type(g) is Tensor
    for hook in list(node.watch.hooks.values()):
        answer = hook(g if recorded else as_tensor(g))
        if answer is not None:
            if np.shape(constant(answer)) != node.shape:
                raise ShapeError(
                    f"a hook must return a gradient of shape {node.shape}. Received: "
                    f"{describe(answer)}."
                )
            g = as_tensor(answer) if recorded else constant(answer)
    if node.watch.retain:
        node._grad = g if node._grad is None else plus(node._grad, g)
    return g


def plus(before: Any, g: Any) -> Any:
    """The sum, on values unless one of the two is recorded."""
    if type(before) is Tensor and type(g) is not Tensor and not before.tracked:
        before = before.value
    return before + g


Tensor.register_hook = register_hook  # type: ignore[method-assign,assignment]  # of `Interface`
Tensor.retain_grad = retain_grad  # type: ignore[method-assign,assignment]
