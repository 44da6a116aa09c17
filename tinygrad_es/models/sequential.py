"""Sequential: one layer after the other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from ..layers.input import InputLayer
from ..layers.layer import Layer, Shape, must_be_initialised
from ..layers.symbolic import SymbolicTensor
from .configuration import MODELS, sequential_config, sequential_of
from .function import fitting
from .model import Model
from .picture import Wiring, chain_wiring

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
        layers: Sequence[Any] | None = None,
        trainable: bool = True,
        name: str | None = None,
    ) -> None:
        super().__init__(name=name, trainable=trainable)
        self._input: InputLayer | None = None
        self._chain: list[Layer] = []
        self._symbols: list[SymbolicTensor] = []  # the input, then what each layer returns
        if isinstance(layers, Layer):
            raise TypeError(
                f"Sequential: expected a list of layers, Sequential([…]). Received: {layers}."
            )
        for layer in layers or []:
            self.add(layer, rebuild=False)
        self._try_to_build()

    def add(self, layer: Any, rebuild: bool = True) -> None:
        """Put a layer at the end."""
        must_be_initialised(self)
        if isinstance(layer, SymbolicTensor) and layer.node is not None:
            layer = layer.node.layer  # Input(…)
        if isinstance(layer, Layer):
            must_be_initialised(layer)
        else:
            raise ValueError(
                "Only instances of `Layer` can be added to a Sequential model. Received: "
                f"{layer} (of type {type(layer)})"
            )
        if isinstance(layer, InputLayer):
            if self._input is not None or self._chain:
                shape = self._input.shape if self._input is not None else self.built_shape
                raise ValueError(
                    f"Sequential model '{self.name}' has already been configured to use input "
                    f"shape {shape}. You cannot add a different Input layer to it."
                )
            self._input = layer
            return
        if any(layer.name == other.name for other in self._chain):
            raise ValueError(
                "All layers added to a Sequential model should have unique names. Name "
                f"'{layer.name}' is already the name of a layer in this model. Update the `name` "
                "argument to pass a unique name."
            )
        if not self._chain and self._input is None and layer.asked_input_shape is not None:
            self._input = InputLayer(batch_shape=layer.asked_input_shape)
        self._chain.append(layer)
        if rebuild:
            self.built = False
            self._try_to_build()

    def pop(self) -> Layer:
        """Take the last layer off."""
        if not self._chain:
            raise ValueError("There are no layers in the model to pop.")
        layer = self._chain.pop()
        self.built, self._symbols = False, []
        self._try_to_build()
        return layer

    @property
    def sublayers(self) -> list[Layer]:
        return list(self._chain)

    def _try_to_build(self) -> None:
        shape = self.built_shape if self._input is None else self._input.shape
        if shape is not None and self._chain:
            self.build(shape)

    def build(self, input_shape: Shape) -> None:
        """Build every layer for the output of the one before."""
        if not self._chain:
            raise ValueError(
                f"Sequential model {self.name} cannot be built because it has no layers. Call "
                "`model.add(layer)`."
            )
        if not self._symbols or self._symbols[0].shape != tuple(input_shape):
            first = self._input
            if first is None or first.shape != tuple(input_shape):
                first = InputLayer(batch_shape=input_shape)
            self._symbols = [first.symbol()]
        for layer in self._chain[len(self._symbols) - 1 :]:
            layer.built_shape = self._symbols[-1].shape
            self._symbols.append(layer(self._symbols[-1]))

    def check_input(self, x: Any) -> Any:
        if self._input is None:
            return super().check_input(x)
        return fitting(x, self._input, 0, self.name, axes=True)

    def call(self, x: Any) -> Any:
        for layer in self._chain:
            x = layer(x)
        return x

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        for layer in self._chain:
            input_shape = layer.compute_output_shape(input_shape)
        return input_shape

    def layers_with_shapes(self) -> Iterator[tuple[Layer, Shape | None]]:
        symbols = self._ends("shapes") if self.built else []
        for i, layer in enumerate(self._chain, start=1):
            yield layer, symbols[i].shape if self.built else None

    def wiring(self) -> Wiring:
        return chain_wiring(self._chain, self._ends("layers"))

    # --- the graph -------------------------------------------------------------------------------

    def _ends(self, name: str) -> list[SymbolicTensor]:
        if not self.built:
            raise AttributeError(f"The model {self.name} has no {name} before it is built.")
        if not self._symbols:  # a copy
            self.build(self.built_shape or ())
        return self._symbols

    @property
    def inputs(self) -> list[SymbolicTensor]:
        return self._ends("inputs")[:1]

    @property
    def outputs(self) -> list[SymbolicTensor]:
        return self._ends("outputs")[-1:]

    @property
    def input(self) -> SymbolicTensor:
        """The symbolic input."""
        return self._ends("input")[0]

    @property
    def output(self) -> SymbolicTensor:
        """The symbolic output."""
        return self._ends("output")[-1]

    @property
    def input_count(self) -> int:
        return 1

    @property
    def output_names(self) -> list[str]:
        return [self._chain[-1].name] if self._chain else []

    @property
    def input_shape(self) -> Shape:
        return self._ends("input_shape")[0].shape

    @property
    def output_shape(self) -> Shape:
        return self._ends("output_shape")[-1].shape

    def get_config(self) -> dict[str, Any]:
        shape = self.built_shape if self.built else None
        return Layer.get_config(self) | sequential_config(self._input, self._chain, shape)

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        model = cls(sequential_of(config), config.get("trainable", True), config.get("name"))
        shape = config.get("build_input_shape")
        if shape is not None and not model.built:
            model.build(tuple(shape))
        return model

    def __getstate__(self) -> dict[str, Any]:
        return super().__getstate__() | {"_symbols": []}


MODELS["Sequential"] = Sequential
