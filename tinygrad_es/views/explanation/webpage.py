"""A told text as HTML: one fragment that needs nothing else, with formulas in MathML.

It takes colour and font from where it stands, so it is light or dark as its surroundings; alone,
as a page, it follows the browser.
"""

from __future__ import annotations

from ..figures.figure import escape
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
from .mathml import mathml

__all__ = ["to_html", "to_page"]

STYLE = """
.tg-told{line-height:1.6;max-width:60rem}
.tg-told h2{font-size:1.4em;margin:.5em 0}
.tg-told h3{font-size:1.15em;margin:1.4em 0 .5em;padding-bottom:.15em;
  border-bottom:1px solid color-mix(in srgb,currentColor 25%,transparent)}
.tg-told ul{list-style:none;margin:.3em 0;padding-left:1.2em}
.tg-told ol{padding-left:1.8em}
.tg-told ol>li{margin:.9em 0}
.tg-told li>ul>li{margin:.35em 0}
.tg-told p{margin:.2em 0}
.tg-told math{font-size:1.08em}
.tg-told li math{math-style:normal}
.tg-told mtable.tg-matrix{margin:.2em;padding:.1em .35em;vertical-align:middle;
  border-left:1.5px solid;border-right:1.5px solid;
  background:linear-gradient(currentColor 0 0) 0 0,linear-gradient(currentColor 0 0) 100% 0,
  linear-gradient(currentColor 0 0) 0 100%,linear-gradient(currentColor 0 0) 100% 100%;
  background-size:.35em 1.5px;background-repeat:no-repeat}
.tg-told .tg-head{font-weight:600}
.tg-told .tg-note{opacity:.75;font-size:.9em;margin-left:.7em}
.tg-told .tg-wide{overflow-x:auto}
.tg-told table{border-collapse:collapse}
.tg-told th,.tg-told td{padding:.3em .9em .3em 0;text-align:left;
  border-bottom:1px solid color-mix(in srgb,currentColor 20%,transparent)}
"""
PAGE = """<!DOCTYPE html>
<html lang="{language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>:root{{color-scheme:light dark}}body{{font-family:system-ui,sans-serif;margin:2rem auto;
max-width:60rem;padding:0 1rem}}{style}</style>
</head>
<body>
{fragment}
</body>
</html>
"""


def to_html(document: Document) -> str:
    """A fragment: `<section>` with its own style."""
    style = f"<style>{STYLE}</style>"
    return f'<section class="tg-told" lang="{document.language}">\n{style}\n{_content(document)}'


def _content(document: Document) -> str:
    found = [f"<h2>{escape(document.title)}</h2>"]
    opened: list[str] = []  # the lists that are open, the innermost last
    for block in document.blocks:
        found += _opening(block, opened)
        found.append(_block(block))
    found += _closing(opened, 0)
    return "\n".join([*found, "</section>"])


def to_page(document: Document) -> str:
    """The fragment as a page of its own."""
    title, section = escape(document.title), '<section class="tg-told">\n' + _content(document)
    return PAGE.format(language=document.language, title=title, style=STYLE, fragment=section)


def _opening(block: Block, opened: list[str]) -> list[str]:
    """The tags of lists to close and to open before a block."""
    if isinstance(block, Step):
        if opened[:1] == ["ol"]:
            return [*_closing(opened, 1), "</li>"]
        found = [*_closing(opened, 0), f'<ol start="{block.number}">']
        opened.append("ol")
        return found
    inside = isinstance(block, (Sentence, Equation)) and block.inside and opened[:1] == ["ol"]
    found = _closing(opened, int(inside))
    if isinstance(block, Equation):
        found = [] if found == ["</ul>"] else [*found, "<ul>"]  # the list goes on, or begins
        opened.append("ul")
    return found


def _closing(opened: list[str], keep: int) -> list[str]:
    found = []
    while len(opened) > keep:
        found.append("</ul>" if opened.pop() == "ul" else "</li>\n</ol>")
    return found


def _block(block: Block) -> str:
    if isinstance(block, Section):
        return f"<h3>{escape(block.text)}</h3>"
    if isinstance(block, Step):
        return f'<li><p class="tg-head">{_text(block.parts)}</p>'
    if isinstance(block, Sentence):
        return f"<p>{_text(block.parts)}</p>"
    if isinstance(block, Table):
        return _table(block)
    lead = f"{_text(block.lead)} " if block.lead else ""
    sides = [_math(side, "<mo>=</mo>" if k else "") for k, side in enumerate(block.sides)]
    note = f' <span class="tg-note">{_text(block.note)}</span>' if block.note else ""
    return f"<li>{lead}{' '.join(sides)}{note}</li>"


def _table(block: Table) -> str:
    head = "".join(f'<th scope="col">{escape(cell)}</th>' for cell in block.head)
    rows = "\n".join(
        f'<tr><th scope="row">{_text((row[0],))}</th>'
        + "".join(f"<td>{_text((part,))}</td>" for part in row[1:])
        + "</tr>"
        for row in block.rows
    )
    table = f"<table>\n<thead><tr>{head}</tr></thead>\n<tbody>\n{rows}\n</tbody>\n</table>"
    return f'<div class="tg-wide">{table}</div>'


def _text(parts: tuple[Part, ...]) -> str:
    return "".join(escape(p) if isinstance(p, str) else _math(p) for p in parts)


def _math(side: Formula | Array, before: str = "") -> str:
    latex = array_latex(side) if isinstance(side, Array) else side.latex
    return f"<math>{before}{mathml(latex)}</math>"
