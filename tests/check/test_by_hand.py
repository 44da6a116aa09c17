"""`check_backprop`: planted mistakes are found, placed and named; right gradients are right."""

from __future__ import annotations

import functools
import itertools
import json

import numpy as np
import pytest

import tinygrad_es as tg
from tinygrad_es import Tensor, assert_backprop, check_backprop

from .backprop_models import MODELS

PLANTED = [(name, mistake) for name, model in MODELS.items() for mistake in model.mistakes]
SEEDS = range(3)


@functools.cache
def report_of(name, mistake, seed):
    model = MODELS[name]
    inputs = model.inputs(np.random.default_rng(seed))
    return check_backprop(*model.functions(mistake), *inputs)


@pytest.mark.parametrize("name", MODELS)
def test_right_gradients_are_right(name):
    for seed in range(10):
        report = report_of(name, None, seed)
        assert report.ok, f"{seed}: {report}"
        assert report.culprit is None
        assert set(report.verdicts.values()) == {"right"}


@pytest.mark.parametrize(("name", "mistake"), PLANTED, ids=lambda v: getattr(v, "wrong", v))
def test_planted_mistakes_are_found_and_placed(name, mistake):
    for seed in SEEDS:
        report = report_of(name, mistake, seed)
        assert not report.ok
        assert report.culprit == mistake.culprit, str(report)
        assert report.diagnoses[0].code in mistake.codes.split(), str(report)
        assert len(report.text("en").splitlines()) <= 12


def by_hand_in(name, inputs):
    """The gradients by hand that are right, by name."""
    found = check_backprop(*MODELS[name].functions(), *inputs).comparison.found
    return {c.name: c.mine for c in found}


def returning(name, gradients, inputs, previous=None):
    """The report on these gradients."""
    forward, backward = MODELS[name].functions()

    @functools.wraps(backward)
    def given(*args):
        return gradients

    return check_backprop(forward, given, *inputs, previous=previous)


def accumulated(name, seed):
    """Gradients that were not set to 0 after the step before: G08."""
    rng = np.random.default_rng(seed)
    first, second = MODELS[name].inputs(rng), MODELS[name].inputs(rng)
    before, now = by_hand_in(name, first), by_hand_in(name, second)
    report = returning(name, {k: before[k] + g for k, g in now.items()}, second, before)
    return report, next(iter(report.verdicts))


def disturbed(name, seed):
    """The largest gradient, each entry times a factor of its own, which no hypothesis has: G99."""
    rng = np.random.default_rng(seed)
    inputs = MODELS[name].inputs(rng)
    now = by_hand_in(name, inputs)
    largest = max(now, key=lambda k: np.size(now[k]))
    factors = rng.uniform(0.5, 1.5, np.shape(now[largest]))
    return returning(name, now | {largest: now[largest] * factors}, inputs), largest


IN_EVERY_MODEL = {"G08": accumulated, "G99": disturbed}


def table():
    """How often the right name is first: by model and name of the mistake; it is printed."""
    made = [
        (name, mistake.codes.split(), report_of(name, mistake, seed), mistake.culprit)
        for name, mistake in PLANTED
        for seed in SEEDS
    ]
    for code, plant in IN_EVERY_MODEL.items():
        made += [(name, [code], *plant(name, seed)) for name in MODELS for seed in SEEDS]
    counts: dict[tuple[str, str], list[int]] = {}
    placed = 0
    for name, codes, report, culprit in made:
        cell = counts.setdefault((name, codes[0]), [0, 0])
        cell[0] += not report.ok and report.diagnoses[0].code in codes
        cell[1] += 1
        placed += report.culprit == culprit
    return counts, placed


@pytest.mark.parametrize("code", IN_EVERY_MODEL)
@pytest.mark.parametrize("name", MODELS)
def test_not_set_to_zero_and_without_a_name_in_every_model(name, code):
    for seed in SEEDS:
        report, culprit = IN_EVERY_MODEL[code](name, seed)
        assert [d.code for d in report.diagnoses][:1] == [code], str(report)
        assert report.culprit == culprit


