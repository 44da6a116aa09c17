"""Views of a recorded graph: one snapshot, many ways to show it."""

from .drawing import Drawing, draw
from .snapshot import Snapshot, snapshot

__all__ = ["Drawing", "Snapshot", "draw", "snapshot"]
