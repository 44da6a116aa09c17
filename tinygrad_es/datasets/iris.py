"""Fisher's iris flowers: 150 flowers, four lengths in centimetres, three species of 50.

The classic first classification problem: *Iris-setosa* is separable from the others by a line,
the other two are not separable from each other. The numbers are those of Fisher's paper, as in
R and scikit-learn; `iris.data` at UCI differs in rows 35 and 38 (see `data/ATTRIBUTION.md`).
Row 143 repeats row 102, so "unseen" test rows can, with bad luck, be seen ones.

Source: R. A. Fisher (1936), The use of multiple measurements in taxonomic problems, Annals of
Eugenics 7(2), 179-188; UCI Machine Learning Repository, https://doi.org/10.24432/C56C76,
CC BY 4.0.
"""

import numpy as np
from numpy.typing import NDArray

from tinygrad_es.datasets import _archive
from tinygrad_es.datasets._split import stratified_indices

Examples = tuple[NDArray[np.float32], NDArray[np.int64]]

FEATURE_NAMES: tuple[str, ...] = (
    "sepal length (cm)",
    "sepal width (cm)",
    "petal length (cm)",
    "petal width (cm)",
)
CLASS_NAMES: tuple[str, ...] = ("Iris-setosa", "Iris-versicolor", "Iris-virginica")


def load_all() -> Examples:
    """Return all 150 rows in the original order: 50 of each species, one species after the other.

    Returns:
        x: float32, shape (150, 4), in centimetres, columns as in `FEATURE_NAMES`.
        y: int64, shape (150,), index into `CLASS_NAMES`.

    >>> x, y = load_all()
    >>> print(x[0], CLASS_NAMES[y[0]])
    [5.1 3.5 1.4 0.2] Iris-setosa
    """
    stored = _archive.read("iris")
    return stored["x"].astype(np.float32), stored["y"].astype(np.int64)


def load_data(test_split: float = 0.2, seed: int = 113) -> tuple[Examples, Examples]:
    """Return a training and a test part, as `keras.datasets.boston_housing.load_data` does.

    Unlike Keras', the split is stratified: each species gives `round(test_split * 50)` rows to
    the test part. Both parts are shuffled; the same arguments give the same rows (with the same
    NumPy: NEP 19 lets a release change the stream of its random generator).

    Args:
        test_split: share of the rows for the test part, 0 <= test_split < 1. With 0 the test
            arrays are empty, of shapes (0, 4) and (0,).
        seed: whole number that decides the shuffle.

    Returns:
        `(x_train, y_train), (x_test, y_test)`; x float32 (n, 4), y int64 (n,).

    Raises:
        ValueError: test_split is outside [0, 1), or leaves a species without training rows.
        TypeError: test_split is not a number, or seed not an integer.

    >>> (x_train, y_train), (x_test, y_test) = load_data(test_split=0.2)
    >>> x_train.shape, x_test.shape, np.bincount(y_test).tolist()
    ((120, 4), (30, 4), [10, 10, 10])
    """
    x, y = load_all()
    train, test = stratified_indices(y, test_split, seed)
    return (x[train], y[train]), (x[test], y[test])
