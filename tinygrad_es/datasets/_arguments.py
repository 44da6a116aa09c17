"""Checks of the arguments that the data sets share: a count, a size, a generator.

Each check returns the value as a plain Python number, or raises an error that names the argument,
what was received and what was expected. A `bool` is never taken for a number: `noise=True` is
more often a slip than a wish for noise 1.
"""

import math
from numbers import Integral, Real

import numpy as np


def whole_number(name: str, value: object, minimum: int) -> int:
    """Return `value` as an int, if it is a whole number of at least `minimum`.

    NumPy integers are accepted. Raises TypeError for anything that is not an integer (a float
    too, even 10.0) and ValueError below `minimum`.

    >>> whole_number("n_samples", np.int64(10), minimum=1)
    10
    >>> whole_number("n_samples", 0, minimum=1)
    Traceback (most recent call last):
    ValueError: n_samples must be at least 1. Received: n_samples=0
    """
    if isinstance(value, bool) or not isinstance(value, Integral):
        raise TypeError(
            f"{name} must be an integer of at least {minimum}. "
            f"Received: {name}={value!r} (of type {type(value).__name__})"
        )
    if value < minimum:
        raise ValueError(f"{name} must be at least {minimum}. Received: {name}={value}")
    return int(value)


def real_number(name: str, value: object, expected: str) -> float:
    """Return `value` as a float, if it is a real number; `expected` says which ones will do.

    NumPy floats and integers are accepted; the range is the caller's to check. Raises TypeError
    for anything else.

    >>> real_number("test_split", "0.2", expected="with 0 <= test_split < 1")
    Traceback (most recent call last):
    TypeError: test_split must be a real number with 0 <= test_split < 1. \
Received: test_split='0.2' (of type str)
    """
    if isinstance(value, bool) or not isinstance(value, Real):
        raise TypeError(
            f"{name} must be a real number {expected}. "
            f"Received: {name}={value!r} (of type {type(value).__name__})"
        )
    return float(value)


def noise_level(value: object) -> float:
    """Return `value` as a float, if it is a finite number of at least 0.

    Raises TypeError for what is not a number, ValueError for a negative or non-finite one.

    >>> noise_level(-0.1)
    Traceback (most recent call last):
    ValueError: noise must be finite and at least 0. Received: noise=-0.1
    """
    noise = real_number("noise", value, expected="that is finite and at least 0")
    if not (math.isfinite(noise) and noise >= 0.0):
        raise ValueError(f"noise must be finite and at least 0. Received: noise={noise}")
    return noise


def generator(seed: object) -> np.random.Generator:
    """Return NumPy's default random generator for `seed`, a whole number of at least 0.

    `seed=None` (a different stream at each call) is refused: every data set here can be had again.

    >>> generator(113).random() == generator(113).random()
    True
    >>> generator(None)
    Traceback (most recent call last):
    TypeError: seed must be an integer of at least 0. Received: seed=None (of type NoneType)
    """
    return np.random.default_rng(whole_number("seed", seed, minimum=0))
