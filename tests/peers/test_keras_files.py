"""Files exchanged with Keras 3 (torch backend), both ways: models, weights, optimizers."""

from __future__ import annotations

import os

import numpy as np
import pytest
from numpy.testing import assert_allclose
from test_keras_functional import GRAPHS, as_list
from test_keras_layers import LAYERS

import tinygrad_es as tg

os.environ["KERAS_BACKEND"] = "torch"
torch = pytest.importorskip("torch", reason="compares with torch")
keras = pytest.importorskip("keras", reason="compares with keras")
h5py = pytest.importorskip("h5py", reason="the extra `files` is not installed")

pytestmark = [pytest.mark.peers, pytest.mark.filterwarnings("ignore")]

CLOSE = {"rtol": 2e-5, "atol": 2e-5}  # float32
WAYS = [(tg, keras), (keras, tg)]


def chain(p):
    layers = p.layers
    return p.Sequential(
        [
            p.Input((4,)),
            layers.Dense(3, activation="tanh", name="Oculto", kernel_regularizer="l2"),
            layers.BatchNormalization(),
            layers.Dropout(0.0),
            layers.PReLU(),
            layers.Dense(2, kernel_initializer="he_normal", bias_constraint="non_neg"),
        ]
    )


def pictures(p):
    layers = p.layers
    return p.Sequential(
        [
            p.Input((8, 8, 1)),
            layers.Rescaling(1 / 16),
            layers.Conv2D(4, 3, activation="relu", padding="same"),
            layers.MaxPooling2D(),
            layers.LayerNormalization(),
            layers.Flatten(),
            layers.Dense(3, activation="softmax"),
        ]
    )


MODELS = [*GRAPHS, chain, pictures]


def data_of(model, rng):
    inputs = [rng.standard_normal((6, *x.shape[1:])).astype("float32") for x in model.inputs]
    targets = [rng.standard_normal((6, *y.shape[1:])).astype("float32") for y in model.outputs]
    return [part if len(part) > 1 else part[0] for part in (inputs, targets)]


def trained(p, make, rng, optimizer=None):
    model = make(p)
    model.compile(optimizer or p.optimizers.SGD(0.05, momentum=0.9), "mean_squared_error")
    x, y = data_of(model, rng)
    model.fit(x, y, epochs=2, batch_size=3, verbose=0)
    return model, x, y


def assert_predicts(got, expected, x):
    pairs = zip(
        as_list(got.predict(x, verbose=0)), as_list(expected.predict(x, verbose=0)), strict=True
    )
    for a, b in pairs:
        assert_allclose(a, b, **CLOSE)


