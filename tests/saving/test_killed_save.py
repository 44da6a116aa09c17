"""Killed in the middle of `save`: the old file is there or the new one, whole."""

import os
import signal
import time

import numpy as np
import pytest

from tinygrad_es import Input, Sequential, layers
from tinygrad_es.callbacks import ModelCheckpoint
from tinygrad_es.files.atomic import atomic
from tinygrad_es.models import load_model

pytest.importorskip("h5py", reason="the extra `files` is not installed")


def network(value):
    model = Sequential([Input((300,)), layers.Dense(300), layers.Dense(300)])
    model.set_weights([np.full(w.shape, value, "float32") for w in model.weights])
    model.compile("adam", "mse")
    return model


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "fork"), reason="kill -9 and fork are of POSIX")
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
@pytest.mark.parametrize("extension", [".keras", ".h5", ".weights.h5", ".npz", ".safetensors"])
def test_fifty_kills(extension, tmp_path):
    path = tmp_path / f"m{extension}"
    models = [network(1.0), network(2.0)]
    save = [m.save if extension in (".keras", ".h5") else m.save_weights for m in models]
    start = time.perf_counter()
    save[1](path)
    save[0](path)
    twice = time.perf_counter() - start
    target = network(0.0)
    rng = np.random.default_rng(len(extension))
    seen, kills = set(), 0
    while kills < 50 or (len(seen) < 2 and kills < 500):
        kills += 1
        child = os.fork()
        if child == 0:
            while True:
                save[0](path)
                save[1](path)
        time.sleep(rng.uniform(0, 2 * twice * (1 + kills / 50)))  # the machine may be busier by now
        os.kill(child, signal.SIGKILL)
        assert os.waitpid(child, 0)[1] == signal.SIGKILL
        if extension in (".keras", ".h5"):
            weights = load_model(path).get_weights()
        else:
            target.load_weights(path)
            weights = target.get_weights()
        values = {float(v) for w in weights for v in np.unique(w)}
        assert values in ({1.0}, {2.0})
        seen |= values
    assert seen == {1.0, 2.0}
    save[0](path)  # and what the killed ones left is swept away
    assert [p.name for p in tmp_path.iterdir()] == [path.name]


def test_a_full_disk_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "m.keras"
    network(1.0).save(path)
    before = path.read_bytes()

    def full(*args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        network(2.0).save(path)
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["m.keras"]


def test_an_interruption_leaves_the_old_file(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("old")

    def interrupted():
        with atomic(path) as temporary:
            temporary.write_text("new")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert path.read_text() == "old"
    with atomic(path) as temporary:
        temporary.write_text("new")
    assert path.read_text() == "new"
    assert [p.name for p in tmp_path.iterdir()] == ["a.txt"]


def test_two_threads_write_one_file(tmp_path):
    from concurrent.futures import ThreadPoolExecutor

    path = tmp_path / "m.npz"
    models = [network(float(i)) for i in range(4)]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda m: [m.save_weights(path) for _ in range(5)], models))
    target = network(9.0)
    target.load_weights(path)
    assert len({float(v) for w in target.get_weights() for v in np.unique(w)}) == 1
    assert [p.name for p in tmp_path.iterdir()] == ["m.npz"]


# --- ModelCheckpoint ------------------------------------------------------------------------------

X, Y = np.random.default_rng(0).standard_normal((6, 3)), np.zeros((6, 1))


def fitted(tmp_path, name, *, losses=(1.0, 2.0, 0.5), batch_size=2, **options):
    """A training whose val_loss is as given; returns the names of the files."""
    from tinygrad_es.callbacks import LambdaCallback

    model = Sequential([Input((3,)), layers.Dense(1)])
    model.compile("sgd", "mse")
    script = LambdaCallback(on_epoch_end=lambda epoch, logs: logs.update(val_loss=losses[epoch]))
    checkpoint = ModelCheckpoint(tmp_path / name, **options)
    model.fit(X, Y, epochs=len(losses), batch_size=batch_size, verbose=0,
              callbacks=[script, checkpoint])  # fmt: skip
    return sorted(p.name for p in tmp_path.iterdir()), checkpoint


@pytest.mark.parametrize(
    ("name", "options", "files"),
    [
        ("e{epoch:02d}-{val_loss:.2f}.keras", {}, "e01-1.00 e02-2.00 e03-0.50"),
        ("e{epoch:02d}.keras", {"save_best_only": True}, "e01 e03"),
        ("e{epoch}.keras", {"save_best_only": True, "mode": "max"}, "e1 e2"),
        ("e{epoch}.keras", {"save_best_only": True, "initial_value_threshold": 0.7}, "e3"),
        ("one.keras", {}, "one"),
        ("s{epoch}_{batch}.keras", {"save_freq": 2}, "s1_2 s2_1 s2_3 s3_2"),
    ],
)
def test_model_checkpoint(name, options, files, tmp_path):
    found, _ = fitted(tmp_path, name, **options)
    assert found == [f"{stem}.keras" for stem in files.split()]
    assert load_model(tmp_path / found[0]).count_params() == 4


@pytest.mark.parametrize("extension", [".weights.h5", ".npz", ".safetensors"])
def test_model_checkpoint_of_weights(extension, tmp_path, capsys):
    found, checkpoint = fitted(
        tmp_path, f"w{extension}", save_weights_only=True, save_best_only=True, verbose=1
    )
    assert found == [f"w{extension}"]
    assert checkpoint.best == 0.5
    lines = [line for line in capsys.readouterr().out.splitlines() if line]
    assert lines == [
        f"Epoch 1: val_loss improved from None to 1.00000, saving model to {tmp_path / found[0]}",
        "Epoch 2: val_loss did not improve from 1.00000",
        "Epoch 3: val_loss improved from 1.00000 to 0.50000, saving model to "
        f"{tmp_path / found[0]}",
    ]


def test_errors_of_model_checkpoint(tmp_path):
    for name, only in (("m.weights.h5x", False), ("m.keras", True), ("m.txt", False)):
        with pytest.raises(ValueError, match="the filepath must end in one of"):
            ModelCheckpoint(tmp_path / name, save_weights_only=only)
    with pytest.raises(ValueError, match="`save_freq`"):
        ModelCheckpoint(tmp_path / "m.keras", save_freq="batch")
    with pytest.raises(KeyError, match=r"Failed to format this callback filepath.*acc"):
        fitted(tmp_path, "{acc}.keras")
    with pytest.warns(UserWarning, match="Can save best model only with acc available"):
        found, _ = fitted(tmp_path, "m.keras", monitor="acc", mode="max", save_best_only=True)
    assert found == ["m.keras"]
    (tmp_path / "folder.keras").mkdir()
    with pytest.raises(IsADirectoryError, match="non-directory filepath"):
        fitted(tmp_path, "folder.keras")
