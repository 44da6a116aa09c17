"""The table of derivatives, by family; read as a namespace it is the graph reading.

`rules.exp(x)` on a Tensor records a node, so a rule read through this module builds the backward
pass as a graph: higher orders, Hessians, drawings of the backward pass.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..primitive import PRIMITIVES
from . import (
    arithmetic,
    comparisons,
    convolution,
    decompositions,
    fused,
    linear_algebra,
    reductions,
    shapes,
    transcendental,
)

__all__ = [
    "arithmetic",
    "comparisons",
    "convolution",
    "decompositions",
    "fused",
    "linear_algebra",
    "reductions",
    "shapes",
    "transcendental",
]


def __getattr__(name: str) -> Callable[..., Any]:
    op = PRIMITIVES.get(name)
    if op is None:
        raise AttributeError(f"no primitive {name!r} is registered")
    return op
