"""Input: the shape of what a model takes, said first."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from .layer import Layer, Shape, positive_integer
from .symbolic import SymbolicTensor

__all__ = ["Input", "InputLayer"]


class InputLayer(Layer):
    """The first layer of a model: it holds the shape and passes x through.

    Args:
        shape: of one sample, without the batch axis; None where a length may be any.
        batch_size: the number of samples, None for any.
        dtype: of the values; default `floatx`.
        batch_shape: instead of the first two, the shape with the batch axis.

    Raises:
        ValueError: no shape, two shapes, or lengths that are not positive integers.
    """

    def __init__(
        self,
        shape: Any = None,
        batch_size: int | None = None,
        dtype: Any = None,
        batch_shape: Any = None,
        name: str | None = None,
        sparse: Any = None,
        ragged: Any = None,
        optional: bool = False,
    ) -> None:
        if sparse or ragged or optional:
            raise ValueError(
                "Input: expected neither sparse, nor ragged, nor optional values. Received: "
                f"sparse={sparse}, ragged={ragged}, optional={optional}."
            )
        if shape is not None and batch_shape is not None:
            raise ValueError(
                "You cannot pass both `shape` and `batch_shape` at the same time. Received: "
                f"shape={shape}, batch_shape={batch_shape}."
            )
        if shape is None and batch_shape is None:
            raise ValueError("You must pass a `shape` argument.")
        if batch_shape is None:
            given = tuple(shape) if isinstance(shape, Iterable) else (shape,)
            batch_shape = (batch_size, *given)
        super().__init__(name=name, dtype=dtype)
        self.shape: Shape = tuple(
            None if n is None else positive_integer("shape", n) for n in batch_shape
        )
        self.built, self.built_shape = True, self.shape
        self.symbol()

    def symbol(self) -> SymbolicTensor:
        """The symbolic tensor that stands for the input."""
        if not self._nodes:  # a copy has none yet
            self.record((), {}, SymbolicTensor(self.shape, self.dtype, self.name))
        symbol: SymbolicTensor = self._nodes[0].outputs
        return symbol

    def call(self, x: Any) -> Any:
        return x

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return input_shape

    def get_config(self) -> dict[str, Any]:
        return {
            "batch_shape": list(self.shape),
            "dtype": self.dtype,
            "sparse": False,
            "ragged": False,
            "name": self.name,
            "optional": False,
        }


def Input(
    shape: Any = None,
    batch_size: int | None = None,
    dtype: Any = None,
    sparse: Any = None,
    batch_shape: Any = None,
    name: str | None = None,
    tensor: Any = None,
    optional: bool = False,
) -> SymbolicTensor:
    """The input of a model, as a symbolic tensor: layers called on it make the model.

    Arguments as those of `InputLayer`.

    Raises:
        ValueError: no shape.

    >>> Input(shape=(4,), name="Entrada").shape
    (None, 4)
    """
    if tensor is not None:
        raise ValueError("Input: `tensor` has no meaning here. Expected a shape.")
    layer = InputLayer(
        shape, batch_size, dtype, batch_shape, name=name, sparse=sparse, optional=optional
    )
    return layer.symbol()
