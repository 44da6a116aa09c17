"""grad, vjp, jvp, jacobian, hessian, hvp on plain functions, to any order."""

from __future__ import annotations

import math

import numpy as np
import pytest

from tinygrad_es import (
    GradientError,
    Tensor,
    grad,
    hessian,
    hvp,
    jacobian,
    jvp,
    no_grad,
    ops,
    value_and_grad,
    vjp,
)


def cubic(x):
    return x[0] ** 2 * x[1] + x[1] ** 3


def vector(x):
    return np.stack([x[0] * x[1], x[0] ** 2, np.sin(x[1])])


X = np.array([1.0, 2.0])


def test_numbers_in_numbers_out():
    f = grad(lambda x: x**3)
    assert f(2.0) == 12.0
    assert type(f(2.0)) is float
    assert grad(grad(grad(lambda x: x**3)))(2.0) == 6.0
    assert grad(grad(grad(grad(lambda x: x**3))))(2.0) == 0.0


def test_arrays_in_arrays_out():
    g = grad(cubic)(X)
    assert type(g) is np.ndarray
    np.testing.assert_array_equal(g, [4, 13])
    zero_d = grad(lambda x: x * x)(np.array(3.0))
    assert type(zero_d) is np.ndarray
    assert zero_d == 6.0


def test_tensors_in_tensors_out():
    x = Tensor(X, requires_grad=True)
    g = grad(cubic)(x)
    assert isinstance(g, Tensor)
    g.sum().backward()  # recorded: its own gradient is the sum of the Hessian's rows
    np.testing.assert_array_equal(x.grad.data, [6, 14])


def test_closures_stay_in_the_graph():
    w = Tensor(3.0, requires_grad=True)
    y = grad(lambda x: w * x * x)(Tensor(2.0, requires_grad=True))
    y.backward()
    assert w.grad.item() == 4.0


def test_arguments():
    def f(a, b, *, scale=1.0):
        return a * b * scale

    assert grad(f)(2.0, 5.0, scale=10.0) == 50.0
    assert grad(f, argnums=1)(2.0, 5.0) == 2.0
    assert grad(f, argnums=-1)(2.0, 5.0) == 2.0
    assert grad(f, argnums=(0, 1))(2.0, 5.0) == (5.0, 2.0)
    assert value_and_grad(f)(2.0, 5.0) == (10.0, 5.0)
    assert grad(lambda x: (x * x, "more"), has_aux=True)(3.0) == (6.0, "more")
    assert value_and_grad(lambda x: (x * x, "more"), has_aux=True)(3.0) == ((9.0, "more"), 6.0)


def test_a_constant_function_has_gradient_zero():
    assert grad(lambda x: 3.0)(1.0) == 0.0
    np.testing.assert_array_equal(grad(lambda x: ops.sum(ops.floor(x)))(X), [0, 0])
    np.testing.assert_array_equal(jacobian(lambda x: np.ones(2))(X), np.zeros((2, 2)))
    np.testing.assert_array_equal(grad(lambda x, y: y * 1.0)(X, 2.0), [0, 0])


def test_it_works_inside_no_grad():
    with no_grad():
        assert grad(lambda x: x * x)(3.0) == 6.0


def test_jacobian():
    expected = [[2, 1], [2, 0], [0, math.cos(2.0)]]
    np.testing.assert_allclose(jacobian(vector)(X), expected, rtol=1e-15)
    assert jacobian(lambda x: x * x)(3.0) == 6.0
    assert jacobian(lambda x: ops.sum(x * x))(np.ones((2, 3))).shape == (2, 3)
    assert jacobian(lambda x: ops.outer(x, x))(X).shape == (2, 2, 2)
    assert jacobian(lambda x: x[:0])(X).shape == (0, 2)
    second = jacobian(lambda a, b: a * b, argnums=1)(X, np.array([3.0, 4.0]))
    np.testing.assert_array_equal(second, np.diag(X))


def test_hessian_and_products():
    np.testing.assert_array_equal(hessian(cubic)(X), [[4, 2], [2, 12]])
    np.testing.assert_array_equal(hvp(cubic, X, np.ones(2)), [6, 14])
    third = jacobian(hessian(cubic))(X)
    np.testing.assert_array_equal(third[:, :, 0], [[0, 2], [2, 0]])
    np.testing.assert_array_equal(third[:, :, 1], [[2, 0], [0, 6]])
    assert hessian(lambda x: x**4)(2.0) == 48.0


def test_vjp_and_jvp():
    y, pullback = vjp(vector, X)
    np.testing.assert_allclose(y, [2, 1, math.sin(2)])
    (g,) = pullback(np.ones(3))
    np.testing.assert_allclose(g, [4, 1 + math.cos(2)])
    (again,) = pullback(np.ones(3))
    np.testing.assert_array_equal(g, again)
    y, v = jvp(vector, (X,), (np.ones(2),))
    np.testing.assert_allclose(v, [3, 2, math.cos(2)])
    assert jvp(lambda a, b: a * b, (2.0, 3.0), (1.0, 10.0)) == (6.0, 23.0)
    y, v = jvp(lambda x: np.ones(2), (X,), (np.ones(2),))
    np.testing.assert_array_equal(v, [0, 0])


