"""Convolutions of (batch, *space, channels) with learned kernels."""

from __future__ import annotations

from typing import Any, ClassVar

from .. import activations, ops, regularizers
from ..autodiff.tensor import Tensor
from .layer import Shape, positive_integer
from .weighted import WeightedLayer

__all__ = ["Conv1D", "Conv2D", "window_lengths"]


def per_axis(name: str, value: Any, n: int) -> tuple[int, ...]:
    """One positive integer for each of n axes."""
    values = value if isinstance(value, (list, tuple)) else (value,) * n
    if len(values) != n:
        raise ValueError(f"`{name}`: expected {n} integers. Received: {name}={value!r}.")
    return tuple(positive_integer(name, v) for v in values)


def padding_of(padding: str) -> str:
    """ "valid" or "same", in any case."""
    if not isinstance(padding, str) or padding.lower() not in ("valid", "same"):
        raise ValueError(f"`padding` must be 'valid' or 'same'. Received: padding={padding!r}.")
    return padding.lower()


def channels_last(data_format: str | None) -> str:
    """The one layout there is."""
    if data_format not in (None, "channels_last"):
        raise ValueError(
            "`data_format`: expected 'channels_last' (batch, *space, channels). Received: "
            f"{data_format!r}; transpose the data."
        )
    return "channels_last"


def window_lengths(
    space: tuple[int | None, ...],
    size: tuple[int, ...],
    strides: tuple[int, ...],
    padding: str,
    dilation: tuple[int, ...] | None = None,
) -> tuple[int | None, ...]:
    """How many windows fit along each axis.

    Raises:
        ValueError: not a single one.
    """
    found: list[int | None] = []
    for n, k, s, d in zip(space, size, strides, dilation or (1,) * len(size), strict=True):
        if n is None:
            found.append(None)
        else:
            room = n if padding == "same" else n - d * (k - 1)
            if room <= 0:
                raise ValueError(
                    f"Computed output size would be zero or negative. Received: inputs of lengths "
                    f"{space}, windows of {size}, padding={padding!r}, dilation {dilation or 1}; "
                    "smaller windows or padding='same' fit."
                )
            found.append(-(-room // s))
    return tuple(found)


class Convolution(WeightedLayer):
    """The base of Conv1D and Conv2D.

    Args:
        filters: the number of output channels.
        kernel_size: of the window, one integer or one for each axis.
        strides: from one window to the next.
        padding: "valid" (windows inside only) or "same" (zeros around: output as long as input).
        dilation_rate: distance between the points of a window.
        activation, use_bias, …: as in `Dense`.

    Shapes: x (batch, *space, channels) → (batch, *new space, filters); kernel (*kernel_size,
    channels, filters), bias (filters,). As in Keras the kernel is not flipped.
    """

    rank: ClassVar[int]

    def __init__(
        self,
        filters: int,
        kernel_size: Any,
        strides: Any = 1,
        padding: str = "valid",
        data_format: str | None = None,
        dilation_rate: Any = 1,
        groups: int = 1,
        activation: Any = None,
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(activity_regularizer=activity_regularizer, **kwargs)
        self.min_ndim = self.rank + 2
        self.filters = positive_integer("filters", filters)
        self.kernel_size = per_axis("kernel_size", kernel_size, self.rank)
        self.strides = per_axis("strides", strides, self.rank)
        self.dilation_rate = per_axis("dilation_rate", dilation_rate, self.rank)
        self.padding, self.data_format = padding_of(padding), channels_last(data_format)
        if groups != 1:
            raise ValueError(f"`groups`: expected 1. Received: groups={groups}.")
        self.groups = 1
        self.activation = activations.get(activation)
        self.use_bias = use_bias
        self.choose("kernel", kernel_initializer, kernel_regularizer, kernel_constraint)
        self.choose("bias", bias_initializer, bias_regularizer, bias_constraint)
        self.bias: Tensor | None = None

    def build(self, input_shape: Shape) -> None:
        channels = input_shape[-1]
        if channels is None:
            raise ValueError(
                "The channel dimension of the inputs should be defined. Received: "
                f"input_shape={input_shape}."
            )
        self.kernel = self.add_chosen("kernel", (*self.kernel_size, channels, self.filters))
        if self.use_bias:
            self.bias = self.add_chosen("bias", (self.filters,))

    def call(self, x: Any) -> Any:
        if x.ndim != self.rank + 2:
            raise ValueError(
                f'Input 0 of layer "{self.name}" is incompatible with the layer: expected '
                f"ndim={self.rank + 2}, found ndim={x.ndim}. Full shape received: {x.shape}"
            )
        y = ops.conv(x, self.kernel, self.strides, self.padding, self.dilation_rate)
        return self.activation(y if self.bias is None else y + self.bias)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        space = window_lengths(
            input_shape[1:-1], self.kernel_size, self.strides, self.padding, self.dilation_rate
        )
        return (input_shape[0], *space, self.filters)

    def get_config(self) -> dict[str, Any]:
        keys = ("filters", "kernel_size", "strides", "padding", "data_format", "dilation_rate")
        return super().get_config() | {
            **{k: getattr(self, k) for k in (*keys, "groups", "use_bias")},
            "activation": activations.serialize(self.activation),
            "activity_regularizer": regularizers.serialize(self.activity_regularizer),
        }


class Conv1D(Convolution):
    """Convolution of sequences (batch, steps, channels); arguments as `Conv2D`."""

    rank = 1


class Conv2D(Convolution):
    """Convolution of images (batch, height, width, channels).

    >>> import numpy as np
    >>> from tinygrad_es.layers import Conv2D
    >>> layer = Conv2D(8, 3, activation="relu")
    >>> layer(np.ones((2, 10, 12, 3), "float32")).shape, layer.kernel.shape
    ((2, 8, 10, 8), (3, 3, 3, 8))
    """

    rank = 2
