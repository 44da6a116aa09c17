"""The power of a test: how many planted mistakes this very test would catch."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from .comparison import Comparison

__all__ = ["mutants_of", "power_of"]

SINGLE = 10  # entries that are made 1 % larger, one at a time


def mutants_of(a: Any, seed: int = 0) -> Iterator[tuple[str, Any]]:
    """Gradients with a mistake, each with its name; those that change nothing are left out.

    >>> [name for name, _ in mutants_of(np.array([[1.0, 2.0]]))]
    ['zero', '×2', '−', '×1.01 on one entry', '×1.01 on one entry', 'rolled']
    """
    made = [("zero", np.zeros_like(a)), ("×2", 2.0 * a), ("−", -a)]
    rng = np.random.default_rng(seed)
    present = np.flatnonzero(a)
    for i in np.sort(rng.choice(present, min(SINGLE, present.size), replace=False)):
        one = a.copy()
        one.flat[i] *= 1.01
        made.append(("×1.01 on one entry", one))
    if a.ndim == 2 and a.shape[0] == a.shape[1]:
        made.append(("transposed", a.T.copy()))
    made.append(("rolled", np.roll(a, 1)))
    for name, mutant in made:
        if not np.allclose(mutant, a, rtol=1e-4, atol=0.0):
            yield name, mutant


def power_of(compared: Comparison) -> dict[str, tuple[int, int]]:
    """For every kind of mistake: how many the test would catch, of how many tried.

    No new evaluation is needed: the mutants meet the differences that are there already. One that
    equals the gradient (a rolled constant) is not counted; of a gradient of zeros none is left.
    """
    power: dict[str, tuple[int, int]] = {}
    for k, a in enumerate(compared.automatic):
        for name, mutant in mutants_of(a, compared.seed):
            caught, tried = power.get(name, (0, 0))
            power[name] = (caught + (not compared.passes(k, mutant)), tried + 1)
    return power
