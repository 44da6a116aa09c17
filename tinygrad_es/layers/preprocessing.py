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
        self.given = None if mean is None else (np.asarray(mean), np.asarray(variance))
        self._adapted = mean is not None

    def build(self, input_shape: Shape) -> None:
        if self.given is not None:
            return
        kept = self._kept(len(input_shape))
        lengths = [input_shape[i] for i in kept]
        if None in lengths:
            raise ValueError(
                f"All `axis` values to be kept must have a known shape. Received axis={self.axis}, "
                f"inputs.shape={input_shape}, with unknown axis at index "
                f"{kept[lengths.index(None)]}."
            )
        shape = [n for n in lengths if n is not None]
        self.mean = self.add_weight(shape, "zeros", trainable=False, name="mean")
        self.variance = self.add_weight(shape, "ones", trainable=False, name="variance")
        self.count = self.add_weight((), "zeros", dtype="int32", trainable=False, name="count")

    def _kept(self, ndim: int) -> list[int]:
        """The axes of the features, in order."""
        if self.axis is None:
            return []
        return sorted(int(axis) % ndim for axis in np.atleast_1d(self.axis))

    def adapt(self, data: Any) -> None:
        """Measure mean and variance of data, per feature."""
        x = np.asarray(as_tensor(data).value, dtype=float)
        if self.given is not None:
            raise ValueError(f"{self.name}: mean and variance were given; adapt has nothing to do.")
        if x.size == 0:
            raise ValueError(f"{self.name}: expected data. Received: shape {x.shape}.")
        if not self.built:
            self.build((None, *x.shape[1:]))
        kept = self._kept(x.ndim)
        others = tuple(i for i in range(x.ndim) if i not in kept)
        mean, variance = x.mean(axis=others), x.var(axis=others)
        if mean.shape != self.mean.shape:
            raise ValueError(
                f"{self.name} was built for features of shape {self.mean.shape}. Received: data of "
                f"shape {x.shape}."
            )
        self.mean.overwrite(np.asarray(mean, self.mean.dtype))
        self.variance.overwrite(np.asarray(variance, self.variance.dtype))
        self._adapted = True

    def _moments(self, x: Any) -> tuple[Any, Any]:
        """Mean and variance as arrays that broadcast with x."""
        mean, variance = self.given or (self.mean.numpy(), self.variance.numpy())
        if not self._adapted and not mean.any() and (variance == 1).all():
            raise ValueError(
                f"{self.name}: call adapt(data) first, or give mean and variance. Received: none."
            )
        kept, shape = self._kept(x.ndim), [1] * x.ndim
        for i, n in zip(reversed(kept), reversed(mean.shape), strict=False):
            shape[i] = n
        return mean.reshape(shape).astype(x.dtype), variance.reshape(shape).astype(x.dtype)

    def call(self, x: Any) -> Any:
        mean, variance = self._moments(x)
        size = np.maximum(np.sqrt(variance), 1e-7).astype(x.dtype)
        return x * size + mean if self.invert else (x - mean) / size

    def get_config(self) -> dict[str, Any]:
        mean, variance = (None, None) if self.given is None else (v.tolist() for v in self.given)
        return super().get_config() | {
            "axis": self.axis,
            "invert": self.invert,
            "mean": mean,
            "variance": variance,
        }
