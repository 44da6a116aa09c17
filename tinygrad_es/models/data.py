"""Samples, targets and weights: checked, split, and cut into batches."""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterator
from numbers import Real
from typing import Any, NamedTuple

import numpy as np

from ..autodiff.config import float_dtype
from ..autodiff.errors import describe
from ..autodiff.tensor import Tensor
from ..layers.layer import positive_integer
from ..ops import random
from ..tree import is_nested, leaves, map_structure

__all__ = ["Data", "batch_size_of", "class_weights", "several", "split", "warn_of_nan"]


class Data(NamedTuple):
    """Samples, targets and weights, all with the same first axis; the last two may be None.

    Each is an array, or a list or dict of arrays where a model has several inputs or outputs.
    """

    x: Any
    y: Any
    weight: Any

    @staticmethod
    def of(
        x: Any, y: Any = None, sample_weight: Any = None, inputs: int = 0, outputs: int = 0
    ) -> Data:
        """The arrays, checked: numbers, and the same count of samples in each.

        `inputs` and `outputs` are how many the model has, 0 where that is not known.
        """
        data = Data(
            arrays("x", x, inputs), arrays("y", y, outputs), arrays("sample_weight", sample_weight)
        )
        names = ("x", "y", "sample_weight")
        sizes = [(k, [len(a) for a in leaves(v)]) for k, v in zip(names, data) if v is not None]
        if len({n for _, counts in sizes for n in counts}) > 1:
            listed = "".join(f"'{k}' sizes: {', '.join(map(str, n))}\n" for k, n in sizes)
            raise ValueError(
                "Data cardinality is ambiguous. Make sure all arrays contain the same number of "
                f"samples.\n{listed}"
            )
        if data.x is None:
            raise ValueError("expected samples. Received: x=None.")
        if sizes[0][1][0] == 0:
            raise ValueError("expected at least one sample. Received: x of length 0.")
        return data

    @property
    def size(self) -> int:
        """The number of samples."""
        return len(leaves(self.x)[0]) if is_nested(self.x) else len(self.x)

    def steps(self, batch_size: int, drop_remainder: bool = False) -> int:
        """Batches in an epoch: the last, smaller one counts unless it is dropped."""
        return self.size // batch_size if drop_remainder else math.ceil(self.size / batch_size)

    def batches(
        self, batch_size: int, shuffle: Any = False, drop_remainder: bool = False
    ) -> Iterator[Data]:
        """The batches of one epoch: in a new random order with `shuffle=True`, each batch by
        itself in a new order with `shuffle="batch"`.
        """
        order = random.generator().permutation(self.size) if shuffle is True else None
        for i in range(self.steps(batch_size, drop_remainder)):
            place = slice(i * batch_size, (i + 1) * batch_size)
            if shuffle == "batch":
                batch = self.take(place)
                yield batch.take(random.generator().permutation(batch.size))
            else:
                yield self.take(place if order is None else order[place])

    def take(self, index: Any) -> Data:
        """The samples of an index."""
        return Data(*[None if part is None else taken(part, index) for part in self])


def taken(part: Any, index: Any) -> Any:
    return map_structure(lambda a: a[index], part) if is_nested(part) else part[index]


def several(data: Any, count: int) -> bool:
    """Whether data are a structure of arrays, and not one array written as a list."""
    if isinstance(data, dict):
        return True
    if not isinstance(data, (list, tuple)) or not data or (count == 1 and len(data) != 1):
        return False
    return all(is_array(part) or several(part, 0) for part in data)


def is_array(value: Any) -> bool:
    return bool(getattr(value, "shape", ()))


def arrays(name: str, data: Any, count: int = 0) -> Any:
    """One array, or a structure of arrays; where one is expected, a list of one is that one."""
    if data is None:
        return None
    if not several(data, count):
        return array(name, data)
    if count == 1 and not isinstance(data, dict):
        return array(name, data[0])
    return map_structure(lambda part: array(name, part), data)


def array(name: str, data: Any) -> Any:
    """The numbers of one array, floats in `floatx` if they are samples."""
    if type(data) is Tensor:
        data = data.numpy()
    try:
        found = np.asarray(data)
    except ValueError as error:  # lists of several lengths
        raise ValueError(
            f"{name}: expected an array of numbers with one row per sample. Received: "
            f"{describe(data)}, of which NumPy makes no array ({error})."
        ) from None
    if found.dtype.kind not in "fiub" or found.ndim == 0:
        hint = ""
        if found.dtype.kind in "UO" and name == "y" and found.ndim:
            hint = " Numbers for names: names, y = np.unique(y, return_inverse=True)."
        raise ValueError(
            f"{name}: expected an array of numbers with one row per sample. Received: "
            f"{describe(data if found.ndim == 0 else found)}.{hint}"
        )
    if name == "x" and found.dtype.kind == "f" and found.dtype != float_dtype():
        return found.astype(float_dtype())  # once, not batch by batch
    return found


def warn_of_nan(data: Data) -> None:
    """A warning where samples or targets have a NaN: the loss would be one as well."""
    for name, part in (("x", data.x), ("y", data.y)):
        for values in leaves(part) if part is not None else ():
            rows = rows_with_nan(values)
            if rows:
                warnings.warn(
                    f"{rows} of {len(values)} samples have a NaN in {name}, which makes the loss "
                    "NaN: fill them (with the mean of their column, say) or leave the rows out.",
                    stacklevel=3,
                )


def rows_with_nan(values: Any) -> int:
    """How many rows have a NaN; where there is none, one pass and no second array."""
    if values.dtype.kind != "f":
        return 0
    with np.errstate(all="ignore"):
        if not np.isnan(np.sum(values)):
            return 0
    return int(np.isnan(values).reshape(len(values), -1).any(axis=1).sum())


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
    if not isinstance(weights, dict):
        raise ValueError(
            "`class_weight` must be a dict from class numbers to weights, {0: 1.0, 1: 2.5}. "
            f"Received: {weights!r}."
        )
    wrong = [label for label in weights if not isinstance(label, Real)]
    if wrong:
        raise ValueError(
            "`class_weight` must be a dict from class numbers to weights, {0: 1.0, 1: 2.5}. "
            f"Received: the keys {wrong}."
        )
    if data.y is None:
        raise ValueError("`class_weight` needs targets. Received: y=None.")
    if is_nested(data.y):
        raise ValueError("`class_weight` is only supported for Models with a single output.")
    y = data.y
    labels = y.argmax(-1) if y.ndim > 1 and y.shape[-1] > 1 else y.reshape(len(y))
    weight = np.ones(len(y), dtype=np.float32)
    for label, value in weights.items():
        weight[labels == label] = value
    return Data(data.x, y, weight)


def batch_size_of(batch_size: int | None) -> int:
    """32 unless said otherwise."""
    return 32 if batch_size is None else positive_integer("batch_size", batch_size)
