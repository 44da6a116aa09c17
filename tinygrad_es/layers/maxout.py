"""Maxout: each unit is the largest of several linear functions."""

from __future__ import annotations

from typing import Any

from .. import initializers, ops
from .layer import Layer, Shape, positive_integer

__all__ = ["Maxout"]


class Maxout(Layer):
    """y = max_k (x·W_k + b_k): a convex, piecewise linear activation that is learned.

    Args:
        units: the number of outputs.
        pieces: k, the linear functions of each.
        use_bias, kernel_initializer, bias_initializer: as in `Dense`.

    Shapes: x (batch, n) → (batch, units); kernel (pieces, n, units), bias (pieces, 1, units).
    Source: Goodfellow et al. 2013 (arXiv 1302.4389).

    >>> import numpy as np
    >>> from tinygrad_es.layers import Maxout
    >>> Maxout(3)(np.ones((2, 4), "float32")).shape
    (2, 3)
    """

    min_ndim = 2

    def __init__(
        self,
        units: int,
        pieces: int = 2,
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.units = positive_integer("units", units)
        self.pieces = positive_integer("pieces", pieces)
        self.use_bias = use_bias
        self.kernel_initializer = initializers.get(kernel_initializer)
        self.bias_initializer = initializers.get(bias_initializer)
        self.bias: Any = None

    def build(self, input_shape: Shape) -> None:
        n, one = input_shape[-1], self.kernel_initializer

        def pieces(shape: Any, dtype: Any) -> Any:
            """Each piece drawn by itself: its fans are those of a dense layer."""
            return ops.stack([one(shape[1:], dtype) for _ in range(shape[0])]).numpy()

        self.kernel = self.add_weight((self.pieces, n or 0, self.units), pieces, name="kernel")
        if self.use_bias:
            self.bias = self.add_weight(
                (self.pieces, 1, self.units), self.bias_initializer, name="bias"
            )

    def call(self, x: Any) -> Any:
        y = ops.matmul(x, self.kernel)
        return ops.amax(y if self.bias is None else y + self.bias, axis=0)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return (input_shape[0], self.units)

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {
            "units": self.units,
            "pieces": self.pieces,
            "use_bias": self.use_bias,
            "kernel_initializer": initializers.serialize(self.kernel_initializer),
            "bias_initializer": initializers.serialize(self.bias_initializer),
        }
