"""Kinks that a graph lies on exactly, and all gradients that are right there.

ReLU of 0, |0|, a maximum that is reached twice: between the slopes to both sides any number is a
subgradient, and people write `z > 0`, `z >= 0` or `x == x.max()`. The forward pass is computed
again with the inputs of such operations moved by next to nothing, up, down, and each its own way;
`where(z > 0, a, b)` and `(z > 0)·a` take either side where both are the same number, and the
maximum along an axis, which is taken by its index, any of those that are largest.

>>> from tinygrad_es import ops
>>> z = Tensor(0.0, requires_grad=True)
>>> least, largest = Ties(3.0 * ops.relu(z), 1.0).between()[z.index]
>>> float(least), float(largest)
(0.0, 3.0)
"""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ..autodiff.order import topological
from ..autodiff.tensor import Tensor
from .replay import replayed, swept
from .snapshot import contributions

__all__ = ["KINKED", "Ties"]

KINKED = frozenset(
    ["relu", "abs", "maximum", "minimum", "clip", "amax", "amin", "max_pool", "sort", "elu"]
)
EXTREMES = frozenset(["amax", "amin"])
NEAR = 1e-13  # how far an input is moved, in units of its largest entry
FIRST = 4  # the first ways to move: all up, all down, the first entry most, the last one most
TIMES, MOST = 4, 16  # then at least, and at most, so many: at random; who share a maximum in turn
LEVELS = 5  # of these are tried together: one operation up while another goes down


class Ties:
    """For each node the least and the largest gradient that are right."""

    def __init__(self, root: Tensor, gradient: Any) -> None:
        self.root, self.gradient = root, gradient

    def between(self, by_hand: Mapping[int, Any] | None = None) -> dict[int, tuple[Any, Any]]:
        """The two, by the index of the node; none where no operation has a kink.

        From a node in `by_hand` that gradient goes on instead.
        """
        seeds = {self.root.index: self.gradient}
        found: dict[int, tuple[Any, Any]] = {}
        with np.errstate(all="ignore"):
            for twins in self.twins:
                for i, g in swept(self.order, seeds, twins, by_hand).items():
                    g = np.asarray(g, np.float64)
                    low, high = found.get(i, (g, g))
                    found[i] = np.minimum(low, g), np.maximum(high, g)
        return found

    @functools.cached_property
    def order(self) -> Sequence[Tensor]:
        """The nodes, the newest first."""
        return topological([self.root])

    @functools.cached_property
    def twins(self) -> list[dict[int, Tensor]]:
        """The graph as it is, and computed again on all sides of its kinks."""
        if not any(_has_kinks(node) for node in self.order):
            return []
        most = max(map(_shares, self.order))
        ways = [_Moved(way) for way in range(FIRST + min(max(TIMES, most), MOST))]
        with np.errstate(all="ignore"):
            here = replayed(self.order, lambda _, inputs: inputs, _as_it_is)
            found = [here, *(replayed(self.order, way, _as_it_is, way.options) for way in ways)]
            tied = [n.index for n in reversed(self.order) if _has_kinks(n) and _differs(n, found)]
            for mixed in _each_its_own(tied):
                found.append(replayed(self.order, mixed, _as_it_is, mixed.options))
        return found


def _differs(node: Tensor, twins: list[dict[int, Tensor]]) -> bool:
    """Whether an operation hands on something else when its inputs are moved by next to nothing."""
    g = np.ones(node.shape)
    here, *others = ([c for _, c in contributions(twin[node.index], g)] for twin in twins)
    pairs = ((a, b) for other in others for a, b in zip(here, other, strict=True))
    return any(not np.allclose(a, b, rtol=1e-6, atol=1e-6, equal_nan=True) for a, b in pairs)


def _each_its_own(tied: list[int]) -> list[_Mixed]:
    """Ways in which any two of the first operations go in any two directions."""
    if len(tied) < 2:
        return []
    steps = itertools.product(range(LEVELS), range(1, LEVELS))
    levels = [[*range(FIRST), FIRST + TIMES + n] for n in range(LEVELS * (LEVELS - 1))]
    return [
        _Mixed({i: level[(a + k * b) % LEVELS] for k, i in enumerate(tied)})
        for (a, b), level in zip(steps, levels, strict=True)
    ]


