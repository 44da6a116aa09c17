"""Lion: the sign of a running mean; every element moves by the same amount."""

from __future__ import annotations

from typing import Any

from .optimizer import Optimizer, State, check_fractions

__all__ = ["Lion"]


class Lion(Optimizer):
    """w ← w − η·sign(β₁·m + (1−β₁)·g), m ← β₂·m + (1−β₂)·g.

    Args:
        learning_rate: η: how far every element moves; smaller than Adam's.
        beta_1, beta_2: memory in the step, and of the mean.

    Source: Chen et al. 2023 (arXiv 2302.06675); Keras 3.
    """

    elementwise = True
    options = ("beta_1", "beta_2")

    def __init__(
        self, learning_rate: Any = 0.001, beta_1: float = 0.9, beta_2: float = 0.99, **common: Any
    ) -> None:
        super().__init__(learning_rate, **common)
        check_fractions(beta_1=beta_1, beta_2=beta_2)
        self.beta_1, self.beta_2 = beta_1, beta_2

    def start(self, parameter: Any) -> State:
        return {"momentum": self.zeros(parameter)}

    def update_step(
        self, xp: Any, w: Any, g: Any, state: State, learning_rate: float
    ) -> tuple[Any, State]:
        m = state["momentum"]
        direction = xp.sign(self.beta_1 * m + (1.0 - self.beta_1) * g)
        return w - learning_rate * direction, {
            "momentum": self.beta_2 * m + (1.0 - self.beta_2) * g
        }
