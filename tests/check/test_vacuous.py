"""Tests that could not fail are called vacuous, every one of them."""

from __future__ import annotations

import numpy as np
import pytest

import tinygrad_es as tg
from tinygrad_es import check_gradients, layers, ops

from .rules import operation

RNG = np.random.default_rng(5)
A = RNG.normal(size=(5, 7))


def standardised(x):
    return (x - x.mean(axis=0)) / np.sqrt(((x - x.mean(axis=0)) ** 2).mean(axis=0))


def by_hand_softmax(x):
    e = np.exp(x - x.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


VACUOUS = {
    "softmax, its mean, at ties": (
        lambda x: by_hand_softmax(x).mean(),
        np.array([[0.0, 0, -1, -2, 0], [1, 0, 1, -1, 1], [1, 2, 0, -2, 1]]),
    ),
    "softmax, summed": (lambda x: ops.softmax(x).sum(), A),
    "batch norm, summed": (lambda x: standardised(x).sum(), A),
    "batch norm, its mean square": (lambda x: (standardised(x) ** 2).mean(), A),
    "layer norm, summed": (
        lambda x: layers.LayerNormalization(epsilon=0.0)(x).sum(), A,
    ),
    "x⁰": (lambda x: x**0, np.abs(A) + 0.5),
    "at the optimum": (lambda x: ((x - A) ** 2).sum(), A),
    "at the maximum of cos": (lambda x: np.cos(x).sum(), np.zeros(3)),
    "dead units": (lambda x: ops.relu(x - 100.0), A),
    "saturated": (lambda x: ops.tanh(x + 1e3), A),
    "clipped": (lambda x: ops.clip(x, 5.0, 6.0), A),
    "times zero": (lambda x: x * 0.0, A),
    "x − x": (lambda x: (x - x).sum(), A),
    "sin² + cos²": (lambda x: np.sin(x) ** 2 + np.cos(x) ** 2, A),
    "a constant": (lambda x: ops.sum(np.ones(3)), A),
    "floor": (lambda x: ops.floor(x), A),
    "the sum of all shares": (lambda x: (x / x.sum()).sum(), np.abs(A) + 0.5),
}  # fmt: skip


@pytest.mark.parametrize("name", VACUOUS)
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_vacuous(name, seed):
    report = check_gradients(VACUOUS[name][0], VACUOUS[name][1], seed=seed)
    assert report.verdict == "vacuous"
    assert not report
    assert "VACUOUS" in str(report)


@pytest.mark.parametrize("cotangent", [np.zeros((5, 7)), "ones"])
def test_a_cotangent_that_hides_everything(cotangent):
    assert check_gradients(ops.softmax, A, cotangent=cotangent).verdict == "vacuous"
    assert check_gradients(ops.softmax, A).ok


def test_a_backward_that_returns_zero_passes_with_ones_and_is_called_vacuous():
    dead = operation(
        lambda xp, x: xp.exp(x) / xp.sum(xp.exp(x), axis=-1, keepdims=True),
        lambda xp, g, y, x: 0.0 * g,
        elementwise=False,
    )
    assert check_gradients(dead, A, cotangent="ones").verdict == "vacuous"
    assert check_gradients(dead, A).verdict == "wrong"


def test_a_wrong_gradient_is_wrong_even_where_the_right_one_is_zero():
    f = operation(lambda xp, x: x * 0.0 + 1.0, lambda xp, g, y, x: 1e-3 * g)
    assert check_gradients(f, A).verdict == "wrong"


@pytest.mark.parametrize("scale", [1e-12, 1e-6, 1e6, 1e12])
def test_small_is_not_vacuous(scale):
    assert check_gradients(lambda x: scale * x * x, A).ok


def test_one_input_of_two():
    report = check_gradients(lambda a, b: ops.relu(a - 100.0) + b * b, A, A)
    assert report.ok
    assert report.vacuous == ["input 0"]
    assert "input 0: nothing was tested there" in str(report)


def test_dead_layers_of_a_model_are_named():
    model = tg.Sequential([layers.Input((3,)), layers.Dense(5, "relu"), layers.Dense(2)])
    model.compile("sgd", "mse")
    model.weights[1].data = np.full(5, -100.0)
    report = check_gradients(model, RNG.normal(size=(7, 3)), RNG.normal(size=(7, 2)))
    assert len(report.vacuous) >= 2
