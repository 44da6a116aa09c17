"""Arrays in another order, of a subclass, that the result does not depend on."""

from __future__ import annotations

import numpy as np
import pytest

from tinygrad_es import check_backprop, check_gradients

A = np.random.default_rng(0).normal(size=(5, 3))


@pytest.mark.parametrize("x", [A.T, A[::2], np.asfortranarray(A), A.T[::-1, ::2]])
def test_the_order_in_memory_does_not_matter(x):
    assert check_gradients(lambda x: np.tanh(x).sum(), x)
    assert check_backprop(
        lambda x: float(np.sum(np.tanh(x))), lambda x: {"x": 1.0 - np.tanh(x) ** 2}, x
    )


@pytest.mark.parametrize("wrap", [np.ma.masked_array, lambda g: g.view(np.recarray)])
def test_a_gradient_of_a_subclass_is_judged(wrap):
    """It was taken for an object that keeps arrays, and left out."""
    for factor, ok in ((1.0, True), (3.0, False)):
        report = check_backprop(
            lambda x, w: np.sum(x * w),
            lambda x, w, f=factor: {"x": w.copy(), "w": wrap(f * x)},
            A,
            A + 1.0,
        )
        assert set(report.verdicts) == {"x", "w"}
        assert report.ok is ok


def unused(x, w, b):
    probabilities = np.tanh(x + b)  # for printing
    z = x @ w
    return np.sum(z**2), probabilities


def loss(x, w, b):
    return unused(x, w, b)[0]


def hand_on(extra):
    def backward(x, w, b):
        dz = 2.0 * (x @ w)
        dprobabilities = np.ones(5)
        return {"x": np.outer(dz, w), "w": x.T @ dz, "b": extra * dprobabilities[:3]}

    return backward


def test_an_input_that_the_result_does_not_depend_on():
    b, w = np.ones(3), np.array([0.5, -1.0, 2.0])
    assert check_backprop(loss, hand_on(0.0), A, w, b).verdicts["b"] == "right"
    report = check_backprop(loss, hand_on(1.0), A, w, b)
    assert report.culprit == "b"
    assert report.verdicts["w"] == report.verdicts["x"] == "right"
    assert "svg" in report.graph()._repr_svg_()


def test_a_variable_that_the_result_does_not_depend_on():
    def forward(x):
        seen = np.tanh(x)
        z = x * 2.0
        return np.sum(z**2) + 0.0 * len(seen)

    def backward(x):
        dseen = np.ones_like(x)
        dz = 3.0 * x * np.sum(dseen) / x.size
        return {"x": 2.0 * dz}

    assert check_backprop(forward, backward, A).culprit in ("x", "z")
