"""The code cells of a Jupyter notebook, as Python: without magics and shell commands.

>>> python("%matplotlib inline\\nx = 1\\nif x:\\n    !ls\\n")
'pass\\nx = 1\\nif x:\\n    pass\\n'
>>> python("%%bash\\nls")
''
"""

from __future__ import annotations

import json
import re
from pathlib import Path

__all__ = ["cells_of", "python"]

TIMED = frozenset(["time", "timeit", "capture", "prun"])  # cells of Python under a magic
MAGIC = re.compile(r"^(\s*)(?:[%!].*|\w[\w.]*\?\??\s*)$", re.MULTILINE)


def cells_of(path: Path) -> list[str]:
    """The sources of its code cells, in order.

    Raises:
        OSError: the file cannot be read.
        ValueError: it is no notebook.
    """
    try:
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        return [python("".join(cell["source"])) for cell in cells if cell["cell_type"] == "code"]
    except (ValueError, LookupError, TypeError) as error:
        raise ValueError(f"it is no notebook (JSON with cells): {error!r}") from error


def python(source: str) -> str:
    """A cell with `pass` where a magic or a shell command stood, so that lines keep their number.

    A cell in another language is empty.
    """
    if source.startswith("%%"):
        first, _, rest = source.partition("\n")
        source = "\n" + rest if first[2:].split()[:1] and first[2:].split()[0] in TIMED else ""
    return MAGIC.sub(r"\1pass", source)
