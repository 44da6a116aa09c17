"""The same scalar expressions in micrograd, the same NumPy functions in autograd."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose

import tinygrad_es as tg

pytestmark = [pytest.mark.peers, pytest.mark.filterwarnings("ignore")]


def readme(a, b):
    """The expression of micrograd's README."""
    c = a + b
    d = a * b + b**3
    c += c + 1
    c += 1 + c + (-a)
    d += d * 2 + (b + a).relu()
    d += 3 * d + (b - a).relu()
    e = c - d
    f = e**2
    g = f / 2.0
    g += 10.0 / f
    return g


def neuron(x, y, w1, w2, bias):
    return (x * w1 + y * w2 + bias).relu()


def two_layers(x, y, w):
    hidden = [(x * w + y).relu(), (x - w * y).relu(), (w * w * x + 0.5).relu()]
    return sum((h * (i + 1) for i, h in enumerate(hidden)), 0.25 * w)


def long_sum(x, y):
    total = x
    for k in range(1, 40):
        total = total * 0.9 + y / k - (x * k) ** 2 / 100
    return total


def hinge(score, w):
    return (1 + -1 * (score * w + 0.1)).relu() + 1e-4 * (w * w)


EXPRESSIONS = {
    "sum": (lambda x, y: x + y + 2.0 + x, (1.5, -2.0)),
    "difference": (lambda x, y: 3.0 - x - y - 1 - x, (1.5, -2.0)),
    "product": (lambda x, y: x * y * 2.0 * x, (1.5, -2.0)),
    "quotient": (lambda x, y: x / y + 1.0 / x + y / 2.0, (1.5, -2.0)),
    "powers": (lambda x, y: x**2 + y**3 + x**0.5 + x**-1.5 + y**-2, (1.5, -2.0)),
    "power one and nought": (lambda x, y: x**1 + y**0 * x, (1.5, -2.0)),
    "negation": (lambda x, y: -(-x * -y) - -x, (1.5, -2.0)),
    "relu of both signs": (lambda x, y: x.relu() * 2 + y.relu() * 3 + (x * y).relu(), (1.5, -2.0)),
    "relu at nought": (lambda x, y: (x + y).relu() + x, (2.0, -2.0)),
    "one value often": (lambda x, y: (x + x) * (x * x) + x * y + x, (1.5, -2.0)),
    "diamond": (lambda x, y: (lambda a: (a * x + a) * (a - y))(x * y), (1.5, -2.0)),
    "neuron": (neuron, (2.0, 0.5, -3.0, 1.0, 6.881373)),
    "two layers": (two_layers, (0.7, -0.3, 1.2)),
    "long sum": (long_sum, (0.3, -0.8)),
    "hinge": (hinge, (0.4, -1.1)),
    "sanity check": (
        lambda x: (lambda z: (z * z).relu() + z + z * x)(2 * x + 2 + x),
        (-4.0,),
    ),
    "README": (readme, (-4.0, 2.0)),
}


def evaluated(make, f, at):
    """The value of f and its gradient, in the package whose leaves `make` makes."""
    leaves = [make(x) for x in at]
    y = f(*leaves)
    y.backward()
    return y.data, [float(leaf.grad) for leaf in leaves]


def leaf(x):
    return tg.Tensor(x, requires_grad=True)


@pytest.mark.parametrize("name", EXPRESSIONS)
def test_expressions_of_micrograd(name):
    engine = pytest.importorskip("micrograd.engine", reason="compares with micrograd")
    f, at = EXPRESSIONS[name]
    value, gradient = evaluated(leaf, f, at)
    expected, slopes = evaluated(engine.Value, f, at)
    assert value == pytest.approx(expected, rel=1e-14)
    assert gradient == pytest.approx(slopes, rel=1e-13, abs=1e-300)


def test_the_numbers_of_the_readme():
    """They are printed there; this needs no micrograd."""
    value, gradient = evaluated(leaf, readme, (-4.0, 2.0))
    assert f"{value:.4f}" == "24.7041"
    assert [f"{g:.4f}" for g in gradient] == ["138.8338", "645.5773"]


