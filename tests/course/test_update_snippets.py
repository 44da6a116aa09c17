"""C10 and C13: updates and averages written as loops, against the optimizers of the package.

The gradient of J = ½(w₁² + 10·w₂²) comes from the engine in one case and by hand in the other.
"""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from tinygrad_es import Tensor, grad
from tinygrad_es.optimizers import SGD, Adagrad, Adam, EWAMomentum, RMSprop

STEPS = 12
CURVATURE = np.array([1.0, 10.0])


def J(w):
    return 0.5 * (CURVATURE * w**2).sum()


dJ = grad(J)  # the lessons' `dx`, from the engine


def steps(optimizer):
    """The path of an optimizer from (1, 1)."""
    w, path = Tensor(np.array([1.0, 1.0]), requires_grad=True), []
    for _ in range(STEPS):
        J(w).backward()
        optimizer.step([w])
        path.append(w.numpy().copy())
    return path


def start():
    return np.array([1.0, 1.0])


# --- C10 ------------------------------------------------------------------------------------------


def test_c10_momentum():
    w, b = 1.0, 1.0
    alpha, beta = 0.5, 0.9
    path = []
    V_w = 0
    V_b = 0
    for _ in range(STEPS):
        dw, db = w, 10 * b  # of J
        V_w = beta * V_w + (1 - beta) * dw
        V_b = beta * V_b + (1 - beta) * db
        w = w - alpha * V_w
        b = b - alpha * V_b
        path.append((w, b))
    assert_allclose(path, steps(EWAMomentum(0.5, 0.9)), rtol=1e-13)
    assert_allclose(path, steps(SGD(0.5 * (1 - 0.9), momentum=0.9)), rtol=1e-13)


def test_c10_ewa():
    x = np.linspace(0, 1, 1000) * 10
    t = np.sin(x) + np.random.RandomState(0).normal(scale=0.3, size=1000)
    curves = {}
    for beta in (0.9, 0.98):
        v = np.zeros(1000)
        previous = 0
        for i in range(1000):
            v[i] = beta * previous + (1 - beta) * t[i]
            previous = v[i]
        curves[beta] = v
    assert_allclose(
        curves[0.9][[0, 9, -1]],
        [0.052921570379029906, 0.15079367792714735, -0.47306153106352444],
        rtol=1e-13,
    )
    assert_allclose(
        curves[0.98][[0, 9, -1]],
        [0.010584314075805993, 0.04748418919109068, -0.0690010139028498],
        rtol=1e-13,
    )
    # the weights of the first ten values, and the average as an optimizer takes it
    assert_allclose(0.1 * 0.9 ** np.arange(4), [0.1, 0.09, 0.081, 0.0729])
    w, optimizer = Tensor(0.0, requires_grad=True), EWAMomentum(1.0, 0.9)
    for value in t[:10]:
        optimizer.apply([float(value)], [w])
    assert optimizer.states[w]["momentum"] == pytest.approx(curves[0.9][9], rel=1e-13)


def test_c10_rmsprop():
    w, alpha, beta, eps = start(), 0.01, 0.9, 1e-7
    s, path = 0, []
    for _ in range(STEPS):
        g = dJ(w)
        s = beta * s + (1 - beta) * g**2
        w = w - alpha * g / np.sqrt(s + eps)
        path.append(w)
    assert_allclose(path, steps(RMSprop(learning_rate=0.01)), rtol=1e-13)


def test_c10_adam():
    w, alpha, eps = start(), 0.1, 1e-7
    beta_1, beta_2 = 0.9, 0.999
    v = s = 0
    path = []
    for _ in range(STEPS):
        g = dJ(w)
        v = beta_1 * v + (1 - beta_1) * g
        s = beta_2 * s + (1 - beta_2) * g**2
        w = w - alpha * v / np.sqrt(s + eps)
        path.append(w)
    ours = Adam(learning_rate=0.1, bias_correction=False, epsilon_inside=True)
    assert_allclose(path, steps(ours), rtol=1e-12)


# --- C13 ------------------------------------------------------------------------------------------


