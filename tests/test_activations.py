"""Activations: the values, derivatives and kinks of the specification (§2.3, §4.4)."""

import math

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import tinygrad_es as tg
from tinygrad_es import Tensor, activations, ops

X = np.array([-3.0, -1.0, -0.5, 0.0, 0.5, 2.0, 10.0])
F = {
    "sigmoid": activations.sigmoid,
    "tanh": activations.tanh,
    "relu": activations.relu,
    "leaky": activations.leaky_relu,
    "softplus": activations.softplus,
    "elu": activations.elu,
    "selu": activations.selu,
    "silu": activations.silu,
    "gelu": activations.gelu,
    "gelu tanh": lambda x: activations.gelu(x, approximate=True),
    "softsign": activations.softsign,
    "mish": activations.mish,
    "hard_sigmoid": activations.hard_sigmoid,
    "linear": activations.linear,
    "exponential": activations.exponential,
}

# printed by Keras 3.15.1 at X
VALUES = """
sigmoid     0.0474258732 0.2689414214 0.3775406688 0.5 0.6224593312 0.880797078 0.9999546021
tanh       -0.9950547 -0.7615942 -0.46211717 0 0.46211717 0.9640276 1
softplus 0.0485873516 0.3132616875 0.4740769842 0.6931471806 0.9740769842 2.126928011 10.0000453989
elu        -0.9502129316 -0.6321205588 -0.3934693403 0 0.5 2 10
selu       -1.6705687288 -1.1113307378 -0.6917581878 0 0.5253504937 2.1014019747 10.5070098736
leaky      -0.6 -0.2 -0.1 0 0.5 2 10
silu       -0.1422776195 -0.2689414214 -0.1887703344 0 0.3112296656 1.761594156 9.9995460213
gelu       -0.0040496941 -0.1586552539 -0.1542687694 0 0.3457312306 1.9544997361 10
gelu_tanh  -0.0036373921 -0.1588080094 -0.1542859902 0 0.3457140098 1.9545976941 10
mish       -0.1456474613 -0.3034014614 -0.2207437747 0 0.3752452113 1.9439589595 9.9999999588
hard_sigmoid 0 0.3333333333 0.4166666667 0.5 0.5833333333 0.8333333333 1
softsign   -0.75 -0.5 -0.3333333333 0 0.3333333333 0.6666666667 0.9090909091
"""

# printed by torch in float64 at the first six of X
DERIVATIVES = """
sigmoid   0.04517665973 0.1966119332 0.2350037122 0.25 0.2350037122 0.1049935854
tanh      0.009866037165 0.4199743416 0.786447733 1 0.786447733 0.07065082485
relu      0 0 0 0 1 1
leaky     0.2 0.2 0.2 0.2 1 1
softplus  0.04742587318 0.2689414214 0.3775406688 0.5 0.6224593312 0.880797078
elu       0.04978706837 0.3678794412 0.6065306597 1 1 1
selu      0.08753061208 0.646768603 1.066341153 1.758099341 1.050700987 1.050700987
silu     -0.08810410602 0.07232948813 0.2600388127 0.5 0.7399611873 1.090784249
gelu     -0.0119456472 -0.08331547059 0.1325048753 0.5 0.8674951247 1.085231801
mish     -0.09339311453 0.05921675588 0.2895106779 0.6 0.8864243754 1.069317934
softsign  0.0625 0.25 0.4444444444 1 0.4444444444 0.1111111111
"""

SECOND = """
sigmoid 0.040891575 0.090857748 0.057556795 0 -0.057556795 -0.079962501
tanh 0.019634494 0.63970001 0.72686198 0 -0.72686198 -0.13621869
softplus 0.04517665973 0.1966119332 0.2350037122 0.25 0.2350037122 0.1049935854
"""


def rows(text):
    lines = [line.split() for line in text.strip().splitlines()]
    known = {name.replace(" ", "_"): name for name in F}
    return [(known[name], np.array(numbers, float)) for name, *numbers in lines]


def derivative(f):
    return tg.grad(lambda x: ops.sum(f(x)))


@pytest.mark.parametrize(("name", "expected"), rows(VALUES))
def test_values(name, expected):
    digits = 6e-8 if name == "tanh" else 6e-11
    assert_allclose(F[name](X).numpy(), expected, rtol=0, atol=digits)


@pytest.mark.parametrize(("name", "expected"), rows(DERIVATIVES))
def test_derivatives(name, expected):
    assert_allclose(derivative(F[name])(X[:6]), expected, rtol=0, atol=6e-10)


@pytest.mark.parametrize(("name", "expected"), rows(SECOND))
def test_second_derivatives(name, expected):
    assert_allclose(derivative(derivative(F[name]))(X[:6]), expected, rtol=0, atol=6e-9)


