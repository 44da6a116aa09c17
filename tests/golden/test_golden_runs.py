"""The golden training runs of §2.15: a 4-2-3 network from fixed weights, in float64."""

import numpy as np
import pytest

import tinygrad_es as tg
from tinygrad_es import Sequential, losses, ops
from tinygrad_es.layers import Activation, Dense, Flatten, Input
from tinygrad_es.optimizers import SGD

X = np.array(
    [[5.1, 3.5, 1.4, 0.2], [4.9, 3.0, 1.4, 0.2], [4.7, 3.2, 1.3, 0.2],
     [4.6, 3.1, 1.5, 0.2], [5.0, 3.6, 1.4, 0.2], [5.4, 3.9, 1.7, 0.4]]
)  # fmt: skip
LABELS = np.array([0, 1, 2, 2, 1, 2])
T = np.eye(3)[LABELS]
START = [
    np.array([[0.1, -0.2], [0.3, 0.05], [-0.15, 0.25], [0.2, -0.1]]),
    np.array([0.0, 0.1]),
    np.array([[0.5, -0.4, 0.3], [-0.2, 0.1, 0.6]]),
    np.array([0.05, 0.0, -0.05]),
]

SOFTMAX = [1.260948164490, 1.123749150249, 1.084838495550, 1.064517543864, 1.047338261657]
# output, loss, momentum, batch → the loss of epochs 1 to 5 (torch float64)
RUNS = {
    ("sigmoid", "mse", 0.0, 6): [
        0.277570423643, 0.275753007715, 0.273991479514, 0.272286107147, 0.270634615014],
    ("sigmoid", "binary_crossentropy", 0.0, 6): [
        0.750120204856, 0.741804915189, 0.734257246489, 0.727368531597, 0.720971614891],
    ("softmax", "categorical_crossentropy", 0.0, 6): SOFTMAX,
    ("softmax", "categorical_crossentropy", 0.0, 2): [
        1.264693547343, 1.145196492329, 1.094876635993, 1.082991555892, 1.074896388820],
    ("softmax", "categorical_crossentropy", 0.0, 4): [
        1.203578981668, 1.065246675608, 1.032182741424, 1.030957202571, 1.035609434042],
    ("softmax", "categorical_crossentropy", 0.9, 6): [
        1.260948164490, 1.123749150249, 1.060653083256, 1.024200963646, 1.012135448050],
}  # fmt: skip
W2_END = [
    [0.426866339947, -0.357447699527, 0.33058135958],
    [-0.221097222255, 0.117855235859, 0.603241986396],
]
B2_END = [-0.045848397296, 0.058152637682, -0.012304240386]
GRADIENTS = [
    [[0.20958788020459124, -0.8942966742711956], [0.1360318314554851, -0.6214654639936887],
     [0.05923032071037589, -0.2801610629716633], [0.00832575656298071, -0.051450905660496926]],
    [0.042531251211009154, -0.18434176609492425],
    [[0.29643296676235886, -0.11487694182581212, -0.18155602493654677],
     [-0.1204672534018676, 0.05279794159728223, 0.06766931180458537]],
    [0.34385121581257827, -0.1340809275712157, -0.2097702882413626],
]  # fmt: skip


@pytest.fixture(autouse=True)
def float64():
    before = tg.floatx()
    tg.set_floatx("float64")
    yield
    tg.set_floatx(before)


def network(output="softmax", layers=None):
    layers = layers or [Dense(2, activation="tanh"), Dense(3, activation=output)]
    model = Sequential([Input(shape=(4,)), *layers])
    model.set_weights(START)
    return model


def run(model, loss, targets=T, momentum=0.0, batch=6, epochs=5):
    model.compile(optimizer=SGD(learning_rate=0.1, momentum=momentum), loss=loss)
    return model.fit(X, targets, batch, epochs, shuffle=False, verbose=0).history["loss"]


@pytest.mark.parametrize(("setting", "expected"), list(RUNS.items()))
def test_loss_per_epoch(setting, expected):
    output, loss, momentum, batch = setting
    found = run(network(output), loss, momentum=momentum, batch=batch)
    assert found == pytest.approx(expected, rel=0, abs=1e-11)


@pytest.mark.parametrize(("setting", "expected"), list(RUNS.items()))
def test_loss_per_epoch_in_float32(setting, expected):
    tg.set_floatx("float32")
    output, loss, momentum, batch = setting
    model = network(output)
    found = run(model, loss, momentum=momentum, batch=batch)
    assert {w.dtype for w in model.get_weights()} == {np.dtype("float32")}
    assert found == pytest.approx(expected, rel=0, abs=2e-7)


