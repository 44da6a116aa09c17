"""Convolution and pooling beyond the samples: ties, no data, ranks, what is not computed."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from tinygrad_es import Tensor, check_gradients, ops
from tinygrad_es.autodiff.rules.convolution import conv


def gradients(f, *arrays):
    """The value, and the gradients of Σ y·w, w all different."""
    tensors = [Tensor(a, requires_grad=True) for a in arrays]
    y = f(*tensors)
    (y * np.cos(np.arange(y.size)).reshape(y.shape)).sum().backward()
    return [y.numpy(), *(t.grad.numpy() for t in tensors)]


@pytest.mark.parametrize("strides", [(1, 1), (2, 2), (3, 1), (2, 3)])
@pytest.mark.parametrize("size", [(1, 1), (2, 2), (3, 2), (1, 4)])
def test_ties_go_to_the_first_as_in_the_composition(size, strides, rng):
    x = rng.integers(0, 3, (2, 7, 6, 3)).astype(float)
    options = {"size": size, "strides": strides}
    found = gradients(lambda t: ops.max_pool(t, size, strides), x)
    expected = gradients(lambda t: ops.max_pool_twin(t, **options), x)
    for a, b in zip(found, expected, strict=True):
        assert_allclose(a, b, rtol=0, atol=1e-14)


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("space", [(9,), (7, 8), (5, 4, 6)])
@pytest.mark.parametrize(("strides", "dilation"), [(1, 1), (2, 1), (1, 2), (3, 2)])
def test_convolution_equals_the_composition(space, channels, strides, dilation, rng):
    n = len(space)
    x = rng.normal(size=(2, *space, channels))
    kernel = rng.normal(size=(*[2] * n, channels, 3))
    options = {"strides": (strides,) * n, "dilation": (dilation,) * n}
    found = gradients(lambda a, b: ops.conv(a, b, strides, "valid", dilation), x, kernel)
    expected = gradients(lambda a, b: ops.conv_twin(a, b, **options), x, kernel)
    for a, b in zip(found, expected, strict=True):
        assert_allclose(a, b, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("padding", ["valid", "same"])
def test_second_derivatives(padding, rng):
    x, kernel = rng.normal(size=(1, 5, 4, 2)), rng.normal(size=(2, 3, 2, 2))
    assert check_gradients(lambda a, b: ops.conv(a, b, (1, 2), padding), x, kernel, order=2)
    assert check_gradients(lambda a: ops.max_pool(a * a, 2, 1, padding), x, order=2)
    assert check_gradients(lambda a: ops.average_pool(a * a, 2, 1, padding), x, order=2)


def test_of_no_samples():
    x, kernel = np.zeros((0, 5, 5, 2)), np.ones((3, 3, 2, 4))
    y, dx, dk = gradients(ops.conv, x, kernel)
    assert (y.shape, dx.shape) == ((0, 3, 3, 4), x.shape)
    assert_array_equal(dk, np.zeros_like(kernel))
    assert ops.max_pool(x, 2).shape == ops.average_pool(x, 2).shape == (0, 2, 2, 2)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_types_stay_and_inputs_may_be_views(dtype, rng):
    x = np.asfortranarray(rng.normal(size=(2, 6, 6, 2)).astype(dtype))[:, ::-1]
    x.flags.writeable = False
    kernel = rng.normal(size=(3, 3, 2, 2)).astype(dtype).transpose(1, 0, 2, 3)
    for f, arrays in ((ops.conv, (x, kernel)), (lambda t: ops.max_pool(t, 2), (x,))):
        found = gradients(f, *arrays)
        expected = gradients(f, *(a.copy() for a in arrays))
        for a, b in zip(found, expected, strict=True):
            assert_allclose(a, b, rtol=1e-5)
        tensors = [Tensor(a, requires_grad=True) for a in arrays]
        f(*tensors).sum().backward()
        assert {t.grad.dtype for t in tensors} == {np.dtype(dtype)}


def test_nan_and_infinity_go_through_a_maximum():
    x = np.array([[[1.0], [np.nan], [np.inf], [2.0], [-np.inf], [-np.inf]]])
    y, dx = gradients(lambda t: ops.max_pool(t, 2), x)
    assert_array_equal(y.ravel(), [np.nan, np.inf, -np.inf])
    assert_allclose(dx.ravel().reshape(3, 2).sum(1), np.cos([0, 1, 2]))  # nothing is lost
    assert dx.ravel()[2] == np.cos(1)


def test_what_a_maximum_returns_is_not_the_input():
    x = np.ones((1, 2, 1))
    y = ops.max_pool(x, 1)
    assert not np.shares_memory(y.numpy(), x)


def test_the_gradient_of_data_is_not_computed(monkeypatch, rng):
    def fails(*_, **__):
        raise AssertionError("nobody asked for ∂x")

    monkeypatch.setattr(conv, "rules", (fails, conv.rules[1]))
    kernel = Tensor(np.ones((2, 2, 1, 1)), requires_grad=True)
    ops.conv(rng.normal(size=(1, 4, 4, 1)), kernel).sum().backward()
    assert kernel.grad.shape == kernel.shape
