"""A training that goes on after it was interrupted, in the middle of an epoch too."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from ..ops import random
from .compilable import Compilable
from .compiled import Losses

__all__ = ["Resumable", "Resumed"]


class Resumed(NamedTuple):
    """Where an interrupted training goes on."""

    epoch: int
    batch: int
    begin: Any
    running: Any
    stopped: bool


class Resumable(Compilable):
    """The part of a trainer that knows how far an epoch is."""

    _resumed: Resumed | None = None
    _sums: tuple[float, int] = (0.0, 0)  # of the epoch at hand: loss times samples, samples

    def resume_at(self, epoch: int, batch: int, begin: Any, running: Any, stopped: bool) -> None:
        """Let the `fit` that begins go on at this epoch, after so many of its batches.

        Args:
            epoch, batch: where it was.
            begin: the random numbers at the begin of that epoch, which shuffled it.
            running: what `running` returned.
            stopped: whether a callback had ended the training.
        """
        self._resumed = Resumed(epoch, batch, begin, running, stopped)

    def running(self) -> Any:
        """The sums of the epoch at hand: loss, samples, and what the metrics have counted."""
        counted = [
            {k: v for k, v in vars(m).items() if isinstance(v, (int, float, np.ndarray))}
            for m in self.metrics
        ]
        losses = vars(self.loss) if isinstance(self.loss, Losses) else {}
        parts = {k: losses[k] for k in ("totals", "samples") if k in losses}
        return [list(self._sums), counted, parts]

    def _skip(self, batches: Iterator[Any]) -> int:
        """The batches that were seen before, shuffled as they were; returns how many."""
        resumed, self._resumed = self._resumed, None
        if resumed is None or not resumed.batch:
            return 0
        now = random.generator().bit_generator.state
        random.generator().bit_generator.state = resumed.begin
        for _ in range(resumed.batch):
            next(batches)
        random.generator().bit_generator.state = now
        (total, samples), counted, parts = resumed.running
        self._sums = total, samples
        for metric, state in zip(self.metrics, counted, strict=True):
            vars(metric).update(state)
        if isinstance(self.loss, Losses):
            vars(self.loss).update(parts)
        return resumed.batch
