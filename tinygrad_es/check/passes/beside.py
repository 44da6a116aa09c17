"""The loss, where it is returned beside gradients: `return loss, dW, db`, `return grads, cost`.

>>> without_loss((3.5, {"W": 2.0}), 3.5, {}, {"W": None}, {"W": ()})
({'W': 2.0},)
>>> loss_and_gradients(({"W": 2.0}, 3.5))
(3.5, {'W': 2.0})
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from .naming import node_of

__all__ = ["loss_and_gradients", "without_loss"]

LOSSES = frozenset(["loss", "cost", "l", "j", "e", "error", "perdida", "pérdida", "coste", "costo"])
STRUCTURES = (dict, list, tuple)


def loss_and_gradients(result: Any) -> tuple[Any, Any] | None:
    """The two parts of what one function returns, None where it is no loss with gradients.

    The loss is one number; it comes first, or after one dict, list or tuple of gradients.
    """
    if not isinstance(result, tuple) or len(result) < 2:
        return None
    first, *others = result
    if _is_one(first):
        return first, others[0] if len(others) == 1 else tuple(others)
    if len(others) == 1 and isinstance(first, STRUCTURES) and _is_one(others[0]):
        return others[0], first
    return None


def without_loss(
    result: Any,
    value: Any,
    variables: Mapping[str, Any],
    known: Mapping[str, Any],
    shapes: Mapping[str, tuple[int, ...]],
    end: str | None = None,
) -> Any:
    """What backward returned, but for the loss.

    That is a number that equals what forward gave, `value`; or any one beside a dict, list or
    tuple. It is a gradient where its variable or key says so, and at the place of an input that is
    one number. `shapes` are those of the inputs by name, `end` is what the loss is called.
    """
    if isinstance(result, dict):
        return {k: v for k, v in result.items() if not _is_loss_of(k, v, value, known, shapes, end)}
    if not isinstance(result, tuple) or len(result) < 2:
        return result
    called = [[k for k, v in variables.items() if v is x] for x in result]
    ones = [
        i
        for i, x in enumerate(result)
        if _is_one(x) and not any(node_of(name, known) for name in called[i])
    ]
    same = [i for i in ones if _equal(result[i], value)]
    if len(result) == len(shapes):
        scalar = [shape == () for shape in shapes.values()]
        same = [i for i in same if not scalar[i] or any(k.lower() in LOSSES for k in called[i])]
    if len(result) == 2 and any(isinstance(x, STRUCTURES) for x in result):
        same = ones
    return tuple(x for i, x in enumerate(result) if i not in same[:1])


def _is_loss_of(
    key: Any, x: Any, value: Any, known: Mapping[str, Any], inputs: Mapping[str, Any], end: Any
) -> bool:
    node = node_of(key, known, exact=True) if isinstance(key, str) else None
    return key not in inputs and node in (None, end) and _is_one(x) and _equal(x, value)


def _is_one(x: Any) -> bool:
    return not isinstance(x, (bool, str, *STRUCTURES)) and x is not None and np.size(x) == 1


def _equal(x: Any, value: Any) -> bool:
    kinds = np.asarray(x).dtype.kind, np.asarray(value).dtype.kind
    if not set(kinds) <= set("fiu") or np.size(value) != 1:
        return False
    return bool(np.allclose(x, value, rtol=1e-5, atol=0.0, equal_nan=True))
