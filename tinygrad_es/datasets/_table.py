"""Tables as text: comma-separated values, with or without a header line.

Every error says the file, the line (counted from 1, as an editor does) and the column.
"""

import csv
import io
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tinygrad_es.datasets import _containers


class Table(NamedTuple):
    """The cells of a file as text: the header ([] if there is none), the rows, their lines."""

    path: Path
    header: list[str]
    rows: list[list[str]]
    lines: list[int]

    def column(self, index: int) -> list[str]:
        """Return the cells of one column."""
        return [row[index] for row in self.rows]

    def numbers(self, columns: Sequence[int], may_be_empty: bool = False) -> NDArray[np.float64]:
        """Return these columns as float64, shape (rows, columns).

        Raises ValueError for a cell that is no finite number. An empty one becomes NaN if it may
        be.
        """
        cells = [[row[column] for column in columns] for row in self.rows]
        try:
            values = np.array(cells, dtype=np.float64)
        except ValueError:
            values = np.array([[_number(cell) for cell in row] for row in cells])
        for row, column in np.argwhere(~np.isfinite(values)).tolist():
            if cells[row][column] or not may_be_empty:
                raise self.error(row, columns[column], "a number")
        return values

    def error(self, row: int, column: int, expected: str) -> ValueError:
        """Return the error for one cell."""
        found = self.rows[row][column]
        return ValueError(
            f"{self.path}, line {self.lines[row]}, column {column + 1}: expected {expected}. "
            f"Found: {found!r}"
        )


def read_table(path: Path, n_columns: int, member: str | None = None) -> Table:
    """Return the cells of a text file, or of the text file `member` in a zip.

    The first line is a header if none of its cells is a number. Empty lines are passed over, and
    so is a first column without a name or called `rownames`, which R writes. There may be more
    columns than `n_columns`; every row has as many as the first.

    Raises ValueError for a file that is not text, has no rows, too few columns, or ragged rows.
    """
    reader = csv.reader(io.StringIO(_text(path, member)), skipinitialspace=True)
    rows: list[list[str]] = []
    lines: list[int] = []
    try:
        for row in reader:
            if any(cells := [cell.strip() for cell in row]):
                rows.append(cells)
                lines.append(reader.line_num)
    except csv.Error as error:
        raise _containers.damaged(path, "comma-separated values", error) from error
    header: list[str] = []
    if rows and np.isnan([_number(cell) for cell in rows[0]]).all():
        header, rows, lines = rows[0], rows[1:], lines[1:]
    if not rows:
        raise _containers.damaged(path, "rows of comma-separated values", "none")
    width = len(header or rows[0])
    for row, line in zip(rows, lines):
        if len(row) != width or width < n_columns:
            raise ValueError(
                f"{path}, line {line}: expected {max(width, n_columns)} columns, separated by "
                f"commas. Found: {len(row)}"
            )
    if header and header[0].lower() in {"", "rownames"} and width > n_columns:
        header, rows = header[1:], [row[1:] for row in rows]
    return Table(path, header, rows, lines)


def _text(path: Path, member: str | None) -> str:
    """Return the text of the file, or of the member of the zip that it is."""
    content: bytes | None = None
    if path.suffix == ".zip":
        content = _containers.read_zip(path, member or path.stem)
        if content is None:
            raise _containers.damaged(path, f"a zip archive with {member}", "one without it")
    else:
        content = _containers.read_file(path)
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _containers.damaged(path, "text in UTF-8", error) from error


def _number(cell: str) -> float:
    """Return the value of a cell, NaN if it is no number."""
    try:
        return float(cell)
    except ValueError:
        return np.nan
