"""Newton's method: the gradient divided by the curvature."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..autodiff.backward import gradients
from ..autodiff.tensor import Tensor
from .vector import flat_values, parts_of

__all__ = ["Newton"]


class Newton:
    """w ← w − η·H⁻¹·∇L, with the exact Hessian H of the engine; for few parameters.

    Where H is not positive definite, H + λI takes its place: λ lifts the smallest eigenvalue to
    `damping` times the largest in size, so that the step goes down.

    Args:
        learning_rate: η.
        damping: a fraction of the largest eigenvalue.

    Source: Nocedal & Wright, chapter 3.4.

    >>> from tinygrad_es import Tensor
    >>> w = Tensor(3.0, requires_grad=True)
    >>> Newton().step(lambda: (w - 1.0) ** 2, [w])
    4.0
    >>> w.item()
    1.0
    """

    def __init__(self, learning_rate: float = 1.0, damping: float = 1e-3) -> None:
        if learning_rate <= 0 or damping <= 0:
            raise ValueError(
                "Newton: expected positive numbers. Received: "
                f"learning_rate={learning_rate}, damping={damping}."
            )
        self.learning_rate, self.damping = learning_rate, damping
        self.iterations = 0

    def step(self, loss: Callable[[], Tensor], parameters: Sequence[Tensor]) -> float:
        """One step; returns the loss before it. `loss` computes it from the parameters.

        Raises:
            FloatingPointError: the loss, its gradient or its Hessian is not finite; nothing moved.
        """
        value = loss()
        g = gradients([value], [np.float64(1.0)], parameters, create_graph=True)
        slope = np.concatenate(
            [_flat(p, 0.0 if d is None else d.value) for d, p in _pairs(g, parameters)]
        )
        rows = []
        for d, p in _pairs(g, parameters):
            for k in range(p.size):
                rows.append(_row(d, k, parameters))
        h = np.array(rows)
        if not (np.isfinite(slope).all() and np.isfinite(h).all()):
            raise FloatingPointError("Newton: the gradient or the Hessian is not finite.")
        move = np.linalg.solve(self._damped(0.5 * (h + h.T)), slope)
        new = flat_values(parameters) - self.learning_rate * move
        for p, part in zip(parameters, parts_of(new, parameters), strict=True):
            p.overwrite(part)
        self.iterations += 1
        return float(value.value)

    def _damped(self, h: Any) -> Any:
        low, high = (f(np.linalg.eigvalsh(h)) for f in (np.min, lambda e: np.max(np.abs(e))))
        if low > 0:
            return h
        return h + (self.damping * (high or 1.0) - low) * np.eye(len(h))


def _pairs(g: Sequence[Any], parameters: Sequence[Tensor]) -> list[tuple[Any, Tensor]]:
    return list(zip(g, parameters, strict=True))


def _flat(like: Tensor, value: Any) -> Any:
    return np.broadcast_to(np.asarray(value, dtype=np.float64), like.shape).ravel()


def _row(d: Any, k: int, parameters: Sequence[Tensor]) -> Any:
    """One row of the Hessian: the derivative of the k-th entry of a gradient."""
    if d is None or not d.tracked:
        return np.zeros(sum(p.size for p in parameters))
    seed = np.zeros(d.size, d.dtype if d.ndim else np.float64)
    seed[k] = 1.0
    start = float(seed[0]) if type(d.value) is float else seed.reshape(d.shape)
    found = gradients([d], [start], parameters)
    return np.concatenate(
        [_flat(p, 0.0 if c is None else c) for c, p in zip(found, parameters, strict=True)]
    )
