"""Layers whose weights are chosen by arguments: `kernel_initializer`, `bias_regularizer`, …"""

from __future__ import annotations

from typing import Any

from .. import constraints, initializers, regularizers
from ..autodiff.tensor import Tensor
from .layer import Layer

__all__ = ["WeightedLayer"]

MODULES = {
    "initializer": initializers,
    "regularizer": regularizers,
    "constraint": constraints,
}


class WeightedLayer(Layer):
    """The base: `choose` in `__init__`, `add_chosen` in `build`, and the rest is kept here."""

    def choose(
        self, weight: str, initializer: Any, regularizer: Any = None, constraint: Any = None
    ) -> None:
        """Note how a weight starts, what it costs and what it must satisfy."""
        given = {"initializer": initializer, "regularizer": regularizer, "constraint": constraint}
        for part, value in given.items():
            setattr(self, f"{weight}_{part}", MODULES[part].get(value))
        self._chosen = (*self.__dict__.get("_chosen", ()), weight)

    def add_chosen(self, weight: str, shape: Any, *, trainable: bool = True) -> Tensor:
        """The weight of this name, made as it was chosen."""
        parts = {part: getattr(self, f"{weight}_{part}") for part in MODULES}
        return self.add_weight(shape, trainable=trainable, name=weight, **parts)

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {
            f"{weight}_{part}": module.serialize(getattr(self, f"{weight}_{part}"))
            for weight in self._chosen
            for part, module in MODULES.items()
        }
