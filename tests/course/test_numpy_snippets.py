"""C1, C6 and C7: what the courses write by hand in NumPy, as typed, against the engine."""

from itertools import pairwise

import numpy as np
import pytest
from numpy.testing import assert_allclose

import tinygrad_es as keras
from tinygrad_es import Tensor
from tinygrad_es.losses import HalfSquaredError


def variable(value, name=None):
    return Tensor(value, requires_grad=True, name=name)


# --- C1: (x + y)·z --------------------------------------------------------------------------------


def test_c1_circuit():
    # set some inputs
    x = -2
    y = 5
    z = -4

    # perform the forward pass
    q = x + y  # q becomes 3
    f = q * z  # f becomes -12

    # perform the backward pass (backpropagation) in reverse order:
    # first backprop through f = q * z
    dfdz = q  # df/dz = q, so gradient on z becomes 3
    dfdq = z  # df/dq = z, so gradient on q becomes -4
    dqdx = 1.0
    dqdy = 1.0
    # now backprop through q = x + y
    dfdx = dfdq * dqdx
    dfdy = dfdq * dqdy

    assert (q, f, dfdz, dfdq, dfdx, dfdy) == (3, -12, 3, -4, -4, -4)
    x, y, z = variable(-2.0), variable(5.0), variable(-4.0)
    q = x + y
    q.retain_grad()
    f = q * z
    f.backward()
    assert [t.item() for t in (q, f)] == [3, -12]
    assert [t.grad.item() for t in (z, q, x, y)] == [dfdz, dfdq, dfdx, dfdy]


# --- C6: a network of two layers in column convention ---------------------------------------------


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def dsigmoid(z):
    return sigmoid(z) * (1 - sigmoid(z))


class red_simple:
    def __init__(self, W1, b1, W2, b2):
        self.W1, self.b1, self.W2, self.b2 = W1, b1, W2, b2

    def forward(self, x):
        z1 = np.dot(self.W1, x) + self.b1
        a1 = sigmoid(z1)
        z2 = np.dot(self.W2, a1) + self.b2
        y = z2
        return z1, a1, z2, y

    def backward(self, x, t):
        z1, a1, _z2, a2 = self.forward(x)
        dz2 = a2 - t
        db2 = dz2
        dW2 = np.dot(dz2, a1.T)
        da1 = np.dot(self.W2.T, dz2)
        dz1 = dsigmoid(z1) * da1
        db1 = dz1
        dW1 = np.dot(dz1, x.T)
        return dW1, db1, dW2, db2

    def gradient_step(self, x, t, eta):
        dW1, db1, dW2, db2 = self.backward(x, t)
        self.W1 -= eta * dW1
        self.b1 -= eta * db1
        self.W2 -= eta * dW2
        self.b2 -= eta * db2


W1 = np.array([[1.0, -2], [0, 1], [3, 4]])
W2 = np.array([[6.0, -2, 1], [5, -3, 2]])
PARAMETERS = (W1, np.zeros((3, 1)), W2, np.zeros((2, 1)))
x, t = np.array([[1.0], [2.0]]), np.array([[0.0], [1.0]])

D2 = [-0.4770556183122119, -1.4052952708895092]
D1 = [-0.4467434074194409, 0.5428165267308168, -5.490744835871386e-05]
DW2 = [
    [-0.022624779252720665, -0.4201891946423282, -0.4770476508050855],
    [-0.06664735529424022, -1.2377799682956163, -1.4052718004603693],
]
DW1 = [
    [-0.4467434074194409, -0.8934868148388818],
    [0.5428165267308168, 1.0856330534616336],
    [-5.490744835871386e-05, -1.0981489671742772e-04],
]
W2_AFTER = [
    [6.002262477925272, -1.9579810805357671, 1.0477047650805085],
    [5.006664735529424, -2.8762220031704384, 2.140527180046037],
]
W1_AFTER = [
    [1.044674340741944, -1.9106513185161118],
    [-0.05428165267308169, 0.8914366946538366],
    [3.0000054907448357, 4.000010981489671],
]


