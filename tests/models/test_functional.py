"""Models of inputs and outputs: graphs of layers, shared layers, arithmetic, several ends."""

import copy
import pickle

import numpy as np
import pytest
from numpy.testing import assert_allclose

from tinygrad_es import Input, Model, Sequential, activations, layers, ops
from tinygrad_es.layers import Activation, Concatenate, Dense, InputLayer, Lambda

X = np.linspace(-1, 1, 12, dtype="float32").reshape(3, 4)


def course():
    """The course's 4-2-3 network."""
    entrada = Input(shape=(4,), name="Entrada")
    oculta = Dense(units=2, activation="tanh", name="Oculto")(entrada)
    return Model(inputs=entrada, outputs=Dense(3, activation="softmax", name="salida")(oculta))


def two_ends():
    a, b = Input((3,), name="a"), Input((3,), name="b")
    shared = Dense(4, name="shared")
    x = Concatenate()([shared(a), shared(b)])
    return Model([a, b], [Dense(2, name="left")(x), Dense(1, name="right")(x)])


# --- what a model is made of ----------------------------------------------------------------------


def test_the_courses_network():
    model = course()
    assert [layer.name for layer in model.layers] == ["Entrada", "Oculto", "salida"]
    assert isinstance(model.layers[0], InputLayer)
    assert model.count_params() == 19
    assert model.input_shape == (None, 4)
    assert model.output_shape == (None, 3)
    assert [w.name for w in model.weights] == [
        *("Oculto/kernel", "Oculto/bias", "salida/kernel", "salida/bias"),
    ]
    hidden = np.tanh(X @ model.layers[1].kernel.numpy())
    assert_allclose(
        model.predict(X, verbose=0),
        ops.softmax(hidden @ model.layers[2].kernel.numpy()).numpy(),
        rtol=1e-6,
    )


def test_names_count_like_keras():
    from tinygrad_es.layers.layer import clear_session

    clear_session()
    x = Input((2,))
    assert (x.name, Model(x, Dense(1)(x)).name) == ("input_layer", "functional")
    assert (Input((2,)).name, Model(x, Dense(1)(x)).name) == ("input_layer_1", "functional_1")
    assert Model(x, Dense(1)(x), name="mine").name == "mine"


def test_a_shared_layer_counts_once_and_gets_both_gradients():
    model = two_ends()
    assert sum(layer.name == "shared" for layer in model.layers) == 1
    assert model.count_params() == 16 + 18 + 9
    left, right = model([X[:, :3], X[:, 1:]])
    kernel = model.get_layer("shared").kernel
    (left.sum() + right.sum()).backward()
    w = np.concatenate([model.get_layer(n).kernel.numpy() for n in ("left", "right")], axis=1)
    by_hand = sum(
        x.T @ np.ones((3, 1), "float32") @ w[part].sum(axis=1)[None, :]
        for x, part in ((X[:, :3], slice(0, 4)), (X[:, 1:], slice(4, 8)))
    )
    assert_allclose(kernel.grad.numpy(), by_hand, rtol=1e-5)


@pytest.mark.parametrize("kind", ["list", "tuple", "dict"])
def test_inputs_in_order_or_by_name(kind):
    model = two_ends()
    a, b = X[:, :3], X[:, 1:]
    given = {"list": [a, b], "tuple": (a, b), "dict": {"b": b, "a": a}}[kind]
    for got, expected in zip(model(given), model([a, b]), strict=True):
        assert_allclose(got.numpy(), expected.numpy())


def test_structures_of_inputs_and_outputs():
    a, b = Input((2,), name="a"), Input((2,), name="b")
    model = Model({"a": a, "b": b}, {"sum": a + b, "both": [a * b, b]})
    y = model({"a": np.ones((1, 2)), "b": np.full((1, 2), 3.0)})
    assert y["sum"].tolist() == [[4.0, 4.0]]
    assert [part.tolist() for part in y["both"]] == [[[3.0, 3.0]], [[3.0, 3.0]]]


def test_a_model_is_a_layer_of_a_model():
    inner = course()
    x = Input((4,))
    outer = Model(x, Dense(1)(inner(x)))
    assert outer.count_params() == 19 + 4
    assert [layer.type_name for layer in outer.layers] == ["InputLayer", "Functional", "Dense"]
    chain = Sequential([Input((4,)), inner, Dense(2)])
    assert chain(X).shape == (3, 2)


def test_parts_of_a_model_are_models():
    x = Input((4,))
    hidden = Dense(2, "tanh")(x)
    out = Dense(3)(hidden)
    whole, first, second = Model(x, out), Model(x, hidden), Model(hidden, out)
    assert_allclose(second(first(X)).numpy(), whole(X).numpy(), rtol=1e-6)
    assert isinstance(second.layers[0], InputLayer)
    chain = Sequential([Input((4,)), Dense(5), Dense(2)])
    views = Model(chain.inputs, [layer.output for layer in chain.layers])
    assert [y.shape for y in views(X)] == [(3, 5), (3, 2)]
    assert_allclose(views(X)[1].numpy(), chain(X).numpy())
    assert chain.layers[1].input is chain.layers[0].output


