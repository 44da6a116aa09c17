"""The health of gradients: vanishing, exploding, dead, saturated, NaN. Plain functions of numbers.

Gradients have no right size: near the optimum all are small. So nothing is judged by itself. What
is compared is how much of the *error* δ = ∂L/∂z, z the sums of a layer, arrives at each layer, with
what arrives at the last one: backpropagation multiplies it on its way with σ′(z) and the weights,
and a product of many factors below (or above) 1 vanishes (or explodes).

- *vanishing*: δ below 1/100 of the last layer's. Five sigmoids at 0 leave 0.25⁴ = 1/256. ReLU with
  He's weights, tanh with Glorot's and batch norm keep 1/7 and more over 20 layers of 32 units.
- *exploding*: δ above 1000 times the last layer's. Batch norm alone makes it 180 over 20 layers.
- *dead*: 9 of 10 ReLU units are 0 on the whole batch, or the gradient is exactly 0. After 20
  healthy ReLU layers of 32 units up to 2 of 3 are 0, for deep layers see all samples alike.
- *saturated*: 3 of 4 outputs of a hidden sigmoid or tanh lie where the slope is below 1/20 of its
  largest. A tanh network that fits its data perfectly comes to 1 of 2.
- *nan*: a gradient has NaN or an infinity.

(Measured on the digits of optdigits, batches of 32, before and while training.)
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from ..languages import Pair, say
from .numbers import rms

__all__ = [
    "DEAD",
    "EXPLODING",
    "FLAGS",
    "GROWTH",
    "SATURATED",
    "VANISHING",
    "Pulse",
    "dead_share",
    "flag_names",
    "flags_of",
    "flat_share",
    "judge",
    "lasting",
    "reasons",
    "reference_of",
]

VANISHING = 1e-2  # share of the last layer's error
EXPLODING = 1e3  # multiple of it
GROWTH = 1e3  # multiple of the whole gradient at the first steps, over a training
DEAD = 0.9  # share of units
SATURATED = 0.75  # share of outputs
FLAT = 0.05  # a slope below this share of the largest one is flat
FEWEST = 16  # samples (or places) that a unit must be silent on to be dead
ENOUGH = 3  # layers with a reason each
WINDOW = 10  # records of a training, of which most must agree

FLAGS = {
    "nan": ("NaN", "NaN"),
    "dead": ("dead", "muerta"),
    "vanishing": ("vanishing", "se desvanece"),
    "exploding": ("exploding", "explota"),
    "saturated": ("saturated", "saturada"),
}


class Pulse(NamedTuple):
    """What is known of one layer."""

    name: str
    signal: float | None  # how large the error is that arrives, ‖δ‖; None where nobody knows
    last: bool = False  # no other layer lies between it and the loss
    zeros: float = 0.0  # share of its gradient that is exactly 0
    saturated: float | None = None  # share of outputs on the flat ends
    dead: float | None = None  # share of units that are 0 on the whole batch
    finite: bool = True  # whether its gradient is free of NaN and infinities
    growth: float | None = None  # the whole gradient, as a multiple of what it was at first


def flags_of(
    gradient: Any, value: Any = None, *, reference: float | None = None
) -> tuple[str, ...]:
    """The flags of one array, as of a node in a graph.

    Args:
        gradient: of the loss in it; None where there is none, which is no flag.
        value: the array itself: NaN and infinities in it are flagged too.
        reference: the root mean square of the gradient at the end of the network. Without it
            nothing is vanishing or exploding, and zeros alone are not dead.

    >>> flags_of([1e-5, -2e-5], reference=0.1), flags_of([0.0, 0.0], reference=0.1)
    (('vanishing',), ('dead',))
    >>> flags_of([1e-5, -2e-5]), flags_of([1.0], value=[float("nan")])
    ((), ('nan',))
    """
    arrays = [np.asarray(a, dtype=np.float64) for a in (gradient, value) if a is not None]
    if not all(np.isfinite(a).all() for a in arrays):
        return ("nan",)
    if gradient is None or not reference or not math.isfinite(reference) or arrays[0].size == 0:
        return ()
    size = rms(gradient)
    if size == 0.0 and not arrays[0].any():
        return ("dead",)
    return _by_size(size / reference)


def _by_size(share: float) -> tuple[str, ...]:
    if share < VANISHING:
        return ("vanishing",)
    return ("exploding",) if share > EXPLODING else ()


def reference_of(layers: Sequence[Pulse]) -> float | None:
    """The error at the end of the network: the largest that a last layer gets."""
    found = [p.signal for p in layers if p.last and p.signal and math.isfinite(p.signal)]
    return max(found, default=None)


def judge(layers: Sequence[Pulse]) -> list[tuple[str, ...]]:
    """The flags of each layer of a network, compared with its last layers.

    The last layers themselves neither vanish nor saturate: a sigmoid at the end that is sure, and
    right, is as it should be.

    >>> judge([Pulse("first", 1e-6), Pulse("middle", 0.05), Pulse("last", 0.1, last=True)])
    [('vanishing',), (), ()]
    """
    reference = reference_of(layers)
    return [_flags(layer, reference) for layer in layers]


def _flags(layer: Pulse, reference: float | None) -> tuple[str, ...]:
    if not layer.finite or (layer.signal is not None and math.isnan(layer.signal)):
        return ("nan",)
    found: list[str] = []
    silent = layer.zeros == 1.0 and reference is not None and not layer.last
    if silent or (layer.dead is not None and layer.dead >= DEAD):
        found.append("dead")
    elif not layer.last and layer.signal and reference:
        found += _by_size(layer.signal / reference)
    if layer.growth is not None and layer.growth > GROWTH and "exploding" not in found:
        found.append("exploding")
    if not layer.last and layer.saturated is not None and layer.saturated >= SATURATED:
        found.append("saturated")
    return tuple(found)


def lasting(records: Sequence[Sequence[str]]) -> tuple[str, ...]:
    """The flags that most of the latest records of a training have; a NaN counts once and for all.

    >>> lasting([("vanishing",)] * 3 + [()]), lasting([(), ("nan",), ()]), lasting([])
    (('vanishing',), ('nan',), ())
    """
    if any("nan" in flags for flags in records):
        return ("nan",)
    latest = records[-WINDOW:]
    counts = Counter(flag for flags in latest for flag in flags)
    return tuple(flag for flag in FLAGS if 2 * counts[flag] > len(latest))


# --- activations --------------------------------------------------------------------------------


def dead_share(y: Any) -> float | None:
    """The share of ReLU units (the last axis) that are 0 everywhere else; None for few samples."""
    if np.ndim(y) < 2 or not y.shape[-1] or y.size // y.shape[-1] < FEWEST:
        return None
    units = y.shape[-1]
    return 1.0 - float(np.count_nonzero(y.reshape(-1, units).any(axis=0))) / units


def flat_share(name: str, y: Any) -> float:
    """The share of outputs where the slope is below FLAT of its largest value.

    For tanh the slope is 1 − y², for the sigmoid y·(1 − y), which is ¼·(1 − (2y − 1)²).
    """
    size = np.abs(y if name == "tanh" else 2.0 * y - 1.0)
    return float(np.count_nonzero(size > math.sqrt(1.0 - FLAT)) / np.size(size))


# --- in words -----------------------------------------------------------------------------------


def flag_names(flags: Sequence[str], language: str | None = None) -> str:
    """Flags as words of a language, joined by commas.

    >>> flag_names(["vanishing", "saturated"], "es")
    'se desvanece, saturada'
    """
    return ", ".join(say(FLAGS[flag], language) for flag in flags)


def reasons(
    layers: Sequence[Pulse],
    flags: Sequence[Sequence[str]],
    language: str | None = None,
    reference: float | None = None,
) -> list[str]:
    """For each flag the layers, the first of them with the reason: what was found.

    Of dead layers those come first whose units are: the others are dead because of them.

    `reference` is the error at the last layer, where that is not among the layers.

    >>> layers = [Pulse("first", 1e-6), Pulse("last", 0.1, last=True)]
    >>> reasons(layers, judge(layers), "en")
    ['first: vanishing: the error here is 1e-05 times that of the last layer, less than 0.01']
    """
    reference = reference or reference_of(layers)
    found = []
    for flag in FLAGS:
        word = flag_names([flag], language)
        flagged = [layer for layer, own in zip(layers, flags, strict=True) if flag in own]
        if flag == "dead":
            flagged.sort(key=lambda layer: not _has_dead_units(layer))
        for layer in flagged[:ENOUGH]:
            found.append(f"{layer.name}: {word}: {say(_reason(flag, layer, reference), language)}")
        names = ", ".join(layer.name for layer in flagged[ENOUGH:])
        if names:
            found.append(f"{names}: {word}")
    return found


def _reason(flag: str, layer: Pulse, reference: float | None) -> Pair:
    if flag == "nan":
        return "its gradient has NaN or infinities", "su gradiente tiene NaN o infinitos"
    if flag == "dead":
        return _why_dead(layer)
    if flag == "saturated":
        share = f"{layer.saturated or 0:.0%}"
        return (
            f"{share} of its outputs are at the flat ends of the activation",
            f"el {share} de sus salidas está en los extremos planos de la activación",
        )
    share_of_error = (layer.signal or 0.0) / (reference or 1.0)
    if flag == "vanishing":
        return (
            f"the error here is {share_of_error:.2g} times that of the last layer, less than "
            f"{VANISHING:g}",
            f"el error es aquí {share_of_error:.2g} veces el de la última capa, menos de "
            f"{VANISHING:g}",
        )
    if layer.growth is not None and layer.growth > GROWTH:
        return (
            f"the gradient of all layers is {layer.growth:.2g} times what it was at first",
            f"el gradiente de todas las capas es {layer.growth:.2g} veces el del comienzo",
        )
    return (
        f"the error here is {share_of_error:.2g} times that of the last layer, more than "
        f"{EXPLODING:g}",
        f"el error es aquí {share_of_error:.2g} veces el de la última capa, más de {EXPLODING:g}",
    )


def _has_dead_units(layer: Pulse) -> bool:
    return layer.dead is not None and layer.dead >= DEAD


def _why_dead(layer: Pulse) -> Pair:
    if _has_dead_units(layer):
        return (
            f"{layer.dead:.0%} of its ReLU units are 0 for every sample",
            f"el {layer.dead:.0%} de sus unidades ReLU es 0 en todas las muestras",
        )
    return (
        "its gradient is exactly 0, while that of the last layer is not",
        "su gradiente es exactamente 0, y el de la última capa no",
    )
