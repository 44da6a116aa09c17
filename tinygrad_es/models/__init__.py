"""Models: layers put together, with `compile`, `fit`, `evaluate` and `predict`."""

from .model import Model
from .sequential import Sequential

__all__ = ["Model", "Sequential"]
