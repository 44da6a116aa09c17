"""The perceptron's worked runs: from weights 0, the four points of a truth table in their order."""

import numpy as np
import pytest

from tinygrad_es import Sequential, activations
from tinygrad_es.layers import Dense
from tinygrad_es.models import Perceptron

POINTS = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
AND, OR, XOR = [0, 0, 0, 1], [0, 1, 1, 1], [0, 1, 1, 0]


def run(labels, activation, epochs=100):
    """The model, its weights with the bias first, and the mistakes of each epoch."""
    labels = np.array(labels) if activation == "step" else 2 * np.array(labels) - 1
    model = Perceptron(activation=activation)
    history = model.fit(POINTS, labels, epochs=epochs, shuffle=False, verbose=0)
    w = [*model.dense.bias.tolist(), *model.dense.kernel.ravel().tolist()]
    return model, w, history.history["mistakes"]


@pytest.mark.parametrize(
    ("labels", "activation", "weights", "updates", "clean_epoch"),
    [
        (AND, "sign", [-3, 2, 1], 11, 6),
        (OR, "sign", [-1, 1, 1], 5, 4),
        (AND, "step", [-3, 2, 1], 11, 6),
        (OR, "step", [-1, 1, 1], 5, 4),
        (AND, activations.sign, [-4, 3, 2], 18, 9),
        (OR, activations.sign, [-1, 2, 2], 9, 6),
    ],
)
def test_separable_tables(labels, activation, weights, updates, clean_epoch):
    model, w, mistakes = run(labels, activation)
    assert (w, sum(mistakes), len(mistakes)) == (weights, updates, clean_epoch)
    assert mistakes[-1] == 0
    assert 0 not in mistakes[:-1]
    assert model.converged is True
    high = model.predict(POINTS, verbose=0).ravel() > 0
    assert high.astype(int).tolist() == labels


@pytest.mark.parametrize("activation", ["sign", "step"])
def test_xor_is_never_learnt(activation):
    model, w, mistakes = run(XOR, activation)
    assert (w, sum(mistakes), len(mistakes)) == ([0, -1, 0], 398, 100)
    assert model.converged is False


def test_the_step_at_0():
    assert activations.step([-0.5, 0.0, 0.5]).tolist() == [0.0, 1.0, 1.0]
    assert Perceptron(activation="step").predict(POINTS, verbose=0).ravel().tolist() == [1.0] * 4
    assert Perceptron(activation="sign").predict(POINTS, verbose=0).ravel().tolist() == [1.0] * 4


def test_two_layers_of_steps_make_xor():
    model = Sequential([Dense(2, activation="step"), Dense(1, activation="step")])
    model.build((None, 2))
    kernels = np.array([[1.0, 1.0], [1.0, 1.0]]), np.array([[1.0], [-1.0]])
    model.set_weights([kernels[0], np.array([-0.5, -1.5]), kernels[1], np.array([-0.5])])
    assert model.predict(POINTS, verbose=0).ravel().tolist() == XOR


def test_several_outputs():
    x, w, b = np.array([[1.0, 2.0], [-1.0, 0.5]]), np.array([[1.0, -1, 0], [0, 1, 2]]), [0, -1, -1]
    model = Perceptron(3)
    model.build((None, 2))
    model.set_weights([w, b])
    expected = (x @ w + b >= 0).astype(float)
    assert model.predict(x, verbose=0).tolist() == expected.tolist() == [[1, 1, 1], [0, 1, 1]]
