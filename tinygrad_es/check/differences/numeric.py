"""Numerical derivatives: central differences in float64, each with an estimate of its error."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np

__all__ = [
    "PRECISE",
    "STEP",
    "Differences",
    "Estimate",
    "complex_step",
    "cotangent",
    "noise_of",
    "taylor_slope",
]

STEP = 6e-6  # the cube root of float64's epsilon: truncation and rounding balance
PRECISE = 5e-5  # an estimate that may be off by more than this share cannot acquit
EPS = float(np.finfo(np.float64).eps)
TINY = 1e-60  # a step, below which none is taken
WIDE = 500.0  # times the usual step, between points where f may be a staircase
SHRINKS = 6  # how often a step is divided by 10 where f leaves its domain


def cotangent(shape: tuple[int, ...], seed: int = 0) -> Any:
    """A seeded random cotangent of mixed signs, |v| in [0.5, 1.5]: no entry can vanish.

    One number needs no weight beside others: its cotangent is 1.
    """
    if math.prod(shape) == 1:
        return np.ones(shape)
    rng = np.random.default_rng(seed)
    return rng.uniform(0.5, 1.5, shape) * rng.choice([-1.0, 1.0], shape)


class Estimate(NamedTuple):
    """A derivative from differences, how far off it may be, and the step that gave it."""

    value: float
    error: float
    h: float


class Differences:
    """Central differences of Σ v·f, along one entry of one input or along a direction in it.

    (f(x+h) − f(x−h))/2h at h and h/2 give the Richardson value (4·d(h/2) − d(h))/3, of error
    O(h⁴); their difference estimates the error, and `rounding`/h adds what the rounding of f's
    own operations may do: no less than that of the results, which are large where h is far beyond
    the scale of x. The arrays are copied, never the caller's.
    """

    def __init__(
        self,
        f: Callable[[list[Any]], Any],
        arrays: list[Any],
        v: Any,
        rounding: float = 0.0,
        step: float = STEP,
    ) -> None:
        self.f = f
        self.arrays = [np.array(a, dtype=np.float64, order="C") for a in arrays]  # flat: a view
        self.v = v
        self.rounding = rounding
        self.step = step
        self.evaluations = 0
        self._reached = 0.0  # the size of v·f where it was last taken

    def moved(self, k: int, where: Any, by: Any) -> Any:
        """f with `by` added to the entries `where` (flat) of input k."""
        flat = self.arrays[k].reshape(-1)
        before = flat[where].copy()
        flat[where] = before + by
        try:
            self.evaluations += 1
            with np.errstate(all="ignore"):
                return self.f(self.arrays)
        finally:
            flat[where] = before

    def size(self, k: int, where: Any) -> Any:
        """max(1, |x|), in whose units steps are measured."""
        return np.maximum(1.0, np.abs(self.arrays[k].reshape(-1)[where]))

    def quotient(self, k: int, where: Any, u: Any, h: float) -> float:
        """(Σ v·f(x+hu) − Σ v·f(x−hu)) / 2h; outputs are subtracted first, so equal ones cancel."""
        high, low = self.moved(k, where, h * u), self.moved(k, where, -h * u)
        with np.errstate(all="ignore"):
            self._reached = float(np.linalg.norm(np.ravel(self.v * high)))
            return float(np.sum(self.v * (high - low))) / (2.0 * h)

    def one_sided(self, k: int, where: Any, u: Any, h: float) -> tuple[float, float]:
        """The slopes to the left and to the right."""
        here = self.moved(k, where, 0.0 * u)
        with np.errstate(all="ignore"):
            left = float(np.sum(self.v * (here - self.moved(k, where, -h * u)))) / h
            right = float(np.sum(self.v * (self.moved(k, where, h * u) - here))) / h
        return left, right

    def at(self, k: int, where: Any, u: Any, h: float, deep: bool = False) -> Estimate:
        """The Richardson value at h; the step shrinks where f leaves its domain.

        Its error is less than that of d(h/2), which stands for it; `deep` takes a third step,
        and the difference of two Richardson values.
        """
        for _ in range(SHRINKS):
            wide, narrow = self.quotient(k, where, u, h), self.quotient(k, where, u, h / 2)
            if math.isfinite(wide) and math.isfinite(narrow):
                break
            h /= 10.0
        rounding = max(self.rounding, 0.5 * EPS * self._reached)
        if deep:
            last = self.quotient(k, where, u, h / 4)
            values = (4.0 * narrow - wide) / 3.0, (4.0 * last - narrow) / 3.0
            return Estimate(values[1], abs(values[1] - values[0]) + 4.0 * rounding / h, h)
        error = abs(narrow - wide) + rounding / h
        return Estimate((4.0 * narrow - wide) / 3.0, error, h)

    def entry_step(self, k: int, i: int, factor: float = 1.0) -> float:
        """The step of one entry, rounded so that (x + h) − x is h exactly."""
        x = float(self.arrays[k].reshape(-1)[i])
        h = factor * self.step * max(1.0, abs(x))
        h = 2.0 ** math.frexp(h)[1] / 2.0  # a power of two: x + h and x + h/2 lose the same bits
        return (x + h) - x or h

    def entry(self, k: int, i: int, factor: float = 1.0, deep: bool = False) -> Estimate:
        """∂(Σ v·f)/∂x_i."""
        return self.at(k, i, np.float64(1.0), self.entry_step(k, i, factor), deep)

    def along(self, k: int, where: Any, u: Any, factor: float = 1.0) -> Estimate:
        """The derivative along u on the entries `where`; more entries take a smaller step each."""
        return self.at(k, where, u, factor * self.step / max(1.0, len(where)) ** 0.25)

    def finer(self, first: Estimate, again: Callable[[float], Estimate], close: float) -> Estimate:
        """The best of a few steps, larger where rounding prevails and smaller where it does not.

        A step that contradicts the best so far has left what is smooth, however sure it seems: a
        tanh looks flat from far away. But a smaller one that is sure ends a guess.
        """
        best = first
        sign = 1 if first.error <= 20.0 * self.rounding / first.h else -1
        for power in (sign, 2 * sign, 3 * sign, 4 * sign, -sign, -2 * sign, -3 * sign):
            if 10.0 * best.error <= close * abs(best.value):
                break
            other = again(10.0**power)
            agrees = abs(other.value - best.value) <= 2.0 * (best.error + other.error)
            if not math.isfinite(other.value):
                continue
            guess = best.error > 0.1 * abs(best.value) and other.h < best.h
            sure = other.error < 1e-3 * abs(other.value)
            if (agrees and other.error < best.error) or (guess and sure):
                best = other
        return best

    def settled(self, best: Estimate, again: Callable[[float], Estimate], scale: float) -> Estimate:
        """The estimate, unless smaller steps contradict it: then that of the largest which agree.

        Before an entry is called wrong. Where h is far beyond the scale of x (weights of 10⁻⁶),
        h and h/2 may agree by chance, or f be flat at both. `again(factor)` takes the step
        factor·h; steps shrink at least until they are small beside `scale`.
        """
        h, smaller = best.h, 0
        while best.h > TINY and (smaller < 5 or h > self.step * scale):
            smaller += 1
            h *= 0.1
            other = again(h)
            contradicts = abs(other.value - best.value) > 3.0 * (other.error + best.error)
            rough = other.error > 0.1 * abs(other.value)
            if contradicts or (rough and other.error > 20.0 * self.rounding / other.h):
                best, smaller, h = other, 0, other.h
            elif other.error < 0.5 * best.error:
                best = other
        return best

    def stairs(self, k: int, i: int) -> float:
        """How high the steps are that f takes where it should be smooth, else 0.

        Where p is almost 1, log(1 − p) stays the same for a while, then jumps. Between points so
        far apart that they lie on different steps, differences of high order are as large at half
        the distance; what is smooth has much smaller ones, and a kink lies on one side only.
        """
        found = []
        for times in (1.0, 2.0, 4.0, 8.0):
            h = times * WIDE * self.entry_step(k, i)
            sides = [range(1, 9), range(-8, 0)]
            tables = [[float(np.sum(self.v * self.moved(k, i, j * h))) for j in at] for at in sides]
            found.append(min((n for n in map(_noise, tables) if math.isfinite(n)), default=0.0))
        floor, steps = 100.0 * EPS * self._reached, [0.0]  # below it nothing is seen: a wide step
        for i, (half, whole) in enumerate(pairwise(found)):
            before = all(n >= half / 8.0 or n <= floor for n in found[:i])
            if half > floor and whole < 8.0 * half and before:
                steps.append(half)  # and no fast oscillation, of which more and more is seen
        return max(steps)

    def closer(self, k: int, i: int, first: Estimate, judge: Callable[[Estimate], str]) -> Estimate:
        """A second look at an entry that is not right: better steps, then smaller ones."""
        unit = self.entry_step(k, i)
        best = self.finer(first, lambda f: self.entry(k, i, f, deep=True), PRECISE)
        if judge(best) != "right":
            scale = min(1.0, typical(self.arrays[k]))
            best = self.settled(best, lambda h: self.entry(k, i, h / unit), scale)
        return best


def typical(a: Any) -> float:
    """The root mean square of an array, 1 where it is 0 or has no entries."""
    size = float(np.sqrt(np.mean(np.square(a)))) if np.size(a) else 0.0
    return size if size and math.isfinite(size) else 1.0


def _noise(table: Any) -> float:
    """Of values at even distances: what is left of them when all that is smooth has cancelled."""
    with np.errstate(all="ignore"):
        return float(np.sqrt(np.mean(np.diff(table, 5) ** 2) / math.comb(10, 5)))


def noise_of(f: Callable[[list[Any]], Any], arrays: list[Any], v: Any, eps: float = EPS) -> float:
    """How much rounding may change Σ v·f: from differences of high order, in which all that is
    smooth cancels; beside the point, for it may lie on a kink, and the smallest of two directions,
    for one may cross a kink. No less than the rounding of the result, `eps` of it: a result that
    does not move at all is rounded too.

    Source: Moré and Wild, Estimating computational noise, SIAM J. Sci. Comput. 33 (2011).

    >>> noise = noise_of(lambda a: np.float32(np.sin(a[0])), [np.ones(3)], np.ones(3))
    >>> 1e-8 < noise < 1e-6
    True
    """
    found = []
    with np.errstate(all="ignore"):
        least = 0.5 * eps * float(np.linalg.norm(v * f(arrays)))
    for seed in (3, 4):
        us = [STEP * typical(a) * cotangent(a.shape, seed + k) for k, a in enumerate(arrays)]
        moved = ([a + j * u for a, u in zip(arrays, us, strict=True)] for j in range(1, 8))
        with np.errstate(all="ignore"):
            table = np.array([float(np.sum(v * f(at))) for at in moved])
        found.append(_noise(table))
    noise = min((n for n in found if math.isfinite(n)), default=0.0)
    return max(noise, least) if math.isfinite(least) else noise


# --- second opinions ----------------------------------------------------------------------------


def complex_step(f: Callable[[Any], Any], x: Any, h: float = 1e-30) -> Any:
    """∇Σf(x) = Im f(x + ih)/h, entry by entry: no difference is taken, so no digits are lost.

    f must be plain NumPy and analytic (no abs, max, comparisons, conjugates). Source: Squire and
    Trapp, SIAM Review 40 (1998).

    >>> complex_step(lambda x: np.sum(np.exp(x)), np.zeros(2))
    array([1., 1.])
    """
    point = np.array(x, dtype=np.complex128)
    found = np.zeros(point.shape)
    for i in np.ndindex(point.shape):
        moved = point.copy()
        moved[i] += 1j * h
        found[i] = np.sum(f(moved)).imag / h
    return found


def taylor_slope(f: Callable[[Any], Any], gradient: Any, x: Any, seed: int = 0) -> float:
    """The order of |f(x+hd) − f(x) − h·∇f·d| in h: 2 for a right gradient, 1 for a wrong one.

    The slope in a log-log diagram between h = 2⁻⁷ and 2⁻¹⁰ along a random direction; infinite
    where f is linear and the gradient right. Source: the Taylor test of dolfin-adjoint.

    >>> x = np.array([0.3, -1.0])
    >>> round(taylor_slope(lambda x: np.sum(np.sin(x)), np.cos(x), x), 1)
    2.0
    """
    x = np.asarray(x, dtype=np.float64)
    d = cotangent(x.shape, seed)
    start, slope = float(f(x)), float(np.sum(np.asarray(gradient) * d))
    sizes = [2.0**-k for k in (7, 8, 9, 10)]
    rest = [abs(float(f(x + h * d)) - start - h * slope) for h in sizes]
    small = 1e-13 * max(1.0, abs(start))
    if max(rest) <= small:
        return math.inf
    return float(np.polyfit(np.log(sizes), np.log(np.maximum(rest, 1e-300)), 1)[0])
