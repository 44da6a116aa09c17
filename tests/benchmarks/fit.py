"""Epochs of `fit` against the same epochs written by hand with Tensors and an optimizer."""

from __future__ import annotations

import itertools

import numpy as np

from tinygrad_es import Input, Sequential, Tensor, layers, losses, ops, optimizers

from .steps import WORKLOADS, Step
from .timing import compare, row

BATCHES, EPOCHS = 40, 5


def by_hand(sizes: list[int], n: int) -> Step:
    """Shuffle, batch, forward, loss, backward, step: the loop of the lesson."""
    rng = np.random.default_rng(0)
    weights = [
        (Tensor(rng.normal(size=s).astype("f4") * 0.1, requires_grad=True),
         Tensor(np.zeros(s[1], "f4"), requires_grad=True))
        for s in itertools.pairwise(sizes)
    ]  # fmt: skip
    parameters = [p for pair in weights for p in pair]
    optimizer = optimizers.SGD(0.01)
    criterion = losses.SparseCategoricalCrossentropy(from_logits=True)
    x, y = data(sizes, n)

    def train() -> object:
        total = 0.0
        for _ in range(EPOCHS):
            order = rng.permutation(len(x))
            for i in range(0, len(x), n):
                h, t = x[order[i : i + n]], y[order[i : i + n]]
                for w, b in weights[:-1]:
                    h = ops.relu(ops.linear(h, w, b))
                loss = criterion(t, ops.linear(h, *weights[-1]))
                loss.backward()
                optimizer.step(parameters)
                total += float(loss.value)
        return total

    return train


def by_fit(sizes: list[int], n: int) -> Step:
    """The same as a model."""
    hidden = [layers.Dense(units, "relu") for units in sizes[1:-1]]
    model = Sequential([Input((sizes[0],)), *hidden, layers.Dense(sizes[-1])])
    model.compile(optimizers.SGD(0.01), losses.SparseCategoricalCrossentropy(from_logits=True))
    x, y = data(sizes, n)
    return lambda: model.fit(x, y, batch_size=n, epochs=EPOCHS, verbose=0)


def data(sizes: list[int], n: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(1)
    x = rng.normal(size=(n * BATCHES, sizes[0])).astype("f4")
    return x, rng.integers(0, sizes[-1], n * BATCHES)


def main() -> None:
    """Print the ratios of all workloads."""
    row(f"{EPOCHS} epochs of {BATCHES} steps, ms", "by hand", "fit", "/hand")
    for name, (sizes, n) in WORKLOADS.items():
        hand, fit = compare([by_hand(sizes, n), by_fit(sizes, n)])
        row(name, hand * 1e3, fit * 1e3, fit / hand)
