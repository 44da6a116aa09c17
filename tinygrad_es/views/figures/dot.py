"""A figure as Graphviz DOT text, for whoever has Graphviz (2.42 or later) draw it.

The text depends on the figure only, so it can be compared with a golden file. Boxes are named
`n0`, `n1`, ... in the figure's order, and every text is escaped: no name can break out of it.
"""

from functools import lru_cache
from textwrap import wrap

from tinygrad_es.views.figures.figure import Arrow, Box, Figure, clean, escape, role, shorten, tint

TEXT_LIMIT, CAPTION_LIMIT = 60, 600

# Border and fill of a box, and its shape: what the colour says is said twice.
KINDS = {
    "input": 'color="#2563eb", fillcolor="#e3edfd", style="rounded,filled"',
    "parameter": 'color="#7c3aed", fillcolor="#efe8fd", style="filled", penwidth=1.8',
    "constant": 'color="#6b7280", fillcolor="#f3f4f6", style="rounded,filled,dashed"',
    "operation": 'color="#475569", fillcolor="#f8fafc", style="rounded,filled"',
    "output": 'color="#b45309", fillcolor="#fdeed8", style="filled", peripheries=2',
    "layer": 'color="#0f766e", fillcolor="#e0f2ef", style="rounded,filled", penwidth=1.8',
}
# of a recorded backward pass, by its order; a box says it in its title too
ORDERS = {1: 'color="#be123c", fillcolor="#fdecef"', 2: 'color="#a16207", fillcolor="#fdf6d8"'}
MARKS = {
    "active": 'color="#d97706", penwidth=3',
    "waiting": 'color="#9ca3af", fontcolor="#6b7280"',
    "failed": 'color="#b91c1c", fillcolor="#fee2e2", penwidth=3',
    "wrong": 'color="#b91c1c", fillcolor="#fee2e2", penwidth=3',
    "carried": 'color="#b45309", fillcolor="#fef3c7", penwidth=2',
    "right": 'color="#15803d", fillcolor="#dcfce7"',
}
TEXTS = {"value": "#15803d", "grad": "#b91c1c", "other": "#1f2937"}

FLAGS = {"right": "#15803d", "carried": "#b45309"}

HEAD = """\
digraph figure {{
  graph [rankdir={rankdir}, bgcolor="white", fontname="Helvetica", fontsize=12, labelloc=t,
         nodesep=0.3, ranksep=0.55{splines}{label}];
  node [shape=box, fontname="Helvetica", fontsize=12, fontcolor="#111827", margin="0.06,0.04"];
  edge [color="#64748b", fontname="Helvetica", fontsize=10, fontcolor="#475569", arrowsize=0.7];
"""
TABLE = '<TABLE BORDER="0" CELLBORDER="0" CELLSPACING="0" CELLPADDING="2">'
BACKWARD = 'dir=back, style=dashed, color="#dc2626", fontcolor="#b91c1c"'


def to_dot(figure: Figure, splines: str = "") -> str:
    """Write the figure in the DOT language.

    A gradient arrow is written `a -> b [dir=back, ...]`: it points at a, and b still comes after
    a. Texts are cut to 60 characters. `splines` is Graphviz' word for how arrows run ("ortho").

    >>> x, y = Box("x", "x", (("value", "3"),), "input"), Box("y", "x²", (), "output")
    >>> print("".join(to_dot(Figure([x, y], [Arrow(0, 1)])).splitlines(keepends=True)[-3:]))
      n1 [label=<<B>x²</B>>, color="#b45309", fillcolor="#fdeed8", style="filled", peripheries=2];
      n0 -> n1;
    }
    <BLANKLINE>
    """
    drawn = f", splines={splines}" if splines else ""
    parts = [HEAD.format(rankdir=figure.rankdir, splines=drawn, label=_caption(figure))]
    parts += [
        f"  n{i} [label={_label(box)}, {_look(box)}];\n" for i, box in enumerate(figure.boxes)
    ]
    parts += [f"  {_arrow(arrow)};\n" for arrow in figure.arrows]
    return "".join([*parts, "}\n"])


def _look(box: Box) -> str:
    """Border and fill; where an attribute is given twice, Graphviz takes the last."""
    look = KINDS[box.kind]
    if box.order and box.kind in ("operation", "layer"):
        look += ", " + ORDERS[min(box.order, 2)]
    return f"{look}, {MARKS[box.mark]}" if box.mark in MARKS else look


