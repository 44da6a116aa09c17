"""Input: the shape of what a model takes, said first."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from .layer import Layer, Shape, positive_integer

__all__ = ["Input", "InputLayer"]


class InputLayer(Layer):
    """What `Input` returns: it holds the shape, without the batch axis, and passes x through."""

    def __init__(
        self, shape: Sequence[int | None], name: str | None = None, dtype: Any = None
    ) -> None:
        super().__init__(name=name, dtype=dtype)
        self.shape: Shape = (None, *shape)
        self.built = True

    def call(self, x: Any) -> Any:
        return x

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return input_shape


def Input(shape: Any = None, *, name: str | None = None, dtype: Any = None) -> InputLayer:
    """The input of a model: `Sequential([Input(shape=(4,)), Dense(3)])`.

    Raises:
        ValueError: no shape.

    >>> Input(shape=(4,), name="Entrada").shape
    (None, 4)
    """
    if shape is None:
        raise ValueError("You must pass a `shape` argument.")
    given = tuple(shape) if isinstance(shape, Iterable) else (shape,)
    sizes = [None if n is None else positive_integer("shape", n) for n in given]
    return InputLayer(sizes, name=name, dtype=dtype)
