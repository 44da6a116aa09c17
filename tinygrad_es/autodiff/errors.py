"""Errors that teach: what was received, what was expected, what to try next."""

from __future__ import annotations

from typing import Any

__all__ = ["AnomalyError", "GradientError", "NoValues", "ShapeError", "describe"]


class GradientError(RuntimeError):
    """A backward pass was asked for that has no meaning, or a rule failed inside one."""


class ShapeError(ValueError):
    """Shapes that do not fit each other."""


class AnomalyError(FloatingPointError):
    """A NaN was made under `detect_anomaly`; the message names the operation."""


class NoValues(TypeError):
    """Numbers were asked for where there are none yet: an operation on it is only noted.

    `symbol` is what has none; its `operation(name, *inputs, **options)` notes one.
    """

    def __init__(self, message: str, symbol: Any) -> None:
        super().__init__(message)
        self.symbol = symbol


def describe(value: Any) -> str:
    """One short phrase for an error message: the type, dtype and shape of what was received.

    >>> describe([1.0, 2.0])
    'list of length 2'
    >>> describe("relu")
    "str 'relu'"
    """
    value = getattr(value, "value", value) if type(value).__name__ == "Tensor" else value
    if hasattr(value, "shape") and hasattr(value, "dtype"):
        return f"{value.dtype} array of shape {tuple(value.shape)}"
    if isinstance(value, (list, tuple)):
        return f"{type(value).__name__} of length {len(value)}"
    text = repr(value)
    if len(text) > 60:
        text = text[:57] + "…"
    return text if value is None else f"{type(value).__name__} {text}"


LOST_GRADIENT = (
    "float() of a Tensor inside a function that is being differentiated would lose its gradient. "
    "Use np.sin in place of math.sin (and so on), np.stack in place of a[i] = x for a plain array; "
    "or say that it is meant: x.item()."
)
"""Said by `Tensor.__float__`."""
