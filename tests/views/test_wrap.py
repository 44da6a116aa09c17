"""Folding: rows below one another, lanes between them, and nothing sits on anything."""

from __future__ import annotations

import random
import re
import time
from itertools import pairwise
from xml.etree import ElementTree

import pytest

from tinygrad_es.views import Drawing
from tinygrad_es.views.figures import engines
from tinygrad_es.views.figures.figure import Arrow, Box, Figure
from tinygrad_es.views.figures.layout import layered
from tinygrad_es.views.figures.svg import in_rows, text_width, to_svg
from tinygrad_es.views.figures.wrap import SCREEN, folded

from .test_layout import check

SVG = "{http://www.w3.org/2000/svg}"
ROWS = (("output", "(32, 64)"), ("params", "4,160"), ("|grad|", "1.2e-03"))


def chain(count, params=False, skips=0, back=False, labels=False):
    """A network of layers: skip connections over `skips` layers, gradients back if asked for."""
    boxes = [Box(f"b{i}", f"dense_{i}", ROWS, "operation") for i in range(count)]
    arrows = [Arrow(i, i + 1) for i in range(count - 1)]
    if skips:
        arrows += [Arrow(i, i + skips) for i in range(1, count - skips, skips + 1)]
    if params:
        for i in range(1, count):
            arrows.append(Arrow(len(boxes), i))
            boxes.append(Box(f"w{i}", f"W{i}", (("value", "0.1"),), "parameter"))
    if back:
        arrows += [Arrow(v, u, "0.25" * labels, "backward") for u, v, *_ in arrows]
    return Figure(boxes, arrows)


def size(figure):
    found = re.search(r'width="([\d.]+)" height="([\d.]+)"', to_svg(figure))
    return float(found[1]), float(found[2])


# -- geometry -----------------------------------------------------------------------------------


def network(seed):
    """Boxes and arrows of a long chain, with skips, parameters, loops, cycles."""
    rng = random.Random(seed)
    count = rng.randrange(8, 50)
    sizes = [(rng.uniform(40, 240), rng.uniform(20, 110)) for _ in range(count)]
    edges = [(i, i + 1) for i in range(count - 1)]
    for i in range(0, count - 6, rng.randrange(3, 7)):
        edges.append((i, i + rng.randrange(2, 6)))
    for i in range(count):
        for _ in range(rng.randrange(3) * (seed % 2)):
            sizes.append((rng.uniform(30, 300), rng.uniform(20, 90)))
            edges.append((len(sizes) - 1, i))
        if rng.random() < 0.1:
            edges.append((i, i))
        if rng.random() < 0.2 and i:
            edges.append((i, i - 1))
    rng.shuffle(edges)
    return sizes, edges


@pytest.mark.parametrize("seed", range(60))
def test_nothing_overlaps_and_no_route_crosses_a_box(seed):
    sizes, edges = network(seed)
    wide = layered(sizes, edges)
    layout = folded(wide, sizes, edges)
    check(layout, sizes, edges)
    if wide.width > SCREEN:
        assert layout is not wide
        assert layout.width <= SCREEN + 250
        assert layout.height > wide.height


@pytest.mark.parametrize("seed", range(10))
def test_no_box_changes_its_neighbours_inside_a_row(seed):
    sizes, edges = network(seed)
    wide = layered(sizes, edges)
    layout = folded(wide, sizes, edges)
    shifts = {
        (round(x - a, 6), round(y - b, 6))
        for (x, y), (a, b) in zip(layout.positions, wide.positions, strict=True)
    }
    assert len(shifts) == 1 or layout.height / len(shifts) > 40  # one shift a row


def test_what_fits_is_left_alone():
    sizes, edges = [(100.0, 40.0)] * 8, [(i, i + 1) for i in range(7)]
    wide = layered(sizes, edges)
    assert wide.width <= SCREEN
    assert folded(wide, sizes, edges) is wide


def test_a_tangle_is_left_alone():
    rng = random.Random(1)
    pairs = [sorted(rng.sample(range(60), 2)) for _ in range(300)]
    sizes, edges = [(100.0, 40.0)] * 60, [(u, v) for u, v in pairs]
    wide = layered(sizes, edges)
    assert folded(wide, sizes, edges) is wide


@pytest.mark.parametrize(("chains", "is_folded"), [(1, True), (2, True), (3, False), (4, False)])
def test_more_than_two_chains_side_by_side_stay_in_one_row(chains, is_folded):
    """The gates of an LSTM, or query, key and value: in rows they were mostly lanes."""
    sizes = [(150.0, 60.0)] * 10 * chains
    edges = [(i, i + chains) for i in range(9 * chains)] + [(0, i) for i in range(1, chains)]
    wide = layered(sizes, edges)
    assert wide.width > SCREEN
    assert (folded(wide, sizes, edges) is not wide) == is_folded


def test_lines_that_keep_their_order_do_not_cross():
    sizes = [(150.0, 60.0)] * 40
    edges = [(i, i + 2) for i in range(38)] + [(0, 1)]  # two chains side by side
    layout = folded(layered(sizes, edges), sizes, edges)
    assert layout.width < SCREEN < layout.height * 10
    lanes = [
        (p, q)
        for route in layout.routes
        for p, q in pairwise(route)
        if p[0] == q[0] or p[1] == q[1]
    ]
    for (a, b), (c, d) in lanes:
        for (e, f), (g, h) in lanes:
            if a == c and f == h:  # upright, and level
                assert not (min(e, g) < a < max(e, g) and min(b, d) < f < max(b, d))