def test_a_network_of_micrograd_as_one_of_arrays():
    """Their MLP of neurons against matrices with the same weights: values and all gradients."""
    nn = pytest.importorskip("micrograd.nn", reason="compares with micrograd")
    mlp = nn.MLP(3, [4, 4, 1])
    rng = np.random.default_rng(0)
    for p in mlp.parameters():
        p.data = float(rng.normal())
    x = [0.5, -1.0, 2.0]
    mlp(x).backward()
    model = tg.Sequential([tg.Input((3,))])
    tg.set_floatx("float64")
    try:
        for n, activation in ((4, "relu"), (4, "relu"), (1, "linear")):
            model.add(tg.layers.Dense(n, activation=activation))
        weights = []
        for layer in mlp.layers:
            weights.append(np.array([[w.data for w in n.w] for n in layer.neurons]).T)
            weights.append(np.array([n.b.data for n in layer.neurons]))
        model.set_weights(weights)
        y = model(np.array([x]))
        y.sum().backward()
    finally:
        tg.set_floatx("float32")
    assert y.item() == pytest.approx(mlp(x).data, rel=1e-13)
    for layer, mine in zip(mlp.layers, model.layers, strict=True):
        expected = np.array([[w.grad for w in n.w] for n in layer.neurons]).T
        assert_allclose(mine.kernel.grad.numpy(), expected, rtol=1e-12, atol=1e-14)
        bias = [n.b.grad for n in layer.neurons]
        assert_allclose(mine.bias.grad.numpy(), bias, rtol=1e-12, atol=1e-14)


# --- autograd: functions of NumPy's namespace -----------------------------------------------------
# Theirs is `autograd.numpy`; ours is NumPy itself, which hands over to the Tensors.


def mlp_loss(np, w):
    hidden = np.tanh(np.dot(np.reshape(w[:6], (2, 3)), np.array([0.5, -1.0, 2.0])))
    return np.sum((hidden - w[6:8]) ** 2)


def logistic(np, w):
    x = np.array([[0.5, 2.3, 2.9], [0.7, 1.3, -0.6], [1.4, -2.2, 0.4], [0.1, 0.8, -1.1]])
    t = np.array([1.0, 1.0, 0.0, 1.0])
    p = 0.5 * (np.tanh(np.dot(x, w[:3])) + 1.0)
    return -np.sum(np.log(p * t + (1.0 - p) * (1.0 - t)))


def gaussian(np, w):
    a = np.reshape(w[:4], (2, 2))
    cov = np.dot(a, a.T) + np.eye(2)
    d = w[4:6] - np.array([1.0, 0.0])
    return 0.5 * np.log(np.linalg.det(cov)) + 0.5 * np.dot(d, np.linalg.solve(cov, d))


def rosenbrock(np, w):
    return np.sum(100.0 * (w[1:] - w[:-1] ** 2) ** 2 + (1.0 - w[:-1]) ** 2)


def log_sum_exp(np, w):
    high = np.max(w)
    return high + np.log(np.sum(np.exp(w - high)))


def taylor_sine(np, w):
    total = term = w
    for i in range(1, 12, 2):
        term = -term * w**2 / ((i + 2) * (i + 1))
        total = total + term
    return np.sum(total * np.arange(1.0, 9.0))


