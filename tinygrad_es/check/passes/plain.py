"""The forward pass as a function of its arrays of floats, and whether a recorded one equals it."""

from __future__ import annotations

import contextlib
import io
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from ...autodiff.backward import gradients
from ...autodiff.errors import describe
from ...autodiff.tensor import Tensor
from ...languages import Pair
from ...tree import leaves
from ...views.rounding import Rounding
from ..differences.numeric import Differences, cotangent, noise_of, typical
from .forward import Forward
from .naming import required
from .styles import Passes

__all__ = ["OnKink", "Plain", "bent", "between", "unfaithful"]

FLOAT32 = 2e-5  # how far a slope in float32 may be off, beside the one in float64


class OnKink(ValueError):
    """There is no one slope."""


class Plain:
    """The forward pass as a function from its arrays of floats to what the gradients are of."""

    def __init__(self, forward: Forward, passes: Passes, loss: Any) -> None:
        self.forward, self.passes, self.loss = forward, passes, loss
        self.names: list[str] = []
        self.arrays: list[Any] = []
        self.dtypes: list[Any] = []
        self.place: int | None = None
        self.evaluations = 0
        self._run(self._collect)

    def __call__(self, arrays: Sequence[Any]) -> Any:
        self.evaluations += 1
        out = leaves(self.run_at(arrays))
        end = out[self.place if self.place is not None and self.place < len(out) else -1]
        end = self.lost(end)
        return np.asarray(end, dtype=np.float64)

    def run_at(self, arrays: Sequence[Any]) -> Any:
        """All that forward returns for these arrays, without the cache."""
        return self._run(self._in_order(arrays))

    def lost(self, end: Any) -> Any:
        """What `loss` makes of it, where there is one."""
        if self.loss is None:
            return end
        if not callable(self.loss):
            raise TypeError(
                f"loss: expected a function of the output. Received: {describe(self.loss)}."
            )
        two = len(required(self.loss)) > 1
        lost = self.loss(end, self.passes.inputs[-1]) if two else self.loss(end)
        if np.size(lost) != 1:
            raise TypeError(f"loss: expected a function to one number. Received: {describe(lost)}.")
        return lost

    def cotangent(self) -> Any:
        """What arrives at an end of more than one number, None at one."""
        shape = self(self.arrays).shape
        return None if math.prod(shape) == 1 else cotangent(shape, 1)

    def choose(self) -> None:
        """What the gradients are of: of all that depends on the inputs the last single number,
        else the first of two (the other is a cache), else the last.

        Raises:
            TypeError: nothing depends on the inputs.
        """
        moved = [a + 1e-3 * cotangent(a.shape, k) for k, a in enumerate(self.arrays)]
        result = self.run_at(self.arrays)
        here, there = leaves(result), leaves(self.run_at(moved))
        pairs = enumerate(zip(here, there, strict=False))
        found = [k for k, (a, b) in pairs if _depends(a, b) and not any(b is m for m in moved)]
        found = found or [k for k, a in enumerate(here) if _overflows(a)]
        if not found:
            raise TypeError(
                "check_backprop: forward returned nothing that depends on its inputs. Received: "
                f"{type(result).__name__}, the same after the inputs were moved (units that are "
                "saturated need smaller inputs)."
            )
        single = [k for k in found if np.size(here[k]) == 1]
        two = isinstance(result, tuple) and len(here) == 2 and self.loss is None
        self.place = single[-1] if single else found[0 if two else -1]

    def _run(self, make: Callable[[str, Any], Any]) -> Any:
        with contextlib.redirect_stdout(io.StringIO()), np.errstate(all="ignore"):
            result = self.forward.run(make, plain=True).result
        return self.passes.end(result)

    def _collect(self, name: str, x: Any) -> Any:
        self.names.append(name)
        self.dtypes.append(np.asarray(x).dtype)
        self.arrays.append(np.array(x, dtype=np.float64))
        return x

    def _in_order(self, arrays: Sequence[Any]) -> Callable[[str, Any], Any]:
        following = iter(arrays)

        def make(name: str, x: Any) -> Any:
            value = next(following)
            return float(value) if isinstance(x, float) else np.array(value)

        return make


def _depends(a: Any, b: Any) -> bool:
    if not _is_floating(a) or np.shape(a) != np.shape(b):
        return False
    return not np.array_equal(a, b, equal_nan=True)


def _overflows(a: Any) -> bool:
    return _is_floating(a) and not np.all(np.isfinite(a))


def _is_floating(a: Any) -> bool:
    return isinstance(a, (np.ndarray, np.generic, float)) and np.asarray(a).dtype.kind == "f"


