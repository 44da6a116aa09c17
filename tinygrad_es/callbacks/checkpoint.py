"""ModelCheckpoint: save the model, or its weights, while it is trained."""

from __future__ import annotations

import os
import warnings
from typing import Any

from .callback import Logs
from .monitor import Monitor

__all__ = ["ModelCheckpoint", "every_so_many_batches"]

WHOLE = (".keras", ".h5")
WEIGHTS = (".weights.h5", ".npz", ".safetensors")


class ModelCheckpoint(Monitor):
    """Save after each epoch, or after so many batches; each time, or when it is the best so far.

    Args:
        filepath: may name `{epoch}` (from 1), `{batch}` and what is in the logs:
            `"e{epoch:02d}-{val_loss:.2f}.keras"`.
        monitor, mode: what decides which is the best; see `Monitor`.
        verbose: 1 prints what it does.
        save_best_only: whether only a better model is saved.
        save_weights_only: whether only the weights are: the name ends in `.weights.h5`, `.npz` or
            `.safetensors` then, else in `.keras` or `.h5`.
        save_freq: "epoch", or a number of batches, counted across epochs.
        initial_value_threshold: what the first must be better than.

    Raises:
        ValueError: a wrong ending, or save_freq that is neither.
        KeyError: the name needs something that the logs do not have.

    Source: Keras 3, to the letter.
    """

    what = "Can save best model only"
    remembered = ("best", "_batches", "_last")

    def __init__(
        self,
        filepath: Any,
        monitor: str = "val_loss",
        verbose: int = 0,
        save_best_only: bool = False,
        save_weights_only: bool = False,
        mode: str = "auto",
        save_freq: Any = "epoch",
        initial_value_threshold: float | None = None,
    ) -> None:
        super().__init__(monitor, mode)
        self.best = initial_value_threshold
        self.filepath, self.verbose = os.fspath(filepath), verbose
        self.save_best_only, self.save_weights_only = save_best_only, save_weights_only
        self.save_freq = every_so_many_batches(save_freq)
        endings = WEIGHTS if save_weights_only else WHOLE
        if not self.filepath.endswith(endings):
            raise ValueError(
                f"With save_weights_only={save_weights_only} the filepath must end in one of "
                f"{endings}. Received: filepath={self.filepath}"
            )
        self._batches, self._last = 0, -1

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        self.epoch = epoch

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        if self.save_freq == "epoch":
            return
        self._batches += 1
        if self._batches >= self.save_freq:
            self._batches = 0
            self._save(batch, logs or {})

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        if self.save_freq == "epoch":
            self._save(None, logs or {})

    def _save(self, batch: int | None, logs: Logs) -> None:
        path = self._path(batch, logs)
        if not self._due(path, logs):
            return
        if os.path.isdir(path):
            raise IsADirectoryError(
                "Please specify a non-directory filepath for ModelCheckpoint. Filepath used is an "
                f"existing directory: {path}"
            )
        if self.save_weights_only:
            self.model.save_weights(path)
        else:
            self.model.save(path)

    def _path(self, batch: int | None, logs: Logs) -> str:
        places = {"epoch": self.epoch + 1} | logs
        if batch is not None:
            places.setdefault("batch", batch + 1)
        try:
            return self.filepath.format(**places)
        except KeyError as error:
            raise KeyError(
                f'Failed to format this callback filepath: "{self.filepath}". Reason: {error}; '
                f"there are {sorted(places)}."
            ) from None

    def _due(self, path: str, logs: Logs) -> bool:
        start = f"\nEpoch {self.epoch + 1}:"
        if not self.save_best_only:
            if self.verbose > 0:
                print(f"{start} saving model to {path}")
            return True
        value = logs.get(self.monitor)
        if value is None:
            warnings.warn(f"Can save best model only with {self.monitor} available.", stacklevel=5)
            return True
        before = "None" if self.best is None else f"{self.best:.5f}"
        if self.best is not None and not self.better(value, self.best):
            if self.verbose > 0:
                print(f"{start} {self.monitor} did not improve from {before}")
            return False
        if self.verbose > 0:
            change = f"improved from {before} to {value:.5f}"
            print(f"{start} {self.monitor} {change}, saving model to {path}")
        self.best = value
        return True


def every_so_many_batches(save_freq: Any) -> Any:
    """What `save_freq` says, checked: "epoch", or a positive number of batches."""
    whole = isinstance(save_freq, int) and not isinstance(save_freq, bool) and save_freq > 0
    if save_freq != "epoch" and not whole:
        raise ValueError(
            "`save_freq`: expected 'epoch' or a positive number of batches. Received: "
            f"save_freq={save_freq!r}"
        )
    return save_freq