def test_several_mistakes_are_told_one_at_a_time():
    model = MODELS["mlp tanh"]
    first = next(m for m in model.mistakes if m.culprit == "z2")
    second = next(m for m in model.mistakes if m.wrong == "X.T @ dh")
    both = model._replace(backward=model.backward.replace(second.right, second.wrong))
    inputs = model.inputs(np.random.default_rng(0))
    report = check_backprop(*both.functions(first), *inputs)
    assert (report.culprit, report.later) == ("z2", ["W1"])
    assert "W1: wrong as well, given what arrives; mend z2 first" in report.text("en")
    report = check_backprop(*both.functions(), *inputs)
    assert (report.culprit, report.diagnoses[0].code) == ("W1", "G12")


def pairs():
    """Two mistakes in one backward pass, the one that is written first in front."""
    for name, model in MODELS.items():
        for one, two in itertools.permutations(model.mistakes, 2):
            places = [model.backward.index(m.right) for m in (one, two)]
            if one.culprit == two.culprit or places[0] + len(one.right) > places[1]:
                continue
            yield name, one, two


@pytest.mark.parametrize(("name", "one", "two"), list(pairs())[::29])
def test_of_two_mistakes_the_first_is_named_and_the_second_afterwards(name, one, two):
    model = MODELS[name]
    both = model._replace(backward=model.backward.replace(two.right, two.wrong))
    inputs = model.inputs(np.random.default_rng(0))
    report = check_backprop(*both.functions(one), *inputs)
    wrong = {k for k, v in report.verdicts.items() if v == "wrong"}
    first, second = (one, two) if report.culprit == one.culprit else (two, one)
    assert report.culprit == first.culprit
    if first is two:  # neither follows from the other: their order is that of the graph
        assert one.culprit in wrong
    assert report.diagnoses[0].code in first.codes.split(), str(report)
    mended = model._replace(backward=model.backward.replace(second.right, second.wrong))
    assert check_backprop(*mended.functions(), *inputs).culprit == second.culprit


# --- two functions, an object, layers: as students write them -------------------------------------


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


class Network:
    """The course's network of two layers, columns as examples; `slip` is a mistake in it."""

    def __init__(self, rng, slip=None):
        self.W1, self.b1 = rng.normal(size=(11, 5)), rng.normal(size=(11, 1))
        self.W2, self.b2 = rng.normal(size=(7, 11)), rng.normal(size=(7, 1))
        self.slip = slip

    def forward(self, x):
        z1 = np.dot(self.W1, x) + self.b1
        a1 = sigmoid(z1)
        z2 = np.dot(self.W2, a1) + self.b2
        y = z2
        return z1, a1, z2, y

    def backward(self, x, t):
        z1, a1, _, y = self.forward(x)
        dz2 = t - y if self.slip == "z2" else y - t
        db2 = dz2
        dW2 = np.dot(a1, dz2.T) if self.slip == "W2" else np.dot(dz2, a1.T)
        da1 = np.dot(self.W2.T, dz2)
        at = a1 if self.slip == "z1" else z1
        dz1 = sigmoid(at) * (1 - sigmoid(at)) * da1
        db1 = dz1
        dW1 = np.dot(dz1, x.T)
        return dW1, db1, dW2, db2


def half_square(y, t):
    return 0.5 * np.sum((y - t) ** 2)


@pytest.mark.parametrize(
    ("slip", "code"), [(None, None), ("z2", "G03"), ("W2", "G01"), ("z1", "G05")]
)
def test_an_object_with_forward_and_backward(slip, code):
    rng = np.random.default_rng(0)
    net, x, t = Network(rng, slip), rng.normal(size=(5, 1)), rng.normal(size=(7, 1))
    weights = {k: v.copy() for k, v in vars(net).items() if isinstance(v, np.ndarray)}
    report = check_backprop(net, x, t, loss=half_square)
    assert report.culprit == slip
    assert [d.code for d in report.diagnoses[:1]] == ([code] if code else [])
    assert {"W1", "b1", "W2", "b2"} <= set(report.verdicts)
    for name, before in weights.items():  # the object is as it was
        np.testing.assert_array_equal(getattr(net, name), before)
    with pytest.raises(TypeError, match=r"loss=lambda"):
        check_backprop(net, x, t)


