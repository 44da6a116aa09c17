"""The progress of an epoch: a bar in a terminal (by rich) and in a notebook, a line elsewhere."""

from __future__ import annotations

import sys
import time
from typing import Any

from ..callbacks import Callback, Logs

__all__ = ["Progress", "number"]

BAR = 20  # characters
REFRESH = 0.1  # seconds between two drawings of the bar: it must not cost training time


def number(value: float) -> str:
    """Four digits after the point, or as a power of ten where small: Keras' way.

    >>> number(0.25), number(0.0005)
    ('0.2500', '5.0000e-04')
    """
    return f"{value:.4f}" if abs(value) > 1e-3 else f"{value:.4e}"


def duration(seconds: float) -> str:
    """Whole seconds, milliseconds or microseconds.

    >>> duration(2.0), duration(0.0153), duration(0.00028)
    ('2s', '15ms', '280us')
    """
    for size, unit in ((1.0, "s"), (1e-3, "ms")):
        if seconds >= size:
            return f"{seconds / size:.0f}{unit}"
    return f"{seconds * 1e6:.0f}us"


def level(verbose: Any) -> int:
    """0 silent, 1 a bar, 2 one line per epoch; "auto": a bar in a terminal, else lines."""
    if verbose == "auto":
        return 1 if sys.stdout.isatty() or "ipykernel" in sys.modules else 2
    if verbose not in (0, 1, 2):
        raise ValueError(f"`verbose` must be 'auto', 0, 1 or 2. Received: {verbose!r}.")
    return int(verbose)


class Progress(Callback):
    """Prints `Epoch 3/10`, then the bar (or the line) with time, metrics and loss.

    `evaluate` and `predict` have one bar; a validation inside of `fit` has none.
    """

    def __init__(self, verbose: int) -> None:
        self.verbose = verbose
        self.bar: Any = None
        self.written: int | None = None  # characters of the line in a notebook
        self.in_fit = False

    # --- what it listens to ----------------------------------------------------------------------

    def on_train_begin(self, logs: Logs | None = None) -> None:
        self.in_fit = True

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        if self.verbose and self.params["epochs"] > 1:
            print(f"Epoch {epoch + 1}/{self.params['epochs']}")
        self.begin()

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        self.step(batch, logs)

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        self.end(logs)

    def on_test_begin(self, logs: Logs | None = None) -> None:
        if not self.in_fit:
            self.begin()

    def on_test_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        if not self.in_fit:
            self.step(batch, logs)

    def on_test_end(self, logs: Logs | None = None) -> None:
        if not self.in_fit:
            self.end(logs)

    def on_predict_begin(self, logs: Logs | None = None) -> None:
        self.begin()

    def on_predict_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        self.step(batch, {})

    def on_predict_end(self, logs: Logs | None = None) -> None:
        self.end({})

    # --- what it prints --------------------------------------------------------------------------

    def begin(self) -> None:
        """Start the clock, and the bar where somebody watches."""
        self.start = self.drawn = time.perf_counter()
        self.done, self.steps = 0, self.params["steps"]
        if self.verbose == 1 and "ipykernel" in sys.modules:
            self.written = 0
        elif self.verbose == 1:
            self._open()

    def _open(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, TextColumn
        from rich.progress import Progress as RichProgress

        console = Console()
        if not console.is_interactive:
            return  # a file wants the last state only
        self.bar = RichProgress(
            TextColumn("{task.completed}/{task.fields[of]}"),
            BarColumn(bar_width=BAR),
            TextColumn("{task.description}"),
            console=console,
            auto_refresh=False,
            transient=True,  # a narrow window cuts it; the line that stays is printed whole
        )
        self.bar.start()
        self.task = self.bar.add_task("", total=self.steps, of=self.steps or "Unknown")

    def step(self, batch: int, logs: Logs | None) -> None:
        """One batch is done: redraw the bar, not too often."""
        self.done = batch + 1
        idle = self.bar is None and self.written is None
        if idle or time.perf_counter() - self.drawn < REFRESH:
            return
        self.drawn = time.perf_counter()
        if self.bar is None:
            self._write(f"{self.done}/{self.steps or 'Unknown'} {self._drawn_bar()} ", logs)
            return
        self.bar.update(self.task, completed=self.done, description=self._text(logs or {}))
        self.bar.refresh()

    def _drawn_bar(self) -> str:
        """The bar in characters: what is done, and what is not."""
        full = BAR * self.done // self.steps if self.steps else 0
        return "━" * full + "─" * (BAR - full)

    def _write(self, start: str, logs: Logs | None) -> None:
        """A line over the one before: notebooks know that much of a terminal."""
        line = start + self._text(logs or {})
        print("\r" + line.ljust(self.written or 0), end="", flush=True)
        self.written = len(line)

    def _text(self, logs: Logs, between: str = " ") -> str:
        spent = time.perf_counter() - self.start
        each = duration(spent / max(self.done, 1))
        named = [f"{k}: {number(v)}" for k, v in logs.items()]
        return " - ".join([f"{spent:.0f}s{between}{each}/step", *named])

    def end(self, logs: Logs | None) -> None:
        """The line that stays."""
        if self.steps is None:
            self.steps = self.params["steps"] = self.done  # of a generator: known from now on
        done = f"{self.done}/{self.steps}"
        self.close()
        if self.written is not None:
            self._write(f"{done} {'━' * BAR} ", logs)
            print()
            self.written = 0
        elif self.verbose == 1:
            print(f"{done} {'━' * BAR} {self._text(logs or {})}")
        elif self.verbose == 2:
            print(f"{done} - {self._text(logs or {}, ' - ')}")

    def close(self) -> None:
        """End the drawing, also after an exception: the terminal gets its cursor back."""
        if self.bar is not None:
            self.bar.stop()
            self.bar = None
