"""The scalar graph of the well-known moons demonstration, 2-16-16-1: ours and micrograd's."""

from __future__ import annotations

import itertools
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


def run(make: Callable[[float], Any], number: Callable[[float], Any]) -> tuple[float, float]:
    """Seconds of forward + backward (best of three), and one gradient to compare."""
    x, y = synthetic.moons(100, noise=0.1, seed=1)
    points, labels = x.tolist(), [2.0 * v - 1.0 for v in y.tolist()]
    best, checksum = float("inf"), 0.0
    for _ in range(3):
        layers = [
            [[make(v) for v in neuron] for neuron in layer] for layer in parameters_as_lists()
        ]
        start = time.perf_counter()
        loss_of(layers, points, labels, number).backward()
        best = min(best, time.perf_counter() - start)
        checksum = float(getattr(layers[0][0][0].grad, "data", layers[0][0][0].grad))
    return best, checksum


def parameters_as_lists() -> list[Any]:
    return [layer.tolist() for layer in parameters()]


def main() -> None:
    """Print seconds and the ratio."""
    mine, a = run(lambda v: Tensor(v, requires_grad=True), Tensor)
    try:
        from micrograd.engine import Value
    except ImportError:
        row("scalar graph (moons), ms", mine * 1e3, "micrograd is not installed")
        return
    theirs, b = run(Value, Value)
    assert abs(a - b) < 1e-9, "the two disagree"
    row("scalar graph (moons), ms", "ours", "micrograd", "times faster")
    row("2-16-16-1, 100 points", mine * 1e3, theirs * 1e3, theirs / mine)
