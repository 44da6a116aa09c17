"""Run every benchmark, or those that are named: `python -m tests.benchmarks steps scalars`."""

from __future__ import annotations

import importlib
import platform
import sys

import numpy

print(f"Python {platform.python_version()}, NumPy {numpy.__version__}, {platform.processor()}")
for name in sys.argv[1:] or ["steps", "scalars", "growth"]:
    importlib.import_module(f"tests.benchmarks.{name}").main()
    print()
