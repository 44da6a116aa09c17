"""The numbers of a model: which layer keeps which, in files and while a training is interrupted."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np

from ..autodiff.tensor import Tensor
from ..layers.layer import Layer
from ..ops import random as library
from ..optimizers.portable import checked_variables, put_variables, variables
from ..registry import snake_case
from .function import Function

__all__ = ["Place", "fitting_values", "places", "restore_training", "training_state"]


class Place(NamedTuple):
    """A layer and where a file keeps its own weights."""

    path: str
    layer: Layer
    weights: list[Tensor]


def places(model: Layer, path: str = "") -> Iterator[Place]:
    """The model and all layers inside it, each once, with Keras' paths: `layers/dense_1`.

    Layers of a list are called after their classes, so that names need not be the same again;
    layers that are attributes are called as the attributes.
    """
    seen: set[int] = set()

    def visit(layer: Layer, path: str) -> Iterator[Place]:
        if id(layer) in seen:
            return
        seen.add(id(layer))
        yield Place(path, layer, layer.plain_weights())
        for name, value in _children(layer):
            inner = f"{path}/{name}" if path else name
            if isinstance(value, Layer):
                yield from visit(value, inner)
            else:
                yield from listed(value, inner)

    def listed(container: Any, path: str) -> Iterator[Place]:
        taken: dict[str, int] = {}

        def unique(name: str) -> str:
            taken[name] = taken.get(name, -1) + 1
            return f"{path}/{name}_{taken[name]}" if taken[name] else f"{path}/{name}"

        for value in container.values() if isinstance(container, dict) else container:
            if isinstance(value, Layer):
                yield from visit(value, unique(snake_case(value.type_name)))
            elif isinstance(value, (list, tuple, dict)):
                yield from listed(value, unique("container"))

    yield from visit(model, path)


def _children(layer: Layer) -> list[tuple[str, Any]]:
    """Attributes that are or hold layers, in the order in which Keras visits them."""
    if hasattr(layer, "_chain") or isinstance(getattr(layer, "_function", None), Function):
        return [("layers", layer.layers)]  # type: ignore[attr-defined]  # of models
    found = {
        name: value
        for name, value in vars(layer).items()
        if isinstance(value, Layer) or (isinstance(value, (list, tuple, dict)) and _holds(value))
    }
    if hasattr(type(layer), "layers"):  # a model
        found["layers"] = layer.layers  # type: ignore[attr-defined]  # of models
    return sorted(found.items(), key=lambda item: item[0].replace("_", "~"))


def _holds(container: Any) -> bool:
    values = container.values() if isinstance(container, dict) else container
    return any(
        isinstance(v, Layer) or (isinstance(v, (list, tuple, dict)) and _holds(v)) for v in values
    )


Values = list[tuple[Tensor, Any]]  # weights, and what they are to become


def fitting_values(
    model: Layer, read: Callable[[Place], Any], skip_mismatch: bool = False
) -> Values:
    """What `read` finds for every layer, checked: all shapes fit, or nothing is changed.

    `read` returns the arrays (or datasets) of a place, None where the file has none.

    Raises:
        ValueError: missing arrays, other counts or shapes, unless `skip_mismatch`.
    """
    found: Values = []
    failed: list[str] = []
    for place in places(model):
        given = read(place) or []
        shapes = [tuple(np.shape(a)) for a in given]
        expected = [w.shape for w in place.weights]
        if shapes != expected:
            failed.append(f"{place.layer.name}: expected shapes {expected}, found {shapes}")
            continue
        pairs = zip(place.weights, given, strict=True)
        found += [(w, np.asarray(a[()] if a.ndim == 0 else a[...], w.dtype)) for w, a in pairs]
    if failed and not skip_mismatch:
        raise ValueError(
            f"A total of {len(failed)} objects could not be loaded. " + "; ".join(failed)
        )
    return found


# --- a training that goes on ----------------------------------------------------------------------


def training_state(model: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """Everything that the next steps depend on: arrays, and plain data.

    Weights, the optimizer, and the random numbers of the library, of its layers, of NumPy and of
    Python.
    """
    arrays = {f"weight/{i}": w.value for i, w in enumerate(model.weights)}
    optimizer = model.optimizer
    state = variables(optimizer, model.trainable_weights)
    arrays |= {f"optimizer/{i}": value for i, (_, value) in enumerate(state)}
    gathered = {id(w): i for i, w in enumerate(model.trainable_weights)}
    for k, gradients in enumerate(optimizer._gathered):
        arrays |= {f"gathered/{k}/{gathered[id(p)]}": g for p, g in gradients.items()}
    kind, keys, *rest = np.random.get_state()  # noqa: NPY002 - the user may draw with it
    arrays["numpy"] = keys
    about = {
        "rate": optimizer._learning_rate if optimizer._schedule is None else None,
        "library": library.generator().bit_generator.state,
        "layers": [g.bit_generator.state for g in _generators(model)],
        "numpy": [kind, *rest],
        "python": random.getstate(),
    }
    return arrays, about


def restore_training(model: Any, arrays: Mapping[str, Any], about: Mapping[str, Any]) -> None:
    """Go on where `training_state` was taken.

    Raises:
        ValueError: the state is that of another model or optimizer; nothing changes then.
    """
    weights = model.weights
    values: list[Any] = [arrays.get(f"weight/{i}") for i in range(len(weights))]
    for w, value in zip(weights, values, strict=True):
        if np.shape(value) != w.shape:
            raise ValueError(
                f"the state is of another model: {w.name} has shape {w.shape}. Received: "
                f"{np.shape(value)}."
            )
    parameters, optimizer = model.trainable_weights, model.optimizer
    count = sum(key.startswith("optimizer/") for key in arrays)
    state = [arrays[f"optimizer/{i}"] for i in range(count)]
    state = checked_variables(optimizer, parameters, state)
    for w, value in zip(weights, values, strict=True):
        w.overwrite(np.array(value, dtype=w.dtype))
    put_variables(optimizer, parameters, state)
    if about["rate"] is not None:
        optimizer._learning_rate = about["rate"]
    optimizer._gathered = []
    for key in arrays:
        if key.startswith("gathered/"):
            k, i = map(int, key.split("/")[1:])
            while len(optimizer._gathered) <= k:
                optimizer._gathered.append({})
            optimizer._gathered[k][parameters[i]] = arrays[key]
    library.generator().bit_generator.state = about["library"]
    for generator, own in zip(_generators(model), about["layers"], strict=True):
        generator.bit_generator.state = own
    kind, *rest = about["numpy"]
    np.random.set_state((kind, arrays["numpy"], *rest))  # noqa: NPY002 - as above
    version, internal, gauss = about["python"]
    random.setstate((version, tuple(internal), gauss))


def _generators(model: Layer) -> list[np.random.Generator]:
    """The random generators that layers have for themselves."""
    return [
        value
        for layer in model.nested()
        for value in vars(layer).values()
        if isinstance(value, np.random.Generator)
    ]
