"""The same models in Keras 3 (torch backend): predictions, gradients, training runs, summaries."""

from __future__ import annotations

import os
import re

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import tinygrad_es as tg

os.environ["KERAS_BACKEND"] = "torch"
torch = pytest.importorskip("torch", reason="compares with torch")
keras = pytest.importorskip("keras", reason="compares with keras")

pytestmark = [pytest.mark.peers, pytest.mark.filterwarnings("ignore")]

# not in Keras: step, sign; of other arguments: threshold, glu; wrong in Keras 3.15: sparsemax
OTHERS = {"get", "serialize", "step", "sign", "threshold", "glu", "sparsemax"}
ACTIVATIONS = sorted(set(tg.activations.__all__) - OTHERS)
CLOSE = {"rtol": 1e-5, "atol": 1e-6}  # float32


@pytest.fixture
def _names_start_again():
    keras.backend.clear_session()


def chain(package, sizes, activations, use_bias=True):
    """A Sequential of Dense layers in either package."""
    dense = [
        package.layers.Dense(n, activation=a, use_bias=use_bias)
        for n, a in zip(sizes[1:], activations, strict=True)
    ]
    return package.Sequential([package.Input(shape=(sizes[0],)), *dense])


def pair(sizes, activations, rng, use_bias=True):
    """The same chain in both packages, with the same random weights and biases."""
    mine, theirs = (chain(p, sizes, activations, use_bias) for p in (tg, keras))
    weights = [0.5 * rng.normal(size=w.shape) for w in theirs.get_weights()]
    mine.set_weights(weights)
    theirs.set_weights(weights)
    return mine, theirs


def assert_same(mine, theirs, **tolerance):
    for a, b in zip(mine, theirs, strict=True):
        assert_allclose(a, b, **(tolerance or CLOSE))


# --- predictions, losses, gradients ---------------------------------------------------------------


def random_network(seed):
    """Sizes, activations and loss of a network; all activations occur in 13 of them."""
    rng = np.random.default_rng(seed)
    depth = 1 + seed % 4
    sizes = rng.integers(1, 9, depth + 1).tolist()
    hidden = [ACTIVATIONS[(seed + 5 * k) % len(ACTIVATIONS)] for k in range(depth - 1)]
    last = ACTIVATIONS[seed % len(ACTIVATIONS)]
    losses = {"softmax": "categorical_crossentropy", "sigmoid": "binary_crossentropy"}
    if last == "softmax":
        sizes[-1] = 4
    return rng, sizes, [*hidden, last], losses.get(last, "mean_squared_error")


def keras_gradients(model, loss, x, t):
    model.zero_grad()
    value = keras.losses.get(loss)(t, model(x))
    value = value.mean()
    value.backward()
    return value.item(), [w.value.grad.numpy() for w in model.trainable_weights]


@pytest.mark.parametrize("seed", range(2 * len(ACTIVATIONS)))
def test_random_networks(seed):
    rng, sizes, activations, loss = random_network(seed)
    mine, theirs = pair(sizes, activations, rng, use_bias=seed % 5 != 4)
    x = rng.normal(size=(7, sizes[0])).astype("float32")
    t = np.eye(sizes[-1], dtype="float32")[rng.integers(0, sizes[-1], 7)]
    assert_allclose(mine.predict(x, verbose=0), theirs.predict(x, verbose=0), **CLOSE)
    value, expected = keras_gradients(theirs, loss, x, t)
    criterion = tg.losses.get(loss)(t, mine(x))
    criterion.backward()
    assert criterion.item() == pytest.approx(value, rel=1e-5)
    assert_same([w.grad.numpy() for w in mine.trainable_weights], expected)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_activations(name):
    x = np.array([[-30.0, -3.0, -1.0, -0.5, -1e-3, 0.5, 1.0, 3.0, 30.0]], "float32")
    a, b = tg.Tensor(x, requires_grad=True), torch.tensor(x, requires_grad=True)
    weights = np.linspace(0.5, 1.5, x.size, dtype="float32")
    mine, theirs = getattr(tg.activations, name)(a), getattr(keras.activations, name)(b)
    (mine * weights).sum().backward()
    (theirs * torch.tensor(weights)).sum().backward()
    assert_allclose(mine.numpy(), theirs.detach().numpy(), **CLOSE)
    assert_allclose(a.grad.numpy(), b.grad.numpy(), **CLOSE)


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("relu", {"negative_slope": 0.3}),
        ("relu", {"max_value": 2.0}),
        ("relu", {"threshold": 1.5}),
        ("relu", {"negative_slope": 0.5, "max_value": 2.0, "threshold": 0.7}),
        ("leaky_relu", {"negative_slope": 0.05}),
        ("elu", {"alpha": 0.3}),
        ("gelu", {"approximate": True}),
        ("softmax", {"axis": 0}),
    ],
)
def test_options_of_activations(name, options, rng):
    x = 2 * rng.normal(size=(4, 5)).astype("float32")
    mine = getattr(tg.activations, name)(tg.Tensor(x), **options)
    theirs = getattr(keras.activations, name)(torch.tensor(x), **options)
    assert_allclose(mine.numpy(), theirs.numpy(), **CLOSE)


