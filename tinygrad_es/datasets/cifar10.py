"""CIFAR-10: 60,000 colour images of 32 by 32 pixels, 6,000 of each of ten classes.

50,000 to train with and 10,000 to test with. The classes exclude each other; the last axis is red,
green, blue, 0..255.

Read from the binary version, `cifar-10-binary.tar.gz` or the folder `cifar-10-batches-bin`, and
from the Python version, `cifar-10-python.tar.gz` or `cifar-10-batches-py`, which Keras and others
keep. The latter is pickled; it is read by a reader that knows arrays and runs nothing. Archives
are not unpacked.

Source: A. Krizhevsky (2009), Learning multiple layers of features from tiny images, University of
Toronto, https://www.cs.toronto.edu/~kriz/cifar.html. No licence is stated: cite the report.
"""

from os import PathLike

from tinygrad_es.datasets import _cifar, _fetch
from tinygrad_es.datasets._idx import Examples

CLASS_NAMES: tuple[str, ...] = (
    "airplane",
    "automobile",
    "bird",
    "cat",
    "deer",
    "dog",
    "frog",
    "horse",
    "ship",
    "truck",
)


def load_data(path: str | PathLike[str] | None = None) -> tuple[Examples, Examples]:
    """Return the training and the test part, as `keras.datasets.cifar10.load_data` does.

    Args:
        path: an archive, or the folder with the six batches; a relative path is also looked for
            in the folders of data sets. Without it they are looked for there, and then fetched
            (170 MB).

    Returns:
        `(x_train, y_train), (x_test, y_test)`; x uint8 (n, 32, 32, 3) of 0..255, y uint8 (n, 1),
        an index into `CLASS_NAMES`. Of the published files, n is 50,000 and 10,000.

    Raises:
        datasets.DataNotFoundError: the files are nowhere, with the steps to get them.
        ValueError: a file is damaged or another one.

    >>> import tempfile
    >>> from pathlib import Path
    >>> folder = Path(tempfile.mkdtemp())
    >>> frog = bytes([6]) + bytes([255] * 1024) + bytes(2048)  # the label, then all red
    >>> for name in [*(f"data_batch_{i}.bin" for i in range(1, 6)), "test_batch.bin"]:
    ...     _ = (folder / name).write_bytes(frog)
    >>> (x_train, y_train), (x_test, y_test) = load_data(folder)
    >>> x_train.shape, y_train.shape, x_test[0, 0, 0].tolist(), CLASS_NAMES[y_test[0, 0]]
    ((5, 32, 32, 3), (5, 1), [255, 0, 0], 'frog')
    """
    return _fetch.load("cifar10", path, _cifar.read_batches)
