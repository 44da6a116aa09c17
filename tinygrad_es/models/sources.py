"""Where batches come from: arrays in memory, sequences that make a batch on demand, generators."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from ..layers.layer import positive_integer
from ..ops import random
from ..tree import is_nested
from .data import Data, batch_size_of, class_weights

__all__ = ["ArraySource", "Source", "is_iterable_of_batches", "source_of"]


class Source:
    """Batches, epoch by epoch; `steps` cuts epochs out of a longer stream of them."""

    count: int | None = None  # batches in the stream, None where that is not known

    def __init__(self, steps: int | None = None) -> None:
        self.asked = None if steps is None else positive_integer("steps", steps)
        self._running: Iterator[Any] | None = None
        self._seen = 0
        self.exhausted = False

    @property
    def steps(self) -> int | None:
        """Batches of an epoch, None before the first ended."""
        return self.asked or self.count

    def stream(self) -> Iterator[Any]:
        """All batches there are, once."""
        raise TypeError(f"{type(self).__name__} has no stream() of its own")

    def restart(self) -> None:
        """Begin at the first batch again, where that is possible: a generator goes on."""
        self._running = None

    def ended(self) -> None:
        """An epoch is over."""

    def epoch(self) -> Iterator[Any]:
        """The batches of one epoch. A warning where there are fewer than asked for."""
        if self.asked is None:
            yield from self._all()
        else:
            yield from self._some(self.asked)
        self.ended()

    def _all(self) -> Iterator[Any]:
        n = 0
        for batch in self.stream():
            n += 1
            yield batch
        if n == 0:
            self._warn()
        self.count = self.count or n

    def _some(self, asked: int) -> Iterator[Any]:
        if self._running is None:
            self._running, self._seen = self.stream(), 0
        for _ in range(asked):
            batch = next(self._running, None)
            if batch is None:
                self._running = None
                self._warn()
                return
            self._seen += 1
            yield batch
        if self._seen == self.count:
            self._running = None  # the next epoch begins anew

    def _warn(self) -> None:
        self.exhausted = True
        warnings.warn(
            "Your input ran out of data; interrupting training. Make sure that your dataset or "
            "generator can generate at least `steps_per_epoch * epochs` batches.",
            stacklevel=2,
        )


class ArraySource(Source):
    """Batches of arrays, shuffled or not."""

    def __init__(
        self,
        data: Data,
        batch_size: int | None = None,
        shuffle: Any = False,
        drop_remainder: bool = False,
        steps: int | None = None,
    ) -> None:
        super().__init__(steps)
        if not any(shuffle is known for known in (True, False, None)) and shuffle != "batch":
            raise ValueError(f"`shuffle` must be True, False or 'batch'. Received: {shuffle!r}.")
        self.data, self.shuffle, self.drop_remainder = data, shuffle, drop_remainder
        self.batch_size = batch_size_of(batch_size)
        self.count = data.steps(self.batch_size, drop_remainder)
        if self.count == 0:
            raise ValueError(
                f"drop_remainder leaves no batch: {data.size} samples, batch_size "
                f"{self.batch_size}."
            )

    def stream(self) -> Iterator[Any]:
        return self.data.batches(self.batch_size, self.shuffle, self.drop_remainder)


class SequenceSource(Source):
    """Batches of an object with `__len__` and `__getitem__`: `Sequence`, `PyDataset`."""

    def __init__(
        self, data: Any, prepare: Callable[[Any], Data], shuffle: Any, steps: int | None
    ) -> None:
        super().__init__(steps)
        self.data, self.prepare, self.shuffle = data, prepare, shuffle
        self.count = len(data)
        if self.count == 0:
            raise ValueError(f"expected at least one batch. Received: {data!r} of length 0.")

    def stream(self) -> Iterator[Any]:
        count = self.count = len(self.data)
        order = random.generator().permutation(count) if self.shuffle is True else range(count)
        for i in order:
            yield self.prepare(self.data[int(i)])

    def ended(self) -> None:
        if hasattr(self.data, "on_epoch_end"):
            self.data.on_epoch_end()


class IterableSource(Source):
    """Batches of anything to iterate over: a generator (once), a loader (once an epoch)."""

    def __init__(self, data: Any, prepare: Callable[[Any], Data], steps: int | None) -> None:
        super().__init__(steps)
        self.data, self.prepare = data, prepare

    def stream(self) -> Iterator[Any]:
        for batch in self.data:
            yield self.prepare(batch)


def is_iterable_of_batches(x: Any) -> bool:
    """Whether x makes batches itself, and is neither an array nor a structure of arrays."""
    if is_nested(x) or hasattr(x, "__array__") or isinstance(x, (str, bytes)):
        return False
    return hasattr(x, "__iter__") or (hasattr(x, "__getitem__") and hasattr(x, "__len__"))


def source_of(
    x: Any,
    prepare: Callable[..., Data],
    *,
    y: Any = None,
    sample_weight: Any = None,
    shuffle: Any = False,
    class_weight: dict[int, float] | None = None,
    steps: int | None = None,
    inputs: int = 1,
) -> Source:
    """The source of an object that makes batches: x, (x, y) or (x, y, sample_weight) each.

    A list is such a tuple too, as PyTorch's loaders make them, unless the model has several
    `inputs`: then it is x.
    """
    kind = type(x).__name__
    for name, value in (("y", y), ("sample_weight", sample_weight)):
        if value is not None:
            raise ValueError(
                f"When providing `x` as a {kind}, `{name}` should not be passed. Instead, it "
                "should be part of each batch: (x, y) or (x, y, sample_weight)."
            )

    def batch(given: Any) -> Data:
        whole = isinstance(given, tuple) or (isinstance(given, list) and inputs < 2)
        parts = given if whole else (given,)
        if not 1 <= len(parts) <= 3:
            raise ValueError(
                "each batch must be x, (x, y) or (x, y, sample_weight). Received: "
                f"{len(parts)} parts from {kind}."
            )
        data = prepare(*parts)
        return data if class_weight is None else class_weights(data, class_weight)

    if hasattr(x, "__getitem__") and hasattr(x, "__len__") and not isinstance(x, np.ndarray):
        loader = hasattr(x, "__iter__") and not hasattr(type(x), "__getitem__")
        if not loader:
            return SequenceSource(x, batch, shuffle, steps)
    source = IterableSource(x, batch, steps)
    if hasattr(x, "__len__"):
        source.count = len(x)
    return source
