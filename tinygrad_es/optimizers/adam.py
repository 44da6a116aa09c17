"""Adam: momentum and a running mean of squares, both corrected for their start at zero."""

from __future__ import annotations

from typing import Any

from .moments import Moments
from .optimizer import State

__all__ = ["Adam", "AdamW"]


class Adam(Moments):
    """m ← m + (1−β₁)(g − m), v ← v + (1−β₂)(g² − v), w ← w − α·m/(√v + ε).

    α = η·√(1−β₂ᵗ)/(1−β₁ᵗ) is the corrected rate; ε is the paper's "epsilon hat", as in Keras 3.

    Args:
        learning_rate: η.
        beta_1, beta_2: memory of the two running means.
        epsilon: ε.
        amsgrad: divide by the largest √v so far.
        bias_correction: False takes α = η, as the lessons write it.
        epsilon_hat: False adds ε to the corrected √(v/(1−β₂ᵗ)): Algorithm 1 of the paper, PyTorch.
        epsilon_inside: √(v + ε) in the place of √v + ε, as one of the lessons writes it.

    Source: Kingma & Ba 2015 (arXiv 1412.6980); Keras 3.
    """

    options = ("beta_1", "beta_2", "epsilon", "amsgrad")
    slots_apart = ("velocity_hat",)
    variants = {"bias_correction": True, "epsilon_hat": True, "epsilon_inside": False}

    def __init__(
        self,
        learning_rate: Any = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        amsgrad: bool = False,
        *,
        bias_correction: bool = True,
        epsilon_hat: bool = True,
        epsilon_inside: bool = False,
        **common: Any,
    ) -> None:
        super().__init__(learning_rate, beta_1, beta_2, epsilon, **common)
        self.amsgrad = amsgrad
        self.bias_correction, self.epsilon_hat = bias_correction, epsilon_hat
        self.epsilon_inside = epsilon_inside

    def start(self, parameter: Any) -> State:
        zero = self.zeros(parameter)
        state = {"momentum": zero, "velocity": zero}
        return state | ({"velocity_hat": zero} if self.amsgrad else {})

    def begin_step(self) -> None:
        t = self.iterations + 1
        of_m = 1.0 - self.beta_1**t if self.bias_correction else 1.0
        of_v = (1.0 - self.beta_2**t) ** 0.5 if self.bias_correction else 1.0
        self.correction = of_v / of_m
        self.offset = self.epsilon if self.epsilon_hat else self.epsilon * of_v

    def update_step(
        self, xp: Any, w: Any, g: Any, state: State, learning_rate: float
    ) -> tuple[Any, State]:
        # `*=` and `+=` on results of this very step: no new array for each of the operations
        m = g - state["momentum"]
        m *= 1.0 - self.beta_1
        m += state["momentum"]
        v = g * g
        v -= state["velocity"]
        v *= 1.0 - self.beta_2
        v += state["velocity"]
        new = {"momentum": m, "velocity": v}
        if self.amsgrad:
            v = new["velocity_hat"] = xp.maximum(state["velocity_hat"], v)
        if self.epsilon_inside:
            size = xp.sqrt(v + self.offset)
        else:
            size = xp.sqrt(v)
            size += self.offset
        new_w = m / size
        new_w *= -learning_rate * self.correction
        new_w += w
        return new_w, new


class AdamW(Adam):
    """Adam with decoupled weight decay: w ← w − w·weight_decay·η before each update.

    Source: Loshchilov & Hutter 2019 (arXiv 1711.05101); Keras 3.
    """

    def __init__(
        self,
        learning_rate: Any = 0.001,
        weight_decay: float = 0.004,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        amsgrad: bool = False,
        **common: Any,
    ) -> None:
        if weight_decay is None:
            raise ValueError("Argument `weight_decay` must be a float. Received: weight_decay=None")
        super().__init__(
            learning_rate, beta_1, beta_2, epsilon, amsgrad, weight_decay=weight_decay, **common
        )
