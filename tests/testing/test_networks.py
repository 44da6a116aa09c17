"""Ready-made networks: prime sizes, no dead units, nothing near a kink."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings

from tinygrad_es import check_backprop, check_gradients, ops
from tinygrad_es.testing import kink_near, prime_network, small_networks

some = settings(derandomize=True, deadline=None, max_examples=15, database=None)


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("sizes", [(7, 5, 11, 13), (5, 23, 7, 11)])
def test_units_of_a_prime_network_are_alive(seed, sizes):
    x, t, w1, b1, w2, b2 = prime_network(seed, sizes=sizes)
    n, d, h, c = sizes
    shapes = [a.shape for a in (x, t, w1, b1, w2, b2)]
    assert shapes == [(n, d), (n, c), (d, h), (h,), (h, c), (c,)]
    z = x @ w1 + b1
    assert 0.02 < np.abs(z).min() <= np.abs(z).max() < 3.0
    assert np.all((z > 0).any(axis=0) & (z < 0).any(axis=0))


@pytest.mark.parametrize("activation", [ops.relu, ops.tanh, ops.sigmoid])
def test_all_its_derivatives_are_there(activation):
    x, t, *weights = prime_network(3, targets="one_hot")

    def loss(w1, b1, w2, b2):
        y = ops.softmax(activation(x @ w1 + b1) @ w2 + b2)
        return -(t * ops.log(y)).sum() / len(x)

    report = check_gradients(loss, *weights)
    assert report.ok
    assert not report.vacuous
    assert report.kinks == report.skipped == report.inconclusive == 0
    assert kink_near(loss, *weights) is None


def test_seeds_repeat_and_differ():
    for a, b in zip(prime_network(4), prime_network(4)):
        np.testing.assert_array_equal(a, b)
    assert not np.array_equal(prime_network(4).x, prime_network(5).x)


def test_targets_and_types():
    one_hot = prime_network(targets="one_hot", dtype=np.float32)
    assert {a.dtype for a in one_hot} == {np.dtype(np.float32)}
    np.testing.assert_array_equal(one_hot.t.sum(axis=1), 1.0)
    labels = prime_network(targets="labels", dtype=np.float32)
    assert labels.t.shape == (7,)
    assert labels.t.dtype.kind == "i"
    np.testing.assert_array_equal(one_hot.t.argmax(axis=1), labels.t)


def test_a_wrong_axis_or_factor_is_named():
    """What the sizes are for: only one thing is 7."""

    def forward(x, t, W1, b1, W2, b2):
        z = x @ W1 + b1
        h = np.tanh(z)
        y = h @ W2 + b2
        return np.sum((y - t) ** 2) / len(x)

    def backward(x, t, W1, b1, W2, b2):
        h = np.tanh(x @ W1 + b1)
        dy = 2.0 * (h @ W2 + b2 - t)
        dW2, db2, dh = h.T @ dy, dy.sum(axis=0), dy @ W2.T
        dz = dh * (1.0 - h**2)
        return {"y": dy, "W2": dW2, "b2": db2, "z": dz, "W1": x.T @ dz, "b1": dz.sum(axis=0)}

    report = check_backprop(forward, backward, *prime_network())
    assert report.culprit == "y"
    assert [d.code for d in report.diagnoses] == ["G03"]
    assert "7 × the reference" in report.diagnoses[0].text[0]


@pytest.mark.parametrize(
    "sizes", [(5, 7, 11), (5, 5, 7, 11), (3, 5, 7, 11), (5, 7, 9, 11), (5, 7, 11, 13.0), 5]
)
def test_other_sizes_are_refused(sizes):
    with pytest.raises(ValueError, match=r"four different primes from 5 on.*Received"):
        prime_network(sizes=sizes)


def test_other_targets_are_refused():
    with pytest.raises(ValueError, match=r"'values', 'one_hot' or 'labels'\. Received: str 'hot'"):
        prime_network(targets="hot")


# --- models -------------------------------------------------------------------------------------


@some
@given(small_networks())
def test_small_networks_test_every_weight(network):
    report = check_gradients(*network, order=1)
    assert report.ok, report
    assert not report.vacuous
    assert report.kinks == report.skipped == 0
    sizes = {*network.x.shape, *(side for w in network.model.weights for side in w.shape)}
    assert all(size >= 5 and size % 2 and size % 3 for size in sizes)


@settings(some, max_examples=10)
@given(small_networks(activations=("relu",), losses=("sparse_categorical_crossentropy",)))
def test_they_are_those_asked_for(network):
    model, x, y = network
    *hidden, output = [layer.activation.__name__ for layer in model.layers]
    assert set(hidden) == {"relu"}
    assert output == "softmax"
    assert y.dtype.kind == "i"
    assert x.shape[0] == len(y)


@pytest.mark.parametrize("options", [{"losses": ("mae",)}, {"losses": ()}, {"activations": ()}])
def test_other_losses_are_refused(options):
    with pytest.raises(ValueError, match="expected activations, and losses among mean_squared"):
        small_networks(**options)
