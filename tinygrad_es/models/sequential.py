"""Sequential: one layer after the other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from ..layers.input import InputLayer
from ..layers.layer import Layer, Shape, must_be_initialised
from .model import Model

__all__ = ["Sequential"]


class Sequential(Model):
    """A chain of layers: `Sequential([Input(shape=(4,)), Dense(2), Dense(3)])`.

    It is built as soon as the shape of its input is known: from `Input`, from `input_shape=` of
    the first layer, or from the first data.

    Raises:
        ValueError: something that is not a layer; two layers of one name; a second Input.

    >>> from tinygrad_es import Sequential, layers
    >>> model = Sequential([layers.Input(shape=(4,)), layers.Dense(2), layers.Dense(3)])
    >>> model.count_params()
    19
    """

    def __init__(
        self,
        layers: Sequence[Layer] | None = None,
        trainable: bool = True,
        name: str | None = None,
    ) -> None:
        super().__init__(name=name, trainable=trainable)
        self._input: InputLayer | None = None
        self.chain: list[Layer] = []
        if isinstance(layers, Layer):
            raise TypeError(
                f"Sequential: expected a list of layers, Sequential([…]). Received: {layers}."
            )
        for layer in layers or []:
            self.add(layer, rebuild=False)
        self._try_to_build()

    def add(self, layer: Layer, rebuild: bool = True) -> None:
        """Put a layer at the end."""
        must_be_initialised(self)
        if isinstance(layer, Layer):
            must_be_initialised(layer)
        else:
            raise ValueError(
                "Only instances of `Layer` can be added to a Sequential model. Received: "
                f"{layer} (of type {type(layer)})"
            )
        if isinstance(layer, InputLayer):
            if self._input is not None or self.chain:
                shape = self._input.shape if self._input is not None else self.built_shape
                raise ValueError(
                    f"Sequential model '{self.name}' has already been configured to use input "
                    f"shape {shape}. You cannot add a different Input layer to it."
                )
            self._input = layer
            return
        if any(layer.name == other.name for other in self.chain):
            raise ValueError(
                "All layers added to a Sequential model should have unique names. Name "
                f"'{layer.name}' is already the name of a layer in this model. Update the `name` "
                "argument to pass a unique name."
            )
        if not self.chain and self._input is None and layer.asked_input_shape is not None:
            self._input = InputLayer(layer.asked_input_shape[1:])
        self.chain.append(layer)
        if rebuild:
            self.built = False
            self._try_to_build()

    def pop(self) -> Layer:
        """Take the last layer off."""
        if not self.chain:
            raise ValueError("There are no layers in the model to pop.")
        layer = self.chain.pop()
        self.built = False
        self._try_to_build()
        return layer

    @property
    def sublayers(self) -> list[Layer]:
        return list(self.chain)

    def _try_to_build(self) -> None:
        if self._input is not None and self.chain:
            self.build(self._input.shape)

    def build(self, input_shape: Shape) -> None:
        """Build every layer for the output of the one before."""
        if not self.chain:
            raise ValueError(
                f"Sequential model {self.name} cannot be built because it has no layers. Call "
                "`model.add(layer)`."
            )
        shape = input_shape
        for layer in self.chain:
            if not layer.built:
                layer.build(shape)
            layer.built_shape = shape
            shape = layer.compute_output_shape(shape)

    def check_input(self, x: Any) -> Any:
        x = super().check_input(x)
        if self._input is None:
            return x
        expected = self._input.shape
        if x.ndim == len(expected) - 1 and expected[-1] == 1:
            x = x.reshape(*x.shape, 1)  # a column of one number a sample
        if x.ndim != len(expected) or any(
            n is not None and n != m for n, m in zip(expected[1:], x.shape[1:], strict=True)
        ):
            raise ValueError(
                f'Input 0 of layer "{self.name}" is incompatible with the layer: expected '
                f"shape={expected}, found shape={x.shape}"
            )
        return x

    def call(self, x: Any) -> Any:
        for layer in self.chain:
            x = layer(x)
        return x

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        for layer in self.chain:
            input_shape = layer.compute_output_shape(input_shape)
        return input_shape

    def layers_with_shapes(self) -> Iterator[tuple[Layer, Shape | None]]:
        for layer in self.chain:
            shape = layer.built_shape if self.built else None
            yield layer, layer.compute_output_shape(shape) if shape else None

    @property
    def input_shape(self) -> Shape:
        """The shape the model takes, None for the batch axis."""
        if not self.built or self.built_shape is None:
            raise AttributeError(f"The model {self.name} has no input_shape before it is built.")
        return self.built_shape

    @property
    def output_shape(self) -> Shape:
        """The shape the model returns."""
        if not self.built or self.built_shape is None:
            raise AttributeError(f"The model {self.name} has no output_shape before it is built.")
        return self.compute_output_shape(self.built_shape)
