"""Model: a layer of layers with a trainer, written as a class or as inputs and outputs."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from ..autodiff.modes import no_grad
from ..autodiff.tensor import Tensor, as_tensor
from ..layers.layer import Layer, Shape, map_shapes, unique_name
from ..layers.operation import Operation
from ..layers.symbolic import SymbolicTensor
from ..registry import parameters
from ..tree import map_structure, pack
from ..views.figures.figure import Figure
from .compiled import Metrics
from .configuration import MODELS, functional_config, functional_of, serialize_layer
from .function import Function
from .picture import Details, Wiring, function_wiring, model_figure
from .saving import load_weights, save_model, save_weights
from .state import restore_training, training_state
from .summary import print_summary
from .trainer import Trainer

__all__ = ["Model"]


class Model(Trainer, Layer):
    """Give it symbolic inputs and outputs, or subclass it: layers as attributes in `__init__`,
    their composition in `call`.

    Args:
        inputs, outputs: symbolic tensors, or lists or dicts of them; both or none.
        name: default functional, functional_1, … or the class in snake case.
        trainable: whether the weights get gradients.

    Raises:
        ValueError: inputs without outputs; outputs that the inputs do not lead to; two layers of
            one name.

    >>> from tinygrad_es import Input, Model, layers
    >>> x = Input(shape=(4,))
    >>> y = layers.Dense(3)(layers.Dense(2, activation="tanh")(x))
    >>> Model(inputs=x, outputs=y).count_params()
    19

    >>> import numpy as np
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

    def __init__(
        self,
        inputs: Any = None,
        outputs: Any = None,
        *,
        name: str | None = None,
        trainable: bool = True,
    ) -> None:
        if (inputs is None) != (outputs is None):
            raise ValueError(
                "Model: expected inputs and outputs, or neither. Received: inputs="
                f"{inputs!r}, outputs={outputs!r}."
            )
        function = None if inputs is None else Function(inputs, outputs)
        if function is not None and name is None and type(self) is Model:
            name = unique_name("functional")
        super().__init__(name=name, trainable=trainable)
        self._metrics = Metrics(None, None, [])
        self._function = function
        if function is not None:
            self.built = True
            shapes = [layer.shape for layer in function.input_layers]
            self.built_shape = shapes[0] if len(shapes) == 1 else shapes
            if not trainable:
                self.trainable = False

    @property
    def type_name(self) -> str:
        return "Functional" if type(self) is Model and self._function else type(self).__name__

    @property
    def sublayers(self) -> list[Layer]:
        own = super().sublayers
        if self._function is None:
            return own
        inside = self._function.layers
        return [*inside, *(layer for layer in own if all(layer is not x for x in inside))]

    @property
    def layers(self) -> list[Layer]:
        """The layers of the model, in order."""
        return [layer for layer in self.sublayers if not isinstance(layer, Operation)]

    def get_layer(self, name: str | None = None, index: int | None = None) -> Layer:
        """A layer by its name or its place.

        Raises:
            ValueError: there is none; both are given, or neither.
        """
        if (name is None) == (index is None):
            raise ValueError(
                "Provide either a layer name or a layer index, not both. Received: "
                f"name={name!r}, index={index!r}."
            )
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

    # --- calling ---------------------------------------------------------------------------------

    def build(self, input_shape: Shape) -> None:
        """Build the layers by calling the model on zeros."""
        if self._function is not None:
            return

        def zeros(shape: Shape) -> Tensor:
            return as_tensor(np.zeros([2 if n is None else n for n in shape], dtype=self.dtype))

        x = map_shapes(zeros, input_shape)
        with no_grad():
            if self._takes_training:
                self.call(x, training=False)  # type: ignore[call-arg]  # it takes it
            else:
                self.call(x)

    def check_input(self, x: Any) -> Any:
        if self._function is None:
            return super().check_input(x)
        return self._function.arrange(x, self.name)

    def call(self, x: Any) -> Any:
        if self._function is None:
            return super().call(x)
        return self._function(x)

    def compute_output_shape(self, input_shape: Any) -> Any:
        if self._function is not None and input_shape == self.input_shape:
            return self.output_shape
        return super().compute_output_shape(input_shape)

    # --- configuration, files --------------------------------------------------------------------

    def get_config(self) -> dict[str, Any]:
        """The arguments that make this model again; of a class of yours, those are yours to say."""
        config = super().get_config()
        return config | (functional_config(self._function) if self._function is not None else {})

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        """A new model of a configuration, with new weights."""
        if "input_layers" not in config:
            known = parameters(cls)[0] if cls.__init__ is not Model.__init__ else {"name"}
            base = ("name", "trainable", "dtype")
            model = cls(**{k: v for k, v in config.items() if k in known or k not in base})
            model.name = config.get("name", model.name)
            return model
        inputs, outputs = functional_of(config)
        return cls(inputs, outputs, name=config.get("name"), trainable=config["trainable"])

    def to_json(self, **options: Any) -> str:
        """The model without its weights as JSON, which `model_from_json` reads."""
        return json.dumps(serialize_layer(self), **options)

    def save(self, filepath: Any, overwrite: bool = True, include_optimizer: bool = True) -> None:
        """Write the whole model: see `save_model`."""
        save_model(self, filepath, overwrite, include_optimizer)

    def save_weights(self, filepath: Any, overwrite: bool = True) -> None:
        """Write the weights: see `models.save_weights`."""
        save_weights(self, filepath, overwrite)

    def load_weights(
        self, filepath: Any, skip_mismatch: bool = False, by_name: bool = False
    ) -> None:
        """Read weights: see `models.load_weights`."""
        load_weights(self, filepath, skip_mismatch, by_name)

    def training_state(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """What a training goes on from: weights, optimizer, random numbers."""
        return training_state(self)

    def restore_training(self, arrays: Any, about: Any) -> None:
        """Go on from what `training_state` returned."""
        restore_training(self, arrays, about)

    # --- the graph -------------------------------------------------------------------------------

    def _graph(self) -> Function:
        if self._function is None:
            raise AttributeError(
                f"The model {self.name} has no graph: its layers were never called on Input(…)."
            )
        return self._function

    @property
    def inputs(self) -> list[SymbolicTensor]:
        """The symbolic inputs, in a list."""
        return self._graph().inputs

    @property
    def outputs(self) -> list[SymbolicTensor]:
        """The symbolic outputs, in a list."""
        return self._graph().outputs

    @property
    def input(self) -> Any:
        """The symbolic input, or the list or dict of them that the model was made with."""
        if self._function is None:
            return super().input
        return pack(self._function.input_structure, self.inputs)

    @property
    def output(self) -> Any:
        """The symbolic output, or the list or dict of them that the model was made with."""
        if self._function is None:
            return super().output
        return pack(self._function.output_structure, self.outputs)

    @property
    def input_count(self) -> int:
        return 0 if self._function is None else len(self._function.input_layers)

    @property
    def output_names(self) -> list[str]:
        return self._function.output_names if self._function else []

    @property
    def input_shape(self) -> Any:
        """The shape the model takes, None for the batch axis; a list where there are several."""
        shapes = [x.shape for x in self.inputs]
        return shapes[0] if len(shapes) == 1 else shapes

    @property
    def output_shape(self) -> Any:
        """The shape the model returns; a list where there are several."""
        shapes = [x.shape for x in self.outputs]
        return shapes[0] if len(shapes) == 1 else shapes

    def layers_with_shapes(self) -> Iterator[tuple[Layer, Any]]:
        """Each layer and the shape it returns, None where that is not known yet."""
        for layer in self.sublayers:
            yield layer, shape_returned(layer)

    def summary(
        self,
        line_length: int | None = None,
        positions: Any = None,
        print_fn: Callable[[str], Any] | None = None,
        expand_nested: bool = False,
        show_trainable: bool = False,
        layer_range: Any = None,
    ) -> None:
        """Print the table of layers, output shapes and parameters.

        Args:
            line_length: characters of a line; default: 72, or 92 with "Connected to".
            positions: where the columns end: shares of a line, or characters.
            print_fn: called once, with the whole text, instead of printing.
            expand_nested: show the layers of models inside.
            show_trainable: a column Y or N.
            layer_range: names (or patterns) of the first and the last layer to show.
        """
        print_summary(
            self, line_length, positions, print_fn, expand_nested, show_trainable, layer_range
        )

    def wiring(self) -> Wiring | None:
        """The calls of its layers, one by one; None of a class, where only `call` knows them."""
        return None if self._function is None else function_wiring(self._function)

    def as_figure(self, rankdir: str = "TB", expand_nested: bool = False, **show: bool) -> Figure:
        """Boxes and arrows, as `utils.plot_model` draws them.

        Args:
            rankdir: "TB" or "LR".
            expand_nested: open the models inside.
            show: shapes, dtype, names, activations, trainable; all are False at first.
        """
        return model_figure(self, Details(**show), rankdir, expand_nested)


def shape_returned(layer: Layer) -> Any:
    """What the layer returns, None where that is not known yet."""
    if layer._nodes:
        return map_structure(lambda y: y.shape, layer._nodes[0].outputs)
    return layer.compute_output_shape(layer.built_shape) if layer.built_shape else None


MODELS["Functional"] = MODELS["Model"] = Model
