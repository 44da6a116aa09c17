"""Cross-entropies, and other losses of probabilities.

Softmax + cross-entropy and sigmoid + cross-entropy backpropagate p − t exactly, even where the
probabilities saturate: a loss that receives the result of a softmax or sigmoid works on its logits.
"""

from __future__ import annotations

import warnings
from functools import lru_cache
from typing import Any

import numpy as np

from .. import ops
from ..autodiff import rules as r
from ..autodiff.config import epsilon
from ..autodiff.errors import describe
from ..autodiff.tensor import Tensor, as_tensor, constant
from .loss import FunctionLoss, paired, reduce_weighted

__all__ = [
    "BinaryCrossentropy",
    "BinaryFocalCrossentropy",
    "CategoricalCrossentropy",
    "CategoricalFocalCrossentropy",
    "KLDivergence",
    "Poisson",
    "SparseCategoricalCrossentropy",
    "SumBinaryCrossentropy",
    "binary_crossentropy",
    "binary_focal_crossentropy",
    "categorical_crossentropy",
    "categorical_focal_crossentropy",
    "kl_divergence",
    "poisson",
    "sparse_categorical_crossentropy",
    "sum_binary_crossentropy",
]


ROUNDING = 1e-3  # how far from 0..1 a probability may be


def logits_of(y_pred: Tensor, activation: str) -> Tensor | None:
    """What went into the softmax or sigmoid that made `y_pred`, where that was recorded."""
    if y_pred.op is not None and y_pred.op.name == activation:
        inner = y_pred.inputs[0]
        return inner if type(inner) is Tensor else None
    return None


def must_be_probabilities(loss: str, activation: str, p: Any) -> None:
    """A warning where the predictions cannot be probabilities: the last layer made none."""
    if p.size and (p.min() < -ROUNDING or p.max() > 1.0 + ROUNDING):
        warnings.warn(
            f"{loss}: expected probabilities. Received: predictions below 0 or above 1. Give the "
            f"last layer activation={activation!r}, or the loss from_logits=True.",
            stacklevel=2,
        )


def smoothed(t: Any, amount: float, classes: int) -> Any:
    """Targets drawn towards 1/classes by a share of the way."""
    return t * (1.0 - amount) + amount / classes if amount else t


def categorical_crossentropy(
    y_true: Any,
    y_pred: Any,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
    axis: int = -1,
) -> Any:
    """−Σ t·log p. Probabilities are divided by their sum and clipped to [1e-7, 1 − 1e-7]."""
    t, y = paired(y_true, y_pred, exact=True)
    t = smoothed(t, label_smoothing, y.shape[axis])
    if axis not in (-1, y.ndim - 1):
        y, t = ops.moveaxis(y, axis, -1), np.moveaxis(t, axis, -1)
    logits = y if from_logits else logits_of(y, "softmax")
    if logits is not None:
        return ops.softmax_cross_entropy(logits, t)
    must_be_probabilities("categorical_crossentropy", "softmax", y.value)
    p = y / ops.sum(y, axis=-1, keepdims=True)
    return -ops.sum(t * ops.log(ops.clip(p, epsilon(), 1.0 - epsilon())), axis=-1)


def sparse_categorical_crossentropy(
    y_true: Any,
    y_pred: Any,
    from_logits: bool = False,
    ignore_class: int | None = None,
    axis: int = -1,
) -> Any:
    """−log p of the class whose number is the target; of `ignore_class` 0."""
    return _sparse(y_true, y_pred, from_logits, ignore_class, axis, mean=False)


