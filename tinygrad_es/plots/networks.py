"""Diagrams of networks: units, connections, weights; and what dropout leaves of them."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from ..layers import Dense
from .canvas import BLUE, GREY, VERMILLION, axes, panels
from .values import finite

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["dropout", "network"]

READABLE = 30  # weights, up to which their numbers are written
CROWDED = 80  # connections, from which on dashes blur: all are thin and solid
LETTERS = 9.0  # size of the numbers, in points


def network(
    layers: Any,
    weights: Sequence[Any] | None = None,
    biases: Sequence[Any] | None = None,
    *,
    inputs: Sequence[str] | None = None,
    outputs: Sequence[str] | None = None,
    numbers: bool | None = None,
    dropped: Sequence[Sequence[int]] | None = None,
    most: int = 10,
    ax: Axes | None = None,
) -> Axes:
    """A network of dense layers as a diagram: units, connections, weights, biases.

    Positive weights are blue and solid, negative ones orange and dashed (where there are not too
    many connections for dashes), the heavier the thicker. A bias stands inside its unit.

    Args:
        layers: numbers of units, [2, 3, 1]; or a built model, whose `Dense` layers are drawn.
        weights: one (inputs, units) matrix from each layer to the next; a model has its own.
        biases: one vector for each layer after the inputs.
        inputs, outputs: names of the first and the last units; default x₁, x₂, …, y₁, …
        numbers: whether to write the weights; default: where there are up to 30.
        dropped: for each layer the units that are switched off: crossed out, without connections.
        most: of a layer with more units, the first and the last half of so many are drawn.
        ax: to draw on; default: a new figure.

    Raises:
        ValueError: fewer than two layers; shapes that do not fit; a model without dense layers.

    >>> ax = network([2, 1], weights=[[[0.5], [-2.0]]], biases=[[1.0]])
    >>> sorted(text.get_text() for text in ax.texts)
    ['0.5', '1', 'x₁', 'x₂', 'y₁', '−2']
    """
    if hasattr(layers, "layers"):
        if weights is not None or biases is not None:
            raise ValueError("network: a model has weights of its own; give sizes, or the model.")
        sizes, weights, biases = parts_of(layers)
    else:
        sizes = checked_sizes(layers)
        weights = checked_parts("weights", weights, list(pairwise(sizes)))
        biases = checked_parts("biases", biases, [(n,) for n in sizes[1:]])
    names = [named("inputs", inputs, sizes[0], "x"), named("outputs", outputs, sizes[-1], "y")]
    off = checked_dropped(dropped, sizes)
    shown = [places(n, most) for n in sizes]
    edges = sum(len(a) * len(b) for a, b in pairwise(shown))
    numbers = weights is not None and (edges <= READABLE if numbers is None else numbers)
    elided = any(len(units) < n for units, n in zip(shown, sizes, strict=True))
    widest = max(len(units) for units in shown[1:])
    tallest = max(min(n, most + 1) for n in sizes)
    apart = 0.19 * (widest + 1) if numbers else 0.0  # inches from unit to unit, so that all fits
    size = (max(1.7, 2.2 * apart) * (len(sizes) - 1) + 1.8, max(0.7, apart) * tallest + 0.4)
    ax = axes(ax, size)
    for k in range(len(sizes) - 1):
        connect(ax, k, shown[k : k + 2], off[k : k + 2], weights and weights[k], numbers)
    for k, units in enumerate(shown):
        put_units(ax, k, units, off[k], biases[k - 1] if biases and k else None)
        if len(units) < sizes[k]:
            ax.text(k, 0.0, "⋮", ha="center", va="center", fontsize=16)
            ax.text(k, -0.25 - tallest / 2, f"({sizes[k]})", ha="center", va="center")
    for k, side, texts in ((0, -1, names[0]), (len(sizes) - 1, 1, names[1])):
        for i, y in shown[k].items():
            shift, side_of = (18 * side, 0), "right" if side < 0 else "left"
            ax.annotate(texts[i], (k, y), shift, textcoords="offset points", ha=side_of,
                        va="center")  # fmt: skip
    ax.set(
        xlim=(-0.35, len(sizes) - 0.65), ylim=(-tallest / 2 - 0.1 - 0.4 * elided, tallest / 2 + 0.1)
    )
    ax.set_axis_off()
    return ax


def dropout(
    layers: Sequence[int], rate: float = 0.5, *, seed: int = 0, inputs: bool = True, ax: Any = None
) -> Any:
    """A network before dropout, and what one draw of it leaves; returns the array of two Axes.

    Args:
        layers: numbers of units, [5, 5, 1].
        rate: the probability that a unit is switched off. The outputs always stay.
        seed: of the draw.
        inputs: whether inputs are dropped too.
        ax: two Axes to draw on; default: a new figure.

    Raises:
        ValueError: sizes that are none, a rate outside of [0, 1].

    >>> before, after = dropout([3, 4, 1], rate=0.5)
    >>> [len(ax.findobj(lambda artist: artist.get_gid() == "cross")) for ax in (before, after)]
    [0, 3]
    """
    sizes = checked_sizes(layers)
    if not 0.0 <= rate <= 1.0:
        raise ValueError(f"rate: expected a probability, from 0 to 1. Received: {rate}.")
    rng = np.random.default_rng(seed)
    off = [np.flatnonzero(rng.random(n) < rate).tolist() for n in sizes[:-1]]
    if not inputs:
        off[0] = []
    tallest = min(max(sizes), 11)
    found = panels(ax, 2, columns=2, size=(4.0, 0.6 * tallest + 0.8))
    network(sizes, ax=found[0])
    network(sizes, dropped=[*off, []], ax=found[1])
    return found


# --- what is drawn ------------------------------------------------------------------------------


def places(n: int, most: int) -> dict[int, float]:
    """Unit → height; of too many units the middle ones are left out."""
    if n <= most:
        return {i: (n - 1) / 2 - i for i in range(n)}
    half = max(1, most // 2)
    return {**{i: float(half - i) for i in range(half)},
            **{n - 1 - i: float(i - half) for i in range(half)}}  # fmt: skip


def connect(
    ax: Any, k: int, shown: Sequence[dict[int, float]], off: Sequence[set[int]], w: Any,
    numbers: bool,
) -> None:  # fmt: skip
    """The lines from layer k to the next, and the weights beside their beginnings."""
    from matplotlib.collections import LineCollection

    largest = 1.0 if w is None else np.abs(w).max() or 1.0
    lines, inks, widths, styles = [], [], [], []
    crowded = len(shown[0]) * len(shown[1]) > CROWDED
    thin = 0.5 if crowded else 1.0
    at = 1.0 / (len(shown[1]) + 1)  # here the numbers are equally far from each other
    for i, low in shown[0].items():
        for j, high in shown[1].items():
            if i in off[0] or j in off[1]:
                continue
            lines.append([(k, low), (k + 1, high)])
            value = 0.0 if w is None else float(w[i, j])
            inks.append(GREY if w is None else BLUE if value >= 0 else VERMILLION)
            widths.append(0.8 if w is None else thin * (0.6 + 2.4 * abs(value) / largest))
            styles.append("--" if value < 0 and not crowded else "-")
            if numbers:
                paper = {"facecolor": "white", "edgecolor": "none", "pad": 0.6}
                ax.text(k + at, low + at * (high - low), short(value), ha="center", va="center",
                        fontsize=LETTERS, color=inks[-1], bbox=paper, zorder=2)  # fmt: skip
    ax.add_collection(
        LineCollection(lines, colors=inks, linewidths=widths, linestyles=styles, zorder=1)
    )


def short(value: Any) -> str:
    """A number of two digits, with a minus sign as wide as a plus."""
    return f"{float(value):.2g}".replace("-", "−")


def put_units(ax: Any, k: int, units: dict[int, float], off: set[int], bias: Any) -> None:
    """The circles of layer k, biases inside, crosses over those that are off."""
    size = 260 if bias is None else 760
    on = [(k, y) for i, y in units.items() if i not in off]
    out = [(k, y) for i, y in units.items() if i in off]
    for spots, style, gid in ((on, "-", "units"), (out, ":", "off")):
        if spots:
            ink = "black" if style == "-" else GREY
            ax.scatter(*zip(*spots), s=size, facecolor="white", edgecolor=ink, linestyle=style,
                       linewidth=1.2, zorder=3, gid=gid)  # fmt: skip
    for x, y in out:
        ax.plot(x, y, "x", color=VERMILLION, markersize=14, mew=2, zorder=4, gid="cross")
    for i, y in units.items():
        if bias is not None and i not in off:
            ax.text(k, y, short(bias[i]), ha="center", va="center", fontsize=8, zorder=5)


# --- what is given ------------------------------------------------------------------------------


def parts_of(model: Any) -> tuple[list[int], list[Any], list[Any] | None]:
    """Sizes, weights and biases of a model's dense layers."""
    dense = [layer for layer in model.layers if isinstance(layer, Dense)]
    other = [one for one in model.layers if one not in dense and hasattr(one, "kernel")]
    if not dense or other:
        found = [type(layer).__name__ for layer in model.layers]
        raise ValueError(f"network: expected a model of Dense layers. Received: {found}.")
    if not all(layer.built for layer in dense):
        raise ValueError("network: the model has no weights yet; give it an Input, or call it.")
    weights = [np.asarray(layer.get_weights()[0]) for layer in dense]
    sizes = [weights[0].shape[0], *(w.shape[1] for w in weights)]
    checked_parts("weights", weights, list(pairwise(sizes)))
    biases = [
        layer.get_weights()[1] if layer.use_bias else np.zeros(layer.units) for layer in dense
    ]
    return sizes, weights, biases if any(layer.use_bias for layer in dense) else None


