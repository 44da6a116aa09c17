"""What students' functions take and return: scalars, integers, losses, keys, lists."""

from __future__ import annotations

import itertools
import re
from pathlib import Path

import numpy as np
import pytest

from tinygrad_es import Tensor, check_backprop
from tinygrad_es.check.passes.naming import node_of

RNG = np.random.default_rng(0)
X, W, Y = RNG.normal(size=(7, 5)), RNG.normal(size=5), RNG.normal(size=7)


def mean_square(w, b, X, Y):
    z = X @ w + b
    return np.mean((z - Y) ** 2)


def summed(w, b, X, Y):
    dz = 2 * (X @ w + b - Y) / 7
    return {"w": X.T @ dz, "b": dz.sum()}


def not_summed(w, b, X, Y):
    dz = 2 * (X @ w + b - Y) / 7
    return {"w": X.T @ dz, "b": dz}


# --- scalars and integers ------------------------------------------------------------------------

FLOATS = [0.3, np.float64(0.3), np.float32(0.3), np.float16(0.3), np.array(0.3, "f4")]
INTEGERS = [0, 3, np.int64(0), np.uint8(1), np.array(0)]


@pytest.mark.parametrize("b", [*FLOATS, *INTEGERS], ids=repr)
def test_a_bias_that_is_one_number_of_any_kind(b):
    right = check_backprop(mean_square, summed, W, b, X, Y)
    assert (right.ok, set(right.verdicts)) == (True, {"w", "b"})
    wrong = check_backprop(mean_square, not_summed, W, b, X, Y)
    assert (wrong.ok, wrong.culprit) == (False, "b")
    told = [note for note in right.notes if "read as floats" in note[0]]
    assert len(told) == (np.asarray(b).dtype.kind in "iu")
    assert all("leídos como números reales" in note[1] for note in told)


@pytest.mark.parametrize("b", [0, np.float32(0.3)], ids=repr)
def test_the_place_of_an_input_is_no_other_nodes(b):
    def backward(w, b, X, Y, late=False):
        dz = 2 * (X @ w + b - Y) / 7
        return X.T @ dz, dz if late else dz.sum(), np.outer(dz, w), -dz

    assert check_backprop(mean_square, backward, W, b, X, Y).ok
    report = check_backprop(mean_square, lambda *xs: backward(*xs, late=True), W, b, X, Y)
    assert report.culprit == "b"


def test_integers_in_a_dict_and_whole_arrays():
    def forward(params, x):
        return np.sum((x * params["w"] + params["b"]) ** 2)

    def backward(params, x):
        dz = 2 * (x * params["w"] + params["b"])
        return {"w": x * dz, "b": dz.sum()}

    params = {"w": np.array([1, -2, 3]), "b": 2}
    report = check_backprop(forward, backward, params, np.array([0.5, 1.5, 2.5]))
    assert report.ok
    assert set(report.verdicts) == {"w", "b"}
    assert params["w"].dtype.kind == "i"


def test_labels_and_indices_stay_integers():
    def forward(x, y):
        p = np.exp(x) / np.exp(x).sum(axis=1, keepdims=True)
        return -np.log(p[np.arange(len(y)), y]).mean()

    def backward(x, y):
        p = np.exp(x) / np.exp(x).sum(axis=1, keepdims=True)
        p[np.arange(len(y)), y] -= 1
        return {"x": p / len(y), "y": y}

    report = check_backprop(forward, backward, X, np.array([0, 1, 2, 3, 4, 0, 1]))
    assert (report.ok, list(report.verdicts)) == (True, ["x"])


def test_a_number_that_an_object_holds_fixed_is_no_other_node():
    class Unit:
        def __init__(self):
            self.w, self.b = W.copy(), 0.0

        def forward(self, X, Y):
            z = X @ self.w + self.b
            return np.mean((z - Y) ** 2)

        def backward(self, X, Y):
            dz = 2 * (X @ self.w + self.b - Y) / 7
            return {"w": X.T @ dz, "b": dz}

    report = check_backprop(Unit(), X, Y)
    assert "z" not in report.verdicts
    assert any("no array" in en and en.endswith(": b") for en, _ in report.notes)


