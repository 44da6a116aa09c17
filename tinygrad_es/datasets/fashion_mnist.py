"""Fashion-MNIST: 70,000 pieces of clothing in ten classes, grey images of 28 by 28 pixels.

60,000 images to train with and 10,000 to test with, as many of each class; 0 is the background.
The same shape and format as MNIST, but harder. Divide by 255 to have 0..1.

Read from the four IDX files of MNIST's names, `train-images-idx3-ubyte.gz` and so on (with or
without `.gz`), in a folder of their own: the names are those of MNIST.

Source: H. Xiao, K. Rasul, R. Vollgraf (2017), Fashion-MNIST: a novel image dataset for
benchmarking machine learning algorithms, arXiv:1708.07747; Zalando SE, MIT licence.
"""

from os import PathLike
from pathlib import Path

from tinygrad_es.datasets import _containers, _fetch, _idx
from tinygrad_es.datasets._idx import Examples

CLASS_NAMES: tuple[str, ...] = (
    "T-shirt/top",
    "Trouser",
    "Pullover",
    "Dress",
    "Coat",
    "Sandal",
    "Shirt",
    "Sneaker",
    "Bag",
    "Ankle boot",
)


def load_data(path: str | PathLike[str] | None = None) -> tuple[Examples, Examples]:
    """Return the training and the test part, as `keras.datasets.fashion_mnist.load_data` does.

    Args:
        path: the folder with the four files; a relative path is also looked for in the folders of
            data sets. Without it they are looked for there, under `fashion-mnist`, and then
            fetched (31 MB).

    Returns:
        `(x_train, y_train), (x_test, y_test)`; x uint8 (n, 28, 28) of 0..255, y uint8 (n,), an
        index into `CLASS_NAMES`. Of the published files, n is 60,000 and 10,000.

    Raises:
        datasets.DataNotFoundError: the files are nowhere, with the steps to get them.
        ValueError: a file is damaged or another one.

    >>> import tempfile
    >>> from pathlib import Path
    >>> folder = Path(tempfile.mkdtemp())
    >>> for part, n in (("train", 3), ("t10k", 1)):
    ...     sizes = bytes([0, 0, 0, n, 0, 0, 0, 28, 0, 0, 0, 28])
    ...     images = b"\\0\\0\\x08\\x03" + sizes + bytes(n * 28 * 28)
    ...     _ = (folder / f"{part}-images-idx3-ubyte").write_bytes(images)
    ...     labels = b"\\0\\0\\x08\\x01" + sizes[:4] + bytes([9] * n)
    ...     _ = (folder / f"{part}-labels-idx1-ubyte").write_bytes(labels)
    >>> (x_train, y_train), (x_test, y_test) = load_data(folder)
    >>> x_train.shape, x_test.shape, CLASS_NAMES[y_train[0]]
    ((3, 28, 28), (1, 28, 28), 'Ankle boot')
    """
    return _fetch.load("fashion_mnist", path, _read)


def _read(place: Path) -> tuple[Examples, Examples] | None:
    """Return both parts from a folder; None if it has not all four files."""
    if not place.is_dir():
        raise _containers.damaged(place, "a folder with the four IDX files", "a file")
    return _idx.read_four(place)
