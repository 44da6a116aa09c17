"""The graph of layers from inputs to outputs, as a straight list of calls."""

from __future__ import annotations

import functools
from collections import Counter
from dataclasses import dataclass
from typing import Any, NamedTuple

from ..autodiff.tensor import Tensor, as_tensor
from ..layers.input import InputLayer
from ..layers.layer import Layer
from ..layers.symbolic import Node, SymbolicTensor
from ..tree import leaves, map_structure

__all__ = ["Function", "Slot", "Step"]


@dataclass(frozen=True, slots=True)
class Slot:
    """The place of a value while the list runs. As a leaf it stands for that value."""

    index: int


class Step(NamedTuple):
    """One call: `layer(*args, **kwargs)` with values in place of the slots."""

    layer: Layer
    arguments: Any  # the slot of the one argument, or (args, kwargs) with slots as leaves
    targets: list[int]

    @property
    def sources(self) -> list[int]:
        """The slots among the arguments."""
        return [leaf.index for leaf in leaves(self.arguments) if type(leaf) is Slot]


class Origin(NamedTuple):
    """Where a slot comes from: the layer, which of its calls, which of its outputs."""

    layer: Layer
    call: int
    place: int


class Function:
    """What symbolic inputs become on their way to symbolic outputs.

    Args:
        inputs, outputs: symbolic tensors, or lists or dicts of them.

    Raises:
        ValueError: something else; outputs that the inputs do not lead to; two layers of one name.
    """

    def __init__(self, inputs: Any, outputs: Any) -> None:
        for kind, given in (("inputs", inputs), ("outputs", outputs)):
            for x in leaves(given):
                if not isinstance(x, SymbolicTensor):
                    raise ValueError(
                        f"All `{kind}` values must be symbolic tensors, as Input(…) and layers "
                        f"called on one return. Received: {x!r} of type {type(x).__name__}."
                    )
        self.symbols: tuple[list[Any], list[Any]] | None = (leaves(inputs), leaves(outputs))
        nodes, self.layers = _in_order(*self.symbols)
        _names_are_unique(self.layers)
        places: dict[int, int] = {}  # symbol → slot
        for x in self.symbols[0]:
            places.setdefault(id(x), len(places))
        self.input_structure = map_structure(lambda x: places[id(x)], inputs)
        self.input_slots = [places[id(x)] for x in self.symbols[0]]
        self.input_layers = [_input_layer(x) for x in self.symbols[0]]
        own = [layer for layer in self.input_layers if layer not in self.layers]
        self.layers = [*own, *self.layers]  # for inputs that are results of layers elsewhere
        self.steps = [
            _step(node, places) for node in nodes if not isinstance(node.layer, InputLayer)
        ]
        if isinstance(outputs, (list, tuple)) and len(outputs) == 1:
            outputs = outputs[0]
        self.output_structure = map_structure(lambda x: Slot(places[id(x)]), outputs)
        flat = isinstance(outputs, dict) and len(outputs) == len(self.symbols[1])
        self.output_names = list(outputs) if flat else [x.node.layer.name for x in self.symbols[1]]
        self.size = len(places)
        symbols = [*self.symbols[0], *(y for node in nodes for y in leaves(node.outputs))]
        self.outlines = {places[id(x)]: (x.shape, x.dtype) for x in symbols}  # of each slot

    @property
    def inputs(self) -> list[SymbolicTensor]:
        """The symbolic inputs, one after the other."""
        return self._symbols()[0]

    @property
    def outputs(self) -> list[SymbolicTensor]:
        """The symbolic outputs, one after the other."""
        return self._symbols()[1]

    def _symbols(self) -> tuple[list[Any], list[Any]]:
        if self.symbols is None:  # of a copy: called once on symbolic inputs it has its own graph
            given = [layer.symbol() for layer in self.input_layers]
            self.symbols = (given, leaves(self(given)))
        return self.symbols

    def with_layers(self, new: dict[int, Layer]) -> tuple[Any, Any]:
        """Symbolic inputs and outputs of the same graph with other layers, given by id."""
        given: list[Any] = []
        for layer in self.input_layers:
            other = new.get(id(layer), layer)
            if not isinstance(other, InputLayer):
                raise ValueError(f"expected an InputLayer in place of {layer.name}.")
            given.append(other.symbol())
        steps = self.steps
        try:
            self.steps = [step._replace(layer=new[id(step.layer)]) for step in steps]
            outputs = self(given)
        finally:
            self.steps = steps
        by_slot = dict(zip(self.input_slots, given, strict=True))
        return map_structure(by_slot.__getitem__, self.input_structure), outputs

    def __getstate__(self) -> dict[str, Any]:
        state = {key: value for key, value in vars(self).items() if key != "origins"}
        return state | {"symbols": None}

    def __call__(self, inputs: list[Any]) -> Any:
        """The outputs for a list of inputs: Tensors, or symbolic tensors."""
        values: list[Any] = [None] * self.size
        for slot, x in zip(self.input_slots, inputs, strict=True):
            values[slot] = x
        for layer, arguments, targets in self.steps:
            if type(arguments) is Slot:
                y = layer(values[arguments.index])
            else:
                args, kwargs = filled(arguments, values)
                y = layer(*args, **kwargs)
            if len(targets) == 1 and type(y) is Tensor:
                values[targets[0]] = y
            else:
                for slot, part in zip(targets, leaves(y), strict=True):
                    values[slot] = part
        return filled(self.output_structure, values)

    @functools.cached_property
    def origins(self) -> dict[int, Origin]:
        """Where each slot comes from."""
        found = {
            slot: Origin(layer, 0, 0)
            for slot, layer in zip(self.input_slots, self.input_layers, strict=True)
        }
        calls: Counter[int] = Counter()
        for step in self.steps:
            for place, slot in enumerate(step.targets):
                found[slot] = Origin(step.layer, calls[id(step.layer)], place)
            calls[id(step.layer)] += 1
        return found

    @property
    def is_chain(self) -> bool:
        """Whether each layer takes what the one before it returns, and nothing else."""
        before = self.input_slots
        for step in self.steps:
            if step.sources != before or len(before) != 1:
                return False
            before = step.targets
        return len({id(step.layer) for step in self.steps}) == len(self.steps)

    # --- what it is given ------------------------------------------------------------------------

    def arrange(self, x: Any, name: str) -> list[Tensor]:
        """The inputs one after the other: from one value, a list in order, or a dict by name."""
        layers = self.input_layers
        names = [layer.name for layer in layers]
        if isinstance(x, dict):
            known = self.input_structure if isinstance(self.input_structure, dict) else names
            missing = [key for key in known if key not in x]
            if missing:
                raise ValueError(
                    f'The structure of the inputs of "{name}" does not match. Expected: '
                    f"{list(known)}. Received: {list(x)}."
                )
            given = leaves([x[key] for key in known])
        else:
            given = [x] if len(layers) == 1 and not isinstance(x, (list, tuple)) else leaves(x)
            if len(layers) == 1 and len(given) != 1:
                given = [x]  # numbers in lists
        if len(given) != len(layers):
            raise ValueError(
                f'Layer "{name}" expects {len(layers)} input(s), {names}. Received: {len(given)}.'
            )
        return [
            fitting(value, layer, i, name)
            for i, (value, layer) in enumerate(zip(given, layers, strict=True))
        ]


