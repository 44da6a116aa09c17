"""What a Tensor is: values, dtypes, attributes, conversions, text, copies."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest

import tinygrad_es as tg
from tinygrad_es import GradientError, ShapeError, Tensor, no_grad, ops


@pytest.mark.parametrize(
    ("data", "dtype"),
    [
        ([1, 2], "float32"),
        ([1.5, 2.0], "float32"),
        ([True, False], "bool"),
        (np.array([1, 2]), "int64"),
        (np.array([1.0]), "float64"),
        (np.float64(1.0), "float64"),
        (np.float32(1.0), "float32"),
        (np.array([1], np.uint8), "uint8"),
        ([[1, 2], [3, 4]], "float32"),
        ([], "float32"),
    ],
)
def test_dtypes(data, dtype):
    assert Tensor(data).dtype == dtype


def test_bare_numbers_are_weak_floats():
    for data in (2, 2.0):
        x = Tensor(data)
        assert type(x.data) is float
        assert (x.shape, x.ndim, x.size, x.numel()) == ((), 0, 1, 1)
        assert (Tensor([1.0]) * x).dtype == "float32"
        assert (Tensor(np.ones(1, np.float16)) * x).dtype == "float16"


def test_dtype_argument():
    assert Tensor(2.0, dtype="float64").data.dtype == "float64"
    assert Tensor([1, 2], dtype=int).dtype == "int64"


@pytest.mark.usefixtures("float64")
def test_floatx():
    assert Tensor([1]).dtype == "float64"


PROMOTION = [
    (("int64", (1,)), 1.5, "float32"),
    (("float32", (1,)), 2, "float32"),
    (("float32", (1,)), ("float64", ()), "float32"),
    (("float32", (1,)), ("float64", (1,)), "float64"),
    (("int64", (1,)), ("float64", ()), "float64"),
    (("bool", (1,)), ("bool", (1,)), "bool"),
    (("uint8", (1,)), ("int8", (1,)), "int16"),
    (("float16", (1,)), ("int64", (1,)), "float16"),
    (("float64", ()), ("float32", (3,)), "float32"),
]


@pytest.mark.parametrize(("a", "b", "expected"), PROMOTION)
def test_promotion(a, b, expected):
    x = Tensor(np.ones(a[1], a[0]))
    y = Tensor(np.ones(b[1], b[0])) if isinstance(b, tuple) else b
    op = ops.logical_or if expected == "bool" else ops.add
    assert op(x, y).dtype == expected
    assert op(y, x).dtype == expected


def test_integers():
    x = Tensor(np.array([7, -7]))
    assert (x // 3).tolist() == [2, -3]
    assert (x % 3).tolist() == [1, 2]
    assert (x / 2).dtype == "float32"
    assert x.sum().dtype == "int64"
    assert Tensor(np.array([True, True])).sum().item() == 2
    assert ops.exp(x).dtype == "float32"


def test_data_is_copied_and_as_tensor_shares():
    a = np.ones(2)
    x, y = Tensor(a), ops.from_numpy(a)
    a[0] = 5.0
    assert x.data[0] == 1.0
    assert y.data[0] == 5.0
    with pytest.raises(TypeError, match="expected an ndarray"):
        ops.from_numpy([1.0])


def test_assigning_data():
    x = Tensor([1.0, 2.0])
    x.data = [3, 4]
    assert x.dtype == "float32"
    x.data *= 2
    assert x.tolist() == [6.0, 8.0]
    with pytest.raises(ShapeError, match=r"expected shape \(2,\).*shape \(3,\)"):
        x.data = np.ones(3)
    s = Tensor(1.0)
    s.data = np.float64(2)
    assert type(s.data) is float


def test_assigning_grad():
    x = Tensor([1.0, 2.0], requires_grad=True)
    x.grad = [1.0, 1.0]
    assert isinstance(x.grad, Tensor)
    assert x.grad is x.grad
    x.grad = None
    with pytest.raises(ShapeError, match=r"expected shape \(2,\)"):
        x.grad = np.ones(3)


def test_requires_grad():
    x = Tensor([1.0])
    assert x.is_leaf
    assert x.requires_grad_() is x
    y = x * 2
    assert not y.is_leaf
    assert y.requires_grad
    with pytest.raises(GradientError, match="result of multiply"):
        y.requires_grad = False
    assert not y.detach().requires_grad
    assert y.detach().data is y.data
    assert y.clone().requires_grad
    with no_grad():
        assert not (x * 2).requires_grad


def test_copies_are_of_the_graph_and_of_memory_of_their_own():
    x = Tensor([-1.0, 2.0], requires_grad=True)
    y = x.copy()
    assert y.data is not x.data
    y[y < 0] = 0.0  # a ReLU, as NumPy code writes it
    y.sum().backward()
    assert x.tolist() == [-1.0, 2.0]
    assert x.grad.tolist() == [0.0, 1.0]
    assert np.array_equal(np.copy(x).data, x.copy("K").data)
    assert ops.copy([1.0, 2.0]).tolist() == [1.0, 2.0]
    with pytest.raises(ValueError, match="Received: 'Z'"):
        x.copy("Z")


def test_conversions():
    assert float(Tensor(2.5)) == 2.5
    assert int(Tensor([3.7])) == 3
    assert bool(Tensor([0.0])) is False
    assert [10, 20, 30][Tensor(np.array(1))] == 20
    assert Tensor([[1.0, 2.0]]).tolist() == [[1.0, 2.0]]
    assert Tensor(1.0).tolist() == 1.0
    assert len(Tensor([1, 2, 3])) == 3
    assert [t.item() for t in Tensor([1.0, 2.0])] == [1.0, 2.0]
    assert np.asarray(Tensor([1.0]), dtype="float64").dtype == "float64"
    assert np.array(Tensor(2.0)).shape == ()
    assert f"{Tensor(2.0):.3f}" == "2.000"
    assert f"{Tensor(2.0)}" == "tensor(2.0)"
    assert Tensor([1.0], requires_grad=True).numpy().tolist() == [1.0]


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: Tensor(-4.0), "tensor(-4.0)"),
        (lambda: Tensor([1.0, 2.0], requires_grad=True), "tensor([1., 2.], requires_grad=True)"),
        (lambda: Tensor(np.ones(1)), "tensor([1.], dtype=float64)"),
        (lambda: Tensor(1.0, requires_grad=True, name="w") * 2, "tensor(2.0, op=multiply)"),
        (lambda: Tensor(1.0, name="w"), "tensor(1.0, name='w')"),
        (lambda: Tensor([True]), "tensor([ True])"),
        (lambda: Tensor(np.array([1])), "tensor([1], dtype=int64)"),
    ],
)
def test_repr(make, text):
    assert repr(make()) == text


def test_identity():
    x = Tensor([1.0])
    assert {x: "found"}[x] == "found"
    assert (x == x).tolist() == [True]


def test_copies():
    x = Tensor([1.0], requires_grad=True, name="x")
    for y in (copy.deepcopy(x), pickle.loads(pickle.dumps(x))):
        assert (y.requires_grad, y.name, y.tolist()) == (True, "x", [1.0])
        assert y.data is not x.data
    with pytest.raises(GradientError, match="only leaves"):
        copy.deepcopy(x * 2)
    with pytest.raises(GradientError, match="only leaves"):
        pickle.dumps(x * 2)


def test_transposes():
    x = Tensor(np.zeros((2, 3, 4)))
    assert x.T.shape == (4, 3, 2)
    assert x.mT.shape == (2, 4, 3)


def test_in_place_without_a_graph():
    x = Tensor([1.0, 2.0])
    same = x
    x += 1
    x[0] = 9.0
    assert same is x
    assert same.tolist() == [9.0, 3.0]
    assert x.add_(1).mul_(2).tolist() == [20.0, 8.0]
    assert x.zero_().fill_(3.0).tolist() == [3.0, 3.0]


def test_parameters_are_updated_under_no_grad():
    w = Tensor([1.0, 2.0], requires_grad=True)
    (w * w).sum().backward()
    with no_grad():
        w -= 0.1 * w.grad
    np.testing.assert_allclose(w.data, [0.8, 1.6], rtol=1e-6)
    assert w.is_leaf
    w.data -= 0.1 * w.grad
    np.testing.assert_allclose(w.data, [0.6, 1.2], rtol=1e-6)


def test_the_face_lists_itself():
    assert set(tg.__all__) <= set(dir(tg))
    for name in tg.__all__:
        assert getattr(tg, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        tg.nothing  # noqa: B018 - the access is the test
    with pytest.raises(AttributeError, match="did you mean 'concatenate'"):
        ops.concatenat  # noqa: B018 - the access is the test
    assert "exp" in dir(ops)
