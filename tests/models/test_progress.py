"""What `fit` and `evaluate` print: silence, a bar, a line an epoch; Keras 3's texts."""

import re
import sys

import numpy as np
import pytest

from tinygrad_es import Sequential
from tinygrad_es.callbacks import Callback
from tinygrad_es.layers import Dense, Input
from tinygrad_es.models.progress import Progress, level, number

X, Y = np.ones((10, 3), "float32"), np.zeros((10, 2), "float32")
TIME = r"\d+s"
STEP = r"\d+(us|ms|s)/step"
NUMBER = r"\d\.\d{4}(e-\d\d)?"
LOGS = rf"accuracy: {NUMBER} - loss: {NUMBER}"
VALIDATION = rf" - val_accuracy: {NUMBER} - val_loss: {NUMBER}"


def network():
    model = Sequential([Input((3,)), Dense(2, "sigmoid")])
    model.compile("sgd", "mse", metrics=["accuracy"])
    return model


def printed(capsys, **options):
    """The lines that `fit` prints, without the blanks at their ends."""
    network().fit(X, Y, batch_size=4, **({"epochs": 2} | options))
    out, err = capsys.readouterr()
    assert err == ""
    return [line.rstrip() for line in out.splitlines()]


def terminal(monkeypatch, flag=True):
    monkeypatch.setattr(sys.stdout, "isatty", lambda: flag, raising=False)


# --- what is printed ------------------------------------------------------------------------------


def test_silence(capsys):
    assert printed(capsys, verbose=0) == []
    network().evaluate(X, Y, verbose=0)
    network().predict(X, verbose=0)
    assert capsys.readouterr().out == ""


def test_a_line_an_epoch(capsys):
    lines = printed(capsys, verbose=2)
    assert [lines[0], lines[2]] == ["Epoch 1/2", "Epoch 2/2"]
    assert len(lines) == 4
    for line in lines[1::2]:
        assert re.fullmatch(rf"3/3 - {TIME} - {STEP} - {LOGS}", line), line


def test_a_line_an_epoch_with_validation(capsys):
    lines = printed(capsys, verbose=2, validation_data=(X, Y))
    for line in lines[1::2]:
        assert re.fullmatch(rf"3/3 - {TIME} - {STEP} - {LOGS}{VALIDATION}", line), line


def test_the_bar(capsys):
    lines = printed(capsys, verbose=1)
    assert [lines[0], lines[2]] == ["Epoch 1/2", "Epoch 2/2"]
    assert len(lines) == 4
    for line in lines[1::2]:
        assert re.fullmatch(rf"3/3 ━+ {TIME} {STEP} - {LOGS}", line), line


@pytest.mark.parametrize("columns", ["80", "120"])
def test_the_bar_with_validation_is_whole(capsys, monkeypatch, columns):
    """Steps, bar and all numbers: 105 columns of text, in Keras also in a narrower window."""
    monkeypatch.setenv("COLUMNS", columns)
    lines = printed(capsys, verbose=1, validation_split=0.2)
    found = " ".join(lines[1 : lines.index("Epoch 2/2")])
    assert re.fullmatch(rf"2/2 ━+ {TIME} {STEP} - {LOGS}{VALIDATION}", found), found


def test_the_bar_in_a_terminal_ends_full_and_gives_the_cursor_back(capsys, monkeypatch):
    terminal(monkeypatch)
    monkeypatch.setenv("TERM", "xterm")
    network().fit(X, Y, batch_size=4, verbose=1)
    out = capsys.readouterr().out
    assert out.rfind("\x1b[?25h") > out.rfind("\x1b[?25l") >= 0
    plain = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]|\r", "", out)
    assert re.search(rf"3/3 ━+ {TIME} {STEP} - {LOGS}\s*$", plain), plain


def test_the_cursor_comes_back_after_an_error(capsys, monkeypatch):
    class Fail(Callback):
        def on_train_batch_end(self, batch, logs=None):
            raise KeyboardInterrupt

    terminal(monkeypatch)
    monkeypatch.setenv("TERM", "xterm")
    with pytest.raises(KeyboardInterrupt):
        network().fit(X, Y, verbose=1, callbacks=[Fail()])
    out = capsys.readouterr().out
    assert out.rfind("\x1b[?25h") > out.rfind("\x1b[?25l") >= 0


