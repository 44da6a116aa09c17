"""Copies of models, by `copy.deepcopy` and `pickle`: they train on as the model would have."""

import copy
import pickle

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from tinygrad_es import Input, Model, layers

from .small import X, Y, assert_same_weights, network

WAYS = [copy.deepcopy, lambda model: pickle.loads(pickle.dumps(model))]
ways = pytest.mark.parametrize("copied", WAYS, ids=["deepcopy", "pickle"])


@ways
def test_a_copy_trains_on_alone_and_alike(copied):
    model = network("adam")
    model.fit(X, Y, verbose=0)
    before = model.get_weights()
    other = copied(model)
    history = other.fit(X, Y, epochs=2, shuffle=False, verbose=0).history
    for weight, value in zip(model.weights, before, strict=True):
        assert_array_equal(weight.data, value)
    assert history == model.fit(X, Y, epochs=2, shuffle=False, verbose=0).history
    assert_same_weights(model, other)


@ways
def test_constraints_are_copied(copied):
    x = Input((3,))
    model = Model(x, layers.Dense(2, kernel_constraint="non_neg")(x))
    model.compile("sgd", "mse")
    other = copied(model)
    other.fit(X, -10 - Y, epochs=5, verbose=0)
    assert (other.weights[0].data == 0).any()
    assert (other.weights[0].data >= 0).all()


@ways
def test_operations_are_copied(copied):
    x = Input((3,))
    y = layers.Dense(3)(x)
    model = Model(x, np.exp(1 - x[:, ::2].sum(axis=1, keepdims=True)) + abs(y) / 2)
    assert_array_equal(copied(model).predict(X, verbose=0), model.predict(X, verbose=0))
    assert copied(model).to_json() == model.to_json()
