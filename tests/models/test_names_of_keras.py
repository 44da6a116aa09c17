"""What a user of Keras writes from habit: names, ends of graphs, inputs by name, batches."""

import copy

import numpy as np
import pytest
from numpy.testing import assert_allclose

from tinygrad_es import Input, Model, Sequential, layers, metrics
from tinygrad_es.layers import Dense

from .small import X, Y, network


def graph():
    x = Input((3,), name="x")
    return Model(x, Dense(2, name="out")(Dense(4, "tanh", name="hidden")(x)))


# --- weights and ends of graphs -------------------------------------------------------------------


def test_variables_are_weights():
    model = network()
    model.layers[0].trainable = False
    for name in ("", "trainable_", "non_trainable_"):
        ours, theirs = getattr(model, name + "weights"), getattr(model, name + "variables")
        assert [id(w) for w in ours] == [id(w) for w in theirs]
    assert len(model.trainable_variables) == len(model.non_trainable_variables) == 2


@pytest.mark.parametrize("make", [graph, network])
def test_ends_of_a_model(make):
    model = make()
    assert model.input is model.inputs[0]
    assert model.output is model.outputs[0]
    features = Model(model.input, model.get_layer(index=-2).output)
    assert features(X).shape == (10, 4)
    head = Model(model.input, Dense(7)(model.output))
    assert head(X).shape == (10, 7)
    twin = copy.deepcopy(model)
    assert twin.input is not model.input
    assert Model(twin.input, twin.output)(X).shape == (10, 2)


def test_ends_have_the_structure_the_model_was_made_with():
    a, b = Input((2,), name="a"), Input((2,), name="b")
    model = Model({"a": a, "b": b}, [a + b, a])
    assert list(model.input) == ["a", "b"]
    assert model.input["b"] is b
    assert model.output[1] is a
    inside = graph()
    x = Input((3,))
    inside(x)
    assert inside.input is not x, "its own graph, wherever it is called"


def test_ends_of_a_model_without_a_graph():
    for model in (Sequential([Dense(2)]), Model()):
        for end in ("input", "output"):
            with pytest.raises(AttributeError, match=end):
                getattr(model, end)


def test_one_way_to_ask_for_a_layer():
    model = network()
    for arguments in ({}, {"name": "dense", "index": 0}):
        with pytest.raises(ValueError, match="Provide either a layer name or a layer index"):
            model.get_layer(**arguments)


# --- calls ----------------------------------------------------------------------------------------


def test_the_input_by_name():
    class Scale(layers.Layer):
        def call(self, values, training=False):
            return values * (2.0 if training else 1.0)

    x = Input((3,))
    for given in ({"inputs": X}, {"values": X}):
        assert_allclose(Scale()(**given, training=True), 2 * X)
    assert Scale()(inputs=x).shape == (None, 3)
    assert graph()(inputs=X).shape == (10, 2)
    with pytest.raises(TypeError, match=r"its call takes \['values', 'training'\]. Received no"):
        Scale()()


# --- compile and fit ------------------------------------------------------------------------------


@pytest.mark.parametrize("make", [graph, network])
def test_a_dict_for_the_one_output(make):
    model = make()
    name = model.output_names[0]
    model.compile("sgd", {name: "mse"}, metrics={name: ["mae"]}, weighted_metrics={name: "mse"})
    data = {"x": X, "y": {name: Y}, "sample_weight": {name: np.ones(10)}, "verbose": 0}
    assert list(model.fit(**data).history) == ["loss", "mae", "mse"]
    with pytest.raises(ValueError, match=r"`y`: expected the names of outputs.*Received: \['no'\]"):
        model.fit(X, {"no": Y}, verbose=0)
    with pytest.raises(ValueError, match=r"`metrics`: expected the names of outputs"):
        model.compile("sgd", "mse", metrics={"no": "mae"})


def test_a_dict_of_metrics_where_the_output_has_no_name_yet():
    class Net(Model):
        def __init__(self):
            super().__init__()
            self.out = Dense(2)

        def call(self, x):
            return self.out(x)

    model = Net()
    model.compile("sgd", "mse", metrics={"output": "mae"})
    assert list(model.fit(X, Y, verbose=0).history) == ["loss", "mae"]


def test_batches_in_lists():
    """PyTorch's loaders make lists."""
    whole, listed = network(), network()
    whole.fit(X, Y, batch_size=5, shuffle=False, verbose=0)
    listed.fit(iter([[X[i : i + 5], Y[i : i + 5]] for i in (0, 5)]), verbose=0)
    assert_allclose(listed.get_weights()[0], whole.get_weights()[0], rtol=1e-6)
    a, b = Input((3,)), Input((3,))
    two = Model([a, b], a + b)
    assert two.predict(([X, X] for _ in range(2)), verbose=0).shape == (20, 3)


def test_metrics_of_functions_are_called_as_in_keras():
    def MyError(t, y):
        return abs(t - y).mean(axis=-1)

    assert metrics.get(MyError).name == "my_error"
    assert metrics.get(lambda t, y: t).name == "lambda"


def test_class_weights_are_a_dict():
    with pytest.raises(ValueError, match=r"`class_weight` must be a dict.*Received: \[1, 2\]"):
        network().fit(X, Y, class_weight=[1, 2], verbose=0)
    with pytest.raises(ValueError, match=r"from class numbers to weights.*the keys \['roca'\]"):
        network().fit(X, Y, class_weight={"roca": 1.0}, verbose=0)


@pytest.mark.parametrize("step", ["train_step", "test_step"])
def test_steps_of_keras_are_refused_at_once(step):
    with pytest.raises(TypeError, match=rf"Net: expected {step}\(self, x, y, sample_weight=None\)"):
        type("Net", (Model,), {step: lambda self, data: None})
    for fine in (lambda self, *data: None, lambda self, x, y, sample_weight=None: None):
        type("Net", (Model,), {step: fine})


# --- shapes that cannot be ------------------------------------------------------------------------


@pytest.mark.parametrize("shape", [(5,), (2, 3), (5, -1), (0, -1)])
def test_reshape_keeps_the_number_of_elements(shape):
    layer = layers.Reshape(shape)
    for x in (Input((4,)), np.ones((2, 4), "float32")):
        with pytest.raises(ValueError, match="total size of the tensor must be unchanged"):
            layer(x)
    assert layers.Reshape(shape)(Input((None,))).shape[0] is None


@pytest.mark.parametrize(
    "layer",
    [
        lambda: layers.Conv2D(3, 5),
        lambda: layers.Conv2D(3, 2, dilation_rate=3),
        lambda: layers.MaxPooling2D(4),
        lambda: layers.AveragePooling2D((1, 4)),
    ],
)
def test_windows_must_fit(layer):
    with pytest.raises(ValueError, match="window"):
        layer()(np.ones((2, 3, 3, 1), "float32"))
    with pytest.raises(ValueError, match="output size would be zero or negative"):
        layer()(Input((3, 3, 1)))
    with pytest.raises(ValueError, match="output size would be zero or negative"):
        Sequential([Input((3, 3, 1)), layer()])