def test_dense_on_more_axes_and_flatten(rng):
    x = rng.normal(size=(3, 2, 5)).astype("float32")
    models = []
    for package in (tg, keras):
        layers = package.layers
        inner = [
            layers.Dense(4, "tanh"),
            layers.Flatten(),
            layers.Dense(2),
            layers.Activation("elu"),
        ]
        models.append(package.Sequential([package.Input(shape=(2, 5)), *inner]))
    mine, theirs = models
    mine.set_weights(theirs.get_weights())
    assert_allclose(mine.predict(x, verbose=0), theirs.predict(x, verbose=0), **CLOSE)
    assert mine.output_shape == theirs.output_shape


# --- training -------------------------------------------------------------------------------------

OPTIMIZERS = {
    "SGD": ("SGD", {"learning_rate": 0.1}),
    "momentum": ("SGD", {"learning_rate": 0.05, "momentum": 0.9}),
    "nesterov": ("SGD", {"learning_rate": 0.05, "momentum": 0.9, "nesterov": True}),
    "nesterov alone": ("SGD", {"learning_rate": 0.1, "nesterov": True}),
    "clipnorm": ("SGD", {"learning_rate": 0.3, "clipnorm": 0.1}),
    "global_clipnorm": ("SGD", {"learning_rate": 0.3, "global_clipnorm": 0.1}),
    "clipvalue": ("SGD", {"learning_rate": 0.3, "clipvalue": 0.02, "momentum": 0.5}),
    "weight_decay": ("SGD", {"learning_rate": 0.1, "weight_decay": 0.1}),
    "RMSprop": ("RMSprop", {}),
    "RMSprop, centred": ("RMSprop", {"learning_rate": 0.01, "rho": 0.7, "centered": True}),
    "RMSprop, momentum": ("RMSprop", {"learning_rate": 0.01, "momentum": 0.8, "epsilon": 0.01}),
    "Adam": ("Adam", {}),
    "Adam, fast": ("Adam", {"learning_rate": 0.05, "beta_1": 0.8, "beta_2": 0.9}),
    "amsgrad": ("Adam", {"learning_rate": 0.05, "beta_2": 0.5, "amsgrad": True}),
    "epsilon": ("Adam", {"learning_rate": 0.05, "epsilon": 0.1}),
    "Adam, clipped": ("Adam", {"learning_rate": 0.02, "clipnorm": 0.05, "weight_decay": 0.01}),
}


def steps(package):
    """A callback that keeps the weights after every batch."""

    class Steps(package.callbacks.Callback):
        def on_train_begin(self, logs=None):
            self.seen = []

        def on_train_batch_end(self, batch, logs=None):
            self.seen.append([w.copy() for w in self.model.get_weights()])

    return Steps()


def problem(rng, n=22):
    x = rng.normal(size=(n, 5)).astype("float32")
    return x, (np.abs(x[:, 0]) + x[:, 1] > 0.8).astype(int) + (x[:, 2] > 0)


