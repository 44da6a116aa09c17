"""Whose gradients a backward pass returns: by keys, by the variables they were in, by place.

Among them may be what is none, the loss, and gradients of numbers that were given as integers.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from typing import Any, NamedTuple

import numpy as np

from ...autodiff.errors import describe
from ...languages import Pair
from .naming import is_keyed, named_leaves, node_of

__all__ = [
    "Returned",
    "absent",
    "gradients_of",
    "in_order",
    "kept_gradients",
    "not_compared",
]


GRADIENTS = frozenset(["grads", "grad", "gradients", "gradientes", "derivadas", "d"])
PARAMETERS = re.compile(  # W, b1, W_xh, bf, weights, biases, gamma, …
    r"(w[a-z]{0,2}|b[a-z]?|weights?|bias(es)?|kernels?|gammas?|betas?|thetas?|pesos?|sesgos?)"
    r"(_?\d+|_[a-z]{1,3})?",
    re.IGNORECASE,
)


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


class Returned(NamedTuple):
    """The gradients by node, and keys that name none."""

    gradients: dict[str, Any]
    others: dict[str, Any]  # among the variables
    unknown: list[str]
    notes: list[Pair]


def gradients_of(
    result: Any,
    variables: Mapping[str, Any],
    known: Mapping[str, Any],
    shapes: Mapping[str, tuple[int, ...]],
    arguments: list[str],
    fixed: Collection[str] = (),
) -> Returned:
    """The gradients that were returned, and others among the variables, by node.

    `shapes` are those of all arrays that forward reads, by name, `arguments` the names of those
    that it is given. What has neither a name nor a place goes by its shape, where just one has it.
    In a dict `W` is the gradient of W, unless `dW` is there too: then it is the parameter. What
    has the name of a number that is held `fixed` is never the gradient of another node.

    Raises:
        TypeError: no name for what was returned.
        ValueError: two keys name the gradient of one node.
    """
    named = dict(named_leaves(dict(variables)))
    flat, inputs = list(named_leaves(result)), list(shapes)
    returned, places = _by_key(flat, named, known, inputs, fixed)
    unknown, notes = list[str](), list[Pair]()
    fitting = next((names for names in (inputs, arguments) if len(names) == len(flat)), None)
    if fitting is not None and (order := _order_of(returned, fitting)):
        notes.append(order)
    by_shape = {} if fitting else _by_shape([v for _, v in places], shapes, returned)
    for i, value in places:
        label = flat[i][0]
        by_place = fitting[i] if fitting and not is_keyed(label) else None
        own = (node_of(k, known) for k, v in named.items() if v is value)
        node = by_place or next((n for n in own if n is not None and n not in returned), None)
        if _names_one_of(fixed, label):
            node = None
        if node is not None and node not in returned:
            returned[node] = _numbers(value)
        elif any(v is value and (k in known or k == label) for k, v in named.items()):
            continue  # a value that forward computed, for who calls it
        elif is_keyed(label):
            unknown.append(label)
        elif id(value) in by_shape:
            returned[by_shape[id(value)]] = _numbers(value)
        else:
            raise _nobodys("", inputs, result, known)
    if unknown and not returned:
        raise _nobodys(f" for {unknown[0]!r}", inputs, result, known)
    if told := [node for node in by_shape.values() if node in returned]:
        names = ", ".join(told)
        notes.append((f"told by their shapes whose gradients these are: {names}",
                      f"por su forma se sabe de quién es el gradiente: {names}"))  # fmt: skip
    return Returned(returned, _among(named, known, returned), unknown, notes)


def _order_of(returned: Collection[str], places: list[str]) -> Pair | None:
    """What to say where the gradients of all inputs came by name, in another order than these."""
    own = list(returned)
    if own == places or sorted(own) != sorted(places):
        return None
    named, taken = ", ".join(own), ", ".join(places)
    return (
        f"read by the names of the variables: {named}; forward takes {taken}",
        f"leídos por los nombres de las variables: {named}; forward recibe {taken}",
    )


def _by_shape(
    values: list[Any], shapes: Mapping[str, tuple[int, ...]], taken: Collection[str]
) -> dict[int, str]:
    """By id the input whose shape a value has, if it is the only one for each; else none."""
    found: dict[int, str] = {}
    for value in values:
        names = [k for k, s in shapes.items() if s == np.shape(value) and k not in taken]
        if len(names) != 1 or names[0] in found.values():
            return {}
        found[id(value)] = names[0]
    return found


def _by_key(
    flat: list[tuple[str, Any]], named: Mapping[str, Any], known: Mapping[str, Any],
    inputs: list[str], fixed: Collection[str],
) -> tuple[dict[str, Any], list[tuple[int, Any]]]:  # fmt: skip
    """What has the name of a node, or a variable of that of an input; and the places of others."""
    returned: dict[str, Any] = {}
    keys: dict[str, str] = {}  # by node: the key that its gradient had
    places: list[tuple[int, Any]] = []
    for i, (label, value) in enumerate(flat):
        node = node_of(label, known, exact=True) if is_keyed(label) else None
        own = (node_of(k, known) for k, v in named.items() if v is value)
        if node is None and not _names_one_of(fixed, label):
            node = next((n for n in own if n in inputs and n not in returned), None)
        if value is Ellipsis or (value is None and is_keyed(label)):
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
    return returned, places


def not_compared(found: Returned, fixed: Collection[str]) -> list[Pair]:
    """What to say of the keys that name no node, and of how the others were read."""
    held = [label for label in found.unknown if _names_one_of(fixed, label)]
    others = [repr(label) for label in found.unknown if label not in held]
    notes = list(found.notes)
    if others:
        names = ", ".join(others)
        notes.append((f"not compared: no node is called as the key says: {names}",
                      "sin comparar: ningún nodo se llama como dice la clave: "
                      f"{names}"))  # fmt: skip
    if held:
        names = ", ".join(held)
        notes.append(("not compared: integers, or a number that is no array (np.array(0.0) is): "
                      f"{names}",
                      "sin comparar: enteros, o un número que no es un array (np.array(0.0) sí): "
                      f"{names}"))  # fmt: skip
    return notes


def _nobodys(called: str, inputs: list[str], result: Any, known: Mapping[str, Any]) -> TypeError:
    return TypeError(
        f"check_backprop: cannot tell whose gradients backward returns{called}. Expected "
        "a dict such as {'W1': dW1}, variables called dW1, …, or one gradient for each "
        f"input in order ({', '.join(inputs)}). Received: {describe(result)}; nodes: "
        f"{', '.join(known)}."
    )


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


def _names_one_of(fixed: Collection[str], label: str) -> bool:
    return is_keyed(label) and node_of(label, dict.fromkeys(fixed), exact=True) is not None


def _numbers(value: Any) -> Any:
    return float(value) if isinstance(value, (int, float)) else np.asarray(value)
