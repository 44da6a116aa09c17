"""FTRL: follow the regularized leader, for sparse linear models."""

from __future__ import annotations

from typing import Any

from .optimizer import Optimizer, State

__all__ = ["Ftrl"]


class Ftrl(Optimizer):
    """n′ = n + g², z ← z + g − (n′ᵖ − nᵖ)·w/η, w = (clip(z, ±λ₁) − z)/(n′ᵖ/η + 2·λ₂ + β/η).

    p = −learning_rate_power. The weights are computed anew from z at each step: what they were
    before the first one enters through z only.

    Args:
        learning_rate: η.
        learning_rate_power: ≤ 0; −½ gives the root of the sum of squares.
        initial_accumulator_value: n before the first step.
        l1_regularization_strength, l2_regularization_strength: λ₁, λ₂.
        l2_shrinkage_regularization_strength: adds 2·λ·w to the gradient.
        beta: β.

    Raises:
        ValueError: a negative strength or start, or a positive power.

    Source: McMahan et al. 2013; Keras 3.
    """

    elementwise = True
    options = (
        "learning_rate_power",
        "initial_accumulator_value",
        "l1_regularization_strength",
        "l2_regularization_strength",
        "l2_shrinkage_regularization_strength",
        "beta",
    )

    def __init__(
        self,
        learning_rate: Any = 0.001,
        learning_rate_power: float = -0.5,
        initial_accumulator_value: float = 0.1,
        l1_regularization_strength: float = 0.0,
        l2_regularization_strength: float = 0.0,
        l2_shrinkage_regularization_strength: float = 0.0,
        beta: float = 0.0,
        **common: Any,
    ) -> None:
        super().__init__(learning_rate, **common)
        self.learning_rate_power = learning_rate_power
        self.initial_accumulator_value = initial_accumulator_value
        self.l1_regularization_strength = l1_regularization_strength
        self.l2_regularization_strength = l2_regularization_strength
        self.l2_shrinkage_regularization_strength = l2_shrinkage_regularization_strength
        self.beta = beta
        for key in self.options[1:-1]:
            if getattr(self, key) < 0.0:
                raise ValueError(
                    f"`{key}` needs to be positive or zero. Received: {key}={getattr(self, key)}."
                )
        if learning_rate_power > 0.0:
            raise ValueError(
                "`learning_rate_power` needs to be negative or zero. Received: "
                f"learning_rate_power={learning_rate_power}."
            )

    def start(self, parameter: Any) -> State:
        zero = self.zeros(parameter)
        return {"accumulator": zero + self.initial_accumulator_value, "linear": zero}

    def update_step(
        self, xp: Any, w: Any, g: Any, state: State, learning_rate: float
    ) -> tuple[Any, State]:
        power, l1 = -self.learning_rate_power, self.l1_regularization_strength
        n = state["accumulator"] + g * g
        grown = n**power
        slope = g + 2.0 * self.l2_shrinkage_regularization_strength * w
        z = state["linear"] + slope - (grown - state["accumulator"] ** power) / learning_rate * w
        l2 = self.l2_regularization_strength + self.beta / (2.0 * learning_rate)
        cut = xp.minimum(xp.maximum(z, -l1), l1)
        return (cut - z) / (grown / learning_rate + 2.0 * l2), {"accumulator": n, "linear": z}
