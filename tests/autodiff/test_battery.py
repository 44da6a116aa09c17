"""Every row of the table passes the battery; a wrong row does not."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest

from tinygrad_es import GradientError, Tensor, check_primitive, draw, grad, ops, primitive
from tinygrad_es.autodiff.primitive import COMPOSITES, PRIMITIVES
from tinygrad_es.check import check_gradients
from tinygrad_es.check.battery import inputs_of_sample

ROWS = {op.name: op for op in PRIMITIVES.values()}


@pytest.mark.parametrize("name", sorted(ROWS))
def test_row(name):
    assert check_primitive(ROWS[name]) == []


@pytest.mark.parametrize("name", sorted(n for n, op in ROWS.items() if op.twin))
def test_fused_rows_equal_their_twins(name):
    row = ROWS[name]
    for k, sample in enumerate(row.samples):
        inputs, options = inputs_of_sample(row, sample, k)
        op, twin = partial(row, **options), partial(COMPOSITES[row.twin], **options)
        for order in (1, 2):
            assert check_gradients(twin, *inputs, order=order)
        a = [Tensor(x, requires_grad=True) for x in inputs]
        b = [Tensor(x, requires_grad=True) for x in inputs]
        y, z = op(*a), twin(*b)
        np.testing.assert_allclose(y.data, z.data, rtol=1e-12)
        y.sum().backward(create_graph=True)
        z.sum().backward(create_graph=True)
        for s, t in zip(a, b, strict=True):
            np.testing.assert_allclose(s.grad.data, t.grad.data, rtol=1e-10, atol=1e-12)
        second = [of_squared_gradient(f, *inputs) for f in (op, twin)]
        np.testing.assert_allclose(*second, rtol=1e-9, atol=1e-12)


def of_squared_gradient(f, x, *others):
    """The derivative of Σ (∂ Σf/∂x)²."""
    first = grad(lambda v: f(v, *others).sum())
    return grad(lambda v: (first(v) ** 2).sum())(x)


# --- the battery fails where it must ------------------------------------------------------------


def cube(rule):
    op = primitive("x³", samples=[((3,),), ((),)], elementwise=True)(_cube)
    return op.derivatives(x=rule)


def _cube(xp, x):
    """x³."""
    return x * x * x


def test_a_right_rule_passes():
    assert check_primitive(cube(lambda xp, g, y, x: 3.0 * g * x * x)) == []


@pytest.mark.parametrize(
    "rule",
    [
        lambda xp, g, y, x: 3.003 * g * x * x,
        lambda xp, g, y, x: -3.0 * g * x * x,
        lambda xp, g, y, x: 3.0 * g * x * x + 1e-4,
        lambda xp, g, y, x: 3.0 * x * x,
        lambda xp, g, y, x: g * 0.0,
    ],
    ids=["0.1 % off", "wrong sign", "not linear", "ignores g", "zero"],
)
def test_a_wrong_rule_fails(rule):
    assert any("∂cube" in p or "∂_cube" in p for p in check_primitive(cube(rule)))


def test_a_missing_sum_fails():
    @primitive("Σ rows", samples=[((3, 4),)])
    def bias_add(xp, x, *, rows=2):
        """x with a row summed in."""
        return xp.sum(x, axis=0, keepdims=True)

    bias_add.derivatives(x=lambda xp, g, y, x, *, rows: g)  # must be broadcast to x
    problems = []
    try:
        problems = check_primitive(bias_add)
    except ValueError as error:
        problems = [str(error)]
    assert "∂bias_add/∂x" in problems[0]
    assert "(1, 4)" in problems[0]
    assert "(3, 4)" in problems[0]


def test_a_rule_wrong_only_at_second_order_fails():
    @primitive("detached", samples=[((3,),)], elementwise=True)
    def detached(xp, x):
        """x³, whose derivative is right in value and constant in the graph."""
        return x * x * x

    def rule(xp, g, y, x):
        return g * (3.0 * x * x if not isinstance(x, Tensor) else 3.0 * x.detach() * x.detach())

    detached.derivatives(x=rule)
    problems = check_primitive(detached)
    assert problems
    assert all("∂²detached" in p for p in problems)


def test_a_text_that_does_not_execute_fails():
    @primitive("sneaky", samples=[((3,),)], elementwise=True)
    def sneaky(xp, x):
        """x, twice on text."""
        return x * (1.0 if isinstance(x, (float, np.ndarray, np.floating)) else 2.0)

    sneaky.derivatives(x=lambda xp, g, y, x: g)
    assert any("text" in p for p in check_primitive(sneaky))


def test_floats_and_arrays_must_agree():
    @primitive("two-faced", samples=[((3,),)], elementwise=True)
    def two_faced(xp, x):
        """x, and 2x for Python floats."""
        return x * 2.0 if type(x) is float else x * 1.0

    two_faced.derivatives(x=lambda xp, g, y, x: g)
    assert any("floats reading" in p for p in check_primitive(two_faced))


@pytest.mark.parametrize("missing", ["symbol", "docstring", "derivatives", "samples"])
def test_an_incomplete_row_fails(missing):
    def forward(xp, x):
        return x * 1.0

    forward.__doc__ = "" if missing == "docstring" else "x."
    op = primitive(
        "" if missing == "symbol" else "id",
        samples=[] if missing == "samples" else [((3,),)],
        elementwise=True,
    )(forward)
    if missing != "derivatives":
        op.derivatives(x=lambda xp, g, y, x: g)
    expected = {"derivatives": "neither"}.get(missing, missing)
    assert any(expected in p for p in check_primitive(op))


# --- one file is enough for a new operation -----------------------------------------------------


def test_an_own_operation_gets_everything():
    @primitive("gated", samples=[((3, 2),), ((),)], elementwise=True, aliases=["my_silu"])
    def gated(xp, x):
        """x·σ(x)."""
        return x * xp.sigmoid(x)

    def rule(xp, g, y, x):
        s = xp.sigmoid(x)
        return g * (s + y * (1.0 - s))

    gated.derivatives(x=rule)
    assert check_primitive(gated) == []
    x = Tensor([0.5, -1.0], requires_grad=True, name="x")
    for y in (gated(x), x.gated(), x.my_silu(), ops.gated(x)):
        assert y.op is gated
    x.gated().sum().backward(create_graph=True)
    np.testing.assert_allclose(x.grad.data, [0.739961, 0.072329], rtol=1e-5)
    assert check_gradients(ops.gated, [0.3, -2.0], order=2)
    assert "gated(x)" in draw(x.gated().sum()).dot()


def test_an_own_operation_may_be_used_by_another_one():
    @primitive("sq", samples=[((3,),)], elementwise=True)
    def my_square(xp, x):
        """x²."""
        return x * x

    my_square.derivatives(x=lambda xp, g, y, x: 2.0 * g * x)

    @primitive("quart", samples=[((3,),), ((),)], elementwise=True)
    def quart(xp, x):
        """x⁴."""
        return xp.my_square(xp.my_square(x))

    quart.derivatives(x=lambda xp, g, y, x: 4.0 * g * x * xp.my_square(x))
    assert check_primitive(quart) == []


def test_defining_again_in_the_same_module_replaces():
    def define(factor):
        @primitive("scale", samples=[((3,),)], elementwise=True)
        def rescale(xp, x):
            """A multiple of x."""
            return x * factor

        return rescale.derivatives(x=lambda xp, g, y, x: g * factor)

    define(2.0)
    define(3.0)
    assert Tensor(1.0).rescale().item() == 3.0


def test_names_of_the_library_are_taken():
    for name in ("exp", "hypot"):  # a row, and a composite
        with pytest.raises(ValueError, match=f"{name!r} exists already"):
            primitive("e", samples=[((3,),)])(_named(name))


def _named(name):
    def forward(xp, x):
        """x."""
        return x

    forward.__name__ = name
    return forward


def test_the_first_parameter_is_the_namespace():
    with pytest.raises(TypeError, match=r"received parameters \['x'\]"):
        primitive("?")(lambda x: x)


def test_every_input_needs_a_word():
    def forward(xp, a, b):
        """a."""
        return a

    op = primitive("a", samples=[((), ())], elementwise=True)(forward)
    with pytest.raises(TypeError, match=r"one derivative for each of \['a', 'b'\]"):
        op.derivatives(a=lambda xp, g, y, a, b: g)


def test_an_operation_whose_derivatives_were_forgotten_says_so():
    @primitive("eighth", samples=[((3,),)], elementwise=True)
    def eighth(xp, x):
        """x⁸."""
        return xp.power(x, 8.0)

    assert eighth(Tensor(2.0)).item() == 256.0
    with pytest.raises(GradientError, match="has no derivatives yet"):
        eighth(Tensor(2.0, requires_grad=True))


def test_functions_written_with_methods_are_checked():
    assert check_gradients(lambda x: x.sigmoid().sum(), [1.0, -2.0], order=2)
    assert check_gradients(lambda x: x.relu(), 1.5)
