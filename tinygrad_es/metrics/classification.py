"""What was taken for what: counts of hits and misses, and numbers made of them."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..autodiff.config import epsilon
from .metric import Metric, array

__all__ = [
    "AUC",
    "F1Score",
    "FBetaScore",
    "FalseNegatives",
    "FalsePositives",
    "Precision",
    "Recall",
    "TrueNegatives",
    "TruePositives",
    "confusion_matrix",
]


def confusion_matrix(y_true: Any, y_pred: Any, num_classes: int | None = None) -> Any:
    """How often class i (row) was taken for class j (column).

    >>> confusion_matrix([0, 1, 1], [0, 1, 0])
    array([[1, 0],
           [1, 1]])
    """
    t, p = np.asarray(y_true).ravel().astype(int), np.asarray(y_pred).ravel().astype(int)
    if t.shape != p.shape:
        raise ValueError(f"confusion_matrix: {t.size} targets but {p.size} predictions.")
    found = int(max(t.max(initial=-1), p.max(initial=-1))) + 1
    n = found if num_classes is None else num_classes
    lowest = int(min(t.min(initial=0), p.min(initial=0)))
    if lowest < 0 or found > n:
        raise ValueError(
            f"confusion_matrix: expected classes from 0 to {n - 1}. Received: "
            f"{lowest if lowest < 0 else found - 1}."
        )
    counts = np.zeros((n, n), dtype=int)
    np.add.at(counts, (t, p), 1)
    return counts


def ratio(a: Any, b: Any) -> Any:
    """a/b, and 0 where b is 0."""
    return np.divide(a, b, out=np.zeros_like(a, dtype=np.float64), where=np.asarray(b) != 0)


class Counts(Metric):
    """The base: hits and misses at one or several thresholds.

    Args:
        thresholds: outputs strictly above count as positive; a float, or a list of them (then the
            result is a list too); default ½.
        class_id: look at this column only.
        name: in the logs.
    """

    def __init__(
        self,
        thresholds: Any = None,
        class_id: int | None = None,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        self.thresholds = 0.5 if thresholds is None else thresholds
        self.levels = np.atleast_1d(np.asarray(self.thresholds, dtype=float))
        if ((self.levels < 0) | (self.levels > 1)).any():
            raise ValueError(
                f"Threshold values must be in [0, 1]. Received: thresholds={thresholds}"
            )
        self.class_id = class_id
        super().__init__(name, dtype)

    def reset_state(self) -> None:
        n = len(self.levels)
        self.true_positives, self.false_positives = np.zeros(n), np.zeros(n)
        self.false_negatives, self.true_negatives = np.zeros(n), np.zeros(n)

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        t, p = array(y_true), array(y_pred)
        if t.shape != p.shape:
            t = t.reshape(p.shape)
        if self.class_id is not None:
            t, p = t[..., self.class_id], p[..., self.class_id]
        weight = np.ones(t.shape)
        if sample_weight is not None:
            given = np.asarray(array(sample_weight), dtype=float)
            weight = weight * given.reshape(given.shape + (1,) * (t.ndim - given.ndim))
        t, p, weight = (t.ravel() != 0), p.ravel(), weight.ravel()
        above = p > self.levels[:, None]
        self.true_positives += ((above & t) * weight).sum(1)
        self.false_positives += ((above & ~t) * weight).sum(1)
        self.false_negatives += ((~above & t) * weight).sum(1)
        self.true_negatives += ((~above & ~t) * weight).sum(1)

    def numbers(self) -> Any:
        """The result at each threshold."""
        raise TypeError(f"{type(self).__name__} has no numbers of its own")

    def result(self) -> Any:
        found = self.numbers()
        return found.tolist() if isinstance(self.thresholds, (list, tuple)) else float(found[0])

    def get_config(self) -> dict[str, Any]:
        return {"thresholds": self.thresholds, "class_id": self.class_id, "name": self.name}


class TruePositives(Counts):
    """How many positives were found."""

    def numbers(self) -> Any:
        return self.true_positives


class FalsePositives(Counts):
    """How many negatives were taken for positives."""

    def numbers(self) -> Any:
        return self.false_positives


class TrueNegatives(Counts):
    """How many negatives were left alone."""

    def numbers(self) -> Any:
        return self.true_negatives


class FalseNegatives(Counts):
    """How many positives were missed."""

    def numbers(self) -> Any:
        return self.false_negatives


class Precision(Counts):
    """TP/(TP + FP): how much of what was found is right; 0 where nothing was found."""

    direction = "up"

    def numbers(self) -> Any:
        return ratio(self.true_positives, self.true_positives + self.false_positives)


class Recall(Counts):
    """TP/(TP + FN): how much of what is there was found; 0 where nothing is there."""

    direction = "up"

    def numbers(self) -> Any:
        return ratio(self.true_positives, self.true_positives + self.false_negatives)


class FBetaScore(Metric):
    """(1 + β²)·P·R/(β²·P + R), per class, for one-hot targets.

    Args:
        average: None (one number a class), "micro", "macro" or "weighted" (by the classes' sizes).
        beta: how much more recall counts than precision.
        threshold: above it a class is predicted; None: the largest output only.
    """

    direction = "up"

    def __init__(
        self,
        average: str | None = None,
        beta: float = 1.0,
        threshold: float | None = None,
        name: str = "fbeta_score",
        dtype: Any = None,
    ) -> None:
        if average not in (None, "micro", "macro", "weighted"):
            raise ValueError(
                "Invalid `average` argument value. Expected one of: (None, 'micro', 'macro', "
                f"'weighted'). Received: average={average}"
            )
        if beta <= 0 or (threshold is not None and not 0 < threshold <= 1):
            raise ValueError(
                "Expected beta > 0 and 0 < threshold <= 1. Received: "
                f"beta={beta}, threshold={threshold}"
            )
        self.average, self.beta, self.threshold = average, beta, threshold
        super().__init__(name, dtype)

    def reset_state(self) -> None:
        self.counts: Any = 0.0

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        t, p = np.asarray(array(y_true), float), np.asarray(array(y_pred), float)
        if t.ndim != 2 or p.shape != t.shape:
            raise ValueError(
                f"{type(self).__name__} expects 2D inputs with shape (batch_size, output_dim). "
                f"Received: y_pred.shape={p.shape} and y_true.shape={t.shape}."
            )
        if self.threshold is None:
            chosen = (p >= p.max(axis=-1, keepdims=True)) & (np.abs(p) > 1e-9)
        else:
            chosen = p > self.threshold
        weight = 1.0 if sample_weight is None else np.asarray(array(sample_weight), float)[:, None]
        parts = np.stack([chosen * t, chosen * (1 - t), ~chosen * t, t]) * weight
        self.counts = self.counts + parts.sum(axis=(1, 2) if self.average == "micro" else 1)

    def result(self) -> Any:
        if np.ndim(self.counts) == 0:
            return 0.0
        hits, extra, missed, size = self.counts
        eps = epsilon()
        precision, recall = hits / (hits + extra + eps), hits / (hits + missed + eps)
        score = precision * recall / (self.beta**2 * precision + recall + eps)
        score = score * (1 + self.beta**2)
        if self.average == "weighted":
            return float((score * size / (size.sum() + eps)).sum())
        return score.tolist() if self.average is None else float(np.mean(score))

    def get_config(self) -> dict[str, Any]:
        keys = ("name", "average", "beta", "threshold")
        return {k: getattr(self, k) for k in keys}


class F1Score(FBetaScore):
    """2·P·R/(P + R), per class, for one-hot targets; arguments as `FBetaScore` without beta."""

    def __init__(
        self,
        average: str | None = None,
        threshold: float | None = None,
        name: str = "f1_score",
        dtype: Any = None,
    ) -> None:
        super().__init__(average, 1.0, threshold, name, dtype)

    def get_config(self) -> dict[str, Any]:
        return {k: v for k, v in super().get_config().items() if k != "beta"}


class AUC(Counts):
    """The area under a curve of hits against misses, from counts at many thresholds.

    Args:
        num_thresholds: how many, evenly from 0 to 1.
        curve: "ROC" (recall over the rate of false positives) or "PR" (precision over recall).
        summation_method: "interpolation", "minoring" or "majoring".

    Source: Keras 3; the PR curve is interpolated as in Davis & Goadrich 2006.
    """

    direction = "up"

    def __init__(
        self,
        num_thresholds: int = 200,
        curve: str = "ROC",
        summation_method: str = "interpolation",
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        if num_thresholds <= 1:
            raise ValueError(
                "Argument `num_thresholds` must be an integer > 1. Received: "
                f"num_thresholds={num_thresholds}"
            )
        if curve.upper() not in ("ROC", "PR"):
            raise ValueError(f'Invalid AUC curve value: "{curve}". Expected "ROC" or "PR".')
        if summation_method not in ("interpolation", "minoring", "majoring"):
            raise ValueError(f'Invalid AUC summation method value: "{summation_method}".')
        self.num_thresholds, self.curve = num_thresholds, curve.upper()
        self.summation_method = summation_method
        inner = np.arange(1, num_thresholds - 1) / (num_thresholds - 1)
        super().__init__(None, None, name or "auc", dtype)
        self.levels = np.concatenate([[-1e-7], inner, [1.0 + 1e-7]])
        self.reset_state()

    def result(self) -> float:
        tp, fp, fn = self.true_positives, self.false_positives, self.false_negatives
        if self.curve == "PR" and self.summation_method == "interpolation":
            return self._interpolated()
        recall = ratio(tp, tp + fn)
        x, y = ratio(fp, fp + self.true_negatives), recall
        if self.curve == "PR":
            x, y = recall, ratio(tp, tp + fp)
        heights = {
            "interpolation": (y[:-1] + y[1:]) / 2,
            "minoring": np.minimum(y[:-1], y[1:]),
            "majoring": np.maximum(y[:-1], y[1:]),
        }
        return float(((x[:-1] - x[1:]) * heights[self.summation_method]).sum())

    def _interpolated(self) -> float:
        tp, fn = self.true_positives, self.false_negatives
        p = tp + self.false_positives
        slope = ratio(tp[:-1] - tp[1:], np.maximum(p[:-1] - p[1:], 0))
        intercept = tp[1:] - slope * p[1:]
        both = (p[:-1] > 0) & (p[1:] > 0)
        quotient = np.where(both, ratio(p[:-1], p[1:]), 1.0)
        area = slope * (tp[:-1] - tp[1:] + intercept * np.log(quotient))
        return float(ratio(area, tp[1:] + fn[1:]).sum())

    def get_config(self) -> dict[str, Any]:
        keys = ("name", "num_thresholds", "curve", "summation_method")
        return {k: getattr(self, k) for k in keys}
