"""Growth with the number of operations, backward against forward, cost of an import."""

from __future__ import annotations

import itertools
import os
import statistics
import subprocess
import sys
import tempfile
import time
import tracemalloc

from tinygrad_es import Tensor, losses, ops

from .steps import WORKLOADS, setup
from .timing import compare, row


def chains() -> None:
    row("chain of operations", "forward ns/op", "backward ns/op", "release ns/op", "bytes/op")
    for n in (10_000, 100_000, 1_000_000):
        x = Tensor(1.0, requires_grad=True)
        times = [time.perf_counter()]
        y = x
        for _ in range(n):
            y = y * 1.0000001
        times.append(time.perf_counter())
        y.backward()
        times.append(time.perf_counter())
        del y
        times.append(time.perf_counter())
        m = min(n, 100_000)
        tracemalloc.start()
        y = x
        for _ in range(m):
            y = y * 1.0000001
        size = tracemalloc.get_traced_memory()[0] / m
        tracemalloc.stop()
        del y
        row(f"{n:,}", *((b - a) / n * 1e9 for a, b in itertools.pairwise(times)), size)


def backward_against_forward() -> None:
    row("backward / forward", "forward µs", "backward µs", "ratio")
    for name, (sizes, n) in WORKLOADS.items():
        weights, biases, x, labels = setup(sizes, n)
        layers = [
            (Tensor(w, requires_grad=True), Tensor(b, requires_grad=True))
            for w, b in zip(weights, biases, strict=True)
        ]
        criterion = losses.SparseCategoricalCrossentropy(from_logits=True)

        def forward(layers=layers, x=x, labels=labels, criterion=criterion):  # type: ignore[no-untyped-def]  # a benchmark
            h = x
            for w, b in layers[:-1]:
                h = ops.relu(ops.linear(h, w, b))
            return criterion(labels, ops.linear(h, *layers[-1]))

        loss = forward()
        there, back = compare([forward, loss.backward])
        row(name, there * 1e6, back * 1e6, back / there)


def imports() -> None:
    with tempfile.TemporaryDirectory() as folder:  # with bytecode, as an installed package has it
        env = os.environ | {"PYTHONPYCACHEPREFIX": folder}
        env.pop("PYTHONDONTWRITEBYTECODE", None)

        def seconds(module: str) -> float:
            start = time.perf_counter()
            subprocess.run([sys.executable, "-c", f"import {module}"], check=True, env=env)
            return time.perf_counter() - start

        seconds("tinygrad_es")
        pairs = [(seconds("numpy"), seconds("tinygrad_es")) for _ in range(15)]
    numpy, ours = (statistics.median(times) for times in zip(*pairs, strict=True))
    row("import, whole process, ms", "numpy", "tinygrad_es", "ratio")
    row("", numpy * 1e3, ours * 1e3, ours / numpy)


def main() -> None:
    """Print all three tables."""
    chains()
    backward_against_forward()
    imports()
