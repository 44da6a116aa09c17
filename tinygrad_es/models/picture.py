"""The figure of a model: a box for each layer, an arrow from layer to layer, as Keras draws it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from ..languages import say
from ..layers.input import InputLayer
from ..layers.layer import Layer
from ..layers.symbolic import SymbolicTensor
from ..tree import leaves
from ..views.figures.figure import Arrow, Box, Figure
from .summary import shape_text

__all__ = ["Call", "Details", "Wiring", "chain_wiring", "function_wiring", "model_figure"]

CLASS = (
    "Which layer of a class follows which is decided in its call: draw(model(x)) shows it.",
    "Qué capa de una clase sigue a cuál se decide al llamarla: draw(model(x)) lo muestra.",
)


class Call(NamedTuple):
    """The first or a later call of a layer: whose outputs it takes; shapes and dtypes."""

    layer: Layer
    sources: list[tuple[Layer, int]]
    inputs: list[tuple[Any, str]]
    outputs: list[tuple[Any, str]]


class Wiring(NamedTuple):
    """What a model is made of: where inputs go in, the calls, and where outputs come out."""

    heads: list[Layer]
    calls: list[Call]
    ends: list[tuple[Layer, int]]


class Details(NamedTuple):
    """What is shown of each layer: Keras' arguments without their `show_`."""

    shapes: bool = False
    dtype: bool = False
    names: bool = False
    activations: bool = False
    trainable: bool = False


def function_wiring(function: Any) -> Wiring:
    """Of a model between symbolic inputs and outputs."""
    where = {slot: (origin.layer, origin.place) for slot, origin in function.origins.items()}
    calls = [
        Call(layer, [], [], [function.outlines[slot]])
        for slot, layer in zip(function.input_slots, function.input_layers, strict=True)
    ]
    for step in function.steps:
        ins, outs = (
            [function.outlines[s] for s in slots] for slots in (step.sources, step.targets)
        )
        calls.append(Call(step.layer, [where[slot] for slot in step.sources], ins, outs))
    ends = [where[leaf.index] for leaf in leaves(function.output_structure)]
    return Wiring(list(function.input_layers), calls, ends)


def chain_wiring(chain: Sequence[Layer], symbols: Sequence[Any]) -> Wiring:
    """Of layers one after the other; `symbols` are the input and what each of them returns."""
    calls: list[Call] = []
    for i, layer in enumerate(chain):
        before = [(chain[i - 1], place) for place, _ in enumerate(leaves(symbols[i]))] if i else []
        calls.append(Call(layer, before, _outlines(symbols[i]), _outlines(symbols[i + 1])))
    last = [(chain[-1], place) for place, _ in enumerate(leaves(symbols[-1]))]
    return Wiring([chain[0]], calls, last)


def _outlines(symbols: Any) -> list[tuple[Any, str]]:
    return [(x.shape, x.dtype) for x in leaves(symbols) if isinstance(x, SymbolicTensor)]


def model_figure(model: Any, details: Details, rankdir: str, nested: bool) -> Figure:
    """The boxes and arrows of a model; with `nested`, also of the models in it.

    A layer has one box however often it is called, and two layers at most one arrow.

    Raises:
        ValueError: the model is not built.
    """
    if not model.built:
        raise ValueError(
            "This model has not yet been built. Build the model first by calling `build()` or by "
            "calling the model on a batch of data."
        )
    drawing = _Drawing(details, nested)
    note = ""
    if model.wiring() is None and nested:  # a class: at least what it is made of
        for layer in model.sublayers:
            if layer.built:
                drawing.box(_alone(layer), model.name)
        note = say(CLASS)
    elif model.wiring() is None:
        drawing.box(_alone(model), "")
    else:
        drawing.model(model, "")
    return Figure(drawing.boxes, drawing.arrows, rankdir=rankdir, note=note)


def _alone(layer: Any) -> Call:
    """A layer that was not called on symbolic tensors: little is known of its shapes."""
    shape = layer.built_shape
    return Call(layer, [], [(shape, layer.dtype)] if shape is not None else [], [])


class _Drawing:
    def __init__(self, details: Details, nested: bool) -> None:
        self.details, self.nested = details, nested
        self.boxes: list[Box] = []
        self.arrows: dict[Arrow, None] = {}  # in order, each once
        self.number: dict[int, int] = {}  # of the box of each layer, by id

    def model(self, model: Any, path: str) -> None:
        """The layers of a model, then their arrows; models in it first, where they are opened."""
        wiring = model.wiring()
        ends = {id(layer) for layer, _ in map(self._end, wiring.ends)} if not path else set()
        for call in wiring.calls:
            if self._opened(call.layer):
                if id(call.layer) not in self.number:
                    self.number[id(call.layer)] = -1  # it has no box of its own
                    inner = f"{path}/{call.layer.name}" if path else call.layer.name
                    self.model(call.layer, inner)
            else:
                self.box(call, path)
        for call in wiring.calls:
            for i, source in enumerate(call.sources):
                self._arrow(self._end(source)[0], self._head(call.layer, i))
        for i in [self.number[layer] for layer in ends]:
            if self.boxes[i].kind != "input":
                self.boxes[i] = self.boxes[i]._replace(kind="output")

    def box(self, call: Call, path: str) -> None:
        """The box of a layer, unless it has one."""
        layer = call.layer
        if id(layer) in self.number:
            return
        self.number[id(layer)] = len(self.boxes)
        kind = layer.type_name
        title = f"{layer.name} ({kind})" if self.details.names else kind
        rows = tuple(_rows(call, self.details))
        form = "input" if isinstance(layer, InputLayer) else "operation"
        self.boxes.append(Box(f"{path}/{layer.name}/{len(self.boxes)}", title, rows, form, path))

    def _opened(self, layer: Any) -> bool:
        return self.nested and hasattr(layer, "wiring") and layer.wiring() is not None

    def _end(self, source: tuple[Any, int]) -> tuple[Any, int]:
        """The layer with a box that an output comes from, however deep it lies."""
        layer, place = source
        while self._opened(layer):
            layer, place = layer.wiring().ends[place]
        return layer, place

    def _head(self, layer: Any, place: int) -> Any:
        """The layer with a box that an input goes to."""
        while self._opened(layer):
            heads = layer.wiring().heads
            layer, place = heads[min(place, len(heads) - 1)], 0
        return layer

    def _arrow(self, source: Any, target: Any) -> None:
        self.arrows[Arrow(self.number[id(source)], self.number[id(target)])] = None


def _rows(call: Call, details: Details) -> list[tuple[str, str]]:
    rows = []
    layer: Any = call.layer
    activation = getattr(layer, "activation", None)
    if details.activations and activation is not None:
        name = getattr(activation, "name", None) or getattr(activation, "__name__", activation)
        rows.append(("activation", str(name)))
    if details.shapes:
        if not isinstance(layer, InputLayer):
            rows.append(("input shape", _shapes(call.inputs)))
        rows.append(("output shape", _shapes(call.outputs)))
    if details.dtype:
        rows.append(("output dtype", ", ".join(dtype for _, dtype in call.outputs) or "?"))
    if details.trainable and layer.weights:
        rows.append(("trainable", "yes" if layer.trainable else "no"))
    return rows


def _shapes(outlines: list[tuple[Any, str]]) -> str:
    shapes = [shape for shape, _ in outlines]
    return shape_text(shapes[0] if len(shapes) == 1 else shapes or None)
