"""Adam: momentum and a running mean of squares, both corrected for their start at zero."""

from __future__ import annotations

from typing import Any

from .optimizer import Optimizer, State, check_fractions

__all__ = ["Adam"]


class Adam(Optimizer):
    """m ← m + (1−β₁)(g − m), v ← v + (1−β₂)(g² − v), w ← w − α·m/(√v + ε).

    α = η·√(1−β₂ᵗ)/(1−β₁ᵗ) is the corrected rate; ε is the paper's "epsilon hat", as in Keras 3
    (Algorithm 1 of the paper, and PyTorch, add ε to the corrected √v̂).

    Args:
        learning_rate: η.
        beta_1, beta_2: memory of the two running means.
        epsilon: ε.
        amsgrad: divide by the largest √v so far.

    Source: Kingma & Ba 2015 (arXiv 1412.6980); Keras 3.
    """

    elementwise = True

    def __init__(
        self,
        learning_rate: Any = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        amsgrad: bool = False,
        **common: Any,
    ) -> None:
        super().__init__(learning_rate, **common)
        check_fractions(beta_1=beta_1, beta_2=beta_2)
        self.beta_1, self.beta_2 = beta_1, beta_2
        self.epsilon, self.amsgrad = epsilon, amsgrad

    def start(self, parameter: Any) -> State:
        zero = parameter * 0.0
        return {"m": zero, "v": zero} | ({"v_max": zero} if self.amsgrad else {})

    def begin_step(self) -> None:
        t = self.iterations + 1
        self.correction = (1.0 - self.beta_2**t) ** 0.5 / (1.0 - self.beta_1**t)

    def update_step(
        self, xp: Any, w: Any, g: Any, state: State, learning_rate: float
    ) -> tuple[Any, State]:
        # `*=` and `+=` on results of this very step: no new array for each of the operations
        m = g - state["m"]
        m *= 1.0 - self.beta_1
        m += state["m"]
        v = g * g
        v -= state["v"]
        v *= 1.0 - self.beta_2
        v += state["v"]
        new = {"m": m, "v": v}
        if self.amsgrad:
            v = new["v_max"] = xp.maximum(state["v_max"], v)
        size = xp.sqrt(v)
        size += self.epsilon
        new_w = m / size
        new_w *= -learning_rate * self.correction
        new_w += w
        return new_w, new

    def get_config(self) -> dict[str, Any]:
        keys = ("beta_1", "beta_2", "epsilon", "amsgrad")
        return super().get_config() | {k: getattr(self, k) for k in keys}