def fitted(models, data, optimizer, loss, metrics=(), **options):
    """Histories and weights after each batch, of both packages."""
    cls, arguments = optimizer
    found = []
    for package, model in zip((tg, keras), models, strict=True):
        chosen = getattr(package.optimizers, cls)(**arguments)
        model.compile(optimizer=chosen, loss=loss, metrics=list(metrics))
        callback = steps(package)
        options = {"epochs": 4, "batch_size": 6, "shuffle": False, "verbose": 0} | options
        history = model.fit(*data, callbacks=[callback], **options).history
        found.append((history, callback.seen))
    return found


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_training_step_by_step(name, rng):
    models = pair([5, 6, 3], ["tanh", "softmax"], rng)
    loss = "sparse_categorical_crossentropy"
    mine, theirs = fitted(models, problem(rng), OPTIMIZERS[name], loss)
    assert len(mine[1]) == len(theirs[1]) == 16
    for a, b in zip(mine[1], theirs[1], strict=True):
        assert_same(a, b, rtol=1e-5, atol=2e-6)
    assert_allclose(mine[0]["loss"], theirs[0]["loss"], rtol=1e-5)
    moved = mine[1][-1][0] - mine[1][0][0]
    assert np.abs(moved).max() > 1e-3  # it did train


@pytest.mark.parametrize(
    ("last", "loss", "one_hot"),
    [
        ("softmax", "categorical_crossentropy", True),
        ("softmax", "sparse_categorical_crossentropy", False),
        ("sigmoid", "binary_crossentropy", True),
        ("linear", "mse", True),
        ("tanh", "mean_squared_error", True),
    ],
)
def test_history_evaluate_and_predict(last, loss, one_hot, rng):
    mine, theirs = models = pair([5, 7, 4, 3], ["relu", "elu", last], rng)
    x, labels = problem(rng, 30)
    t = np.eye(3)[labels] if one_hot else labels
    metrics = ["accuracy", "mse"] if one_hot else ["accuracy"]
    a, b = fitted(models, (x, t), ("SGD", {}), loss, metrics, validation_split=0.25)
    assert list(a[0]) == list(b[0])
    for key, values in a[0].items():
        assert_allclose(values, b[0][key], err_msg=key, **CLOSE)
    for size in (None, 7):
        found = [m.evaluate(x, t, batch_size=size, verbose=0) for m in models]
        assert found[0] == pytest.approx(found[1], rel=1e-5)
    found = [m.evaluate(x, t, verbose=0, return_dict=True) for m in models]
    assert list(found[0]) == list(found[1])
    for size in (None, 1, 7):
        p = [m.predict(x, batch_size=size, verbose=0) for m in models]
        assert_allclose(p[0], p[1], **CLOSE)
        assert p[0].dtype == p[1].dtype == np.float32
    assert mine.train_on_batch(x, t) == pytest.approx(theirs.train_on_batch(x, t), rel=1e-5)
    assert mine.test_on_batch(x, t) == pytest.approx(theirs.test_on_batch(x, t), rel=1e-5)


@pytest.mark.parametrize(
    "options",
    [
        {"sample_weight": np.linspace(0, 2, 22)},
        {"class_weight": {0: 0.5, 2: 3.0}},
        {"validation_split": 0.3, "validation_freq": 2},
        {"initial_epoch": 2},
        {"batch_size": 32},
        {"epochs": 2, "batch_size": 1},
    ],
)
def test_options_of_fit(options, rng):
    models = pair([5, 4, 3], ["sigmoid", "softmax"], rng)
    loss = "sparse_categorical_crossentropy"
    mine, theirs = fitted(models, problem(rng), ("SGD", {}), loss, ["accuracy"], **options)
    assert list(mine[0]) == list(theirs[0])
    for key, values in mine[0].items():
        assert_allclose(values, theirs[0][key], err_msg=key, **CLOSE)
    assert_same(mine[1][-1], theirs[1][-1])


def test_a_frozen_layer(rng):
    models = pair([5, 4, 3], ["sigmoid", "softmax"], rng)
    before = models[0].layers[0].get_weights()
    for model in models:
        model.layers[0].trainable = False
    loss = "sparse_categorical_crossentropy"
    mine, theirs = fitted(models, problem(rng), ("Adam", {}), loss)
    for a, b in zip(*[model.layers for model in models], strict=True):
        assert_same(a.get_weights(), b.get_weights())
    assert_allclose(mine[0]["loss"], theirs[0]["loss"], rtol=1e-5)
    assert_array_equal(models[0].layers[0].get_weights()[0], before[0])


HOOKS = [h for h in vars(tg.callbacks.Callback) if h.startswith("on_") and "on_batch" not in h]
HOOKS = [h for h in HOOKS if hasattr(keras.callbacks.Callback, h)]  # Keras shows no gradients


