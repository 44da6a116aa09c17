"""explain: the worked examples of the courses, number by number, in both languages.

The numbers of 2.2 come from the slides or were computed with NumPy in float64; here they are read
back out of the printed text, and out of `.steps`.
"""

from __future__ import annotations

import html.parser
import re
import subprocess
import sys

import numpy as np
import pytest

import tinygrad_es as tg
from tinygrad_es import Tensor, explain, layers, losses, ops
from tinygrad_es.autodiff.primitive import PRIMITIVES
from tinygrad_es.views.explanation.sentences import CASES as TOLD
from tinygrad_es.views.explanation.sentences import SENTENCES

from . import test_snapshot
from .test_snapshot import GRAPHS

LANGUAGES = ["en", "es"]


@pytest.fixture(autouse=True)
def _own_random_numbers(monkeypatch):
    """The graphs of the other file draw from a generator that is not used up here."""
    monkeypatch.setattr(test_snapshot, "RNG", np.random.default_rng(5))


def v(value, name=None):
    return Tensor(value, requires_grad=True, name=name)


def plain(text):
    return text.replace("−", "-")


def printed(text, left):
    """The number or array that a line `left = … = value` of the text ends with."""
    lines = plain(text).splitlines()
    (at,) = [i for i, line in enumerate(lines) if line.strip().startswith(f"{left} = ")]
    line = lines[at]
    while "⎡" not in line and lines[at + 1].strip().startswith("= "):  # a long line goes on
        at += 1
        line = lines[at]
    value = line.rpartition("= ")[2] if "⎡" not in line else line[line.index("⎡") :]
    value = re.sub(r" {3}\(.*\)$", "", line.partition("   (")[0]).rpartition("= ")[2]
    if "⎡" not in value:
        column = value.endswith("ᵀ")
        numbers = [float(x) for x in re.sub(r"[\[\]ᵀ]", "", value).split()]
        found = np.array(numbers) if "[" in value else np.array(numbers[0])
        return found[:, None] if column else found
    rows = []
    for row in lines[at:]:
        rows.append([float(x) for x in re.findall(r"[⎡⎢⎣] (.*) [⎤⎥⎦]", row)[0].split()])
        if "⎣" in row:
            return np.array(rows)
    raise AssertionError("a matrix without an end")


def sent(explanation):
    """Of every step: name → {input: value sent}."""
    return {step.name: {term.to: term.value for term in step.terms} for step in explanation.steps}


def gradients(text):
    """The last column of the table of gradients, for numbers."""
    table = plain(text).rpartition("─")[2].strip().splitlines()
    return {row.split()[0]: float(row.split()[-1]) for row in table}


# --- (x + y)z, as in the courses -----------------------------------------------------------------

ENGLISH = """\
The chain rule, step by step

Forward pass
  x = −2, y = 5, z = −4
  q = x + y = −2 + 5 = 3
  f = q·z = 3·(−4) = −12

Backward pass
  The backward pass begins at the end: ∂f/∂f = 1.

  1. f = q·z. Arrives: ∂f/∂f = 1
     The product passes the gradient on crosswise: each factor gets it times the other one.
       ∂f/∂q = z = −4
       ∂f/∂z = q = 3

  2. q = x + y. Arrives: ∂f/∂q = −4
     A sum hands its gradient to each term unchanged.
       ∂f/∂x = ∂f/∂q·∂q/∂x = −4·1 = −4
       ∂f/∂y = ∂f/∂q·∂q/∂y = −4·1 = −4

Gradients
  name  shape   value  gradient
  ────  ──────  ─────  ────────
  x     number  −2     −4
  y     number  5      −4
  z     number  −4     3"""

SPANISH = """\
La regla de la cadena, paso a paso

Pasada hacia delante
  x = −2, y = 5, z = −4
  q = x + y = −2 + 5 = 3
  f = q·z = 3·(−4) = −12

Pasada hacia atrás
  La pasada hacia atrás empieza por el final: ∂f/∂f = 1.

  1. f = q·z. Llega: ∂f/∂f = 1
     El producto reparte el gradiente en cruz: cada factor lo recibe multiplicado por el otro.
       ∂f/∂q = z = −4
       ∂f/∂z = q = 3

  2. q = x + y. Llega: ∂f/∂q = −4
     La suma entrega su gradiente a cada sumando sin cambiarlo.
       ∂f/∂x = ∂f/∂q·∂q/∂x = −4·1 = −4
       ∂f/∂y = ∂f/∂q·∂q/∂y = −4·1 = −4

Gradientes
  nombre  forma   valor  gradiente
  ──────  ──────  ─────  ─────────
  x       número  −2     −4
  y       número  5      −4
  z       número  −4     3"""


