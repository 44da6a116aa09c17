"""Minimizing with SciPy: it gets the value and the gradient of the loss from the engine."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..autodiff.tensor import Tensor
from .vector import flat_values, parts_of

__all__ = ["minimize"]


def minimize(
    loss: Callable[[], Tensor],
    parameters: Sequence[Tensor],
    method: str = "L-BFGS-B",
    **options: Any,
) -> Any:
    """Move the parameters to a minimum of `loss()` with `scipy.optimize.minimize`.

    Args:
        loss: computes one number from the parameters.
        parameters: the Tensors to change; they end at the best point found.
        method: any of SciPy's that take a gradient.
        options: what else `scipy.optimize.minimize` takes (`tol`, `bounds`, `options`, …).

    Returns SciPy's `OptimizeResult`.

    Raises:
        ImportError: SciPy is not installed.

    >>> from tinygrad_es import Tensor
    >>> w = Tensor([3.0, -2.0], requires_grad=True)
    >>> result = minimize(lambda: ((w - 1.0) ** 2).sum(), [w])
    >>> w.numpy().round(4).tolist(), bool(result.success)
    ([1.0, 1.0], True)
    """
    try:
        from scipy import optimize
    except ImportError:
        raise ImportError("minimize needs SciPy: pip install 'tinygrad_es[fast]'.") from None
    start = flat_values(parameters)

    def place(vector: Any) -> None:
        for p, part in zip(parameters, parts_of(vector, parameters), strict=True):
            p.overwrite(part)

    def value_and_gradient(vector: Any) -> tuple[float, Any]:
        place(vector)
        for p in parameters:
            p.grad = None
        value = loss()
        value.backward()
        found = [np.zeros(p.shape) if p.grad is None else p.grad.numpy() for p in parameters]
        return float(value.value), np.concatenate([np.asarray(g, float).ravel() for g in found])

    best = start
    try:
        result = optimize.minimize(value_and_gradient, start, jac=True, method=method, **options)
        best = result.x
    finally:
        place(best)
        for p in parameters:
            p.grad = None
    return result
