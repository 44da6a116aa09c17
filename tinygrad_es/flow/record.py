"""The record of one step: per layer and per weight the numbers of its gradient, and its flags."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from ..autodiff.tensor import Tensor
from ..plots import gradient_flow as plot_flow
from ..views.health import Pulse, judge, reasons, reference_of
from .origin import Origin, as_before
from .reading import LayerReading, read, sum_of_squares
from .table import html_of, table_of

__all__ = ["SERIES", "Flow", "LayerFlow", "Numbers", "WeightFlow", "flow_of", "numbers_of"]

SERIES = ("norm", "rms", "mean", "zeros", "update", "arrives", "saturated", "dead")
"""The numbers of a layer that are recorded over a training."""


class Numbers(NamedTuple):
    """Sums over one gradient, from which those of a layer are made."""

    squares: float
    total: float
    zeros: int
    size: int


def numbers_of(gradient: Any, size: int, scale: float = 1.0) -> Numbers:
    """The sums of a gradient that came multiplied with `scale`; None counts as zeros."""
    if gradient is None:
        return Numbers(0.0, 0.0, size, size)
    g = gradient.value if type(gradient) is Tensor else gradient
    if type(g) is float:
        return Numbers(g * g / scale**2, g / scale, int(g == 0.0), 1)
    with np.errstate(all="ignore"):
        squares, total = sum_of_squares(g), float(g.sum())
    return Numbers(squares / scale**2, total / scale, g.size - np.count_nonzero(g), g.size)


@dataclass(slots=True)
class Gradient:
    """The gradient in one weight, or in all weights of a layer, and the step that is made of it."""

    name: str
    numbers: Numbers
    weight: float  # the norm of the weights before the step
    change: float | None  # the norm of the step; None without an optimizer

    @property
    def norm(self) -> float:
        """The Euclidean norm of the gradient."""
        return math.sqrt(self.numbers.squares)

    @property
    def rms(self) -> float:
        """The root of its mean square."""
        return math.sqrt(self.numbers.squares / max(self.numbers.size, 1))

    @property
    def mean(self) -> float:
        """Its mean."""
        return self.numbers.total / max(self.numbers.size, 1)

    @property
    def zeros(self) -> float:
        """The share of it that is exactly 0."""
        return self.numbers.zeros / max(self.numbers.size, 1)

    @property
    def update(self) -> float | None:
        """The norm of the step over the norm of the weights; None without either."""
        return None if self.change is None or not self.weight else self.change / self.weight


@dataclass(slots=True)
class WeightFlow(Gradient):
    """One weight: `.name`, `.shape`, `.norm`, `.rms`, `.mean`, `.zeros`, `.weight`, `.update`."""

    shape: tuple[int, ...]


@dataclass(slots=True)
class LayerFlow(Gradient):
    """One layer: the same numbers over all its weights, its signal, activations and flags.

    `.signal` is the size of the error δ = ∂L/∂z that arrives, ‖∂L/∂W‖ over the size of a row of the
    layer's input; None where no weight shows it. `.saturated` is the share of its sigmoids or tanhs
    at the flat ends, `.dead` of its ReLU units that are 0 on the whole batch; None where it has
    none. `.last` says that no other layer lies between it and the loss.
    """

    weights: tuple[WeightFlow, ...]
    signal: float | None
    last: bool
    saturated: float | None
    dead: float | None
    growth: float | None = None  # the gradient of all layers, as a multiple of what it was at first
    arrives: float | None = None  # the signal, as a share of the last layer's
    flags: tuple[str, ...] = ()

    @property
    def pulse(self) -> Pulse:
        """What its health is judged by."""
        return Pulse(
            self.name, self.signal, self.last, self.zeros, self.saturated, self.dead,
            math.isfinite(self.numbers.squares), self.growth,
        )  # fmt: skip


class Flow:
    """How the gradient of one step flows through the layers; plain data, the first layer first.

    `print(flow)` is a table, `flow.plot()` a plot, `flow.flags` what is wrong, by layer.
    """

    def __init__(
        self,
        loss: float,
        layers: Sequence[LayerFlow],
        reference: float | None = None,
        first_nan: Origin | None = None,
    ) -> None:
        self.loss, self.layers, self.first_nan = loss, tuple(layers), first_nan
        self.reference = reference  # the signal of the last layer

    @property
    def flags(self) -> dict[str, tuple[str, ...]]:
        """Layer → its flags, for the layers that have any."""
        return {layer.name: layer.flags for layer in self.layers if layer.flags}

    @property
    def healthy(self) -> bool:
        """Whether no layer has a flag, and nothing is NaN."""
        return not self.flags and self.first_nan is None

    @property
    def history(self) -> dict[str, Any]:
        """The same as the callback's `history`, with one step."""
        found: dict[str, Any] = {"step": [0], "epoch": [0], "loss": [self.loss]}
        for name in (*SERIES, "flags"):
            found[name] = {layer.name: [getattr(layer, name)] for layer in self.layers}
        return found

    def reasons(self, language: str | None = None) -> list[str]:
        """One sentence for each flag, and where the first NaN comes from."""
        pulses, flags = [n.pulse for n in self.layers], [n.flags for n in self.layers]
        found = reasons(pulses, flags, language, self.reference)
        return found + ([] if self.first_nan is None else [self.first_nan.text(language)])

    def table(self, language: str | None = None, width: int | None = None) -> str:
        """The table as text, the reasons of flags below it."""
        return table_of(self.rows(), self.loss, self.reasons(language), language, width)

    def rows(self) -> list[dict[str, Any]]:
        """A dict for each layer: the columns of the table."""
        names = ("name", *SERIES, "flags")
        return [{name: getattr(layer, name) for name in names} for layer in self.layers]

    def plot(self, kind: str = "bars", **options: Any) -> Any:
        """Draw it: see `plots.gradient_flow`."""
        return plot_flow(self, kind, **options)

    def __str__(self) -> str:
        return self.table()

    def __repr__(self) -> str:
        return f"<Flow of {len(self.layers)} layers, loss={self.loss:.4g}, flags={self.flags}>"

    def _repr_html_(self) -> str:
        return html_of(self.table)