def filled(structure: Any, values: list[Any]) -> Any:
    """The structure with values in place of its slots."""
    if type(structure) is Slot:
        return values[structure.index]
    if isinstance(structure, dict):
        return {key: filled(value, values) for key, value in structure.items()}
    if isinstance(structure, (list, tuple)):
        return type(structure)([filled(value, values) for value in structure])
    return structure


def fitting(value: Any, layer: InputLayer, index: int, name: str, *, axes: bool = False) -> Tensor:
    """A value as what this input expects: its shape is checked, its integers become floats.

    With `axes` an error names the last axis, where that is what differs.
    """
    if isinstance(value, SymbolicTensor):
        return value  # type: ignore[return-value]  # a graph of the graph
    x = value if type(value) is Tensor else as_tensor(value)
    if layer.dtype.startswith("float") and x.dtype.kind in "iub":
        x = as_tensor(x.numpy().astype(layer.dtype))
    expected = layer.shape
    if x.shape[1:] == expected[1:] and x.ndim == len(expected):
        return x
    if x.ndim == len(expected) - 1 and expected[-1] == 1:
        x = x.reshape(*x.shape, 1)  # a column of one number a sample
    if x.ndim != len(expected) or any(
        n is not None and n != m for n, m in zip(expected[1:], x.shape[1:], strict=True)
    ):
        problem = f"shape={expected}, found shape={x.shape}"
        if axes and x.ndim == len(expected) and expected[-1] not in (None, x.shape[-1]):
            problem = (
                f"axis -1 of input shape to have value {expected[-1]}, but received input with "
                f"shape {x.shape}"
            )
        if x.shape == tuple(expected[1:]):
            problem += "; x[None] makes one sample a batch"
        raise ValueError(
            f'Input {index} of layer "{name}" is incompatible with the layer: expected {problem}'
        )
    return x


