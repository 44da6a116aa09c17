"""The IDX format of MNIST: four bytes that say type and axes, the sizes, then the numbers.

    0, 0, type, axes | size of each axis, 4 bytes, the most significant first | numbers

Type 8 means unsigned bytes, the only one that these data sets use. The files are mostly
compressed (`.gz`); what a file is, is read from its first bytes, not from its name.

Source: Y. LeCun, C. Cortes, C. J. C. Burges, The MNIST database of handwritten digits.
"""

import gzip
import io
import math
import zlib
from pathlib import Path
from typing import cast

import numpy as np
from numpy.typing import NDArray

from tinygrad_es.datasets import _containers

Examples = tuple[NDArray[np.uint8], NDArray[np.uint8]]
Stream = gzip.GzipFile | io.BufferedReader

NAMES = (
    "train-images-idx3-ubyte",
    "train-labels-idx1-ubyte",
    "t10k-images-idx3-ubyte",
    "t10k-labels-idx1-ubyte",
)
"""The four files, each with or without `.gz`; some copies have a dot before `idx`."""


def read_idx(path: Path) -> NDArray[np.uint8]:
    """Return the array of an IDX file of unsigned bytes, compressed or not.

    Raises ValueError, which names the file, what was found and what was expected, for another
    type, a file that is too short or too long, and sizes that make more than 1 GiB.
    """
    with path.open("rb") as start:
        compressed = start.read(2) == b"\x1f\x8b"
    opener = gzip.open if compressed else open
    try:
        with opener(path, "rb") as stream:
            return _read(stream, path)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise _containers.damaged(path, "a gzip file", error) from error


def read_four(folder: Path) -> tuple[Examples, Examples] | None:
    """Return the training and the test part of a folder that has the four files, else None."""
    paths = [_existing(folder, name) for name in NAMES]
    if None in paths:
        return None
    x_train, y_train, x_test, y_test = (read_idx(path) for path in paths if path)
    where = str(folder)
    return check_images(x_train, y_train, where), check_images(x_test, y_test, where)


def check_images(
    x: NDArray[np.generic],
    y: NDArray[np.generic],
    where: str,
    shape: tuple[int, ...] = (28, 28),
    n_classes: int = 10,
) -> Examples:
    """Return images and labels as they are, if they belong together; else raise ValueError.

    They do if both are uint8, x is (n, *shape) and y is (n,), n > 0, and each label is a class.
    """
    expected = f"uint8 images (n, {', '.join(map(str, shape))}) and uint8 labels (n,)"
    if x.dtype != np.uint8 or y.dtype != np.uint8 or x.shape[1:] != shape or y.ndim != 1:
        found = f"{x.dtype} {x.shape} and {y.dtype} {y.shape}"
        raise ValueError(f"{where}: expected {expected}. Found: {found}")
    if len(x) != len(y) or not len(x):
        raise ValueError(f"{where}: expected {expected}. Found: {len(x)} images, {len(y)} labels")
    labels = cast("NDArray[np.uint8]", y)
    if labels.max() >= n_classes:
        raise ValueError(
            f"{where}: expected labels 0..{n_classes - 1}. Found: {labels.max()}, "
            f"in row {int(labels.argmax())}"
        )
    return cast("NDArray[np.uint8]", x), labels


def _existing(folder: Path, name: str) -> Path | None:
    """Return the file of this name in the folder, however it is written; None if there is none."""
    for written in (name, name.replace("-idx", ".idx")):
        for path in (folder / f"{written}.gz", folder / written):
            if path.is_file():
                return path
    return None


def _read(stream: Stream, path: Path) -> NDArray[np.uint8]:
    """Return the array that the stream, at its start, holds."""
    magic = stream.read(4)
    if len(magic) < 4 or magic[:3] != b"\x00\x00\x08" or not 1 <= magic[3] <= 4:
        raise _containers.damaged(
            path, "an IDX file of unsigned bytes, which starts 00 00 08 and 01 to 04", _hex(magic)
        )
    header = stream.read(4 * magic[3])
    if len(header) < 4 * magic[3]:
        raise _containers.damaged(path, f"{magic[3]} sizes", f"the end after {_hex(header)}")
    shape = tuple(np.frombuffer(header, ">u4").tolist())
    count = math.prod(shape)
    if count > _containers.LIMIT:
        raise _containers.damaged(
            path, "at most 1 GiB", f"sizes {shape}, which make {count:,} bytes"
        )
    numbers = np.empty(count, np.uint8)
    got = 0
    while got < count and (n := stream.readinto(numbers.data[got:])):
        got += n
    if got < count or stream.read(1):
        found = f"{got:,} bytes" if got < count else "more"
        raise _containers.damaged(path, f"{count:,} bytes for sizes {shape}", found)
    return numbers.reshape(shape)


def _hex(found: bytes) -> str:
    """Return bytes as an error shows them."""
    return found.hex(" ") or "nothing"
