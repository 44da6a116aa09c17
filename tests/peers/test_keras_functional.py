"""Models of inputs and outputs against Keras 3 (torch backend): order, values, logs, summaries."""

from __future__ import annotations

import os
import re

import numpy as np
import pytest
from numpy.testing import assert_allclose

import tinygrad_es as tg

os.environ["KERAS_BACKEND"] = "torch"
torch = pytest.importorskip("torch", reason="compares with torch")
keras = pytest.importorskip("keras", reason="compares with keras")

pytestmark = [pytest.mark.peers, pytest.mark.filterwarnings("ignore")]

CLOSE = {"rtol": 2e-5, "atol": 1e-5}  # float32


@pytest.fixture(autouse=True)
def _names_start_again():
    keras.backend.clear_session()
    tg.layers.layer.clear_session()


# --- graphs ---------------------------------------------------------------------------------------


def residual(p):
    x = p.Input((6,), name="x")
    y = p.layers.Dense(6, "relu")(x)
    return p.Model(x, p.layers.Add()([x, p.layers.Dense(6)(y)]))


def shared(p):
    a, b = p.Input((6,), name="a"), p.Input((6,), name="b")
    tower = p.layers.Dense(4, "tanh")
    return p.Model([a, b], p.layers.Dot(axes=1, normalize=True)([tower(a), tower(b)]))


def two_ends(p):
    a, b = p.Input((6,), name="a"), p.Input((3,), name="b")
    x = p.layers.Concatenate()([p.layers.Dense(4)(a), b])
    return p.Model([a, b], [p.layers.Dense(2, name="u")(x), p.layers.Dense(1, name="v")(x)])


def inception(p):
    x = p.Input((8, 8, 2))
    towers = [p.layers.Conv2D(3, k, padding="same", activation="relu")(x) for k in (1, 3, 5)]
    towers.append(p.layers.MaxPooling2D(3, 1, padding="same")(x))
    y = p.layers.GlobalAveragePooling2D()(p.layers.Concatenate()(towers))
    return p.Model(x, p.layers.Dense(3, "softmax")(y))


def merges(p):
    a, b = p.Input((4,), name="a"), p.Input((4,), name="b")
    kinds = ("Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum")
    parts = [getattr(p.layers, kind)()([a, b]) for kind in kinds]
    return p.Model([a, b], p.layers.Dense(2)(p.layers.Concatenate()(parts)))


def arithmetic(p):
    x = p.Input((5,))
    y = p.layers.Dense(5)(x)
    return p.Model(x, 1.0 - (x * 2.0 + y / 3.0) ** 2 - y)


def functions(p):
    x = p.Input((4,))
    y = p.ops.concatenate([p.ops.softmax(x), p.ops.relu(p.ops.exp(x) - 1.0)], axis=-1)
    y = p.layers.Dense(3)(p.activations.softmax(p.layers.Dense(4)(y)))
    return p.Model(x, y * p.ops.expand_dims(p.ops.mean(p.ops.tanh(y), -1), 1))


def uneven(p):
    a = p.Input((4,), name="a")
    long = p.layers.Dense(3, name="l2")(p.layers.Dense(3, name="l1")(a))
    short = p.layers.Dense(3, name="s")(a)
    again = p.layers.Dense(3, name="t")
    return p.Model(a, p.layers.Add(name="sum")([again(short), again(long), short]))


def nested(p):
    inner = p.Sequential([p.Input((4,)), p.layers.Dense(3, "relu"), p.layers.Dense(2)])
    x = p.Input((4,))
    return p.Model(x, p.layers.Dense(1)(p.layers.BatchNormalization()(inner(x))))


def autoencoder(p):
    """Models that end in models, called once and twice."""
    x, code = p.Input((4,), name="x"), p.Input((2,), name="code")
    encoder = p.Model(x, p.layers.Dense(2, "tanh")(x), name="encoder")
    decoder = p.Model(code, p.layers.Dense(4)(code), name="decoder")
    a = p.Input((4,), name="a")
    y = decoder(encoder(a))
    return p.Model(a, [decoder(encoder(y)), y, encoder(a)])


GRAPHS = [
    residual,
    shared,
    two_ends,
    inception,
    merges,
    arithmetic,
    functions,
    uneven,
    nested,
    autoencoder,
]


def as_list(value):
    return list(value) if isinstance(value, (list, tuple)) else [value]


