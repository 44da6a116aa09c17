"""Rows of the table: products of matrices, inverses, determinants, Cholesky."""

from __future__ import annotations

from math import prod

from ..primitive import primitive


def mT(xp, x):
    """The transpose of the last two axes."""
    return (
        x.T if x.ndim == 2 else xp.transpose(x, axes=(*range(x.ndim - 2), x.ndim - 1, x.ndim - 2))
    )


@primitive(
    "@",
    samples=[
        ((3, 4), (4, 2)),
        ((4,), (4,)),
        ((3, 4), (4,)),
        ((4,), (4, 2)),
        ((2, 3, 4), (4, 2)),
        ((2, 1, 3, 4), (5, 4, 2)),
        ((2, 3, 4), (4,)),
        ((4,), (2, 4, 3)),
    ],
    aliases=["mm", "bmm", "mv"],
    calm=True,
)
def matmul(xp, a, b):
    """The matrix product; leading axes broadcast, a vector counts as one row or one column."""
    return xp.matmul(a, b)


def _matmul_a(xp, g, y, a, b):
    if a.ndim == 2 and b.ndim == 2:
        return xp.matmul(g, b.T)
    if b.ndim == 1:
        return g * b if a.ndim == 1 else xp.reshape(g, shape=(*g.shape, 1)) * b
    if a.ndim == 1:
        column = xp.reshape(g, shape=(*g.shape, 1))
        return xp.reshape(xp.matmul(b, column), shape=b.shape[:-1])
    return xp.matmul(g, mT(xp, b))


def _matmul_b(xp, g, y, a, b):
    if a.ndim == 2 and b.ndim == 2:
        return xp.matmul(a.T, g)
    if a.ndim == 1 and b.ndim == 1:
        return g * a
    if a.ndim == 1:
        return xp.reshape(a, shape=(a.size, 1)) * xp.reshape(
            g, shape=(*g.shape[:-1], 1, g.shape[-1])
        )
    if b.ndim == 1:
        column = xp.reshape(g, shape=(*g.shape, 1))
        return xp.reshape(xp.matmul(mT(xp, a), column), shape=(*a.shape[:-2], a.shape[-1]))
    return xp.matmul(mT(xp, a), g)


matmul.derivatives(a=_matmul_a, b=_matmul_b)


@primitive(
    "x·W + b",
    samples=[((3, 4), (4, 2), (2,)), ((4,), (4, 2), (2,)), ((2, 3, 4), (4, 2), (2,))],
    twin="linear_twin",
    calm=True,
)
def linear(xp, x, w, b):
    """x @ w + b in one node: a dense layer, of a matrix w and a vector b.

    Fused because the bias is added into the product's own buffer: one array and one node less.
    """
    y = xp.matmul(x, w)
    y += b  # on arrays: in place, into the buffer of the product
    return y


def _rows_of(xp, x):
    """All leading axes as one: a matrix whose rows are the samples."""
    return xp.reshape(x, shape=(prod(x.shape[:-1]), x.shape[-1]))


def _linear_w(xp, g, y, x, w, b):
    if x.ndim == 2:
        return xp.matmul(x.T, g)
    return xp.matmul(_rows_of(xp, x).T, _rows_of(xp, g))


linear.derivatives(
    x=lambda xp, g, y, x, w, b: xp.matmul(g, w.T),
    w=_linear_w,
    b=lambda xp, g, y, x, w, b: xp.sum(g if g.ndim == 2 else _rows_of(xp, g), axis=0),
)


@primitive(
    "einsum",
    samples=[
        ((3, 4), (4, 2), {"subscripts": "ij,jk->ik"}),
        ((3, 4), {"subscripts": "ij->j"}),
        ((2, 3), (3, 4), (4, 2), {"subscripts": "ij,jk,kl->il"}),
        ((3,), (4,), {"subscripts": "i,j->"}),
        ((2, 3, 4), (2, 4, 5), {"subscripts": "bij,bjk->bki"}),
    ],
)
def einsum(xp, *operands, subscripts):
    """Einstein's summation, with explicit output and no letter twice in one operand."""
    return xp.einsum(*operands, subscripts=subscripts)