def test_layers_come_in_the_order_of_keras():
    a = Input((2,), name="a")
    long = Dense(2, name="l2")(Dense(2, name="l1")(a))
    short = Dense(2, name="s")(a)
    model = Model(a, Concatenate(name="c")([short, long]))
    assert [layer.name for layer in model.layers] == ["a", "l1", "s", "l2", "c"]


def test_a_deep_graph():
    x = y = Input((2,))
    for _ in range(3000):
        y = Activation("linear")(y)
    model = Model(x, y)
    assert model(np.ones((1, 2))).tolist() == [[1.0, 1.0]]
    again = pickle.loads(pickle.dumps(model))
    assert len(copy.deepcopy(again).layers) == 3001


# --- arithmetic -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "function",
    [
        lambda x: x + 1,
        lambda x: 1 - x,
        lambda x: np.float32(2) * x / 3,
        lambda x: np.ones(4, "float32") * x,
        lambda x: x**2 @ np.ones((4, 2), "float32"),
        lambda x: -abs(x),
        lambda x: x[:, 1:3],
        lambda x: x[:, None, 0],
        lambda x: np.exp(x),
        lambda x: np.maximum(x, 0.0),
        lambda x: np.concatenate([x, x * 2], axis=-1),
        lambda x: x.sum(axis=1, keepdims=True),
        lambda x: x.reshape(-1, 2, 2).mean(axis=(1, 2)),
        lambda x: np.where(x > 0, x, 0.1 * x),
        ops.tanh,
        ops.softmax,
        lambda x: ops.sum(x, axis=1, keepdims=True),
        lambda x: ops.concatenate([x, -x], axis=-1),
        lambda x: ops.stack([x, 2 * x], axis=1),
        lambda x: ops.reshape(x, (-1, 2, 2)),
        lambda x: ops.where(x > 0, x, 0.1),
        lambda x: ops.clip(x, -0.5, 0.5),
        lambda x: ops.einsum("ij,ij->i", x, x),
        lambda x: ops.as_tensor(np.ones(4, "float32")) + x,
        lambda x: ops.matmul(x, np.ones((4, 2), "float32")),
        activations.relu,
        activations.gelu,
        activations.softmax,
        lambda x: activations.elu(x, 0.5),
    ],
)
def test_arithmetic_is_what_it_is_on_tensors(function):
    x = Input((4,))
    y = function(x)
    expected = function(ops.as_tensor(X))
    assert y.shape == (None, *expected.shape[1:])
    model = Model(x, y)
    assert_allclose(model(X).numpy(), expected.numpy(), rtol=1e-6)
    assert model(X[:1]).shape[0] == 1


@pytest.mark.parametrize("name", ["softmax", "mean", "concatenate", "where", "exp"])
def test_a_function_of_ops_is_one_layer(name):
    x = Input((4,))
    given = {"concatenate": ([x, x],), "where": (x > 0, x, x)}.get(name, (x,))
    made = getattr(ops, name)(*given)
    assert [layer.name.rstrip("_0123456789") for layer in Model(x, made).sublayers][-1] == name
    assert set(made.node.inputs) <= {x, *(y for y in given if y is not x and name == "where")}


def test_a_lambda_may_know_that_it_trains():
    x = Input((4,))
    model = Model(x, Lambda(lambda v, scale, training: v * (scale if training else 1.0),
                            arguments={"scale": 2.0})(x))  # fmt: skip
    assert_allclose(model(X, training=True).numpy(), 2 * X)
    assert_allclose(model(X).numpy(), X)


def test_a_layer_of_ones_own_is_measured():
    class Pair(layers.Layer):
        def call(self, a, b, scale=1.0):
            return ops.concatenate([a, b * scale], axis=1)

    x, y = Input((2,)), Input((3,))
    z = Pair()(x, b=y, scale=2.0)
    assert z.shape == (None, 5)
    assert Model([x, y], z)([np.ones((2, 2)), np.ones((2, 3))]).tolist()[0] == [1, 1, 2, 2, 2]
    assert Pair()(np.ones((1, 2)), np.ones((1, 3))).shape == (1, 5)


def test_training_mode_reaches_every_layer():
    x = Input((100,))
    model = Model(x, layers.Dropout(0.5, seed=1)(x * 1.0))
    ones = np.ones((1, 100))
    assert (model(ones).numpy() == 1).all()
    assert set(np.unique(model(ones, training=True).numpy())) == {0.0, 2.0}