def pair(make, rng):
    mine, theirs = make(tg), make(keras)
    weights = [rng.uniform(-0.6, 0.6, w.shape).astype("float32") for w in theirs.get_weights()]
    weights = [abs(w) + 0.5 if w.ndim == 1 else w for w in weights]  # variances are positive
    theirs.set_weights(weights)
    mine.set_weights(weights)
    shapes = [x.shape[1:] for x in theirs.inputs]
    data = [rng.standard_normal((9, *shape)).astype("float32") for shape in shapes]
    return mine, theirs, data if len(data) > 1 else data[0]


@pytest.mark.parametrize("make", GRAPHS)
def test_predictions_and_gradients(make, rng):
    mine, theirs, x = pair(make, rng)
    assert [w.shape for w in mine.get_weights()] == [w.shape for w in theirs.get_weights()]
    for got, expected in zip(
        as_list(mine.predict(x, verbose=0)), as_list(theirs.predict(x, verbose=0)), strict=True
    ):
        assert_allclose(got, expected, **CLOSE)
    loss = sum((y**2).mean() for y in as_list(mine(x)))
    loss.backward()
    total = sum((y**2).mean() for y in as_list(theirs(x)))
    total.backward()
    for w, v in zip(mine.trainable_weights, theirs.trainable_variables, strict=True):
        assert_allclose(w.grad.numpy(), v.value.grad.numpy(), **CLOSE)


@pytest.mark.parametrize("make", GRAPHS)
def test_layers_names_and_shapes(make):
    mine, theirs = make(tg), make(keras)
    assert [layer.name for layer in mine.layers] == [layer.name for layer in theirs.layers]
    assert mine.count_params() == theirs.count_params()
    assert mine.input_shape == theirs.input_shape
    assert mine.output_shape == theirs.output_shape
    assert mine.output_names == theirs.output_names


def table(model, monkeypatch, **options):
    """The rows of the summary, each column's pieces of lines together."""
    monkeypatch.setenv("COLUMNS", "250")  # Keras cuts its text at the width of the terminal
    parts = []
    model.summary(print_fn=lambda text, **_: parts.append(text), line_length=240, **options)
    rows = [re.split("[│┃]", line)[1:-1] for line in parts[0].splitlines() if line[0] in "│┃"]
    merged = []
    for row in rows:
        cells = [cell.strip() for cell in row]
        if merged and not cells[0]:  # a long cell goes on in the next line
            cells = [f"{a} {b}".strip() for a, b in zip(merged.pop(), cells, strict=True)]
        merged.append(cells)
    return merged


@pytest.mark.parametrize(
    "make", [g for g in GRAPHS if g not in (arithmetic, functions, nested, autoencoder)]
)
@pytest.mark.parametrize("options", [{}, {"show_trainable": True}])
def test_summaries(make, options, monkeypatch):
    found = [table(make(p), monkeypatch, **options) for p in (tg, keras)]
    assert found[0] == found[1]


def test_summaries_of_models_inside_and_of_a_range(monkeypatch):
    for options in ({}, {"expand_nested": True}):
        found = [
            [row[:1] + row[2:] for row in table(nested(p), monkeypatch, **options)]
            for p in (tg, keras)
        ]
        # Keras calls the second model made functional_1: its Sequential has one inside
        assert found[0] == found[1]
    bounds = {"layer_range": ["l1", "s"]}
    assert table(uneven(tg), monkeypatch, **bounds) == table(uneven(keras), monkeypatch, **bounds)


# --- training with several outputs ----------------------------------------------------------------

COMPILED = [
    {"loss": ["mse", "mae"], "metrics": [["mae"], ["mse", "mae"]]},
    {"loss": {"u": "mse", "v": "mae"}, "loss_weights": {"u": 0.3, "v": 2.0}},
    {"loss": "mse", "metrics": {"v": ["mae"]}, "weighted_metrics": [["mse"], ["mae"]]},
    {"loss": ["mse", None]},
    {"loss": ["mse", "mae"], "loss_weights": [2.0, 0.5]},
]


@pytest.mark.parametrize("options", COMPILED)
@pytest.mark.parametrize("weighted", [False, True])
def test_fit_and_evaluate(options, weighted, rng):
    mine, theirs, x = pair(two_ends, rng)
    y = [rng.standard_normal((9, n)).astype("float32") for n in (2, 1)]
    more = {"sample_weight": [rng.random(9), rng.random(9)]} if weighted else {}
    found = []
    for p, model in ((tg, mine), (keras, theirs)):
        model.compile(p.optimizers.SGD(0.05), **options)
        history = model.fit(x, y, batch_size=4, epochs=3, shuffle=False, verbose=0, **more)
        scores = model.evaluate(x, y, batch_size=4, verbose=0, **more)
        found.append((history.history, scores))
    assert list(found[0][0]) == list(found[1][0])
    for key, values in found[1][0].items():
        assert_allclose(found[0][0][key], values, **CLOSE)
    assert_allclose(found[0][1], found[1][1], **CLOSE)


