"""How well classes are told apart: confusion matrix, ROC, precision and recall, regions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from .canvas import GREY, MARKERS, axes, colour, line_style
from .values import class_numbers, finite, function_of, points

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["confusion_matrix", "decision_regions", "precision_recall_curve", "roc_curve"]


def confusion_matrix(
    counts: Any,
    *,
    names: Sequence[Any] | None = None,
    shares: bool = False,
    ax: Axes | None = None,
) -> Axes:
    """A confusion matrix: row i, column j is how often class i was taken for class j.

    The colour is the share of its row, so that rare classes are seen as well as frequent ones.

    Args:
        counts: as `metrics.confusion_matrix` and scikit-learn's make it, (classes, classes).
        names: of the classes; default 0, 1, 2, …
        shares: write the shares of the rows in the place of the counts.
        ax: to draw on; default: a new figure.

    Raises:
        ValueError: a matrix that is not square or has negative or no numbers; too few names.

    >>> from tinygrad_es.metrics import confusion_matrix as count
    >>> ax = confusion_matrix(count([0, 1, 1], [0, 1, 0]), names=["no", "yes"])
    >>> [text.get_text() for text in ax.texts]
    ['1', '0', '1', '1']
    """
    counts = finite("confusion_matrix", counts, 2)
    k = len(counts)
    if counts.shape != (k, k) or (counts < 0).any():
        raise ValueError(
            "confusion_matrix: expected a square matrix of counts, none negative; "
            f"metrics.confusion_matrix(y_true, y_pred) makes it. Received: shape {counts.shape}."
        )
    names = checked_names(names, k)
    totals = counts.sum(axis=1, keepdims=True)
    parts = counts / np.where(totals == 0, 1, totals)
    side = max(3.5, 0.5 * k + 1.5)
    ax = axes(ax, (side + 1.0, side))
    image = ax.imshow(parts, cmap="Blues", vmin=0.0, vmax=1.0)
    ax.figure.colorbar(image, ax=ax, label="share of the row")
    for i in range(k):
        for j in range(k):
            text = f"{parts[i, j]:.2f}" if shares else f"{counts[i, j]:.10g}"
            ink = "white" if parts[i, j] > 0.5 else "black" if counts[i, j] else GREY
            ax.text(j, i, text, color=ink, ha="center", va="center", fontsize=9 if k < 12 else 7)
    long = max(len(name) for name in names) > 3
    ax.set_xticks(range(k), names, rotation=45 if long else 0, ha="right" if long else "center")
    ax.set_yticks(range(k), names)
    ax.set(xlabel="predicted class", ylabel="true class")
    return ax


def checked_names(names: Sequence[Any] | None, k: int) -> list[str]:
    """Names of k classes, as text."""
    found = [str(name) for name in (range(k) if names is None else names)]
    if len(found) != k:
        raise ValueError(f"names: expected {k}, one for each class. Received: {len(found)}.")
    return found


def ranked(title: str, y_true: Any, y_score: Any) -> tuple[Any, Any]:
    """How many positives and how many negatives have a score ≥ each threshold, descending."""
    y = class_numbers("y_true", y_true)
    kinds = set(np.unique(y).tolist())
    if kinds not in ({0, 1}, {-1, 1}):
        raise ValueError(
            f"{title}: expected labels 0 and 1 (or −1 and 1), both of them. Received: "
            f"{sorted(kinds)}; for class k of several, y_true == k and y_score[:, k]."
        )
    score = finite("y_score", y_score, 1)
    if y.shape != score.shape:
        raise ValueError(f"{title}: expected as many labels as scores. Received: {y.size} labels, "
                         f"{score.size} scores.")  # fmt: skip
    order = np.argsort(-score, kind="stable")
    last = np.append(np.diff(score[order]) != 0, True)  # samples of equal score enter together
    hits = np.cumsum(y[order] == 1)[last]
    return hits, np.flatnonzero(last) + 1 - hits


def roc_curve(
    y_true: Any, y_score: Any, *, label: str | None = None, ax: Axes | None = None
) -> Axes:
    """The ROC curve: true positives over false positives, as rates, for every threshold.

    The legend says the area under the curve, `AUC = 0.75`, by the trapezoidal rule. On the dotted
    diagonal are scores that know nothing. Called again with the same `ax`, it adds a curve.

    Args:
        y_true: labels 0 and 1 (or −1 and 1), (n,).
        y_score: the larger, the more likely 1: a probability or any other number, (n,).
        label: stands before the AUC in the legend.
        ax: to draw on; default: a new figure.

    Raises:
        ValueError: lengths that differ; one class only, or more than two; NaN.

    >>> ax = roc_curve([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8], label="model")
    >>> curve = ax.lines[-1]
    >>> curve.get_xdata().tolist(), curve.get_ydata().tolist(), curve.get_label()
    ([0.0, 0.0, 0.5, 0.5, 1.0], [0.0, 0.5, 0.5, 1.0, 1.0], 'model: AUC = 0.75')
    """
    hits, alarms = ranked("roc_curve", y_true, y_score)
    tpr, fpr = (np.append(0.0, n / n[-1]) for n in (hits, alarms))
    area = float(np.sum(np.diff(fpr) * (tpr[1:] + tpr[:-1]) / 2.0))
    ax = axes(ax, (4.5, 4.5))
    drawn = [line for line in ax.lines if line.get_gid() == "roc"]
    if not drawn:
        ax.plot([0.0, 1.0], [0.0, 1.0], ":", color=GREY, label="_chance")
    text = f"AUC = {area:.2f}"
    style: dict[str, Any] = {**line_style(len(drawn)), "gid": "roc"}
    ax.plot(fpr, tpr, label=text if label is None else f"{label}: {text}", **style)
    ax.set(xlabel="false positive rate", ylabel="true positive rate")
    ax.set_aspect("equal")
    ax.legend(loc="lower right")
    return ax


def precision_recall_curve(
    y_true: Any, y_score: Any, *, label: str | None = None, ax: Axes | None = None
) -> Axes:
    """Precision over recall for every threshold, from (0, 1) on.

    The legend says the average precision, the area under the steps: Σ (Rₙ − Rₙ₋₁)·Pₙ. The dotted
    line is the share of positives, the precision of scores that know nothing.

    Args and errors: those of `roc_curve`.

    >>> ax = precision_recall_curve([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8])
    >>> curve = ax.lines[-1]
    >>> curve.get_xdata().tolist(), curve.get_ydata().round(3).tolist(), curve.get_label()
    ([0.0, 0.5, 0.5, 1.0, 1.0], [1.0, 1.0, 0.5, 0.667, 0.5], 'AP = 0.83')
    """
    hits, alarms = ranked("precision_recall_curve", y_true, y_score)
    recall = np.append(0.0, hits / hits[-1])
    precision = np.append(1.0, hits / (hits + alarms))
    average = float(np.sum(np.diff(recall) * precision[1:]))
    ax = axes(ax, (4.5, 4.5))
    drawn = [line for line in ax.lines if line.get_gid() == "pr"]
    if not drawn:
        share = hits[-1] / (hits[-1] + alarms[-1])
        ax.plot([0.0, 1.0], [share, share], ":", color=GREY, label="_chance")
    text = f"AP = {average:.2f}"
    style: dict[str, Any] = {**line_style(len(drawn)), "gid": "pr", "drawstyle": "steps-pre"}
    ax.plot(recall, precision, label=text if label is None else f"{label}: {text}", **style)
    ax.set(xlabel="recall", ylabel="precision", xlim=(-0.03, 1.03), ylim=(-0.03, 1.05))
    ax.legend(loc="lower left")
    return ax


def decision_regions(
    model: Any,
    x: Any,
    y: Any,
    *,
    names: Sequence[Any] | None = None,
    threshold: float = 0.5,
    resolution: int = 300,
    ax: Axes | None = None,
) -> Axes:
    """The class that a model gives to every point of the plane, and the points it learnt from.

    A model's answer of several columns means the class of the largest; of one column, the second
    class where it is above the threshold. A function may also answer with the labels themselves,
    as whole numbers. Each class has its colour and its marker.

    Args:
        model: with `predict`, or a function of points (n, 2), such as scikit-learn's
            `classifier.predict`.
        x: points, (n, 2).
        y: their classes, (n,) or one-hot: 0, 1, 2, … or −1 and 1.
        names: of the classes; default their numbers.
        threshold: of an answer of one column: ½ for a sigmoid, 0 for a tanh or a sign.
        resolution: points along each side.
        ax: to draw on; default: a new figure.

    Raises:
        ValueError: inputs that are not two-dimensional; classes the model does not have.

    >>> ax = decision_regions(lambda p: p[:, 0] + p[:, 1], [[0, 0], [1, 1]], [0, 1])
    >>> ax.images[0].get_array()[[0, -1], [0, -1]].tolist()     # bottom left, top right
    [0, 1]
    """
    x, y = points("x", x), class_numbers("y", y)
    if len(x) != len(y):
        raise ValueError(f"decision_regions: {len(x)} points, but {len(y)} classes.")
    margin = 0.08 * np.where(np.ptp(x, axis=0) > 0, np.ptp(x, axis=0), 1.0)
    (left, bottom), (right, top) = x.min(axis=0) - margin, x.max(axis=0) + margin
    a, b = np.meshgrid(np.linspace(left, right, resolution), np.linspace(bottom, top, resolution))
    grid = np.stack([a.ravel(), b.ravel()], axis=1).astype(np.result_type(x, np.float32))
    classes, found = answers(function_of(model)(grid), len(grid), y, threshold)
    texts = checked_names(classes if names is None else names, len(classes))
    ax = axes(ax)
    from matplotlib.colors import ListedColormap

    several = [colour(i) for i in range(max(len(classes), 2))]
    ax.imshow(
        found.reshape(a.shape), extent=(left, right, bottom, top), origin="lower", aspect="auto",
        cmap=ListedColormap(several), vmin=0, vmax=len(several) - 1, alpha=0.3,
        interpolation="nearest",
    )  # fmt: skip
    for i, (each, text) in enumerate(zip(classes, texts, strict=True)):
        style: dict[str, Any] = {
            "color": several[i],
            "marker": MARKERS[i % len(MARKERS)],
            "edgecolors": "white",
        }
        ax.scatter(x[y == each, 0], x[y == each, 1], s=32, linewidths=0.6, label=text, **style)
    ax.set(xlabel="x₁", ylabel="x₂")
    ax.legend()
    return ax


def answers(output: Any, n: int, y: Any, threshold: float) -> tuple[list[int], Any]:
    """The classes, and the place among them of what the model says of n points."""
    output = np.asarray(output)
    if output.shape[:1] != (n,) or output.ndim > 2:
        raise ValueError(
            f"decision_regions: expected an answer for each of {n} points. Received: shape "
            f"{output.shape}."
        )
    output = finite("the model's answers", output, 2 if output[0].size > 1 else 1)
    if output.dtype == bool:
        output = output.astype(int)
    if output.ndim == 2:
        classes, found = list(range(output.shape[1])), output.argmax(axis=1)
    elif output.dtype.kind in "iu":
        classes = sorted({*np.unique(output).tolist(), *np.unique(y).tolist()})
        found = np.searchsorted(classes, output)
    else:
        classes, found = [-1 if y.min() < 0 else 0, 1], (output > threshold).astype(int)
    strange = sorted(set(y.tolist()) - set(classes))
    if strange:
        raise ValueError(f"y: expected classes of {classes}. Received: {strange[0]}.")
    return classes, found
