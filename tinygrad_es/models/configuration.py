"""Models as plain data and back: Keras 3's nested configurations, without running any code."""

from __future__ import annotations

import contextlib
import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextvars import ContextVar
from typing import Any

import numpy as np

from .. import layers as layers_module
from ..autodiff.tensor import Tensor
from ..layers.input import InputLayer
from ..layers.layer import Layer, map_shapes
from ..layers.operation import Operation
from ..registry import accepted, custom_object_scope, custom_objects, find, serialize, snake_case
from ..tree import leaves, map_structure
from .function import Function, Slot

__all__ = [
    *("clone_model", "deserialize_layer", "functional_config", "functional_of", "model_from_json"),
    *("plain", "sequential_config", "sequential_of", "serialize_layer"),
]

_WRITTEN: ContextVar[dict[int, Any]] = ContextVar("layers in a description")
_READ: ContextVar[dict[int, Any]] = ContextVar("layers made of a description")
MODELS: dict[str, Callable[..., Any]] = {}  # "Sequential", "Functional": each fills itself in
LAYERS = {
    name: value
    for name, value in vars(layers_module).items()
    if isinstance(value, type) and issubclass(value, Layer) and value not in (Layer, Operation)
}


# --- layers ---------------------------------------------------------------------------------------


@contextlib.contextmanager
def met_in(layers: ContextVar[dict[int, Any]]) -> Iterator[dict[int, Any]]:
    """The layers met before, from the outermost model on: one in two models inside stays one."""
    known = layers.get(None)
    token = None if known is not None else layers.set({})
    try:
        yield layers.get()
    finally:
        if token is not None:
            layers.reset(token)


def serialize_layer(layer: Layer) -> dict[str, Any]:
    """A layer as plain data: class, arguments, and the shape it was built for.

    One that occurs again, in another model inside, gets a number: its `shared_object_id`.
    """
    with met_in(_WRITTEN) as known:
        found = _described(layer)
        number, first = known.setdefault(id(layer), (len(known), found))
    if first is not found:
        first["shared_object_id"] = found["shared_object_id"] = number
    return found


def _described(layer: Layer) -> dict[str, Any]:
    found: dict[str, Any] = serialize(layer)
    _must_be_enough(layer, found["config"])
    done = "layers" if hasattr(layer, "_chain") or _counts_from_1(layer) else None  # are plain
    found["config"] = {k: v if k == done else plain(v) for k, v in found["config"].items()}
    if "dtype" in found["config"] and not isinstance(layer, InputLayer):
        policy = {"name": found["config"]["dtype"]}
        found["config"]["dtype"] = {
            "module": "keras", "class_name": "DTypePolicy", "config": policy,
            "registered_name": None,
        }  # fmt: skip
    if found["class_name"] == "Functional":
        found["module"] = "keras.src.models.functional"
    if isinstance(layer, Operation):
        found["module"] = layer.module
        found["registered_name"] = found["class_name"]
    elif layer.built_shape is not None and not isinstance(layer, InputLayer):
        shape = map_shapes(list, layer.built_shape)
        found["build_config"] = {"input_shape": shape}
    return found


def _must_be_enough(layer: Layer, config: Mapping[str, Any]) -> None:
    """A ValueError where a class of the user could not be made again from its configuration."""
    if vars(layer).get("given_to_init") is None:
        return
    for name, value in config.items():
        values = leaves(value)
        plain_ones = (str, int, float, bool, type(None), np.generic, np.ndarray, Mapping)
        ok = all(
            isinstance(v, plain_ones) or hasattr(v, "get_config") or callable(v) for v in values
        )
        if not ok:
            raise ValueError(
                f"layer {layer.name}: the argument {name}={value!r:.100} of {type(layer).__name__} "
                "cannot be written into a file. Write get_config() and from_config() for it."
            )


