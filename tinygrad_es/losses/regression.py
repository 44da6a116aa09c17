"""Losses of numbers: how far predictions are from their targets."""

from __future__ import annotations

import math
from typing import Any

from .. import ops
from ..autodiff.config import epsilon
from .loss import FunctionLoss, paired

__all__ = [
    "CosineSimilarity",
    "HalfSquaredError",
    "Huber",
    "LogCosh",
    "MeanAbsoluteError",
    "MeanAbsolutePercentageError",
    "MeanSquaredError",
    "MeanSquaredLogarithmicError",
    "cosine_similarity",
    "half_squared_error",
    "huber",
    "log_cosh",
    "mean_absolute_error",
    "mean_absolute_percentage_error",
    "mean_squared_error",
    "mean_squared_logarithmic_error",
]


def mean_squared_error(y_true: Any, y_pred: Any) -> Any:
    """mean((t − y)²) over the last axis.

    >>> mean_squared_error([[0.0, 1.0]], [[0.5, 0.5]])
    tensor([0.25])
    """
    t, y = paired(y_true, y_pred)
    return ops.mean(ops.square(y - t), axis=-1)


def half_squared_error(y_true: Any, y_pred: Any) -> Any:
    """½·Σ (y − t)² over the last axis: the lessons' cost, whose δ is y − t."""
    t, y = paired(y_true, y_pred)
    return 0.5 * ops.sum(ops.square(y - t), axis=-1)


def mean_absolute_error(y_true: Any, y_pred: Any) -> Any:
    """mean|t − y| over the last axis; the derivative at 0 is 0."""
    t, y = paired(y_true, y_pred)
    return ops.mean(ops.abs(y - t), axis=-1)


def mean_absolute_percentage_error(y_true: Any, y_pred: Any) -> Any:
    """100·mean(|t − y|/|t|), with |t| at least 1e-7."""
    t, y = paired(y_true, y_pred)
    return 100.0 * ops.mean(ops.abs((t - y) / ops.maximum(ops.abs(t), epsilon())), axis=-1)


def mean_squared_logarithmic_error(y_true: Any, y_pred: Any) -> Any:
    """mean((log(1 + y) − log(1 + t))²), both at least 1e-7: errors by their ratio."""
    t, y = paired(y_true, y_pred)
    log_y = ops.log(ops.maximum(y, epsilon()) + 1.0)
    log_t = ops.log(ops.maximum(t, epsilon()) + 1.0)
    return ops.mean(ops.square(log_y - log_t), axis=-1)


def huber(y_true: Any, y_pred: Any, delta: float = 1.0) -> Any:
    """mean of ½·e² where |e| ≤ δ, else δ·|e| − ½·δ²: squared near 0, absolute far away."""
    t, y = paired(y_true, y_pred)
    e = y - t
    size = ops.abs(e)
    return ops.mean(
        ops.where(size <= delta, 0.5 * ops.square(e), delta * size - 0.5 * delta * delta), axis=-1
    )


def log_cosh(y_true: Any, y_pred: Any) -> Any:
    """mean(log cosh(y − t)) = mean(e + log(1 + e⁻²ᵉ) − log 2); the derivative is tanh e."""
    t, y = paired(y_true, y_pred)
    e = y - t
    return ops.mean(e + ops.softplus(-2.0 * e) - math.log(2.0), axis=-1)


def cosine_similarity(y_true: Any, y_pred: Any, axis: int = -1) -> Any:
    """−cos of the angle between t and y: −1 where they point the same way."""
    t, y = paired(y_true, y_pred)

    def unit(x: Any) -> Any:
        return x / ops.maximum(ops.norm(x, axis=axis, keepdims=True), epsilon())

    return -ops.sum(unit(t) * unit(y), axis=axis)


class MeanSquaredError(FunctionLoss):
    """mean((t − y)²): for regression, linear or tanh outputs."""

    function = staticmethod(mean_squared_error)


class HalfSquaredError(FunctionLoss):
    """½‖y − t‖²: the lessons' quadratic cost, summed over the outputs."""

    function = staticmethod(half_squared_error)


class MeanAbsoluteError(FunctionLoss):
    """mean|t − y|: outliers weigh less than squared."""

    function = staticmethod(mean_absolute_error)


class MeanAbsolutePercentageError(FunctionLoss):
    """100·mean|(t − y)/t|."""

    function = staticmethod(mean_absolute_percentage_error)


class MeanSquaredLogarithmicError(FunctionLoss):
    """mean((log(1 + y) − log(1 + t))²)."""

    function = staticmethod(mean_squared_logarithmic_error)


class Huber(FunctionLoss):
    """½·e² where |e| ≤ δ, else δ·|e| − ½·δ²."""

    function = staticmethod(huber)
    options = {"delta": 1.0}
    default_name = "huber_loss"


class LogCosh(FunctionLoss):
    """log cosh(y − t): like Huber's, but smooth."""

    function = staticmethod(log_cosh)


class CosineSimilarity(FunctionLoss):
    """−cos of the angle between t and y."""

    function = staticmethod(cosine_similarity)
    options = {"axis": -1}
