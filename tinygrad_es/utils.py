"""Small helpers with the names of `keras.utils`."""

from __future__ import annotations

import random
from typing import Any

import numpy as np

from .autodiff.errors import describe
from .layers.layer import clear_session
from .ops import random as library
from .registry import CUSTOM, custom_object_scope, register_keras_serializable

__all__ = [
    "PyDataset",
    "Sequence",
    "clear_session",
    "custom_object_scope",
    "get_custom_objects",
    "normalize",
    "register_keras_serializable",
    "set_random_seed",
    "to_categorical",
]


def set_random_seed(seed: int) -> None:
    """Seed Python, NumPy and this library: weights, shuffling and dropout repeat bit for bit.

    Raises:
        ValueError: not an integer of 32 bits.

    >>> from tinygrad_es import initializers
    >>> set_random_seed(1)
    >>> a = initializers.get("glorot_uniform")((2, 3))
    >>> set_random_seed(1)
    >>> bool((a == initializers.get("glorot_uniform")((2, 3))).all())
    True
    """
    if isinstance(seed, bool) or not isinstance(seed, (int, np.integer)) or not 0 <= seed < 2**32:
        raise ValueError(
            f"Expected `seed` argument to be an integer from 0 to 2**32 - 1. Received: seed={seed}."
        )
    random.seed(int(seed))
    np.random.seed(int(seed))  # noqa: NPY002 - what the user draws with it repeats too
    library.seed(int(seed))


def get_custom_objects() -> dict[str, Any]:
    """The classes and functions of your own that configurations may name: a dict to add to."""
    return CUSTOM


def to_categorical(x: Any, num_classes: int | None = None) -> Any:
    """One-hot rows of class numbers.

    Args:
        x: integers from 0, of any shape (a last axis of length 1 is dropped).
        num_classes: default: the largest of x, plus 1.

    >>> to_categorical([0, 2, 1])
    array([[1., 0., 0.],
           [0., 0., 1.],
           [0., 1., 0.]])
    """
    found = np.asarray(x)
    if found.dtype.kind not in "iubf" or (found != np.floor(found)).any():
        raise ValueError(
            f"to_categorical: expected integers. Received: {describe(found)}; numbers for names: "
            "names, x = np.unique(x, return_inverse=True)."
        )
    labels = found.astype(np.int64)
    if labels.ndim > 1 and labels.shape[-1] == 1:
        labels = labels[..., 0]
    count = (int(labels.max()) + 1 if labels.size else 0) if num_classes is None else num_classes
    if labels.size and not (labels.min() >= 0 and labels.max() < count):
        raise ValueError(
            f"to_categorical: expected class numbers from 0 to {count - 1}. Received: numbers from "
            f"{labels.min()} to {labels.max()}."
        )
    return np.eye(count)[labels]


def normalize(x: Any, axis: int = -1, order: int = 2) -> Any:
    """x / ‖x‖ along an axis; what is 0 stays 0.

    >>> normalize([[3.0, 4.0]])
    array([[0.6, 0.8]])
    """
    values = np.asarray(x)
    norms = np.atleast_1d(np.linalg.norm(values, order, axis))
    norms[norms == 0] = 1
    return values / np.expand_dims(norms, axis)


class PyDataset:
    """Batches made on demand: write `__len__` (batches) and `__getitem__(i)` → (x, y).

    `fit` takes its batches in a new random order each epoch (`shuffle=False`: in order), and
    calls `on_epoch_end`.

    Args:
        workers, use_multiprocessing, max_queue_size: accepted for Keras' sake; batches are made
            one after the other.

    >>> class Squares(PyDataset):
    ...     def __len__(self):
    ...         return 3
    ...     def __getitem__(self, i):
    ...         x = np.arange(4.0)[:, None] + i
    ...         return x, x**2
    >>> len(Squares()), Squares()[0][0].shape
    (3, (4, 1))
    """

    def __init__(
        self, workers: int = 1, use_multiprocessing: bool = False, max_queue_size: int = 10
    ) -> None:
        self.workers = workers

    def __len__(self) -> int:
        raise TypeError(f"{type(self).__name__} has no __len__ of its own: the number of batches.")

    def __getitem__(self, index: int) -> Any:
        raise TypeError(f"{type(self).__name__} has no __getitem__(i) of its own: a batch.")

    def on_epoch_end(self) -> None:
        """Called after each epoch of `fit`."""


Sequence = PyDataset
