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
        (lambda: xp.power(A, 2.0), "a ** 2"),
        (lambda: xp.power(A, -1.0), "a ** (-1)"),
        (lambda: A.T.T @ B, "a @ b"),
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
        (np.array([1, 2]), "np.array([1, 2])"),
        (np.array([[True], [False]]), "np.array([[True], [False]])"),
        (np.array([0.1, 2.0], np.float32), "np.array([0.1, 2.0], dtype=np.float32)"),
        (np.array([np.nan, -np.inf]), "np.array([np.nan, -np.inf])"),
        (np.zeros((0, 3), np.float32), "np.zeros((0, 3), dtype=np.float32)"),
        (np.array(2.5), "np.array(2.5)"),
        (None, "None"),
        ((1, 2), "(1, 2)"),
    ],
)
def test_literals(value, text):
    assert literal(value) == text


def test_numbers_are_what_the_text_makes_of_them():
    y = xp.exp(X * 2.0)
    assert type((X * 2.0).value) is float
    assert type(y.value) is np.float64
    assert xp.log(Expression("z", 0.0)).value == -np.inf
    assert (1.0 / Expression("z", 0.0)).value == np.inf
    assert repr(y) == "Expression('np.exp(x * 2.0)')"


def test_what_math_refuses_is_written_for_numpy():
    zero, negative = Expression("z", 0.0), Expression("n", -2.0)
    for made, text in [
        (1.0 / zero, "np.divide(1.0, z)"),
        (negative**0.5, "np.power(n, 0.5)"),
        (X**1e6, "np.power(x, 1000000.0)"),
    ]:
        assert str(made) == text
        with np.errstate(all="ignore"):
            found = eval(text, {"np": np, "z": 0.0, "n": -2.0, "x": 3.0})
        np.testing.assert_equal(made.value, found)


def test_a_name_takes_the_place_of_a_text():
    e = xp.exp(-xp.abs(X))
    y = xp.where(X >= 0.0, 1.0, e) / (1.0 + e)
    above, below = map(str, y.parts())
    assert above == "np.where(x >= 0.0, 1.0, np.exp(-np.abs(x)))"
    assert below == "1.0 + np.exp(-np.abs(x))"
    y = xp.where(X >= 0.0, 1.0, e) / (1.0 + e)
    e.text = "e"
    assert str(y) == "np.where(x >= 0.0, 1.0, e) / (1.0 + e)"


def test_a_long_chain_is_written_without_recursion():
    y = X
    for _ in range(5000):
        y = xp.sin(y)
    assert str(y) == "np.sin(" * 5000 + "x" + ")" * 5000


def test_shapes_are_answered():
    assert (A.shape, A.ndim, A.size, A.dtype) == ((2, 2), 2, 4, np.float64)
    assert X.shape == ()


def test_unknown_names():
    with pytest.raises(AttributeError, match="no operation 'nothing'"):
        xp.nothing(A)
