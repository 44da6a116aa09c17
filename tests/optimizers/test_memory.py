"""What an optimizer may change in place, and what it must leave alone."""

import copy

import numpy as np
import pytest

from tinygrad_es import Tensor
from tinygrad_es.optimizers import SGD, Adam, Optimizer


def leaf(values):
    return Tensor(np.array(values, dtype=float), requires_grad=True)


@pytest.mark.parametrize("make", [lambda: SGD(0.1, momentum=0.9), lambda: Adam(0.1)])
def test_who_holds_an_array_of_a_parameter_keeps_its_numbers(make):
    w, v = leaf(np.ones(5)), leaf(np.ones((2, 2)))
    optimizer = make()
    optimizer.apply([np.ones(5), np.ones((2, 2))], [w, v])
    memory = id(w.numpy().base)
    optimizer.apply([np.ones(5), np.ones((2, 2))], [w, v])
    assert id(w.numpy().base) == memory  # nobody looked: the same memory
    held, part, tensor = w.numpy(), v.numpy()[0], v.reshape(4)
    before = held.copy(), part.copy(), tensor.numpy().copy()
    optimizer.apply([np.ones(5), np.ones((2, 2))], [w, v])
    assert (held == before[0]).all()
    assert (part == before[1]).all()
    assert (tensor.numpy() == before[2]).all()
    assert (w.numpy() < held).all()


def test_state_that_keeps_the_old_weights():
    class Inertia(Optimizer):
        elementwise = True

        def start(self, parameter):
            return {"before": parameter * 1.0}

        def update_step(self, xp, w, g, state, learning_rate):
            return w - learning_rate * g + 0.5 * (w - state["before"]), {"before": w}

    class OneByOne(Inertia):
        elementwise = False

    found = []
    for kind in (Inertia, OneByOne):
        w = leaf([1.0, -2.0])
        optimizer = kind(0.1)
        for _ in range(4):
            optimizer.apply([w.numpy() * 1.0], [w])
        found.append(w.numpy())
    np.testing.assert_allclose(*found, rtol=1e-14)


def test_a_parameter_given_twice():
    w = leaf([1.0])
    for optimizer in (Adam(0.1), SGD(0.1)):
        with pytest.raises(ValueError, match="twice"):
            optimizer.apply([np.ones(1), np.ones(1)], [w, w])
    assert w.tolist() == [1.0]


@pytest.mark.parametrize("make", [lambda: SGD(0.1), lambda: Adam(0.1)])
def test_a_step_without_parameters(make):
    with pytest.raises(ValueError, match="No gradients provided"):
        make().step([])


def test_a_parameter_without_axes_stays_an_array():
    w = Tensor(np.array(2.0), requires_grad=True)
    SGD(0.1).apply([np.array(1.0)], [w])
    assert type(w.numpy()) is np.ndarray
    assert type(w.value) is np.ndarray


def test_a_trained_leaf_is_copied_with_its_numbers():
    w = leaf([1.0, 2.0])
    Adam(0.1).apply([np.ones(2)], [w])
    again = copy.deepcopy(w)
    assert again.tolist() == w.tolist()
    assert not np.shares_memory(again.numpy(), w.numpy())
