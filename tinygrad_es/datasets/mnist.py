"""MNIST: 70,000 handwritten digits, grey images of 28 by 28 pixels.

60,000 images to train with and 10,000 to test with, by different writers; 0 is the background and
255 the ink. Divide by 255 to have 0..1.

Read from Keras' `mnist.npz` or from the four IDX files `train-images-idx3-ubyte.gz`,
`train-labels-idx1-ubyte.gz`, `t10k-images-idx3-ubyte.gz`, `t10k-labels-idx1-ubyte.gz` (with or
without `.gz`) in a folder.

Source: Y. LeCun, C. Cortes, C. J. C. Burges (1998), The MNIST database of handwritten digits;
CC BY-SA 3.0. The npz file is the one that Keras fetches, with the same checksum.
"""

from os import PathLike
from pathlib import Path

from tinygrad_es.datasets import _fetch, _idx, _npz
from tinygrad_es.datasets._idx import Examples


def load_data(path: str | PathLike[str] | None = None) -> tuple[Examples, Examples]:
    """Return the training and the test part, as `keras.datasets.mnist.load_data` does.

    Args:
        path: the npz file, or the folder with the four IDX files; a relative path is also looked
            for in the folders of data sets. Without it they are looked for there, and then
            fetched (11 MB).

    Returns:
        `(x_train, y_train), (x_test, y_test)`; x uint8 (n, 28, 28) of 0..255, y uint8 (n,). Of
        the published files, n is 60,000 and 10,000.

    Raises:
        datasets.DataNotFoundError: the files are nowhere, with the steps to get them.
        ValueError: a file is damaged or another one.

    >>> import os, tempfile, numpy as np
    >>> file = os.path.join(tempfile.mkdtemp(), "mnist.npz")
    >>> images, labels = np.zeros((3, 28, 28), np.uint8), np.array([5, 0, 4], np.uint8)
    >>> np.savez(file, x_train=images, y_train=labels, x_test=images[:1], y_test=labels[:1])
    >>> (x_train, y_train), (x_test, y_test) = load_data(file)
    >>> x_train.shape, y_train.tolist(), x_test.shape
    ((3, 28, 28), [5, 0, 4], (1, 28, 28))
    """
    return _fetch.load("mnist", path, _read)


def _read(place: Path) -> tuple[Examples, Examples] | None:
    """Return both parts from an npz file or a folder of IDX files; None if the folder has none."""
    if place.is_dir():
        return _idx.read_four(place)
    keys = ("x_train", "y_train", "x_test", "y_test")
    x_train, y_train, x_test, y_test = _npz.read_arrays(place, keys)
    where = str(place)
    train = _idx.check_images(x_train, y_train, f"{where}, x_train and y_train")
    return train, _idx.check_images(x_test, y_test, f"{where}, x_test and y_test")
