"""How much rounding may change the gradients of a recorded graph.

The forward pass is computed again a few times, each result changed at random in its last bits, and
swept backwards each time: how far the gradients move is how far rounding may have moved them. Where
1 − p is all but 0 that is much, elsewhere next to nothing. The automatic gradient of σ does not
compute 1 − σ, but people do: what that loses counts as rounding too. Source: Vignes, A stochastic
arithmetic for reliable scientific computation (1993).

Some gradients are 0 whatever the numbers are, as that of a bias before batch normalization: all
their digits are rounding, here and with other numbers in the leaves, and only their size says
something.

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
from .snapshot import contributions, receivers
from .ties import KINKED

__all__ = ["BITS", "SAFETY", "Rounding"]

TIMES = 4
SAFETY = 10.0  # times the change that rounding makes, still rounding
OTHERS = 2  # times that a gradient of nothing but rounding is taken with other numbers
BITS = 4.0  # in units of the last one, how far a result is moved at most
SATURATED = {8: 1e-6, 4: 1e-2, 2: 0.1}  # by item size: so near to ±1 is saturated
EXPONENTIALS = frozenset(["exp"])
QUOTIENTS, SUMS = frozenset(["divide", "reciprocal"]), frozenset(["add", "sum"])
EXACT = KINKED - {"elu"}
SATURATING = frozenset(["tanh", "sigmoid", "erf", "elu", "expm1"])


class Rounding:
    """For each node of a graph how far rounding may have moved its gradient; found when asked."""

    def __init__(self, root: Tensor, gradient: Any) -> None:
        self.root, self.gradient = root, gradient
        self.found: dict[int, Any] | None = None
        self.zero: set[int] | None = None

    def of(self, node: Tensor) -> Any:
        """The largest change of the node's gradient, entry by entry."""
        if self.found is None:
            self.found = self._largest()
        return self.found.get(node.index, np.zeros(node.shape))

    def vanishes(self, node: Tensor) -> bool:
        """Whether the gradient is 0 whatever the leaves are, but for rounding."""
        if self.zero is None:
            zero = [self._zero(way) for way in range(OTHERS + 1)]
            self.zero = set.intersection(*zero)
        return node.index in self.zero

    def _zero(self, way: int) -> set[int]:
        """The nodes whose gradients are nothing but rounding; from way 1 on with other leaves."""
        here, moved = self._taken(_Other(way) if way else _same)
        return {
            i for i, g in here.items()
            if np.max(np.abs(g), initial=0.0) <= SAFETY * np.max(moved[i], initial=0.0)
        }  # fmt: skip

    def _largest(self) -> dict[int, Any]:
        return self._taken(_same)[1]

    def _taken(self, read: Any) -> tuple[dict[int, Any], dict[int, Any]]:
        """The gradients, and how far they moved at most."""
        order, seeds = topological([self.root]), {self.root.index: self.gradient}
        with np.errstate(all="ignore"):
            here = swept(order, seeds, replayed(order, read, lambda _, value: value))
            several = [_Rounded(order, read, seed) for seed in range(TIMES)]
            moved = _swept_together(order, seeds, several)
        largest = {
            i: np.max([np.abs(np.subtract(m[i], g, dtype=np.float64)) for m in moved], axis=0)
            for i, g in here.items()
        }
        return here, largest


class _Rounded:
    """The forward pass, each result changed at random in its last bits."""

    def __init__(self, order: list[Tensor], read: Any, seed: int) -> None:
        self.rng = np.random.default_rng(seed)
        self.twins = replayed(order, read, partial(_result, self.rng))


def _swept_together(
    order: list[Tensor], seeds: dict[int, Any], several: list[_Rounded]
) -> list[dict[int, Any]]:
    """The gradients of each, all changed at random in their last bits as well.

    What one of a node's inputs gets is made of another one's gradient than what the next gets: so
    rounding does not cancel where it does in this graph, but need not in what somebody derived.
    """
    found = [dict(seeds) for _ in several]
    for node in order:
        if node.op is None or node.index not in found[0]:
            continue
        gs = [_handed(one.rng, node, f[node.index]) for one, f in zip(several, found, strict=True)]
        to = receivers(node)
        for s, (one, mine) in enumerate(zip(several, found, strict=True)):
            for shift in range(min(len(to), len(gs))):
                g = gs[(s + shift) % len(gs)]
                terms = contributions(one.twins[node.index], g)[shift :: len(gs)]
                for x, (_, c) in zip(to[shift :: len(gs)], terms, strict=True):
                    c = _moved_by(one.rng, c)
                    mine[x.index] = mine[x.index] + c if x.index in mine else c
    return found


