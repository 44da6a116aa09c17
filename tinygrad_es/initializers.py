"""Initial values of weights, as Keras': every one takes a shape and returns an array.

fan_in and fan_out are the first and last length of a matrix; of a convolution kernel
(*window, in, out) the channels times the size of the window; of a vector both are its length.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .autodiff.config import float_dtype
from .ops import random
from .registry import Configured, resolve, serialize

__all__ = [
    "Constant",
    "GlorotNormal",
    "GlorotUniform",
    "HeNormal",
    "HeUniform",
    "Identity",
    "Initializer",
    "LecunNormal",
    "LecunUniform",
    "Ones",
    "Orthogonal",
    "RandomNormal",
    "RandomUniform",
    "TruncatedNormal",
    "VarianceScaling",
    "Zeros",
    "constant",
    "get",
    "glorot_normal",
    "glorot_uniform",
    "he_normal",
    "he_uniform",
    "identity",
    "lecun_normal",
    "lecun_uniform",
    "ones",
    "orthogonal",
    "random_normal",
    "random_uniform",
    "serialize",
    "truncated_normal",
    "variance_scaling",
    "zeros",
]

Shape = tuple[int, ...]
TRUNCATED_STD = 0.87962566103423978  # of N(0, 1) redrawn outside ±2


class Initializer(Configured):
    """Base: `__call__(shape, dtype=None)` returns the array that `draw` makes."""

    def __init__(self, seed: int | None = None) -> None:
        self.seed = seed

    def __call__(self, shape: Any, dtype: Any = None) -> Any:
        values = self.draw(tuple(shape), random.generator(self.seed))
        return np.asarray(values, dtype=dtype or float_dtype())

    def draw(self, shape: Shape, rng: np.random.Generator) -> Any:
        raise TypeError(f"{type(self).__name__} has no draw(shape, rng) of its own")


class Constant(Initializer):
    """Every element is `value` (biases of 0.1 or 0.01, say)."""

    def __init__(self, value: float = 0.0) -> None:
        self.value = value

    def __call__(self, shape: Any, dtype: Any = None) -> Any:
        return np.full(tuple(shape), self.value, dtype=dtype or float_dtype())


class Zeros(Constant):
    """Zeros: right for biases; for kernels all units would stay equal for ever."""

    def __init__(self) -> None:
        super().__init__(0.0)

    def get_config(self) -> dict[str, Any]:
        return {}


class Ones(Constant):
    """Ones."""

    def __init__(self) -> None:
        super().__init__(1.0)

    def get_config(self) -> dict[str, Any]:
        return {}


class RandomNormal(Initializer):
    """N(mean, stddev)."""

    def __init__(self, mean: float = 0.0, stddev: float = 0.05, seed: int | None = None) -> None:
        super().__init__(seed)
        self.mean, self.stddev = mean, stddev

    def draw(self, shape: Shape, rng: np.random.Generator) -> Any:
        return rng.normal(self.mean, self.stddev, shape)


class TruncatedNormal(RandomNormal):
    """N(mean, stddev), drawn again outside ±2·stddev (so the resulting std is 0.8796·stddev)."""

    def draw(self, shape: Shape, rng: np.random.Generator) -> Any:
        return self.mean + self.stddev * truncated(shape, rng)


class RandomUniform(Initializer):
    """U(minval, maxval)."""

    def __init__(
        self, minval: float = -0.05, maxval: float = 0.05, seed: int | None = None
    ) -> None:
        super().__init__(seed)
        self.minval, self.maxval = minval, maxval

    def draw(self, shape: Shape, rng: np.random.Generator) -> Any:
        return rng.uniform(self.minval, self.maxval, shape)


def truncated(shape: Shape, rng: np.random.Generator) -> Any:
    """N(0, 1) by rejection: whatever falls outside ±2 is drawn again."""
    values = rng.standard_normal(shape)
    outside = np.abs(values) > 2.0
    while outside.any():
        values[outside] = rng.standard_normal(int(outside.sum()))
        outside = np.abs(values) > 2.0
    return values


def fans(shape: Shape) -> tuple[float, float]:
    """(fan_in, fan_out) of a weight's shape.

    >>> fans((784, 300)), fans((3, 3, 16, 32))
    ((784, 300), (144, 288))
    """
    if not shape:
        return 1, 1
    if len(shape) == 1:
        return shape[0], shape[0]
    window = math.prod(shape[:-2])
    return shape[-2] * window, shape[-1] * window


class VarianceScaling(Initializer):
    """Variance scale/fan, so that signals keep their size from layer to layer.

    Args:
        scale: positive.
        mode: "fan_in", "fan_out" or "fan_avg".
        distribution: "truncated_normal" (std corrected for the cut), "untruncated_normal" or
            "uniform" (limits ±√(3·scale/fan)).
    """

    def __init__(
        self,
        scale: float = 1.0,
        mode: str = "fan_in",
        distribution: str = "truncated_normal",
        seed: int | None = None,
    ) -> None:
        super().__init__(seed)
        kinds = ("truncated_normal", "untruncated_normal", "uniform", "normal")
        if scale <= 0:
            raise ValueError(f"Argument `scale` must be positive. Received: scale={scale}")
        if mode not in ("fan_in", "fan_out", "fan_avg"):
            raise ValueError(
                f"Argument `mode` must be 'fan_in', 'fan_out' or 'fan_avg'. Received: {mode!r}"
            )
        if distribution not in kinds:
            raise ValueError(
                f"Argument `distribution` must be one of {kinds}. Received: {distribution!r}"
            )
        self.scale, self.mode = scale, mode
        self.distribution = "truncated_normal" if distribution == "normal" else distribution

    def draw(self, shape: Shape, rng: np.random.Generator) -> Any:
        fan_in, fan_out = fans(shape)
        fan = {"fan_in": fan_in, "fan_out": fan_out, "fan_avg": (fan_in + fan_out) / 2}[self.mode]
        variance = self.scale / max(1.0, fan)
        if self.distribution == "uniform":
            limit = math.sqrt(3.0 * variance)
            return rng.uniform(-limit, limit, shape)
        if self.distribution == "untruncated_normal":
            return rng.normal(0.0, math.sqrt(variance), shape)
        return truncated(shape, rng) * (math.sqrt(variance) / TRUNCATED_STD)


class _Scaled(VarianceScaling):
    """A variance scaling with everything chosen but the seed."""

    chosen: tuple[float, str, str]

    def __init__(self, seed: int | None = None) -> None:
        super().__init__(*self.chosen, seed=seed)

    def get_config(self) -> dict[str, Any]:
        return {"seed": self.seed}


class GlorotUniform(_Scaled):
    """U(±√(6/(fan_in + fan_out))): the default of kernels. Glorot & Bengio 2010."""

    chosen = (1.0, "fan_avg", "uniform")


class GlorotNormal(_Scaled):
    """Truncated normal of variance 2/(fan_in + fan_out). Glorot & Bengio 2010."""

    chosen = (1.0, "fan_avg", "truncated_normal")


class HeUniform(_Scaled):
    """U(±√(6/fan_in)): for ReLU. He et al. 2015."""

    chosen = (2.0, "fan_in", "uniform")


class HeNormal(_Scaled):
    """Truncated normal of variance 2/fan_in: for ReLU. He et al. 2015."""

    chosen = (2.0, "fan_in", "truncated_normal")


class LecunUniform(_Scaled):
    """U(±√(3/fan_in)): for SELU."""

    chosen = (1.0, "fan_in", "uniform")


class LecunNormal(_Scaled):
    """Truncated normal of variance 1/fan_in: for SELU."""

    chosen = (1.0, "fan_in", "truncated_normal")


class Identity(Initializer):
    """The identity matrix times a gain; of a shape that is not square, its upper left part."""

    def __init__(self, gain: float = 1.0) -> None:
        self.gain = gain

    def __call__(self, shape: Any, dtype: Any = None) -> Any:
        sizes = tuple(shape)
        if len(sizes) != 2:
            raise ValueError(
                "Identity matrix initializer can only be used for 2D matrices. Received: "
                f"shape={sizes}"
            )
        return self.gain * np.eye(*sizes, dtype=dtype or float_dtype())


class Orthogonal(Initializer):
    """Orthonormal rows or columns times a gain: the Q of a normal matrix, R's diagonal positive.

    More than two axes: all but the last as one. Source: Saxe et al. 2014.
    """

    def __init__(self, gain: float = 1.0, seed: int | None = None) -> None:
        super().__init__(seed)
        self.gain = gain

    def draw(self, shape: Shape, rng: np.random.Generator) -> Any:
        if len(shape) < 2:
            raise ValueError(
                "The tensor to initialize must be at least two-dimensional. Received: "
                f"shape={shape} of rank {len(shape)}."
            )
        rows, columns = math.prod(shape[:-1]), shape[-1]
        tall = rng.standard_normal((max(rows, columns), min(rows, columns)))
        q, r = np.linalg.qr(tall)
        q *= np.sign(np.diag(r))
        return self.gain * (q if rows >= columns else q.T).reshape(shape)


# Keras' second names, which the lessons write as functions
zeros, ones, constant, identity, orthogonal = Zeros, Ones, Constant, Identity, Orthogonal
random_normal, truncated_normal, random_uniform = RandomNormal, TruncatedNormal, RandomUniform
variance_scaling = VarianceScaling
glorot_uniform, glorot_normal = GlorotUniform, GlorotNormal
he_uniform, he_normal = HeUniform, HeNormal
lecun_uniform, lecun_normal = LecunUniform, LecunNormal

_TABLE = {
    "zeros": Zeros,
    "ones": Ones,
    "constant": Constant,
    "random_normal": RandomNormal,
    "normal": RandomNormal,
    "truncated_normal": TruncatedNormal,
    "random_uniform": RandomUniform,
    "uniform": RandomUniform,
    "variance_scaling": VarianceScaling,
    "glorot_uniform": GlorotUniform,
    "glorot_normal": GlorotNormal,
    "he_uniform": HeUniform,
    "he_normal": HeNormal,
    "lecun_uniform": LecunUniform,
    "lecun_normal": LecunNormal,
    "identity": Identity,
    "orthogonal": Orthogonal,
}


def get(identifier: Any) -> Any:
    """The initializer of a name, a class or a configuration; a callable or array is kept.

    >>> get("glorot_uniform")((2, 3)).shape
    (2, 3)
    """
    if isinstance(identifier, np.ndarray):
        return lambda shape, dtype=None: np.asarray(identifier, dtype=dtype).reshape(shape)
    return resolve("initializer", identifier, _TABLE, callable)
