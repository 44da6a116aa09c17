"""The last two steps of the layout: how wide ranks are, and the ways of arrows between them."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tinygrad_es.views.figures.layout import Graph

Point = tuple[float, float]
Edge = tuple[int, int]
Links = list[list[int]]
Numbers = list[float]
Line = list[tuple[int, float]]  # the way of an arrow as (rank, coordinate) pairs

LINE_GAP = 12.0  # between two lines, and between the ends of lines at a box
TURN = 6.0  # between the turns of two lines side by side


def routes_of(
    graph: Graph, boxes: Sequence[Point], centre: Numbers, columns: list[Point], height: float
) -> tuple[dict[int, list[Point]], float]:
    """The points of each arrow that does not end where it begins, from left to right.

    With them the height that the drawing needs, where it is more than that of the boxes.
    """
    lines, height = _lines(graph, centre, height)
    _spread(graph, lines, boxes, centre)
    routes = {}
    for (u, v), arrows in graph.copies.items():
        start = sum(columns[graph.rank[u]]) / 2 + boxes[u][0] / 2
        end = sum(columns[graph.rank[v]]) / 2 - boxes[v][0] / 2
        for i, e in enumerate(arrows):
            routes[e] = _route(lines[e], columns, start, end, (i, len(arrows)))
    return routes, height


def columns_of(graph: Graph, boxes: Sequence[Point], centre: Numbers, gap: float) -> list[Point]:
    """Where each rank begins and ends; the gap after it grows with its steepest line."""
    sizes, rises = [0.0] * len(graph.layers), [0.0] * len(graph.layers)
    for r, (along, _) in zip(graph.rank, boxes, strict=False):
        sizes[r] = max(sizes[r], along)
    for u, outs in enumerate(graph.succs):
        for v in outs:
            rises[graph.rank[u]] = max(rises[graph.rank[u]], abs(centre[u] - centre[v]))
    columns, left = [], 0.0
    for size, rise in zip(sizes, rises, strict=True):
        columns.append((left, left + size))
        left += size + gap + min(rise / 6, 50.0)
    return columns


def _lines(graph: Graph, centre: Numbers, height: float) -> tuple[dict[int, Line], float]:
    """Each arrow as (rank, coordinate) pairs, and the height that the drawing needs for them."""
    lines: dict[int, Line] = {}
    lanes: dict[int, float] = {}
    for (u, v), path in graph.paths.items():
        line = [(graph.rank[b], centre[b]) for b in path]
        if len(path) == 2 and graph.rank[v] > graph.rank[u] + 1:  # outside, a lane per source
            lane = lanes.setdefault(u, height + LINE_GAP * (len(lanes) + 1))
            line[1:1] = [(graph.rank[u] + 1, lane), (graph.rank[v] - 1, lane)]
        arrows = graph.copies[u, v]
        for i, e in enumerate(arrows):
            shift = LINE_GAP * (i - (len(arrows) - 1) / 2)
            lines[e] = [line[0], *((r, c + shift) for r, c in line[1:-1]), line[-1]]
    return lines, height + LINE_GAP * len(lanes)


def _spread(graph: Graph, lines: dict[int, Line], boxes: Sequence[Point], centre: Numbers) -> None:
    """Spread the ends of lines along the border of their box, the straight one in the middle."""
    fans: dict[tuple[int, int], list[tuple[float, int]]] = {}
    for (u, v), arrows in graph.copies.items():
        for e in arrows:
            fans.setdefault((u, 0), []).append((lines[e][1][1], e))
            fans.setdefault((v, -1), []).append((lines[e][-2][1], e))
    for (v, end), fan in fans.items():
        fan.sort()
        straight = [i for i, (towards, _) in enumerate(fan) if towards == centre[v]]
        middle = sum(straight) / len(straight) if straight else (len(fan) - 1) / 2
        step = min(LINE_GAP, 0.45 * boxes[v][1] / max(middle, len(fan) - 1 - middle, 1.0))
        for i, (_, e) in enumerate(fan):
            lines[e][end] = (graph.rank[v], centre[v] + (i - middle) * step)


def _route(line: Line, columns: list[Point], left: float, right: float, turn: Edge) -> list[Point]:
    """Level inside the ranks, from one coordinate to the next in the gaps between them.

    Of several arrows between the same boxes each turns a little later than its neighbour, on the
    side where they do not cross: side by side they keep their distance in a steep gap too.
    """
    number, count = turn
    route = [(left, line[0][1])]
    for (r, c), (s, d) in pairwise(line):
        if c != d:
            gap = columns[s][0] - columns[r][1]
            step = min(TURN, 0.5 * gap / max(count - 1, 1))
            early = step * (number if d < c else count - 1 - number)
            late = step * (count - 1) - early
            route += [(columns[r][1] + early, c), (columns[s][0] - late, d)]
    route.append((right, line[-1][1]))
    return list({(round(x, 6), round(y, 6)): (x, y) for x, y in route}.values())
