"""Files of data sets, written from the definition of their formats."""

from __future__ import annotations

import io
import pickle
import struct
import tarfile

import numpy as np


def idx(array: np.ndarray) -> bytes:
    """The bytes of an IDX file, from its definition."""
    sizes = struct.pack(f">{array.ndim}I", *array.shape)
    return bytes([0, 0, 8, array.ndim]) + sizes + array.tobytes()


def batches(rng, n=3):
    """Pixels (n, 3072) and labels (n,) of six batches, the last for testing."""
    return [
        (rng.integers(0, 256, (n + i, 3072), dtype=np.uint8), rng.integers(0, 10, n + i))
        for i in range(6)
    ]


def binary(x, y) -> bytes:
    return b"".join(bytes([label]) + row.tobytes() for row, label in zip(x, y))


class Python2(pickle._Pickler):
    """Writes bytes as Python 2 did, which is how the published batches were written."""

    def save_bytes(self, value):
        self.write(pickle.BINSTRING + struct.pack("<i", len(value)) + value)
        self.memoize(value)

    dispatch = {**pickle._Pickler.dispatch, bytes: save_bytes}


def pickled(x, y, kind=Python2) -> bytes:
    stream = io.BytesIO()
    kind(stream, protocol=2 if kind is Python2 else 3).dump(
        {b"data": x, b"labels": [int(label) for label in y], b"batch_label": b"batch 1 of 5"}
    )
    return stream.getvalue().replace(b"numpy._core.multiarray", b"numpy.core.multiarray")


NAMES = [*(f"data_batch_{i}" for i in range(1, 6)), "test_batch"]


def folder(path, contents):
    path.mkdir()
    for name, content in contents.items():
        (path / name).write_bytes(content)
    return path


def archive(path, contents, prefix="cifar-10-batches"):
    with tarfile.open(path, "w:gz") as tar:
        for name, content in contents.items():
            info = tarfile.TarInfo(f"{prefix}/{name}")
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    return path
