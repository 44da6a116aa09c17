"""In which styles people write a forward and a backward pass, and how each is run.

Two functions; one function that returns the loss and its gradients; an object with both methods;
a class with static methods and a `ctx`, as in PyTorch; a class of numbers that remember how they
came about, as in micrograd.
"""

from __future__ import annotations

import copy
import functools
import inspect
import operator
import types
from collections.abc import Callable
from typing import Any, NamedTuple

from ...autodiff.errors import describe
from ...tree import leaves, map_structure
from .beside import loss_and_gradients
from .naming import named_leaves, required
from .watching import observed

__all__ = ["Context", "Passes", "passes_of"]


class Passes(NamedTuple):
    """How the two passes of a subject are run."""

    forward: Callable[..., Any]  # it runs on Tensors
    plain: Callable[..., Any]  # and this on numbers; as a rule the same
    backward: Callable[..., Any]
    inputs: tuple[Any, ...]
    style: str = "functions"  # or joint, context, values
    arriving: tuple[Any, ...] = ()  # at each of several results: `next_h, next_c, cache`
    places: tuple[int, ...] = ()  # of backward's parameters among these and the cache

    @property
    def joint(self) -> bool:
        """Whether forward returns the gradients too, after the loss."""
        return self.style == "joint"

    def end(self, result: Any) -> Any:
        """What forward returned, without the gradients or the cache that goes with it.

        Of several results one number: Σ of each times what arrives there.
        """
        if self.arriving:
            pairs = zip(self.arriving, result, strict=False)
            return functools.reduce(operator.add, ((g * x).sum() for g, x in pairs))
        pair = isinstance(result, tuple) and len(result) == 2
        cached = pair and isinstance(result[1], (tuple, list, dict))
        if self.joint and (parts := loss_and_gradients(result)):
            return parts[0]
        return result[0] if self.joint or cached else result


class Context:
    """What PyTorch's `ctx` is to a custom operation: forward keeps in it what backward needs."""

    def __init__(self, count: int) -> None:
        self.needs_input_grad = (True,) * count
        self.saved_tensors: tuple[Any, ...] = ()

    def save_for_backward(self, *arrays: Any) -> None:
        """Keep arrays, to be had as `saved_tensors`."""
        self.saved_tensors = arrays


def passes_of(subject: Any, given: tuple[Any, ...]) -> Passes:
    """The two passes and their inputs.

    Raises:
        TypeError: what was given is in none of the styles.
    """
    forward, backward = (getattr(subject, name, None) for name in ("forward", "backward"))
    if callable(forward) and callable(backward):
        first = required(forward, optional=True)
        if isinstance(subject, type) and (first[:1] == ["ctx"] or len(first) == len(given) + 1):
            context = Context(len(given))
            ahead, back = (types.MethodType(f, context) for f in (forward, backward))
            return Passes(ahead, ahead, back, given, "context")
        own = copy.deepcopy(subject)  # what the methods keep in it stays there
        return Passes(own.forward, own.forward, own.backward, given)
    if callable(subject) and given and given[0] is None:
        raise TypeError(
            "check_backprop: expected a function backward after forward. Received: None."
        )
    if callable(subject) and given:
        if _is_number_class(given[0]):
            return _of_values(subject, given[0], given[1:])
        if callable(given[0]):
            return Passes(subject, subject, given[0], given[1:])
        owner = getattr(subject, "__self__", None)
        if owner is not None and not isinstance(owner, types.ModuleType):
            subject = getattr(copy.deepcopy(owner), subject.__name__)
        return Passes(subject, subject, subject, given, "joint")
    raise TypeError(
        "check_backprop: expected a recorded loss and by_hand={…}, two functions "
        "check_backprop(forward, backward, x, …), one that returns the loss and its gradients, or "
        "an object with the methods forward and backward. Received: "
        f"{', '.join(map(describe, (subject, *given)))}."
    )


def _is_number_class(kind: Any) -> bool:
    """Whether it is a class like micrograd's Value: `Value(2.0)` with a method backward."""
    return inspect.isclass(kind) and callable(getattr(kind, "backward", None))


def _of_values(expression: Any, kind: Any, inputs: tuple[Any, ...]) -> Passes:
    """An expression of objects that have `data`, `grad` and `backward()`."""

    def plain(*xs: Any) -> Any:
        out = expression(*map_structure(kind, list(xs)))
        return map_structure(lambda v: getattr(v, "data", v), out)

    def backward(*xs: Any) -> Any:
        lifted = map_structure(kind, list(xs))
        out, variables = observed(expression, *lifted)
        out.backward()
        names = [*required(expression, optional=True), *(f"x{i}" for i in range(len(xs)))]
        labels = [name for name, _ in named_leaves(dict(zip(names, xs, strict=False)))]
        found = dict(zip(labels, leaves(lifted), strict=True))
        found |= {k: v for k, v in variables.items() if isinstance(v, kind)}
        return {name: v.grad for name, v in found.items()}

    return Passes(expression, plain, backward, inputs, "values")
