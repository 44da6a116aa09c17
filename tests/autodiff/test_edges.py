"""Small cases that once gave a wrong gradient, or lost something, without an error."""

import functools

import numpy as np
import pytest

from tinygrad_es import GradientError, Tensor, grad, no_grad, ops
from tinygrad_es.autodiff import arrays
from tinygrad_es.autodiff.primitive import PRIMITIVES
from tinygrad_es.layers import Layer


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


# --- what NumPy and PyTorch would do --------------------------------------------------------------


def test_a_result_changed_before_a_recorded_sweep_reads_it():
    x = leaf([1.0, 2.0])
    y = x.exp()
    y.data = np.zeros(2)
    with pytest.raises(GradientError, match="result of exp"):
        y.sum().backward(create_graph=True)


def test_a_layer_does_not_hide_that_a_transform_looks_on():
    class Leak(Layer):
        def call(self, x):
            return x * 0 + float(x.sum())

    layer = Leak()
    with pytest.raises(TypeError, match="float"):
        grad(lambda x: layer(x).sum())(np.ones((1, 2)))


@pytest.mark.parametrize("options", [{"order": "F"}, {"foo": 1}])
def test_options_of_reshape_are_not_swallowed(options):
    with pytest.raises((ValueError, TypeError)):
        leaf(np.ones((2, 3))).reshape(3, 2, **options)
    with pytest.raises((ValueError, TypeError)):
        np.reshape(leaf(np.ones((2, 3))), (3, 2), **options)


def test_take_along_axis_broadcasts_as_numpy_and_gather_as_torch():
    a = np.arange(6.0).reshape(2, 3)
    x = leaf(a)
    y = np.take_along_axis(x, np.array([[0, 1]]), 1)
    assert (y.numpy() == np.take_along_axis(a, np.array([[0, 1]]), 1)).all()
    y.sum().backward()
    assert x.grad.numpy().tolist() == [[1, 1, 0], [1, 1, 0]]
    with pytest.raises(IndexError):
        np.take_along_axis(leaf(np.ones((3, 2))), np.zeros((2, 1), int), 1)
    assert ops.gather(leaf(np.ones((3, 2))), 1, np.zeros((2, 1), int)).shape == (2, 1)


def test_norms_of_a_stack_of_matrices():
    a = np.ones((2, 3, 3))
    assert np.linalg.matrix_norm(leaf(a)).tolist() == [3.0, 3.0]
    assert np.linalg.matrix_norm(leaf(a), keepdims=True).shape == (2, 1, 1)


def test_the_svd_of_numpy_says_what_it_cannot_do():
    with pytest.raises(ValueError, match="full_matrices=False"):
        np.linalg.svd(leaf(np.ones((3, 2))))
    u, s, vt = np.linalg.svd(leaf(np.diag([3.0, 2.0, 1.0])[:, :2]), full_matrices=False)
    assert (u.shape, s.tolist(), vt.shape) == ((3, 2), [3.0, 2.0], (2, 2))


def test_an_integer_does_not_raise_the_dtype_of_a_float():
    w = Tensor(np.ones((2, 2), np.float32), requires_grad=True)
    counts = np.ones((2, 2), np.int64)
    assert (counts @ w).dtype == (w @ counts).dtype == np.float32
    assert ops.concatenate([w, counts]).dtype == np.float32
    bias = Tensor(np.ones(2), requires_grad=True)
    assert ops.linear(w, w, bias).dtype == ops.linear_twin(w, w, bias).dtype == np.float64
    (ops.linear(w, w, bias).sum() + (counts @ w).sum()).backward()
    assert (w.grad.dtype, bias.grad.dtype) == (np.float32, np.float64)


def test_a_number_cut_by_arrays():
    x = Tensor(1.5, requires_grad=True)
    y = x.clip(np.array([0.0, 2.0]), None)
    assert y.tolist() == [1.5, 2.0]
    y.sum().backward()
    assert x.grad.item() == 1.0


def test_an_argument_is_differentiated_once():
    with pytest.raises(ValueError, match="named twice"):
        grad(lambda x: x * x, argnums=(0, 0))(3.0)


@pytest.mark.parametrize("name", ["sum", "mean", "max", "cumsum"])
def test_one_number_has_no_axis(name):
    with pytest.raises(IndexError, match="it is one number"):
        getattr(leaf(2.0), name)(axis=0)


def test_one_power_stays_in_its_dtype():
    x = Tensor(np.ones(3, np.float32), requires_grad=True)
    assert PRIMITIVES["power"].rules[0](arrays, x.value, x.value, x.value, 2.0).dtype == np.float32


def test_methods_are_of_the_tensor():
    for name in ("where", "einsum", "concatenate", "stack", "linear_twin", "softmax_twin"):
        assert name not in vars(Tensor)


def test_axes_by_name():
    x = leaf(np.ones((2, 3)))
    assert np.transpose(x, axes=(1, 0)).shape == x.transpose(axes=(1, 0)).shape == (3, 2)
    a = np.arange(6.0).reshape(2, 3)
    assert (np.roll(leaf(a), (1, 1), axis=(0, 1)).numpy() == np.roll(a, (1, 1), (0, 1))).all()


def test_a_partial_without_gradients():
    double = no_grad()(functools.partial(lambda x: x * 2, leaf([1.0])))
    assert not double().requires_grad
