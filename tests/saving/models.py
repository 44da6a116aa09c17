"""Models for the tests of files."""

import numpy as np

from tinygrad_es import Input, Model, Sequential, layers

X = np.random.default_rng(0).standard_normal((12, 4)).astype("float32")
Y = np.random.default_rng(1).standard_normal((12, 2)).astype("float32")


class Scale(layers.Layer):
    """A layer of one's own: arguments are remembered by themselves."""

    def __init__(self, factor, shift=0.0, **kwargs):
        super().__init__(**kwargs)
        self.factor, self.shift = factor, shift

    def build(self, input_shape):
        self.gain = self.add_weight((input_shape[-1],), "ones", name="gain")

    def call(self, x):
        return x * self.gain * self.factor + self.shift


class Net(Model):
    """A model written as a class, with layers in a list and a model inside."""

    def __init__(self, units=3):
        super().__init__()
        self.first = layers.Dense(units, "tanh")
        self.rest = [layers.Dense(3), Sequential([layers.Dense(2)])]

    def call(self, x):
        x = self.first(x)
        for layer in self.rest:
            x = layer(x)
        return x


def chain():
    return Sequential(
        [
            Input((4,)),
            layers.Dense(3, "tanh", kernel_regularizer="l2", name="Oculto"),
            layers.BatchNormalization(),
            layers.Dropout(0.2),
            layers.PReLU(),
            layers.Dense(2, kernel_initializer="he_normal", bias_constraint="non_neg"),
        ]
    )


def graph():
    x = Input((4,), name="x")
    shared = layers.Dense(3, "relu", name="shared")
    left, right = shared(x), shared(x * 2.0 - 1.0)
    y = layers.Concatenate()([left, right, x[:, 1:3]])
    return Model(x, layers.Dense(2)(y))


def own():
    return Sequential([Input((4,)), Scale(2.0, shift=1.0), layers.Dense(2, activation="softplus")])


def nested():
    inner = Sequential([Input((4,)), layers.Dense(3, layers.LeakyReLU(0.1)), layers.Dense(2)])
    x = Input((4,))
    return Model(x, layers.Rescaling(0.5)(inner(x)))


def written():
    model = Net()
    model(X)
    return model


MODELS = [chain, graph, own, nested, written]
OWN = {"Scale": Scale, "Net": Net}


def trained(make, optimizer="adam"):
    """A model that has learnt a little, so that the optimizer has a state."""
    model = make()
    model.compile(optimizer, "mse", metrics=["mae"])
    model.fit(X, Y, epochs=2, batch_size=5, verbose=0)
    return model


def assert_same(got, expected):
    """The same predictions, weights and next steps."""
    for a, b in zip(got.get_weights(), expected.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    np.testing.assert_array_equal(got.predict(X, verbose=0), expected.predict(X, verbose=0))
