"""What holds weights: a layer's own, and those of the layers inside it."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterator, Sequence
from contextvars import ContextVar
from typing import Any

import numpy as np

from .. import constraints, initializers, regularizers
from ..autodiff.tensor import Tensor, constant

__all__ = ["WeightHolder", "weight_budget"]

_BUDGET: ContextVar[list[int]] = ContextVar("numbers that weights may still take")


@contextlib.contextmanager
def weight_budget(count: int) -> Iterator[None]:
    """Inside, new weights may have so many numbers in all: a file promises no more than it has."""
    token = _BUDGET.set([count])
    try:
        yield
    finally:
        _BUDGET.reset(token)


class WeightHolder:
    """The part of a layer that knows its weights; attributes that are layers are inside it."""

    name: str
    dtype: str
    built: bool
    _trainable: bool
    own_weights: list[Tensor]
    _frozen: list[Tensor]  # those of them that never get gradients
    _penalized: list[tuple[Tensor, Any]]  # weights, each with its regularizer

    def add_weight(
        self,
        shape: Sequence[int] = (),
        initializer: Any = "glorot_uniform",
        *,
        dtype: Any = None,
        trainable: bool = True,
        regularizer: Any = None,
        constraint: Any = None,
        name: str | None = None,
    ) -> Tensor:
        """A new weight of this layer, a Tensor named `layer/name`.

        Args:
            shape: its lengths.
            initializer: a name, an object or a function of a shape.
            dtype: default: the layer's.
            trainable: whether training changes it.
            regularizer: a penalty that is part of the loss.
            constraint: what its value must satisfy after each update.
            name: the last part of its name.
        """
        budget = _BUDGET.get(None)
        if budget is not None:
            budget[0] -= math.prod(shape)
            if budget[0] < 0:
                raise ValueError(
                    f"layer {self.name}: a weight of shape {tuple(shape)} is more than the file "
                    "can hold."
                )
        values = initializers.get(initializer)(tuple(shape), dtype or self.dtype)
        weight = Tensor(values, dtype=dtype or self.dtype, name=f"{self.name}/{name or 'weight'}")
        weight.requires_grad = trainable and self._trainable
        weight.marked().constraint = constraints.get(constraint)
        self.own_weights.append(weight)
        if not trainable:
            self._frozen.append(weight)
        if regularizer is not None:
            self._penalized.append((weight, regularizers.get(regularizer)))
        return weight

    @property
    def sublayers(self) -> list[Any]:
        """The layers held as attributes, also in lists and dicts, in the order they were set."""
        found: dict[int, Any] = {}
        waiting = list(reversed(vars(self).values()))
        while waiting:
            value = waiting.pop()
            if isinstance(value, WeightHolder):
                found.setdefault(id(value), value)
            elif isinstance(value, dict):
                waiting += reversed(value.values())
            elif isinstance(value, (list, tuple)):
                waiting += reversed(value)
        return list(found.values())

    @property
    def weights(self) -> list[Tensor]:
        """All weights, layer by layer; in a layer those that can learn come first."""
        return [w for w, _ in self._all_weights()]

    def _all_weights(self) -> list[tuple[Tensor, bool]]:
        """Each weight once, and whether training changes it."""
        found: dict[int, tuple[Tensor, bool]] = {}
        seen: set[int] = set()  # a child may hold its parent

        def visit(layer: WeightHolder, trainable: bool) -> None:
            if id(layer) in seen:
                return
            seen.add(id(layer))
            trainable = trainable and layer._trainable
            for w in layer.plain_weights():
                found.setdefault(id(w), (w, trainable and not _is_in(w, layer._frozen)))
            for inner in layer.sublayers:
                visit(inner, trainable)

        visit(self, True)
        return list(found.values())

    def plain_weights(self) -> list[Tensor]:
        """The weights of this layer itself, those that can learn first."""
        attributes = [v for v in vars(self).values() if type(v) is Tensor and v.op is None]
        loose = [v for v in attributes if v.tracked and not _is_in(v, self.own_weights)]
        return sorted([*self.own_weights, *loose], key=lambda w: _is_in(w, self._frozen))

    def nested(self) -> list[Any]:
        """This layer and all layers inside it, each once."""
        found: dict[int, Any] = {}
        waiting: list[Any] = [self]
        while waiting:
            layer = waiting.pop()
            if id(layer) not in found:
                found[id(layer)] = layer
                waiting += reversed(layer.sublayers)
        return list(found.values())

    @property
    def trainable_weights(self) -> list[Tensor]:
        """The weights that training changes."""
        return [w for w, trainable in self._all_weights() if trainable]

    @property
    def non_trainable_weights(self) -> list[Tensor]:
        """The weights that training leaves alone."""
        return [w for w, trainable in self._all_weights() if not trainable]

    @property
    def variables(self) -> list[Tensor]:
        """`weights`, as Keras 3 calls them; so are the next two."""
        return self.weights

    @property
    def trainable_variables(self) -> list[Tensor]:
        """`trainable_weights`."""
        return self.trainable_weights

    @property
    def non_trainable_variables(self) -> list[Tensor]:
        """`non_trainable_weights`."""
        return self.non_trainable_weights

    @property
    def trainable(self) -> bool:
        """Whether the layer's weights get gradients; assigning reaches the layers inside."""
        return self._trainable

    @trainable.setter
    def trainable(self, flag: bool) -> None:
        for layer in self.nested():
            layer._trainable = bool(flag)
            for weight in layer.own_weights:
                weight.requires_grad = bool(flag) and not _is_in(weight, layer._frozen)

    def get_weights(self) -> list[Any]:
        """Copies of the weights as arrays, in the order of `weights`."""
        return [np.array(w.value) for w in self.weights]

    def set_weights(self, weights: Sequence[Any]) -> None:
        """New values for all weights; nothing changes unless every shape fits."""
        own = self.weights
        if len(weights) != len(own):
            raise ValueError(
                f"You called `set_weights(weights)` on layer '{self.name}' with a weight list of "
                f"length {len(weights)}, but the layer was expecting {len(own)} weights."
            )
        for weight, new in zip(own, weights, strict=True):
            if np.shape(constant(new)) != weight.shape:
                raise ValueError(
                    f"Layer {self.name} weight shape {weight.shape} is not compatible with "
                    f"provided weight shape {np.shape(constant(new))}."
                )
        for weight, new in zip(own, weights, strict=True):
            weight.overwrite(np.array(constant(new), dtype=weight.dtype))

    def count_params(self) -> int:
        """The number of numbers in all weights."""
        if not self.built:
            raise ValueError(
                f"You tried to call `count_params` on layer '{self.name}', but the layer isn't "
                "built. You can build it manually via: `layer.build(input_shape)`."
            )
        return sum(w.size for w in self.weights)


def _is_in(weight: Tensor, weights: list[Tensor]) -> bool:
    return any(weight is other for other in weights)
