"""NumPy's own functions called on Tensors, against the same functions of PyTorch."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from torch_comparison import POSITIVE, UNIT, Case, away_from_zero, cases, regular

torch = pytest.importorskip("torch", reason="compares with torch")
F = torch.nn.functional

# the same name in NumPy and PyTorch; where it differs, PyTorch's function
UFUNCS: list[tuple[str, Any, Any]] = [
    *((name, None, (-2.0, 2.0)) for name in "exp expm1 exp2 sin cos sinh cosh tanh arctan".split()),
    *((name, None, (-2.0, 2.0)) for name in "arcsinh square negative floor ceil isnan isinf".split()),
    *((name, None, (-2.0, 2.0)) for name in "isfinite positive logical_not".split()),
    *((name, None, POSITIVE) for name in "log log1p log2 log10 sqrt".split()),
    *((name, None, UNIT) for name in "arcsin arccos arctanh tan".split()),
    *((name, None, away_from_zero) for name in "reciprocal abs absolute sign".split()),
    ("fabs", torch.abs, away_from_zero),
    ("rint", torch.round, (-2.0, 2.0)),
    ("arccosh", None, (1.3, 3.0)),
]
BINARY: list[tuple[str, Any, Any]] = [
    *((name, None, POSITIVE) for name in "add subtract multiply divide true_divide".split()),
    *((name, None, POSITIVE) for name in "maximum minimum remainder hypot logaddexp".split()),
    *((name, None, POSITIVE) for name in "arctan2 logical_and logical_or logical_xor".split()),
    *((name, None, POSITIVE) for name in "less less_equal greater greater_equal not_equal".split()),
    ("equal", torch.eq, POSITIVE),
    ("power", torch.pow, POSITIVE),
    ("mod", torch.remainder, POSITIVE),
    ("floor_divide", lambda a, b: torch.div(a, b, rounding_mode="floor"), POSITIVE),
]

MASK = np.array([[True, False, True, False]] * 3)
IDS = np.array([2, 0, 2])

# name, NumPy's call, PyTorch's, samples
CALLS: list[tuple[str, Any, Any, list[Any]]] = [
    ("sum", np.sum, torch.sum, [((3, 4),), ((),)]),
    ("sum axis", lambda x: np.sum(x, axis=(0, 2), keepdims=True), lambda x: torch.sum(x, (0, 2), True), [((2, 3, 4),)]),
    ("mean", lambda x: np.mean(x, axis=0), lambda x: torch.mean(x, 0), [((3, 4),)]),
    ("prod", lambda x: np.prod(x, axis=1), lambda x: torch.prod(x, 1), [((3, 4),)]),
    ("max", lambda x: np.max(x, axis=1), lambda x: torch.max(x, 1)[0], [((3, 4),)]),
    ("min", np.min, torch.min, [((3, 4),)]),
    ("amax", lambda x: np.amax(x, axis=0), lambda x: torch.amax(x, 0), [((3, 4),)]),
    ("amin", lambda x: np.amin(x, axis=0), lambda x: torch.amin(x, 0), [((3, 4),)]),
    ("var", lambda x: np.var(x, axis=0, ddof=1), lambda x: torch.var(x, 0), [((3, 4),)]),
    ("std", lambda x: np.std(x, 1), lambda x: torch.std(x, 1, correction=0), [((3, 4),)]),
    ("median", lambda x: np.median(x, axis=0), lambda x: torch.median(x, 0)[0], [((3, 4),)]),
    ("sort", lambda x: np.sort(x, axis=0), lambda x: torch.sort(x, 0)[0], [((3, 4),)]),
    ("argsort", lambda x: np.argsort(x, axis=-1), torch.argsort, [((3, 4),)]),
    ("argmax", lambda x: np.argmax(x, axis=1), lambda x: torch.argmax(x, 1), [((3, 4),)]),
    ("argmin", np.argmin, torch.argmin, [((3, 4),)]),
    ("cumsum", lambda x: np.cumsum(x, axis=1), lambda x: torch.cumsum(x, 1), [((3, 4),)]),
    ("cumprod", lambda x: np.cumprod(x, axis=0), lambda x: torch.cumprod(x, 0), [((3, 4),)]),
    ("any", lambda x: np.any(x > 0, axis=0), lambda x: torch.any(x > 0, 0), [((3, 4),)]),
    ("all", lambda x: np.all(x > 0), lambda x: torch.all(x > 0), [((3, 4),)]),
    ("count_nonzero", lambda x: np.count_nonzero(x > 0, axis=0), lambda x: torch.count_nonzero(x > 0, 0), [((3, 4),)]),
    ("add.reduce", lambda x: np.add.reduce(x), lambda x: x.sum(0), [((3, 4),)]),
    ("multiply.reduce", lambda x: np.multiply.reduce(x, axis=1), lambda x: x.prod(1), [((3, 4),)]),
    ("maximum.reduce", lambda x: np.maximum.reduce(x, axis=None), lambda x: x.max(), [((3, 4),)]),
    ("clip", lambda x: np.clip(x, -0.5, 0.5), lambda x: torch.clip(x, -0.5, 0.5), [((3, 4),), ((),)]),
    ("where", lambda x, y: np.where(x > 0, x, y), lambda x, y: torch.where(x > 0, x, y), [((3, 4), (4,))]),
    ("where mask", lambda x: np.where(MASK, x, 0.0), lambda x: torch.where(torch.from_numpy(MASK), x, 0.0), [((3, 4),)]),
    ("reshape", lambda x: np.reshape(x, (2, 6)), lambda x: x.reshape(2, 6), [((3, 4),)]),
    ("ravel", np.ravel, torch.ravel, [((3, 4),)]),
    ("transpose", np.transpose, lambda x: x.permute(2, 1, 0), [((2, 3, 4),)]),
    ("transpose axes", lambda x: np.transpose(x, (1, 0, 2)), lambda x: x.permute(1, 0, 2), [((2, 3, 4),)]),
    ("swapaxes", lambda x: np.swapaxes(x, 0, 1), lambda x: torch.swapaxes(x, 0, 1), [((3, 4),)]),
    ("moveaxis", lambda x: np.moveaxis(x, 0, -1), lambda x: torch.moveaxis(x, 0, -1), [((2, 3, 4),)]),
    ("squeeze", np.squeeze, torch.squeeze, [((1, 3, 1),)]),
    ("expand_dims", lambda x: np.expand_dims(x, 0), lambda x: x[None], [((3,),)]),
    ("broadcast_to", lambda x: np.broadcast_to(x, (2, 3)), lambda x: x.expand(2, 3), [((3,),)]),
    ("concatenate", lambda *x: np.concatenate(x, axis=1), lambda *x: torch.cat(x, 1), [((2, 1), (2, 3))]),
    ("concatenate array", lambda x: np.concatenate([np.ones((1, 3), x.dtype), x]), lambda x: torch.cat([x.new_ones(1, 3), x]), [((2, 3),)]),
    ("stack", lambda *x: np.stack(x, axis=-1), lambda *x: torch.stack(x, -1), [((2, 3), (2, 3))]),
    ("vstack", lambda *x: np.vstack(x), lambda *x: torch.vstack(x), [((3,), (2, 3))]),
    ("hstack", lambda *x: np.hstack(x), lambda *x: torch.hstack(x), [((3,), (2,))]),
    ("split", lambda x: np.split(x, 2, axis=1), lambda x: torch.tensor_split(x, 2, 1), [((3, 4),)]),
    ("flip", lambda x: np.flip(x, 0), lambda x: torch.flip(x, (0,)), [((3, 4),)]),
    ("roll", lambda x: np.roll(x, 1, axis=0), lambda x: torch.roll(x, 1, 0), [((3, 4),)]),
    ("tile", lambda x: np.tile(x, (2, 2)), lambda x: torch.tile(x, (2, 2)), [((2, 3),)]),
    ("repeat", lambda x: np.repeat(x, 2, axis=0), lambda x: x.repeat_interleave(2, 0), [((2, 3),)]),
    ("pad", lambda x: np.pad(x, ((0, 1), (2, 0))), lambda x: F.pad(x, (2, 0, 0, 1)), [((2, 3),)]),
    ("take", lambda x: np.take(x, IDS, axis=1), lambda x: x[:, torch.from_numpy(IDS)], [((2, 3),)]),
    ("take_along_axis", lambda x, i: np.take_along_axis(x, i, axis=1), lambda x, i: torch.take_along_dim(x, i, 1), [((2, 3), np.array([[0, 2], [1, 1]]))]),
    ("tril", np.tril, torch.tril, [((3, 3),)]),
    ("triu", lambda x: np.triu(x, 1), lambda x: torch.triu(x, 1), [((3, 3),)]),
    ("diag", np.diag, torch.diag, [((3,),), ((3, 4),)]),
    ("diagonal", np.diagonal, torch.diagonal, [((3, 4),)]),
    ("trace", np.trace, torch.trace, [((3, 3),)]),
    ("dot", np.dot, torch.matmul, [((3, 4), (4, 2)), ((4,), (4,))]),
    ("vdot", np.vdot, torch.dot, [((4,), (4,))]),
    ("inner", np.inner, torch.inner, [((2, 3), (4, 3))]),
    ("outer", np.outer, torch.outer, [((2,), (3,))]),
    ("matmul", np.matmul, torch.matmul, [((2, 3, 4), (4, 2))]),
    ("tensordot", lambda a, b: np.tensordot(a, b, axes=1), lambda a, b: torch.tensordot(a, b, 1), [((2, 3), (3, 4))]),
    ("einsum", lambda a, b: np.einsum("ij,kj->ik", a, b), lambda a, b: torch.einsum("ij,kj->ik", a, b), [((2, 3), (4, 3))]),
    ("cross", np.cross, torch.linalg.cross, [((3,), (3,)), ((2, 3), (2, 3))]),
    ("zeros_like", np.zeros_like, torch.zeros_like, [((2, 3),)]),
    ("ones_like", np.ones_like, torch.ones_like, [((2, 3),)]),
    ("full_like", lambda x: np.full_like(x, 3.0), lambda x: torch.full_like(x, 3.0), [((2, 3),)]),
    ("copy", np.copy, torch.clone, [((2, 3),)]),
    ("isclose", lambda a, b: np.isclose(a, b), torch.isclose, [((3,), (3,))]),
    ("array @ t", lambda x: np.eye(3, dtype=x.dtype) @ x, lambda x: torch.eye(3, dtype=x.dtype) @ x, [((3, 2),)]),
    ("array op t", lambda x: 1.0 - np.ones(2, x.dtype) * x / np.full((2,), 2.0, x.dtype), lambda x: 1.0 - x / 2.0, [((3, 2),)]),
    ("array ** t", lambda x: np.full(2, 3.0, x.dtype) ** x, lambda x: x.new_full((2,), 3.0) ** x, [((3, 2),)]),
    ("array > t", lambda x: np.zeros(2) > x, lambda x: x < 0, [((3, 2),)]),
    ("scalar * t", lambda x: np.float64(2.0) * x + np.float32(1.0), lambda x: 2.0 * x + 1.0, [((3, 2),)]),
    ("0d array * t", lambda x: np.array(2.0) * x, lambda x: torch.tensor(2.0).double() * x, [((3, 2),)]),
]
LINALG: list[tuple[str, Any, Any, list[Any]]] = [
    ("inv", np.linalg.inv, torch.linalg.inv, [((3, 3),)]),
    ("det", np.linalg.det, torch.linalg.det, [((3, 3),), ((2, 3, 3),)]),
    ("slogdet", lambda x: tuple(np.linalg.slogdet(x)), lambda x: tuple(torch.linalg.slogdet(x)), [((3, 3),)]),
    ("solve", np.linalg.solve, torch.linalg.solve, [((3, 3), (3, 2)), ((3, 3), (3,))]),
    ("norm", np.linalg.norm, torch.linalg.norm, [((3, 4),), ((3,),)]),
    ("norm axis", lambda x: np.linalg.norm(x, axis=1), lambda x: torch.linalg.norm(x, dim=1), [((3, 4),)]),
    ("norm 1", lambda x: np.linalg.norm(x, 1), lambda x: torch.linalg.norm(x, 1), [((3,),)]),
    ("cholesky", lambda x: np.linalg.cholesky(x @ x.T), lambda x: torch.linalg.cholesky(x @ x.T), [((3, 3),)]),
    ("eigvalsh", lambda x: np.linalg.eigvalsh(x + x.T), lambda x: torch.linalg.eigvalsh(x + x.T), [((3, 3),)]),
    ("eigh", lambda x: np.linalg.eigh(x + x.T)[0], lambda x: torch.linalg.eigh(x + x.T)[0], [((3, 3),)]),
    ("svd", lambda x: np.linalg.svd(x, full_matrices=False)[1], torch.linalg.svdvals, [((3, 2),)]),
    ("svdvals", np.linalg.svdvals, torch.linalg.svdvals, [((3, 2),)]),
    ("qr", lambda x: np.linalg.qr(x)[1].T @ np.linalg.qr(x)[1], lambda x: x.T @ x, [((3, 2),)]),
    ("matrix_transpose", np.linalg.matrix_transpose, lambda x: x.mT, [((2, 3, 4),)]),
    ("matmul", np.linalg.matmul, torch.matmul, [((2, 3), (3, 2))]),
    ("vector_norm", np.linalg.vector_norm, torch.linalg.vector_norm, [((3, 4),)]),
    ("matrix_norm", np.linalg.matrix_norm, torch.linalg.matrix_norm, [((3, 4),)]),
    ("trace", np.linalg.trace, torch.trace, [((3, 3),)]),
    ("diagonal", np.linalg.diagonal, torch.diagonal, [((3, 3),)]),
    ("outer", np.linalg.outer, torch.outer, [((2,), (3,))]),
    ("cross", np.linalg.cross, torch.linalg.cross, [((3,), (3,))]),
    ("tensordot", np.linalg.tensordot, torch.tensordot, [((2, 3, 4), (3, 4, 2))]),
]


def _all() -> Iterator[Case]:
    for name, peer, domain in UFUNCS:
        peer = peer or getattr(torch, name)
        yield from cases(f"np.{name}", getattr(np, name), peer, ((3, 2),), ((),), ((0,),), domain=domain)
    for name, peer, domain in BINARY:
        peer = peer or getattr(torch, name)
        samples = ((3, 2), (2,)), ((), ()), ((0, 1), (3,))
        yield from cases(f"np.{name}", getattr(np, name), peer, *samples, domain=domain)
    for name, mine, peer, samples in CALLS:
        yield from cases(f"np.{name}", mine, peer, *samples, smooth="_like" not in name)
    for name, mine, peer, samples in LINALG:
        yield from cases(f"np.linalg.{name}", mine, peer, *samples, domain=regular, double=1e-9, single=1e-3)


CASES = list(_all())