def test_the_arrows_of_a_box_share_a_lane_but_gradients_have_their_own():
    sizes = [(120.0, 60.0)] * 25
    edges = [(i, i + 1) for i in range(23)] + [(24, i) for i in range(1, 24)]  # 24: used by all
    layout = folded(layered(sizes, edges), sizes, edges)
    check(layout, sizes, edges)
    assert layout.width < SCREEN
    both = edges + edges  # values, and gradients back
    wide = layered(sizes, both)
    layout = folded(wide, sizes, both)
    check(layout, sizes, both)
    upright = []
    for route in (layout.routes[23:46], layout.routes[69:]):
        pairs = [step for way in route for step in pairwise(way)]
        upright.append({p[0] for p, q in pairs if p[0] == q[0]})
    assert upright[0]
    assert upright[1]
    assert not upright[0] & upright[1]


def test_parameters_come_along_with_their_layer():
    figure = chain(20, params=True)
    root = ElementTree.fromstring(to_svg(figure))
    places = {}
    for g in root.iter(f"{SVG}g"):
        if "box" in g.get("class", "").split():
            x, y = map(float, re.findall(r"[\d.]+", g.get("transform", "")))
            places[g.get("data-key")] = (x, y)
    for i in range(1, 20):
        (a, b), (x, y) = places[f"b{i}"], places[f"w{i}"]
        assert 0 < a - x < 400  # to the left of its layer, in the same row
        assert abs(y - b) < 160


# -- pictures -----------------------------------------------------------------------------------


@pytest.mark.parametrize("labels", [False, True])
def test_a_network_of_20_layers_fits_a_laptop_screen(labels):
    figure = chain(20, back=labels, labels=labels)
    width, height = size(figure)
    assert width <= 1366
    assert height <= 768
    assert in_rows(figure)
    assert "built-in" not in to_svg(figure)


@pytest.mark.parametrize("count", [12, 60, 400])
@pytest.mark.parametrize("params", [False, True])
def test_longer_chains_keep_to_the_width(count, params):
    for skips in (0, 3):
        width, height = size(chain(count, params, skips, back=True, labels=True))
        assert width <= 1400
        assert height < 160 * count


def test_labels_do_not_sit_on_boxes_or_lines():
    figure = chain(24, params=True, skips=3, back=True, labels=True)
    root = ElementTree.fromstring(to_svg(figure))
    boxes = []
    for g in root.iter(f"{SVG}g"):
        if "box" in g.get("class", "").split():
            x, y = map(float, re.findall(r"[\d.]+", g.get("transform", "")))
            card = g.find(f"{SVG}rect")
            boxes.append((x, y, x + float(card.get("width")), y + float(card.get("height"))))
    arrows = [g for g in root.iter(f"{SVG}g") if "arrow" in g.get("class", "").split()]
    labels = [text for g in arrows for text in g.iter(f"{SVG}text")]
    assert len(labels) == len(figure.arrows) // 2
    for label in labels:
        half = text_width(label.text, 11, mono=True) / 2
        x, y = float(label.get("x")), float(label.get("y"))
        for left, top, right, bottom in boxes:
            assert x + half < left or x - half > right or y < top or y - 10 > bottom
        for g in arrows:  # no upright piece of a line goes through the text
            for path in g.iter(f"{SVG}path"):
                points = re.findall(r"[ML]([\d.]+) ([\d.]+)", path.get("d"))
                for (a, b), (c, d) in pairwise([(float(p), float(q)) for p, q in points]):
                    if a == c:
                        assert not (abs(a - x) < half and min(b, d) < y - 4 < max(b, d))


def test_corners_are_round_and_heads_point_into_boxes():
    svg = to_svg(chain(12))
    assert svg.count("Q") == 4  # one cut: out, down, back, in
    assert "Q" not in to_svg(chain(4, params=True, skips=2, back=True))
    root = ElementTree.fromstring(svg)
    tips = [path.get("d") for path in root.iter(f"{SVG}path") if path.get("class") == "tip"]
    for tip in tips:
        (x, _), (back, _) = re.findall(r"([\d.]+) ([\d.]+)", tip)[:2]
        assert float(x) > float(back)


def test_top_to_bottom_is_not_folded():
    figure = chain(20)
    tall = Figure(figure.boxes, figure.arrows, rankdir="TB")
    assert not in_rows(tall)
    assert size(tall)[1] > 2000


def test_long_chains_go_to_the_built_in_layout_unless_an_engine_is_asked_for(monkeypatch):
    monkeypatch.delenv("TINYGRAD_ES_ENGINE", raising=False)
    monkeypatch.setattr(engines, "_there", lambda: ["dot"])
    monkeypatch.setattr(engines, "_drawn", lambda *_: b"<svg>from dot</svg>")
    assert "from dot" not in Drawing(chain(20)).svg()
    assert "from dot" in Drawing(chain(20), "dot").svg()
    assert "from dot" in Drawing(chain(4)).svg()
    monkeypatch.setenv("TINYGRAD_ES_ENGINE", "dot")
    assert "from dot" in Drawing(chain(20)).svg()


def test_2_000_boxes_are_quick():
    figure = chain(1000, params=True)
    started = time.thread_time()
    to_svg(figure)
    assert time.thread_time() - started < 5  # about 0.3 s
