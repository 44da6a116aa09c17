"""Two functions, forward and backward, written with NumPy: run as they are, and read.

Forward runs on Tensors through NumPy's protocols; its arguments, its variables and what it returns
name the nodes. Backward runs on plain arrays; the gradients are what it returns, and `dh` among
its variables is the gradient of `h`.
"""

from __future__ import annotations

import copy
import sys
import types
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np

from ..autodiff.errors import describe
from ..autodiff.modes import enable_grad
from ..autodiff.tensor import Tensor
from ..tree import leaves
from .calling import arguments_of, gradients_of, named_leaves, node_of, required
from .numeric import cotangent

__all__ = ["Traced", "traced"]


class Traced(NamedTuple):
    """The recorded forward pass and the gradients by hand."""

    root: Tensor
    gradient: Any  # what arrives at the root
    names: dict[int, str]  # by Tensor index
    values: dict[str, Any]  # the inputs as arrays, by name
    returned: dict[str, Any]  # the gradients that backward returned, by node
    variables: dict[str, Any]  # and those that it had in variables
    former: dict[str, list[int]]  # by name: nodes that a variable of forward held before


def traced(subject: Any, given: tuple[Any, ...], loss: Any = None) -> Traced:
    """Run both passes.

    Raises:
        TypeError: these are no two functions; arguments or results have no names.
    """
    forward, backward, inputs = _both(subject, given)
    count = _count(forward, len(inputs))
    lifted, names = _lifted(forward, inputs[:count])
    on_tensors = _on_tensors(forward, names)
    differentiable = list(names.values())
    before = np.random.get_state()  # noqa: NPY002 - a student's dropout draws from it
    plain, space = observed(forward, *copy.deepcopy(inputs[:count]))
    np.random.set_state(before)  # noqa: NPY002 - as above
    with enable_grad():
        out, variables, former = recorded(on_tensors, lifted, history=True)
        root = _root(out, loss, inputs)
    kept = vars(getattr(on_tensors, "__self__", None) or types.SimpleNamespace())
    _name(names, {**kept, **variables}, out, root)
    g = None if root.size == 1 else cotangent(root.shape, 1)
    given_names = dict(zip(_parameters(forward), inputs, strict=False))
    arguments = arguments_of(backward, inputs, given_names, plain, space, g)
    result, own = observed(backward, *copy.deepcopy(arguments))
    known = dict.fromkeys(names.values())
    if result is None:  # the gradients are kept: self.dW1
        kept = vars(getattr(backward, "__self__", None) or types.SimpleNamespace())
        result = {k: v for k, v in named_leaves(kept) if node_of(k, known) is not None}
    own = {k: v for k, v in own.items() if not any(v is a for a in arguments)}
    returned, others = gradients_of(result, own, known, differentiable)
    values = {k: np.asarray(v) for k, v in given_names.items() if isinstance(v, np.ndarray)}
    extra = dict(zip(_parameters(backward), arguments, strict=False))
    values |= {k: v for k, v in extra.items() if isinstance(v, np.ndarray) and k not in values}
    return Traced(root, g, names, values, returned, others, former)


def observed(function: Callable[..., Any], *args: Any) -> tuple[Any, dict[str, Any]]:
    """What a function returns, and its variables when it did.

    >>> def area(a, b):
    ...     c = a * b
    ...     return c + 1
    >>> observed(area, 2, 3)
    (7, {'a': 2, 'b': 3, 'c': 6})
    """
    result, variables, _ = recorded(function, list(args))
    return result, variables


def recorded(
    function: Callable[..., Any], inputs: list[Any], history: bool = False
) -> tuple[Any, dict[str, Any], dict[str, list[int]]]:
    """What a function returns, its variables, and with `history` the Tensors that each has held.

    Those are told by index. `scores = scores - scores.max()`: of which of the two `dscores` is
    the gradient nobody says.
    """
    code = getattr(getattr(function, "__func__", function), "__code__", None)
    variables: dict[str, Any] = {}
    held: dict[str, list[int]] = {}

    def inside(frame: Any, event: str, value: Any) -> Any:
        if event == "return":
            variables.clear()
            variables.update(frame.f_locals)
        for name, x in frame.f_locals.items() if history else ():
            if type(x) is Tensor and x.index not in held.setdefault(name, []):
                held[name].append(x.index)
        return inside

    def calls(frame: Any, event: str, value: Any) -> Any:
        if frame.f_code is not code:
            return None
        frame.f_trace_lines = history
        return inside

    before = sys.gettrace()
    sys.settrace(calls)
    try:
        result = function(*inputs)
    finally:
        sys.settrace(before)
    variables.pop("self", None)
    return result, variables, {k: v for k, v in held.items() if len(v) > 1}


def _both(subject: Any, given: tuple[Any, ...]) -> tuple[Any, Any, tuple[Any, ...]]:
    if callable(getattr(subject, "forward", None)) and callable(getattr(subject, "backward", None)):
        own = copy.deepcopy(subject)  # what the methods keep in it stays there
        return own.forward, own.backward, given
    if callable(subject) and given and callable(given[0]):
        return subject, given[0], given[1:]
    raise TypeError(
        "check_backprop: expected a recorded loss and by_hand={…}, two functions "
        "check_backprop(forward, backward, x, …), or an object with the methods forward and "
        f"backward. Received: {', '.join(map(describe, (subject, *given)))}."
    )


