"""Reading the archives stored in `tinygrad_es/datasets/data`."""

import io
from importlib import resources

import numpy as np
from numpy.typing import NDArray


def read(name: str) -> dict[str, NDArray[np.generic]]:
    """Return the arrays of `data/<name>.npz`, by name.

    Every archive has `x`, `y` (as `load_all` returns them) and `attribution` (a string: source,
    citation, licence). Pickles are refused, so reading runs no code. Each call reads the file
    again (about 1 ms), so that no caller can change the numbers another one gets.

    >>> {key: (value.dtype.kind, value.shape) for key, value in read("iris").items()}
    {'x': ('f', (150, 4)), 'y': ('i', (150,)), 'attribution': ('U', ())}
    """
    stored = resources.files("tinygrad_es.datasets").joinpath("data", f"{name}.npz").read_bytes()
    with np.load(io.BytesIO(stored), allow_pickle=False) as archive:
        return {key: archive[key] for key in archive.files}
