"""`check_backprop`: planted mistakes are found, placed and named; right gradients are right."""

from __future__ import annotations

import numpy as np
import pytest

from tinygrad_es import check_backprop

from .backprop_models import MODELS

PLANTED = [(name, mistake) for name, model in MODELS.items() for mistake in model.mistakes]
SEEDS = range(3)


def report_of(name, mistake, seed):
    model = MODELS[name]
    inputs = model.inputs(np.random.default_rng(seed))
    return check_backprop(*model.functions(mistake), *inputs)


@pytest.mark.parametrize("name", MODELS)
def test_right_gradients_are_right(name):
    for seed in range(10):
        report = report_of(name, None, seed)
        assert report.ok, f"{seed}: {report}"
        assert report.culprit is None
        assert set(report.verdicts.values()) == {"right"}


@pytest.mark.parametrize(("name", "mistake"), PLANTED, ids=lambda v: getattr(v, "wrong", v))
def test_planted_mistakes_are_found_and_placed(name, mistake):
    for seed in SEEDS:
        report = report_of(name, mistake, seed)
        assert not report.ok
        assert report.culprit == mistake.culprit, str(report)
        assert len(report.text("en").splitlines()) <= 12


def table():
    """How often the right name is first: by model and name of the mistake."""
    counts: dict[tuple[str, str], list[int]] = {}
    missed = []
    for name, mistake in PLANTED:
        for seed in SEEDS:
            found = report_of(name, mistake, seed).diagnoses
            named = bool(found) and found[0].code in mistake.codes.split()
            cell = counts.setdefault((name, mistake.codes.split()[0]), [0, 0])
            cell[0] += named
            cell[1] += 1
            if not named and seed == 0:
                missed.append(f"{name}: {mistake.wrong}: {[d.code for d in found]}")
    return counts, missed


def test_the_right_name_comes_first():
    counts, missed = table()
    named, planted = (sum(cell[k] for cell in counts.values()) for k in (0, 1))
    assert named >= 0.95 * planted, "\n".join(missed)


if __name__ == "__main__":  # the table: names of mistakes down, models across
    found, missed = table()
    codes = sorted({code for _, code in found})
    print("".ljust(6), *(name.rjust(10) for name in MODELS))
    for code in codes:
        cells = (found.get((name, code)) for name in MODELS)
        print(code.ljust(6), *((f"{c[0]}/{c[1]}" if c else "").rjust(10) for c in cells))
    print("\n".join(missed))
