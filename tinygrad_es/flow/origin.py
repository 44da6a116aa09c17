"""Where the first NaN of a step comes from: which operation, or which rule of the backward pass."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from ..autodiff.backward import seed
from ..autodiff.order import topological
from ..autodiff.sweep import sweep
from ..autodiff.tensor import Tensor
from ..languages import say

__all__ = ["Origin", "as_before", "first_nan", "is_finite"]


class Origin(NamedTuple):
    """The first operation that made a NaN or an infinity of numbers that were none."""

    where: str  # forward, backward, data or weight
    kind: str  # NaN or inf
    op: str  # the primitive's name; of "data", the first that read them
    input: str  # backward: in which input the derivative is; weight: its name
    layer: str  # the scope, "" outside of all
    received: tuple[tuple[tuple[int, ...], float, float], ...]  # shape, smallest, largest

    def text(self, language: str | None = None) -> str:
        """One sentence for a reader."""
        layer = say((f" in layer '{self.layer}'", f" en la capa '{self.layer}'"), language)
        place = layer if self.layer else ""
        of = say((" of ", " de "), language) + say((" and ", " y "), language).join(
            _received(one, language) for one in self.received
        )
        what = {
            "forward": (f"{self.op}{place},{of}", f"{self.op}{place},{of}"),
            "backward": (
                f"the derivative ∂{self.op}/∂{self.input}{place},{of}",
                f"la derivada ∂{self.op}/∂{self.input}{place},{of}",
            ),
            "data": (
                f"in the data: {self.op}{place} received it",
                f"en los datos: {self.op}{place} lo recibió",
            ),
            "weight": (
                f"in the weight {self.input!r}, before this step",
                f"en el peso {self.input!r}, antes de este paso",
            ),
        }[self.where]
        return say((f"first {self.kind}: ", f"primer {self.kind}: "), language) + say(
            what, language
        )


def _received(one: tuple[tuple[int, ...], float, float], language: str | None) -> str:
    shape, low, high = one
    if not shape:
        return f"{low:.4g}"
    return say(
        (
            f"a {shape} array from {low:.4g} to {high:.4g}",
            f"un array {shape} de {low:.4g} a {high:.4g}",
        ),
        language,
    )


def is_finite(value: Any) -> bool:
    """Whether there is neither NaN nor infinity in a value."""
    return bool(np.isfinite(value).all())


def first_nan(loss: Tensor, scale: float = 1.0) -> Origin | None:
    """What made the first NaN of a recorded step; None where everything is finite.

    A NaN in the forward pass comes first, then an infinity that reached the loss, then the rules of
    the backward pass (of scale·loss), one after the other.

    >>> from tinygrad_es import Tensor, ops
    >>> x = Tensor([4.0, 0.0], requires_grad=True, name="x")
    >>> print(first_nan(ops.sqrt(x).sum()).text("en"))
    first inf: the derivative ∂sqrt/∂x, of a (2,) array from 0 to 4
    """
    order = topological([loss])
    made = [node for node in reversed(order) if node.op is not None]
    with np.errstate(all="ignore"):
        node = next((n for n in made if np.isnan(n.value).any()), None)
        if node is None and not is_finite(loss.value):
            node = next((n for n in made if not is_finite(n.value)), None)
        if node is not None:
            return _forward(node)
        return _backward(loss, order, scale) if loss.tracked and loss.size == 1 else None


def _forward(node: Tensor) -> Origin:
    """The way up to the operation, the weight or the data that it began with."""
    while True:
        bad = [x for x in node.inputs if not is_finite(x.value if type(x) is Tensor else x)]
        upwards = [x for x in bad if type(x) is Tensor and x.op is not None]
        if not upwards:
            break
        node = upwards[0]
    if not bad:
        return _origin("forward", node, node.value)
    first = bad[0]
    if type(first) is Tensor and first.tracked:
        return _origin("weight", node, first.value, first.name or f"weight {first.shape}")
    return _origin("data", node, first.value if type(first) is Tensor else first)


def _backward(loss: Tensor, order: Sequence[Tensor], scale: float) -> Origin | None:
    """The newest operation whose gradient is finite and whose rule returns one that is not."""
    start = seed(loss, None) * scale
    found = sweep([(loss, start)], keep=lambda node: True, hooks=False)
    gradients = {node.index: g for node, g in found}
    bad = {index for index, g in gradients.items() if not is_finite(g)}
    for node in order if bad else ():
        if node.op is None or node.index in bad or node.index not in gradients:
            continue
        for position, x in enumerate(node.inputs):
            if type(x) is Tensor and x.index in bad:
                g = _contribution(node, gradients[node.index], x)
                if not is_finite(g):
                    return _origin("backward", node, g, node.op.input_name(position))
    return None


def _contribution(node: Tensor, g: Any, x: Tensor) -> Any:
    """What one operation sends to one of its inputs."""
    live = {node.index, x.index}
    found = sweep([(node, g)], live, keep=lambda other: other is x, hooks=False)
    return next((c for other, c in found if other is x), 0.0)


def _origin(where: str, node: Tensor, value: Any, name: str = "") -> Origin:
    assert node.op is not None
    kind = "NaN" if np.isnan(value).any() else "inf"
    layer = str(node.scope).rpartition("/")[2]
    arrays = [np.asarray(x.value if type(x) is Tensor else x) for x in node.inputs]
    numeric = [a for a in arrays if a.size and a.dtype.kind in "fiub"]
    received = tuple((a.shape, float(a.min()), float(a.max())) for a in numeric)
    return Origin(where, kind, node.op.name, name, layer, received)


@contextlib.contextmanager
def as_before(values: Sequence[tuple[Tensor, Any]]) -> Iterator[None]:
    """Inside, parameters have the values they had when the step was recorded."""
    now = [(p, p.value, p.marked().modified) for p, _ in values]
    try:
        for p, value in values:
            p.value, p.marked().modified = value, 0
        yield
    finally:
        for p, value, modified in now:
            p.value, p.marked().modified = value, modified