def _einsum_rule(xp, g, y, *operands, which, subscripts):
    """The operand and the output change places; a letter summed alone is broadcast back."""
    sources, target = subscripts.split("->")
    letters = sources.split(",")
    wanted = letters[which]
    others = [(s, x) for i, (s, x) in enumerate(zip(letters, operands)) if i != which]
    known = set(target).union(*(s for s, _ in others))
    found = "".join(c for c in wanted if c in known)
    text = ",".join([target, *(s for s, _ in others)]) + "->" + found
    result = xp.einsum(g, *(x for _, x in others), subscripts=text)
    if found == wanted:
        return result
    shape = operands[which].shape
    sizes = dict(zip(found, result.shape))
    result = xp.reshape(result, shape=tuple(sizes.get(c, 1) for c in wanted))
    return xp.broadcast_to(result, shape=tuple(sizes.get(c, n) for c, n in zip(wanted, shape)))


einsum.derivatives(operands=_einsum_rule)


def well_conditioned(rng, shape, position):
    """Square matrices near 2·I; other shapes as they come."""
    a = rng.uniform(-0.5, 0.5, shape)
    if len(shape) >= 2 and shape[-1] == shape[-2]:
        for i in range(shape[-1]):
            a[..., i, i] += 2.0 + 0.3 * i
    return a


SQUARE = [((3, 3),), ((2, 3, 3),), ((1, 1),)]


@primitive("⁻¹", samples=SQUARE, domain=well_conditioned)
def inv(xp, x):
    """The inverse of a square matrix (or of a stack of them)."""
    return xp.inv(x)


def _inv_rule(xp, g, y, x):
    t = mT(xp, y)
    return -xp.matmul(xp.matmul(t, g), t)


inv.derivatives(x=_inv_rule)


@primitive(
    "solve",
    samples=[((3, 3), (3, 2)), ((3, 3), (3,)), ((2, 3, 3), (3, 2)), ((2, 3, 3), (3,))],
    domain=well_conditioned,
)
def solve(xp, a, b):
    """The x of a·x = b; b is a vector if it has one axis, else a matrix of columns."""
    return xp.solve(a, b)


def _solve_b(xp, g, y, a, b):
    if b.ndim == 1:
        column = xp.reshape(g, shape=(*g.shape, 1))
        return xp.reshape(xp.solve(mT(xp, a), column), shape=g.shape)
    return xp.solve(mT(xp, a), g)


def _solve_a(xp, g, y, a, b):
    v = _solve_b(xp, g, y, a, b)
    if b.ndim == 1:
        return -xp.reshape(v, shape=(*v.shape, 1)) * xp.reshape(
            y, shape=(*y.shape[:-1], 1, y.shape[-1])
        )
    return -xp.matmul(v, mT(xp, y))


solve.derivatives(a=_solve_a, b=_solve_b)


def _spread(xp, scalar):
    return xp.reshape(scalar, shape=(*scalar.shape, 1, 1))


@primitive("det", samples=SQUARE, domain=well_conditioned)
def det(xp, x):
    """The determinant; the derivative needs an invertible matrix."""
    return xp.det(x)


det.derivatives(x=lambda xp, g, y, x: _spread(xp, g * y) * mT(xp, xp.inv(x)))


@primitive("log|det|", samples=SQUARE, domain=well_conditioned)
def logabsdet(xp, x):
    """log |det x|, without overflow."""
    return xp.logabsdet(x)


logabsdet.derivatives(x=lambda xp, g, y, x: _spread(xp, g) * mT(xp, xp.inv(x)))


@primitive("Cholesky", samples=SQUARE, domain=well_conditioned)
def cholesky(xp, x):
    """The lower triangular L with L·Lᵀ = (x + xᵀ)/2, of a positive definite matrix."""
    return xp.cholesky(0.5 * (x + mT(xp, x)))


def lower_half(xp, x):
    """The lower triangle of x with half of the diagonal."""
    return 0.5 * (xp.tril(x, k=0) + xp.tril(x, k=-1))


def _cholesky_rule(xp, g, y, x):
    t = mT(xp, y)
    middle = lower_half(xp, xp.matmul(t, g))
    s = xp.matmul(xp.solve(t, middle), xp.inv(y))
    return 0.5 * (s + mT(xp, s))


cholesky.derivatives(x=_cholesky_rule)
