"""Right derivations that lose digits otherwise than the automatic ones do, and wrong ones.

A bias before batch normalization has a gradient of 0: by hand and automatically it is rounding.
Where a softmax is 1 but for 1e-19, p·(g − Σ g·p) is 0 by hand.
"""

import numpy as np
import pytest

from tinygrad_es.check import check_backprop


def softmax(z):
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def through(x, w, dz):
    return {"x": dz @ w.T, "w": x.T @ dz, "b": dz.sum(axis=0)}


def cross_entropy(x, w, b, t):
    return -np.sum(t * np.log(softmax(x @ w + b))) / len(x)


def p_minus_t(x, w, b, t):
    return through(x, w, (softmax(x @ w + b) - t) / len(x))


def squares(x, w, b, t):
    return np.sum((softmax(x @ w + b) - t) ** 2)


def of_a_softmax(x, w, b, t):
    p = softmax(x @ w + b)
    g = 2 * (p - t)
    return through(x, w, p * (g - (g * p).sum(axis=1, keepdims=True)))


def by_jacobians(x, w, b, t):
    p = softmax(x @ w + b)
    rows = [(np.diag(q) - np.outer(q, q)) @ g for q, g in zip(p, 2 * (p - t), strict=True)]
    return through(x, w, np.stack(rows))


def normalized(x, w, b, t):
    z = x @ w + b
    c = z - z.mean(axis=0)
    return np.sum((c / np.sqrt((c**2).mean(axis=0) + 1e-5) - t) ** 2)


def in_one_line(x, w, b, t, forgotten=False):
    z, n = x @ w + b, len(x)
    c = z - z.mean(axis=0)
    s = 1 / np.sqrt((c**2).mean(axis=0) + 1e-5)
    h = c * s
    g = 2 * (h - t)
    mean = 0.0 if forgotten else g.sum(axis=0)
    return through(x, w, s / n * (n * g - mean - h * (g * h).sum(axis=0)))


def step_by_step(x, w, b, t):
    z, n = x @ w + b, len(x)
    c = z - z.mean(axis=0)
    variance = (c**2).mean(axis=0)
    s = 1 / np.sqrt(variance + 1e-5)
    g = 2 * (c * s - t)
    dvariance = np.sum(g * c * -0.5 * (variance + 1e-5) ** -1.5, axis=0)
    dmean = np.sum(-g * s, axis=0) + dvariance * np.mean(-2 * c, axis=0)
    return through(x, w, g * s + dvariance * 2 * c / n + dmean / n)


def logistic(x, w, b, t):
    a = 1 / (1 + np.exp(-(x @ w + b)))
    return -np.sum(t * np.log(a) + (1 - t) * np.log(1 - a))


def a_minus_t(x, w, b, t):
    return through(x, w, 1 / (1 + np.exp(-(x @ w + b))) - t)


RIGHT = {
    "softmax, cross-entropy": (cross_entropy, p_minus_t),
    "softmax, squares": (squares, of_a_softmax),
    "softmax, squares, Jacobians": (squares, by_jacobians),
    "batch norm in one line": (normalized, in_one_line),
    "batch norm step by step": (normalized, step_by_step),
    "logistic": (logistic, a_minus_t),
}


def numbers(seed, scale, dtype, least=1):
    rng = np.random.default_rng(seed)
    n, d, c = (int(k) for k in rng.integers(least, 9, 3))
    t = np.eye(c)[rng.integers(0, c, n)]
    arrays = scale * rng.normal(size=(n, d)), rng.normal(size=(d, c)), rng.normal(size=c), t
    return [a.astype(dtype) for a in arrays]


