"""All parameters as one vector of float64, and back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..autodiff.tensor import Tensor

__all__ = ["flat_values", "parts_of"]


def flat_values(parameters: Sequence[Tensor]) -> Any:
    """The values one after the other."""
    return np.concatenate([np.asarray(p.value, dtype=np.float64).ravel() for p in parameters])


def parts_of(vector: Any, parameters: Sequence[Tensor]) -> list[Any]:
    """The vector cut into values of the parameters' shapes and dtypes."""
    found, start = [], 0
    for p in parameters:
        part = vector[start : start + p.size]
        start += p.size
        if type(p.value) is float:
            found.append(float(part[0]))
        else:
            found.append(part.reshape(p.shape).astype(p.dtype))
    return found
