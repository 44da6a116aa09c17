"""The sweep: topology, accumulation, aliasing, hooks, orders, size, threads, memory."""

from __future__ import annotations

import gc
import threading
import time
import tracemalloc
import weakref

import numpy as np
import pytest

from tinygrad_es import GradientError, ShapeError, Tensor, detect_anomaly, no_grad, ops


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


# --- what is modified is found out --------------------------------------------------------------


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


def test_an_in_place_change_of_the_data_after_use_is_found_out():
    x = leaf(np.array([1.0, 2.0]))
    h = x * 1.0
    y = h * h
    h.data = h.data + 1.0
    with pytest.raises(GradientError, match="modified"):
        y.sum().backward()


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


# --- size, threads, memory ----------------------------------------------------------------------


def test_a_million_operations():
    """No recursion anywhere: forward, backward and release; twice as long is no more than ~4 ×."""
    spent = {}
    for n in (250_000, 1_000_000):
        x = leaf(1.0)
        start = time.perf_counter()
        y = x
        for _ in range(n):
            y = y * 1.0000001
        y.backward()
        del y
        spent[n] = time.perf_counter() - start
        assert x.grad.item() == pytest.approx(1.0000001**n, rel=1e-6)
    assert spent[1_000_000] < 12 * spent[250_000]


def test_a_deep_chain_of_arrays_and_a_recorded_backward():
    x = leaf(np.ones(2))
    y = x
    for _ in range(20_000):
        y = ops.sin(y)
    y.sum().backward(create_graph=True)
    assert x.grad.op is not None


def test_dropping_the_loss_frees_the_graph_at_once():
    gc.disable()
    try:
        x = leaf(np.ones(10))
        y = (x * 2).tanh()
        middle = weakref.ref(y)
        loss = y.sum()
        loss.backward()
        del y, loss
        assert middle() is None
    finally:
        gc.enable()


def test_no_memory_grows_over_ten_thousand_steps():
    from tinygrad_es.optimizers import SGD

    w, b = leaf(np.ones((4, 3), np.float32)), leaf(np.zeros(3, np.float32))
    x, t = np.ones((5, 4), np.float32), np.zeros((5, 3), np.float32)
    optimizer = SGD(0.001, momentum=0.9)

    def steps(n):
        for _ in range(n):
            loss = ((ops.relu(x @ w + b) - t) ** 2).mean()
            loss.backward()
            optimizer.step([w, b])

    steps(200)
    gc.collect()
    tracemalloc.start()
    before = tracemalloc.take_snapshot()
    steps(10_000)
    gc.collect()
    after = tracemalloc.take_snapshot()
    tracemalloc.stop()
    grown = sum(s.size_diff for s in after.compare_to(before, "filename"))
    assert grown < 100_000, f"{grown} bytes more after 10,000 steps"


def test_two_threads_with_different_modes():
    x = leaf(np.ones(3))
    wrong, barrier = [], threading.Barrier(2)

    def run(recording):
        barrier.wait()
        for _ in range(300):
            if recording:
                y = x * 2
                if not y.requires_grad:
                    wrong.append("lost a graph")
            else:
                with no_grad():
                    if (x * 2).requires_grad:
                        wrong.append("recorded in no_grad")

    threads = [threading.Thread(target=run, args=(flag,)) for flag in (True, False)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert wrong == []


def test_two_threads_sweep_their_own_graphs():
    found = {}

    def run(k):
        x = leaf(np.full(50, float(k)))
        for _ in range(100):
            x.grad = None
            (x * x).sum().backward()
        found[k] = x.grad.data[0]

    threads = [threading.Thread(target=run, args=(k,)) for k in range(4)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert found == {k: 2.0 * k for k in range(4)}


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
