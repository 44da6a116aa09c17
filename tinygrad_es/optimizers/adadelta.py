"""Adadelta: steps in the units of the parameters, from the running size of earlier steps."""

from __future__ import annotations

from typing import Any

from .optimizer import Optimizer, State, check_fractions

__all__ = ["Adadelta"]


class Adadelta(Optimizer):
    """G ← ρ·G + (1−ρ)·g², Δ = −g·√(D + ε)/√(G + ε), D ← ρ·D + (1−ρ)·Δ², w ← w + η·Δ.

    Args:
        learning_rate: η (1.0 in the paper).
        rho: ρ, the memory of the running means.
        epsilon: ε.

    Source: Zeiler 2012 (arXiv 1212.5701); Keras 3.
    """

    elementwise = True
    options = ("rho", "epsilon")

    def __init__(
        self, learning_rate: Any = 0.001, rho: float = 0.95, epsilon: float = 1e-7, **common: Any
    ) -> None:
        super().__init__(learning_rate, **common)
        check_fractions(rho=rho)
        self.rho, self.epsilon = rho, epsilon

    def start(self, parameter: Any) -> State:
        zero = self.zeros(parameter)
        return {"accumulated_grad": zero, "accumulated_delta_var": zero}

    def update_step(
        self, xp: Any, w: Any, g: Any, state: State, learning_rate: float
    ) -> tuple[Any, State]:
        rho, epsilon, sizes = self.rho, self.epsilon, state["accumulated_delta_var"]
        grads = rho * state["accumulated_grad"] + (1.0 - rho) * (g * g)
        delta = -g * xp.sqrt(sizes + epsilon) / xp.sqrt(grads + epsilon)
        sizes = rho * sizes + (1.0 - rho) * (delta * delta)
        new = {"accumulated_grad": grads, "accumulated_delta_var": sizes}
        return w + learning_rate * delta, new
