"""Promotion: which dtype the inputs of an operation take, and its result.

A Python float is weak: it takes the dtype of the arrays it meets, and stays a float among floats.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .config import float_dtype

__all__ = ["beside", "is_truth", "materialise", "promote", "settle"]

ndarray = np.ndarray


def beside(number: int, other: Any) -> Any:
    """A Python int beside another value: among integers it stays one, else it is a weak float."""
    if type(other) is ndarray and other.dtype.kind in "iub":
        limits = np.iinfo(other.dtype if other.dtype.kind != "b" else np.int64)
        if limits.min <= number <= limits.max:  # what does not fit must not wrap around
            return np.asarray(number)
    return float(number)


def is_truth(value: Any) -> bool:
    """One truth value, as `where` takes it: it does not decide the dtype of a float result."""
    return value.ndim == 0 and value.dtype.kind == "b"


def materialise(values: list[Any]) -> list[Any]:
    """Python floats as 0-d arrays, of the dtype of the arrays beside them."""
    dtype = next((v.dtype for v in values if type(v) is ndarray and v.dtype.kind == "f"), None)
    return [np.asarray(v, dtype=dtype or np.float64) if type(v) is float else v for v in values]


def promote(values: list[Any]) -> list[Any]:
    """Arrays of one dtype, by PyTorch's rules: kind (bool < int < float), then axes, then size.

    A 0-d array does not raise the size of one with axes; an integer does not raise a float's.
    """
    dtypes = {v.dtype for v in values if type(v) is not float}
    if len(dtypes) == 1:
        return values
    found = [v for v in values if type(v) is not float]
    kinds = [{"b": 0, "i": 1, "u": 1, "f": 2}[v.dtype.kind] for v in found]
    leading = [v for v, kind in zip(found, kinds, strict=True) if kind == max(kinds)]
    with_axes = [v for v in leading if v.ndim] or leading
    dtype = np.result_type(*(v.dtype for v in with_axes))
    return [v if type(v) is float or v.dtype == dtype else v.astype(dtype) for v in values]


def settle(y: Any, values: list[Any]) -> Any:
    """The result as an ndarray; floats made of integers alone take `floatx`."""
    if type(y) is not ndarray:
        y = np.asarray(y)
    if values and type(values[0]) is ndarray and values[0].dtype is y.dtype:
        return y
    made_of_floats = any(type(v) is ndarray and v.dtype.kind == "f" for v in values)
    return y.astype(float_dtype()) if y.dtype.kind == "f" and not made_of_floats else y
