"""What the callback GradientFlow costs: its share of a step of `fit` at the default setting."""

from __future__ import annotations

import statistics
import time
from typing import Any

import numpy as np

from tinygrad_es import Input, Sequential, callbacks, layers, losses
from tinygrad_es.datasets import optdigits

from .timing import row

Case = tuple[Any, Any, Any, int, str]


def perceptron(batch: int, optimizer: str, *units: int) -> Case:
    """Digits of 8 × 8 with hidden layers of ReLUs."""
    (x, y), _ = optdigits.load_data()
    x = (x / 16).astype("f4")
    hidden = [layers.Dense(n, "relu") for n in units]
    model = Sequential([Input((8, 8)), layers.Flatten(), *hidden, layers.Dense(10)])
    return model, x[: 40 * batch], y[: 40 * batch], batch, optimizer


def wide(batch: int, optimizer: str) -> Case:
    """784-300-100-10 on random numbers."""
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(40 * batch, 784)).astype("f4"), rng.integers(0, 10, 40 * batch)
    hidden = [layers.Dense(n, "relu") for n in (300, 100)]
    return Sequential([Input((784,)), *hidden, layers.Dense(10)]), x, y, batch, optimizer


def convolutional(batch: int, optimizer: str) -> Case:
    """Two convolutions on the digits."""
    (x, y), _ = optdigits.load_data()
    model = Sequential(
        [
            Input((8, 8, 1)),
            layers.Conv2D(16, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.Conv2D(32, 3, padding="same", activation="relu"),
            layers.Flatten(),
            layers.Dense(10),
        ]
    )
    return model, (x / 16).astype("f4")[: 40 * batch, ..., None], y[: 40 * batch], batch, optimizer


CASES = {
    "64-50-10, batch 1, SGD": perceptron(1, "sgd", 50),
    "64-50-10, batch 32, SGD": perceptron(32, "sgd", 50),
    "64-50-10, batch 32, Adam": perceptron(32, "adam", 50),
    "64-50-10, batch 90, Adam": perceptron(90, "adam", 50),
    "64-(32 ×10)-10, batch 32, SGD": perceptron(32, "sgd", *[32] * 10),
    "784-300-100-10, batch 32, SGD": wide(32, "sgd"),
    "784-300-100-10, batch 32, Adam": wide(32, "adam"),
    "CNN 8×8, batch 32, Adam": convolutional(32, "adam"),
}


class Timed(callbacks.GradientFlow):
    """The callback, and how long it takes: records, and the steps between them."""

    def on_train_begin(self, logs: Any = None) -> None:
        super().on_train_begin(logs)
        self.spent: dict[bool, list[float]] = {True: [], False: []}

    def on_gradients(self, gradients: Any, parameters: Any) -> None:
        start = time.perf_counter()
        super().on_gradients(gradients, parameters)
        self.before = time.perf_counter() - start

    def on_train_step(self, batch: int, loss: Any) -> None:
        recorded = self._numbers is not None
        start = time.perf_counter()
        super().on_train_step(batch, loss)
        self.spent[recorded].append(time.perf_counter() - start + self.before)


def main() -> None:
    """Print the time of a step, of a record, of looking on, and their share of the step."""
    every = callbacks.GradientFlow().every
    row("a step of fit, µs", "alone", "a record", "no record", f"every={every}")
    for name, (model, x, y, batch, optimizer) in CASES.items():
        model.compile(optimizer, losses.SparseCategoricalCrossentropy(from_logits=True))
        found = []
        for _ in range(7):
            watch, start = Timed(), time.perf_counter()
            model.fit(x, y, batch_size=batch, epochs=25, verbose=0, callbacks=[watch])
            whole, records, others = time.perf_counter() - start, *watch.spent.values()
            alone = (whole - sum(records) - sum(others)) / (len(records) + len(others))
            found.append((alone, statistics.median(records), statistics.median(others)))
        alone, record, other = (statistics.median(column) for column in zip(*found, strict=True))
        share = (record + (every - 1) * other) / every / alone
        row(name, alone * 1e6, record * 1e6, other * 1e6, f"+{share:.1%}")
