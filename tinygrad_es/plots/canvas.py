"""What is drawn on, and with what: matplotlib's Axes, made where none are given; colours."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["GREY", "MARKERS", "STYLES", "axes", "colour", "line_style", "panels", "whole_ticks"]

# Okabe & Ito 2008, without the yellow, which is too light for lines on white
BLUE, VERMILLION, GREEN, PURPLE = "#0072B2", "#D55E00", "#009E73", "#CC79A7"
COLOURS = (BLUE, VERMILLION, GREEN, PURPLE, "#E69F00", "#56B4E9", "#000000")
GREY = "#767676"
MARKERS = "os^Dv*PXph"  # ten, and seven colours: seventy pairs that differ
STYLES = ("-", "--", "-.", ":")


def colour(i: int) -> str:
    """The i-th colour; after the last comes the first."""
    return COLOURS[i % len(COLOURS)]


def line_style(i: int) -> dict[str, Any]:
    """Colour and dashes of the i-th line, so that it is told from others without colours too."""
    return {"color": colour(i), "linestyle": STYLES[i % len(STYLES)]}


def pyplot() -> Any:
    """matplotlib.pyplot, loaded when the first plot is drawn.

    Raises:
        ImportError: matplotlib is not installed.
    """
    try:
        import matplotlib.pyplot as plt
    except ImportError as error:
        raise ImportError('plots need matplotlib: pip install "tinygrad-es[plots]".') from error
    return plt


def axes(ax: Any, size: tuple[float, float] | None = None) -> Any:
    """`ax` itself, or the Axes of a new figure, `size` in inches."""
    plt = pyplot()
    return plt.subplots(figsize=size, layout="constrained")[1] if ax is None else checked(ax)


def panels(ax: Any, n: int, columns: int, size: tuple[float, float]) -> Any:
    """An array of n Axes: `ax`, or those of a new figure, each `size` inches large."""
    plt = pyplot()
    if ax is not None:
        found = np.array(ax, dtype=object).ravel()
        if found.size != n:
            raise ValueError(f"ax: expected {n} Axes, one for each panel. Received: {found.size}.")
        for each in found:
            checked(each)
        return found
    columns = max(1, min(columns, n))
    rows = -(-n // columns)
    _, grid = plt.subplots(
        rows,
        columns,
        figsize=(size[0] * columns, size[1] * rows),
        squeeze=False,
        layout="constrained",
    )
    for spare in grid.ravel()[n:]:
        spare.remove()
    return grid.ravel()[:n]


def checked(ax: Any) -> Axes:
    """A TypeError for what is no Axes."""
    from matplotlib.axes import Axes

    if isinstance(ax, Axes):
        return ax
    raise TypeError(
        "ax: expected matplotlib's Axes, as `figure, ax = plt.subplots()` makes. Received: "
        f"{type(ax).__name__}."
    )


def whole_ticks(ax: Axes) -> None:
    """Epochs and units are counted: no ticks between them."""
    from matplotlib.ticker import MaxNLocator

    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
