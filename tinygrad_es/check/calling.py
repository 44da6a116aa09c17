"""How a backward pass is called, and whose gradients it returns: by the names that people use.

>>> node_of("dW1", {"W1": 0}), node_of("grad_W1", {"W1": 0}), node_of("h", {"W1": 0})
('W1', 'W1', None)
"""

from __future__ import annotations

import inspect
import re
import types
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from ..autodiff.errors import describe
from ..autodiff.tensor import Tensor

if TYPE_CHECKING:
    from .styles import Passes

__all__ = [
    "ARRIVING",
    "CACHES",
    "NoLossError",
    "absent",
    "arguments_of",
    "gradients_of",
    "in_order",
    "is_plain_object",
    "kept_gradients",
    "named_leaves",
    "node_of",
    "required",
]

Leaves = Iterator[tuple[str, Any]]
PREFIXES: tuple[str, ...] = ("d", "d_", "dL_", "grad_", "grad", "g_", "delta_", "∂", "∂L_∂")
PREFIXES += tuple(f"d{L}{_}d" for L in ("L", "C", "J", "E", "f", "loss") for _ in ("", "_"))
SUFFIXES = ("_grad", "_gradient", "_g")
ARRIVING = frozenset(["dout", "g", "grad", "gradient", "upstream", "grad_out", "grad_output", "dy"])
GRADIENTS = frozenset(["grads", "grad", "gradients", "gradientes", "derivadas", "d"])
PARAMETERS = re.compile(  # W, b1, W_xh, bf, weights, biases, gamma, …
    r"(w[a-z]{0,2}|b[a-z]?|weights?|bias(es)?|kernels?|gammas?|betas?|thetas?|pesos?|sesgos?)"
    r"(_?\d+|_[a-z]{1,3})?",
    re.IGNORECASE,
)
CACHES = frozenset(["cache", "caches", "saved", "ctx", "values", "memory", "forward_values"])


class NoLossError(TypeError):
    """Forward ends in more than one number, and backward takes no gradient that arrives there."""


def node_of(name: str, known: Mapping[str, Any], exact: bool = False) -> str | None:
    """The node whose gradient a name says: `dW1` is that of `W1`; with `exact` also `W1`."""
    owner, dot, last = name.rpartition(".")  # layers[0].dW is that of layers[0].W
    base, bracket, place = last.partition("[")
    for prefix in PREFIXES:
        found = owner + dot + base.removeprefix(prefix) + bracket + place
        if base.startswith(prefix) and found in known:
            return found
    for suffix in SUFFIXES:
        found = owner + dot + base.removesuffix(suffix) + bracket + place
        if base.endswith(suffix) and found in known:
            return found
    return name if exact and name in known else None


def named_leaves(structure: Any, label: str = "", above: frozenset[int] = frozenset()) -> Leaves:
    """The leaves and their names: the last key, the place in a list, h[0], or layer.W."""
    inside = above | {id(structure)}
    if isinstance(structure, dict):
        for key, value in structure.items():
            name = key if isinstance(key, str) else f"{label}[{key}]"
            yield from named_leaves(value, name, inside)
    elif isinstance(structure, (list, tuple)):
        for i, value in enumerate(structure):
            yield from named_leaves(value, f"{label}[{i}]", inside)
    elif is_plain_object(structure) and id(structure) not in above:
        for key, value in vars(structure).items():
            yield from named_leaves(value, f"{label}.{key}", inside)
    else:
        yield label, structure


def is_plain_object(x: Any) -> bool:
    """Whether it is of a class that somebody wrote in Python, to keep things in."""
    kinds = (
        type,
        types.ModuleType,
        types.FunctionType,
        types.MethodType,
        Tensor,
        np.ndarray,  # of a subclass: a masked array, a matrix
        np.random.Generator,
    )
    return hasattr(x, "__dict__") and not isinstance(x, kinds)


def kept_gradients(owner: Any, known: Mapping[str, Any]) -> dict[str, Any]:
    """The gradients that an object keeps, by node: `self.dW1`, `self.grads["W1"]`."""
    found: dict[str, Any] = {}
    for key, value in (vars(owner) if hasattr(owner, "__dict__") else {}).items():
        all_of_them = key.lower() in GRADIENTS
        for label, x in named_leaves(value, key):
            node = node_of(label, known, exact=all_of_them)
            if node is not None and isinstance(x, (np.ndarray, float, np.generic)):
                found.setdefault(node, _numbers(x))
    return found


def required(function: Callable[..., Any], optional: bool = False) -> list[str]:
    """The positional parameters, those without a default; with `optional` all."""
    kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    found = [p for p in _parameters(function) if p.kind in kinds]
    return [p.name for p in found if optional or p.default is p.empty]


def _parameters(function: Callable[..., Any]) -> list[inspect.Parameter]:
    try:
        return list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError):  # written in C
        return []


