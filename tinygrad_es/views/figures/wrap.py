"""A long picture folded into rows, as a text is folded into lines.

A left-to-right layout that is wider than a screen is cut between ranks. Row follows row downwards;
an arrow that is cut runs out to the right margin, down into the gutter between the two rows, back
to the left, and into the next row, in a lane for each box that arrows come from:

    a ─▶ b ─▶ c ─╮
    ╭────────────╯
    ╰▶ d ─▶ e

Where to cut is what makes the picture lowest (dynamic programming over the ranks), a lane and a
ragged margin counting as height. What only feeds the next row, such as the parameters of its first
layer, is not cut off from it: it moves there, into a column before it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from tinygrad_es.views.figures.layout import INF, Layout
from tinygrad_es.views.figures.routing import Edge, Point

__all__ = ["folded"]

SCREEN = 1326.0  # a drawing up to this width is left alone: with its margins it fits 1366 points
LANE = 10.0  # between two lanes
EDGE = 16.0  # between a lane and the boxes
CORNER = 6.0  # radius
RAGGED = 300.0  # what an empty row would cost, in points of height
CUT = 40.0  # what it costs to cut a line
MOST = 2  # boxes from which lines may cross one cut: more would be a tangle
TANGLED = 2.0  # times the area of the one row: rows with more than that are mostly lanes
MOST_STEPS = 300_000  # ranks that all arrows pass, together: more than that is not folded


class _Row(NamedTuple):
    """Ranks first to last, from x = left to right in the unfolded picture; how to shift them."""

    first: int
    last: int
    left: float
    right: float
    top: float
    bottom: float
    dx: float = 0.0
    dy: float = 0.0


class _Crossing(NamedTuple):
    """A line that leaves a row at the height `out` and enters the next one at the height `into`."""

    out: float
    into: float
    lane: tuple[int, int]  # the box it comes from, and which of several arrows to the same box
    edge: int


def folded(layout: Layout, sizes: Sequence[Point], edges: Sequence[Edge]) -> Layout:
    """The layout (left to right) in rows, or as it is: if it fits, or cannot be cut well.

    Boxes keep their sizes and their places among each other inside a row. As in `layered`, no
    boxes overlap, and a route goes from border to border and crosses no box.
    """
    if layout.width <= SCREEN:
        return layout
    strip = _Strip(layout, sizes, edges)
    if sum(abs(strip.rank[v] - strip.rank[u]) for u, v in edges) > MOST_STEPS:
        return layout
    strip.measure()
    rows = strip.rows(strip.cuts())
    if len(rows) < 2:
        return layout
    found = strip.placed(rows)
    tangled = found.width * found.height > TANGLED * layout.width * layout.height
    return layout if tangled else found


class _Strip:
    """The unfolded picture: its ranks, what each of them holds, and what runs through."""

    def __init__(self, layout: Layout, sizes: Sequence[Point], edges: Sequence[Edge]) -> None:
        self.layout, self.sizes, self.edges = layout, sizes, edges
        centres = sorted({x for x, _ in layout.positions})
        number = {x: r for r, x in enumerate(centres)}
        self.rank = [number[x] for x, _ in layout.positions]
        self.columns = [(INF, -INF)] * len(centres)
        for r, (x, _), (w, _) in zip(self.rank, layout.positions, sizes, strict=True):
            left, right = self.columns[r]
            self.columns[r] = (min(left, x - w / 2), max(right, x + w / 2))
        self.moves = self._sources()
        # each route from left to right
        self.lines = [
            route[::-1] if self.rank[u] > self.rank[v] else route
            for (u, v), route in zip(edges, layout.routes, strict=True)
        ]
        self.ends = [sorted((self.rank[u], self.rank[v])) for u, v in edges]
        self.lanes = self._bundles()

    def _bundles(self) -> list[tuple[int, int]]:
        """For each arrow, with which others it shares a lane: those of the same box.

        A second arrow between the same boxes, such as the gradient, goes with second ones.
        """
        met: Counter[tuple[int, int]] = Counter()
        lanes = []
        for u, v in self.edges:
            source, target = (u, v) if self.rank[u] <= self.rank[v] else (v, u)
            lanes.append((source, met[source, target]))
            met[source, target] += 1
        return lanes

    def _sources(self) -> list[bool]:
        """Which boxes may move to the row after a cut: nothing leads to them from the left."""
        free = [True] * len(self.sizes)
        for u, v in self.edges:
            free[v if self.rank[u] <= self.rank[v] else u] = False
        stays = [True] * len(self.columns)  # but not all that a rank holds
        for v, may in enumerate(free):
            stays[self.rank[v]] &= may
        return [may and not stays[self.rank[v]] for v, may in enumerate(free)]

    # -- where to cut ---------------------------------------------------------------------------

    def measure(self) -> None:
        """For each rank: from where to where it reaches, without and with what may move."""
        count = len(self.columns)
        self.extent = [(INF, -INF)] * count
        self.guests = [(INF, -INF, INF)] * count  # top, bottom and left of what may move
        self.crossings = [0] * count  # lanes
        self.threads = [0] * count  # boxes that these come from
        self.through: list[list[int]] = [[] for _ in range(count)]  # arrows, by ranks they leave
        far: dict[tuple[int, int], int] = {}  # the last rank that the lines of a lane go to
        for v, (r, (x, y), (w, h)) in enumerate(
            zip(self.rank, self.layout.positions, self.sizes, strict=True)
        ):
            if self.moves[v]:
                top, bottom, left = self.guests[r]
                self.guests[r] = (min(top, y - h / 2), max(bottom, y + h / 2), min(left, x - w / 2))
            else:
                self._reach(r, y - h / 2, y + h / 2)
        for e, (lane, line) in enumerate(zip(self.lanes, self.lines, strict=True)):
            start, end = self.ends[e]
            far[lane] = max(far.get(lane, 0), end)
            for r in range(start, end):
                self.through[r].append(e)
            for r in range(start, end + 1):
                ys = self._heights(line, *self.columns[r])
                self._reach(r, min(ys), max(ys))
        for (source, number), last in far.items():
            for r in range(self.rank[source] + self.moves[source], last):
                self.crossings[r] += 1
                self.threads[r] += not number

    def _reach(self, r: int, top: float, bottom: float) -> None:
        a, b = self.extent[r]
        self.extent[r] = (min(a, top), max(b, bottom))

    def _heights(self, line: list[Point], left: float, right: float) -> list[float]:
        inside = [y for x, y in line if left <= x <= right]
        return [*inside, _height(line, left), _height(line, right)]

    def cuts(self) -> list[int]:
        """The last rank of each row: those that cost least; none where no cut will do."""
        count = len(self.columns)
        best, before = [INF] * count, [-1] * count
        for last in range(count):
            if last < count - 1 and self.threads[last] > MOST:
                continue
            top, bottom = INF, -INF
            for first in range(last, -1, -1):
                width = self.columns[last][1] - self._begin(first)
                lanes = max(self.crossings[last], self.crossings[first - 1] if first else 0)
                room = SCREEN - 2 * _margin(lanes)
                if width > room and first < last:
                    break
                top, bottom = min(top, self.extent[first][0]), max(bottom, self.extent[first][1])
                cost = RAGGED * max(0.0, 1 - width / room) ** 2
                if first:
                    cost += best[first - 1] + 2 * EDGE + CUT * self.crossings[first - 1]
                    high, low, _ = self.guests[first - 1]
                    top, bottom = min(top, high), max(bottom, low)
                cost += bottom - top
                if cost < best[last]:
                    best[last], before[last] = cost, first - 1
        found, last = [], count - 1
        while last >= 0 and best[-1] < INF:
            found.append(last)
            last = before[last]
        return found[::-1]

    def _begin(self, first: int) -> float:
        """Where the row that begins with this rank begins: with its guests, where it has any."""
        guests = self.guests[first - 1][2] if first else INF
        return min(guests, self.columns[first][0])

    # -- the rows -------------------------------------------------------------------------------

    def rows(self, cuts: list[int]) -> list[_Row]:
        """The rows with what they hold, one below the other."""
        rows: list[_Row] = []
        left = _margin(max([self.crossings[cut] for cut in cuts[:-1]], default=0))
        y, first = 0.0, 0
        for last in cuts:
            begin, end = self._begin(first), self.columns[last][1]
            tops, bottoms = zip(*self.extent[first : last + 1], strict=True)
            guests = self.guests[max(first - 1, 0) : last]
            top = min([*tops, *(g[0] for g in guests)])
            bottom = max([*bottoms, *(g[1] for g in guests)])
            for c in self.crossing(first - 1, begin) if first else ():
                top, bottom = min(top, c.into), max(bottom, c.into)
            rows.append(_Row(first, last, begin, end, top, bottom, left - begin, y - top))
            y += bottom - top + EDGE + _margin(self.crossings[last])
            first = last + 1
        return rows

    def crossing(self, last: int, begin: float) -> list[_Crossing]:
        """The lines that the cut after a rank meets, from the top."""
        found = []
        for e in self.through[last]:
            if not self._comes_along(e, last):
                line = self.lines[e]
                out, into = _height(line, self.columns[last][1]), _height(line, begin)
                found.append(_Crossing(out, into, self.lanes[e], e))
        return sorted(found)

    def _comes_along(self, edge: int, last: int) -> bool:
        """Whether the arrow begins at a box that moves to the row after this rank."""
        source, _ = self.lanes[edge]
        return self.moves[source] and self.rank[source] == last

    def placed(self, rows: list[_Row]) -> Layout:
        """Boxes and arrows in their rows, and lanes between them."""
        row_of = [i for i, row in enumerate(rows) for _ in range(row.first, row.last + 1)]
        lasts = {row.last for row in rows[:-1]}
        homes = [row_of[r] + (m and r in lasts) for r, m in zip(self.rank, self.moves, strict=True)]
        positions = [
            (x + rows[i].dx, y + rows[i].dy)
            for i, (x, y) in zip(homes, self.layout.positions, strict=True)
        ]
        lanes = [self._lanes(above, below) for above, below in pairwise(rows)]
        routes = []
        for e, ((u, v), line) in enumerate(zip(self.edges, self.lines, strict=True)):
            start, end = sorted((homes[u], homes[v]))
            route: list[Point] = []
            for i in range(start, end + 1):
                row = rows[i]
                left = row.left if i > start else -INF
                right = row.right if i < end else INF
                route += [(x + row.dx, y + row.dy) for x, y in _between(line, left, right)]
                if i < end:
                    route += lanes[i][e]
            routes.append(_without_repeats(route if self.rank[u] <= self.rank[v] else route[::-1]))
        most = max([self.crossings[row.last] for row in rows[:-1]])
        width = max([row.right + row.dx for row in rows]) + _margin(most)
        return Layout(positions, routes, width, rows[-1].bottom + rows[-1].dy)

    def _lanes(self, above: _Row, below: _Row) -> dict[int, list[Point]]:
        """The way of each line from the end of a row to the beginning of the next.

        The topmost line is the outermost at the right and in the gutter, and the innermost at the
        left: so lines that keep their order do not cross.
        """
        crossings = self.crossing(above.last, below.left)
        number: dict[tuple[int, int], int] = {}
        for crossing in crossings:
            number.setdefault(crossing.lane, len(number))
        lanes: dict[int, list[Point]] = {}
        right, left = above.right + above.dx + EDGE, below.left + below.dx - EDGE
        gutter = above.bottom + above.dy + EDGE
        for crossing in crossings:
            i = number[crossing.lane]
            back = LANE * (len(number) - 1 - i)
            x, y, z = right + back, gutter + back, left - LANE * i
            out, into = crossing.out + above.dy, crossing.into + below.dy
            c = CORNER
            lanes[crossing.edge] = [
                (x - c, out), (x, out + c), (x, y - c), (x - c, y),
                (z + c, y), (z, y + c), (z, into - c), (z + c, into),
            ]  # fmt: skip
        return lanes


def _margin(lines: int) -> float:
    """The room that so many lines take beside the boxes."""
    return EDGE + LANE * max(lines - 1, 0)


def _height(line: list[Point], x: float) -> float:
    """The y of a line from left to right at x; beyond its ends, that of the end."""
    if x <= line[0][0]:
        return line[0][1]
    for (a, b), (c, d) in pairwise(line):
        if a <= x <= c:
            return b if a == c else b + (d - b) * (x - a) / (c - a)
    return line[-1][1]


def _between(line: list[Point], left: float, right: float) -> list[Point]:
    """The piece of a line between two x."""
    inside = [point for point in line if left < point[0] < right]
    first = [(left, _height(line, left))] if left > -INF else []
    last = [(right, _height(line, right))] if right < INF else []
    return [*first, *inside, *last]


def _without_repeats(route: list[Point]) -> list[Point]:
    return list({(round(x, 6), round(y, 6)): (x, y) for x, y in route}.values())
