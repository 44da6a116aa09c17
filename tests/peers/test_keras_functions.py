"""The same functions in Keras 3 (torch backend): losses, metrics, initializers, optimizers."""

from __future__ import annotations

import os

import numpy as np
import pytest
from numpy.testing import assert_allclose

import tinygrad_es as tg

os.environ["KERAS_BACKEND"] = "torch"
torch = pytest.importorskip("torch", reason="compares with torch")
keras = pytest.importorskip("keras", reason="compares with keras")

pytestmark = [pytest.mark.peers, pytest.mark.filterwarnings("ignore")]

CLOSE = {"rtol": 1e-5, "atol": 1e-6}  # float32
REDUCTIONS = ["sum_over_batch_size", "mean", "sum", "mean_with_sample_weight", "none", None]

# --- losses ---------------------------------------------------------------------------------------

LOSSES = [
    ("MeanSquaredError", {}),
    ("BinaryCrossentropy", {}),
    ("BinaryCrossentropy", {"from_logits": True}),
    ("BinaryCrossentropy", {"label_smoothing": 0.2}),
    ("BinaryCrossentropy", {"label_smoothing": 0.2, "from_logits": True}),
    ("CategoricalCrossentropy", {}),
    ("CategoricalCrossentropy", {"from_logits": True}),
    ("CategoricalCrossentropy", {"label_smoothing": 0.1}),
    ("CategoricalCrossentropy", {"label_smoothing": 0.1, "from_logits": True}),
    ("SparseCategoricalCrossentropy", {}),
    ("SparseCategoricalCrossentropy", {"from_logits": True}),
    ("SparseCategoricalCrossentropy", {"ignore_class": 2, "from_logits": True}),
    ("MeanAbsoluteError", {}),
    ("MeanAbsolutePercentageError", {}),
    ("MeanSquaredLogarithmicError", {}),
    ("Huber", {}),
    ("Huber", {"delta": 0.3}),
    ("LogCosh", {}),
    ("CosineSimilarity", {}),
    ("Hinge", {}),
    ("SquaredHinge", {}),
    ("CategoricalHinge", {}),
    ("KLDivergence", {}),
    ("Poisson", {}),
    ("BinaryFocalCrossentropy", {"apply_class_balancing": True, "gamma": 1.5}),
    ("BinaryFocalCrossentropy", {"from_logits": True, "label_smoothing": 0.1}),
    ("CategoricalFocalCrossentropy", {"alpha": 0.4}),
    ("CategoricalFocalCrossentropy", {"from_logits": True, "label_smoothing": 0.1}),
]
FUNCTIONS = [
    "mean_squared_error",
    "binary_crossentropy",
    "categorical_crossentropy",
    "sparse_categorical_crossentropy",
    "mean_absolute_error",
    "mean_absolute_percentage_error",
    "mean_squared_logarithmic_error",
    "huber",
    "log_cosh",
    "cosine_similarity",
    "hinge",
    "squared_hinge",
    "categorical_hinge",
    "kl_divergence",
    "poisson",
    "binary_focal_crossentropy",
    "categorical_focal_crossentropy",
]


def targets(cls, rng, shape):
    """Predictions in (0, 1) that do not sum to one, and targets of the right kind."""
    y = rng.uniform(0.05, 0.95, shape).astype("float32")
    labels = rng.integers(0, shape[-1], shape[:-1])
    if cls == "SparseCategoricalCrossentropy":
        return y, labels
    if cls.startswith("Categorical"):
        return y, np.eye(shape[-1], dtype="float32")[labels]
    return y, rng.integers(0, 2, shape).astype("float32")


def value_and_gradient(package, tensor, cls, options, t, y, weight=None):
    """The loss (an array) and the gradient of its sum."""
    y = tensor(y, requires_grad=True)
    value = getattr(package.losses, cls)(**options)(t, y, weight)
    value.sum().backward()
    return value.detach().numpy(), y.grad.numpy()


def assert_same(cls, options, t, y, weight=None):
    ours = value_and_gradient(tg, tg.Tensor, cls, options, t, y, weight)
    theirs = value_and_gradient(keras, torch.tensor, cls, options, t, y, weight)
    assert ours[0].shape == theirs[0].shape
    for a, b in zip(ours, theirs, strict=True):
        assert_allclose(a, b, **CLOSE)


@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize(("cls", "options"), LOSSES)
def test_losses(cls, options, reduction, rng):
    for shape in ((6, 4), (1, 3), (3, 2, 4)):
        y, t = targets(cls, rng, shape)
        assert_same(cls, options | {"reduction": reduction}, t, y)


