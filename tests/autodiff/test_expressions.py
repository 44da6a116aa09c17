"""The text reading: parentheses, literals, calls, and numbers carried along."""

from __future__ import annotations

import numpy as np
import pytest

from tinygrad_es.autodiff import expressions as xp
from tinygrad_es.autodiff.expressions import Expression, literal

A = Expression("a", np.array([[1.0, 2.0], [3.0, 4.0]]))
B = Expression("b", np.array([[2.0, 0.5], [1.0, -1.0]]))
X = Expression("x", 3.0)


@pytest.mark.parametrize(
    ("made", "text"),
    [
        (lambda: A + B * A, "a + b * a"),
        (lambda: (A + B) * A, "(a + b) * a"),
        (lambda: A - (B - A), "a - (b - a)"),
        (lambda: A / (B * A), "a / (b * a)"),
        (lambda: -A * B, "-a * b"),
        (lambda: -(A * B), "-(a * b)"),
        (lambda: (-A) ** 2, "(-a) ** 2"),
        (lambda: A ** (B**2), "a ** b ** 2"),
        (lambda: (A**B) ** 2, "(a ** b) ** 2"),
        (lambda: 2.0 - A, "2.0 - a"),
        (lambda: A * -1.5, "a * (-1.5)"),
        (lambda: A @ B.T, "a @ b.T"),
        (lambda: (A + B).T, "(a + b).T"),
        (lambda: A > B, "a > b"),
        (lambda: (A > B) * A, "(a > b) * a"),
        (lambda: A[0], "a[0]"),
        (lambda: A[..., None, 1:2], "a[..., None, 1:2]"),
        (lambda: xp.sum(A, axis=None, keepdims=False), "np.sum(a)"),
        (lambda: xp.sum(A, axis=0, keepdims=True), "np.sum(a, axis=0, keepdims=True)"),
        (lambda: xp.reshape(A, shape=(4,)), "np.reshape(a, (4,))"),
        (lambda: xp.concatenate(A, B, axis=1), "np.concatenate([a, b], axis=1)"),
        (lambda: xp.einsum(A, B, subscripts="ij,jk->ik"), "np.einsum('ij,jk->ik', a, b)"),
        (lambda: xp.inv(A), "np.linalg.inv(a)"),
        (lambda: xp.sum_to(A, shape=(2,)), "sum_to(a, shape=(2,))"),
        (lambda: xp.getitem(A, index=(slice(None), [0])), "a[:, [0]]"),
        (
            lambda: xp.scatter_add(A[0], index=slice(1, 3), shape=(4,)),
            "scatter_add(a[0], index=np.s_[1:3], shape=(4,))",
        ),
        (lambda: xp.relu(A), "np.maximum(a, 0.0)"),
        (lambda: xp.power(A, 2.0), "a ** 2.0"),
        (lambda: xp.round(A), "np.rint(a)"),
    ],
)  # fmt: skip
def test_text(made, text):
    found = made()
    assert str(found) == text
    space = {"np": np, "a": A.value, "b": B.value}
    from tinygrad_es.autodiff import arrays

    space |= {name: getattr(arrays, name) for name in xp.helper_names}
    np.testing.assert_allclose(eval(text, space), found.value)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (2.0, "2.0"),
        (np.float64(2.5), "2.5"),
        (float("inf"), "np.inf"),
        (float("-inf"), "-np.inf"),
        (float("nan"), "np.nan"),
        (slice(1, None, 2), "1::2"),
        (np.array([1, 2]), "np.array([1, 2], dtype=np.int64)"),
        (np.array([True]), "np.array([ True], dtype=np.bool)"),
        (None, "None"),
        ((1, 2), "(1, 2)"),
    ],
)
def test_literals(value, text):
    assert literal(value) == text


def test_floats_stay_floats():
    y = xp.exp(X * 2.0)
    assert type(y.value) is float
    assert xp.log(Expression("z", 0.0)).value == -np.inf
    assert (1.0 / Expression("z", 0.0)).value == np.inf
    assert repr(y) == "Expression('np.exp(x * 2.0)')"


def test_shapes_are_answered():
    assert (A.shape, A.ndim, A.size, A.dtype) == ((2, 2), 2, 4, np.float64)
    assert X.shape == ()


def test_unknown_names():
    with pytest.raises(AttributeError, match="no operation 'nothing'"):
        xp.nothing(A)
