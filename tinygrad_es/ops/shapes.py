"""Composites that move, join, cut and pad elements."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..autodiff import rules as r
from ..autodiff.errors import ShapeError, describe
from ..autodiff.primitive import composite
from ..autodiff.tensor import as_tensor
from .reductions import axes_of


def _ints(name: str, values: tuple[Any, ...]) -> tuple[int, ...]:
    """Sizes or axes given one by one or as one sequence."""
    if len(values) == 1 and isinstance(values[0], (tuple, list, np.ndarray)):
        values = tuple(values[0])
    try:
        return tuple(v.__index__() for v in values)
    except (AttributeError, TypeError):
        raise TypeError(f"{name}: expected integers. Received: {values!r}.") from None


@composite
def reshape(x: Any, *sizes: Any, shape: Any = None, order: str = "C") -> Any:
    """The same elements, in row order, in another shape; one length may be −1.

    >>> from tinygrad_es import Tensor
    >>> Tensor([1.0, 2.0, 3.0, 4.0]).reshape(2, -1)
    tensor([[1., 2.],
            [3., 4.]])
    """
    x = as_tensor(x)
    if order != "C":
        raise ValueError(f"reshape: expected order='C' (row order). Received: order={order!r}.")
    wanted = _ints("reshape", sizes if shape is None else (*sizes, shape))
    known = int(np.prod([n for n in wanted if n != -1]))
    if wanted.count(-1) == 1 and known and x.size % known == 0:
        wanted = tuple(x.size // known if n == -1 else n for n in wanted)
    elif wanted.count(-1) or known != x.size:
        raise ShapeError(
            f"reshape: shape {wanted} is invalid for {x.size} elements. Received: shape {x.shape}; "
            "expected lengths whose product is the same, at most one of them −1."
        )
    return r.reshape(x, shape=wanted)


@composite
def view(x: Any, *shape: Any) -> Any:
    """`reshape`, by PyTorch's name."""
    return reshape(x, *shape)


@composite
def copy(x: Any, order: str = "C") -> Any:
    """A copy, by NumPy's name: `clone`, through which the gradient passes."""
    if order not in ("C", "F", "A", "K"):
        raise ValueError(f"copy: expected order 'C', 'F', 'A' or 'K'. Received: {order!r}.")
    return r.clone(x)


@composite
def flatten(x: Any, start_axis: int = 0, end_axis: int = -1) -> Any:
    """The axes from `start_axis` to `end_axis` as one."""
    x = as_tensor(x)
    if x.ndim == 0:
        return r.reshape(x, shape=(1,))
    first, last = axes_of("flatten", x, start_axis), axes_of("flatten", x, end_axis)
    if first > last:
        raise ValueError(f"flatten: start_axis {start_axis} comes after end_axis {end_axis}.")
    middle = int(np.prod(x.shape[first : last + 1]))
    return r.reshape(x, shape=(*x.shape[:first], middle, *x.shape[last + 1 :]))


@composite
def ravel(x: Any) -> Any:
    """All elements along one axis."""
    return flatten(x)


@composite
def transpose(x: Any, *order: Any, axes: Any = None) -> Any:
    """The axes in another order; without arguments, reversed."""
    x = as_tensor(x)
    given = order if axes is None else (*order, axes)
    if not given or given == (None,):
        return r.transpose(x, axes=None)
    order = axes_of("transpose", x, _ints("transpose", given))
    if len(order) != x.ndim:
        raise ValueError(
            f"transpose: expected all {x.ndim} axes of shape {x.shape}. Received: {given}. "
            "To exchange two axes, use swapaxes(a, b)."
        )
    return r.transpose(x, axes=order)


@composite
def permute(x: Any, *axes: Any) -> Any:
    """`transpose` with all axes named, PyTorch's name."""
    return transpose(x, *axes)


@composite
def permute_dims(x: Any, axes: Any) -> Any:
    """`transpose` with all axes named, the array API's name."""
    return transpose(x, axes)


@composite
def swapaxes(x: Any, axis1: int, axis2: int) -> Any:
    """Two axes exchanged."""
    x = as_tensor(x)
    order = list(range(x.ndim))
    a, b = axes_of("swapaxes", x, axis1), axes_of("swapaxes", x, axis2)
    order[a], order[b] = order[b], order[a]
    return r.transpose(x, axes=tuple(order))


