"""A told text as plain data, and its plain-text form: headings, sentences, formulas, tables.

What is told says *what*; how it looks is decided by a writer: `to_text` here, `to_markdown`,
`to_html`.

>>> q = Equation((Formula("q", "q"), Formula("x + y", "x + y"), Array(3.0)))
>>> print(to_text(Document("A sum", (Section("Forward pass"), q))))
A sum
<BLANKLINE>
Forward pass
  q = x + y = 3
"""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from ..notation import latex_number, number
from ..numbers import rms

__all__ = [
    "Array",
    "Document",
    "Equation",
    "Formula",
    "Section",
    "Sentence",
    "Step",
    "Table",
    "array_latex",
    "array_text",
    "as_formula",
    "shape_text",
    "to_text",
]

WIDTH = 96  # of a line of text
WHOLE = 5  # rows and columns up to which a matrix is written out
INLINE = 6  # numbers up to which an array stands within a line
CELL = 40  # characters of an array in a table


class Formula(NamedTuple):
    """A formula as text and in LaTeX."""

    text: str
    latex: str


class Array(NamedTuple):
    """A number or an array, printed with some digits."""

    value: Any
    digits: int = 4


Side = Formula | Array
Part = str | Formula | Array


class Section(NamedTuple):
    """A heading."""

    text: str


class Step(NamedTuple):
    """The head of a numbered step; what follows belongs to it until the next one."""

    number: int
    parts: tuple[Part, ...]


class Sentence(NamedTuple):
    """Plain words, with formulas among them."""

    parts: tuple[Part, ...]
    inside: bool = False  # of a step


class Equation(NamedTuple):
    """Sides that are equal, words before them and after them."""

    sides: tuple[Side, ...]
    note: tuple[Part, ...] = ()
    lead: tuple[Part, ...] = ()
    inside: bool = False  # of a step


class Table(NamedTuple):
    """Rows under a head."""

    head: tuple[str, ...]
    rows: tuple[tuple[Part, ...], ...]


Block = Section | Step | Sentence | Equation | Table


class Document(NamedTuple):
    """A title and what comes under it."""

    title: str
    blocks: tuple[Block, ...]
    language: str = "en"


# --- numbers and arrays ------------------------------------------------------------------------


def shape_text(value: Any) -> str:
    """`3×2`; nothing for a number.

    >>> shape_text(np.ones((3, 2))), shape_text(np.ones(4)), shape_text(1.0)
    ('3×2', '4', '')
    """
    return "×".join(map(str, np.shape(value)))


def is_whole(value: Any) -> bool:
    """Whether an array is written out."""
    array = np.asarray(value)
    if array.ndim == 1:
        return 0 < array.size <= INLINE
    return array.ndim == 2 and array.size > 0 and max(array.shape) <= WHOLE


def is_block(array: Array) -> bool:
    """Whether it takes several lines of text."""
    shape = np.shape(array.value)
    return len(shape) == 2 and is_whole(array.value) and shape[1] > 1 and shape[0] > 1


def _size(array: Array) -> str:
    """What is said of an array that is not written out."""
    shape = shape_text(array.value)
    if not np.size(array.value):
        return "[]"
    return f"[{shape}, rms {number(rms(array.value), array.digits)}]"


def array_text(array: Array) -> str:
    """One line: a number; `[1 2]`; a column `[1 2]ᵀ`; a matrix `[1 2; 3 4]`; or size and shape.

    >>> array_text(Array(np.array([[1.0], [-2.0]]))), array_text(Array(np.ones((9, 9))))
    ('[1 −2]ᵀ', '[9×9, rms 1]')
    """
    value, digits = array
    if value is None:
        return "—"
    if np.ndim(value) == 0:
        return number(float(value), digits)
    if not is_whole(value):
        return _size(array)
    rows = np.asarray(value)
    if rows.ndim == 2 and rows.shape[1] == 1 and rows.shape[0] > 1:
        return array_text(Array(rows[:, 0], digits)) + "ᵀ"
    lines = [[number(float(v), digits) for v in row] for row in np.atleast_2d(rows)]
    return "[" + "; ".join(" ".join(line) for line in lines) + "]"


