"""Shapes, joining and cutting, padding, triangles; reading and writing by index."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from torch_comparison import Case, cases

from tinygrad_es import Tensor, ops

torch = pytest.importorskip("torch", reason="compares with torch")
F = torch.nn.functional

# name, ours, PyTorch's, samples
MOVES: list[tuple[str, Any, Any, list[Any]]] = [
    ("reshape", lambda x: ops.reshape(x, (2, 6)), lambda x: x.reshape(2, 6), [((3, 4),)]),
    ("reshape -1", lambda x: x.reshape(-1, 2), lambda x: x.reshape(-1, 2), [((3, 4),), ((0, 2),)]),
    ("reshape 0d", lambda x: x.reshape(1, 1), lambda x: x.reshape(1, 1), [((),), ((1,),)]),
    ("view", lambda x: x.view(4, -1), lambda x: x.reshape(4, -1), [((3, 4),)]),
    ("flatten", ops.flatten, torch.flatten, [((2, 3, 4),), ((),), ((0, 2),)]),
    ("flatten 1,2", lambda x: x.flatten(1, 2), lambda x: x.flatten(1, 2), [((2, 3, 4, 1),)]),
    ("ravel", ops.ravel, torch.ravel, [((2, 3),), ((),)]),
    ("transpose", lambda x: x.transpose(2, 0, 1), lambda x: x.permute(2, 0, 1), [((2, 3, 4),)]),
    ("permute", lambda x: x.permute(0, -1, 1), lambda x: x.permute(0, -1, 1), [((2, 3, 4),)]),
    ("permute_dims", lambda x: ops.permute_dims(x, (1, 0)), lambda x: x.permute(1, 0), [((2, 0),)]),
    ("T", lambda x: x.T, lambda x: x.T, [((2, 3),)]),
    ("mT", lambda x: x.mT, lambda x: x.mT, [((2, 3),), ((2, 3, 4),)]),
    ("matrix_transpose", ops.matrix_transpose, lambda x: x.mT, [((2, 3, 4),)]),
    ("swapaxes", lambda x: x.swapaxes(0, -1), lambda x: x.swapaxes(0, -1), [((2, 3, 4),)]),
    ("moveaxis", lambda x: x.moveaxis(0, -1), lambda x: x.moveaxis(0, -1), [((2, 3, 4),)]),
    ("moveaxis two", lambda x: ops.moveaxis(x, (0, 1), (2, 0)), lambda x: torch.moveaxis(x, (0, 1), (2, 0)), [((2, 3, 4),)]),
    ("squeeze", ops.squeeze, torch.squeeze, [((1, 3, 1),), ((1,),), ((),)]),
    ("squeeze axis", lambda x: x.squeeze(1), lambda x: x.squeeze(1), [((2, 1, 3),)]),
    ("squeeze axes", lambda x: x.squeeze((0, -1)), lambda x: x.squeeze((0, -1)), [((1, 2, 1),)]),
    ("unsqueeze", lambda x: x.unsqueeze(-1), lambda x: x.unsqueeze(-1), [((2, 3),), ((),)]),
    ("expand_dims", lambda x: ops.expand_dims(x, 1), lambda x: x.unsqueeze(1), [((2, 3),), ((0, 2),)]),
    ("broadcast_to", lambda x: ops.broadcast_to(x, (2, 3, 4)), lambda x: torch.broadcast_to(x, (2, 3, 4)), [((3, 1),), ((),), ((4,),), ((2, 3, 4),)]),
    ("broadcast_to empty", lambda x: ops.broadcast_to(x, (0, 3)), lambda x: torch.broadcast_to(x, (0, 3)), [((1, 3),), ((),)]),
    ("expand", lambda x: x.expand(4, -1, 3), lambda x: x.expand(4, -1, 3), [((2, 1),), ((1, 2, 3),)]),
    ("sum_to", lambda x: x.sum_to(shape=(3, 1)), lambda x: x.sum_to_size(3, 1), [((2, 3, 4),), ((3, 1),)]),
    ("flip", lambda x: ops.flip(x, 0), lambda x: torch.flip(x, (0,)), [((3, 4),), ((0,),)]),
    ("flip all", lambda x: x.flip(), lambda x: torch.flip(x, tuple(range(x.ndim))), [((3, 4),), ((),)]),
    ("flip axes", lambda x: x.flip((0, -1)), lambda x: x.flip((0, -1)), [((2, 3, 4),)]),
    ("roll", lambda x: x.roll(2, 1), lambda x: torch.roll(x, 2, 1), [((2, 5),)]),
    ("roll all", lambda x: ops.roll(x, -1), lambda x: torch.roll(x, -1), [((2, 3),)]),
    ("tile", lambda x: ops.tile(x, (2, 1, 3)), lambda x: torch.tile(x, (2, 1, 3)), [((2, 2),), ((),), ((1, 2, 1, 2),)]),
    ("repeat", lambda x: x.repeat(3, 1), lambda x: x.repeat_interleave(3, 1), [((2, 2),)]),
    ("repeat flat", lambda x: ops.repeat(x, 2), lambda x: x.repeat_interleave(2), [((2, 2),)]),
    ("pad", lambda x: ops.pad(x, ((1, 2), (0, 3))), lambda x: F.pad(x, (0, 3, 1, 2)), [((2, 3),), ((0, 3),)]),
    ("pad value", lambda x: x.pad(1, constant_values=5.0), lambda x: F.pad(x, (1, 1, 1, 1), value=5.0), [((2, 3),)]),
    ("tril", lambda x: ops.tril(x, -1), lambda x: torch.tril(x, -1), [((3, 4),), ((2, 3, 3),)]),
    ("triu", lambda x: x.triu(1), lambda x: torch.triu(x, 1), [((4, 3),), ((2, 3, 3),)]),
    ("diag", lambda x: ops.diag(x, 1), lambda x: torch.diag(x, 1), [((3, 4),), ((3,),)]),
    ("diag below", lambda x: x.diag(-2), lambda x: torch.diag(x, -2), [((4, 3),), ((3,),)]),
    ("diagonal", lambda x: ops.diagonal(x, -1), lambda x: torch.diagonal(x, -1), [((3, 4),), ((4, 2),)]),
    ("split", lambda x: ops.split(x, 3, 1), lambda x: torch.tensor_split(x, 3, 1), [((2, 6),)]),
    ("split cuts", lambda x: x.split([1, 3]), lambda x: torch.tensor_split(x, [1, 3]), [((5, 2),)]),
    ("chunk", lambda x: ops.chunk(x, 3, 0), lambda x: torch.chunk(x, 3, 0), [((7, 2),), ((2,),)]),
    ("astype", lambda x: x.astype("float32"), lambda x: x.float(), [((2, 3),)]),
    ("astype float32 and back", lambda x: x.astype("float32").astype("float64") * 2, lambda x: x.float().double() * 2, [((2, 3),), ((),)]),
    ("iteration", lambda x: sum(row * (i + 1) for i, row in enumerate(x)), lambda x: sum(row * (i + 1) for i, row in enumerate(x)), [((3, 2),), ((3,),)]),
]

JOINS: list[tuple[str, Any, Any, list[Any]]] = [
    ("concatenate", lambda *x: ops.concatenate(x, 1), lambda *x: torch.cat(x, 1), [((2, 1), (2, 3)), ((2, 0), (2, 2), (2, 1))]),
    ("cat", lambda *x: ops.cat(x), torch.cat, [((1, 2), (3, 2)), ((2,),), ((0,), (3,))]),
    ("concatenate flat", lambda *x: ops.concatenate(x, None), lambda *x: torch.cat([t.flatten() for t in x]), [((2, 2), (3,))]),
    ("concatenate itself", lambda x: ops.concatenate([x, x, x * 2]), lambda x: torch.cat([x, x, x * 2]), [((2, 2),)]),
    ("stack", lambda *x: ops.stack(x, 1), lambda *x: torch.stack(x, 1), [((2, 3), (2, 3)), ((2, 0), (2, 0))]),
    ("stack last", lambda *x: ops.stack(x, -1), lambda *x: torch.stack(x, -1), [((), ()), ((2,), (2,), (2,))]),
    ("vstack", lambda *x: ops.vstack(x), lambda *x: torch.vstack(x), [((3,), (2, 3)), ((), ())]),
    ("hstack", lambda *x: ops.hstack(x), lambda *x: torch.hstack(x), [((3,), (2,)), ((2, 1), (2, 3)), ((), (2,))]),
]


def _joined(f: Any) -> Any:
    return lambda *x: f(x) if f is torch.cat else f(*x)


FANCY: list[tuple[str, Any]] = [
    ("integer", 1),
    ("negative", -1),
    ("two integers", (1, -2)),
    ("slice", slice(1, 3)),
    ("step", (slice(None, None, 2), slice(1, None))),
    ("nothing", slice(3, 1)),
    ("ellipsis", (..., 0)),
    ("all", ...),
    ("none", None),
    ("none inside", (slice(None), None, 1)),
    ("none ellipsis", (None, ..., None)),
    ("empty tuple", ()),
    ("list", [0, 2]),
    ("repeated", [0, 0, 2, 0]),
    ("repeated, slice", ([0, 0, 2], slice(1, 3))),
    ("two lists", ([0, 1, 1], [2, 0, 0])),
    ("broadcast lists", ([[0], [2]], [1, 3])),
    ("list after slice", (slice(None), [1, 1, -1])),
    ("list, none", ([0, 1], None)),
    ("negative list", [-1, -3]),
    ("empty list", []),
    ("array", np.array([[0, 2], [2, 0]])),
    ("array, ellipsis", (..., np.array([3, 3, 0]))),
    ("mask rows", np.array([True, False, True])),
    ("mask list", [True, False, True]),
    ("mask none true", np.zeros(3, bool)),
    ("mask columns", (slice(None), np.array([True, False, False, True]))),
    ("mask all", np.arange(12).reshape(3, 4) % 3 == 0),
    ("mask, integer", (np.array([True, True, False]), 1)),
]
DEEP: list[tuple[str, Any]] = [  # of (2, 3, 4)
    ("lists apart", ([0, 1], slice(None), [1, 3])),
    ("lists together", (slice(None), [0, 0, 2], [1, 3, 3])),
    ("mask of two axes", np.arange(6).reshape(2, 3) % 2 == 0),
    ("mask last two", (slice(None), np.arange(12).reshape(3, 4) % 5 == 0)),
    ("ellipsis between", (0, ..., slice(None, None, 3))),
    ("list none list", ([0, 1], None, [1, 2])),
]


def _torch_index(index: Any) -> Any:
    if isinstance(index, tuple):
        return tuple(_torch_index(i) for i in index)
    return torch.from_numpy(index) if isinstance(index, np.ndarray) else index


def _reading() -> Iterator[Case]:
    for shape, rows in [((3, 4), FANCY), ((2, 3, 4), DEEP)]:
        for name, index in rows:
            yield from cases(
                f"getitem {name}", lambda x, i=index: x[i], lambda x, i=_torch_index(index): x[i], (shape,)
            )
    yield from cases("getitem reversed", lambda x: x[::-1, ::-2], lambda x: x.flip(0, 1)[:, ::2], ((3, 5),))
    yield from cases("getitem 0d", lambda x: x[()] * x[...] * x[None], lambda x: x[()] * x[...] * x[None], ((),))
    yield from cases("getitem twice", lambda x: x[1:][0][::2] * x[0, :2], lambda x: x[1:][0][::2] * x[0, :2], ((3, 4),))
    yield from cases("getitem Tensor index", lambda x, i: x[i] + x[i[0]], lambda x, i: x[i] + x[i[0]], ((3, 2), np.array([2, 2, 0])))
    yield from cases("getitem Tensor mask", lambda x: x[x > 0.0], lambda x: x[x > 0.0], ((3, 4),), ((),))
    rows = np.array([0, 2, 2])
    yield from cases("take", lambda x, i: ops.take(x, i, 1), lambda x, i: x[:, i], ((2, 3), rows))
    yield from cases("take flat", lambda x, i: x.take(i), torch.take, ((2, 3), rows), ((2, 3), rows.reshape(3, 1)))
    yield from cases("index_select", lambda x, i: ops.index_select(x, 0, i), lambda x, i: torch.index_select(x, 0, i), ((3, 2), rows))
    yield from cases("index_add", lambda x, i, v: ops.index_add(x, 0, i, v), lambda x, i, v: x.index_add(0, i, v), ((3, 2), rows, (3, 2)))
    yield from cases("index_add 1", lambda x, i, v: x.index_add(1, i, v), lambda x, i, v: x.index_add(1, i, v), ((2, 3), rows, (2, 3)))
    yield from cases(
        "scatter_add",
        lambda v: ops.scatter_add(v, index=([0, 0, 2],), shape=(4, 2)),
        lambda v: torch.zeros(4, 2, dtype=v.dtype).index_put((torch.tensor([0, 0, 2]),), v, accumulate=True),
        ((3, 2),),
    )


# index, shape of the values written to (3, 4)
WRITES: list[tuple[str, Any, Any]] = [
    ("integer", 1, (4,)),
    ("element", (1, 2), ()),
    ("slice", slice(0, 2), (2, 4)),
    ("broadcast row", slice(0, 2), (4,)),
    ("broadcast number", (slice(None), 1), ()),
    ("broadcast column", (slice(None), slice(1, 3)), (3, 1)),
    ("leading one", 1, (1, 4)),
    ("list", [0, 2], (2, 4)),
    ("two lists", ([0, 1], [1, 3]), (2,)),
    ("mask", np.array([True, False, True]), (2, 4)),
    ("mask number", np.arange(12).reshape(3, 4) % 2 == 0, ()),
    ("everything", ..., (3, 4)),
    ("everything number", ..., ()),
    ("none", None, (1, 3, 4)),
    ("nothing", slice(2, 2), (4,)),
]


def _write(x: Any, values: Any, index: Any) -> Any:
    y = x * 1.0
    y[index] = values
    return y * y


def _writing() -> Iterator[Case]:
    for name, index, shape in WRITES:
        yield from cases(
            f"setitem {name}",
            lambda x, v, i=index: _write(x, v, i),
            lambda x, v, i=_torch_index(index): _write(x, v, i),
            ((3, 4), shape),
        )
    yield from cases("setitem number", lambda x: _write(x, 5.0, 0), lambda x: _write(x, 5.0, 0), ((3, 2),))

    def chain(x: Any) -> Any:
        y = x * 2.0
        for k in range(1, 4):
            y[k] = y[k] + y[k - 1] * y[k - 1]
        y[0] += 1.0
        y[[1, 1]] += 1.0  # read, add, write: repeated places get it once
        return y

    def rows(x: Any) -> Any:  # PyTorch refuses to differentiate `chain`
        y = list(x * 2.0)
        for k in range(1, 4):
            y[k] = y[k] + y[k - 1] * y[k - 1]
        return torch.stack([y[0] + 1.0, y[1] + 1.0, y[2], y[3]])

    yield from cases("setitem chain", chain, rows, ((4, 2),))

    def into_constant(zero: Any, x: Any) -> Any:
        zero[1:3] = x * x
        return zero + 1.0

    yield from cases(
        "setitem into constant",
        lambda x: into_constant(Tensor(np.zeros((4,), x.dtype)), x),
        lambda x: into_constant(torch.zeros(4, dtype=x.dtype), x),
        ((2,),),
    )


def _all() -> Iterator[Case]:
    for name, mine, peer, samples in MOVES:
        yield from cases(name, mine, peer, *samples)
    for name, mine, peer, samples in JOINS:
        yield from cases(name, mine, _joined(peer), *samples)
    yield from _reading()
    yield from _writing()


CASES = list(_all())
