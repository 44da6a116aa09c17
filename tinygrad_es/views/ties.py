"""The gradients that other choices at ties make: of relu at 0, of two equal maxima.

The rules share a gradient between equals: max(x, 0) hands on half of it at 0. By hand people write
`dz * (z > 0)`, `dz * (z >= 0)` or `argmax`, which are as right: there is no derivative there.

>>> x = Tensor([0.0, 2.0], requires_grad=True)
>>> loss = np.maximum(x, 0.0).sum()
>>> [g.tolist() for g in Ties(loss, 1.0).of(x)]
[[1.0, 1.0], [0.0, 1.0]]
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..autodiff import arrays
from ..autodiff.modes import enable_grad
from ..autodiff.order import topological
from ..autodiff.record import apply
from ..autodiff.tensor import Tensor
from .snapshot import contributions, receivers

__all__ = ["Ties"]

EXTREMES = {"amax": 1.0, "amin": -1.0, "max_pool": 1.0}


class Ties:
    """For each node of a graph its gradients with all ties broken to one side or to the other."""

    def __init__(self, root: Tensor, gradient: Any) -> None:
        self.root, self.gradient = root, gradient
        self.found: list[dict[int, Any]] | None = None

    def of(self, node: Tensor) -> list[Any]:
        """The two gradients of the node; none where there are no ties in the graph."""
        if self.found is None:
            with np.errstate(all="ignore"):
                both = [self._swept(side) for side in (1.0, -1.0)]
            self.found = [found for found in both if found is not None]
        return [found.get(node.index, np.zeros(node.shape)) for found in self.found]

    def _swept(self, side: float) -> dict[int, Any] | None:
        """The gradients by the index of the node; None where nothing is tied."""
        found, tied = {self.root.index: self.gradient}, False
        for node in topological([self.root]):
            g = found.get(node.index)
            if node.op is None or g is None:
                continue
            twin = _decided(node, side)
            tied |= twin is not None
            for x, (_, c) in zip(
                receivers(node), contributions(node if twin is None else twin, g), strict=True
            ):
                found[x.index] = found[x.index] + c if x.index in found else c
        return found if tied else None


def _decided(node: Tensor, side: float) -> Tensor | None:
    """The node at a point beside its ties; None where it has none."""
    assert node.op is not None
    place = next((k for k, x in enumerate(node.inputs) if type(x) is Tensor and x.tracked), None)
    if place is None:
        return None
    x = np.asarray(node.inputs[place].value)
    by = _steps(node, place, x, side)
    if by is None or not np.any(by):
        return None
    inputs = list(node.inputs)
    inputs[place] = Tensor(x + by * np.spacing(np.abs(x)), requires_grad=True)
    with enable_grad():
        return apply(node.op, tuple(inputs), node.params)


def _steps(node: Tensor, place: int, x: Any, side: float) -> Any:
    """How many units of its last place each entry moves; None where no entry can be tied."""
    assert node.op is not None
    name, options = node.op.name, node.params or {}
    if name in ("relu", "abs"):
        return side * (x == 0.0)
    if name == "clip":
        ends = [end for end in (options["low"], options["high"]) if end is not None]
        return side * np.any([x == end for end in ends], axis=0)
    if name in ("maximum", "minimum"):
        other = node.inputs[1 - place]
        equal = x == np.asarray(other.value if type(other) is Tensor else other)
        return side * equal if equal.shape == x.shape else None
    if name in EXTREMES:
        y = np.asarray(node.value)
        rule: Any = node.op.rules[0]
        share = rule(arrays, np.ones_like(y), y, x, **options)
        row = np.arange(1.0, x.size + 1.0).reshape(x.shape)  # the last wins, or the first
        row = row if side > 0.0 else row[(slice(None, None, -1),) * x.ndim]
        return EXTREMES[name] * row * ((share > 0.0) & (share < 1.0))
    return None
