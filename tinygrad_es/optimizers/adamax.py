"""Adamax: Adam with the largest gradient so far in the place of the root of squares."""

from __future__ import annotations

from typing import Any

from .moments import Moments
from .optimizer import State

__all__ = ["Adamax"]


class Adamax(Moments):
    """m as Adam, u ← max(β₂·u, |g|), w ← w − η·m/((1−β₁ᵗ)·(u + ε)).

    Args:
        learning_rate: η.
        beta_1, beta_2: memory of the mean and of the maximum.
        epsilon: ε.

    Source: Kingma & Ba 2015, section 7.1; Keras 3.
    """

    def start(self, parameter: Any) -> State:
        zero = self.zeros(parameter)
        return {"momentum": zero, "norm": zero}

    def update_step(
        self, xp: Any, w: Any, g: Any, state: State, learning_rate: float
    ) -> tuple[Any, State]:
        m = state["momentum"] + (1.0 - self.beta_1) * (g - state["momentum"])
        u = xp.maximum(self.beta_2 * state["norm"], xp.abs(g))
        rate = learning_rate / (1.0 - self.beta_1 ** (self.iterations + 1))
        return w - rate * m / (u + self.epsilon), {"momentum": m, "norm": u}
