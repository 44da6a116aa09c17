"""A student's file, checked in a process of its own: `python -m tinygrad_es check FILE`."""

from .pairs import Found, inputs_of, pairs_in
from .process import Outcome, check_file

__all__ = ["Found", "Outcome", "check_file", "inputs_of", "pairs_in"]