# --- keys ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("key", ["dA0", "perdida"])
def test_a_key_that_names_no_node_is_a_note(key):
    def backward(w, b, X, Y):
        return {**summed(w, b, X, Y), key: np.ones((2, 2))}

    report = check_backprop(mean_square, backward, W, np.array(0.3), X, Y)
    assert report.ok
    assert any("no node is called" in en and key in en and key in es for en, es in report.notes)
    with pytest.raises(TypeError, match=key):
        check_backprop(mean_square, lambda w, b, X, Y: {key: np.ones(2)}, W, 0.3, X, Y)


# --- the loss beside the gradients ---------------------------------------------------------------

WAYS = {
    "loss, {…}": lambda L, dw, db: (L, {"w": dw, "b": db}),
    "loss, dw, db": lambda L, dw, db: (L, dw, db),
    "float(loss), dw, db": lambda L, dw, db: (float(L), dw, db),
    "loss, (dw, db)": lambda L, dw, db: (L, (dw, db)),
    "loss, [dw, db]": lambda L, dw, db: (L, [dw, db]),
    "grads, cost": lambda L, dw, db: ({"dw": dw, "db": db}, L),
    "grads, half the cost": lambda L, dw, db: ({"dw": dw, "db": db}, 0.5 * L),
    "{L, dw, db}": lambda L, dw, db: {"L": L, "dw": dw, "db": db},
    "{perdida, dw, db}": lambda L, dw, db: {"perdida": L, "dw": dw, "db": db},
}


def with_loss(way, factor=1.0):
    def backward(w, b, X, Y):
        z = X @ w + b
        L = np.mean((z - Y) ** 2)
        dz = 2 * (z - Y) / 7
        dw, db = factor * X.T @ dz, dz.sum(keepdims=True)
        return WAYS[way](L, dw, db)

    return backward


@pytest.mark.parametrize("way", WAYS)
def test_the_loss_beside_the_gradients(way):
    inputs = W, np.array([0.3]), X, Y
    report = check_backprop(mean_square, with_loss(way), *inputs)
    assert (report.ok, set(report.verdicts), report.notes) == (True, {"w", "b"}, [])
    assert check_backprop(mean_square, with_loss(way, 2.0), *inputs).culprit == "w"


@pytest.mark.parametrize("way", ["loss, {…}", "loss, dw, db", "loss, (dw, db)", "grads, cost"])
def test_one_function_for_the_loss_and_the_gradients(way):
    inputs = W, np.array([0.3]), X, Y
    assert check_backprop(with_loss(way), *inputs).ok
    assert check_backprop(with_loss(way, 2.0), *inputs).culprit == "w"


def test_a_gradient_that_equals_the_loss_is_a_gradient():
    """d(x·t)/dt = x, and x = x·t where t = 1."""
    assert check_backprop(lambda x, t: x * t, lambda x, t: (t, x), 3.0, 1.0).ok
    report = check_backprop(lambda x, t: x * t, lambda x, t: (t, 2 * x), 3.0, 1.0)
    assert report.culprit == "t"
    report = check_backprop(lambda x, t: x * t, lambda x, t: {"x": t, "t": x}, 3.0, 1.0)
    assert set(report.verdicts) == {"x", "t"}


@pytest.mark.parametrize(
    "forward",
    [
        lambda x, w, b: (x @ w + b, (x, w, b)),
        lambda x, w, b: (x @ w + b, x, w),
        lambda x, w, b: np.sum(x @ w + b),
        lambda x, w, b: x @ w + b,
    ],
)
def test_a_forward_pass_alone_is_asked_for_its_backward_pass(forward):
    with pytest.raises(TypeError, match=r"backward is missing.*forward, backward, x"):
        check_backprop(forward, X, W, np.array(0.3))


