"""Callbacks to the letter of Keras 3 (§3.7): oracle tables that were run with the real classes."""

import numpy as np
import pytest

from tinygrad_es import Sequential, callbacks, layers
from tinygrad_es.optimizers import SGD

NAN = float("nan")
V = [1, 0.9, 0.8, 0.85, 0.84, 0.83, 0.82, 0.7, 0.75, 0.76]
UP = [0.5, 0.6, 0.6, 0.61, 0.6, 0.6, 0.62]


class Stub:
    """A model whose weight is the number of the epoch."""

    def __init__(self):
        self.stop_training, self.epoch, self.metrics = False, None, []
        self.optimizer = SGD(0.1)

    def get_weights(self):
        return [self.epoch]

    def set_weights(self, weights):
        self.epoch = weights[0]


def run(callback, values, monitor="val_loss"):
    """The epochs run, as `fit` runs them."""
    model = Stub()
    callback.set_model(model)
    callback.on_train_begin()
    logs = {}
    for epoch, value in enumerate(values):
        model.epoch = epoch
        callback.on_epoch_begin(epoch)
        logs = {monitor: value}
        callback.on_epoch_end(epoch, logs)
        if model.stop_training:
            break
    callback.on_train_end(logs)
    return epoch + 1, model


# settings, values, epochs run, stopped_epoch, best_epoch, best, the epoch of the final weights
TABLE = [
    ({}, V, 4, 3, 2, 0.8, 3),
    ({"patience": 1}, V, 4, 3, 2, 0.8, 3),
    ({"patience": 3}, V, 6, 5, 2, 0.8, 5),
    ({"patience": 5}, V, 10, 0, 7, 0.7, 9),
    ({"patience": 3, "restore_best_weights": True}, V, 6, 5, 2, 0.8, 2),
    ({"patience": 5, "restore_best_weights": True}, V, 10, 0, 7, 0.7, 7),
    ({"patience": 3, "min_delta": 0.15}, V, 6, 5, 2, 0.8, 5),
    ({"patience": 2, "baseline": 0.5}, V, 4, 3, 2, 0.8, 3),
    ({"patience": 3, "start_from_epoch": 4}, V, 10, 0, 7, 0.7, 9),
    ({"start_from_epoch": 3, "restore_best_weights": True}, V, 9, 8, 7, 0.7, 7),
    ({"patience": 2, "mode": "max"}, UP, 6, 5, 3, 0.61, 5),
    ({"patience": 2, "mode": "max", "min_delta": 0.015}, UP, 4, 3, 1, 0.6, 3),
    ({}, [1, 2, 3], 2, 1, 0, 1, 1),
    ({"patience": 2}, [1, NAN, NAN, NAN], 3, 2, 0, 1, 2),
]


@pytest.mark.parametrize(("options", "values", "ran", "stopped", "when", "best", "final"), TABLE)
def test_early_stopping(options, values, ran, stopped, when, best, final):
    stopping = callbacks.EarlyStopping(**options)
    epochs, model = run(stopping, values)
    assert epochs == ran
    assert stopping.stopped_epoch == stopped
    assert (stopping.best_epoch, stopping.best) == (when, best)
    assert model.epoch == final


def test_what_early_stopping_says(capsys):
    run(callbacks.EarlyStopping(patience=3, verbose=1, restore_best_weights=True), V)
    assert capsys.readouterr().out == (
        "Epoch 6: early stopping\nRestoring model weights from the end of the best epoch: 3.\n"
    )


def test_a_first_value_that_is_no_number_is_never_beaten():
    stopping = callbacks.EarlyStopping(patience=2)
    assert run(stopping, [NAN, 1.0, 0.5, 0.1])[0] == 3


def test_a_number_that_is_not_there():
    with pytest.warns(UserWarning, match=r"conditioned on metric `val_loss` .* metrics are: loss"):
        run(callbacks.EarlyStopping(), [1.0], monitor="loss")


def network(**options):
    model = Sequential([layers.Input((2,)), layers.Dense(2, activation="softmax")])
    model.compile("sgd", "categorical_crossentropy", **options)
    return model


X, Y = np.ones((6, 2), "float32"), np.eye(2, dtype="float32")[[0, 1, 0, 1, 0, 1]]


def test_the_direction_comes_from_the_metric():
    stopping = callbacks.EarlyStopping("val_acc", patience=1)
    model = network(metrics=["acc", "mse"])
    model.fit(X, Y, epochs=5, validation_data=(X, Y), verbose=0, callbacks=[stopping])
    assert stopping.upwards()
    stopping.monitor = "mse"
    assert not stopping.upwards()
    with pytest.raises(ValueError, match=r"monitor=val_foo, .*mode='max'"):
        model.fit(X, Y, verbose=0, callbacks=Watch("val_foo"))


class Watch(callbacks.EarlyStopping):
    def on_epoch_end(self, epoch, logs=None):
        super().on_epoch_end(epoch, {self.monitor: 1.0})
        super().on_epoch_end(epoch + 1, {self.monitor: 2.0})


def test_an_unknown_mode():
    with pytest.warns(UserWarning, match="mode 'best' is unknown, fallback to auto"):
        callbacks.EarlyStopping(mode="best")


# --- learning rates -------------------------------------------------------------------------------

