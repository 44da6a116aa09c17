"""What is shown: a Tensor, several, a model with data, a function with its inputs."""

from __future__ import annotations

import copy
import inspect
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from ..autodiff.backward import gradients, seed
from ..autodiff.errors import GradientError, describe
from ..autodiff.modes import enable_grad
from ..autodiff.order import topological
from ..autodiff.tensor import Tensor
from ..ops import random
from ..tree import leaves, map_structure

__all__ = ["ForwardFailed", "derived", "is_model", "merged_names", "recorded"]


class ForwardFailed(Exception):
    """The forward pass raised `error`; `names` are those of its inputs by Tensor index."""

    def __init__(self, error: Exception, names: dict[int, str]) -> None:
        super().__init__(str(error))
        self.error = error
        self.names = names


def recorded(subject: Any, inputs: tuple[Any, ...]) -> tuple[list[Tensor], dict[int, str]]:
    """The last Tensors of a subject, and names for its inputs by Tensor index.

    A Tensor or a list of Tensors is itself. A model is called with its inputs; with inputs and
    targets it is the loss that it was compiled with. Any other function is called with Tensors
    made of its inputs.

    Raises:
        TypeError: none of these, or no Tensor comes out.
        ForwardFailed: the function, or the model, raised an error.
    """
    if isinstance(subject, Tensor) or _tensors(subject):
        if inputs:
            raise TypeError(
                "a Tensor was computed already and takes no inputs. Expected draw(loss), or a "
                f"function and its inputs, draw(f, x). Received: {len(inputs)} inputs."
            )
        return ([subject] if isinstance(subject, Tensor) else list(subject)), {}
    if not callable(subject):
        raise TypeError(
            "expected a Tensor (for example a loss), a list of Tensors, a model and its data, or a "
            f"function and its inputs. Received: {describe(subject)}."
        )
    names: dict[int, str] = {}
    try:
        with enable_grad():
            if is_model(subject):
                out = _called(subject, inputs)
            else:
                given, names = _inputs(subject, inputs)
                out = subject(*given)
    except Exception as error:
        trace = error.__traceback__
        while trace is not None and trace.tb_frame.f_globals is globals():
            trace = trace.tb_next
        if trace is None:  # it was not called with what it takes
            raise
        raise ForwardFailed(error, names) from error
    return _roots(out, getattr(subject, "__name__", "the function")), names


def is_model(subject: Any) -> bool:
    """Whether it is a model: something callable that has layers and computes a loss."""
    return callable(subject) and hasattr(subject, "compute_loss") and hasattr(subject, "layers")


def _tensors(subject: Any) -> bool:
    return (
        isinstance(subject, (list, tuple))
        and bool(subject)
        and all(isinstance(one, Tensor) for one in subject)
    )


def _called(model: Any, inputs: tuple[Any, ...]) -> Any:
    """What the model computes: its outputs for inputs, its loss for inputs and targets."""
    if len(inputs) not in (1, 2, 3):
        raise TypeError(
            "a model is drawn with its data: draw(model, x) its outputs, draw(model, x, y) the "
            f"loss that it was compiled with. Received: {len(inputs)} inputs."
        )
    compiled = getattr(model, "optimizer", None) or getattr(model, "loss", None)
    if len(inputs) > 1 and compiled is None:
        raise ValueError(
            "draw(model, x, y) draws the loss that the model was compiled with, and it is not "
            "compiled: call model.compile(optimizer, loss) first, or draw(model, x)."
        )
    x = _named(inputs[0], "x")
    built, numbers = getattr(model, "built", False), random.generator().bit_generator
    before = numbers.state
    try:
        if built:  # running means, metrics and random numbers stay as they are
            model = copy.deepcopy(model)
        out = model(x, training=True)
        if len(inputs) == 1:
            return out
        return model.compute_loss(x, _named(inputs[1], "y"), out, *inputs[2:])
    finally:
        if built:
            numbers.state = before


def _named(data: Any, name: str) -> Any:
    """Data as Tensors that have a name in the drawing."""
    return map_structure(lambda x: x if isinstance(x, Tensor) else Tensor(x, name=name), data)


def _inputs(
    function: Callable[..., Any], inputs: tuple[Any, ...]
) -> tuple[list[Any], dict[int, str]]:
    """Tensors that require grad for numbers and arrays of floats, named as the parameters are."""
    try:
        parameters = list(inspect.signature(function).parameters)
    except (TypeError, ValueError):  # written in C
        parameters = []
    given: list[Any] = []
    names: dict[int, str] = {}
    for i, x in enumerate(inputs):
        if isinstance(x, (bool, str, bytes, dict)) or x is None:
            given.append(x)
            continue
        if isinstance(x, (list, tuple)) and any(isinstance(one, Tensor) for one in x):
            given.append(x)
            continue
        made = x if isinstance(x, Tensor) else Tensor(x)
        floating = type(made.value) is float or made.dtype.kind == "f"
        if not isinstance(x, Tensor) and floating:
            made.requires_grad = True
        given.append(made)
        if i < len(parameters):
            names[made.index] = parameters[i]
    return given, names


def _roots(out: Any, what: str) -> list[Tensor]:
    found = [one for one in leaves(out) if isinstance(one, Tensor)]
    if not found:
        raise TypeError(
            f"{what} returned no Tensor. Received: {describe(out)}. Numbers that went through "
            "float(), .item() or math.sin have no graph: use NumPy's functions, or ops."
        )
    return found


def derived(roots: list[Tensor], order: int, gradient: Any, names: dict[int, str]) -> list[Tensor]:
    """The gradients in all leaves, recorded: a graph in turn. Of these again for order 2.

    They are called ∂x in `names`, after the leaf.

    Raises:
        ValueError: another order, or order 2 of several inputs.
        GradientError: nothing requires grad.
    """
    if order not in (0, 1, 2) or isinstance(order, bool):
        raise ValueError(f"order: expected 0 (the graph), 1 or 2. Received: {order!r}.")
    for turn in range(order):
        nodes = topological(roots)
        targets = [node for node in reversed(nodes) if node.op is None and node.tracked]
        if not targets:
            raise GradientError(
                f"order={order}: nothing in this graph requires grad. Create the inputs with "
                "requires_grad=True."
            )
        if len(roots) != 1:
            raise ValueError(
                f"order={order}: expected one result to differentiate. Received: {len(roots)}; "
                "draw one of them, or order=1 of their sum."
            )
        arriving = seed(roots[0], gradient if turn == 0 else np.ones(roots[0].shape))
        found = gradients(roots, [arriving], targets, create_graph=True, order=nodes, hooks=False)
        roots = [g for g in found if isinstance(g, Tensor)]
        for target, g in zip(targets, found, strict=True):
            called = target.name or names.get(target.index)
            if isinstance(g, Tensor) and g.op is not None and called:
                names.setdefault(g.index, "∂" * (turn + 1) + called)
    return roots


def merged_names(*several: Mapping[int, str]) -> dict[int, str]:
    """Names by Tensor index; the first that has one wins."""
    found: dict[int, str] = {}
    for names in several:
        for index, name in names.items():
            found.setdefault(index, name)
    return found
