"""The built-in layered layout: where boxes and arrows go when no Graphviz is at hand.

The method of Sugiyama, Tagawa and Toda (1981) in five steps, none of them recursive:

1. ranks: arrows point forward (longest path; then what has slack moves next to its consumers),
   and a long arrow gets a *bend* in each rank that it passes;
2. order inside a rank: barycentre sweeps, the best order seen is kept;
3. blocks: the nodes of a longest path, and the bends of an arrow, share one coordinate: the
   main chain of a network is a straight line and its parameters hang beside it;
4. coordinates: blocks are drawn towards their neighbours, never closer than their sizes allow;
5. routes: arrows change coordinate only in the gaps between ranks, where there are no boxes.

*Along* is the direction of the ranks (x in a left-to-right drawing), *across* the other one.
"""

from bisect import bisect_right, insort
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from tinygrad_es.views.figures import routing
from tinygrad_es.views.figures.routing import LINE_GAP, Edge, Links, Numbers, Point

Gaps = list[list[tuple[int, float]]]  # per block: (a neighbouring block, least distance to it)

BOX_GAP = 24.0  # between two boxes of a rank
LOOP = 10.0  # how far an arrow from a box to itself goes out
INF = float("inf")


class Layout(NamedTuple):
    """Centres of boxes, points of arrows (from border to border), and the size of the whole."""

    positions: list[Point]
    routes: list[list[Point]]
    width: float
    height: float


def layered(
    sizes: Sequence[Point], edges: Sequence[Edge], rankdir: str = "LR", rank_gap: float = 56.0
) -> Layout:
    """Place boxes of the given (width, height) so that arrows run along `rankdir`.

    Boxes never overlap; a route starts and ends on the border of its boxes and crosses none.
    Arrows may repeat, form cycles (some then point backward) or join a box with itself. The
    result depends on nothing but the arguments. Time is linear in boxes and bends, and bends are
    bounded: beyond 1,000 + 4 per box, or 60,000, the longest arrows run outside the boxes.

    >>> layered([(40, 20), (40, 20)], [(0, 1)]).positions
    [(20.0, 10.0), (116.0, 10.0)]
    """
    if rankdir not in ("LR", "TB"):
        raise ValueError(f"rankdir must be 'LR' or 'TB'. Received: {rankdir!r}.")
    for u, v in edges:
        if not (0 <= u < len(sizes) and 0 <= v < len(sizes)):
            raise ValueError(f"edge {(u, v)} joins boxes outside 0 to {len(sizes) - 1}.")
    if not sizes:
        return Layout([], [], 0.0, 0.0)
    if rankdir == "LR":
        return _drawn(sizes, edges, rank_gap)
    turned = _drawn([(h, w) for w, h in sizes], edges, rank_gap)
    positions = [(c, a) for a, c in turned.positions]
    routes = [[(c, a) for a, c in route] for route in turned.routes]
    return Layout(positions, routes, turned.height, turned.width)


def _drawn(boxes: Sequence[Point], edges: Sequence[Edge], rank_gap: float) -> Layout:
    graph = Graph(len(boxes), edges)
    graph.reduce_crossings()
    across = [c for _, c in boxes]
    for v in [u for u, v in edges if u == v]:
        across[v] = boxes[v][1] + 2 * LOOP
    for edge, path in graph.paths.items():
        across += [LINE_GAP * (len(graph.copies[edge]) - 1)] * (len(path) - 2)
    centre = _coordinates(graph, across)
    columns = routing.columns_of(graph, boxes, centre, rank_gap)
    positions = [(sum(columns[graph.rank[v]]) / 2, centre[v]) for v in range(len(boxes))]
    height = max([c + size / 2 for c, size in zip(centre, across, strict=True)])
    ways, height = routing.routes_of(graph, boxes, centre, columns, height)
    routes = []
    for e, (u, v) in enumerate(edges):
        if u == v:
            x, top = positions[v][0], positions[v][1] - boxes[v][1] / 2
            half, over = min(LOOP, boxes[v][0] / 2) / 2, top - LOOP
            routes.append([(x + half, top), (x + half, over), (x - half, over), (x - half, top)])
            continue
        routes.append(ways[e][::-1] if graph.rank[u] > graph.rank[v] else ways[e])
    return Layout(positions, routes, columns[-1][1], height)


