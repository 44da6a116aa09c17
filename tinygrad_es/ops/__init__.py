"""Every function on Tensors, by its NumPy and Keras name: the primitives, and the composites.

Each of them is a method of Tensor too, and answers NumPy's own function: `ops.exp(x)`, `x.exp()`
and `np.exp(x)` are the same. On symbolic tensors each becomes a layer of the model.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from typing import Any

from ..autodiff.primitive import COMPOSITES, INSTALLERS, PRIMITIVES
from ..autodiff.tensor import Tensor, as_tensor
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
    function = getattr(function, "function", function)
    if name in COMPOSITES:
        function = _noted_whole(name, function)
    globals()[name] = function  # found once
    return function


def _noted_whole(name: str, composite: Callable[..., Any]) -> Callable[..., Any]:
    """A composite that a model has as one layer, not as the operations that it is made of."""

    @functools.wraps(composite)
    def function(*args: Any, **kwargs: Any) -> Any:
        symbol = _symbol_among(args) or (kwargs and _symbol_among(kwargs.values()))
        if symbol:
            return symbol[0].operation(name, *args, **kwargs)
        return composite(*args, **kwargs)

    return function


def _symbol_among(values: Iterable[Any]) -> list[Any]:
    """One symbolic tensor of the arguments, in a list: it has no truth value."""
    for value in values:
        kind = type(value)
        if kind is list or kind is tuple:
            found = _symbol_among(value)
            if found:
                return found
        elif kind is not Tensor and hasattr(kind, "operation"):
            return [value]
    return []


def _forget(name: str, operation: Any) -> None:
    """An operation defined anew (in a notebook) takes the place of the one found before."""
    if name in globals() and name not in __all__:
        del globals()[name]


INSTALLERS.append(_forget)


def __dir__() -> list[str]:
    return sorted({*__all__, *COMPOSITES, *PRIMITIVES})
