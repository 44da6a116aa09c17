"""Right gradients in many seeds and at many scales: how many are called wrong, how many unsure.

    python -m tests.check.many_seeds [SEEDS]

Prints a line for each function and model: 0 in the column "wrong" is what is wanted.
"""

from __future__ import annotations

import sys
from typing import Any

import numpy as np

from tinygrad_es import check_backprop, check_gradients

from .backprop_models import MODELS
from .test_false_alarms import CASES

SCALES = (1.0, 1e-4, 1e-2, 1e2, 1e4, 1e6)


def numerical(name: str, seeds: range) -> tuple[int, int, int, list[str]]:
    """`check_gradients`: entries, how many were wrong, how many unsure."""
    f, shapes = CASES[name]
    entries = wrong = unsure = 0
    told = []
    for seed in seeds:
        rng = np.random.default_rng(seed)
        scale = SCALES[seed % len(SCALES)]
        others = scale if seed // len(SCALES) % 2 else 1.0 / scale  # all alike, or against it
        scales = [scale, *[others] * (len(shapes) - 1)]
        inputs = [k * rng.normal(size=s) for k, s in zip(scales, shapes, strict=True)]
        report = check_gradients(f, *inputs, seed=seed)
        second = report.second
        reports = [report] if second is None else [report, second]
        entries += sum(r.entries for r in reports)
        unsure += sum(r.inconclusive + r.skipped for r in reports)
        if "wrong" in {r.verdict for r in reports}:
            wrong += 1
            told.append(f"{name}, seed {seed}, scale {scale:g}: {report}")
    return entries, wrong, unsure, told


def by_hand(name: str, seeds: range) -> tuple[int, int, int, list[str]]:
    """`check_backprop`: gradients, how many passes were called wrong, how many were unsure."""
    model = MODELS[name]
    forward, backward = model.functions()
    entries = wrong = unsure = 0
    told = []
    for seed in seeds:
        inputs = model.inputs(np.random.default_rng(seed))
        scale = SCALES[seed % len(SCALES)]
        with np.errstate(all="ignore"):
            report = check_backprop(forward, backward, *_scaled(inputs, scale))
        entries += len(report.verdicts)
        unsure += sum(verdict == "inconclusive" for verdict in report.verdicts.values())
        if "wrong" in report.verdicts.values():
            wrong += 1
            told.append(f"{name}, seed {seed}, scale {scale:g}: {report}")
    return entries, wrong, unsure, told


def _scaled(inputs: tuple[Any, ...], scale: float) -> list[Any]:
    """The first input so much larger, and the weights that it is multiplied with so much smaller:
    a network whose units are not all saturated."""
    first = inputs[0]
    rows = first.shape[-1]
    weights = [x is not first and rows in (np.shape(x)[:1] + np.shape(x)[-1:]) for x in inputs]
    return [scale * x if x is first else x / scale if smaller else x
            for x, smaller in zip(inputs, weights, strict=True)]  # fmt: skip


def main(count: int = 1000) -> int:
    """Print the table; returns how many were called wrong."""
    messages: list[str] = []
    total = np.zeros(3, int)
    print(f"{count} seeds, scales {', '.join(f'{s:g}' for s in SCALES)}")
    print(f"{'':24}{'entries':>10}{'wrong':>8}{'unsure':>10}")
    for check, names in ((numerical, CASES), (by_hand, MODELS)):
        for name in names:
            entries, wrong, unsure, told = check(name, range(count))
            share = f"{100 * unsure / max(entries, 1):.2f} %"
            print(f"{name:24}{entries:10,}{wrong:8}{share:>10}", flush=True)
            total += entries, wrong, unsure
            messages += told
    share = f"{100 * total[2] / total[0]:.2f} %"
    print(f"{'all':24}{total[0]:10,}{total[1]:8}{share:>10}")
    print("\n".join(messages[:20]))
    return int(total[1])


if __name__ == "__main__":
    sys.exit(bool(main(*map(int, sys.argv[1:]))))
