"""Curves of a training: one metric over the epochs, one training or several."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from .canvas import axes, colour, line_style, whole_ticks
from .values import finite

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["compare_histories", "history"]

FEW = 30  # epochs, up to which each has a dot


def recorded(history: Any, title: str = "history") -> tuple[dict[str, Any], Any]:
    """Name → values, as arrays, and the epochs counted from 1."""
    curves = getattr(history, "history", history)
    if not isinstance(curves, Mapping):
        raise TypeError(
            f"{title}: expected what `fit` returns, or a dict of lists. Received: "
            f"{type(history).__name__}."
        )
    found = {name: np.asarray(values, dtype=float).ravel() for name, values in curves.items()}
    n = max((len(values) for values in found.values()), default=0)
    if n == 0:
        raise ValueError(f"{title}: expected at least one epoch. Received: none; fit the model.")
    epochs = np.asarray(getattr(history, "epoch", range(n)))
    return found, epochs + 1 if len(epochs) == n else np.arange(1, n + 1)


def of_each_epoch(title: str, metric: str, values: Any, where: Any) -> Any:
    """The values, or a ValueError where there is not one per epoch."""
    if len(values) != len(where):
        raise ValueError(
            f"{title}: expected {len(where)} values of {metric!r}, one per epoch. Received: "
            f"{len(values)}; with fit's validation_freq, give history the same."
        )
    return values


def must_have(title: str, metric: str, names: list[str]) -> None:
    """A ValueError that lists what there is."""
    if metric not in names:
        raise ValueError(f"{title}: expected one of {sorted(names)}. Received: {metric!r}.")


def history(
    history: Any,
    metric: str = "loss",
    *,
    labels: tuple[str, str] = ("training", "validation"),
    validation_freq: Any = 1,
    ax: Axes | None = None,
) -> Axes:
    """One metric over the epochs: while training, and on the validation data where there are any.

    Epochs are counted from 1. A NaN, from a training that diverged, is a gap in the curve.

    Args:
        history: what `fit` returns, or a dict of lists: `{"loss": […], "val_loss": […]}`.
        metric: its name, without "val_".
        labels: of the two curves, in the legend.
        validation_freq: what `fit` got: validated after every so many epochs, or after these.
        ax: to draw on; default: a new figure.

    Raises:
        TypeError: no history.
        ValueError: no such metric; no epochs; values that lack.

    >>> ax = history({"loss": [0.9, 0.5, 0.3], "val_loss": [1.0, 0.7, 0.6]})
    >>> [(line.get_label(), line.get_ydata().tolist()) for line in ax.lines]
    [('training', [0.9, 0.5, 0.3]), ('validation', [1.0, 0.7, 0.6])]
    """
    curves, epochs = recorded(history)
    must_have("history", metric, [name for name in curves if not name.startswith("val_")])
    training, other = of_each_epoch("history", metric, curves[metric], epochs), f"val_{metric}"
    if other in curves:
        often = isinstance(validation_freq, int)
        when = epochs % validation_freq == 0 if often else np.isin(epochs, list(validation_freq))
        validation = of_each_epoch("history", other, curves[other], epochs[when])
    ax = axes(ax)
    dot = "." if len(epochs) <= FEW else ""
    ax.plot(epochs, training, color=colour(0), marker=dot, label=labels[0])
    if other in curves:
        ax.plot(epochs[when], validation, "--", color=colour(1), marker=dot, label=labels[1])
        ax.legend()
    ax.set(xlabel="epoch", ylabel=metric.replace("_", " "))
    whole_ticks(ax)
    return ax


def compare_histories(
    histories: Mapping[str, Any],
    metric: str = "loss",
    *,
    seconds: Mapping[str, Any] | None = None,
    ax: Axes | None = None,
) -> Axes:
    """One metric of several trainings: two losses, online and mini-batches, with and without.

    Args:
        histories: label → what `fit` returned, or a dict of lists.
        metric: its name; "val_accuracy" is one too.
        seconds: label → how long the training took, all together or each epoch: the curves are
            then drawn over time.
        ax: to draw on; default: a new figure.

    Raises:
        TypeError: no dict of histories.
        ValueError: no such metric; no epochs; seconds of another number of epochs.

    >>> online, batches = {"loss": [0.5, 0.3]}, {"loss": [0.8, 0.6]}
    >>> ax = compare_histories({"online": online, "mini-batches": batches},
    ...                        seconds={"online": 4.0, "mini-batches": [0.2, 0.1]})
    >>> [line.get_xdata().round(1).tolist() for line in ax.lines]
    [[2.0, 4.0], [0.2, 0.3]]
    """
    if not isinstance(histories, Mapping) or not histories:
        raise TypeError(
            "compare_histories: expected a dict, label → history. Received: "
            f"{type(histories).__name__}{' that is empty' if histories == {} else ''}."
        )
    curves = []
    for label, one in histories.items():
        values, where = recorded(one, label)
        must_have(label, metric, list(values))
        of_each_epoch(label, metric, values[metric], where)
        if seconds is not None:
            where = times(label, seconds, len(where))
        curves.append((label, where, values[metric]))
    ax = axes(ax)
    for i, (label, where, values) in enumerate(curves):
        dot = "." if len(where) <= FEW else ""
        ax.plot(where, values, marker=dot, label=label, **line_style(i))
    ax.set(xlabel="epoch" if seconds is None else "seconds", ylabel=metric.replace("_", " "))
    if seconds is None:
        whole_ticks(ax)
    ax.legend()
    return ax


def times(label: str, seconds: Mapping[str, Any], epochs: int) -> Any:
    """When each epoch ended, from the length of each or of all together."""
    if not isinstance(seconds, Mapping):
        raise TypeError(
            "seconds: expected a dict, label → how long the training took (a number, or one for "
            f"each epoch). Received: {type(seconds).__name__} {seconds!r}."
        )
    if label not in seconds:
        raise ValueError(f"seconds: expected {label!r} among {sorted(seconds)}.")
    lengths = np.asarray(seconds[label], dtype=float)
    if lengths.ndim == 0:
        lengths = np.full(epochs, lengths / epochs)
    lengths = finite(f"seconds of {label!r}", lengths, 1)
    if len(lengths) != epochs or (lengths < 0).any():
        raise ValueError(
            f"seconds of {label!r}: expected one number, or {epochs}, none negative. Received: "
            f"{lengths.tolist()}."
        )
    return np.cumsum(lengths)
