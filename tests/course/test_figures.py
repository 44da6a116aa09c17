"""Figures that the courses quote: parameters, shapes, numbers of updates, saturation."""

import numpy as np
import pytest

import tinygrad_es as keras
from tinygrad_es import losses, ops
from tinygrad_es.layers import Dense, Dropout, Flatten, Input
from tinygrad_es.models import Model, Sequential


def chain(*sizes):
    return Sequential([Input((sizes[0],)), *[Dense(n, activation="sigmoid") for n in sizes[1:]]])


@pytest.mark.parametrize(
    ("sizes", "count"),
    [
        ((10, 3, 2, 1), 44),  # 3(d0 + 1) + 2(d1 + 1) + (d2 + 1)
        ((4, 2, 3), 19),
        ((784, 300, 100, 10), 266_610),
        ((784, 32, 10), 25_450),
        ((3, 6, 2), 38),
        ((10, 50, 3), 703),
        ((2, 3, 1), 13),  # the triangle
    ],
)
def test_parameters(sizes, count):
    model = chain(*sizes)
    assert model.count_params() == count
    assert sum(w.size for w in model.get_weights()) == count
    texts = []
    model.summary(print_fn=texts.append)
    assert f"Total params: {count:,} (" in texts[0]
    assert model.predict(np.zeros((5, sizes[0])), verbose=0).shape == (5, sizes[-1])


def test_shapes_of_10_50_3():
    X = np.random.default_rng(0).normal(size=(7, 10)).astype("float32")
    model = chain(10, 50, 3)
    Wh, bh, Wo, bo = model.get_weights()
    assert [w.shape for w in (Wh, bh, Wo, bo)] == [(10, 50), (50,), (50, 3), (3,)]
    theta = lambda z: 1 / (1 + np.exp(-z))
    Y = theta(theta(X @ Wh + bh) @ Wo + bo)
    np.testing.assert_allclose(model.predict(X, verbose=0), Y, rtol=1e-5)


@pytest.mark.parametrize(
    ("samples", "batch", "epochs", "drop", "updates"),
    [
        (500, 20, 1, False, 25),
        (500, 20, 100, False, 2500),
        (3823, 1, 1, False, 3823),  # of 80,283 = 3823 · 21 on the slide
        (3823, 150, 1, False, 26),
        (3823, 150, 32, True, 800),  # the slide's 25 a batch: the last 73 samples are left out
        (55_000, 32, 1, False, 1719),
        (60_000, 32, 1, False, 1875),
        (6, 6, 3, False, 3),
    ],
)
def test_updates(samples, batch, epochs, drop, updates):
    model = Sequential([Input((1,)), Dense(1)])
    model.compile("sgd", "mse")
    x = np.zeros((samples, 1), "float32")
    options = {"drop_remainder": True} if drop else {}
    model.fit(x, x, batch_size=batch, epochs=epochs, verbose=0, **options)
    assert model.optimizer.iterations == updates


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_cross_entropy_of_certain_answers(dtype):
    t = np.array([[1.0, 0.0, 0.0]], dtype)
    loss = losses.CategoricalCrossentropy()
    expected = {"float64": 1.0000000494736474e-07, "float32": 1.192093e-07}[dtype]
    values = [
        ([1.0, 0.0, 0.0], expected),
        ([0.0, 1.0, 0.0], 16.11809565095832),
        ([0.5, 0.25, 0.25], 0.6931471805599453),
    ]
    for p, value in values:
        assert loss(t, np.array([p], dtype)).item() == pytest.approx(value, rel=1e-6)


def test_tanh_is_a_sigmoid():
    z = np.linspace(-3, 3, 301)
    np.testing.assert_allclose(np.tanh(z), 2 * ops.sigmoid(2 * z).numpy() - 1, atol=1e-15)


def test_without_activations_all_layers_are_one():
    """W1·W2 and b1·W2 + b2 do the same."""
    model = Sequential([Input((4,)), Dense(5), Dense(3)])
    for layer in model.layers:
        layer.bias.assign(np.linspace(-1, 1, layer.units, dtype="float32"))
    W1, b1, W2, b2 = model.get_weights()
    one = Sequential([Input((4,)), Dense(3)])
    one.set_weights([W1 @ W2, b1 @ W2 + b2])
    X = np.random.default_rng(0).normal(size=(9, 4)).astype("float32")
    np.testing.assert_allclose(one(X).numpy(), model(X).numpy(), rtol=1e-4, atol=1e-5)


def test_dropout_adds_no_weights():
    with_dropout = Sequential(
        [Flatten(input_shape=(28, 28)), Dense(32, "relu"), Dropout(0.25), Dense(10, "softmax")]
    )
    assert with_dropout.count_params() == chain(784, 32, 10).count_params() == 25_450


def test_a_functional_model_lists_its_input():
    I = Input(shape=(4,), name="Entrada")  # noqa: E741 - the name that the course gives it
    red = Dense(units=3, name="salida")(Dense(units=2, name="Oculto")(I))
    model = Model(inputs=I, outputs=red)
    assert [layer.name for layer in model.layers] == ["Entrada", "Oculto", "salida"]
    assert [layer.count_params() for layer in model.layers] == [0, 10, 9]
    sequential = Sequential([keras.Input(shape=(4,), name="Entrada"), Dense(2), Dense(3)])
    assert [layer.name for layer in sequential.layers] == ["dense", "dense_1"]


def test_vanishing_gradient():
    """Πσ′(0): a quarter for each layer."""
    for layers, expected in [(1, 0.25), (2, 0.0625), (5, 9.765625e-4), (10, 9.5367431640625e-7)]:

        def deep(z, layers=layers):
            for _ in range(layers):
                z = ops.sigmoid(z) - 0.5
            return z

        assert keras.grad(deep)(0.0) == pytest.approx(expected, rel=1e-15)
