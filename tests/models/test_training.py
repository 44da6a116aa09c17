"""Around `fit`: NaN, frozen weights, evaluate, predict, steps and losses of one's own."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import tinygrad_es as tg
from tinygrad_es import Model, Sequential, losses, metrics
from tinygrad_es.layers import Dense, Input, Layer
from tinygrad_es.models.data import rows_with_nan
from tinygrad_es.optimizers import SGD

from .small import N, X, Y, assert_same_weights, network

# --- numbers that are none ------------------------------------------------------------------------


@pytest.mark.filterwarnings("ignore:1 of .* samples have a NaN")  # the next test sees it
@pytest.mark.parametrize("verbose", [0, 1, 2])
def test_nan_does_not_stop_the_training(verbose, capsys):
    model = network(metrics=["accuracy"])
    x = X.copy()
    x[0, 0] = np.nan
    history = model.fit(x, Y, epochs=2, verbose=verbose, validation_data=(X, Y)).history
    assert np.isnan(history["loss"]).all()
    assert np.isnan(history["val_loss"]).all()
    assert np.isnan(model.evaluate(X, Y, verbose=verbose)[0])
    assert ("nan" in capsys.readouterr().out) is (verbose > 0)


def test_a_nan_of_the_data_is_said_before_the_training():
    x, y = X.copy(), np.array(Y, dtype="float32")
    x[[1, 4], 0] = np.nan
    with pytest.warns(UserWarning, match=f"2 of {N} samples have a NaN in x"):
        network().fit(x, Y, verbose=0)
    y[2] = np.nan
    with pytest.warns(UserWarning, match=f"1 of {N} samples have a NaN in y"):
        network().fit(X, y, verbose=0)


def test_infinite_and_huge_numbers_are_no_nan():
    huge = np.array([[np.inf], [-np.inf], [3e38], [3e38]], dtype="float32")
    assert rows_with_nan(huge) == 0
    assert rows_with_nan(np.ones(3, dtype=int)) == 0


@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # NumPy tells of the overflow
def test_a_rate_that_is_too_large_diverges_without_a_crash():
    model = Sequential([Input((3,)), Dense(4), Dense(2)])
    model.compile(SGD(1e6), "mse")
    history = model.fit(X, Y, epochs=30, verbose=0).history["loss"]
    assert len(history) == 30
    assert not np.isfinite(history[-1])


# --- frozen ---------------------------------------------------------------------------------------


def test_a_frozen_model_warns_and_keeps_its_weights():
    model = network()
    model.trainable = False
    before = model.get_weights()
    with pytest.warns(UserWarning, match="does not have any trainable weights"):
        model.fit(X, Y, verbose=0)
    assert_array_equal(model.get_weights()[0], before[0])


def test_a_frozen_layer_keeps_its_weights():
    model = network()
    model.layers[0].trainable = False
    before = model.layers[0].get_weights()
    model.fit(X, Y, verbose=0)
    assert_array_equal(model.layers[0].get_weights()[0], before[0])
    assert model.layers[0].kernel.grad is None
    assert (model.layers[1].bias.numpy() != 0).all()


# --- evaluate and predict -------------------------------------------------------------------------


@pytest.mark.parametrize("size", [None, 1, 3, 10, 99])
def test_evaluate_and_predict_do_not_depend_on_the_batch_size(size):
    model = network(metrics=["accuracy", "mse"])
    p = model(X).numpy()
    assert_allclose(model.predict(X, batch_size=size, verbose=0), p, rtol=1e-6)
    expected = [np.square(p - Y).mean(), (p.argmax(1) == Y.argmax(1)).mean()]
    found = model.evaluate(X, Y, batch_size=size, verbose=0)
    assert found == pytest.approx([*expected, expected[0]], rel=1e-6)
    assert model.optimizer.iterations == 0


def test_what_evaluate_returns():
    assert type(network().evaluate(X, Y, verbose=0)) is float
    model = network(metrics=["mse", "accuracy"])
    loss, mse, accuracy = model.evaluate(X, Y, verbose=0)
    as_dict = model.evaluate(X, Y, verbose=0, return_dict=True)
    assert as_dict == {"accuracy": accuracy, "loss": loss, "mse": mse}
    assert list(as_dict) == ["accuracy", "loss", "mse"]


def test_train_and_test_on_batch():
    model = network(metrics=["accuracy"])
    before = model.evaluate(X, Y, verbose=0)
    assert model.test_on_batch(X, Y) == pytest.approx(before, rel=1e-6)
    assert model.train_on_batch(X, Y) == pytest.approx(before, rel=1e-6)
    assert model.optimizer.iterations == 1
    assert model.test_on_batch(X, Y)[0] < before[0]


class Probe(Layer):
    """Notes whether the call is training and whether it is recorded."""

    def __init__(self):
        super().__init__()
        self.seen = set()

    def call(self, x, training=None):
        self.seen.add((training, tg.is_grad_enabled()))
        return x


def test_training_is_recorded_and_predicting_is_not():
    probe = Probe()
    model = Sequential([Input((3,)), Dense(2), probe])
    model.compile("sgd", "mse")
    for run, seen in (
        (lambda: model.fit(X, Y, verbose=0), {(True, True)}),
        (lambda: model.fit(X, Y, validation_split=0.2, verbose=0), {(True, True), (False, True)}),
        (lambda: model.evaluate(X, Y, verbose=0), {(False, True)}),
        (lambda: model.predict(X, verbose=0), {(False, False)}),
    ):
        probe.seen.clear()
        run()
        assert probe.seen == seen
    with tg.training():
        probe.seen.clear()
        model.predict(X, verbose=0)
    assert probe.seen == {(False, False)}
    assert type(model.predict(X, verbose=0)) is np.ndarray


def test_evaluating_leaves_no_gradient_behind():
    model = network()
    model.evaluate(X, Y, verbose=0)
    model.fit(X, Y, validation_data=(X, Y), verbose=0)
    assert all(w.grad is None for w in model.weights)


# --- one's own ------------------------------------------------------------------------------------


def test_a_train_step_of_ones_own():
    """Gradient descent by hand is SGD."""

    class Descent(Model):
        def __init__(self):
            super().__init__()
            self.out = Dense(2, kernel_initializer="ones")

        def call(self, x):
            return self.out(x)

        def train_step(self, x, y, sample_weight=None):
            y_pred = self(x, training=True)
            loss = self.compute_loss(x, y, y_pred, sample_weight)
            loss.backward()
            for w in self.trainable_weights:
                w.data = w.data - np.float32(0.1) * w.grad.numpy()
                w.grad = None
            return loss, y_pred

    model = Descent()
    expected = Sequential([Dense(2, kernel_initializer="ones")])
    found = []
    for m in (model, expected):
        m.compile(SGD(0.1), "mse", metrics=["accuracy"])
        found.append(m.fit(X, Y, 4, 3, 0, shuffle=False).history)
    assert found[0] == found[1]
    assert_same_weights(model, expected)
    assert model.optimizer.iterations == 0


def test_a_loss_of_ones_own():
    """Keras' compute_loss(x, y, y_pred, sample_weight, training)."""

    class Autoencoder(Model):
        def __init__(self):
            super().__init__()
            self.out = Dense(3, kernel_initializer="ones")

        def call(self, x):
            return self.out(x)

        def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
            return ((y_pred - x) ** 2).mean()

    model = Autoencoder()
    model.compile("sgd")
    first = float(((model(X) - X) ** 2).mean())
    history = model.fit(X, batch_size=len(X), epochs=3, verbose=0, validation_data=(X, None))
    assert history.history["loss"][0] == pytest.approx(first)
    assert history.history["val_loss"][-1] < history.history["loss"][0]


