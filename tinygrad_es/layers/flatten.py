"""Flatten: all axes but the batch as one."""

from __future__ import annotations

import math
from typing import Any

from .. import ops
from .layer import Layer, Shape

__all__ = ["Flatten"]


class Flatten(Layer):
    """(batch, a, b, …) → (batch, a·b·…); the batch axis is kept, (batch,) becomes (batch, 1).

    >>> import numpy as np
    >>> from tinygrad_es.layers import Flatten
    >>> Flatten()(np.zeros((2, 3, 4), "float32")).shape
    (2, 12)
    """

    min_ndim = 1

    def call(self, x: Any) -> Any:
        return ops.reshape(x, (x.shape[0], math.prod(x.shape[1:])))

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        rest = input_shape[1:]
        known = [n for n in rest if n is not None]
        return (input_shape[0], math.prod(known) if len(known) == len(rest) else None)
