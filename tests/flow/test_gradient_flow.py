"""`gradient_flow`: numbers against NumPy and real steps, the products of §2.3, nothing changed."""

from __future__ import annotations

import copy
import random

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from tinygrad_es import (
    Input,
    Model,
    Sequential,
    Tensor,
    gradient_flow,
    layers,
    losses,
    ops,
    optimizers,
)
from tinygrad_es.autodiff.errors import GradientError
from tinygrad_es.autodiff.modes import scope
from tinygrad_es.flow.reading import sum_of_squares
from tinygrad_es.initializers import RandomNormal

RNG = np.random.default_rng(0)
X = RNG.normal(size=(64, 12)).astype("f4")
Y = RNG.integers(0, 3, 64)
CE = losses.SparseCategoricalCrossentropy(from_logits=True)


def deep(depth, units, activation, init, *, norm=False, optimizer="sgd", inputs=12):
    stack = []
    for _ in range(depth):
        stack.append(layers.Dense(units, None if norm else activation, kernel_initializer=init))
        if norm:
            stack += [layers.BatchNormalization(), layers.Activation(activation)]
    model = Sequential([Input((inputs,)), *stack, layers.Dense(3)])
    model.compile(optimizer, CE)
    return model


def gradients(model, x=X, y=Y):
    """By `backward`, on a copy."""
    model = copy.deepcopy(model)
    model.compute_loss(x, y, model(x, training=True)).backward()
    return [w.grad.numpy() for w in model.trainable_weights]


# --- numbers -------------------------------------------------------------------------------------


def test_the_numbers_of_each_layer_and_weight():
    model = deep(2, 5, "relu", "he_normal")
    found = [g.astype("f8") for g in gradients(model)]
    flow = gradient_flow(model, X, Y)
    assert [layer.name for layer in flow.layers] == [layer.name for layer in model.layers]
    weights = [w for layer in flow.layers for w in layer.weights]
    assert [w.name for w in weights] == [w.name for w in model.trainable_weights]
    for w, g in zip(weights, found, strict=True):
        assert w.shape == g.shape
        assert_allclose([w.norm, w.rms], [np.sqrt((g**2).sum()), np.sqrt((g**2).mean())], 1e-5)
        assert_allclose(w.mean, g.mean(), rtol=1e-4, atol=1e-8)
        assert w.zeros == np.mean(g == 0)
    first = np.concatenate([g.ravel() for g in found[:2]])
    assert_allclose(flow.layers[0].norm, np.linalg.norm(first), rtol=1e-5)
    assert flow.layers[0].zeros == np.mean(first == 0)
    assert flow.loss == pytest.approx(model.evaluate(X, Y, verbose=0, batch_size=64), rel=1e-5)


@pytest.mark.parametrize(
    "optimizer",
    [
        lambda: optimizers.SGD(0.1),
        lambda: optimizers.SGD(0.1, momentum=0.9),
        lambda: optimizers.Adam(0.01),
        lambda: optimizers.Adam(0.01, weight_decay=0.1, clipnorm=0.01),
        lambda: optimizers.SGD(0.1, loss_scale_factor=128.0),
    ],
    ids=["sgd", "momentum", "adam", "decay and clipping", "scaled"],
)
@pytest.mark.parametrize("trained", [False, True])
def test_the_update_is_that_of_a_real_step(optimizer, trained):
    model = deep(2, 5, "tanh", "glorot_uniform", optimizer=optimizer())
    if trained:
        model.fit(X, Y, epochs=2, verbose=0)
    flow = gradient_flow(model, X, Y)
    before = model.get_weights()
    norms = [np.linalg.norm(g) for g in gradients(model)]
    model.train_on_batch(X, Y)
    steps = [a.astype("f8") - b for a, b in zip(model.get_weights(), before, strict=True)]
    for k, layer in enumerate(flow.layers):
        pair = slice(2 * k, 2 * k + 2)
        step, own = (np.sqrt(sum((a**2).sum() for a in v[pair])) for v in (steps, before))
        assert_allclose(layer.update, step / own, rtol=1e-4)
        assert_allclose([w.norm for w in layer.weights], norms[pair], rtol=1e-4)


