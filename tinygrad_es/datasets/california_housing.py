"""California housing: the median price of houses in 20,640 districts, a regression.

Each row is a block group of the census of 1990, of some 600 to 3,000 people. The eight columns,
in `FEATURE_NAMES`, are sums over the district (rooms, bedrooms, people, households), not means
per household as in scikit-learn. Keras' documentation lists scikit-learn's columns; its file has
these. Their sizes differ by orders of magnitude: standardise them.

Read from Keras' `california_housing.npz`, from `cal_housing.data` (StatLib; no header), or from a
`housing.csv` with a header that names the columns, in any order; further ones are passed over.

Source: R. K. Pace and R. Barry (1997), Sparse spatial autoregressions, Statistics and Probability
Letters 33(3), 291-297; StatLib. The census is in the public domain.
"""

import warnings
from os import PathLike
from pathlib import Path
from typing import cast

import numpy as np
from numpy.typing import NDArray

from tinygrad_es.datasets import _containers, _fetch, _npz
from tinygrad_es.datasets._arguments import real_number, whole_number
from tinygrad_es.datasets._table import read_table

Examples = tuple[NDArray[np.float32], NDArray[np.float32]]

FEATURE_NAMES: tuple[str, ...] = (
    "longitude",
    "latitude",
    "housing_median_age",
    "total_rooms",
    "total_bedrooms",
    "population",
    "households",
    "median_income",
)
"""Degrees, degrees, years, four counts, and tens of thousands of dollars."""

TARGET_NAME = "median_house_value"
"""In dollars, cut off at 500,001."""


def load_data(
    version: str = "large",
    path: str | PathLike[str] | None = None,
    test_split: float = 0.2,
    seed: int = 113,
) -> tuple[Examples, Examples]:
    """Return a training and a test part, as `keras.datasets.california_housing.load_data` does.

    The same seed gives the same rows as in Keras: both shuffle with NumPy's `RandomState`, whose
    stream never changes.

    Args:
        version: "large" for all rows, "small" for the first 600.
        path: a file of one of the three kinds; a relative path is also looked for in the folders
            of data sets. Without it, they are looked for there, and then fetched (0.7 MB).
        test_split: share of the rows for the test part, 0 <= test_split < 1.
        seed: whole number from 0 to 2³² - 1 that decides the shuffle.

    Returns:
        `(x_train, y_train), (x_test, y_test)`; x float32 (n, 8), columns as in `FEATURE_NAMES`; y
        float32 (n,), in dollars. Empty cells, such as the 207 of a well-known `housing.csv`, are
        NaN, and a warning says how many there are.

    Raises:
        datasets.DataNotFoundError: the file is nowhere, with the steps to get it.
        ValueError: the file is damaged or another one; `version` or `test_split` is out of range.

    >>> import tempfile
    >>> from pathlib import Path
    >>> file = Path(tempfile.mkdtemp()) / "cal_housing.data"
    >>> row = "-122.230000,37.880000,41.0,880.0,129.0,322.0,126.0,8.325200,452600.000000"
    >>> _ = file.write_text(f"{row}\\n" * 5)
    >>> (x_train, y_train), (x_test, y_test) = load_data(path=file)
    >>> x_train.shape, x_test.shape, y_test.tolist()
    ((4, 8), (1, 8), [452600.0])
    """
    if version not in ("large", "small"):
        raise ValueError(f"version must be 'large' or 'small'. Received: version={version!r}")
    share = real_number("test_split", test_split, expected="with 0 <= test_split < 1")
    if not 0.0 <= share < 1.0:
        raise ValueError(f"test_split must be in 0 <= test_split < 1. Received: test_split={share}")
    state = np.random.RandomState(whole_number("seed", seed, minimum=0))
    x, y = _fetch.load("california_housing", path, _read)
    if version == "small":
        x, y = x[:600], y[:600]
    order = np.arange(len(x))
    state.shuffle(order)
    n = int(len(x) * (1 - share))
    return (x[order[:n]], y[order[:n]]), (x[order[n:]], y[order[n:]])


def _read(place: Path) -> Examples | None:
    """Return all rows of a file, in its order; None for a folder."""
    if place.is_dir():
        return None
    with place.open("rb") as start:
        is_npz = start.read(2) == b"PK"
    x, y = _read_npz(place) if is_npz or place.suffix == ".npz" else _read_text(place)
    return x.astype(np.float32), y.astype(np.float32)


def _read_npz(place: Path) -> tuple[NDArray[np.floating], NDArray[np.floating]]:
    """Return the arrays x and y of Keras' file."""
    x, y = _npz.read_arrays(place, ("x", "y"))
    numbers = x.dtype.kind in "fiu" and y.dtype.kind in "fiu"
    if not numbers or x.shape[1:] != (8,) or y.shape != x.shape[:1] or not len(x):
        raise _containers.damaged(
            place, "numbers x (n, 8) and y (n,)", f"{x.dtype} {x.shape} and {y.dtype} {y.shape}"
        )
    return cast("NDArray[np.floating]", x), cast("NDArray[np.floating]", y)


def _read_text(place: Path) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the columns of a text file, found by their names if it has a header."""
    table = read_table(place, n_columns=9)
    columns = list(range(9))
    if table.header:
        named = {_plain(name): column for column, name in enumerate(table.header)}
        wanted = [*FEATURE_NAMES, TARGET_NAME]
        if missing := [name for name in wanted if _plain(name) not in named]:
            raise _containers.damaged(
                place, f"columns {', '.join(wanted)}", f"a header without {', '.join(missing)}"
            )
        columns = [named[_plain(name)] for name in wanted]
    values = table.numbers(columns, may_be_empty=True)
    if empty := int(np.isnan(values).any(axis=1).sum()):
        warnings.warn(
            f"{place}: {empty} of {len(values)} rows have empty cells, which are NaN here: fill "
            "them, or leave these rows out, before training",
            stacklevel=6,
        )
    return values[:, :8], values[:, 8]


def _plain(name: str) -> str:
    """Return the name of a column without what spellings differ in: totalRooms, total_rooms."""
    return name.lower().replace("_", "").replace(" ", "")
