"""Watching one number of the logs: which way is better, and by how much."""

from __future__ import annotations

import warnings
from typing import Any

from .callback import Callback, Logs

__all__ = ["Monitor"]


class Monitor(Callback):
    """The base of callbacks that look at one number of the logs after each epoch.

    Args:
        monitor: the name in the logs, as "val_loss".
        mode: "min", "max", or "auto": losses go down, accuracies up, as the metrics say.
        min_delta: how much better counts as better.
    """

    def __init__(self, monitor: str = "val_loss", mode: str = "auto", min_delta: float = 0) -> None:
        if mode not in ("auto", "min", "max"):
            warnings.warn(
                f"{type(self).__name__} mode '{mode}' is unknown, fallback to auto mode.",
                stacklevel=3,
            )
            mode = "auto"
        self.monitor, self.mode, self.min_delta = monitor, mode, abs(min_delta)
        self.best: float | None = None

    def current(self, logs: Logs | None) -> float | None:
        """The number at hand; None, and a warning, where the logs do not have it."""
        value = (logs or {}).get(self.monitor)
        if value is None:
            warnings.warn(
                f"{self.what} conditioned on metric `{self.monitor}` which is not available. "
                f"Available metrics are: {','.join(logs or {})}",
                stacklevel=4,
            )
        return value

    what = "Monitoring"

    def upwards(self) -> bool:
        """Whether more is better.

        Raises:
            ValueError: mode "auto", and no metric says.
        """
        if self.mode != "auto":
            return self.mode == "max"
        name = self.monitor.removeprefix("val_")
        if name == "loss" or name.endswith("_loss"):
            return False
        metric = self.model.metric_of(name) if self.model is not None else None
        if metric is not None and metric.direction is not None:
            return bool(metric.direction == "up")
        kind = type(self).__name__
        raise ValueError(
            f"{kind} callback received monitor={self.monitor}, but it isn't able to automatically "
            "determine whether that metric should be maximized or minimized. Pass `mode='max'` in "
            "order to do early stopping based on the highest metric value, or pass `mode='min'` in "
            "order to use the lowest value."
        )

    def better(self, value: Any, reference: Any) -> bool:
        """Whether value is better than the reference by more than min_delta."""
        if self.upwards():
            return bool(value - self.min_delta > reference)
        return bool(value + self.min_delta < reference)
