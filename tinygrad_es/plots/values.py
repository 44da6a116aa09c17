"""What is drawn, checked before any figure is made: arrays of finite numbers, classes, scores."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

__all__ = ["class_numbers", "finite", "function_of", "points"]


def finite(name: str, values: Any, ndim: int) -> Any:
    """An array of finite numbers with so many axes, or a ValueError.

    A column, (n, 1), is a vector too.
    """
    array = np.asarray(values)
    if array.dtype.kind not in "fiub":
        raise ValueError(f"{name}: expected numbers. Received: {array.dtype} values.")
    if ndim == 1 and array.ndim == 2 and array.shape[1] == 1:
        array = array[:, 0]
    if array.ndim != ndim or array.size == 0:
        hint = "; of one column, x[:, k]" if (array.ndim, ndim) == (2, 1) and array.size else ""
        raise ValueError(
            f"{name}: expected an array with {ndim} {'axis' if ndim == 1 else 'axes'} that is not "
            f"empty. Received: shape {array.shape}{hint}."
        )
    bad = array.size - np.count_nonzero(np.isfinite(array))
    if bad:
        raise ValueError(f"{name}: expected finite numbers. Received: {bad} NaN or infinite.")
    return array


def points(name: str, values: Any) -> Any:
    """Finite points of the plane, (n, 2), or a ValueError."""
    array = finite(name, values, 2)
    if array.shape[1] != 2:
        raise ValueError(
            f"{name}: expected points of two coordinates, (n, 2). Received: shape {array.shape}."
        )
    return array


def class_numbers(name: str, labels: Any) -> Any:
    """Labels as whole numbers, (n,): they may come as a column, or as one-hot rows."""
    array = np.asarray(labels)
    if array.ndim == 2 and array.shape[1] > 1:
        return finite(name, array, 2).argmax(axis=1)
    array = finite(name, array, 1)
    whole = array.astype(int)
    if (whole != array).any():
        raise ValueError(f"{name}: expected whole numbers. Received: {array[whole != array][0]}.")
    return whole


def function_of(model: Any) -> Callable[[Any], Any]:
    """A model's `predict`, quietly, or the function itself."""
    if hasattr(model, "predict"):
        return lambda x: model.predict(x, verbose=0)
    if callable(model):
        return model
    raise TypeError(
        "expected a model with `predict`, or a function of an array. Received: "
        f"{type(model).__name__}."
    )