def fresh(convert=np.copy):
    return red_simple(*[convert(p) for p in PARAMETERS])


def test_c6_the_worked_example():
    red = fresh()
    z1, a1, _, y = red.forward(x)
    assert z1.ravel().tolist() == [-3, 2, 11]
    assert_allclose(a1.ravel(), [0.04742587317756678, 0.8807970779778823, 0.999983298578152])
    assert_allclose(y.ravel(), [-0.4770556183122119, -0.40529527088950923], rtol=1e-14)
    for found, expected in zip(red.backward(x, t), (DW1, D1, DW2, D2), strict=True):
        assert_allclose(found, np.reshape(expected, found.shape), rtol=1e-11)
    red.gradient_step(x, t, 0.1)
    assert_allclose(red.W1, W1_AFTER, rtol=1e-14)
    assert_allclose(red.W2, W2_AFTER, rtol=1e-14)


def test_c6_the_same_class_on_tensors():
    """`forward` as it stands records; the engine's sweep is `backward`."""
    red = fresh(lambda p: variable(p.copy()))
    y = red.forward(x)[-1]
    C = 0.5 * np.sum((y - t) ** 2)
    assert C.item() == pytest.approx(1.1012184306738328, rel=1e-14)
    C.backward()
    by_hand = fresh().backward(x, t)
    for p, expected in zip((red.W1, red.b1, red.W2, red.b2), by_hand, strict=True):
        assert p.grad.shape == expected.shape
        assert_allclose(p.grad.numpy(), expected, rtol=1e-13, atol=1e-15)


@pytest.mark.usefixtures("float64")
def test_c6_as_layers():
    """The same in rows: kernels are the transposes, and C = ½‖y − t‖² a loss."""
    model = keras.Sequential()
    model.add(keras.layers.Dense(3, input_shape=[2], activation="sigmoid"))
    model.add(keras.layers.Dense(2))
    model.set_weights([W1.T, np.zeros(3), W2.T, np.zeros(2)])
    model.compile(optimizer=keras.optimizers.SGD(learning_rate=0.1), loss=HalfSquaredError())
    assert model.train_on_batch(x.T, t.T) == pytest.approx(1.1012184306738328, rel=1e-14)
    w1, b1, w2, b2 = model.get_weights()
    assert_allclose(w1.T, W1_AFTER, rtol=1e-14)
    assert_allclose(w2.T, W2_AFTER, rtol=1e-14)
    assert_allclose(b1, -0.1 * np.array(D1), rtol=1e-11)
    assert_allclose(b2, -0.1 * np.array(D2), rtol=1e-14)


def test_c6_learns():
    red = fresh()
    errors = []
    for _ in range(30):
        errors.append(0.5 * float(((red.forward(x)[-1] - t) ** 2).sum()))
        red.gradient_step(x, t, 0.1)
    assert all(b < a for a, b in pairwise(errors))
    assert errors[-1] < 1e-3


# --- C7: dropout, vanilla and inverted ------------------------------------------------------------

p = 0.5  # probability of keeping a unit active. higher = less dropout
SIZES = [(40, 5), (30, 40), (3, 30)]