def circuit(**options):
    x, y, z = v(-2.0), v(5.0), v(-4.0)
    q = x + y
    f = q * z
    return explain(f, **options)


@pytest.mark.parametrize(("language", "golden"), [("en", ENGLISH), ("es", SPANISH)])
def test_the_circuit_as_a_student_reads_it(language, golden):
    assert str(circuit(language=language)) == golden


def test_the_circuit_as_data():
    first, second = circuit().steps
    assert (first.name, first.value, first.gradient, first.arrives) == ("f", -12.0, 1.0, (1.0,))
    assert [(t.to, t.rule, t.value) for t in first.terms] == [("q", "g·b", -4.0), ("z", "g·a", 3.0)]
    assert (second.name, second.value, second.gradient) == ("q", 3.0, -4.0)
    assert [(t.to, t.symbols, t.value) for t in second.terms] == [
        ("x", "∂f/∂q", -4.0),
        ("y", "∂f/∂q", -4.0),
    ]


# --- the sigmoid neuron --------------------------------------------------------------------------


def neuron(sigmoid, **options):
    w0, w1, w2, x0, x1 = v(2.0), v(-3.0), v(-3.0), v(-1.0), v(-2.0)
    dot = w0 * x0 + w1 * x1 + w2
    return explain(sigmoid(dot), **options)


def by_stages(z):
    minus = -1.0 * z
    minus.name = "minus"
    e = np.exp(minus)
    e.name = "e"
    one = e + 1.0
    one.name = "one"
    f = 1.0 / one
    f.name = "f"
    return f


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_neuron_stage_by_stage(language):
    told = neuron(by_stages, language=language, digits=2)
    found = {step.name: (step.value, step.gradient) for step in told.steps}
    expected = {"f": (0.73, 1.0), "one": (1.37, -0.53), "e": (0.37, -0.53), "minus": (-1.0, -0.20)}
    expected["dot"] = (1.0, 0.20)
    for name, pair in expected.items():
        assert found[name] == pytest.approx(pair, abs=0.005)
    text = plain(told.text())
    assert "∂f/∂e = ∂f/∂one·∂one/∂e = -0.53·1 = -0.53" in text
    assert "∂f/∂minus = ∂f/∂e·∂e/∂minus = ∂f/∂e·e = -0.53·0.37 = -0.2" in text
    assert "∂f/∂dot = ∂f/∂minus·∂minus/∂dot = -0.2·(-1) = 0.2" in text
    assert printed(text, "one") == 1.4


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("sigmoid", [by_stages, ops.sigmoid])
def test_the_neuron(language, sigmoid):
    told = neuron(sigmoid, language=language, digits=12)
    expected = {"w0": -0.19661193324148185, "w1": -0.3932238664829637, "w2": 0.19661193324148185}
    expected |= {"x0": 0.3932238664829637, "x1": -0.5898357997244456}
    assert gradients(told.text()) == pytest.approx(expected, rel=1e-11)
    assert told.steps[0].value == pytest.approx(0.7310585786300049, rel=1e-15)
    assert "0.73105857863" in told.text()
    assert sent(told)["v2"]["w1"] == pytest.approx(expected["w1"], rel=1e-14)


# --- the other circuits --------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_fraction_adds_up_what_arrives(language):
    x, y = v(3.0), v(-4.0)
    f = (x + ops.sigmoid(y)) / (ops.sigmoid(x) + (x + y) ** 2)
    told = explain(f, language=language, digits=10)
    expected = {"x": 2.0595697955721652, "y": 1.5922327514838093}
    assert gradients(told.text()) == pytest.approx(expected, rel=1e-9)
    assert printed(told.text(), "f") == pytest.approx(1.5456448841066441, rel=1e-9)
    text = plain(explain(f, language=language).text())
    times = {"en": "3 times", "es": "3 veces"}[language]
    assert times in text
    assert "∂f/∂x = 1.583 + (-0.03576) + 0.5121 = 2.06" in text
    assert {"en": "(2 of 3)", "es": "(2 de 3)"}[language] in text


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_larger_one_gets_it_all(language):
    x, y, z, w = v(3.0), v(-4.0), v(2.0), v(-1.0)
    f = 2 * (x * y + ops.maximum(z, w))
    told = explain(f, language=language)
    assert gradients(told.text()) == {"x": -8, "y": 6, "z": 2, "w": 0}
    assert printed(told.text(), "f") == -20
    words = {"en": "The larger one gets it all", "es": "El mayor se lo lleva todo"}[language]
    assert words in told.text()


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_product(language):
    x, y = v(4.0), v(-3.0)
    f = x * y
    told = explain(f, language=language)
    assert gradients(told.text()) == {"x": -3, "y": 4}
    assert "f = x·y = 4·(−3) = −12" in told.text()


