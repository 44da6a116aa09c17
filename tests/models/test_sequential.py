"""Sequential and subclassed models: putting layers together, building, weights, nesting."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import tinygrad_es as tg
from tinygrad_es import Model, Sequential
from tinygrad_es.layers import Activation, Dense, Flatten, Input, InputLayer, Layer

X = np.linspace(-1, 1, 20, dtype="float32").reshape(5, 4)


def network(**options):
    return Sequential([Input(shape=(4,)), Dense(2, "tanh"), Dense(3, "softmax")], **options)


class Net(Model):
    """4-2-3, written as a class."""

    def __init__(self):
        super().__init__()
        self.hidden = Dense(2, "tanh")
        self.out = Dense(3, "softmax")

    def call(self, x):
        return self.out(self.hidden(x))


# --- building -------------------------------------------------------------------------------------


def test_a_known_input_builds_at_once():
    model = network()
    assert model.built
    assert model.input_shape == (None, 4)
    assert model.output_shape == (None, 3)
    assert [type(layer) for layer in model.layers] == [Dense, Dense]
    assert [w.shape for w in model.weights] == [(4, 2), (2,), (2, 3), (3,)]
    names = ["dense/kernel", "dense/bias", "dense_1/kernel", "dense_1/bias"]
    assert [w.name for w in model.weights] == names
    assert model.count_params() == 19


@pytest.mark.parametrize(
    "first",
    [
        lambda: [Input((4,)), Dense(2)],
        lambda: [Input(4), Dense(2)],
        lambda: [InputLayer((4,)), Dense(2)],
        lambda: [Dense(2, input_shape=(4,))],
        lambda: [Dense(2, input_shape=[4])],
        lambda: [Dense(2, input_dim=4)],
    ],
)
def test_ways_to_say_the_input(first):
    model = Sequential([*first(), Dense(3)])
    assert model.built
    assert model.input_shape == (None, 4)
    assert [layer.units for layer in model.layers] == [2, 3]
    one_by_one = Sequential()
    for layer in [*first(), Dense(3)]:
        one_by_one.add(layer)
    assert [w.shape for w in one_by_one.weights] == [w.shape for w in model.weights]


def test_a_chain_that_was_built_stays_built():
    for start in (lambda m: m.build((None, 4)), lambda m: m(X)):
        model = Sequential([Dense(2)])
        start(model)
        kernel = model.layers[0].kernel
        model.add(Dense(3))
        assert model.built
        assert model.output_shape == (None, 3)
        model.pop()
        assert model.output_shape == (None, 2)
        assert model.layers[0].kernel is kernel
        model.pop()
        assert not model.built
        model.add(Dense(5))
        assert model.layers[0].kernel.shape == (4, 5)


def test_without_an_input_the_first_data_build():
    model = Sequential([Flatten(), Dense(3)])
    assert not model.built
    assert model.weights == model.get_weights() == []
    for name in ("input_shape", "output_shape"):
        with pytest.raises(AttributeError, match=name):
            getattr(model, name)
    with pytest.raises(ValueError, match="`count_params` on layer 'sequential', but the layer"):
        model.count_params()
    assert model(np.ones((5, 2, 2), "float32")).shape == (5, 3)
    assert model.built
    assert model.input_shape[1:] == (2, 2)
    assert model.layers[1].kernel.shape == (4, 3)


@pytest.mark.parametrize("how", ["fit", "evaluate", "predict", "train_on_batch", "build"])
def test_every_way_to_use_a_model_builds_it(how):
    model = Sequential([Dense(3)])
    model.compile("sgd", "mse")
    y = np.zeros((5, 3))
    {
        "fit": lambda: model.fit(X, y, verbose=0),
        "evaluate": lambda: model.evaluate(X, y, verbose=0),
        "predict": lambda: model.predict(X, verbose=0),
        "train_on_batch": lambda: model.train_on_batch(X, y),
        "build": lambda: model.build((None, 4)),
    }[how]()
    assert model.built
    assert [w.shape for w in model.weights] == [(4, 3), (3,)]


def test_other_features_than_built_for_is_an_error_with_both_shapes():
    model = Sequential([Dense(3)])
    model(X)
    before = model.get_weights()
    with pytest.raises(ValueError, match=r'"dense".*value 4, .*shape \(2, 7\)'):
        model(np.ones((2, 7), "float32"))
    assert_array_equal(model.get_weights()[0], before[0])


def test_an_empty_model_cannot_be_built():
    with pytest.raises(ValueError, match=r"sequential cannot be built .*no layers"):
        Sequential().build((None, 4))
    assert not Sequential([Input((4,))]).built


# --- add and pop ----------------------------------------------------------------------------------


def test_add_keeps_the_weights_there_are():
    model = network()
    before = model.get_weights()
    model.add(Dense(5, name="new"))
    assert model.output_shape == (None, 5)
    assert model.count_params() == 19 + 20
    for a, b in zip(before, model.get_weights(), strict=False):
        assert_array_equal(a, b)


def test_pop_takes_the_last_layer_off():
    model = network()
    last, kept = model.layers[1], model.get_weights()[:2]
    assert model.pop() is last
    assert model.output_shape == (None, 2)
    assert model.count_params() == 10
    assert_allclose(model.predict(X, verbose=0), np.tanh(X @ kept[0] + kept[1]), rtol=1e-5)
    model.add(Dense(7))
    assert model(X).shape == (5, 7)
    model.pop()
    model.pop()
    assert model.layers == []
    with pytest.raises(ValueError, match="no layers in the model to pop"):
        model.pop()


def test_layers_is_a_copy():
    model = network()
    model.layers.append(Dense(1))
    assert len(model.layers) == 2


@pytest.mark.parametrize("thing", ["x", None, 3, np.tanh, Dense])
def test_only_layers_can_be_added(thing):
    for make in (lambda: Sequential([thing]), lambda: Sequential().add(thing)):
        with pytest.raises(ValueError, match=r"Only instances of `Layer` can be added"):
            make()


def test_names_within_a_model_are_unique():
    with pytest.raises(ValueError, match=r"unique names. Name 'x' is already"):
        Sequential([Dense(2, name="x"), Dense(3, name="x")])
    layer, model = Dense(4), Sequential()
    model.add(layer)
    with pytest.raises(ValueError, match="Name 'dense' is already"):
        model.add(layer)
    assert model.layers == [layer]


@pytest.mark.parametrize(
    "layers", [lambda: [Input((3,)), Input((3,))], lambda: [Input((3,)), Dense(2), Input((3,))]]
)
def test_a_second_input(layers):
    with pytest.raises(ValueError, match=r"already been configured to use input shape \(None, 3\)"):
        Sequential(layers())


def test_get_layer_by_name_and_place():
    model = Sequential([Dense(2, name="a"), Dense(3, name="b")])
    assert model.get_layer("b") is model.get_layer(index=1) is model.get_layer(index=-1)
    with pytest.raises(ValueError, match=r"No such layer: c. Existing layers are: \['a', 'b'\]"):
        model.get_layer("c")
    with pytest.raises(ValueError, match="index 2 but model only has 2 layers"):
        model.get_layer(index=2)


def test_automatic_names_of_models():
    names = [Sequential().name, Sequential(name="mine").name, Sequential().name, Net().name]
    assert names == ["sequential", "mine", "sequential_1", "net"]


# --- calling --------------------------------------------------------------------------------------


def test_a_call_is_the_composition_of_its_layers():
    model = network()
    w1, b1, w2, b2 = model.get_weights()
    e = np.exp(np.tanh(X @ w1 + b1) @ w2 + b2)
    expected = e / e.sum(1, keepdims=True)
    assert_allclose(model(X).numpy(), expected, rtol=1e-5)
    assert_allclose(model.predict(X, verbose=0), expected, rtol=1e-5)
    assert model(X).requires_grad


@pytest.mark.parametrize("model", [network, Net])
def test_input_kinds_give_the_same(model):
    model = model()
    expected = model(X).numpy()
    for x in (X.tolist(), X.astype("float64"), tg.Tensor(X), np.asfortranarray(X)):
        assert_allclose(model.predict(x, verbose=0), expected, rtol=1e-6)
    whole = np.arange(8).reshape(2, 4)
    for x in (whole, whole.astype("uint8"), whole.tolist()):
        assert_allclose(
            model.predict(x, verbose=0), model(whole.astype("float32")).numpy(), rtol=1e-6
        )
    assert model.predict(X.astype("float64"), verbose=0).dtype == np.float32


@pytest.mark.parametrize("model", [network, Net])
def test_gradients_of_models_agree_with_differences(model):
    model = model()
    model(X)
    tg.assert_gradients(
        lambda x: tg.losses.mean_squared_error(np.eye(3)[[0, 1, 2, 1, 0]], model(x)), X
    )


def test_the_training_flag_reaches_nested_layers():
    seen = []

    class Probe(Layer):
        def call(self, x, training=False):
            seen.append(training)
            return x

    class Outer(Model):
        def __init__(self):
            super().__init__()
            self.inner = Sequential([Probe(), Probe()])

        def call(self, x):
            return self.inner(x)

    model = Sequential([Outer()])
    model(X)  # builds
    for flag in (True, False, None):
        seen.clear()
        model(X) if flag is None else model(X, training=flag)
        assert seen == [bool(flag)] * 2
    seen.clear()
    with tg.training():
        model(X)
    assert seen == [True, True]


# --- models as layers -----------------------------------------------------------------------------


def test_a_model_is_a_layer():
    inner = Sequential([Dense(2, "tanh")], name="encoder")
    model = Sequential([Input((4,)), inner, Activation("relu"), Dense(3)])
    assert model.layers[0] is inner
    assert inner.input_shape == (None, 4)
    assert model.count_params() == 19
    assert [w.name for w in inner.weights] == ["dense/kernel", "dense/bias"]
    assert model.weights[0] is inner.layers[0].kernel
    flat = Sequential([Input((4,)), Dense(2, "tanh"), Activation("relu"), Dense(3)])
    flat.set_weights(model.get_weights())
    assert_array_equal(model.predict(X, verbose=0), flat.predict(X, verbose=0))


def test_training_a_model_trains_the_model_inside():
    inner = Sequential([Dense(2, "tanh")])
    model = Sequential([Input((4,)), inner, Dense(3)])
    before = inner.get_weights()
    model.compile("sgd", "mse")
    model.fit(X, np.ones((5, 3)), verbose=0)
    assert not (before[0] == inner.get_weights()[0]).all()
    inner.trainable = False
    frozen = inner.get_weights()
    assert len(model.trainable_weights) == 2
    model.compile("sgd", "mse")
    model.fit(X, np.ones((5, 3)), verbose=0)
    assert_array_equal(frozen[0], inner.get_weights()[0])


def test_weights_shared_by_two_inner_models_count_and_learn_once():
    shared = Dense(4, use_bias=False, kernel_initializer="ones")
    model = Sequential([Input((4,)), Sequential([shared]), Sequential([shared])])
    assert model.count_params() == 16
    assert [w.shape for w in model.trainable_weights] == [(4, 4)]
    model.compile(tg.optimizers.SGD(0.1), "mse")
    tg.losses.MeanSquaredError()(np.zeros((5, 4)), model(X)).backward()
    expected = 1.0 - 0.1 * shared.kernel.grad.numpy()
    shared.kernel.grad = None
    model.train_on_batch(X, np.zeros((5, 4)))
    assert_allclose(shared.kernel.numpy(), expected, rtol=1e-6)


def test_a_subclassed_model_has_its_layers_in_order():
    model = Net()
    assert [layer.name for layer in model.layers] == ["dense", "dense_1"]
    assert not model.built
    model.compile("adam", "mse", metrics=["accuracy"])
    history = model.fit(X, np.eye(3)[[0, 1, 2, 0, 1]], epochs=2, verbose=0)
    assert model.built
    assert len(history.history["loss"]) == 2
    assert [w.shape for w in model.weights] == [(4, 2), (2,), (2, 3), (3,)]
    assert model.get_layer("dense_1") is model.out


def test_a_subclassed_model_is_built_with_a_tensor_and_the_training_flag():
    class Own(Net):
        def call(self, x, training):
            assert isinstance(x, tg.Tensor)
            assert isinstance(training, bool)
            return self.out(self.hidden(x.relu()))

    model = Own()
    assert model.predict(X, verbose=0).shape == (5, 3)
    assert model(X, training=True).shape == (5, 3)


def test_set_weights_of_a_model_is_all_or_nothing():
    model = network()
    before = model.get_weights()
    bad = [np.zeros_like(w) for w in before[:3]]
    for weights, words in (
        (bad, "'sequential' .*length 3, .*expecting 4"),
        ([*bad, np.zeros(4)], r"\(3,\) .*\(4,\)"),
    ):
        with pytest.raises(ValueError, match=words):
            model.set_weights(weights)
        for a, b in zip(before, model.get_weights(), strict=True):
            assert_array_equal(a, b)


def test_freezing_does_not_change_the_order_of_the_weights():
    """The layers in their order, in each the trainable weights first."""
    model = network()
    before = model.get_weights()
    model.layers[0].trainable = False
    for a, b in zip(before, model.get_weights(), strict=True):
        assert_array_equal(a, b)
    model.set_weights(before)


def test_weights_come_layer_by_layer():
    class Count(Layer):
        def build(self, input_shape):
            self.count = self.add_weight((), "zeros", trainable=False, name="count")
            self.scale = self.add_weight((), "ones", name="scale")

        def call(self, x):
            return x * self.scale

    model = Sequential([Input((4,)), Count(), Dense(3)])
    assert [w.shape for w in model.get_weights()] == [(), (), (4, 3), (3,)]
    names = ["count/scale", "count/count", "dense/kernel", "dense/bias"]
    assert [w.name for w in model.weights] == names
    assert [w.name for w in model.non_trainable_weights] == ["count/count"]


@pytest.mark.usefixtures("float64")
def test_a_model_in_float64():
    model = network()
    assert {w.dtype for w in model.get_weights()} == {np.dtype("float64")}
    assert model.predict(X, verbose=0).dtype == np.float64
    model.compile("adam", "mse")
    model.fit(X, np.ones((5, 3)), verbose=0)
    assert {w.dtype for w in model.get_weights()} == {np.dtype("float64")}
