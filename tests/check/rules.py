"""Operations made for a test: a forward and rules, right or wrong; `conftest` forgets them."""

from __future__ import annotations

from itertools import count

from tinygrad_es import primitive

number = count()


def operation(forward, rule, elementwise=True):
    """An operation of one input: y = forward(xp, x), with the rule (xp, g, y, x)."""

    def planted(xp, x):
        return forward(xp, x)

    planted.__name__ = f"planted_{next(number)}"
    planted.__doc__ = "Planted."
    op = primitive("planted", samples=[((3,),)], elementwise=elementwise)(planted)
    op.derivatives(x=rule)
    return op


def operation_of_two(forward, a, b):
    """An operation of two inputs that broadcasts."""

    def planted(xp, a, b):
        return forward(xp, a, b)

    planted.__name__ = f"planted_{next(number)}"
    planted.__doc__ = "Planted."
    op = primitive("planted", samples=[((3,), (3,))], elementwise=True)(planted)
    op.derivatives(a=a, b=b)
    return op
