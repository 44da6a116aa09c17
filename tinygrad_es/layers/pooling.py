"""Pooling: one number for each window, or for the whole space."""

from __future__ import annotations

from typing import Any, ClassVar

from .. import ops
from .convolution import channels_last, padding_of, per_axis, window_lengths
from .layer import Layer, Shape

__all__ = [
    "AveragePooling1D",
    "AveragePooling2D",
    "GlobalAveragePooling1D",
    "GlobalAveragePooling2D",
    "GlobalMaxPooling1D",
    "GlobalMaxPooling2D",
    "MaxPooling1D",
    "MaxPooling2D",
]


class Pooling(Layer):
    """The base: one number for each window of (batch, *space, channels).

    Args:
        pool_size: of the window, one integer or one for each axis.
        strides: from one window to the next; default: the size of the window.
        padding: "valid" or "same".
    """

    rank: ClassVar[int]
    function: ClassVar[Any]

    def __init__(
        self,
        pool_size: Any = 2,
        strides: Any = None,
        padding: str = "valid",
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.min_ndim = self.rank + 2
        self.pool_size = per_axis("pool_size", pool_size, self.rank)
        self.strides = per_axis("strides", strides or self.pool_size, self.rank)
        self.padding, self.data_format = padding_of(padding), channels_last(data_format)

    def call(self, x: Any) -> Any:
        return type(self).function(x, self.pool_size, self.strides, self.padding)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        space = window_lengths(input_shape[1:-1], self.pool_size, self.strides, self.padding)
        return (input_shape[0], *space, input_shape[-1])

    def get_config(self) -> dict[str, Any]:
        keys = ("pool_size", "strides", "padding", "data_format")
        return super().get_config() | {k: getattr(self, k) for k in keys}


class MaxPooling1D(Pooling):
    """The largest element of each window of a sequence; of ties the first gets the gradient."""

    rank, function = 1, staticmethod(ops.max_pool)


class MaxPooling2D(Pooling):
    """The largest element of each window of an image; of ties the first gets the gradient.

    >>> import numpy as np
    >>> from tinygrad_es.layers import MaxPooling2D
    >>> MaxPooling2D()(np.arange(16.0, dtype="float32").reshape(1, 4, 4, 1)).tolist()
    [[[[5.0], [7.0]], [[13.0], [15.0]]]]
    """

    rank, function = 2, staticmethod(ops.max_pool)


class AveragePooling1D(Pooling):
    """The mean of each window of a sequence; padding does not count."""

    rank, function = 1, staticmethod(ops.average_pool)


class AveragePooling2D(Pooling):
    """The mean of each window of an image; padding does not count."""

    rank, function = 2, staticmethod(ops.average_pool)


class GlobalPooling(Layer):
    """The base: one number for the whole space of each channel.

    Args:
        keepdims: keep the axes of the space, of length 1.
    """

    rank: ClassVar[int]
    function: ClassVar[Any]

    def __init__(
        self, data_format: str | None = None, keepdims: bool = False, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.min_ndim = self.rank + 2
        self.data_format, self.keepdims = channels_last(data_format), keepdims

    def call(self, x: Any) -> Any:
        axes = tuple(range(1, self.rank + 1))
        return type(self).function(x, axis=axes, keepdims=self.keepdims)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        space = (1,) * self.rank if self.keepdims else ()
        return (input_shape[0], *space, input_shape[-1])

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"data_format": self.data_format, "keepdims": self.keepdims}


class GlobalMaxPooling1D(GlobalPooling):
    """The largest element of each channel of a sequence; ties share the gradient."""

    rank, function = 1, staticmethod(ops.amax)


class GlobalMaxPooling2D(GlobalPooling):
    """The largest element of each channel of an image; ties share the gradient."""

    rank, function = 2, staticmethod(ops.amax)


class GlobalAveragePooling1D(GlobalPooling):
    """The mean of each channel of a sequence."""

    rank, function = 1, staticmethod(ops.mean)


class GlobalAveragePooling2D(GlobalPooling):
    """The mean of each channel of an image."""

    rank, function = 2, staticmethod(ops.mean)
