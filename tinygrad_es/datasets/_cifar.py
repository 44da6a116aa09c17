"""The two formats of CIFAR-10: the binary version, and the Python version without its pickles.

A batch of the binary version is records of 3,073 bytes: the label, then 1,024 red, 1,024 green
and 1,024 blue values, each row by row from the top.

A batch of the Python version is a pickle of a dict with `data`, an array (n, 3072) of the same
values, and `labels`, a list. An ordinary unpickler runs whatever code a file names. This one knows
three names, those with which NumPy writes arrays, and answers each with `_Inert`, which keeps
what it is given and does nothing; the numbers are then taken out of that. Any other name is an
error.

Source: A. Krizhevsky (2009), Learning multiple layers of features from tiny images.
"""

import io
import pickle
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tinygrad_es.datasets import _containers
from tinygrad_es.datasets._idx import Examples, check_images

RECORD = 1 + 3 * 32 * 32
"""Bytes of one labelled image of the binary version."""

_BINARY = [f"data_batch_{i}.bin" for i in range(1, 6)], "test_batch.bin"
_PYTHON = [f"data_batch_{i}" for i in range(1, 6)], "test_batch"
_ARRAYS = {
    ("numpy.core.multiarray", "_reconstruct"),
    ("numpy._core.multiarray", "_reconstruct"),
    ("numpy", "ndarray"),
    ("numpy", "dtype"),
}


def read_batches(path: Path) -> tuple[Examples, Examples] | None:
    """Return the training and the test part of a folder or a tar archive with the six batches.

    Returns None for a folder that has none of them, and ValueError for anything else that is
    not complete and whole.
    """
    for (train, test), parse in ((_BINARY, parse_binary), (_PYTHON, parse_python)):
        contents = _contents(path, [*train, test])
        if not contents:
            continue
        if missing := [name for name in [*train, test] if name not in contents]:
            raise _containers.damaged(path, "five batches and a test batch", f"no {missing[0]}")
        where = {name: path / name for name in contents}
        parts = [parse(contents.pop(name), where[name]) for name in train]
        return _joined(parts, str(path)), _joined(
            [parse(contents[test], where[test])], str(where[test])
        )
    if path.is_dir():
        return None
    raise _containers.damaged(path, f"{_BINARY[0][0]} to {_BINARY[1]}", "an archive without them")


def parse_binary(content: bytes, path: Path) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Return pixels (n, 3072) and labels (n,) of a batch of the binary version.

    Raises ValueError for bytes that are no whole number of records.
    """
    if not content or len(content) % RECORD:
        raise _containers.damaged(
            path, f"records of {RECORD:,} bytes", f"{len(content):,} bytes, no multiple of it"
        )
    records = np.frombuffer(content, np.uint8).reshape(-1, RECORD)
    return records[:, 1:], records[:, 0]


def parse_python(content: bytes, path: Path) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Return pixels (n, 3072) and labels (n,) of a batch of the Python version; runs no code.

    Raises ValueError for a pickle that names anything but arrays, or holds something else.
    """
    try:
        batch = _Reader(io.BytesIO(content), encoding="bytes").load()
        pixels, labels = batch[b"data"], batch[b"labels"]
        # what ndarray.__setstate__ is given: version, shape, dtype, by columns?, bytes
        _, (rows, columns), _, by_columns, numbers = pixels.state
        x = np.frombuffer(numbers, np.uint8)
        x = x.reshape(rows, columns, order="F" if by_columns else "C")
        y = np.array(labels)
        if columns != RECORD - 1 or y.dtype.kind != "i" or y.ndim != 1:
            raise ValueError(f"pixels {x.shape}, labels {y.dtype} {y.shape}")
        if y.min(initial=0) < 0 or y.max(initial=0) > 255:
            raise ValueError(f"labels from {y.min()} to {y.max()}")
    except Exception as error:  # whatever a malformed pickle makes of the reader
        raise _containers.damaged(
            path, "a pickled dict with data (n, 3072) and labels, both numbers", error
        ) from error
    return x, y.astype(np.uint8)


class _Inert:
    """Stands for any name in a pickle: keeps the state it is given."""

    state: Any = None

    def __init__(self, *_: object) -> None:
        self.state = None

    def __setstate__(self, state: object) -> None:
        self.state = state


class _Reader(pickle.Unpickler):
    """Reads dicts, lists, numbers and bytes; of an array, its state; nothing else."""

    def find_class(self, module: str, name: str) -> type[_Inert]:
        if (module, name) in _ARRAYS:
            return _Inert
        raise pickle.UnpicklingError(f"{module}.{name}, which is no array")


def _contents(path: Path, names: list[str]) -> dict[str, bytes]:
    """Return the bytes of those of the named files that the folder or archive has."""
    if path.is_dir():
        return {
            name: _containers.read_file(path / name) for name in names if (path / name).is_file()
        }
    return dict(_containers.read_tar(path, names))


def _joined(parts: list[tuple[NDArray[np.uint8], NDArray[np.uint8]]], where: str) -> Examples:
    """Return images (n, 32, 32, 3) and labels (n, 1) of all the batches."""
    y = np.concatenate([labels for _, labels in parts])
    x = np.empty((len(y), 32, 32, 3), np.uint8)
    start = 0
    for pixels, _ in parts:  # one copy, from (n, 3072) by colours to colours last
        stop = start + len(pixels)
        x[start:stop] = pixels.reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1)
        start = stop
    x, y = check_images(x, y, where, shape=(32, 32, 3))
    return x, y[:, np.newaxis]
