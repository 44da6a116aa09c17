"""Size, threads, memory: a million nodes, ten thousand steps, graphs side by side."""

from __future__ import annotations

import gc
import threading
import time
import tracemalloc
import weakref

import numpy as np
import pytest

from tinygrad_es import Tensor, no_grad, ops


def leaf(value, **kwargs):
    return Tensor(value, requires_grad=True, **kwargs)


def test_a_million_operations():
    """No recursion anywhere: forward, backward and release; twice as long is no more than ~4 ×."""
    spent = {}
    for n in (250_000, 1_000_000):
        x = leaf(1.0)
        start = time.thread_time()
        y = x
        for _ in range(n):
            y = y * 1.0000001
        y.backward()
        del y
        spent[n] = time.thread_time() - start
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
