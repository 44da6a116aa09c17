"""Small networks to test with: every size another prime, no dead unit, no kink nearby."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ..autodiff.errors import describe
from ..check.differences.subject import Loss
from ..layers import Dense, Input
from ..models import Sequential
from .kinks import change_near
from .needs import strategies
from .shapes import PRIMES

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

__all__ = ["Network", "PrimeNetwork", "prime_network", "small_networks"]

SIZES = (7, 5, 11, 13)  # rows, inputs, hidden units, outputs
NEAR = 0.02  # no pre-activation is nearer to 0
DISTANCE = 1e-4  # that every weight may move without a unit changing sides


class PrimeNetwork(NamedTuple):
    """The arrays of a network of two layers, in the order in which lessons write them."""

    x: Any
    t: Any
    W1: Any
    b1: Any
    W2: Any
    b2: Any


def prime_network(
    seed: int = 0,
    *,
    sizes: tuple[int, int, int, int] = SIZES,
    targets: str = "values",
    dtype: Any = np.float64,
) -> PrimeNetwork:
    """Arrays x (N, D), t, W1 (D, H), b1 (H,), W2 (H, C), b2 (C,) of a network of two layers.

    With z = x @ W1 + b1, no entry of z is within 0.02 of 0 or beyond ±3, and every unit is above 0
    in some rows and below in others: none is dead, none saturated. N, D, H and C are different
    primes from 5 on, so that a wrong axis does not fit and a wrong factor has one meaning.

    Args:
        seed: another network for every seed.
        sizes: N, D, H, C.
        targets: `"values"`, t of shape (N, C); `"one_hot"`, the same with a one in each row; or
            `"labels"`, integers of shape (N,).
        dtype: of all but labels.

    Raises:
        ValueError: the sizes are not four different primes from 5 on, or there are no such targets.

    >>> x, t, W1, b1, W2, b2 = prime_network()
    >>> x.shape, t.shape, W1.shape, W2.shape
    ((7, 5), (7, 13), (5, 11), (11, 13))
    """
    if not _four_primes(sizes):
        raise ValueError(
            "prime_network: expected four different primes from 5 on, rows, inputs, hidden units "
            f"and outputs. Received: {sizes!r}."
        )
    if targets not in ("values", "one_hot", "labels"):
        raise ValueError(
            f"prime_network: expected targets 'values', 'one_hot' or 'labels'. "
            f"Received: {describe(targets)}."
        )
    n, d, h, c = sizes
    rng = np.random.default_rng(seed)
    x = rng.uniform(-1.0, 1.0, (n, d))
    w, b = np.empty((d, h)), np.empty(h)
    for unit in range(h):
        z = np.zeros(n)
        while not (np.abs(z).min() > NEAR and np.abs(z).max() < 3.0 and z.min() < 0.0 < z.max()):
            w[:, unit], b[unit] = rng.normal(size=d) * 1.5 / np.sqrt(d), 0.3 * rng.normal()
            z = x @ w[:, unit] + b[unit]
    labels = rng.integers(0, c, n)
    t = {"values": rng.normal(size=(n, c)), "one_hot": np.eye(c)[labels]}.get(targets, labels)
    last = rng.normal(size=(h, c)) / np.sqrt(h), 0.3 * rng.normal(size=c)
    made = [np.asarray(a, dtype) for a in (x, w, b, *last)]
    t = labels if targets == "labels" else np.asarray(t, dtype)
    return PrimeNetwork(made[0], t, *made[1:])


def _four_primes(sizes: Any) -> bool:
    if not isinstance(sizes, (tuple, list)) or len(set(sizes)) != 4 or len(sizes) != 4:
        return False
    whole = all(isinstance(k, (int, np.integer)) and k >= 5 for k in sizes)
    return whole and all(k % i for k in sizes for i in range(2, int(k**0.5) + 1))


# --- models -------------------------------------------------------------------------------------


class Network(NamedTuple):
    """A compiled model and data: what `check_gradients` takes."""

    model: Any
    x: Any
    y: Any


HIDDEN = ("tanh", "sigmoid", "relu", "softplus", "gelu", "leaky_relu")
HEADS = {
    "mean_squared_error": "linear",
    "binary_crossentropy": "sigmoid",
    "categorical_crossentropy": "softmax",
    "sparse_categorical_crossentropy": "softmax",
}


def small_networks(
    *, activations: tuple[str, ...] = HIDDEN, losses: tuple[str, ...] = tuple(HEADS)
) -> SearchStrategy[Network]:
    """Strategy: `(model, x, y)`, a compiled `Sequential` of one or two hidden layers with data.

    Its sizes are different primes. The weights are such that no derivative is 0 and no kink of a
    hidden unit is near, so `check_gradients(*network)` tests all of them.

    Args:
        activations: those of the hidden layers.
        losses: some of those of regression, two classes, many classes, and many as labels.

    >>> from hypothesis import given, settings
    >>> from tinygrad_es import check_gradients
    >>> @settings(derandomize=True, deadline=None, max_examples=3)
    ... @given(small_networks(activations=("tanh",)))
    ... def test_network(network):
    ...     assert check_gradients(*network)
    >>> test_network()
    """
    unknown = [name for name in losses if name not in HEADS]
    if unknown or not losses or not activations:
        raise ValueError(
            f"small_networks: expected activations, and losses among {', '.join(HEADS)}. "
            f"Received: activations={activations!r}, losses={losses!r}."
        )
    st = strategies()
    hidden = st.lists(st.sampled_from(activations), min_size=1, max_size=2)
    sizes = st.permutations(PRIMES[:5])
    drawn = st.tuples(sizes, hidden, st.sampled_from(losses), st.integers(0, 2**32 - 1))
    made = drawn.map(lambda parts: small_network(*parts))
    return made.filter(lambda network: network is not None)


def small_network(sizes: Any, activations: list[str], loss: str, seed: int) -> Network | None:
    """The network of these sizes: rows, inputs, outputs, hidden units; None where none is found."""
    n, d, c, *units = sizes
    named = zip(units, activations)
    hidden = [Dense(u, a, name=f"hidden{k}") for k, (u, a) in enumerate(named, 1)]
    model = Sequential([Input((d,)), *hidden, Dense(c, HEADS[loss], name="output")])
    model.compile("sgd", loss)
    rng = np.random.default_rng(seed)
    for _ in range(100):
        x = rng.uniform(-1.0, 1.0, (n, d))
        y = _targets(loss, rng, n, c)
        _set_weights(model, x, rng)
        if _is_alive(model, x, y):
            return Network(model, x, y)
    return None


def _set_weights(model: Any, x: Any, rng: np.random.Generator) -> None:
    """Random weights, and biases with which every hidden unit is above 0 in about half the rows."""
    h = x
    for layer in model.layers:
        kernel, bias = layer.trainable_weights
        kernel.assign(1.5 / np.sqrt(kernel.shape[0]) * rng.normal(size=kernel.shape))
        bias.assign(0.3 * rng.normal(size=bias.shape))
        if layer is not model.layers[-1]:
            z = np.sort(h @ kernel.numpy(), axis=0)
            gaps, first = np.diff(z, axis=0), max(len(z) // 2 - 2, 0)
            at = first + np.argmax(gaps[first : first + 3], axis=0)  # the widest near the middle
            units = np.arange(z.shape[1])
            bias.assign(-(z[at, units] + z[at + 1, units]) / 2.0)
            h = layer(h).numpy()


def _targets(loss: str, rng: np.random.Generator, n: int, c: int) -> Any:
    labels = rng.integers(0, c, n)
    return {
        "mean_squared_error": rng.normal(size=(n, c)),
        "binary_crossentropy": rng.integers(0, 2, (n, c)).astype(float),
        "categorical_crossentropy": np.eye(c)[labels],
        "sparse_categorical_crossentropy": labels,
    }[loss]


def _is_alive(model: Any, x: Any, y: Any) -> bool:
    """Whether every weight has a derivative, and no branch changes when all weights move a bit."""
    subject = Loss(model, x, y)
    with subject.prepared():
        found = subject.pull(subject.arrays, np.ones(()))
        live = all(g is not None and bool(np.all(g)) for g in found)
        return live and change_near(subject, DISTANCE) is None
