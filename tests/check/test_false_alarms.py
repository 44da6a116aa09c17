"""Right gradients are never called wrong, and seldom inconclusive."""

from __future__ import annotations

import numpy as np
import pytest

import tinygrad_es as tg
from tinygrad_es import check_gradients, layers, ops

LABELS = np.array([0, 2, 1, 2, 0])


def mlp(activation):
    def f(x, w1, b1, w2):
        h = activation(x @ w1 + b1)
        return tg.losses.sparse_categorical_crossentropy(LABELS, h @ w2, from_logits=True)

    return f, [(5, 4), (4, 7), (7,), (7, 3)]


def hinge(x, w):
    return np.maximum(0.0, 1.0 - x @ w).sum() + np.abs(w).sum()


CASES = {
    "mlp tanh": mlp(ops.tanh),
    "mlp relu": mlp(ops.relu),
    "mlp leaky relu": mlp(lambda x: ops.where(x > 0, x, 0.1 * x)),
    "mlp gelu": mlp(tg.activations.gelu),
    "max pool": (
        lambda x, k: ops.max_pool(ops.relu(ops.conv(x, k)), 2),
        [(2, 6, 6, 1), (3, 3, 1, 2)],
    ),
    "hinge": (hinge, [(5, 3), (3,)]),
    "max, min and sort": (
        lambda x: ops.sort(x).max(axis=0) * x.min(axis=1, keepdims=True),
        [(4, 5)],
    ),
    "clip": (lambda x: ops.clip(x, -0.5, 0.5) ** 2, [(4, 5)]),
    "softmax": (ops.softmax, [(4, 5)]),
    "norm": (lambda x: np.sqrt((x * x).sum()), [(7,)]),
    "products": (lambda a, b: (a @ b) / (1.0 + (a * a).sum()), [(3, 5), (5, 2)]),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_many_seeds(name):
    f, shapes = CASES[name]
    entries = unsure = 0
    for seed in range(15):
        rng = np.random.default_rng(seed)
        report = check_gradients(f, *(rng.normal(size=s) for s in shapes), seed=seed)
        assert report.verdict == "right", (seed, str(report))
        entries += report.entries
        unsure += report.inconclusive + report.skipped
    assert unsure <= 0.02 * entries


@pytest.mark.parametrize("scale", [1e-4, 1e-2, 1.0, 1e2, 1e4, 1e6])
@pytest.mark.parametrize("name", ["mlp tanh", "mlp relu", "max pool", "softmax", "norm", "clip"])
def test_scaled_inputs(name, scale):
    f, shapes = CASES[name]
    for seed in range(3):
        rng = np.random.default_rng(seed)
        report = check_gradients(f, *(scale * rng.normal(size=s) for s in shapes), seed=seed)
        assert report.verdict != "wrong", str(report)


@pytest.mark.parametrize("seed", [5, 17, 41])
@pytest.mark.parametrize("name", ["mlp tanh", "mlp gelu"])
def test_large_inputs_and_small_weights(name, seed):
    """A step of 6·10⁻⁶ is beyond the scale of the weights: from there a tanh looks flat."""
    f, shapes = CASES[name]
    rng = np.random.default_rng(seed)
    scales = [1e6] + [1e-6] * (len(shapes) - 1)
    inputs = [k * rng.normal(size=s) for k, s in zip(scales, shapes, strict=True)]
    assert check_gradients(f, *inputs, seed=seed).verdict == "right"


@pytest.mark.parametrize(
    "f",
    [np.log, np.sqrt, lambda x: 1.0 / x, lambda x: x**1.5, lambda x: x**3, lambda x: np.log1p(x)],
)
def test_scaled_inputs_near_the_edge_of_the_domain(f):
    for seed in range(5):
        rng = np.random.default_rng(seed)
        x = 10.0 ** rng.uniform(-4, 6, 20)
        report = check_gradients(f, x, seed=seed)
        assert report.verdict == "right", str(report)
        assert report.inconclusive <= 1


def test_kinks_of_the_gradient():
    """x·|x| and Huber's loss have a gradient that is continuous, with kinks of its own."""
    for seed in range(3):
        assert check_gradients(lambda x: x * np.abs(x), [0.0, 1.0], seed=seed)
        huber = check_gradients(
            lambda x: ops.where(np.abs(x) <= 1, 0.5 * x * x, np.abs(x) - 0.5),
            [1.0, -1.0, 0.3],
            seed=seed,
        )
        assert huber, str(huber)
        assert check_gradients(tg.activations.elu, [0.0, 1.0, -1.0], seed=seed)


def test_nearer_to_the_edge_than_any_step():
    assert check_gradients(np.log, [1e-12, 1.0]).verdict != "wrong"


def test_entries_of_very_different_size_in_one_sum():
    x = np.array([1e-4, 1.0, 1e6])
    report = check_gradients(lambda x: (x * x).sum(), x)
    assert not report.mismatches


@pytest.mark.parametrize("at", [0.0, 1e-9, -1e-9, 1e-7, 3e-6, -5e-6])
def test_on_and_near_a_kink(at):
    report = check_gradients(ops.relu, [at, 1.0])
    assert report.ok, str(report)
    if abs(at) < 1e-10:
        assert report.kinks == 1
        assert "relu[0]" in str(report)


def test_where_the_function_is_not_finite_nothing_is_called_wrong():
    report = check_gradients(np.log, [-1.0, 1.0])
    assert report.verdict == "inconclusive"
    assert not report.mismatches
    assert "not finite" in str(report)
    assert check_gradients(lambda x: np.exp(x), [1e4, 2e4]).verdict == "inconclusive"


@pytest.mark.parametrize("margin", [20.0, 40.0, 100.0, 800.0])
@pytest.mark.parametrize("scale", [1.0, 1e3])
def test_a_classifier_that_is_sure(margin, scale):
    """1 + e⁻⁴⁰ is 1: differences say 0 where the gradient is 4·10⁻¹⁸."""
    logits = np.full((5, 3), -margin)
    logits[np.arange(5), LABELS] = 0.0
    loss = tg.losses.sparse_categorical_crossentropy
    report = check_gradients(lambda w: loss(LABELS, (w * scale) / scale, from_logits=True), logits)
    assert report.verdict != "wrong", str(report)
    assert check_gradients(lambda x: np.exp(x), [-720.0, -715.0]).verdict != "wrong"


def test_what_is_no_subgradient_is_wrong_on_a_kink():
    from .rules import operation

    f = operation(
        lambda xp, x: xp.maximum(x, 0.0), lambda xp, g, y, x: g * xp.where(x > 0, 1.0, 1.5)
    )
    assert check_gradients(f, [0.0, 1.0]).verdict == "wrong"
    assert check_gradients(f, [0.5, 1.0]).ok


@pytest.mark.parametrize(
    ("f", "op"),
    [
        (lambda x: np.abs(x), "abs"),
        (lambda x: np.maximum(x, 0.0), "maximum"),
        (lambda x: ops.clip(x, 0.0, 1.0), "clip"),
        (lambda x: x.max(), "amax"),
        (lambda x: ops.where(x > 0, 2.0 * x, x), "where"),
    ],
)
def test_the_operation_with_the_kink_is_named(f, op):
    report = check_gradients(f, np.zeros(2), order=1)
    assert not report.mismatches, str(report)
    assert any(op in en for en, _ in report.notes), report.notes


def test_float32_models_are_checked_in_float64_and_left_alone():
    model = tg.Sequential([layers.Input((4,)), layers.Dense(7, "relu"), layers.Dense(3, "softmax")])
    model.compile("adam", "sparse_categorical_crossentropy")
    before = [w.numpy().copy() for w in model.weights]
    rng = np.random.default_rng(0)
    report = check_gradients(model, rng.normal(size=(5, 4)).astype("float32"), LABELS)
    assert report.ok, str(report)
    assert report.largest_error < 1e-6
    for w, old in zip(model.weights, before, strict=True):
        assert w.dtype == np.float32
        assert np.array_equal(w.numpy(), old)


@pytest.mark.parametrize("seed", range(3))
def test_convolutional_models(seed):
    tg.utils.set_random_seed(seed)
    model = tg.Sequential([
        layers.Input((8, 8, 1)), layers.Conv2D(3, 3, activation="relu"), layers.MaxPooling2D(2),
        layers.Flatten(), layers.Dense(5, "relu"), layers.Dense(3, "softmax"),
    ])  # fmt: skip
    model.compile("sgd", "sparse_categorical_crossentropy")
    report = check_gradients(model, np.random.default_rng(seed).normal(size=(5, 8, 8, 1)), LABELS)
    assert report.ok, str(report)
    assert report.inconclusive + report.skipped <= 0.02 * report.entries


def test_batch_normalisation_in_training_keeps_its_statistics():
    model = tg.Sequential([layers.Input((4,)), layers.BatchNormalization(), layers.Dense(3)])
    model.compile("sgd", "mse")
    before = [w.numpy().copy() for w in model.weights]
    rng = np.random.default_rng(0)
    x = 2.0 + rng.normal(size=(5, 4))
    assert check_gradients(model, x, rng.normal(size=(5, 3)), training=True).ok
    layer = model.layers[0]
    assert check_gradients(lambda x: layer(x, training=True), x).ok
    for w, old in zip(model.weights, before, strict=True):
        assert np.array_equal(w.numpy(), old)


def test_dropout_is_named():
    report = check_gradients(lambda x: ops.dropout(x * x, 0.5), np.ones(30))
    assert report.verdict == "random"
    assert "dropout" in str(report)
    assert "seed" in str(report)
    assert check_gradients(lambda x: ops.dropout(x * x, 0.5, seed=1), np.ones(30)).ok


def test_random_numbers_that_are_no_dropout_are_not_called_so():
    rng = np.random.default_rng(0)
    report = check_gradients(lambda x: (x * rng.normal(size=5)).sum(), np.ones(5))
    assert "random numbers in multiply: seed the generator inside the function" in report.text("en")
    assert "números al azar en multiply: fija la semilla" in report.text("es")
    report = check_gradients(lambda x: ops.exp(x) * float(rng.normal()), np.ones(5))
    assert "random numbers in multiply" in report.text("en")


def test_an_input_that_left_the_graph_is_told_also_where_it_is_the_only_one():
    report = check_gradients(lambda x: x.detach() ** 2, [1.0, 2.0])
    assert report.verdict == "wrong"
    assert "input 0: the result does not depend on it" in str(report)


@pytest.mark.slow
def test_a_quarter_of_a_million_weights_in_seconds():
    from time import thread_time

    model = tg.Sequential([
        layers.Input((784,)), layers.Dense(300, "relu"), layers.Dense(100, "relu"),
        layers.Dense(10, "softmax"),
    ])  # fmt: skip
    model.compile("sgd", "sparse_categorical_crossentropy")
    rng = np.random.default_rng(0)
    start = thread_time()
    report = check_gradients(model, rng.uniform(size=(32, 784)), rng.integers(0, 10, 32))
    assert thread_time() - start < 10.0
    assert report.ok
    assert report.total == 266_610
    assert report.entries >= 120
    assert report.projections == 18
    caught = sum(c for c, _ in report.power.values())
    assert caught == sum(t for _, t in report.power.values()) >= 80
