"""Saving and loading: whole models in `.keras` and `.h5`, weights in four formats."""

from __future__ import annotations

import contextlib
import datetime
import io
import json
import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from .. import losses, metrics, optimizers
from ..files import archive, hdf5, tensors
from ..files.atomic import atomic
from ..layers.holder import weight_budget
from ..layers.layer import Layer
from ..optimizers.portable import checked_variables, put_variables, variables
from ..registry import custom_object_scope
from . import legacy
from .configuration import deserialize_layer, plain, serialize_layer
from .state import Place, Values, fitting_values, places

__all__ = ["load_model", "load_weights", "save_model", "save_weights"]

WRITTEN_AS = "3.15.1"  # the version of Keras whose format this is
READ = json.JSONDecoder().decode
FAULTS = (  # what damaged or foreign data lead to
    ValueError, TypeError, KeyError, IndexError, AttributeError, RecursionError, OverflowError,
    MemoryError, OSError, RuntimeError, AssertionError, NotImplementedError, ArithmeticError,
)  # fmt: skip


# --- names of files -------------------------------------------------------------------------------


def whole_model(path: Any) -> Path:
    """The path of a model; without an extension it is `.keras`."""
    found = path_of_file(path)
    if found.suffix == "":
        found = found.with_suffix(".keras")
    if found.suffix not in (".keras", ".h5", ".hdf5"):
        raise ValueError(
            "Invalid filepath extension for saving or loading a model. Expected a `.keras` "
            "extension for the native Keras format (recommended) or a `.h5` extension. Received: "
            f"filepath={path}."
        )
    return found


def path_of_file(path: Any) -> Path:
    """A path that has a name of a file at its end."""
    if not isinstance(path, (str, os.PathLike)):
        raise ValueError(f"expected the path of a file. Received: filepath={path!r}.")
    found = Path(path)
    if not found.name:
        raise ValueError(f"expected the path of a file. Received: the folder {path!r}.")
    return found


def only_weights(path: Any) -> Path:
    """The path of weights; without an extension it is `.weights.h5`."""
    found = path_of_file(path)
    if found.suffix == "":
        found = found.with_name(found.name + ".weights.h5")
    if found.suffix not in (".npz", ".safetensors", ".h5"):
        raise ValueError(
            "The filename must end in `.weights.h5`, `.npz` or `.safetensors`. Received: "
            f"filepath={path}."
        )
    return found


def there(path: Path, given: Any) -> Path:
    """The file, where it exists; also where it was written without an extension."""
    for found in (path, Path(given)):
        if found.is_file():
            return found
    raise ValueError(f"File not found: filepath={given}. Please ensure the file is there.")


def may_write(path: Path, overwrite: bool) -> None:
    if path.exists() and not overwrite:
        raise FileExistsError(f"{path} exists already, and overwrite=False.")


@contextlib.contextmanager
def reading(path: Path, what: str) -> Iterator[None]:
    """Whatever is wrong with the file is one ValueError that names it."""
    try:
        yield
    except (ImportError, PermissionError):
        raise  # nothing is wrong with the file
    except FAULTS as error:
        said = str(error) or type(error).__name__
        if said.startswith("Could not interpret") and "custom_objects" not in said:
            said += " What is your own is given as custom_objects={name: …}."
        raise ValueError(f"{path}: cannot load {what}: {said[:1000]}") from error


# --- whole models ---------------------------------------------------------------------------------


def save_model(
    model: Any, filepath: Any, overwrite: bool = True, include_optimizer: bool = True
) -> None:
    """Write a model with its weights and the state of its optimizer.

    Args:
        model: a built model.
        filepath: `.keras`, or `.h5` in Keras' old format; nothing is `.keras`. The old file stays
            whole until the new one is.
        overwrite: whether an old file is replaced; else FileExistsError.
        include_optimizer: whether the state of the optimizer is saved too.
    """
    path = whole_model(filepath)
    may_write(path, overwrite)
    if path.suffix != ".keras":
        legacy.save(model, path, _compiled(model, include_optimizer))
        return
    config = serialize_layer(model)
    if include_optimizer and model.optimizer is not None:
        config["compile_config"] = _compiled(model, True)
    weights = io.BytesIO()
    hdf5.write_groups(weights, _groups(model, include_optimizer))
    now = datetime.datetime.now().strftime("%Y-%m-%d@%H:%M:%S")
    metadata = {"keras_version": WRITTEN_AS, "date_saved": now, "sealed": "tinygrad_es"}
    entries = {
        "metadata.json": json.dumps(metadata).encode(),
        "config.json": json.dumps(config).encode(),
        "model.weights.h5": weights.getvalue(),
    }
    with atomic(path) as temporary:
        archive.write_archive(temporary, entries)


