"""Small data sets that need no network: two stored ones and seeded generators.

| module | what | rows | features | labels |
|---|---|---|---|---|
| `iris` | Fisher's flowers, in centimetres | 150 | 4 | 3 species |
| `optdigits` | handwritten digits, 8 by 8 pixels of 0..16 | 1,797 | 8 by 8 | 10 digits |
| `synthetic` | xor, moons, circles, spiral, gaussians, triangle, sine | any | 2 (1) | 2 or more |

The stored ones are called as in Keras, `(x_train, y_train), (x_test, y_test) = m.load_data()`;
`m.load_all()` gives every row in the original order. Sources and licences are in
`data/ATTRIBUTION.md`.

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

from tinygrad_es.datasets import iris as iris
from tinygrad_es.datasets import optdigits as optdigits
from tinygrad_es.datasets import synthetic as synthetic

__all__ = ["iris", "optdigits", "synthetic"]