@pytest.mark.parametrize("name", F)
def test_a_number_gives_the_same_number(name):
    for x in X:
        number = Tensor(float(x), requires_grad=True)
        y = F[name](number)
        y.backward()
        assert type(y.data) is float
        assert y.data == pytest.approx(F[name](np.array([x])).item(), rel=1e-14, abs=1e-300)
        assert type(number.grad.data) is float
        expected = derivative(F[name])(np.array([x])).item()
        assert number.grad.data == pytest.approx(expected, rel=1e-13, abs=1e-300)


@pytest.mark.parametrize("name", F)
def test_float32_stays_float32(name):
    x = Tensor(X.astype("float32"), requires_grad=True)
    y = F[name](x)
    y.sum().backward()
    assert y.dtype == "float32"
    assert x.grad.dtype == "float32"


@pytest.mark.parametrize(
    ("name", "low", "high", "slopes"),
    [
        ("sigmoid", 0.0, 1.0, (0.0, 0.0)),
        ("tanh", -1.0, 1.0, (0.0, 0.0)),
        ("relu", 0.0, 1000.0, (0.0, 1.0)),
        ("leaky", -200.0, 1000.0, (0.2, 1.0)),
        ("softplus", 0.0, 1000.0, (0.0, 1.0)),
        ("elu", -1.0, 1000.0, (0.0, 1.0)),
        ("selu", -1.7580993408473766, 1050.7009873554805, (0.0, 1.0507009873554805)),
        ("silu", 0.0, 1000.0, (0.0, 1.0)),
        ("gelu", 0.0, 1000.0, (0.0, 1.0)),
    ],
)
def test_far_from_zero(name, low, high, slopes):
    """Warnings are errors here: nothing overflows, not even where it is not taken."""
    x = np.array([-1000.0, 1000.0])
    assert_allclose(F[name](x).numpy(), [low, high], rtol=1e-14, atol=1e-300)
    assert_allclose(derivative(F[name])(x), slopes, rtol=1e-14, atol=1e-300)


def test_constants_of_selu():
    assert activations.SELU_ALPHA == 1.6732632423543772848170429916717
    assert activations.SELU_SCALE == 1.0507009873554804934193349852946
    assert derivative(activations.selu)(np.zeros(1))[0] == pytest.approx(1.7580993408473766)


def test_elu_alpha_at_the_kink():
    f = lambda x: activations.elu(x, alpha=0.3)
    assert_allclose(f(X[:4]).numpy(), 0.3 * np.expm1(X[:4]), rtol=1e-15)
    assert derivative(f)(np.zeros(1)).tolist() == [0.3]


@pytest.mark.parametrize(
    ("options", "expected", "slopes"),
    [
        ({}, [0, 0, 0, 5, 10], [0, 0, 0, 1, 1]),
        ({"threshold": 5}, [0, 0, 0, 0, 10], [0, 0, 0, 0, 1]),
        ({"negative_slope": 0.5}, [-5, -2.5, 0, 5, 10], [0.5, 0.5, 0.5, 1, 1]),
        ({"alpha": 0.5}, [-5, -2.5, 0, 5, 10], [0.5, 0.5, 0.5, 1, 1]),
        ({"max_value": 5}, [0, 0, 0, 5, 5], [0, 0, 0, 0, 0]),
        ({"max_value": 7}, [0, 0, 0, 5, 7], [0, 0, 0, 1, 0]),
        ({"negative_slope": 0.5, "threshold": 5, "max_value": 8},
         [-7.5, -5, -2.5, 0, 8], [0.5, 0.5, 0.5, 0.5, 0]),
    ],
)  # fmt: skip
def test_general_relu(options, expected, slopes):
    x = np.array([-10.0, -5.0, 0.0, 5.0, 10.0])
    f = lambda x: activations.relu(x, **options)
    assert_array_equal(f(x).numpy(), expected)
    assert_array_equal(derivative(f)(x), slopes)


def test_leaky_relu_takes_its_slope():
    found = activations.leaky_relu(np.array([-2.0, 0.0, 3.0]), negative_slope=0.3)
    assert_allclose(found.numpy(), [-0.6, 0.0, 3.0], rtol=1e-15)


def test_softmax():
    s = np.array([0.09003057317038046, 0.24472847105479764, 0.6652409557748218])
    z = np.array([1.0, 2.0, 3.0])
    assert_allclose(activations.softmax(z).numpy(), s, rtol=1e-14)
    found = tg.jacobian(activations.softmax)(z)
    assert_allclose(found, np.diag(s) - np.outer(s, s), rtol=1e-12)
    assert found[0, 1] == pytest.approx(-0.022033044520174298, rel=1e-13)
    assert found[2, 2] == pytest.approx(0.22269542653462338, rel=1e-13)


