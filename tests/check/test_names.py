"""Names of mistakes that users reported: each is told by what it is, not by what it looks like."""

from __future__ import annotations

import numpy as np
import pytest

from tinygrad_es import Tensor, check_backprop, ops

RNG = np.random.default_rng(0)
X, W, T = RNG.normal(size=(7, 5)), RNG.normal(size=(5, 3)), RNG.normal(size=(7, 3))


def first(report, code, *words):
    """The first diagnosis has this code and says these words, in both languages in few lines."""
    found = report.diagnoses[0]
    assert found.code == code, str(report)
    for word in words:
        assert word in found.text[0], str(report)
    for language in ("en", "es"):
        assert len(report.text(language).splitlines()) <= 12
    return found


# --- a maximum, an index, a kernel ---------------------------------------------------------------


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_a_maximum_over_an_axis_sends_its_gradient_to_one_place(dtype):
    x = Tensor(X.astype(dtype), requires_grad=True)
    m = ops.max(x, axis=1)
    r = T[:, 0].astype(dtype)
    loss = (m * r).sum()
    everywhere = np.repeat(r[:, None], 5, axis=1)
    first(check_backprop(loss, by_hand={"x": everywhere}), "G04", "mask of the maximum")
    first(check_backprop(loss, by_hand={"x": everywhere / 5}), "G05", "in equal parts")
    found = first(
        check_backprop(loss, by_hand={"x": everywhere * (X.min(axis=1, keepdims=True) == X)}),
        "G05",
        "to the smallest entry",
    )
    assert "al elemento menor" in found.text[1]


def test_an_index_of_two_axes_whose_entries_come_twice():
    table, index = Tensor(RNG.normal(size=(11, 5)), requires_grad=True), np.array([[0, 3], [3, 1]])
    r = RNG.normal(size=(2, 2, 5))
    loss = (table[index] * r).sum()
    mine = np.zeros((11, 5))
    mine[index] = r
    first(check_backprop(loss, by_hand={"table": mine}), "G07", "np.add.at(d, index, …)")


def test_half_of_a_gradient_of_two_is_no_softmax():
    """Two numbers that sum to 0 are twice what the diagonal of any softmax makes of them."""
    z = Tensor(np.array([0.3, -0.8]), requires_grad=True)
    loss = (z[0] - z[1]) ** 2
    dz = 2.2 * np.array([1.0, -1.0])
    first(check_backprop(loss, by_hand={"z": dz / 2}), "G03")
    report = check_backprop(loss, by_hand={"z": dz / 2})
    assert "G11" not in [d.code for d in report.diagnoses]
