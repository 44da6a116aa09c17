"""A check leaves nothing behind, and several may run at once."""

from __future__ import annotations

import cProfile
import pstats
import random
import sys
import threading
import warnings

import numpy as np

from tinygrad_es import check_backprop

A = np.random.default_rng(0).normal(size=(5, 3))


def forward(x):
    z = np.tanh(x)
    return np.sum(z**2)


def backward(x):
    z = np.tanh(x)
    dz = 2.0 * z
    return {"x": dz * (1.0 - z)}


def test_several_threads():
    """Two that put back sys.stdout in the wrong order left it lost."""
    found, before = [], (sys.stdout, globals()["np"])

    def work():
        for _ in range(5):
            found.append(check_backprop(forward, backward, A).verdicts)

    threads = [threading.Thread(target=work) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [{"z": "right", "x": "wrong"}] * 25
    assert (sys.stdout, globals()["np"]) == before


def test_the_random_state_and_the_settings_of_numpy():
    def dropped(x):
        np.seterr(all="raise")
        np.set_printoptions(precision=1)
        warnings.simplefilter("always")
        return np.sum(x * (np.random.rand(5, 3) < 0.5))  # noqa: NPY002 - as students write it

    def handed_on(x):
        return {"x": np.ones_like(x)}

    state = np.random.get_state()  # noqa: NPY002 - what is tested
    settings = np.geterr(), np.get_printoptions(), [*warnings.filters]
    check_backprop(dropped, handed_on, A)
    after = np.random.get_state()  # noqa: NPY002 - what is tested
    assert np.array_equal(state[1], after[1])
    assert state[2:] == after[2:]
    assert (np.geterr(), np.get_printoptions(), [*warnings.filters]) == settings


def test_a_profile_can_be_taken():
    profile = cProfile.Profile()
    with profile:
        assert check_backprop(forward, backward, A).verdicts == {"z": "right", "x": "wrong"}
    assert any("backward" in key for _, _, key in pstats.Stats(profile).stats)


def test_a_profile_within_a_profile():
    def profiled(x):
        with cProfile.Profile():
            return backward(x)

    profile = cProfile.Profile()
    with profile:
        assert check_backprop(forward, profiled, A).verdicts == {"x": "wrong"}
        assert sys.getprofile() is profile


SYSTEM = random.SystemRandom()


def test_a_generator_without_a_state():
    def drawn(x):
        return np.sum(x**2) + 0.0 * SYSTEM.random()

    assert check_backprop(drawn, lambda x: {"x": 2.0 * x}, A)


class Shared:
    """It keeps what it reads in its class."""

    kept: dict[str, np.ndarray] = {}
    drawing = random.Random(3)
    numpy = np.random.default_rng(4)

    def forward(self, x):
        self.kept["mask"] = (self.numpy.random(x.shape) < 0.5) * self.drawing.random()
        self.kept["x"] = x
        return np.sum((x * self.kept["mask"]) ** 2)

    def backward(self):
        return 2.0 * self.kept["x"] * self.kept["mask"] ** 2


def test_the_class_of_an_object_stays():
    before = Shared.drawing.getstate(), Shared.numpy.bit_generator.state
    assert check_backprop(Shared(), A)
    assert Shared.kept == {}
    assert (Shared.drawing.getstate(), Shared.numpy.bit_generator.state) == before


CALLS, CACHE, SUMS = [0], {}, np.zeros(3)
count = 0


def counts(x):
    global count
    count += 1
    CALLS[0] += 1
    SUMS[:] += x
    CACHE["x"] = x.copy()
    x *= 1.0
    return np.sum(x * x)


def looks_up(dout):
    CALLS.append(2)
    return {"x": 2.0 * CACHE["x"]}


def test_the_variables_of_the_module_and_the_inputs_stay():
    """What forward keeps in them is there for backward, and gone afterwards."""
    x = np.array([1.0, 2.0, 5.0])
    for forward in (counts, lambda x: float(counts(x))):
        assert check_backprop(forward, looks_up, x).ok
    assert (CALLS, CACHE, count) == ([0], {}, 0)
    assert np.array_equal(SUMS, np.zeros(3))
    assert np.array_equal(x, [1.0, 2.0, 5.0])


def test_nor_where_a_pass_fails():
    def fails(x):
        CALLS.append(3)
        raise ArithmeticError

    for passes in ((fails, looks_up), (counts, fails)):
        try:
            check_backprop(*passes, np.ones(3))
        except ArithmeticError:
            continue
        raise AssertionError("it did not fail")
    assert CALLS == [0]