def _as_it_is(node: Tensor, value: Any) -> Any:
    return value


def _has_kinks(node: Tensor) -> bool:
    if node.op is None:
        return False
    takes = _mask(node, node.inputs) is not None or _axis_of_largest(node) is not None
    return node.op.name in KINKED or takes


def _mask(node: Tensor, inputs: tuple[Any, ...]) -> int | None:
    """Which of the inputs says for each element which side is taken: an array of bools."""
    if node.op is None or node.op.name not in ("where", "multiply"):
        return None
    bools = [k for k, x in enumerate(inputs) if np.asarray(_value(x)).dtype.kind == "b"]
    return bools[0] if bools else None


def _axis_of_largest(node: Tensor) -> int | None:
    """The axis along which an index takes the largest elements, or the smallest."""
    of_index = node.op is not None and node.op.name == "getitem"
    index = (node.params or {}).get("index") if of_index else None
    x = np.asarray(_value(node.inputs[0]))
    if not isinstance(index, tuple) or len(index) != x.ndim or not x.size:
        return None
    if not all(isinstance(i, np.ndarray) and i.dtype.kind in "iu" for i in index):
        return None
    for k in range(x.ndim):
        shape = (*x.shape[:k], 1, *x.shape[k + 1 :])
        if np.broadcast_shapes(*(i.shape for i in index)) != shape:
            continue
        others = zip(index, np.indices(shape), range(x.ndim), strict=True)
        taken = x[index]
        extremes = x.max(axis=k, keepdims=True), x.min(axis=k, keepdims=True)
        plain = all(j == k or np.array_equal(np.broadcast_to(i, shape), m) for i, m, j in others)
        if plain and any(np.array_equal(taken, e) for e in extremes):
            return k
    return None


def _value(x: Any) -> Any:
    return x.value if type(x) is Tensor else x


# --- an extreme that several entries share -------------------------------------------------------


def _shares(node: Tensor) -> int:
    """How many entries share an extreme, at most."""
    if node.op is None or type(node.inputs[0]) is not Tensor or not node.inputs[0].size:
        return 1
    x = np.asarray(node.inputs[0].value)
    if node.op.name in EXTREMES:
        return int(np.max(np.sum(_sharing(node, x), axis=_axes(node, x.ndim))))
    if node.op.name == "max_pool":
        return math.prod((node.params or {})["size"]) if np.unique(x).size < x.size else 1
    if (k := _axis_of_largest(node)) is not None:
        return int(np.max(np.sum(x == x[(node.params or {})["index"]], axis=k)))
    return 1


def _axes(node: Tensor, ndim: int) -> tuple[int, ...]:
    axis = (node.params or {}).get("axis")
    axes = range(ndim) if axis is None else axis if isinstance(axis, tuple) else (axis,)
    return tuple(a % ndim for a in axes)


def _sharing(node: Tensor, x: Any) -> Any:
    """Which entries are the extreme."""
    assert node.op is not None
    extreme = np.max if node.op.name == "amax" else np.min
    return x == extreme(x, axis=_axes(node, x.ndim), keepdims=True)


def _turn(shared: Any, axes: tuple[int, ...], turn: int) -> Any:
    """Of the entries that share an extreme along axes the one whose turn it is."""
    last = tuple(range(-len(axes), 0))
    moved = np.moveaxis(shared, axes, last)
    rest = moved.shape[: moved.ndim - len(axes)]
    flat = moved.reshape(*rest, -1)
    rank = np.cumsum(flat, axis=-1) - 1
    count = flat.sum(axis=-1, keepdims=True)
    chosen = flat & (rank == turn % np.maximum(count, 1))
    return np.moveaxis(chosen.reshape(moved.shape), last, axes)


