"""Initializers: distributions, fans and names of the specification (§2.7)."""

import numpy as np
import pytest

import tinygrad_es as tg
from tinygrad_es import initializers, ops

SHAPE = (784, 300)
RANDOM = [
    initializers.RandomNormal,
    initializers.TruncatedNormal,
    initializers.RandomUniform,
    initializers.VarianceScaling,
    initializers.GlorotUniform,
    initializers.GlorotNormal,
    initializers.HeUniform,
    initializers.HeNormal,
    initializers.LecunUniform,
    initializers.LecunNormal,
]


@pytest.mark.parametrize(
    ("initializer", "limit"),
    [
        (initializers.GlorotUniform(seed=1), 0.07439795259651642),
        (initializers.HeUniform(seed=1), 0.08748177652797065),
        (initializers.LecunUniform(seed=1), (3 / 784) ** 0.5),
        (initializers.RandomUniform(seed=1), 0.05),
        (initializers.RandomUniform(-0.2, 0.2, seed=1), 0.2),
        (initializers.VarianceScaling(2.0, "fan_out", "uniform", seed=1), (6 / 300) ** 0.5),
    ],
)
def test_uniform(initializer, limit):
    values = initializer(SHAPE, "float64")
    assert 0.999 * limit < values.max() <= limit
    assert -limit <= values.min() < -0.999 * limit
    assert values.std() == pytest.approx(limit / 3**0.5, rel=0.01)
    assert abs(values.mean()) < 0.01 * limit


@pytest.mark.parametrize(
    ("initializer", "std"),
    [
        (initializers.GlorotNormal(seed=1), 0.04295367795875578),
        (initializers.HeNormal(seed=1), 0.050507627227610534),
        (initializers.LecunNormal(seed=1), 0.03571428571428571),
        (initializers.VarianceScaling(seed=1), 0.03571428571428571),
        (initializers.VarianceScaling(1.0, "fan_out", "normal", seed=1), 300**-0.5),
        (initializers.TruncatedNormal(stddev=0.05, seed=1), 0.8796256610342398 * 0.05),
    ],
)
def test_truncated(initializer, std):
    values = initializer(SHAPE, "float64")
    cut = 2 * std / 0.87962566103423978
    assert values.std() == pytest.approx(std, rel=0.01)
    assert abs(values.mean()) < 0.01 * std
    assert 0.99 * cut < np.abs(values).max() <= cut


@pytest.mark.parametrize(
    ("initializer", "mean", "std"),
    [
        (initializers.RandomNormal(seed=1), 0.0, 0.05),
        (initializers.RandomNormal(3.0, 0.01, seed=1), 3.0, 0.01),
        (initializers.VarianceScaling(2.0, "fan_avg", "untruncated_normal", seed=1), 0.0,
         0.04295367795875578 * 2**0.5),
    ],
)  # fmt: skip
def test_normal(initializer, mean, std):
    values = initializer(SHAPE, "float64")
    assert values.mean() == pytest.approx(mean, abs=0.01 * std)
    assert values.std() == pytest.approx(std, rel=0.01)
    assert np.abs(values - mean).max() > 3.5 * std


def test_truncated_normal_has_a_mean():
    values = initializers.TruncatedNormal(mean=1.0, stddev=0.1, seed=1)(SHAPE, "float64")
    assert values.mean() == pytest.approx(1.0, abs=1e-3)
    assert 0.8 <= values.min() < values.max() <= 1.2


@pytest.mark.parametrize(
    ("shape", "limit"),
    [
        ((4, 2), 1.0),
        ((2, 3), 1.0954451150103321),
        ((6,), (3 / 6) ** 0.5),  # one axis: both fans are its length
        ((3, 3, 16, 32), (6 / (9 * 16 + 9 * 32)) ** 0.5),  # a convolution: times the window
        ((), 3**0.5),
    ],
)
def test_fans(shape, limit):
    glorot = initializers.GlorotUniform(seed=0)
    values = np.array([glorot.draw(shape, np.random.default_rng(i)) for i in range(300)])
    assert 0.97 * limit < np.abs(values).max() <= limit


