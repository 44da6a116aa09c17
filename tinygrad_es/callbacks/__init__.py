"""Callbacks: what happens around the batches and epochs of `fit`."""

from .callback import Callback, CallbackList, History, LambdaCallback, Logs
from .early_stopping import EarlyStopping
from .learning_rate import LearningRateScheduler, ReduceLROnPlateau
from .logging import CSVLogger, TerminateOnNaN

__all__ = [
    "CSVLogger",
    "Callback",
    "CallbackList",
    "EarlyStopping",
    "History",
    "LambdaCallback",
    "LearningRateScheduler",
    "Logs",
    "ReduceLROnPlateau",
    "TerminateOnNaN",
]
