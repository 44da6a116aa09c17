"""Strategies for the inputs of functions: numbers of the domain, none of them special.

A drawn array has no 0, and no two entries of one draw have the same size: no ties of a maximum, no
kink of |x|, no x − x. They are short decimals, and they shrink to 1, 2, ….
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import ops
from ..autodiff.backward import gradients
from ..autodiff.errors import describe
from ..autodiff.primitive import PRIMITIVES, REQUIRED, Primitive
from ..autodiff.tensor import Tensor
from ..check.differences.numeric import cotangent
from .needs import strategies
from .shapes import broadcastable_shapes

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

__all__ = ["Call", "arrays_for", "calls_of"]

DRAWN = 60  # numbers up to which each is drawn, and shrinks, by itself
LOW, HIGH = -2.0, 2.0


def arrays_for(
    f: Any = None,
    *,
    shapes: Sequence[tuple[int, ...]] | None = None,
    low: float | None = None,
    high: float | None = None,
    dtype: Any = np.float64,
) -> SearchStrategy[tuple[Any, ...]]:
    """Strategy: a tuple of arrays, the inputs of f.

    Args:
        f: an operation of the table of derivatives (`ops.log`, `np.log`, `"log"`, your own): the
            numbers are of its domain, positive for log, between −1 and 1 for arcsin. Any other
            function needs `shapes`; or None.
        shapes: of the inputs. Default, of an elementwise operation: `broadcastable_shapes`; of
            another: those it is tested with.
        low, high: limits of the numbers, in place of the domain.
        dtype: a floating point type.

    Raises:
        ValueError: there is nothing to take the shapes from, or no such operation or range.
        ModuleNotFoundError: Hypothesis is not installed.

    >>> from hypothesis import find
    >>> from tinygrad_es import ops
    >>> find(arrays_for(ops.log, shapes=[(3,)]), lambda inputs: True)
    (array([1. , 2. , 0.3]),)
    """
    st, row = strategies(), row_of(f)
    kind = np.dtype(dtype)
    if kind.kind != "f":
        raise ValueError(f"arrays_for: expected a floating point dtype. Received: {dtype!r}.")
    domain = _domain(row, low, high)
    if shapes is not None:
        known = st.just(tuple(map(_shape, shapes)))
    elif row is not None and row.elementwise:
        known = broadcastable_shapes(len(row.inputs))
    elif row is not None:
        known = st.sampled_from(_plain_samples(row))
    else:
        raise ValueError(
            "arrays_for: expected shapes=[(5, 7), (7,)], since nothing else tells them. Received: "
            f"{describe(f)}, no operation of the table of derivatives."
        )
    return known.flatmap(lambda shapes: _filled(shapes, domain)).map(
        lambda inputs: tuple(np.asarray(a, kind) for a in inputs)
    )


class Call:
    """An operation with its options, a function of the inputs that have a derivative."""

    def __init__(self, op: Primitive, fixed: dict[int, Any], options: dict[str, Any]) -> None:
        self.op, self.fixed, self.options = op, fixed, options

    def __call__(self, *inputs: Any) -> Any:
        rest = iter(inputs)
        count = len(inputs) + len(self.fixed)
        full = [self.fixed[i] if i in self.fixed else next(rest) for i in range(count)]
        return self.op(*full, **self.options)

    def __repr__(self) -> str:
        options = [f"{name}={value!r}" for name, value in self.options.items()]
        return f"{self.op.name}({', '.join(['…', *options])})"


def calls_of(op: Any, *, dtype: Any = np.float64) -> SearchStrategy[tuple[Any, ...]]:
    """Strategy: `(f, *inputs)` of an operation, with options: what `check_gradients` takes.

    An elementwise operation gets shapes that broadcast, another one those it is tested with. An
    input without a derivative (the condition of `where`) is part of f.

    >>> from hypothesis import given, settings
    >>> from tinygrad_es import check_gradients, ops
    >>> @settings(derandomize=True, deadline=None, max_examples=5)
    ... @given(calls_of(ops.matmul))
    ... def test_matmul(call):
    ...     assert check_gradients(*call)
    >>> test_matmul()
    """
    row = row_of(op)
    if row is None:
        raise ValueError(
            "calls_of: expected an operation of the table of derivatives. "
            f"Received: {describe(op)}."
        )
    st = strategies()
    kind, domain = np.dtype(dtype), _domain(row, None, None)
    without = [] if row.variadic else [i for i in range(len(row.inputs)) if not row.rule(i)]

    def call(sample: tuple[Any, ...]) -> Any:
        shapes, options = _parts(sample, row)
        return _filled(shapes, domain).map(lambda inputs: made(inputs, options))

    def made(inputs: list[Any], options: dict[str, Any]) -> tuple[Any, ...]:
        floats = [i for i, a in enumerate(inputs) if a.dtype.kind == "f" and i not in without]
        fixed = {i: a > 0 if i in without else a for i, a in enumerate(inputs) if i not in floats}
        f = Call(row, fixed, options)
        free = [np.asarray(inputs[i], kind) for i in floats]
        return (f, *(free if callable(domain) else _alive(f, free, *domain)))

    samples = st.sampled_from(row.samples)
    if row.elementwise and not row.options:
        samples = broadcastable_shapes(len(row.inputs))
    return samples.flatmap(call)


def row_of(f: Any) -> Primitive | None:
    """The row of the table that f is, or whose name it has in NumPy; None for other functions."""
    f = getattr(f, "primitive", f)
    if isinstance(f, Primitive):
        return f
    if isinstance(f, str):
        if f not in PRIMITIVES:
            raise ValueError(f"no operation of the table of derivatives is called {f!r}.")
        return PRIMITIVES[f]
    name = getattr(f, "__name__", "")
    named = any(f is getattr(module, name, None) for module in (ops, np))
    return PRIMITIVES.get(name) if named else None


def _alive(f: Call, inputs: list[Any], low: float, high: float) -> list[Any]:
    """The inputs, of the other sign or smaller where all derivatives are 0: relu of −2, clip."""
    for scale in (1.0, -1.0, 0.25, -0.25) if low < 0.0 < high else ():
        tried = [np.asarray(scale * x, x.dtype) for x in inputs]
        inside = all(np.all((low <= x) & (x <= high)) for x in tried)
        leaves = [Tensor(x, requires_grad=True) for x in tried]
        y = f(*leaves)
        found = gradients([y], [cotangent(y.shape)], leaves)
        if inside and any(g is not None and np.any(g) for g in found):
            return tried
    return inputs


# --- numbers ------------------------------------------------------------------------------------


def _domain(row: Primitive | None, low: Any, high: Any) -> Any:
    if low is None and high is None and row is not None and row.domain is not None:
        return row.domain
    low, high = LOW if low is None else float(low), HIGH if high is None else float(high)
    if not (math.isfinite(low) and math.isfinite(high) and low < high):
        raise ValueError(f"arrays_for: expected low < high. Received: low={low!r}, high={high!r}.")
    return low, high


def _shape(asked: Any) -> tuple[int, ...]:
    if isinstance(asked, int):
        raise ValueError(
            f"arrays_for: expected shapes as a list of tuples, [({asked},)]. Received: {asked!r}."
        )
    return tuple(int(side) for side in asked)


def _parts(sample: tuple[Any, ...], row: Primitive) -> tuple[list[Any], dict[str, Any]]:
    options = {k: v for k, v in row.options.items() if v is not REQUIRED}
    for part in sample:
        if isinstance(part, dict):
            options.update(part)
    return [part for part in sample if not isinstance(part, dict)], options


def _plain_samples(row: Primitive) -> list[tuple[Any, ...]]:
    """The shapes of the samples that need no options."""
    found = [sample for sample in row.samples if not any(isinstance(p, dict) for p in sample)]
    if not found:
        raise ValueError(
            f"arrays_for: {row.name} is tested with options only; use calls_of({row.name!r}), or "
            "expected shapes=."
        )
    return found


def _filled(shapes: Sequence[Any], domain: Any) -> Any:
    """Strategy: a list of float64 arrays of these shapes; an array among them is taken as it is."""
    st = strategies()
    drawn = [s for s in shapes if not isinstance(s, np.ndarray)]

    def put(made: Callable[[int, Any], Any]) -> list[Any]:
        return [s if isinstance(s, np.ndarray) else made(i, s) for i, s in enumerate(shapes)]

    if callable(domain):

        def of_seed(seed: int) -> list[Any]:
            rng = np.random.default_rng(seed)
            return put(lambda i, shape: np.asarray(domain(rng, shape, i)))

        return st.integers(0, 2**32 - 1).map(of_seed)

    sizes = [math.prod(shape) for shape in drawn]

    def split(numbers: Sequence[float]) -> list[Any]:
        rest = iter(np.split(np.array(numbers), np.cumsum(sizes)[:-1]) if sizes else [])
        return put(lambda i, shape: next(rest).reshape(shape))

    return _different(sum(sizes), *domain).map(split)


def _different(count: int, low: float, high: float) -> Any:
    """Strategy: as many numbers, no two of the same size."""
    st = strategies()
    sizes = simple_sizes(low, high, count)

    def signed(size: float, negative: bool) -> float:
        return -size if low <= -size and (negative or size > high) else size

    def picked(choices: Sequence[int]) -> list[float]:
        left = list(sizes)
        return [signed(left.pop(choice // 2), choice % 2 == 1) for choice in choices]

    def shuffled(seed: int) -> list[float]:
        rng = np.random.default_rng(seed)
        some = rng.choice(sizes, count, replace=False)
        return [signed(float(size), rng.random() < 0.5) for size in some]

    if count > DRAWN:
        return st.integers(0, 2**32 - 1).map(shuffled)
    choice = st.integers(0, 2 * (len(sizes) - count) + 1)  # of a size, and of its sign
    return st.lists(choice, min_size=count, max_size=count).map(picked)


@functools.lru_cache(maxsize=256)
def simple_sizes(low: float, high: float, count: int) -> tuple[float, ...]:
    """The absolute values of short decimals between low and high, without 0, simplest first.

    >>> simple_sizes(-2.0, 2.0, 0)[:4]
    (1.0, 2.0, 0.1, 0.2)
    """
    digits = -math.floor(math.log10(high - low))
    while (high - low) * 10.0**digits < 16 * max(count, 12):
        digits += 1
    unit = 10.0**digits
    between = range(math.ceil(low * unit), math.floor(high * unit) + 1)
    whole = sorted({abs(k) for k in between} - {0}, key=lambda k: (_digits(k, digits), k))
    return tuple(k / 10**digits if digits >= 0 else float(k * 10**-digits) for k in whole)


def _digits(k: int, digits: int) -> int:
    """How many decimals k/10^digits has."""
    while digits > 0 and k % 10 == 0:
        k, digits = k // 10, digits - 1
    return digits