# --- a forward pass that is not finite -----------------------------------------------------------

NOT_FINITE = {
    "NaN": (lambda x: np.sum(np.log(x)), lambda x: {"x": 1 / x}, [-1.0, 2.0]),
    "-inf": (lambda x: np.sum(np.log(x)), lambda x: {"x": 1 / x}, [0.0, 2.0]),
    "inf": (lambda x: np.sum(np.exp(x)), lambda x: {"x": np.exp(x)}, [1000.0, 2.0]),
    "NaN, 3 times": (lambda x: np.sum(np.log(x)), lambda x: {"x": 3 / x}, [-1.0, 2.0]),
    "float": (lambda x: float(np.sum(np.log(x))), lambda x: {"x": 1 / x}, [-1.0, 2.0]),
}


@pytest.mark.parametrize("name", NOT_FINITE)
def test_a_forward_pass_that_is_not_finite_is_inconclusive(name):
    """And quietly: here warnings are errors."""
    forward, backward, x = NOT_FINITE[name]
    report = check_backprop(forward, backward, np.array(x))
    assert (report.ok, report.verdicts) == (False, {"x": "inconclusive"})
    if name != "float":
        assert "not finite" in report.notes[0][0]


def test_a_wrong_shape_is_wrong_where_nothing_is_finite():
    forward, _, x = NOT_FINITE["NaN"]
    assert check_backprop(forward, lambda x: {"x": 1.0}, np.array(x)).culprit == "x"


def test_a_recorded_loss_that_is_not_finite():
    x = Tensor([-1.0, 2.0], requires_grad=True)
    with np.errstate(all="ignore"):
        loss = np.log(x).sum()
    report = check_backprop(loss, by_hand={"x": 1 / x.numpy()})
    assert (report.ok, report.verdicts) == (False, {"x": "inconclusive"})


# --- names ---------------------------------------------------------------------------------------

SPELLINGS = re.findall(
    r"`(\S*?)`",
    (Path(__file__).parents[2] / "docs/en/checking-gradients.md")
    .read_text("utf-8")
    .partition("For `W1` all of these are read:")[2]
    .partition(". A key")[0],
)


@pytest.mark.parametrize("spelling", [s for s in SPELLINGS if "W1" in s])
def test_every_spelling_of_the_documentation(spelling):
    def forward(W1, X):
        return np.sum((X @ W1) ** 2)

    for factor in (2, 3):
        gradients = {spelling: factor * X.T @ (X @ W)}
        report = check_backprop(forward, lambda W1, X, g=gradients: g, W, X)
        assert report.verdicts == {"W1": "right" if factor == 2 else "wrong"}


def test_there_are_spellings():
    assert {"nabla_W1", "gradiente_W1", "gW1", "dL_dW1", "delta_W1"} <= set(SPELLINGS)


def test_a_node_that_is_called_gh_is_not_the_gradient_of_h():
    assert node_of("gh", {"h": 0, "gh": 0}, exact=True) == "gh"
    assert node_of("gh", {"h": 0, "gh": 0}) is None
    assert node_of("gh", {"h": 0}) == "h"
    assert node_of("gamma", {"W1": 0, "gamma": 0}, exact=True) == "gamma"


# --- lists, as in Nielsen's network --------------------------------------------------------------


class Network:
    """Neural Networks and Deep Learning, chapter 1: `backprop` returns (nabla_b, nabla_w)."""

    def __init__(self, sizes, factor=1.0):
        rng = np.random.default_rng(3)
        self.biases = [rng.normal(size=(n, 1)) for n in sizes[1:]]
        self.weights = [rng.normal(size=(n, m)) for m, n in itertools.pairwise(sizes)]
        self.factor = factor

    def feedforward(self, a):
        for b, w in zip(self.biases, self.weights, strict=True):
            a = np.tanh(w @ a + b)
        return a

    def backprop(self, x, y):
        nabla_b = [np.zeros(b.shape) for b in self.biases]
        nabla_w = [np.zeros(w.shape) for w in self.weights]
        activations = [x]
        for b, w in zip(self.biases, self.weights, strict=True):
            activations.append(np.tanh(w @ activations[-1] + b))
        delta = activations[-1] - y
        for k in reversed(range(len(self.weights))):
            delta = delta * (1 - activations[k + 1] ** 2)
            nabla_b[k], nabla_w[k] = delta, delta @ activations[k].T
            delta = self.factor * self.weights[k].T @ delta
        return nabla_b, nabla_w


