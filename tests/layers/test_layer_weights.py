"""The weights of a layer: in order, copied out, put in whole or not at all, frozen, shared."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from tinygrad_es import initializers
from tinygrad_es.layers import Activation, Dense, Flatten, Layer

X = np.array([[0.5, -1.0, 2.0, 0.25], [1.5, 0.75, -0.5, -2.0]], "float32")
KERNEL = np.array([[0.1, -0.2, 0.3], [0.3, 0.05, 0.2], [-0.15, 0.25, 0.1], [0.2, -0.1, -0.3]])
BIAS = np.array([0.1, -0.2, 0.3])


def dense(**options):
    """A Dense layer with KERNEL and BIAS."""
    layer = Dense(3, **options)
    layer(X)
    layer.set_weights([KERNEL, BIAS])
    return layer


class Scale(Layer):
    """factor·x, and a count of the calls that never gets a gradient."""

    def build(self, input_shape):
        self.calls = self.add_weight((), "zeros", trainable=False, name="calls")
        self.factor = self.add_weight((input_shape[-1],), "ones", name="factor")

    def call(self, x):
        return x * self.factor


# --- weights in and out ---------------------------------------------------------------------------


def test_get_weights_are_copies_that_set_weights_takes():
    layer = dense()
    kernel, bias = layer.get_weights()
    assert_allclose(kernel, KERNEL, rtol=1e-7)
    kernel[:] = 7.0
    assert_allclose(layer.kernel.numpy(), KERNEL, rtol=1e-7)
    layer.set_weights([kernel, bias])
    kernel[:] = 8.0
    assert (layer.kernel.numpy() == 7.0).all()


@pytest.mark.parametrize(
    ("weights", "words"),
    [
        ([], "'dense' .*length 0, but the layer was expecting 2 weights"),
        ([KERNEL], "length 1, .*expecting 2"),
        ([KERNEL, BIAS, BIAS], "length 3, .*expecting 2"),
        ([KERNEL + 1, BIAS[:2]], r"dense weight shape \(3,\) .*provided weight shape \(2,\)"),
        ([KERNEL.T, BIAS], r"dense weight shape \(4, 3\) .*provided weight shape \(3, 4\)"),
        ([BIAS, KERNEL], r"weight shape \(4, 3\) .*provided weight shape \(3,\)"),
    ],
)
def test_weights_that_do_not_fit_change_nothing(weights, words):
    layer = dense()
    before = layer.get_weights()
    with pytest.raises(ValueError, match=words):
        layer.set_weights(weights)
    for a, b in zip(before, layer.get_weights(), strict=True):
        assert_array_equal(a, b)


def test_a_build_that_fails_leaves_no_weights():
    layer = Dense(3, bias_initializer=np.ones(5))
    for _ in range(2):
        with pytest.raises(ValueError, match="5"):
            layer(X)
        assert not layer.built
        assert layer.weights == []


def test_trainable_weights_come_first():
    layer = Scale(name="s")
    layer(X)
    assert [w.name for w in layer.weights] == ["s/factor", "s/calls"]
    assert [w.name for w in layer.non_trainable_weights] == ["s/calls"]
    assert not layer.calls.requires_grad
    layer.set_weights([[1.0, 2.0, 3.0, 4.0], 5.0])
    assert layer.calls.numpy() == 5.0
    assert layer.count_params() == 5


@pytest.mark.parametrize("before", [True, False])
def test_frozen_layers(before):
    layer = Dense(3, trainable=not before)
    layer(X)
    layer.trainable = False
    assert layer.trainable_weights == []
    assert [w.name for w in layer.non_trainable_weights] == ["dense/kernel", "dense/bias"]
    assert not layer(X).requires_grad
    layer.trainable = True
    layer(X).sum().backward()
    assert layer.kernel.grad is not None


def test_a_layer_held_twice_counts_once():
    class Twice(Layer):
        def __init__(self):
            super().__init__()
            self.inner = Dense(4)
            self.chain = [self.inner, self.inner]

        def call(self, x):
            return self.chain[1](self.chain[0](x))

    layer = Twice()
    layer(X)
    assert [w.shape for w in layer.weights] == [(4, 4), (4,)]
    assert layer.count_params() == 20


def test_layers_in_a_list_count_once_each():
    class Chain(Layer):
        def __init__(self):
            super().__init__()
            shared = Dense(4)
            self.chain = [shared, Dense(4), shared]

        def call(self, x):
            for layer in self.chain:
                x = layer(x)
            return x

    layer = Chain()
    layer(X)
    assert layer.count_params() == 40


@pytest.mark.parametrize(
    "layer",
    [
        Dense(3, "relu", kernel_initializer="ones", bias_initializer="ones", name="one"),
        Dense(2, use_bias=False, kernel_initializer=initializers.Constant(0.5), trainable=False),
        Activation("softmax", name="two"),
        Flatten(name="three"),
    ],
)
def test_configuration_makes_the_layer_again(layer):
    again = type(layer).from_config(layer.get_config())
    assert again.get_config() == layer.get_config()
    assert_array_equal(again(X).numpy(), layer(X).numpy())
    assert again.trainable is layer.trainable
