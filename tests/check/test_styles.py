"""How people write a pair of passes: several results, no arguments, draws of their own."""

from __future__ import annotations

import random

import numpy as np
import pytest

from tinygrad_es import check_backprop

R = np.random.default_rng(0)
N, D, H = 3, 5, 7
SHAPES = [(N, D), (N, H), (N, H), (D, 4 * H), (H, 4 * H), (4 * H,)]
STEP = [R.normal(size=shape) for shape in SHAPES]


def sigmoid(z):
    return 1.0 / (1.0 + np.exp(-z))


def lstm_step_forward(x, prev_h, prev_c, Wx, Wh, b):
    a = x @ Wx + prev_h @ Wh + b
    i, f, o = sigmoid(a[:, :H]), sigmoid(a[:, H : 2 * H]), sigmoid(a[:, 2 * H : 3 * H])
    g = np.tanh(a[:, 3 * H :])
    next_c = f * prev_c + i * g
    next_h = o * np.tanh(next_c)
    return next_h, next_c, (x, prev_h, prev_c, Wx, Wh, i, f, o, g, next_c)


MISTAKE = ""


def lstm_step_backward(dnext_h, dnext_c, cache):
    x, prev_h, prev_c, Wx, Wh, i, f, o, g, next_c = cache
    t = np.tanh(next_c)
    do = dnext_h * t
    if MISTAKE != "next_c":
        dnext_c += dnext_h * o * (1.0 - t**2)
    di, dg = dnext_c * g, dnext_c * i
    df = dnext_c * (g if MISTAKE == "f" else prev_c)
    dprev_c = dnext_c * f
    da = np.hstack([di * i * (1 - i), df * f * (1 - f), do * o * (1 - o), dg * (1 - g**2)])
    db = da.mean(axis=0) if MISTAKE == "b" else da.sum(axis=0)
    return da @ Wx.T, da @ Wh.T, dprev_c, x.T @ da, prev_h.T @ da, db


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_several_results_before_a_cache(dtype):
    report = check_backprop(lstm_step_forward, lstm_step_backward, *(a.astype(dtype) for a in STEP))
    assert report, report
    assert list(report.verdicts.values()) == ["right"] * 6


@pytest.mark.parametrize(("mistake", "code"), [("next_c", "G07"), ("f", "G12"), ("b", "G03")])
def test_mistakes_in_a_step_of_several_results(mistake, code, monkeypatch):
    monkeypatch.setitem(globals(), "MISTAKE", mistake)
    report = check_backprop(lstm_step_forward, lstm_step_backward, *STEP)
    assert (report.culprit, report.diagnoses[0].code) == (mistake, code)


def test_one_of_several_results_is_forgotten():
    """What arrives at both differs, so that no gradient is right by chance."""

    def forward(x, y):
        return x * y, x + y, (x, y)

    def backward(dp, ds, cache):
        x, y = cache
        return dp * y + ds, dp * x

    report = check_backprop(forward, backward, 3.0, 4.0)
    assert report.verdicts == {"x": "right", "y": "wrong"}


def test_several_results_where_no_tensor_can_run():
    def forward(x, w):
        z = np.array([[float(v) for v in row] for row in x]) @ w
        return z**2, np.tanh(z), (x, w, z)

    def backward(da, db, cache):
        x, w, z = cache
        dz = da * 2 * z + db * (1 - np.tanh(z) ** 2)
        return dz @ w.T, x.T @ dz

    report = check_backprop(forward, backward, R.normal(size=(4, 3)), R.normal(size=(3, 2)))
    assert report, report
    assert "differences" in report.notes[0][0]


class Net:
    """Both passes read and write the object, which is called `this`, and draw from all sources."""

    def __init__(this, factor=1.0):
        this.w, this.factor = R.normal(size=D), factor
        this.legacy, this.python = np.random.RandomState(1), random.Random(2)

    def forward(this, x):
        drawn = [random.random(), this.python.random(), *this.legacy.rand(D - 2)]
        this.mask, this.x = (np.array(drawn) < 0.5) / 0.5, x
        this.z = (x * this.mask) @ this.w
        return np.sum(this.z**2)

    def backward(this):
        dz = 2.0 * this.z * this.factor
        this.dw = (this.x * this.mask).T @ dz


@pytest.mark.parametrize("factor", [1.0, 3.0])
def test_a_backward_pass_without_arguments(factor):
    net, before = Net(factor), random.getstate()
    report = check_backprop(net, R.normal(size=(4, D)))
    assert report.verdicts == ({"w": "right"} if factor == 1.0 else {"z": "wrong", "w": "carried"})
    assert random.getstate() == before
    assert not hasattr(net, "dw")


