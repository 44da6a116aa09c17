"""The division of a labelled data set into a training and a test part."""

import numpy as np
from numpy.typing import NDArray

from tinygrad_es.datasets._arguments import generator, real_number


def stratified_indices(
    y: NDArray[np.integer], test_split: float, seed: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the rows of the training part and those of the test part, both shuffled.

    The rows are shuffled once; then, of each class with m rows, the first `round(test_split * m)`
    (Python's `round`) are the test part and the others the training part. So both parts have the
    same proportions, up to rounding, and with one seed a larger test part contains a smaller.

    Args:
        y: the labels, shape (n,).
        test_split: share of each class for the test part, 0 <= test_split < 1.
        seed: whole number, at least 0.

    Returns:
        Two disjoint index arrays whose union is 0..n-1.

    Raises:
        TypeError: test_split is not a number, or seed not an integer.
        ValueError: test_split is outside [0, 1), or leaves a class without training rows.

    >>> train, test = stratified_indices(np.array([0, 0, 0, 0, 1, 1]), test_split=0.5, seed=0)
    >>> train.shape, test.shape, sorted(np.concatenate([train, test]).tolist())
    ((3,), (3,), [0, 1, 2, 3, 4, 5])
    """
    share = real_number("test_split", test_split, expected="with 0 <= test_split < 1")
    if not 0.0 <= share < 1.0:
        raise ValueError(f"test_split must be in 0 <= test_split < 1. Received: test_split={share}")
    order = generator(seed).permutation(len(y))
    in_test = np.zeros(len(y), dtype=np.bool_)
    for label in np.unique(y):
        members = order[y[order] == label]
        n_test = round(share * len(members))
        if n_test == len(members):
            raise ValueError(
                f"test_split must leave training rows in every class; class {label} has "
                f"{len(members)} rows and all would be test rows. Received: test_split={share}"
            )
        in_test[members[:n_test]] = True
    return order[~in_test[order]], order[in_test[order]]
