"""What must hold of every backward pass, whatever its numbers: zero, linear, of the right shape."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...autodiff.backward import gradients
from ...autodiff.order import topological
from ...autodiff.tensor import Tensor
from ...languages import Pair
from ..report import GradientCheck
from .numeric import cotangent
from .subject import Slope, Subject, pulled
from .verdicts import UNDERFLOW

__all__ = ["same_twice", "structure"]


ADVICE = (
    "seed the generator inside the function (dropout: seed=0, or training=False)",
    "fija la semilla del generador dentro de la función (dropout: seed=0, o training=False)",
)


def same_twice(subject: Subject, v: Any, report: GradientCheck) -> bool:
    """Whether two forward and backward passes agree to the last bit; else what differs is named."""
    runs = []
    for _ in range(2):
        leaves, y = subject.record(subject.arrays)
        runs.append((y, pulled(leaves, y, v)))
    (y, first), (z, second) = runs
    if _same(y.value, z.value) and all(map(_same, first, second)):
        return True
    report.verdict = "random"
    report.total = sum(a.size for a in subject.arrays)
    (en, es), (seed_it, siembra) = _first_difference(y, z), ADVICE
    report.notes.append((f"{en}: {seed_it}", f"{es}: {siembra}"))
    return False


def _same(a: Any, b: Any) -> bool:
    if a is None or b is None:
        return a is b
    return np.shape(a) == np.shape(b) and bool(np.array_equal(a, b, equal_nan=True))


def _first_difference(y: Tensor, z: Tensor) -> Pair:
    """The first operation of two recordings whose results differ, and what it is that does."""
    pairs = zip(reversed(topological([y])), reversed(topological([z])), strict=False)
    for a, b in pairs:
        if a.op is not b.op:
            return (a.op.name if a.op is not None else "?",) * 2
        if a.op is not None and not _same(a.value, b.value):
            name = f"{a.op.name} ({a.scope})" if a.scope else a.op.name
            read = [_constant(x) for x, other in zip(a.inputs, b.inputs, strict=True)
                    if not _same(_constant(x), _constant(other))]  # fmt: skip
            if any(x is not None and 0 < np.unique(x).size <= 2 and np.min(x) == 0 for x in read):
                return f"a random mask in {name}, as of dropout", (
                    f"una máscara al azar en {name}, como la de dropout"
                )
            if read:
                return f"random numbers in {name}", f"números al azar en {name}"
            return name, name
    return "the backward pass", "la pasada hacia atrás"


def _constant(x: Any) -> Any:
    """The array that an operation reads, None of what it differentiates by."""
    if type(x) is Tensor:
        return None if x.tracked else np.asarray(x.value)
    return np.asarray(x)


def structure(subject: Subject, v: Any, noise: float, report: GradientCheck) -> list[str]:
    """What is structurally wrong with a backward pass, one line each.

    `noise` is what rounding may change in Σ v·y: a gradient of nothing else is not linear.
    """
    leaves, y = subject.record(subject.arrays)
    before = [np.array(leaf.value) for leaf in leaves]
    g = [None if c is None else np.array(c) for c in pulled(leaves, y, v)]
    problems = []
    for name, leaf, old, c in zip(subject.names, leaves, before, g, strict=True):
        if not _same(leaf.value, old):
            problems.append(f"{name} was changed by the backward pass")
        if c is not None and c.shape != leaf.shape:
            problems.append(f"{name}: gradient of shape {c.shape}, expected {leaf.shape}")
        elif c is not None and c.dtype != leaf.dtype:
            problems.append(f"{name}: gradient of {c.dtype}, expected {leaf.dtype}")
        if c is None:
            report.notes.append((
                f"{name}: the result does not depend on it (gradient None, taken as 0)",
                f"{name}: el resultado no depende de ella (gradiente None, se toma como 0)",
            ))  # fmt: skip
    if problems or any(c is not None and not np.isfinite(c).all() for c in g):
        return problems
    problems += _not_linear(subject, leaves, y, v, g, noise)
    if problems:
        return problems
    return _not_repeatable(subject, leaves, y, v, g) + _not_summed(subject, v, g, noise)


def _not_linear(subject: Subject, leaves: Any, y: Any, v: Any, g: Any, noise: float) -> list[str]:
    zero = pulled(leaves, y, np.zeros_like(v))
    other = cotangent(np.shape(v), 7) if np.size(v) != 1 else np.full(np.shape(v), -0.375)
    pulled_other = pulled(leaves, y, other)
    both = pulled(leaves, y, 2.0 * v - 3.0 * other)
    problems = []
    each = zip(subject.names, subject.arrays, zero, g, pulled_other, both, strict=True)
    for name, x, z, a, b, c in each:
        if z is not None and np.any(np.asarray(z) != 0.0):
            problems.append(f"{name}: a cotangent of zeros gives a gradient that is not zero")
        elif a is not None and not _near(c, 2.0 * a - 3.0 * np.asarray(b), _slack(x, noise, a, b)):
            problems.append(f"{name}: the gradient is not linear in the cotangent")
    return problems


def _not_repeatable(subject: Subject, leaves: Any, y: Any, v: Any, g: Any) -> list[str]:
    """Who writes into a gradient must not change the graph it came from."""
    for c in pulled(leaves, y, v):
        if isinstance(c, np.ndarray) and c.flags.writeable and not _of_leaves(c, leaves):
            c += 1.0
    again = pulled(leaves, y, v)
    return [
        f"{name}: the gradient shares memory with the graph (writing into it changed the next one)"
        for name, a, b in zip(subject.names, g, again, strict=True)
        if not _same(a, None if b is None else np.asarray(b))
    ]


def _of_leaves(c: Any, leaves: Any) -> bool:
    return any(np.shares_memory(c, leaf.value) for leaf in leaves)


def _not_summed(subject: Subject, v: Any, g: Any, noise: float) -> list[str]:
    """Two uses of the same inputs: their gradients add up."""
    if isinstance(subject, Slope):
        return []
    leaves, y = subject.record(subject.arrays)
    twice = y + y
    if not twice.tracked:
        return []
    seed = float(v) if type(twice.value) is float else np.array(v, dtype=twice.dtype)
    found = gradients([twice], [seed], leaves)
    return [
        f"{name}: used twice, the gradient is not twice as large"
        for name, x, a, b in zip(subject.names, subject.arrays, g, found, strict=True)
        if a is not None and not _near(b, 2.0 * a, _slack(x, noise, a))
    ]


def _largest(x: Any) -> float:
    return float(np.max(np.abs(x), initial=0.0))


def _slack(x: Any, noise: float, *parts: Any) -> float:
    """How far gradients in x may differ that ought to be equal."""
    small = 100.0 * noise / min(_largest(x) or 1.0, 1.0) + UNDERFLOW
    return 1e-8 * max(map(_largest, parts)) + small


def _near(a: Any, b: Any, slack: float) -> bool:
    return bool(np.all(np.abs(np.asarray(a) - b) <= slack))