def assert_trains_on(got, expected, x, y):
    for model in (got, expected):
        model.fit(x, y, epochs=2, batch_size=3, verbose=0, shuffle=False)
    for a, b in zip(got.get_weights(), expected.get_weights(), strict=True):
        assert_allclose(a, b, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("make", MODELS)
@pytest.mark.parametrize(("writes", "reads"), WAYS, ids=["ours to Keras", "Keras to ours"])
@pytest.mark.parametrize("extension", [".keras", ".h5", ".weights.h5"])
def test_models_and_weights(make, writes, reads, extension, tmp_path, rng):
    model, x, y = trained(writes, make, rng)
    path = str(tmp_path / f"m{extension}")
    if extension == ".weights.h5":
        model.save_weights(path)
        again = make(reads)
        again.compile(reads.optimizers.SGD(0.05, momentum=0.9), "mse")
        if reads is keras:
            again.optimizer.build(again.trainable_variables)
        again.load_weights(path)
    else:
        model.save(path)
        again = reads.models.load_model(path)
    assert_predicts(again, model, x)
    if extension == ".h5" and reads is keras:
        return  # Keras cannot go on with any optimizer out of this format, its own included
    assert_trains_on(again, model, x, y)


OPTIMIZERS = [
    ("SGD", {"learning_rate": 0.05}),
    ("SGD", {"learning_rate": 0.05, "momentum": 0.9, "nesterov": True}),
    ("RMSprop", {"momentum": 0.5, "centered": True}),
    ("Adam", {"amsgrad": True}),
    ("AdamW", {"learning_rate": 0.01, "use_ema": True}),
    *(("Adagrad", {}), ("Adadelta", {}), ("Adamax", {}), ("Nadam", {}), ("Ftrl", {})),
    ("Lion", {"learning_rate": 0.001, "clipnorm": 1.0}),
]


@pytest.mark.parametrize(("name", "options"), OPTIMIZERS)
@pytest.mark.parametrize(("writes", "reads"), WAYS, ids=["ours to Keras", "Keras to ours"])
def test_optimizers_go_on(name, options, writes, reads, tmp_path, rng):
    model, x, y = trained(writes, GRAPHS[0], rng, getattr(writes.optimizers, name)(**options))
    path = str(tmp_path / "m.keras")
    model.save(path)
    again = reads.models.load_model(path)
    assert type(again.optimizer).__name__ == name
    assert_predicts(again, model, x)
    assert_trains_on(again, model, x, y)


@pytest.mark.parametrize(("writes", "reads"), WAYS, ids=["ours to Keras", "Keras to ours"])
@pytest.mark.parametrize(
    ("loss", "metrics"),
    [
        ("mse", ["mae", "accuracy"]),
        ("Huber", ["MeanSquaredError", "RootMeanSquaredError"]),
        ("categorical_crossentropy", ["AUC"]),
    ],
)
def test_what_compile_was_given(writes, reads, loss, metrics, tmp_path, rng):
    def objects(p, names, module):
        kinds = getattr(p, module)
        return [getattr(kinds, n)() if n[0].isupper() else n for n in names]

    model = pictures(writes)
    schedule = writes.optimizers.schedules.CosineDecay(0.1, 100)
    model.compile(
        writes.optimizers.SGD(schedule),
        objects(writes, [loss], "losses")[0],
        metrics=objects(writes, metrics, "metrics"),
    )
    x = rng.standard_normal((6, 8, 8, 1)).astype("float32")
    y = np.eye(3, dtype="float32")[[0, 1, 2, 0, 1, 2]]
    model.fit(x, y, verbose=0)
    path = str(tmp_path / "m.keras")
    model.save(path)
    again = reads.models.load_model(path)
    expected = model.evaluate(x, y, verbose=0, return_dict=True)
    found = again.evaluate(x, y, verbose=0, return_dict=True)
    assert list(found) == list(expected)
    for key, value in expected.items():
        assert_allclose(found[key], value, rtol=1e-4, atol=1e-5)
    assert int(again.optimizer.iterations) == int(model.optimizer.iterations)
    assert_allclose(float(again.optimizer.learning_rate), float(model.optimizer.learning_rate))


@pytest.mark.parametrize(("cls", "options", "shape"), LAYERS)
@pytest.mark.parametrize(("writes", "reads"), WAYS, ids=["ours to Keras", "Keras to ours"])
def test_every_layer(cls, options, shape, writes, reads, tmp_path, rng):
    model = writes.Sequential([writes.Input(shape[1:]), getattr(writes.layers, cls)(**options)])
    path = str(tmp_path / "m.keras")
    model.save(path)
    x = rng.standard_normal(shape).astype("float32")
    assert_predicts(reads.models.load_model(path), model, x)


@pytest.mark.parametrize(("writes", "reads"), WAYS, ids=["ours to Keras", "Keras to ours"])
def test_normalization_and_embedding(writes, reads, tmp_path, rng):
    layer = writes.layers.Normalization()
    layer.adapt(rng.standard_normal((20, 3)).astype("float32") * 3 + 1)
    model = writes.Sequential([writes.Input((3,)), layer])
    model.save(str(tmp_path / "n.keras"))
    x = rng.standard_normal((4, 3)).astype("float32")
    assert_predicts(reads.models.load_model(str(tmp_path / "n.keras")), model, x)
    words = writes.Sequential([writes.Input((3,)), writes.layers.Embedding(7, 2)])
    words.save(str(tmp_path / "e.keras"))
    again = reads.models.load_model(str(tmp_path / "e.keras"))
    assert_predicts(again, words, rng.integers(0, 7, (4, 3)))


def test_one_layer_in_two_models_inside(tmp_path, rng):
    """Only this way: Keras 3.15 writes such a model into a file that it cannot read again."""
    shared, x = tg.layers.Dense(4), tg.Input((4,))
    one = tg.Sequential([tg.Input((4,)), shared])
    two = tg.Sequential([tg.Input((4,)), shared, tg.layers.Dense(4)])
    model = tg.Model(x, two(one(x)))
    model.save(tmp_path / "shared.keras")
    again = keras.models.load_model(tmp_path / "shared.keras")
    assert len(again.weights) == 4
    assert_predicts(again, model, rng.standard_normal((6, 4)).astype("float32"))


@pytest.mark.parametrize(("writes", "reads"), WAYS, ids=["ours to Keras", "Keras to ours"])
def test_models_written_as_classes(writes, reads, tmp_path, rng):
    def network(p):
        class Net(p.Model):
            def __init__(self):
                super().__init__()
                self.hidden = p.layers.Dense(2)
                self.blocks = [p.layers.Dense(2), p.layers.Dense(3)]
                self.out = p.Sequential([p.layers.Dense(1)])

            def call(self, x):
                x = self.hidden(x)
                for block in self.blocks:
                    x = block(x)
                return self.out(x)

        return Net()

    x = rng.standard_normal((5, 4)).astype("float32")
    one, two = network(writes), network(reads)
    one.predict(x, verbose=0)
    two.predict(x, verbose=0)
    path = str(tmp_path / "w.weights.h5")
    one.save_weights(path)
    two.load_weights(path)
    assert_predicts(two, one, x)


def test_the_files_look_alike(tmp_path, rng):
    """The same groups, names and shapes in both packages' files of weights."""
    found = []
    for p in (tg, keras):
        keras.backend.clear_session()
        tg.backend.clear_session()
        model, _, _ = trained(p, chain, rng)
        model.save_weights(str(tmp_path / "w.weights.h5"))
        seen = {}
        with h5py.File(tmp_path / "w.weights.h5") as file:
            file.visititems(lambda n, o, seen=seen: seen.update({
                n: (getattr(o, "shape", None), str(getattr(o, "dtype", "")), dict(o.attrs))
            }))  # fmt: skip
        found.append(seen)
    assert found[0] == found[1]


@pytest.mark.parametrize("extension", [".keras", ".h5", ".weights.h5"])
def test_damaged_files_of_keras(extension, tmp_path, rng):
    """They have no checksum in `.h5`: what cannot be told from a right file may load."""
    model, _, _ = trained(keras, chain, rng)
    path = tmp_path / f"m{extension}"
    (model.save_weights if extension == ".weights.h5" else model.save)(str(path))
    content = path.read_bytes()
    target = chain(tg)
    before = target.get_weights()
    for i in range(150):
        damaged = bytearray(content)
        if i % 3 == 0:
            del damaged[rng.integers(len(damaged)) :]
        else:
            damaged[rng.integers(min(len(damaged), 9000))] ^= 1 << rng.integers(8)
        path.write_bytes(bytes(damaged))
        try:
            if extension == ".weights.h5":
                target.load_weights(path)
                target.set_weights(before)
            else:
                tg.models.load_model(path)
        except ValueError as error:
            assert f"m{extension}: cannot load" in str(error)  # noqa: PT017 - it may also load
            after = target.get_weights()
            assert all((a == b).all() for a, b in zip(before, after, strict=True))