@pytest.mark.parametrize("dtype", ["float32", "float64", "numbers"])
@pytest.mark.parametrize("depth", [5, 10])
def test_the_vanishing_products_of_sigmoids_at_zero(depth, dtype):
    """Weights 1 and z = 0: what arrives is Πσ′(0), 9.765625e-4 and 9.5367431640625e-7."""
    value = (lambda v: v) if dtype == "numbers" else (lambda v: np.array([[v]], dtype))
    a, weights = Tensor(value(1.0)), []
    for i in range(depth):
        w = Tensor(value(1.0), requires_grad=True, name=f"w{i}")
        weights.append(w)
        z = a * w - (1.0 if i == 0 else 0.5)
        a = ops.sigmoid(z)
    flow = gradient_flow(a.sum() if dtype != "numbers" else a)
    signals = [layer.signal for layer in flow.layers]
    assert_allclose(signals, [0.25 ** (depth - i) for i in range(depth)], rtol=1e-6)
    assert_allclose(signals[0], {5: 9.765625e-4, 10: 9.5367431640625e-7}[depth], rtol=1e-6)
    assert flow.layers[0].norm == pytest.approx(signals[0])  # its input is 1
    assert flow.flags == {f"w{i}": ("vanishing",) for i in range(depth - 4)}
    assert all(w.grad is None for w in weights)


def test_what_arrives_does_not_depend_on_widths_and_scales():
    """The signal is ‖δ‖: inputs a thousand times larger, and other widths, do not change it."""
    for units in (4, 64, 512):
        for scale in (1e-3, 1.0, 1e3):
            model = deep(1, units, None, "he_normal", inputs=12)
            model.layers[0].kernel.data = model.layers[0].kernel.numpy() / scale
            flow = gradient_flow(model, X * scale, Y)
            assert 0.3 < flow.layers[0].arrives < 4.0
            assert flow.healthy


def test_a_layer_of_several_uses_and_weights_in_columns():
    """W·a + b with samples as columns, and a weight behind a transposition."""
    w = Tensor(RNG.normal(size=(4, 12)), requires_grad=True, name="W")
    b = Tensor(np.zeros((4, 1)), requires_grad=True, name="b")
    v = Tensor(RNG.normal(size=(4, 3)), requires_grad=True, name="V")
    columns = ops.tanh(w @ X.T.astype("f8") + b)
    rows = ops.tanh(X.astype("f8") @ w.transpose() + b.reshape(1, 4))
    one, two = (gradient_flow((h @ v).sum()) for h in (columns.transpose(), rows))
    assert [layer.name for layer in one.layers] == ["W", "b", "V"]
    assert one.layers[1].signal is two.layers[1].signal is None  # what is added is not judged
    for k in (0, 2):
        assert one.layers[k].arrives == pytest.approx(two.layers[k].arrives)
        assert one.layers[k].norm == pytest.approx(two.layers[k].norm)


def test_layers_of_a_loss_are_its_scopes_or_names():
    w = [Tensor(np.ones((2, 2)), requires_grad=True) for _ in range(3)]
    w[2].name = "mine"
    h = Tensor(np.ones((4, 2)))
    for name, weight in zip(("first", "second"), w[:2], strict=True):
        with scope(name):
            h = ops.tanh(h @ weight)
    flow = gradient_flow((h @ w[2]).sum())
    assert [layer.name for layer in flow.layers] == ["first", "second", "mine"]
    assert [layer.last for layer in flow.layers] == [False, False, True]
    assert [layer.update for layer in flow.layers] == [None] * 3


# --- healthy and unwell --------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(
    "arguments",
    [(d, 32, "relu", "he_normal") for d in (1, 2, 5, 10, 20)]
    + [(d, 32, "tanh", "glorot_uniform") for d in (1, 2, 5, 10, 20)]
    + [(d, 32, "sigmoid", "glorot_uniform") for d in (1, 2)]
    + [(d, 32, "selu", "lecun_normal") for d in (2, 10)],
    ids=str,
)
def test_healthy_networks_have_no_flag(arguments, seed):
    ops.random.seed(seed)
    flow = gradient_flow(deep(*arguments), X, Y)
    assert flow.healthy, flow.reasons()
    assert "no flags" in str(flow)