def test_final_weights():
    model = network()
    run(model, "categorical_crossentropy")
    np.testing.assert_allclose(model.layers[1].kernel.numpy(), W2_END, rtol=0, atol=1e-11)
    np.testing.assert_allclose(model.layers[1].bias.numpy(), B2_END, rtol=0, atol=1e-11)


@pytest.mark.parametrize(
    "layers",
    [
        lambda: [Dense(2), Activation("tanh"), Dense(3), Activation("softmax")],
        lambda: [Flatten(), Dense(2, activation=ops.tanh), Dense(3, activation="softmax")],
        lambda: [Sequential([Dense(2, "tanh")]), Dense(3, "softmax")],
    ],
    ids=["Activation layers", "Flatten", "nested"],
)
def test_the_same_network_otherwise_written(layers):
    assert run(network(layers=layers()), "categorical_crossentropy") == pytest.approx(
        SOFTMAX, rel=0, abs=1e-11
    )


@pytest.mark.parametrize(
    ("output", "loss", "targets"),
    [
        ("softmax", "sparse_categorical_crossentropy", LABELS),
        ("softmax", "sparse_categorical_crossentropy", LABELS[:, None]),
        (None, losses.CategoricalCrossentropy(from_logits=True), T),
        (None, losses.SparseCategoricalCrossentropy(from_logits=True), LABELS),
    ],
)
def test_the_same_loss_otherwise_written(output, loss, targets):
    found = run(network(output), loss, targets)
    assert found == pytest.approx(SOFTMAX, rel=0, abs=1e-11)


def test_a_subclassed_model_trains_the_same():
    class Net(tg.Model):
        def __init__(self):
            super().__init__()
            self.hidden = Dense(2, activation="tanh")
            self.out = Dense(3, activation="softmax")

        def call(self, x):
            return self.out(self.hidden(x))

    model = Net()
    model(X)  # builds
    model.set_weights(START)
    found = run(model, "categorical_crossentropy")
    assert found == pytest.approx(SOFTMAX, rel=0, abs=1e-11)


def test_runs_continue():
    model = network()
    model.compile(SGD(0.1, momentum=0.9), "categorical_crossentropy")
    found = []
    for first in range(5):
        history = model.fit(
            X, T, 6, epochs=first + 1, initial_epoch=first, shuffle=False, verbose=0
        )
        found += history.history["loss"]
    expected = RUNS["softmax", "categorical_crossentropy", 0.9, 6]
    assert found == pytest.approx(expected, rel=0, abs=1e-11)


def test_initial_gradients():
    model = network()
    losses.CategoricalCrossentropy()(T, model(X)).backward()
    for weight, expected in zip(model.trainable_weights, GRADIENTS, strict=True):
        np.testing.assert_allclose(weight.grad.numpy(), expected, rtol=0, atol=1e-15)


def test_initial_gradients_by_hand():
    """δ₂ = (p − t)/N, dW₂ = a₁ᵀδ₂, δ₁ = (δ₂W₂ᵀ)⊙(1 − a₁²), dW₁ = xᵀδ₁, db = Σδ."""
    w1, b1, w2, b2 = START
    a1 = np.tanh(X @ w1 + b1)
    e = np.exp(a1 @ w2 + b2)
    d2 = (e / e.sum(1, keepdims=True) - T) / 6
    d1 = (d2 @ w2.T) * (1 - a1**2)
    by_hand = [X.T @ d1, d1.sum(0), a1.T @ d2, d2.sum(0)]
    model = network()
    losses.CategoricalCrossentropy()(T, model(X)).backward()
    for weight, g in zip(model.trainable_weights, by_hand, strict=True):
        np.testing.assert_allclose(weight.grad.numpy(), g, rtol=1e-12, atol=1e-16)


@pytest.mark.parametrize(
    ("output", "loss"), [(output, loss) for output, loss, momentum, batch in RUNS if batch == 6]
)
def test_initial_gradients_by_differences(output, loss):
    criterion, h = losses.get(loss), 1e-6
    model = network(output)
    criterion(T, model(X)).backward()
    found = [w.grad.numpy().copy() for w in model.trainable_weights]
    for k, start in enumerate(START):
        for i in np.ndindex(start.shape):
            values = []
            for step in (h, -h):
                moved = [w.copy() for w in START]
                moved[k][i] += step
                model.set_weights(moved)
                values.append(criterion(T, model(X)).item())
            assert found[k][i] == pytest.approx((values[0] - values[1]) / (2 * h), abs=1e-9)