@pytest.mark.parametrize(
    "backward",
    [
        lambda dnext_c, dnext_h, cache: lstm_step_backward(dnext_h, dnext_c, cache),
        lambda cache, dnext_h, dnext_c: lstm_step_backward(dnext_h, dnext_c, cache),
        lambda dh, dc, cache: lstm_step_backward(dh, dc, cache),
    ],
    ids=["by name", "the cache first", "in order"],
)
def test_the_order_of_what_arrives(backward):
    assert check_backprop(lstm_step_forward, backward, *STEP)


def attention_inputs(x, W, V, U):
    q, k, v = x @ W, x @ V, x @ U
    return q, k, v


def of_each(x, W, V, U):
    return x @ W, x @ V, x @ U


@pytest.mark.parametrize("forward", [attention_inputs, of_each])
@pytest.mark.parametrize("factor", [1.0, 2.0])
def test_several_results_without_a_cache(forward, factor):
    x, *matrices = R.normal(size=(3, 5)), *R.normal(size=(3, 5, 7))
    kept = {}

    class Projection:
        def forward(self, x):
            kept["x"] = x
            return forward(x, *matrices)

        def backward(self, dq, dk, dv):
            return factor * (dq @ matrices[0].T + dk @ matrices[1].T + dv @ matrices[2].T)

    assert check_backprop(Projection(), x).ok == (factor == 1.0)


@pytest.mark.parametrize("factor", [1.0, 2.0])
def test_a_context_and_several_results(factor):
    class Both:
        @staticmethod
        def forward(ctx, x, y):
            ctx.save_for_backward(x, y)
            return x * y, x + y

        @staticmethod
        def backward(ctx, dp, ds):
            x, y = ctx.saved_tensors
            return dp * y + ds, dp * x + factor * ds

    report = check_backprop(Both, R.normal(size=5), R.normal(size=5))
    assert report.verdicts == {"x": "right", "y": "right" if factor == 1.0 else "wrong"}


@pytest.mark.parametrize(("mistake", "culprit"), [("", None), ("dx", "x"), ("dh", "z")])
def test_what_arrives_is_nobodys_mistake(mistake, culprit):
    """`dh` is what the caller gave: the student's own gradient of h is `total`."""

    def forward(x, w):
        z = x @ w
        h = np.tanh(z)
        s = h.sum(axis=1)
        return h, s, (x, w, h)

    def backward(dh, ds, cache):
        x, w, h = cache
        total = ds[:, None] + (0.0 if mistake == "dh" else dh)
        dz = total * (1.0 - h**2)
        return (dh if mistake == "dx" else dz) @ w.T, x.T @ dz

    report = check_backprop(forward, backward, R.normal(size=(5, 3)), R.normal(size=(3, 7)))
    assert report.culprit == culprit


class Sigmoid:
    def forward(self, x):
        self.out = sigmoid(x)
        return self.out

    def backward(self, dout=1):
        return dout * self.out * (1.0 - self.out)


def test_what_arrives_has_a_default():
    assert check_backprop(Sigmoid(), STEP[0])
    assert check_backprop(Sigmoid(), 0.5)


def test_the_cache_is_called_so_in_forward():
    def forward(x, w):
        scores = x @ w
        cache = x, w, scores
        return np.sum(scores**2), scores, cache

    def backward(cache):
        x, w, scores = cache
        return {"x": 2.0 * scores @ w.T, "w": 2.0 * x.T @ scores}

    assert check_backprop(forward, backward, STEP[0], STEP[3])


def test_an_input_and_a_second_result_by_their_names():
    def forward(x):
        mask = (x > 0.3) / 0.5
        return np.sum((x * mask) ** 2), mask

    def backward(x, mask):
        return {"x": 2.0 * x * mask**2}

    assert check_backprop(forward, backward, STEP[0])


class Value:
    """A number that remembers how it came about; its difference is a sum."""

    def __init__(self, data, parents=()):
        self.data, self.grad, self.parents = data, 0.0, parents

    def __sub__(self, other):
        return Value(self.data + other.data, (self, other))

    def backward(self):
        self.grad = 1.0
        for parent in self.parents:
            parent.grad += 1.0


def test_a_class_whose_forward_pass_is_wrong():
    report = check_backprop(lambda a, b: a - b, Value, 2.0, 0.5)
    assert "your class computes 2.5 where NumPy has 1.5" in report.notes[0][0]
    assert "tu clase calcula 2.5 donde NumPy da 1.5" in report.notes[0][1]
