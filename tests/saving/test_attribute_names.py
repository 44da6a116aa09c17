"""Attributes of a user's own classes may have any name that is not public here."""

import copy

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from tinygrad_es import Input, Model, Sequential, layers
from tinygrad_es.models import clone_model

X = np.linspace(-1.0, 1.0, 24, dtype="float32").reshape(6, 4)
NAMES = ["function", "nodes", "chain", "frozen", "call_count", "states", "given", "neurons"]


def made(base, name, value):
    class Own(base):
        def __init__(self, **kwargs):
            super().__init__(**kwargs)
            setattr(self, name, value)
            self.last = layers.Dense(2)

        def call(self, x):
            inner = getattr(self, name)
            return self.last(inner(x) if isinstance(inner, layers.Layer) else x)

    own = Own()
    return own if base is Model else Sequential([Input((4,)), own])


@pytest.mark.parametrize("base", [layers.Layer, Model])
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("value", [lambda: layers.Dense(3), lambda: 7, lambda: [layers.Dense(3)]])
def test_a_name_of_ones_own(base, name, value, tmp_path):
    model = made(base, name, value())
    model.compile("sgd", "mse")
    model.fit(X, X[:, :2], verbose=0)
    expected = model.predict(X, verbose=0)
    assert_array_equal(copy.deepcopy(model).predict(X, verbose=0), expected)
    weights = model.get_weights()
    model.save_weights(tmp_path / "own.weights.h5")
    model.set_weights([np.zeros_like(w) for w in weights])
    model.load_weights(tmp_path / "own.weights.h5")
    assert_array_equal(model.predict(X, verbose=0), expected)
    model.summary(print_fn=lambda text: None, expand_nested=True)


@pytest.mark.parametrize("name", ["input", "output", "layers", "inputs"])
@pytest.mark.parametrize("value", [lambda: layers.Dense(3), lambda: 7])
def test_names_that_only_models_have(name, value, tmp_path):
    model = made(layers.Layer, name, value())
    expected = model(X).data
    assert_array_equal(copy.deepcopy(model)(X).data, expected)
    model.save_weights(tmp_path / "own.weights.h5")
    other = clone_model(model)
    other.load_weights(tmp_path / "own.weights.h5")
    assert_array_equal(other(X).data, expected)