def array_lines(array: Array) -> list[str]:
    """A matrix in lines of equal length, with brackets."""
    rows = [[number(float(v), array.digits) for v in row] for row in np.asarray(array.value)]
    widths = [max(map(len, column)) for column in zip(*rows)]
    lines = ["  ".join(v.rjust(w) for v, w in zip(row, widths)) for row in rows]
    ends = [("⎡", "⎤"), *[("⎢", "⎥")] * (len(lines) - 2), ("⎣", "⎦")]
    return [f"{left} {line} {right}" for line, (left, right) in zip(lines, ends)]


def array_latex(array: Array) -> str:
    """In LaTeX, without a backslash before punctuation."""
    value, digits = array
    if value is None:
        return r"\text{—}"
    if np.ndim(value) == 0:
        return latex_number(float(value), digits)
    if not is_whole(value):
        return rf"\text{{{_size(array)}}}"
    rows = [[latex_number(float(v), digits) for v in row] for row in np.atleast_2d(value)]
    body = r" \cr ".join(" & ".join(row) for row in rows)
    return rf"\begin{{bmatrix}} {body} \end{{bmatrix}}"


def as_formula(side: Side) -> Formula:
    """A side of an equation as a formula."""
    return Formula(array_text(side), array_latex(side)) if isinstance(side, Array) else side


# --- text --------------------------------------------------------------------------------------


def to_text(document: Document) -> str:
    """Lines for a terminal."""
    found = [document.title]
    inside = False
    for block in document.blocks:
        was, inside = inside, isinstance(block, (Sentence, Equation)) and block.inside
        found += [""] if was and isinstance(block, (Sentence, Equation)) and not inside else []
        found += _lines(block)
    return "\n".join(line.rstrip() for line in found)


def part_text(part: Part) -> str:
    """A part of a sentence."""
    if isinstance(part, Array):
        return array_text(part)
    return part.text if isinstance(part, Formula) else part


def joined(parts: Sequence[Part]) -> str:
    """Parts as one text."""
    return "".join(map(part_text, parts))


def _lines(block: Block) -> list[str]:
    if isinstance(block, Section):
        return ["", block.text]
    if isinstance(block, Table):
        return _table(block)
    if isinstance(block, Step):
        text, head = joined(block.parts), f"  {block.number}. "
        return ["", *_wrapped(text, head, " " * len(head))]
    indent = "     " if block.inside else "  "
    if isinstance(block, Sentence):
        return _wrapped(joined(block.parts), indent, indent)
    return _equation(block, indent + ("  " if block.inside else ""))


def _wrapped(text: str, first: str, rest: str) -> list[str]:
    wrapper = textwrap.TextWrapper(
        WIDTH,
        initial_indent=first,
        subsequent_indent=rest,
        break_long_words=False,
        break_on_hyphens=False,
    )
    return wrapper.wrap(text)


def _equation(block: Equation, indent: str) -> list[str]:
    """One line; where it is too long, broken before "="; a matrix at its end in several lines."""
    *first, last = block.sides
    lead = indent + (joined(block.lead) + " " if block.lead else "")
    line, lines = lead, list[str]()
    for k, side in enumerate(first):
        text = part_text(side)
        if k and len(line) + len(text) > WIDTH:
            lines.append(line)
            line = indent + "    "
        line += f"{'= ' if k else ''}{text} "
    line += "= " if first else ""
    note = joined(block.note)
    note = f"   {note}" if note else ""
    if isinstance(last, Array) and is_block(last):
        rows = array_lines(last)
        if len(first) > 1 and len(line) + len(rows[0]) > WIDTH:
            lines.append(line.removesuffix("= "))
            line = indent + "    = "
        pad = " " * len(line)
        return [*lines, line + rows[0] + note, *[pad + row for row in rows[1:]]]
    text = part_text(last)
    if first and len(line) + len(text) > WIDTH:
        lines.append(line.removesuffix("= "))
        line = indent + "    = "
    return [*lines, line + text + note]


def _cell(part: Part) -> str:
    """A part in a column: an array that would make the table wider than a terminal by its size."""
    text = part_text(part)
    if isinstance(part, Array) and len(text) > CELL:
        return _size(part)
    return text


def _table(block: Table) -> list[str]:
    rows = [list(block.head), *[[_cell(part) for part in row] for row in block.rows]]
    widths = [max(map(len, column)) for column in zip(*rows)]
    lines = ["  ".join(cell.ljust(w) for cell, w in zip(row, widths)) for row in rows]
    rule = "  ".join("─" * w for w in widths)
    return ["  " + line for line in (lines[0], rule, *lines[1:])]