def _step(node: Node, places: dict[int, int]) -> Step:
    """The node's call, and slots for what it returns."""

    def slot(x: Any) -> Any:
        return Slot(places[id(x)]) if isinstance(x, SymbolicTensor) else x

    args, kwargs = map_structure(slot, node.arguments)
    alone = len(args) == 1 and type(args[0]) is Slot and not kwargs
    targets = [places.setdefault(id(y), len(places)) for y in leaves(node.outputs)]
    return Step(node.layer, args[0] if alone else (args, kwargs), targets)


def _in_order(inputs: list[Any], outputs: list[Any]) -> tuple[list[Node], list[Layer]]:
    """The nodes between inputs and outputs, each after those it needs, and their layers.

    Layers are ordered as in Keras: those farthest from the outputs first, then as met.
    """
    given = {id(x) for x in inputs}
    order: list[Node] = []
    met: dict[int, int] = {}  # layer → when
    done: set[int] = set()
    for i, output in enumerate(outputs):
        waiting = [(output, False)]
        while waiting:
            x, ready = waiting.pop()
            node = x.node
            is_input = isinstance(node.layer, InputLayer)
            if id(node) in done or (id(x) in given and not is_input):
                continue
            if is_input and id(x) not in given:
                path = str(i) if len(outputs) > 1 else ""
                raise ValueError(
                    f"Output with path `{path}` is not connected to `inputs`: it needs the input "
                    f"{x.name!r}. Received: inputs {[y.name for y in inputs]}."
                )
            met.setdefault(id(node.layer), len(met))
            if ready or is_input:
                done.add(id(node))
                order.append(node)
            else:
                waiting.append((x, True))
                waiting += [(y, False) for y in reversed(node.inputs)]
    depths = _depths(order)
    layers = {id(node.layer): node.layer for node in order}
    found = sorted(layers.values(), key=lambda layer: (-depths[id(layer)], met[id(layer)]))
    unused = [x.node.layer for x in inputs if id(x.node.layer) not in layers]
    return order, [*found, *(layer for layer in unused if isinstance(layer, InputLayer))]


def _depths(order: list[Node]) -> dict[int, int]:
    """For each layer, how many calls lie between it and the farthest output."""
    of_nodes: dict[int, int] = {}
    of_layers: dict[int, int] = {}
    for node in reversed(order):
        depth = max(of_nodes.get(id(node), 0), of_layers.get(id(node.layer), 0))
        of_layers[id(node.layer)] = depth
        for x in node.inputs:
            of_nodes[id(x.node)] = max(of_nodes.get(id(x.node), 0), depth + 1)
    return of_layers


def _names_are_unique(layers: list[Layer]) -> None:
    for name, count in Counter(layer.name for layer in layers).items():
        if count > 1:
            raise ValueError(
                f'The name "{name}" is used {count} times in the model. All operation names '
                "should be unique."
            )


def _input_layer(x: SymbolicTensor) -> InputLayer:
    """The layer of an input; of one that a layer made, a new one of its shape."""
    if x.node is not None and isinstance(x.node.layer, InputLayer):
        return x.node.layer
    return InputLayer(batch_shape=x.shape, dtype=x.dtype)