@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize(("cls", "options"), LOSSES)
def test_weighted_losses(cls, options, reduction, rng):
    y, t = targets(cls, rng, (6, 4))
    weight = np.array([0.0, 1.0, 0.5, 3.0, 1.0, 2.0], "float32")
    assert_same(cls, options | {"reduction": reduction}, t, y, weight)


@pytest.mark.parametrize("shapes", [((5,), (5, 1)), ((5, 1), (5, 1)), ((5, 1), (5,))])
@pytest.mark.parametrize("cls", ["MeanSquaredError", "BinaryCrossentropy"])
def test_targets_with_an_axis_more_or_less(cls, shapes, rng):
    y = rng.uniform(0.1, 0.9, shapes[1]).astype("float32")
    assert_same(cls, {}, rng.integers(0, 2, shapes[0]).astype("float32"), y)


@pytest.mark.parametrize(
    "function",
    FUNCTIONS,
)
def test_functions_give_a_value_per_sample(function, rng):
    cls = "".join(word.title() for word in function.split("_"))
    y, t = targets(cls, rng, (3, 2, 4))
    mine = getattr(tg.losses, function)(t, tg.Tensor(y)).numpy()
    theirs = getattr(keras.losses, function)(t, torch.tensor(y)).numpy()
    assert mine.shape == theirs.shape == (3, 2)[: mine.ndim]
    assert_allclose(mine, theirs, **CLOSE)


@pytest.mark.parametrize("from_logits", [False, True])
@pytest.mark.parametrize("cls", ["BinaryCrossentropy", "CategoricalCrossentropy"])
def test_values_where_probabilities_saturate(cls, from_logits):
    y = np.array([[0.0, 1.0], [1.0, 0.0], [1e-9, 1.0]], "float32")
    t = np.array([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]], "float32")
    if from_logits:
        y = 200 * y - 100
    options = {"from_logits": from_logits, "reduction": "none"}
    mine = getattr(tg.losses, cls)(**options)(t, tg.Tensor(y)).numpy()
    theirs = getattr(keras.losses, cls)(**options)(t, torch.tensor(y)).numpy()
    assert_allclose(mine, theirs, rtol=1e-5, atol=2e-7)


# --- metrics --------------------------------------------------------------------------------------

ACCURACIES = {
    "one column": ((9, 1), (9, 1), "binary"),
    "one column, flat targets": ((9,), (9, 1), "binary"),
    "class numbers": ((9,), (9, 4), "labels"),
    "class numbers in a column": ((9, 1), (9, 4), "labels"),
    "one-hot": ((9, 4), (9, 4), "one-hot"),
    "several sigmoids": ((9, 3), (9, 3), "binary"),
    "sequences of class numbers": ((5, 3), (5, 3, 4), "labels"),
    "sequences of one-hot": ((5, 3, 4), (5, 3, 4), "one-hot"),
}


def accuracy_data(name, rng):
    of_targets, of_predictions, kind = ACCURACIES[name]
    p = rng.uniform(size=of_predictions).astype("float32")
    classes = of_predictions[-1]
    if kind == "one-hot":
        return np.eye(classes, dtype="float32")[rng.integers(0, classes, of_targets[:-1])], p
    return rng.integers(0, 2 if kind == "binary" else classes, of_targets), p


@pytest.mark.parametrize("name", ACCURACIES)
def test_accuracy_of_compile_and_evaluate(name, rng):
    """A model that passes x through: 'accuracy' is resolved by the shapes."""
    t, p = accuracy_data(name, rng)
    found = []
    for package in (tg, keras):
        layers = [package.Input(shape=p.shape[1:]), package.layers.Activation("linear")]
        model = package.Sequential(layers)
        labels = ACCURACIES[name][2] == "labels"
        loss = "sparse_categorical_crossentropy" if labels else "mse"
        model.compile("sgd", loss, metrics=["accuracy"])
        found.append(model.evaluate(p, t, batch_size=4, verbose=0))
    assert found[0] == pytest.approx(found[1], rel=1e-5)
    assert 0.0 < found[0][1] < 1.0


@pytest.mark.parametrize(
    "name",
    ["mse", *FUNCTIONS[:4]],
)
def test_losses_as_metrics(name, rng):
    cls = "".join(word.title() for word in name.split("_"))
    wanted = {"Mse": "MeanSquaredError"}.get(cls, cls)
    mine, theirs = tg.metrics.get(name), getattr(keras.metrics, wanted)()
    for n in (5, 3):
        y, t = targets(wanted, rng, (n, 4))
        mine.update_state(t, y)
        theirs.update_state(t, y)
        assert mine.result() == pytest.approx(float(theirs.result()), rel=1e-5)


