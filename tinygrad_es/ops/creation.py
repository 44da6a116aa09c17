"""New Tensors: zeros, ones, ranges, identities."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..autodiff.config import float_dtype
from ..autodiff.primitive import composite
from ..autodiff.tensor import Tensor, as_tensor


def made(array: Any, requires_grad: bool) -> Tensor:
    """A Tensor of an array that nobody else holds."""
    tensor = as_tensor(array)
    if requires_grad:
        tensor.requires_grad = True
    return tensor


def zeros(shape: Any, dtype: Any = None, *, requires_grad: bool = False) -> Tensor:
    """A Tensor of zeros.

    >>> from tinygrad_es import ops
    >>> ops.zeros((2, 3)).shape
    (2, 3)
    """
    return made(np.zeros(shape, dtype or float_dtype()), requires_grad)


def ones(shape: Any, dtype: Any = None, *, requires_grad: bool = False) -> Tensor:
    """A Tensor of ones."""
    return made(np.ones(shape, dtype or float_dtype()), requires_grad)


def empty(shape: Any, dtype: Any = None, *, requires_grad: bool = False) -> Tensor:
    """A Tensor whose elements nobody has set."""
    return made(np.empty(shape, dtype or float_dtype()), requires_grad)


def full(shape: Any, fill_value: Any, dtype: Any = None, *, requires_grad: bool = False) -> Tensor:
    """A Tensor in which every element is `fill_value`."""
    return made(np.full(shape, fill_value, dtype or float_dtype()), requires_grad)


@composite
def full_like(x: Any, fill_value: Any) -> Tensor:
    """A Tensor of the shape and dtype of x in which every element is `fill_value`."""
    x = as_tensor(x)
    return as_tensor(np.full(x.shape, fill_value, x.dtype))


@composite
def empty_like(x: Any) -> Tensor:
    """A Tensor of the shape and dtype of x whose elements nobody has set."""
    x = as_tensor(x)
    return as_tensor(np.empty(x.shape, x.dtype))


def eye(n: int, m: int | None = None, dtype: Any = None) -> Tensor:
    """The identity matrix."""
    return as_tensor(np.eye(n, m, dtype=dtype or float_dtype()))


def arange(*limits: Any, dtype: Any = None) -> Tensor:
    """start, start + step, … below stop; integers stay int64."""
    array = np.arange(*limits, dtype=dtype)
    return as_tensor(
        array.astype(float_dtype()) if dtype is None and array.dtype.kind == "f" else array
    )


def linspace(start: float, stop: float, num: int = 50, dtype: Any = None) -> Tensor:
    """`num` equally spaced numbers from start to stop, both included."""
    return as_tensor(np.linspace(start, stop, num, dtype=dtype or float_dtype()))


def from_numpy(array: Any) -> Tensor:
    """A Tensor that shares memory with a NumPy array."""
    if not isinstance(array, np.ndarray):
        raise TypeError(f"from_numpy: expected an ndarray. Received: {type(array).__name__}.")
    return as_tensor(array)