def deserialize_layer(data: Any) -> Layer:
    """The layer that the data describe; one with a number that was met before is that one.

    Raises:
        ValueError: an unknown class, or data that are no description.
    """
    if not isinstance(data, Mapping) or not isinstance(data.get("class_name"), str):
        raise ValueError(f"expected the configuration of a layer. Received: {data!r:.200}.")
    with met_in(_READ) as known:
        number = data.get("shared_object_id")
        if not isinstance(number, int):
            return _of_description(data)
        if number not in known:
            known[number] = _of_description(data)
        found: Layer = known[number]
        return found


def _of_description(data: Mapping[str, Any]) -> Layer:
    name, config = data["class_name"], data.get("config", {})
    if not isinstance(config, Mapping):
        raise ValueError(f"layer {name}: expected a configuration. Received: {config!r:.200}.")
    own = custom_objects()
    cls = own.get(data.get("registered_name") or name, own.get(name))
    if cls is None and str(data.get("module", "")).startswith("keras.src.ops"):
        return Operation.from_config({**config, "function": snake_case(name)})
    if cls is None:
        try:
            cls = find("layer", name, LAYERS | MODELS)
        except ValueError as error:
            raise ValueError(
                f"{error} A class of your own is given as custom_objects={{{name!r}: {name}}}."
            ) from None
    config = {k: _value_of(v) for k, v in config.items()}
    policy = config.get("dtype")
    if isinstance(policy, Mapping):
        config["dtype"] = _of_policy(policy)
    made = cls.from_config(accepted(cls, config) if isinstance(cls, type) else config)
    if not isinstance(made, Layer):
        raise ValueError(f"layer {name}: expected a Layer. Received: {type(made).__name__}.")
    return made


def _of_policy(policy: Mapping[str, Any]) -> Any:
    config = policy.get("config")
    name = config.get("name") if isinstance(config, Mapping) else None
    if name not in ("float16", "float32", "float64"):
        raise ValueError(f"expected the dtype float32 or float64. Received: {policy!r:.200}.")
    return name


def plain(value: Any) -> Any:
    """Values of a configuration as what JSON has; functions and objects are described."""
    if isinstance(value, (np.integer, np.floating, np.bool_)):
        return value.item()
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, slice):
        parts = {k: plain(getattr(value, k)) for k in ("start", "stop", "step")}
        return {"class_name": "__slice__", "config": parts}
    if value is Ellipsis:
        return {"class_name": "__ellipsis__", "config": {}}
    if isinstance(value, Mapping):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(v) for v in value]
    return serialize(value)


def _value_of(value: Any) -> Any:
    """Arrays and layers among the arguments of a layer; the rest is for the layer to read."""
    if not isinstance(value, Mapping):
        return value
    name = value.get("class_name")
    if name in ("__numpy__", "__tensor__"):
        content = value.get("config", {})
        return np.asarray(content.get("value"), dtype=content.get("dtype"))
    own = custom_objects().get(str(value.get("registered_name") or name))
    module = str(value.get("module", "keras.layers" if name in LAYERS else ""))
    if "layers" in module.split(".") or (isinstance(own, type) and issubclass(own, Layer)):
        return deserialize_layer(value)
    return value


# --- models of inputs and outputs -----------------------------------------------------------------


