"""Callbacks of `fit`: their order and logs, stopping and interrupting the training."""

import numpy as np
import pytest

import tinygrad_es as tg
from tinygrad_es import losses
from tinygrad_es.callbacks import Callback, History
from tinygrad_es.optimizers import SGD

from .small import X, Y, assert_same_weights, network


def note(hook):
    def noted(self, *args):
        logs = [sorted(a) if isinstance(a, dict) else a for a in args]
        self.calls.append((hook.removeprefix("on_"), *logs))

    return noted


class Recorder(Callback):
    """Notes every hook, with its epoch or batch and the keys of its logs."""

    def __init__(self):
        self.calls = []


NOT_OF_KERAS = {"on_batch_begin", "on_batch_end", "on_gradients", "on_train_step"}  # or old names
for _hook in set(vars(Callback)) - NOT_OF_KERAS:
    if _hook.startswith("on_"):
        setattr(Recorder, _hook, note(_hook))


def names(calls):
    return [call[0] for call in calls]


# --- callbacks ------------------------------------------------------------------------------------

TEST = ["test_begin", "test_batch_begin", "test_batch_end", "test_end"]
BATCH = ["train_batch_begin", "train_batch_end"]
EPOCH = ["epoch_begin", *BATCH, *BATCH, *TEST, "epoch_end"]


def test_the_order_of_the_hooks_of_fit():
    recorder = Recorder()
    model = network(metrics=["accuracy"])
    model.fit(X, Y, 5, 2, verbose=0, callbacks=[recorder], validation_data=(X, Y), initial_epoch=0)
    # ten samples to validate with, in batches of five
    epoch = [*EPOCH[:-2], *TEST[1:3], *EPOCH[-2:]]
    assert names(recorder.calls) == ["train_begin", *epoch, *epoch, "train_end"]
    assert recorder.model is model
    assert recorder.params == {"verbose": 0, "epochs": 2, "steps": 2}


def test_what_the_hooks_of_fit_are_told():
    recorder = Recorder()
    model = network(metrics=["accuracy"])
    model.fit(X, Y, 5, 3, 0, [recorder], validation_split=0.5, initial_epoch=2)
    told = {call[0]: call[1:] for call in recorder.calls}
    keys = ["accuracy", "loss"]
    assert told["epoch_begin"][0] == told["epoch_end"][0] == 2
    assert told["train_batch_begin"][0] == told["train_batch_end"][0] == 0
    assert told["train_batch_end"][1] == told["test_end"][0] == keys
    assert told["epoch_end"][1] == [*keys, "val_accuracy", "val_loss"] == told["train_end"][0]


def test_the_logs_of_a_batch_are_running_means():
    seen = []

    class Batches(Callback):
        def on_batch_end(self, batch, logs=None):
            seen.append((batch, logs["loss"], logs["accuracy"]))

    model = network(SGD(0.0), metrics=["accuracy"])
    history = model.fit(X, Y, 4, callbacks=[Batches()], shuffle=False, verbose=0).history
    p = model.predict(X, verbose=0)
    for batch, n in enumerate((4, 8, 10)):
        expected = np.square(p - Y)[:n].mean(), (p.argmax(1) == Y.argmax(1))[:n].mean()
        assert seen[batch] == (batch, *(pytest.approx(e, rel=1e-6) for e in expected))
    assert seen[-1][1:] == (history["loss"][0], history["accuracy"][0])


def test_the_hooks_of_evaluate_and_predict():
    recorder, model = Recorder(), network()
    model.evaluate(X, Y, batch_size=5, verbose=0, callbacks=[recorder])
    assert names(recorder.calls) == [*TEST[:3], *TEST[1:]]
    recorder.calls.clear()
    model.predict(X, batch_size=5, verbose=0, callbacks=[recorder])
    batch = ["predict_batch_begin", "predict_batch_end"]
    assert names(recorder.calls) == ["predict_begin", *batch, *batch, "predict_end"]
    assert recorder.calls[2] == ("predict_batch_end", 0, ["outputs"])


def test_callbacks_run_in_the_order_given():
    seen = []

    class Say(Callback):
        def __init__(self, word):
            self.word = word

        def on_epoch_end(self, epoch, logs=None):
            seen.append(self.word)

    network().fit(X, Y, callbacks=[Say("a"), Say("b")], epochs=2, verbose=0)
    assert seen == ["a", "b", "a", "b"]


def test_what_a_callback_adds_to_the_logs_is_in_the_history():
    class Rate(Callback):
        def on_epoch_end(self, epoch, logs=None):
            logs["learning_rate"] = self.model.optimizer.learning_rate

    history = network(SGD(0.25)).fit(X, Y, epochs=2, callbacks=[Rate()], verbose=0).history
    assert history["learning_rate"] == [0.25, 0.25]


