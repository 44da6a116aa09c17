"""Composites of linear algebra: products by many names, traces, decompositions with all factors."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..autodiff import rules as r
from ..autodiff.errors import ShapeError, describe
from ..autodiff.primitive import composite
from ..autodiff.tensor import Tensor, as_tensor
from .joining import concatenate
from .reductions import axes_of
from .shapes import diagonal


@composite
def dot(a: Any, b: Any) -> Any:
    """NumPy's dot: inner product of vectors, product of matrices, product with a number.

    >>> from tinygrad_es import Tensor
    >>> Tensor([1.0, 2.0]).dot([3.0, 4.0])
    tensor(11.)
    """
    a, b = as_tensor(a), as_tensor(b)
    if a.ndim == 0 or b.ndim == 0:
        return r.multiply(a, b)
    if a.ndim <= 2 and b.ndim <= 2:
        return r.matmul(a, b)
    return tensordot(a, b, axes=([a.ndim - 1], [max(b.ndim - 2, 0)]))


@composite
def vdot(a: Any, b: Any) -> Any:
    """The inner product of all elements."""
    a, b = as_tensor(a), as_tensor(b)
    return r.matmul(r.reshape(a, shape=(a.size,)), r.reshape(b, shape=(b.size,)))


@composite
def inner(a: Any, b: Any) -> Any:
    """Σ over the last axes of both."""
    a, b = as_tensor(a), as_tensor(b)
    if a.ndim == 0 or b.ndim == 0:
        return r.multiply(a, b)
    return tensordot(a, b, axes=([a.ndim - 1], [b.ndim - 1]))


@composite
def outer(a: Any, b: Any) -> Any:
    """a·bᵀ of the flattened elements."""
    a, b = as_tensor(a), as_tensor(b)
    return r.multiply(r.reshape(a, shape=(a.size, 1)), r.reshape(b, shape=(1, b.size)))


@composite
def tensordot(a: Any, b: Any, axes: Any = 2) -> Any:
    """Σ over pairs of axes: the last `axes` of a with the first of b, or two lists of axes."""
    a, b = as_tensor(a), as_tensor(b)
    if isinstance(axes, int):
        left, right = list(range(a.ndim - axes, a.ndim)), list(range(axes))
    else:
        pairs = [[s] if isinstance(s, int) else list(s) for s in axes]
        left, right = (
            [axes_of("tensordot", t, i) for i in s] for t, s in zip((a, b), pairs, strict=True)
        )
    summed = [a.shape[i] for i in left]
    if summed != [b.shape[i] for i in right]:
        raise ShapeError(
            f"tensordot: axes {left} of shape {a.shape} and {right} of shape {b.shape} differ."
        )
    keep_a = [i for i in range(a.ndim) if i not in left]
    keep_b = [i for i in range(b.ndim) if i not in right]
    n = int(np.prod(summed))
    rows = r.reshape(
        r.transpose(a, axes=(*keep_a, *left)),
        shape=(int(np.prod([a.shape[i] for i in keep_a])), n),
    )
    columns = r.reshape(
        r.transpose(b, axes=(*right, *keep_b)),
        shape=(n, int(np.prod([b.shape[i] for i in keep_b]))),
    )
    shape = [a.shape[i] for i in keep_a] + [b.shape[i] for i in keep_b]
    return r.reshape(r.matmul(rows, columns), shape=tuple(shape))


@composite
def einsum(subscripts: str, *operands: Any, optimize: Any = None) -> Any:
    """Einstein's summation, as NumPy: `einsum("ij,jk->ik", a, b)`.

    Letters, spaces, `...`, an implicit output and a letter twice in one operand (its diagonal).
    """
    tensors = [as_tensor(x) for x in operands]
    sources, target = _parse(subscripts, tensors)
    for i, letters in enumerate(sources):
        tensors[i], sources[i] = _without_repeats(tensors[i], letters)
    return r.einsum(*tensors, subscripts=",".join(sources) + "->" + target)


def _parse(subscripts: str, tensors: list[Tensor]) -> tuple[list[str], str]:
    text = subscripts.replace(" ", "")
    left, arrow, target = text.partition("->")
    sources = left.split(",")
    if len(sources) != len(tensors):
        raise ValueError(
            f"einsum: {subscripts!r} names {len(sources)} operands. Received: {len(tensors)}."
        )
    free = [c for c in "ZYXWVUTSRQPONMLKJIHGFEDCBA" if c not in text]
    dots = ""
    for i, (letters, t) in enumerate(zip(sources, tensors, strict=True)):
        extra = t.ndim - len(letters.replace("...", ""))
        if extra < 0 or (extra and "..." not in letters):
            raise ValueError(
                f"einsum: {letters!r} names {len(letters.replace('...', ''))} axes. Received: "
                f"{describe(t)}."
            )
        if "..." in letters:
            own = "".join(reversed(free[:extra]))
            sources[i] = letters.replace("...", own)
            dots = max(dots, own, key=len)
    if not arrow:
        once = "".join(sources)
        target = ("..." if dots else "") + "".join(
            sorted(c for c in set(once) if once.count(c) == 1 and c not in dots)
        )
    return sources, target.replace("...", dots)


def _without_repeats(x: Tensor, letters: str) -> tuple[Tensor, str]:
    """The diagonal over every letter that stands twice: `ii` becomes `i`."""
    for letter in sorted(set(letters)):
        while letters.count(letter) > 1:
            i = letters.index(letter)
            j = letters.index(letter, i + 1)
            order = (i, j, *(k for k in range(x.ndim) if k not in (i, j)))
            n = np.arange(x.shape[i])
            x = r.getitem(r.transpose(x, axes=order), index=(n, n))
            letters = letter + "".join(letters[k] for k in order[2:])
    return x, letters


@composite
def trace(x: Any, offset: int = 0) -> Any:
    """The sum of a matrix' diagonal."""
    return r.sum(diagonal(x, offset))