def test_an_inner_node_that_is_used_twice_says_the_sum():
    a = v(1.5)
    b = a * 2.0
    f = b * 3.0 - b
    text = plain(explain(f, language="en").text())
    assert "Arrives twice: ∂f/∂b = -1 + 3 = 2" in text
    assert "Llega dos veces: ∂f/∂b = -1 + 3 = 2" in plain(explain(f, language="es").text())


# --- the network W1, W2 --------------------------------------------------------------------------

SIGMOID = lambda z: 1 / (1 + np.exp(-z))
A1 = [0.04742587317756678, 0.8807970779778823, 0.999983298578152]
QUADRATIC = {
    "z1": [-3, 2, 11],
    "a1": A1,
    "z2": [-0.4770556183122119, -0.40529527088950923],
    "C": 1.1012184306738328,
    "δ2": [-0.4770556183122119, -1.4052952708895092],
    "∂C/∂W2": [
        [-0.022624779252720665, -0.4201891946423282, -0.4770476508050855],
        [-0.06664735529424022, -1.2377799682956163, -1.4052718004603693],
    ],
    "∂C/∂a1": [-9.888810064320817, 5.169997049292952, -3.2876461600912306],
    "δ1": [-0.4467434074194409, 0.5428165267308168, -5.490744835871386e-05],
    "∂C/∂W1": [
        [-0.4467434074194409, -0.8934868148388818],
        [0.5428165267308168, 1.0856330534616336],
        [-5.490744835871386e-05, -1.0981489671742772e-04],
    ],
    "∂C/∂x": [-0.44690812976451705, 1.4360837117762637],
}


def network(hidden=ops.sigmoid, out=None, loss="quadratic", shape="vector", **options):
    turn = {"vector": lambda r: r, "column": lambda r: [[e] for e in r], "row": lambda r: [r]}
    W1 = np.array([[1.0, -2.0], [0.0, 1.0], [3.0, 4.0]])
    W2 = np.array([[6.0, -2.0, 1.0], [5.0, -3.0, 2.0]])
    W1, W2 = (v(w.T.copy(), n) if shape == "row" else v(w, n) for w, n in [(W1, "W1"), (W2, "W2")])
    x, t = v(np.array(turn[shape]([1.0, 2.0])), "x"), np.array(turn[shape]([0.0, 1.0]))
    times = (lambda W, a: a @ W) if shape == "row" else (lambda W, a: W @ a)
    biased = shape != "vector"
    z1 = times(W1, x) + (v(np.zeros(turn_shape(shape, 3)), "b1") if biased else 0.0)
    a1 = hidden(z1)
    z2 = times(W2, a1) + (v(np.zeros(turn_shape(shape, 2)), "b2") if biased else 0.0)
    z2 = z2 if biased else times(W2, a1)
    y = z2 if out is None else out(z2)
    C = 0.5 * ((y - t) ** 2).sum()
    if loss == "entropy":
        C = -(t * np.log(y) + (1 - t) * np.log(1 - y)).sum()
    if loss == "fused":
        C = ops.sum(ops.sigmoid_cross_entropy(z2, t))
    return explain(C, **options)


def turn_shape(shape, n):
    return {"vector": (n,), "column": (n, 1), "row": (1, n)}[shape]


def shows(text, expected, shape="vector"):
    for left, value in expected.items():
        value = np.array(value, dtype=float)
        if value.ndim == 1 and shape == "column":
            value = value[:, None]
        if shape == "row" and left in ("∂C/∂W1", "∂C/∂W2"):
            value = value.T
        np.testing.assert_allclose(printed(text, left), value, rtol=1e-8, err_msg=left)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("shape", ["vector", "column", "row"])
