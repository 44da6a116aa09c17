"""Images (batch, height, width, channels) moved, turned, scaled and sheared."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..autodiff import rules as r
from ..autodiff.errors import ShapeError, describe
from ..autodiff.tensor import Tensor, as_tensor

__all__ = ["FILL_MODES", "INTERPOLATIONS", "affine_transform"]


def _reflected(i: Any, n: int) -> Any:
    i = i % (2 * n)
    return np.minimum(i, 2 * n - 1 - i)


# which of the n pixels of a line is read at place i
_READ: dict[str, Callable[[Any, int], Any]] = {
    "reflect": _reflected,  # d c b a | a b c d | d c b a
    "wrap": lambda i, n: i % n,  # a b c d | a b c d | a b c d
    "constant": lambda i, n: np.clip(i, 0, n - 1),  # k k k k | a b c d | k k k k
    "nearest": lambda i, n: np.clip(i, 0, n - 1),  # a a a a | a b c d | d d d d
}
FILL_MODES = tuple(_READ)
INTERPOLATIONS = ("nearest", "bilinear")


def affine_transform(
    images: Any,
    transform: Any,
    interpolation: str = "bilinear",
    fill_mode: str = "constant",
    fill_value: float = 0.0,
) -> Tensor:
    """The pixel (x, y) of the result is read at (a₀x + a₁y + a₂, b₀x + b₁y + b₂) of the image.

    Args:
        images: (batch, height, width, channels), or one image without the batch.
        transform: (a₀, a₁, a₂, b₀, b₁, b₂, 0, 0), or one such row for each image; in pixels.
        interpolation: "bilinear" between the four pixels around, or the "nearest" one.
        fill_mode: what is read outside: "constant", "nearest", "wrap" or "reflect".
        fill_value: that constant.

    The gradient goes to the images. Integers are rounded and stay integers.

    Source: `keras.ops.image.affine_transform`.

    Raises:
        ValueError: shapes that do not fit, unknown names, numbers that are not finite.

    >>> from tinygrad_es import ops
    >>> line = ops.reshape([1.0, 2.0, 3.0, 4.0], (1, 4, 1))
    >>> left = ops.image.affine_transform(line, [1, 0, 1, 0, 1, 0, 0, 0])
    >>> left.ravel().tolist()
    [2.0, 3.0, 4.0, 0.0]
    """
    one_of("interpolation", interpolation, INTERPOLATIONS)
    one_of("fill_mode", fill_mode, FILL_MODES)
    x = as_tensor(images)
    if x.ndim not in (3, 4):
        raise ShapeError(
            "affine_transform: expected images (batch, height, width, channels), or one image. "
            f"Received: {describe(x)}."
        )
    if x.ndim == 3:
        whole = r.reshape(x, shape=(1, *x.shape))
        moved = affine_transform(whole, transform, interpolation, fill_mode, fill_value)
        return r.reshape(moved, shape=x.shape)
    batch, height, width, channels = x.shape
    dtype = x.dtype if x.dtype.kind == "f" else np.dtype("float32")
    at_x, at_y = _places(_rows(transform, batch, dtype), height, width)
    read = _READ[fill_mode]
    pixels = r.reshape(x, shape=(batch * height * width, channels))
    first = np.arange(batch).reshape(-1, 1, 1) * (height * width)
    total: Any = 0.0
    for i, share_y in _neighbours(at_y, interpolation):
        for j, share_x in _neighbours(at_x, interpolation):
            index = first + read(i, height) * width + read(j, width)
            found = r.getitem(pixels, index=(index.ravel(),))
            if fill_mode == "constant":
                inside = (i >= 0) & (i < height) & (j >= 0) & (j < width)
                found = r.where(inside.reshape(-1, 1), found, float(fill_value))
            total = total + found * (share_y * share_x).reshape(-1, 1)
    if x.dtype.kind != "f":
        total = r.astype(r.round(total), dtype=x.dtype)
    return r.reshape(total, shape=x.shape)


def one_of(name: str, value: Any, known: tuple[str, ...]) -> None:
    """A ValueError for a name that is not known."""
    if value not in known:
        raise ValueError(
            f"Invalid value for argument `{name}`. Expected one of {known}. Received: "
            f"{name}={value!r}"
        )


def _rows(transform: Any, batch: int, dtype: Any) -> Any:
    """The six numbers of each image."""
    rows = np.asarray(as_tensor(transform).value, dtype=dtype)
    if rows.shape not in ((8,), (1, 8), (batch, 8)):
        raise ShapeError(
            f"affine_transform: expected a transform of shape (8,) or ({batch}, 8). Received: "
            f"{describe(transform)}."
        )
    if not np.isfinite(rows).all() or rows[..., 6:].any():
        raise ValueError(
            "affine_transform: expected finite numbers, the last two of them 0 (no perspective). "
            f"Received: {rows.tolist()}."
        )
    return np.broadcast_to(rows, (batch, 8))[:, :6]


def _places(rows: Any, height: int, width: int) -> tuple[Any, Any]:
    """Where each pixel of each result is read: (batch, height, width), twice."""
    a0, a1, a2, b0, b1, b2 = rows.T[:, :, None, None]
    x = np.arange(width, dtype=rows.dtype)
    y = np.arange(height, dtype=rows.dtype)[:, None]
    return a0 * x + a1 * y + a2, b0 * x + b1 * y + b2


def _neighbours(at: Any, interpolation: str) -> list[tuple[Any, Any]]:
    """The pixels that are read along one axis, each with its share."""
    if interpolation == "nearest":
        return [(np.rint(at).astype(np.intp), np.ones((1, 1, 1), at.dtype))]
    below = np.floor(at)
    share = at - below
    i = below.astype(np.intp)
    return [(i, 1.0 - share), (i + 1, share)]
