"""Inner runs of pytest, with the plugin and with warnings as errors."""

from __future__ import annotations

import os
import textwrap
from pathlib import Path

import hypothesis.strategies  # noqa: F401 - as below
import pytest

# loaded here, for an inner run in the same process forgets what it was the first to load
import tinygrad_es.testing.marked
import tinygrad_es.testing.power  # noqa: F401 - as above

ROOT = Path(__file__).parents[2]
ENTRY = ROOT / "tinygrad_es" / "testing" / "entry"  # of the plugin, in a checkout
HEAD = """
import numpy as np
import hypothesis.strategies  # noqa: F401 - as below
import pytest
from hypothesis import given, settings, strategies as st
from tinygrad_es import check_backprop, check_gradients, ops

def half(x):
    return x * x.detach()  # its automatic gradient is x, and should be 2x

def forward(x, t, W):
    z = x @ W
    h = np.tanh(z)
    return np.sum((h - t) ** 2)

def right(x, t, W):
    h = np.tanh(x @ W)
    dh = 2.0 * (h - t)
    dz = dh * (1.0 - h**2)
    dW = x.T @ dz
    return dW

def wrong(x, t, W):
    h = np.tanh(x @ W)
    dh = 2.0 * (h - t)
    dz = dh * (1.0 - h)
    dW = x.T @ dz
    return dW

def arrays():
    rng = np.random.default_rng(0)
    return rng.normal(size=(5, 3)), rng.normal(size=(5, 7)), rng.normal(size=(3, 7))
"""


@pytest.fixture
def run(pytester, monkeypatch):
    """Run pytest on a test file made of HEAD and a text, in this process or in another."""
    monkeypatch.setenv("PYTHONPATH", f"{ROOT}{os.pathsep}{ENTRY}")
    monkeypatch.setenv("COLUMNS", "200")

    def inner(text, *options, apart=False):
        pytester.makepyfile(test_it=HEAD + textwrap.dedent(text))
        common = ("-p", "pytest_tinygrad_es", "-W", "error", "--strict-markers")
        runner = pytester.runpytest_subprocess if apart else pytester.runpytest_inprocess
        alone = ("-p", "no:cacheprovider", "-p", "no:randomly")  # which shuffles, and loads NumPy
        return runner(*common, *alone, *options)

    return inner


@pytest.fixture
def failing(run):
    """Run it, expect one failure; return the lines of what it shows, from its heading on."""

    def shown(text, *options):
        result = run(text, *options)
        result.assert_outcomes(failed=1)
        lines = result.outlines
        start = next(i for i, line in enumerate(lines) if "= FAILURES =" in line)
        return lines[start + 2 : lines.index(next(x for x in lines if "short test summary" in x))]

    return shown
