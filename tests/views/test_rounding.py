"""What counts as rounding, and what does not."""

from __future__ import annotations

import numpy as np

from tinygrad_es import check_backprop


def test_one_by_one_is_no_saturated_unit():
    """1/w is 1 where w is; 1 − 1/w is of no interest there, and a wrong sign is wrong."""
    report = check_backprop(
        lambda w: np.sum(1.0 / w), lambda w: {"w": 1.0 / w**2}, np.array([1.0, 1.0])
    )
    assert report.culprit == "w"
    small = check_backprop(
        lambda w: np.sum(1.0 / w),
        lambda w: {"w": np.where(w == 1.0, 1.0, -1.0 / w**2)},
        np.array([1.0, 0.005]),
    )
    assert small.culprit == "w"


def test_a_gradient_that_is_0_but_for_rounding_is_not_wrong():
    """Of the sum of a softmax: each computes other last digits."""

    def forward(x):
        e = np.exp(x - x.max(axis=-1, keepdims=True))
        p = e / e.sum(axis=-1, keepdims=True)
        return np.sum(p)

    def backward(x):
        e = np.exp(x - x.max(axis=-1, keepdims=True))
        p = e / e.sum(axis=-1, keepdims=True)
        dp = np.ones_like(p)
        return {"x": p * (dp - (dp * p).sum(axis=-1, keepdims=True))}

    for seed in range(30):
        x = np.random.default_rng(seed).normal(size=(5, 3))
        assert check_backprop(forward, backward, x).culprit is None


def test_what_follows_from_right_gradients_is_right():
    """Not carried: there is nothing to carry."""

    def forward(x):
        c = x - x.mean(axis=0)
        n = c / np.sqrt((c * c).mean(axis=0) + 1e-3)
        return np.sum(n**2)

    def backward(x):
        c = x - x.mean(axis=0)
        v = (c * c).mean(axis=0) + 1e-3
        n = c / np.sqrt(v)
        dn = 2.0 * n
        dc = dn / np.sqrt(v) - c * (dn * c).sum(axis=0) / (len(x) * v**1.5)
        return {"x": dc - dc.mean(axis=0)}

    for seed in range(30):
        x = 1e4 * np.random.default_rng(seed).normal(size=(5, 3))
        report = check_backprop(forward, backward, x)
        assert "wrong" not in report.verdicts.values()
        assert "carried" not in report.verdicts.values()


def test_float32_near_one_loses_digits():
    """σ·(1 − σ) and σ − σ² differ in float32 where σ is 0.999."""

    def forward(z):
        s = 1.0 / (1.0 + np.exp(-z))
        return np.sum(s * 1.0)

    def backward(z):
        s = 1.0 / (1.0 + np.exp(-z))
        return {"z": s - s**2}

    for seed in range(20):
        z = (5.0 * np.random.default_rng(seed).normal(size=(7, 3))).astype(np.float32)
        assert check_backprop(forward, backward, z).culprit is None
        wrong = check_backprop(forward, lambda z: {"z": 1.01 * backward(z)["z"]}, z)
        assert wrong.culprit == "z"