FUNCTIONS = {
    "sine": lambda np, w: np.sum(np.sin(w) * np.exp(-w)),
    "tanh by hand": lambda np, w: np.sum((1.0 - np.exp(-2 * w)) / (1.0 + np.exp(-2 * w)) * w),
    "polynomial": lambda np, w: np.mean(w**3 - 2.0 * w**2 + 1.0 / (1.0 + w**2)),
    "logistic": logistic,
    "log_sum_exp": log_sum_exp,
    "rosenbrock": rosenbrock,
    "taylor": taylor_sine,
    "network": mlp_loss,
    "gaussian": gaussian,
    "norms": lambda np, w: np.sqrt(np.sum(w**2)) + np.linalg.norm(np.reshape(w, (2, 4)) + 2.0),
    "shapes": lambda np, w: np.sum(
        np.concatenate([w[:3] ** 2, np.cumsum(w[2:]) * w[0]])
        * np.transpose(np.reshape(np.sin(np.arange(9.0)), (3, 3))).ravel()
    ),
    "where": lambda np, w: np.sum(np.where(w > 0.1, w**3, -(w**2)) * np.cos(w)),
    "maximum": lambda np, w: np.sum(np.maximum(w, 0.05) ** 2 + np.minimum(w * 2, np.abs(w)) ** 2),
    "einsum": lambda np, w: np.einsum(
        "ij,kj,ik->", np.reshape(w, (2, 4)), np.reshape(w, (2, 4)) ** 2, np.outer(w[:2], w[2:4])
    ),
    "inverse": lambda np, w: np.trace(np.linalg.inv(np.reshape(w[:4], (2, 2)) + 3.0 * np.eye(2))),
    "variance": lambda np, w: np.var(w) + np.std(w * w) * np.prod(w[:3] + 1.0),
}
AT = [
    np.array([0.3, -0.7, 1.1, 0.6, -0.2, 0.9, -1.3, 0.45]),
    np.array([-1.2, 0.8, 0.15, -0.5, 1.4, 0.35, 0.7, -0.9]),
]


@pytest.mark.parametrize("name", FUNCTIONS)
def test_gradients_and_hessians_of_autograd(name):
    autograd = pytest.importorskip("autograd", reason="compares with autograd")
    anp = pytest.importorskip("autograd.numpy", reason="compares with autograd")
    f = FUNCTIONS[name]
    for at in AT:
        assert float(tg.as_tensor(f(np, tg.Tensor(at)))) == pytest.approx(f(np, at), rel=1e-13)
        mine = tg.grad(lambda w: f(np, w))(at)
        expected = autograd.grad(lambda w: f(anp, w))(at)
        assert_allclose(mine, expected, rtol=1e-11, atol=1e-12)
        mine = tg.hessian(lambda w: f(np, w))(at)
        expected = autograd.hessian(lambda w: f(anp, w))(at)
        assert_allclose(mine, expected, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("name", ["sine", "logistic", "taylor", "network"])
def test_jacobians_and_products_of_autograd(name):
    autograd = pytest.importorskip("autograd", reason="compares with autograd")
    anp = pytest.importorskip("autograd.numpy", reason="compares with autograd")
    f, at = FUNCTIONS[name], AT[0]

    def several(xp):
        return lambda w: xp.stack([f(xp, w), f(xp, w * 0.5), f(xp, w + 0.1)])

    expected = autograd.jacobian(several(anp))(at)
    assert_allclose(tg.jacobian(several(np))(at), expected, rtol=1e-11, atol=1e-12)
    v = np.linspace(-1.0, 1.0, 8)
    product = autograd.hessian_vector_product(lambda w: f(anp, w))(at, v)
    mine = tg.hvp(lambda w: f(np, w), at, v)
    assert_allclose(mine, product, rtol=1e-10, atol=1e-11)


@pytest.mark.parametrize("order", [1, 2, 3, 4, 5])
def test_higher_derivatives_of_autograd(order):
    elementwise_grad = pytest.importorskip(
        "autograd", reason="compares with autograd"
    ).elementwise_grad
    anp = pytest.importorskip("autograd.numpy", reason="compares with autograd")

    def mine(w):
        return np.tanh(w) * np.exp(w / 2)

    def theirs(w):
        return anp.tanh(w) * anp.exp(w / 2)

    for _ in range(order):
        mine = (lambda f: tg.grad(lambda w: f(w).sum()))(mine)
        theirs = elementwise_grad(theirs)
    assert_allclose(mine(AT[0]), theirs(AT[0]), rtol=1e-9, atol=1e-11)
