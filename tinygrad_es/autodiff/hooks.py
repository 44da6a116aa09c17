"""Hooks and kept gradients: what somebody wants to know of a node during the sweep."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .errors import GradientError, ShapeError, describe
from .marks import Marks
from .tensor import Tensor, as_tensor, constant, next_index

__all__ = ["Handle", "plus", "register_hook", "retain_grad", "run_hooks"]


class Handle:
    """What `register_hook` returns: `.remove()` takes the hook off again."""

    __slots__ = ("key", "marks")

    def __init__(self, marks: Marks, key: int) -> None:
        self.marks, self.key = marks, key

    def remove(self) -> None:
        self.marks.hooks.pop(self.key, None)


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
    marks = self.marked()
    key = next_index()
    marks.hooks[key] = hook
    marks.watched = True
    return Handle(marks, key)


def retain_grad(self: Tensor) -> None:
    """Keep the gradient of this intermediate Tensor in `.grad` as well."""
    if not self.tracked:
        raise GradientError("retain_grad: this Tensor does not require grad")
    if self.op is not None:
        marks = self.marked()
        marks.retain = marks.watched = True


def run_hooks(node: Tensor, g: Any) -> Any:
    """Let the hooks of a node see, and perhaps replace, the gradient that arrives."""
    recorded = type(g) is Tensor
    marks = node.marked()
    for hook in list(marks.hooks.values()):
        answer = hook(g if recorded else as_tensor(g))
        if answer is not None:
            if np.shape(constant(answer)) != node.shape:
                raise ShapeError(
                    f"a hook must return a gradient of shape {node.shape}. Received: "
                    f"{describe(answer)}."
                )
            if recorded:
                g = as_tensor(answer)
            elif type(node.value) is float:
                g = float(constant(answer))
            else:
                g = np.array(constant(answer), dtype=node.value.dtype)
    if marks.retain:
        before = getattr(node, "_grad", None)
        node._grad = g if before is None else plus(before, g)
    return g


def plus(before: Any, g: Any) -> Any:
    """The sum, on values unless one of the two is recorded."""
    if type(before) is Tensor and type(g) is not Tensor and not before.tracked:
        before = before.value
    return before + g


Tensor.register_hook = register_hook  # type: ignore[method-assign,assignment]  # of `Interface`
Tensor.retain_grad = retain_grad  # type: ignore[method-assign,assignment]  # of `Interface`
