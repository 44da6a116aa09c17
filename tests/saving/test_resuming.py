"""BackupAndRestore: what was killed ends as if it had not been."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from tinygrad_es import Sequential
from tinygrad_es.callbacks import BackupAndRestore, Callback, EarlyStopping, LambdaCallback
from tinygrad_es.layers import Dense, Dropout, Input

from .killed import train

ROOT = Path(__file__).parents[2]
X = np.random.default_rng(0).standard_normal((20, 3))
Y = X @ np.ones((3, 1))


def results(folder):
    with np.load(folder / "result.npz") as file:
        return {key: file[key] for key in file.files}


def assert_same(got, expected):
    assert list(got) == list(expected)
    for key, value in expected.items():
        assert got[key].tobytes() == value.tobytes(), key


def run(folder, every):
    return subprocess.Popen(
        [sys.executable, "-W", "error", "-m", "tests.saving.killed", str(folder), every],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT), "OPENBLAS_NUM_THREADS": "1"},
    )


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="kill -9 is of POSIX")
@pytest.mark.parametrize(("every", "kills"), [("epoch", 20), ("3", 8)])
def test_killed_at_random_moments(every, kills, tmp_path):
    whole = tmp_path / "whole"
    whole.mkdir()
    assert run(whole, every).wait() == 0
    expected = results(whole)
    rng = np.random.default_rng(int(every == "epoch"))
    done = 0
    while done < kills:  # a training may need several kills to its end
        folder = tmp_path / f"killed{done}"
        folder.mkdir()
        while True:
            process = run(folder, every)
            started = time.monotonic()
            while not (folder / "backup").exists() and process.poll() is None:
                time.sleep(0.005)
                assert time.monotonic() - started < 60
            time.sleep(rng.uniform(0, 0.15))
            process.send_signal(signal.SIGKILL)
            code = process.wait()
            done += code == -signal.SIGKILL
            if code == 0 or rng.random() < 0.3 or done >= kills:
                break
        if not (folder / "result.npz").exists():
            assert run(folder, every).wait() == 0
        assert_same(results(folder), expected)
        assert not (folder / "backup").exists()


class Interrupt(Callback):
    """A KeyboardInterrupt at one batch of one epoch."""

    def __init__(self, epoch, batch):
        self.at = (epoch, batch)

    def on_epoch_begin(self, epoch, logs=None):
        self.epoch = epoch

    def on_train_batch_end(self, batch, logs=None):
        if (self.epoch, batch) == self.at:
            raise KeyboardInterrupt


def network():
    model = Sequential([Input((3,)), Dense(4, "tanh"), Dropout(0.2, seed=1), Dense(1)])
    model.compile("adam", "mse", metrics=["mae"])
    return model


@pytest.mark.parametrize("shuffle", [True, False, "batch"])
@pytest.mark.parametrize("freq", ["epoch", 2, 3])
@pytest.mark.parametrize("at", [(1, 0), (2, 3), (3, 1)])
def test_interrupted_in_the_same_process(shuffle, freq, at, tmp_path):
    from tinygrad_es import utils

    def fit(model, *callbacks):
        return model.fit(
            X, Y, batch_size=4, epochs=5, shuffle=shuffle, verbose=0, validation_split=0.2,
            callbacks=list(callbacks),
        )  # fmt: skip

    utils.set_random_seed(0)
    whole = network()
    expected = fit(whole, BackupAndRestore(tmp_path / "a", freq)).history
    utils.set_random_seed(0)
    first = network()
    with pytest.raises(KeyboardInterrupt):
        fit(first, BackupAndRestore(tmp_path / "b", freq), Interrupt(*at))
    utils.set_random_seed(99)  # whatever happened in between
    second = network()
    history = fit(second, BackupAndRestore(tmp_path / "b", freq), LambdaCallback()).history
    for a, b in zip(second.get_weights(), whole.get_weights(), strict=True):
        assert a.tobytes() == b.tobytes()
    assert history == expected


def test_what_is_left_behind(tmp_path):
    folder = tmp_path / "kept"
    model = network()
    model.fit(X, Y, verbose=0, callbacks=BackupAndRestore(folder))
    assert not folder.exists()
    folder.mkdir()
    (folder / "mine.txt").write_text("mine")
    model.fit(X, Y, verbose=0, callbacks=BackupAndRestore(folder))
    assert [p.name for p in folder.iterdir()] == ["mine.txt"]
    model.fit(X, Y, verbose=0, callbacks=BackupAndRestore(folder, delete_checkpoint=False))
    assert (folder / "training.npz").exists()
    again = model.fit(X, Y, verbose=0, callbacks=BackupAndRestore(folder))
    assert len(again.history["loss"]) == 1  # it was at its end already


def test_a_training_that_had_stopped_stays_so(tmp_path):
    class Die(Callback):
        last = True

        def on_epoch_end(self, epoch, logs=None):
            if self.model.stop_training:
                raise KeyboardInterrupt

    model = network()
    stop = EarlyStopping("loss", min_delta=1e9)
    with pytest.raises(KeyboardInterrupt):
        model.fit(X, Y, epochs=9, verbose=0, callbacks=[stop, BackupAndRestore(tmp_path), Die()])
    stop = EarlyStopping("loss", min_delta=1e9)
    again = network()
    history = again.fit(
        X, Y, epochs=9, verbose=0, callbacks=[stop, BackupAndRestore(tmp_path), Callback()]
    )
    assert len(history.history["loss"]) == 2
    assert stop.stopped_epoch == 1


def test_errors(tmp_path):
    with pytest.raises(ValueError, match="Empty `backup_dir`"):
        BackupAndRestore("")
    for freq in (0, 1.5, "batch", True, -1):
        with pytest.raises(ValueError, match="`save_freq`: expected 'epoch' or a positive number"):
            BackupAndRestore(tmp_path, freq)
    backup = BackupAndRestore(tmp_path, delete_checkpoint=False)
    model = network()
    model.fit(X, Y, verbose=0, callbacks=backup)
    other = Sequential([Input((3,)), Dense(5), Dense(1)])
    other.compile("adam", "mse")
    before = other.get_weights()
    with pytest.raises(ValueError, match=r"training.npz: cannot go on from here: .*another model"):
        other.fit(X, Y, verbose=0, callbacks=backup)
    assert all((a == b).all() for a, b in zip(before, other.get_weights(), strict=True))
    model.compile("sgd", "mse")
    with pytest.raises(ValueError, match="optimizer sgd: expected 2 variables"):
        model.fit(X, Y, epochs=3, verbose=0, callbacks=backup)
    model.compile("adam", "mse")
    with pytest.raises(ValueError, match="written with other callbacks"):
        model.fit(X, Y, epochs=3, verbose=0, callbacks=[backup, EarlyStopping("loss")])
    path = tmp_path / "training.npz"
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(ValueError, match="Delete it to begin anew"):
        model.fit(X, Y, epochs=3, verbose=0, callbacks=backup)


def test_train_writes_the_same_twice(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    train(tmp_path / "a", "epoch", pause=False)
    train(tmp_path / "b", "4", pause=False)
    assert_same(results(tmp_path / "a"), results(tmp_path / "b"))