def half_square(a, y):
    return 0.5 * np.sum((a - y) ** 2)


@pytest.mark.parametrize("sizes", [(5, 7, 3), (5, 7, 4, 1), (1, 1, 1)])
@pytest.mark.parametrize("factor", [1.0, 2.0])
def test_lists_like_those_that_the_object_holds(sizes, factor):
    net = Network(sizes, factor)
    x, y = RNG.normal(size=(sizes[0], 1)), RNG.normal(size=(sizes[-1], 1))
    report = check_backprop(net.feedforward, net.backprop, x, y, loss=half_square)
    layers = len(sizes) - 1
    names = {f"{kind}[{k}]" for kind in ("biases", "weights") for k in range(layers)}
    assert set(report.verdicts) == names
    assert report.culprit == (None if factor == 1.0 else f"biases[{layers - 2}]")


def test_lists_without_names_are_told_by_shapes_or_not_at_all():
    def unnamed(net):
        def backward(x, y):
            return tuple(net.backprop(x, y))

        return backward

    net = Network((5, 7, 3))
    x, y = RNG.normal(size=(5, 1)), RNG.normal(size=(3, 1))
    assert len(check_backprop(net.feedforward, unnamed(net), x, y, loss=half_square).verdicts) == 4
    net = Network((1, 1, 1))
    with pytest.raises(TypeError, match="cannot tell whose gradients"):
        check_backprop(net.feedforward, unnamed(net), x[:1], y[:1], loss=half_square)


def test_gradients_without_names_or_places_go_by_their_shapes():
    def forward(x, t, w, b):
        return np.sum((x @ w + b - t) ** 2)

    def backward(x, t, w, b):
        e = 2.0 * (x @ w + b - t)
        return x.T @ e, np.sum(e)

    x, t, w = RNG.normal(size=(7, 5)), RNG.normal(size=7), RNG.normal(size=5)
    report = check_backprop(forward, backward, x, t, w, 0.5)
    assert report.verdicts == {"w": "right", "b": "right"}
    assert report.notes[0][0] == "told by their shapes whose gradients these are: w, b"
    with pytest.raises(TypeError, match="cannot tell whose gradients"):  # two have this shape
        check_backprop(lambda x, v, w: np.sum(x * v + w), lambda x, v, w: (v + 0, x + 0), t, t, t)


def test_names_that_are_in_another_order_than_the_inputs():
    def forward(x, gamma, beta):
        return np.sum((x * gamma + beta) ** 2)

    def backward(x, gamma, beta):
        d = 2.0 * (x * gamma + beta)
        dx, dgamma, dbeta = d * gamma, (d * x).sum(axis=0), d.sum(axis=0)
        return dx, dbeta, dgamma

    inputs = RNG.normal(size=(7, 5)), RNG.normal(size=5), RNG.normal(size=5)
    report = check_backprop(forward, backward, *inputs)
    assert report.ok
    assert report.notes[0][0].endswith("x, beta, gamma; forward takes x, gamma, beta")


def test_no_backward_pass_at_all():
    with pytest.raises(TypeError, match=r"a function backward after forward\. Received: None"):
        check_backprop(lambda x: x * x, None, 2.0)


def test_no_inputs_at_all():
    with pytest.raises(TypeError, match=r"forward takes x, w\. Expected a value .* Received: 0\."):
        check_backprop(lambda x, w: x * w, lambda x, w: (w, x))
