"""The sweep: topology, accumulation, aliasing, hooks, orders, anomaly."""

from __future__ import annotations

import numpy as np
import pytest

from tinygrad_es import GradientError, ShapeError, Tensor, detect_anomaly, ops


def leaf(value, **kwargs):
    return Tensor(value, requires_grad=True, **kwargs)


# --- accumulation -------------------------------------------------------------------------------


@pytest.mark.parametrize("value", [3.0, np.array([3.0, -2.0])], ids=["float", "array"])
def test_a_node_used_twice(value):
    for f, df in [
        (lambda x: x + x, 2.0),
        (lambda x: x - x, 0.0),
        (lambda x: x * x, 2 * value),
        (lambda x: x / x, 0.0),
        (lambda x: x * x * x + x, 3 * value**2 + 1),
    ]:
        x = leaf(value)
        y = f(x)
        y.sum().backward()
        np.testing.assert_allclose(x.grad.data, np.broadcast_to(df, np.shape(value)), atol=1e-15)


def test_a_node_used_a_thousand_times():
    for value in (2.0, np.full(3, 2.0)):
        x = leaf(value)
        y = x * 1.0
        total = y
        for _ in range(999):
            total = total + y
        total.sum().backward()
        np.testing.assert_array_equal(x.grad.data, np.full(np.shape(value), 1000.0))


def test_diamonds_do_not_grow_exponentially():
    x = leaf(1.0)
    y = x
    for _ in range(60):
        y = y + y
    y.backward()
    assert x.grad.item() == 2.0**60


def test_aliased_gradients_stay_apart():
    a, b = leaf(np.ones(3)), leaf(np.ones(3))
    (a + b).backward(np.array([1.0, 2.0, 3.0]))
    a.grad.data[0] = 99.0
    np.testing.assert_array_equal(b.grad.data, [1, 2, 3])


def test_the_seed_is_not_an_alias():
    seed = np.array([1.0, 2.0])
    x = leaf(np.ones(2))
    (x + 0.0).backward(seed)
    x.grad.data[0] = 5.0
    np.testing.assert_array_equal(seed, [1.0, 2.0])


def test_views_of_gradients_are_copied():
    x = leaf(np.ones((2, 3)))
    x.T.reshape(6).sum().backward()
    x.grad.data += 1.0  # a broadcast view would refuse, or write six times
    np.testing.assert_array_equal(x.grad.data, np.full((2, 3), 2.0))


def test_backward_accumulates_in_leaves():
    x = leaf(3.0)
    y = x * x
    y.backward()
    y.backward()  # the graph lives as long as the result does
    assert x.grad.item() == 12.0


def test_accumulating_does_not_change_the_earlier_gradient():
    x = leaf(np.ones(2))
    (x * 2).sum().backward()
    first = x.grad.data
    (x * 3).sum().backward()
    np.testing.assert_array_equal(first, [2, 2])
    np.testing.assert_array_equal(x.grad.data, [5, 5])


def test_several_broadcasts():
    for shape in [(), (1,), (3,), (1, 3), (2, 1), (2, 3), (4, 2, 3), (4, 1, 1)]:
        x, y = leaf(np.ones(shape)), Tensor(np.arange(6.0).reshape(2, 3))
        (x * y).sum().backward()
        assert x.grad.shape == shape
        full = np.broadcast_to(y.data, np.broadcast_shapes(shape, (2, 3)))
        assert x.grad.data.sum() == full.sum()


def test_gradient_dtype_is_the_leafs():
    x = leaf(np.ones(3, np.float32))
    y = leaf(np.ones(3, np.float64))
    z = leaf(2.0)
    (x * y * z).sum().backward()
    assert (x.grad.dtype, y.grad.dtype) == (np.float32, np.float64)
    assert type(z.grad.data) is float


def test_only_some_inputs():
    a, b = leaf(1.0), leaf(2.0)
    (a * b).backward(inputs=[a])
    assert a.grad.item() == 2.0
    assert b.grad is None


def test_unneeded_rules_do_not_run():
    x = leaf(np.ones(2))
    y = ops.where(np.array([True, False]), x, np.zeros(2)) + Tensor(np.ones(2)) * 3
    y.sum().backward()
    np.testing.assert_array_equal(x.grad.data, [1, 0])


# --- higher orders ------------------------------------------------------------------------------


def test_any_order():
    x = leaf(2.0)
    y, found = x**4, []
    for _ in range(5):
        x.grad = None
        y.backward(create_graph=True)
        y = x.grad
        found.append(y.item())
        if not y.requires_grad:
            break
    assert found == [32.0, 48.0, 48.0, 24.0, 0.0]


def test_create_graph_with_a_tensor_as_gradient():
    x, v = leaf(np.array([1.0, 2.0])), leaf(np.array([3.0, 4.0]))
    (x * x).backward(v, create_graph=True)
    x.grad.sum().backward()
    np.testing.assert_array_equal(v.grad.data, [2, 4])


# --- hooks and kept gradients -------------------------------------------------------------------


def test_hooks_see_and_replace():
    x = leaf(np.array([1.0, 2.0]))
    y = x * 2
    seen = []

    def hook(g):
        seen.append(g.numpy().copy())
        return g * 10

    y.retain_grad()
    handle = y.register_hook(hook)
    (y * y).sum().backward()
    np.testing.assert_array_equal(seen[0], [4, 8])
    np.testing.assert_array_equal(y.grad.data, [40, 80])
    np.testing.assert_array_equal(x.grad.data, [80, 160])
    handle.remove()
    handle.remove()
    x.grad = None
    (y * y).sum().backward()
    np.testing.assert_array_equal(x.grad.data, [8, 16])


def test_intermediate_gradients_are_not_kept_unasked():
    x = leaf(1.0)
    y = x * 2
    (y * 3).backward()
    with pytest.warns(UserWarning, match="retain_grad"):
        assert y.grad is None
    assert x.grad.item() == 6.0


def test_a_hook_of_wrong_shape():
    x = leaf(np.ones(2))
    x.register_hook(lambda g: np.ones(3))
    with pytest.raises(ShapeError, match=r"shape \(2,\).*shape \(3,\)"):
        x.sum().backward()


# --- anomaly ------------------------------------------------------------------------------------


def test_anomaly_names_the_first_nan_of_the_forward_pass():
    from tinygrad_es import AnomalyError

    with np.errstate(all="ignore"), detect_anomaly():
        x = leaf(np.array([1.0, -1.0]))
        with pytest.raises(AnomalyError, match=r"log made a NaN.*test_backward\.py:\d+.*1 of 2"):
            ops.log(x)


def test_anomaly_names_the_rule_of_the_backward_pass():
    from tinygrad_es import AnomalyError

    with detect_anomaly():
        x = leaf(np.array([0.0, 1.0]))
        y = ops.where(x > 0, ops.sqrt(x), 0.0).sum()
        with pytest.raises(AnomalyError, match=r"∂sqrt/∂x made a NaN.*test_backward\.py:\d+"):
            y.backward()
    assert x.grad is None


def test_a_failing_rule_is_named():
    from tinygrad_es import primitive

    @primitive("broken", samples=[((2,),)], elementwise=True)
    def broken_op(xp, x):
        """x."""
        return x * 1.0

    broken_op.derivatives(x=lambda xp, g, y, x: g @ np.ones((7, 7)))
    x = leaf(np.ones(2))
    with pytest.raises(GradientError, match=r"∂broken_op/∂x failed: ValueError"):
        broken_op(x).sum().backward()
