"""Unmodified NumPy code runs on Tensors and gets NumPy's numbers; the rest is refused."""

from __future__ import annotations

import numpy as np
import pytest

import tinygrad_es as tg
from tinygrad_es import Tensor, check_gradients
from tinygrad_es.autodiff.protocols import nearest

RNG = np.random.default_rng(3)
A, B = RNG.normal(size=(3, 4)), RNG.normal(size=(4, 2))
V = RNG.normal(size=4)
S = RNG.normal(size=(3, 3)) + 4 * np.eye(3)

CODE = {
    "dot": lambda a: np.dot(a, B),
    "dot left": lambda a: np.dot(A, a.T),
    "matmul": lambda a: np.matmul(a, B),
    "at": lambda a: A.T @ a,
    "exp": lambda a: np.exp(a),
    "array first": lambda a: A * a + 1.0 - 2.0 / (A + 9.0 + a * a),
    "scalar first": lambda a: np.float64(2.0) * a,
    "maximum": lambda a: np.maximum(0, a),
    "minimum": lambda a: np.minimum(a, V),
    "sum": lambda a: np.sum(a, axis=0),
    "sum keepdims": lambda a: np.sum(a, axis=(0, 1), keepdims=True),
    "mean": lambda a: np.mean(a, axis=-1),
    "var": lambda a: np.var(a, axis=0),
    "std": lambda a: np.std(a),
    "var ddof": lambda a: np.var(a, axis=1, ddof=1),
    "max": lambda a: np.max(a, axis=1, keepdims=True),
    "min": lambda a: np.min(a),
    "prod": lambda a: np.prod(a, axis=1),
    "where": lambda a: np.where(a > 0, a, 0.1 * a),
    "concatenate": lambda a: np.concatenate([a, A], axis=0),
    "stack": lambda a: np.stack([a, a * 2], axis=1),
    "vstack": lambda a: np.vstack([a, V]),
    "hstack": lambda a: np.hstack([a, A]),
    "einsum": lambda a: np.einsum("ij,jk->ik", a, B),
    "einsum implicit": lambda a: np.einsum("ij,ij", a, A),
    "tensordot": lambda a: np.tensordot(a, B, axes=1),
    "outer": lambda a: np.outer(a, V),
    "inner": lambda a: np.inner(a, V),
    "T": lambda a: a.T,
    "transpose": lambda a: np.transpose(a, (1, 0)),
    "reshape": lambda a: np.reshape(a, (4, 3)),
    "reshape method": lambda a: a.reshape(-1, 2),
    "ravel": lambda a: np.ravel(a),
    "slice": lambda a: a[1:, ::-1],
    "newaxis": lambda a: a[:, np.newaxis, 0],
    "fancy": lambda a: a[[0, 0, 2], [1, 1, 3]],
    "range": lambda a: a[np.arange(3), [0, 1, 2]],
    "mask": lambda a: a[A > 0],
    "squeeze": lambda a: np.squeeze(np.expand_dims(a, 0), 0),
    "clip": lambda a: np.clip(a, -0.5, 0.5),
    "abs": lambda a: np.abs(a),
    "sqrt": lambda a: np.sqrt(a * a + 1),
    "square": lambda a: np.square(a),
    "power": lambda a: np.power(np.abs(a), 1.5),
    "star star": lambda a: a**3,
    "sin": lambda a: np.sin(a) * np.cos(a) + np.arctan2(a, A),
    "log": lambda a: np.log1p(np.exp(a)) + np.logaddexp(a, 0),
    "norm": lambda a: np.linalg.norm(a, axis=1),
    "norm all": lambda a: np.linalg.norm(a),
    "cumsum": lambda a: np.cumsum(a, axis=1),
    "cumprod": lambda a: np.cumprod(a),
    "flip": lambda a: np.flip(a, axis=0),
    "roll": lambda a: np.roll(a, 1, axis=1),
    "tile": lambda a: np.tile(a, (2, 1)),
    "repeat": lambda a: np.repeat(a, 2, axis=0),
    "pad": lambda a: np.pad(a, ((1, 0), (0, 2))),
    "sort": lambda a: np.sort(a, axis=1),
    "median": lambda a: np.median(a, axis=1),
    "take": lambda a: np.take(a, [0, 2], axis=1),
    "take_along_axis": lambda a: np.take_along_axis(a, np.argsort(A, axis=1), axis=1),
    "split": lambda a: np.split(a, 2, axis=1)[1],
    "tril": lambda a: np.tril(a) + np.triu(a, 1),
    "diag": lambda a: np.diag(a[:, :3]) + np.trace(a[:, :3]),
    "broadcast_to": lambda a: np.broadcast_to(a, (2, 3, 4)),
    "swapaxes": lambda a: np.swapaxes(a, 0, 1),
    "moveaxis": lambda a: np.moveaxis(a[None], 0, -1),
    "copy": lambda a: np.copy(a),
    "add.reduce": lambda a: np.add.reduce(a),
    "maximum.reduce": lambda a: np.maximum.reduce(a, axis=1),
    "inv": lambda a: np.linalg.inv(a[:, :3] + S),
    "solve": lambda a: np.linalg.solve(S, a),
    "det": lambda a: np.linalg.det(a[:, :3] + S),
    "slogdet": lambda a: np.linalg.slogdet(a[:, :3] + S)[1],
    "cholesky": lambda a: np.linalg.cholesky(a @ a.T + np.eye(3)),
    "svd": lambda a: np.linalg.svd(a, full_matrices=False, compute_uv=False),
    "cross": lambda a: np.cross(a[:, :3], V[:3]),
    "softmax by hand": lambda a: np.exp(a) / np.sum(np.exp(a), axis=1, keepdims=True),
    "remainder": lambda a: np.remainder(np.abs(a) + 0.1, 10.0) + a % 7,
    "comparisons": lambda a: a * (a > 0) + (a <= 0) * 0.5,
    "floor": lambda a: a - np.floor(a),
    "hypot": lambda a: np.hypot(a, 2.0),
    "in a loop": lambda a: sum(a[i] * i for i in range(3)),
}