class Keeper:
    """It keeps what it needs, and its gradients, in itself."""

    def __init__(self, rng, factor=1.0):
        self.W, self.factor = rng.normal(size=(5, 11)), factor

    def forward(self, x):
        self.x = x
        self.h = np.tanh(np.dot(x, self.W))
        return self.h

    def backward(self, t):
        self.dh = self.h - t
        self.dW = self.factor * self.x.T @ (self.dh * (1 - self.h**2))


def test_an_object_that_keeps_its_gradients():
    rng = np.random.default_rng(0)
    x, t = rng.normal(size=(7, 5)), rng.normal(size=(7, 11))
    net = Keeper(rng)
    report = check_backprop(net, x, t, loss=half_square)
    assert report.ok
    assert "W" in report.verdicts
    assert not hasattr(net, "dW")
    report = check_backprop(Keeper(rng, 2.0), x, t, loss=half_square)
    assert (report.culprit, report.diagnoses[0].code) == ("W", "G03")


def affine_forward(x, w, b):
    out = x.reshape(x.shape[0], -1).dot(w) + b
    return out, (x, w, b)


def affine_backward(dout, cache):
    x, w, _ = cache
    dx = dout.dot(w.T).reshape(x.shape)
    dw = x.reshape(x.shape[0], -1).T.dot(dout)
    db = np.sum(dout, axis=0)
    return dx, dw, db


def affine_wrong(dout, cache):
    dx, dw, db = affine_backward(dout, cache)
    return dx, dw, db / len(dout)


def relu_forward(x):
    return np.maximum(0, x), x


def relu_backward(dout, x):
    return dout * (x > 0)


def dropout_forward(x, p=0.5):
    mask = (np.random.rand(*x.shape) < p) / p  # noqa: NPY002 - as the lesson writes it
    return x * mask, mask


def dropout_backward(dout, mask):
    return dout * mask


def test_layers_with_a_cache():
    rng = np.random.default_rng(0)
    x, w, b = rng.normal(size=(7, 5, 3)), rng.normal(size=(15, 11)), rng.normal(size=11)
    assert check_backprop(affine_forward, affine_backward, x, w, b)
    assert check_backprop(relu_forward, relu_backward, w)
    assert check_backprop(dropout_forward, dropout_backward, w)
    report = check_backprop(affine_forward, affine_wrong, x, w, b)
    assert (report.culprit, report.diagnoses[0].code) == ("b", "G03")
    assert "1/7" in report.diagnoses[0].text[0]
    report = check_backprop(relu_forward, lambda dout, x: dout, w)
    assert (report.culprit, report.diagnoses[0].code) == ("x", "G04")


def test_scores_that_are_shifted_and_labels_as_numbers():
    def forward(x, y, params):
        scores = x.dot(params["W"])
        scores = scores - np.max(scores, axis=1, keepdims=True)
        probs = np.exp(scores) / np.sum(np.exp(scores), axis=1, keepdims=True)
        return np.mean(-np.log(probs[np.arange(len(y)), y]))

    def backward(x, y, params, forgotten=False):
        scores = x.dot(params["W"])
        e = np.exp(scores)
        dscores = e / np.sum(e, axis=1, keepdims=True)
        if not forgotten:
            dscores[range(len(y)), y] -= 1
        dscores /= len(y)
        return {"W": x.T.dot(dscores)}

    def wrong(x, y, params):
        e = np.exp(x.dot(params["W"]))
        dscores = e / np.sum(e, axis=1, keepdims=True)
        dscores /= len(y)
        return {"W": x.T.dot(dscores)}

    rng = np.random.default_rng(0)
    given = rng.normal(size=(7, 5)), rng.integers(0, 3, 7), {"W": rng.normal(size=(5, 3))}
    assert check_backprop(forward, backward, *given)
    report = check_backprop(forward, wrong, *given)
    assert report.verdicts == {"scores": "wrong", "W": "carried"}
    assert report.diagnoses[0].code == "G06"
    assert "onehot(y, 3) is not subtracted" in report.diagnoses[0].text[0]


