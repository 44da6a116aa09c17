"""Checking gradients: against numbers, by hand against automatic, the battery of the table."""

from .backprop_report import BackpropReport
from .battery import check_primitive
from .by_hand import assert_backprop, check_backprop
from .gradients import GradientCheck, assert_gradients, check_gradients

__all__ = [
    "BackpropReport",
    "GradientCheck",
    "assert_backprop",
    "assert_gradients",
    "check_backprop",
    "check_gradients",
    "check_primitive",
]