# --- is what was recorded the forward pass? ------------------------------------------------------


def unfaithful(
    plain: Plain, root: Tensor, g: Any, inputs: Mapping[str, Tensor], arrays: Sequence[Any]
) -> Pair | None:
    """Why a recorded pass cannot stand for the plain one: another value, or another slope.

    Numbers that went through `.item()` are constants to the graph, and a view that is written to
    is a copy there.

    Raises:
        OnKink: the arrays lie on a kink, where there is no one slope.
    """
    kind = max([root.dtype.itemsize, *(x.dtype.itemsize for x in inputs.values())])
    close = 1e-6 if kind == 8 and root.dtype.itemsize == 8 else 1e-3
    value = plain(arrays)
    if not np.allclose(value, root.numpy(), rtol=close, atol=close * _size(value), equal_nan=True):
        return _other_value(plain, value, root)
    v = 1.0 if g is None else g
    start = float(np.sum(v)) if type(root.value) is float else np.broadcast_to(v, root.shape)
    found = gradients(
        [root], [np.asarray(start, root.dtype) if root.ndim else start], [*inputs.values()]
    )
    us = [typical(a) * cotangent(a.shape, 7 + k) for k, a in enumerate(arrays)]
    by_name = dict(zip(inputs, found, strict=True))
    pairs = [(by_name.get(n), u) for n, u in zip(plain.names, us, strict=True)]
    terms = [float(np.sum(d * u)) for d, u in pairs if d is not None]

    def along(t: list[Any]) -> Any:
        return plain([a + t[0][0] * u for a, u in zip(arrays, us, strict=True)])

    line = Differences(along, [np.zeros(1)], v, noise_of(plain, [*arrays], v))
    if bent(line, 0, 0, line.entry_step(0, 0)):
        raise OnKink
    slope = line.finer(line.entry(0, 0), lambda f: line.entry(0, 0, f, deep=True), 1e-9)
    gap = abs(sum(terms) - slope.value)
    close = close if close < 1e-4 else FLOAT32
    if not gap > max(10.0 * slope.error, close * float(np.linalg.norm(terms))):
        return None
    rounding = Rounding(root, np.broadcast_to(v, root.shape) if root.ndim else start)
    each = zip(plain.names, us, strict=True)
    moved = sum(float(np.sum(rounding.of(inputs[n]) * np.abs(u))) for n, u in each if n in inputs)
    if gap <= 10.0 * moved:
        return None
    return (
        "numbers left the graph on the way, through float() or .item()",
        "hubo números que salieron del grafo, por float() o .item()",
    )


def _other_value(plain: Plain, value: Any, root: Tensor) -> Pair:
    if plain.passes.style == "values" and np.size(value) == 1:
        mine, right = f"{float(value):.6g}", f"{float(root.numpy()):.6g}"
        return (
            f"your class computes {mine} where NumPy has {right}: look at its forward pass",
            f"tu clase calcula {mine} donde NumPy da {right}: mira su pasada hacia delante",
        )
    return (
        "on Tensors it gives another value: it changes a view in place, or draws at random",
        "con tensores da otro valor: cambia una vista en el sitio, o usa el azar",
    )


def _size(x: Any) -> float:
    return float(np.max(np.abs(x), initial=0.0, where=np.isfinite(x)))


def bent(differences: Differences, k: int, i: int, h: float) -> bool:
    """Whether there is a kink within h: slopes to the left and to the right that differ.

    Those of a parabola do too, but ten times less at a tenth of h.
    """
    left, right, slack = _slopes(differences, k, i, h)
    nearer, further, rough = _slopes(differences, k, i, h / 10.0)
    gap, less = abs(right - left), abs(further - nearer)
    smooth = 0.05 * gap - rough <= less <= 0.2 * gap + rough
    return not (gap <= slack + 1e-6 * (abs(left) + abs(right)) or smooth)


def between(differences: Differences, k: int, i: int, a: float, h: float) -> bool:
    """Whether a lies between the slopes to the left and to the right; also where one is unknown."""
    left, right, slack = _slopes(differences, k, i, h)
    slack += 1e-3 * (abs(left) + abs(right))
    return not (a < min(left, right) - slack or a > max(left, right) + slack)


def _slopes(differences: Differences, k: int, i: int, h: float) -> tuple[float, float, float]:
    """The two slopes, and how far rounding may have moved them."""
    h = h / 8.0
    left, right = differences.one_sided(k, i, np.float64(1.0), h)
    return left, right, 20.0 * differences.rounding / h
