"""Gradient descent, with momentum (in two forms) and Nesterov's look-ahead."""

from __future__ import annotations

from typing import Any

from .optimizer import Optimizer, State, check_fractions

__all__ = ["SGD", "EWAMomentum"]


class SGD(Optimizer):
    """w ← w − η·g; with momentum m ← μ·m − η·g and w ← w + m; with Nesterov w ← w + μ·m − η·g.

    Args:
        learning_rate: η.
        momentum: μ in [0, 1].
        nesterov: look ahead (needs momentum to have an effect). The parameter is the point ahead,
            x + μ·m, where the gradient is taken; the lessons' x is w − μ·m.

    Source: Keras 3; Sutskever et al. 2013.

    >>> from tinygrad_es import Tensor
    >>> from tinygrad_es.optimizers import SGD
    >>> w = Tensor(1.0, requires_grad=True)
    >>> (w * w).backward()
    >>> SGD(learning_rate=0.1).step([w])
    >>> w
    tensor(0.8, requires_grad=True)
    """

    options = ("momentum", "nesterov")

    def __init__(
        self,
        learning_rate: Any = 0.01,
        momentum: float = 0.0,
        nesterov: bool = False,
        **common: Any,
    ) -> None:
        super().__init__(learning_rate, **common)
        if not isinstance(momentum, (float, int)) or not 0 <= momentum <= 1:
            raise ValueError(f"`momentum` must be a float between [0, 1]. Received: {momentum!r}")
        if not isinstance(nesterov, bool):
            raise ValueError(f"`nesterov` must be a boolean. Received: {nesterov!r}")
        self.momentum, self.nesterov = float(momentum), nesterov
        self.elementwise = self.momentum > 0  # two operations alone are not worth the gathering

    def start(self, parameter: Any) -> State:
        return {"momentum": self.zeros(parameter)} if self.momentum else {}

    def update_step(
        self, xp: Any, w: Any, g: Any, state: State, learning_rate: float
    ) -> tuple[Any, State]:
        step = learning_rate * g
        if not self.momentum:
            return w - step, state
        m = self.momentum * state["momentum"] - step
        new = w + self.momentum * m - step if self.nesterov else w + m
        return new, {"momentum": m}


class EWAMomentum(Optimizer):
    """v ← β·v + (1−β)·g, w ← w − α·v: momentum as an exponentially weighted average.

    The same path as SGD's momentum β with the learning rate α·(1−β).

    Args:
        learning_rate: α.
        beta: β in [0, 1): the memory is about 1/(1−β) gradients.
    """

    elementwise = True
    options = ("beta",)

    def __init__(self, learning_rate: Any = 0.01, beta: float = 0.9, **common: Any) -> None:
        super().__init__(learning_rate, **common)
        check_fractions(beta=beta)
        self.beta = beta

    def start(self, parameter: Any) -> State:
        return {"momentum": self.zeros(parameter)}

    def update_step(
        self, xp: Any, w: Any, g: Any, state: State, learning_rate: float
    ) -> tuple[Any, State]:
        v = self.beta * state["momentum"] + (1.0 - self.beta) * g
        return w - learning_rate * v, {"momentum": v}
