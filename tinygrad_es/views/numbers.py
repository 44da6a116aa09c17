"""Numbers and arrays in few characters, the same in every view."""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["brief", "heat", "rms", "short"]

BLOCK = 8  # rows and columns of a heat map


def short(value: Any) -> str:
    """A number with four digits; a small array in full; a large one by shape, range and mean.

    >>> short(-12.0), short(np.array([1.0, 2.5])), short(np.zeros((32, 64)))
    ('-12', '[1 2.5]', '(32, 64) all 0')
    """
    if value is None:
        return "—"
    if np.ndim(value) == 0:
        return f"{float(value) + 0.0:.4g}"
    array = np.asarray(value)
    if array.size == 0:
        return f"{array.shape} empty"
    if array.size <= 4 and array.ndim == 1:
        return "[" + " ".join(f"{float(v) + 0.0:.4g}" for v in array) + "]"
    with np.errstate(all="ignore"):
        low, high, mean = (float(f(array.astype(float))) for f in (np.min, np.max, np.mean))
    if low == high:
        return f"{array.shape} all {low + 0.0:.4g}"
    if array.dtype.kind == "f" and abs(mean) < 4 * np.finfo(array.dtype).eps * max(-low, high):
        mean = 0.0  # what rounding left of a sum that cancels
    return f"{array.shape} {low:.3g} … {high:.3g}, mean {mean:.3g}"


def brief(value: Any) -> str:
    """Still shorter, for an arrow: a number, or an array's shape and root mean square.

    >>> brief(-4.0), brief(np.ones((2, 3)))
    ('−4', '(2, 3) rms 1')
    """
    if value is None:
        return "—"
    if np.ndim(value) == 0:
        return f"{float(value) + 0.0:.4g}".replace("-", "−")
    array = np.asarray(value)
    if array.size == 0:
        return f"{array.shape} empty"
    if array.size <= 3 and array.ndim == 1:
        return ("[" + " ".join(f"{float(v) + 0.0:.3g}" for v in array) + "]").replace("-", "−")
    return f"{array.shape} rms {rms(array):.3g}"


def rms(value: Any) -> float:
    """The root mean square: the size of an array's elements, whatever their number; 0 for none.

    >>> rms(np.array([3.0, -4.0, 0.0, 0.0]))
    2.5
    """
    if type(value) is float:
        return abs(value)
    array = np.asarray(value, dtype=np.float64)
    if not array.size:
        return 0.0
    with np.errstate(all="ignore"):
        scale = float(np.max(np.abs(array)))
        if not 0.0 < scale < float("inf"):
            return scale
        return scale * float(np.sqrt(np.mean(np.square(array / scale))))


def heat(value: Any) -> tuple[tuple[float, ...], ...]:
    """A small map of an array: at most 8×8 means of blocks, scaled to −1 … 1 by the largest.

    Rows are the first axes together, columns the last one. Cells that hold a NaN are NaN. Empty
    for a number and for an empty array.

    >>> heat(np.array([[1.0, -2.0]]))
    ((0.5, -1.0),)
    """
    array = np.asarray(value, dtype=np.float64)
    if array.ndim == 0 or array.size < 2:
        return ()
    table = array.reshape(-1, array.shape[-1])
    rows, columns = (_edges(n) for n in table.shape)
    with np.errstate(all="ignore"):
        sums = np.add.reduceat(np.add.reduceat(table, rows, axis=0), columns, axis=1)
        sizes = np.outer(np.diff([*rows, len(table)]), np.diff([*columns, table.shape[1]]))
        cells = sums / sizes
        finite = np.abs(cells[np.isfinite(cells)])
        scale = float(finite.max()) if finite.size and finite.max() > 0 else 1.0
        cells = np.clip(cells / scale, -1.0, 1.0)
    return tuple(tuple(float(round(v, 2)) + 0.0 for v in row) for row in cells)


def _edges(length: int) -> list[int]:
    """Where blocks begin: at most 8 of them, of nearly equal length."""
    count = min(length, BLOCK)
    return [length * k // count for k in range(count)]
