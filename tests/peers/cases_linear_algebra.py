"""Products, einsum, inverses, determinants; decompositions by what does not depend on signs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from torch_comparison import Case, cases, regular

from tinygrad_es import ops

torch = pytest.importorskip("torch", reason="compares with torch")
linalg = torch.linalg

PRODUCTS = [
    ((3, 4), (4, 2)),
    ((4,), (4,)),
    ((3, 4), (4,)),
    ((4,), (4, 2)),
    ((2, 3, 4), (4, 2)),
    ((3, 4), (2, 4, 2)),
    ((2, 1, 3, 4), (5, 4, 2)),
    ((2, 3, 4), (4,)),
    ((4,), (2, 4, 3)),
    ((5, 1, 3, 4), (1, 2, 4, 3)),
    ((1, 3, 4), (2, 4, 1)),
    ((2, 0), (0, 3)),
    ((0, 2), (2, 3)),
    ((0,), (0,)),
    ((0, 2, 3), (3, 2)),
    ((2, 3, 0), (0,)),
]

# subscripts, shapes
EINSUM: list[tuple[str, tuple[Any, ...]]] = [
    ("ij,jk->ik", ((2, 3), (3, 4))),
    ("ij,jk", ((2, 3), (3, 4))),
    ("ba,cb", ((2, 3), (4, 2))),
    ("ij->ji", ((2, 3),)),
    ("ji", ((2, 3),)),
    ("ij->", ((2, 3),)),
    ("ij->i", ((2, 3),)),
    ("i,j->ij", ((2,), (3,))),
    ("i,i", ((3,), (3,))),
    ("ii", ((3, 3),)),
    ("ii->i", ((3, 3),)),
    ("iij->j", ((2, 2, 3),)),
    ("ijii->ij", ((2, 3, 2, 2),)),
    ("iijj->ij", ((2, 2, 3, 3),)),
    ("ij,kl->i", ((2, 3), (4, 2))),
    ("ij,kj,lj->ikl", ((2, 3), (4, 3), (2, 3))),
    ("ij,jk,kl->il", ((2, 3), (3, 4), (4, 2))),
    ("ij,jk,kl,lm->im", ((2, 3), (3, 4), (4, 2), (2, 3))),
    ("bij,bjk->bki", ((2, 3, 4), (2, 4, 5))),
    ("...ij,...jk->...ik", ((2, 3, 4), (2, 4, 5))),
    ("...ij,...jk->...ik", ((5, 1, 2, 3), (2, 3, 2))),
    ("...ij,...jk", ((2, 3, 4), (4, 5))),
    ("i...,i...->...", ((3, 2, 2), (3, 2, 2))),
    ("...i->...", ((2, 3),)),
    ("...,...", ((2, 3), (3,))),
    ("i...->...i", ((2, 3, 4),)),
    ("...ii->...i", ((2, 3, 3),)),
    ("ab...,b...->a...", ((2, 3, 4), (3, 4))),
    ("ij,ij->", ((2, 3), (2, 3))),
    ("i,->i", ((3,), ())),
    (",", ((), ())),
    ("ij,j->i", ((0, 3), (3,))),
    ("ij,j->i", ((2, 0), (0,))),
    (" i j , j k -> i k ", ((2, 3), (3, 2))),
    ("iI,Ij->ij", ((2, 3), (3, 2))),
]


def _products() -> Iterator[Case]:
    yield from cases("matmul", ops.matmul, torch.matmul, *PRODUCTS)
    yield from cases("operator @", lambda a, b: a @ b, lambda a, b: a @ b, *PRODUCTS[:6])
    yield from cases("operator x@x", lambda x: x @ x, lambda x: x @ x, ((3, 3),), ((3,),))
    yield from cases("operator x.T@x", lambda x: x.T @ x, lambda x: x.T @ x, ((4, 3),))
    yield from cases("mm", lambda a, b: a.mm(b), torch.mm, PRODUCTS[0])
    yield from cases("bmm", lambda a, b: a.bmm(b), torch.bmm, ((2, 3, 4), (2, 4, 2)))
    yield from cases("mv", lambda a, b: a.mv(b), torch.mv, PRODUCTS[2])
    yield from cases("dot", ops.dot, torch.dot, ((4,), (4,)), ((0,), (0,)))
    yield from cases("dot matrices", ops.dot, torch.matmul, PRODUCTS[0], PRODUCTS[2])
    yield from cases("dot numbers", ops.dot, torch.mul, ((), (3,)), ((2, 2), ()))
    yield from cases("dot tensors", ops.dot, lambda a, b: torch.tensordot(a, b, dims=([2], [1])), ((2, 3, 4), (3, 4, 2)))
    yield from cases("dot tensor vector", ops.dot, lambda a, b: torch.tensordot(a, b, dims=([2], [0])), ((2, 3, 4), (4,)))
    yield from cases("vdot", ops.vdot, lambda a, b: torch.dot(a.flatten(), b.flatten()), ((3,), (3,)), ((2, 2), (2, 2)))
    yield from cases("inner", ops.inner, torch.inner, ((3,), (3,)), ((2, 3), (4, 3)), ((2, 2, 3), (3,)), ((), (3,)))
    yield from cases("outer", ops.outer, torch.outer, ((3,), (2,)), ((0,), (2,)))
    yield from cases("tensordot", lambda a, b: ops.tensordot(a, b, 2), lambda a, b: torch.tensordot(a, b, 2), ((2, 3, 4), (3, 4, 5)))
    yield from cases("tensordot 0", lambda a, b: ops.tensordot(a, b, 0), lambda a, b: torch.tensordot(a, b, 0), ((2,), (3,)))
    axes = ([0, 2], [1, 0])
    yield from cases("tensordot axes", lambda a, b: ops.tensordot(a, b, axes), lambda a, b: torch.tensordot(a, b, axes), ((3, 2, 4), (4, 3, 5)))
    yield from cases("tensordot axis", lambda a, b: ops.tensordot(a, b, (-1, 0)), lambda a, b: torch.tensordot(a, b, ([-1], [0])), ((3, 4), (4, 2)))
    yield from cases("cross", ops.cross, lambda a, b: linalg.cross(a, b.expand_as(a)), ((3,), (3,)), ((2, 3), (2, 3)), ((2, 3), (3,)))
    yield from cases("trace", ops.trace, torch.trace, ((3, 3),), ((2, 4),))
    yield from cases("trace offset", lambda x: x.trace(1), lambda x: torch.diagonal(x, 1).sum(), ((3, 4),))
    affine = ((3, 4), (4, 2), (2,))
    layers = [((3, 4), (4, 2), (2,)), ((0, 4), (4, 2), (2,)), ((3, 4), (4, 1), (1,))]
    yield from cases("linear", ops.linear, lambda x, w, b: torch.addmm(b, x, w), *layers)
    yield from cases("linear vector", ops.linear, lambda x, w, b: x @ w + b, ((4,), (4, 2), (2,)))
    yield from cases("linear batch", ops.linear, lambda x, w, b: x @ w + b, ((2, 2, 2), (2, 2), (2,)), ((2, 3, 4), (4, 2), (2,)))
    yield from cases("linear_twin", ops.linear_twin, lambda x, w, b: x @ w + b, affine, ((2, 3, 4), (4, 2), (2,)))
    for text, shapes in EINSUM:
        yield from cases(
            f"einsum {text}",
            lambda *x, t=text: ops.einsum(t, *x),
            lambda *x, t=text: torch.einsum(t.replace(" ", ""), *x),
            shapes,
        )


SQUARES = [((3, 3),), ((1, 1),), ((2, 3, 3),)]
RIGHT_SIDES = [((3, 3), (3, 2)), ((3, 3), (3,)), ((2, 3, 3), (2, 3, 2)), ((2, 3, 3), (3, 2)), ((3, 3), (3, 0))]


def positive(x: Any) -> Any:
    """x·xᵀ + 1: symmetric, positive definite, by operators both libraries have."""
    return x @ x.mT + 1.0


def symmetric(x: Any) -> Any:
    return x + x.mT


def _inverses() -> Iterator[Case]:
    options: dict[str, Any] = {"domain": regular, "double": 1e-9, "single": 1e-3}
    yield from cases("inv", ops.inv, linalg.inv, *SQUARES, ((0, 0),), **options)
    yield from cases("det", ops.det, linalg.det, *SQUARES, **options)
    yield from cases("logabsdet", ops.logabsdet, lambda x: linalg.slogdet(x)[1], *SQUARES, **options)
    yield from cases("slogdet", ops.slogdet, lambda x: tuple(linalg.slogdet(x)), *SQUARES, **options)
    yield from cases("slogdet negative", lambda x: ops.slogdet(-x), lambda x: tuple(linalg.slogdet(-x)), ((3, 3),), **options)
    yield from cases("solve", ops.solve, linalg.solve, *RIGHT_SIDES[:3], RIGHT_SIDES[4], **options)
    yield from cases("solve broadcast", ops.solve, lambda a, b: linalg.solve(a, b.expand(2, 3, 2)), RIGHT_SIDES[3], **options)
    yield from cases("solve vector stack", ops.solve, lambda a, b: linalg.solve(a, b.expand(2, 3)), ((2, 3, 3), (3,)), **options)
    yield from cases("solve method", lambda a, b: a.T.solve(b), lambda a, b: linalg.solve(a.T, b), RIGHT_SIDES[0], **options)
    yield from cases("cholesky", lambda x: ops.cholesky(positive(x)), lambda x: linalg.cholesky(positive(x)), *SQUARES, **options)
    yield from cases("cholesky direct", ops.cholesky, linalg.cholesky, (np.array([[4.0, 1.0], [1.0, 3.0]]),), **options)
    yield from cases("inv chain", lambda x: ops.inv(ops.inv(x)) @ x, lambda x: linalg.inv(linalg.inv(x)) @ x, ((3, 3),), **options)


def signed_qr(q: Any, r: Any, sign: Any) -> tuple[Any, Any]:
    """Q and R with a positive diagonal of R: unique."""
    n = min(r.shape[-2:])
    signs = sign(r[..., range(n), range(n)])
    return q * signs[..., None, :], r * signs[..., :, None]


def _ours_qr(x: Any) -> tuple[Any, Any]:
    return signed_qr(*ops.qr(x), ops.sign)


def _torch_qr(x: Any) -> tuple[Any, Any]:
    return signed_qr(*linalg.qr(x), torch.sign)


def _eigh(eigh: Any) -> Any:
    """Eigenvalues; v·cos(w)·vᵀ and v², which do not depend on the signs of the vectors."""

    def read(x: Any) -> tuple[Any, ...]:
        w, v = eigh(symmetric(x))
        return w, (v * w[..., None, :] ** 3) @ v.mT, v * v, v @ v.mT

    return read


def _svd(svd: Any) -> Any:
    """Singular values; U·s²·Vᵀ, U·Vᵀ, U² and V²: none depends on signs."""

    def read(x: Any) -> tuple[Any, ...]:
        u, s, vt = svd(x)
        return s, (u * s[..., None, :] ** 2) @ vt, u @ vt, u * u, vt * vt

    return read


def _decompositions() -> Iterator[Case]:
    options: dict[str, Any] = {"domain": regular, "double": 1e-8, "single": 1e-2}
    wide, tall = [((2, 4),), ((2, 2, 3),)], [((4, 2),), ((2, 3, 2),)]
    for name, samples in [("square", SQUARES), ("tall", tall), ("wide", wide)]:
        yield from cases(f"qr {name}", _ours_qr, _torch_qr, *samples, **options)
        mine, peer = _svd(ops.svd), _svd(lambda x: linalg.svd(x, full_matrices=False))
        yield from cases(f"svd {name}", mine, peer, *samples, **options)
        yield from cases(f"svdvals {name}", ops.svdvals, linalg.svdvals, *samples, **options)
        yield from cases(f"svd s {name}", lambda x: ops.svd(x, compute_uv=False), linalg.svdvals, *samples, **options)
        yield from cases(
            f"svd nuclear {name}",
            lambda x: ops.sum(ops.svd(x)[1]),
            lambda x: linalg.matrix_norm(x, "nuc").sum(),
            *samples,
            **options,
        )
    yield from cases("qr_q", lambda x: ops.qr_q(x) @ ops.qr_q(x).mT, lambda x: linalg.qr(x)[0] @ linalg.qr(x)[0].mT, *tall, **options)
    yield from cases("qr_r", lambda x: ops.qr_r(x).mT @ ops.qr_r(x), lambda x: linalg.qr(x)[1].mT @ linalg.qr(x)[1], *tall, **options)
    yield from cases("eigh", _eigh(ops.eigh), _eigh(linalg.eigh), *SQUARES, **options)
    yield from cases("eigvalsh", lambda x: ops.eigvalsh(symmetric(x)), lambda x: linalg.eigvalsh(symmetric(x)), *SQUARES, **options)
    yield from cases("eigh of a product", lambda x: ops.eigh(positive(x))[0], lambda x: linalg.eigh(positive(x))[0], ((3, 3),), **options)
    projector = lambda v: v[..., :1] @ v[..., :1].mT
    yield from cases("eigh_vectors", lambda x: projector(ops.eigh_vectors(symmetric(x))), lambda x: projector(linalg.eigh(symmetric(x))[1]), *SQUARES, **options)


CASES = [*_products(), *_inverses(), *_decompositions()]