def _groups(model: Any, include_optimizer: bool) -> dict[str, tuple[str | None, list[Any]]]:
    found: dict[str, tuple[str | None, list[Any]]] = {
        place.path: (place.layer.name, [w.value for w in place.weights]) for place in places(model)
    }
    optimizer = getattr(model, "optimizer", None)
    if include_optimizer and optimizer is not None:
        state = variables(optimizer, model.trainable_weights)
        found["optimizer"] = (optimizer.name, [value for _, value in state])
    return found


def _compiled(model: Any, include_optimizer: bool) -> dict[str, Any] | None:
    """What `compile` was given, as plain data."""
    if model.optimizer is None or not include_optimizer:
        return None
    given = {key: plain(value) for key, value in model.compiled_with.items()}
    return {
        "optimizer": plain(model.optimizer),
        **given,
        "run_eagerly": model.run_eagerly,
        "steps_per_execution": 1,
        "jit_compile": False,
    }


def load_model(
    filepath: Any,
    custom_objects: Mapping[str, Any] | None = None,
    compile: bool = True,
    safe_mode: bool = True,
) -> Any:
    """The model of a file, compiled as it was, its optimizer in the state in which it was.

    No code of the file is run: classes are looked up among those of this package and
    `custom_objects`.

    Args:
        filepath: of `model.save`, or of Keras' own.
        custom_objects: your classes and functions by name.
        compile: whether to compile it as it was.
        safe_mode: accepted for Keras' sake; loading is always safe.

    Raises:
        ValueError: no such file; a damaged or a foreign one.
    """
    path = there(whole_model(filepath), filepath)
    with reading(path, "a model"), custom_object_scope(custom_objects):
        if path.suffix in (".h5", ".hdf5"):
            return legacy.load(path, compile, _compile_from)
        entries = _entries(path)
        return _from_entries(READ(entries["config.json"].decode()), entries, compile)


def _entries(path: Path) -> dict[str, bytes]:
    """What a `.keras` file holds, whole."""
    entries, sealed = archive.read_archive(path)
    for name in ("metadata.json", "config.json", "model.weights.h5"):
        if name not in entries:
            raise ValueError(f"it has no {name}; found {sorted(entries)[:20]}")
    if READ(entries["metadata.json"].decode()).get("sealed") and not sealed:
        raise ValueError("its checksum is missing: the file was cut or damaged")
    return entries


def _from_entries(config: Any, entries: Mapping[str, bytes], compile: bool) -> Any:
    if not isinstance(config, Mapping):
        raise ValueError(f"its config.json is no model: {config!r:.100}")
    weights = entries["model.weights.h5"]
    with weight_budget(len(weights)):
        model = deserialize_layer(config)
        build = config.get("build_config")
        if not model.built and isinstance(build, Mapping) and build.get("input_shape"):
            model.build(tuple(build["input_shape"]))
    if not hasattr(model, "compiled_with") and not hasattr(model, "fit"):
        raise ValueError(f"it holds a {type(model).__name__}, no model")
    with hdf5.open_hdf5(io.BytesIO(weights)) as file:
        _put(fitting_values(model, _reader(file)))
        if compile and config.get("compile_config"):
            _compile_from(model, config["compile_config"])
            _put_optimizer(model, file)
    return model


def _compile_from(model: Any, given: Mapping[str, Any]) -> None:
    """`compile` with what was saved."""

    def revived(data: Any, get: Callable[[Any], Any]) -> Any:
        if isinstance(data, Mapping) and "class_name" not in data:
            return {key: revived(value, get) for key, value in data.items()}
        if isinstance(data, list):
            return [revived(value, get) for value in data]
        return get(data) if isinstance(data, Mapping) else data

    optimizer = given["optimizer"]
    model.compile(
        optimizer=optimizers.get(optimizer) if isinstance(optimizer, Mapping) else optimizer,
        loss=revived(given.get("loss"), losses.get),
        loss_weights=given.get("loss_weights"),
        metrics=revived(given.get("metrics"), metrics.get),
        weighted_metrics=revived(given.get("weighted_metrics"), metrics.get),
        run_eagerly=bool(given.get("run_eagerly", False)),
    )


# --- weights --------------------------------------------------------------------------------------


def save_weights(model: Any, filepath: Any, overwrite: bool = True) -> None:
    """Write the weights: `.weights.h5` (with the optimizer's state), `.npz` or `.safetensors`.

    `.npz` needs no other package, and `np.load` reads it: arrays by the names of the weights.
    """
    path = only_weights(filepath)
    must_be_built(model, "saving")
    may_write(path, overwrite)
    with atomic(path) as temporary:
        if path.suffix == ".h5":
            hdf5.write_groups(temporary, _groups(model, True))
        elif path.suffix == ".npz":
            tensors.write_npz(temporary, named(model))
        else:
            tensors.write_safetensors(temporary, named(model))


