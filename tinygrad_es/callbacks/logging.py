"""Callbacks that write down, or watch over, what happens."""

from __future__ import annotations

import csv
import math
import os
from pathlib import Path

from .callback import Callback, Logs

__all__ = ["CSVLogger", "TerminateOnNaN"]


class CSVLogger(Callback):
    """One line of a CSV file for each epoch: its number, then the logs by their names.

    Args:
        filename: the file.
        separator: between the columns.
        append: go on with a file that is there.
    """

    def __init__(
        self, filename: str | os.PathLike[str], separator: str = ",", append: bool = False
    ) -> None:
        self.filename, self.sep, self.append = Path(filename), separator, append
        self.keys: list[str] = []

    def on_train_begin(self, logs: Logs | None = None) -> None:
        self.keys = []
        # opened now, so that a path that cannot be written is an error before the first epoch
        with self.filename.open("a" if self.append else "w", encoding="utf-8") as file:
            self.header = file.tell() == 0

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        logs = logs or {}
        if not self.keys:
            self.keys = sorted(logs)
            if not any(key.startswith("val_") for key in self.keys):
                self.keys += [f"val_{key}" for key in self.keys]
        # opened anew each time: what is written stays, whatever happens to the training
        with self.filename.open("a", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, ["epoch", *self.keys], delimiter=self.sep)
            if self.header:
                writer.writeheader()
                self.header = False
            writer.writerow({"epoch": epoch, **{k: logs.get(k, "NA") for k in self.keys}})


class TerminateOnNaN(Callback):
    """End the training at the first loss that is NaN or infinite.

    Args:
        raise_error: raise a RuntimeError instead of stopping quietly.
    """

    def __init__(self, raise_error: bool = False) -> None:
        self.raise_error = raise_error

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        loss = (logs or {}).get("loss")
        if loss is not None and not math.isfinite(loss):
            message = f"Batch {batch}: Invalid loss, terminating training"
            if self.raise_error:
                raise RuntimeError(message)
            print(message)
            self.model.stop_training = True
