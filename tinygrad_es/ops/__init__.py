"""Every function on Tensors, by its NumPy and Keras name: the primitives, and the composites.

Each of them is a method of Tensor too, and answers NumPy's own function: `ops.exp(x)`, `x.exp()`
and `np.exp(x)` are the same.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from ..autodiff.errors import SymbolicArgument
from ..autodiff.primitive import COMPOSITES, INSTALLERS, PRIMITIVES
from ..autodiff.record import ON_SYMBOLS
from ..autodiff.tensor import as_tensor
from . import creation, elementwise, image, joining, linear_algebra, nn, random, reductions, shapes
from .creation import arange, empty, eye, from_numpy, full, linspace, ones, zeros
from .random import rand, randint, randn

__all__ = [
    "arange",
    "as_tensor",
    "creation",
    "elementwise",
    "empty",
    "eye",
    "from_numpy",
    "full",
    "image",
    "joining",
    "linear_algebra",
    "linspace",
    "nn",
    "ones",
    "rand",
    "randint",
    "randn",
    "random",
    "reductions",
    "shapes",
    "zeros",
]


def __getattr__(name: str) -> Callable[..., Any]:
    function = COMPOSITES.get(name) or PRIMITIVES.get(name)
    if function is None:
        from difflib import get_close_matches

        near = get_close_matches(name, [*COMPOSITES, *PRIMITIVES], n=1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        raise AttributeError(f"ops has no function {name!r}{hint}")
    function = getattr(function, "function", None) or _door(name, function)
    globals()[name] = function  # found once
    return function


def _door(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    """A composite that takes symbolic tensors too, as a whole; primitives do so by themselves."""

    @functools.wraps(function)
    def door(*args: Any, **kwargs: Any) -> Any:
        try:
            return function(*args, **kwargs)
        except SymbolicArgument:
            return ON_SYMBOLS[0](name, args, kwargs)

    return door


def _forget(name: str, operation: Any) -> None:
    """An operation defined anew (in a notebook) takes the place of the one found before."""
    if name in globals() and name not in __all__:
        del globals()[name]


INSTALLERS.append(_forget)


def __dir__() -> list[str]:
    return sorted({*__all__, *COMPOSITES, *PRIMITIVES})