class tres_capas:
    """The course's functions with their weights as attributes."""

    def __init__(self, rng, convert=np.asarray):
        self.W1, self.W2, self.W3 = (convert(rng.normal(size=s)) for s in SIZES)
        self.b1, self.b2, self.b3 = (convert(rng.normal(size=(s[0], 1))) for s in SIZES)

    def train_step_vanilla(self, X):
        H1 = np.maximum(0, np.dot(self.W1, X) + self.b1)
        U1 = np.random.rand(*H1.shape) < p  # noqa: NPY002 - as the course types it
        H1 *= U1  # drop!
        H2 = np.maximum(0, np.dot(self.W2, H1) + self.b2)
        U2 = np.random.rand(*H2.shape) < p  # noqa: NPY002 - as the course types it
        H2 *= U2  # drop!
        out = np.dot(self.W3, H2) + self.b3
        return out, (U1, U2)

    def predict_vanilla(self, X):
        H1 = np.maximum(0, np.dot(self.W1, X) + self.b1) * p  # NOTE: scale the activations
        H2 = np.maximum(0, np.dot(self.W2, H1) + self.b2) * p  # NOTE: scale the activations
        return np.dot(self.W3, H2) + self.b3

    def train_step_inverted(self, X):
        H1 = np.maximum(0, np.dot(self.W1, X) + self.b1)
        U1 = (np.random.rand(*H1.shape) < p) / p  # noqa: NPY002 - as the course types it
        H1 *= U1  # drop!
        H2 = np.maximum(0, np.dot(self.W2, H1) + self.b2)
        U2 = (np.random.rand(*H2.shape) < p) / p  # noqa: NPY002 - as the course types it
        H2 *= U2  # drop!
        out = np.dot(self.W3, H2) + self.b3
        return out, (U1, U2)

    def predict_inverted(self, X):
        H1 = np.maximum(0, np.dot(self.W1, X) + self.b1)  # no scaling necessary
        H2 = np.maximum(0, np.dot(self.W2, H1) + self.b2)
        return np.dot(self.W3, H2) + self.b3


@pytest.mark.parametrize("kind", ["vanilla", "inverted"])
def test_c7_on_tensors(kind):
    """The lines run on Tensors, `H1 *= U1` too, and the sweep uses the same masks."""
    red = tres_capas(np.random.default_rng(1), variable)
    numbers = tres_capas(np.random.default_rng(1))
    X = np.random.default_rng(2).normal(size=(5, 4))
    keras.utils.set_random_seed(3)
    out, (U1, U2) = getattr(red, f"train_step_{kind}")(X)
    keras.utils.set_random_seed(3)
    expected, masks = getattr(numbers, f"train_step_{kind}")(X)
    assert_allclose(out.numpy(), expected, rtol=1e-13)
    assert_allclose([U1.mean(), U2.mean()], [m.mean() for m in masks])
    out.sum().backward()

    # backward pass: compute gradients, as for a network without dropout but for the masks
    H1 = np.maximum(0, numbers.W1 @ X + numbers.b1) * U1
    H2 = np.maximum(0, numbers.W2 @ H1 + numbers.b2) * U2
    dout = np.ones_like(expected)
    dH2 = (numbers.W3.T @ dout) * U2 * (H2 > 0)
    dH1 = (numbers.W2.T @ dH2) * U1 * (H1 > 0)
    assert_allclose(red.W3.grad.numpy(), dout @ H2.T, rtol=1e-12)
    assert_allclose(red.W2.grad.numpy(), dH2 @ H1.T, rtol=1e-12, atol=1e-14)
    assert_allclose(red.W1.grad.numpy(), dH1 @ X.T, rtol=1e-12, atol=1e-14)
    assert_allclose(red.b1.grad.numpy(), dH1.sum(axis=1, keepdims=True), rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("kind", ["vanilla", "inverted"])
def test_c7_the_expectation_is_kept(kind):
    """One layer: the mean over masks is what prediction gives."""
    red = tres_capas(np.random.default_rng(1))
    X = np.ones((5, 1))
    H1 = np.maximum(0, red.W1 @ X + red.b1)
    masks = np.random.default_rng(0).random((20_000, *H1.shape)) < p
    if kind == "vanilla":
        mean, predicted = (H1 * masks).mean(axis=0), H1 * p
    else:
        mean, predicted = (H1 * (masks / p)).mean(axis=0), H1
    assert_allclose(mean, predicted, atol=0.05 * H1.max())
    assert red.predict_vanilla(X).shape == red.predict_inverted(X).shape == (3, 1)


def test_c7_is_the_layer():
    """keras' Dropout(rate) is the inverted one with p = 1 − rate."""
    layer = keras.layers.Dropout(1 - 0.8)
    H = np.random.default_rng(0).random((500, 40)) + 0.5
    dropped = layer(H, training=True).numpy()
    mask = dropped > 0
    assert mask.mean() == pytest.approx(0.8, abs=0.02)
    assert_allclose(dropped, H * (mask / 0.8), rtol=1e-12)
    assert_allclose(layer(H, training=False).numpy(), H)