def _count(forward: Callable[..., Any], most: int) -> int:
    """How many of the inputs forward takes."""
    return min(most, len(_parameters(forward)) or most)


def _parameters(function: Callable[..., Any]) -> list[str]:
    return required(function, optional=True)


class Numpy(types.ModuleType):
    """NumPy, but for new arrays of floats, which are Tensors: elements can be written into them.

    >>> out = Numpy("numpy").zeros(2)
    >>> out[0] = Tensor(3.0, requires_grad=True)
    >>> out.requires_grad
    True
    """

    def __getattr__(self, name: str) -> Any:
        found = getattr(np, name)
        if name not in ("zeros", "ones", "empty", "zeros_like", "ones_like", "empty_like"):
            return found

        def create(*args: Any, **options: Any) -> Any:
            values = [a.value if isinstance(a, Tensor) else a for a in args]
            made = found(*values, **options)
            return Tensor(made) if made.dtype.kind == "f" else made

        return create


# --- forward on Tensors --------------------------------------------------------------------------


def _lifted(
    forward: Callable[..., Any], inputs: tuple[Any, ...]
) -> tuple[list[Any], dict[int, str]]:
    """Tensors in place of the arrays of floats, and their names."""
    floats = any(_floating(x) for x in leaves(list(inputs)))
    names: dict[int, str] = {}
    labels = [*_parameters(forward), *(f"x{i}" for i in range(len(inputs)))]
    return [
        _lift(x, label, names, numbers=not floats) for x, label in zip(inputs, labels, strict=False)
    ], names


def _floating(x: Any) -> bool:
    return isinstance(x, float) or (isinstance(x, np.ndarray) and x.dtype.kind == "f")


def _lift(x: Any, label: str, names: dict[int, str], numbers: bool = False) -> Any:
    """A structure with Tensors that require grad; in a dict they are called as their keys."""
    if isinstance(x, dict):
        return {k: _lift(v, str(k), names, numbers) for k, v in x.items()}
    if isinstance(x, (list, tuple)):
        made = [_lift(v, f"{label}[{i}]", names, numbers) for i, v in enumerate(x)]
        return made if isinstance(x, list) else tuple(made)
    whole = numbers and isinstance(x, int) and not isinstance(x, bool)
    if not _floating(x) and not whole:
        return copy.deepcopy(x)
    tensor = Tensor(float(x) if whole else np.array(x) if isinstance(x, np.ndarray) else x)
    tensor.requires_grad = True
    names[tensor.index] = label
    return tensor


def _on_tensors(forward: Callable[..., Any], names: dict[int, str]) -> Callable[..., Any]:
    """Forward with Tensors for the weights of its object, or for the arrays of its module."""
    owner = getattr(forward, "__self__", None)
    if owner is not None and not isinstance(owner, types.ModuleType):
        twin = copy.copy(owner)
        for key, value in vars(owner).items():
            if any(isinstance(v, np.ndarray) and v.dtype.kind == "f" for v in leaves(value)):
                setattr(twin, key, _lift(value, key, names))
        return getattr(twin, forward.__name__)
    if not isinstance(forward, types.FunctionType):
        return forward
    used = {k: v for k, v in forward.__globals__.items() if k in forward.__code__.co_names}
    arrays: dict[str, Any] = {
        k: _lift(v, k, names)
        for k, v in used.items()
        if isinstance(v, np.ndarray) and v.dtype.kind == "f"
    }
    arrays |= {k: Numpy("numpy") for k, v in used.items() if v is np}
    if not arrays:
        return forward
    space = {**forward.__globals__, **arrays}
    code, default = forward.__code__, forward.__defaults__
    return types.FunctionType(code, space, forward.__name__, default, forward.__closure__)


def _root(out: Any, loss: Any, inputs: tuple[Any, ...]) -> Tensor:
    """The loss: what forward ends in, or what `loss` makes of it."""
    pair = isinstance(out, tuple) and len(out) == 2 and isinstance(out[1], (tuple, list, dict))
    found = [x for x in leaves(out[0] if pair else out) if isinstance(x, Tensor) and x.tracked]
    if not found:
        raise TypeError(
            "check_backprop: forward returned nothing that depends on its inputs. Received: "
            f"{describe(out)}. Numbers that went through float() or .item() have no graph."
        )
    last = max(found, key=lambda x: x.index)
    if loss is None:
        return last
    if not callable(loss):
        raise TypeError(f"loss: expected a function of the output. Received: {describe(loss)}.")
    root = loss(last, inputs[-1]) if len(required(loss)) > 1 else loss(last)
    if not isinstance(root, Tensor) or root.size != 1:
        raise TypeError(f"loss: expected a function to one number. Received: {describe(root)}.")
    return root


def _name(names: dict[int, str], variables: Mapping[str, Any], out: Any, root: Tensor) -> None:
    """Names for the nodes: of variables, then of what was returned; each name once."""
    taken = set(names.values())
    found = [*named_leaves(dict(variables)), *(named_leaves(out) if isinstance(out, dict) else [])]
    for label, x in found:
        if isinstance(x, Tensor) and x.tracked and x.index not in names and label not in taken:
            names[x.index] = label
            taken.add(label)
    if root.index not in names and "L" not in taken:
        names[root.index] = "L"
