"""Run every benchmark, or those that are named: `python -m tests.benchmarks steps scalars`.

Each has a process of its own: what one leaves in memory slows the garbage collector in the next.
"""

from __future__ import annotations

import importlib
import platform
import subprocess
import sys

import numpy

NAMES = ["steps", "fit", "flow", "convolution", "scalars", "growth"]

unknown = [name for name in sys.argv[1:] if name not in NAMES]
if unknown:
    sys.exit(f"usage: python -m tests.benchmarks [{'|'.join(NAMES)}] …\n{__doc__}")
elif len(sys.argv) == 2:
    importlib.import_module(f"tests.benchmarks.{sys.argv[1]}").main()
else:
    print(f"Python {platform.python_version()}, NumPy {numpy.__version__}", flush=True)
    for name in sys.argv[1:] or NAMES:
        subprocess.run([sys.executable, "-m", "tests.benchmarks", name], check=True)
        print(flush=True)
