"""Models: layers put together, with `compile`, `fit`, `evaluate` and `predict`."""

from .configuration import clone_model, model_from_json
from .flow import gradient_flow
from .model import Model
from .perceptron import Perceptron
from .saving import load_model, save_model
from .sequential import Sequential

__all__ = [
    "Model",
    "Perceptron",
    "Sequential",
    "clone_model",
    "gradient_flow",
    "load_model",
    "model_from_json",
    "save_model",
]