def _sparse(
    y_true: Any, y_pred: Any, from_logits: bool, ignore_class: int | None, axis: int, mean: bool
) -> Any:
    """The losses, or their mean: in one operation where it can be."""
    y = as_tensor(y_pred)
    labels = y_true if type(y_true) is np.ndarray else np.asarray(constant(y_true))
    if axis != -1 and axis != y.ndim - 1:
        y = ops.moveaxis(y, axis, -1)
    shape = y.shape
    samples, classes = shape[:-1], shape[-1]
    if labels.shape == (*samples, 1):
        labels = labels[..., 0]
    if labels.shape != samples:
        raise ValueError(
            f"sparse_categorical_crossentropy: expected integer targets of shape {samples} for "
            f"{classes} classes. Received: y_true {describe(labels)}, y_pred {describe(y)}; "
            "one-hot rows go with categorical_crossentropy, images need Flatten before Dense."
        )
    ignored = None if ignore_class is None else labels == ignore_class
    if ignored is not None:
        labels = np.where(ignored, 0, labels)
    hot = np.equal(labels[..., None], _numbers(classes))
    if np.count_nonzero(hot) != labels.size:
        wrong = labels[~hot.any(axis=-1)]
        raise ValueError(
            f"sparse_categorical_crossentropy: expected class numbers from 0 to {classes - 1}, for "
            f"the predictions have {classes} columns. Received: {wrong.size} target(s) outside, "
            f"the first is {wrong[0]:g}. Number the classes from 0, or give the last layer more "
            "units."
        )
    logits = y if from_logits else logits_of(y, "softmax")
    if logits is not None:
        if mean and ignored is None:
            return r.sparse_softmax_cross_entropy(logits, hot=hot, mean=True)
        loss = r.sparse_softmax_cross_entropy(logits, hot=hot)
    else:
        must_be_probabilities("sparse_categorical_crossentropy", "softmax", y.value)
        p = ops.getitem(y / ops.sum(y, axis=-1, keepdims=True), index=hot)
        loss = -ops.log(ops.clip(p, epsilon(), 1.0 - epsilon())).reshape(samples)
    loss = loss if ignored is None else ops.where(ignored, 0.0, loss)
    return r.mean(loss) if mean else loss


@lru_cache(maxsize=16)
def _numbers(n: int) -> Any:
    """0, 1, …, n − 1: the numbers of the classes."""
    return np.arange(n)


def binary_crossentropy(
    y_true: Any,
    y_pred: Any,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
    axis: int = -1,
) -> Any:
    """mean(−t·log p − (1 − t)·log(1 − p)) over an axis; p is clipped to [1e-7, 1 − 1e-7]."""
    t, y = paired(y_true, y_pred, exact=True)
    if t.size and type(t) is np.ndarray and not 0.0 <= t.min() <= t.max() <= 1.0:
        raise ValueError(
            "binary_crossentropy: expected targets from 0 to 1. Received: targets from "
            f"{t.min():g} to {t.max():g}; labels ±1 go with hinge, class numbers with "
            "sparse_categorical_crossentropy."
        )
    t = smoothed(t, label_smoothing, 2)
    logits = y if from_logits else logits_of(y, "sigmoid")
    if logits is not None:
        return ops.mean(ops.sigmoid_cross_entropy(logits, t), axis=axis)
    must_be_probabilities("binary_crossentropy", "sigmoid", y.value)
    p = ops.clip(y, epsilon(), 1.0 - epsilon())
    return ops.mean(-(t * ops.log(p) + (1.0 - t) * ops.log(1.0 - p)), axis=axis)


def sum_binary_crossentropy(y_true: Any, y_pred: Any, from_logits: bool = False) -> Any:
    """−Σ t·log p + (1 − t)·log(1 − p) over the last axis: the sum that the lessons write."""
    mean = binary_crossentropy(y_true, y_pred, from_logits)
    return mean * float(as_tensor(y_pred).shape[-1])


def _clipped(p: Tensor) -> Any:
    return ops.clip(p, epsilon(), 1.0 - epsilon())


def binary_focal_crossentropy(
    y_true: Any,
    y_pred: Any,
    apply_class_balancing: bool = False,
    alpha: float = 0.25,
    gamma: float = 2.0,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
    axis: int = -1,
) -> Any:
    """mean((1 − p_t)^γ·BCE): what is right already counts less. Lin et al. 2018.

    p_t is p where t = 1 and 1 − p where t = 0; with balancing times α, or 1 − α where t = 0.
    """
    t, y = paired(y_true, y_pred, exact=True)
    t = smoothed(t, label_smoothing, 2)
    p = ops.sigmoid(y) if from_logits else y
    q = _clipped(p)
    bce = -(t * ops.log(q) + (1.0 - t) * ops.log(1.0 - q))
    focal = (1.0 - (t * p + (1.0 - t) * (1.0 - p))) ** gamma * bce
    if apply_class_balancing:
        focal = focal * (t * alpha + (1.0 - t) * (1.0 - alpha))
    return ops.mean(focal, axis=axis)