def test_a_loss_of_ones_own_with_other_arguments():
    with pytest.raises(TypeError, match=r"Own: expected compute_loss\(self, x=None, y=None"):

        class Own(Model):
            def compute_loss(self, y, y_pred, sample_weight=None):
                return (y - y_pred).mean()


@pytest.mark.parametrize("batch", [(X,), X, (X, None)])
def test_batches_without_targets(batch):
    model = Sequential([Dense(2)])
    model.compile("sgd", "mse")
    with pytest.raises(ValueError, match=r"expected targets.*compiled with a loss"):
        model.fit(iter([batch]), verbose=0)
    with pytest.raises(ValueError, match=r"expected targets.*compiled with a loss"):
        model.evaluate(X, verbose=0)


def test_a_loss_and_a_metric_of_ones_own():
    def error(y_true, y_pred):
        return tg.ops.mean(tg.ops.square(y_pred - y_true), axis=-1)

    class Samples(metrics.Metric):
        def reset_state(self):
            self.seen = 0

        def update_state(self, y_true, y_pred, sample_weight=None):
            self.seen += len(y_true)

        def result(self):
            return float(self.seen)

    model = network(loss=error, metrics=[error, Samples("samples")])
    expected = network(metrics=["mse"])
    a, b = (m.fit(X, Y, 4, 2, 0, shuffle=False).history for m in (model, expected))
    assert a["loss"] == b["loss"]
    assert a["error"] == pytest.approx(b["mse"], rel=1e-6)
    assert a["samples"] == [N, N]
    assert_same_weights(model, expected)


@pytest.mark.parametrize("weight", [None, np.ones(N)])
def test_a_loss_of_ones_own_may_return_one_number(weight):
    model = network(loss=lambda y_true, y_pred: tg.ops.mean(tg.ops.square(y_pred - y_true)))
    expected = network()
    for m in (model, expected):
        m.fit(X, Y, sample_weight=weight, shuffle=False, verbose=0)
    for a, b in zip(model.get_weights(), expected.get_weights(), strict=True):
        assert_allclose(a, b, rtol=1e-5)


def test_a_loss_that_is_a_sum():
    model = network(SGD(0.0), losses.MeanSquaredError(reduction="sum"))
    each = np.square(model.predict(X, verbose=0) - Y).mean(1)
    assert model.evaluate(X, Y, batch_size=5, verbose=0) == pytest.approx(each.sum() / 2, rel=1e-6)


def test_a_layer_added_after_training_learns_too():
    model = network(SGD(0.1))
    model.train_on_batch(X, Y)
    model.add(Dense(2))
    model.compile(SGD(0.1), "mse")
    before = model.layers[-1].get_weights()[0]
    model.train_step(X, Y)
    assert (model.layers[-1].get_weights()[0] != before).any()


def test_a_child_that_holds_its_parent():
    class Child(Layer):
        def __init__(self, parent):
            super().__init__()
            self.parent = parent
            self.inner = Dense(2)

        def call(self, x):
            return self.inner(x)

    class Parent(Model):
        def __init__(self):
            super().__init__()
            self.child = Child(self)

        def call(self, x):
            return self.child(x)

    model = Parent()
    model(X)
    assert [w.shape for w in model.weights] == [(3, 2), (2,)]
    model.trainable = False
    assert model.trainable_weights == []
