"""Which forward and backward passes a file defines, and what they are called with.

>>> def affine_forward(x, w): return x @ w
>>> def affine_backward(dout, x, w): return dout @ w.T, x.T @ dout
>>> variables = {"affine_forward": affine_forward, "affine_backward": affine_backward,
...              "x": 1.0, "w": 2.0}
>>> (found,) = pairs_in(variables)
>>> found.name, inputs_of(found, variables)
('affine', (1.0, 2.0))
"""

from __future__ import annotations

import inspect
import re
import types
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from ..check.passes.calling import ARRIVING, CACHES

__all__ = ["Found", "inputs_of", "loss_in", "pairs_in"]

OPPOSITES: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("forward", ("backward", "backprop", "back")),
    ("fwd", ("bwd",)),
    ("adelante", ("atras", "atrás")),
)
INPUTS = ("inputs", "entradas", "datos")
LOSSES = ("loss", "loss_function", "cost", "criterion", "coste", "perdida", "pérdida")


class Found(NamedTuple):
    """A pair: two functions, or an object that has both as methods."""

    name: str
    subject: Any  # the forward function, or the object, or the error of its constructor
    backward: Any  # None for an object

    def given(self, inputs: tuple[Any, ...]) -> tuple[Any, ...]:
        """What `check_backprop` takes."""
        return (self.subject, *inputs) if self.backward is None else (*self[1:], *inputs)


def pairs_in(variables: Mapping[str, Any]) -> list[Found]:
    """The pairs among the variables of a file, in its order.

    Functions are pairs by their names: `affine_forward` and `affine_backward`, `forward` and
    `backward` (or `backprop`), `fwd` and `bwd`, `adelante` and `atras`. An object is one that has
    the methods `forward` and `backward`; of a class without an object one is made, where it needs
    no arguments or they have the names of variables; one whose constructor fails has its error.
    """
    found, classes = [], set()
    variables = {k: v for k, v in variables.items() if type(k) is str}
    for name, value in variables.items():
        if isinstance(value, types.FunctionType):
            backward = _opposite(name, variables)
            if backward is not None:
                found.append(Found(_short(name), value, backward))
        elif isinstance(value, (type, types.ModuleType)):
            continue
        elif _has_both(value) and type(value) not in classes:
            classes.add(type(value))
            found.append(Found(name, value, None))
    for name, value in variables.items():
        if not isinstance(value, type) or value in classes or not _has_both(value):
            continue
        if value.__module__ == variables.get("__name__"):
            try:
                made = _instance(value, variables)
            except (Exception, SystemExit) as error:
                made = error
            if made is not None:
                found.append(Found(name, made, None))
    return found


def _has_both(value: Any) -> bool:
    try:
        return all(callable(getattr(value, m, None)) for m in ("forward", "backward"))
    except Exception:  # of an object that answers with errors of its own
        return False


def _opposite(name: str, variables: Mapping[str, Any]) -> Callable[..., Any] | None:
    """The backward function of a forward function's name."""
    for word, others in OPPOSITES:
        if word not in name.lower():
            continue
        for other in others:
            wanted = re.sub(word, other, name, count=1, flags=re.IGNORECASE).lower()
            for candidate, value in variables.items():
                if candidate.lower() == wanted and isinstance(value, types.FunctionType):
                    return value
    return None


def _short(name: str) -> str:
    """`affine_forward` is affine; `forward` stays."""
    for word, _ in OPPOSITES:
        rest = re.sub(rf"_?{word}_?(propagation|pass|prop)?", "", name, count=1, flags=re.I)
        if rest != name and rest.strip("_"):
            return rest.strip("_")
    return name


def _instance(kind: type, variables: Mapping[str, Any]) -> Any:
    """An object of a class whose arguments are there, or None."""
    try:
        wanted = inspect.signature(kind).parameters.values()
    except (TypeError, ValueError):
        return None
    needed = [p.name for p in wanted if p.default is p.empty and p.kind is p.POSITIONAL_OR_KEYWORD]
    if any(name not in variables for name in needed):
        return None
    return kind(*(variables[name] for name in needed))


def inputs_of(
    found: Found, variables: Mapping[str, Any], given: Mapping[str, Any] | None = None
) -> tuple[Any, ...]:
    """The arguments of forward, then those that only backward takes (the target).

    They come by name from `given`, else from the file: from `affine_inputs` or `inputs` (a dict, a
    tuple, or a function that returns one), else from the variables of the same names.

    Raises:
        LookupError: there is no value for one of them.
    """
    stated = _stated(found, variables)
    if isinstance(stated, (tuple, list)) and not given:
        return tuple(stated)
    space = {**variables, **(stated if isinstance(stated, Mapping) else {}), **(given or {})}
    forward = found.subject.forward if found.backward is None else found.subject
    backward = found.subject.backward if found.backward is None else found.backward
    inputs, missing = [], []
    own = getattr(getattr(forward, "__func__", forward), "__code__", None)
    for parameter in _positional(forward):
        there = _named(parameter.name, space)
        if there is not None:
            inputs.append(space[there])
        elif parameter.default is not parameter.empty:
            break
        else:
            missing.append(parameter.name)
    taken = {p.name for p in _positional(forward)} | set(own.co_varnames if own else ())
    for parameter in _positional(backward):
        name = parameter.name
        if name in taken or name in ARRIVING or name in CACHES or _named(name, space) is None:
            continue
        if parameter.default is parameter.empty:
            inputs.append(space[_named(name, space)])
    if missing:
        told = ", ".join(missing)
        raise LookupError(
            f"no value for {told}. Define it at the top level of the file, or inputs = "
            f"{{'{missing[0]}': …}}, or give --inputs FILE.npz."
        )
    return tuple(inputs)


def _stated(found: Found, variables: Mapping[str, Any]) -> Any:
    """What the file says are the inputs: a dict, a tuple, or None."""
    for name in (*(f"{found.name}_{word}" for word in INPUTS), *INPUTS):
        value = variables.get(name)
        if isinstance(value, types.FunctionType) and not _positional(value):
            value = value()
        if isinstance(value, (dict, tuple, list)):
            return value
    return None


def _named(name: str, space: Mapping[str, Any]) -> Any:
    """The variable of this name, else the only one that differs in its capitals; None."""
    if name in space:
        return name
    alike = [k for k in space if k.lower() == name.lower()]
    return alike[0] if len(alike) == 1 else None


def _positional(function: Callable[..., Any]) -> list[inspect.Parameter]:
    kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return [p for p in inspect.signature(function).parameters.values() if p.kind in kinds]


def loss_in(variables: Mapping[str, Any]) -> Callable[..., Any] | None:
    """The file's own loss function."""
    found = (variables.get(name) for name in LOSSES)
    return next((value for value in found if isinstance(value, types.FunctionType)), None)
