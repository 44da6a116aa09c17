"""The same verdict as torch.autograd.gradcheck, on functions with right and with wrong rules."""

from __future__ import annotations

import numpy as np
import pytest

from tinygrad_es import check_gradients

from .rules import operation

torch = pytest.importorskip("torch", reason="compares with torch")
pytestmark = pytest.mark.peers

# (forward, derivative) through a namespace: ours, or torch
FUNCTIONS = {
    "exp": (lambda m, x: m.exp(x), lambda m, x: m.exp(x)),
    "sin": (lambda m, x: m.sin(x), lambda m, x: m.cos(x)),
    "cos": (lambda m, x: m.cos(x), lambda m, x: -m.sin(x)),
    "tanh": (lambda m, x: m.tanh(x), lambda m, x: 1.0 - m.tanh(x) * m.tanh(x)),
    "log": (lambda m, x: m.log(x), lambda m, x: 1.0 / x),
    "sqrt": (lambda m, x: m.sqrt(x), lambda m, x: 0.5 / m.sqrt(x)),
    "square": (lambda m, x: x * x, lambda m, x: 2.0 * x),
    "cube": (lambda m, x: x * x * x, lambda m, x: 3.0 * x * x),
    "reciprocal": (lambda m, x: 1.0 / x, lambda m, x: -1.0 / (x * x)),
    "gaussian": (lambda m, x: m.exp(-x * x), lambda m, x: -2.0 * x * m.exp(-x * x)),
    "swish": (
        lambda m, x: x / (1.0 + m.exp(-x)),
        lambda m, x: (1.0 + m.exp(-x) + x * m.exp(-x)) / (1.0 + m.exp(-x)) ** 2,
    ),
    "x·log x": (lambda m, x: x * m.log(x), lambda m, x: m.log(x) + 1.0),
    "sin of the square": (lambda m, x: m.sin(x * x), lambda m, x: 2.0 * x * m.cos(x * x)),
}
MISTAKES = {
    "right": lambda d, x: d,
    "right, written otherwise": lambda d, x: 0.5 * d + d * 0.5,
    "twice": lambda d, x: 2.0 * d,
    "sign": lambda d, x: -d,
    "zero": lambda d, x: 0.0 * d,
    "1 %": lambda d, x: 1.01 * d,
    "times x": lambda d, x: d * x,
    "a term too many": lambda d, x: d + 0.01 * x,
}


def verdict_of_torch(forward, rule, x):
    class Planted(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return forward(torch, x)

        @staticmethod
        def backward(ctx, g):
            (x,) = ctx.saved_tensors
            return g * rule(torch, x)

    point = torch.tensor(x, requires_grad=True)
    return torch.autograd.gradcheck(Planted.apply, (point,), raise_exception=False)


@pytest.mark.parametrize("mistake", MISTAKES)
@pytest.mark.parametrize("name", FUNCTIONS)
def test_the_same_verdict(name, mistake):
    forward, derivative = FUNCTIONS[name]

    def rule(m, x):
        return MISTAKES[mistake](derivative(m, x), x)

    x = np.random.default_rng(0).uniform(0.6, 1.4, (3, 5))
    ours = operation(forward, lambda xp, g, y, x: g * rule(xp, x))
    expected = mistake.startswith("right")
    assert verdict_of_torch(forward, rule, x) is expected
    assert check_gradients(ours, x).ok is expected
    assert check_gradients(ours, x, tolerances="torch").ok is expected
