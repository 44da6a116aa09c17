"""Checking gradients: rules against numbers, and the battery that every primitive passes."""

from .battery import check_primitive
from .gradients import GradientCheck, assert_gradients, check_gradients

__all__ = ["GradientCheck", "assert_gradients", "check_gradients", "check_primitive"]
