"""Models: layers put together, with `compile`, `fit`, `evaluate` and `predict`."""

from .configuration import clone_model, model_from_json
from .model import Model
from .sequential import Sequential

__all__ = ["Model", "Sequential", "clone_model", "model_from_json"]