def _safe(text: str, limit: int = TEXT_LIMIT) -> str:
    """Text inside an HTML-like label, where even an escaped backslash could begin a `\\N`."""
    return escape(shorten(clean(text), limit)).replace("\\", "&#92;&#92;")


def _caption(figure: Figure) -> str:
    """The title and the caption, in lines, as the attribute `label` of the whole."""
    titles = wrap(shorten(clean(figure.title), CAPTION_LIMIT), 90)
    notes = wrap(shorten(clean(figure.note), CAPTION_LIMIT), 110)
    lines = [f'<FONT POINT-SIZE="16"><B>{_safe(line, 90)}</B></FONT>' for line in titles]
    lines += [f'<FONT COLOR="#5b6472">{_safe(line, 110)}</FONT>' for line in notes]
    return f",\n         label=<{'<BR/>'.join(lines)}<BR/> >" if lines else ""


def _label(box: Box) -> str:
    """A title, or a table of title, rows and note."""
    title = f"<B>{_safe(box.title) or ' '}</B>"
    if not (box.rows or box.note or box.flag):
        return f"<{title}>"
    rows = [f'<TR><TD COLSPAN="2">{title}</TD></TR><HR/>']
    for label, text, *heat in box.rows:
        rows.append(f"{_row(label)}{_safe(text) or ' '}</FONT></TD></TR>")
        if heat and heat[0]:
            rows.append(f'<TR><TD COLSPAN="2" ALIGN="RIGHT">{_heat(heat[0])}</TD></TR>')
    if box.flag:
        flag, colour = _safe(box.flag), FLAGS.get(box.mark, "#b91c1c")
        rows.append(f'<TR><TD COLSPAN="2"><FONT COLOR="{colour}"><B>{flag}</B></FONT></TD></TR>')
    if box.note:
        note = _safe(box.note) or " "
        rows.append(f'<TR><TD COLSPAN="2"><FONT POINT-SIZE="9"><I>{note}</I></FONT></TD></TR>')
    return f"<{TABLE}{''.join(rows)}</TABLE>>"


def _heat(cells: tuple[tuple[float, ...], ...]) -> str:
    """A small table of coloured cells: blue for what is negative, red for what is positive."""
    size = 'FIXEDSIZE="TRUE" WIDTH="9" HEIGHT="9"'
    rows = []
    for row in cells:
        colours = [tint(value) for value in row]
        rows.append("".join([f'<TD {size} BGCOLOR="{colour}"></TD>' for colour in colours]))
    inner = "".join([f"<TR>{row}</TR>" for row in rows])
    # of this size and no larger: else Graphviz spreads the columns over the width of the box
    whole = f'ALIGN="RIGHT" FIXEDSIZE="TRUE" WIDTH="{9 * len(cells[0])}" HEIGHT="{9 * len(cells)}"'
    return (
        f'<TABLE BORDER="0" CELLBORDER="0" CELLSPACING="0" CELLPADDING="0" {whole}>{inner}</TABLE>'
    )


@lru_cache(maxsize=256)  # a figure has few labels: 100,000 boxes in 0.4 s instead of 0.5 s
def _row(label: str) -> str:
    """A row up to its text."""
    return (
        f'<TR><TD ALIGN="LEFT"><FONT COLOR="#5b6472">{_safe(label)}&#160; </FONT></TD>'
        f'<TD ALIGN="RIGHT"><FONT COLOR="{TEXTS[role(label)]}">'
    )


def _arrow(arrow: Arrow) -> str:
    ends, attributes = (arrow.source, arrow.target), []
    if arrow.label:
        attributes.append(f"label=<&#160;{_safe(arrow.label)}&#160;>")  # beside the line, not on it
    if arrow.kind == "backward":
        ends = ends[::-1]
        attributes.append(BACKWARD)
    if arrow.width:
        attributes.append(f"penwidth={0.9 + 0.6 * arrow.width:.1f}")
    if arrow.mark:
        attributes.append('color="#d97706"' if arrow.mark == "active" else "style=invis")
    tail = f" [{', '.join(attributes)}]" if attributes else ""
    return f"n{ends[0]} -> n{ends[1]}{tail}"
