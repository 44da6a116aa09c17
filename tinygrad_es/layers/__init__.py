"""Layers: configuration in `__init__`, weights in `build`, mathematics in `call`."""

from .activation import ELU, Activation, LeakyReLU, PReLU, ReLU, Softmax
from .augmentation import RandomFlip, RandomRotation, RandomTranslation
from .convolution import Conv1D, Conv2D
from .dense import Dense
from .embedding import Embedding
from .input import Input, InputLayer
from .layer import Layer
from .maxout import Maxout
from .merging import (
    Add,
    Average,
    Concatenate,
    Dot,
    Maximum,
    Minimum,
    Multiply,
    Subtract,
    add,
    average,
    concatenate,
    dot,
    maximum,
    minimum,
    multiply,
    subtract,
)
from .normalization import BatchNormalization, LayerNormalization
from .operation import Lambda, Operation
from .pooling import (
    AveragePooling1D,
    AveragePooling2D,
    GlobalAveragePooling1D,
    GlobalAveragePooling2D,
    GlobalMaxPooling1D,
    GlobalMaxPooling2D,
    MaxPooling1D,
    MaxPooling2D,
)
from .preprocessing import Normalization, Rescaling
from .regularization import Dropout, GaussianNoise
from .reshaping import Flatten, Reshape
from .symbolic import SymbolicTensor

__all__ = [
    "ELU",
    "Activation",
    "Add",
    "Average",
    "AveragePooling1D",
    "AveragePooling2D",
    "BatchNormalization",
    "Concatenate",
    "Conv1D",
    "Conv2D",
    "Dense",
    "Dot",
    "Dropout",
    "Embedding",
    "Flatten",
    "GaussianNoise",
    "GlobalAveragePooling1D",
    "GlobalAveragePooling2D",
    "GlobalMaxPooling1D",
    "GlobalMaxPooling2D",
    "Input",
    "InputLayer",
    "Lambda",
    "Layer",
    "LayerNormalization",
    "LeakyReLU",
    "MaxPooling1D",
    "MaxPooling2D",
    "Maximum",
    "Maxout",
    "Minimum",
    "Multiply",
    "Normalization",
    "Operation",
    "PReLU",
    "RandomFlip",
    "RandomRotation",
    "RandomTranslation",
    "ReLU",
    "Rescaling",
    "Reshape",
    "Softmax",
    "Subtract",
    "SymbolicTensor",
    "add",
    "average",
    "concatenate",
    "dot",
    "maximum",
    "minimum",
    "multiply",
    "subtract",
]