def test_the_hooks_of_a_fit(rng):
    found = []
    for package in (tg, keras):
        calls = []

        def note(hook, calls=calls):
            def noted(self, *args, logs=None):
                calls.append((hook, *[a for a in args if isinstance(a, int)]))

            return noted

        hooks = {h: note(h) for h in HOOKS}
        callback = type("Note", (package.callbacks.Callback,), hooks)()
        model = chain(package, [5, 3], ["softmax"])
        model.compile("sgd", "sparse_categorical_crossentropy")
        x, t = problem(rng)
        model.fit(x, t, epochs=2, validation_split=0.3, callbacks=[callback], verbose=0)
        model.evaluate(x, t, callbacks=[callback], verbose=0)
        model.predict(x, callbacks=[callback], verbose=0)
        found.append(calls)
    assert found[0] == found[1]
    assert len(found[0]) > 20


# --- weights, names, summaries --------------------------------------------------------------------


@pytest.mark.usefixtures("_names_start_again")
def test_weights_have_the_same_order_and_shapes():
    mine, theirs = (chain(p, [5, 4, 3], ["relu", "softmax"]) for p in (tg, keras))
    assert [w.shape for w in mine.get_weights()] == [w.shape for w in theirs.get_weights()]
    assert [w.name for w in mine.weights] == [
        "/".join(w.path.split("/")[-2:]) for w in theirs.weights
    ]
    assert [x.name for x in mine.layers] == [x.name for x in theirs.layers]
    assert mine.name == theirs.name
    assert mine.count_params() == theirs.count_params()


def test_weights_of_a_model_with_a_frozen_layer_keep_their_order(rng):
    mine, theirs = pair([5, 4, 3], ["relu", "softmax"], rng)
    for model in (mine, theirs):
        model.layers[0].trainable = False
    assert [w.shape for w in mine.get_weights()] == [w.shape for w in theirs.get_weights()]


def cells(model):
    """The rows and the trainable parameters of the summary."""
    parts = []
    model.summary(print_fn=lambda text, **options: parts.append(text))
    lines = [
        re.split("[│┃]", line)[1:-1] for line in parts[0].splitlines() if re.search("[│┃]", line)
    ]
    counts = re.search(r"Trainable params: [\d,]+ \(.*\)", parts[0])
    return [[c.strip() for c in line] for line in lines], counts.group(), parts[0].splitlines()[0]


@pytest.mark.usefixtures("_names_start_again")
@pytest.mark.parametrize("built", [True, False])
def test_summaries_say_the_same(built):
    found = []
    for package in (tg, keras):
        layers = package.layers
        inner = [layers.Flatten(), layers.Dense(300, "relu", trainable=not built)]
        first = [package.Input(shape=(28, 28))] if built else []
        model = package.Sequential([*first, *inner, layers.Dense(10, use_bias=False)])
        found.append(cells(model))
    assert found[0] == found[1]


@pytest.mark.parametrize(
    "make",
    [
        lambda p: p.layers.Dense(-1),
        lambda p: p.layers.Dense(2.5),
        lambda p: p.layers.Dense(2, colour=3),
        lambda p: p.layers.Dense(2, activation="rleu"),
        lambda p: p.Sequential([p.layers.Dense(2)]).fit(np.ones((2, 2)), np.ones((2, 2))),
        lambda p: p.Sequential([p.layers.Dense(2)]).count_params(),
        lambda p: p.Sequential(["x"]),
        lambda p: p.Sequential([p.layers.Dense(2, name="x"), p.layers.Dense(2, name="x")]),
        lambda p: p.Sequential([p.Input((3,)), p.layers.Dense(2)]).set_weights([]),
        lambda p: p.Sequential([p.Input((3,)), p.layers.Dense(2)]).predict(np.ones((2, 5))),
        lambda p: p.layers.Dense(2)(np.ones(3)),
        lambda p: p.Input(),
        lambda p: p.optimizers.SGD(learning_rate=1),
        lambda p: p.losses.MeanSquaredError(reduction="x"),
    ],
)
def test_both_refuse_with_the_same_kind_of_error(make):
    errors = []
    for package in (tg, keras):
        with pytest.raises(ValueError, match=r"\w") as caught:
            make(package)
        errors.append(str(caught.value))
    words = [set(re.findall(r"\w+", e.lower())) for e in errors]
    assert len(words[0] & words[1]) >= 5, errors
