"""Adagrad: each element's step is divided by the size of all its gradients so far."""

from __future__ import annotations

from typing import Any

from .optimizer import Optimizer, State

__all__ = ["Adagrad"]


class Adagrad(Optimizer):
    """a ← a + g², w ← w − η·g/√(a + ε).

    Args:
        learning_rate: η.
        initial_accumulator_value: a before the first step (the lessons start at 0).
        epsilon: ε.
        epsilon_inside: under the root, as Keras 3; False adds ε to √a, as the lessons and PyTorch.

    Source: Duchi et al. 2011; Keras 3.

    >>> from tinygrad_es import Tensor
    >>> w = Tensor(1.0, requires_grad=True)
    >>> (w * w).backward()
    >>> Adagrad(0.1, initial_accumulator_value=0.0).step([w])
    >>> round(w.item(), 6)
    0.9
    """

    elementwise = True
    options = ("initial_accumulator_value", "epsilon")
    variants = {"epsilon_inside": True}

    def __init__(
        self,
        learning_rate: Any = 0.001,
        initial_accumulator_value: float = 0.1,
        epsilon: float = 1e-7,
        *,
        epsilon_inside: bool = True,
        **common: Any,
    ) -> None:
        super().__init__(learning_rate, **common)
        self.initial_accumulator_value = initial_accumulator_value
        self.epsilon, self.epsilon_inside = epsilon, epsilon_inside

    def start(self, parameter: Any) -> State:
        return {"accumulator": self.zeros(parameter) + self.initial_accumulator_value}

    def update_step(
        self, xp: Any, w: Any, g: Any, state: State, learning_rate: float
    ) -> tuple[Any, State]:
        a = state["accumulator"] + g * g
        size = xp.sqrt(a + self.epsilon) if self.epsilon_inside else xp.sqrt(a) + self.epsilon
        return w - learning_rate * g / size, {"accumulator": a}
