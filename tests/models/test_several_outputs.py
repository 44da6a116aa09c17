"""Losses, weights and metrics of models with several outputs; their names in the logs."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from tinygrad_es import Input, Model, Sequential, layers, losses, metrics
from tinygrad_es.callbacks import EarlyStopping
from tinygrad_es.layers import Dense

RNG = np.random.default_rng(0)
A, B = RNG.standard_normal((10, 3)), RNG.standard_normal((10, 2))
TA, TB = RNG.standard_normal((10, 2)), RNG.integers(0, 2, (10, 1)).astype("float32")


def model(**options):
    a, b = Input((3,), name="first"), Input((2,), name="second")
    x = layers.Concatenate()([a, b])
    net = Model([a, b], [Dense(2, name="a")(x), Dense(1, "sigmoid", name="b")(x)])
    net.compile(**({"optimizer": "sgd", "loss": ["mse", "binary_crossentropy"]} | options))
    return net


def expected(net):
    ya, yb = net.predict([A, B], verbose=0)
    mse = float(((ya - TA) ** 2).mean())
    bce = float(-(TB * np.log(yb) + (1 - TB) * np.log(1 - yb)).mean())
    return mse, bce, ya, yb


# --- compile --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("loss", "weights", "total"),
    [
        (["mse", "binary_crossentropy"], None, lambda mse, bce: mse + bce),
        ({"a": "mse", "b": "binary_crossentropy"}, [1.0, 0.5], lambda mse, bce: mse + 0.5 * bce),
        (
            {"b": losses.BinaryCrossentropy(), "a": "mse"},
            {"b": 2.0, "a": 0.25},
            lambda mse, bce: 0.25 * mse + 2 * bce,
        ),
    ],
)
def test_the_loss_is_the_weighted_sum(loss, weights, total):
    net = model(loss=loss, loss_weights=weights)
    mse, bce, _, _ = expected(net)
    logs = net.evaluate([A, B], [TA, TB], verbose=0, return_dict=True, batch_size=3)
    assert list(logs) == ["a_loss", "b_loss", "loss"]
    assert_allclose([logs["a_loss"], logs["b_loss"]], [mse, bce], rtol=1e-5)
    assert_allclose(logs["loss"], total(mse, bce), rtol=1e-5)


def test_one_loss_serves_all_outputs_and_none_leaves_one_out():
    net = model(loss="mse")
    _, _, ya, yb = expected(net)
    both = ((ya - TA) ** 2).mean() + ((yb - TB) ** 2).mean()
    assert_allclose(net.evaluate([A, B], [TA, TB], verbose=0)[0], both, rtol=1e-5)
    net = model(loss=["mse", None])
    for y in ([TA], [TA, TB], {"a": TA}):
        assert_allclose(net.evaluate([A, B], y, verbose=0), ((expected(net)[2] - TA) ** 2).mean(),
                        rtol=1e-5)  # fmt: skip
    before = net.get_layer("b").get_weights()
    with pytest.warns(UserWarning, match="Gradients do not exist for variables .*b/kernel"):
        net.fit([A, B], [TA], verbose=0)
    assert_allclose(net.get_layer("b").get_weights()[0], before[0])


@pytest.mark.parametrize(
    "given", [[["mae"], ["mse", "accuracy"]], {"a": "mae", "b": ["mse", "accuracy"]}]
)
def test_metrics_are_named_after_their_outputs(given):
    net = model(metrics=given)
    _, _, ya, yb = expected(net)
    history = net.fit([A, B], [TA, TB], epochs=2, verbose=0, validation_split=0.3).history
    names = ["a_loss", "a_mae", "b_accuracy", "b_loss", "b_mse", "loss"]
    assert list(history) == [*names, *(f"val_{n}" for n in names)]
    net = model(metrics=given)
    _, _, ya, yb = expected(net)
    found = net.evaluate([A, B], [TA, TB], verbose=0)
    mae, mse = np.abs(ya - TA).mean(), ((yb - TB) ** 2).mean()
    accuracy = ((yb > 0.5) == TB).mean()
    assert_allclose(found[3:], [mae, accuracy, mse], rtol=1e-5)
    assert len(net.metrics) == 3


def test_weighted_metrics_see_the_weights():
    weight = np.arange(10.0)
    net = Sequential([Input((3,)), Dense(1)])
    net.compile("sgd", "mse", metrics=["mae"], weighted_metrics=["mae", "mse"])
    error = (net.predict(A, verbose=0) - TB).ravel()
    logs = net.evaluate(A, TB, sample_weight=weight, verbose=0, return_dict=True)
    assert list(logs) == ["loss", "mae", "mse", "weighted_mae"]
    assert_allclose(logs["mae"], abs(error).mean(), rtol=1e-5)
    assert_allclose(logs["weighted_mae"], (abs(error) * weight).sum() / weight.sum(), rtol=1e-5)
    assert_allclose(logs["loss"], (error**2 * weight).mean(), rtol=1e-5)


def test_sample_weights_of_each_output():
    net = model(loss="mse")
    _, _, ya, yb = expected(net)
    wa, wb = np.arange(10.0), np.ones(10)
    total = (((ya - TA) ** 2).mean(axis=1) * wa).mean() + ((yb - TB) ** 2).mean()
    for weights in ([wa, wb], {"a": wa, "b": wb}):
        loss = net.evaluate([A, B], [TA, TB], sample_weight=weights, verbose=0)[0]
        assert_allclose(loss, total, rtol=1e-5)
    both = (((ya - TA) ** 2).mean(axis=1) * wa).mean() + (((yb - TB) ** 2).mean(axis=1) * wa).mean()
    loss = net.evaluate([A, B], [TA, TB], sample_weight=wa, verbose=0)[0]
    assert_allclose(loss, both, rtol=1e-5)


def test_dicts_of_inputs_targets_and_outputs():
    x = Input((3,), name="x")
    net = Model({"x": x}, {"p": Dense(2, name="p")(x), "q": Dense(1, name="q")(x)})
    net.compile("sgd", {"p": "mse", "q": "mae"})
    history = net.fit({"x": A}, {"p": TA, "q": TB}, verbose=0).history
    assert list(history) == ["loss", "p_loss", "q_loss"]
    assert net.predict({"x": A}, verbose=0, batch_size=4)["q"].shape == (10, 1)


def test_a_subclassed_model_with_two_outputs():
    class Two(Model):
        def __init__(self):
            super().__init__()
            self.left, self.right = Dense(2), Dense(1)

        def call(self, inputs):
            a, b = inputs
            return self.left(a), self.right(b)

    net = Two()
    net.compile("sgd", "mse", metrics=[["mae"], ["mse"]])
    history = net.fit([A, B], [TA, TB], verbose=0).history
    names = ["loss", "output_0_loss", "output_0_mae", "output_1_loss", "output_1_mse"]
    assert list(history) == names
    left, right = net.predict([A, B], verbose=0)
    assert left.shape == (10, 2)
    assert right.shape == (10, 1)


def test_early_stopping_knows_the_direction_of_an_outputs_metric():
    net = model(metrics={"b": ["accuracy"]})
    stop = EarlyStopping("val_b_accuracy", patience=1)
    net.fit([A, B], [TA, TB], epochs=3, validation_split=0.3, verbose=0, callbacks=stop)
    assert stop.upwards()


def test_training_on_batches():
    net = model(metrics=[["mae"], ["accuracy"]])
    logs = net.train_on_batch([A, B], [TA, TB], return_dict=True)
    assert list(logs) == ["a_loss", "a_mae", "b_accuracy", "b_loss", "loss"]
    assert len(net.test_on_batch([A, B], [TA, TB])) == 5
    assert [y.shape for y in net.predict_on_batch([A, B])] == [(10, 2), (10, 1)]


# --- errors ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"loss": ["mse"]}, r"`loss`: expected one for each of the 2 outputs .*Received: 1"),
        ({"loss": {"c": "mse"}}, r"`loss`: expected the names of outputs.*\['c'\]"),
        ({"loss_weights": [1.0]}, "`loss_weights`: expected one for each"),
        ({"loss_weights": 2.0}, "to be a list or a dict for a model of several outputs"),
        ({"metrics": ["mae"]}, "`metrics`: expected one for each of the 2 outputs"),
        ({"metrics": {"z": ["mae"]}}, r"`metrics`: expected the names of outputs.*\['z'\]"),
        ({"loss": [None, None]}, "expected one for some output"),
        ({"weighted_metrics": "mae"}, "Expected `weighted_metrics` argument to be a list"),
        ({"steps_per_execution": 0}, "positive integer"),
    ],
)
def test_what_does_not_fit_the_outputs_is_said_by_compile(options, message):
    with pytest.raises(ValueError, match=message):
        model(**options)


def test_errors_of_targets():
    net = model()
    with pytest.raises(ValueError, match="`y`: expected one for each of the 2 outputs"):
        net.fit([A, B], [TA], verbose=0)
    with pytest.raises(ValueError, match=r"'x' sizes: 10, 9\n'y' sizes: 10, 10"):
        net.fit([A, B[:9]], [TA, TB], verbose=0)
    with pytest.raises(ValueError, match="only supported for Models with a single output"):
        net.fit([A, B], [TA, TB], class_weight={0: 1.0}, verbose=0)
    bare = Sequential([Input((3,)), Dense(1)])
    bare.compile("sgd")
    with pytest.raises(ValueError, match="No loss to compute"):
        bare.fit(A, verbose=0)


def test_what_layers_add_may_be_the_only_loss():
    class Small(layers.Layer):
        def call(self, x):
            self.add_loss((x**2).mean())
            return x

    net = Sequential([Input((3,)), Dense(2, use_bias=False), Small()])
    net.compile("sgd")
    first, *_, last = net.fit(A, epochs=20, verbose=0).history["loss"]
    assert last < first


def test_metric_objects_keep_their_names_in_the_logs():
    net = Sequential([Input((3,)), Dense(1, "sigmoid")])
    net.compile("sgd", "mse", metrics=[metrics.AUC(name="area"), "mae", "mae"])
    logs = net.evaluate(A, TB, verbose=0, return_dict=True)
    assert list(logs) == ["area", "loss", "mae", "mae_1"]