def test_weights_of_the_module_and_whole_numbers():
    space = {"np": np, "W": np.random.default_rng(0).normal(size=(5, 3))}
    exec("def f(x): return np.sum(np.tanh(x @ W))\n"
         "def b(x): return {'W': x.T @ (1 - np.tanh(x @ W) ** 2)}", space)  # fmt: skip
    assert check_backprop(space["f"], space["b"], np.ones((7, 5)))

    def forward(x, y, z):
        q = x + y
        return q * z

    def backward(x, y, z):
        q = x + y
        dq = z
        dz = -q
        return dq, dq, dz

    report = check_backprop(forward, backward, -2, 5, -4)
    assert report.culprit == "z"
    assert report.verdicts["x"] == report.verdicts["y"] == "right"


def test_a_variable_used_again_is_no_mistake():
    def forward(x, w):
        h = x * w
        return np.sum(h**2)

    def backward(x, w):
        dh = 2 * x * w
        dw = (dh * x).sum(axis=0)
        dx = dh * w
        dh = 0.0 * dh  # the name serves for something else
        return {"w": dw, "x": dx}

    rng = np.random.default_rng(0)
    assert check_backprop(forward, backward, rng.normal(size=(7, 5)), rng.normal(size=5)).ok


class OfTheClass:
    """Its weights are the class's, and the module has a W of its own."""

    W = np.linspace(-1.0, 1.0, 6).reshape(3, 2)
    factor = 1.0

    def forward(self, x):
        return np.sum(np.tanh(x @ self.W))

    def backward(self, x):
        return {"W": self.factor * x.T @ (1 - np.tanh(x @ self.W) ** 2)}


class ByItsName(OfTheClass):
    def forward(self, x):
        return np.sum(np.tanh(x @ OfTheClass.W))


W = np.ones((7, 7))


@pytest.mark.parametrize("kind", [OfTheClass, ByItsName])
def test_a_weight_of_the_class_goes_before_one_of_the_module(kind):
    before, x = OfTheClass.W, np.random.default_rng(0).normal(size=(5, 3))
    report = check_backprop(kind(), x)
    assert report.verdicts == {"W": "right"}
    wrong = kind()
    wrong.factor = 3.0
    assert check_backprop(wrong, x).verdicts == {"W": "wrong"}
    assert OfTheClass.W is before
    assert "W" not in vars(ByItsName)


def test_two_keys_for_one_gradient():
    def forward(x, W):
        return np.sum(x @ W)

    def both(first, second):
        return lambda x, W: {first: x.T @ np.ones((5, 2)), second: W}

    given = (
        np.random.default_rng(0).normal(size=(5, 3)),
        np.random.default_rng(1).normal(size=(3, 2)),
    )
    for order in (("dW", "W"), ("dW", "W")[::-1]):  # beside dW, W is the parameter
        pair = {"dW": given[0].T @ np.ones((5, 2)), "W": given[1]}
        assert check_backprop(forward, lambda x, W, o=order, p=pair: {k: p[k] for k in o}, *given)
    with pytest.raises(ValueError, match="'dW' and 'grad_W', two gradients of W"):
        check_backprop(forward, both("dW", "grad_W"), *given)
    layers = [{"dW": np.ones((3, 2))}, {"dW": np.zeros((3, 2))}]
    with pytest.raises(ValueError, match="'dW' and 'dW', two gradients of W"):
        check_backprop(forward, lambda x, W: layers, *given)
    same = given[0].T @ np.ones((5, 2))
    assert check_backprop(forward, lambda x, W: {"dW": same, "grad_W": same.copy()}, *given)


# --- what has no gradient -------------------------------------------------------------------------


def affine(x, w, b):
    return np.sum(np.tanh(x @ w + b))


def slopes(x, w, b):
    dz = 1 - np.tanh(x @ w + b) ** 2
    return x.T @ dz, dz.sum(axis=0), dz @ w.T


def both(x, w, b):
    return dict(zip("wb", slopes(x, w, b), strict=False))


NOTES = ("no gradient was given for b", "no se ha dado ningún gradiente de b")