def test_fit_with_dicts(rng):
    mine, theirs, (a, b) = pair(two_ends, rng)
    y = {"v": np.ones((9, 1), "float32"), "u": np.ones((9, 2), "float32")}
    found = []
    for p, model in ((tg, mine), (keras, theirs)):
        model.compile(p.optimizers.Adam(0.01), {"u": "mse", "v": "mae"})
        found.append(
            model.fit({"b": b, "a": a}, y, epochs=3, batch_size=4, shuffle=False, verbose=0).history
        )
    for key, values in found[1].items():
        assert_allclose(found[0][key], values, **CLOSE)


@pytest.mark.parametrize("kind", ["generator", "sequence", "steps", "validation"])
def test_sources(kind, rng):
    mine, theirs, x = pair(residual, rng)
    y = rng.standard_normal((9, 6)).astype("float32")

    def forever():
        while True:
            for i in range(0, 9, 2):
                yield x[i : i + 2], y[i : i + 2]

    def sequence(p):
        class Batches(p.utils.PyDataset):
            def __len__(self):
                return 5

            def __getitem__(self, i):
                return x[2 * i : 2 * i + 2], y[2 * i : 2 * i + 2]

        return Batches()

    found = []
    for p, model in ((tg, mine), (keras, theirs)):
        model.compile(p.optimizers.SGD(0.05), "mse", metrics=["mae"])
        args, options = {
            "generator": ((forever(),), {"steps_per_epoch": 3}),
            "sequence": ((sequence(p),), {}),
            "steps": ((x, y), {"steps_per_epoch": 2, "batch_size": 3}),
            "validation": (
                (x, y),
                {"validation_data": sequence(p), "validation_steps": 2, "batch_size": 4},
            ),
        }[kind]
        history = model.fit(*args, epochs=3, shuffle=False, verbose=0, **options)
        found.append(history.history)
    assert list(found[0]) == list(found[1])
    for key, values in found[1].items():
        assert_allclose(found[0][key], values, **CLOSE)


# --- utils, errors --------------------------------------------------------------------------------


def test_utils(rng):
    for x in ([0, 2, 1], [[0], [3]], np.array([[1, 0], [2, 2]])):
        for count in (None, 5):
            mine = tg.utils.to_categorical(x, count)
            assert_allclose(mine, keras.utils.to_categorical(x, count))
    x = rng.standard_normal((3, 4))
    x[1] = 0
    for axis in (-1, 1):  # of axis 0 Keras makes −1
        for order in (1, 2):
            assert_allclose(
                tg.utils.normalize(x, axis, order), keras.utils.normalize(x, axis, order)
            )


@pytest.mark.parametrize(
    "make",
    [
        lambda p: p.Model(p.Input((2,)), p.layers.Dense(1)(p.Input((2,)))),
        lambda p: p.Model(p.Input((2,)), np.ones(2)),
        lambda p: p.layers.Add()(p.Input((2,))),
        lambda p: p.layers.Add()([p.Input((2,)), p.Input((3,))]),
        lambda p: p.layers.Subtract()([p.Input((2,))] * 3),
        lambda p: p.layers.Concatenate(axis=1)([p.Input((2, 2)), p.Input((2, 3))]),
        lambda p: p.layers.Dot(axes="a"),
        lambda p: p.layers.Dot(axes=(1, 2, 3)),
        lambda p: p.layers.Dot(axes=1)([p.Input((2,)), p.Input((3,))]),
        lambda p: two_ends(p).predict([np.ones((2, 6)), np.ones((2, 4))], verbose=0),
        lambda p: two_ends(p)(np.ones((2, 6))),
        lambda p: bool(p.Input((2,))),
        lambda p: two_ends(p).compile("sgd", metrics="mae"),
        lambda p: p.Sequential([p.layers.Dense(1)]).output_shape,
        lambda p: p.layers.Dense(1).output,
        lambda p: residual(p).get_layer("nothing"),
        lambda p: residual(p).get_layer(index=9),
        lambda p: p.Input((2,), batch_shape=(None, 2)),
        lambda p: p.utils.set_random_seed("a"),
    ],
)
def test_both_refuse_with_the_same_kind_of_error(make):
    found = []
    for package in (tg, keras):
        with pytest.raises(Exception) as error:  # noqa: PT011 - the kinds are compared
            make(package)
        found.append(error.type)
    assert issubclass(found[0], found[1]), found
