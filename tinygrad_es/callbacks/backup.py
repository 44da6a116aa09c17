"""BackupAndRestore: a training that was killed goes on where it was."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any

import numpy as np

from ..files import tensors
from ..files.atomic import atomic, sweep
from ..ops import random
from .callback import Callback, Logs
from .checkpoint import every_so_many_batches

__all__ = ["BackupAndRestore"]

STATE = "training.npz"


class BackupAndRestore(Callback):
    """Keep the state of the training in a folder; the next `fit` with it goes on from there.

    Weights, optimizer, random numbers, History and the other callbacks go on as if nothing had
    happened: the result is the same, bit for bit, as without the interruption. The file is
    replaced as a whole, so that a kill while it is written does no harm.

    Not so where `steps_per_epoch` cuts an epoch out of shuffled arrays: the rest of their batches
    is forgotten, and a new order begins. A generator goes on where it is given: at its begin.

    Args:
        backup_dir: the folder; of one training only.
        save_freq: "epoch", or a number of batches: then also epochs are taken up in the middle.
        double_checkpoint: accepted for Keras' sake; the file is always whole.
        delete_checkpoint: whether the state is deleted when the training has come to its end.

    Raises:
        ValueError: no folder named; the model is not built; the state is that of another model,
            or damaged.

    >>> backup = BackupAndRestore("/tmp/lesson")
    """

    last = True  # after the others, so that their state is that of the end of the epoch

    def __init__(
        self,
        backup_dir: Any,
        save_freq: Any = "epoch",
        double_checkpoint: bool = False,
        delete_checkpoint: bool = True,
    ) -> None:
        if not backup_dir:
            raise ValueError("Empty `backup_dir` argument passed")
        self.backup_dir = Path(backup_dir)
        self.save_freq = every_so_many_batches(save_freq)
        self.delete_checkpoint = delete_checkpoint
        self._batches = 0
        self._begin: Any = None  # random numbers at the begin of the epoch

    # --- what it listens to ----------------------------------------------------------------------

    def on_train_begin(self, logs: Logs | None = None) -> None:
        if not self.model.built:
            raise ValueError(
                "To use the BackupAndRestore callback, your model must be built before you call "
                f"`fit()`. Model {self.model} is unbuilt. Call it on data, or give it an Input."
            )
        path = self.backup_dir / STATE
        if path.is_file():
            try:
                arrays, about = tensors.read_npz(path)
                self._restore(arrays, about)
            except (ValueError, KeyError, TypeError, IndexError) as error:
                raise ValueError(
                    f"{path}: cannot go on from here: {error}. Delete it to begin anew."
                ) from error

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        self.epoch = epoch
        self._begin = random.generator().bit_generator.state

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        if self.save_freq == "epoch":
            return
        self._batches += 1
        if self._batches >= self.save_freq:
            self._batches = 0
            self._save(self.epoch, batch + 1)

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        if self.save_freq == "epoch":
            self._save(epoch + 1, 0)

    def on_train_end(self, logs: Logs | None = None) -> None:
        if self.delete_checkpoint:
            (self.backup_dir / STATE).unlink(missing_ok=True)
            sweep(self.backup_dir / STATE)
            with contextlib.suppress(OSError):  # something else is in it
                self.backup_dir.rmdir()

    # --- the state -------------------------------------------------------------------------------

    def _save(self, epoch: int, batch: int) -> None:
        arrays, about = self.model.training_state()
        others = [
            {name: getattr(other, name) for name in other.remembered} for other in self._others()
        ]
        about |= {
            "epoch": epoch, "batch": batch, "begin": self._begin, "batches": self._batches,
            "stopped": self.model.stop_training, "others": kept(others, arrays, "other"),
            "running": kept(self.model.running() if batch else None, arrays, "running"),
        }  # fmt: skip
        with atomic(self.backup_dir / STATE) as temporary:
            tensors.write_npz(temporary, arrays, about)

    def _others(self) -> list[Callback]:
        """The callbacks of this `fit` that have something to remember."""
        return [other for other in self.model.callbacks_of_fit if other.remembered]

    def _restore(self, arrays: Any, about: Any) -> None:
        others = taken(about["others"], arrays)
        callbacks = self._others()
        if [list(state) for state in others] != [list(other.remembered) for other in callbacks]:
            raise ValueError("it was written with other callbacks")
        self.model.restore_training(arrays, about)
        for other, state in zip(callbacks, others, strict=True):
            vars(other).update(state)
        self._batches = about["batches"]
        self.model.resume_at(
            about["epoch"], about["batch"], about["begin"], taken(about["running"], arrays),
            about["stopped"],
        )  # fmt: skip


def kept(value: Any, arrays: dict[str, Any], key: str) -> Any:
    """Plain data, with the arrays among them put aside under their place."""
    if isinstance(value, np.ndarray):
        arrays[key] = value
        return {"array": key}
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, dict):
        return {"dict": [[k, kept(v, arrays, f"{key}/{k}")] for k, v in value.items()]}
    if isinstance(value, (list, tuple)):
        return [kept(v, arrays, f"{key}/{i}") for i, v in enumerate(value)]
    return value


def taken(value: Any, arrays: Any) -> Any:
    """What `kept` made its data of."""
    if isinstance(value, dict):
        if "array" in value:
            return arrays[value["array"]]
        return {k: taken(v, arrays) for k, v in value["dict"]}
    return [taken(v, arrays) for v in value] if isinstance(value, list) else value
