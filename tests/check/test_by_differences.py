"""Forward passes that no Tensor can run through: differences take the place of the graph."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

from tinygrad_es import assert_backprop, check_backprop


def arrays(seed=0):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(7, 5)), rng.normal(size=(5, 3))


def with_float(x, w):
    return float(np.sum(np.tanh(x @ w)))


def with_item(x, w):
    penalty = 0.05 * np.sum(w * w).item()
    return np.sum(np.tanh(x @ w)) + penalty


def with_a_view(x, w):
    z = x @ w
    first = z[:, 0]
    first *= 2.0
    return np.sum(np.tanh(z))


def with_math(x, w):
    total = 0.0
    for row in (x @ w).tolist():
        for z in row:
            total += math.tanh(z)
    return total


def with_vectorize(x, w):
    return np.sum(np.vectorize(math.tanh)(x @ w))


def with_out(x, w):
    z = np.empty((7, 3))
    np.dot(x, w, out=z)
    return np.sum(np.tanh(z, out=z))


def with_power(x, w):
    return np.trace(np.linalg.matrix_power(w.T @ w, 3))


def by_tanh(x, w):
    return {"w": x.T @ (1 - np.tanh(x @ w) ** 2)}


def by_item(x, w):
    return {"w": by_tanh(x, w)["w"] + 0.1 * w}


def by_view(x, w):
    scale = np.array([2.0, 1.0, 1.0])
    return {"w": x.T @ ((1 - np.tanh(x @ w * scale) ** 2) * scale)}


def by_power(x, w):
    return {"w": 6.0 * w @ np.linalg.matrix_power(w.T @ w, 2)}


PASSES = [
    (with_float, by_tanh, "float()"),
    (with_item, by_item, "float() or .item()"),
    (with_a_view, by_view, "view in place"),
    (with_math, by_tanh, "float() or .item()"),
    (with_vectorize, by_tanh, "array of a Tensor"),
    (with_out, by_tanh, "out"),
    (with_power, by_power, "matrix_power"),
]


@pytest.mark.parametrize(("forward", "backward", "why"), PASSES)
def test_right_gradients_are_right_and_why_there_was_no_graph_is_said(forward, backward, why):
    for seed in range(10):
        report = check_backprop(forward, backward, *arrays(seed))
        assert report.ok, str(report)
        assert report.verdicts == {"w": "right"}
        assert "compared with differences, to 1e-6" in report.text("en")
        assert "comparado con diferencias, hasta 1e-6" in report.text("es")
        assert why in report.notes[0][0]


@pytest.mark.parametrize(("forward", "backward", "why"), PASSES)
def test_wrong_gradients_are_named(forward, backward, why):
    x, w = arrays()

    def wrong(change):
        def other(x, w):
            return {"w": change(backward(x, w)["w"], w)}

        return check_backprop(forward, other, x, w)

    for change, code in [
        (lambda g, w: g.T, "G01"),
        (lambda g, w: np.stack([g, 0 * g]), "G02"),
        (lambda g, w: -g, "G03"),
        (lambda g, w: g / 7, "G03"),
        (lambda g, w: 0 * g, "G10"),
        (lambda g, w: g + 0.2 * w, "G06"),
    ]:
        report = wrong(change)
        assert report.culprit == "w"
        assert report.diagnoses[0].code == code, str(report)
        assert len(report.text("en").splitlines()) <= 12
    one = wrong(lambda g, w: g * (1 + 1e-3 * (np.arange(g.size).reshape(g.shape) == 4)))
    assert one.culprit == "w"
    assert json.loads(one.json())["notes"][0]["es"].startswith("comparado con diferencias")


def leaky(x):
    return np.vectorize(lambda v: v if v > 0 else 0.1 * v)(x)


def leaky_backward(dout, x):
    return dout * np.where(x > 0, 1.0, 0.1)


def test_on_a_kink_nothing_is_wrong():
    x, _ = arrays()
    x[0, 0] = 0.0
    report = check_backprop(leaky, leaky_backward, x)
    assert report.ok
    assert "1 of 35 entries inconclusive" in report.text("en")
    report = check_backprop(leaky, lambda dout, x: -leaky_backward(dout, x), x)
    assert (report.culprit, report.diagnoses[0].code) == ("x", "G03")
    report = check_backprop(leaky, leaky_backward, np.zeros((3, 2)))
    assert not report.ok  # nothing is known
    assert report.culprit is None
    assert report.verdicts == {"x": "inconclusive"}
    assert "6 de 6 elementos sin veredicto" in report.text("es")


def test_no_false_alarm_of_kinks_and_rounding():
    def forward(x, w):
        h = np.maximum(0.0, x @ w)
        return np.sum(h).item() + np.max(np.abs(w)).item()

    def backward(x, w):
        largest = np.abs(w) == np.max(np.abs(w))
        return {"w": x.T @ (x @ w > 0) + np.sign(w) * largest}

    for seed in range(100):
        report = check_backprop(forward, backward, *arrays(seed))
        assert report.culprit is None, str(report)

    def rough(x, w):
        return float(np.sum(np.tanh((x @ w).astype(np.float32)), dtype=np.float32))

    for seed in range(20):
        assert check_backprop(rough, by_tanh, *arrays(seed)).culprit is None


def test_float32_is_run_again_in_float64():
    x, w = (a.astype(np.float32) for a in arrays())
    report = check_backprop(with_float, by_tanh, x, w)
    assert report.ok
    assert "to 1e-6" in report.text("en")
    assert not check_backprop(with_float, lambda x, w: {"w": 1.01 * by_tanh(x, w)["w"]}, x, w)


def test_large_inputs_are_sampled():
    rng = np.random.default_rng(0)
    x, w = rng.normal(size=(11, 300)), rng.normal(size=(300, 100))
    report = check_backprop(with_float, by_tanh, x, w)
    assert report.ok
    assert "w: 1,000 of its 30,000 entries were compared" in report.text("en")
    for change, code in ((lambda g: 2 * g, "G03"), (lambda g: g.T, "G01")):
        report = check_backprop(with_float, lambda x, w, c=change: {"w": c(by_tanh(x, w)["w"])},
                                x, w)  # fmt: skip
        assert report.diagnoses[0].code == code


def test_the_drawing_is_one_black_box():
    report = check_backprop(with_float, lambda x, w: {"w": -by_tanh(x, w)["w"]}, *arrays())
    text = report.graph(language="en").text()
    assert "L = forward" in text
    assert "✗ wrong" in text


def test_what_can_run_on_tensors_does():
    def forward(x, w):
        x -= x.mean(axis=0)  # its own argument
        z = np.array([x @ w[:, k] for k in range(3)])
        return np.sum(np.tanh(z)) + math.exp(np.mean(z))

    def backward(x, w):
        x = x - x.mean(axis=0)
        z = (x @ w).T
        dz = 1 - np.tanh(z) ** 2 + math.exp(np.mean(z)) / z.size
        return {"z": dz, "w": (dz @ x).T}

    report = check_backprop(forward, backward, *arrays())
    assert report.ok
    assert report.verdicts == {"z": "right", "w": "right"}
    assert report.notes == []


def test_what_cannot_be_compared():
    x, w = arrays()
    with pytest.raises(TypeError, match="nothing that depends"):
        check_backprop(lambda x: 3.0, lambda x: x, x)
    with pytest.raises(TypeError, match="no gradient"):
        check_backprop(with_float, lambda x, w: {}, x, w)

    def forward(x, w):
        z = x @ w
        return float(np.sum(z**2)) + 0.0

    report = check_backprop(forward, lambda x, w: {"w": 2 * x.T @ (x @ w), "z": 2 * x @ w}, x, w)
    assert report.ok
    assert "not compared, for lack of a graph: z" in report.text("en")
    count = []

    def random(x, w):
        count.append(0)
        return float(np.sum(x @ w)) * len(count)

    with pytest.raises(ValueError, match="another result at every call"):
        check_backprop(random, lambda x, w: {"w": x.T @ np.ones((7, 3))}, x, w)
    with pytest.raises(AssertionError, match="compared with differences"):
        assert_backprop(with_float, lambda x, w: {"w": 2 * by_tanh(x, w)["w"]}, x, w)


def test_nothing_of_the_callers_is_changed(capsys):
    space = {"np": np, "w": np.ones((5, 3)), "b": np.zeros(3), "kept": {}}
    exec("def f(x):\n"
         "    global z\n"
         "    x -= 1.0\n"
         "    print('once')\n"
         "    z = x @ w + b\n"
         "    kept['z'] = z\n"
         "    return float(np.sum(z ** 2))\n"
         "def g(x):\n"
         "    return {'w': (x - 1.0).T @ (2 * z), 'b': 2 * z.sum(axis=0)}\n", space)  # fmt: skip
    x, _ = arrays()
    before, state = x.copy(), np.random.get_state()[1].copy()  # noqa: NPY002 - it is this one
    assert check_backprop(space["f"], space["g"], x)
    np.testing.assert_array_equal(x, before)
    np.testing.assert_array_equal(np.random.get_state()[1], state)  # noqa: NPY002 - the same
    np.testing.assert_array_equal(space["w"], np.ones((5, 3)))
    assert "z" not in space
    assert space["kept"] == {}
    assert space["np"] is np
    assert capsys.readouterr().out == "once\n"


def test_float32_that_loses_digits_is_not_wrong():
    """1 − h² of units near 1 has few digits in float32."""
    x, w = np.full((3, 2), 2.0, np.float32), np.array([1.2, 1.3], np.float32)
    assert_backprop(with_float, by_tanh, x, w)


def test_a_result_that_does_not_move_is_rounded_too():
    from tinygrad_es.check.differences.numeric import noise_of

    assert noise_of(lambda a: np.float64(9.0), [np.ones(3)], 1.0) > 1e-16


def logistic(w, x, t):
    p = 1 / (1 + np.exp(-(x @ w)))
    return float(-np.mean(t * np.log(p) + (1 - t) * np.log(1 - p)))


def p_minus_t(w, x, t):
    return {"w": x.T @ (1 / (1 + np.exp(-(x @ w))) - t) / len(t)}


@pytest.mark.parametrize("largest", [15.0, 22.0, 25.0, 28.0])
def test_a_staircase_is_no_mistake(largest):
    """log(1 − p) of a p that is almost 1 stays the same for a while, then jumps."""
    for seed in range(8):
        rng = np.random.default_rng(seed)
        x, w, t = rng.normal(size=(7, 4)), rng.normal(size=4), (rng.random(7) < 0.5) * 1.0
        i = np.argmax(np.abs(x @ w))
        w, t[i] = w * largest / (x @ w)[i], 0.0
        assert check_backprop(logistic, p_minus_t, w, x, t).culprit is None


def test_a_fast_oscillation_is_no_staircase():
    x = np.array([0.3, 1.7, -0.4])

    def forward(x):
        return float(np.sum(np.sin(100.0 * np.asarray(x))))

    assert check_backprop(forward, lambda x: {"x": 100.0 * np.cos(100.0 * x)}, x).ok
    assert check_backprop(forward, lambda x: {"x": 101.0 * np.cos(100.0 * x)}, x).culprit == "x"


@pytest.mark.parametrize("n", [50, 1000])
def test_a_small_kink_of_one_row(n):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(n, 4))
    x[0] = 0.0
    w, b, v, t = rng.normal(size=(4, 3)), np.zeros(3), rng.normal(size=3), rng.normal(size=n) + 3

    def forward(x, w, b, v):
        return float(np.mean((np.maximum(x @ w + b, 0) @ v - t) ** 2))

    def backward(x, w, b, v):
        z = x @ w + b
        h = np.maximum(z, 0)
        dy = 2 * (h @ v - t) / n
        dz = np.outer(dy, v) * (z > 0)
        return {"w": x.T @ dz, "b": dz.sum(0), "v": h.T @ dy}

    assert check_backprop(forward, backward, x, w, b, v).culprit is None


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("strength", [1e-1, 1e-4])
@pytest.mark.parametrize("blank", [False, True])
def test_a_term_that_left_the_graph_is_missed_nowhere(strength, dtype, blank):
    """Neither on a kink, as of a blank row, nor in float32."""
    rng = np.random.default_rng(0)
    x, w = rng.normal(size=(20, 5)).astype(dtype), rng.normal(size=(5, 7)).astype(dtype)
    t = rng.normal(size=(20, 7)).astype(dtype)
    x[0] *= not blank

    def forward(x, w, t):
        return np.mean((np.maximum(x @ w, 0) - t) ** 2) + strength * float(np.sum(w * w))

    def backward(x, w, t, decay=2.0 * strength):
        z = x @ w
        y = np.maximum(z, 0)
        return {"w": x.T @ (2 * (y - t) / y.size * (z > 0)) + decay * w}

    assert check_backprop(forward, backward, x, w, t).culprit is None
    without = check_backprop(forward, lambda x, w, t: backward(x, w, t, 0.0), x, w, t)
    assert without.verdicts["w"] != "right"
