"""The same random numbers at every run: NumPy's global generator and Python's are put back.

>>> import random
>>> state = random_state()
>>> with drawing_from(state):
...     first = np.random.rand(), random.random()
>>> with drawing_from(state):
...     print(first == (np.random.rand(), random.random()))
True
"""

from __future__ import annotations

import contextlib
import random
from collections.abc import Iterator
from typing import Any

import numpy as np

__all__ = ["GENERATORS", "drawing_from", "random_state"]

GENERATORS = (np.random.Generator, np.random.RandomState, random.Random)


def random_state() -> tuple[Any, Any]:
    """What both would draw next."""
    return np.random.get_state(), random.getstate()  # noqa: NPY002 - students' dropout draws there


@contextlib.contextmanager
def drawing_from(state: tuple[Any, Any]) -> Iterator[None]:
    """Inside, both draw what they would have drawn then; afterwards they go on where they were."""
    before = random_state()
    _set(state)
    try:
        yield
    finally:
        _set(before)


def _set(state: tuple[Any, Any]) -> None:
    np.random.set_state(state[0])  # noqa: NPY002 - as above
    random.setstate(state[1])
