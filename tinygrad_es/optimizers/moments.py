"""The base of Adam and its kin: running means of the gradients and of their sizes."""

from __future__ import annotations

from typing import Any

from .optimizer import Optimizer, check_fractions

__all__ = ["Moments"]


class Moments(Optimizer):
    """The memories β₁ of the mean and β₂ of the size, and ε."""

    elementwise = True
    options: tuple[str, ...] = ("beta_1", "beta_2", "epsilon")

    def __init__(
        self,
        learning_rate: Any = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        **common: Any,
    ) -> None:
        super().__init__(learning_rate, **common)
        check_fractions(beta_1=beta_1, beta_2=beta_2)
        self.beta_1, self.beta_2, self.epsilon = beta_1, beta_2, epsilon
