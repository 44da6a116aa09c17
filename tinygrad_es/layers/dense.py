"""The dense layer: every output sees every input."""

from __future__ import annotations

from typing import Any

from .. import activations, regularizers
from ..autodiff import rules as r
from ..autodiff.tensor import Tensor
from .layer import Shape, positive_integer
from .weighted import WeightedLayer

__all__ = ["Dense"]


class Dense(WeightedLayer):
    """y = activation(x·kernel + bias), over the last axis of x.

    Args:
        units: the number of outputs.
        activation: a name or a function; None is the identity.
        use_bias: whether b is added.
        kernel_initializer, bias_initializer: names, objects or functions of a shape.
        kernel_regularizer, bias_regularizer, activity_regularizer: penalties in the loss.
        kernel_constraint, bias_constraint: what the weights satisfy after each update.

    Shapes: x (batch, …, n) → y (batch, …, units); kernel (n, units), bias (units,).

    >>> import numpy as np
    >>> from tinygrad_es.layers import Dense
    >>> layer = Dense(3, activation="relu")
    >>> layer(np.ones((2, 4), "float32")).shape, layer.kernel.shape
    ((2, 3), (4, 3))
    """

    min_ndim = 2

    def __init__(
        self,
        units: int,
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
        self.units = positive_integer("units", units)
        self.activation = activations.get(activation)
        self.use_bias = use_bias
        self.choose("kernel", kernel_initializer, kernel_regularizer, kernel_constraint)
        self.choose("bias", bias_initializer, bias_regularizer, bias_constraint)
        self.bias: Tensor | None = None

    def build(self, input_shape: Shape) -> None:
        n = input_shape[-1]
        if n is None:
            raise ValueError(
                f'The last axis of the inputs to layer "{self.name}" must be known. Received: '
                f"input_shape={input_shape}; of samples of one number each make a column, "
                "x.reshape(-1, 1)."
            )
        self.kernel = self.add_chosen("kernel", (n, self.units))
        if self.use_bias:
            self.bias = self.add_chosen("bias", (self.units,))

    def call(self, x: Any) -> Any:
        try:
            if self.bias is None:
                z = r.matmul(x, self.kernel)
            else:
                z = r.linear(x, self.kernel, self.bias)
        except ValueError:
            self._must_fit(x.shape)
            raise
        return self.activation(z)

    def _must_fit(self, shape: Shape) -> None:
        if shape[-1] != self.kernel.shape[0]:
            raise ValueError(
                f'Input 0 of layer "{self.name}" is incompatible with the layer: expected axis -1 '
                f"of input shape to have value {self.kernel.shape[0]}, but received input with "
                f"shape {shape}"
            ) from None

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return (*input_shape[:-1], self.units)

    def __getattr__(self, name: str) -> Any:
        if name == "kernel":
            raise AttributeError("You must build the layer before accessing `kernel`.")
        return super().__getattribute__(name)  # raises

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {
            "units": self.units,
            "activation": activations.serialize(self.activation),
            "use_bias": self.use_bias,
            "activity_regularizer": regularizers.serialize(self.activity_regularizer),
        }