# --- copies ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda m: pickle.loads(pickle.dumps(m))])
@pytest.mark.parametrize("make", [course, two_ends, lambda: Sequential([Input((4,)), Dense(3)])])
def test_a_copy_is_a_model_of_its_own(copied, make):
    model = make()
    given = [X[:, :3], X[:, 1:]] if len(model.inputs) == 2 else X
    before = [np.asarray(y) for y in model.predict(given, verbose=0)]
    twin = copied(model)
    for weight in model.weights:
        weight.assign(weight.numpy() * 0)
    for got, expected in zip(twin.predict(given, verbose=0), before, strict=True):
        assert_allclose(got, expected)
    assert twin.output_shape == model.output_shape
    assert Model(twin.inputs, twin.layers[-1].output)(given).shape[0] == 3


# --- errors ---------------------------------------------------------------------------------------


def test_errors_of_graphs():
    a, b = Input((3,), name="a"), Input((3,), name="b")
    with pytest.raises(ValueError, match=r"path `` is not connected to `inputs`.*'a'"):
        Model(b, Dense(1)(a))
    with pytest.raises(ValueError, match="path `1` is not connected"):
        Model(a, [a + 1, b + 1])
    with pytest.raises(ValueError, match=r'The name "x" is used 2 times in the model'):
        Model(a, Dense(1, name="x")(Dense(1, name="x")(a)))
    with pytest.raises(ValueError, match="All `inputs` values must be symbolic tensors"):
        Model(np.ones(3), a)
    with pytest.raises(ValueError, match="All `outputs` values"):
        Model(a, 3)
    with pytest.raises(ValueError, match="inputs and outputs, or neither"):
        Model(inputs=a)


def test_errors_of_inputs():
    with pytest.raises(ValueError, match="You must pass a `shape` argument"):
        Input()
    with pytest.raises(ValueError, match="both `shape` and `batch_shape`"):
        Input((3,), batch_shape=(None, 3))
    with pytest.raises(ValueError, match="positive integer"):
        Input((0,))
    assert Input((2,), batch_size=5).shape == (5, 2)
    assert Input(batch_shape=(None, 7)).shape == (None, 7)
    assert Input((2,), dtype="int32").dtype == "int32"


def test_errors_of_calls():
    model = two_ends()
    with pytest.raises(ValueError, match=r"expects 2 input\(s\), \['a', 'b'\]. Received: 1"):
        model(X[:, :3])
    with pytest.raises(ValueError, match=r"Expected: \['a', 'b'\]. Received: \['a'\]"):
        model({"a": X})
    with pytest.raises(ValueError, match=r"Input 1 .*expected shape=\(None, 3\), found .*\(3, 4\)"):
        model([X[:, :3], X])
    with pytest.raises(ValueError, match="min_ndim=2, found ndim=1"):
        Dense(2)(Input(()))


def test_a_call_with_arguments_that_the_layer_does_not_have():
    x = Input((3,))
    with pytest.raises(TypeError, match="unexpected keyword argument 'mask'"):
        Dense(2)(x, mask=1)
    assert Dense(2)(x, training=True).shape == (None, 2)


def test_lengths_that_are_tried_are_explained():
    x = Input((3,))
    with pytest.raises(ValueError, match="do not fit") as caught:
        _ = x @ np.ones((4, 2), "float32")
    assert caught.value.__notes__ == [
        "Lengths that are not known yet (None) were tried with 11 and 13."
    ]
    with pytest.raises(ValueError, match="do not fit") as caught:
        _ = Input(batch_shape=(2, 3)) @ np.ones((4, 2), "float32")
    assert not hasattr(caught.value, "__notes__")


def test_errors_of_symbols():
    x = Input((3,), name="x")
    with pytest.raises(TypeError, match="has no values yet: an `if`"):
        bool(x)
    with pytest.raises(TypeError, match="not iterable"):
        list(x)
    with pytest.raises(TypeError, match=r"no values yet.*layers.Lambda"):
        np.array(x)
    with pytest.raises(TypeError, match=r"np\.nancumsum cannot be part"):
        np.nancumsum(x)
    with pytest.raises(TypeError, match="reduce has no meaning"):
        np.add.reduce(x)
    with pytest.raises(AttributeError, match="nothing"):
        _ = x.nothing
    with pytest.raises(AttributeError, match="never been called on a symbolic tensor"):
        _ = Dense(1).output
    with pytest.raises(AttributeError, match="has no graph"):
        _ = Model().inputs


def test_a_failing_build_leaves_nothing_behind():
    x = Input((3,))
    with pytest.raises(ValueError, match="matching shapes"):
        Concatenate(axis=1)([x, Input((3, 2))])
    layer = Dense(2)
    with pytest.raises(ValueError, match="must be known"):
        layer(Input((None,)))
    assert not layer.built
    assert layer._nodes == layer.weights == []