def checked_sizes(layers: Any) -> list[int]:
    """Whole numbers from 1 on, at least two of them."""
    sizes = list(layers) if isinstance(layers, (list, tuple)) else []
    if len(sizes) < 2 or not all(isinstance(n, int) and n > 0 for n in sizes):
        raise ValueError(
            f"expected the numbers of units of two or more layers, such as [2, 3, 1]. Received: "
            f"{layers!r}."
        )
    return sizes


def checked_parts(name: str, given: Any, shapes: list[tuple[int, ...]]) -> list[Any] | None:
    """One finite array of each shape."""
    if given is None:
        return None
    if len(given) != len(shapes):
        raise ValueError(f"{name}: expected {len(shapes)} arrays. Received: {len(given)}.")
    found = [finite(name, each, len(shape)) for each, shape in zip(given, shapes, strict=True)]
    for each, shape in zip(found, shapes, strict=True):
        if each.shape != shape:
            raise ValueError(f"{name}: expected shape {shape}. Received: {each.shape}.")
    return found


def checked_dropped(dropped: Any, sizes: list[int]) -> list[set[int]]:
    """The units that are off, layer by layer."""
    if dropped is None:
        return [set() for _ in sizes]
    if len(dropped) != len(sizes):
        raise ValueError(f"dropped: expected {len(sizes)} lists. Received: {len(dropped)}.")
    for units, n in zip(dropped, sizes, strict=True):
        if any(not 0 <= i < n for i in units):
            raise ValueError(f"dropped: expected units of 0..{n - 1}. Received: {list(units)}.")
    return [set(units) for units in dropped]


def named(what: str, names: Sequence[str] | None, n: int, letter: str) -> list[str]:
    """Names of n units; default the letter with a number below."""
    if names is None:
        below = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")
        return [letter + str(i + 1).translate(below) for i in range(n)]
    if len(names) != n:
        raise ValueError(f"{what}: expected {n} names. Received: {len(names)}.")
    return [str(name) for name in names]
