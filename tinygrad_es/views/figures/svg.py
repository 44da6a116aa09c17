"""A figure as one self-contained SVG, placed by the built-in layout.

No script, no font, no network, no `id`: several figures can share a page, and the text is the
same in every run.
"""

from collections.abc import Sequence
from typing import NamedTuple

from tinygrad_es.views.figures.cards import LABEL_LIMIT, Card
from tinygrad_es.views.figures.figure import Arrow, Figure, clean, escape, shorten
from tinygrad_es.views.figures.layout import Layout, layered
from tinygrad_es.views.figures.lettering import decimal, element, text_width, wrapped
from tinygrad_es.views.figures.routing import Point
from tinygrad_es.views.figures.style import SHAPES, colours
from tinygrad_es.views.figures.wrap import folded

MARGIN = 20.0
LINE = 17.0  # of the caption
TIP = 8.0  # length of an arrow head


# -- arrows -------------------------------------------------------------------------------------


class _Line(NamedTuple):
    """The route of an arrow, in two pieces around its label where it has one."""

    arrow: Arrow
    pieces: list[list[Point]]
    label: str = ""
    at: Point = (0.0, 0.0)


def _placed(figure: Figure, cards: list[Card]) -> tuple[Layout, list[_Line], bool]:
    """Lay out the boxes, and with them the labels: each is a box on the way of its arrow.

    The last of the three says whether the picture was too wide and is folded into rows.

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
    wide = layered(sizes, edges, figure.rankdir, 26.0 if any(labels) else 52.0)
    layout = folded(wide, sizes, edges) if lr else wide
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
    return layout, lines, layout is not wide


def _arrow(index: int, line: _Line, lr: bool) -> str:
    """The line of an arrow (interrupted where its label is), its head and its label."""
    *pieces, last = line.pieces
    (x, y), (tip_x, tip_y) = last[-2:]
    level = tip_x != x if lr else tip_y == y  # a curve ends in the direction of the ranks
    dx, dy = ((tip_x > x) - (tip_x < x), 0) if level else (0, (tip_y > y) - (tip_y < y))
    end = (tip_x - 0.75 * TIP * dx, tip_y - 0.75 * TIP * dy)
    path = "".join([_curve(piece, lr) for piece in (*pieces, [*last[:-1], end])])
    back_x, back_y = tip_x - TIP * dx, tip_y - TIP * dy
    half = (0.45 + 0.11 * line.arrow.width) * TIP  # a thick line has a broad head
    side_x, side_y = half * dy, half * dx
    corners = [(tip_x, tip_y), (back_x + side_x, back_y + side_y), end]
    corners.append((back_x - side_x, back_y - side_y))
    head = "L".join([f"{decimal(a)} {decimal(b)}" for a, b in corners])
    (a, b), label = line.at, line.label
    text = element("text", a, b + 4, label, 11, mono=True) if label else ""
    arrow = line.arrow
    kind = " ".join(filter(None, [arrow.kind, arrow.mark, f"w{arrow.width}" * bool(arrow.width)]))
    full = clean(arrow.label)
    if full != label:
        text = f"<title>{escape(full)}</title>{text}"
    return (
        f'<g class="arrow {kind}" data-arrow="{index}">{text}'
        f'<path class="line" d="{path}"/><path class="tip" d="M{head}z"/></g>'
    )


def _curve(points: Sequence[Point], lr: bool) -> str:
    """Straight where a route is straight, and S-shaped where it changes its coordinate.

    Before and after a piece across the ranks, which only lanes between rows have, it is a corner.
    """
    x, y = points[0]
    path = [f"M{decimal(x)} {decimal(y)}"]
    for i, (a, b) in enumerate(points[1:], start=1):
        if a == x or b == y:
            path.append(f"L{decimal(a)} {decimal(b)}")
        elif lr and i + 1 < len(points) and _upright((a, b), points[i + 1]):
            path.append(f"Q{decimal(a)} {decimal(y)} {decimal(a)} {decimal(b)}")
        elif lr and i > 1 and _upright(points[i - 2], (x, y)):
            path.append(f"Q{decimal(x)} {decimal(b)} {decimal(a)} {decimal(b)}")
        elif lr:
            middle = decimal((x + a) / 2)
            path.append(f"C{middle} {decimal(y)} {middle} {decimal(b)} {decimal(a)} {decimal(b)}")
        else:
            middle = decimal((y + b) / 2)
            path.append(f"C{decimal(x)} {middle} {decimal(a)} {middle} {decimal(a)} {decimal(b)}")
        x, y = a, b
    return "".join(path)


def _upright(p: Point, q: Point) -> bool:
    return p[0] == q[0] and p[1] != q[1]


# -- the whole ----------------------------------------------------------------------------------


def to_svg(figure: Figure) -> str:
    """The figure as SVG text: valid XML, drawn by the built-in layout.

    >>> from tinygrad_es.views.figures.figure import Box
    >>> figure = Figure([Box("x", "x", (("value", "-2"), ("grad", "-4")), "input")])
    >>> to_svg(figure).startswith('<svg xmlns="http://www.w3.org/2000/svg"')
    True
    """
    cards = [Card(box) for box in figure.boxes]
    layout, routes, _ = _placed(figure, cards)
    room = max(layout.width, 420.0)
    titles = list(wrapped(figure.title, 16, room))
    notes = list(wrapped(figure.note, 12, room))
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
        parts.append(element("title", width / 2, MARGIN + 14 + 22 * i, line, 16))
    left = (width - layout.width) / 2
    parts.append(f'<g transform="translate({decimal(left)} {decimal(top)})">')
    for i, route in enumerate(routes):
        parts.append(_arrow(i, route, figure.rankdir == "LR"))
    for card, (x, y) in zip(cards, layout.positions, strict=False):
        parts.append(card.drawn(x - card.width / 2, y - card.height / 2))
    parts.append("</g>")
    for i, line in enumerate(notes):
        parts.append(element("caption", width / 2, bottom + LINE * i + 8, line, 12))
    return "\n".join([*parts, "</svg>\n"])


def in_rows(figure: Figure) -> bool:
    """Whether `to_svg` folds this figure, which is wider than a screen, into rows."""
    return _placed(figure, [Card(box) for box in figure.boxes])[2]


def _opening(figure: Figure, width: float, height: float) -> str:
    name = escape(clean(figure.title)) or "graph"
    note = f"<desc>{escape(clean(figure.note))}</desc>" if figure.note else ""
    w, h = decimal(width), decimal(height)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="tge" role="img" aria-label="{name}" '
        f'width="{w}" height="{h}" viewBox="0 0 {w} {h}" xml:space="preserve">'
        f"<title>{name}</title>{note}\n<style>{SHAPES}{colours(2)}"
        f"@media (prefers-color-scheme: dark){{\n{colours(3)}}}\n</style>\n"
        f'<rect class="bg" width="{w}" height="{h}" rx="8"/>'
    )
