"""Views of a recorded graph: one snapshot, many ways to show it."""

from .drawing import Drawing, draw
from .snapshot import Snapshot, snapshot
from .source import Source, backward_source

__all__ = ["Drawing", "Snapshot", "Source", "backward_source", "draw", "snapshot"]
