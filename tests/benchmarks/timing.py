"""How the benchmarks measure: alternating rounds in one process, the median of each."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence


def compare(
    steps: Sequence[Callable[[], object]], rounds: int = 21, budget: float = 0.02
) -> list[float]:
    """Median seconds per call of each step; the steps take turns, so noise meets all of them."""
    counts = []
    for step in steps:
        step()
        step()
        start = time.perf_counter()
        step()
        counts.append(max(2, int(budget / (time.perf_counter() - start))))
    spent: list[list[float]] = [[] for _ in steps]
    for _ in range(rounds):
        for times, step, count in zip(spent, steps, counts, strict=True):
            start = time.perf_counter()
            for _ in range(count):
                step()
            times.append((time.perf_counter() - start) / count)
    return [statistics.median(times) for times in spent]


def row(name: str, *cells: object) -> None:
    """One line of a table."""
    print(
        f"{name:<34}" + "".join(f"{c:>14}" if isinstance(c, str) else f"{c:>14.2f}" for c in cells)
    )