@pytest.mark.parametrize(("shape", "axis"), [((3, 1), -1), ((3, 1), 1), ((1, 3), 0)])
def test_a_softmax_of_one_element_is_a_warning(shape, axis):
    with pytest.warns(UserWarning, match=r"axis has size 1\. .* Did you mean to use a sigmoid"):
        found = activations.softmax(tg.Tensor(np.ones(shape)), axis=axis)
    assert (found.numpy() == 1.0).all()


def test_softmax_along_an_axis_and_far_from_zero():
    z = np.array([[1000.0, 0.0], [0.0, 0.0], [-1000.0, 0.0]])
    assert_allclose(activations.softmax(z, axis=0).numpy()[:, 0], [1, 0, 0], atol=1e-300)
    assert_allclose(activations.softmax(z, axis=0).numpy()[:, 1], [1 / 3] * 3, rtol=1e-15)
    assert_allclose(activations.softmax(z).numpy(), [[1, 0], [0.5, 0.5], [0, 1]], atol=1e-300)


def test_tanh_is_a_stretched_sigmoid():
    z = np.linspace(-3, 3, 61)
    two = 2 * activations.sigmoid(2 * z).numpy() - 1
    assert np.abs(activations.tanh(z).numpy() - two).max() <= 4.5e-16


@pytest.mark.parametrize(
    ("layers", "expected"),
    [(1, 0.25), (2, 0.0625), (5, 9.765625e-4), (10, 9.5367431640625e-7)],
)
def test_gradients_vanish_through_sigmoids(layers, expected):
    x = Tensor(0.0, requires_grad=True)
    y = x
    for _ in range(layers):
        y = activations.sigmoid(y) - 0.5  # back to where the slope is largest
    y.backward()
    assert x.grad.item() == expected


# --- names ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    [name for name in F if name not in ("leaky", "gelu tanh")] + ["leaky_relu", "softmax"],
)
def test_names(name):
    assert activations.get(name) is getattr(activations, name)
    assert activations.get(name).__name__ == name


def test_swish_none_and_functions():
    assert activations.get("swish") is activations.silu
    assert activations.get(None) is activations.linear
    assert activations.get(math.tanh) is math.tanh


@pytest.mark.parametrize("identifier", ["foo", 3])
def test_unknown(identifier):
    words = f"Could not interpret activation function identifier: {identifier}"
    with pytest.raises(ValueError, match=words):
        activations.get(identifier)


def test_a_misspelt_name_is_corrected():
    with pytest.raises(ValueError, match=r"sigmiod.*Did you mean 'sigmoid'"):
        activations.get("sigmiod")


# --- the less common ones -------------------------------------------------------------------------


def test_sparsemax_is_the_nearest_point_of_the_simplex():
    p = activations.sparsemax(np.array([0.5, 0.6, 0.1])).numpy()
    assert_allclose(p, [0.43333333333333, 0.53333333333333, 0.03333333333333], rtol=1e-12)
    rng = np.random.default_rng(0)
    z = rng.normal(size=(5, 7)) * 3
    p = activations.sparsemax(z).numpy()
    assert_allclose(p.sum(-1), 1.0)
    assert (p >= 0).all()
    assert (p == 0).any()
    others = rng.dirichlet(np.ones(7), size=(200, 1))
    assert (((p - z) ** 2).sum(-1) <= ((others - z) ** 2).sum(-1) + 1e-12).all()
    assert_allclose(activations.sparsemax(z.T, axis=0).numpy(), p.T)
    assert tg.check_gradients(lambda x: activations.sparsemax(x), z).ok


@pytest.mark.parametrize(
    ("f", "kinks"),
    [
        (activations.sparse_plus, [-1.0, 1.0]),
        (activations.sparse_sigmoid, [-1.0, 1.0]),
        (activations.squareplus, []),
        (activations.hard_silu, []),
        (activations.celu, []),
    ],
)
def test_gradients_by_differences(f, kinks):
    x = np.array([-4.0, -2.0, -0.7, 0.2, 0.9, 1.7, 5.0])
    assert tg.check_gradients(f, x).ok
    assert_allclose(f(np.array(kinks)).numpy(), [0.0, 1.0][: len(kinks)])


def test_steps_do_not_learn():
    x = Tensor(np.array([-1.0, 0.0, 2.0]), requires_grad=True)
    assert activations.step(x).tolist() == [0.0, 1.0, 1.0]
    assert activations.sign(x).tolist() == [-1.0, 0.0, 1.0]
    assert not activations.step(x).requires_grad or tg.grad(lambda v: ops.sum(activations.step(v)))(
        np.ones(2)
    ).tolist() == [0.0, 0.0]


@pytest.mark.parametrize("name", sorted(set(activations.__all__) - {"get", "serialize"}))
def test_every_name_is_found_and_written_again(name):
    f = activations.get(name)
    assert f is getattr(activations, name)
    assert activations.get(activations.serialize(f)) is f