@composite
def moveaxis(x: Any, source: Any, destination: Any) -> Any:
    """Axes moved to other places, the rest in their order."""
    x = as_tensor(x)
    sources = axes_of("moveaxis", x, source if isinstance(source, (tuple, list)) else (source,))
    targets = destination if isinstance(destination, (tuple, list)) else (destination,)
    places = axes_of("moveaxis", x, targets)
    order = [i for i in range(x.ndim) if i not in sources]
    for place, axis in sorted(zip(places, sources, strict=True)):
        order.insert(place, axis)
    return r.transpose(x, axes=tuple(order))


@composite
def squeeze(x: Any, axis: Any = None) -> Any:
    """Without the axes of length 1 (all of them, or those named)."""
    x = as_tensor(x)
    found = axes_of("squeeze", x, axis)
    if found is None:
        return r.reshape(x, shape=tuple(n for n in x.shape if n != 1))
    named = found if isinstance(found, tuple) else (found,)
    if any(x.shape[a] != 1 for a in named):
        raise ShapeError(f"squeeze: axis {axis} of shape {x.shape} is not of length 1.")
    return r.reshape(x, shape=tuple(n for i, n in enumerate(x.shape) if i not in named))


@composite
def expand_dims(x: Any, axis: Any) -> Any:
    """A new axis of length 1 at each named place."""
    x = as_tensor(x)
    named = axis if isinstance(axis, (tuple, list)) else (axis,)
    total = x.ndim + len(named)
    if any(not -total <= a < total for a in named):
        raise IndexError(f"expand_dims: axis {axis} is out of range for {total} axes.")
    places = {a % total for a in named}
    rest = iter(x.shape)
    return r.reshape(x, shape=tuple(1 if i in places else next(rest) for i in range(total)))


@composite
def unsqueeze(x: Any, axis: int) -> Any:
    """`expand_dims`, by PyTorch's name."""
    return expand_dims(x, axis)


@composite
def broadcast_to(x: Any, shape: Any) -> Any:
    """x repeated along new axes and axes of length 1."""
    return r.broadcast_to(x, shape=_ints("broadcast_to", (shape,)))


@composite
def expand(x: Any, *shape: Any) -> Any:
    """`broadcast_to`, by PyTorch's name; −1 keeps a length."""
    x = as_tensor(x)
    sizes = _ints("expand", shape)
    own = (1,) * (len(sizes) - x.ndim) + x.shape
    if len(sizes) < x.ndim:
        raise ShapeError(
            f"expand: expected at least {x.ndim} lengths for shape {x.shape}. Received: {sizes}."
        )
    return r.broadcast_to(
        x, shape=tuple(m if n == -1 else n for n, m in zip(sizes, own, strict=True))
    )


# --- moving, choosing and repeating elements ----------------------------------------------------


@composite
def flip(x: Any, axis: Any = None) -> Any:
    """The elements in reversed order along an axis, several, or all."""
    x = as_tensor(x)
    return r.flip(x, axis=axes_of("flip", x, axis))


@composite
def roll(x: Any, shift: Any, axis: Any = None) -> Any:
    """The elements moved along an axis (or several, one shift for each); those that fall off come
    back at the other end."""
    x = as_tensor(x)
    if isinstance(axis, (tuple, list)):
        for n, a in np.broadcast(shift, axis):
            x = roll(x, int(n), int(a))
        return x
    if axis is None:
        return r.reshape(roll(flatten(x), shift, 0), shape=x.shape)
    axis = axes_of("roll", x, axis)
    order = np.roll(np.arange(x.shape[axis]), shift)
    return take(x, order, axis)


@composite
def take(x: Any, indices: Any, axis: int | None = None) -> Any:
    """The slices of x at `indices` along an axis (of the flattened elements without one)."""
    x = as_tensor(x)
    where = as_tensor(np.asarray(indices) if isinstance(indices, (list, tuple)) else indices)
    chosen = np.asarray(where.value).astype(np.intp)
    if axis is None:
        return r.getitem(flatten(x), index=(chosen,))
    axis = axes_of("take", x, axis)
    return r.getitem(x, index=(*[slice(None)] * axis, chosen))