@pytest.mark.parametrize("hidden", [ops.sigmoid, SIGMOID], ids=["primitive", "written out"])
def test_the_network_with_a_linear_output(language, shape, hidden):
    told = network(hidden, shape=shape, language=language, digits=10)
    shows(told.text(), QUADRATIC, shape)
    steps = {step.name: step for step in told.steps}
    np.testing.assert_allclose(np.ravel(steps["z2"].gradient), QUADRATIC["δ2"], rtol=1e-14)
    np.testing.assert_allclose(np.ravel(steps["z1"].gradient), QUADRATIC["δ1"], rtol=1e-10)


def test_the_network_in_the_words_of_the_courses():
    text = network(shape="column", language="en").text()
    for formula in [
        "z1 = W1 @ x + b1 = ",
        "C = 0.5·Σ((z2 − t)²) = 1.101",
        "δ2 = ∂C/∂z2 = z2 − t = ",
        "∂C/∂W2 = δ2 @ a1ᵀ = ",
        "∂C/∂b2 = δ2 = ",
        "∂C/∂a1 = W2ᵀ @ δ2 = ",
        "σ′(z1) = a1 ⊙ (1 − a1) = ",
        "δ1 = ∂C/∂z1 = ∂C/∂a1 ⊙ σ′(z1) = (W2ᵀ @ δ2) ⊙ σ′(z1) = ",
        "(2×3) = (2×1) @ (3×1)ᵀ",
    ]:
        assert formula in text
    rows = network(shape="row", language="es").text()
    for formula in ["∂C/∂W2 = a1ᵀ @ δ2", "∂C/∂a1 = δ2 @ W2ᵀ", "(δ2 @ W2ᵀ) ⊙ σ′(z1)"]:
        assert formula in rows


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("loss", ["entropy", "fused"])
def test_the_network_with_cross_entropy(language, loss):
    out = None if loss == "fused" else ops.sigmoid
    told = network(out=out, loss=loss, language=language, digits=10)
    y = [0.38294763871855647, 0.4000407616246634]
    expected = {"y" if loss == "entropy" else "p": y, "C": 1.3989902273683612}
    expected["δ2"] = [0.38294763871855647, -0.5999592383753366]
    expected["δ1"] = [-0.031719000807631917, 0.10856152337721517, -1.3644346719653934e-05]
    shows(told.text(), expected)
    said = {"entropy": "δ2 = y − t", "fused": "δ2 = ∂C/∂z2 = p − t"}[loss]
    assert said in told.text()


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_network_with_sigmoids_and_squares(language):
    told = network(out=ops.sigmoid, language=language, digits=10)
    expected = {"C": 0.253299990856016, "∂C/∂y": [0.38294763871855647, -0.5999592383753366]}
    expected["δ2"] = [0.09049004632208496, -0.14399510727590006]
    shows(told.text(), expected)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("relu", [ops.relu, lambda z: ops.maximum(z, 0.0)])
def test_the_network_with_relu(language, relu):
    told = network(relu, language=language)
    shows(told.text(), {"a1": [0, 2, 11], "z2": [7, 16], "relu′(z1)": [0, 1, 1]})
    assert "1[z1 > 0]" in told.text()


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_network_with_identities(language):
    told = network(lambda z: z, language=language)
    shows(told.text(), {"z2": [-11, 1], "δ2": [-11, 0], "δ1": [-66, 22, -11]})
    assert "δ1 = W2ᵀ @ δ2 = " in told.text()


@pytest.mark.parametrize("language", LANGUAGES)
def test_softmax_and_cross_entropy_leave_p_minus_t(language):
    z = v(np.array([1.0, 2.0, 3.0]), "z")
    told = explain(
        ops.softmax_cross_entropy(z, np.array([0.0, 0.0, 1.0])), language=language, digits=12
    )
    p = [0.09003057317038046, 0.24472847105479764, 0.6652409557748218]
    delta = [0.09003057317038046, 0.24472847105479764, -0.3347590442251782]
    shows(told.text(), {"C": 0.40760596444438046, "p": p, "∂C/∂z": delta})
    assert "∂C/∂z = p − t = " in told.text()


# --- models --------------------------------------------------------------------------------------

