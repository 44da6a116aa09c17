"""Nadam: Adam that looks ahead, as Nesterov's momentum does."""

from __future__ import annotations

from typing import Any

from .moments import Moments
from .optimizer import State

__all__ = ["Nadam"]


class Nadam(Moments):
    """m, v as Adam; m̂ = u′·m/(1 − P·u′) + (1 − u)·g/(1 − P), w ← w − η·m̂/(√(v/(1−β₂ᵗ)) + ε).

    u = β₁·(1 − ½·0.96ᵗ), u′ is the u of the next step, and P the product of all u so far.

    Args:
        learning_rate: η.
        beta_1, beta_2: memory of the two running means.
        epsilon: ε.

    Source: Dozat 2016; Keras 3.
    """

    shared = ("u_product",)
    u_product = 1.0  # P

    def start(self, parameter: Any) -> State:
        zero = self.zeros(parameter)
        return {"momentum": zero, "velocity": zero}

    def _u(self, t: int) -> float:
        return self.beta_1 * (1.0 - 0.5 * 0.96**t)

    def begin_step(self) -> None:
        t = self.iterations + 1
        u, ahead = self._u(t), self._u(t + 1)
        self.u_product *= u
        self.of_m = ahead / (1.0 - self.u_product * ahead)
        self.of_g = (1.0 - u) / (1.0 - self.u_product)
        self.of_v = 1.0 / (1.0 - self.beta_2**t)

    def update_step(
        self, xp: Any, w: Any, g: Any, state: State, learning_rate: float
    ) -> tuple[Any, State]:
        m = state["momentum"] + (1.0 - self.beta_1) * (g - state["momentum"])
        v = state["velocity"] + (1.0 - self.beta_2) * (g * g - state["velocity"])
        ahead = self.of_m * m + self.of_g * g
        size = xp.sqrt(self.of_v * v) + self.epsilon
        return w - learning_rate * ahead / size, {"momentum": m, "velocity": v}
