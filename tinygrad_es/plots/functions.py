"""Activation functions and their derivatives, both computed by the engine."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import activations as table
from ..autodiff.tensor import Tensor
from ..autodiff.transforms import grad
from .canvas import axes, colour, panels

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["activation", "activations"]

Function = str | Callable[[Any], Any]


def activation(
    function: Function,
    *,
    derivative: bool = True,
    limits: tuple[float, float] = (-5.0, 5.0),
    ax: Axes | None = None,
) -> Axes:
    """An activation function, and its derivative as the engine computes it, dashed.

    Args:
        function: a name, such as "relu", or a function of a Tensor, entry by entry.
        derivative: whether to draw it.
        limits: the smallest and the largest x.
        ax: to draw on; default: a new figure.

    Raises:
        ValueError: no such name; limits that are no interval; a function, such as softmax, whose
            entries depend on each other.

    >>> ax = activation("tanh", limits=(0.0, 1.0))
    >>> f, slope = ax.lines[:2]
    >>> slope.get_label(), float(slope.get_ydata()[0])
    ('tanh′', 1.0)
    """
    f, name = table.get(function), name_of(function)
    x, y = sampled(f, name, limits)
    slope = grad(lambda t: f(t).sum())(x) if derivative else None
    ax = axes(ax)
    ax.plot(x, y, color=colour(0), label=name)
    if slope is not None:
        ax.plot(x, slope, "--", color=colour(1), label=f"{name}′")
    ax.axhline(0.0, color="0.8", linewidth=0.8, zorder=0, label="_zero")
    ax.axvline(0.0, color="0.8", linewidth=0.8, zorder=0, label="_zero")
    ax.set(xlabel="x")
    ax.legend()
    return ax


def activations(
    functions: Sequence[Function],
    *,
    derivative: bool = True,
    limits: tuple[float, float] = (-5.0, 5.0),
    ax: Any = None,
) -> Any:
    """Several activation functions, each on Axes of its own; returns the array of them.

    Args and errors: those of `activation`; `functions` is a list.

    >>> [ax.get_title() for ax in activations(["sigmoid", "tanh", "relu"])]
    ['sigmoid', 'tanh', 'relu']
    """
    if isinstance(functions, str) or not functions:
        raise ValueError(f"activations: expected a list of functions. Received: {functions!r}.")
    for function in functions:
        sampled(table.get(function), name_of(function), limits)
    found = panels(ax, len(functions), columns=3, size=(3.2, 2.6))
    for function, each in zip(functions, found, strict=True):
        activation(function, derivative=derivative, limits=limits, ax=each)
        each.set_title(name_of(function))
    return found


def name_of(function: Function) -> str:
    """What stands in the legend."""
    name = function if isinstance(function, str) else getattr(function, "__name__", "f")
    return "f" if name == "<lambda>" else name


def sampled(f: Callable[[Any], Any], name: str, limits: tuple[float, float]) -> tuple[Any, Any]:
    """x and f(x) at evenly spaced points, f checked to work entry by entry."""
    low, high = limits
    if not (np.isfinite(low) and np.isfinite(high) and low < high):
        raise ValueError(f"limits: expected finite numbers, the first smaller. Received: {limits}.")
    x = np.linspace(low, high, 501)
    y = np.asarray(f(Tensor(x)).numpy())
    if y.shape != x.shape or not np.allclose(f(Tensor(x[:-1])).numpy(), y[:-1], equal_nan=True):
        raise ValueError(
            f"{name}: expected a function of each entry by itself; here f(x) depends on the other "
            "entries, so it has no curve."
        )
    return x, y
