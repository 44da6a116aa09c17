"""Where the data sets that are not in the package come from: one table of files.

Every checksum is a published one:

| file | SHA-256 as given by |
|---|---|
| `mnist.npz`, `california_housing.npz` | Keras 3.15, `keras/src/datasets` |
| Fashion-MNIST, CIFAR-10 | TensorFlow Datasets, `url_checksums`, and other projects |
| optdigits | several projects that read UCI's zip |

Of optdigits a part could be checked here: the stored test part, written as text, has the checksum
that they give for `optdigits.tes`, 6ebb3d2f… (a test computes it).

No published checksum of the sonar file is known, so it is never fetched, only explained.

>>> all(file.url.startswith("https://") for known in SOURCES.values() for file in known.files)
True
"""

from typing import NamedTuple


class File(NamedTuple):
    """A file of a data set: its place below the data folder, and how to get it.

    `size` is in bytes, None where unknown; without `sha256` the file is not fetched.
    """

    name: str
    url: str
    sha256: str | None
    size: int | None


class Source(NamedTuple):
    """The files of a data set, and the places below a data folder where it may lie already.

    A place is a file or a folder; the first one found is read. Some are those of Keras' cache.
    """

    files: tuple[File, ...]
    places: tuple[str, ...]


_KERAS = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/"
_UCI = "https://archive.ics.uci.edu/static/public/"
_OPTDIGITS = "optical+recognition+of+handwritten+digits.zip"
_SONAR = "connectionist+bench+sonar+mines+vs+rocks.zip"


def _fashion(name: str, sha256: str, size: int) -> File:
    """Return one of the four files of Fashion-MNIST."""
    return File(f"fashion-mnist/{name}", _KERAS + name, sha256, size)


SOURCES: dict[str, Source] = {
    "mnist": Source(
        files=(
            File(
                "mnist.npz",
                _KERAS + "mnist.npz",
                "731c5ac602752760c8e48fbffcf8c3b850d9dc2a2aedcf2cc48468fc17b673d1",
                11_490_434,
            ),
        ),
        places=("mnist.npz", "mnist", "MNIST/raw"),
    ),
    "fashion_mnist": Source(
        files=(
            _fashion(
                "train-images-idx3-ubyte.gz",
                "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84",
                26_421_880,
            ),
            _fashion(
                "train-labels-idx1-ubyte.gz",
                "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845",
                29_515,
            ),
            _fashion(
                "t10k-images-idx3-ubyte.gz",
                "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073",
                4_422_102,
            ),
            _fashion(
                "t10k-labels-idx1-ubyte.gz",
                "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5",
                5_148,
            ),
        ),
        places=("fashion-mnist", "FashionMNIST/raw"),
    ),
    "cifar10": Source(
        files=(
            File(
                "cifar-10-binary.tar.gz",
                "https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz",
                "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd",
                170_052_171,
            ),
        ),
        places=(
            "cifar-10-binary.tar.gz",
            "cifar-10-batches-bin",
            "cifar-10-batches-py-target/cifar-10-batches-py",
            "cifar-10-batches-py",
            "cifar-10-python.tar.gz",
        ),
    ),
    "california_housing": Source(
        files=(
            File(
                "california_housing.npz",
                _KERAS + "california_housing.npz",
                "1a2e3a52e0398de6463aebe6f4a8da34fb21fbb6b934cf88c3425e766f2a1a6f",
                743_530,
            ),
        ),
        places=("california_housing.npz", "cal_housing.data", "housing.csv"),
    ),
    "sonar": Source(
        files=(File(_SONAR, f"{_UCI}151/{_SONAR}", None, None),),
        places=("sonar.csv", "Sonar.csv", "sonar.all-data", _SONAR),
    ),
    "optdigits": Source(
        files=(
            File(
                _OPTDIGITS,
                f"{_UCI}80/{_OPTDIGITS}",
                "0d7b054fea010270e9b3f06411c654c5e59547732ad626381980baffe0a23fb0",
                None,
            ),
        ),
        places=("optdigits.tra", "optdigits_train.csv", "optdigits", _OPTDIGITS),
    ),
}
