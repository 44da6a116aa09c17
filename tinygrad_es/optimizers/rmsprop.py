"""RMSprop: each element's step is divided by the running size of its gradients."""

from __future__ import annotations

from typing import Any

from .optimizer import Optimizer, State, check_fractions

__all__ = ["RMSprop"]


class RMSprop(Optimizer):
    """v ← ρ·v + (1−ρ)·g², w ← w − η·g/√(v + ε); centred: v − mean(g)² in the place of v.

    Args:
        learning_rate: η.
        rho: ρ, the memory of the running means.
        momentum: μ; then m ← μ·m + η·g/√(v + ε) and w ← w − m.
        epsilon: ε, added under the root, as in Keras 3.
        epsilon_inside: False divides by √v + ε, as one of the lessons and PyTorch.
        centered: subtract the square of the mean gradient: the variance in the place of v.

    Source: Hinton's lecture 6e (2012); Keras 3.

    >>> from tinygrad_es import Tensor
    >>> w = Tensor([1.0, -1.0], requires_grad=True)
    >>> (w * w).sum().backward()
    >>> RMSprop(learning_rate=0.1, rho=0.0).step([w])
    >>> w
    tensor([ 0.9, -0.9], requires_grad=True)
    """

    elementwise = True
    options = ("rho", "momentum", "epsilon", "centered")
    slots_apart = ("momentum", "average_gradient")
    variants = {"epsilon_inside": True}

    def __init__(
        self,
        learning_rate: Any = 0.001,
        rho: float = 0.9,
        momentum: float = 0.0,
        epsilon: float = 1e-7,
        centered: bool = False,
        *,
        epsilon_inside: bool = True,
        **common: Any,
    ) -> None:
        super().__init__(learning_rate, **common)
        check_fractions(rho=rho, momentum=momentum)
        self.rho, self.momentum = rho, momentum
        self.epsilon, self.centered = epsilon, centered
        self.epsilon_inside = epsilon_inside

    def start(self, parameter: Any) -> State:
        zero = self.zeros(parameter)
        state = {"velocity": zero}
        if self.centered:
            state["average_gradient"] = zero
        if self.momentum:
            state["momentum"] = zero
        return state

    def update_step(
        self, xp: Any, w: Any, g: Any, state: State, learning_rate: float
    ) -> tuple[Any, State]:
        v = g * g
        v *= 1.0 - self.rho
        v += self.rho * state["velocity"]
        new = {"velocity": v}
        size = v
        if self.centered:
            a = self.rho * state["average_gradient"] + (1.0 - self.rho) * g
            new["average_gradient"] = a
            size = v - a * a
        if self.epsilon_inside:
            step = g / xp.sqrt(size + self.epsilon)
        else:
            step = g / (xp.sqrt(size) + self.epsilon)
        step *= learning_rate
        if self.momentum:
            step = new["momentum"] = self.momentum * state["momentum"] + step
        return w - step, new
