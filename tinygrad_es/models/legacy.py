"""Keras' old format `.h5`: one HDF5 file, JSON in its attributes, weights by layer and name."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from .. import losses
from ..files import hdf5
from ..files.atomic import atomic, needs, seal
from ..layers.holder import weight_budget
from ..layers.layer import Layer
from ..optimizers.portable import checked_variables, put_variables, variables
from .configuration import deserialize_layer, serialize_layer
from .state import Values

__all__ = ["load", "read_weights", "save"]


def weights_of(layer: Layer) -> list[Any]:
    """The weights in the order of this format: all that learn, then the others."""
    return [*layer.trainable_weights, *layer.non_trainable_weights]


def save(model: Any, path: Path, compiled: Mapping[str, Any] | None) -> None:
    """Write the model, its weights, and what it was compiled with."""
    h5py = needs("h5py")
    config = serialize_layer(model)
    if config["class_name"] not in ("Functional", "Sequential"):
        raise NotImplementedError(
            "Saving the model to HDF5 format requires the model to be a Functional model or a "
            f"Sequential model. Received: {type(model).__name__}; save it as .keras."
        )
    with atomic(path) as temporary:
        with h5py.File(temporary, "w") as file:
            file.attrs["keras_version"] = "3.15.1"
            file.attrs["backend"] = "tinygrad_es"
            described = {"class_name": config["class_name"], "config": config["config"]}
            file.attrs["model_config"] = json.dumps(described)
            file.attrs[hdf5.SEALED] = True
            _write_weights(file.create_group("model_weights"), model)
            if compiled is not None:
                optimizer = compiled["optimizer"]
                kept = {k: v for k, v in compiled.items() if k != "optimizer"}
                kept["loss"] = _full_names(kept["loss"])
                kept["optimizer_config"] = {k: optimizer[k] for k in ("class_name", "config")}
                file.attrs["training_config"] = json.dumps(kept)
                _write_optimizer(file.create_group("optimizer_weights"), model)
        seal(temporary)


def _full_names(loss: Any) -> Any:
    """Losses by the names that Keras finds again: it loses "mse" and its like in this format."""
    if isinstance(loss, dict):
        return loss if "class_name" in loss else {k: _full_names(v) for k, v in loss.items()}
    return [_full_names(v) for v in loss] if isinstance(loss, list) else losses.full_name(loss)


def _write_weights(group: Any, model: Any) -> None:
    group.attrs["backend"], group.attrs["keras_version"] = "tinygrad_es", "3.15.1"
    hdf5.write_texts(group, "layer_names", [layer.name for layer in model.layers])
    for layer in model.layers:
        own = group.create_group(layer.name)
        names: list[str] = []
        for i, weight in enumerate(weights_of(layer)):
            name = weight.name or f"{layer.name}/variable"
            names.append(name if name not in names else f"{name}_{i}")
            own.create_dataset(names[-1], data=np.asarray(weight.value))
        hdf5.write_texts(own, "weight_names", names)
    own = group.create_group("top_level_model_weights")
    names = []
    for i, weight in enumerate(model.plain_weights()):
        names.append(f"{model.name}/variable_{i}")
        own.create_dataset(names[-1], data=np.asarray(weight.value))
    hdf5.write_texts(own, "weight_names", names)


def _write_optimizer(group: Any, model: Any) -> None:
    names: list[str] = []
    for i, (name, value) in enumerate(variables(model.optimizer, model.trainable_weights)):
        full = f"{model.optimizer.name}/{name}"
        names.append(full if full not in names else f"{full}_{i}")
        group.create_dataset(names[-1], data=value)
    hdf5.write_texts(group, "weight_names", names)


def load(path: Path, compile: bool, compile_from: Callable[[Any, Any], None]) -> Any:
    """The model of such a file."""
    with hdf5.open_hdf5(path) as file:
        text = hdf5.attribute(file, "model_config")
        if not isinstance(text, str):
            raise ValueError("it holds weights, or nothing of a model: there is no model_config")
        config = json.loads(text)
        if not isinstance(config, Mapping):
            raise ValueError(f"its model_config is no model: {config!r:.100}")
        if config.get("class_name") == "Model":
            config = {**config, "class_name": "Functional"}
        with weight_budget(path.stat().st_size):
            model = deserialize_layer(config)
        for weight, value in read_weights(model, file, False, False):
            weight.overwrite(value)
        training = hdf5.attribute(file, "training_config")
        if compile and training is not None:
            given = json.loads(training)
            compile_from(model, {**given, "optimizer": given["optimizer_config"]})
            _read_optimizer(model, file)
        return model


def _read_optimizer(model: Any, file: Any) -> None:
    group = hdf5.member(file, "optimizer_weights")
    if group is None:
        return
    names = hdf5.attribute(group, "weight_names") or []
    values = [dataset[()] for dataset in hdf5.datasets(group, list(names))]
    parameters = model.trainable_weights
    shapes = [value.shape for _, value in variables(model.optimizer, parameters)]
    if [np.shape(value) for value in values] == shapes:
        checked = checked_variables(model.optimizer, parameters, values)
        put_variables(model.optimizer, parameters, checked)


def read_weights(model: Any, file: Any, skip: bool, by_name: bool) -> Values:
    """The weights of a file, checked: layer by layer in order, or by the names of the layers.

    Raises:
        ValueError: another number of layers, of weights in one, or other shapes.
    """
    group = hdf5.member(file, "model_weights") or file
    names = hdf5.attribute(group, "layer_names")
    if names is None:
        raise ValueError("it has no layer_names: expected a file of Keras' old format")
    stored: dict[str, Any] = {}
    for name in names:
        own = hdf5.member(group, name)
        if own is None:
            raise ValueError(f"it names a layer {name!r} that it does not have")
        stored[name] = hdf5.datasets(own, list(hdf5.attribute(own, "weight_names") or []))
    layers = [layer for layer in model.layers if weights_of(layer)]
    if by_name:
        pairs = [(layer, stored[layer.name]) for layer in layers if layer.name in stored]
    else:
        filled = [values for values in stored.values() if values]
        if len(filled) != len(layers):
            raise ValueError(
                "Layer count mismatch when loading weights from file. Model expected "
                f"{len(layers)} layers, found {len(filled)} saved layers."
            )
        pairs = list(zip(layers, filled, strict=True))
    found: Values = []
    failed: list[str] = []
    for layer, values in pairs:
        expected, given = [w.shape for w in weights_of(layer)], [v.shape for v in values]
        if expected != given:
            failed.append(f"{layer.name}: expected shapes {expected}, found {given}")
            continue
        weights = zip(weights_of(layer), values, strict=True)
        found += [(w, np.asarray(v[()], dtype=w.dtype)) for w, v in weights]
    if failed and not skip:
        raise ValueError(
            f"A total of {len(failed)} objects could not be loaded. " + "; ".join(failed)
        )
    return found + _top_level(model, group)


def _top_level(model: Any, group: Any) -> Values:
    """The weights of the model itself, outside of its layers."""
    own = hdf5.member(group, "top_level_model_weights")
    weights = model.plain_weights()
    if own is None or not weights:
        return []
    values = hdf5.datasets(own, list(hdf5.attribute(own, "weight_names") or []))
    if [v.shape for v in values] != [w.shape for w in weights]:
        raise ValueError(f"{model.name}: its own weights do not fit those of the file")
    return [(w, np.asarray(v[()], dtype=w.dtype)) for w, v in zip(weights, values, strict=True)]
