"""An activation as a layer of its own."""

from __future__ import annotations

from typing import Any

from .. import activations
from .layer import Layer, Shape

__all__ = ["Activation"]


class Activation(Layer):
    """Apply a function by its name: `Activation("tanh")`.

    >>> import numpy as np
    >>> from tinygrad_es.layers import Activation
    >>> Activation("relu")(np.array([[-1.0, 2.0]], "float32"))
    tensor([[0., 2.]])
    """

    def __init__(self, activation: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.activation = activations.get(activation)

    def call(self, x: Any) -> Any:
        return self.activation(x)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return input_shape

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"activation": activations.serialize(self.activation)}