X = np.array([[1.0, 2.0], [3.0, 4.0], [-1.0, 0.0], [0.0, 0.5]])
CASES = {
    "squares": (losses.MeanSquaredError(), None, np.ones((4, 2)), "2·(z² − t)/8"),
    "softmax": (losses.CategoricalCrossentropy(), "softmax", np.eye(2)[[0, 1, 1, 0]], "(p − t)/4"),
    "classes": (losses.SparseCategoricalCrossentropy(), "softmax", [0, 1, 1, 0], "(p − t)/4"),
    "sigmoid": (losses.BinaryCrossentropy(), "sigmoid", np.ones((4, 2)), "(p − t)/8"),
    "summed": (losses.MeanSquaredError("sum"), None, np.ones((4, 2)), "2·(z² − t)/2"),
}


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("hidden", ["tanh", "relu", "sigmoid", "elu", "silu", None])
def test_a_model_in_matrices(name, hidden, float64):
    loss, last, targets, delta = CASES[name]
    net = tg.Sequential([layers.Dense(3, hidden, name="first"), layers.Dense(2, last, name="last")])
    result = loss(np.array(targets), net(X))
    told = explain(result, names=False, digits=10, language="en")
    text = told.text()
    assert f"δ² = ∂C/∂z² = {delta} = " in text
    assert "W¹ = " in text
    assert "first/kernel" in text
    arrived = "(δ² @ (W²)ᵀ) ⊙ " if hidden else "δ¹ = δ² @ (W²)ᵀ"
    assert arrived in text
    result.backward()
    for number, layer in zip("¹²", net.layers, strict=True):
        kernel, bias = (variable.grad.numpy() for variable in layer.trainable_variables)
        np.testing.assert_allclose(printed(text, f"∂C/∂W{number}"), kernel, rtol=1e-8, atol=1e-12)
        np.testing.assert_allclose(printed(text, f"∂C/∂b{number}"), bias, rtol=1e-8, atol=1e-12)


def test_a_letter_that_is_taken_gets_a_prime():
    p, t = v(np.array([[1.0, 2.0]])), v(np.array([[1.0, 0.5], [0.5, 1.0]]))
    loss = losses.SparseCategoricalCrossentropy(from_logits=True)(np.array([1]), p @ t)
    text = explain(loss, language="en").text()
    assert "p′ = softmax(z¹)" in text
    assert "= p′ − t′ = " in text


def test_one_output_is_not_taken_for_a_cross_entropy():
    """With one number any loss is a factor times (a − t): the factor must be that of a mean."""
    w, x = v(np.array([[0.5], [-1.0]]), "w"), np.array([[1.0, 2.0]])
    y = ops.sigmoid(x @ w)
    t = np.array([[1.0]])
    entropy = -(t * ops.log(y) + (1.0 - t) * ops.log(1.0 - y)).sum()
    assert "σ′ cancels: δ¹ = y − t." in explain(entropy, language="en").text()
    for other in (((y - t) ** 2).sum(), (ops.log(y) - t).sum(), ops.log(y * t).sum() * 2.0):
        assert "cancels" not in explain(other, language="en").text()


def test_what_is_no_layer_is_told_as_what_it_is():
    net = tg.Sequential(
        [
            layers.Dense(3, "tanh", kernel_regularizer="l2", name="first"),
            layers.Dropout(0.5, seed=1),
            layers.Dense(1, name="last"),
        ]
    )
    result = losses.MeanSquaredError()(np.ones((4, 1)), net(X, training=True)) + sum(net.losses)
    text = explain(result, names=False, language="en").text()
    assert re.search(r"for ∂C/∂W¹|for ∂L/∂W¹", text)
    assert "W¹ is used twice, so what arrives adds up" in text
    assert "⊙ c1" in text  # the mask of the dropout


def test_a_weight_that_two_layers_share():
    W, x = v(np.array([[0.5, -1.0], [0.25, 0.75]]), "W"), np.array([[1.0, 2.0]])
    C = (ops.tanh(ops.tanh(x @ W) @ W) ** 2).sum()
    text = explain(C, digits=10, language="en").text()
    assert "W is used twice" in text
    C.backward()
    np.testing.assert_allclose(printed(text, "∂C/∂W"), W.grad.numpy(), rtol=1e-8)


