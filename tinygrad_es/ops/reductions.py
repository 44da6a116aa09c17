"""Composites that reduce, sort or accumulate along axes."""

from __future__ import annotations

import builtins
import math
from typing import Any

import numpy as np

from ..autodiff import rules as r
from ..autodiff.errors import describe
from ..autodiff.primitive import composite
from ..autodiff.tensor import Tensor, as_tensor

Axis = Any


def axes_of(name: str, x: Tensor, axis: Axis) -> Axis:
    """The axis or axes as non-negative integers; an IndexError says what was received."""
    if axis is None:
        return None
    if isinstance(axis, (tuple, list)):
        found = tuple(axes_of(name, x, a) for a in axis)
        if len(set(found)) != len(found):
            raise ValueError(f"{name}: an axis is named twice. Received: axis={axis!r}.")
        return found
    if isinstance(axis, (bool, np.bool_)) or not isinstance(axis, (int, np.integer)):
        raise TypeError(f"{name}: expected an integer axis. Received: {describe(axis)}.")
    if not -x.ndim <= axis < x.ndim:
        expected = f"an axis in [{-x.ndim}, {x.ndim - 1}]" if x.ndim else "none: it is one number"
        raise IndexError(
            f"{name}: axis {axis} is out of range for shape {x.shape}. Expected {expected}."
        )
    return int(axis) % x.ndim


