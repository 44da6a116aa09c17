"""Checking gradients: against numbers, by hand against automatic, the battery of the table."""

from .backprop_report import BackpropReport
from .battery import check_primitive
from .by_hand import assert_backprop, check_backprop
from .differences.numeric import complex_step, taylor_slope
from .gradients import assert_gradients, check_gradients
from .report import Entry, GradientCheck, Mismatch

__all__ = [
    "BackpropReport",
    "Entry",
    "GradientCheck",
    "Mismatch",
    "assert_backprop",
    "assert_gradients",
    "check_backprop",
    "check_gradients",
    "check_primitive",
    "complex_step",
    "taylor_slope",
]
