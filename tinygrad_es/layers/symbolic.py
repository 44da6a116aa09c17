"""Symbolic tensors: a shape without numbers. Layers called on them make the graph of a model."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from ..autodiff.errors import NoValues
from ..autodiff.modes import no_grad, training
from ..autodiff.tensor import Tensor, as_tensor
from ..tree import is_nested, leaves, map_structure

if TYPE_CHECKING:
    from .layer import Layer

__all__ = ["Node", "Shape", "SymbolicTensor", "has_symbols", "is_shape", "outline"]

Shape = tuple[int | None, ...]
LARGEST = 200_000_000  # numbers of an input that a function is tried on


class SymbolicTensor:
    """What `Input` and a layer called on it return: shape and dtype, and where it comes from.

    It has the operators and methods of Tensor, and the functions of `ops` and of NumPy take it;
    each of them makes a layer of the model. For anything else there is `layers.Lambda`.

    >>> from tinygrad_es.layers import Dense, Input
    >>> x = Input(shape=(4,))
    >>> y = Dense(3)(x) * 2
    >>> y.shape, y.node.layer.name
    ((None, 3), 'multiply')
    """

    __slots__ = ("dtype", "name", "node", "place", "shape")
    node: Node | None  # the call that made it
    place: int  # which of its outputs it is

    def __init__(self, shape: Shape, dtype: Any = "float32", name: str | None = None) -> None:
        self.shape = tuple(shape)
        self.dtype = np.dtype(dtype).name
        self.name = name
        self.node, self.place = None, 0

    @property
    def ndim(self) -> int:
        """The number of axes, that of the batch included."""
        return len(self.shape)

    def __repr__(self) -> str:
        return f"<SymbolicTensor shape={self.shape}, dtype={self.dtype}, name={self.name}>"

    def __bool__(self) -> bool:
        raise TypeError(f"{self!r} has no values yet: an `if` on it cannot be part of a model.")

    def __float__(self) -> float:
        raise TypeError(
            f"{self!r} has no values yet. Expected a function of `ops` or NumPy in the place of "
            "one of `math`, or a layers.Lambda(function) called on it."
        )

    __int__ = __float__

    def __array__(self, *args: Any, **kwargs: Any) -> Any:
        raise NoValues(
            f"{self!r} has no values yet. Expected an operation of Tensor or NumPy, or a "
            "layers.Lambda(function) called on it.",
            self,
        )

    __hash__ = object.__hash__


class Node:
    """One call of a layer on symbolic tensors."""

    __slots__ = ("arguments", "index", "inputs", "layer", "outputs")

    def __init__(self, layer: Layer, arguments: tuple[Any, Any], outputs: Any) -> None:
        self.layer = layer
        self.arguments = arguments  # (args, kwargs), with the symbolic tensors in them
        self.inputs = [x for x in leaves(arguments) if isinstance(x, SymbolicTensor)]
        self.index = len(layer._nodes)  # which call of the layer this is
        self.outputs = outputs
        for place, output in enumerate(leaves(outputs)):
            output.node, output.place = self, place
            output.name = output.name or layer.name
        layer._nodes.append(self)


def has_symbols(structure: Any) -> bool:
    """Whether one of the leaves is a symbolic tensor."""
    if not is_nested(structure):
        return isinstance(structure, SymbolicTensor)
    return any(isinstance(x, SymbolicTensor) for x in leaves(structure))


def is_shape(value: Any) -> bool:
    """Whether it is one shape, and not a structure of shapes."""
    return isinstance(value, (tuple, list)) and all(
        n is None or isinstance(n, (int, np.integer)) for n in value
    )


def outline(function: Callable[..., Any], args: Any, kwargs: Any) -> Any:
    """What a function would return for symbolic tensors: found by calling it on ones.

    Unknown lengths are tried with two numbers; an axis that follows them is unknown too.

    Raises:
        ValueError: the function fails, or returns what is not a Tensor.
    """
    unknown = any(None in x.shape for x in leaves((args, kwargs)) if isinstance(x, SymbolicTensor))
    try:
        found = [_trial(function, args, kwargs, n) for n in ((11, 13) if unknown else (11,))]
    except Exception as error:
        if unknown:
            error.add_note("Lengths that are not known yet (None) were tried with 11 and 13.")
        raise
    first, last = found[0], found[-1]
    others = iter(leaves(last))

    def symbol(y: Any) -> SymbolicTensor:
        pairs = zip(y.shape, next(others).shape, strict=True)
        return SymbolicTensor(tuple(n if n == m else None for n, m in pairs), y.dtype)

    return map_structure(symbol, first)


def _trial(function: Callable[..., Any], args: Any, kwargs: Any, length: int) -> Any:
    def ones(x: Any) -> Any:
        if not isinstance(x, SymbolicTensor):
            return x
        shape = [length if n is None else n for n in x.shape]
        if math.prod(shape) > LARGEST:
            raise ValueError(
                f"{x!r} is too large to try a function on: {math.prod(shape)} numbers."
            )
        return as_tensor(np.ones(shape, dtype=x.dtype))

    with no_grad(), training(False), np.errstate(all="ignore"):
        result = function(*map_structure(ones, args), **map_structure(ones, kwargs))
    return map_structure(_checked, result)


def _checked(y: Any) -> Tensor:
    if y is None:
        raise ValueError("a layer called on symbolic tensors returned None. Expected a Tensor.")
    return as_tensor(y)
