"""Operations in place: recorded as new nodes; what was modified behind the graph is found out."""

from __future__ import annotations

import numpy as np
import pytest

from tinygrad_es import GradientError, Tensor, ops


def leaf(value, **kwargs):
    return Tensor(value, requires_grad=True, **kwargs)


def test_modified_after_recording():
    w = leaf(np.ones(2), name="w")
    y = (w * w).sum()
    w.data = np.zeros(2)
    with pytest.raises(GradientError, match=r"multiply named 'w'.*modified after"):
        y.backward()
    assert w.grad is None


def test_modified_constant_is_found_out_too():
    w, c = leaf(np.ones(2)), Tensor(np.ones(2), name="c")
    y = (w * c).sum()
    c.data -= 1.0
    with pytest.raises(GradientError, match="'c'"):
        y.backward()


def test_in_place_results_are_nodes():
    x = leaf(np.array([1.0, 2.0]))
    y = x * 3
    y += 1.0
    y *= y
    y.sum().backward()
    np.testing.assert_array_equal(x.grad.data, 2 * (3 * x.data + 1) * 3)


def test_writing_elements_is_recorded():
    x = leaf(np.array([1.0, 2.0, 3.0]))
    out = ops.zeros(3, dtype="float64")
    for i in range(3):
        out[i] = x[i] * (i + 1)
    out.sum().backward()
    np.testing.assert_array_equal(x.grad.data, [1, 2, 3])


def test_an_in_place_operation_after_use_leaves_what_was_recorded():
    x = leaf(np.array([1.0, 2.0]))
    h = x * 1.0
    y = h * h
    h += 1.0
    z = h * h
    h[0] = 5.0
    y.sum().backward()
    assert x.grad.numpy().tolist() == [2.0, 4.0]
    x.grad = None
    (z.sum() + h.sum()).backward()
    assert x.grad.numpy().tolist() == [4.0, 7.0]


def test_a_constant_that_became_a_result_stays_a_constant_for_earlier_readers():
    w, buffer = leaf(3.0), Tensor(np.zeros(3))
    early = buffer * w  # reads zeros
    for k in range(3):
        buffer[k] = w * (k + 1.0) if k == 0 else buffer[k - 1] * w
    (early.sum() + buffer.sum()).backward()
    assert w.grad.item() == 1 + 2 * 3.0 + 3 * 9.0


def test_of_values_written_to_one_place_the_last_counts():
    x = leaf(np.array([1.0, 2.0, 3.0]))
    y = Tensor(np.zeros(2)) + 0.0 * x.sum()
    y[[0, 1, 0]] = x * x
    y.sum().backward()
    assert y.numpy().tolist() == [9.0, 4.0]
    assert x.grad.numpy().tolist() == [0.0, 4.0, 6.0]


def test_one_number_written_to_places_named_twice_keeps_its_precision():
    v = leaf(0.3)  # a Python float: 64 bits
    x = Tensor(np.zeros(3))
    x[[0, 0, 2]] = v
    (x * np.array([1.0, 10.0, 100.0])).sum().backward()
    assert x.numpy().tolist() == [0.3, 0.0, 0.3]
    assert v.grad.item() == 101.0


def test_an_in_place_change_of_the_data_after_use_is_found_out():
    x = leaf(np.array([1.0, 2.0]))
    h = x * 1.0
    y = h * h
    h.data = h.data + 1.0
    with pytest.raises(GradientError, match="modified"):
        y.sum().backward()
