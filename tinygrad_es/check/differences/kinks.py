"""Kinks: on which branch every operation of a recorded graph is, and which one changed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from ...autodiff import arrays
from ...autodiff.order import topological
from ...autodiff.tensor import Tensor
from .subject import Slope, Subject

__all__ = ["Change", "Side", "change", "signature"]

STEPS = frozenset(["floor", "ceil", "round", "sign", "floor_divide"])
EXTREMES = frozenset(["amax", "amin"])


class Side(NamedTuple):
    """The branches that one operation took, entry by entry."""

    op: str
    scope: str
    branches: Any


class Change(NamedTuple):
    """The first operation that took another branch: its name, where, and how many entries did."""

    op: str
    scope: str
    at: tuple[int, ...]
    entries: int

    def __str__(self) -> str:
        at = str(list(self.at)) if self.at else ""
        return f"{self.op}{at}" + (f" in {self.scope}" if self.scope else "")


def signature(subject: Subject, values: Sequence[Any]) -> list[Side]:
    """What every operation chose: ReLU masks, winners of max, signs of abs, sides of clip, …

    Masks and indices computed by operations that have no derivative (`x > 0`, `argmax`) appear as
    the inputs or options of those that read them. The sequence of operations is part of it, for an
    `if` of the caller's changes that. A gradient takes the branches of what it is the gradient of.
    """
    inner = signature(subject.subject, values) if isinstance(subject, Slope) else []
    with np.errstate(all="ignore"):
        _, y = subject.record(values)
        made = [node for node in reversed(topological([y])) if node.op is not None]
        return inner + [_side(node) for node in made] if y.tracked else inner


def _side(node: Tensor) -> Side:
    op = node.op
    assert op is not None
    values = [np.asarray(x.value if type(x) is Tensor else x) for x in node.inputs]
    options = node.params or {}
    chosen = [v for v in values if v.dtype.kind in "iub"]
    for option in options.values():
        parts = option if isinstance(option, tuple) else (option,)
        chosen += [p for p in parts if isinstance(p, np.ndarray)]
    branches = _own(op, values, options, np.asarray(node.value))
    if branches is None and chosen:
        branches = chosen[0] if len(chosen) == 1 else np.concatenate([c.ravel() for c in chosen])
    return Side(op.name, str(node.scope), branches)


def _own(op: Any, values: list[Any], options: dict[str, Any], y: Any) -> Any:
    """The branches of an operation that chooses by itself, None of a smooth one."""
    name, x = op.name, np.asarray(values[0] if values else 0.0)
    if not op.forward.__module__.startswith(__name__.partition(".")[0] + "."):
        return _inside(op, values, options)
    if name in ("relu", "abs"):
        return np.sign(x)
    if name in ("maximum", "minimum"):
        return np.sign(x - values[1])
    if name == "clip":
        low, high = options["low"], options["high"]
        under = 0 if low is None else np.sign(x - low)
        return under + (0 if high is None else np.sign(x - high))
    if name in STEPS:
        return y
    if name == "remainder":
        return np.floor_divide(*values)
    if name in EXTREMES or name == "max_pool":
        return op.rules[0](arrays, np.ones_like(y), y, x, **options)
    return _inside(op, values, options) if op.elementwise else None


class Watched:
    """The arrays namespace for one forward, that notes what was chosen on the way."""

    def __init__(self) -> None:
        self.seen: list[Any] = []

    def __getattr__(self, name: str) -> Any:
        function = getattr(arrays, name)

        def noted(*inputs: Any, **options: Any) -> Any:
            y = function(*inputs, **options)
            if name in ("maximum", "minimum"):
                self.seen.append(np.sign(np.subtract(inputs[0], inputs[1])))
            elif name in ("abs", "relu"):
                self.seen.append(np.sign(inputs[0]))
            elif name == "where":
                self.seen.append(np.asarray(inputs[0]))
            elif name in STEPS or np.asarray(y).dtype.kind == "b":
                self.seen.append(np.asarray(y))
            return y

        return noted


def _inside(op: Any, values: list[Any], options: dict[str, Any]) -> Any:
    """What a user's operation chooses inside its forward."""
    watched = Watched()
    op.forward(watched, *values, **options)
    seen = watched.seen
    if not seen:
        return None
    return seen[0] if len(seen) == 1 else np.concatenate([np.ravel(s) for s in seen])


def change(before: list[Side], *others: list[Side]) -> Change | None:
    """The first operation whose branches differ between the signatures; None: the same branches."""
    for after in others:
        for a, b in zip(before, after, strict=False):
            if a.op != b.op:
                return Change(a.op, a.scope, (), 1)
            if a.branches is None or b.branches is None:
                continue
            if np.shape(a.branches) != np.shape(b.branches):
                return Change(a.op, a.scope, (), 1)
            differ = np.asarray(a.branches != b.branches)
            if differ.any():
                first = tuple(int(i) for i in np.argwhere(differ)[0])
                return Change(a.op, a.scope, first, int(differ.sum()))
        if len(before) != len(after):
            last = (before if len(before) > len(after) else after)[-1]
            return Change(last.op, last.scope, (), 1)
    return None
