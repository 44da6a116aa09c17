"""Callbacks: what happens around the batches and epochs of `fit`."""

from .backup import BackupAndRestore
from .callback import Callback, CallbackList, History, LambdaCallback, Logs
from .checkpoint import ModelCheckpoint
from .early_stopping import EarlyStopping
from .gradient_flow import GradientFlow
from .learning_rate import LearningRateScheduler, ReduceLROnPlateau
from .logging import CSVLogger, TerminateOnNaN

__all__ = [
    "BackupAndRestore",
    "CSVLogger",
    "Callback",
    "CallbackList",
    "EarlyStopping",
    "GradientFlow",
    "History",
    "LambdaCallback",
    "LearningRateScheduler",
    "Logs",
    "ModelCheckpoint",
    "ReduceLROnPlateau",
    "TerminateOnNaN",
]
