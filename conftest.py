"""For doctests and tests alike: plots open no windows, and their figures are closed again."""

from __future__ import annotations

import importlib.util
import os
import sys

import pytest

pytest_plugins = ["pytester", "pytest_tinygrad_es"]
os.environ.setdefault("MPLBACKEND", "Agg")
os.environ["TINYGRAD_ES_LANGUAGE"] = "en"  # whatever the machine speaks
if importlib.util.find_spec("matplotlib") is None:  # the extra `plots`: its examples cannot run
    collect_ignore_glob = ["tinygrad_es/plots/*", "docs/*/plots.md", "docs/*/gradient-flow.md"]


@pytest.fixture(autouse=True)
def _closed_figures():
    """Figures that pyplot keeps would pile up."""
    yield
    if "matplotlib.pyplot" in sys.modules:
        sys.modules["matplotlib.pyplot"].close("all")
