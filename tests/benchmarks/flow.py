"""What the callback GradientFlow costs: `fit` with it against `fit` without, at the default."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_es import Input, Sequential, callbacks, layers, losses
from tinygrad_es.datasets import optdigits

from .steps import Step
from .timing import compare, row

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


def fitting(case: Case, every: int | None) -> Step:
    """Three epochs of forty steps."""
    model, x, y, batch, optimizer = case
    model.compile(optimizer, losses.SparseCategoricalCrossentropy(from_logits=True))
    watch = [] if every is None else [callbacks.GradientFlow(every=every)]
    return lambda: model.fit(x, y, batch_size=batch, epochs=3, verbose=0, callbacks=watch)


def main() -> None:
    """Print the time of a step without the callback, and what it adds."""
    default = callbacks.GradientFlow().every
    row("a step of fit", "alone, µs", f"every={default}", "every=1")
    for name, case in CASES.items():
        alone, usual, always = compare([fitting(case, every) for every in (None, default, 1)])
        steps = 3 * len(case[1]) // case[3]
        shares = [f"+{100 * (t / alone - 1):.1f} %" for t in (usual, always)]
        row(name, alone * 1e6 / steps, *shares)