@pytest.mark.parametrize("name", CODE)
def test_numpy_code(name):
    f = CODE[name]
    expected = np.asarray(f(A))
    y = f(Tensor(A, requires_grad=True))
    assert isinstance(y, Tensor)
    assert y.shape == expected.shape
    np.testing.assert_allclose(y.data, expected, rtol=1e-12, atol=1e-14)
    assert check_gradients(f, A), str(check_gradients(f, A))


def test_the_two_layer_network_of_the_courses():
    """Column convention, plain NumPy, unchanged."""

    def forward(x, w1, b1, w2, b2):
        z1 = np.dot(w1, x) + b1
        a1 = 1.0 / (1.0 + np.exp(-z1))
        return np.dot(w2, a1) + b2

    w1, w2 = np.array([[1.0, -2], [0, 1], [3, 4]]), np.array([[6.0, -2, 1], [5, -3, 2]])
    x, t = np.array([[1.0], [2.0]]), np.array([[0.0], [1.0]])
    tw1, tw2 = Tensor(w1, requires_grad=True), Tensor(w2, requires_grad=True)
    y = forward(x, tw1, np.zeros((3, 1)), tw2, np.zeros((2, 1)))
    loss = 0.5 * np.sum((y - t) ** 2)
    loss.backward()
    assert loss.item() == pytest.approx(1.1012184306738328, rel=1e-14)
    assert tw1.grad.data[0, 0] == pytest.approx(-0.4467434074194409, rel=1e-13)
    assert tw2.grad.data[1, 1] == pytest.approx(-1.2377799682956163, rel=1e-13)


def test_values_without_gradient():
    x = Tensor([[3.0, 1.0], [0.0, 2.0]])
    assert np.argmax(x, axis=1).tolist() == [0, 1]
    assert np.shape(x) == (2, 2)
    assert np.ndim(x) == 2
    assert np.size(x) == 4
    assert np.nonzero(x)[0].tolist() == [0, 0, 1]
    assert np.allclose(x, x)
    assert np.array_equal(x, x.data)
    assert bool(np.isfinite(x).all())
    assert np.any(x > 2)
    assert np.zeros_like(x).tolist() == [[0, 0], [0, 0]]
    assert np.isclose(x, x + 1).tolist() == [[False, False], [False, False]]
    np.testing.assert_allclose(x, x.data)


def test_into_a_plain_array():
    w, t = np.ones(3), Tensor([1.0, 2.0, 3.0])
    w -= 0.1 * t
    np.testing.assert_allclose(w, [0.9, 0.8, 0.7], rtol=1e-6)


@pytest.mark.parametrize("call", [np.histogram, np.linalg.eig, np.gradient, np.interp])
def test_what_has_no_rule_names_the_nearest(call):
    x = Tensor([1.0, 2.0], requires_grad=True)
    with pytest.raises(TypeError, match="no rule for Tensors; the nearest supported function is"):
        call(x, [1.0, 2.0], [1.0, 2.0]) if call is np.interp else call(x)


def test_nearest():
    assert nearest("nansum") == "sum"
    assert nearest("maxmum") == "maximum"


def test_methods_and_functions_are_the_same():
    x = Tensor([0.5, -0.5])
    for name in ("exp", "tanh", "sigmoid", "relu", "softplus", "cumsum", "softmax"):
        a, b = getattr(x, name)(), getattr(tg.ops, name)(x)
        np.testing.assert_array_equal(a.data, b.data)


def test_a_function_like_no_other_is_named_with_its_home():
    with pytest.raises(TypeError, match=r"np\.fft\.fft has no rule for Tensors\. Use"):
        np.fft.fft(Tensor([1.0, 2.0], requires_grad=True))
    with pytest.raises(TypeError, match=r"np\.linalg\.eig has .* is np\.linalg\.eigh\."):
        np.linalg.eig(Tensor([[1.0]], requires_grad=True))


def test_integers_and_python_integers_stay_integers():
    i, mask = Tensor(np.array([1, 2])), Tensor(np.array([True, False]))
    for y, expected in [(i + 1, [2, 3]), (2 - i, [1, 0]), (i // 2, [0, 1]), (mask + 1, [2, 1])]:
        assert y.dtype == "int64"
        assert y.tolist() == expected
    assert (Tensor(np.array([1, 2], "uint8")) * 3).dtype == "uint8"
    assert (i / 2).dtype == (i * 1.5).dtype == "float32"