def load_weights(
    model: Any, filepath: Any, skip_mismatch: bool = False, by_name: bool = False
) -> None:
    """Read weights into a built model: of `save_weights`, of a whole model, or of Keras'.

    All shapes are checked before the first weight changes.

    Args:
        model: of the same layers; they are matched by place and class, not by name.
        filepath: `.weights.h5`, `.h5`, `.keras`, `.npz` or `.safetensors`.
        skip_mismatch: leave the layers alone whose weights do not fit.
        by_name: match the layers of an old `.h5` file by their names.

    Raises:
        ValueError: no such file, a damaged one, or weights that do not fit.
    """
    wanted = Path(filepath)
    path = there(wanted if wanted.suffix == ".keras" else only_weights(filepath), filepath)
    must_be_built(model, "loading")
    with reading(path, "weights"):
        values, state = _read_weights(model, path, skip_mismatch, by_name)
    _put(values)
    if state is not None:
        put_variables(model.optimizer, model.trainable_weights, state)


def _read_weights(model: Any, path: Path, skip: bool, by_name: bool) -> tuple[Values, Any]:
    if path.suffix == ".npz":
        return by_names(model, tensors.read_npz(path)[0], skip), None
    if path.suffix == ".safetensors":
        return by_names(model, tensors.read_safetensors(path), skip), None
    source: Any = path
    if path.suffix == ".keras":
        source = io.BytesIO(_entries(path)["model.weights.h5"])
    with hdf5.open_hdf5(source) as file:
        if "layer_names" in file.attrs or "model_weights" in file or "layer_names0" in file.attrs:
            return legacy.read_weights(model, file, skip, by_name), None
        if by_name:
            raise ValueError("by_name=True is for the old format .h5; this file has no names")
        values = fitting_values(model, _reader(file), skip)
        return values, _optimizer_state(model, file)


def must_be_built(model: Any, doing: str) -> None:
    if not model.built:
        raise ValueError(
            f"You are {doing} weights of a model that has not yet been built: {model.name}. Call "
            "it on data, `fit` it, or call `build(input_shape)` first."
        )


def _put(values: Values) -> None:
    for weight, value in values:
        weight.overwrite(value)


def _reader(file: Any) -> Callable[[Place], Any]:
    """What a file of Keras' layout has for a place."""
    older = "_layer_checkpoint_dependencies"

    def read(place: Place) -> Any:
        path = f"{place.path}/vars" if place.path else "vars"
        group = hdf5.member(file, path)
        if group is None and place.path.startswith("layers/"):
            group = hdf5.member(file, path.replace("layers/", f"{older}/", 1))
        if group is None:
            return None
        return hdf5.datasets(group, [str(i) for i in range(min(len(group), 10_000))])

    return read


def _optimizer_state(model: Any, file: Any) -> Any:
    """The state of the optimizer, checked; None where there is none in the file or the model."""
    optimizer = getattr(model, "optimizer", None)
    group = hdf5.member(file, "optimizer/vars")
    if optimizer is None or group is None:
        return None
    head = 1 if optimizer._schedule is not None else 2
    parameters = model.trainable_weights
    found = hdf5.datasets(group, [str(i) for i in range(min(len(group), 1_000_000))])
    if len(found) == head:  # it had not stepped yet
        found += [value for _, value in variables(optimizer, parameters)[head:]]
    shapes = [np.shape(value) for value in found]
    if shapes != [value.shape for _, value in variables(optimizer, parameters)]:
        return None  # of another optimizer: the weights serve all the same
    arrays = [value[()] if hasattr(value, "id") else value for value in found]
    return checked_variables(optimizer, parameters, arrays)


def _put_optimizer(model: Any, file: Any) -> None:
    state = _optimizer_state(model, file)
    if state is not None:
        put_variables(model.optimizer, model.trainable_weights, state)


def named(model: Layer) -> dict[str, Any]:
    """The weights by their names; a name that occurs again gets a number."""
    found: dict[str, Any] = {}
    for i, weight in enumerate(model.weights):
        name = base = weight.name or f"weight_{i}"
        k = 0
        while name in found:
            k += 1
            name = f"{base}_{k}"
        found[name] = weight.value
    return found


def by_names(model: Layer, arrays: Mapping[str, Any], skip: bool) -> Values:
    """Weights by name where all names are there, else in order."""
    names = list(named(model))
    known = all(name in arrays for name in names)
    given = [arrays[name] for name in names] if known else list(arrays.values())
    weights = model.weights
    if len(given) != len(weights) or (known and len(arrays) != len(names)):
        raise ValueError(
            f"expected {len(weights)} weights, {names[:8]}…. Received: {len(arrays)}, "
            f"{list(arrays)[:8]}…"
        )
    wrong = [
        f"{name}: expected shape {w.shape}, found {a.shape}"
        for name, w, a in zip(names, weights, given, strict=True)
        if w.shape != a.shape
    ]
    if wrong and not skip:
        raise ValueError(
            f"A total of {len(wrong)} objects could not be loaded. " + "; ".join(wrong)
        )
    pairs = zip(weights, given, strict=True)
    return [(w, np.array(a, dtype=w.dtype)) for w, a in pairs if w.shape == a.shape]
