"""Handwritten digits in 8 by 8 pixels: 1,797 images of 0..9, written by 13 people.

The test part (`optdigits.tes`) of the UCI set "Optical Recognition of Handwritten Digits", which
is also scikit-learn's `load_digits`. Each image began as 32 by 32 black and white dots; a
pixel counts the black ones in a block of 4 by 4, so it is a whole number 0..16: divide by 16 to
have 0..1.

Source: E. Alpaydin and C. Kaynak (1998), Optical Recognition of Handwritten Digits, UCI Machine
Learning Repository, https://doi.org/10.24432/C50P49, CC BY 4.0.
"""

import numpy as np
from numpy.typing import NDArray

from tinygrad_es.datasets import _archive
from tinygrad_es.datasets._split import stratified_indices

Examples = tuple[NDArray[np.uint8], NDArray[np.uint8]]


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
