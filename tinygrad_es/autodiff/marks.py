"""What only few Tensors have, in an object of its own: results stay small."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

__all__ = ["Marks"]


class Marks:
    """What few Tensors have: a name, an assignment after they were made, somebody who watches."""

    __slots__ = ("constraint", "hooks", "line", "modified", "name", "retain", "watched")

    def __init__(self) -> None:
        self.modified = 0  # creation counter at the last assignment to `data`
        self.name: str | None = None
        self.line = ""  # the user's line that made it, under detect_anomaly only
        self.constraint: Callable[[Any], Any] | None = None  # of its value, after each update
        self.hooks: dict[int, Callable[[Any], Any]] = {}
        self.retain = False  # whether the sweep leaves the gradient of a result in `.grad`
        self.watched = False  # whether there is a hook, or `retain`
