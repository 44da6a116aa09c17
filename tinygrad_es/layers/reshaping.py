"""Layers that put the same elements into another shape."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from .. import ops
from .layer import Layer, Shape

__all__ = ["Flatten", "Reshape"]


class Flatten(Layer):
    """(batch, a, b, …) → (batch, a·b·…); the batch axis is kept, (batch,) becomes (batch, 1).

    >>> import numpy as np
    >>> from tinygrad_es.layers import Flatten
    >>> Flatten()(np.zeros((2, 3, 4), "float32")).shape
    (2, 12)
    """

    min_ndim = 1

    def __init__(self, data_format: str | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if data_format not in (None, "channels_last"):
            raise ValueError(f"`data_format`: expected 'channels_last'. Received: {data_format!r}.")
        self.data_format = "channels_last"

    def call(self, x: Any) -> Any:
        return ops.reshape(x, (x.shape[0], math.prod(x.shape[1:])))

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        rest = input_shape[1:]
        known = [n for n in rest if n is not None]
        return (input_shape[0], math.prod(known) if len(known) == len(rest) else None)

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"data_format": self.data_format}


class Reshape(Layer):
    """(batch, …) → (batch, *target_shape); one length may be −1.

    >>> import numpy as np
    >>> from tinygrad_es.layers import Reshape
    >>> Reshape((2, -1))(np.zeros((5, 6), "float32")).shape
    (5, 2, 3)
    """

    min_ndim = 1

    def __init__(self, target_shape: Sequence[int], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.target_shape = tuple(target_shape)
        if self.target_shape.count(-1) > 1:
            raise ValueError(
                "There must be at most one unknown dimension in target_shape. Received: "
                f"target_shape={self.target_shape}."
            )

    def call(self, x: Any) -> Any:
        self._must_fit(math.prod(x.shape[1:]), x.shape)
        return ops.reshape(x, (x.shape[0], *self.target_shape))

    def _must_fit(self, size: int, input_shape: Shape) -> None:
        known = math.prod(n for n in self.target_shape if n != -1)
        if size % known if -1 in self.target_shape and known else size != known:
            raise ValueError(
                f"The total size of the tensor must be unchanged. Received: input_shape="
                f"{tuple(input_shape[1:])}, target_shape={self.target_shape}"
            )

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        rest = [n for n in input_shape[1:] if n is not None]
        size = math.prod(rest) if len(rest) == len(input_shape) - 1 else None
        if size is not None:
            self._must_fit(size, input_shape)
        if -1 not in self.target_shape:
            return (input_shape[0], *self.target_shape)
        known = math.prod(n for n in self.target_shape if n != -1)
        open_length = None if size is None else size // known
        return (input_shape[0], *(open_length if n == -1 else n for n in self.target_shape))

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"target_shape": self.target_shape}
