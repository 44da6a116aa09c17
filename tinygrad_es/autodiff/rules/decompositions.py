"""Rows of the table: QR, symmetric eigenproblem and SVD, one factor a row.

A rule needs the other factors; it asks for them as nodes of their own. Where singular values or
eigenvalues coincide the vectors have no derivative: those terms are set to 0.
"""

from __future__ import annotations

from ..primitive import primitive
from .linear_algebra import mT


def spread_spectrum(rng, shape, position):
    """Matrices with well separated singular values and eigenvalues."""
    a = rng.uniform(-0.4, 0.4, shape)
    for i in range(min(shape[-2:])):
        a[..., i, i] += 1.0 + i
    return a


TALL = [((3, 3),), ((5, 3),), ((2, 4, 2),)]
SQUARE = [((3, 3),), ((2, 4, 4),)]


# --- QR, for at least as many rows as columns (ops.qr takes the others apart) -------------------


@primitive("Q of QR", samples=TALL, domain=spread_spectrum)
def qr_q(xp, x):
    """The orthonormal factor of x = Q·R (m ≥ n)."""
    return xp.qr_q(x)


@primitive("R of QR", samples=TALL, domain=spread_spectrum)
def qr_r(xp, x):
    """The upper triangular factor of x = Q·R (m ≥ n)."""
    return xp.qr_r(x)


def _qr_rule(xp, gq, m, q, r):
    """(ḡ_Q + Q·copyltu(M))·R⁻ᵀ, copyltu mirroring the lower triangle upwards."""
    mirrored = xp.matmul(q, xp.tril(m, k=0) + mT(xp, xp.tril(m, k=-1)))
    total = mirrored if gq is None else gq + mirrored
    return mT(xp, xp.solve(r, mT(xp, total)))


def _qr_q_rule(xp, g, q, x):
    return _qr_rule(xp, g, -xp.matmul(mT(xp, g), q), q, xp.matmul(mT(xp, q), x))


def _qr_r_rule(xp, g, r, x):
    return _qr_rule(xp, None, xp.matmul(r, mT(xp, g)), xp.qr_q(x), r)


qr_q.derivatives(x=_qr_q_rule)
qr_r.derivatives(x=_qr_r_rule)


# --- symmetric eigenproblem: of (x + xᵀ)/2 ------------------------------------------------------


def symmetric(xp, x):
    """(x + xᵀ)/2."""
    return 0.5 * (x + mT(xp, x))


@primitive("λ", samples=SQUARE, domain=spread_spectrum)
def eigh_values(xp, x):
    """The eigenvalues of (x + xᵀ)/2, ascending."""
    return xp.eigh_values(symmetric(xp, x))


@primitive("eigenvectors", samples=SQUARE, domain=spread_spectrum)
def eigh_vectors(xp, x):
    """The eigenvectors of (x + xᵀ)/2, as columns, in the order of `eigh_values`."""
    return xp.eigh_vectors(symmetric(xp, x))


def _columns(xp, v):
    """A vector as a row that scales the columns of a matrix."""
    return xp.reshape(v, shape=(*v.shape[:-1], 1, v.shape[-1]))


def _rows(xp, v):
    return xp.reshape(v, shape=(*v.shape, 1))


def _inverse_or_zero(xp, d):
    nothing = xp.equal(d, 0.0)
    return xp.where(nothing, 0.0, 1.0 / xp.where(nothing, 1.0, d))


def _eigh_values_rule(xp, g, w, x):
    v = xp.eigh_vectors(symmetric(xp, x))
    return xp.matmul(v * _columns(xp, g), mT(xp, v))


def _eigh_vectors_rule(xp, g, v, x):
    w = xp.eigh_values(symmetric(xp, x))
    f = _inverse_or_zero(xp, _columns(xp, w) - _rows(xp, w))
    s = xp.matmul(xp.matmul(v, f * xp.matmul(mT(xp, v), g)), mT(xp, v))
    return symmetric(xp, s)


eigh_values.derivatives(x=_eigh_values_rule)
eigh_vectors.derivatives(x=_eigh_vectors_rule)


# --- singular value decomposition x = U·diag(s)·Vᵀ, thin ----------------------------------------

RECTANGLE = [((3, 3),), ((4, 2),), ((2, 4),), ((2, 3, 2),)]


@primitive("U of SVD", samples=RECTANGLE, domain=spread_spectrum)
def svd_u(xp, x):
    """The left singular vectors, as columns."""
    return xp.svd_u(x)


@primitive("s of SVD", samples=RECTANGLE, domain=spread_spectrum)
def svd_s(xp, x):
    """The singular values, descending."""
    return xp.svd_s(x)


@primitive("Vᵀ of SVD", samples=RECTANGLE, domain=spread_spectrum)
def svd_vt(xp, x):
    """The right singular vectors, as rows."""
    return xp.svd_vt(x)


def _svd_s_rule(xp, g, s, x):
    return xp.matmul(xp.svd_u(x) * _columns(xp, g), xp.svd_vt(x))


def _gaps(xp, s):
    """1/(sⱼ² − sᵢ²), and 0 on the diagonal."""
    return _inverse_or_zero(xp, _columns(xp, s * s) - _rows(xp, s * s))


def _svd_u_rule(xp, g, u, x):
    s, vt = xp.svd_s(x), xp.svd_vt(x)
    along = xp.matmul(mT(xp, u), g)
    j = _gaps(xp, s) * along
    inside = xp.matmul(u, (j + mT(xp, j)) * _columns(xp, s))
    outside = (g - xp.matmul(u, along)) / _columns(xp, s)
    return xp.matmul(inside + outside, vt)


def _svd_vt_rule(xp, g, vt, x):
    s, u = xp.svd_s(x), xp.svd_u(x)
    along = xp.matmul(vt, mT(xp, g))
    k = _gaps(xp, s) * along
    inside = xp.matmul(_rows(xp, s) * (k + mT(xp, k)), vt)
    outside = (g - xp.matmul(mT(xp, along), vt)) / _rows(xp, s)
    return xp.matmul(u, inside + outside)


svd_u.derivatives(x=_svd_u_rule)
svd_s.derivatives(x=_svd_s_rule)
svd_vt.derivatives(x=_svd_vt_rule)
