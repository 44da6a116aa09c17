"""Arguments that cannot be: the message says what was expected and received."""

from __future__ import annotations

import numpy as np
import pytest

from tinygrad_es import check_backprop, check_gradients


def square(x):
    return (x * x).sum()


@pytest.mark.parametrize(
    "options",
    [
        {"step": 0},
        {"step": -1.0},
        {"step": np.nan},
        {"step": "small"},
        {"budget": "all"},
        {"budget": -1},
        {"seed": 1.5},
        {"seed": -1},
    ],
)
def test_numbers_of_check_gradients(options):
    (name,) = options
    with pytest.raises(ValueError, match=rf"expected {name} to be a .*number.*Received"):
        check_gradients(square, [1.0, 2.0], **options)


def by_hand(x):
    return {"x": 2.0 * x}


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"previous": [1.0]}, "previous: expected gradients by name.*Received: list"),
        ({"gradient": 3.0}, "gradient goes with a recorded result.*Received: float"),
    ],
)
def test_options_of_check_backprop(options, said):
    with pytest.raises(TypeError, match=said):
        check_backprop(square, by_hand, np.ones(3), **options)


def test_a_level_that_is_an_array():
    with pytest.raises(ValueError, match="student: expected 1"):
        check_backprop(square, by_hand, np.ones(3), student=np.array([1, 2]))
