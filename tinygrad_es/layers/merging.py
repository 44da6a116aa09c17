"""Layers of several inputs: sums, products, concatenation, the dot product."""

from __future__ import annotations

from functools import reduce
from typing import Any

from .. import ops
from .layer import Layer, Shape
from .symbolic import is_shape

__all__ = [
    *("Add", "Average", "Concatenate", "Dot", "Maximum", "Minimum", "Multiply", "Subtract"),
    *("add", "average", "concatenate", "dot", "maximum", "minimum", "multiply", "subtract"),
]


class Merge(Layer):
    """The base of elementwise merges: inputs of one shape, or of shapes that broadcast."""

    at_least, at_most = 1, 1_000_000

    def merge(self, a: Any, b: Any) -> Any:
        """Two inputs as one."""
        raise TypeError(f"{type(self).__name__} has no merge(a, b) of its own")

    def build(self, input_shape: Any) -> None:
        self.compute_output_shape(input_shape)  # raises where they do not fit

    def call(self, inputs: Any) -> Any:
        self.compute_output_shape([x.shape for x in self._listed(inputs)])
        ndim = max(x.ndim for x in inputs)
        return self.merged([x[(slice(None), *[None] * (ndim - x.ndim))] for x in inputs])

    def merged(self, inputs: list[Any]) -> Any:
        """The inputs, all of one rank, as one."""
        return reduce(self.merge, inputs)

    def compute_output_shape(self, input_shape: Any) -> Shape:
        """The batch axis, then what the other axes broadcast to; None where a length is unknown."""
        shapes = self._listed(input_shape)
        batches = {shape[0] for shape in shapes} - {None}
        if len(batches) > 1:
            raise ValueError(
                f"Cannot merge tensors with different batch sizes. Received tensors with shapes "
                f"{input_shape}"
            )
        merged: Shape = shapes[0][1:]
        for shape in shapes[1:]:
            merged = _broadcast(merged, shape[1:])
        return (batches.pop() if batches else None, *merged)

    def _listed(self, inputs: Any) -> Any:
        kind = type(self).__name__
        if not isinstance(inputs, (list, tuple)) or is_shape(inputs):
            raise ValueError(
                f"A merge layer should be called on a list of inputs, {kind}()([a, b]). Received: "
                f"{inputs} (not a list of tensors)"
            )
        if not self.at_least <= len(inputs) <= self.at_most:
            expected = "exactly 2 inputs" if self.at_most == 2 else "a list of at least 1 input"
            raise ValueError(
                f"A `{kind}` layer should be called on {expected}. Received {len(inputs)} inputs."
            )
        return inputs


def _broadcast(a: Shape, b: Shape) -> Shape:
    if len(a) < len(b):
        a, b = b, a
    merged = list(a)
    for i, m in enumerate(b, start=len(a) - len(b)):
        n = a[i]
        if n is None or m is None:
            merged[i] = None
        elif n != m and 1 not in (n, m):
            raise ValueError(f"Inputs have incompatible shapes. Received shapes {a} and {b}")
        else:
            merged[i] = max(n, m) if 0 not in (n, m) else 0
    return tuple(merged)


class Add(Merge):
    """The sum of its inputs.

    >>> from tinygrad_es.layers import Add, Input
    >>> a, b = Input(shape=(3,)), Input(shape=(3,))
    >>> Add()([a, b]).shape
    (None, 3)
    """

    def merge(self, a: Any, b: Any) -> Any:
        return a + b


class Subtract(Merge):
    """The first input minus the second."""

    def merge(self, a: Any, b: Any) -> Any:
        return a - b

    at_least = at_most = 2


class Multiply(Merge):
    """The elementwise product of its inputs."""

    def merge(self, a: Any, b: Any) -> Any:
        return a * b


class Average(Merge):
    """The mean of its inputs, element by element."""

    def merge(self, a: Any, b: Any) -> Any:
        return a + b

    def merged(self, inputs: list[Any]) -> Any:
        return super().merged(inputs) / float(len(inputs))


class Maximum(Merge):
    """The largest of its inputs, element by element."""

    def merge(self, a: Any, b: Any) -> Any:
        return ops.maximum(a, b)


class Minimum(Merge):
    """The smallest of its inputs, element by element."""

    def merge(self, a: Any, b: Any) -> Any:
        return ops.minimum(a, b)


class Concatenate(Merge):
    """Its inputs one after the other along an axis.

    Args:
        axis: −1, the last.

    >>> from tinygrad_es.layers import Concatenate, Input
    >>> Concatenate()([Input(shape=(2,)), Input(shape=(3,))]).shape
    (None, 5)
    """

    def __init__(self, axis: int = -1, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.axis = axis

    def call(self, inputs: Any) -> Any:
        self.compute_output_shape([x.shape for x in self._listed(inputs)])
        return ops.concatenate(list(inputs), axis=self.axis)

    def compute_output_shape(self, input_shape: Any) -> Shape:
        shapes = self._listed(input_shape)
        first = shapes[0]
        if not -len(first) <= self.axis < len(first):
            raise ValueError(
                f"Concatenate: axis {self.axis} is out of range for inputs of shapes {input_shape}."
            )
        axis = self.axis % len(first)
        merged = list(first)
        for shape in shapes[1:]:
            others = [i for i in range(len(first)) if i != axis]
            if len(shape) != len(first) or any(
                None not in (merged[i], shape[i]) and merged[i] != shape[i] for i in others
            ):
                raise ValueError(
                    "A `Concatenate` layer requires inputs with matching shapes except for the "
                    f"concatenation axis. Received: input_shape={input_shape}"
                )
            for i in others:
                merged[i] = shape[i] if merged[i] is None else merged[i]
            n, m = merged[axis], shape[axis]
            merged[axis] = None if n is None or m is None else n + m
        return tuple(merged)

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"axis": self.axis}


