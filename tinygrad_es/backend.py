"""What courses call as `keras.backend`: the session, the small number, the type of floats."""

from __future__ import annotations

from .autodiff.config import floatx, set_floatx
from .layers.layer import clear_session

__all__ = ["clear_session", "epsilon", "floatx", "set_epsilon", "set_floatx"]


def epsilon() -> float:
    """The number that keeps logarithms and divisions from 0: 1e-7.

    >>> epsilon()
    1e-07
    """
    return 1e-7


def set_epsilon(value: float) -> None:
    """Only 1e-7 can be set: it is written into the losses.

    Raises:
        ValueError: another number.
    """
    if value != 1e-7:
        raise ValueError(f"set_epsilon: expected 1e-7. Received: {value!r}.")
