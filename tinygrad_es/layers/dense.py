"""The dense layer: every output sees every input."""

from __future__ import annotations

from typing import Any

from .. import activations, constraints, initializers, ops, regularizers
from ..autodiff.tensor import Tensor
from .layer import Layer, Shape, positive_integer

__all__ = ["Dense"]


class Dense(Layer):
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
        self.kernel_initializer = initializers.get(kernel_initializer)
        self.bias_initializer = initializers.get(bias_initializer)
        self.kernel_regularizer = regularizers.get(kernel_regularizer)
        self.bias_regularizer = regularizers.get(bias_regularizer)
        self.kernel_constraint = constraints.get(kernel_constraint)
        self.bias_constraint = constraints.get(bias_constraint)
        self.bias: Tensor | None = None

    def build(self, input_shape: Shape) -> None:
        n = input_shape[-1]
        if n is None:
            raise ValueError(
                f'The last axis of the inputs to layer "{self.name}" must be known. Received: '
                f"input_shape={input_shape}; of samples of one number each make a column, "
                "x.reshape(-1, 1)."
            )
        self.kernel = self.add_weight(
            (n, self.units),
            self.kernel_initializer,
            regularizer=self.kernel_regularizer,
            constraint=self.kernel_constraint,
            name="kernel",
        )
        if self.use_bias:
            self.bias = self.add_weight(
                (self.units,),
                self.bias_initializer,
                regularizer=self.bias_regularizer,
                constraint=self.bias_constraint,
                name="bias",
            )

    def call(self, x: Any) -> Any:
        if x.shape[-1] != self.kernel.shape[0]:
            raise ValueError(
                f'Input 0 of layer "{self.name}" is incompatible with the layer: expected axis -1 '
                f"of input shape to have value {self.kernel.shape[0]}, but received input with "
                f"shape {x.shape}"
            )
        if self.bias is None:
            return self.activation(ops.matmul(x, self.kernel))
        return self.activation(ops.linear(x, self.kernel, self.bias))

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return (*input_shape[:-1], self.units)

    def __getattr__(self, name: str) -> Any:
        if name == "kernel":
            raise AttributeError("You must build the layer before accessing `kernel`.")
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {
            "units": self.units,
            "activation": activations.serialize(self.activation),
            "use_bias": self.use_bias,
            "kernel_initializer": initializers.serialize(self.kernel_initializer),
            "bias_initializer": initializers.serialize(self.bias_initializer),
            "kernel_regularizer": regularizers.serialize(self.kernel_regularizer),
            "bias_regularizer": regularizers.serialize(self.bias_regularizer),
            "activity_regularizer": regularizers.serialize(self.activity_regularizer),
            "kernel_constraint": constraints.serialize(self.kernel_constraint),
            "bias_constraint": constraints.serialize(self.bias_constraint),
        }
