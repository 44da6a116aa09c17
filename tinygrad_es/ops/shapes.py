"""Composites that move, join, cut and pad elements."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..autodiff import rules as r
from ..autodiff.errors import ShapeError, describe
from ..autodiff.primitive import composite
from ..autodiff.tensor import Tensor, as_tensor
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
def reshape(x: Any, *shape: Any, **named: Any) -> Any:
    """The same elements, in row order, in another shape; one length may be −1.

    >>> from tinygrad_es import Tensor
    >>> Tensor([1.0, 2.0, 3.0, 4.0]).reshape(2, -1)
    tensor([[1., 2.],
            [3., 4.]])
    """
    x = as_tensor(x)
    if "shape" in named and not shape:
        shape = (named["shape"],)
    sizes = _ints("reshape", shape)
    known = int(np.prod([n for n in sizes if n != -1]))
    if sizes.count(-1) == 1 and known and x.size % known == 0:
        sizes = tuple(x.size // known if n == -1 else n for n in sizes)
    elif sizes.count(-1) or known != x.size:
        raise ShapeError(
            f"reshape: shape {sizes} is invalid for {x.size} elements. Received: shape {x.shape}; "
            "expected lengths whose product is the same, at most one of them −1."
        )
    return r.reshape(x, shape=sizes)


@composite
def view(x: Any, *shape: Any) -> Any:
    """`reshape`, by PyTorch's name."""
    return reshape(x, *shape)


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
def transpose(x: Any, *axes: Any) -> Any:
    """The axes in another order; without arguments, reversed."""
    x = as_tensor(x)
    if not axes or axes == (None,):
        return r.transpose(x, axes=None)
    order = axes_of("transpose", x, _ints("transpose", axes))
    if len(order) != x.ndim:
        raise ValueError(
            f"transpose: expected all {x.ndim} axes of shape {x.shape}. Received: {axes}. "
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
    return r.broadcast_to(
        x, shape=tuple(m if n == -1 else n for n, m in zip(sizes, own, strict=True))
    )


# --- joining ------------------------------------------------------------------------------------


def _tensors(name: str, tensors: Any) -> list[Tensor]:
    found = [as_tensor(t) for t in tensors]
    if not found:
        raise ValueError(f"{name}: expected at least one Tensor. Received: none.")
    return found


@composite
def concatenate(tensors: Sequence[Any], axis: int | None = 0) -> Any:
    """The Tensors one after the other along an axis.

    >>> from tinygrad_es import Tensor, ops
    >>> ops.concatenate([Tensor([1.0]), Tensor([2.0, 3.0])])
    tensor([1., 2., 3.])
    """
    found = _tensors("concatenate", tensors)
    if axis is None:
        return r.concatenate(*(flatten(t) for t in found), axis=0)
    axis = axes_of("concatenate", found[0], axis)
    rest = [t.shape[:axis] + t.shape[axis + 1 :] for t in found]
    if found[0].ndim == 0 or any(s != rest[0] for s in rest):
        raise ShapeError(
            f"concatenate: expected shapes that are equal but on axis {axis}. Received: "
            f"{[t.shape for t in found]}."
        )
    return r.concatenate(*found, axis=axis)


@composite
def cat(tensors: Sequence[Any], axis: int = 0) -> Any:
    """`concatenate`, by PyTorch's name."""
    return concatenate(tensors, axis)


@composite
def stack(tensors: Sequence[Any], axis: int = 0) -> Any:
    """The Tensors side by side along a new axis."""
    found = _tensors("stack", tensors)
    if any(t.shape != found[0].shape for t in found):
        raise ShapeError(
            f"stack: expected Tensors of one shape. Received: {[t.shape for t in found]}."
        )
    return concatenate([expand_dims(t, axis) for t in found], axis)


@composite
def vstack(tensors: Sequence[Any]) -> Any:
    """Rows one below the other."""
    return concatenate(
        [r.reshape(t, shape=(1, t.size)) if t.ndim < 2 else t for t in _tensors("vstack", tensors)]
    )


@composite
def hstack(tensors: Sequence[Any]) -> Any:
    """Side by side: along axis 1, or along the only axis."""
    found = [flatten(t) if t.ndim == 0 else t for t in _tensors("hstack", tensors)]
    return concatenate(found, 0 if found[0].ndim == 1 else 1)


# --- cutting and repeating ----------------------------------------------------------------------


@composite
def split(x: Any, indices_or_sections: Any, axis: int = 0) -> list[Any]:
    """Parts along an axis: a number of equal parts, or the places to cut at (as NumPy)."""
    x = as_tensor(x)
    axis = axes_of("split", x, axis)
    n = x.shape[axis]
    if isinstance(indices_or_sections, (int, np.integer)):
        if indices_or_sections <= 0 or n % indices_or_sections:
            raise ValueError(
                f"split: {n} elements on axis {axis} do not make {indices_or_sections} equal parts."
            )
        step = n // int(indices_or_sections)
        cuts = list(range(step, n, step)) if step else [0] * (int(indices_or_sections) - 1)
    else:
        cuts = [int(i) for i in indices_or_sections]
    index: list[Any] = [slice(None)] * x.ndim
    parts = []
    for start, stop in zip([None, *cuts], [*cuts, None], strict=True):
        index[axis] = slice(start, stop)
        parts.append(r.getitem(x, index=tuple(index)))
    return parts


@composite
def chunk(x: Any, chunks: int, axis: int = 0) -> list[Any]:
    """Parts of equal length along an axis, the last one perhaps shorter (as PyTorch)."""
    x = as_tensor(x)
    n = x.shape[axes_of("chunk", x, axis)]
    step = max(-(-n // chunks), 1)
    return split(x, list(range(step, n, step)), axis)


@composite
def flip(x: Any, axis: Any = None) -> Any:
    """The elements in reversed order along an axis, several, or all."""
    x = as_tensor(x)
    return r.flip(x, axis=axes_of("flip", x, axis))


@composite
def roll(x: Any, shift: int, axis: int | None = None) -> Any:
    """The elements moved along an axis; those that fall off come back at the other end."""
    x = as_tensor(x)
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
def astype(x: Any, dtype: Any) -> Any:
    """x in another dtype."""
    x = as_tensor(x)
    return r.astype(x, dtype=np.dtype(dtype).name)