def _places(shape: tuple[int, ...], size: tuple[int, ...]) -> Any:
    """Which place of a pooling window each entry has, windows side by side."""
    place: Any = np.zeros((1,) * len(shape), int)
    for d, side in enumerate(size, 1):
        ends = [1] * len(shape)
        ends[d] = shape[d]
        place = place * side + (np.arange(shape[d]) % side).reshape(ends)
    return place


class _Moved:
    """What an operation with a kink reads: one of its inputs moved by next to nothing."""

    def __init__(self, way: int) -> None:
        self.way, self.rng = way, np.random.default_rng(way)

    def __call__(self, node: Tensor, inputs: tuple[Any, ...]) -> tuple[Any, ...]:
        mask = _mask(node, inputs)
        if mask is not None:
            return (*inputs[:mask], self._taken(inputs, mask), *inputs[mask + 1 :])
        place = next((k for k, x in enumerate(inputs) if type(x) is Tensor and x.tracked), None)
        if node.op is None or node.op.name not in KINKED or place is None:
            return inputs
        x = inputs[place]
        value = np.asarray(x.value, np.float64)
        size = NEAR * max(float(np.max(np.abs(value), initial=0.0)), 1e-150)
        ramp = np.linspace(1.0, -1.0, value.size).reshape(value.shape) if value.size else value
        ways = 1.0, -1.0, ramp, -ramp
        by = ways[self.way] if self.way < FIRST else self._anyhow(node, value)
        moved = value + size * by  # in float64: a float32 would not move
        there = Tensor(float(moved) if type(x.value) is float else np.asarray(moved))
        there.tracked = True
        return (*inputs[:place], there, *inputs[place + 1 :])

    def options(self, node: Tensor) -> Any:
        """The parameters of an operation; of an index of largest elements, another one of them."""
        k = _axis_of_largest(node)
        if k is None:
            return node.params
        params = node.params or {}
        x, index = np.asarray(_value(node.inputs[0])), list(params["index"])
        turn = -(self.way % 2) if self.way < FIRST else self.way - FIRST  # the first, the last
        index[k] = np.argmax(_turn(x == x[tuple(index)], (k,), turn), axis=k, keepdims=True)
        return {**params, "index": tuple(index)}

    def _anyhow(self, node: Tensor, value: Any) -> Any:
        """Each entry at random; of those that share an extreme one in its turn."""
        assert node.op is not None
        turn, params = self.way - FIRST, node.params or {}
        if node.op.name == "max_pool":
            return np.broadcast_to(_places(value.shape, params["size"]), value.shape) == (
                turn % math.prod(params["size"])
            )
        if node.op.name not in EXTREMES:
            return self.rng.uniform(-1.0, 1.0, value.shape)
        shared = _sharing(node, value)
        by = _turn(shared, _axes(node, value.ndim), turn).astype(np.float64)
        return by if node.op.name == "amax" else -by

    def _taken(self, inputs: tuple[Any, ...], mask: int) -> Any:
        """The mask, with either side where both are the same number: 0 of a product."""
        sides = [np.asarray(_value(x), np.float64) for k, x in enumerate(inputs) if k != mask]
        gap = np.abs(sides[0] - sides[-1]) if len(sides) == 2 else np.abs(sides[0])
        taken, gap = np.broadcast_arrays(np.asarray(_value(inputs[mask])), gap)
        size = max([float(np.max(np.abs(side), initial=0.0)) for side in sides])
        either = self.way % 2 == 0 if self.way < FIRST else self.rng.random(gap.shape) < 0.5
        return np.where(gap <= NEAR * size, either, taken)


class _Mixed:
    """The same, each operation in its own way, by its index."""

    def __init__(self, ways: Mapping[int, int]) -> None:
        self.ways = {index: _Moved(way) for index, way in ways.items()}

    def __call__(self, node: Tensor, inputs: tuple[Any, ...]) -> tuple[Any, ...]:
        return self.ways[node.index](node, inputs) if node.index in self.ways else inputs

    def options(self, node: Tensor) -> Any:
        return self.ways[node.index].options(node) if node.index in self.ways else node.params
