"""The comparison itself: which entries and directions, and a second look at what disagrees."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from ..report import Entry, GradientCheck, Mismatch
from .kinks import Change, Side, change, signature
from .numeric import Differences, Estimate, cotangent
from .subject import Subject
from .verdicts import UNDERFLOW, Tolerance

__all__ = ["Comparison", "Projection"]

SAMPLES = 24  # entries of an input that is sampled: 8 largest, 8 smallest, 8 random
PROJECTIONS = 3
CONFIRMED = 30  # wrong entries of an input after which the others need no second look
CLOSE = 1e-9  # how far a projection may be off, relative to its size: see `Projection`
ON = 1e-10  # inputs this near to a kink lie on it
NEARER = (0.1, 0.01, 0.001)


class Projection(NamedTuple):
    """A derivative along a direction u that moves all entries of an input.

    One entry wrong by 0.01 % among n moves it by 10⁻⁴/√n of its size, so it is held to a much
    smaller tolerance than the entries; where it fails, they decide.
    """

    input: int
    u: Any
    found: Estimate

    def holds(self, a: Any) -> bool:
        """Whether the gradient `a` of the input agrees."""
        terms = np.ravel(a) * self.u
        gap = abs(float(np.sum(terms)) - self.found.value)
        close = CLOSE * math.sqrt(float(np.sum(terms * terms)))
        return gap <= max(close, 10.0 * self.found.error, UNDERFLOW)


class Comparison:
    """The automatic gradient of a subject, contracted with v, against differences."""

    def __init__(
        self,
        subject: Subject,
        v: Any,
        tolerance: Tolerance,
        noise: float,
        step: float,
        seed: int,
        report: GradientCheck,
    ) -> None:
        self.subject, self.v, self.tolerance = subject, v, tolerance
        self.seed, self.report = seed, report
        pulled = subject.pull(subject.arrays, v)
        pairs = zip(pulled, subject.arrays, strict=True)
        self.automatic = [
            np.zeros(x.shape) if g is None else np.array(g, dtype=np.float64) for g, x in pairs
        ]
        self.differences = Differences(subject, subject.arrays, v, noise, step)
        self.found: list[dict[int, Estimate]] = [{} for _ in subject.arrays]
        self.projections: list[Projection] = []
        self.largest: list[float] = []
        self._here: list[Side] | None = None
        self.noted = False
        report.total = sum(a.size for a in subject.arrays)

    def run(self, mode: str, budget: int) -> None:
        """Compare; `mode` as `check_gradients`, or "projections" for directions only."""
        complete = mode == "complete" or (mode == "auto" and 4 * self.report.total <= budget)
        for k, x in enumerate(self.subject.arrays):
            chosen: Any = range(x.size)
            if mode == "projections":
                chosen = []
            elif not complete and x.size > SAMPLES:
                chosen = self._sample(k)
            for i in chosen:
                self.found[k][i] = self.differences.entry(k, i)
            known = [abs(n.value) for n in self.found[k].values() if math.isfinite(n.value)]
            self.largest.append(max(known, default=0.0))
            wrong = 0
            for i in chosen:
                wrong += self._entry(k, i, wrong) == "wrong"
            if not complete and x.size and not wrong:
                self._project(k)
        self.report.evaluations = self.differences.evaluations

    def _sample(self, k: int) -> list[int]:
        size = np.abs(self.automatic[k].ravel())
        order = np.argsort(size, kind="stable")
        third = SAMPLES // 3
        rng = np.random.default_rng([self.seed, k])
        some = rng.choice(size.size, third, replace=False)
        picked = [*order[-third:], *order[:third], *some]
        picked += [*rng.permutation(size.size)[:SAMPLES]]
        return [int(i) for i in dict.fromkeys(picked)][:SAMPLES]

    # --- entries ---------------------------------------------------------------------------------

    def _entry(self, k: int, i: int, wrong: int = 0) -> str:
        """Judge one entry, look again where it is not right, and note it."""
        a = float(self.automatic[k].flat[i])
        first = found = self.found[k][i]
        verdict = self.tolerance.verdict(a, found, self.largest[k])
        if verdict != "right" and wrong < CONFIRMED:
            verdict, found = self._again(k, i, a, found)
            self.found[k][i] = found if verdict not in ("kink", "skipped") else first
        at = tuple(int(j) for j in np.unravel_index(i, self.automatic[k].shape))
        report, n = self.report, found.value
        place = self.subject.places[k]
        report.table.append(Entry(place, at, a, n, found.error, verdict))
        if verdict == "wrong":
            report.mismatches.append(Mismatch(place, at, a, n, self.subject.names[k]))
        size, gap = max(abs(a), abs(n)), abs(a - n)
        if gap != gap:
            report.largest_error = math.inf if verdict == "wrong" else report.largest_error
        elif verdict == "wrong" or (verdict == "right" and size > 1e-6 * self.largest[k]):
            report.largest_error = max(report.largest_error, gap / size)
        return verdict

    def _again(self, k: int, i: int, a: float, found: Estimate) -> tuple[str, Estimate]:
        """A smaller step where a kink lies within h, a better one where the estimate is rough."""
        differences, largest = self.differences, self.largest[k]
        one = np.float64(1.0)
        crossed = self._crossed(k, i, one, found.h)
        if crossed is not None:
            for factor in NEARER:
                nearer = differences.entry(k, i, factor)
                if self._crossed(k, i, one, nearer.h) is None:
                    return self.tolerance.verdict(a, nearer, largest), nearer
            return self._on_kink(k, i, a, found, crossed), found

        better = differences.closer(k, i, found, lambda n: self.tolerance.verdict(a, n, largest))
        verdict = self.tolerance.verdict(a, better, largest)
        moved = verdict == "wrong" and better.h != found.h
        if moved and self._crossed(k, i, one, better.h) is not None:
            return "inconclusive", found
        return verdict, better

    def _on_kink(self, k: int, i: int, a: float, found: Estimate, crossed: Change) -> str:
        """Between the slopes to both sides any number is a subgradient."""
        self._note(crossed)
        left, right = self.differences.one_sided(k, i, np.float64(1.0), found.h / 8.0)
        slack = 1e-3 * (abs(left) + abs(right)) + 1e-8 * self.largest[k] + 10.0 * found.error
        slack += 160.0 * self.differences.rounding / found.h
        if min(left, right) - slack <= a <= max(left, right) + slack:
            return "kink"
        # several kinks at once: what they add up to need not lie between the two slopes
        return "wrong" if crossed.entries == 1 or not math.isfinite(a) else "skipped"

    def look_for_kinks(self) -> None:
        """Name the operation on whose kink the inputs lie, also where the numbers agree."""
        us = [cotangent(x.shape, self.seed + k) for k, x in enumerate(self.subject.arrays)]
        sides = [
            signature(
                self.subject, [x + t * u for x, u in zip(self.subject.arrays, us, strict=True)]
            )
            for t in (ON, -ON)
        ]
        self._here = signature(self.subject, self.differences.arrays)
        crossed = change(self._here, *sides)
        if crossed is not None:
            self._note(crossed)

    def _note(self, crossed: Change) -> None:
        if not self.noted:
            self.noted = True
            self.report.notes.append((
                f"kink of {crossed}: any subgradient is accepted there",
                f"punto anguloso de {crossed}: ahí se acepta cualquier subgradiente",
            ))  # fmt: skip

    def _crossed(self, k: int, where: Any, u: Any, h: float) -> Change | None:
        """The first operation that takes another branch at x ± h·u than at x."""
        differences = self.differences
        if self._here is None:
            self._here = signature(self.subject, differences.arrays)
        flat = differences.arrays[k].reshape(-1)
        before = flat[where].copy()
        sides = []
        try:
            for by in (h, -h):
                flat[where] = before + by * u
                sides.append(signature(self.subject, differences.arrays))
        finally:
            flat[where] = before
        return change(self._here, *sides)

    # --- projections -----------------------------------------------------------------------------

    def _project(self, k: int) -> None:
        """Three directions through all entries; one that fails is followed to the entries."""
        n = self.automatic[k].size
        everything = np.arange(n)
        for p in range(PROJECTIONS):
            u = cotangent((n,), self.seed + 101 * (k + 1) + p) * self.differences.size(
                k, everything
            )
            found, crossed = self._direction(k, everything, u)
            self.report.projections += 1
            if crossed or not math.isfinite(found.value):
                self.report.unsure += 1
                continue
            projection = Projection(k, u, found)
            self.projections.append(projection)
            if not projection.holds(self.automatic[k]) and self._bisect(k, everything, u):
                return

    def _direction(self, k: int, where: Any, u: Any) -> tuple[Estimate, bool]:
        """The derivative along u, with a smaller step where a kink is crossed and it matters."""
        found = self.differences.along(k, where, u)
        whole = np.zeros(self.automatic[k].size)
        whole[where] = u
        if Projection(k, whole, found).holds(self._only(k, where)):
            return found, False
        for factor in (1.0, *NEARER):
            if factor != 1.0:
                found = self.differences.along(k, where, u, factor)
            if self._crossed(k, where, u, found.h) is None:
                return found, False
        return found, True

    def _only(self, k: int, where: Any) -> Any:
        """The gradient of input k on some entries, 0 elsewhere."""
        only = np.zeros(self.automatic[k].size)
        only[where] = self.automatic[k].ravel()[where]
        return only

    def _bisect(self, k: int, where: Any, u: Any) -> bool:
        """Whether a wrong entry was found, on the way down through the halves that fail."""
        todo, wrong, looked = [(where, u)], 0, 0
        while todo and wrong < 8 and looked < 40:
            where, u = todo.pop()
            if len(where) == 1:
                i = int(where[0])
                looked += 1
                if i not in self.found[k]:
                    self.found[k][i] = self.differences.entry(k, i)
                    self.largest[k] = max(self.largest[k], abs(self.found[k][i].value))
                    wrong += self._entry(k, i) == "wrong"
                continue
            half = len(where) // 2
            for part in (slice(None, half), slice(half, None)):
                found, crossed = self._direction(k, where[part], u[part])
                whole = np.zeros(self.automatic[k].size)
                whole[where[part]] = u[part]
                own = self._only(k, where[part])
                if not crossed and not Projection(k, whole, found).holds(own):
                    todo.append((where[part], u[part]))
        return wrong > 0

    # --- what the test is worth ------------------------------------------------------------------

    def vacuous(self) -> list[str]:
        """The inputs whose derivatives are all 0 within their error."""
        names = []
        for k, name in enumerate(self.subject.names):
            seen = list(self.found[k].values())
            seen += [p.found for p in self.projections if p.input == k]
            rough = 10.0 * max((n.error for n in seen), default=0.0)
            small = np.max(np.abs(self.automatic[k]), initial=0.0) <= rough
            if small and all(abs(n.value) <= 10.0 * n.error for n in seen):
                names.append(name)
        return names

    def passes(self, k: int, a: Any) -> bool:
        """Whether this very test would accept `a` as the gradient of input k."""
        flat = np.ravel(a)
        return all(
            self.tolerance.verdict(float(flat[i]), n, self.largest[k]) != "wrong"
            for i, n in self.found[k].items()
        ) and all(p.holds(a) for p in self.projections if p.input == k)
