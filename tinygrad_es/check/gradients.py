"""`check_gradients`: the automatic gradient of a function against central differences."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from ..autodiff.errors import describe
from ..autodiff.modes import no_grad
from ..autodiff.tensor import Tensor, as_tensor
from ..autodiff.transforms import vjp
from .numeric import STEP, central_difference, cotangent

__all__ = ["GradientCheck", "assert_gradients", "check_gradients"]


class Mismatch(NamedTuple):
    """One entry whose automatic and numerical derivative differ."""

    input: int
    at: tuple[int, ...]
    automatic: float
    numerical: float


class GradientCheck:
    """What `check_gradients` found. It is true when every entry agrees; `str` is the message."""

    def __init__(self, order: int, entries: int, error: float, wrong: list[Mismatch]) -> None:
        self.order = order
        self.entries = entries
        self.largest_error = error
        self.mismatches = wrong

    @property
    def ok(self) -> bool:
        """Whether every entry agrees."""
        return not self.mismatches

    def __bool__(self) -> bool:
        return self.ok

    def __str__(self) -> str:
        kind = "gradient" if self.order == 1 else "second derivative"
        noun = "entry" if self.entries == 1 else "entries"
        head = f"{kind}: {self.entries} {noun}, largest relative error {self.largest_error:.1e}"
        if self.ok:
            return f"{head}: ok"
        lines = [f"{head}: {len(self.mismatches)} WRONG"]
        worst = sorted(self.mismatches, key=lambda m: -abs(m.automatic - m.numerical))
        for m in worst[:8]:
            lines.append(
                f"  input {m.input}{list(m.at)}: automatic {m.automatic:.10g}, "
                f"numerical {m.numerical:.10g}"
            )
        return "\n".join(lines)

    __repr__ = __str__


def check_gradients(
    f: Callable[..., Any],
    *inputs: Any,
    order: int = 1,
    rtol: float | None = None,
    atol: float = 1e-8,
    step: float = STEP,
    seed: int = 0,
) -> GradientCheck:
    """Compare the gradient of f with central differences in float64, every entry.

    Args:
        f: a function of the inputs, on Tensors; returns one Tensor of any shape.
        inputs: numbers, lists, arrays or Tensors (copied); integer arrays are held fixed.
        order: 1, or 2 to check the gradient of the gradient as well.
        rtol: how far the two may differ, relative to the larger; default 1e-6, at order 2 1e-4.
        atol: and relative to the largest entry of the whole gradient.
        step: h = step·max(1, |x|).
        seed: of the random cotangent that is contracted with the output.

    Returns a `GradientCheck`, true when all entries agree.

    >>> from tinygrad_es import check_gradients
    >>> check_gradients(lambda x: (x * x).sum(), [1.0, -2.0]).ok
    True
    """
    if not callable(f):
        raise TypeError(
            f"check_gradients: expected a function first. Received: {describe(f)}; pass f itself, "
            "not f(x)."
        )
    if order not in (1, 2):
        raise ValueError(f"check_gradients: expected order 1 or 2. Received: {order!r}.")
    if not inputs:
        raise ValueError("check_gradients: expected at least one input after the function.")
    arrays = [_as_float64(x) for x in inputs]
    free = [i for i, a in enumerate(arrays) if a.dtype.kind == "f"]
    if not free:
        raise TypeError(
            f"check_gradients: expected a floating point input. Received: "
            f"{', '.join(map(describe, inputs))}."
        )
    if rtol is None:
        rtol = 1e-6 if order == 1 else 1e-4

    def g(*values: Any) -> Tensor:
        full: list[Any] = list(arrays)
        for i, v in zip(free, values, strict=True):
            full[i] = v
        return as_tensor(f(*full))

    function = g if order == 1 else _pulled(g, seed)
    return _compare(function, [arrays[i] for i in free], order, free, rtol, atol, step, seed)


def _as_float64(x: Any) -> Any:
    value = np.array(x.value if type(x) is Tensor else x)
    if value.dtype.kind == "i" and isinstance(x, (int, list, tuple)):
        return value.astype(np.float64)  # numbers as one writes them; integer arrays are labels
    return value.astype(np.float64) if value.dtype.kind == "f" else value


def _pulled(g: Callable[..., Tensor], seed: int) -> Callable[..., Tensor]:
    """The function x ↦ Σ w·∇(v·g)(x): its gradient is the second derivative along w."""

    def function(*values: Any) -> Tensor:
        y, pullback = vjp(g, *map(as_tensor, values))
        v = Tensor(cotangent(y.shape, seed), requires_grad=True)
        parts = [as_tensor(p) for p in pullback(v)]
        total: Any = as_tensor(0.0)
        for k, part in enumerate(parts):
            total = total + (part * cotangent(part.shape, seed + 1 + k)).sum()
        return total

    return function


def _compare(
    f: Callable[..., Tensor],
    values: list[Any],
    order: int,
    names: list[int],
    rtol: float,
    atol: float,
    step: float,
    seed: int,
) -> GradientCheck:
    with no_grad():  # f may close over weights that require grad: they are constants here
        y, pullback = vjp(f, *values)
        v = cotangent(np.shape(y), seed)
        automatic = [np.asarray(g, dtype=np.float64) for g in pullback(v)]

    def contracted(*moved: Any) -> float:
        with no_grad(), np.errstate(all="ignore"):
            y = f(*map(as_tensor, moved)) if order == 1 else f(*moved)
        return float(np.sum(as_tensor(y).numpy() * v))

    numerical = [central_difference(contracted, values, k, step) for k in range(len(values))]
    scale = max([float(np.max(np.abs(n), initial=0.0)) for n, _ in numerical], default=0.0)
    wrong, largest, entries = [], 0.0, 0
    for k, (a, (n, error)) in enumerate(zip(automatic, numerical, strict=True)):
        for i in np.ndindex(n.shape):
            entries += 1
            size = max(abs(a[i]), abs(n[i]))
            allowed = max(rtol * size, atol * max(scale, 1.0), min(10 * error[i], 1e-5 * size))
            gap = abs(a[i] - n[i])
            if gap != gap:
                largest = np.inf
            elif size > 1e-8 * max(scale, 1.0):
                largest = max(largest, gap / size)
            if not gap <= allowed:  # a NaN is wrong
                wrong.append(Mismatch(names[k], i, float(a[i]), float(n[i])))
    return GradientCheck(order, entries, largest, wrong)


def assert_gradients(f: Callable[..., Any], *inputs: Any, **options: Any) -> None:
    """Raise AssertionError with the worst entries unless `check_gradients` agrees.

    >>> from tinygrad_es import assert_gradients, ops
    >>> assert_gradients(ops.tanh, [0.5, -1.0], order=2)
    """
    report = check_gradients(f, *inputs, **options)
    if not report:
        raise AssertionError(str(report))
