"""The built-in layout: nothing overlaps, arrows run forward and around boxes, in any graph."""

import random
import time
from itertools import combinations, pairwise

import pytest

from tinygrad_es.views.figures.layout import Layout, layered

Graph = tuple[list[tuple[float, float]], list[tuple[int, int]]]


def random_graph(seed: int, boxes: int, arrows: int, cycles: bool = False) -> Graph:
    rng = random.Random(seed)
    sizes = [(rng.uniform(5, 140), rng.uniform(5, 90)) for _ in range(boxes)]
    edges = []
    for _ in range(arrows):
        u, v = rng.randrange(boxes), rng.randrange(boxes)
        if cycles:
            edges.append((u, v))
        elif u != v:
            edges.append((min(u, v), max(u, v)))
    return sizes, edges


def corners(layout: Layout, sizes: list[tuple[float, float]]) -> list[tuple[float, ...]]:
    return [
        (x - w / 2, y - h / 2, x + w / 2, y + h / 2)
        for (x, y), (w, h) in zip(layout.positions, sizes, strict=True)
    ]


def on_border(point: tuple[float, float], box: tuple[float, ...]) -> bool:
    (x, y), (left, top, right, bottom) = point, box
    inside = left - 1e-6 <= x <= right + 1e-6 and top - 1e-6 <= y <= bottom + 1e-6
    return inside and min(abs(x - left), abs(x - right), abs(y - top), abs(y - bottom)) < 1e-6


def crosses(p: tuple[float, float], q: tuple[float, float], box: tuple[float, ...]) -> bool:
    """Whether the segment from p to q meets the inside of the box (Liang and Barsky)."""
    near, far = 0.0, 1.0
    for axis in (0, 1):
        low, high, step = box[axis] + 1e-6, box[axis + 2] - 1e-6, q[axis] - p[axis]
        if low >= high or (step == 0 and not low < p[axis] < high):
            return False
        if step:
            ends = sorted([(low - p[axis]) / step, (high - p[axis]) / step])
            near, far = max(near, ends[0]), min(far, ends[1])
    return near < far


def check(layout: Layout, sizes: list[tuple[float, float]], edges: list[tuple[int, int]]) -> None:
    boxes = corners(layout, sizes)
    for left, top, right, bottom in boxes:
        assert left >= -1e-6
        assert top >= -1e-6
        assert right <= layout.width + 1e-6
        assert bottom <= layout.height + 1e-6
    for a, b in combinations(boxes, 2):
        apart = max(b[0] - a[2], a[0] - b[2], b[1] - a[3], a[1] - b[3])
        assert apart > -1e-6
    for (u, v), route in zip(edges, layout.routes, strict=True):
        assert on_border(route[0], boxes[u])
        assert on_border(route[-1], boxes[v])
        for p, q in pairwise(route):
            assert p != q
            assert not any(crosses(p, q, box) for box in boxes)
        for x, y in route:
            assert -1e-6 <= x <= layout.width + 1e-6
            assert -1e-6 <= y <= layout.height + 1e-6


# -- any graph ----------------------------------------------------------------------------------


@pytest.mark.parametrize("rankdir", ["LR", "TB"])
@pytest.mark.parametrize("seed", range(30))
def test_boxes_do_not_overlap_and_routes_go_around_them(seed: int, rankdir: str) -> None:
    sizes, edges = random_graph(seed, boxes=3 + 2 * seed, arrows=seed * 3)
    layout = layered(sizes, edges, rankdir)
    check(layout, sizes, edges)
    axis = 0 if rankdir == "LR" else 1
    boxes = corners(layout, sizes)
    for u, v in edges:
        assert boxes[u][axis + 2] < boxes[v][axis]


@pytest.mark.parametrize("seed", range(20))
def test_cycles_loops_and_repeated_arrows_are_drawn(seed: int) -> None:
    sizes, edges = random_graph(seed, boxes=2 + seed, arrows=3 * seed, cycles=True)
    check(layered(sizes, edges, "TB" if seed % 2 else "LR"), sizes, edges)


def test_the_longest_arrows_of_a_dense_graph_run_outside() -> None:
    sizes = [(30.0, 20.0)] * 120
    edges = [(u, v) for u in range(120) for v in range(u + 1, 120, 3)]
    layout = layered(sizes, edges)
    check(layout, sizes, edges)
    lowest = max(y for _, y in layout.positions) + 10
    assert any(y > lowest for route in layout.routes for _, y in route)


