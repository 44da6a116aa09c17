"""Fixtures for all tests: global state is restored, random numbers repeat."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

import tinygrad_es as tg
from tinygrad_es.autodiff.modes import MODES
from tinygrad_es.autodiff.primitive import PRIMITIVES
from tinygrad_es.layers.layer import clear_session
from tinygrad_es.ops import random

ENTRY = Path(tg.__file__).parent / "testing" / "entry"
sys.path.append(str(ENTRY))  # for a checkout that is not installed
pytest_plugins = ["pytester", "pytest_tinygrad_es", "tests.everywhere"]


@pytest.fixture(autouse=True)
def _clean_state():
    """Seed everything; fail a test that leaks a mode or a float type; forget its primitives."""
    random.seed(0)
    clear_session()
    modes, floatx, known = MODES.get(), tg.floatx(), dict(PRIMITIVES)
    yield
    tg.set_language(None)  # the command line's --lang chooses one
    leaked = [name for name in PRIMITIVES if name not in known]
    for name in leaked:
        del PRIMITIVES[name]
        if hasattr(tg.Tensor, name):
            delattr(tg.Tensor, name)
    assert MODES.get() is modes, "a mode leaked out of the test"
    was, now = floatx, tg.floatx()
    tg.set_floatx("float32")
    assert now == was == "float32", "set_floatx leaked out of the test"


@pytest.fixture
def float64():
    """Everything in float64 for one test."""
    tg.set_floatx("float64")
    yield
    tg.set_floatx("float32")


@pytest.fixture
def rng():
    return np.random.default_rng(0)
