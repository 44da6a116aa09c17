"""Layers that disturb their input while training, and pass it through otherwise."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..ops import random
from .activation import Elementwise

__all__ = ["Dropout", "GaussianNoise"]


class Noise(Elementwise):
    """The base: a generator of its own where a seed is given, else the library's."""

    def __init__(self, seed: int | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.seed = seed
        self._generator = None if seed is None else np.random.default_rng(seed)

    def generator(self) -> np.random.Generator:
        own: np.random.Generator = self._generator or random.generator()
        return own

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"seed": self.seed}


class Dropout(Noise):
    """Set a share of the inputs to 0 and scale the others by 1/(1 − rate): inverted dropout.

    Args:
        rate: the share that is dropped, from 0 to 1 (1 − the lessons' p).
        noise_shape: the shape of the mask; an axis of length 1 is dropped or kept as a whole.
        seed: of its masks; they go on from call to call.

    Source: Srivastava et al. 2014; Keras 3.

    >>> import numpy as np
    >>> from tinygrad_es.layers import Dropout
    >>> x = np.ones((1, 6), "float32")
    >>> Dropout(0.5, seed=1)(x, training=True)
    tensor([[2., 2., 0., 2., 0., 0.]])
    >>> Dropout(0.5, seed=1)(x)
    tensor([[1., 1., 1., 1., 1., 1.]])
    """

    def __init__(
        self,
        rate: float,
        noise_shape: Sequence[int | None] | None = None,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(seed, **kwargs)
        if not isinstance(rate, (int, float)) or not 0 <= rate <= 1:
            raise ValueError(
                "Invalid value received for argument `rate`. Expected a float value between 0 and "
                f"1. Received: rate={rate}"
            )
        self.rate = rate
        self.noise_shape = None if noise_shape is None else tuple(noise_shape)

    def call(self, x: Any, training: bool = False) -> Any:
        if not training or self.rate == 0:
            return x
        shape = x.shape
        if self.noise_shape is not None:
            if len(self.noise_shape) != x.ndim:
                raise ValueError(
                    f"noise_shape: expected {x.ndim} lengths for an input of shape {x.shape}. "
                    f"Received: {self.noise_shape}."
                )
            pairs = zip(x.shape, self.noise_shape, strict=True)
            shape = tuple(n if m is None else m for n, m in pairs)
        kept = self.generator().random(shape) >= self.rate
        scale = 1.0 / (1.0 - self.rate) if self.rate < 1 else 0.0
        return x * (kept * scale).astype(x.dtype)

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"rate": self.rate, "noise_shape": self.noise_shape}


class GaussianNoise(Noise):
    """Add N(0, stddev) to the input while training."""

    def __init__(self, stddev: float, seed: int | None = None, **kwargs: Any) -> None:
        super().__init__(seed, **kwargs)
        if not 0 <= stddev <= 1:
            raise ValueError(
                "Invalid value received for argument `stddev`. Expected a float value between 0 "
                f"and 1. Received: stddev={stddev}"
            )
        self.stddev = stddev

    def call(self, x: Any, training: bool = False) -> Any:
        if not training or self.stddev == 0:
            return x
        return x + (self.stddev * self.generator().standard_normal(x.shape)).astype(x.dtype)

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"stddev": self.stddev}
