"""Flags on the graph: sick networks are named, healthy ones raise none."""

from __future__ import annotations

import numpy as np
import pytest

import tinygrad_es as tg
from tinygrad_es import Tensor, datasets, draw, layers, ops
from tinygrad_es.views import snapshot
from tinygrad_es.views.flags import flagged


@pytest.fixture(autouse=True)
def _builtin(monkeypatch):
    monkeypatch.setenv("TINYGRAD_ES_ENGINE", "builtin")


def digits(count=32):
    (x, y), _ = datasets.optdigits.load_data()
    return x[:count].astype("float32") / 16.0, y[:count]


def loss_of(*hidden, features=64, seed=0):
    tg.utils.set_random_seed(seed)
    model = tg.Sequential([layers.Flatten(), *hidden, layers.Dense(10, "softmax", name="digit")])
    model.compile("sgd", "sparse_categorical_crossentropy")
    x, y = digits()
    return model.compute_loss(x, y, model(x, training=True))


def dense(count, activation, initializer="glorot_uniform", units=32):
    return [
        layers.Dense(units, activation, kernel_initializer=initializer, name=f"hidden_{k}")
        for k in range(count)
    ]


def flags(loss):
    return {flag for own in flagged(snapshot(loss)).flags.values() for flag in own}


def test_ten_sigmoids_vanish():
    told = flagged(snapshot(loss_of(*dense(10, "sigmoid"))), "en")
    assert {flag for own in told.flags.values() for flag in own} == {"vanishing"}
    assert len(told.flags) >= 5
    assert told.reasons[0].startswith("hidden_0: vanishing: the error here is ")
    assert "less than 0.01" in told.reasons[0]
    picture = draw(loss_of(*dense(10, "sigmoid")), collapse="layers", language="es")
    closed = {box.title: box.flag for box in picture.figure.boxes if box.kind == "layer"}
    assert closed["hidden_0"] == "⚠ se desvanece"
    assert closed["digit"] == ""
    assert "se desvanece" in picture.svg()
    assert "menos de 0.01" in picture.figure.note
    assert "⚠" not in draw(loss_of(*dense(10, "sigmoid")), flags=False).svg()


def test_the_product_of_slopes_of_the_courses():
    """Weights of 1 and z = 0: each sigmoid passes on a quarter."""
    for count, expected in ((5, 9.765625e-4), (10, 9.5367431640625e-7)):
        one = [Tensor(np.ones((1, 1)), requires_grad=True, name=f"W{k}") for k in range(count + 1)]
        bias = [Tensor(np.full((1, 1), -0.5), requires_grad=True) for _ in range(count + 1)]
        h = Tensor(np.zeros((1, 1)), requires_grad=True, name="x")
        for k in range(count):
            z = h @ one[k] if k == 0 else h @ one[k] + bias[k]
            h = ops.sigmoid(z)
        loss = (h @ one[count]).sum()
        graph = snapshot(loss)
        first = next(node for node in graph.nodes if node.op == "matmul")
        assert first.gradient.item() == pytest.approx(expected, rel=1e-12)
        assert flags(loss) == {"vanishing"}


def test_large_weights_explode():
    loss = loss_of(*dense(10, "linear", tg.initializers.RandomNormal(stddev=1.5)))
    assert flags(loss) == {"exploding"}


def test_dead_rectifiers():
    hidden = layers.Dense(32, "relu", bias_initializer=tg.initializers.Constant(-50.0), name="dead")
    told = flagged(snapshot(loss_of(layers.Dense(32, "relu", name="alive"), hidden)))
    graph = snapshot(loss_of(layers.Dense(32, "relu", name="alive"), hidden))
    named = {str(graph.nodes[i].scope).rpartition("/")[2]: own for i, own in told.flags.items()}
    assert named["dead"] == ("dead",)
    assert named["alive"] == ("dead",)  # nothing reaches it