@composite
def sum(x: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    """The sum over an axis, several axes, or all.

    >>> from tinygrad_es import Tensor
    >>> Tensor([[1.0, 2.0], [3.0, 4.0]]).sum(axis=0)
    tensor([4., 6.])
    """
    x = as_tensor(x)
    return r.sum(x, axis=axes_of("sum", x, axis), keepdims=keepdims)


@composite
def mean(x: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    """The arithmetic mean over an axis, several axes, or all."""
    x = as_tensor(x)
    return r.mean(x, axis=axes_of("mean", x, axis), keepdims=keepdims)


def _extreme(name: str, x: Any, axis: Axis, keepdims: bool) -> Any:
    """Over one axis the first extreme element gets the gradient; over all, ties share it."""
    x = as_tensor(x)
    axis = axes_of(name, x, axis)
    if x.size == 0 and (axis is None or x.shape[axis] == 0):
        raise ValueError(f"{name}: of nothing there is none. Received: shape {x.shape}.")
    if not isinstance(axis, int):
        return (r.amax if name == "max" else r.amin)(x, axis=axis, keepdims=keepdims)
    where = (r.argmax if name == "max" else r.argmin)(x, axis=axis, keepdims=True)
    found = take_along_axis(x, where, axis)
    return found if keepdims else r.reshape(found, shape=x.shape[:axis] + x.shape[axis + 1 :])


@composite
def max(x: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    """The largest element. At ties: over one axis the first gets the gradient (as pooling and
    PyTorch's `max(dim)`), over all or several axes they share it (`amax` shares always)."""
    return _extreme("max", x, axis, keepdims)


@composite
def min(x: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    """The smallest element; ties as in `max`."""
    return _extreme("min", x, axis, keepdims)


@composite
def amax(x: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    """The largest element; ties share the gradient equally."""
    x = as_tensor(x)
    return r.amax(x, axis=axes_of("amax", x, axis), keepdims=keepdims)


@composite
def amin(x: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    """The smallest element; ties share the gradient equally."""
    x = as_tensor(x)
    return r.amin(x, axis=axes_of("amin", x, axis), keepdims=keepdims)


@composite
def prod(x: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    """The product over an axis, several axes, or all; exact where elements are zero."""
    x = as_tensor(x)
    axis = axes_of("prod", x, axis)
    if not isinstance(axis, tuple):
        return r.prod(x, axis=axis, keepdims=keepdims)
    for a in sorted(axis, reverse=True):
        x = r.prod(x, axis=a, keepdims=keepdims)
    return x


@composite
def var(x: Any, axis: Axis = None, keepdims: bool = False, *, ddof: int = 0) -> Any:
    """The variance Σ(x − mean)²/(n − ddof). NumPy's default: ddof=0 (PyTorch's is 1)."""
    x = as_tensor(x)
    axis = axes_of("var", x, axis)
    deviation = x - r.mean(x, axis=axis, keepdims=True)
    total = r.sum(r.square(deviation), axis=axis, keepdims=keepdims)
    return total / _degrees(x, axis, ddof)


@composite
def std(x: Any, axis: Axis = None, keepdims: bool = False, *, ddof: int = 0) -> Any:
    """The standard deviation √var; the derivative where all elements are equal is 0."""
    x = as_tensor(x)
    axis = axes_of("std", x, axis)
    deviation = x - r.mean(x, axis=axis, keepdims=True)
    length = r.norm2(deviation, axis=axis, keepdims=keepdims)
    return length / _degrees(x, axis, ddof) ** 0.5


def _degrees(x: Tensor, axis: Axis, ddof: int) -> float:
    """n − ddof degrees of freedom; where there are none NumPy divides by 0, and so do we."""
    axes = range(x.ndim) if axis is None else axis if isinstance(axis, tuple) else (axis,)
    return float(builtins.max(math.prod(x.shape[a] for a in axes) - ddof, 0))


@composite
def logsumexp(x: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    """log Σ eˣ, without overflow."""
    x = as_tensor(x)
    return r.logsumexp(x, axis=axes_of("logsumexp", x, axis), keepdims=keepdims)


@composite
def norm(x: Any, ord: Any = None, axis: Axis = None, keepdims: bool = False) -> Any:
    """The norm of vectors: ord 2 (default), 1, inf, or any p > 0; of all elements or along an axis.

    A matrix with `ord=None` or "fro" has the Frobenius norm. The derivative at 0 is 0.
    """
    x = as_tensor(x)
    axis = axes_of("norm", x, axis)
    if ord in (None, 2, "fro") and (ord != 2 or x.ndim < 2 or isinstance(axis, int)):
        return r.norm2(x, axis=axis, keepdims=keepdims)
    if ord == 1 and (x.ndim == 1 or isinstance(axis, int)):
        return r.sum(r.abs(x), axis=axis, keepdims=keepdims)
    if ord in (np.inf, "inf") and (x.ndim == 1 or isinstance(axis, int)):
        return r.amax(r.abs(x), axis=axis, keepdims=keepdims)
    if isinstance(ord, (int, float)) and ord > 0 and (x.ndim == 1 or isinstance(axis, int)):
        total = r.sum(r.power(r.abs(x), float(ord)), axis=axis, keepdims=keepdims)
        zero = r.equal(total, 0.0)
        return r.where(zero, 0.0, r.power(r.where(zero, 1.0, total), 1.0 / ord))
    raise ValueError(
        f"norm: expected ord None, 'fro', or of vectors 1, 2, inf or p > 0 (name the axis). "
        f"Received: ord={ord!r}, axis={axis!r}, shape {x.shape}."
    )


# --- running totals, sorting, choosing ----------------------------------------------------------


def _flat_if_none(x: Any, axis: Axis, name: str) -> tuple[Tensor, int]:
    x = as_tensor(x)
    if axis is None:
        return r.reshape(x, shape=(x.size,)), 0
    return x, axes_of(name, x, axis)


@composite
def cumsum(x: Any, axis: int | None = None) -> Any:
    """The running sum along an axis; without an axis, of the flattened elements."""
    x, axis = _flat_if_none(x, axis, "cumsum")
    return r.cumsum(x, axis=axis)


@composite
def cumprod(x: Any, axis: int | None = None) -> Any:
    """The running product along an axis; without an axis, of the flattened elements."""
    x, axis = _flat_if_none(x, axis, "cumprod")
    return r.cumprod(x, axis=axis)


@composite
def take_along_axis(x: Any, indices: Any, axis: int | None = -1) -> Any:
    """One element of x for each index along an axis; the other axes broadcast, as in NumPy."""
    x, axis = _flat_if_none(x, axis, "take_along_axis")
    return _along(x, axis, _indices("take_along_axis", x, indices), x.shape)


@composite
def gather(x: Any, axis: int, indices: Any) -> Any:
    """`take_along_axis` by PyTorch's name and order: the other axes may be shorter than those of
    x, and do not broadcast."""
    x = as_tensor(x)
    axis = axes_of("gather", x, axis)
    where = _indices("gather", x, indices)
    return _along(x, axis, where, where.shape)


def _indices(name: str, x: Tensor, indices: Any) -> np.ndarray:
    where = np.asarray(as_tensor(indices).value)
    if where.ndim != x.ndim:
        raise ValueError(
            f"{name}: expected indices with {x.ndim} axes, as x. Received: {describe(where)}."
        )
    return where.astype(np.intp)


def _along(x: Tensor, axis: int, where: np.ndarray, lengths: tuple[int, ...]) -> Any:
    """x at `where` along an axis, at 0, 1, … of `lengths` along the others."""
    grid: list[Any] = list(np.ogrid[tuple(slice(n) for n in lengths)])
    grid[axis] = where
    return r.getitem(x, index=tuple(grid))


@composite
def sort(x: Any, axis: int | None = -1, *, descending: bool = False) -> Any:
    """The elements in ascending order along an axis; equal ones keep their order."""
    x, axis = _flat_if_none(x, axis, "sort")
    order = _descending(x, axis) if descending else r.argsort(x, axis=axis)
    return take_along_axis(x, order, axis)


def _descending(x: Tensor, axis: int) -> np.ndarray:
    """The order from large to small, equal ones as they stood; −x would not do for unsigned."""
    turned = np.flip(np.asarray(x.value), axis)
    order = np.argsort(turned, axis=axis, kind="stable")
    return x.shape[axis] - 1 - np.flip(order, axis)


@composite
def topk(x: Any, k: int, axis: int = -1) -> tuple[Any, Any]:
    """The k largest elements along an axis, descending, and their positions."""
    x, axis = _flat_if_none(x, axis, "topk")
    if not 0 <= k <= x.shape[axis]:
        raise ValueError(f"topk: expected 0 ≤ k ≤ {x.shape[axis]}. Received: k={k}.")
    first = np.take(_descending(x, axis), np.arange(k), axis=axis)
    return take_along_axis(x, first, axis), as_tensor(first)


@composite
def median(x: Any, axis: int | None = None, keepdims: bool = False) -> Any:
    """The middle element (the mean of the two middle ones of an even number, as NumPy).

    NaN where an element is NaN.
    """
    whole = axis is None
    original = as_tensor(x)
    x, axis = _flat_if_none(x, axis, "median")
    ordered, n = sort(x, axis), x.shape[axis]
    low = _slice(ordered, axis, (n - 1) // 2)
    middle = low if n % 2 else (low + _slice(ordered, axis, n // 2)) * 0.5
    last = _slice(ordered, axis, n - 1)  # NaN where there is one: sorting puts it last
    middle = r.where(r.isnan(last), last, middle)
    if keepdims:
        return r.reshape(middle, shape=(1,) * original.ndim if whole else middle.shape)
    return r.reshape(middle, shape=x.shape[:axis] + x.shape[axis + 1 :])


def _slice(x: Tensor, axis: int, i: int) -> Tensor:
    index = [slice(None)] * x.ndim
    index[axis] = slice(i, i + 1)
    return r.getitem(x, index=tuple(index))


@composite
def count_nonzero(x: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    """How many elements are not zero."""
    return as_tensor(np.count_nonzero(as_tensor(x).value, axis=axis, keepdims=keepdims))
