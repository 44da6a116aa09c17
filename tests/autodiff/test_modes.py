"""Modes: blocks, decorators, nesting, tasks; conventions of numbers that `math` refuses."""

from __future__ import annotations

import asyncio
import pickle

import numpy as np
import pytest

from tinygrad_es import (
    Tensor,
    enable_grad,
    is_grad_enabled,
    no_grad,
    ops,
    set_grad_enabled,
    training,
)
from tinygrad_es.autodiff.modes import is_training, scope


def test_blocks_nest_and_come_back_after_errors():
    with no_grad():
        assert not is_grad_enabled()
        with enable_grad():
            assert is_grad_enabled()
        assert not is_grad_enabled()
        with set_grad_enabled(True):
            assert is_grad_enabled()
    with pytest.raises(ZeroDivisionError), no_grad():
        raise ZeroDivisionError
    assert is_grad_enabled()
    block = no_grad()
    with block, block:
        assert not is_grad_enabled()
    assert is_grad_enabled()


def test_decorator():
    @no_grad()
    def predict(x):
        """Predict."""
        return x * 2

    assert not predict(Tensor(1.0, requires_grad=True)).requires_grad
    assert predict.__name__ == "predict"


def test_training_flag():
    assert not is_training()
    with training():
        assert is_training()
        with training(False):
            assert not is_training()


def test_scopes():
    with scope("net"), scope("dense"):
        x = Tensor(1.0, requires_grad=True) * 2
    assert x.scope == "net/dense"


def test_tasks_do_not_see_each_other():
    async def one(flag, seen):
        with set_grad_enabled(flag):
            for _ in range(5):
                await asyncio.sleep(0)
                seen.append(is_grad_enabled() is flag)

    async def both():
        seen = []
        await asyncio.gather(one(True, seen), one(False, seen))
        return seen

    assert all(asyncio.run(both()))


INF = float("inf")


@pytest.mark.parametrize(
    ("f", "x", "value", "slope"),
    [
        (ops.log, 0.0, -INF, INF),
        (ops.sqrt, 0.0, 0.0, INF),
        (lambda x: x**0.5, 0.0, 0.0, INF),
        (lambda x: 1.0 / x, 0.0, INF, -INF),
        (ops.exp, 1000.0, INF, INF),
        (lambda x: x**0.0, 0.0, 1.0, 0.0),
        (lambda x: 0.0**x, 2.0, 0.0, 0.0),
        (lambda x: 0.0**x, 0.0, 1.0, 0.0),
        (ops.relu, 0.0, 0.0, 0.0),
        (ops.abs, 0.0, 0.0, 0.0),
        (lambda x: ops.maximum(x, 0.0), 0.0, 0.0, 0.5),
        (lambda x: ops.clip(x, 0.0, 1.0), 0.0, 0.0, 1.0),
        (lambda x: ops.clip(x, 0.0, 1.0), 1.0, 1.0, 1.0),
        (ops.sigmoid, 1000.0, 1.0, 0.0),
        (ops.sigmoid, -1000.0, 0.0, 0.0),
        (ops.softplus, 1000.0, 1000.0, 1.0),
        (ops.softplus, 0.0, 0.6931471805599453, 0.5),
        (lambda x: -ops.softplus(-x), -1000.0, -1000.0, 1.0),
        (ops.floor, 2.0, 2.0, 0.0),
        (ops.sign, 0.0, 0.0, 0.0),
        (ops.round, 2.5, 2.0, 0.0),
    ],
)
def test_kinks_and_edges_on_floats_and_arrays(f, x, value, slope):
    for make in (
        lambda: Tensor(x, requires_grad=True),
        lambda: Tensor(np.array([x]), requires_grad=True),
    ):
        t = make()
        with np.errstate(all="ignore"):
            y = f(t)
        y.sum().backward()
        assert float(y) == value
        assert float(t.grad) == slope


@pytest.mark.parametrize(
    ("f", "x", "slope"),
    [
        (lambda x: x.max(), [2.0, 2.0, 1.0], [0.5, 0.5, 0]),
        (lambda x: x.max(axis=0), [2.0, 2.0, 1.0], [1, 0, 0]),
        (lambda x: ops.amax(x, axis=0), [2.0, 2.0, 1.0], [0.5, 0.5, 0]),
        (lambda x: x.min(), [2.0, 1.0, 1.0], [0, 0.5, 0.5]),
        (lambda x: ops.sort(x)[0], [1.0, 1.0, 2.0], [1, 0, 0]),
        (lambda x: ops.norm(x), [0.0, 0.0], [0, 0]),
        (lambda x: ops.std(x), [3.0, 3.0], [0, 0]),
        (lambda x: ops.prod(x), [0.0, 2.0, 3.0], [6, 0, 0]),
        (lambda x: ops.prod(x), [0.0, 0.0, 3.0], [0, 0, 0]),
        (lambda x: ops.cumprod(x).sum(), [0.0, 2.0, 3.0], [9, 0, 0]),
        (lambda x: ops.logsumexp(x), [1000.0, 1000.0], [0.5, 0.5]),
        (lambda x: ops.logsumexp(x), [-INF, -INF], [0, 0]),
        (lambda x: x[[0, 0, 2]].sum(), [1.0, 2.0, 3.0], [2, 0, 1]),
    ],
)
def test_kinks_of_reductions(f, x, slope):
    t = Tensor(np.array(x), requires_grad=True)
    with np.errstate(divide="ignore"):
        f(t).backward()
    np.testing.assert_allclose(t.grad.data, slope)


def test_a_scope_knows_its_passage_and_its_order():
    with scope("layer"):
        first = Tensor(2.0, requires_grad=True) * 1.0
    with scope("layer"):
        second = first * first
    assert first.scope == second.scope == "layer"
    assert first.scope.call != second.scope.call
    x = Tensor(2.0, requires_grad=True)
    with scope("cube"):
        y = x * x * x
    y.backward(create_graph=True)
    once = x.grad
    assert (once.scope, once.scope.order, once.scope.call) == ("cube", 1, y.scope.call)
    x.grad = None
    once.backward(create_graph=True)
    assert x.grad.scope.order == 2
    assert x.grad.item() == 12.0
    assert Tensor(1.0).scope.order == 0
    assert pickle.loads(pickle.dumps(once.scope)).order == 1