def test_jvp_agrees_with_the_jacobian_and_nests():
    rng = np.random.default_rng(0)
    x, v = rng.normal(size=4), rng.normal(size=4)

    def f(x):
        return np.tanh(np.outer(x, x)) @ np.exp(x * 0.3)

    np.testing.assert_allclose(jvp(f, (x,), (v,))[1], jacobian(f)(x) @ v, rtol=1e-12)
    second = grad(lambda t: jvp(lambda s: (s**3).sum(), (t,), (np.ones(2),))[1])(X)
    np.testing.assert_allclose(second, 6 * X)


def test_float32_stays_float32():
    x = np.ones(3, np.float32)
    assert grad(lambda x: (x * 2.5).sum())(x).dtype == np.float32
    assert jacobian(lambda x: x * 2.5)(x).dtype == np.float32


def test_the_argument_is_not_touched():
    x = X.copy()

    def f(x):
        x[0] = 100.0
        return x.sum()

    with pytest.raises(GradientError, match="cannot be changed in place"):
        grad(f)(x)
    np.testing.assert_array_equal(x, X)


@pytest.mark.parametrize("steps", [6])
def test_newton_on_rosenbrock(steps):
    def f(w):
        return 100.0 * (w[1] - w[0] ** 2) ** 2 + (1.0 - w[0]) ** 2

    w = np.array([-1.2, 1.0])
    np.testing.assert_allclose(grad(f)(w), [-215.6, -88], rtol=1e-13)
    np.testing.assert_allclose(hessian(f)(w), [[1330, 480], [480, 200]], rtol=1e-13)
    for _ in range(steps):
        w = w - np.linalg.solve(hessian(f)(w), grad(f)(w))
    np.testing.assert_allclose(w, [1, 1], rtol=1e-8)


def test_transforms_nest_through_closures():
    cube = lambda w: lambda x: w * x * x
    assert grad(lambda w: grad(cube(w))(3.0))(2.0) == 6.0
    assert grad(lambda w: value_and_grad(cube(w))(3.0)[0])(2.0) == 9.0
    assert grad(lambda w: vjp(cube(w), 3.0)[1](1.0)[0])(2.0) == 6.0
    assert grad(lambda w: jvp(cube(w), (3.0,), (1.0,))[1])(2.0) == 6.0
    assert grad(lambda w: hvp(lambda x: w * x**3, 3.0, 1.0))(2.0) == 18.0
    x = np.array([1.0, 2.0])
    assert grad(lambda w: jacobian(cube(w))(x).sum())(2.0) == 6.0
    assert grad(lambda w: hessian(lambda v: (w * v**3).sum())(x).sum())(2.0) == 18.0


def test_a_gradient_in_a_loss_reaches_the_weights_the_function_closes_over():
    w = Tensor(np.array([1.0, -2.0]), requires_grad=True)
    points = np.array([[0.5, 1.0], [2.0, 0.0]])
    slope = grad(lambda x: np.sum(np.tanh(x @ w)))(points)
    assert isinstance(slope, Tensor)
    (slope**2).sum().backward()
    s = 1.0 - np.tanh(points @ w.numpy()) ** 2
    expected = grad(
        lambda v: np.sum((np.reshape(1.0 - np.tanh(points @ v) ** 2, (2, 1)) * v) ** 2)
    )(w.numpy())
    np.testing.assert_allclose(slope.numpy(), s[:, None] * w.numpy(), rtol=1e-12)
    np.testing.assert_allclose(w.grad.numpy(), expected, rtol=1e-12)
    with no_grad():
        assert isinstance(grad(lambda x: np.sum(np.tanh(x @ w)))(points), np.ndarray)


def test_what_the_function_makes_itself_is_not_from_outside():
    def f(x):
        own = Tensor(2.0, requires_grad=True)
        return x * own

    assert type(grad(f)(3.0)) is float


@pytest.mark.parametrize("f", [math.sin, lambda x: x * math.exp(x), lambda x: float(x) ** 2])
def test_math_inside_a_transform_is_refused(f):
    with pytest.raises(TypeError, match=r"math\.sin"):
        grad(f)(1.0)


def test_a_number_written_into_a_plain_array_inside_a_transform_is_refused():
    def f(x):
        a = np.zeros(2)
        a[0] = x[0]
        return np.sum(a * x)

    with pytest.raises((TypeError, ValueError)):
        grad(f)(np.array([1.0, 2.0]))


def test_item_and_printing_are_allowed_inside_a_transform():
    seen = []
    assert grad(lambda x: (seen.append(x.item()), f"{x}", x * x)[2])(3.0) == 6.0
    assert seen == [3.0]


def test_jacobian_of_several_arguments_says_so():
    with pytest.raises(TypeError, match="one argument number"):
        jacobian(lambda a, b: a * b, argnums=(0, 1))(np.ones(2), 2.0)
    with pytest.raises(TypeError, match="tuples"):
        jvp(np.sin, np.ones(2), np.ones(2))
