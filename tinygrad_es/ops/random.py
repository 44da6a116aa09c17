"""Random numbers: one generator for the library, seeded at will."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..autodiff.config import float_dtype
from ..autodiff.tensor import Tensor, as_tensor
from .creation import made

_generator: Any = None  # made on first use: numpy.random takes as long to load as this library


def seed(value: int | None) -> None:
    """Restart the library's generator: everything random afterwards repeats.

    >>> from tinygrad_es.ops import random
    >>> random.seed(1)
    >>> a = random.rand(3)
    >>> random.seed(1)
    >>> bool((a == random.rand(3)).all())
    True
    """
    global _generator
    _generator = np.random.default_rng(value)


def generator(value: Any = None) -> Any:
    """The library's generator; of an integer, a new one; a Generator is returned as it is."""
    if value is None:
        if _generator is None:
            seed(None)
        return _generator
    return value if isinstance(value, np.random.Generator) else np.random.default_rng(value)


def rand(*shape: int, requires_grad: bool = False) -> Tensor:
    """Uniform in [0, 1)."""
    return made(np.asarray(generator().random(shape), float_dtype()), requires_grad)


def randn(*shape: int, requires_grad: bool = False) -> Tensor:
    """Normal, mean 0 and standard deviation 1."""
    return made(np.asarray(generator().standard_normal(shape), float_dtype()), requires_grad)


def randint(low: int, high: int, shape: Any) -> Tensor:
    """Integers from low to high − 1."""
    return as_tensor(generator().integers(low, high, shape))
