"""One training step of a ReLU perceptron with softmax cross-entropy: by hand, ours, torch."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np

from tinygrad_es import Tensor, losses, ops, optimizers

from .timing import compare, row

WORKLOADS = {
    "A optdigits 64-50-10, batch 1": ([64, 50, 10], 1),
    "B optdigits 64-50-10, batch 150": ([64, 50, 10], 150),
    "C 784-300-100-10, batch 32": ([784, 300, 100, 10], 32),
    "D 784-300-100-10, batch 256": ([784, 300, 100, 10], 256),
}
Step = Callable[[], object]


def setup(sizes: list[int], n: int) -> tuple[list[Any], list[Any], Any, Any]:
    rng = np.random.default_rng(0)
    weights = [(rng.normal(size=s) * 0.1).astype("f4") for s in itertools.pairwise(sizes)]
    biases = [np.zeros(b, "f4") for b in sizes[1:]]
    x = rng.normal(size=(n, sizes[0])).astype("f4")
    return weights, biases, x, rng.integers(0, sizes[-1], n)


def by_hand(weights: list[Any], biases: list[Any], x: Any, labels: Any, adam: bool) -> Step:
    """The lesson's NumPy code."""
    n, lr, t = len(x), np.float32(0.01), np.eye(10, dtype="f4")[labels]
    params = [p for pair in zip(weights, biases, strict=True) for p in pair]
    m, v = ([np.zeros_like(p) for p in params] for _ in range(2))
    count = [0]

    def step() -> object:
        activations = [x]
        for w, b in zip(weights[:-1], biases[:-1], strict=True):
            activations.append(np.maximum(activations[-1] @ w + b, 0))
        z = activations[-1] @ weights[-1] + biases[-1]
        z = z - z.max(1, keepdims=True)
        e = np.exp(z)
        s = e.sum(1, keepdims=True)
        loss = -(t * (z - np.log(s))).sum() / n
        d, grads = (e / s - t) / n, []
        for i in range(len(weights) - 1, -1, -1):
            grads = [activations[i].T @ d, d.sum(0), *grads]
            if i:
                d = (d @ weights[i].T) * (activations[i] > 0)
        count[0] += 1
        scale = lr * np.float32(np.sqrt(1 - 0.999 ** count[0]) / (1 - 0.9 ** count[0]))
        for k, (p, g) in enumerate(zip(params, grads, strict=True)):
            if adam:
                m[k] += (g - m[k]) * np.float32(0.1)
                v[k] += (g * g - v[k]) * np.float32(0.001)
                p -= m[k] * scale / (np.sqrt(v[k]) + np.float32(1e-7))
            else:
                p -= lr * g
        return loss

    return step


def ours(weights: list[Any], biases: list[Any], x: Any, labels: Any, adam: bool) -> Step:
    """The Tensor API and an optimizer."""
    layers = [
        (Tensor(w, requires_grad=True), Tensor(b, requires_grad=True))
        for w, b in zip(weights, biases, strict=True)
    ]
    params = [p for pair in layers for p in pair]
    optimizer = optimizers.Adam(0.01) if adam else optimizers.SGD(0.01)
    criterion = losses.SparseCategoricalCrossentropy(from_logits=True)

    def step() -> object:
        h = x
        for w, b in layers[:-1]:
            h = ops.relu(ops.linear(h, w, b))
        loss = criterion(labels, ops.linear(h, *layers[-1]))
        loss.backward()
        optimizer.step(params)
        return loss

    return step


def torch_eager(weights: list[Any], biases: list[Any], x: Any, labels: Any, adam: bool) -> Step:
    import torch

    f = torch.nn.functional
    layers = [
        (torch.tensor(w.T.copy(), requires_grad=True), torch.tensor(b, requires_grad=True))
        for w, b in zip(weights, biases, strict=True)
    ]
    params = [p for pair in layers for p in pair]
    optimizer = torch.optim.Adam(params, 0.01) if adam else torch.optim.SGD(params, 0.01)
    inputs, targets = torch.tensor(x), torch.tensor(labels)

    def step() -> object:
        h = inputs
        for w, b in layers[:-1]:
            h = torch.relu(f.linear(h, w, b))
        loss = f.cross_entropy(f.linear(h, *layers[-1]), targets)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return loss

    return step


def main() -> None:
    """Print the ratios of all workloads."""
    makers = [by_hand, ours]
    try:
        import torch  # noqa: F401 - only asked whether it is there

        makers.append(torch_eager)
    except ImportError:
        print("torch is not installed: compared with NumPy by hand only")
    for adam in (False, True):
        row(
            f"step with {'Adam' if adam else 'SGD'}, µs",
            *(m.__name__ for m in makers),
            "/hand",
            "/torch",
        )
        for name, (sizes, n) in WORKLOADS.items():
            times = compare([make(*setup(sizes, n), adam) for make in makers])
            ratios = [times[1] / t for t in (times[0], *times[2:])]
            row(name, *(t * 1e6 for t in times), *ratios)
