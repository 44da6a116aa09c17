"""Formulas: every rule of the table writes itself, the text computes the rule, and reads well."""

from __future__ import annotations

import numpy as np
import pytest

from tinygrad_es.autodiff import arrays
from tinygrad_es.autodiff.primitive import PRIMITIVES
from tinygrad_es.check.battery import inputs_of_sample
from tinygrad_es.check.differences.numeric import cotangent
from tinygrad_es.views.formulas import forward_source, letters_of, rule_source
from tinygrad_es.views.notation import LATEX, mathematics, number

ROWS = [
    (op, k)
    for op in dict.fromkeys(PRIMITIVES.values())
    if op.differentiable
    for k in range(len(op.samples))
]


class Space(dict):
    """Names of a formula: NumPy, the letters, and rows of the table that NumPy has not."""

    def __missing__(self, name):
        return getattr(arrays, name)


@pytest.mark.parametrize(("op", "k"), ROWS, ids=lambda v: getattr(v, "name", str(v)))
def test_the_text_of_a_rule_computes_the_rule(op, k):
    inputs, options = inputs_of_sample(op, op.samples[k], k)
    options = dict(op.options) | options
    with np.errstate(all="ignore"):
        y = np.asarray(op.forward(arrays, *inputs, **options))
    g = cotangent(y.shape)
    letters = letters_of(op, len(inputs))
    space = Space(np=np, g=g, **dict(zip(letters, inputs, strict=True)))
    space["y" if "y" not in letters else "out"] = y
    for position in range(len(inputs)):
        rule = op.rule(position)
        text = rule_source(op, position, g, y, inputs, options)
        if rule is None:
            assert text is None
            continue
        extra = {"which": position} if op.variadic else {}
        with np.errstate(all="ignore"):
            expected = rule(arrays, g, y, *inputs, **extra, **options)
            found = eval(text, {}, space)
        np.testing.assert_allclose(
            np.broadcast_to(found, np.shape(expected)), expected, rtol=1e-12, atol=1e-12
        )
        for dialect in ({}, {"dialect": LATEX}):
            written = mathematics(text, **dialect)
            assert written.count("{") == written.count("}")
            assert written.count("(") == written.count(")") or "[" in written
    assert forward_source(op, inputs, options)


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("g * (1.0 - y * y)", "g·(1 − y²)"),
        ("-g * y / b", "−g·y/b"),
        ("(a + b) * c", "(a + b)·c"),
        ("a - (b - c)", "a − (b − c)"),
        ("a / (b * c)", "a/(b·c)"),
        ("x ** 3", "x³"),
        ("x ** (n - 1.0)", "x^(n − 1)"),
        ("x ** -2", "x⁻²"),
        ("(a + b) ** 2", "(a + b)²"),
        ("g @ w.T", "g @ wᵀ"),
        ("np.sum(g, axis=0)", "Σ(g, axis=0)"),
        ("np.sqrt(1.0 - x * x)", "√(1 − x²)"),
        ("x[1:, None]", "x[1:, None]"),
        ("np.abs(x)", "|x|"),
    ],
)
def test_mathematics(source, text):
    assert mathematics(source) == text


def test_numbers_in_the_place_of_letters():
    assert mathematics("g * b", {"g": "2", "b": "−4"}) == "2·(−4)"
    assert mathematics("g - b", {"g": "−1", "b": "−4"}) == "−1 − (−4)"
    assert mathematics("g * 2.0", {"g": "a + b"}) == "(a + b)·2"
    assert mathematics("g ** 2", {"g": "−3"}) == "(−3)²"


@pytest.mark.parametrize(
    ("value", "text"),
    [(-12.0, "−12"), (0.1 + 0.2, "0.3"), (-0.0, "0"), (np.inf, "inf"), (-np.inf, "−inf"),
     (1e-7, "1e−07"), (123456.0, "1.235e+05")],
)  # fmt: skip
def test_number(value, text):
    assert number(value) == text
