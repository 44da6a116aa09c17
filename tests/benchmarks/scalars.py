"""The scalar graph of the well-known moons demonstration, 2-16-16-1: ours and micrograd's."""

from __future__ import annotations

import itertools
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from tinygrad_es import Tensor
from tinygrad_es.datasets import synthetic

from .timing import row

SIZES = (2, 16, 16, 1)


def parameters() -> list[Any]:
    rng = np.random.default_rng(1)
    return [rng.uniform(-1, 1, (b, a + 1)) for a, b in itertools.pairwise(SIZES)]


def loss_of(
    layers: Any, points: list[Any], labels: list[float], number: Callable[[float], Any]
) -> Any:
    """The max-margin loss, one number at a time."""
    total = number(0.0)
    for point, label in zip(points, labels, strict=True):
        h = [number(v) for v in point]
        for k, layer in enumerate(layers):
            outs = []
            for *w, b in layer:
                s = b
                for wi, xi in zip(w, h, strict=True):
                    s = s + wi * xi
                outs.append(s.relu() if k < len(layers) - 1 else s)
            h = outs
        total = total + (h[0] * -label + 1.0).relu()
    return total * (1.0 / len(points))


def train(
    make: Callable[[float], Any], number: Callable[[float], Any], steps: int = 9
) -> tuple[float, float]:
    """Median seconds of a step of the demonstration (forward, backward, update); the last loss."""
    x, y = synthetic.moons(100, noise=0.1, seed=1)
    points, labels = x.tolist(), [2.0 * v - 1.0 for v in y.tolist()]
    layers = [[[make(v) for v in neuron] for neuron in layer] for layer in parameters_as_lists()]
    weights = [w for layer in layers for neuron in layer for w in neuron]

    def step() -> float:
        loss = loss_of(layers, points, labels, number)
        for w in weights:
            w.grad = 0.0
        loss.backward()
        for w in weights:
            w.data -= 0.1 * float(getattr(w.grad, "data", w.grad))
        return float(loss.data)

    times = []
    for _ in range(steps):
        start = time.perf_counter()
        last = step()
        times.append(time.perf_counter() - start)
    return statistics.median(times), last


def parameters_as_lists() -> list[Any]:
    return [layer.tolist() for layer in parameters()]


def measured(what: str) -> tuple[float, float]:
    """The same in a process of its own, where nobody else's objects are."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.benchmarks.scalars", what],
        check=True,
        capture_output=True,
        text=True,
    )
    seconds, loss = done.stdout.split()
    return float(seconds), float(loss)


def main() -> None:
    """Print milliseconds a step and the ratio: the least disturbed of five processes each."""
    try:
        import micrograd.engine  # noqa: F401 - only asked whether it is there
    except ImportError:
        seconds = min(measured("ours")[0] for _ in range(5))
        row("scalar graph (moons), ms a step", seconds * 1e3, "micrograd is not installed")
        return
    pairs = [(measured("ours"), measured("micrograd")) for _ in range(5)]
    assert all(abs(a - b) < 1e-9 for (_, a), (_, b) in pairs), "the two disagree"
    mine, theirs = (min(seconds for seconds, _ in found) for found in zip(*pairs, strict=True))
    row("scalar graph (moons), ms a step", "ours", "micrograd", "times faster")
    row("2-16-16-1, 100 points", mine * 1e3, theirs * 1e3, theirs / mine)


if __name__ == "__main__":
    if sys.argv[1] == "ours":
        print(*train(lambda v: Tensor(v, requires_grad=True), Tensor))
    else:
        from micrograd.engine import Value

        print(*train(Value, Value))