def test_a_callback_can_change_the_learning_rate():
    class Halve(Callback):
        def on_epoch_begin(self, epoch, logs=None):
            self.model.optimizer.learning_rate = 0.1 * 0.5**epoch

    model, expected = network(SGD(0.1)), network(SGD(0.1))
    model.fit(X, Y, epochs=2, callbacks=[Halve()], shuffle=False, verbose=0)
    for rate in (0.1, 0.05):
        expected.optimizer.learning_rate = rate
        expected.fit(X, Y, shuffle=False, verbose=0)
    assert_same_weights(model, expected)


@pytest.mark.parametrize(
    ("hook", "epochs", "steps"), [("on_batch_end", 1, 2), ("on_epoch_end", 2, 4)]
)
def test_stop_training(hook, epochs, steps):
    recorder = Recorder()

    def stop(self, i, logs=None):
        self.model.stop_training = i == 1

    stopper = type("Stop", (Callback,), {hook: stop})()
    model = network()
    size = 4 if hook == "on_batch_end" else 5
    history = model.fit(X, Y, size, 9, 0, [stopper, recorder])
    assert len(history.epoch) == epochs
    assert model.optimizer.iterations == steps
    assert names(recorder.calls)[-2:] == ["epoch_end", "train_end"]
    assert len(model.fit(X, Y, epochs=3, verbose=0).epoch) == 3  # the flag is taken back


def test_history_is_a_callback():
    mine = History()
    found = network().fit(X, Y, epochs=2, verbose=0, callbacks=[mine])
    assert mine.history == found.history
    assert mine.epoch == [0, 1]


# --- interrupted ----------------------------------------------------------------------------------


class Interrupt(Callback):
    def __init__(self, hook, at):
        def stop(i, logs=None):
            if i == at:
                raise KeyboardInterrupt

        setattr(self, hook, stop)

    def on_epoch_begin(self, epoch, logs=None): ...
    def on_train_batch_end(self, batch, logs=None): ...
    def on_epoch_end(self, epoch, logs=None): ...
    def on_test_batch_begin(self, batch, logs=None): ...


@pytest.mark.parametrize("verbose", [0, 1, 2])
@pytest.mark.parametrize(
    ("hook", "at", "steps"),
    [("on_train_batch_end", 1, 2), ("on_epoch_end", 1, 6), ("on_test_batch_begin", 0, 3)],
)
def test_an_interrupted_fit_leaves_a_usable_model(hook, at, steps, verbose, capsys):
    model, expected = network(), network()
    with pytest.raises(KeyboardInterrupt):
        model.fit(X, Y, 4, 5, verbose, [Interrupt(hook, at)], validation_data=(X, Y), shuffle=False)
    assert model.optimizer.iterations == steps
    assert tg.is_grad_enabled()
    for _ in range(steps // 3):
        expected.fit(X, Y, 4, shuffle=False, verbose=0)
    for start in range(0, 4 * (steps % 3), 4):
        expected.train_on_batch(X[start : start + 4], Y[start : start + 4])
    assert_same_weights(model, expected)
    again = [m.fit(X, Y, 4, 2, 0, shuffle=False).history for m in (model, expected)]
    assert again[0] == again[1]


def test_the_history_of_an_interrupted_fit_has_the_epochs_before():
    model = network()
    with pytest.raises(KeyboardInterrupt):
        model.fit(X, Y, epochs=9, verbose=0, callbacks=[Interrupt("on_epoch_begin", 2)])
    assert len(model.history.history["loss"]) == 2


def test_an_interruption_between_backward_and_update_leaves_no_gradient_behind():
    class Once(SGD):
        interrupted = False

        def apply(self, gradients, parameters):
            if not self.interrupted:
                self.interrupted = True
                raise KeyboardInterrupt
            super().apply(gradients, parameters)

    model, expected = network(Once(0.1)), network(SGD(0.1))
    with pytest.raises(KeyboardInterrupt):
        model.fit(X, Y, shuffle=False, verbose=0)
    model.fit(X, Y, shuffle=False, verbose=0)
    expected.fit(X, Y, shuffle=False, verbose=0)
    assert_same_weights(model, expected)


def test_gradients_from_before_fit_do_not_count():
    """A lesson looks at the gradients first, then trains."""
    model, expected = network(SGD(0.1)), network(SGD(0.1))
    losses.MeanSquaredError()(Y, model(X)).backward()
    for m in (model, expected):
        m.fit(X, Y, shuffle=False, verbose=0)
    assert_same_weights(model, expected)
