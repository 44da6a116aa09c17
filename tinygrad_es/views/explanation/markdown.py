r"""A told text in Markdown, its formulas in LaTeX between dollars: for GitHub and notebooks.

A renderer may read Markdown before it reads LaTeX, so no formula has a backslash before
punctuation, and no star or underscore outside of a command's braces.

>>> from .document import Array, Document, Equation, Formula
>>> half = Equation((Formula("y", "y"), Formula("x/2", r"\frac{x}{2}"), Array(0.5)))
>>> print(to_markdown(Document("Half", (half,))))
## Half
<BLANKLINE>
- $y = \frac{x}{2} = 0.5$
<BLANKLINE>
"""

from __future__ import annotations

from .document import (
    Array,
    Block,
    Document,
    Equation,
    Formula,
    Part,
    Section,
    Sentence,
    Step,
    Table,
    array_latex,
)

__all__ = ["to_markdown"]

_SPECIAL = {c: "\\" + c for c in "\\`*_{}[]()#+-.!|~$"} | {"<": "&lt;", ">": "&gt;", "&": "&amp;"}
_ESCAPES = str.maketrans(_SPECIAL)
_BARE = str.maketrans({c: _SPECIAL[c] for c in "\\`*_[]|~$<>&"})  # what acts within a line


def to_markdown(document: Document) -> str:
    """Headings, a numbered list of steps with their formulas, tables."""
    found = [f"## {_escaped(document.title)}", ""]
    before: Block | None = None
    for block in document.blocks:
        lines = _lines(block)
        if not isinstance(block, Equation) or not isinstance(before, Equation):
            found += [""] if found[-1] else []
        found += lines
        before = block
    return "\n".join([*found, ""])


def _lines(block: Block) -> list[str]:
    if isinstance(block, Section):
        return [f"### {_escaped(block.text)}"]
    if isinstance(block, Table):
        return _table(block)
    if isinstance(block, Step):
        return [f"{block.number}. {_text(block.parts)}"]
    indent = "   " if block.inside else ""
    if isinstance(block, Sentence):
        return [indent + _text(block.parts)]
    lead = f"{_text(block.lead)} " if block.lead else ""
    sides = " = ".join(map(_latex, block.sides))
    note = f" {_text(block.note)}" if block.note else ""
    return [f"{indent}- {lead}${sides}${note}"]


def _table(block: Table) -> list[str]:
    rows = [[_escaped(cell) for cell in block.head], ["---"] * len(block.head)]
    rows += [[_text((part,)) for part in row] for row in block.rows]
    return [f"| {' | '.join(row)} |" for row in rows]


def _text(parts: tuple[Part, ...]) -> str:
    return "".join(_escaped(p) if isinstance(p, str) else f"${_latex(p)}$" for p in parts)


def _latex(side: Formula | Array) -> str:
    return array_latex(side) if isinstance(side, Array) else side.latex


def _escaped(text: str) -> str:
    """Words that are nothing but words."""
    return text.translate(_BARE)