def test_epochs_count_from_the_initial_one(capsys):
    lines = printed(capsys, verbose=2, epochs=5, initial_epoch=3)
    assert [line for line in lines if line.startswith("Epoch")] == ["Epoch 4/5", "Epoch 5/5"]


def test_an_epoch_that_is_stopped_shows_where(capsys):
    class Stop(Callback):
        def on_train_batch_end(self, batch, logs=None):
            self.model.stop_training = batch == 1

    for verbose in (1, 2):
        lines = printed(capsys, verbose=verbose, callbacks=[Stop()])
        assert len(lines) == 2
        assert lines[1].startswith("2/3 ")


@pytest.mark.parametrize("verbose", [1, 2])
def test_evaluate_prints_one_line(capsys, verbose):
    loss, accuracy = network().evaluate(X, Y, batch_size=4, verbose=verbose)
    out = capsys.readouterr().out.strip()
    assert out.startswith("3/3 ")
    assert out.endswith(f" - accuracy: {number(accuracy)} - loss: {number(loss)}")
    assert "\n" not in out


def test_the_time_of_a_step_is_shown(capsys):
    bar = Progress(2)
    bar.set_params({"steps": 3, "epochs": 1})
    for elapsed, expected in ((6.0, "6s - 2s"), (0.09, r"0s - 3\dms")):
        bar.on_epoch_begin(0)
        bar.start -= elapsed
        bar.on_train_batch_end(2, {"loss": 1.0})
        bar.on_epoch_end(0, {"loss": 1.0})
        line = capsys.readouterr().out.splitlines()[-1]
        assert re.fullmatch(rf"3/3 - {expected}/step - loss: 1\.0000", line), line


# --- how much, and how numbers look ---------------------------------------------------------------


@pytest.mark.parametrize(("in_terminal", "expected"), [(True, 1), (False, 2)])
def test_auto_is_a_bar_in_a_terminal_and_lines_elsewhere(monkeypatch, in_terminal, expected):
    terminal(monkeypatch, in_terminal)
    assert level("auto") == expected


def test_auto_without_a_terminal_prints_lines(capsys):
    lines = printed(capsys)
    assert len(lines) == 4
    assert all(line.startswith("3/3 - ") for line in lines[1::2])


@pytest.mark.parametrize("verbose", [3, -1, "loud", None])
def test_other_levels(verbose):
    for run in (network().fit, network().evaluate):
        with pytest.raises(ValueError, match=r"`verbose` must be .*Received: "):
            run(X, Y, verbose=verbose)


@pytest.mark.parametrize(
    ("value", "expected"),
    [(0.25, "0.2500"), (1.0, "1.0000"), (-2.5, "-2.5000"), (0.0011, "0.0011"),
     (0.001, "1.0000e-03"), (0.0005, "5.0000e-04"), (0.0, "0.0000e+00"), (-0.0002, "-2.0000e-04"),
     (12345.678, "12345.6780"), (float("nan"), "nan"), (float("inf"), "inf")],
)  # fmt: skip
def test_numbers(value, expected):
    assert number(value) == expected


def test_a_notebook_gets_one_line_that_is_written_over(monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "ipykernel", object())
    monkeypatch.setattr("tinygrad_es.models.progress.REFRESH", 0.0)
    network().fit(X, Y, batch_size=4, epochs=2)
    network().evaluate(X, Y, batch_size=4)
    out = capsys.readouterr().out
    lines = out.split("\n")
    assert [lines[0], lines[2], lines[-1]] == ["Epoch 1/2", "Epoch 2/2", ""]
    for line in (lines[1], lines[3], lines[4]):
        *before, last = line.split("\r")[1:]
        assert [part.split(" ")[1] for part in before] == [
            "━" * n + "─" * (20 - n) for n in (6, 13, 20)
        ]
        assert re.fullmatch(rf"3/3 ━{{20}} {TIME} {STEP} - {LOGS} *", last), last