R = [1, 0.9, 0.9, 0.9, 0.9, 0.9, 0.9, 0.9, 0.5, 0.5, 0.5]
RATES = [
    ({"patience": 2}, ".1 .1 .1 .01 .01 .001 .001 .0001 .0001 .0001 1e-5"),
    ({"patience": 2, "factor": 0.5}, ".1 .1 .1 .05 .05 .025 .025 .0125 .0125 .0125 .00625"),
    (
        {"patience": 2, "factor": 0.5, "cooldown": 2},
        ".1 .1 .1 .05 .05 .05 .025 .025 .025 .025 .0125",
    ),
    ({"patience": 1, "factor": 0.5, "min_lr": 0.03}, ".1 .1 .05 .03 .03 .03 .03 .03 .03 .03 .03"),
    (
        {"patience": 0, "factor": 0.5},
        ".1 .1 .05 .025 .0125 .00625 .003125 .0015625 .0015625 .00078125 .00039063",
    ),
]


@pytest.mark.parametrize(("options", "rates"), RATES)
def test_reduce_on_plateau(options, rates):
    callback, model, found = callbacks.ReduceLROnPlateau(**options), Stub(), []
    callback.set_model(model)
    callback.on_train_begin()
    for epoch, value in enumerate(R):
        logs = {"val_loss": value}
        before = model.optimizer.learning_rate
        callback.on_epoch_end(epoch, logs)
        assert logs["learning_rate"] == before
        found.append(model.optimizer.learning_rate)
    np.testing.assert_allclose(found, [float(r) for r in rates.split()], rtol=2e-5)


def test_a_factor_that_does_not_reduce():
    with pytest.raises(ValueError, match=r"factor >= 1\.0\. Received: factor=1\.5"):
        callbacks.ReduceLROnPlateau(factor=1.5)


@pytest.mark.parametrize(
    "schedule", [lambda epoch, rate: rate * 0.5, lambda epoch: 0.01 * 0.5 ** (epoch + 1)]
)
def test_scheduler(schedule, capsys):
    model = network()
    history = model.fit(
        *(X, Y), epochs=3, verbose=0, callbacks=[callbacks.LearningRateScheduler(schedule, 1)]
    ).history
    assert history["learning_rate"] == pytest.approx([0.005, 0.0025, 0.00125])
    assert (
        "Epoch 1: LearningRateScheduler setting learning rate to 0.005." in capsys.readouterr().out
    )
    with pytest.raises(ValueError, match=r"should be a float\. Got: 'slow'"):
        model.fit(
            *(X, Y), verbose=0, callbacks=[callbacks.LearningRateScheduler(lambda epoch: "slow")]
        )


# --- records --------------------------------------------------------------------------------------


def test_csv_without_validation(tmp_path):
    path = tmp_path / "log.csv"
    logger = callbacks.CSVLogger(path)
    model = network(metrics=["accuracy"])
    history = model.fit(X, Y, epochs=2, verbose=0, callbacks=[logger]).history
    lines = path.read_text().splitlines()
    assert lines[0] == "epoch,accuracy,loss,val_accuracy,val_loss"
    assert lines[1] == f"0,{history['accuracy'][0]},{history['loss'][0]},NA,NA"
    assert len(lines) == 3


def test_csv_goes_on(tmp_path):
    path = tmp_path / "log.csv"
    model = network()
    for append in (False, True):
        logger = callbacks.CSVLogger(path, separator=";", append=append)
        model.fit(X, Y, verbose=0, validation_data=(X, Y), callbacks=[logger])
    lines = path.read_text().splitlines()
    assert [line.split(";")[0] for line in lines] == ["epoch", "0", "0"]
    assert lines[0] == "epoch;loss;val_loss"
    model.fit(X, Y, verbose=0, callbacks=[callbacks.CSVLogger(path)])
    assert len(path.read_text().splitlines()) == 2


def test_a_file_that_cannot_be_written_is_found_out_at_the_start(tmp_path):
    model = network()
    before = model.get_weights()
    with pytest.raises(OSError, match="log"):
        model.fit(X, Y, verbose=0, callbacks=[callbacks.CSVLogger(tmp_path / "no" / "log.csv")])
    assert all((a == b).all() for a, b in zip(before, model.get_weights(), strict=True))


@pytest.mark.filterwarnings("ignore:1 of .* samples have a NaN")  # meant: what it stops at
def test_terminate_on_nan(capsys):
    model = network()
    x = X.copy()
    x[3] = np.nan
    history = model.fit(
        *(x, Y, 2, 5, 0), shuffle=False, callbacks=[callbacks.TerminateOnNaN()]
    ).history
    assert capsys.readouterr().out == "Batch 1: Invalid loss, terminating training\n"
    assert len(history["loss"]) == 1
    with pytest.raises(RuntimeError, match="Batch 1: Invalid loss"):
        network().fit(
            *(x, Y, 2, 5, 0), shuffle=False, callbacks=[callbacks.TerminateOnNaN(raise_error=True)]
        )


def test_functions_as_hooks():
    seen = []
    callback = callbacks.LambdaCallback(
        on_epoch_begin=lambda epoch, logs=None: seen.append(epoch),
        on_train_batch_end=lambda batch, logs: seen.append(sorted(logs)),
    )
    network().fit(X, Y, epochs=2, batch_size=6, verbose=0, callbacks=callback)
    assert seen == [0, ["loss"], 1, ["loss"]]
    with pytest.raises(TypeError, match="Received: 'on_epoch'"):
        callbacks.LambdaCallback(on_epoch=print)
