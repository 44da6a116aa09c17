"""The strategies: what they draw has the properties they promise, and they shrink."""

from __future__ import annotations

import math
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import Phase, assume, find, given, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable

from tinygrad_es import check_gradients, grad, ops
from tinygrad_es.autodiff.primitive import PRIMITIVES
from tinygrad_es.testing import (
    PRIMES,
    arrays_for,
    away_from_kinks,
    broadcastable_shapes,
    calls_of,
    kink_near,
    prime_sizes,
)

from .conftest import ROOT

ROWS = {op.name: op for op in PRIMITIVES.values() if op.differentiable}
FLAT = {"floor", "ceil", "round", "sign", "floor_divide"}  # rows whose derivative is 0
# no health check is silenced: what is drawn must be cheap, small and seldom rejected
often = settings(derandomize=True, deadline=None, max_examples=200, database=None)
some = settings(often, max_examples=25)


def first(strategy, wanted=lambda drawn: True, examples=500):
    """The simplest that is drawn, of those that are wanted."""
    phases = [Phase.generate, Phase.shrink]
    return find(strategy, wanted, settings=settings(often, max_examples=examples, phases=phases))


# --- inputs of operations -----------------------------------------------------------------------


@pytest.mark.parametrize("name", sorted(ROWS))
def test_every_operation_is_right_where_it_is_drawn(name):
    @some
    @given(calls_of(ROWS[name]))
    def right(call):
        f, *inputs = call
        report = check_gradients(f, *inputs, order=1)
        empty = not any(np.size(x) for x in inputs)
        assert report.verdict == ("vacuous" if name in FLAT and not empty else "right"), report

    right()


LIMITS = {
    "ops.log": (ops.log, 0.3, 2.0),
    "np.arcsin": (np.arcsin, -0.9, 0.9),
    "a name": ("arccosh", 1.3, 3.0),
    "ops.exp": (ops.exp, -2.0, 2.0),
    "a row": (PRIMITIVES["power"], 0.5, 2.0),
}


@pytest.mark.parametrize("known", LIMITS)
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_numbers_are_of_the_domain_and_differ(known, dtype):
    f, low, high = LIMITS[known]

    @often
    @given(arrays_for(f, dtype=dtype))
    def fit(inputs):
        assert all(isinstance(x, np.ndarray) and x.dtype == dtype for x in inputs)
        sizes = np.concatenate([np.abs(x).ravel() for x in inputs])
        assert len(np.unique(sizes)) == sizes.size
        for x in inputs:
            assert np.all((dtype(low) <= x) & (x <= dtype(high)) & (x != 0))

    fit()


@often
@given(arrays_for(ops.divide))
def test_divisors_are_away_from_zero(inputs):
    a, b = inputs
    assert np.all(np.abs(b) >= 0.5)
    assert np.isfinite(a / b).all()


@often
@given(st.data())
def test_shapes_and_limits_are_those_asked_for(data):
    shapes = data.draw(broadcastable_shapes(3))
    low = data.draw(st.floats(-1e6, 1e6))
    high = low + data.draw(st.floats(1e-3, 1e6))
    assume(high - low > 1e-9 * max(abs(low), abs(high)))
    inputs = data.draw(arrays_for(shapes=shapes, low=low, high=high))
    assert tuple(x.shape for x in inputs) == shapes
    assert all(np.all((low <= x) & (x <= high)) for x in inputs)


@some
@given(arrays_for(shapes=[(23, 29), (0, 3), ()]))
def test_large_arrays_are_drawn_as_well(inputs):
    sizes = np.concatenate([np.abs(x).ravel() for x in inputs])
    assert sizes.size == len(np.unique(sizes)) == 23 * 29 + 1


def test_they_shrink_to_short_numbers():
    drawn = first(arrays_for(ops.exp, shapes=[(2,), ()]))
    np.testing.assert_array_equal(np.hstack(drawn), [1.0, 2.0, 0.1])
    (x,) = first(arrays_for(ops.tanh), lambda inputs: np.sum(inputs[0] < 0) == 2)
    assert x.ndim == 1
    np.testing.assert_array_equal(np.round(x, 1), x)
    f, x = first(calls_of(ops.sum), lambda call: call[1].ndim == 2)
    assert (x.shape, repr(f)) == ((3, 4), "sum(…, axis=None, keepdims=False)")


@some
@given(calls_of(ops.relu))
def test_no_call_has_derivatives_of_zero_alone(call):
    _, x = call
    assert not x.size or np.any(x > 0)


@some
@given(calls_of(ops.where))
def test_what_has_no_derivative_is_part_of_the_function(call):
    f, a, b = call
    assert f.fixed[0].dtype == bool
    assert f(a, b).shape == np.broadcast_shapes(f.fixed[0].shape, a.shape, b.shape)


# --- shapes -------------------------------------------------------------------------------------


@often
@given(st.integers(0, 5).flatmap(lambda n: broadcastable_shapes(n, max_dims=4)))
def test_shapes_broadcast(shapes):
    result = np.broadcast_shapes(*shapes)
    sides = [side for side in result if side != 1]
    assert len(set(sides)) == len(sides)
    assert set(sides) <= {2, 3, 5, 7}