def test_weighted_accuracy(rng):
    mine, theirs = tg.metrics.get("accuracy"), keras.metrics.SparseCategoricalAccuracy()
    t, p = accuracy_data("class numbers", rng)
    weight = rng.uniform(size=9)
    for metric in (mine, theirs):
        metric.update_state(t, p, sample_weight=weight)
    assert mine.result() == pytest.approx(float(theirs.result()), rel=1e-5)


# --- initializers ---------------------------------------------------------------------------------

INITIALIZERS = [
    ("GlorotUniform", {}),
    ("GlorotNormal", {}),
    ("HeUniform", {}),
    ("HeNormal", {}),
    ("LecunUniform", {}),
    ("LecunNormal", {}),
    ("RandomNormal", {"mean": 0.5, "stddev": 2.0}),
    ("RandomUniform", {"minval": -1.0, "maxval": 3.0}),
    ("TruncatedNormal", {"mean": -0.5, "stddev": 0.1}),
    ("VarianceScaling", {"scale": 3.0, "mode": "fan_out", "distribution": "uniform"}),
    ("VarianceScaling", {"mode": "fan_avg", "distribution": "untruncated_normal"}),
    ("VarianceScaling", {"mode": "fan_out"}),
]


@pytest.mark.parametrize("shape", [(300, 200), (3, 3, 40, 150), (50_000,)])
@pytest.mark.parametrize(("cls", "options"), INITIALIZERS)
def test_statistics_of_initializers(cls, options, shape):
    mine = getattr(tg.initializers, cls)(**options, seed=1)(shape)
    theirs = getattr(keras.initializers, cls)(**options, seed=1)(shape)
    theirs = theirs.detach().numpy()
    assert mine.shape == theirs.shape
    assert mine.dtype == theirs.dtype
    std = float(theirs.std())
    assert mine.std() == pytest.approx(std, rel=0.02)
    assert mine.mean() == pytest.approx(theirs.mean(), abs=0.02 * std)
    if "Uniform" in cls or options.get("distribution") == "uniform":
        assert mine.min() == pytest.approx(theirs.min(), abs=0.01 * std)
        assert mine.max() == pytest.approx(theirs.max(), abs=0.01 * std)
    found = np.quantile(mine, [0.1, 0.3, 0.7, 0.9]) - theirs.mean()
    expected = np.quantile(theirs, [0.1, 0.3, 0.7, 0.9]) - theirs.mean()
    assert_allclose(found, expected, atol=0.03 * std)


@pytest.mark.parametrize(
    ("cls", "options"), [("Zeros", {}), ("Ones", {}), ("Constant", {"value": 0.1})]
)
def test_constants(cls, options):
    mine = getattr(tg.initializers, cls)(**options)((2, 3))
    theirs = getattr(keras.initializers, cls)(**options)((2, 3))
    assert_allclose(mine, theirs.detach().numpy(), rtol=1e-7)


# --- optimizers -----------------------------------------------------------------------------------


