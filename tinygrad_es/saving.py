"""Models in files, with the names of `keras.saving`."""

from __future__ import annotations

from .models.configuration import deserialize_layer as deserialize_keras_object
from .models.configuration import serialize_layer as serialize_keras_object
from .models.saving import load_model, load_weights, save_model, save_weights
from .registry import custom_object_scope, register_keras_serializable
from .utils import get_custom_objects

__all__ = [
    "custom_object_scope",
    "deserialize_keras_object",
    "get_custom_objects",
    "load_model",
    "load_weights",
    "register_keras_serializable",
    "save_model",
    "save_weights",
    "serialize_keras_object",
]
