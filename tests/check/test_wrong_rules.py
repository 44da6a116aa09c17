"""Planted mistakes are found in the default mode, and named by their entry."""

from __future__ import annotations

import numpy as np
import pytest

import tinygrad_es as tg
from tinygrad_es import Sequential, assert_gradients, check_gradients, layers, ops

from .rules import operation, operation_of_two

X = np.random.default_rng(3).uniform(-1.5, 1.5, (5, 7))


@pytest.mark.parametrize("factor", [1.0001, 0.9999, 2.0, -1.0, 0.0, 0.5])
def test_a_wrong_factor(factor):
    sine = operation(lambda xp, x: xp.sin(x), lambda xp, g, y, x: factor * g * xp.cos(x))
    report = check_gradients(sine, X)
    assert report.verdict == "wrong"
    assert len(report.mismatches) == X.size
    with pytest.raises(AssertionError, match="35 WRONG"):
        assert_gradients(sine, X)


@pytest.mark.parametrize("shape", [(2000,), (40, 50)])
@pytest.mark.parametrize("factor", [1.0001, 1.01, 0.0, -1.0])
@pytest.mark.parametrize("place", [0, 777, 1999])
def test_one_entry_of_2000(shape, factor, place):
    wrong = np.ones(shape)
    wrong.flat[place] = factor
    f = operation(lambda xp, x: xp.sin(x), lambda xp, g, y, x: g * xp.cos(x) * wrong)
    x = np.random.default_rng(place).normal(size=shape)
    report = check_gradients(f, x)
    assert report.entries < 100, "sampled"
    assert [m.at for m in report.mismatches] == [np.unravel_index(place, shape)]


def test_nothing_is_wrong_in_the_same_test_without_the_mistake():
    f = operation(lambda xp, x: xp.sin(x), lambda xp, g, y, x: g * xp.cos(x))
    for place in range(30):
        assert check_gradients(f, np.random.default_rng(place).normal(size=2000)).ok


def test_wrong_only_at_second_order():
    """The rule reads x as a constant: its own derivative is lost."""
    frozen = operation(lambda xp, x: xp.sin(x), lambda xp, g, y, x: g * np.cos(as_array(x)))
    assert check_gradients(frozen, X, order=1).ok
    report = check_gradients(frozen, X)
    assert report.verdict == "wrong"
    assert report.second.mismatches
    assert str(report).startswith("second derivative: ")
    assert check_gradients(frozen, X, order=2).verdict == "wrong"


def as_array(x):
    return np.asarray(getattr(x, "value", x))


def test_wrong_only_for_a_broadcast_input():
    """g·a is divided by the copies that the broadcast made of b: of none, nothing changes."""

    def rule(xp, g, y, a, b):
        return g * a * (np.size(as_array(b)) / np.size(as_array(a)))

    times = operation_of_two(lambda xp, a, b: a * b, lambda xp, g, y, a, b: g * b, rule)
    assert check_gradients(times, X, X + 1.0).ok
    report = check_gradients(times, X, X[0])
    assert {m.input for m in report.mismatches} == {1}
    assert not check_gradients(times, X, 0.7).ok


def test_a_gradient_that_is_not_a_number():
    f = operation(lambda xp, x: x * x, lambda xp, g, y, x: g * 2.0 * x / (x - x))
    assert check_gradients(f, [0.5, 1.0]).verdict == "wrong"


def test_a_transposed_gradient():
    f = operation(
        lambda xp, x: xp.sum(x * x * x), lambda xp, g, y, x: 3.0 * g * (x * x).T, elementwise=False
    )
    report = check_gradients(f, np.random.default_rng(0).normal(size=(4, 4)))
    assert len(report.mismatches) == 12


def test_a_rule_that_ignores_the_cotangent():
    f = operation(lambda xp, x: xp.exp(x), lambda xp, g, y, x: y)
    report = check_gradients(f, 0.3)  # one number, whose cotangent is 1: the numbers agree
    assert not report.mismatches
    assert "cotangent of zeros" in report.problems[0]
    assert not report.ok


def test_a_rule_that_is_not_linear():
    f = operation(lambda xp, x: xp.exp(x), lambda xp, g, y, x: g * g * g * y)
    report = check_gradients(f, 0.3)
    assert "not linear" in report.problems[0]