def test_nothing_and_one() -> None:
    assert layered([], []) == Layout([], [], 0.0, 0.0)
    assert layered([(30, 20)], []) == Layout([(15.0, 10.0)], [], 30.0, 20.0)


def test_wrong_arguments_are_named() -> None:
    with pytest.raises(ValueError, match=r"'LR' or 'TB'. Received: 'up'"):
        layered([], [], "up")
    with pytest.raises(ValueError, match=r"\(0, 1\) joins boxes outside 0 to 0"):
        layered([(1, 1)], [(0, 1)])


# -- what a drawing of a graph should look like -------------------------------------------------


def test_the_operands_of_a_sum_are_symmetric_and_the_chain_goes_on_straight() -> None:
    edges = [(0, 2), (1, 2), (2, 4), (3, 4)]  # f = (x + y) * z
    layout = layered([(40, 20)] * 5, edges)
    x, y, q, z, f = (across for _, across in layout.positions)
    assert x < y
    assert (x + y) / 2 == q == f < z
    assert len(layout.routes[2]) == 2


def test_a_parameter_stands_next_to_what_uses_it() -> None:
    edges = [(0, 1), (1, 2), (2, 4), (3, 4)]  # 3 is used at the end only
    layout = layered([(40, 20)] * 5, edges)
    assert layout.positions[3][0] == layout.positions[2][0]


def test_the_chain_of_a_deep_network_and_its_skip_connections_are_straight() -> None:
    edges, last = [], 0
    for block in range(20):
        first = 1 + 4 * block  # parameter, matmul, relu, add
        edges += [(last, first + 1), (first, first + 1), (first + 1, first + 2)]
        edges += [(first + 2, first + 3), (last, first + 3)]
        last = first + 3
    layout = layered([(60, 40)] * (last + 1), edges)
    assert len({layout.positions[4 * k + 4][1] for k in range(20)}) == 1
    for skip in layout.routes[4::5]:
        assert len({y for _, y in skip[1:-1]}) <= 3  # out, one level, in


def test_two_arrows_between_the_same_boxes_are_two_lines() -> None:
    for edges in ([(0, 1), (0, 1)], [(0, 1), (1, 0)], [(0, 1), (1, 2), (0, 2), (0, 2)]):
        one, other = layered([(40, 30)] * 3, edges).routes[-2:]
        assert not set(one) & set(other)


def test_lines_side_by_side_keep_their_distance_in_a_steep_gap() -> None:
    sizes, edges = [(40.0, 30.0)] * 2 + [(40.0, 300.0)] + [(40.0, 30.0)], [(0, 3), (0, 3), (2, 3)]
    layout = layered(sizes, edges)
    one, other = layout.routes[:2]
    (steep,) = [(p, q) for p, q in pairwise(one) if p[1] != q[1]]
    (beside,) = [(p, q) for p, q in pairwise(other) if p[1] != q[1]]
    assert abs(steep[0][1] - steep[1][1]) > 50
    downwards = steep[1][1] > steep[0][1]
    for p, q in zip(steep, beside, strict=True):
        assert q[1] - p[1] == pytest.approx(12)  # the second lies below,
        assert q[0] - p[0] == pytest.approx(-6 if downwards else 6)  # and turns away in time


def test_a_tree_has_no_crossings() -> None:
    rng = random.Random(3)
    edges = [(child, rng.randrange(child)) for child in range(1, 60)]
    layout = layered([(20, 10)] * 60, edges)
    segments = [(p, q) for route in layout.routes for p, q in pairwise(route) if p[1] != q[1]]
    for (p, q), (r, s) in combinations(segments, 2):
        if p[0] == r[0] and q[0] == s[0]:
            assert (p[1] - r[1]) * (q[1] - s[1]) >= 0


# -- size ---------------------------------------------------------------------------------------


def test_a_chain_of_100_000_boxes_is_linear_and_not_recursive() -> None:
    count = 100_000
    started = time.thread_time()
    layout = layered([(40, 20)] * count, [(i, i + 1) for i in range(count - 1)])
    assert time.thread_time() - started < 30  # about 2.5 s
    assert {y for _, y in layout.positions} == {10.0}


def test_1_600_boxes_are_quick() -> None:
    edges, last, count = [], 0, 1
    for _ in range(320):
        w, product, b, total, relu = range(count, count + 5)
        edges += [(last, product), (w, product), (product, total), (b, total), (total, relu)]
        last, count = relu, count + 5
    started = time.thread_time()
    layered([(80, 60)] * count, edges)
    assert time.thread_time() - started < 2  # about 0.04 s