def test_levels():
    result = network(level="scalars", language="en")
    assert "δ" not in result.text()
    assert len(result.steps) > len(network().steps)
    y, t = v(np.array([1.0, 2.0]), "y"), np.array([0.0, 0.0])
    C = ((y - t) ** 2).sum()
    assert "The loss" not in explain(C, language="en").text()
    assert "∂C/∂y = 2·(y − t) = [2 4]" in explain(C, language="en", level="matrices").text()


# --- every graph ---------------------------------------------------------------------------------


class Reader(html.parser.HTMLParser):
    """Checks that tags are closed in order; collects their names."""

    def __init__(self):
        super().__init__()
        self.open, self.seen = [], set()

    def handle_starttag(self, tag, attrs):
        self.seen.add(tag)
        assert not any(name.startswith("on") for name, _ in attrs)
        if tag not in ("meta", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def well_formed(page):
    reader = Reader()
    reader.feed(page)
    reader.close()
    assert reader.open == []
    assert "script" not in reader.seen
    return reader.seen


def latex(markdown):
    return re.findall(r"(?<!\\)\$([^$]+?)(?<!\\)\$", markdown)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("level", [None, "scalars"])
@pytest.mark.parametrize("name", GRAPHS)
def test_every_graph_is_told_in_every_form(name, level):
    told = explain(GRAPHS[name](), level=level, language="es", names=False)
    assert told.steps
    for step in told.steps:
        np.testing.assert_allclose(sum(step.arrives), step.gradient, rtol=1e-9, atol=1e-12)
    assert "Gradientes" in told.text()
    assert "math" in well_formed(told.html())
    formulas = latex(told.markdown())
    assert formulas
    for formula in formulas:
        assert formula.count("{") == formula.count("}")
        assert formula.count(r"\left") == formula.count(r"\right")
        assert not re.search(r"\\[^A-Za-z]", formula)  # Markdown would take the backslash away


@pytest.mark.parametrize("name", GRAPHS)
def test_every_leaf_gets_all_that_is_sent_to_it(name):
    told = explain(GRAPHS[name](), language="en", names=False)
    text = re.sub(r"\n +(?== )", "", told.text())  # long lines in one piece
    table = text.rpartition("Gradients\n")[2].splitlines()[2:]
    for row in table:
        leaf = row.split()[0]
        uses = re.findall(rf"^ +for ∂\S+/∂{re.escape(leaf)}: .*\((\d+) of (\d+)\)", text, re.M)
        once = re.findall(rf"^ +(?:δ\S* = )?∂\S+/∂{re.escape(leaf)} = ", text, re.M)
        total = max((int(of) for _, of in uses), default=1)
        assert len(uses) == total if uses else once


def test_the_same_text_in_every_run():
    code = (
        "import sys; sys.path.insert(0, '.'); from tests.views.test_explain import network;"
        "e = network(language='es'); print(e.text(), e.markdown(), e.html())"
    )
    texts = set()
    for seed in ("0", "1"):
        done = subprocess.run(
            [sys.executable, "-c", code],
            env={"PYTHONHASHSEED": seed, "PYTHONIOENCODING": "utf-8"},
            capture_output=True,
            text=True,
            encoding="utf-8",
            check=True,
        )
        texts.add(done.stdout)
    assert len(texts) == 1


# --- edges ---------------------------------------------------------------------------------------

HOSTILE = [
    *("<script>alert(1)</script>", "$x$", "a|b", "`c`", "new\nline", "😀", "x" * 10_000, "'\"q"),
    *("\\frac{", "}", "a_b^c", "*bold*", "∂f/∂q", "−3", "a + b", "  ", "[1](http://x)", "]]>"),
    *("%", "&amp;", "\ud800", "_", "δ²", "W₁", "</math>", "\\"),
]


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_stays_a_name(name):
    a, b = v(2.0, name), v(np.ones((2, 2)), name + "2")
    told = explain((a * b + a).sum(), names=False)
    assert "math" in well_formed(told.html())
    markdown = told.markdown()
    assert "<" not in markdown
    assert "`" not in markdown
    assert len(told.text()) < 5000
    rows = [line for line in markdown.splitlines() if line.startswith("|")]
    assert len({row.count("|") for row in rows}) == 1
    for formula in latex(markdown):
        assert formula.count("{") == formula.count("}")
        assert not re.search(r"\\[^A-Za-z]", formula)
    told.html().encode("utf-8")
    markdown.encode("utf-8")


@pytest.mark.parametrize("language", LANGUAGES)
def test_without_a_gradient_it_says_why(language):
    words = {"en": "depends on no Tensor", "es": "no depende de ningún Tensor"}[language]
    assert words in explain(Tensor(3.0) * 2, language=language).text().replace("\n ", "")
    array = v(np.ones(3)) * 2.0
    asked = explain(array, language=language)
    assert "explain(…, gradient=…)" in asked.text()
    assert asked.steps == ()
    given = explain(array, gradient=[1.0, 0.0, 2.0], language=language)
    np.testing.assert_array_equal(given.steps[0].terms[0].value, [2.0, 0.0, 4.0])


def test_a_leaf_alone():
    x = v(2.0)
    assert "∂x/∂x = 1" in explain(x).text()


def test_what_is_not_a_number_is_printed():
    x, y = v(float("nan")), v(float("-inf"))
    told = explain(x * y, language="en")
    assert gradients(told.text())["x"] == float("-inf")
    assert "nan" in told.text()
    assert r"\mathrm{NaN}" in told.markdown()
    assert r"-\infty" in told.markdown()


def test_shapes_at_the_edge():
    for array in (np.zeros((0, 3)), np.ones(()), np.ones((1, 1)), np.ones((2, 3, 4)), np.ones(7)):
        x = v(array, "x")
        told = explain((x * 2.0).sum(), language="en")
        assert told.steps[-1].terms[0].value.shape == array.shape
        assert told.html()
        assert told.markdown()
    assert "[2×3×4, rms 2]" in explain((v(np.ones((2, 3, 4)), "x") * 2.0).sum()).text()


def test_neither_the_graph_nor_any_gradient_changes():
    x = v(3.0)
    f = x * x
    explain(f)
    assert x.grad is None
    assert x.name is None
    assert f.name is None


def test_digits_and_names():
    x = v(1.0 / 3.0)
    assert "x = 0.33," not in explain(x * 2, digits=2).text()
    assert "x = 0.33\n" in explain(x * 2, digits=2).text()
    assert "p1 = 0.3333\n" in explain(x * 2, names=False).text()
    assert "rate = 0.3333\n" in explain(x * 2, names={"rate": x}).text()
    own = v(2.0, "own")
    assert "own = 2\n" in explain(own * 2).text()


def test_the_table_of_gradients_fits_a_terminal():
    W = v(np.arange(25.0).reshape(5, 5) / 7)
    table = explain((W * W).sum(), language="en").text().partition("\nGradients\n")[2]
    assert "[5×5, rms 2]" in table
    assert max(map(len, table.splitlines())) <= 96


def test_a_model_is_to_be_called_first():
    model = tg.Sequential([layers.Dense(1)])
    with pytest.raises(TypeError, match=r"explain\(loss_function\(targets, model\(inputs\)\)\)"):
        explain(model)
    with pytest.raises(TypeError, match=r"backward_source\(loss_function\("):
        tg.backward_source(model)


def chain(length):
    x = v(1.0, "x")
    y = x
    for k in range(length):
        y = y * 1.0001 if k % 2 else y + x * 0.001
    return y


def test_a_long_graph_is_left_out_in_the_middle():
    told = explain(chain(14_000), names=False, language="en")
    assert len(told.steps) == 199
    assert told.text().count("are left out here; explain(…, limit=None) tells all.") == 2
    assert "  21000. v1 = " in told.text()
    assert len(told.text()) < 60_000
    assert "math" in well_formed(told.html())
    short = explain(chain(300), limit=None, language="en")
    assert "left out" not in short.text()
    assert len(short.steps) == 450
    assert "se omiten" in explain(chain(300), limit=10, language="es").text()


def test_beyond_all_limits_only_gradients_are_shown(monkeypatch):
    module = sys.modules["tinygrad_es.views.explanation.explain"]
    monkeypatch.setattr(module, "DETAILED", 3)
    text = explain(chain(5), names=False, language="en").text()
    assert "only the gradients are shown" in text
    assert "Arrives: ∂L/∂v1 = 1" in text
    assert "solo se muestran los gradientes" in network(language="es").text()


def test_many_leaves_are_cut_in_the_table_too():
    total = sum(v(float(k)) for k in range(30))
    assert explain(total, limit=10, language="en").text().endswith("… and 20 more.")
    assert explain(total, limit=10, language="es").text().endswith("… y 20 más.")


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"language": "fr"}, ValueError, "language"),
        ({"level": "letters"}, ValueError, "level"),
        ({"digits": 0}, ValueError, "digits"),
        ({"digits": 4.0}, ValueError, "digits"),
        ({"limit": 1}, ValueError, "limit"),
        ({"names": "x"}, TypeError, "names"),
    ],
)
def test_bad_options_are_refused(options, error, words):
    with pytest.raises(error, match=words):
        circuit(**options)