class Graph:
    """Boxes and, numbered from `real` on, the bends of long arrows, in ranks."""

    __slots__ = ("copies", "depth", "height", "layers", "paths", "place", "preds", "rank",
                 "real", "succs")  # fmt: skip

    def __init__(self, count: int, edges: Sequence[Edge]) -> None:
        order = _topological(*_links(count, (edge for edge in edges if edge[0] != edge[1])))
        turn = {v: i for i, v in enumerate(order)}
        self.real = count
        self.copies: dict[Edge, list[int]] = {}  # the arrows of each edge: `a*a` has two
        for e, (u, v) in enumerate(edges):
            if u != v:
                edge = (u, v) if turn[u] < turn[v] else (v, u)
                self.copies.setdefault(edge, []).append(e)
        self.rank, self.depth, self.height = _ranks(order, *_links(count, self.copies))
        self.paths = _paths(self.copies, self.rank, min(1000 + 4 * count, 60_000))
        for (u, v), path in self.paths.items():
            bends = len(path) - 2
            self.rank += range(self.rank[u] + 1, self.rank[u] + 1 + bends)
            self.depth += [self.depth[u]] * bends
            self.height += [self.height[v]] * bends
        steps = (step for path in self.paths.values() for step in pairwise(path))
        near = ((u, v) for u, v in steps if self.rank[v] == self.rank[u] + 1)
        self.preds, self.succs = _links(len(self.rank), near)
        self.layers = _first_order(self.rank, self.preds, self.succs)
        self.place = [0] * len(self.rank)  # position inside the layer
        self.number()

    def number(self) -> None:  # the places, from the layers
        for layer in self.layers:
            for i, v in enumerate(layer):
                self.place[v] = i

    def reduce_crossings(self) -> None:
        """Barycentre sweeps, back and forth, the best order kept (the first among equals)."""
        best, kept = self.crossings(), [layer[:] for layer in self.layers]
        for turn in range(max(4, min(24, 20_000 // len(self.place)))):
            if not best:
                return
            near = self.preds if turn % 2 else self.succs  # operands follow consumers first
            for layer in self.layers if turn % 2 else reversed(self.layers):
                if len(layer) > 1:
                    _sort(layer, near, self.place, turn % 4 > 1)
            crossings = self.crossings()
            if crossings < best:
                best, kept = crossings, [layer[:] for layer in self.layers]
        self.layers = kept
        self.number()

    def crossings(self) -> int:
        """Pairs of lines that cross: inversions among the ends, counted by insertion."""
        total = 0
        for layer in self.layers:
            seen: list[int] = []
            for u in layer if len(layer) > 1 else ():
                ends = sorted([self.place[v] for v in self.succs[u]])
                total += sum([len(seen) - bisect_right(seen, end) for end in ends])
                for end in ends:
                    insort(seen, end)
        return total


def _topological(preds: Links | Gaps, succs: Links) -> list[int]:
    """Every node after those that point to it; a cycle is opened at its lowest index."""
    waiting = [len(ins) for ins in preds]
    order = [v for v, count in enumerate(waiting) if not count]
    queued, lowest = [not count for count in waiting], 0
    for head in range(len(succs)):
        if head == len(order):  # only cycles are left
            lowest = queued.index(False, lowest)
            queued[lowest] = True
            order.append(lowest)
        for v in succs[order[head]]:
            waiting[v] -= 1
            if not waiting[v] and not queued[v]:
                queued[v] = True
                order.append(v)
    return order


def _links(count: int, pairs: Iterable[Edge]) -> tuple[Links, Links]:
    """For every node, where arrows come from and where they go."""
    preds: Links = [[] for _ in range(count)]
    succs: Links = [[] for _ in range(count)]
    for u, v in pairs:
        succs[u].append(v)
        preds[v].append(u)
    return preds, succs


def _ranks(order: list[int], preds: Links, succs: Links) -> tuple[list[int], ...]:
    """Ranks, and the longest paths from a source and to a sink."""
    depth, height = [0] * len(order), [0] * len(order)
    for v in order:
        depth[v] = max([depth[u] + 1 for u in preds[v]], default=0)
    for v in reversed(order):
        height[v] = max([height[w] + 1 for w in succs[v]], default=0)
    alone = [False] * len(order)  # moving it moves nothing but its own operands
    for v in order:
        alone[v] = len(succs[v]) == 1 and all(alone[u] for u in preds[v])
    rank = depth[:]
    for v in reversed(order):
        if len(succs[v]) >= max(1, len(preds[v]) - sum([alone[u] for u in preds[v]])):
            rank[v] = min([rank[w] for w in succs[v]]) - 1
    return rank, depth, height


def _paths(edges: Iterable[Edge], rank: list[int], budget: int) -> dict[Edge, list[int]]:
    """Each edge as source, bends, target; long ones without bends when there are too many."""
    spans = {(u, v): rank[v] - rank[u] - 1 for u, v in edges}
    if sum(spans.values()) > budget:
        for edge in sorted(spans, key=spans.__getitem__):
            budget -= spans[edge]
            spans[edge] *= budget >= 0
    paths, free = {}, len(rank)
    for (u, v), bends in spans.items():
        paths[u, v] = [u, *range(free, free + bends), v]
        free += bends
    return paths


def _first_order(rank: list[int], preds: Links, succs: Links) -> Links:
    """The nodes of each rank, back from the sinks, first operand first: x above y in `x + y`."""
    layers: Links = [[] for _ in range(max(rank) + 1)]
    seen = [False] * len(rank)
    stack = [v for v in reversed(range(len(rank))) if not succs[v]]
    while stack:
        v = stack.pop()
        if not seen[v]:
            seen[v] = True
            layers[rank[v]].append(v)
            stack.extend(reversed(preds[v]))
    return layers


def _sort(layer: list[int], near: Links, place: list[int], swap: bool) -> None:
    """Sort by the mean place of neighbours; a node without any stays behind the one before."""
    keys, mean = {}, -1.0
    for v in layer:
        if near[v]:
            mean = sum([place[u] for u in near[v]]) / len(near[v])
        keys[v] = mean
    if swap:
        layer.reverse()  # equals change places
    layer.sort(key=keys.__getitem__)
    for i, v in enumerate(layer):
        place[v] = i


def _blocks(graph: Graph) -> tuple[list[int], int]:
    """The block of every node, and how many blocks there are."""
    before = _favourites(graph.preds, graph.depth)  # the deepest operand is on the main chain
    after = _favourites(graph.succs, graph.height)
    block, count = [0] * len(graph.rank), 0
    for layer in graph.layers:
        pairs = []
        for v in layer:
            u = before[v]
            if u >= 0 and after[u] == v:
                pairs.append((min(u, v) < graph.real, graph.place[u], graph.place[v], u, v))
        joined = dict(_uncrossed(pairs))
        for v in layer:
            block[v] = block[joined[v]] if v in joined else count
            count += v not in joined
    return block, count


def _favourites(near: Links, length: list[int]) -> list[int]:
    """For every node the neighbour on its longest path, or -1 where two are equally long."""
    best = []
    for ends in near:
        longest = max([length[u] for u in ends], default=0)
        winners = [u for u in ends if length[u] == longest]
        best.append(winners[0] if len(winners) == 1 else -1)
    return best


def _uncrossed(pairs: list[tuple[bool, int, int, int, int]]) -> Iterator[Edge]:
    """The (target, source) pairs that can all be straight: bends first, then from the top."""
    kept: list[Edge] = []
    for _, start, end, u, v in sorted(pairs):
        i = bisect_right(kept, (start, end))
        if (not i or kept[i - 1][1] < end) and (i == len(kept) or end < kept[i][1]):
            kept.insert(i, (start, end))
            yield v, u


def _coordinates(graph: Graph, across: Numbers) -> Numbers:
    """The coordinate of every node; no two of a rank closer than their sizes allow."""
    block, count = _blocks(graph)
    above: Gaps = [[] for _ in range(count)]
    below: Gaps = [[] for _ in range(count)]
    for layer in graph.layers:
        for a, b in pairwise(layer):
            bends = (a >= graph.real) + (b >= graph.real)
            least = (across[a] + across[b] - (BOX_GAP - LINE_GAP) * bends) / 2 + BOX_GAP
            above[block[b]].append((block[a], least))
            below[block[a]].append((block[b], least))
    ends: Links = [[] for _ in range(count)]
    for u, outs in enumerate(graph.succs):
        for v in outs:
            if block[u] != block[v]:
                ends[block[u]].append(block[v])
                ends[block[v]].append(block[u])
    at = _settle(above, below, ends)
    low = min([at[b] - size / 2 for b, size in zip(block, across, strict=True)])
    return [at[b] - low for b in block]


def _settle(above: Gaps, below: Gaps, ends: Links) -> Numbers:
    """Draw heavy blocks towards each other, then put those that hang by one arrow beside them."""
    order = _topological(above, [[b for b, _ in row] for row in below])
    back, free = order[::-1], [INF] * len(order)
    heavy = [len(row) > 1 for row in ends]
    pulls = [[b for b in row if heavy[b]] if h else [] for row, h in zip(ends, heavy, strict=True)]

    def pushed(want: Numbers) -> tuple[Numbers, Numbers]:
        low = [w if h else -INF for w, h in zip(want, heavy, strict=True)]
        high = [-w if h else -INF for w, h in zip(want, heavy, strict=True)]
        return _push(order, above, low, free), _push(back, below, high, free)

    at = [0.0] * len(order)
    for turn in range(9):
        want = at[:]
        for b in range(len(at)) if turn % 2 else reversed(range(len(at))):
            if pulls[b]:
                want[b] = sum([want[other] for other in pulls[b]]) / len(pulls[b])
        at = [(a - b) / 2 if h else 0.0 for a, b, h in zip(*pushed(want), heavy, strict=True)]
    least, most = pushed(at)
    want = [at[row[0]] if len(row) == 1 else a for row, a in zip(ends, at, strict=True)]
    low = _push(order, above, want[:], [-limit for limit in most])
    high = _push(back, below, [-w for w in want], [-limit for limit in least])
    return [(a - b) / 2 for a, b in zip(low, high, strict=True)]


def _push(order: list[int], near: Gaps, at: Numbers, most: Numbers) -> Numbers:
    """Each block where it wants to be, or as much further as those before it make it go."""
    for b in order:
        for a, least in near[b]:
            if at[a] + least > at[b]:
                at[b] = at[a] + least
        at[b] = min(at[b], most[b])
    return at
