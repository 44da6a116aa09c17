"""Rows of the table that fuse several operations, each with a composite twin in `ops`.

A row stands here only because a benchmark shows the gain and because p − t must come out exactly,
even where the probabilities saturate.
"""

from __future__ import annotations

import numpy as np

from ..primitive import primitive

ROWS = [((3, 4),), ((5,),), ((2, 3, 4),)]


@primitive("softmax", samples=ROWS, twin="softmax_twin", calm=True)
def softmax(xp, x):
    """e^x / Σe^x over the last axis; Jacobian diag(y) − y·yᵀ."""
    if x.shape[-1] == 0:
        return xp.exp(x)  # of no classes: as empty as x
    e = xp.exp(x - xp.amax(x, axis=-1, keepdims=True))
    return e / xp.sum(e, axis=-1, keepdims=True)


softmax.derivatives(x=lambda xp, g, y, x: y * (g - xp.sum(g * y, axis=-1, keepdims=True)))


@primitive(
    "softmax + CE",
    samples=[((3, 4), (3, 4)), ((4,), (4,))],
    domain=(0.1, 0.9),
    twin="softmax_cross_entropy_twin",
    calm=True,
)
def softmax_cross_entropy(xp, logits, targets):
    """−Σ t·log softmax(z) over the last axis: one loss per sample, from logits.

    The gradient in the logits is softmax(z)·Σt − t, so softmax(z) − t for targets of sum 1. A
    logit of −∞ (a class masked out) counts nothing where its target is 0.
    """
    shifted = logits - xp.amax(logits, axis=-1, keepdims=True)
    total = xp.log(xp.sum(xp.exp(shifted), axis=-1, keepdims=True))
    surprise = xp.where(xp.equal(targets, 0.0), 0.0, total - shifted)
    return xp.sum(targets * surprise, axis=-1)


def _column(xp, g):
    return xp.reshape(g, shape=(*g.shape, 1))


def _logits_rule(xp, g, y, logits, targets):
    mass = xp.sum(targets, axis=-1, keepdims=True)
    return _column(xp, g) * (xp.softmax(logits) * mass - targets)


def _targets_rule(xp, g, y, logits, targets):
    return _column(xp, g) * (xp.logsumexp(logits, axis=-1, keepdims=True) - logits)


softmax_cross_entropy.derivatives(logits=_logits_rule, targets=_targets_rule)


_THREE = [[False, False, False, True], [True, False, False, False], [False, False, False, True]]
_SIX = [[[0, 0, 0, 1], [1, 0, 0, 0], [0, 1, 0, 0]], [[0, 0, 1, 0], [0, 0, 1, 0], [1, 0, 0, 0]]]


@primitive(
    "softmax + CE",
    samples=[
        ((3, 4), {"hot": np.array(_THREE)}),
        ((2, 3, 4), {"hot": np.array(_SIX, dtype=bool)}),
        ((4,), {"hot": np.array(_THREE[0])}),
        ((3, 4), {"hot": np.array(_THREE), "mean": True}),
    ],
    twin="sparse_softmax_cross_entropy_twin",
    calm=True,
)
def sparse_softmax_cross_entropy(xp, logits, *, hot, mean=False):
    """−log softmax(z) of one class per sample, from logits; `hot` is True at that class.

    The gradient is softmax(z), less 1 at the class. With `mean` the losses are averaged at once.
    """
    shifted = logits - xp.amax(logits, axis=-1, keepdims=True)
    total = xp.log(xp.sum(xp.exp(shifted), axis=-1))
    own = xp.getitem(shifted, index=hot)
    if logits.ndim != 2:
        own = xp.reshape(own, shape=total.shape)
    losses = total - own
    return xp.sum(losses) / losses.size if mean else losses


def _less_one_at_the_class(xp, g, y, logits, *, hot, mean):
    d = xp.softmax(logits) - hot
    if mean:
        return d * (g * (1.0 / (hot.size // (logits.shape[-1] or 1) or 1)))
    return _column(xp, g) * d


sparse_softmax_cross_entropy.derivatives(logits=_less_one_at_the_class)


@primitive(
    "σ + CE",
    elementwise=True,
    samples=[((3, 4), (3, 4)), ((), ())],
    domain=(0.1, 0.9),
    twin="sigmoid_cross_entropy_twin",
    calm=True,
)
def sigmoid_cross_entropy(xp, logits, targets):
    """−t·log σ(z) − (1−t)·log(1−σ(z)), elementwise, from logits: max(z,0) − z·t + log(1+e^−|z|).

    The gradient in the logits is σ(z) − t.
    """
    tail = xp.log1p(xp.exp(-xp.abs(logits)))
    return xp.maximum(logits, 0.0) - logits * targets + tail


sigmoid_cross_entropy.derivatives(
    logits=lambda xp, g, y, logits, targets: g * (xp.sigmoid(logits) - targets),
    targets=lambda xp, g, y, logits, targets: -g * logits,
)
