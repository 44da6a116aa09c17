"""Sums, extremes, products, norms, running totals, sorting: over no axis, one, several."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from torch_comparison import POSITIVE, Case, cases

from tinygrad_es import ops

torch = pytest.importorskip("torch", reason="compares with torch")

# shape, axis, keepdims
AXES: list[tuple[tuple[int, ...], Any, bool]] = [
    ((3, 4), None, False),
    ((3, 4), 0, False),
    ((3, 4), -1, True),
    ((2, 3, 4), (0, 2), True),
    ((2, 3, 4), (-1, 0), False),
    ((2, 3, 4), None, True),
    ((2, 1, 3), (1,), False),
    ((5,), 0, False),
    ((), None, False),
]
EMPTY: list[tuple[tuple[int, ...], Any, bool]] = [
    ((0,), None, False),
    ((0, 3), 0, False),
    ((0, 3), 1, True),
    ((2, 0, 3), (1, 2), False),
]
NOT_EMPTY: list[tuple[tuple[int, ...], Any, bool]] = [((0, 3), 1, False), ((2, 0, 3), -1, True)]


def dims(x: Any, axis: Any) -> tuple[int, ...]:
    """NumPy's axis as PyTorch's tuple of dims."""
    if axis is None:
        return tuple(range(x.ndim))
    return axis if isinstance(axis, tuple) else (axis,)


def _vector_norm(p: float) -> Callable[..., Any]:
    return lambda x, d, k: torch.linalg.vector_norm(x, p, d, k)


def _each_dim(f: Callable[..., Any]) -> Callable[..., Any]:
    """A function of one dim, applied over several."""

    def over(x: Any, d: tuple[int, ...], k: bool) -> Any:
        for i in sorted((i % x.ndim for i in d), reverse=True):
            x = f(x, i, k)
        return x

    return over


# name, ours(x, axis, keepdims), theirs(x, dims, keepdim), the axes
TABLE: list[tuple[str, Any, Any, Any]] = [
    ("sum", ops.sum, torch.sum, AXES + EMPTY),
    ("mean", ops.mean, torch.mean, AXES + NOT_EMPTY),
    ("amax", ops.amax, torch.amax, AXES + NOT_EMPTY),
    ("amin", ops.amin, torch.amin, AXES + NOT_EMPTY),
    ("prod", ops.prod, _each_dim(torch.prod), AXES + EMPTY),
    ("logsumexp", ops.logsumexp, torch.logsumexp, AXES + NOT_EMPTY),
    ("logsumexp empty", ops.logsumexp, torch.logsumexp, EMPTY[:2]),
    ("norm2", ops.norm2, _vector_norm(2), AXES + EMPTY),
    ("norm fro", lambda x, a, k: ops.norm(x, None, a, k), _vector_norm(2), AXES),
    ("norm 1", lambda x, a, k: ops.norm(x, 1, a, k), _vector_norm(1), AXES[1:3]),
    ("norm 2", lambda x, a, k: ops.norm(x, 2, a, k), _vector_norm(2), AXES[1:3]),
    ("norm 3", lambda x, a, k: ops.norm(x, 3, a, k), _vector_norm(3), AXES[1:3]),
    ("norm inf", lambda x, a, k: ops.norm(x, np.inf, a, k), _vector_norm(np.inf), AXES[1:3]),
    ("var", ops.var, lambda x, d, k: torch.var(x, d, correction=0, keepdim=k), AXES),
    ("std", ops.std, lambda x, d, k: torch.std(x, d, correction=0, keepdim=k), AXES[:-1]),
    (
        "var ddof=1",
        lambda x, a, k: ops.var(x, a, k, ddof=1),
        lambda x, d, k: torch.var(x, d, keepdim=k),
        AXES[:6] + AXES[7:8],
    ),
    (
        "std ddof=1",
        lambda x, a, k: x.std(a, k, ddof=1),
        lambda x, d, k: torch.std(x, d, keepdim=k),
        AXES[:6] + AXES[7:8],
    ),
    ("any", lambda x, a, k: ops.any(x > 0.5, axis=a, keepdims=k), lambda x, d, k: torch.any(x > 0.5, d, k), AXES + EMPTY),
    ("all", lambda x, a, k: ops.all(x > 0.5, axis=a, keepdims=k), lambda x, d, k: torch.all(x > 0.5, d, k), AXES + EMPTY),
    ("count_nonzero", lambda x, a, k: ops.count_nonzero(x > 0.5, a), lambda x, d, k: torch.count_nonzero(x > 0.5, d), AXES),
]

ONE_AXIS: list[tuple[str, Any, Any]] = [
    ("max", lambda x, a, k: ops.max(x, a, k), lambda x, d, k: torch.max(x, d, k)[0]),
    ("min", lambda x, a, k: x.min(axis=a, keepdims=k), lambda x, d, k: torch.min(x, d, k)[0]),
    ("argmax", lambda x, a, k: ops.argmax(x, axis=a, keepdims=k), torch.argmax),
    ("argmin", lambda x, a, k: ops.argmin(x, axis=a, keepdims=k), torch.argmin),
    ("cumsum", lambda x, a, k: ops.cumsum(x, a), lambda x, d, k: torch.cumsum(x, d)),
    ("cumprod", lambda x, a, k: x.cumprod(a), lambda x, d, k: torch.cumprod(x, d)),
    ("sort", lambda x, a, k: ops.sort(x, a), lambda x, d, k: torch.sort(x, d)[0]),
    ("sort descending", lambda x, a, k: x.sort(a, descending=True), lambda x, d, k: torch.sort(x, d, descending=True)[0]),
    ("argsort", lambda x, a, k: ops.argsort(x, axis=a), lambda x, d, k: torch.argsort(x, dim=d, stable=True)),
    ("topk", lambda x, a, k: ops.topk(x, 2, a), lambda x, d, k: tuple(torch.topk(x, 2, d))),
    ("median odd", lambda x, a, k: ops.median(x[:3], a, k), lambda x, d, k: torch.median(x[:3], d, k)[0]),
    ("softmax", lambda x, a, k: ops.softmax(x, a), lambda x, d, k: torch.softmax(x, d)),
    ("log_softmax", lambda x, a, k: x.log_softmax(a), lambda x, d, k: torch.log_softmax(x, d)),
]


def _tables() -> Iterator[Case]:
    for name, mine, peer, axes in TABLE:
        for shape, axis, keep in axes:
            yield from cases(
                f"{name} axis={axis},{keep}".replace(", ", ";"),
                lambda x, f=mine, a=axis, k=keep: f(x, a, k),
                lambda x, f=peer, a=axis, k=keep: f(x, dims(x, a), k),
                (shape,),
            )
    for name, mine, peer in ONE_AXIS:
        for shape, axis, keep in [((3, 4), 0, False), ((3, 4), -1, True), ((2, 3, 3), 1, False), ((5,), 0, True)]:
            if name == "median odd" and (axis != 0 or shape == (5,)):
                continue
            yield from cases(
                f"{name} axis={axis}",
                lambda x, f=mine, a=axis, k=keep: f(x, a, k),
                lambda x, f=peer, a=axis, k=keep: f(x, a, k),
                (shape,),
            )


ZEROS = [[0.0, 2.0, 3.0], [0.0, 0.0, 3.0], [0.0, 0.0, 0.0], [1.0, -2.0, 0.0], [1.0, 2.0, 3.0]]


def _special() -> Iterator[Case]:
    """All elements at once, zeros in products, ties, infinities."""
    whole = [((3, 4),), ((),), ((2, 1, 3),)]
    yield from cases("max all", ops.max, torch.max, *whole)
    yield from cases("min all", lambda x: x.min(), torch.min, *whole)
    yield from cases("argmax all", ops.argmax, torch.argmax, *whole)
    yield from cases("argmin all", lambda x: x.argmin(), torch.argmin, *whole)
    yield from cases("prod all", ops.prod, torch.prod, *whole, ((0,),))
    yield from cases("cumsum flat", lambda x: x.cumsum(), lambda x: torch.cumsum(x.flatten(), 0), *whole)
    yield from cases("cumprod flat", lambda x: x.cumprod(), lambda x: torch.cumprod(x.flatten(), 0), *whole)
    yield from cases("cumsum empty", lambda x: x.cumsum(0), lambda x: torch.cumsum(x, 0), ((0, 3),))
    yield from cases("cumprod empty", lambda x: x.cumprod(0), lambda x: torch.cumprod(x, 0), ((0, 3),))
    yield from cases("sort flat", lambda x: x.sort(None), lambda x: torch.sort(x.flatten())[0], ((3, 4),))
    yield from cases("sort empty", lambda x: x.sort(), lambda x: torch.sort(x)[0], ((2, 0),))
    yield from cases("median all", lambda x: x.median(), torch.median, ((5,),), ((3, 3),))
    yield from cases("topk none", lambda x: ops.topk(x, 0)[0], lambda x: torch.topk(x, 0)[0], ((4,),))
    for row in ZEROS:
        yield from cases(f"prod {row}".replace(", ", ","), ops.prod, torch.prod, (np.array(row),))
        yield from cases(
            f"cumprod {row}".replace(", ", ","), lambda x: ops.cumprod(x, 0), lambda x: torch.cumprod(x, 0), (np.array(row),)
        )
    table = np.array(ZEROS)
    for axis in (0, 1):
        yield from cases(f"prod zeros {axis}", lambda x, a=axis: ops.prod(x, a), lambda x, a=axis: torch.prod(x, a), (table,))
        yield from cases(f"cumprod zeros {axis}", lambda x, a=axis: ops.cumprod(x, a), lambda x, a=axis: torch.cumprod(x, a), (table,))
    ties = (np.array([[1.0, 3.0, 3.0], [2.0, 2.0, 2.0]]),)
    rough = {"smooth": False}
    for name in ("max", "min"):
        f, extreme = getattr(ops, name), getattr(ops, f"a{name}")
        g, peer = getattr(torch, name), getattr(torch, f"a{name}")
        yield from cases(f"{name} ties all", f, g, ties, **rough)
        yield from cases(f"{name} ties axis", lambda x, f=f: f(x, 1), lambda x, g=g: g(x, 1)[0], ties, **rough)
        yield from cases(f"a{name} ties axis", lambda x, f=extreme: f(x, 1), lambda x, g=peer: g(x, 1), ties, **rough)
        yield from cases(f"a{name} ties axes", lambda x, f=extreme: f(x, (0, 1)), lambda x, g=peer: g(x, (0, 1)), ties, **rough)
        yield from cases(f"arg{name} ties", lambda x, n=name: getattr(ops, f"arg{n}")(x, axis=1), lambda x, n=name: getattr(torch, f"arg{n}")(x, 1), ties)
    yield from cases("sort ties", lambda x: x.sort(1), lambda x: torch.sort(x, dim=1, stable=True)[0], ties, **rough)
    yield from cases("norm2 zero", ops.norm2, torch.linalg.vector_norm, (np.zeros(3),), (np.zeros(()),), **rough)
    yield from cases("norm 1 zero", lambda x: ops.norm(x, 1), lambda x: torch.linalg.vector_norm(x, 1), (np.array([0.0, -1.0]),), **rough)
    yield from cases("norm 3 zero", lambda x: ops.norm(x, 3), lambda x: torch.linalg.vector_norm(x, 3), (np.zeros(2),), (np.array([0.0, -1.0]),), **rough)
    yield from cases("std equal", ops.std, lambda x: torch.std(x, correction=0), (np.full(3, 2.0),), **rough)
    yield from cases("var equal", ops.var, lambda x: torch.var(x, correction=0), (np.full(3, 2.0),))
    big = (np.array([1000.0, 1000.0]),), (np.array([-1000.0, 0.0]),), (np.array([3e38, -3e38]),)
    yield from cases("logsumexp far", ops.logsumexp, lambda x: torch.logsumexp(x, 0), *big, **rough, quiet=True)
    yield from cases("softmax far", ops.softmax, lambda x: torch.softmax(x, 0), *big, **rough, quiet=True)
    yield from cases("log_softmax far", ops.log_softmax, lambda x: torch.log_softmax(x, 0), *big[:2], **rough)
    masked = (np.array([-np.inf, 1.0, 2.0]),)
    yield from cases("logsumexp masked", ops.logsumexp, lambda x: torch.logsumexp(x, 0), masked, **rough)
    yield from cases("softmax masked", ops.softmax, lambda x: torch.softmax(x, 0), masked, **rough)
    yield from cases("softmax empty", ops.softmax, lambda x: torch.softmax(x, -1), ((0, 3),), ((3, 0),))
    yield from cases("log_softmax empty", ops.log_softmax, lambda x: torch.log_softmax(x, -1), ((0, 3),), ((3, 0),))
    yield from cases("std ddof=n", lambda x: ops.std(x, ddof=1), lambda x: torch.var(x, correction=1) ** 0.5, (np.array([3.0]),), **rough, quiet=True)
    yield from cases("median nan", ops.median, torch.median, (np.array([1.0, np.nan, 2.0]),), **rough)


def _recurrence(a: Any, b: Any) -> Any:
    rows = [b[0]]
    for k in range(1, len(b)):
        rows.append(a[k] * rows[-1] + b[k])
    return torch.stack(rows)


def _more() -> Iterator[Case]:
    yield from cases("linear_recurrence", lambda a, b: ops.linear_recurrence(a, b, axis=0), _recurrence, ((5,), (5,)), ((4, 2), (4, 2)))
    index = np.array([[0, 2, 2], [1, 1, 0]])
    yield from cases("take_along_axis", lambda x, i: ops.take_along_axis(x, i, 1), lambda x, i: torch.take_along_dim(x, i, 1), ((2, 3), index))
    yield from cases("gather", lambda x, i: ops.gather(x, 1, i), lambda x, i: torch.gather(x, 1, i), ((2, 3), index))
    yield from cases("gather 0", lambda x, i: ops.gather(x, 0, i), lambda x, i: torch.gather(x, 0, i), ((3, 3), index))
    yield from cases("softmax_twin", ops.softmax_twin, lambda x: torch.softmax(x, -1), ((3, 4),))
    yield from cases(
        "sum integers", lambda x: ops.sum(x, 0), lambda x: torch.sum(x, 0), (np.arange(6).reshape(2, 3),), (np.array([True, True]),)
    )
    yield from cases("prod integers", lambda x: ops.prod(x, 0), lambda x: torch.prod(x, 0), (np.arange(1, 5),))
    yield from cases("cumsum integers", lambda x: ops.cumsum(x, 0), lambda x: torch.cumsum(x, 0), (np.arange(4),))
    yield from cases("max integers", lambda x: ops.max(x, 0), lambda x: torch.max(x, 0)[0], (np.array([3, 1, 3]),))
    small = np.array([0, 1, 2], np.uint8)
    yield from cases("sort descending uint8", lambda x: ops.sort(x, descending=True), lambda x: torch.sort(x, descending=True)[0], (small,))
    yield from cases("topk uint8", lambda x: ops.topk(x, 1)[0], lambda x: torch.topk(x, 1)[0], (small,))
    flags = np.array([True, False, True])
    yield from cases("sort descending bool", lambda x: ops.sort(x, descending=True), lambda x: torch.sort(x, descending=True)[0], (flags,))
    yield from cases("norm quotient", lambda x: x / ops.norm(x), lambda x: x / torch.linalg.vector_norm(x), ((4,),), domain=POSITIVE)


CASES = [*_tables(), *_special(), *_more()]