def test_a_parameter_without_a_gradient_is_noted():
    rng = np.random.default_rng(0)
    given = rng.normal(size=(5, 3)), rng.normal(size=(3, 2)), rng.normal(size=2)
    report = check_backprop(affine, lambda x, w, b: {"w": slopes(x, w, b)[0]}, *given)
    assert report.ok
    assert report.notes == [NOTES]
    assert report.text("es").endswith("\nno se ha dado ningún gradiente de b")
    hints = check_backprop(affine, lambda x, w, b: {"w": slopes(x, w, b)[0]}, *given, student=1)
    assert NOTES in hints.notes
    for quiet in (
        check_backprop(affine, lambda x, w, b: {"x": slopes(x, w, b)[2]}, *given),  # data alone
        check_backprop(affine, both, *given),
        check_backprop(affine, lambda x, w, b: {"w": slopes(x, w, b)[0]}, *given, rubric={"w": 1}),
        check_backprop(lambda x, w, b: np.sum(x @ w),  # it does not depend on b
                       lambda x, w, b: {"w": x.T @ np.ones((5, 2))}, *given),
    ):  # fmt: skip
        assert quiet.ok
        assert quiet.notes == []
    slow = check_backprop(
        lambda x, w, b: float(affine(x, w, b)), lambda x, w, b: {"w": slopes(x, w, b)[0]}, *given
    )
    assert NOTES in slow.notes  # and where differences were taken


def test_a_weight_of_an_object_without_a_gradient_is_noted():
    rng = np.random.default_rng(0)
    net, x, t = Network(rng), rng.normal(size=(5, 1)), rng.normal(size=(7, 1))
    net.backward = lambda x, t, whole=net.backward: {"W1": whole(x, t)[0], "b1": whole(x, t)[1]}
    ((english, spanish),) = check_backprop(net, x, t, loss=half_square).notes
    names = english.removeprefix("no gradient was given for ")
    assert sorted(names.split(", ")) == ["W2", "b2"]
    assert spanish == f"no se ha dado ningún gradiente de {names}"


# --- gradients by name ----------------------------------------------------------------------------


def recorded(rng, dtype=np.float64):
    X = rng.normal(size=(7, 5)).astype(dtype)
    W = Tensor(rng.normal(size=(5, 3)).astype(dtype), requires_grad=True)
    z = X @ W
    loss = (z * z).sum()
    return X, W, z, loss


def test_gradients_by_the_names_of_variables():
    X, W, z, loss = recorded(np.random.default_rng(0))
    dz = 2 * z.numpy()
    assert_backprop(loss, by_hand={"z": dz, "W": X.T @ dz})
    with pytest.raises(AssertionError, match=r"z: .*\n.*\n.*G03"):
        assert_backprop(loss, by_hand={"z": -dz, "W": -X.T @ dz})
    report = check_backprop(loss, by_hand={"z": -dz, "W": -X.T @ dz})
    assert report.verdicts == {"z": "wrong", "W": "carried"}
    assert report.points == {"z": 0, "W": 1}
    report = check_backprop(loss, by_hand={"z": -dz, "W": X.T @ dz * 5})
    assert (report.culprit, report.later) == ("z", ["W"])
    assert W.grad is None


def test_float32_is_judged_as_float32():
    X, W, z, loss = recorded(np.random.default_rng(0), np.float32)
    dW = X.T @ (2 * z.numpy())
    assert W.dtype == np.float32
    assert check_backprop(loss, by_hand={"W": dW * np.float32(1 + 1e-6)})
    report = check_backprop(loss, by_hand={"W": dW * np.float32(0.5)})
    assert report.diagnoses[0].code == "G03"


def test_the_step_before():
    X, W, z, loss = recorded(np.random.default_rng(0))
    dW = X.T @ (2 * z.numpy())
    before = {"W": np.random.default_rng(1).normal(size=W.shape)}
    report = check_backprop(loss, by_hand={"W": dW + before["W"]}, previous=before)
    assert report.diagnoses[0].code == "G08"
    report = check_backprop(loss, by_hand={"W": before["W"]}, previous=before)
    assert report.diagnoses[0].code == "G10"


def saturated(z):
    p = 1.0 / (1.0 + np.exp(-z))
    return -np.sum(np.log(p))


