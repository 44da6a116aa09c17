"""Embedding: a learned row for each of a number of symbols."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import ops
from ..autodiff.errors import describe
from ..autodiff.tensor import Tensor, as_tensor
from .layer import Shape, positive_integer
from .weighted import WeightedLayer

__all__ = ["Embedding"]


class Embedding(WeightedLayer):
    """Integers i → rows embeddings[i]: (batch, …) → (batch, …, output_dim).

    Args:
        input_dim: the number of symbols; the integers are 0 … input_dim − 1.
        output_dim: the length of a row.
        embeddings_initializer, embeddings_regularizer, embeddings_constraint: of the table.

    Raises:
        ValueError: an integer that is out of range, or not an integer.

    >>> import numpy as np
    >>> from tinygrad_es.layers import Embedding
    >>> Embedding(10, 4)(np.array([[1, 2, 3]])).shape
    (1, 3, 4)
    """

    def __init__(
        self,
        input_dim: int,
        output_dim: int,
        embeddings_initializer: Any = "uniform",
        embeddings_regularizer: Any = None,
        embeddings_constraint: Any = None,
        mask_zero: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if mask_zero:
            raise ValueError("`mask_zero`: expected False; there are no masks here.")
        self.input_dim = positive_integer("input_dim", input_dim)
        self.output_dim = positive_integer("output_dim", output_dim)
        self.choose(
            "embeddings", embeddings_initializer, embeddings_regularizer, embeddings_constraint
        )

    def build(self, input_shape: Shape) -> None:
        self.embeddings = self.add_chosen("embeddings", (self.input_dim, self.output_dim))

    def check_input(self, x: Any) -> Tensor:
        """Integers in range; floats that are whole numbers are taken too."""
        x = as_tensor(x)
        values = np.asarray(x.value)
        index = values.astype(np.intp)
        whole = values.dtype.kind in "iu" or bool((index == values).all())
        if not whole or (index.size and not 0 <= index.min() <= index.max() < self.input_dim):
            raise ValueError(
                f'Input 0 of layer "{self.name}": expected integers from 0 to '
                f"{self.input_dim - 1}. Received: {describe(x)}"
                + (f" from {values.min()} to {values.max()}." if values.size else ".")
            )
        return as_tensor(index)

    def call(self, x: Any) -> Any:
        return ops.take(self.embeddings, x, axis=0)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return (*input_shape, self.output_dim)

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {
            "input_dim": self.input_dim,
            "output_dim": self.output_dim,
            "mask_zero": False,
        }
