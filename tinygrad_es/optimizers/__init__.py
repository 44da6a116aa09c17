"""Optimizers, with Keras 3's formulas: each is one pure `update_step`."""

from __future__ import annotations

from typing import Any

from ..registry import resolve
from .adam import Adam
from .optimizer import Optimizer
from .rmsprop import RMSprop
from .sgd import SGD

__all__ = ["SGD", "Adam", "Optimizer", "RMSprop", "get"]

_TABLE = {"sgd": SGD, "adam": Adam, "rmsprop": RMSprop}


def get(identifier: Any) -> Optimizer:
    """The optimizer of a name (any case), a class or an instance.

    Raises:
        ValueError: no such name.
    """
    found: Optimizer = resolve("optimizer", identifier, _TABLE, lambda x: isinstance(x, Optimizer))
    return found
