"""draw(): snapshot, DOT, SVG, files, engines; nothing of the graph is touched."""

from __future__ import annotations

import os
import subprocess
import sys
import xml.etree.ElementTree as ET

import numpy as np
import pytest

import tinygrad_es as tg
from tinygrad_es import Tensor, draw, ops
from tinygrad_es.views import snapshot
from tinygrad_es.views.numbers import short


def chain_rule():
    x, y, z = (
        Tensor(v, requires_grad=True, name=n) for v, n in ((-2.0, "x"), (5.0, "y"), (-4.0, "z"))
    )
    q = x + y
    q.name = "q"
    f = q * z
    f.name = "f"
    return f


def test_snapshot_has_every_value_and_gradient():
    graph = snapshot(chain_rule())
    assert [(n.name, n.value, n.gradient, n.kind) for n in graph.nodes] == [
        ("x", -2.0, -4.0, "parameter"),
        ("y", 5.0, -4.0, "parameter"),
        ("z", -4.0, 3.0, "parameter"),
        ("q", 3.0, -4.0, "operation"),
        ("f", -12.0, 1.0, "output"),
    ]
    assert [(e.source, e.target, e.input) for e in graph.edges] == [
        (0, 3, "a"), (1, 3, "b"), (3, 4, "a"), (2, 4, "b"),
    ]  # fmt: skip


def test_a_view_changes_nothing():
    x = Tensor(np.ones(3), requires_grad=True)
    h = x * 2
    h.retain_grad()
    seen = []
    h.register_hook(seen.append)
    draw(h.sum()).svg()
    assert x.grad is None
    with pytest.warns(UserWarning, match="retain_grad"):
        assert h.grad is None
    assert seen == []


def test_reuse_constants_and_names():
    a = Tensor(3.0, requires_grad=True, name="a")
    graph = snapshot(a * a + 1.0)
    assert sum(e.source == 0 for e in graph.edges) == 2
    text = draw(a * a + 1.0).dot()
    for title in ("a·a", "constant", "+"):
        assert f"<B>{title}</B>" in text
    assert "<B>exp(a)</B>" in draw(ops.exp(a)).dot()
    assert "<B>a·2</B>" in draw(a * 2).dot()


def test_without_a_gradient_there_is_a_dash():
    x = Tensor(np.ones(3), requires_grad=True, name="x")
    assert "—" in draw(x * 2).dot()
    assert "—" not in draw(x * x, gradient=np.ones(3)).dot()
    assert "—" in draw(Tensor(1.0, name="alone")).dot()


def test_svg_and_files(tmp_path):
    picture = draw(chain_rule(), title="f = (x + y)·z")
    root = ET.fromstring(picture.svg())
    assert root.tag.endswith("svg")
    text = "".join(root.itertext())
    for part in ("q = x + y", "f = q·z", "-12", "f = (x + y)·z"):
        assert part in text
    for name in ("a.svg", "a.dot", "a.gv"):
        path = picture.save(tmp_path / name)
        assert path.read_text(encoding="utf-8")
    assert picture._repr_svg_().startswith("<")
    assert repr(picture).startswith("<Drawing of 5 nodes")


def test_layers_are_named():
    model = tg.Sequential([tg.Input(shape=(2,)), tg.layers.Dense(3, activation="tanh", name="hid")])
    text = draw(model(np.ones((1, 2))).sum()).dot()
    assert "hid/kernel" in text
    assert "sequential/hid" in text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (np.zeros((0, 2)), "(0, 2) empty"),
        (np.array([1.0, np.nan]), "[1 nan]"),
        (np.arange(6.0).reshape(2, 3), "(2, 3) 0 … 5, mean 2.5"),
        (np.array(True), "1"),
        (np.full(9, np.inf), "(9,) all inf"),
    ],
)
def test_short(value, text):
    assert short(value) == text


def test_hostile_names():
    x = Tensor(1.0, requires_grad=True, name='"]; <script>\n\x00' + "é🙂" * 5000)
    picture = draw(x * float("nan"))
    ET.fromstring(picture.svg())
    assert "<script>" not in picture.svg()
    assert "\x00" not in picture.dot()


def test_deep_graphs():
    x = Tensor(1.0, requires_grad=True)
    y = x
    for _ in range(20_000):
        y = y * 1.0
    assert draw(y).dot().count("operations") == 1  # by its ends
    assert "19,993 operations" in draw(y).dot()


def test_the_same_text_in_every_process():
    code = (
        "import tests.test_drawing as t, tinygrad_es as tg;"
        "d = tg.draw(t.chain_rule()); print(d.dot(), d.svg())"
    )
    texts = set()
    for seed in ("0", "1"):
        env = os.environ | {"PYTHONHASHSEED": seed, "TINYGRAD_ES_ENGINE": "builtin"}
        done = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=env
        )
        texts.add(done.stdout)
    assert len(texts) == 1