@composite
def index_select(x: Any, axis: int, indices: Any) -> Any:
    """`take` along an axis, by PyTorch's name and order."""
    return take(x, indices, axis)


@composite
def index_add(x: Any, axis: int, indices: Any, values: Any) -> Any:
    """x with the values added at `indices` along an axis; repeated indices accumulate."""
    x = as_tensor(x)
    axis = axes_of("index_add", x, axis)
    where = (*[slice(None)] * axis, np.asarray(as_tensor(indices).value).astype(np.intp))
    return x + r.scatter_add(as_tensor(values), index=where, shape=x.shape)


@composite
def repeat(x: Any, repeats: int, axis: int | None = None) -> Any:
    """Each element repeated, as NumPy (for whole copies, as PyTorch's repeat, use `tile`)."""
    x = as_tensor(x)
    if axis is None:
        return repeat(flatten(x), repeats, 0)
    n = x.shape[axes_of("repeat", x, axis)]
    return take(x, np.repeat(np.arange(n), repeats), axis)


@composite
def tile(x: Any, reps: Any) -> Any:
    """Whole copies of x along the axes."""
    x = as_tensor(x)
    times = reps if isinstance(reps, (tuple, list)) else (reps,)
    n = max(x.ndim, len(times))
    times = (1,) * (n - len(times)) + tuple(times)
    own = (1,) * (n - x.ndim) + x.shape
    mixed = [m for pair in zip(times, own, strict=True) for m in pair]
    wide = r.broadcast_to(
        r.reshape(x, shape=tuple(m for k in own for m in (1, k))), shape=tuple(mixed)
    )
    return r.reshape(wide, shape=tuple(t * k for t, k in zip(times, own, strict=True)))


@composite
def pad(x: Any, pad_width: Any, mode: str = "constant", constant_values: float = 0.0) -> Any:
    """x with `constant_values` around it: (before, after) for every axis, as NumPy."""
    x = as_tensor(x)
    if mode != "constant":
        raise ValueError(f"pad: expected mode 'constant'. Received: {mode!r}.")
    widths = np.broadcast_to(np.asarray(pad_width, dtype=int), (x.ndim, 2)).tolist()
    shape = tuple(n + a + b for n, (a, b) in zip(x.shape, widths, strict=True))
    index = tuple(slice(a, a + n) for n, (a, _) in zip(x.shape, widths, strict=True))
    if constant_values == 0.0:
        return r.scatter_add(x, index=index, shape=shape)
    return r.setitem(np.full(shape, constant_values, dtype=x.dtype), x, index=index)


@composite
def tril(x: Any, k: int = 0) -> Any:
    """The lower triangle, up to the k-th diagonal."""
    return r.tril(x, k=k)


@composite
def triu(x: Any, k: int = 0) -> Any:
    """The upper triangle, from the k-th diagonal."""
    return r.triu(x, k=k)


@composite
def diagonal(x: Any, offset: int = 0) -> Any:
    """The diagonal of a matrix."""
    x = as_tensor(x)
    if x.ndim != 2:
        raise ShapeError(f"diagonal: expected a matrix. Received: {describe(x)}.")
    n = max(min(x.shape[0] + min(offset, 0), x.shape[1] - max(offset, 0)), 0)
    rows = np.arange(n) - min(offset, 0)
    return r.getitem(x, index=(rows, rows + offset))


@composite
def diag(x: Any, k: int = 0) -> Any:
    """The diagonal of a matrix, or the matrix with a vector on its diagonal."""
    x = as_tensor(x)
    if x.ndim != 1:
        return diagonal(x, k)
    rows = np.arange(x.size) - min(k, 0)
    n = x.size + abs(k)
    return r.scatter_add(x, index=(rows, rows + k), shape=(n, n))


@composite
def astype(x: Any, dtype: Any, copy: bool = True) -> Any:
    """x in another dtype. `copy` is accepted for NumPy's sake: a Tensor is never written to."""
    x = as_tensor(x)
    return r.astype(x, dtype=np.dtype(dtype).name)