def categorical_focal_crossentropy(
    y_true: Any,
    y_pred: Any,
    alpha: float = 0.25,
    gamma: float = 2.0,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
    axis: int = -1,
) -> Any:
    """−α·Σ (1 − p)^γ·t·log p. Lin et al. 2018."""
    t, y = paired(y_true, y_pred, exact=True)
    t = smoothed(t, label_smoothing, y.shape[axis])
    y = ops.softmax(y, axis) if from_logits else y
    p = _clipped(y / ops.sum(y, axis=axis, keepdims=True))
    return -ops.sum(alpha * (1.0 - p) ** gamma * t * ops.log(p), axis=axis)


def kl_divergence(y_true: Any, y_pred: Any) -> Any:
    """Σ t·log(t/p) over the last axis, both clipped to [1e-7, 1]."""
    t, y = paired(y_true, y_pred)
    t, p = ops.clip(t, epsilon(), 1.0), ops.clip(y, epsilon(), 1.0)
    return ops.sum(t * ops.log(t / p), axis=-1)


def poisson(y_true: Any, y_pred: Any) -> Any:
    """mean(y − t·log y): counts t of mean y."""
    t, y = paired(y_true, y_pred)
    return ops.mean(y - t * ops.log(y + epsilon()), axis=-1)


# --- classes: with reduction and weights --------------------------------------------------------


class CategoricalCrossentropy(FunctionLoss):
    """−Σ t·log p for one-hot targets and softmax outputs (or logits)."""

    function = staticmethod(categorical_crossentropy)
    options = {"from_logits": False, "label_smoothing": 0.0, "axis": -1}


class SparseCategoricalCrossentropy(FunctionLoss):
    """−log p of the target class, for integer targets and softmax outputs (or logits).

    With `ignore_class` the mean is over the samples of the other classes.
    """

    function = staticmethod(sparse_categorical_crossentropy)
    options = {"from_logits": False, "ignore_class": None, "axis": -1}
    from_logits: bool
    ignore_class: int | None
    axis: int

    def __call__(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Any:
        if self.ignore_class is None:
            own = type(self).call is FunctionLoss.call  # a subclass may have written another
            if own and sample_weight is None and self.reduction in ("sum_over_batch_size", "mean"):
                return _sparse(y_true, y_pred, self.from_logits, None, self.axis, mean=True)
            return super().__call__(y_true, y_pred, sample_weight)
        labels = np.asarray(as_tensor(y_true).value)
        valid = (labels != self.ignore_class).reshape(labels.shape).astype(float)
        total = reduce_weighted(self.call(y_true, y_pred), sample_weight, "none")
        if self.reduction in ("sum", "none"):
            return ops.sum(total) if self.reduction == "sum" else total
        if self.reduction == "mean_with_sample_weight":
            valid = reduce_weighted(valid, sample_weight, "none")
        return ops.sum(total) / (float(valid.sum()) or 1.0)


class BinaryCrossentropy(FunctionLoss):
    """−t·log p − (1 − t)·log(1 − p), for targets 0 or 1 and sigmoid outputs (or logits)."""

    function = staticmethod(binary_crossentropy)
    options = {"from_logits": False, "label_smoothing": 0.0, "axis": -1}


class SumBinaryCrossentropy(FunctionLoss):
    """Binary cross-entropy summed over the outputs, as the lessons write it (δ = p − t)."""

    function = staticmethod(sum_binary_crossentropy)
    options = {"from_logits": False}


class BinaryFocalCrossentropy(FunctionLoss):
    """(1 − p_t)^γ times the binary cross-entropy: for classes of very different frequency."""

    function = staticmethod(binary_focal_crossentropy)
    options = {
        "apply_class_balancing": False,
        "alpha": 0.25,
        "gamma": 2.0,
        "from_logits": False,
        "label_smoothing": 0.0,
        "axis": -1,
    }


class CategoricalFocalCrossentropy(FunctionLoss):
    """−α·(1 − p)^γ·t·log p, summed over the classes."""

    function = staticmethod(categorical_focal_crossentropy)
    options = {
        "alpha": 0.25,
        "gamma": 2.0,
        "from_logits": False,
        "label_smoothing": 0.0,
        "axis": -1,
    }


class KLDivergence(FunctionLoss):
    """Σ t·log(t/p): how many nats more a code for p needs on data of t."""

    function = staticmethod(kl_divergence)


class Poisson(FunctionLoss):
    """y − t·log y: −log of the Poisson probability of t, less what does not depend on y."""

    function = staticmethod(poisson)