def test_where_a_unit_saturates_rounding_is_no_mistake():
    """p(1 − p) by hand has lost its digits, e⁻ᶻp² has not."""

    def backward(z, mistake=1.0):
        p = 1.0 / (1.0 + np.exp(-z))
        dp = -1.0 / p
        dz = dp * p * (1.0 - p) * mistake
        return {"z": dz}

    z = np.array([20.0, 21.0, 19.5, 22.0, 20.5])
    assert check_backprop(saturated, backward, z)
    assert not check_backprop(saturated, lambda z: backward(z, 1.001), z)
    assert not check_backprop(saturated, lambda z: backward(z, 2.0), z)


def test_where_the_forward_pass_is_not_finite_nothing_is_called_wrong():
    def backward(z):
        p = 1.0 / (1.0 + np.exp(-z))
        return {"z": p - 1.0}

    with np.errstate(all="ignore"):
        report = check_backprop(saturated, backward, np.array([-800.0, 1.0]))
    assert not report
    assert (report.culprit, report.verdicts) == (None, {"z": "inconclusive"})
    assert "not finite" in report.text("en")
    assert "no es finita" in report.text("es")


def test_on_a_kink_any_subgradient_is_right():
    def forward(x, w, b):
        z = x @ w + b
        h = np.maximum(0, z)
        return np.sum(h**3 + h)

    def backward(compare, factor=1.0):
        def function(x, w, b):
            z = x @ w + b
            h = np.maximum(0, z)
            dz = (3 * h**2 + 1) * compare(z, 0) * factor
            return {"w": x.T @ dz, "b": dz.sum(axis=0)}

        return function

    rng = np.random.default_rng(0)
    x, w, b = rng.normal(size=(7, 5)), rng.normal(size=(5, 3)), np.zeros(3)
    x[2] = 0.0  # a black image
    for compare in (np.greater, np.greater_equal):
        assert check_backprop(forward, backward(compare), x, w, b)
        assert not check_backprop(forward, backward(compare, 1.01), x, w, b)
    assert not check_backprop(forward, backward(np.less), x, w, b)


COURSERA = """
def forward(X, Y, W1, b1, W2, b2):
    m = X.shape[1]
    Z1 = W1 @ X + b1
    A1 = np.tanh(Z1)
    Z2 = W2 @ A1 + b2
    A2 = 1 / (1 + np.exp(-Z2))
    return -np.sum(Y * np.log(A2) + (1 - Y) * np.log(1 - A2)) / m

def backward(X, Y, W1, b1, W2, b2):
    m = X.shape[1]
    A1 = np.tanh(W1 @ X + b1)
    A2 = 1 / (1 + np.exp(-(W2 @ A1 + b2)))
    dZ2 = A2 - Y
    dW2 = dZ2 @ A1.T / m
    db2 = np.sum(dZ2, axis=1, keepdims=True) / m
    dZ1 = (W2.T @ dZ2) * (1 - A1**2)
    dW1 = dZ1 @ X.T / m
    db1 = np.sum(dZ1, axis=1, keepdims=True) / m
    return {"W1": dW1, "b1": db1, "W2": dW2, "b2": db2}
"""


@pytest.mark.parametrize(
    ("right", "wrong", "culprit", "code"),
    [
        ("", "", None, None),
        ("keepdims=True) / m\n    dZ1", "keepdims=True)\n    dZ1", "b2", "G03"),
        (" * (1 - A1**2)", "", "Z1", "G04"),
        ("(1 - A1**2)", "(1 - A1)", "Z1", "G05"),
        ("W2.T @ dZ2", "2 * W2.T @ dZ2", "Z1", "G03"),
        ("dZ1 @ X.T / m", "dZ1 @ X.T", "W1", "G03"),
    ],
)
def test_where_the_division_comes_later_its_variable_is_not_blamed(right, wrong, culprit, code):
    space = {"np": np}
    exec(COURSERA.replace(right, wrong), space)
    rng = np.random.default_rng(0)
    given = [rng.normal(size=(5, 11)), (rng.random((1, 11)) < 0.5) * 1.0]
    given += [rng.normal(size=s) for s in ((7, 5), (7, 1), (1, 7), (1, 1))]
    report = check_backprop(space["forward"], space["backward"], *given)
    assert report.culprit == culprit, str(report)
    assert [d.code for d in report.diagnoses[:1]] == ([code] if code else [])


