"""Reading arrays from an npz file, as NumPy and Keras write them, without pickles."""

import zipfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tinygrad_es.datasets import _containers


def read_arrays(path: Path, keys: Sequence[str]) -> list[NDArray[np.generic]]:
    """Return the arrays of these names, in this order; others in the file are not looked at.

    Pickled objects are refused, so reading runs no code; so are arrays above 1 GiB.

    Raises ValueError, which names the file, for a missing array, a pickled one, a damaged file.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            stored = {info.filename.removesuffix(".npy"): info for info in archive.infolist()}
            if missing := [key for key in keys if key not in stored]:
                raise _containers.damaged(
                    path, f"arrays {', '.join(keys)}", f"no {missing[0]} among {sorted(stored)}"
                )
            return [_read(archive, stored[key], path, key) for key in keys]
    except _containers.DAMAGED as error:
        raise _containers.damaged(path, "an npz file", error) from error


def _read(
    archive: zipfile.ZipFile, info: zipfile.ZipInfo, path: Path, key: str
) -> NDArray[np.generic]:
    """Return one array of the archive."""
    if info.file_size > _containers.LIMIT:
        raise _containers.damaged(path, "an array of 1 GiB at most", f"{key}: {info.file_size:,} B")
    with archive.open(info) as stream:
        try:
            return np.lib.format.read_array(stream, allow_pickle=False)
        except (ValueError, MemoryError) as error:
            raise _containers.damaged(path, f"{key} as an array of numbers", error) from error
