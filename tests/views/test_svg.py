"""SVG: valid XML in which no text overflows, the same in every run."""

import os
import re
import subprocess
import sys
import time
from pathlib import Path
from xml.etree import ElementTree

import pytest

import tinygrad_es.views.figures.svg as module
from tinygrad_es.views.figures.figure import BOX_KINDS, Arrow, Box, Figure
from tinygrad_es.views.figures.svg import text_width, to_svg

SVG = "{http://www.w3.org/2000/svg}"
ROOT = Path(module.__file__).parents[2]
HOSTILE = [
    "<script>alert('x')</script>",
    '"/><g onload="evil()">',
    "]]> <!-- & &amp; &nosuch; --",
    "two\nlines\r\n\ttab \x00\x07\x1b[31m\u202e\ud800\ufffe",
    "emoji 🎉 👩‍👩‍👧 日本語 ∂L/∂W₁ ﷺ",
    "W" * 10_000,
    "word " * 2_000,
    "",
    " ",
]


def rows(value: str, grad: str) -> tuple[tuple[str, str], ...]:
    return (("value", value), ("grad", grad))


def chain_rule(rankdir: str = "LR", labels: bool = False) -> Figure:
    """f = (x + y) * z at x = -2, y = 5, z = -4."""
    boxes = [
        Box("x", "x", rows("-2", "-4"), "input"),
        Box("y", "y", rows("5", "-4"), "input"),
        Box("q", "q  =  x + y", rows("3", "-4"), "operation"),
        Box("z", "z", rows("-4", "3"), "input"),
        Box("f", "f  =  q · z", rows("-12", "1"), "output"),
    ]
    arrows = [Arrow(0, 2), Arrow(1, 2), Arrow(2, 4), Arrow(3, 4)]
    if labels:
        arrows += [Arrow(b, a, f"{b}{a}", "backward") for a, b, *_ in arrows]
    return Figure(boxes, arrows, "f = (x + y) · z", rankdir, "The chain rule.")


def texts(element: ElementTree.Element) -> list[str]:
    return [text.text or "" for text in element.iter(f"{SVG}text")]


def groups(root: ElementTree.Element, kind: str) -> list[ElementTree.Element]:
    return [g for g in root.iter(f"{SVG}g") if kind in g.get("class", "").split()]


@pytest.mark.parametrize("rankdir", ["LR", "TB"])
@pytest.mark.parametrize("labels", [False, True])
def test_everything_is_drawn(rankdir: str, labels: bool) -> None:
    figure = chain_rule(rankdir, labels)
    root = ElementTree.fromstring(to_svg(figure))
    assert (root.get("role"), root.get("aria-label")) == ("img", figure.title)
    assert root.findtext(f"{SVG}title") == figure.title
    boxes = groups(root, "box")
    assert [box.get("data-key") for box in boxes] == ["x", "y", "q", "z", "f"]
    assert texts(boxes[2]) == ["q  =  x + y", "value", "3", "grad", "-4"]
    assert boxes[2].findtext(f"{SVG}title") == "q  =  x + y (operation)\nvalue: 3\ngrad: -4"
    arrows = groups(root, "arrow")
    assert [arrow.get("data-arrow") for arrow in arrows] == [str(i) for i in range(len(arrows))]
    assert [texts(a) for a in groups(root, "backward")] == [["20"], ["21"], ["42"], ["43"]][
        : 4 * labels
    ]
    assert "The chain rule." in texts(root)


def test_value_is_green_gradient_red_and_dark_themes_have_their_own() -> None:
    svg = to_svg(chain_rule())
    assert re.search('<text class="text value"[^>]*>-2</text>', svg)
    assert re.search('<text class="text grad"[^>]*>-4</text>', svg)
    light, dark = svg.split("@media (prefers-color-scheme: dark)")
    assert ".tge .text.value{fill:#15803d}" in light
    assert ".tge .text.grad{fill:#b91c1c}" in light
    assert ".tge .text.value{fill:#4ade80}" in dark
    assert "http" not in svg.replace("http://www.w3.org/2000/svg", "")
    assert " id=" not in svg


def test_kinds_differ_in_shape_not_only_in_colour() -> None:
    drawn = []
    for kind in BOX_KINDS:
        root = ElementTree.fromstring(to_svg(Figure([Box("b", "b", rows("1", "2"), kind)])))
        (box,) = groups(root, "box")
        drawn.append([sorted(shape.items()) for shape in box if shape.tag != f"{SVG}title"])
    distinct = [shapes for i, shapes in enumerate(drawn) if shapes not in drawn[:i]]
    assert len(distinct) == len(BOX_KINDS) - 1  # a constant is an operation with a dashed border
    assert ".constant .edge{stroke-dasharray" in to_svg(Figure([]))


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("rankdir", ["LR", "TB"])
def test_hostile_text_is_only_text(text: str, rankdir: str) -> None:
    boxes = [Box(f"{text}{i}", text, ((text, text),), "constant", text) for i in range(2)]
    figure = Figure(boxes, [Arrow(0, 1, text), Arrow(1, 0)], text, rankdir, text)
    svg = to_svg(figure)
    svg.encode("utf-8")
    root = ElementTree.fromstring(svg)
    known = {"svg", "title", "desc", "style", "rect", "g", "path", "text"}
    assert {element.tag.removeprefix(SVG) for element in root.iter()} <= known
    assert not any(name.startswith("on") for element in root.iter() for name in element.attrib)
    assert len(texts(root)) < 100