def test_c13_momentum():
    x, v, mu, learning_rate = start(), 0, 0.9, 0.05
    path = []
    for _ in range(STEPS):
        dx = dJ(x)
        v = mu * v - learning_rate * dx  # integrate velocity
        x += v  # integrate position
        path.append(x.copy())
    assert_allclose(path, steps(SGD(learning_rate=0.05, momentum=0.9)), rtol=1e-13)


def test_c13_nesterov():
    x, v, mu, learning_rate = start(), 0, 0.9, 0.05
    ahead = []
    for _ in range(STEPS):
        x_ahead = x + mu * v
        # evaluate dx_ahead (the gradient at x_ahead instead of at x)
        dx_ahead = dJ(x_ahead)
        v = mu * v - learning_rate * dx_ahead
        x += v
        ahead.append(x + mu * v)  # where Keras' parameter is
    assert_allclose(ahead, steps(SGD(0.05, momentum=0.9, nesterov=True)), rtol=1e-12)


def test_c13_nesterov_written_with_the_point_ahead():
    x, v, mu, learning_rate = start(), 0, 0.9, 0.05
    path = []
    for _ in range(STEPS):
        dx = dJ(x)
        v_prev = v  # back this up
        v = mu * v - learning_rate * dx  # velocity update stays the same
        x += -mu * v_prev + (1 + mu) * v  # position update changes form
        path.append(x.copy())
    assert_allclose(path, steps(SGD(0.05, momentum=0.9, nesterov=True)), rtol=1e-12)


def test_c13_adagrad():
    x, cache, learning_rate, eps = start(), 0, 0.1, 1e-7
    path = []
    for _ in range(STEPS):
        dx = dJ(x)
        cache += dx**2
        x += -learning_rate * dx / (np.sqrt(cache) + eps)
        path.append(x.copy())
    ours = Adagrad(0.1, initial_accumulator_value=0.0, epsilon=1e-7, epsilon_inside=False)
    assert_allclose(path, steps(ours), rtol=1e-13)


def test_c13_rmsprop():
    x, cache, learning_rate, decay_rate, eps = start(), 0, 0.01, 0.9, 1e-7
    path = []
    for _ in range(STEPS):
        dx = dJ(x)
        cache = decay_rate * cache + (1 - decay_rate) * dx**2
        x += -learning_rate * dx / (np.sqrt(cache) + eps)
        path.append(x.copy())
    assert_allclose(path, steps(RMSprop(0.01, epsilon_inside=False)), rtol=1e-13)


def test_c13_adam():
    x, m, v, learning_rate, beta1, beta2, eps = start(), 0, 0, 0.1, 0.9, 0.999, 1e-7
    path = []
    for _ in range(STEPS):
        dx = dJ(x)
        m = beta1 * m + (1 - beta1) * dx
        v = beta2 * v + (1 - beta2) * (dx**2)
        x += -learning_rate * m / (np.sqrt(v) + eps)
        path.append(x.copy())
    assert_allclose(path, steps(Adam(0.1, bias_correction=False)), rtol=1e-12)


def test_c13_adam_with_correction():
    x, m, v, learning_rate, beta1, beta2, eps = start(), 0, 0, 0.1, 0.9, 0.999, 1e-8
    path = []
    for t in range(1, STEPS + 1):
        dx = dJ(x)
        m = beta1 * m + (1 - beta1) * dx
        mt = m / (1 - beta1**t)
        v = beta2 * v + (1 - beta2) * (dx**2)
        vt = v / (1 - beta2**t)
        x += -learning_rate * mt / (np.sqrt(vt) + eps)
        path.append(x.copy())
    assert_allclose(path, steps(Adam(0.1, epsilon=1e-8, epsilon_hat=False)), rtol=1e-12)


@pytest.mark.parametrize("value", [1.0, np.array([1.0, 1.0])], ids=["float", "array"])
def test_the_lines_run_on_tensors(value):
    """x may be a Tensor as well: `x += v` gives it a new value."""
    x, v, mu, learning_rate = Tensor(value), 0, 0.9, 0.05
    for expected in (0.95, 0.8575, 0.731375):
        dx = x * 1.0  # of ½x²
        v = mu * v - learning_rate * dx
        x += v
        assert_allclose(x.numpy(), np.full(np.shape(value), expected), rtol=1e-14)
