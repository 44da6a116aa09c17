"""Metrics, with Keras 3's names: what is counted and averaged over the batches of an epoch."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .. import losses
from ..losses.loss import same_rank
from ..registry import find, made, resolve, snake_case
from .accuracy import (
    Accuracy,
    BinaryAccuracy,
    CategoricalAccuracy,
    Share,
    SparseCategoricalAccuracy,
    SparseTopKCategoricalAccuracy,
    TopKCategoricalAccuracy,
    accuracy,
    binary_accuracy,
    categorical_accuracy,
    sparse_categorical_accuracy,
    sparse_top_k_categorical_accuracy,
    top_k_categorical_accuracy,
)
from .classification import (
    AUC,
    F1Score,
    FalseNegatives,
    FalsePositives,
    FBetaScore,
    Precision,
    Recall,
    TrueNegatives,
    TruePositives,
    confusion_matrix,
)
from .metric import Mean, MeanMetricWrapper, Metric, Sum
from .of_losses import (
    BinaryCrossentropy,
    CategoricalCrossentropy,
    CategoricalHinge,
    CosineSimilarity,
    Hinge,
    KLDivergence,
    LogCoshError,
    MeanAbsoluteError,
    MeanAbsolutePercentageError,
    MeanSquaredError,
    MeanSquaredLogarithmicError,
    Poisson,
    SparseCategoricalCrossentropy,
    SquaredHinge,
)
from .regression import LossMetric, R2Score, RootMeanSquaredError

__all__ = [
    "AUC",
    "Accuracy",
    "BinaryAccuracy",
    "BinaryCrossentropy",
    "CategoricalAccuracy",
    "CategoricalCrossentropy",
    "CategoricalHinge",
    "CosineSimilarity",
    "F1Score",
    "FBetaScore",
    "FalseNegatives",
    "FalsePositives",
    "Hinge",
    "KLDivergence",
    "LogCoshError",
    "LossMetric",
    "Mean",
    "MeanAbsoluteError",
    "MeanAbsolutePercentageError",
    "MeanMetricWrapper",
    "MeanSquaredError",
    "MeanSquaredLogarithmicError",
    "Metric",
    "Poisson",
    "Precision",
    "R2Score",
    "Recall",
    "RootMeanSquaredError",
    "SparseCategoricalAccuracy",
    "SparseCategoricalCrossentropy",
    "SparseTopKCategoricalAccuracy",
    "SquaredHinge",
    "Sum",
    "TopKCategoricalAccuracy",
    "TrueNegatives",
    "TruePositives",
    "accuracy",
    "binary_accuracy",
    "categorical_accuracy",
    "confusion_matrix",
    "get",
    "sparse_categorical_accuracy",
    "sparse_top_k_categorical_accuracy",
    "top_k_categorical_accuracy",
]

_TABLE: dict[str, Callable[..., Metric]] = {
    "accuracy": lambda name: Share(accuracy, name),
    "acc": lambda name: Share(accuracy, name),
    **{
        snake_case(f.__name__): f
        for f in (
            *(BinaryAccuracy, CategoricalAccuracy, SparseCategoricalAccuracy),
            *(TopKCategoricalAccuracy, SparseTopKCategoricalAccuracy, RootMeanSquaredError),
            *(TruePositives, FalsePositives, TrueNegatives, FalseNegatives, Precision, Recall),
            *(AUC, F1Score, FBetaScore, R2Score, CosineSimilarity),
        )
    },
}


def get(identifier: Any) -> Metric:
    """The metric of a name, a class, an instance, or a function of (y_true, y_pred).

    A metric found by its name is called so in the logs. The names of the losses are metrics too.

    Raises:
        ValueError: no such name.

    >>> get("acc").name, get("AUC").name, get("mse").name
    ('acc', 'AUC', 'mse')
    """
    if isinstance(identifier, dict):
        found: Metric = made("metric", identifier, _classes())
        return found
    if isinstance(identifier, str):
        names = {**_TABLE, **{k: None for k in losses.names() if k not in _TABLE}}
        make = find("metric", identifier, names)
        return LossMetric(identifier, identifier) if make is None else make(name=identifier)
    if isinstance(identifier, type) and issubclass(identifier, Metric):
        return identifier()
    if isinstance(identifier, Metric):
        return identifier
    if isinstance(identifier, losses.Loss):
        return LossMetric(identifier)
    function = resolve("metric", identifier, {}, callable)

    def values(y_true: Any, y_pred: Any) -> Any:
        return function(same_rank(np.asarray(y_true), y_pred), y_pred)

    return MeanMetricWrapper(values, snake_case(getattr(function, "__name__", "metric")))


def _classes() -> dict[str, Any]:
    """The metrics by the names of their classes, as configurations have them."""
    return {n: c for n, c in globals().items() if isinstance(c, type) and issubclass(c, Metric)}
