"""Layers: built once, named weights in order, the mathematics of `call`, nothing half-changed."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import tinygrad_es as tg
from tinygrad_es import activations, initializers, layers, ops
from tinygrad_es.layers import Activation, Dense, Flatten, Input, Layer

X = np.array([[0.5, -1.0, 2.0, 0.25], [1.5, 0.75, -0.5, -2.0]], "float32")
KERNEL = np.array([[0.1, -0.2, 0.3], [0.3, 0.05, 0.2], [-0.15, 0.25, 0.1], [0.2, -0.1, -0.3]])
BIAS = np.array([0.1, -0.2, 0.3])


def dense(*args, **options):
    """A Dense layer with KERNEL and BIAS."""
    layer = Dense(3, *args, **options)
    layer(X)
    layer.set_weights([KERNEL, BIAS] if layer.use_bias else [KERNEL])
    return layer


# --- building -------------------------------------------------------------------------------------


def test_a_layer_is_built_by_its_first_call():
    layer = Dense(3)
    assert not layer.built
    assert layer.weights == []
    with pytest.raises(AttributeError, match="must build the layer before accessing `kernel`"):
        _ = layer.kernel
    with pytest.raises(ValueError, match="`count_params` on layer 'dense', but the layer isn't"):
        layer.count_params()
    assert layer(X).shape == (2, 3)
    kernel = layer.kernel
    layer(X)
    assert layer.built
    assert layer.kernel is kernel


def test_build_is_called_once_with_an_open_batch_axis():
    seen = []

    class Probe(Layer):
        def build(self, input_shape):
            seen.append(input_shape)

        def call(self, x):
            return x

    layer = Probe()
    layer(np.ones((2, 5, 4), "float32"))
    layer(np.ones((7, 5, 4), "float32"))
    assert seen == [(None, 5, 4)]


def test_build_by_hand_counts_as_built():
    layer = Dense(3)
    layer.build((None, 4))
    kernel = layer.kernel
    assert layer.built
    assert layer.count_params() == 15
    layer(X)
    assert layer.kernel is kernel
    assert len(layer.weights) == 2


@pytest.mark.parametrize("use_bias", [True, False])
def test_weights_names_shapes_and_counts(use_bias):
    layer = Dense(3, use_bias=use_bias, name="hidden")
    layer(X)
    names = ["hidden/kernel", "hidden/bias"][: 1 + use_bias]
    assert [w.name for w in layer.weights] == names
    assert [w.shape for w in layer.weights] == [(4, 3), (3,)][: 1 + use_bias]
    assert layer.trainable_weights == layer.weights
    assert layer.non_trainable_weights == []
    assert all(w.requires_grad and w.is_leaf for w in layer.weights)
    assert layer.count_params() == (15 if use_bias else 12)
    assert (layer.bias is None) is not use_bias


def test_automatic_names_count_per_class():
    made = [Dense(1), Dense(1, name="mine"), Dense(1), Flatten(), Activation("relu"), Dense(1)]
    names = [layer.name for layer in made]
    assert names == ["dense", "mine", "dense_1", "flatten", "activation", "dense_2"]


def test_initial_weights_are_glorot_uniform_and_zeros():
    layer = Dense(300)
    layer(np.zeros((1, 784), "float32"))
    limit = np.sqrt(6 / 1084)
    kernel, bias = layer.get_weights()
    assert np.abs(kernel).max() <= limit
    assert kernel.std() == pytest.approx(limit / np.sqrt(3), rel=0.01)
    assert (bias == 0).all()


def ones(shape, dtype=None):
    return np.ones(shape, dtype)


@pytest.mark.parametrize("kernel", ["ones", initializers.Ones(), initializers.Ones, ones])
def test_initializers_by_name_object_class_and_function(kernel):
    layer = Dense(2, kernel_initializer=kernel, bias_initializer=initializers.Constant(0.1))
    layer(X)
    assert_array_equal(layer.kernel.numpy(), np.ones((4, 2)))
    assert_array_equal(layer.bias.numpy(), np.full(2, 0.1, "float32"))
    assert {w.dtype for w in layer.get_weights()} == {np.dtype("float32")}


@pytest.mark.parametrize("units", [0, -1, 2.0, 2.5, "3", None, True, [3]])
def test_units_must_be_a_positive_integer(units):
    with pytest.raises(ValueError, match=r"`units`, expected a positive integer. Received: units="):
        Dense(units)


def test_units_of_numpy():
    layer = Dense(np.int64(3))
    assert layer(X).shape == (2, 3)
    assert type(layer.units) is int


def test_the_last_axis_must_be_known():
    with pytest.raises(ValueError, match=r"last axis .*\"dense\".*input_shape=\(None, None\)"):
        tg.Sequential([Input(shape=(None,)), Dense(3)])


# --- Dense ----------------------------------------------------------------------------------------


def test_dense_is_x_kernel_plus_bias():
    x = X.astype("float64")
    assert_allclose(dense()(X).numpy(), x @ KERNEL + BIAS, rtol=1e-6)
    assert_allclose(dense(use_bias=False)(X).numpy(), x @ KERNEL, rtol=1e-6)
    assert_allclose(dense("tanh")(X).numpy(), np.tanh(x @ KERNEL + BIAS), rtol=1e-6)


@pytest.mark.parametrize("use_bias", [True, False])
@pytest.mark.parametrize("shape", [(1, 4), (2, 5, 4), (2, 1, 3, 4), (0, 4), (3, 0, 4)])
def test_dense_on_more_axes_works_on_the_last(use_bias, shape, rng):
    layer = dense("softsign", use_bias=use_bias)
    x = rng.normal(size=shape).astype("float32")
    rows = layer(x.reshape(-1, 4)).numpy()
    found = layer(x)
    assert found.shape == (*shape[:-1], 3)
    assert_allclose(found.numpy().reshape(-1, 3), rows, rtol=1e-6, atol=1e-7)
    assert layer.compute_output_shape((None, *shape[1:])) == (None, *shape[1:-1], 3)


@pytest.mark.parametrize("shape", [(2, 5), (2, 4, 3), (1, 1)])
def test_another_number_of_features_is_an_error_that_says_it(shape):
    layer = dense()
    before = layer.get_weights()
    words = rf'"dense".*expected axis -1 .*value 4, .*received input with shape \({shape[0]}, '
    with pytest.raises(ValueError, match=words):
        layer(np.ones(shape, "float32"))
    assert all((a == b).all() for a, b in zip(before, layer.get_weights(), strict=True))
    assert layer(X).shape == (2, 3)


@pytest.mark.parametrize("x", [1.0, [1.0, 2.0]])
def test_dense_needs_a_batch_axis(x):
    layer = Dense(3)
    with pytest.raises(ValueError, match=r"\"dense\".*expected min_ndim=2, found ndim="):
        layer(np.array(x))
    assert not layer.built


@pytest.mark.parametrize("kind", [list, np.int64, np.uint8, bool, tg.Tensor])
def test_inputs_of_other_kinds(kind):
    values = [[1, 0, 1, 1], [0, 1, 1, 0]]
    x = values if kind is list else tg.Tensor(np.float32(values)) if kind is tg.Tensor else None
    x = np.array(values, kind) if x is None else x
    found = dense()(x).numpy()
    assert_allclose(found, np.array(values) @ KERNEL + BIAS, rtol=1e-6)
    assert found.dtype == np.float32


def test_an_input_can_ask_for_its_gradient():
    layer, x = dense(use_bias=False), tg.Tensor(X, requires_grad=True)
    layer(x).sum().backward()
    assert_allclose(x.grad.numpy(), np.tile(KERNEL.sum(1), (2, 1)), rtol=1e-6)


def test_operations_are_recorded_under_the_name_of_the_layer():
    class Block(Layer):
        def __init__(self):
            super().__init__(name="block")
            self.inner = Dense(3, name="inner")

        def call(self, x):
            return self.inner(x) * 2.0

    y = Block()(X)
    assert y.scope == "block"
    assert y.inputs[0].scope == "block/inner"


# --- activations ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "given", ["tanh", "Tanh", activations.tanh, ops.tanh, np.tanh, lambda x: x.tanh()]
)
def test_activations_by_name_and_function(given):
    expected = np.tanh(X.astype("float64") @ KERNEL + BIAS)
    assert_allclose(dense(activation=given)(X).numpy(), expected, rtol=1e-6)
    assert_allclose(Activation(given)(X).numpy(), np.tanh(X), rtol=1e-6)


def test_no_activation_is_the_identity():
    assert Dense(2).activation is activations.linear
    assert_array_equal(Activation(None)(X).numpy(), X)
    assert_array_equal(Activation("linear")(X).numpy(), X)


@pytest.mark.parametrize("bad", ["rleu", 3, object()])
def test_unknown_activations(bad):
    for make in (lambda: Dense(2, activation=bad), lambda: Activation(bad)):
        with pytest.raises(ValueError, match="Could not interpret activation function identifier"):
            make()


# --- Flatten, Activation, Input -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("shape", "expected"),
    [((2, 3, 4), (2, 12)), ((2,), (2, 1)), ((2, 5), (2, 5)), ((1, 2, 3, 4), (1, 24)),
     ((0, 2, 3), (0, 6)), ((3, 0, 2), (3, 0))],
)  # fmt: skip
def test_flatten_keeps_the_batch_axis_and_the_order(shape, expected):
    x = np.arange(np.prod(shape), dtype="float32").reshape(shape)
    found = Flatten()(x)
    assert found.shape == expected
    assert_array_equal(found.numpy().ravel(), x.ravel())
    assert Flatten().compute_output_shape((None, *shape[1:])) == (None, *expected[1:])


def test_flatten_of_an_unknown_length_and_of_a_number():
    assert Flatten().compute_output_shape((None, None, 3)) == (None, None)
    with pytest.raises(ValueError, match="expected min_ndim=1, found ndim=0"):
        Flatten()(1.0)


@pytest.mark.parametrize("layer", [Flatten(), Activation("relu")])
def test_layers_without_weights(layer):
    layer(X)
    assert layer.weights == layer.get_weights() == []
    assert layer.count_params() == 0
    layer.set_weights([])


@pytest.mark.parametrize(
    ("shape", "expected"), [((4,), (None, 4)), ([2, 3], (None, 2, 3)), (4, (None, 4))]
)
def test_input_has_an_open_batch_axis(shape, expected):
    assert Input(shape=shape).shape == expected


@pytest.mark.parametrize("shape", [(0,), (-1, 2), (2.5,), ("a",), (True,)])
def test_input_needs_positive_lengths(shape):
    with pytest.raises(ValueError, match="`shape`, expected a positive integer"):
        Input(shape=shape)


# --- gradients ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name", ["linear", "relu", "sigmoid", "tanh", "softmax", "elu", "gelu", "silu", "softplus"]
)
@pytest.mark.parametrize("shape", [(2, 4), (2, 3, 4)])
def test_gradients_of_dense(name, shape, rng):
    def f(x, kernel, bias):
        layer = Dense(3, activation=name)
        layer(x)
        layer.kernel, layer.bias = kernel, bias
        return layer(x)

    tg.assert_gradients(f, rng.normal(size=shape), KERNEL, BIAS)
    if name != "relu":
        tg.assert_gradients(f, rng.normal(size=shape), KERNEL, BIAS, order=2)


def test_gradients_through_a_chain_of_layers(rng):
    chain = [Flatten(), Dense(5, "tanh"), Activation("softsign"), Dense(2, use_bias=False)]

    def f(x):
        for layer in chain:
            x = layer(x)
        return x

    tg.assert_gradients(f, rng.normal(size=(3, 2, 3)))


def test_backward_reaches_every_weight(rng):
    layer = dense("tanh")
    layer(X).sum().backward()
    slope = 1 - np.tanh(X @ KERNEL + BIAS) ** 2
    assert_allclose(layer.kernel.grad.numpy(), X.T @ slope, rtol=1e-5, atol=1e-6)
    assert_allclose(layer.bias.grad.numpy(), slope.sum(0), rtol=1e-5)


@pytest.mark.usefixtures("float64")
def test_everything_in_float64():
    layer = dense("tanh")
    y = layer(X.astype("float64"))
    assert_allclose(y.numpy(), np.tanh(X @ KERNEL + BIAS), rtol=1e-15)
    y.sum().backward()
    assert layer.dtype == "float64"
    found = {y.dtype, layer.kernel.dtype, layer.kernel.grad.dtype}
    assert found == {np.dtype("float64")}


def test_the_dtype_of_one_layer():
    layer = Dense(3, dtype="float64")
    layer(X.astype("float64"))
    assert {w.dtype for w in layer.get_weights()} == {np.dtype("float64")}
    assert layer(X.astype("float64")).dtype == np.dtype("float64")


# --- keywords -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "make", [Flatten, lambda **k: Dense(2, **k), lambda **k: Activation("relu", **k)]
)
def test_unknown_keywords_and_names(make):
    with pytest.raises(ValueError, match=r"Unrecognized keyword arguments .*'colour': 3"):
        make(colour=3)
    for name in ("a/b", 3):
        with pytest.raises(ValueError, match="must be a string and cannot contain character `/`"):
            make(name=name)


def test_a_layer_without_call():
    with pytest.raises(NotImplementedError, match="Bare does not have a `call"):
        type("Bare", (layers.Layer,), {})()(X)