def test_no_inputs_do_not_divide_by_zero():
    assert initializers.GlorotUniform()((0, 0)).shape == (0, 0)
    assert initializers.LecunNormal()((0, 5)).shape == (0, 5)


@pytest.mark.parametrize(
    ("initializer", "value"),
    [
        (initializers.Zeros(), 0.0),
        (initializers.Ones(), 1.0),
        (initializers.Constant(), 0.0),
        (initializers.Constant(0.1), 0.1),
    ],
)
def test_constant(initializer, value):
    found = initializer((2, 3), "float64")
    assert found.shape == (2, 3)
    assert (found == value).all()


# --- dtype and seeds ------------------------------------------------------------------------------


@pytest.mark.parametrize("cls", [*RANDOM, initializers.Zeros, initializers.Constant])
def test_dtype(cls):
    assert cls()((2, 2)).dtype == "float32"
    assert cls()((2, 2), "float64").dtype == "float64"
    assert cls()((2, 2), dtype="float16").dtype == "float16"


def test_default_dtype_is_floatx():
    tg.set_floatx("float64")
    try:
        assert initializers.GlorotUniform()((2, 2)).dtype == "float64"
        assert initializers.Ones()((2, 2)).dtype == "float64"
    finally:
        tg.set_floatx("float32")


@pytest.mark.parametrize("cls", RANDOM)
def test_seeds(cls):
    first = cls(seed=3)((5, 5))
    assert (cls(seed=3)((5, 5)) == first).all()
    assert (cls(seed=4)((5, 5)) != first).any()
    ops.random.seed(8)
    one, two = cls()((5, 5)), cls()((5, 5))
    assert (one != two).any()
    ops.random.seed(8)
    assert (cls()((5, 5)) == one).all()


# --- names ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("cls", [*RANDOM, initializers.Zeros, initializers.Ones])
def test_names(cls):
    snake = "".join("_" + c.lower() if c.isupper() else c for c in cls.__name__)[1:]
    for identifier in (cls.__name__, snake, cls):
        assert type(initializers.get(identifier)) is cls
    made = cls()
    assert initializers.get(made) is made


@pytest.mark.parametrize(
    ("name", "cls"),
    [
        ("normal", initializers.RandomNormal),
        ("uniform", initializers.RandomUniform),
        ("constant", initializers.Constant),
    ],
)
def test_short_names(name, cls):
    assert type(initializers.get(name)) is cls


@pytest.mark.parametrize(
    "initializer",
    [
        initializers.RandomNormal(1.0, 0.2, seed=5),
        initializers.TruncatedNormal(1.0, 0.2, seed=5),
        initializers.RandomUniform(-3.0, 1.0, seed=5),
        initializers.VarianceScaling(3.0, "fan_out", "untruncated_normal", seed=5),
        initializers.HeNormal(seed=5),
        initializers.Constant(0.3),
        initializers.Ones(),
    ],
)
def test_configuration_makes_the_initializer_again(initializer):
    cls = type(initializer)
    again = cls.from_config(initializer.get_config())
    assert (again((3, 4)) == initializer((3, 4))).all()
    config = {"class_name": cls.__name__, "config": initializer.get_config()}
    assert (initializers.get(config)((3, 4)) == initializer((3, 4))).all()


def test_arrays_and_functions():
    values = np.arange(6.0).reshape(2, 3)
    assert (initializers.get(values)((2, 3), dtype="float32") == values).all()
    assert initializers.get(np.full) is np.full


@pytest.mark.parametrize("identifier", ["foo", 3])
def test_unknown(identifier):
    with pytest.raises(ValueError, match=f"interpret initializer identifier: {identifier}"):
        initializers.get(identifier)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"scale": 0.0}, "`scale` must be positive. Received: scale=0.0"),
        ({"scale": -1.0}, "Received: scale=-1.0"),
        ({"mode": "fan_all"}, "`mode` .* Received: 'fan_all'"),
        ({"distribution": "cauchy"}, "`distribution` .* Received: 'cauchy'"),
    ],
)
def test_variance_scaling_errors(options, words):
    with pytest.raises(ValueError, match=words):
        initializers.VarianceScaling(**options)
