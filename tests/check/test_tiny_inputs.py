"""Inputs far below the usual step: steps follow them down, and nothing right is called wrong."""

import numpy as np
import pytest

from tinygrad_es import ops
from tinygrad_es.check import check_backprop, check_gradients

SCALES = [1e-30, 1e-12, 1e-8, 1e-5]
FUNCTIONS = {
    "square": lambda x, s: (x**2).sum(),
    "tanh": lambda x, s: ops.tanh(x / (3 * s)).sum(),
    "exp": lambda x, s: (ops.exp(x / s) * x).sum(),
}


@pytest.mark.parametrize("order", [1, 2])
@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("name", FUNCTIONS)
def test_tiny_inputs_are_never_wrong(name, scale, order):
    x = np.array([1.0, -2.0, 3.0, 0.5]) * scale
    report = check_gradients(lambda x: FUNCTIONS[name](x, scale), x, order=order)
    assert report.mismatches == []
    if name == "tanh":
        assert report.verdict == "right"
        assert report.inconclusive == 0


@pytest.mark.parametrize("scale", [1e-8, 1e-3, 1.0])
def test_a_mistake_of_a_twentieth_by_differences(scale):
    """The slopes of a parabola differ to both sides as well; that is no kink."""
    x = np.array([1.0, -2.0, 3.0, 0.5]) * scale

    def forward(x):
        return float(np.sum(np.asarray(x) ** 2))

    assert check_backprop(forward, lambda x: {"x": 2.0 * x}, x).ok
    assert check_backprop(forward, lambda x: {"x": 2.1 * x}, x).culprit == "x"


@pytest.mark.parametrize(("at_kinks", "ok"), [(1, True), (3, False)])
def test_what_is_mostly_unknown_is_not_right(at_kinks, ok):
    x = np.where(np.arange(5) < at_kinks, 0.0, 2.0)
    report = check_backprop(
        lambda x: float(np.sum(np.abs(x))), lambda x: {"x": np.where(x == 0.0, 0.5, 1.0)}, x
    )
    assert report.ok is ok
    assert report.culprit is None
