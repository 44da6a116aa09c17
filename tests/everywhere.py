"""For doctests and tests alike: plots open no windows, and their figures are closed again.

`tests/conftest.py` loads it as a plugin, so that it holds for docs/ and for the package as well.
"""

from __future__ import annotations

import importlib.util
import os
import sys

import pytest

os.environ.setdefault("MPLBACKEND", "Agg")
os.environ["TINYGRAD_ES_LANGUAGE"] = "en"  # whatever the machine speaks
PLOTS = importlib.util.find_spec("matplotlib") is not None
WITH_PLOTS = ("tinygrad_es/plots/*", "docs/*/plots.md", "docs/*/gradient-flow.md")


def pytest_ignore_collect(collection_path):
    """Without the extra `plots` its examples cannot run."""
    plots = any(collection_path.match(pattern) for pattern in WITH_PLOTS)
    return True if plots and not PLOTS else None


@pytest.fixture(autouse=True)
def _closed_figures():
    """Figures that pyplot keeps would pile up."""
    yield
    if "matplotlib.pyplot" in sys.modules:
        sys.modules["matplotlib.pyplot"].close("all")
