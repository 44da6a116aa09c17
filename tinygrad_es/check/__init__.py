"""Checking gradients: rules against numbers, and the battery that every primitive passes."""

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
