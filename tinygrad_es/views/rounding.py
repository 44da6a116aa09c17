"""How much rounding may change the gradients of a recorded graph.

The forward pass is computed again a few times, each result changed at random in its last bits, and
swept backwards each time: how far the gradients move is how far rounding may have moved them. Where
1 − p is all but 0 that is much, elsewhere next to nothing. The automatic gradient of σ does not
compute 1 − σ, but people do: what that loses counts as rounding too. Source: Vignes, A stochastic
arithmetic for reliable scientific computation (1993).

>>> from tinygrad_es import ops
>>> z = Tensor(30.0, requires_grad=True)
>>> p = 1.0 / (1.0 + ops.exp(-z))
>>> loss = -ops.log(1.0 - p)
>>> 1e-4 < Rounding(loss, 1.0).of(z) < 1e-1
np.True_
"""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from ..autodiff.order import topological
from ..autodiff.tensor import Tensor
from .replay import replayed, swept

__all__ = ["Rounding"]

TIMES = 4
BITS = 4.0  # in units of the last one, how far a result is moved at most
SATURATED = {8: 1e-6, 4: 1e-2, 2: 0.1}  # by item size: so near to ±1 is saturated
QUOTIENTS, SUMS = frozenset(["divide", "reciprocal"]), frozenset(["add", "sum"])
SATURATING = frozenset(["tanh", "sigmoid", "divide", "reciprocal", "softmax", "erf"])


class Rounding:
    """For each node of a graph how far rounding may have moved its gradient; found when asked."""

    def __init__(self, root: Tensor, gradient: Any) -> None:
        self.root, self.gradient = root, gradient
        self.found: dict[int, Any] | None = None

    def of(self, node: Tensor) -> Any:
        """The largest change of the node's gradient, entry by entry."""
        if self.found is None:
            self.found = self._largest()
        return self.found.get(node.index, np.zeros(node.shape))

    def _largest(self) -> dict[int, Any]:
        order, seeds = topological([self.root]), {self.root.index: self.gradient}
        largest: dict[int, Any] = {}
        with np.errstate(all="ignore"):
            here = swept(order, seeds, {n.index: n for n in order})
            for seed in range(TIMES):
                rng = np.random.default_rng(seed)
                twins = replayed(order, lambda _, inputs: inputs, partial(_moved_by, rng))
                moved = swept(order, seeds, twins, handed=partial(_handed, rng))
                for i, g in moved.items():
                    gap = np.abs(np.subtract(g, here[i], dtype=np.float64))
                    largest[i] = np.maximum(largest.get(i, 0.0), gap)
        return largest


def _handed(rng: np.random.Generator, node: Tensor, g: Any) -> Any:
    """What a node hands on, moved where its result is almost ±1."""
    assert node.op is not None
    saturated = node.op.name in SATURATING
    return _moved_by(rng, g, _saturation(node) + 1.0 if saturated else 1.0)


def _moved_by(rng: np.random.Generator, value: Any, bits: Any = 1.0) -> Any:
    """The same numbers, each changed at random in its last bits."""
    array = np.asarray(value)
    by = BITS * np.finfo(array.dtype).eps * bits * rng.uniform(-1.0, 1.0, array.shape)
    moved = (array * (1.0 + by)).astype(array.dtype)
    return float(moved) if type(value) is float else moved


def _of_a_sum(node: Tensor) -> bool:
    """Whether it divides by a sum, as σ, tanh and softmax by hand do; 1/w is no saturated unit."""
    below = node.inputs[-1]
    return type(below) is Tensor and below.op is not None and below.op.name in SUMS


def _saturation(node: Tensor) -> Any:
    """1/(1 − |v|) where v is almost ±1, else 0: what 1 − v² loses that somebody writes by hand.

    All of it where σ or tanh is 1 itself; but a quotient may be 1 for other reasons, unless it is
    one of 1 by something.
    """
    value = np.asarray(node.value, np.float64)
    rest = 1.0 - np.abs(value)
    dtype = np.asarray(node.value).dtype
    least, saturated = np.finfo(dtype).eps * BITS, SATURATED.get(dtype.itemsize, SATURATED[8])
    if node.op is not None and node.op.name in QUOTIENTS and not _of_a_sum(node):
        return np.zeros_like(value)
    above = node.op is not None and node.op.name == "divide" and node.inputs[0]
    if above is not False and (type(above) is Tensor or np.any(above != 1.0)):
        rest = np.where(rest == 0.0, 1.0, rest)
    return np.where((rest >= 0.0) & (rest < saturated), 1.0 / np.maximum(rest, least), 0.0)
