"""Small cases that once gave a wrong gradient, or lost something, without an error."""

import copy

import numpy as np
import pytest

from tinygrad_es import GradientError, Tensor, no_grad, ops
from tinygrad_es.optimizers import SGD, Adam, Optimizer


def leaf(values):
    return Tensor(np.array(values, dtype=float), requires_grad=True)


@pytest.mark.parametrize(
    "index", [((0, 0), slice(None)), ((0, 0, 1),), ((0, 0, 1), (0, 0, 1)), ([(0, 0), (1, 1)],)]
)
def test_a_tuple_inside_an_index_is_a_sequence(index):
    x = leaf(np.arange(12).reshape(3, 4))
    y = x[index]
    expected = np.zeros((3, 4))
    np.add.at(
        expected, tuple(np.asarray(i) if isinstance(i, (tuple, list)) else i for i in index), 1
    )
    y.sum().backward()
    assert (x.grad.numpy() == expected).all()


def test_of_places_named_twice_in_a_tuple_the_last_write_counts():
    v = leaf([1.0, 2.0, 3.0])
    z = Tensor(np.zeros(2)) * 1.0
    z[(0, 0, 1),] = v
    z.sum().backward()
    assert v.grad.tolist() == [0.0, 1.0, 1.0]


def test_a_result_changed_before_its_rule_reads_it():
    x = leaf([1.0, 2.0])
    y = np.exp(x)
    with no_grad():
        y += 1
    with pytest.raises(GradientError, match="the result of exp"):
        y.sum().backward()


def test_a_result_may_be_changed_where_no_rule_reads_it():
    x = leaf([1.4, 2.6])
    y = x * 1.0
    y.data = np.round(y.data)  # a straight-through estimator
    (y * y).sum().backward()
    assert x.grad.tolist() == [2.0, 6.0]


def test_in_place_keeps_the_kind_and_the_dtype():
    for change in (lambda t: t.__iadd__(0.5), lambda t: t.__itruediv__(2)):
        x = Tensor(np.array([1, 2]))
        with pytest.raises(TypeError, match="int64"):
            change(x)
        assert x.tolist() == [1, 2]
    w = Tensor([1.0, 2.0], requires_grad=True)
    y = w * 2.0
    z = y * y
    y += np.ones(2)
    assert y.dtype == "float32"
    (y.sum() + z.sum()).backward()
    assert w.grad.tolist() == [10.0, 18.0]


def test_signs_of_bits_are_for_truth_values():
    a, b = Tensor(np.array([True, False])), Tensor(np.array([True, True]))
    assert (a & b).tolist() == np.bitwise_and(a, b).tolist() == [True, False]
    assert (~a).tolist() == [False, True]
    assert (a ^ True).tolist() == (True ^ a).tolist() == [False, True]
    for f in (lambda i: i | 1, lambda i: ~i, lambda i: np.bitwise_and([1, 2], i), np.invert):
        with pytest.raises(TypeError, match="bools"):
            f(Tensor(np.array([5, 6])))


def test_python_integers_that_do_not_fit_do_not_wrap_around():
    small = Tensor(np.array([250, 1], "uint8"))
    assert (small == 506).tolist() == [False, False]
    assert (small > -1).tolist() == [True, True]
    assert np.maximum(small, -1).tolist() == [250, 1]
    assert (Tensor(np.array([1, 2], "int32")) * 2**40).tolist() == [2.0**40, 2.0**41]
    assert (Tensor(np.array([1])) + 10**30).tolist() == [pytest.approx(1e30)]


def test_where_with_a_number_as_condition():
    x = leaf(np.ones(2000))
    ops.where(1, x, 0.0).sum().backward()
    assert (x.grad.numpy() == 1.0).all()


def test_a_handle_takes_off_its_own_hook_only():
    x = leaf([1.0])
    first = x.register_hook(lambda g: g * 10)
    first.remove()
    x.register_hook(lambda g: g * 3)
    first.remove()
    x.sum().backward()
    assert x.grad.tolist() == [3.0]


def test_gradients_of_results_named_in_inputs():
    x = leaf([1.0, 2.0])
    y = x * 3.0
    (y * y).sum().backward(inputs=[y])
    assert y.grad.tolist() == [6.0, 12.0]
    assert x.grad is None


def test_a_gradient_is_no_alias_of_what_was_given():
    x, y, given = leaf([1.0, 2.0]), leaf([1.0, 2.0]), np.ones(2)
    x.backward(given)
    y.register_hook(lambda g: given)
    y.sum().backward()
    given[:] = 5.0
    assert x.grad.tolist() == y.grad.tolist() == [1.0, 1.0]


def test_the_answer_of_a_hook_takes_the_dtype_of_its_tensor():
    x, number = Tensor([1.0], requires_grad=True), Tensor(2.0, requires_grad=True)
    x.register_hook(lambda g: np.array([2.0]))
    number.register_hook(lambda g: np.float32(3.0))
    (x * 1.0).sum().backward()
    (number * 1.0).backward()
    assert x.grad.dtype == "float32"
    assert type(number.grad.data) is float


def test_retain_grad_stays_with_the_tensor_through_a_change_in_place():
    x = leaf([1.0, 2.0])
    y = x * 1.0
    y.retain_grad()
    y *= 3.0
    (y * y).sum().backward()
    assert y.grad.tolist() == [6.0, 12.0]
    assert x.grad.tolist() == [18.0, 36.0]


def test_no_grad_does_not_decorate_a_generator():
    with pytest.raises(TypeError, match="generator"):

        @no_grad()
        def numbers():
            yield 1


# --- optimizers -----------------------------------------------------------------------------------


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
    with pytest.raises(ValueError, match="twice"):
        Adam(0.1).apply([np.ones(1), np.ones(1)], [w, w])


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
