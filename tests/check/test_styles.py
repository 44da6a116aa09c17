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
