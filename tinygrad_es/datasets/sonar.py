"""Sonar: rocks or mines? 208 echoes, 60 numbers each, two classes.

Each number is the energy of the echo in one band of frequencies, from 0 to 1, over a certain time.
97 echoes came from rocks and 111 from a metal cylinder, a mine, from various angles.

Read from a text file of 60 numbers and a label in each line, `R` or `M` (or `Rock`, `Mine`), with
or without a header: UCI's `sonar.all-data`, R's and Kaggle's `Sonar.csv`, or UCI's zip as it is.

Source: R. P. Gorman and T. J. Sejnowski (1988), Analysis of hidden units in a layered network
trained to classify sonar targets, Neural Networks 1, 75-89; UCI Machine Learning Repository,
https://doi.org/10.24432/C5T01Q, CC BY 4.0.
"""

from os import PathLike
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tinygrad_es.datasets import _fetch
from tinygrad_es.datasets._split import stratified_indices
from tinygrad_es.datasets._table import read_table

Examples = tuple[NDArray[np.float32], NDArray[np.int64]]

CLASS_NAMES: tuple[str, ...] = ("rock", "mine")

_LABELS = {"r": 0, "rock": 0, "m": 1, "mine": 1}


def load_all(path: str | PathLike[str] | None = None) -> Examples:
    """Return all rows in the order of the file; arguments and errors as in `load_data`.

    Returns:
        x: float32, shape (n, 60), from 0 to 1.
        y: int64, shape (n,), 0 for a rock and 1 for a mine.
    """
    return _fetch.load("sonar", path, _read)


def load_data(
    path: str | PathLike[str] | None = None, test_split: float = 0.3, seed: int = 113
) -> tuple[Examples, Examples]:
    """Return a training and a test part, shuffled and stratified: 70 % and 30 % of each class.

    Args:
        path: the file; a relative path is also looked for in the folders of data sets. Without
            it, it is looked for there. It is not fetched: the error says how to get it.
        test_split: share of each class for the test part, 0 <= test_split < 1.
        seed: whole number that decides the shuffle.

    Returns:
        `(x_train, y_train), (x_test, y_test)`; x float32 (n, 60), y int64 (n,): 0 for a rock, 1
        for a mine. Of the published file, n is 146 and 62.

    Raises:
        datasets.DataNotFoundError: the file is nowhere, with the steps to get it.
        ValueError: the file is damaged or another one; test_split is outside [0, 1), or leaves a
            class without training rows.
        TypeError: test_split is not a number, or seed not an integer.

    >>> import tempfile
    >>> from pathlib import Path
    >>> file = Path(tempfile.mkdtemp()) / "sonar.all-data"
    >>> echo = ",".join(["0.02"] * 60)
    >>> _ = file.write_text(f"{echo},R\\n" * 10 + f"{echo},M\\n" * 20)
    >>> (x_train, y_train), (x_test, y_test) = load_data(file)
    >>> x_train.shape, np.bincount(y_train).tolist(), np.bincount(y_test).tolist()
    ((21, 60), [7, 14], [3, 6])
    """
    x, y = load_all(path)
    train, test = stratified_indices(y, test_split, seed)
    return (x[train], y[train]), (x[test], y[test])


def _read(place: Path) -> Examples | None:
    """Return all rows of a file; None for a folder."""
    if place.is_dir():
        return None
    table = read_table(place, n_columns=61, member="sonar.all-data")
    x = table.numbers(range(60)).astype(np.float32)
    y = np.empty(len(x), np.int64)
    for row, label in enumerate(table.column(60)):
        if label.lower() not in _LABELS:
            raise table.error(row, 60, "the label R (rock) or M (mine)")
        y[row] = _LABELS[label.lower()]
    return x, y
