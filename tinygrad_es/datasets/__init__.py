"""Data sets: two stored ones, seeded generators, and readers of the well-known files.

These need neither files nor a network:

| module | what | rows | features | labels |
|---|---|---|---|---|
| `iris` | Fisher's flowers, in centimetres | 150 | 4 | 3 species |
| `optdigits` | handwritten digits, 8 by 8 pixels of 0..16 | 1,797 | 8 by 8 | 10 digits |
| `synthetic` | xor, moons, circles, spiral, gaussians, triangle, sine | any | 2 (1) | 2 or more |

These read files, which are fetched where there is a network:

| module | what | rows to train, to test | features | labels |
|---|---|---|---|---|
| `mnist` | handwritten digits | 60,000, 10,000 | 28 by 28 | 10 digits |
| `fashion_mnist` | clothing | 60,000, 10,000 | 28 by 28 | 10 classes |
| `cifar10` | colour images | 50,000, 10,000 | 32 by 32 by 3 | 10 classes |
| `california_housing` | districts | 16,512, 4,128 | 8 | a price |
| `sonar` | echoes of rocks and mines | 146, 62 | 60 | 2 classes |
| `optdigits.load_by_writer` | digits by 30 and 13 writers | 3,823, 1,797 | 8 by 8 | 10 digits |

All are called as in Keras, `(x_train, y_train), (x_test, y_test) = m.load_data()`; `m.load_all()`
of iris, optdigits and sonar gives every row in the original order. Files are looked for where the
argument `path` says, or in the folder that the environment variable `TINYGRAD_ES_DATA` names
(`~/.tinygrad_es/datasets` if it is not set) and in Keras' folder. A download is checked against a
known checksum; where none is possible, `DataNotFoundError` has the steps to do it by hand. No
reader runs code from a file or unpacks an archive. Sources and licences are in the modules, those
of the stored sets in `data/ATTRIBUTION.md`.

>>> from tinygrad_es.datasets import iris, optdigits, synthetic
>>> (x_train, y_train), (x_test, y_test) = iris.load_data()
>>> x_train.shape, y_train.shape, x_test.shape, y_test.shape
((120, 4), (120,), (30, 4), (30,))
>>> optdigits.load_all()[0].shape
(1797, 8, 8)
>>> x, y = synthetic.moons(200)
>>> x.shape, y.shape
((200, 2), (200,))
"""

from tinygrad_es.datasets import california_housing as california_housing
from tinygrad_es.datasets import cifar10 as cifar10
from tinygrad_es.datasets import fashion_mnist as fashion_mnist
from tinygrad_es.datasets import iris as iris
from tinygrad_es.datasets import mnist as mnist
from tinygrad_es.datasets import optdigits as optdigits
from tinygrad_es.datasets import sonar as sonar
from tinygrad_es.datasets import synthetic as synthetic
from tinygrad_es.datasets._fetch import DataNotFoundError as DataNotFoundError

__all__ = [
    "DataNotFoundError",
    "california_housing",
    "cifar10",
    "fashion_mnist",
    "iris",
    "mnist",
    "optdigits",
    "sonar",
    "synthetic",
]
