"""Accuracies: the share of samples that are right."""

from __future__ import annotations

from typing import Any

import numpy as np

from .metric import MeanMetricWrapper, array

__all__ = [
    "Accuracy",
    "BinaryAccuracy",
    "CategoricalAccuracy",
    "SparseCategoricalAccuracy",
    "SparseTopKCategoricalAccuracy",
    "TopKCategoricalAccuracy",
    "accuracy",
    "binary_accuracy",
    "categorical_accuracy",
    "sparse_categorical_accuracy",
    "sparse_top_k_categorical_accuracy",
    "top_k_categorical_accuracy",
]


def accuracy(y_true: Any, y_pred: Any) -> Any:
    """1 for each sample that is right, else 0; the shapes say what "right" means, as in Keras 3:

    predictions with one column: above ½ is 1; integer targets: the class of the largest
    prediction; one-hot targets: the largest of both.
    """
    t, p = array(y_true), array(y_pred)
    if p.ndim and p.shape[-1] == 1:
        return binary_accuracy(t.reshape(p.shape), p)
    if t.ndim < p.ndim or (t.shape[-1] == 1 and p.shape[-1] > 1):
        return sparse_categorical_accuracy(t, p)
    return categorical_accuracy(t, p)


def equal(y_true: Any, y_pred: Any) -> Any:
    """1 where target and prediction are equal."""
    return array(y_true) == array(y_pred)


def binary_accuracy(y_true: Any, y_pred: Any, threshold: float = 0.5) -> Any:
    """The share of the last axis on which "above the threshold" is the target."""
    t, p = array(y_true), array(y_pred)
    if t.ndim == p.ndim - 1 and p.shape[-1] == 1:
        t = t[..., None]
    return (t == (p > threshold)).mean(axis=-1)


def categorical_accuracy(y_true: Any, y_pred: Any) -> Any:
    """1 where the largest prediction is at the largest target."""
    return array(y_true).argmax(axis=-1) == array(y_pred).argmax(axis=-1)


def sparse_categorical_accuracy(y_true: Any, y_pred: Any) -> Any:
    """1 where the largest prediction is that of the target's class number."""
    t, p = array(y_true), array(y_pred)
    return t.reshape(p.shape[:-1]) == p.argmax(axis=-1)


def top_k_categorical_accuracy(y_true: Any, y_pred: Any, k: int = 5) -> Any:
    """1 where the target's class is among the k largest predictions; targets one-hot."""
    return sparse_top_k_categorical_accuracy(array(y_true).argmax(axis=-1), y_pred, k)


def sparse_top_k_categorical_accuracy(y_true: Any, y_pred: Any, k: int = 5) -> Any:
    """1 where the target's class is among the k largest predictions."""
    t, p = array(y_true), array(y_pred)
    t = t.reshape(p.shape[:-1]).astype(np.intp)
    own = np.take_along_axis(p, t[..., None], axis=-1)
    return ((p > own).sum(axis=-1) < k) & np.isfinite(own[..., 0])


class Share(MeanMetricWrapper):
    """The base: more is better."""

    direction = "up"


class Accuracy(Share):
    """The share of predictions that equal their target."""

    def __init__(self, name: str = "accuracy", dtype: Any = None) -> None:
        super().__init__(equal, name, dtype)


class BinaryAccuracy(Share):
    """The share of outputs on the right side of the threshold (strictly above counts as 1)."""

    def __init__(
        self, name: str = "binary_accuracy", dtype: Any = None, threshold: float = 0.5
    ) -> None:
        if not 0 <= threshold <= 1:
            raise ValueError(
                "Invalid value for argument `threshold`. Expected a value in [0, 1]. Received: "
                f"threshold={threshold}"
            )
        super().__init__(binary_accuracy, name, dtype, threshold=threshold)


class CategoricalAccuracy(Share):
    """The share of samples whose largest output is that of the one-hot target."""

    def __init__(self, name: str = "categorical_accuracy", dtype: Any = None) -> None:
        super().__init__(categorical_accuracy, name, dtype)


class SparseCategoricalAccuracy(Share):
    """The share of samples whose largest output is that of the class number."""

    def __init__(self, name: str = "sparse_categorical_accuracy", dtype: Any = None) -> None:
        super().__init__(sparse_categorical_accuracy, name, dtype)


class TopKCategoricalAccuracy(Share):
    """The share of samples whose class is among the k largest outputs; targets one-hot."""

    def __init__(
        self, k: int = 5, name: str = "top_k_categorical_accuracy", dtype: Any = None
    ) -> None:
        super().__init__(top_k_categorical_accuracy, name, dtype, k=k)


class SparseTopKCategoricalAccuracy(Share):
    """The share of samples whose class is among the k largest outputs; targets are numbers."""

    def __init__(
        self, k: int = 5, name: str = "sparse_top_k_categorical_accuracy", dtype: Any = None
    ) -> None:
        super().__init__(sparse_top_k_categorical_accuracy, name, dtype, k=k)