@pytest.mark.parametrize("depth", [1, 3, 10, 20])
def test_batch_normalization_has_no_flag(depth):
    flow = gradient_flow(deep(depth, 32, "relu", "he_normal", norm=True), X, Y)
    assert flow.flags == {}


def test_a_convolutional_network_has_no_flag():
    model = Sequential(
        [
            Input((8, 8, 1)),
            layers.Conv2D(8, 3, activation="relu", padding="same"),
            layers.MaxPooling2D(),
            layers.Conv2D(16, 3, activation="relu"),
            layers.Flatten(),
            layers.Dense(3),
        ]
    )
    model.compile("adam", CE)
    flow = gradient_flow(model, RNG.normal(size=(32, 8, 8, 1)), Y[:32])
    assert flow.healthy
    assert all(0.05 < layer.arrives < 20 for layer in flow.layers)


def test_a_neuron_at_its_optimum_has_no_flag():
    model = Sequential([Input((1,)), layers.Dense(1)])
    model.compile("sgd", "mse")
    model.set_weights([np.array([[2.0]]), np.array([1.0])])
    x = np.arange(4.0).reshape(-1, 1)
    flow = gradient_flow(model, x, 2 * x + 1)
    assert flow.loss == 0
    assert flow.healthy


@pytest.mark.parametrize("depth", [5, 10])
def test_sigmoids_vanish(depth):
    flow = gradient_flow(deep(depth, 32, "sigmoid", "glorot_uniform"), X, Y)
    assert flow.layers[0].flags == ("vanishing",)
    assert flow.layers[-1].flags == ()
    assert "vanishing" in str(flow)


def test_large_weights_explode():
    flow = gradient_flow(deep(8, 64, "relu", RandomNormal(stddev=0.8)), X, Y)
    assert flow.layers[0].flags == ("exploding",)
    assert "times that of the last layer, more than 1000" in str(flow)


def test_dead_units_and_what_lies_before_them():
    model = deep(3, 16, "relu", "he_normal")
    model.layers[1].bias.data = np.full(16, -100.0)
    flow = gradient_flow(model, X, Y)
    names = [layer.name for layer in flow.layers]
    assert flow.flags == dict.fromkeys(names[:3], ("dead",))
    assert flow.layers[1].dead == 1.0
    assert flow.layers[0].dead < 0.5
    assert flow.layers[0].zeros == 1.0
    assert flow.layers[0].arrives == 0.0


def test_dead_is_not_said_of_few_samples():
    model = deep(1, 4, "relu", "he_normal")
    assert gradient_flow(model, X[:8], Y[:8]).layers[0].dead is None


def test_saturation_is_the_share_of_flat_outputs():
    model = deep(2, 64, "tanh", RandomNormal(stddev=3.0))
    flow = gradient_flow(model, X, Y)
    h = np.tanh(X @ model.layers[0].kernel.numpy())
    assert flow.layers[0].saturated == pytest.approx(np.mean(1 - h**2 < 0.05), abs=1e-3)
    assert "saturated" in flow.layers[0].flags
    assert flow.layers[-1].saturated is None
    same = gradient_flow((ops.sigmoid(Tensor(2 * X) @ Tensor(
        model.layers[0].kernel.numpy(), requires_grad=True)) @ Tensor(
        np.ones((64, 1), "f4"), requires_grad=True)).sum())  # fmt: skip
    assert same.layers[0].saturated == pytest.approx(flow.layers[0].saturated, abs=1e-3)


def test_a_weight_without_gradient_counts_as_zeros():
    class Half(Model):
        def __init__(self):
            super().__init__()
            self.used, self.spare = layers.Dense(3, name="used"), layers.Dense(3, name="spare")

        def call(self, x):
            self.spare(x)
            return self.used(x)

    model = Half()
    model.compile("sgd", CE)
    model.build((None, 12))
    with pytest.warns(UserWarning, match="Gradients do not exist"):
        flow = gradient_flow(model, X, Y)
    assert flow.flags == {"spare": ("dead",)}


