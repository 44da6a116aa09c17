"""The page to step through, as text: what is in it, and that nothing can break out of it."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
import subprocess
import sys
from html import unescape
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

import tinygrad_es as tg
from tinygrad_es import Tensor, ops
from tinygrad_es.views import snapshot
from tinygrad_es.views.data import to_data
from tinygrad_es.views.html import SCRIPTS, to_html, to_iframe

ROOT = Path(__file__).parents[2]
ASSETS = sorted((ROOT / "tinygrad_es" / "views" / "page").iterdir())
HOSTILE = [
    "</script><script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "\"'`${alert(1)}&lt;!--",
    "two\nlines\ttab\x00\x1b[31m\u202eback",
    "emoji 🐍👩\u200d🔬 \ud800",
    "--></style></noscript><b>",
    "x" * 10_000,
]


def hostile():
    total = Tensor(0.0, requires_grad=True, name="start")
    for name in HOSTILE:
        total = total + Tensor(1.0, requires_grad=True, name=name)
        total.name = name
    return total


def chain_rule():
    x, y, z = (
        Tensor(v, requires_grad=True, name=n) for n, v in (("x", -2.0), ("y", 5.0), ("z", -4.0))
    )
    q = x + y
    q.name = "q"
    f = q * z
    f.name = "f"
    return f


def not_finite():
    x = Tensor(np.array([0.0, 1.0, np.nan, np.inf]), requires_grad=True, name="x")
    with np.errstate(all="ignore"):
        return (ops.log(x) / x).sum()


def empty():
    return (Tensor(np.zeros((0, 3)), requires_grad=True, name="x") * 2.0).sum()


class Reader(HTMLParser):
    """The elements of a page, and what is inside of scripts and styles."""

    def __init__(self, page):
        super().__init__(convert_charrefs=True)
        self.tags, self.raw, self.attributes = [], [], []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += [(tag, *pair) for pair in attrs]
        self.raw.append([tag, dict(attrs), ""])
        self.open = True

    def handle_endtag(self, tag):
        self.open = False

    def handle_data(self, data):
        if self.raw and self.open:
            self.raw[-1][2] += data

    def inside(self, tag, **attributes):
        return [
            text
            for found, given, text in self.raw
            if found == tag and all(given.get(k) == v for k, v in attributes.items())
        ]


@pytest.mark.parametrize("make", [chain_rule, hostile, not_finite, empty])
def test_the_data_come_back_as_they_were(make):
    graph = snapshot(make())
    (text,) = Reader(to_html(graph)).inside("script", id="graph")
    assert json.loads(text) == json.loads(json.dumps(to_data(graph)))
    assert "<" not in text


def test_names_cannot_break_out():
    plain = Reader(to_html(snapshot(chain_rule()), title="t"))
    page = to_html(snapshot(hostile()), title=HOSTILE[0])
    read = Reader(page)
    assert page.count("<script") == page.count("</script") == 3
    assert page.count("<noscript") == page.count("</noscript") == 1
    assert read.tags.count("script") == plain.tags.count("script")
    assert {"img", "b", "iframe", "object"}.isdisjoint(read.tags)
    handlers = [a for a in read.attributes if a[1].startswith("on")]
    assert handlers == []
    assert page.encode("utf-8").decode("utf-8") == page


def test_it_asks_for_nothing():
    page = to_html(snapshot(chain_rule()))
    addresses = set(re.findall(r"[a-z]+://[^\s\"'<>)]+", page))
    assert addresses == {"http://www.w3.org/2000/svg"}  # a name, not an address
    assert not re.search(r"@import|\bfetch\(|XMLHttpRequest|localStorage|innerHTML|\beval\(", page)
    assert [a for a in Reader(page).attributes if a[1] in ("src", "srcset", "style")] == []


def test_the_policy_lets_only_its_own_script_and_styles_in():
    read = Reader(to_html(snapshot(chain_rule())))
    (policy,) = [v for tag, k, v in read.attributes if k == "content" and "default-src" in v]
    assert policy.startswith("default-src 'none'; ")
    assert "unsafe" not in policy
    (script,) = [text for tag, given, text in read.raw if tag == "script" and not given]
    styles = read.inside("style")
    assert len(styles) == 3  # of the page, and two for readers without JavaScript
    for text in (script, *styles):
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"'sha256-{digest}'" in policy


def test_it_is_small():
    read = Reader(to_html(snapshot(empty())))
    (script,) = [text for tag, given, text in read.raw if tag == "script" and not given]
    assert len(script.encode()) <= 60_000
    for path in ASSETS:
        lines = path.read_text(encoding="utf-8").splitlines()
        assert len(lines) <= 400, path.name
        assert [line for line in lines if len(line) > 100] == [], path.name


def test_every_asset_is_used_and_no_template_spans_lines():
    """`_squeezed` may take blanks from a line of code because no text goes on in the next one."""
    assert [p.stem for p in ASSETS if p.suffix == ".js"] == sorted(SCRIPTS)
    for path in ASSETS:
        if path.suffix == ".js":
            for line in path.read_text(encoding="utf-8").splitlines():
                comment = line.strip().startswith(("//", "/*", "*"))
                assert comment or line.count("`") % 2 == 0


def test_every_text_is_there_in_both_languages():
    folder = ROOT / "tinygrad_es" / "views" / "page"
    words = json.loads((folder / "texts.json").read_text(encoding="utf-8"))
    source = "".join(p.read_text(encoding="utf-8") for p in ASSETS if p.suffix in (".js", ".html"))
    asked = set(re.findall(r"\bsay\(\"(\w+)\"", source))
    asked |= set(re.findall(r"data-t(?:-label|-hint)?=\"(\w+)\"", source))
    assert asked <= set(words)
    for key, pair in words.items():
        assert len(pair) == 2, key
        assert all(pair), key
        places = [re.findall(r"\{\d\}", text) for text in pair]
        assert sorted(places[0]) == sorted(places[1]), key


def test_the_same_text_in_every_process():
    program = (
        "import hashlib\n"
        "from tinygrad_es import layers, ops, Sequential\n"
        "from tinygrad_es.views import snapshot\n"
        "from tinygrad_es.views.html import to_html\n"
        "ops.random.seed(0)\n"
        "net = Sequential([layers.Dense(3, 'tanh'), layers.Dense(1)])\n"
        "graph = snapshot(net(ops.ones((4, 2))).sum())\n"
        "print(hashlib.sha256(to_html(graph).encode()).hexdigest())\n"
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


def test_language_theme_and_title():
    graph = snapshot(chain_rule())
    assert '<html lang="en">' in to_html(graph)
    assert '<html lang="es" data-theme="dark">' in to_html(graph, language="es", theme="dark")
    assert "<title>a &lt; b</title>" in to_html(graph, title="a < b\n")
    tg.set_language("es")
    try:
        page = to_html(graph)
    finally:
        tg.set_language(None)
    assert '<html lang="es">' in page
    assert '<title data-t="page">Retropropagación paso a paso</title>' in page


def test_bad_arguments():
    graph = snapshot(chain_rule())
    with pytest.raises(ValueError, match=r"language: expected .* Received: 'fr'"):
        to_html(graph, language="fr")
    with pytest.raises(ValueError, match=r"theme: expected .* Received: 'blue'"):
        to_html(graph, theme="blue")


def test_readers_without_javascript_see_the_picture_of_small_graphs():
    assert "<svg" in to_html(snapshot(chain_rule())).partition("<noscript>")[2]
    x = Tensor(1.0, requires_grad=True)
    for _ in range(310):
        x = x * 1.0
    page = to_html(snapshot(x))
    inside = page.partition("<noscript>")[2].partition("</noscript>")[0]
    assert inside.endswith("<p>This page needs JavaScript.</p>")


def test_a_frame_for_notebooks():
    graph = snapshot(chain_rule())
    frame = to_iframe(graph, height=500, title='a "title"', language="es")
    (tag,) = Reader(frame).raw
    assert tag[0] == "iframe"
    assert tag[1]["sandbox"] == "allow-scripts"
    assert tag[1]["height"] == "500"
    assert tag[1]["title"] == 'a "title"'
    assert tag[1]["srcdoc"] == to_html(graph, title='a "title"', language="es")
    assert unescape(frame).count("<!DOCTYPE html>") == 1