@composite
def slogdet(x: Any) -> tuple[Any, Any]:
    """The sign of the determinant and the logarithm of its size."""
    x = as_tensor(x)
    return as_tensor(np.asarray(np.linalg.slogdet(x.value)[0])), r.logabsdet(x)


@composite
def qr(x: Any, mode: str = "reduced") -> tuple[Any, Any]:
    """x = Q·R with orthonormal columns and an upper triangle (thin)."""
    x = _matrix("qr", x)
    if mode != "reduced":
        raise ValueError(f"qr: expected mode 'reduced'. Received: {mode!r}.")
    m, n = x.shape[-2:]
    if m >= n:
        return r.qr_q(x), r.qr_r(x)
    first, rest = x[..., :m], x[..., m:]
    q = r.qr_q(first)
    t = r.transpose(q, axes=(*range(q.ndim - 2), q.ndim - 1, q.ndim - 2))
    return q, concatenate([r.qr_r(first), t @ rest], axis=-1)


@composite
def eigh(x: Any) -> tuple[Any, Any]:
    """Eigenvalues (ascending) and eigenvectors (columns) of the symmetric (x + xᵀ)/2."""
    x = _matrix("eigh", x)
    return r.eigh_values(x), r.eigh_vectors(x)


@composite
def eigvalsh(x: Any) -> Any:
    """The eigenvalues of the symmetric (x + xᵀ)/2, ascending."""
    return r.eigh_values(_matrix("eigvalsh", x))


@composite
def svd(x: Any, full_matrices: bool = False, compute_uv: bool = True) -> Any:
    """x = U·diag(s)·Vᵀ, thin: U, s (descending) and Vᵀ; only s with `compute_uv=False`."""
    x = _matrix("svd", x)
    if full_matrices and x.shape[-1] != x.shape[-2]:
        raise ValueError("svd: expected full_matrices=False for a matrix that is not square.")
    return (r.svd_u(x), r.svd_s(x), r.svd_vt(x)) if compute_uv else r.svd_s(x)


@composite
def svdvals(x: Any) -> Any:
    """The singular values, descending."""
    return r.svd_s(_matrix("svdvals", x))


@composite
def matrix_transpose(x: Any) -> Any:
    """The last two axes exchanged."""
    x = _matrix("matrix_transpose", x)
    return r.transpose(x, axes=(*range(x.ndim - 2), x.ndim - 1, x.ndim - 2))


@composite
def matrix_norm(x: Any, ord: Any = "fro", keepdims: bool = False) -> Any:
    """The Frobenius norm of each matrix of a stack: √Σ x²."""
    if ord not in ("fro", None):
        raise ValueError(f"matrix_norm: expected ord='fro'. Received: ord={ord!r}.")
    return r.norm2(_matrix("matrix_norm", x), axis=(-2, -1), keepdims=keepdims)


@composite
def cross(a: Any, b: Any) -> Any:
    """The vector product over the last axis, of length 3."""
    a, b = as_tensor(a), as_tensor(b)
    if a.shape[-1:] != (3,) or b.shape[-1:] != (3,):
        raise ShapeError(
            f"cross: expected a last axis of length 3. Received: {a.shape}, {b.shape}."
        )
    i, j = [1, 2, 0], [2, 0, 1]
    return a[..., i] * b[..., j] - a[..., j] * b[..., i]


def _matrix(name: str, x: Any) -> Tensor:
    x = as_tensor(x)
    if x.ndim < 2:
        raise ShapeError(f"{name}: expected a matrix (at least two axes). Received: {describe(x)}.")
    return x