OPTIMIZERS = ["SGD", "Adam", "AdamW", "RMSprop", "Adagrad", "Adadelta", "Adamax", "Nadam"]
OPTIMIZERS += ["Ftrl", "Lion"]


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(
    ("cls", "options"),
    [
        ("SGD", {"learning_rate": 0.3, "momentum": 0.7, "clipvalue": 0.5}),
        ("SGD", {"learning_rate": 0.3, "momentum": 0.7, "nesterov": True, "weight_decay": 0.2}),
        ("SGD", {"learning_rate": 0.3, "global_clipnorm": 1.5}),
        ("Adam", {"learning_rate": 0.1, "amsgrad": True, "clipnorm": 0.7}),
        ("Adam", {"learning_rate": 0.1, "beta_1": 0.5, "epsilon": 1e-3, "weight_decay": 0.1}),
        ("Adam", {"learning_rate": 0.1, "beta_1": 0.0, "beta_2": 0.5}),
        ("AdamW", {"learning_rate": 0.1, "weight_decay": 0.3}),
        ("RMSprop", {"learning_rate": 0.05, "momentum": 0.5, "centered": True}),
        ("Adagrad", {"learning_rate": 0.5}),
        ("Adadelta", {"learning_rate": 1.0, "rho": 0.9}),
        ("Adamax", {"learning_rate": 0.1, "beta_1": 0.8}),
        ("Nadam", {"learning_rate": 0.05}),
        ("Ftrl", {"learning_rate": 0.5, "beta": 0.3, "l2_shrinkage_regularization_strength": 0.1}),
        (
            "Ftrl",
            {"learning_rate": 0.5, "learning_rate_power": -0.3, "l1_regularization_strength": 1.0},
        ),
        ("Lion", {"learning_rate": 0.02, "weight_decay": 0.1}),
        ("SGD", {"learning_rate": 0.1, "gradient_accumulation_steps": 3, "momentum": 0.5}),
        ("Adam", {"learning_rate": 0.1, "gradient_accumulation_steps": 2}),
        ("SGD", {"learning_rate": 0.1, "use_ema": True, "ema_overwrite_frequency": 4}),
        ("Adam", {"learning_rate": 0.1, "use_ema": True, "ema_momentum": 0.7}),
        ("SGD", {"learning_rate": 0.1, "loss_scale_factor": 8.0}),
    ],
)
def test_optimizers_on_random_gradients(cls, options, seed):
    """Gradients of very different sizes, two parameters, 30 steps."""
    rng = np.random.default_rng(seed)
    start = [rng.normal(size=s).astype("float32") for s in ((3, 2), (4,))]
    mine = [tg.Tensor(w, requires_grad=True) for w in start]
    theirs = [keras.Variable(w) for w in start]
    one, two = (getattr(p.optimizers, cls)(**options) for p in (tg, keras))
    for _ in range(30):
        scale = np.float32(10 ** rng.uniform(-2, 2))
        g = [scale * rng.normal(size=w.shape).astype("float32") for w in start]
        one.apply(g, mine)
        two.apply([torch.tensor(a) for a in g], theirs)
        for a, b in zip(mine, theirs, strict=True):
            assert_allclose(a.numpy(), b.numpy(), rtol=1e-5, atol=1e-5)
    assert one.iterations == int(two.iterations)
    one.finalize_variable_values(mine)
    two.finalize_variable_values(theirs)
    for a, b in zip(mine, theirs, strict=True):
        assert_allclose(a.numpy(), b.numpy(), rtol=1e-5, atol=1e-5)


SCHEDULES = [
    ("ExponentialDecay", (0.1, 10, 0.5), {}),
    ("ExponentialDecay", (0.1, 10, 0.5), {"staircase": True}),
    ("InverseTimeDecay", (0.1, 10, 0.5), {}),
    ("InverseTimeDecay", (0.1, 10, 0.5), {"staircase": True}),
    ("PolynomialDecay", (0.1, 20, 0.01), {}),
    ("PolynomialDecay", (0.1, 20, 0.01), {"power": 2.0}),
    ("PolynomialDecay", (0.1, 7, 0.01), {"cycle": True}),
    ("CosineDecay", (0.1, 20), {"alpha": 0.1}),
    ("CosineDecay", (0.0, 20), {"warmup_target": 0.1, "warmup_steps": 10}),
    ("CosineDecayRestarts", (0.1, 10), {"t_mul": 2.0, "m_mul": 0.5}),
    ("CosineDecayRestarts", (0.1, 10), {"t_mul": 1.0, "m_mul": 0.9, "alpha": 0.1}),
    ("PiecewiseConstantDecay", ([10, 20], [1.0, 0.5, 0.1]), {}),
]


@pytest.mark.parametrize(("name", "arguments", "options"), SCHEDULES)
def test_schedules(name, arguments, options):
    mine, theirs = (
        getattr(p.optimizers.schedules, name)(*arguments, **options) for p in (tg, keras)
    )
    for step in (*range(42), 100):
        assert mine(step) == pytest.approx(float(theirs(step)), rel=1e-5, abs=1e-8)
    assert mine.get_config() == theirs.get_config()


@pytest.mark.parametrize("cls", OPTIMIZERS)
def test_defaults_of_optimizers(cls):
    keras.backend.clear_session()  # it counts the names
    mine, theirs = (getattr(p.optimizers, cls)().get_config() for p in (tg, keras))
    shared = set(mine) & set(theirs) - {"learning_rate", "name"}
    assert len(shared) >= 6
    assert {k: mine[k] for k in shared} == {k: theirs[k] for k in shared}
    assert mine["learning_rate"] == pytest.approx(theirs["learning_rate"], rel=1e-6)
    assert mine["name"].lower() == theirs["name"].lower()