class Dot(Merge):
    """The dot product of two inputs, sample by sample, over one axis of each.

    Args:
        axes: the axis, or one of each input; the batch axis 0 cannot be.
        normalize: scale to length 1 first: the cosine of the angle.

    >>> from tinygrad_es.layers import Dot, Input
    >>> Dot(axes=(1, 2))([Input(shape=(3, 5)), Input(shape=(10, 3))]).shape
    (None, 5, 10)
    """

    at_least = at_most = 2

    def __init__(self, axes: Any, normalize: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if not isinstance(axes, (int, list, tuple)):
            raise TypeError(
                "Invalid type for argument `axes`: it should be a list or an int. Received: "
                f"axes={axes}"
            )
        pair = [axes] if isinstance(axes, int) else axes
        if len(pair) > 2 or not pair or not all(isinstance(axis, int) for axis in pair):
            raise ValueError(
                "Invalid format for argument `axes`: it should contain two elements, integers. "
                f"Received: axes={axes}"
            )
        if 0 in pair:
            raise ValueError(f"`axes`: the batch axis 0 cannot be summed. Received: axes={axes}")
        self.axes, self.normalize = axes, normalize

    def _places(self, shapes: Any) -> list[int]:
        axes = [self.axes] * 2 if isinstance(self.axes, int) else self.axes
        for axis, shape in zip(axes, shapes, strict=True):
            if not -len(shape) < axis < len(shape):
                raise ValueError(f"Dot: axis {axis} is out of range for an input of shape {shape}.")
        return [axis % len(shape) for axis, shape in zip(axes, shapes, strict=True)]

    def call(self, inputs: Any) -> Any:
        a, b = self._listed(inputs)
        self.compute_output_shape([a.shape, b.shape])
        i, j = self._places([a.shape, b.shape])
        if self.normalize:
            a, b = _of_length_1(a, i), _of_length_1(b, j)
        letters = "abcdefghijklmnopqrstuvwxyz"
        first = "z" + letters[1 : a.ndim]
        second = "z" + letters[a.ndim : a.ndim + b.ndim - 1]
        second = second[:j] + first[i] + second[j + 1 :]
        kept = first[:i] + first[i + 1 :] + second[1:j] + second[j + 1 :]
        y = ops.einsum(f"{first},{second}->{kept}", a, b)
        return y if y.ndim > 1 else y.reshape(-1, 1)

    def compute_output_shape(self, input_shape: Any) -> Shape:
        a, b = self._listed(input_shape)
        i, j = self._places([a, b])
        if None not in (a[i], b[j]) and a[i] != b[j]:
            raise ValueError(
                f"Incompatible input shapes: axis values {a[i]} (at axis {i}) != {b[j]} (at axis "
                f"{j}). Full input shapes: {a}, {b}"
            )
        kept: Shape = (*a[:i], *a[i + 1 :], *b[1:j], *b[j + 1 :])
        return kept if len(kept) > 1 else (*kept, 1)

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"axes": self.axes, "normalize": self.normalize}


def _of_length_1(x: Any, axis: int) -> Any:
    return x / ops.sqrt(ops.maximum(ops.sum(x * x, axis=axis, keepdims=True), 1e-12))


def add(inputs: Any, **kwargs: Any) -> Any:
    """`Add(…)(inputs)`."""
    return Add(**kwargs)(inputs)


def subtract(inputs: Any, **kwargs: Any) -> Any:
    """`Subtract(…)(inputs)`."""
    return Subtract(**kwargs)(inputs)


def multiply(inputs: Any, **kwargs: Any) -> Any:
    """`Multiply(…)(inputs)`."""
    return Multiply(**kwargs)(inputs)


def average(inputs: Any, **kwargs: Any) -> Any:
    """`Average(…)(inputs)`."""
    return Average(**kwargs)(inputs)


def maximum(inputs: Any, **kwargs: Any) -> Any:
    """`Maximum(…)(inputs)`."""
    return Maximum(**kwargs)(inputs)


def minimum(inputs: Any, **kwargs: Any) -> Any:
    """`Minimum(…)(inputs)`."""
    return Minimum(**kwargs)(inputs)


def concatenate(inputs: Any, axis: int = -1, **kwargs: Any) -> Any:
    """`Concatenate(axis, …)(inputs)`."""
    return Concatenate(axis, **kwargs)(inputs)


def dot(inputs: Any, axes: Any = -1, **kwargs: Any) -> Any:
    """`Dot(axes, …)(inputs)`."""
    return Dot(axes, **kwargs)(inputs)
