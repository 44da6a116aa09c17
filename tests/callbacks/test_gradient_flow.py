"""The callback GradientFlow: what it records, that training is the same to the last bit."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from tinygrad_es import Input, Sequential, callbacks, gradient_flow, layers, losses, ops, optimizers
from tinygrad_es.callbacks import Callback, GradientFlow

RNG = np.random.default_rng(0)
X = RNG.normal(size=(80, 6)).astype("f4")
Y = RNG.integers(0, 3, 80)
CE = losses.SparseCategoricalCrossentropy(from_logits=True)
SERIES = ["norm", "rms", "mean", "zeros", "update", "arrives", "saturated", "dead", "flags"]


def network(optimizer="sgd", depth=2, activation="tanh", init="glorot_uniform", units=8, **compile):
    ops.random.seed(1)
    hidden = [
        layers.Dense(units, activation, kernel_initializer=init, name=f"h{i}") for i in range(depth)
    ]
    model = Sequential([Input((6,)), *hidden, layers.Dense(3, name="out")])
    model.compile(optimizer, CE, **compile)
    return model


def fitted(flow, model=None, epochs=2, **options):
    model = model or network()
    options = {"batch_size": 16, "verbose": 0, "shuffle": False, **options}
    with np.errstate(all="ignore"):
        model.fit(X, Y, epochs=epochs, callbacks=[flow], **options)
    return flow


# --- what is recorded ----------------------------------------------------------------------------


@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
def test_the_numbers_are_those_of_gradient_flow(optimizer):
    """Before each step the same numbers, asked for on a copy."""
    expected = []

    class Asks(Callback):
        def on_train_batch_begin(self, batch, logs=None):
            rows = slice(16 * batch, 16 * batch + 16)
            expected.append(gradient_flow(self.model, X[rows], Y[rows]))

    flow = GradientFlow(every=1)
    model = network(optimizer)
    model.fit(X, Y, 16, 2, verbose=0, shuffle=False, callbacks=[Asks(), flow])
    assert flow.history["step"] == list(range(10))
    assert flow.history["epoch"] == [0] * 5 + [1] * 5
    assert list(flow.history) == ["step", "epoch", "loss", *SERIES]
    assert flow.history["loss"] == [e.loss for e in expected]
    for name in SERIES:
        for k, layer in enumerate(("h0", "h1", "out")):
            found = flow.history[name][layer]
            wanted = [getattr(e.layers[k], name) for e in expected]
            if name in ("flags", "saturated", "dead"):
                assert found == wanted
            else:
                assert_allclose(found, wanted, rtol=1e-5, atol=1e-12)
    assert flow.table() == expected[-1].table()


@pytest.mark.parametrize(("every", "steps"), [(1, range(10)), (3, [0, 3, 6, 9]), (20, [0])])
def test_every_so_many_steps(every, steps):
    assert fitted(GradientFlow(every=every)).history["step"] == list(steps)


def test_the_default():
    assert GradientFlow().every == 20


def test_only_some_layers():
    model = network()
    flow = fitted(GradientFlow(1, layers=["h1"]), model)
    assert list(flow.history["norm"]) == ["h1"]
    assert flow.history["arrives"]["h1"][0] is not None  # of the last layer, which is not recorded
    other = fitted(GradientFlow(1, layers=model.layers[0]) if 0 else GradientFlow(1, "h0"), model)
    assert list(other.history["norm"]) == ["h0"]
    assert list(fitted(GradientFlow(1, [model.layers[2]]), model).history["norm"]) == ["out"]
    with pytest.raises(ValueError, match=r"expected layers among \['h0', 'h1', 'out'\].*'nobody'"):
        fitted(GradientFlow(layers=["nobody"]))


def test_a_second_training_begins_anew():
    flow = fitted(GradientFlow(every=2))
    first = flow.history
    assert fitted(flow).history == first
    assert flow.history is not first


# --- training is the same ------------------------------------------------------------------------


@pytest.mark.parametrize("optimizer", ["sgd", "adam", "rmsprop"])
@pytest.mark.parametrize("every", [1, 4])
def test_weights_are_the_same_to_the_last_bit(optimizer, every):
    def train(*watch):
        ops.random.seed(5)
        stack = [layers.Dense(8, "relu"), layers.BatchNormalization(), layers.Dropout(0.3)]
        model = Sequential([Input((6,)), *stack, layers.Dense(3)])
        model.compile(optimizer, CE, metrics=["accuracy"])
        history = model.fit(X, Y, 16, 3, verbose=0, validation_split=0.2, callbacks=list(watch))
        return model, history.history

    (one, alone), (two, watched) = train(), train(GradientFlow(every), GradientFlow(2))
    assert alone == watched
    for a, b in zip(one.get_weights(), two.get_weights(), strict=True):
        assert_array_equal(a, b)
    assert one.optimizer.iterations == two.optimizer.iterations


def test_two_trainings_record_the_same():
    assert fitted(GradientFlow(2)).history == fitted(GradientFlow(2)).history


def test_nothing_is_left_on_the_model():
    model = network()
    fitted(GradientFlow(), model)
    assert model.optimizer.onlookers == ()

    class Stops(Callback):
        def on_train_batch_end(self, batch, logs=None):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        model.fit(X, Y, verbose=0, callbacks=[GradientFlow(1), Stops()])
    assert model.optimizer.onlookers == ()
    assert all(w.marks is None or not w.marks.hooks for w in model.weights)


def test_hooks_that_nobody_overwrote_are_not_called():
    seen = []

    class Looks(Callback):
        def on_train_begin(self, logs=None):
            seen.append(self.model.optimizer.onlookers)

        def on_train_batch_end(self, batch, logs=None):
            seen.append(self.model.optimizer.onlookers)

    network().fit(X, Y, 80, verbose=0, callbacks=[Looks()])
    assert [list(s) for s in seen] == [[], []]


def test_what_the_hooks_are_told():
    told = []
    watch = callbacks.LambdaCallback(
        on_gradients=lambda gradients, parameters: told.append((gradients, parameters)),
        on_train_step=lambda batch, loss: told.append((batch, loss)),
    )
    model = network()
    model.fit(X, Y, 40, verbose=0, callbacks=[watch])
    (gradients, parameters), (batch, loss), *_ = told
    assert len(told) == 4
    assert [p.name for p in parameters] == [w.name for w in model.trainable_weights]
    assert [g.shape for g in gradients] == [p.shape for p in parameters]
    assert (batch, loss.shape, loss.requires_grad) == (0, (), True)


# --- unwell --------------------------------------------------------------------------------------


@pytest.mark.parametrize("depth", [5, 10])
def test_sigmoids_vanish(depth):
    flow = fitted(GradientFlow(2), network("adam", depth, "sigmoid"))
    assert flow.flags["h0"] == ("vanishing",)
    assert "out" not in flow.flags
    assert not flow.healthy
    assert "vanishing" in str(flow)


@pytest.mark.parametrize("case", [("tanh", "glorot_uniform"), ("relu", "he_normal")])
@pytest.mark.parametrize("depth", [1, 3, 10])
def test_healthy_trainings_have_no_flag(case, depth):
    flow = fitted(GradientFlow(1), network("adam", depth, *case, units=32), epochs=10)
    assert flow.healthy, (flow.flags, str(flow))


def test_a_learning_rate_that_kills_all_units():
    flow = fitted(GradientFlow(1), network(optimizers.SGD(300.0), 2, "relu", "he_normal"), epochs=4)
    assert "dead" in flow.flags["h1"]


def test_a_training_that_explodes():
    model = Sequential([Input((6,)), layers.Dense(1, name="line")])
    model.compile(optimizers.SGD(2.0), "mse")
    flow = GradientFlow(1)
    model.fit(X, X @ np.ones((6, 1), "f4"), 16, 3, verbose=0, callbacks=[flow])
    assert flow.flags == {"line": ("exploding",)}
    assert "times what it was at first" in str(flow)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("every", [1, 7, 20])
def test_the_first_nan_is_found_between_the_records_too(every):
    """A root whose slope is infinite at 0, from the fourth step on: a fault of the way back."""
    calls, broken_after = [], [1000]

    class Late(layers.Layer):
        def call(self, x):
            calls.append(1)
            return x + ops.sqrt(x * x * 0.0) if len(calls) > broken_after[0] else x

    model = Sequential([Input((6,)), layers.Dense(4, "tanh"), Late(name="late"), layers.Dense(3)])
    model.compile("adam", CE)
    broken_after[0] = len(calls) + 3
    flow = fitted(GradientFlow(every), model)
    assert flow.first_nan_step == 3
    assert 3 in flow.history["step"]
    origin = flow.first_nan
    assert (origin.where, origin.op, origin.layer) == ("backward", "sqrt", "late")
    assert "first inf: the derivative ∂sqrt/∂x in layer 'late'" in str(flow) or (
        "first NaN: the derivative ∂sqrt/∂x in layer 'late'" in str(flow)
    )
    assert all("nan" in flags for flags in flow.flags.values())
    assert not flow.healthy


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_nan_in_the_data_is_named():
    x = X.copy()
    x[50] = np.nan
    model, flow = network(), GradientFlow(10)
    with pytest.warns(UserWarning, match="samples have a NaN"):
        model.fit(x, Y, 16, verbose=0, shuffle=False, callbacks=[flow])
    assert flow.first_nan_step == 3
    assert flow.first_nan.where == "data"


# --- nothing recorded, bad input -----------------------------------------------------------------


def test_a_training_without_weights_is_warned_of():
    model = network()
    model.trainable = False
    with pytest.warns(UserWarning, match="trainable weights") as caught:
        fitted(GradientFlow(), model)
    assert any("recorded nothing: the model has no train" in str(w.message) for w in caught)


def test_a_training_without_steps_is_warned_of():
    with pytest.warns(UserWarning, match="recorded nothing: no step was run"):
        fitted(GradientFlow(), epochs=0)


def test_a_step_that_does_not_use_the_optimizer_is_warned_of():
    class Own(Sequential):
        def train_step(self, x, y, sample_weight=None):
            y_pred = self(x, training=True)
            return self.compute_loss(x, y, y_pred), y_pred

    model = Own([Input((6,)), layers.Dense(3)])
    model.compile("sgd", CE)
    with pytest.warns(UserWarning, match="none of the 10 steps gave gradients"):
        fitted(GradientFlow(), model)


def test_a_step_of_ones_own_is_recorded():
    class Own(Sequential):
        def train_step(self, x, y, sample_weight=None):
            y_pred = self(x, training=True)
            loss = self.compute_loss(x, y, y_pred)
            loss.backward()
            weights = self.trainable_weights
            self.optimizer.apply_gradients([(w.grad, w) for w in weights])
            for w in weights:
                w.grad = None
            return loss, y_pred

    model = Own([Input((6,)), layers.Dense(4, "tanh", name="h0"), layers.Dense(3, name="out")])
    model.compile("sgd", CE)
    flow = fitted(GradientFlow(1), model)
    assert len(flow.history["norm"]["h0"]) == 10
    assert flow.history["update"]["h0"][0] > 0


@pytest.mark.parametrize("every", [0, -1, 1.5, "2", True, None])
def test_every_must_be_a_positive_integer(every):
    with pytest.raises(ValueError, match=r"`every` must be a positive integer. Received: every="):
        GradientFlow(every)


def test_before_a_training_there_is_nothing_to_show():
    flow = GradientFlow()
    for show in (flow.table, flow.plot):
        with pytest.raises(ValueError, match="nothing is recorded yet"):
            show()
    assert str(flow) == "<GradientFlow every=20: 0 records, flags={}>"
    assert flow._repr_html_().startswith("<pre>&lt;GradientFlow")


# --- an interrupted training ---------------------------------------------------------------------


def test_a_training_that_goes_on_has_the_whole_record(tmp_path):
    whole = fitted(GradientFlow(2), network("adam"), epochs=4)

    class Stops(Callback):
        def on_epoch_end(self, epoch, logs=None):
            if epoch == 1:
                raise KeyboardInterrupt

    def train(*more):
        flow = GradientFlow(2)
        watch = [callbacks.BackupAndRestore(tmp_path / "backup"), flow, *more]
        network("adam").fit(X, Y, 16, 4, verbose=0, shuffle=False, callbacks=watch)
        return flow

    with pytest.raises(KeyboardInterrupt):
        train(Stops())
    assert train().history["norm"] == whole.history["norm"]


@pytest.mark.parametrize("wrong", [3, 3.5, True, b"hidden", object])
def test_layers_of_another_type_are_named_at_once(wrong):
    with pytest.raises(TypeError, match=r"`layers` must be names of layers.* Received: layers="):
        GradientFlow(layers=wrong)
