"""A figure as one self-contained SVG, placed by the built-in layout.

No script, no font, no network, no `id`: several figures can share a page, and the text is the
same in every run. Colours are CSS classes under `.tge`, with a second set for dark themes. What
a colour says is always said twice: rows carry labels, kinds of boxes differ in shape (inputs
are round, parameters have a bar, constants are dashed, outputs have a double border), gradient
arrows are dashed.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple
from unicodedata import combining, east_asian_width

from tinygrad_es.views.figure import Arrow, Box, Figure, clean, escape, role, shorten
from tinygrad_es.views.layout import Layout, Point, layered

SANS = 'ui-sans-serif,system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif'
MONO = 'ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace'

MARGIN = 20.0
PAD = 11.0  # between the border of a box and its text
HEADER = 27.0
ROW = 18.0
LINE = 17.0  # of the caption
TIP = 8.0  # length of an arrow head
TITLE_LIMIT, ROW_LIMIT, LABEL_LIMIT, CAPTION_LIMIT = 48, 44, 24, 600

# (selector, property, light, dark): every colour of the drawing.
COLOURS = (
    (".bg", "fill", "#ffffff", "#0f141b"),
    (".card", "fill", "#ffffff", "#171e28"),
    (".name,.title", "fill", "#111827", "#f1f5f9"),
    (".label,.note,.caption", "fill", "#5b6472", "#a3adba"),
    (".text", "fill", "#1f2937", "#e2e8f0"),
    (".text.value", "fill", "#15803d", "#4ade80"),
    (".text.grad", "fill", "#b91c1c", "#f87171"),
    (".forward .line", "stroke", "#64748b", "#8b98a9"),
    (".forward .tip", "fill", "#64748b", "#8b98a9"),
    (".forward text", "fill", "#475569", "#b6c1ce"),
    (".backward .line", "stroke", "#dc2626", "#f87171"),
    (".backward .tip", "fill", "#dc2626", "#f87171"),
    (".backward text", "fill", "#b91c1c", "#f87171"),
    (".input .edge", "stroke", "#2563eb", "#60a5fa"),
    (".input .head", "fill", "#e3edfd", "#1b2d4b"),
    (".parameter .edge", "stroke", "#7c3aed", "#a78bfa"),
    (".parameter .head", "fill", "#efe8fd", "#2d2450"),
    (".parameter .bar", "fill", "#7c3aed", "#a78bfa"),
    (".constant .edge", "stroke", "#7b8494", "#8d98a7"),
    (".constant .head", "fill", "#f3f4f6", "#222a35"),
    (".operation .edge", "stroke", "#475569", "#94a3b8"),
    (".operation .head", "fill", "#e9eef4", "#263241"),
    (".output .edge", "stroke", "#b45309", "#fbbf24"),
    (".output .head", "fill", "#fdeed8", "#40300f"),
)

SHAPES = f"""
.tge text{{font-family:{SANS};white-space:pre}}
.tge .title{{font-size:16px;font-weight:600;text-anchor:middle}}
.tge .caption{{font-size:12px;text-anchor:middle}}
.tge .name{{font-size:14px;font-weight:600;text-anchor:middle}}
.tge .label{{font-size:11px}}
.tge .note{{font-size:10.5px;font-style:italic;text-anchor:middle}}
.tge .text{{font-family:{MONO};font-size:12px;text-anchor:end}}
.tge .arrow text{{font-family:{MONO};font-size:11px;text-anchor:middle}}
.tge .edge{{fill:none;stroke-width:1.3}}
.tge .constant .edge{{stroke-dasharray:5 3}}
.tge .line{{fill:none;stroke-width:1.5}}
.tge .backward .line{{stroke-dasharray:5 3.5}}
"""

# Advance widths in hundredths of the font size: those of DejaVu Sans Bold, wider than the rest.
ADVANCES = {
    35: "ijl' ", 40: "IJ,./:;|·", 45: "f-²³₁₂ᵀ¹", 50: "rt!()[]_`–", 55: '"*∂⁻', 60: "csz?",
    65: "xL", 70: "0123456789aekovyEFT$∇αΣ√áéíó", 75: "bdghnpquCPSYZ{}μβñúü", 80: "ABKRVXσ",
    85: "DGHNU#+<=>^~−×→⊙≈", 90: "OQ&", 95: "w", 100: "M@…—", 105: "m%½", 115: "W",
}  # fmt: skip
_SANS = {character: width / 100 for width, group in ADVANCES.items() for character in group}
_MONO = 0.61


# -- text ---------------------------------------------------------------------------------------


def text_width(text: str, size: float, mono: bool = False) -> float:
    """An upper estimate of the width of `text`, in the unit of the font size."""
    if mono and text.isascii():
        return _MONO * size * len(text)
    return size * sum([_advance(c, mono) for c in text])


def _advance(character: str, mono: bool) -> float:
    known = _SANS.get(character)
    if known is not None:
        return _MONO if mono else known
    if combining(character):
        return 0.0
    return 1.3 if east_asian_width(character) in "WF" else 0.9


def _text(style: str, x: float, y: float, text: str, size: float, mono: bool = False) -> str:
    """A `<text>`; one with letters of unknown width is told how wide to be."""
    fit = ""
    if not text.isascii() and not all(c in _SANS or c.isascii() for c in text):
        fit = f' textLength="{_n(text_width(text, size, mono))}" lengthAdjust="spacingAndGlyphs"'
    return f'<text class="{style}" x="{_n(x)}" y="{_n(y)}"{fit}>{escape(text)}</text>'


def _wrapped(text: str, size: float, room: float) -> Iterator[str]:
    """Lines of at most `room`; a word that is longer than a line is cut."""
    line = ""
    for word in shorten(clean(text), CAPTION_LIMIT).split():
        if line and text_width(f"{line} {word}", size) > room:
            yield line
            line = ""
        line = f"{line} {word}" if line else word
        while text_width(line, size) > room and len(line) > 1:
            cut = max(1, int(len(line) * room / text_width(line, size)))
            yield line[:cut]
            line = line[cut:]
    if line:
        yield line


def _n(x: float) -> str:
    """A coordinate with one decimal at most."""
    return f"{x:.1f}".removesuffix(".0")


# -- boxes --------------------------------------------------------------------------------------


class _Card:
    """A box with its texts cut to size, and how large that makes it."""

    __slots__ = ("box", "height", "note", "rows", "title", "width")

    def __init__(self, box: Box) -> None:
        self.box = box
        self.title = shorten(clean(box.title), TITLE_LIMIT)
        self.note = shorten(clean(box.note), ROW_LIMIT)
        self.rows = [
            (shorten(clean(label), LABEL_LIMIT), shorten(clean(text), ROW_LIMIT), role(label))
            for label, text in box.rows
        ]
        labels = max([text_width(label, 11) for label, _, _ in self.rows], default=0.0)
        texts = max([text_width(text, 12, mono=True) for _, text, _ in self.rows], default=0.0)
        widest = max(text_width(self.title, 14), labels + 10 + texts, text_width(self.note, 10.5))
        self.width = float(max(44, round(widest + 2 * PAD + 0.5)))
        body = ROW * len(self.rows) + (16 if self.note else 0)
        self.height = HEADER + (body + 7 if body else 0)

    def drawn(self, x: float, y: float) -> str:
        """The box with its upper left corner at (x, y)."""
        kind, w, h = self.box.kind, _n(self.width), _n(self.height)
        r = _n(min(13.0, self.height / 2) if kind == "input" else 6.0)
        plain = f'width="{w}" height="{h}" rx="{r}"'
        head = f'<rect class="head" {plain}/>'
        if self.rows or self.note:
            right = _n(self.width - float(r))
            head = (
                f'<path class="head" d="M0 {_n(HEADER)}V{r}a{r} {r} 0 0 1 {r} -{r}H{right}'
                f'a{r} {r} 0 0 1 {r} {r}V{_n(HEADER)}z"/>'
            )
        parts = [
            f'<g class="box {kind}" data-key="{escape(clean(self.box.key))}"',
            f' transform="translate({_n(x)} {_n(y)})"><title>{self._tooltip()}</title>',
            f'<rect class="card" {plain}/>{head}<rect class="edge" {plain}/>',
        ]
        if kind == "parameter":
            parts.append(f'<rect class="bar" y="6" width="4" height="{_n(self.height - 12)}"/>')
        if kind == "output":
            w, h = _n(self.width - 6), _n(self.height - 6)
            parts.append(f'<rect class="edge" x="3" y="3" width="{w}" height="{h}" rx="3.5"/>')
        return "".join([*parts, *self._texts(), "</g>"])

    def _texts(self) -> Iterator[str]:
        yield _text("name", self.width / 2, 18.5, self.title, 14)
        y = HEADER + 16
        for label, text, kind in self.rows:
            yield _text("label", PAD, y, label, 11)
            yield _text(f"text {kind}", self.width - PAD, y, text, 12, mono=True)
            y += ROW
        if self.note:
            yield _text("note", self.width / 2, y - 1, self.note, 10.5)

    def _tooltip(self) -> str:
        """Everything, in full: what is cut in the box can still be read."""
        box = self.box
        lines = [f"{box.title} ({box.kind})", *(f"{label}: {text}" for label, text in box.rows)]
        return "\n".join([escape(clean(line)) for line in (*lines, box.note) if line])


# -- arrows -------------------------------------------------------------------------------------


class _Line(NamedTuple):
    """The route of an arrow, in two pieces around its label where it has one."""

    arrow: Arrow
    pieces: list[list[Point]]
    label: str = ""
    at: Point = (0.0, 0.0)


def _placed(figure: Figure, cards: list[_Card]) -> tuple[Layout, list[_Line]]:
    """Lay out the boxes, and with them the labels: each is a box on the way of its arrow.

    So a label never sits on anything. Left to right, all arrows between two boxes share one label
    box, each on its own line of it; top to bottom every arrow has its own.
    """
    lr = figure.rankdir == "LR"
    labels = [shorten(clean(arrow.label), LABEL_LIMIT) for arrow in figure.arrows]
    widths = [text_width(label, 11, mono=True) + 8 if label else 0.0 for label in labels]
    ends = [(a.source, a.target) if a.kind == "forward" else (a.target, a.source)
            for a in figure.arrows]  # fmt: skip
    groups: dict[tuple[int, int], list[int]] = {}
    for i, pair in enumerate(ends):
        groups.setdefault(pair, []).append(i)
    sizes = [(card.width, card.height) for card in cards]
    legs: list[list[tuple[int, int]]] = [[pair] for pair in ends]
    for (first, last), group in groups.items():
        if any(labels[i] for i in group):
            for shared in [group] if lr else [[i] for i in group]:
                for i in shared:
                    legs[i] = [(first, len(sizes)), (len(sizes), last)]
                sizes.append((max(widths[i] for i in shared), 18.0 * len(shared)))
    edges = [leg for pair in legs for leg in pair]
    layout = layered(sizes, edges, figure.rankdir, 26.0 if any(labels) else 52.0)
    routes, lines = iter(layout.routes), []
    for arrow, label, leg in zip(figure.arrows, labels, legs, strict=True):
        pieces = [next(routes) for _ in leg]
        x, y = layout.positions[leg[0][1]]
        at = (x, pieces[0][-1][1]) if lr else (pieces[0][-1][0], y)
        if not label:
            pieces = [[point for piece in pieces for point in piece]]
        if arrow.kind == "backward":
            pieces = [piece[::-1] for piece in reversed(pieces)]
        lines.append(_Line(arrow, pieces, label, at))
    return layout, lines


def _arrow(index: int, line: _Line, lr: bool) -> str:
    """The line of an arrow (interrupted where its label is), its head and its label."""
    *pieces, last = line.pieces
    (x, y), (tip_x, tip_y) = last[-2:]
    level = tip_x != x if lr else tip_y == y  # a curve ends in the direction of the ranks
    dx, dy = ((tip_x > x) - (tip_x < x), 0) if level else (0, (tip_y > y) - (tip_y < y))
    end = (tip_x - 0.75 * TIP * dx, tip_y - 0.75 * TIP * dy)
    path = "".join([_curve(piece, lr) for piece in (*pieces, [*last[:-1], end])])
    back_x, back_y = tip_x - TIP * dx, tip_y - TIP * dy
    side_x, side_y = 0.45 * TIP * dy, 0.45 * TIP * dx
    corners = [(tip_x, tip_y), (back_x + side_x, back_y + side_y), end]
    corners.append((back_x - side_x, back_y - side_y))
    head = "L".join([f"{_n(a)} {_n(b)}" for a, b in corners])
    (a, b), label = line.at, line.label
    text = _text("text", a, b + 4, label, 11, mono=True) if label else ""
    full = clean(line.arrow.label)
    if full != label:
        text = f"<title>{escape(full)}</title>{text}"
    return (
        f'<g class="arrow {line.arrow.kind}" data-arrow="{index}">{text}'
        f'<path class="line" d="{path}"/><path class="tip" d="M{head}z"/></g>'
    )


def _curve(points: Sequence[Point], lr: bool) -> str:
    """Straight where a route is straight, and S-shaped where it changes its coordinate."""
    x, y = points[0]
    path = [f"M{_n(x)} {_n(y)}"]
    for a, b in points[1:]:
        if a == x or b == y:
            path.append(f"L{_n(a)} {_n(b)}")
        elif lr:
            middle = _n((x + a) / 2)
            path.append(f"C{middle} {_n(y)} {middle} {_n(b)} {_n(a)} {_n(b)}")
        else:
            middle = _n((y + b) / 2)
            path.append(f"C{_n(x)} {middle} {_n(a)} {middle} {_n(a)} {_n(b)}")
        x, y = a, b
    return "".join(path)


# -- the whole ----------------------------------------------------------------------------------


def to_svg(figure: Figure) -> str:
    """The figure as SVG text: valid XML, drawn by the built-in layout.

    >>> figure = Figure([Box("x", "x", (("value", "-2"), ("grad", "-4")), "input")])
    >>> to_svg(figure).startswith('<svg xmlns="http://www.w3.org/2000/svg"')
    True
    """
    cards = [_Card(box) for box in figure.boxes]
    layout, routes = _placed(figure, cards)
    room = max(layout.width, 420.0)
    titles = list(_wrapped(figure.title, 16, room))
    notes = list(_wrapped(figure.note, 12, room))
    widest = max(
        [layout.width, *(text_width(line, 16) for line in titles),
         *(text_width(line, 12) for line in notes)]
    )  # fmt: skip
    width = widest + 2 * MARGIN
    top = MARGIN + 22 * len(titles) + (8 if titles else 0)
    bottom = top + layout.height + MARGIN
    height = bottom + (LINE * len(notes) + 8 if notes else 0)
    parts = [_opening(figure, width, height)]
    for i, line in enumerate(titles):
        parts.append(_text("title", width / 2, MARGIN + 14 + 22 * i, line, 16))
    left = (width - layout.width) / 2
    parts.append(f'<g transform="translate({_n(left)} {_n(top)})">')
    for i, route in enumerate(routes):
        parts.append(_arrow(i, route, figure.rankdir == "LR"))
    for card, (x, y) in zip(cards, layout.positions, strict=False):
        parts.append(card.drawn(x - card.width / 2, y - card.height / 2))
    parts.append("</g>")
    for i, line in enumerate(notes):
        parts.append(_text("caption", width / 2, bottom + LINE * i + 8, line, 12))
    return "\n".join([*parts, "</svg>\n"])


def _opening(figure: Figure, width: float, height: float) -> str:
    name = escape(clean(figure.title)) or "graph"
    note = f"<desc>{escape(clean(figure.note))}</desc>" if figure.note else ""
    w, h = _n(width), _n(height)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="tge" role="img" aria-label="{name}" '
        f'width="{w}" height="{h}" viewBox="0 0 {w} {h}" xml:space="preserve">'
        f"<title>{name}</title>{note}\n<style>{SHAPES}{_colours(2)}"
        f"@media (prefers-color-scheme: dark){{\n{_colours(3)}}}\n</style>\n"
        f'<rect class="bg" width="{w}" height="{h}" rx="8"/>'
    )


def _colours(column: int) -> str:
    return "".join([_rule(row[0], row[1], row[column]) for row in COLOURS])


def _rule(selectors: str, name: str, colour: str) -> str:
    scoped = ",".join([f".tge {selector}" for selector in selectors.split(",")])
    return f"{scoped}{{{name}:{colour}}}\n"
