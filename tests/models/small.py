"""A small network and ten samples for it: what the tests of training share."""

import numpy as np
from numpy.testing import assert_array_equal

from tinygrad_es import Sequential
from tinygrad_es.layers import Dense, Input
from tinygrad_es.ops import random

N = 10
X = np.random.default_rng(1).normal(size=(N, 3)).astype("float32")
Y = np.eye(2, dtype="float32")[np.arange(N) % 2]


def network(optimizer="sgd", loss="mse", **options):
    random.seed(3)
    model = Sequential([Input((3,)), Dense(4, "tanh"), Dense(2, "sigmoid")])
    model.compile(optimizer, loss, **options)
    return model


def assert_same_weights(one, two):
    for a, b in zip(one.get_weights(), two.get_weights(), strict=True):
        assert_array_equal(a, b)
