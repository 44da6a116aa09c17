"""Model: a layer of layers with a trainer."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from ..autodiff.modes import no_grad
from ..autodiff.tensor import as_tensor
from ..layers.layer import Layer, Shape
from .summary import print_summary
from .trainer import Trainer

__all__ = ["Model"]


class Model(Trainer, Layer):
    """Subclass it: layers as attributes in `__init__`, their composition in `call`.

    >>> import numpy as np
    >>> from tinygrad_es import Model, layers
    >>> class Net(Model):
    ...     def __init__(self):
    ...         super().__init__()
    ...         self.hidden = layers.Dense(4, activation="tanh")
    ...         self.out = layers.Dense(1)
    ...     def call(self, x):
    ...         return self.out(self.hidden(x))
    >>> net = Net()
    >>> net.predict(np.zeros((2, 3)), verbose=0).shape, net.count_params()
    ((2, 1), 21)
    """

    metrics: list[Any]

    def __init__(self, *, name: str | None = None, trainable: bool = True) -> None:
        super().__init__(name=name, trainable=trainable)
        self.metrics = []

    @property
    def layers(self) -> list[Layer]:
        """The layers of the model, in order."""
        return self.sublayers

    def get_layer(self, name: str | None = None, index: int | None = None) -> Layer:
        """A layer by its name or its place.

        Raises:
            ValueError: there is none.
        """
        if index is not None:
            if not -len(self.layers) <= index < len(self.layers):
                raise ValueError(
                    f"Was asked to retrieve layer at index {index} but model only has "
                    f"{len(self.layers)} layers."
                )
            return self.layers[index]
        for layer in self.layers:
            if layer.name == name:
                return layer
        names = [layer.name for layer in self.layers]
        raise ValueError(f"No such layer: {name}. Existing layers are: {names}.")

    def build(self, input_shape: Shape) -> None:
        """Build the layers by calling the model on zeros."""
        x = as_tensor(np.zeros([2 if n is None else n for n in input_shape], dtype=self.dtype))
        with no_grad():
            if self._takes_training:
                self.call(x, training=False)  # type: ignore[call-arg]  # it takes it
            else:
                self.call(x)

    def layers_with_shapes(self) -> Iterator[tuple[Layer, Shape | None]]:
        """Each layer and the shape it returns, None where that is not known yet."""
        for layer in self.layers:
            shape = layer.built_shape
            yield layer, layer.compute_output_shape(shape) if shape else None

    def summary(
        self, line_length: int | None = None, print_fn: Callable[[str], Any] | None = None
    ) -> None:
        """Print the table of layers, output shapes and parameters."""
        print_summary(self, line_length, print_fn)