def test_a_rule_that_writes_into_its_input():
    def rule(xp, g, y, x):
        c = g * np.cos(x)
        x += 1.0
        return c

    f = operation(lambda xp, x: xp.sin(x), rule)
    assert "changed" in " ".join(check_gradients(f, X, order=1).problems + random_notes(f))


def random_notes(f):
    return [en for en, _ in check_gradients(f, X, order=1).notes]


def test_the_callers_array_is_never_written_to():
    x = X.copy()
    x.flags.writeable = False
    assert check_gradients(ops.tanh, x).ok
    assert np.array_equal(x, X)


def test_torch_tolerances_are_wider():
    f = operation(lambda xp, x: xp.sin(x), lambda xp, g, y, x: 1.0003 * g * xp.cos(x))
    assert not check_gradients(f, X)
    assert check_gradients(f, X, tolerances="torch", order=1).ok
    assert check_gradients(f, X, rtol=1e-3, order=1).ok


def test_the_taylor_slope_as_a_second_opinion():
    right = check_gradients(ops.tanh, X, opinions=True).opinions
    wrong = operation(lambda xp, x: xp.tanh(x), lambda xp, g, y, x: g * (1.0 - y))
    assert right["taylor slope, input 0"] == pytest.approx(2.0, abs=0.1)
    found = check_gradients(wrong, X, opinions=True).opinions
    assert found["taylor slope, input 0"] == pytest.approx(1.0, abs=0.1)


def test_the_power_of_a_test():
    report = check_gradients(ops.tanh, X[:5, :5], power=True)
    assert set(report.power) == {
        "zero", "×2", "−", "×1.01 on one entry", "transposed", "rolled",
    }  # fmt: skip
    assert all(caught == tried for caught, tried in report.power.values())
    blind = check_gradients(ops.tanh, X[:5, :5], power=True, rtol=0.1)
    assert blind.power["×1.01 on one entry"] == (0, 10)
    assert "×1.01 on one entry" in str(blind)


@pytest.mark.parametrize("language", ["en", "es"])
def test_messages_are_short(language):
    f = operation(lambda xp, x: xp.sin(x), lambda xp, g, y, x: 2.0 * g * xp.cos(x))
    report = check_gradients(f, X, power=True)
    lines = report.text(language).splitlines()
    assert len(lines) <= 12
    assert all(len(line) <= 160 for line in lines)
    assert ("WRONG" if language == "en" else "MAL") in lines[0]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"tolerances": "keras"}, "tolerances"),
        ({"rtol": -1.0}, "rtol"),
        ({"mode": "fast"}, "mode"),
        ({"cotangent": "twos"}, "cotangent"),
        ({"cotangent": np.ones(3)}, "shape"),
        ({"order": 0}, "order"),
    ],
)
def test_bad_options_are_named(options, words):
    with pytest.raises(ValueError, match=words):
        check_gradients(ops.tanh, X, **options)


def test_a_wrong_rule_inside_a_model():
    """One of 1,000 weights of a layer, in a model whose every other derivative is right."""
    wrong = np.ones((40, 25))
    wrong[17, 3] = 1.001
    masked = operation(lambda xp, x: x * 1.0, lambda xp, g, y, x: g * wrong)

    class Odd(layers.Layer):
        def build(self, input_shape):
            self.kernel = self.add_weight(shape=(40, 25), name="kernel")

        def call(self, x):
            return x @ masked(self.kernel)

    model = Sequential([layers.Input((40,)), Odd(), layers.Activation("tanh"), layers.Dense(3)])
    model.compile("sgd", "mse")
    rng = np.random.default_rng(0)
    report = check_gradients(
        model, rng.normal(size=(11, 40)), rng.normal(size=(11, 3)), budget=1000
    )
    assert report.entries < report.total
    assert [m.at for m in report.mismatches] == [(17, 3)]
    assert "kernel" in str(report)


def test_a_gradient_that_cannot_be_recorded_is_said_to_be_so():
    """A rule that leaves the Tensors has no second derivatives: told, and raised at order 2."""
    f = operation(lambda xp, x: x * x, lambda xp, g, y, x: 2.0 * g * float(np.asarray(x).sum()))
    report = check_gradients(f, [1.5])
    assert report.verdict == "right"
    assert report.second is None
    assert "no second derivatives" in str(report)
    with pytest.raises(tg.GradientError, match="lose the graph"):
        check_gradients(f, [1.5], order=2)