# --- NaN -----------------------------------------------------------------------------------------


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize(
    ("function", "where", "op", "kind"),
    [
        (lambda h: ops.log(h * 0.0), "forward", "log", "inf"),
        (lambda h: ops.log(h * 0.0) * 0.0, "forward", "log", "inf"),
        (lambda h: ops.sqrt(-1.0 - h * h), "forward", "sqrt", "NaN"),
        (lambda h: ops.sqrt(h * 0.0), "backward", "sqrt", "NaN"),
        (lambda h: ops.exp(h * h * 1e6), "forward", "exp", "inf"),
    ],
    ids=["log 0", "0·log 0", "root of a negative", "slope of a root at 0", "overflow"],
)
def test_the_first_operation_that_makes_a_nan(function, where, op, kind):
    class Broken(layers.Layer):
        def call(self, x):
            return function(x)

    model = Sequential(
        [Input((12,)), layers.Dense(4), Broken(name="broken"), layers.Dense(3), layers.Dense(3)]
    )
    model.compile("sgd", CE)
    flow = gradient_flow(model, X, Y)
    assert flow.layers[0].flags == ("nan",)
    origin = flow.first_nan
    assert (origin.where, origin.op, origin.layer) == (where, op, "broken")
    assert origin.kind in (kind, "inf")
    assert origin.received[0][0] == (64, 4)
    sentence = str(flow).splitlines()[-1]
    assert sentence.startswith(f"first {origin.kind}: ")
    assert "in layer 'broken', of a (64, 4) array from" in sentence
    assert "en la capa 'broken', de un array (64, 4)" in flow.table("es")


def test_a_nan_of_the_data_or_of_a_weight_is_named_as_such():
    model = deep(1, 4, "tanh", "he_normal")
    broken = X.copy()
    broken[3, 2] = np.nan
    with pytest.warns(UserWarning, match="1 of 64 samples have a NaN in x"):
        flow = gradient_flow(model, broken, Y)
    assert flow.first_nan.where == "data"
    assert "in the data" in str(flow)
    model.layers[1].kernel.data = np.full((4, 3), np.nan)
    flow = gradient_flow(model, X, Y)
    assert flow.first_nan.where == "weight"
    assert model.layers[1].kernel.name in str(flow)


# --- nothing changes -----------------------------------------------------------------------------


def state_of(model):
    arrays, about = model.training_state()
    return {k: np.array(v) for k, v in arrays.items()}, copy.deepcopy(about)


def test_nothing_is_changed():
    stack = [layers.Dense(8), layers.BatchNormalization(), layers.Dropout(0.5)]
    stack += [layers.Dropout(0.5, seed=3), layers.GaussianNoise(0.1), layers.Dense(3)]
    model = Sequential([Input((12,)), *stack])
    model.compile("adam", CE, metrics=["accuracy"])
    model.fit(X, Y, epochs=2, verbose=0)
    model.layers[0].kernel.grad = np.ones((12, 8), "f4")
    (arrays, about), measured = state_of(model), model.metrics[0].result()
    values, x = [w.data for w in model.weights], X.copy()
    one = gradient_flow(model, X, Y)
    two = gradient_flow(model, X, Y)
    assert [layer.norm for layer in one.layers] == [layer.norm for layer in two.layers]
    assert str(one) == str(two)
    after, about_after = state_of(model)
    assert about == about_after
    assert list(arrays) == list(after)
    for key, value in arrays.items():
        assert_array_equal(value, after[key])
    assert all(w.data is v for w, v in zip(model.weights, values, strict=True))
    assert_array_equal(model.layers[0].kernel.grad.numpy(), 1.0)
    assert model.metrics[0].result() == measured
    assert_array_equal(X, x)


def test_random_numbers_of_numpy_and_python_are_put_back():
    class Draws(layers.Layer):
        def call(self, x):
            return x * (np.random.rand() + random.random())  # noqa: NPY002 - as users write

    model = Sequential([Input((12,)), layers.Dense(3), Draws()])
    model.compile("sgd", CE)
    np.random.seed(0)  # noqa: NPY002 - as users write
    random.seed(0)
    expected = (np.random.rand(), random.random())  # noqa: NPY002 - as users write
    np.random.seed(0)  # noqa: NPY002 - as users write
    random.seed(0)
    gradient_flow(model, X, Y)
    assert (np.random.rand(), random.random()) == expected  # noqa: NPY002 - as users write


