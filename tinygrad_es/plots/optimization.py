"""Descent on a surface of two parameters, running averages, Nesterov's look-ahead."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ..autodiff.tensor import Tensor
from ..autodiff.transforms import grad
from .canvas import BLUE, GREEN, GREY, MARKERS, VERMILLION, axes, colour, line_style, panels
from .values import finite, points

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["descent", "nesterov", "smoothing", "trajectory"]

Surface = Callable[[Any, Any], Any]


def trajectory(
    function: Surface, optimizer: Any, start: tuple[float, float], steps: int = 20
) -> Any:
    """The points that an optimizer visits, (steps + 1, 2), the first one `start`.

    Args:
        function: of two Tensors, the loss.
        optimizer: a new one; it keeps its momentum afterwards.
        start: the two parameters at the beginning.
        steps: how many updates.

    >>> from tinygrad_es.optimizers import SGD
    >>> trajectory(lambda a, b: 0.5 * (a**2 + 10 * b**2), SGD(0.05), (1.0, 1.0), steps=2).tolist()
    [[1.0, 1.0], [0.95, 0.5], [0.9025, 0.25]]
    """
    a, b = (Tensor(float(value), requires_grad=True) for value in start)
    visited = [(a.item(), b.item())]
    for _ in range(steps):
        function(a, b).backward()
        optimizer.step([a, b])
        visited.append((a.item(), b.item()))
    return np.array(visited)


def descent(
    function: Surface,
    paths: Any,
    *,
    limits: tuple[tuple[float, float], tuple[float, float]] | None = None,
    levels: int | Sequence[float] = 12,
    ax: Axes | None = None,
) -> Axes:
    """Contours of a function of two parameters, and the paths of descents on it.

    The levels are spaced so that those of a parabola are equally far apart. Every path begins at a
    ring. `ax.set_aspect("equal")` afterwards makes steps cross contours at right angles.

    Args:
        function: of two arrays, entry by entry: what `trajectory` takes.
        paths: points (n, 2), or label → points.
        limits: ((left, right), (bottom, top)); default: the paths, and a margin.
        levels: how many, or the values themselves.
        ax: to draw on; default: a new figure.

    Raises:
        ValueError: paths of another shape or with NaN (a descent that diverged); a function that
            does not return one number for each point.

    >>> path = [[1.0, 1.0], [0.5, -0.5], [0.25, 0.25]]
    >>> ax = descent(lambda a, b: a**2 + b**2, {"too fast": path})
    >>> ax.lines[0].get_label(), ax.lines[0].get_ydata().tolist()
    ('too fast', [1.0, -0.5, 0.25])
    """
    named = paths if isinstance(paths, Mapping) else {"": paths}
    found = {label: points(f"path {label!r}", path) for label, path in named.items()}
    if not found:
        raise ValueError("descent: expected at least one path. Received: none.")
    (left, right), (bottom, top) = limits or box(list(found.values()))
    a, b = np.meshgrid(np.linspace(left, right, 200), np.linspace(bottom, top, 200))
    heights = surface("descent", function, a, b)
    if isinstance(levels, int):
        levels = heights.min() + np.ptp(heights) * np.linspace(0.0, 1.0, levels) ** 2
    ax = axes(ax)
    ax.contour(a, b, heights, levels=levels, colors="0.75", linewidths=0.8)
    for i, (label, path) in enumerate(found.items()):
        marker = MARKERS[i % len(MARKERS)]
        ax.plot(*path.T, marker=marker, markersize=4, label=label or "_path", **line_style(i))
        ax.plot(*path[0], "o", markersize=10, markerfacecolor="none", color="black", label="_start")
    ax.set(xlabel="w₁", ylabel="w₂", xlim=(left, right), ylim=(bottom, top))
    if any(found):
        ax.legend()
    return ax


def box(paths: list[Any]) -> Any:
    """The limits of all points, and a margin."""
    every = np.concatenate(paths)
    low, high = every.min(axis=0), every.max(axis=0)
    margin = 0.15 * np.where(high > low, high - low, 1.0)
    return list(zip(low - margin, high + margin, strict=True))


def surface(title: str, function: Surface, a: Any, b: Any) -> Any:
    """The heights over a grid, one finite number for each point."""
    heights = np.asarray(function(a, b), dtype=float)
    if heights.shape != a.shape:
        raise ValueError(
            f"{title}: expected a function that returns one number for each point, shape "
            f"{a.shape}. Received: shape {heights.shape}."
        )
    return finite(f"{title}: the function's values", heights, 2)


def smoothing(
    t: Any,
    x: Any,
    betas: Sequence[float] = (0.9, 0.98),
    *,
    corrected: bool = False,
    ax: Axes | None = None,
) -> Axes:
    """A noisy signal and its exponentially weighted averages, v ← β·v + (1 − β)·x from v = 0.

    An average remembers about 1/(1 − β) values: the larger β, the smoother and the later. As it
    begins at 0, it is too small at first; v/(1 − βᵗ) corrects that.

    Args:
        t: where the values are, (n,).
        x: the values, (n,).
        betas: each in [0, 1).
        corrected: draw the corrected averages too, dashed.
        ax: to draw on; default: a new figure.

    Raises:
        ValueError: lengths that differ, NaN, a β out of range.

    >>> ax = smoothing([1, 2, 3], [1.0, 1.0, 1.0], betas=[0.5], corrected=True)
    >>> [(line.get_label(), line.get_ydata().tolist()) for line in ax.lines[1:]]
    [('β = 0.5', [0.5, 0.75, 0.875]), ('β = 0.5, v/(1−βᵗ)', [1.0, 1.0, 1.0])]
    """
    t, x = finite("t", t, 1), finite("x", x, 1)
    if len(t) != len(x):
        raise ValueError(f"smoothing: {len(t)} places t, but {len(x)} values x.")
    for beta in betas:
        if not 0.0 <= beta < 1.0:
            raise ValueError(f"betas: expected 0 ≤ β < 1. Received: {beta}.")
    ax = axes(ax, (7.0, 4.0))
    ax.plot(t, x, ".", color="0.75", markersize=3, label="_x")
    for i, beta in enumerate(betas):
        v = averages(x, beta)
        style: dict[str, Any] = {"color": colour(i), "linewidth": 2.0 - 0.4 * (i % 3)}
        ax.plot(t, v, label=f"β = {beta:g}", **style)
        if corrected:
            right = v / (1.0 - beta ** np.arange(1, len(x) + 1))
            ax.plot(t, right, "--", label=f"β = {beta:g}, v/(1−βᵗ)", **style)
    ax.set(xlabel="t", ylabel="x")
    ax.legend()
    return ax


def averages(x: Any, beta: float) -> Any:
    """v after each value."""
    v, found = 0.0, []
    for value in x:
        v = beta * v + (1.0 - beta) * float(value)
        found.append(v)
    return np.array(found)


def valley(a: Any, b: Any) -> Any:
    """Steep across, flat along: where looking ahead helps."""
    return 0.5 * (0.3 * a**2 + 2.0 * b**2)


def nesterov(
    function: Surface = valley,
    point: tuple[float, float] = (-2.0, 0.6),
    velocity: tuple[float, float] = (1.6, -1.7),
    *,
    momentum: float = 0.9,
    learning_rate: float = 0.3,
    labels: tuple[str, str, str] = ("momentum step μ·m", "gradient step −η·∇f", "actual step"),
    titles: tuple[str, str] = ("momentum", "Nesterov"),
    ax: Any = None,
) -> Any:
    """One step with momentum and one with Nesterov's, as arrows; returns the array of two Axes.

    Both add the step of the momentum, μ·m, and a step against the gradient, −η·∇f. With momentum
    the gradient is taken where one stands, with Nesterov's where the momentum leads: at the ring.
    The engine computes both gradients.

    Args:
        function: of two Tensors; default: a valley along the first axis.
        point, velocity: where one stands, and m.
        momentum, learning_rate: μ and η.
        labels: of the three arrows.
        titles: of the two panels.
        ax: two Axes to draw on; default: a new figure.

    >>> _, ahead = nesterov(lambda a, b: a**2 + b**2, (1.0, 0.0), (-1.0, 0.0), learning_rate=0.1)
    >>> ahead.texts[2].xy           # 1 − 0.9 − 0.1·2·0.1
    (0.08, 0.0)
    """
    here = finite("point", point, 1).astype(float)
    ahead = here + momentum * finite("velocity", velocity, 1)
    if here.shape != (2,) or ahead.shape != (2,):
        raise ValueError(f"nesterov: expected two coordinates. Received: {point}, {velocity}.")
    slope = grad(function, argnums=(0, 1))
    ends = [ahead - learning_rate * np.array(slope(*map(float, at))) for at in (here, ahead)]
    found = panels(ax, 2, columns=2, size=(4.2, 3.6))
    a, b = grid_of([here, ahead, *ends, here + ends[0] - ahead])
    heights = surface("nesterov", function, a, b)
    levels = heights.min() + np.ptp(heights) * np.linspace(0.0, 1.0, 12) ** 2
    for each, title, end, at in zip(found, titles, ends, (here, ahead), strict=True):
        each.contour(a, b, heights, levels=levels, colors="0.85", linewidths=0.8)
        arrow(each, here, ahead, GREEN, "--", labels[0])
        arrow(each, at, at + end - ahead, VERMILLION, ":", labels[1])
        arrow(each, here, end, BLUE, "-", labels[2])
        each.plot(*here, "o", color="black", label="_point")
        ring: dict[str, Any] = {"markerfacecolor": "none", "markeredgecolor": GREY, "markersize": 9}
        each.plot(*at, "o", label="_gradient", **ring)
        each.set(title=title, xlabel="w₁", ylabel="w₂", xlim=(a.min(), a.max()))
        each.set_ylim(b.min(), b.max())
        each.legend(fontsize=8, loc="upper right")
    return found


def grid_of(places: list[Any]) -> Any:
    """A grid over all places, with a margin, and above them room for the legend."""
    (left, right), (bottom, top) = box(places_of(places))
    top += 0.45 * (top - bottom)
    return np.meshgrid(np.linspace(left, right, 200), np.linspace(bottom, top, 200))


def places_of(places: list[Any]) -> list[Any]:
    """Points as paths of one point."""
    return [np.asarray(place)[None] for place in places]


def arrow(ax: Any, start: Any, end: Any, ink: str, style: str, label: str) -> None:
    """An arrow, and its line in the legend."""
    shape = {"arrowstyle": "-|>", "color": ink, "linestyle": style, "linewidth": 2}
    tip, tail = tuple(map(float, end.round(12))), tuple(map(float, start))
    ax.annotate("", tip, tail, arrowprops={**shape, "shrinkA": 0, "shrinkB": 0})
    ax.plot([], [], style, color=ink, linewidth=2, label=label)