def arguments_of(
    passes: Passes,
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
    if passes.style == "values":
        return list(passes.inputs)
    if passes.style == "context":
        return [1.0 if gradient is None else gradient]
    found = _arguments(passes.backward, passes.inputs, by_name, result, variables, gradient)
    unread = gradient is not None and not any(x is gradient for x in found)
    if unread and passes.style == "functions":
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
    if not wanted and any(p.kind is p.VAR_POSITIONAL for p in _parameters(backward)):
        return list(inputs)
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
    missing = [name for name in wanted if name not in space]
    if missing and len(missing) == len(further) < len(wanted):
        space |= dict(zip(missing, further, strict=True))
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
    result: Any,
    variables: Mapping[str, Any],
    known: Mapping[str, Any],
    inputs: list[str],
    arguments: list[str],
) -> tuple[dict[str, Any], dict[str, Any]]:
    """The gradients that were returned, and others among the variables, by node.

    `inputs` are the names of all arrays that forward reads, `arguments` of those that it is given.
    In a dict `W` is the gradient of W, unless `dW` is there too: then it is the parameter.

    Raises:
        TypeError: no name for what was returned.
        ValueError: two keys name the gradient of one node.
    """
    named = dict(named_leaves(dict(variables)))
    flat = list(named_leaves(result))
    returned: dict[str, Any] = {}
    keys: dict[str, str] = {}  # by node: the key that its gradient had
    places: list[tuple[int, Any]] = []  # what has no name of an input
    for i, (label, value) in enumerate(flat):
        node = node_of(label, known, exact=True) if _keyed(label) else None
        own = (node_of(k, known) for k, v in named.items() if v is value)
        if node is None:
            node = next((n for n in own if n in inputs and n not in returned), None)
        if value is Ellipsis or (value is None and _keyed(label)):
            raise TypeError(
                f"check_backprop: backward gives {value!r} for {node or label}. "
                "Expected an array; has it not been written yet?"
            )
        if value is None:
            continue  # the data have none
        if node is None and np.asarray(value).dtype.kind in "fiu":
            places.append((i, value))
        elif node is not None and not (label == node in keys):  # beside dW: the parameter W
            if keys.get(node, node) != node or label == keys.get(node):
                _no_other(keys[node], label, node, returned[node], value)
            returned[node], keys[node] = _numbers(value), label
    for i, value in places:
        own = (node_of(k, known) for k, v in named.items() if v is value)
        fitting = next((names for names in (inputs, arguments) if len(names) == len(flat)), None)
        by_place = fitting[i] if fitting and not _keyed(flat[i][0]) else None
        node = by_place or next((n for n in own if n is not None and n not in returned), None)
        unknown = node is None or node in returned
        if unknown and any(v is value and k in known for k, v in named.items()):
            continue  # a value that forward computed, for who calls it
        if node is None or node in returned:
            called = f" for {flat[i][0]!r}" if _keyed(flat[i][0]) else ""
            raise TypeError(
                f"check_backprop: cannot tell whose gradients backward returns{called}. Expected "
                "a dict such as {'W1': dW1}, variables called dW1, …, or one gradient for each "
                f"input in order ({', '.join(inputs)}). Received: {describe(result)}; nodes: "
                f"{', '.join(known)}."
            )
        returned[node] = _numbers(value)
    return returned, _among(named, known, returned)


def _among(
    named: Mapping[str, Any], known: Mapping[str, Any], returned: Mapping[str, Any]
) -> dict[str, Any]:
    """The gradients among variables that were not returned, by node."""
    return {
        node: value
        for name, value in named.items()
        if isinstance(value, (np.ndarray, float, int, np.generic))
        and (node := node_of(name, known)) is not None
        and node not in returned
    }


def _no_other(first: str, second: str, node: str, one: Any, other: Any) -> None:
    """Raises ValueError unless both keys of a node have the same gradient."""
    if not np.array_equal(one, other):
        raise ValueError(
            f"check_backprop: backward returns {first!r} and {second!r}, two gradients of {node}. "
            "Expected one."
        )


def absent(inputs: Iterable[str], given: Collection[str]) -> list[str]:
    """The inputs without a gradient that have the name of a parameter, where another one has one.

    >>> absent(["x", "W1", "b1", "t"], ["W1"]), absent(["x", "w", "b"], ["x"])
    (['b1'], [])
    """
    if not any(_is_parameter(name) for name in given):
        return []
    return [name for name in inputs if name not in given and _is_parameter(name)]


def _is_parameter(name: str) -> bool:
    last = name.rpartition(".")[2].partition("[")[0]
    return PARAMETERS.fullmatch(last) is not None


def in_order(result: Any, inputs: list[str]) -> dict[str, Any]:
    """What a `backward(ctx, g)` returns, by input: one gradient each, None where there is none."""
    parts = result if isinstance(result, tuple) else (result,)
    if len(parts) != len(inputs):
        raise TypeError(
            f"check_backprop: expected of backward one gradient for each input of forward "
            f"({', '.join(inputs)}), None for what has none. Received: {len(parts)}."
        )
    return {k: v for k, v in zip(inputs, parts, strict=True) if v is not None}


def _keyed(label: str) -> bool:
    """Whether a label comes from a key, not only from a place."""
    return bool(label) and not label.startswith("[")


def _numbers(value: Any) -> Any:
    return float(value) if isinstance(value, (int, float)) else np.asarray(value)