def test_several_outputs_weights_and_a_functional_graph():
    x = Input((12,))
    h = layers.Dense(8, "tanh", name="trunk")(x)
    model = Model(x, [layers.Dense(3, name="a")(h), layers.Dense(1, name="b")(h)])
    model.compile("sgd", [CE, "mse"], loss_weights=[1.0, 1e-4])
    flow = gradient_flow(model, X, [Y, X[:, :1]], None)
    assert [(n.name, n.last) for n in flow.layers] == [("trunk", False), ("a", True), ("b", True)]
    assert flow.healthy
    single = deep(1, 8, "tanh", "glorot_uniform")
    weighted = gradient_flow(single, X, Y, np.full(64, 2.0))
    assert weighted.layers[0].norm == pytest.approx(2 * gradient_flow(single, X, Y).layers[0].norm)


# --- bad input -----------------------------------------------------------------------------------


def test_bad_input_is_refused():
    model = deep(1, 4, "tanh", "he_normal")
    bare = Sequential([Input((12,)), layers.Dense(3)])
    with pytest.raises(ValueError, match="compile"):
        gradient_flow(bare, X, Y)
    unbuilt = Sequential([layers.Dense(3)])
    unbuilt.compile("sgd", CE)
    with pytest.raises(ValueError, match=r"no weights yet. Build it"):
        gradient_flow(unbuilt, X, Y)
    assert not unbuilt.built
    frozen = deep(1, 4, "tanh", "he_normal")
    frozen.trainable = False
    with pytest.raises(ValueError, match="trainable weights"):
        gradient_flow(frozen, X, Y)
    with pytest.raises(ValueError, match="targets"):
        gradient_flow(model, X)
    with pytest.raises(ValueError, match="cardinality"):
        gradient_flow(model, X, Y[:5])
    with pytest.raises(ValueError, match="at least one sample"):
        gradient_flow(model, X[:0], Y[:0])
    with pytest.raises(ValueError, match=r"\(64, 5\)"):
        gradient_flow(model, X[:, :5], Y)
    for wrong in (None, 3.0, X):
        with pytest.raises(TypeError, match="expected a model, or a loss"):
            gradient_flow(wrong, X, Y)


def test_a_loss_that_is_none():
    w = Tensor(np.ones(3), requires_grad=True)
    with pytest.raises(GradientError, match="one number"):
        gradient_flow(w * 2)
    with pytest.raises(GradientError, match="requires grad"):
        gradient_flow(Tensor(1.0) * 2)
    with pytest.raises(GradientError, match="no operation"):
        gradient_flow(Tensor(1.0, requires_grad=True))
    with pytest.raises(TypeError, match="a loss alone"):
        gradient_flow((w * w).sum(), X)


# --- what it says --------------------------------------------------------------------------------


def test_the_table_in_two_languages_and_widths():
    flow = gradient_flow(deep(6, 8, "sigmoid", "glorot_uniform"), X, Y)
    english, spanish = flow.table("en"), flow.table("es")
    assert english.startswith("Gradient flow, loss ")
    assert spanish.startswith("Flujo del gradiente, pérdida ")
    assert "se desvanece" in spanish
    for layer in flow.layers:
        assert layer.name in english
    for width in (60, 92, 140):
        assert max(len(line) for line in flow.table("en", width).splitlines()) <= width
    html = flow._repr_html_()
    assert html.startswith("<pre>Gradient flow")
    assert "<Flow of 7 layers" in repr(flow)


def test_the_notebook_never_raises():
    flow = gradient_flow(deep(1, 4, "tanh", "he_normal"), X, Y)
    flow.layers = None
    assert "TypeError" in flow._repr_html_()


def test_the_size_of_what_overflows_is_read_without_a_warning():
    huge = np.full(4, 1e30, np.float32)  # its squares are no float32; warnings are errors here
    assert sum_of_squares(huge) == pytest.approx(4e60)
