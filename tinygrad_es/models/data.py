"""What `fit` is given, checked, split and cut into batches."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from ..autodiff.errors import describe
from ..autodiff.tensor import Tensor
from ..layers.layer import positive_integer
from ..ops import random

__all__ = ["Data", "batch_size_of", "class_weights", "split"]


class Data(NamedTuple):
    """Samples, targets and weights, all with the same first axis; the last two may be None."""

    x: Any
    y: Any
    weight: Any

    @staticmethod
    def of(x: Any, y: Any = None, sample_weight: Any = None) -> Data:
        """The arrays, checked: the same number of samples in each."""
        data = Data(_array("x", x), _array("y", y), _array("sample_weight", sample_weight))
        names = ("x", "y", "sample_weight")
        sizes = [(k, len(v)) for k, v in zip(names, data, strict=True) if v is not None]
        if len({n for _, n in sizes}) > 1:
            listed = "".join(f"'{k}' sizes: {n}\n" for k, n in sizes)
            raise ValueError(
                "Data cardinality is ambiguous. Make sure all arrays contain the same number of "
                f"samples.\n{listed}"
            )
        if data.x is None:
            raise ValueError("expected samples. Received: x=None.")
        if sizes[0][1] == 0:
            raise ValueError("expected at least one sample. Received: x of length 0.")
        return data

    @property
    def size(self) -> int:
        return len(self.x)

    def steps(self, batch_size: int, drop_remainder: bool = False) -> int:
        """Batches in an epoch: the last, smaller one counts unless it is dropped."""
        return self.size // batch_size if drop_remainder else math.ceil(self.size / batch_size)

    def batches(
        self, batch_size: int, shuffle: Any = False, drop_remainder: bool = False
    ) -> Iterator[Data]:
        """The batches of one epoch: in a new random order with `shuffle=True`, each batch by
        itself in a new order with `shuffle="batch"`.
        """
        if shuffle not in (True, False, None, "batch"):
            raise ValueError(f"`shuffle` must be True, False or 'batch'. Received: {shuffle!r}.")
        order = random.generator().permutation(self.size) if shuffle is True else None
        for i in range(self.steps(batch_size, drop_remainder)):
            place = slice(i * batch_size, (i + 1) * batch_size)
            if shuffle == "batch":
                batch = self.take(place)
                yield batch.take(random.generator().permutation(batch.size))
            else:
                yield self.take(place if order is None else order[place])

    def take(self, index: Any) -> Data:
        x, y, weight = self
        return Data(
            x[index], None if y is None else y[index], None if weight is None else weight[index]
        )


def _array(name: str, data: Any) -> Any:
    if data is None:
        return None
    if type(data) is Tensor:
        data = data.numpy()
    array = np.asarray(data)
    if array.dtype.kind not in "fiub" or array.ndim == 0:
        raise ValueError(
            f"{name}: expected an array of numbers with one row per sample. Received: "
            f"{describe(data)}."
        )
    return array


def split(data: Data, validation_split: float) -> tuple[Data, Data]:
    """The first part to train with and the last part to validate with, before any shuffling."""
    if not 0 < validation_split < 1:
        raise ValueError(
            f"`validation_split` must be between 0 and 1. Received: {validation_split}."
        )
    at = math.floor(data.size * (1.0 - validation_split))
    if at in (0, data.size):
        raise ValueError(
            f"Training data contains {data.size} samples, which is not sufficient to split it into "
            f"a validation and training set as specified by `validation_split={validation_split}`."
            " Either provide more data, or a different value for the `validation_split` argument."
        )
    return data.take(slice(0, at)), data.take(slice(at, None))


def class_weights(data: Data, weights: dict[int, float]) -> Data:
    """The weight of its class for each sample; classes that are not named weigh 1."""
    if data.weight is not None:
        raise ValueError("You cannot `class_weight` and `sample_weight` at the same time.")
    if data.y is None:
        raise ValueError("`class_weight` needs targets. Received: y=None.")
    y = data.y
    labels = y.argmax(-1) if y.ndim > 1 and y.shape[-1] > 1 else y.reshape(len(y))
    weight = np.ones(len(y), dtype=np.float32)
    for label, value in weights.items():
        weight[labels == label] = value
    return Data(data.x, y, weight)


def batch_size_of(batch_size: int | None) -> int:
    """32 unless said otherwise."""
    return 32 if batch_size is None else positive_integer("batch_size", batch_size)