def test_saturated_units():
    hidden = layers.Dense(32, "tanh", kernel_initializer=tg.initializers.RandomNormal(stddev=30.0))
    assert "saturated" in flags(loss_of(hidden, *dense(1, "relu")))


@pytest.mark.parametrize(
    ("make", "what"),
    [
        (lambda x: ops.log(x).sum(), "ln(x): NaN: makes the first"),
        (lambda x: (ops.sqrt(x - x) * x).sum(), "its derivative makes the first"),
        (lambda x: (x * np.array([np.nan, 1.0])).sum(), "c1: NaN: has NaN or infinities itself"),
    ],
)
def test_the_first_nan_is_named(make, what):
    x = Tensor(np.array([-1.0, 2.0]), requires_grad=True, name="x")
    with np.errstate(all="ignore"):
        told = flagged(snapshot(make(x)), "en")
    assert len(told.flags) == 1
    assert list(told.flags.values()) == [("nan",)]
    assert what in told.reasons[0]


def test_masks_of_minus_infinity_are_no_fault():
    x = Tensor(np.ones((2, 3)), requires_grad=True)
    mask = np.array([[0.0, -np.inf, 0.0], [0.0, 0.0, -np.inf]])
    assert not flagged(snapshot((ops.softmax(x + mask) * np.arange(3.0)).sum())).flags


HEALTHY = {
    "relu, he": lambda: dense(4, "relu", "he_normal"),
    "deep relu, he": lambda: dense(12, "relu", "he_normal"),
    "tanh, glorot": lambda: dense(6, "tanh"),
    "one sigmoid": lambda: dense(1, "sigmoid"),
    "two sigmoids": lambda: dense(2, "sigmoid"),
    "batch norm": lambda: [
        layer
        for k in range(4)
        for layer in (
            layers.Dense(32, name=f"d{k}"),
            layers.BatchNormalization(),
            layers.Activation("relu"),
        )
    ],
    "nothing hidden": list,
    "selu": lambda: dense(6, "selu", "lecun_normal"),
}


@pytest.mark.parametrize("name", HEALTHY)
@pytest.mark.parametrize("seed", range(3))
def test_healthy_networks_raise_no_flag(name, seed):
    assert flagged(snapshot(loss_of(*HEALTHY[name](), seed=seed))).flags == {}


def test_near_the_optimum_small_gradients_are_no_fault():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(50, 3))
    w = np.array([[1.0], [2.0], [3.0]])
    first = Tensor(np.eye(3), requires_grad=True, name="A")
    second = Tensor(w + 1e-9, requires_grad=True, name="B")
    assert not flagged(snapshot((((x @ first) @ second - x @ w) ** 2).mean())).flags


def test_convolutions_and_scalars_and_graphs_without_gradients():
    tg.utils.set_random_seed(1)
    model = tg.Sequential(
        [
            layers.Conv2D(4, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.Flatten(),
            layers.Dense(10, "softmax"),
        ]
    )
    model.compile("sgd", "sparse_categorical_crossentropy")
    x, y = digits()
    x = x[..., None]
    assert not flagged(snapshot(model.compute_loss(x, y, model(x, training=True)))).flags
    n = Tensor(2.0, requires_grad=True)
    assert not flagged(snapshot(n * n)).flags
    assert not flagged(snapshot(Tensor(np.ones(3), requires_grad=True) * 2.0)).flags


def test_a_nan_inside_a_run_is_not_laid_on_what_comes_after_it():
    def note(f):
        y = Tensor(1.0, requires_grad=True, name="x")
        for _ in range(200):
            y = y * 1.0
        y = f(y)
        for _ in range(200):
            y = y * 1.0
        return draw(y, names=False, language="en").figure.note

    expected = "395 operations in single file: NaN: one of them makes the first NaN or infinity"
    assert note(lambda y: ops.log(y - 2.0)) == expected
    assert note(lambda y: ops.sqrt(y - 1.0)) == expected  # only its derivative is infinite
    assert note(lambda y: y) == ""
