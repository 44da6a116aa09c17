"""Mermaid text: the same in every run, and no text can break out of it or mean anything.

Rendered with Mermaid 11.17 in a browser, every text of HOSTILE shows as itself.
"""

from __future__ import annotations

import json
import re
from html import unescape

import pytest

from tinygrad_es.views.figures.figure import Arrow, Box, Figure, clean, shorten
from tinygrad_es.views.figures.mermaid import to_markdown, to_mermaid

HOSTILE = [
    "<script>alert('x')</script>",
    '"]:::input; n1 --> n0',
    '"/><g onload="evil()">',
    "two\nlines\r\n\ttab \x00\x07\u202e\ud800",
    "emoji 🎉 👩‍👩‍👧 日本語 ∂L/∂W₁ ﷺ",
    "W" * 10_000,
    "%%{init: {'theme': 'dark'}}%%",
    "%% a comment",
    "--- | title: x",
    "``` `code` **bold** _i_ ~~s~~ [a](b)",
    "1. - + * # =",
    "#quot; &lt; ﬂ°°60¶ß",
    "$$x^2$$ fa:fa-car \\n",
    "style a:#fff; classDef b:#000; click c href",
    "end",
    "",
    " ",
]

GOLDEN = """\
---
title: "a \\u003c b"
config:
  flowchart:
    wrappingWidth: 400
---
flowchart TB
  n0(["<b>x</b><br/>value: 3"]):::input
  n1{{"<b>y  =  x · x</b><br/>value: 9<br/>grad: 1<br/><i>line 3</i>"}}:::output
  caption["A square#58; x·x"]:::caption
  n0 --> n1
  n0 -->|"1st"| n1
  n0 -.-|"▴ 6"| n1
  n0 -.-|"▴"| n1
  classDef input fill:#e3edfd,stroke:#2563eb,color:#111827
  classDef output fill:#fdeed8,stroke:#b45309,stroke-width:3px,color:#111827
  classDef caption fill:none,stroke:none,color:#6b7280
  linkStyle 2,3 stroke:#dc2626,color:#dc2626
"""


def test_golden() -> None:
    boxes = [
        Box("x", "x", (("value", "3"),), "input"),
        Box("y", "y  =  x · x", (("value", "9"), ("grad", "1")), "output", "line 3"),
    ]
    arrows = [Arrow(0, 1), Arrow(0, 1, "1st")]
    arrows += [Arrow(1, 0, "6", "backward"), Arrow(1, 0, kind="backward")]
    figure = Figure(boxes, arrows, "a < b", "TB", "A square: x·x")
    assert to_mermaid(figure) == GOLDEN
    assert to_markdown(figure) == f"```mermaid\n{GOLDEN}```\n"


def test_kinds_differ_in_shape_and_direction_in_its_sign() -> None:
    kinds = ["input", "parameter", "constant", "operation", "output"]
    boxes = [Box(kind, "b", (), kind) for kind in kinds]
    text = to_mermaid(Figure(boxes, [Arrow(1, 0, "g", "backward")]))
    shapes = re.findall(r"^  n\d(\W+)\"<b>b</b>\"", text, re.MULTILINE)
    assert shapes == ["([", "[[", "[", "(", "{{"]
    assert 'n0 -.-|"◂ g"| n1' in text


def shown(label: str) -> str:
    """What Mermaid shows of a label: its entity codes read back."""
    label = re.sub(r"#(\w+);", lambda m: f"&{'#' * m[1].isdigit()}{m[1]};", label)
    return unescape(label).replace("\u200b", "")


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_is_only_text(text: str) -> None:
    boxes = [Box(f"{text}{i}", text, ((text, text),), "constant", text) for i in range(2)]
    figure = Figure(boxes, [Arrow(0, 1, text), Arrow(1, 0, text, "backward")], text, "LR", text)
    written = to_mermaid(figure)
    written.encode("utf-8")
    assert "```" not in written
    head, _, body = written.partition("flowchart LR\n")
    (title,) = re.findall("^title: (.*)$", head, re.MULTILINE) or ['""']
    assert json.loads(title) == (shorten(clean(text), 120) if text.strip() else "")
    assert not re.search("[<>%{}]", head.replace("wrappingWidth", ""))
    lines = body.splitlines()
    assert len(lines) == 6 + 2 * bool(text.strip())
    label = r'"([^"]*)"'
    first = re.fullmatch(rf"  n0\[{label}\]:::constant", lines[0])
    assert first
    inside = re.fullmatch("<b>(.*)</b><br/>(.*): (.*?)(<br/><i>(.*)</i>)?", first[1])
    assert inside
    for part in inside.group(1, 2, 3):
        assert not set(part) & set('<>"`{}|~*_%\\$')
        assert shown(part).strip() == shorten(clean(text), 60).strip()
    assert not any("%%" in line or line.lstrip().startswith("style") for line in lines)


def test_meanings_that_come_after_entity_codes_are_broken_by_a_space_of_no_width() -> None:
    (line,) = re.findall("n0.*", to_mermaid(Figure([Box("b", "$$a fa:fa-x \\n ﬂ°", (), "input")])))
    codes = '(["<b>#36;\u200b#36;\u200ba fa#58;\u200bfa-x #92;\u200bn ﬂ\u200b°</b>"]):::input'
    assert line == f"n0{codes}"


def test_what_mermaid_refuses_is_said() -> None:
    boxes = [Box(f"b{i}", "b", (), "operation") for i in range(600)]
    arrows = [Arrow(i, i + 1) for i in range(500)]
    to_mermaid(Figure(boxes, arrows))
    with pytest.warns(UserWarning, match=r"at most 500 arrows and 50,000 characters.* has 501"):
        to_mermaid(Figure(boxes, [*arrows, Arrow(0, 1)]))
    long = [box._replace(title="x" * 60) for box in boxes]
    with pytest.warns(UserWarning, match=r"0 and 5\d,\d{3}\. A smaller part"):
        to_mermaid(Figure(long))


def test_an_empty_figure_is_a_chart() -> None:
    assert to_mermaid(Figure([])).endswith("---\nflowchart LR\n")
