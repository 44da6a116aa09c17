"""The default float type, as Keras' `floatx`, and the small number of its formulas, `epsilon`."""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["epsilon", "floatx", "set_floatx"]

_floatx = np.dtype("float32")
_EPSILON = 1e-7


def floatx() -> str:
    """The dtype that lists, generators and layers take: `"float32"` unless set otherwise."""
    return _floatx.name


def float_dtype() -> np.dtype[Any]:
    """`floatx` as a NumPy dtype."""
    return _floatx


def set_floatx(value: str) -> None:
    """Choose the default float type: `"float16"`, `"float32"` or `"float64"`.

    >>> import tinygrad_es as tg
    >>> tg.set_floatx("float64")
    >>> tg.Tensor([1, 2]).dtype
    dtype('float64')
    >>> tg.set_floatx("float32")
    """
    global _floatx
    if value not in ("float16", "float32", "float64"):
        raise ValueError(
            f"set_floatx: expected 'float16', 'float32' or 'float64'. Received: {value!r}."
        )
    _floatx = np.dtype(value)


def epsilon() -> float:
    """The 1e-7 that losses and metrics add or clip with, as Keras' `backend.epsilon()`."""
    return _EPSILON
