"""Hinge losses: no cost beyond a margin; the derivative at the edge of it is 0."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import ops
from ..autodiff.tensor import as_tensor
from .loss import FunctionLoss, paired

__all__ = [
    "CategoricalHinge",
    "Hinge",
    "MulticlassHinge",
    "SquaredHinge",
    "categorical_hinge",
    "hinge",
    "multiclass_hinge",
    "squared_hinge",
]


def _signs(t: Any) -> Any:
    """Targets as ±1: where all of them are 0 or 1, 0 means −1."""
    values = np.asarray(as_tensor(t).value)
    return 2.0 * t - 1.0 if ((values == 0) | (values == 1)).all() else t


def hinge(y_true: Any, y_pred: Any) -> Any:
    """mean(max(1 − t·y, 0)) over the last axis, for targets ±1 (or all of them 0 or 1)."""
    t, y = paired(y_true, y_pred)
    return ops.mean(ops.relu(1.0 - _signs(t) * y), axis=-1)


def squared_hinge(y_true: Any, y_pred: Any) -> Any:
    """mean(max(1 − t·y, 0)²)."""
    t, y = paired(y_true, y_pred)
    return ops.mean(ops.square(ops.relu(1.0 - _signs(t) * y)), axis=-1)


def categorical_hinge(y_true: Any, y_pred: Any) -> Any:
    """max(max((1 − t)·y) − Σ t·y + 1, 0) for one-hot targets."""
    t, y = paired(y_true, y_pred)
    wrong = ops.amax((1.0 - t) * y, axis=-1)
    return ops.relu(wrong - ops.sum(t * y, axis=-1) + 1.0)


def multiclass_hinge(y_true: Any, y_pred: Any, delta: float = 1.0) -> Any:
    """Σ_{j≠o} max(0, z_j − z_o + Δ), the SVM loss of the lessons; o is the target's class.

    Targets are one-hot rows or class numbers.
    """
    z = as_tensor(y_pred)
    t = np.asarray(as_tensor(y_true).value)
    if t.shape != z.shape:
        t = ops.one_hot(t[..., 0] if t.shape == (*z.shape[:-1], 1) else t, z.shape[-1])
    t, z = paired(t, z)
    own = ops.sum(t * z, axis=-1, keepdims=True)
    return ops.sum((1.0 - t) * ops.relu(z - own + delta), axis=-1)


class Hinge(FunctionLoss):
    """max(1 − t·y, 0), for targets ±1."""

    function = staticmethod(hinge)


class SquaredHinge(FunctionLoss):
    """max(1 − t·y, 0)²."""

    function = staticmethod(squared_hinge)


class CategoricalHinge(FunctionLoss):
    """max(largest wrong score − right score + 1, 0)."""

    function = staticmethod(categorical_hinge)


class MulticlassHinge(FunctionLoss):
    """Σ_{j≠o} max(0, z_j − z_o + Δ): every wrong class within the margin Δ costs."""

    function = staticmethod(multiclass_hinge)
    options = {"delta": 1.0}
