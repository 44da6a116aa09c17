"""A figure as a Mermaid flowchart: text that GitHub, GitLab and many editors draw by themselves.

The text depends on the figure only. Boxes are named `n0`, `n1`, ... in the figure's order; in a
label all but letters, digits and a few harmless signs is written as Mermaid's entity codes
(`#quot;`, `#35;`), so that no name can break out of it, be taken for Markdown or for a directive.

A gradient arrow is a dashed red line without a head, its label begins with `◂` (`▴` top to
bottom): Mermaid places boxes by *all* arrows, and real ones back would put inputs behind what they
go into.
"""

from __future__ import annotations

import json
import re
import warnings

from tinygrad_es.views.figures.figure import Arrow, Box, Figure, clean, shorten

__all__ = ["to_markdown", "to_mermaid"]

TEXT_LIMIT, TITLE_LIMIT, CAPTION_LIMIT = 60, 120, 300
MOST_ARROWS, MOST_CHARACTERS = 500, 50_000  # where Mermaid refuses, and no page can change it

# The brackets of a box, and its colours: what the colour says is said twice.
KINDS = {
    "input": ("([", "])", "fill:#e3edfd,stroke:#2563eb"),
    "parameter": ("[[", "]]", "fill:#efe8fd,stroke:#7c3aed,stroke-width:1.8px"),
    "constant": ("[", "]", "fill:#f3f4f6,stroke:#6b7280,stroke-dasharray:5 3"),
    "operation": ("(", ")", "fill:#f8fafc,stroke:#475569"),
    "output": ("{{", "}}", "fill:#fdeed8,stroke:#b45309,stroke-width:3px"),
    "layer": ("[/", "/]", "fill:#e0f2ef,stroke:#0f766e,stroke-width:1.8px"),
}
MARKS = {
    "active": "stroke:#d97706,stroke-width:3px",
    "failed": "fill:#fee2e2,stroke:#b91c1c,stroke-width:3px",
    "wrong": "fill:#fee2e2,stroke:#b91c1c,stroke-width:3px",
    "carried": "fill:#fef3c7,stroke:#b45309",
    "right": "fill:#dcfce7,stroke:#15803d",
}
CAPTION_STYLE = "fill:none,stroke:none,color:#6b7280"
BACKWARD = "stroke:#dc2626,color:#dc2626"

_NAMED = {'"': "#quot;", "<": "#lt;", ">": "#gt;", "&": "#amp;"}
_SPECIAL = re.compile(r"""["#$%&*:;<>@\\^_`{|}~]""")
# What Mermaid looks for after it has put the signs back: formulas, icons, line breaks, its own
# marks for entity codes. A space of no width in between, and it is text.
_MEANING = re.compile(r"(?<=[$\\ﬂ¶])|(?<=:)(?=fa-)")


def to_mermaid(figure: Figure) -> str:
    """Write the figure as a Mermaid flowchart. Texts are cut to 60 characters.

    Warns (UserWarning) of more than 500 arrows or 50,000 characters, which Mermaid does not draw.

    >>> x, y = Box("x", "x", (("value", "3"),), "input"), Box("y", "y = x · x", (), "output")
    >>> print(to_mermaid(Figure([x, y], [Arrow(0, 1), Arrow(0, 1)])).partition("  classDef")[0])
    ---
    config:
      flowchart:
        wrappingWidth: 400
    ---
    flowchart LR
      n0(["<b>x</b><br/>value: 3"]):::input
      n1{{"<b>y = x · x</b>"}}:::output
      n0 --> n1
      n0 --> n1
    <BLANKLINE>
    """
    title = shorten(clean(figure.title), TITLE_LIMIT)
    lines = ["---", *([f"title: {_quoted(title)}"] if title.strip() else []), "config:"]
    lines += ["  flowchart:", "    wrappingWidth: 400", "---", f"flowchart {figure.rankdir}"]
    lines += [f"  n{i}{_box(box)}" for i, box in enumerate(figure.boxes)]
    caption = _safe(figure.note, CAPTION_LIMIT)
    if caption.strip():
        lines.append(f'  caption["{caption}"]:::caption')
    lines += [f"  {_arrow(arrow, figure.rankdir)}" for arrow in figure.arrows]
    used = {name for box in figure.boxes for name in (box.kind, box.mark)}
    styles = {kind: style for kind, (_, _, style) in KINDS.items()} | MARKS
    lines += [f"  classDef {k} {style},color:#111827" for k, style in styles.items() if k in used]
    if caption.strip():
        lines.append(f"  classDef caption {CAPTION_STYLE}")
    back = [str(i) for i, arrow in enumerate(figure.arrows) if arrow.kind == "backward"]
    if back:
        lines.append(f"  linkStyle {','.join(back)} {BACKWARD}")
    text = "\n".join([*lines, ""])
    _not_too_much(len(figure.arrows), len(text))
    return text


def to_markdown(figure: Figure) -> str:
    """The flowchart as a block of a Markdown page."""
    return f"```mermaid\n{to_mermaid(figure)}```\n"


def _not_too_much(arrows: int, characters: int) -> None:
    if arrows > MOST_ARROWS or characters > MOST_CHARACTERS:
        warnings.warn(
            f"Mermaid draws at most {MOST_ARROWS} arrows and {MOST_CHARACTERS:,} characters; this "
            f"figure has {arrows:,} and {characters:,}. A smaller part of the graph can be drawn, "
            "or all of it as .svg.",
            stacklevel=4,
        )


def _box(box: Box) -> str:
    left, right, _ = KINDS[box.kind]
    rows = [f"{_safe(label)}: {_safe(text)}" for label, text, *_ in box.rows]
    flag = [f"<b>{_safe(box.flag)}</b>"] if box.flag else []
    note = [f"<i>{_safe(box.note)}</i>"] if box.note else []
    label = "<br/>".join([f"<b>{_safe(box.title) or ' '}</b>", *rows, *flag, *note])
    return f'{left}"{label}"{right}:::{box.mark if box.mark in MARKS else box.kind}'


def _arrow(arrow: Arrow, rankdir: str) -> str:
    label = _safe(arrow.label)
    if arrow.kind == "forward":
        middle = f'-->|"{label}"|' if label.strip() else "-->"
        return f"n{arrow.source} {middle} n{arrow.target}"
    sign = "◂" if rankdir == "LR" else "▴"
    return f'n{arrow.target} -.-|"{f"{sign} {label}".strip()}"| n{arrow.source}'


def _safe(text: str, limit: int = TEXT_LIMIT) -> str:
    """Text between quotes, where it can mean nothing but itself."""
    text = _MEANING.sub("\u200b", shorten(clean(text), limit))
    return _SPECIAL.sub(lambda found: _code(found.group()), text)


def _code(character: str) -> str:
    return _NAMED.get(character) or f"#{ord(character)};"


def _quoted(text: str) -> str:
    """A title in the YAML before the chart: a string of JSON without signs of HTML or Mermaid."""
    return re.sub(
        r"[<>&%{}`]",
        lambda found: f"\\u{ord(found.group()):04x}",
        json.dumps(text, ensure_ascii=False),
    )