def test_a_gradient_that_is_not_written_yet():
    with pytest.raises(TypeError, match="gives None for w"):
        check_backprop(lambda x, w: np.sum(x * w), lambda x, w: {"w": None}, 1.0, 2.0)


def test_one_entry_of_many_is_counted():
    def forward(X, W):
        y = X @ W
        return np.sum(y**2)

    def backward(*inputs):
        X, W = inputs
        dW = 2.0 * X.T @ (X @ W)
        dW[3, 5] *= 1.00001
        return {"W": dW}

    rng = np.random.default_rng(0)
    report = check_backprop(forward, backward, rng.normal(size=(5, 7)), rng.normal(size=(7, 11)))
    assert report.diagnoses[0].code == "G99"
    assert "1 of 77 entries wrong" in report.text("en")
    assert report.text("en").count("yours") == 1


def test_what_fits_nothing_is_not_guessed():
    rng = np.random.default_rng(0)
    _, _, z, loss = recorded(rng)
    report = check_backprop(loss, by_hand={"z": rng.normal(size=z.shape)})
    assert [d.code for d in report.diagnoses] == ["G99"]
    assert "cosine" in report.text("en")
    assert "coseno" in report.text("es")


def test_the_report_in_both_languages_as_data_and_drawn(monkeypatch):
    monkeypatch.setenv("TINYGRAD_ES_ENGINE", "builtin")
    report = report_of("mlp tanh", MODELS["mlp tanh"].mistakes[0], 0)
    assert report.text("en").splitlines()[0] == (
        "z2: WRONG (first wrong node in the order of the backward pass)"
    )
    told = [" ".join(report.text(language).split()) for language in ("en", "es")]
    assert "the division by 7 is missing" in told[0]
    assert "falta la división entre 7" in told[1]
    assert "bien, dado tu z2 (error arrastrado; ningún error nuevo)" in report.text("es")
    data = json.loads(report.json())
    assert (data["ok"], data["culprit"], data["diagnoses"][0]["code"]) == (False, "z2", "G03")
    assert "z2" in report._repr_html_()
    svg = report.graph(language="en").svg()
    assert "✗ wrong" in svg
    assert "~ carried error" in svg
    fine = report_of("mlp tanh", None, 0)
    assert "all right" in fine.text("en")
    assert "todos bien" in fine.text("es")


def test_bad_input():
    _, _, _, loss = recorded(np.random.default_rng(0))
    with pytest.raises(TypeError, match="by_hand="):
        check_backprop(loss)
    with pytest.raises(TypeError, match="recorded loss"):
        check_backprop(np.sum, by_hand={"W": 1.0})
    with pytest.raises(TypeError, match="methods forward and backward"):
        check_backprop(3.0, 4.0)
    with pytest.raises(LookupError, match="no node is called 'V'"):
        check_backprop(loss, by_hand={"V": 1.0})
    with pytest.raises(TypeError, match=r"known: x, y"):
        check_backprop(lambda x, y: x * y, lambda a, b, c, d: a, 1.0, 2.0)
    with pytest.raises(TypeError, match="one gradient for each input"):
        check_backprop(lambda x, y: x * y, lambda x, y: 3.0 * x, 1.0, 2.0)
    with pytest.raises(TypeError, match="nothing that depends"):
        check_backprop(lambda x: 3.0, lambda x: x, 1.0)
    assert tg.check_backprop is check_backprop


if __name__ == "__main__":  # the table: names of mistakes down, models across
    found, placed = table()
    codes = sorted({code for _, code in found})
    print("".ljust(6), *(name.rjust(10) for name in MODELS))
    for code in codes:
        cells = (found.get((name, code)) for name in MODELS)
        print(code.ljust(6), *((f"{c[0]}/{c[1]}" if c else "").rjust(10) for c in cells))
    named, planted = (sum(cell[k] for cell in found.values()) for k in (0, 1))
    print(f"{planted} planted: culprit exact {placed}, right name first {named}")