def functional_config(function: Function) -> dict[str, Any]:
    """Layers with their calls, and which of their outputs go in and out."""

    def history(slot: int) -> list[Any]:
        layer, call, place = function.origins[slot]
        return [layer.name, call, place]

    def end(slot: Slot) -> list[Any]:
        name, call, place = history(slot.index)
        return [name, call + _counts_from_1(function.origins[slot.index].layer), place]

    def argument(leaf: Any) -> Any:
        if isinstance(leaf, (np.ndarray, Tensor)):
            value = np.asarray(leaf.value if type(leaf) is Tensor else leaf)
            kept = {"value": value.tolist(), "dtype": value.dtype.name}
            return {"class_name": "__numpy__", "config": kept}
        if type(leaf) is not Slot:
            return plain(leaf)
        shape, dtype = function.outlines[leaf.index]
        named = {"shape": list(shape), "dtype": dtype, "keras_history": history(leaf.index)}
        return {"class_name": "__keras_tensor__", "config": named}

    nodes: dict[int, list[Any]] = {id(layer): [] for layer in function.layers}
    for layer, arguments, _ in function.steps:
        args, kwargs = ((arguments,), {}) if type(arguments) is Slot else arguments
        if isinstance(layer, Operation) and layer.function == "getitem":
            args = [np.asarray(a) if isinstance(a, list) else a for a in args]  # no tuple
        node = {"args": [_argued(a, argument) for a in args]}
        nodes[id(layer)].append({**node, "kwargs": _argued(kwargs, argument)})
    described = [serialize_layer(layer) for layer in function.layers]
    for data, layer in zip(described, function.layers, strict=True):
        data |= {"name": layer.name, "inbound_nodes": nodes[id(layer)]}
    inputs = map_structure(history, function.input_structure)
    outputs = _argued(function.output_structure, end)
    return {"layers": described, "input_layers": inputs, "output_layers": outputs}


def _counts_from_1(layer: Layer) -> bool:
    """Among the outputs, Keras counts the making of a graph as its first call."""
    return getattr(layer, "_function", None) is not None


def _argued(structure: Any, function: Callable[[Any], Any]) -> Any:
    """`map_structure` for arguments: tuples become lists, as in JSON."""
    if isinstance(structure, Mapping):
        return {k: _argued(v, function) for k, v in structure.items()}
    if isinstance(structure, (list, tuple)):
        return [_argued(v, function) for v in structure]
    return function(structure)


def functional_of(config: Mapping[str, Any]) -> tuple[Any, Any]:
    """Symbolic inputs and outputs, by calling layers anew as the configuration says."""
    made: dict[str, Layer] = {}
    waiting: list[tuple[Layer, list[Any]]] = []
    for data in config["layers"]:
        layer = deserialize_layer(_as_operation(data))
        name = data.get("name", layer.name)
        if name in made:
            raise ValueError(f'The name "{name}" is used twice in the configuration of a model.')
        made[name] = layer
        waiting.append((layer, [*data.get("inbound_nodes", [])]))
    known: dict[tuple[str, int], list[Any]] = {
        (name, 0): [layer.symbol()] for name, layer in made.items() if isinstance(layer, InputLayer)
    }
    names = {id(layer): name for name, layer in made.items()}
    calls: Counter[int] = Counter()
    while any(nodes for _, nodes in waiting):
        progress = False
        for layer, nodes in waiting:
            while nodes and _ready(nodes[0], known):
                args, kwargs = _arguments(nodes.pop(0), known)
                if isinstance(layer, Operation) and layer.function == "getitem":
                    args[1:] = [tuple(a) if isinstance(a, list) else a for a in args[1:]]
                known[names[id(layer)], calls[id(layer)]] = leaves(layer(*args, **kwargs))
                calls[id(layer)] += 1
                progress = True
        if not progress:
            raise ValueError("the layers of a model wait for each other: its graph has a cycle.")

    def symbol(history: Any) -> Any:
        name, call, place = history
        layer = made[name]
        if _counts_from_1(layer):
            call = (call or calls[id(layer)]) - 1
        return known[name, call][place]

    return _ends(config["input_layers"], symbol), _ends(config["output_layers"], symbol)


def _as_operation(data: Any) -> Any:
    """The old format does not say which of its `Add` is a layer, called on a list, and which an
    operation, called on tensors.
    """
    if not isinstance(data, Mapping) or "module" in data or not data.get("inbound_nodes"):
        return data
    first = data["inbound_nodes"][0]["args"]
    merges = isinstance(first[0], list) or len(first) == 1
    if data["class_name"] in LAYERS | MODELS | custom_objects() and merges:
        return data
    return {**data, "module": "keras.src.ops.numpy"}