@pytest.mark.parametrize("root", [None, 3.0, np.ones(2), "loss", [], (v(1.0),)])
def test_what_is_not_a_tensor_is_refused(root):
    with pytest.raises(TypeError, match="expected a Tensor"):
        explain(root)


# --- where it is shown ---------------------------------------------------------------------------


def test_saving(tmp_path):
    told = circuit(language="es")
    assert told.save(tmp_path / "f.txt").read_text(encoding="utf-8") == SPANISH + "\n"
    assert told.save(tmp_path / "f.md").read_text(encoding="utf-8") == told.markdown()
    page = told.save(str(tmp_path / "f.html")).read_text(encoding="utf-8")
    assert page.startswith('<!DOCTYPE html>\n<html lang="es">')
    assert {"html", "head", "title", "math"} <= well_formed(page)
    with pytest.raises(ValueError, match=r"f\.pdf"):
        told.save(tmp_path / "f.pdf")


def test_notebooks(monkeypatch):
    told = circuit(language="en")
    bundle = told._repr_mimebundle_()
    assert bundle["text/plain"] == ENGLISH
    assert bundle["text/markdown"] == told._repr_markdown_() == told.markdown()
    assert bundle["text/html"] == told._repr_html_() == told.html()
    assert repr(told).startswith("<Explanation of 2 steps")
    monkeypatch.setattr(type(told), "html", lambda self: 1 / 0)
    assert told._repr_html_() is None
    assert "text/html" not in told._repr_mimebundle_()


