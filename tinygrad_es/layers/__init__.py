"""Layers: configuration in `__init__`, weights in `build`, mathematics in `call`."""

from .activation import Activation
from .dense import Dense
from .flatten import Flatten
from .input import Input, InputLayer
from .layer import Layer

__all__ = ["Activation", "Dense", "Flatten", "Input", "InputLayer", "Layer"]
