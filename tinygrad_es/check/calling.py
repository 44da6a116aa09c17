"""How a backward pass is called, and whose gradients it returns: by the names that people use.

>>> node_of("dW1", {"W1": 0}), node_of("grad_W1", {"W1": 0}), node_of("h", {"W1": 0})
('W1', 'W1', None)
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from ..autodiff.errors import describe

__all__ = [
    "ARRIVING",
    "CACHES",
    "NoLossError",
    "arguments_of",
    "gradients_of",
    "named_leaves",
    "node_of",
    "required",
]

PREFIXES = ("d", "d_", "dL_d", "dLd", "dL_", "grad_", "grad", "g_", "delta_", "∂", "∂L_∂")
SUFFIXES = ("_grad", "_gradient", "_g")
ARRIVING = frozenset(["dout", "g", "grad", "gradient", "upstream", "grad_out", "grad_output", "dy"])
CACHES = frozenset(["cache", "caches", "saved", "ctx", "values", "memory", "forward_values"])


class NoLossError(TypeError):
    """Forward ends in more than one number, and backward takes no gradient that arrives there."""


def node_of(name: str, known: Mapping[str, Any], exact: bool = False) -> str | None:
    """The node whose gradient a name says: `dW1` is that of `W1`; with `exact` also `W1`."""
    base, bracket, place = name.partition("[")
    for prefix in PREFIXES:
        found = base.removeprefix(prefix) + bracket + place
        if base.startswith(prefix) and found in known:
            return found
    for suffix in SUFFIXES:
        found = base.removesuffix(suffix) + bracket + place
        if base.endswith(suffix) and found in known:
            return found
    return name if exact and name in known else None


def named_leaves(structure: Any, label: str = "") -> Iterator[tuple[str, Any]]:
    """The leaves of a structure and their names: the last key, or the place in a list: h[0]."""
    if isinstance(structure, dict):
        for key, value in structure.items():
            yield from named_leaves(value, str(key))
    elif isinstance(structure, (list, tuple)):
        for i, value in enumerate(structure):
            yield from named_leaves(value, f"{label}[{i}]")
    else:
        yield label, structure


def required(function: Callable[..., Any], optional: bool = False) -> list[str]:
    """The positional parameters, those without a default; with `optional` all."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):  # written in C
        return []
    kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return [p.name for p in parameters if p.kind in kinds and (optional or p.default is p.empty)]


def arguments_of(
    backward: Callable[..., Any],
    inputs: tuple[Any, ...],
    by_name: Mapping[str, Any],
    result: Any,
    variables: Mapping[str, Any],
    gradient: Any,
) -> list[Any]:
    """What backward is called with.

    `result` and `variables` are those of forward on plain arrays, `gradient` arrives at a result
    of more than one number. First (gradient, cache) and (cache); then the arguments by their
    names; then the inputs; then the inputs and what forward returned.

    Raises:
        TypeError: none of these.
    """
    found = _arguments(backward, inputs, by_name, result, variables, gradient)
    if gradient is not None and not any(x is gradient for x in found):
        raise NoLossError(
            f"check_backprop: forward ends in shape {np.shape(gradient)}, not in one number, and "
            "backward takes no gradient that arrives there. Expected the loss that backward "
            "differentiates, for example loss=lambda y, t: 0.5 * np.sum((y - t) ** 2)."
        )
    return found


def _arguments(
    backward: Callable[..., Any],
    inputs: tuple[Any, ...],
    by_name: Mapping[str, Any],
    result: Any,
    variables: Mapping[str, Any],
    gradient: Any,
) -> list[Any]:
    wanted = required(backward)
    further = inputs[len(by_name) :]  # that forward does not take: the target
    if wanted and len(wanted) == len(further) and not any(name in by_name for name in wanted):
        return list(further)
    pair = isinstance(result, tuple) and len(result) == 2
    cache = result[1] if pair else result
    arriving = 1.0 if gradient is None else gradient
    space = {**dict(named_leaves(result) if isinstance(result, dict) else ()), **variables}
    space |= by_name
    if pair and len(wanted) == 2 and not all(name in by_name for name in wanted):
        return [arriving, cache]
    for name in wanted:
        if name in CACHES and name not in by_name:
            space[name] = cache
        if name in ARRIVING and name not in by_name:
            space[name] = arriving
    if wanted and all(name in space for name in wanted):
        return [space[name] for name in wanted]
    if len(wanted) == 1 and len(inputs) != 1:
        return [cache]
    if len(wanted) == len(inputs):
        return list(inputs)
    if len(wanted) == len(inputs) + 1:
        return [*inputs, result]
    unknown = ", ".join(name for name in wanted if name not in space)
    raise TypeError(
        "check_backprop: cannot tell what backward is called with. Expected the inputs of forward, "
        "(gradient, cache), or arguments called as the inputs or variables of forward are. "
        f"Received: backward({', '.join(wanted)}); not known: {unknown or 'none'}; known: "
        f"{', '.join(space) or 'none'}."
    )


def gradients_of(
    result: Any, variables: Mapping[str, Any], known: Mapping[str, Any], inputs: list[str]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """The gradients that were returned, and others among the variables, by node.

    Raises:
        TypeError: no name for what was returned.
    """
    named = dict(named_leaves(dict(variables)))
    flat = list(named_leaves(result))
    returned: dict[str, Any] = {}
    places: list[tuple[int, Any]] = []  # what has no name of an input
    for i, (label, value) in enumerate(flat):
        node = node_of(label, known, exact=True) if _keyed(label) else None
        own = (node_of(k, known) for k, v in named.items() if v is value)
        if node is None:
            node = next((n for n in own if n in inputs and n not in returned), None)
        if node is None and np.asarray(value).dtype.kind in "fiu":
            places.append((i, value))
        elif node is not None:
            returned[node] = _numbers(value)
    for i, value in places:
        own = (node_of(k, known) for k, v in named.items() if v is value)
        by_place = inputs[i] if len(flat) == len(inputs) and not _keyed(flat[i][0]) else None
        node = by_place or next((n for n in own if n is not None and n not in returned), None)
        if node is None or node in returned:
            called = f" for {flat[i][0]!r}" if _keyed(flat[i][0]) else ""
            raise TypeError(
                f"check_backprop: cannot tell whose gradients backward returns{called}. Expected "
                "a dict such as {'W1': dW1}, variables called dW1, …, or one gradient for each "
                f"input in order ({', '.join(inputs)}). Received: {describe(result)}; nodes: "
                f"{', '.join(known)}."
            )
        returned[node] = _numbers(value)
    others = {
        node: value
        for name, value in named.items()
        if isinstance(value, (np.ndarray, float, np.generic))
        and (node := node_of(name, known)) is not None
        and node not in returned
    }
    return returned, others


def _keyed(label: str) -> bool:
    """Whether a label comes from a key, not only from a place."""
    return bool(label) and not label.startswith("[")


def _numbers(value: Any) -> Any:
    return value if isinstance(value, float) else np.asarray(value)