def _same(node: Tensor, inputs: tuple[Any, ...]) -> tuple[Any, ...]:
    return inputs


class _Other:
    """What operations read: other numbers in the leaves, small ones of the same signs.

    So small that units which were saturated are so no more: that those gradients are 0 is due to
    the numbers.
    """

    def __init__(self, way: int) -> None:
        self.rng, self.leaves = np.random.default_rng(way), dict[int, Tensor]()

    def __call__(self, node: Tensor, inputs: tuple[Any, ...]) -> tuple[Any, ...]:
        return tuple(self._instead(x) if _is_leaf(x) else x for x in inputs)

    def _instead(self, x: Tensor) -> Tensor:
        if x.index not in self.leaves:
            rms = float(np.sqrt(np.mean(np.square(x.value, dtype=np.float64)))) if x.size else 1.0
            size = 10.0 ** self.rng.uniform(-2.0, -0.5) / max(1.0, rms)
            by = size * self.rng.uniform(0.3, 1.0, x.shape)
            value = np.asarray(x.value * by, x.dtype)
            self.leaves[x.index] = Tensor(value, requires_grad=True)
        return self.leaves[x.index]


def _is_leaf(x: Any) -> bool:
    return type(x) is Tensor and x.op is None and x.tracked


def _handed(rng: np.random.Generator, node: Tensor, g: Any) -> Any:
    """What a node hands on, moved where its result is almost ±1."""
    assert node.op is not None
    return _moved_by(rng, g, _saturation(node) + 1.0 if _saturates(node) else 1.0)


def _result(rng: np.random.Generator, node: Tensor, value: Any) -> Any:
    """What an operation makes of its inputs, moved; one that only chooses among them is exact."""
    assert node.op is not None
    return value if node.op.name in EXACT else _moved_by(rng, value)


def _moved_by(rng: np.random.Generator, value: Any, bits: Any = 1.0) -> Any:
    """The same numbers, each changed at random in its last bits."""
    array = np.asarray(value)
    by = BITS * np.finfo(array.dtype).eps * bits * rng.uniform(-1.0, 1.0, array.shape)
    moved = np.asarray(array * (1.0 + by), array.dtype)  # a NumPy scalar has no dtype of its own
    return float(moved) if type(value) is float else moved


def _saturates(node: Tensor) -> bool:
    """Whether it is a unit that saturates, or one by hand: 1/(… + …) is σ, eᶻ − 1 is of an ELU."""
    assert node.op is not None
    name = node.op.name
    if name in QUOTIENTS:
        *above, below = node.inputs
        return _is_op(below, SUMS) and all(_is_one(x) for x in above)
    if name == "subtract":
        return _is_op(node.inputs[0], EXPONENTIALS) and _is_one(node.inputs[1])
    return name in SATURATING


def _is_op(x: Any, names: frozenset[str]) -> bool:
    return type(x) is Tensor and x.op is not None and x.op.name in names


def _is_one(x: Any) -> bool:
    return type(x) is not Tensor and bool(np.all(x == 1.0))


def _saturation(node: Tensor) -> Any:
    """1/(1 − |v|) where v is almost ±1, else 0: what 1 − v² or v + 1 loses that one writes by hand.

    All of it where σ or tanh is 1 itself.
    """
    value = np.asarray(node.value, np.float64)
    rest = 1.0 - np.abs(value)
    dtype = np.asarray(node.value).dtype
    least, saturated = np.finfo(dtype).eps * BITS, SATURATED.get(dtype.itemsize, SATURATED[8])
    return np.where((rest >= 0.0) & (rest < saturated), 1.0 / np.maximum(rest, least), 0.0)
