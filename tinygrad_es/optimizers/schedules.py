"""Learning rates that change with the step, as Keras': functions of the iteration number."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from ..registry import Configured, resolve, serialize

__all__ = [
    "CosineDecay",
    "CosineDecayRestarts",
    "ExponentialDecay",
    "InverseTimeDecay",
    "LearningRateSchedule",
    "PiecewiseConstantDecay",
    "PolynomialDecay",
    "get",
    "serialize",
]


class LearningRateSchedule(Configured):
    """Base: a subclass writes `__call__(step)`, the learning rate of an iteration (0, 1, …).

    An optimizer takes one in the place of its `learning_rate`.

    >>> schedule = ExponentialDecay(0.1, decay_steps=10, decay_rate=0.5)
    >>> schedule(0), schedule(10), schedule(30)
    (0.1, 0.05, 0.0125)
    """

    def __call__(self, step: int) -> float:
        raise TypeError(f"{type(self).__name__} has no __call__(step) of its own")


def positive(name: str, value: float) -> float:
    if value <= 0:
        raise ValueError(f"`{name}` must be positive. Received: {name}={value}.")
    return value


class Decay(LearningRateSchedule):
    """The base of two: how many decays have passed, in whole numbers with `staircase`."""

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: float,
        decay_rate: float,
        staircase: bool = False,
        name: str | None = None,
    ) -> None:
        self.initial_learning_rate, self.decay_rate = initial_learning_rate, decay_rate
        self.decay_steps = positive("decay_steps", decay_steps)
        self.staircase, self.name = staircase, name or type(self).__name__

    def passed(self, step: int) -> float:
        p = step / self.decay_steps
        return math.floor(p) if self.staircase else p


class ExponentialDecay(Decay):
    """η₀·rate^(s/steps); with `staircase` the exponent is cut to a whole number."""

    def __call__(self, step: int) -> float:
        return float(self.initial_learning_rate * self.decay_rate ** self.passed(step))


class InverseTimeDecay(Decay):
    """η₀/(1 + rate·s/steps); with `staircase` s/steps is cut to a whole number."""

    def __call__(self, step: int) -> float:
        return self.initial_learning_rate / (1.0 + self.decay_rate * self.passed(step))


class PolynomialDecay(LearningRateSchedule):
    """(η₀ − η₁)·(1 − s/T)^power + η₁ up to T = decay_steps, then η₁.

    With `cycle` T is the next multiple of decay_steps: the rate starts again, lower.
    """

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: float,
        end_learning_rate: float = 0.0001,
        power: float = 1.0,
        cycle: bool = False,
        name: str = "PolynomialDecay",
    ) -> None:
        self.initial_learning_rate = initial_learning_rate
        self.decay_steps = positive("decay_steps", decay_steps)
        self.end_learning_rate, self.power = end_learning_rate, power
        self.cycle, self.name = cycle, name

    def __call__(self, step: int) -> float:
        length = self.decay_steps
        if self.cycle:
            length *= max(1, math.ceil(step / length))
        else:
            step = min(step, length)  # type: ignore[assignment]  # a float is as good
        span = self.initial_learning_rate - self.end_learning_rate
        return span * (1.0 - step / length) ** self.power + self.end_learning_rate


class CosineDecay(LearningRateSchedule):
    """η₀·((1 − α)·½·(1 + cos(π·s/T)) + α) up to T = decay_steps, after a linear warm-up.

    With `warmup_target` the rate climbs from η₀ to it in `warmup_steps`, and decays from there.
    """

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: float,
        alpha: float = 0.0,
        name: str = "CosineDecay",
        warmup_target: float | None = None,
        warmup_steps: float = 0,
    ) -> None:
        self.initial_learning_rate = initial_learning_rate
        self.decay_steps = positive("decay_steps", decay_steps)
        self.alpha, self.name = alpha, name
        self.warmup_target, self.warmup_steps = warmup_target, warmup_steps

    def __call__(self, step: int) -> float:
        top, begin = self.initial_learning_rate, 0.0
        if self.warmup_target is not None:
            top, begin = self.warmup_target, self.warmup_steps
            if step < begin:
                start = self.initial_learning_rate
                return start + (top - start) * step / begin
        done = min((step - begin) / self.decay_steps, 1.0)
        return top * ((1.0 - self.alpha) * 0.5 * (1.0 + math.cos(math.pi * done)) + self.alpha)


class CosineDecayRestarts(LearningRateSchedule):
    """Cosine decays one after the other: each t_mul times as long, m_mul times as high."""

    def __init__(
        self,
        initial_learning_rate: float,
        first_decay_steps: float,
        t_mul: float = 2.0,
        m_mul: float = 1.0,
        alpha: float = 0.0,
        name: str = "SGDRDecay",
    ) -> None:
        self.initial_learning_rate = initial_learning_rate
        self.first_decay_steps = positive("first_decay_steps", first_decay_steps)
        if t_mul < 1:
            raise ValueError(f"`t_mul` must be at least 1. Received: t_mul={t_mul}.")
        self.t_mul, self.m_mul, self.alpha, self.name = t_mul, m_mul, alpha, name

    def __call__(self, step: int) -> float:
        s, length, height = float(step), self.first_decay_steps, 1.0
        if self.t_mul == 1.0:
            height = self.m_mul ** math.floor(s / length)
            s %= length
        while s >= length:
            s, length, height = s - length, length * self.t_mul, height * self.m_mul
        wave = 0.5 * height * (1.0 + math.cos(math.pi * s / length))
        return self.initial_learning_rate * ((1.0 - self.alpha) * wave + self.alpha)


class PiecewiseConstantDecay(LearningRateSchedule):
    """values[0] up to and at boundaries[0], then values[1], …; one value more than boundaries."""

    def __init__(
        self, boundaries: Sequence[float], values: Sequence[float], name: str = "PiecewiseConstant"
    ) -> None:
        if len(boundaries) != len(values) - 1:
            raise ValueError(
                "The length of boundaries should be 1 less than the length of values. Received: "
                f"boundaries={boundaries} of length {len(boundaries)}, and values={values} of "
                f"length {len(values)}."
            )
        self.boundaries, self.values, self.name = list(boundaries), list(values), name

    def __call__(self, step: int) -> float:
        return self.values[sum(step > boundary for boundary in self.boundaries)]


_TABLE = {
    cls.__name__: cls
    for cls in (
        CosineDecay,
        CosineDecayRestarts,
        ExponentialDecay,
        InverseTimeDecay,
        PiecewiseConstantDecay,
        PolynomialDecay,
    )
}


def get(identifier: Any) -> Any:
    """The schedule of a configuration; a callable is itself."""
    return resolve("learning rate schedule", identifier, _TABLE, callable)