def _ends(structure: Any, symbol: Callable[[Any], Any]) -> Any:
    """[name, call, place], or a list or a dict of such."""
    if isinstance(structure, Mapping):
        return {k: _ends(v, symbol) for k, v in structure.items()}
    if len(structure) == 3 and isinstance(structure[0], str):
        return symbol(structure)
    return [_ends(part, symbol) for part in structure]


def _histories(value: Any) -> list[Any]:
    """The symbolic tensors that an argument names."""
    if isinstance(value, Mapping):
        if value.get("class_name") == "__keras_tensor__":
            return [value["config"]["keras_history"]]
        return [h for part in value.values() for h in _histories(part)]
    return [h for part in value for h in _histories(part)] if isinstance(value, list) else []


def _ready(node: Mapping[str, Any], known: Mapping[tuple[str, int], Any]) -> bool:
    return all(
        (name, call) in known for name, call, _ in _histories([node["args"], node["kwargs"]])
    )


def _arguments(node: Mapping[str, Any], known: Mapping[tuple[str, int], Any]) -> tuple[Any, Any]:
    def value(data: Any) -> Any:
        if isinstance(data, list):
            return [value(part) for part in data]
        if not isinstance(data, Mapping):
            return data
        kind = data.get("class_name")
        if kind == "__keras_tensor__":
            name, call, place = data["config"]["keras_history"]
            return known[name, call][place]
        if kind == "__slice__":
            return slice(*(data["config"][k] for k in ("start", "stop", "step")))
        if kind == "__ellipsis__":
            return Ellipsis
        if kind in ("__numpy__", "__tensor__"):
            return _value_of(data)
        return {k: value(v) for k, v in data.items()}

    kwargs = {k: value(v) for k, v in node["kwargs"].items() if k != "mask"}
    return [value(a) for a in node["args"]], kwargs


# --- sequential models, all models ----------------------------------------------------------------


def sequential_config(first: InputLayer | None, chain: list[Layer], built_shape: Any) -> Any:
    """The input, if there is one, and the layers."""
    listed = [serialize_layer(layer) for layer in ([first] if first is not None else []) + chain]
    found: dict[str, Any] = {"layers": listed}
    if built_shape is not None:
        found["build_input_shape"] = list(built_shape)
    return found


def sequential_of(config: Mapping[str, Any]) -> list[Any]:
    """The layers, the input first."""
    return [deserialize_layer(data) for data in config["layers"]]


def model_from_json(text: str, custom_objects: Mapping[str, Any] | None = None) -> Any:
    """The model of `model.to_json()`, with new weights.

    Raises:
        ValueError: not the JSON of a model; unknown classes.
    """
    try:
        with custom_object_scope(custom_objects):
            return deserialize_layer(json.loads(text))
    except (ValueError, TypeError, KeyError, IndexError, AttributeError, RecursionError) as error:
        said = f"{type(error).__name__}: {error}"
        raise ValueError(f"model_from_json: expected the JSON of a model. {said}") from error


def clone_model(model: Any, clone_function: Callable[[Layer], Layer] | None = None) -> Any:
    """A model of the same layers with new weights.

    Args:
        model: it is left as it is.
        clone_function: makes the new layer of each layer; default: of its configuration.
    """
    if clone_function is None:
        own = {type(layer).__name__: type(layer) for layer in model.nested()}
        with custom_object_scope({k: v for k, v in own.items() if k not in LAYERS | MODELS}):
            return deserialize_layer(serialize_layer(model))
    function = getattr(model, "_function", None)
    if function is None:
        return type(model)([clone_function(layer) for layer in model.layers], name=model.name)
    made = {id(layer): clone_function(layer) for layer in function.layers}
    return type(model)(*function.with_layers(made), name=model.name)