# --- making it ----------------------------------------------------------------------------------


def flow_of(
    loss: Tensor,
    parameters: Sequence[Tensor],
    numbers: Sequence[Numbers],
    before: Sequence[Any] | None = None,
    growth: float | None = None,
) -> Flow:
    """The flow of a recorded step.

    Args:
        loss: with its graph.
        parameters: the weights.
        numbers: of their gradients.
        before: their values before the update, None where there was none.
        growth: the whole gradient as a multiple of what it was at first.
    """
    weights = []
    for k, p in enumerate(parameters):
        old = p.value if before is None else before[k]
        with np.errstate(all="ignore"):
            size = math.sqrt(sum_of_squares(old))
            change = None if before is None else math.sqrt(sum_of_squares(p.value - old))
        weights.append(WeightFlow(p.name or "", numbers[k], size, change, p.shape))
    with as_before([] if before is None else list(zip(parameters, before, strict=True))):
        found = read(loss, parameters)
    numbers_only = not any(any(r.shows) for r in found)
    layers = [_layer(r, weights, numbers_only, growth) for r in found]
    pulses = [layer.pulse for layer in layers]
    reference = reference_of(pulses)
    for layer, flags in zip(layers, judge(pulses), strict=True):
        layer.flags = flags
        if layer.signal is not None and reference:
            layer.arrives = layer.signal / reference
    return Flow(float(loss.value), layers, reference)


def _layer(
    r: LayerReading, weights: Sequence[WeightFlow], numbers_only: bool, growth: float | None
) -> LayerFlow:
    """The sums over the weights of one layer."""
    own = tuple(weights[k] for k in r.members)
    squares, total, zeros, size = map(sum, zip(*(w.numbers for w in own), strict=True))
    steps = [w.change for w in own if w.change is not None]
    return LayerFlow(
        r.name,
        Numbers(squares, total, int(zeros), int(size)),
        math.hypot(*(w.weight for w in own)),
        math.hypot(*steps) if steps else None,
        own,
        _signal(r, weights) if numbers_only or any(r.shows) else None,
        r.last,
        r.saturated,
        r.dead,
        growth,
    )


def _signal(layer: LayerReading, weights: Sequence[WeightFlow]) -> float | None:
    """The error that arrives: of the weight that shows most of it.

    Matrices show it; a bias shows its mean over the batch, which counts only where the layer's
    input is all 0 and the matrix shows nothing.
    """
    rows = zip(layer.members, layer.gains, layer.shows, strict=True)
    sizes = [(weights[k].norm / gain, shows) for k, gain, shows in rows if gain is not None]
    shown = [size for size, shows in sizes if shows] or [size for size, _ in sizes]
    return float(np.max(shown)) if shown else None