@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # log(0) of saturated units is meant
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("scale", [0.01, 1.0, 100.0])
@pytest.mark.parametrize("name", RIGHT)
def test_right_ones_are_not_wrong(name, scale, dtype):
    forward, backward = RIGHT[name]
    for seed in range(3):
        report = check_backprop(forward, backward, *numbers(seed, scale, dtype, least=2))
        assert report.culprit is None, report
        finite = name != "logistic" and not (scale == 100.0 and "softmax" in name)
        if finite and dtype == "float64":
            assert report.verdicts["b"] == "right", report


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", RIGHT)
def test_a_mistake_of_a_hundredth_is_found(name, dtype):
    forward, backward = RIGHT[name]

    def wrong(*arrays):
        found = backward(*arrays)
        return {**found, "w": 1.01 * found["w"]}

    for seed in range(3):
        report = check_backprop(forward, wrong, *numbers(seed, 1.0, dtype, least=4))
        assert report.culprit == "w", report


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_forgotten_mean_shows_in_the_bias_first(dtype):
    """0 is what it should be, and no number of any size is taken for it."""
    for seed in range(3):
        report = check_backprop(
            normalized,
            lambda *arrays: in_one_line(*arrays, forgotten=True),
            *numbers(seed, 1.0, dtype, least=4),
        )
        assert report.culprit == "b", report
        assert report.verdicts["b"] == "wrong"


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("error", [1.1, 2.0, -1.0, 0.0, 1000.0])
def test_saturated_units_are_no_zeros_by_construction(error, dtype):
    """Inputs from 0 to 255 saturate a GELU: its gradients are small, and still not 0."""

    def forward(x, w, v):
        z = x @ w
        h = 0.5 * z * (1 + np.tanh(0.7978846 * (z + 0.044715 * z**3)))
        return np.mean((h @ v) ** 2)

    def backward(x, w, v):
        z = x @ w
        t = np.tanh(0.7978846 * (z + 0.044715 * z**3))
        h = 0.5 * z * (1 + t)
        dh = np.outer(2 * (h @ v) / len(x), v)
        slope = 0.5 * (1 + t) + 0.5 * z * (1 - t * t) * 0.7978846 * (1 + 3 * 0.044715 * z * z)
        return {"w": (error * (x.T @ (dh * slope))).astype(x.dtype)}

    for seed in range(3):
        rng = np.random.default_rng(seed)
        x = 255 * rng.uniform(size=(8, 16))
        arrays = [a.astype(dtype) for a in (x, rng.normal(size=(16, 5)), rng.normal(size=5))]
        assert not check_backprop(forward, backward, *arrays).ok


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("scale", [1e-3, 3.0, 10.0])
def test_a_maximum_of_all_hides_no_rounding(scale, dtype):
    """`z − z.max()` of the whole batch: a maximum is exact, the rest is not."""

    def forward(z, t):
        e = np.exp(z - z.max())
        return np.sum((e / e.sum() - t) ** 2)

    def backward(z, t):
        e = np.exp(z - z.max())
        p = e / e.sum()
        g = 2 * (p - t)
        return {"z": p * (g - np.sum(g * p))}

    for seed in range(10):
        rng = np.random.default_rng(seed)
        z, t = (scale * rng.normal(size=5)).astype(dtype), np.eye(5, dtype=dtype)[seed % 5]
        assert check_backprop(forward, backward, z, t).culprit is None


@pytest.mark.parametrize("error", [1e-3, 1e-5])
def test_quotients_of_single_numbers_keep_their_precision(error):
    """A NumPy scalar among arrays is no float32."""

    def forward(x, a):
        return x @ a / np.sqrt(x @ x)

    def backward(x, a):
        n = np.sqrt(x @ x)
        return {"x": (1 + error) * (a / n - (x @ a) * x / n**3)}

    for seed in range(5):
        rng = np.random.default_rng(seed)
        report = check_backprop(forward, backward, rng.normal(size=4), rng.normal(size=4))
        assert report.culprit == "x"


@pytest.mark.parametrize(("dtype", "z"), [("float32", -8.0), ("float64", -22.0)])
def test_an_elu_that_is_saturated(dtype, z):
    def forward(z, t):
        h = np.where(z > 0, z, np.exp(np.minimum(z, 0)) - 1)
        return np.sum((h - t) ** 2)

    def backward(z, t):
        h = np.where(z > 0, z, np.exp(np.minimum(z, 0)) - 1)
        return {"z": 2 * (h - t) * np.where(z > 0, 1, h + 1)}

    for seed in range(5):
        rng = np.random.default_rng(seed)
        arrays = [(z + rng.normal(size=5)).astype(dtype), rng.normal(size=5).astype(dtype)]
        assert check_backprop(forward, backward, *arrays).culprit is None