def test_shapes_are_of_all_kinds():
    wanted = {
        "0-d": lambda s: s[0] == () != s[1],
        "missing axes": lambda s: 0 < len(s[0]) < len(s[1]),
        "ones": lambda s: 1 in s[0] and len(s[0]) == len(s[1]) and s[0] != s[1],
        "ones of both": lambda s: s[0] != s[1] and all(len(x) == 2 and 1 in x for x in s),
        "three axes": lambda s: len(s[0]) == len(s[1]) == 3 and math.prod(s[0]) > 20,
    }
    for kind in wanted.values():
        assert kind(first(broadcastable_shapes(2), kind))
    assert first(broadcastable_shapes(3)) == ((), (), ())


@often
@given(prime_sizes(4))
def test_sizes_are_different_primes(sizes):
    assert len(set(sizes)) == 4
    assert set(sizes) <= set(PRIMES)


# --- kinks --------------------------------------------------------------------------------------

KINKED = {
    "relu": lambda x, w: ops.relu(x @ w).sum(),
    "abs": lambda x, w: abs(x - 1.0).sum() * w.sum(),
    "max": lambda x, w: (x @ w).max(),
    "where": lambda x, w: ops.where(x > 0.5, x, x * x).sum() * w.sum(),
    "clip": lambda x, w: ops.clip(x, -0.5, 0.5).sum() + (w * w).sum(),
    "floor": lambda x, w: (x - ops.floor(x * 4.0)).sum() + w.sum(),
    "if": lambda x, w: (x * w.sum()).sum() if x.sum().item() > 0 else (x + w.sum()).sum(),
}


@pytest.mark.parametrize("name", KINKED)
def test_points_are_away_from_kinks(name):
    f, seen = KINKED[name], []

    @some
    @given(away_from_kinks(f, arrays_for(shapes=[(5, 3), (3,)]), distance=1e-3))
    def away(inputs):
        seen.append(inputs)
        x, w = inputs
        assert kink_near(f, x, w) is None
        before = grad(f)(x, w)
        rng = np.random.default_rng(0)
        for _ in range(10):  # the branch is the same, and so is the derivative, nearly
            i = rng.integers(x.size)
            moved = x.copy()
            moved.flat[i] += rng.choice([-1e-3, 1e-3])
            assert np.max(np.abs(grad(f)(moved, w) - before)) < 0.1

    away()
    assert len(seen) == 25


def test_a_point_on_a_kink_is_moved():
    f = lambda x: ops.relu(x).sum()
    (x,) = first(away_from_kinks(f, st.just(np.array([0.0, 1.0])), distance=0.01))
    assert 0.01 < abs(x[0]) < 1.0
    labels = st.just((np.array([0.0]), np.array([2, 0])))
    x, held = first(away_from_kinks(lambda x, i: ops.relu(x) * i.sum(), labels))
    assert held.tolist() == [2, 0]


def test_where_kinks_are_everywhere_nothing_is_drawn(monkeypatch):
    monkeypatch.setattr("tinygrad_es.testing.kinks.NUDGES", 1)  # Hypothesis asks a thousand times
    rough = lambda x: ops.floor(x * 1e6) * x
    with pytest.raises(Unsatisfiable):
        first(away_from_kinks(rough, arrays_for(shapes=[()])), examples=5)


def test_the_kink_is_named():
    assert str(kink_near(ops.relu, [1.0, 0.0005])) == "relu[1]"
    assert kink_near(ops.tanh, [0.0]) is None
    assert kink_near(ops.relu, [1.0, 0.0005], distance=1e-4) is None
    many = np.linspace(1.0, 2.0, 100)
    many[70] = 0.0005
    assert kink_near(ops.relu, many).at == (70,)


# --- what is wrong with the call ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: arrays_for(), "expected shapes="),
        (lambda: arrays_for(lambda x: x), "expected shapes="),
        (lambda: arrays_for("lgo"), "no operation .* is called 'lgo'"),
        (lambda: arrays_for(ops.log, dtype=int), "floating point dtype. Received: <class 'int'>"),
        (lambda: arrays_for(shapes=[3]), r"list of tuples, \[\(3,\)\]. Received: 3"),
        (lambda: arrays_for(shapes=[(3,)], low=2.0, high=1.0), "low < high"),
        (lambda: arrays_for(shapes=[(3,)], low=float("nan")), "low < high"),
        (lambda: arrays_for(ops.cumsum), r"use calls_of\('cumsum'\)"),
        (lambda: calls_of(lambda x: x), "expected an operation of the table"),
        (lambda: prime_sizes(8), "n from 0 to 7. Received: 8"),
        (lambda: broadcastable_shapes(-1), "n ≥ 0. Received: int -1"),
        (lambda: broadcastable_shapes(2, max_dims=5), "max_dims from 0 to 4"),
        (lambda: kink_near(ops.relu, [1.0], distance=0.0), "distance > 0. Received: 0.0"),
    ],
)
def test_bad_arguments(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_without_hypothesis_the_command_is_told():
    code = (
        "import sys; sys.modules['hypothesis'] = None\n"
        "import tinygrad_es.testing as t\n"
        "t.prime_network()\n"
        "for make in (lambda: t.arrays_for(shapes=[()]), lambda: t.prime_sizes(2),\n"
        "             t.broadcastable_shapes, t.small_networks):\n"
        "    try: make()\n"
        "    except ModuleNotFoundError as error: print(error)\n"
    )
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT)
    lines = done.stdout.splitlines()
    assert len(lines) == 4
    assert all(line.endswith("not installed: pip install hypothesis") for line in lines)


def test_no_health_check_is_silenced():
    """None but those that Hypothesis itself leaves out, as it does where `CI` is set."""
    assert often.suppress_health_check == settings().suppress_health_check
