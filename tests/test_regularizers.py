"""Regularizers and constraints: the worked figures (§2.5), in layers and in training."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

import tinygrad_es as tg
from tinygrad_es import Model, Sequential, Tensor, constraints, layers, regularizers
from tinygrad_es.optimizers import SGD

W = np.array([[1.0, -2.0], [3.0, 4.0]])


@pytest.mark.parametrize(
    ("regularizer", "penalty"),
    [
        (regularizers.l2(0.01), 0.3),
        (regularizers.l1(0.01), 0.1),
        (regularizers.l1_l2(0.01, 0.01), 0.4),
        (regularizers.get("l2"), 0.3),
        (regularizers.get("L1L2"), 0.4),
        (regularizers.L1L2(l2=0.1), 3.0),
    ],
)
def test_penalties(regularizer, penalty):
    assert regularizer(W).item() == pytest.approx(penalty, rel=1e-12)
    assert tg.check_gradients(regularizer, W).ok
    again = regularizers.get(regularizers.serialize(regularizer))
    assert again.get_config() == regularizer.get_config()


def test_the_derivative_of_the_absolute_value_at_zero():
    w = Tensor(np.array([0.0, -2.0]), requires_grad=True)
    regularizers.L1(0.5)(w).backward()
    assert w.grad.tolist() == [0.0, -0.5]


def test_orthogonal_rows_cost_nothing():
    penalty = regularizers.OrthogonalRegularizer(1.0)
    assert penalty(np.eye(3)).item() == 0.0
    assert penalty(np.ones((2, 2))).item() == pytest.approx(1.0)
    columns = regularizers.OrthogonalRegularizer(1.0, "columns")
    assert columns(W).item() == penalty(W.T).item()


@pytest.mark.parametrize("value", [-0.1, np.inf, np.nan, "much", True])
def test_factors_out_of_range(value):
    for cls in (regularizers.L1, regularizers.L2, regularizers.L1L2):
        with pytest.raises(ValueError, match=r"Invalid value for argument l.: .*Received: l.="):
            cls(value)


@pytest.mark.parametrize(
    ("constraint", "expected"),
    [
        (constraints.MaxNorm(2.0), [[1.2, 0.1], [1.6, 0.2]]),
        (constraints.UnitNorm(), [[0.6, 0.4472136], [0.8, 0.8944272]]),
        (constraints.NonNeg(), [[3.0, 0.1], [4.0, 0.2]]),
        (constraints.MinMaxNorm(1.0, 2.0), [[1.2, 0.4472136], [1.6, 0.8944272]]),
        (constraints.MinMaxNorm(1.0, 2.0, rate=0.0), [[3.0, 0.1], [4.0, 0.2]]),
        (constraints.get("max_norm"), [[1.2, 0.1], [1.6, 0.2]]),
    ],
)
def test_constraints(constraint, expected):
    assert_allclose(constraint(np.array([[3.0, 0.1], [4.0, 0.2]])), expected, atol=1e-6)
    again = constraints.get(constraints.serialize(constraint))
    assert again.get_config() == constraint.get_config()


# --- one step: w = 2, g = 0.5, η = 0.1, λ = 0.01 (the lessons' table) -----------------------------


def stepped(regularizer):
    w = Tensor(np.array([2.0]), requires_grad=True)
    (0.5 * w.sum() + regularizer(w)).backward()
    SGD(0.1).step([w])
    return w.item()


@pytest.mark.parametrize(
    ("regularizer", "expected"),
    [
        (regularizers.L2(0.01), 1.946),  # J + λ·Σw²
        (regularizers.L1(0.01), 1.949),  # J + λ·Σ|w|
        (regularizers.L2(0.01 / 2), 1.948),  # C + (λ/2)·Σw², the exact gradient
        (regularizers.L2(0.01 / 10), 1.9496),  # E + (λ/N)·Σw², N = 10
        (regularizers.L2(0.01 / 20), 1.9498),  # C + (λ/2n)·Σw², n = 10
    ],
)
def test_scalings_of_the_lessons(regularizer, expected):
    assert stepped(regularizer) == pytest.approx(expected, rel=1e-12)


# --- in layers and in training -------------------------------------------------------------------


def test_losses_of_a_layer():
    layer = layers.Dense(
        2,
        kernel_initializer="ones",
        kernel_regularizer="l1",
        activity_regularizer=regularizers.L2(0.1),
    )
    layer(np.array([[1.0, 2.0], [3.0, 4.0]]))
    assert [loss.item() for loss in layer.losses] == pytest.approx([5.8, 0.04])
    layer(np.array([[1.0, 2.0], [3.0, 4.0]]))
    assert len(layer.losses) == 2  # of the last call only


def test_losses_of_a_model_count_in_training_and_evaluation():
    x, y = np.ones((4, 3), "float32"), np.zeros((4, 1), "float32")

    def network(**options):
        model = Sequential(
            [layers.Input((3,)), layers.Dense(1, kernel_initializer="ones", **options)]
        )
        model.compile(SGD(0.0), "mse")
        return model

    plain, penalized = network(), network(kernel_regularizer="l2", bias_regularizer="l1")
    history = penalized.fit(x, y, verbose=0, validation_data=(x, y)).history
    expected = plain.evaluate(x, y, verbose=0) + 0.03
    assert history["loss"] == history["val_loss"] == [pytest.approx(expected)]
    assert penalized.evaluate(x, y, verbose=0) == pytest.approx(expected)
    assert penalized.train_on_batch(x, y) == pytest.approx(expected)


def test_a_loss_of_ones_own():
    class Sparse(Model):
        def __init__(self):
            super().__init__()
            self.inner = layers.Dense(2, kernel_initializer="ones", use_bias=False)

        def call(self, x):
            y = self.inner(x)
            self.add_loss(0.5 * (y * y).sum())
            return y

    model = Sparse()
    model.compile(SGD(0.01), "mse")
    x, y = np.ones((1, 1), "float32"), np.ones((1, 2), "float32")
    assert model.train_on_batch(x, y) == pytest.approx(1.0)
    assert (model.inner.kernel.numpy() < 1.0).all()
    assert model.fit(x, y, epochs=2, verbose=0).history["loss"][0] < 1.0


def test_constraints_hold_while_training():
    model = Sequential(
        [
            layers.Input((3,)),
            layers.Dense(4, kernel_constraint="unit_norm", bias_constraint=constraints.NonNeg()),
        ]
    )
    model.compile("adam", "mse")
    rng = np.random.default_rng(0)
    model.fit(rng.normal(size=(20, 3)), rng.normal(size=(20, 4)), epochs=3, verbose=0)
    kernel, bias = model.get_weights()
    assert_allclose(np.linalg.norm(kernel, axis=0), 1.0, rtol=1e-5)
    assert (bias >= 0).all()