def test_html_says_its_language_and_heads_its_table():
    page = circuit(language="es").html()
    assert '<section class="tg-told" lang="es">' in page
    assert '<th scope="col">nombre</th>' in page
    assert '<th scope="row">' in page


def test_markdown_of_the_circuit():
    markdown = circuit(language="en").markdown()
    assert r"- $\frac{\partial f}{\partial q} = z = -4$" in markdown
    assert "1. $f = q \\cdot z$. Arrives: $" in markdown
    assert "| $x$ | number | $-2$ | $-4$ |" in markdown


def test_every_common_operation_has_its_sentence():
    names = {row.name for row in PRIMITIVES.values()}
    assert set(SENTENCES) <= names
    for english, spanish in (SENTENCES | TOLD).values():
        assert english.endswith(".")
        assert spanish.endswith(".")
        assert english != spanish


def test_sentences_are_true_of_the_very_operation():
    x = Tensor(3.0, requires_grad=True, name="x")
    comes_down = "The exponent comes down"

    def told(y, language="en"):
        return " ".join(explain(y, language=language, level="scalars", names=False).text().split())

    assert comes_down in told(x**2.0)
    assert comes_down not in told(2.0**x)
    assert "the power itself times the logarithm of its base" in told(2.0**x)
    assert "the exponent gets the power itself times the logarithm" in told(x**x)
    assert "por el logaritmo de su base" in told(2.0**x, "es")
    w, b = (Tensor(np.ones(s), requires_grad=True, name=n) for s, n in (((2, 3), "w"), (3, "b")))
    assert "sum over the batch" in told(ops.linear(np.ones((4, 2)), w, b).sum())
    assert "the bias gets it unchanged" in told(ops.linear(np.ones(2), w, b).sum())
    logits = Tensor(np.ones((1, 3)), requires_grad=True, name="z")
    whole, twice = np.array([[1.0, 0.0, 0.0]]), np.array([[1.0, 1.0, 0.0]])
    assert "the simplest of derivatives, p − t" in told(ops.softmax_cross_entropy(logits, whole))
    assert "times the sum of the targets" in told(ops.softmax_cross_entropy(logits, twice))


def test_a_division_by_zero_is_still_a_fraction():
    x = Tensor(3.0, requires_grad=True, name="x")
    with np.errstate(all="ignore"):
        text = explain(x / 0.0, language="en", names=False).text()
    assert "L = x/0 = 3/0 = inf" in text
    assert "divide(" not in text
