"""What a recorded graph says about the layers in it: who uses a weight, and how active units are.

Nothing here knows layers or models: a layer is a scope, or the first part of its weights' names.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from ..autodiff.order import topological
from ..autodiff.tensor import Tensor
from ..views.health import dead_share, flat_share

__all__ = ["LayerReading", "read", "sum_of_squares"]

# what only arranges numbers anew: behind it a weight is still that weight
ARRANGED = frozenset(["reshape", "transpose", "astype", "broadcast_to", "clone", "flip", "getitem"])


class LayerReading(NamedTuple):
    """A layer in the graph of one step."""

    name: str
    members: tuple[int, ...]  # places of its weights among the parameters
    gains: tuple[float | None, ...]  # of each, see `gain`
    shows: tuple[bool, ...]  # whether it is multiplied with data: its gradient shows the error
    last: bool  # no other layer lies between it and the loss
    saturated: float | None  # share of its outputs on the flat ends; None: nothing that saturates
    dead: float | None  # share of its ReLUs that are 0 on the whole batch


class Use(NamedTuple):
    """The first operation that reads a weight, and as which input."""

    node: Tensor
    position: int


def read(loss: Tensor, parameters: Sequence[Tensor]) -> list[LayerReading]:
    """The layers that hold these parameters, in the order in which the forward pass met them."""
    order = topological([loss])
    uses, active = _uses(order, parameters)
    groups: dict[str, list[int]] = {}
    for k in sorted(range(len(parameters)), key=lambda k: _when(k, uses)):
        groups.setdefault(_layer_of(parameters[k], uses.get(k)), []).append(k)
    starts = {
        name: min((uses[k].node.index for k in members if k in uses), default=0)
        for name, members in groups.items()
    }
    saturated, dead = _activity(active, starts)
    fed = _fed(order, {use.node.index for use in uses.values()})
    return [
        LayerReading(
            name,
            tuple(members),
            tuple(gain(uses[k]) if k in uses else None for k in members),
            tuple(k in uses and parameters[k].ndim > 1 and multiplies(uses[k]) for k in members),
            any(k in uses for k in members)
            and all(uses[k].node.index not in fed for k in members if k in uses),
            saturated.get(name),
            dead.get(name),
        )
        for name, members in groups.items()
    ]


def _uses(
    order: Sequence[Tensor], parameters: Sequence[Tensor]
) -> tuple[dict[int, Use], list[Tensor]]:
    """The first use of each parameter, and the nodes of activations that can be idle."""
    carries = {p.index: k for k, p in enumerate(parameters)}
    uses: dict[int, Use] = {}
    active = []
    for node in reversed(order):
        op = node.op
        if op is None:
            continue
        for position, x in enumerate(node.inputs):
            if type(x) is Tensor and x.index in carries:
                k = carries[x.index]
                if op.name in ARRANGED:
                    carries[node.index] = k
                else:
                    uses.setdefault(k, Use(node, position))
        if op.name in ("relu", "sigmoid", "tanh"):
            active.append(node)
    return uses, active


def _when(k: int, uses: dict[int, Use]) -> tuple[int, int]:
    return (uses[k].node.index if k in uses else 0, k)


def _layer_of(parameter: Tensor, use: Use | None) -> str:
    """The layer's name: of the weight's own name, else of the scope it is used in."""
    name = parameter.name or ""
    layer = name.rpartition("/")[0]
    if layer:
        return layer
    scope = str(use.node.scope).rpartition("/")[2] if use is not None else ""
    return scope or name or f"weight {parameter.shape}"


def _fed(order: Sequence[Tensor], users: set[int]) -> set[int]:
    """The nodes that lead to one of the users of weights."""
    fed: set[int] = set()
    for node in order:
        if node.index in fed or node.index in users:
            fed.update(x.index for x in node.inputs if type(x) is Tensor and x.op is not None)
    return fed


def gain(use: Use) -> float | None:
    """How large the numbers are that a weight is multiplied with; None where they are all 0.

    In z = x·W the gradient of W is xᵀ·δ, with δ = ∂L/∂z. Divided by the size of a row of x (the
    root of the mean ‖row‖²) its norm is that of δ, whatever the width of the layer and the scale of
    its input.
    """
    node, position = use
    assert node.op is not None
    name, inputs = node.op.name, node.inputs
    other = inputs[1 - position] if position < 2 and len(inputs) > 1 else None
    x: Any = other.value if type(other) is Tensor else other
    if name == "multiply":
        return math.sqrt(_mean_square(x)) or None
    if (name == "linear" and position == 1) or name == "matmul":
        inner = x.shape[-1 if position == 1 or x.ndim == 1 else -2]
        return math.sqrt(_mean_square(x) * inner) or None
    if name == "conv" and position == 1:
        shape = inputs[1].shape
        return math.sqrt(_mean_square(x) * math.prod(shape[:-1])) or None
    return 1.0


def multiplies(use: Use) -> bool:
    """Whether it is more than added."""
    assert use.node.op is not None
    return use.node.op.name not in ("add", "subtract")


def _mean_square(x: Any) -> float:
    return sum_of_squares(x) / max(np.size(x), 1)


def sum_of_squares(x: Any) -> float:
    """Σx², in float64 where float32 would overflow or lose it."""
    if type(x) is float:
        return x * x
    flat = x.ravel()
    with np.errstate(all="ignore"):
        found = float(flat.dot(flat))
        if not 1e-30 < found < math.inf and flat.any():
            flat = flat.astype(np.float64)
            found = float(flat.dot(flat))
    return found


# --- activations --------------------------------------------------------------------------------


def _activity(
    active: Sequence[Tensor], starts: dict[str, int]
) -> tuple[dict[str, float], dict[str, float]]:
    """For each layer the largest share of flat outputs, and of dead units.

    An activation belongs to the last layer with weights before it.
    """
    saturated: dict[str, float] = {}
    dead: dict[str, float] = {}
    for node in active:
        before = [(start, name) for name, start in starts.items() if 0 < start < node.index]
        if not before:
            continue
        name = max(before)[1]
        assert node.op is not None
        y = node.value
        if node.op.name == "relu":
            share = dead_share(y)
            if share is not None:
                dead[name] = max(dead.get(name, 0.0), share)
        elif np.size(y):
            saturated[name] = max(saturated.get(name, 0.0), flat_share(node.op.name, y))
    return saturated, dead
