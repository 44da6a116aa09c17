"""Layers of several inputs: values, shapes that broadcast, gradients, errors."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from tinygrad_es import Tensor, check_gradients, layers
from tinygrad_es.layers import (
    Add,
    Average,
    Concatenate,
    Dot,
    Input,
    Maximum,
    Minimum,
    Multiply,
    Subtract,
)

A = np.array([[1.0, -2.0, 3.0], [0.5, 5.0, -6.0]])
B = np.array([[4.0, 0.0, -1.0], [2.5, -5.0, 1.0]])


@pytest.mark.parametrize(
    ("layer", "expected"),
    [
        (Add, A + B),
        (Subtract, A - B),
        (Multiply, A * B),
        (Average, (A + B) / 2),
        (Maximum, np.maximum(A, B)),
        (Minimum, np.minimum(A, B)),
        (Concatenate, np.concatenate([A, B], axis=1)),
    ],
)
def test_values_and_gradients(layer, expected):
    assert_allclose(layer()([A, B]).numpy(), expected)
    lower = getattr(layers, layer.__name__.lower())
    assert_allclose(lower([A, B]).numpy(), expected)
    assert check_gradients(lambda a, b: layer()([a, b]).sum(), Tensor(A), Tensor(B)).ok
    symbolic = layer()([Input((3,)), Input((3,))])
    assert symbolic.shape == (None, *expected.shape[1:])
    again = layer.from_config(layer(name="same").get_config())
    assert again.name == "same"


@pytest.mark.parametrize("layer", [Add, Multiply, Average, Maximum, Minimum])
def test_one_and_three_inputs(layer):
    assert_allclose(layer()([A]).numpy(), A)
    pair = layer()([A, B, A]).numpy()
    functions = {
        Add: 2 * A + B, Multiply: A * A * B, Average: (2 * A + B) / 3,
        Maximum: np.maximum(A, B), Minimum: np.minimum(A, B),
    }  # fmt: skip
    assert_allclose(pair, functions[layer])


def test_other_ranks_broadcast_behind_the_batch():
    x = np.arange(24.0).reshape(2, 4, 3)
    assert_allclose(Add()([x, A]).numpy(), x + A[:, None, :])
    assert Add()([Input((4, 3)), Input((3,))]).shape == (None, 4, 3)
    assert Multiply()([Input((None, 3)), Input((1, 3))]).shape == (None, None, 3)


@pytest.mark.parametrize(
    ("axes", "a", "b", "equation"),
    [
        (1, (2, 3), (2, 3), "zi,zi->z"),
        ((1, 2), (2, 3, 5), (2, 10, 3), "zij,zki->zjk"),
        (-1, (2, 4, 3), (2, 5, 3), "zai,zbi->zab"),
        ((2, 1), (2, 4, 3), (2, 3), "zai,zi->za"),
    ],
)
@pytest.mark.parametrize("normalize", [False, True])
def test_dot(axes, a, b, equation, normalize):
    rng = np.random.default_rng(0)
    x, y = rng.standard_normal(a), rng.standard_normal(b)
    layer = Dot(axes, normalize=normalize)
    got = layer([x, y]).numpy()
    if normalize:
        i, j = (axes, axes) if isinstance(axes, int) else axes
        x = x / np.linalg.norm(x, axis=i, keepdims=True)
        y = y / np.linalg.norm(y, axis=j, keepdims=True)
    expected = np.einsum(equation, x, y)
    assert_allclose(got, expected.reshape(got.shape), rtol=1e-12)
    assert layer([Input(a[1:]), Input(b[1:])]).shape == (None, *got.shape[1:])
    assert Dot.from_config(layer.get_config()).axes == axes


def test_errors():
    x, y = Input((3,)), Input((5,))
    with pytest.raises(ValueError, match="should be called on a list of inputs"):
        Add()(x)
    with pytest.raises(ValueError, match="should be called on a list of inputs"):
        Add()(A)
    with pytest.raises(ValueError, match=r"incompatible shapes. Received shapes \(3,\) and \(5,\)"):
        Add()([x, y])
    with pytest.raises(ValueError, match="different batch sizes"):
        Add()([A, A[:1]])
    with pytest.raises(ValueError, match=r"exactly 2 inputs\. Received 3"):
        Subtract()([x, x, x])
    with pytest.raises(ValueError, match="matching shapes except for the concatenation axis"):
        Concatenate(axis=1)([np.ones((2, 3)), np.ones((2, 3, 1))])
    with pytest.raises(ValueError, match="axis 4 is out of range"):
        Concatenate(axis=4)([x, y])
    with pytest.raises(ValueError, match=r"axis values 3 \(at axis 1\) != 5"):
        Dot(axes=1)([x, y])
    with pytest.raises(TypeError, match="should be a list or an int"):
        Dot(axes="a")
    with pytest.raises(ValueError, match="two elements"):
        Dot(axes=(1, 2, 3))
    with pytest.raises(ValueError, match="batch axis"):
        Dot(axes=0)
