"""Views of a recorded graph: one snapshot, many ways to show it."""

from .drawing import Drawing, draw
from .explanation.explain import Explanation, explain
from .snapshot import Snapshot, snapshot
from .source.source import Source, backward_source

__all__ = [
    "Drawing",
    "Explanation",
    "Snapshot",
    "Source",
    "backward_source",
    "draw",
    "explain",
    "snapshot",
]
