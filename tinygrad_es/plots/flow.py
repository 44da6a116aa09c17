"""Gradient flow: bars by layer, lines over the steps of a training, a heat map of both."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from ..views.health import flag_names, lasting
from .canvas import BLUE, GREY, VERMILLION, axes, line_style

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["gradient_flow"]

LABELS = {
    "norm": "norm of the gradient",
    "rms": "root mean square of the gradient",
    "mean": "size of the mean of the gradient",
    "zeros": "share of zeros in the gradient",
    "update": "norm of the update / norm of the weights",
    "arrives": "error that arrives, the last layer's = 1",
    "saturated": "share of outputs at the flat ends",
    "dead": "share of dead units",
}
SHARES = ("zeros", "saturated", "dead")
KINDS = ("bars", "lines", "heatmap")
FEW = 40  # records, up to which each has a dot


class Records:
    """One number of each layer over the steps, checked: an array (layers, steps)."""

    def __init__(self, flow: Any, value: str) -> None:
        history = getattr(flow, "history", flow)
        if not isinstance(history, Mapping) or "step" not in history:
            raise TypeError(
                "gradient_flow: expected what `gradient_flow(model, x, y)` returns, or the "
                f"callback GradientFlow after `fit`. Received: {type(flow).__name__}."
            )
        known = [name for name in LABELS if name in history]
        if value not in known:
            raise ValueError(f"value: expected one of {known}. Received: {value!r}.")
        self.steps = np.asarray(history["step"])
        self.names = list(history[value])
        if not self.steps.size or not self.names:
            raise ValueError(
                "gradient_flow: expected at least one record. Received: none; give the callback to "
                "`fit(callbacks=[…])`."
            )
        rows = [[math.nan if v is None else v for v in history[value][n]] for n in self.names]
        self.values = np.abs(np.asarray(rows, dtype=float))
        self.known = np.array([[v is not None for v in history[value][n]] for n in self.names])
        self.flags = [[f or () for f in history["flags"][n]] for n in self.names]
        self.value = value

    @property
    def broken(self) -> Any:
        """Where there is a number, but no finite one."""
        return self.known & ~np.isfinite(self.values)

    @property
    def limits(self) -> tuple[float, float]:
        """The axis of the numbers: from 0 to 1 for shares, else all above 0, with a margin."""
        if self.value in SHARES:
            return -0.02, 1.02
        found = self.values[np.isfinite(self.values) & (self.values > 0)]
        low, high = (found.min(), found.max()) if found.size else (0.1, 10.0)
        margin = max((high / low) ** 0.12, 2.0)
        return low / margin, high * margin

    def lasting(self, i: int) -> str:
        """The flags of a layer over the training, in words."""
        return flag_names(lasting(self.flags[i]), "en")


def gradient_flow(
    flow: Any,
    kind: str | None = None,
    value: str | None = None,
    *,
    ax: Axes | None = None,
) -> Axes:
    """How the gradient flows through the layers, the first one at the top.

    The axis of the numbers is logarithmic (linear for shares). What it cannot show is shown all the
    same: a 0 as "0" at the edge, NaN and infinities as crosses. Layers with flags (vanishing,
    exploding, dead, saturated, NaN) are vermillion, or thick, and say so in words.

    Args:
        flow: what `gradient_flow(model, x, y)` returns, or the callback `GradientFlow`.
        kind: "bars" by layer (of a training: its latest record), "lines" over the steps, or
            "heatmap", layers × steps; default: bars for one record, else lines.
        value: "norm", "rms", "mean" (its size), "zeros", "update" (of the weights' norm),
            "arrives" (the error, as a share of the last layer's), "saturated" or "dead"; default:
            "arrives" for bars where it is known, else "norm".
        ax: to draw on; default: a new figure.

    Raises:
        TypeError: no record of gradients.
        ValueError: nothing recorded; no such kind or value.

    >>> from tinygrad_es import Tensor, ops, gradient_flow as flow_of
    >>> w = Tensor([[2.0]], requires_grad=True, name="w")
    >>> v = Tensor([[1.0]], requires_grad=True, name="v")
    >>> ax = gradient_flow(flow_of((Tensor([[3.0]]) @ w @ v).sum()), "bars", "norm")
    >>> [label.get_text() for label in ax.get_yticklabels()]
    ['w', 'v']
    """
    if kind is not None and kind not in KINDS:
        raise ValueError(f"kind: expected one of {KINDS}. Received: {kind!r}.")
    history = getattr(flow, "history", flow)
    one = isinstance(history, Mapping) and len(history.get("step", ())) == 1
    kind = kind or ("bars" if one else "lines")
    if value is None:
        shown = history.get("arrives", {}) if isinstance(history, Mapping) else {}
        known = any(series[-1] is not None for series in shown.values() if series)
        value = "arrives" if kind == "bars" and known else "norm"
    records = Records(flow, value)
    return {"bars": _bars, "lines": _lines, "heatmap": _heatmap}[kind](records, ax)


# --- bars ---------------------------------------------------------------------------------------


def _bars(records: Records, ax: Axes | None) -> Axes:
    n = len(records.names)
    ax = axes(ax, (7.0, max(1.6, 0.9 + 0.32 * n)))
    low, high = records.limits
    if records.value not in SHARES:
        ax.set_xscale("log")
        low = min(low, high / 200.0)  # a bar that is a little shorter shall not look tiny
    ax.set_xlim(low, high)
    for i, size in enumerate(records.values[:, -1]):
        flags = records.flags[i][-1]
        ink = VERMILLION if flags else BLUE
        drawn = math.isfinite(size) and size > 0
        if drawn:
            hatch = "//" if flags else None
            ax.barh(i, size - low, left=low, height=0.7, color=ink, hatch=hatch, edgecolor="white")
        words = [] if drawn or not records.known[i, -1] else [_word(size)]
        if not records.known[i, -1]:
            words = ["—"]
        words += [flag_names(flags, "en")] if flags else []
        if words:
            _label(
                ax,
                size if drawn else low,
                i,
                ", ".join(dict.fromkeys(words)),
                ink if flags else "black",
            )
    ax.set_yticks(range(n), records.names)
    ax.set_ylim(n - 0.4, -0.6)  # the first layer at the top
    ax.set_xlabel(LABELS[records.value])
    ax.grid(axis="x", color="0.9")
    ax.set_axisbelow(True)
    return ax


def _word(size: float) -> str:
    return "0" if size == 0 else "NaN" if math.isnan(size) else "inf"


def _label(ax: Axes, x: float, i: int, text: str, ink: str) -> None:
    """A word at the end of a bar: inside it, where there is no room behind."""
    low, high = ax.get_xlim()
    logarithmic = ax.get_xscale() == "log"
    part = math.log(x / low) / math.log(high / low) if logarithmic else (x - low) / (high - low)
    inside = part > 0.7
    ax.annotate(
        text, (x, i), (-4 if inside else 4, 0), textcoords="offset points", va="center",
        ha="right" if inside else "left", fontsize=9, color="white" if inside else ink,
        fontweight="bold" if inside else "normal",
        bbox={"boxstyle": "square,pad=0.15", "color": ink} if inside else None,
    )  # fmt: skip


# --- lines --------------------------------------------------------------------------------------


def _lines(records: Records, ax: Axes | None) -> Axes:
    n = len(records.names)
    ax = axes(ax, (7.5, max(3.4, 1.0 + 0.22 * n)))
    low, high = records.limits
    if records.value not in SHARES:
        ax.set_yscale("log")
    ax.set_ylim(low, high)
    dot = "." if records.steps.size <= FEW else None
    for i, name in enumerate(records.names):
        row, word = records.values[i], records.lasting(i)
        fine = np.isfinite(row) & (row > (-1 if records.value in SHARES else 0))
        style = _style(i, n)
        ax.plot(
            records.steps, np.where(fine, row, np.nan), marker=dot, **style,
            linewidth=2.6 if word else 1.4, label=f"{name}: {word}" if word else name,
        )  # fmt: skip
        if records.value not in SHARES:
            _marks(ax, records.steps[row == 0], low, "v", style["color"], "_zeros")
        _marks(ax, records.steps[records.broken[i]], high, "x", VERMILLION, "_broken")
    _say_marks(ax, records, low, high)
    ax.set(xlabel="step", ylabel=LABELS[records.value])
    ax.grid(color="0.92")
    ax.legend(fontsize=8, loc="center left", bbox_to_anchor=(1.01, 0.5), frameon=False)
    return ax


def _style(i: int, n: int) -> dict[str, Any]:
    """Few layers as elsewhere; many in the order of a scale, dark first."""
    if n <= 5:
        return line_style(i)
    from matplotlib import colormaps

    return {"color": colormaps["viridis"](0.92 * i / (n - 1)), "linestyle": ("-", "--")[i % 2]}


def _marks(ax: Axes, steps: Any, at: float, marker: str, ink: Any, label: str) -> None:
    if len(steps):
        ax.plot(
            steps, np.full(len(steps), at), marker, color=ink, markersize=7, clip_on=False,
            markeredgewidth=2 if marker == "x" else 0, label=label, zorder=5,
        )  # fmt: skip


def _say_marks(ax: Axes, records: Records, low: float, high: float) -> None:
    """What the marks at the edges mean, once each."""
    where = [(records.broken.any(axis=0), high, "NaN or inf", (0, 8))]
    if records.value not in SHARES:
        where.append(((records.values == 0).any(axis=0), low, "0", (0, 8)))
    for found, at, text, offset in where:
        if found.any():
            first = records.steps[np.flatnonzero(found)[0]]
            ax.annotate(
                text, (first, at), offset, textcoords="offset points", ha="center", fontsize=9,
                color=VERMILLION if at == high else "black", annotation_clip=False,
            )  # fmt: skip


# --- heat map -----------------------------------------------------------------------------------


def _heatmap(records: Records, ax: Axes | None) -> Axes:
    from matplotlib.colors import LogNorm, Normalize

    n, m = records.values.shape
    ax = axes(ax, (7.5, max(2.0, 1.2 + 0.3 * n)))
    shares = records.value in SHARES
    fine = np.isfinite(records.values) & (records.values > (-1 if shares else 0))
    colours = np.ma.masked_array(records.values, ~fine)
    low, high = (0.0, 1.0) if shares else records.limits
    scale = Normalize(low, high) if shares else LogNorm(low, high)
    image = ax.imshow(
        colours, aspect="auto", norm=scale, cmap="viridis", interpolation="nearest",
        extent=(-0.5, m - 0.5, n - 0.5, -0.5),
    )  # fmt: skip
    ax.set_facecolor("0.92")  # where there is no number
    _cells(ax, ~fine & (records.values == 0), "0", GREY)
    _cells(ax, records.broken, "×", VERMILLION)
    words = [records.lasting(i) for i in range(n)]
    ax.set_yticks(range(n), records.names)
    for i, word in enumerate(words):
        if word:
            ax.get_yticklabels()[i].set_color(VERMILLION)
            ax.get_yticklabels()[i].set_fontweight("bold")
    if any(words):
        right = ax.secondary_yaxis("right")
        flagged = [i for i, word in enumerate(words) if word]
        right.set_yticks(flagged, [words[i] for i in flagged], color=VERMILLION)
        right.tick_params(length=0)
    every = max(1, math.ceil(m / 8))
    ax.set_xticks(range(0, m, every), [str(s) for s in records.steps[::every]])
    ax.set_xlabel("step")
    ax.figure.colorbar(image, ax=ax, label=LABELS[records.value], pad=0.02)
    return ax


def _cells(ax: Axes, where: Any, text: str, ink: str) -> None:
    """Cells without a colour: a sign in each, or in the first of a row where they are many."""
    from matplotlib.patches import Rectangle

    for i, j in np.argwhere(where):
        ax.add_patch(Rectangle((j - 0.5, i - 0.5), 1, 1, facecolor="white", edgecolor="0.85"))
        if where.shape[1] <= FEW or not where[i, :j].any():
            ax.text(j, i, text, ha="center", va="center", fontsize=9, color=ink, fontweight="bold")
