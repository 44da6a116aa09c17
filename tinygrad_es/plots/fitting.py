"""Fits that know too little or too much, and the points that a search tries."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from .canvas import GREY, MARKERS, colour, panels
from .values import finite, function_of, points

__all__ = ["fits", "search"]


def fits(
    x: Any,
    y: Any,
    models: Mapping[str, Any],
    *,
    test: tuple[Any, Any] | None = None,
    ax: Any = None,
) -> Any:
    """Under-fitted, right, over-fitted: curves through the same points, one panel each.

    Below each title stands the mean squared error on the points, and on the test points.

    Args:
        x, y: the points that were learnt from, numbers, (n,) or (n, 1).
        models: title → a model with `predict`, which gets a column, or a function of (n,).
        test: (x, y) of points that were not learnt from, drawn as crosses.
        ax: as many Axes as models; default: a new figure.

    Returns the array of Axes.

    Raises:
        TypeError: a model that is neither.
        ValueError: lengths that differ, NaN, answers of another shape.

    >>> x, y = [0.0, 1.0, 2.0], [0.0, 1.0, 4.0]
    >>> axes = fits(x, y, {"line": lambda x: 2 * x - 1 / 3, "parabola": lambda x: x**2})
    >>> [ax.get_title() for ax in axes]
    ['line\\nMSE 0.222', 'parabola\\nMSE 0']
    """
    x, y = pairs("x, y", x, y)
    if not isinstance(models, Mapping) or not models:
        raise TypeError(f"fits: expected a dict, title → model. Received: {models!r}.")
    other = None if test is None else pairs("test", *test)
    curves = {title: curve_of(title, model) for title, model in models.items()}
    every = x if other is None else np.concatenate([x, other[0]])
    line = np.linspace(every.min(), every.max(), 400)
    drawn = {title: curve(line) for title, curve in curves.items()}
    titles = []
    for title, curve in curves.items():
        errors = f"{title}\nMSE {np.mean((curve(x) - y) ** 2):.3g}"
        if other is not None:
            errors += f", test {np.mean((curve(other[0]) - other[1]) ** 2):.3g}"
        titles.append(errors)
    found = panels(ax, len(models), columns=3, size=(3.4, 3.0))
    heights = np.concatenate([y] if other is None else [y, other[1]])
    low, high = heights.min(), heights.max()
    margin = 0.2 * ((high - low) or 1.0)
    for each, title, values in zip(found, titles, drawn.values(), strict=True):
        each.plot(x, y, "o", color=GREY, markersize=4)
        if other is not None:
            each.plot(*other, "x", color=colour(1), markersize=4)
        each.plot(line, values, color=colour(0), linewidth=2)
        each.set(title=title, xlabel="x", ylabel="y", ylim=(low - margin, high + margin))
    return found


def pairs(name: str, x: Any, y: Any) -> tuple[Any, Any]:
    """Two vectors of the same length."""
    x, y = finite(name, x, 1), finite(name, y, 1)
    if len(x) != len(y):
        raise ValueError(f"{name}: expected as many x as y. Received: {len(x)} and {len(y)}.")
    return x, y


def curve_of(title: str, model: Any) -> Callable[[Any], Any]:
    """A function from numbers (n,) to finite numbers (n,)."""
    f, column = function_of(model), hasattr(model, "predict")

    def curve(x: Any) -> Any:
        found = finite(f"answers of {title!r}", f(x[:, None] if column else x), 1)
        if found.shape != x.shape:
            raise ValueError(
                f"{title!r}: expected one answer for each x. Received: {len(found)} for {len(x)}."
            )
        return found

    return curve


def search(
    trials: Mapping[str, Any],
    *,
    score: Callable[[Any, Any], Any] | None = None,
    names: tuple[str, str] = ("learning rate", "units"),
    ax: Any = None,
) -> Any:
    """The points that searches of two hyperparameters try, one panel each; returns their Axes.

    The ticks along both edges are the values tried of each one, and the title counts those that
    differ. Nine points at random try nine values of each, a grid of nine only three: that is why
    random search wins where one hyperparameter matters more than the other.

    Args:
        trials: title → points, (n, 2).
        score: of two arrays: how good points are, shaded in the background, the better the darker.
        names: of the two hyperparameters.
        ax: as many Axes as titles; default: a new figure.

    Raises:
        TypeError: no dict.
        ValueError: points of another shape, NaN.

    Source: Bergstra & Bengio 2012.

    >>> grid = [[a, b] for a in (0.1, 0.5, 0.9) for b in (0.1, 0.5, 0.9)]
    >>> search({"grid": grid})[0].get_title()
    'grid: 9 trials\\n3 × 3 values'
    """
    if not isinstance(trials, Mapping) or not trials:
        raise TypeError(f"search: expected a dict, title → points. Received: {trials!r}.")
    found = {title: points(title, tried) for title, tried in trials.items()}
    every = np.concatenate(list(found.values()))
    low, high = every.min(axis=0), every.max(axis=0)
    margin = 0.15 * np.where(high > low, high - low, 1.0)
    (left, bottom), (right, top) = low - margin, high + margin
    heights = None
    if score is not None:
        a, b = np.meshgrid(np.linspace(left, right, 200), np.linspace(bottom, top, 200))
        heights = finite("score", np.broadcast_to(score(a, b), a.shape), 2)
    drawn = panels(ax, len(found), columns=3, size=(3.6, 3.6))
    for i, (each, (title, tried)) in enumerate(zip(drawn, found.items(), strict=True)):
        if heights is not None:
            shades = {"vmin": heights.min(), "vmax": heights.min() + 2.0 * np.ptp(heights)}
            each.imshow(
                heights, extent=(left, right, bottom, top), origin="lower", cmap="Greys",
                aspect="auto", **shades,
            )  # fmt: skip
        each.scatter(*tried.T, color=colour(i), marker=MARKERS[i % len(MARKERS)], zorder=3)
        u, v = np.unique(tried[:, 0]), np.unique(tried[:, 1])
        ticks: dict[str, Any] = {"color": colour(i), "linewidth": 2, "zorder": 3}
        each.vlines(u, bottom, bottom + 0.05 * (top - bottom), **ticks)
        each.hlines(v, left, left + 0.05 * (right - left), **ticks)
        each.set_title(f"{title}: {len(tried)} trials\n{len(u)} × {len(v)} values")
        each.set(xlabel=names[0], ylabel=names[1], xlim=(left, right), ylim=(bottom, top))
    return drawn
