"""Composites that join Tensors and cut them into parts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..autodiff import rules as r
from ..autodiff.errors import ShapeError
from ..autodiff.primitive import composite
from ..autodiff.tensor import Tensor, as_tensor
from .reductions import axes_of
from .shapes import expand_dims, flatten


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
    if chunks < 1:
        raise ValueError(f"chunk: expected at least one part. Received: chunks={chunks}.")
    step = max(-(-n // chunks), 1)
    return split(x, list(range(step, n, step)), axis)