@pytest.mark.parametrize("text", HOSTILE)
def test_text_fits_its_box(text: str) -> None:
    box = Box("b", text, (("value", text), (text, "1")), "operation", text)
    root = ElementTree.fromstring(to_svg(Figure([box])))
    (group,) = groups(root, "box")
    card = group.find(f"{SVG}rect")
    assert card is not None
    width = float(card.get("width", 0))
    sizes = {"name": 14, "label": 11, "note": 10.5, "text": 12}
    for drawn in group.iter(f"{SVG}text"):
        style = drawn.get("class", "").split()[0]
        room = width - 20 if style in ("name", "note") else width - 30
        assert text_width(drawn.text or "", sizes[style], mono=style == "text") <= room
    assert width < 900


def test_what_is_cut_is_in_the_tooltip() -> None:
    long = "x" * 500
    figure = Figure([Box("b", long, (("value", long),), "input")], [Arrow(0, 0, long)])
    root = ElementTree.fromstring(to_svg(figure))
    assert texts(groups(root, "box")[0])[0].endswith("x…")
    tooltip = groups(root, "box")[0].findtext(f"{SVG}title")
    assert tooltip == f"{long} (input)\nvalue: {long}"
    assert groups(root, "arrow")[0].findtext(f"{SVG}title") == long


def test_labels_of_arrows_do_not_sit_on_boxes() -> None:
    for rankdir in ("LR", "TB"):
        root = ElementTree.fromstring(to_svg(chain_rule(rankdir, labels=True)))
        boxes = []
        for group in groups(root, "box"):
            x, y = map(float, re.findall(r"[\d.]+", group.get("transform", "")))
            card = group.find(f"{SVG}rect")
            assert card is not None
            boxes.append((x, y, x + float(card.get("width", 0)), y + float(card.get("height", 0))))
        labels = [text for g in groups(root, "arrow") for text in g.iter(f"{SVG}text")]
        assert len(labels) == 4
        for label in labels:
            half = text_width(label.text or "", 11, mono=True) / 2
            x, y = float(label.get("x", 0)), float(label.get("y", 0))
            for left, top, right, bottom in boxes:
                assert x + half < left or x - half > right or y < top or y - 10 > bottom


def test_arrow_heads_touch_the_border_of_their_box() -> None:
    svg = to_svg(chain_rule())
    root = ElementTree.fromstring(svg)
    lefts = [
        float(re.findall(r"[\d.]+", group.get("transform", ""))[0]) for group in groups(root, "box")
    ]
    for arrow, target in zip(groups(root, "arrow"), (2, 2, 4, 4), strict=True):
        tip = next(path for path in arrow if path.get("class") == "tip")
        assert float(re.findall(r"[\d.]+", tip.get("d", ""))[0]) == pytest.approx(
            lefts[target], abs=0.11
        )


def test_the_same_text_in_every_process() -> None:
    program = (
        "import random\n"
        "from tinygrad_es.views.figures.figure import *\n"
        "from tinygrad_es.views.figures.dot import to_dot\n"
        "from tinygrad_es.views.figures.svg import to_svg\n"
        "r = random.Random(5)\n"
        "boxes = [Box(f'k{i}', f'n{i}', (('value', 'v'),), 'operation') for i in range(80)]\n"
        "pairs = [sorted(r.sample(range(80), 2)) for _ in range(120)]\n"
        "arrows = [Arrow(u, v, '' if (u + v) % 3 else f'{u}{v}') for u, v in pairs]\n"
        "figure = Figure(boxes, arrows + [Arrow(3, 3), Arrow(70, 2)])\n"
        "import hashlib\n"
        "print(hashlib.sha256((to_svg(figure) + to_dot(figure)).encode()).hexdigest())\n"
    )
    seen = []
    for seed in ("1", "2"):
        environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT)}
        done = subprocess.run(
            [sys.executable, "-c", program],
            env=environment, capture_output=True, text=True, check=True, timeout=120,
        )  # fmt: skip
        seen.append(done.stdout)
    assert seen[0] == seen[1] != ""


def test_an_empty_figure_is_valid() -> None:
    root = ElementTree.fromstring(to_svg(Figure([])))
    assert root.findtext(f"{SVG}title") == "graph"


def test_1_600_boxes_are_quick() -> None:
    boxes = [Box(f"n{i}", "tanh", rows("0.5", "0.1"), "operation") for i in range(1600)]
    figure = Figure(boxes, [Arrow(i, i + 1) for i in range(1599)])
    started = time.thread_time()
    to_svg(figure)
    assert time.thread_time() - started < 5  # about 0.1 s


def test_no_arrow_points_back():
    """The head lies before the tip, in the direction of the ranks."""
    import re

    from tinygrad_es import Tensor, draw

    def leaf(name):
        return Tensor(0.7, requires_grad=True, name=name)

    w0, w1, w2, x0, x1 = map(leaf, ("w0", "w1", "w2", "x0", "x1"))
    x = leaf("x")
    graphs = [(w0 * x0 + w1 * x1 + w2).sigmoid(), x**3 + 2 * x**2 - 5 * x + 1]
    for graph in graphs:
        tips = re.findall(
            r'class="tip" d="M([\d.]+) [\d.]+L([\d.]+)',
            draw(graph, direction="forward", engine="builtin").svg(),
        )
        assert tips
        assert all(float(tip) > float(back) for tip, back in tips)
