"""The forward pass on Tensors, recorded, and whether it is the pass on plain arrays.

What went through `.item()` is a constant to the graph, a view that is written to is a copy there:
the value and the slope along a line are compared with those of the plain pass. On a kink there is
no one slope, and float32 hides small terms: then with those of a pass beside it, in float64.
"""

from __future__ import annotations

import contextlib
import io
import re
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from ...autodiff.errors import GradientError
from ...autodiff.modes import enable_grad
from ...autodiff.tensor import Tensor
from ...languages import Pair
from ...tree import leaves
from ..differences.numeric import cotangent, typical
from .forward import Forward, Run, Stopped
from .naming import named_leaves
from .plain import OnKink, Plain, unfaithful

__all__ = ["Recorded", "recorded_pass"]

Lift = Callable[[dict[str, Tensor], str, Any], Any]  # what stands in for an array, noted by name
BESIDE = 1e-3  # how far from a kink a pass is recorded again, in units of the inputs

LEFT: Pair = (
    "what it returns is no Tensor, as after float() or .item()",
    "lo que devuelve no es un Tensor, como tras float() o .item()",
)


class Recorded(NamedTuple):
    """The forward pass on Tensors."""

    root: Tensor
    gradient: Any
    names: dict[int, str]  # of all nodes that have one
    inputs: dict[str, Tensor]
    former: dict[str, list[int]]


def recorded_pass(ahead: Forward, plain: Plain, end: Any) -> tuple[Recorded | None, Pair]:
    """The pass on Tensors; or None, and why it is not the pass on arrays."""
    tensors: dict[str, Tensor] = {}
    why: Pair | None = None
    lifts: tuple[Lift, ...] = _leaf, _copy_of_leaf
    for lift in lifts:  # a copy may be changed in place, as in x -= x.mean()
        tensors.clear()
        try:
            with enable_grad(), contextlib.redirect_stdout(io.StringIO()):
                run = _ran(ahead, partial(lift, tensors), plain.passes.joint)
                root = _root(run, plain, end)
            if root is None:
                why = LEFT
                break
            gradient = None if root.size == 1 else cotangent(root.shape, 1)
            why = _unfaithful(ahead, plain, lift, root, gradient, tensors)
        except Exception as error:  # whatever it was, this pass cannot be recorded
            cause = error.__cause__ if isinstance(error, Stopped) else error
            why = (_reason(cause),) * 2
            if isinstance(cause, GradientError):
                continue
        break
    if why is not None or root is None:
        plain.choose()
        return None, why or LEFT
    names = {x.index: name for name, x in tensors.items()}
    _name(names, run.variables, run.result, root)
    return Recorded(root, gradient, names, tensors, run.former), ("", "")


def _unfaithful(
    ahead: Forward, plain: Plain, lift: Lift, root: Tensor, g: Any, tensors: dict[str, Tensor]
) -> Pair | None:
    """Why the recorded pass cannot stand for the plain one; beside a kink where it lies on one."""
    try:
        why = unfaithful(plain, root, g, tensors, plain.arrays)
    except OnKink:
        pairs = enumerate(plain.arrays)
        moved = [a + BESIDE * typical(a) * cotangent(a.shape, 11 + k) for k, a in pairs]
        return _unfaithful_at(moved, ahead, plain, lift, g)
    exact = all(x.dtype.itemsize == 8 for x in tensors.values())
    return why if why or exact else _unfaithful_at(plain.arrays, ahead, plain, lift, g)


def _unfaithful_at(
    arrays: list[Any], ahead: Forward, plain: Plain, lift: Lift, gradient: Any
) -> Pair | None:
    """The same of the pass that is recorded there, in float64."""
    by_name, there = dict(zip(plain.names, arrays, strict=True)), dict[str, Tensor]()

    def lifted(name: str, x: Any) -> Any:
        other = by_name.get(name, x)
        return lift(there, name, float(other) if isinstance(x, float) else np.array(other))

    end = plain.run_at(arrays)
    with enable_grad(), contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(Exception):
        root = _root(_ran(ahead, lifted, plain.passes.joint), plain, end)
        if root is None:
            return LEFT
        return unfaithful(plain, root, gradient, there, arrays)
    return None  # it lies on a kink there too, or cannot be computed


def _leaf(tensors: dict[str, Tensor], name: str, x: Any) -> Tensor:
    tensors[name] = tensor = Tensor(x, requires_grad=True)
    return tensor


def _copy_of_leaf(tensors: dict[str, Tensor], name: str, x: Any) -> Any:
    return _leaf(tensors, name, x).clone()


def _reason(error: Any) -> str:
    """The first clause of an error."""
    text = re.split(r"[.;] |\n", str(error), maxsplit=1)[0]
    text = text if len(text) <= 80 else text[:79].rstrip() + "…"
    return f"{type(error).__name__}: {text}"


def _ran(ahead: Forward, lift: Any, joint: bool) -> Run:
    """One run on Tensors; where gradients follow in the same function it may stop among those."""
    try:
        return ahead.run(lift)
    except Stopped as stopped:
        if not joint:
            raise
        return Run(None, stopped.variables, {})


def _root(run: Run, plain: Plain, end: Any) -> Tensor | None:
    """The loss: the newest of what forward returned, or what `loss` makes of it.

    Of a loss that was returned as `float(L)` the variable is taken that has its value.
    """
    out = leaves(plain.passes.end(run.result)) if run.result is not None else []
    found = [(x.index, k) for k, x in enumerate(out) if isinstance(x, Tensor) and x.tracked]
    if found:
        plain.place = max(found)[1]
        last = out[plain.place]
    else:
        plain.choose()
        value = leaves(end)[plain.place or 0]
        held = [x for x in run.variables.values() if isinstance(x, Tensor) and x.tracked]
        same = [x for x in held if x.shape == np.shape(value) and np.allclose(x.numpy(), value)]
        if not same:
            return None
        last = max(same, key=lambda x: x.index)
    return plain.lost(last)


def _name(names: dict[int, str], variables: Mapping[str, Any], out: Any, root: Tensor) -> None:
    """Names for the nodes: of variables, then of what was returned; each name once."""
    taken = set(names.values())
    found = [*named_leaves(dict(variables)), *(named_leaves(out) if isinstance(out, dict) else [])]
    for label, x in found:
        if isinstance(x, Tensor) and x.tracked and x.index not in names and label not in taken:
            names[x.index] = label
            taken.add(label)
    last = "L" if root.size == 1 else "out"
    if root.index not in names and last not in taken:
        names[root.index] = last
