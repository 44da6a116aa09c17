"""Handwritten digits in 8 by 8 pixels: 1,797 images of 0..9, written by 13 people.

What is stored is the test part (`optdigits.tes`) of the UCI set "Optical Recognition of Handwritten
Digits", which is also scikit-learn's `load_digits`. Each image began as 32 by 32 black and white
dots; a pixel counts the black ones in a block of 4 by 4, so it is a whole number 0..16: divide by
16 to have 0..1.

`load_by_writer` reads the training part too, 3,823 images by 30 other people, from a file.

Source: E. Alpaydin and C. Kaynak (1998), Optical Recognition of Handwritten Digits, UCI Machine
Learning Repository, https://doi.org/10.24432/C50P49, CC BY 4.0.
"""

from os import PathLike
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tinygrad_es.datasets import _archive, _fetch
from tinygrad_es.datasets._split import stratified_indices
from tinygrad_es.datasets._table import read_table

Examples = tuple[NDArray[np.uint8], NDArray[np.uint8]]

_TRAINING = ("optdigits.tra", "optdigits_train.csv")
_TEST = ("optdigits.tes", "optdigits_test.csv")


def load_all() -> Examples:
    """Return all 1,797 rows in the original order.

    Returns:
        x: uint8, shape (1797, 8, 8), values 0 (paper) to 16 (ink), row by row from the top.
        y: uint8, shape (1797,), the digit 0..9.

    >>> x, y = load_all()
    >>> for row in x[0]:
    ...     print("".join(" .:oO@"[ink * 5 // 16] for ink in row.tolist()).rstrip())
      .O:
      OOoO.
      O  o:
     .o  ::
     .:  ::
     .o  o:
      O.oo
      .Oo
    >>> int(y[0])
    0
    """
    stored = _archive.read("optdigits")
    return stored["x"].astype(np.uint8), stored["y"].astype(np.uint8)


def load_data(test_split: float = 0.2, seed: int = 113) -> tuple[Examples, Examples]:
    """Return a training and a test part, shuffled and stratified by digit.

    Each digit gives `round(test_split * its count)` rows to the test part; the same arguments
    give the same rows (with the same NumPy: NEP 19 lets a release change the stream of its
    random generator). The 13 writers are in both parts: an image does not say whose it is.

    Args:
        test_split: share of the rows for the test part, 0 <= test_split < 1. With 0 the test
            arrays are empty, of shapes (0, 8, 8) and (0,).
        seed: whole number that decides the shuffle.

    Returns:
        `(x_train, y_train), (x_test, y_test)`; x uint8 (n, 8, 8) of 0..16, y uint8 (n,).

    Raises:
        ValueError: test_split is outside [0, 1), or leaves a digit without training rows.
        TypeError: test_split is not a number, or seed not an integer.

    >>> (x_train, y_train), (x_test, y_test) = load_data(test_split=0.2)
    >>> x_train.shape, x_test.shape
    ((1438, 8, 8), (359, 8, 8))
    """
    x, y = load_all()
    train, test = stratified_indices(y, test_split, seed)
    return (x[train], y[train]), (x[test], y[test])


def load_by_writer(path: str | PathLike[str] | None = None) -> tuple[Examples, Examples]:
    """Return UCI's own training and test parts, which no writer is in both of.

    The training part is read from `optdigits.tra` or `optdigits_train.csv`: 64 numbers and the
    digit in each line, with or without a header; UCI's zip will do as it is. The test part is
    read from `optdigits.tes` or `optdigits_test.csv` beside it; where there is none, it is the
    stored one, which is the same.

    Args:
        path: the file of the training part, the zip, or the folder with them; a relative path is
            also looked for in the folders of data sets. Without it, they are looked for there,
            and then fetched (UCI's zip).

    Returns:
        `(x_train, y_train), (x_test, y_test)`; x uint8 (n, 8, 8) of 0..16, y uint8 (n,). Of the
        published files, n is 3,823 and 1,797. The rows are in the order of the files.

    Raises:
        datasets.DataNotFoundError: the files are nowhere, with the steps to get them.
        ValueError: a file is damaged or another one.

    >>> import tempfile
    >>> file = Path(tempfile.mkdtemp()) / "optdigits.tra"
    >>> _ = file.write_text(",".join(["0", "16"] * 32) + ",7\\n")
    >>> (x_train, y_train), (x_test, y_test) = load_by_writer(file)
    >>> x_train.shape, y_train.tolist(), x_test.shape
    ((1, 8, 8), [7], (1797, 8, 8))
    """
    return _fetch.load("optdigits", path, _read)


def _read(place: Path) -> tuple[Examples, Examples] | None:
    """Return both parts from a training file, the zip, or a folder; None if it has neither."""
    if place.is_dir():
        found = [place / name for name in _TRAINING if (place / name).is_file()]
        return _read(found[0]) if found else None
    if place.suffix == ".zip":
        return _read_digits(place, _TRAINING[0]), _read_digits(place, _TEST[0])
    beside = [place.with_name(name) for name in _TEST if place.with_name(name).is_file()]
    return _read_digits(place), _read_digits(beside[0]) if beside else load_all()


def _read_digits(path: Path, member: str | None = None) -> Examples:
    """Return the images and digits of a text file, or of a member of a zip."""
    table = read_table(path, n_columns=65, member=member)
    values = table.numbers(range(65))
    most = np.array([16] * 64 + [9])
    bad = (values < 0) | (values > most) | (values != np.round(values))
    if bad.any():
        row, column = np.argwhere(bad)[0].tolist()
        raise table.error(row, column, f"a whole number from 0 to {most[column]}")
    whole = values.astype(np.uint8)
    return whole[:, :64].reshape(-1, 8, 8), whole[:, 64].copy()
