"""The state of an optimizer as a list of arrays, in the order of Keras' `optimizer.variables`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..autodiff.tensor import Tensor
from .optimizer import Optimizer

__all__ = ["checked_variables", "put_variables", "variables"]


def slots(optimizer: Optimizer, parameters: Sequence[Tensor]) -> list[tuple[str, Tensor]]:
    """The kinds of state and the parameter of each, in order.

    Kinds that Keras makes together alternate: momentum and velocity of w, then those of b.
    """
    found: list[tuple[str, Tensor]] = []
    if optimizer.use_ema:
        found += [("average", p) for p in parameters]
    if optimizer.gradient_accumulation_steps:
        found += [("gradient_accumulator", p) for p in parameters]
    kinds = list(optimizer.start(np.zeros(1))) if parameters else []
    apart = [k for k in optimizer.slots_apart if k in kinds]
    together = [k for k in kinds if k not in apart]
    found += [(kind, p) for p in parameters for kind in together]
    return found + [(kind, p) for kind in apart for p in parameters]


def variables(optimizer: Optimizer, parameters: Sequence[Tensor]) -> list[tuple[str, Any]]:
    """Names and values: the iteration, the learning rate, then the state of the parameters."""
    states = optimizer.states
    listed: list[tuple[str, Any]] = [("iteration", np.asarray(optimizer.iterations, np.int32))]
    if optimizer._schedule is None:
        listed.append(("learning_rate", np.asarray(optimizer._learning_rate, np.float32)))
    for kind, p in slots(optimizer, parameters):
        value: Any
        if kind == "average":
            value = optimizer._averages.get(p, p.value)
        elif kind == "gradient_accumulator":
            value = sum((g[p] for g in optimizer._gathered if p in g), start=np.zeros_like(p.value))
        else:
            value = (states.get(p) or optimizer.start(p.value))[kind]
        listed.append((f"{(p.name or 'variable').replace('/', '_')}_{kind}", np.asarray(value)))
    shared = [(name, np.asarray(getattr(optimizer, name), np.float32)) for name in optimizer.shared]
    return listed + shared


def checked_variables(
    optimizer: Optimizer, parameters: Sequence[Tensor], values: Sequence[Any]
) -> list[Any]:
    """The values as arrays; a ValueError unless count and shapes are those of the optimizer."""
    expected = variables(optimizer, parameters)
    if len(values) != len(expected):
        raise ValueError(
            f"optimizer {optimizer.name}: expected {len(expected)} variables. Received: "
            f"{len(values)}."
        )
    for (name, own), value in zip(expected, values, strict=True):
        if np.shape(value) != own.shape:
            raise ValueError(
                f"optimizer {optimizer.name}: {name} has shape {own.shape}. Received: "
                f"{np.shape(value)}."
            )
    return [
        np.array(value, dtype=own.dtype) for (_, own), value in zip(expected, values, strict=True)
    ]


def put_variables(optimizer: Optimizer, parameters: Sequence[Tensor], values: list[Any]) -> None:
    """Continue with this state; it was checked."""
    waiting = list(values)
    optimizer.iterations = int(waiting.pop(0))
    if optimizer._schedule is None:
        rate = waiting.pop(0)
        if np.float32(optimizer._learning_rate) != rate:  # 0.001 stays what it was
            optimizer._learning_rate = float(rate)
    optimizer._flat, optimizer._gathered, optimizer._averages = None, [], {}
    states: dict[Tensor, dict[str, Any]] = {p: {} for p in parameters}
    gathered: dict[Tensor, Any] = {}
    for kind, p in slots(optimizer, parameters):
        value = waiting.pop(0)
        if kind == "average":
            optimizer._averages[p] = value
        elif kind == "gradient_accumulator":
            gathered[p] = value
        else:
            states[p][kind] = float(value) if type(p.value) is float else value
    if any(g.any() for g in gathered.values()):
        optimizer._gathered = [gathered]
    optimizer._states = states
    for name, value in zip(optimizer.shared, waiting, strict=True):
        setattr(optimizer, name, float(value))
