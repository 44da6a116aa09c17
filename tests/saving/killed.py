"""A training that a test kills: `python -m tests.saving.killed FOLDER [--every N]`."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import numpy as np

from tinygrad_es import Input, Model, layers, utils
from tinygrad_es.callbacks import BackupAndRestore, Callback, EarlyStopping, ReduceLROnPlateau

EPOCHS = 12


class Slow(Callback):
    """Gives the test time to kill in the middle of a batch."""

    def on_train_batch_end(self, batch, logs=None):
        time.sleep(0.002)


def train(folder: Path, every: str, pause: bool = True) -> None:
    """A model with dropout, batch normalization, Adam, and callbacks that remember."""
    utils.set_random_seed(7)
    rng = np.random.default_rng(1)
    x, y = rng.standard_normal((96, 5)), rng.standard_normal((96, 1))
    inputs = Input((5,))
    hidden = layers.BatchNormalization()(layers.Dense(8, "tanh")(inputs))
    hidden = layers.Dropout(0.3)(layers.GaussianNoise(0.1, seed=3)(hidden))
    model = Model(inputs, layers.Dense(1)(hidden))
    model.compile("adam", "mse", metrics=["mae"])
    history = model.fit(
        x, y, batch_size=16, epochs=EPOCHS, validation_split=0.25, verbose=0,
        callbacks=[
            ReduceLROnPlateau(patience=1), EarlyStopping(patience=9, restore_best_weights=True),
            BackupAndRestore(folder / "backup", "epoch" if every == "epoch" else int(every)),
            *([Slow()] if pause else []),
        ],
    )  # fmt: skip
    found = {f"w{i}": w for i, w in enumerate(model.get_weights())}
    found |= {f"history_{k}": np.array(v) for k, v in history.history.items()}
    np.savez(folder / "result.npz", **found)


if __name__ == "__main__":
    train(Path(sys.argv[1]), sys.argv[2])
