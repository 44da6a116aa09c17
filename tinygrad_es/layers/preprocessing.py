"""Layers that prepare data: scaling by given or by measured numbers."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..autodiff.tensor import as_tensor
from .activation import Elementwise
from .layer import Shape

__all__ = ["Normalization", "Rescaling"]


class Rescaling(Elementwise):
    """x·scale + offset: `Rescaling(1 / 255)` brings pixels to 0 … 1."""

    def __init__(self, scale: Any, offset: Any = 0.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.scale, self.offset = scale, offset

    def call(self, x: Any) -> Any:
        return x * np.asarray(self.scale, x.dtype) + np.asarray(self.offset, x.dtype)

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"scale": self.scale, "offset": self.offset}


class Normalization(Elementwise):
    """(x − mean)/√variance along an axis, with what `adapt` measured or the arguments say.

    Args:
        axis: the axis (or axes) of the features; None for one mean and variance of all.
        mean, variance: given both, nothing need be measured.
        invert: x·√variance + mean instead.

    >>> import numpy as np
    >>> from tinygrad_es.layers import Normalization
    >>> layer = Normalization()
    >>> layer.adapt(np.array([[1.0, 10.0], [3.0, 30.0]]))
    >>> layer(np.array([[3.0, 10.0]])).tolist()
    [[1.0, -1.0]]
    """

    def __init__(
        self,
        axis: Any = -1,
        mean: Any = None,
        variance: Any = None,
        invert: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if (mean is None) != (variance is None):
            raise ValueError(
                "When setting values directly, both `mean` and `variance` must be set. Received: "
                f"mean={mean} and variance={variance}"
            )
        self.axis, self.invert = axis, invert
        self.mean = None if mean is None else np.asarray(mean, dtype=float)
        self.variance = None if variance is None else np.asarray(variance, dtype=float)

    def adapt(self, data: Any) -> None:
        """Measure mean and variance of data, per feature."""
        x = np.asarray(as_tensor(data).value, dtype=float)
        axes = () if self.axis is None else np.atleast_1d(self.axis)
        kept = {int(a) % x.ndim for a in axes}
        others = tuple(i for i in range(x.ndim) if i not in kept)
        self.mean = x.mean(axis=others, keepdims=True)
        self.variance = x.var(axis=others, keepdims=True)

    def call(self, x: Any) -> Any:
        if self.mean is None or self.variance is None:
            raise ValueError(
                f"{self.name}: call adapt(data) first, or give mean and variance. Received: none."
            )
        mean = self.mean.astype(x.dtype)
        size = np.maximum(np.sqrt(self.variance), 1e-7).astype(x.dtype)
        return x * size + mean if self.invert else (x - mean) / size

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return input_shape

    def get_config(self) -> dict[str, Any]:
        def plain(value: Any) -> Any:
            return None if value is None else value.tolist()

        return super().get_config() | {
            "axis": self.axis,
            "invert": self.invert,
            "mean": plain(self.mean),
            "variance": plain(self.variance),
        }
