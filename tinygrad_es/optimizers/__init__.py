"""Optimizers, with Keras 3's formulas: each is one pure `update_step`."""

from __future__ import annotations

from typing import Any

from ..registry import resolve, serialize
from . import schedules
from .adadelta import Adadelta
from .adagrad import Adagrad
from .adam import Adam, AdamW
from .adamax import Adamax
from .ftrl import Ftrl
from .lion import Lion
from .minimize import minimize
from .nadam import Nadam
from .newton import Newton
from .optimizer import Optimizer
from .rmsprop import RMSprop
from .sgd import SGD, EWAMomentum

__all__ = [
    "SGD",
    "Adadelta",
    "Adagrad",
    "Adam",
    "AdamW",
    "Adamax",
    "EWAMomentum",
    "Ftrl",
    "Lion",
    "Nadam",
    "Newton",
    "Optimizer",
    "RMSprop",
    "get",
    "minimize",
    "schedules",
    "serialize",
]

_TABLE = {
    "sgd": SGD,
    "adam": Adam,
    "adamw": AdamW,
    "rmsprop": RMSprop,
    "adagrad": Adagrad,
    "adadelta": Adadelta,
    "adamax": Adamax,
    "nadam": Nadam,
    "ftrl": Ftrl,
    "lion": Lion,
    "ewa_momentum": EWAMomentum,
}


def get(identifier: Any) -> Optimizer:
    """The optimizer of a name (any case), a class, an instance or a configuration.

    Raises:
        ValueError: no such name.
    """
    if isinstance(identifier, Newton) or identifier is Newton:
        raise ValueError(
            "Newton takes no steps over batches, as `compile` needs them. Call "
            "newton.step(loss, parameters), with loss a function of no argument."
        )
    found: Optimizer = resolve("optimizer", identifier, _TABLE, lambda x: isinstance(x, Optimizer))
    return found
