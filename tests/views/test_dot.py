"""DOT text: readable, the same in every run, and no text can break out of it."""

import time

import pytest

from tinygrad_es.views.figures.dot import to_dot
from tinygrad_es.views.figures.figure import Arrow, Box, Figure, clean, role, shorten

HOSTILE = [
    '"];} digraph evil { x [label="',
    "<script>alert('x')</script>",
    "</TD></TR></TABLE>>];",
    "back\\slash \\N \\G \\\\ end\\",
    "two\nlines\r\n\ttab \x00\x07\x1b[31m\u202e\ud800\ufffe",
    "&amp; &lt; &#0; &nosuch;",
    "emoji 🎉 👩‍👩‍👧 日本語 ∂L/∂W₁",
    "long " * 2000,
    "",
    " ",
]

GOLDEN = """\
digraph figure {
  graph [rankdir=TB, bgcolor="white", fontname="Helvetica", fontsize=12, labelloc=t,
         nodesep=0.3, ranksep=0.55,
         label=<<FONT POINT-SIZE="16"><B>a &lt; b</B></FONT><BR/> >];
  node [shape=box, fontname="Helvetica", fontsize=12, fontcolor="#111827", margin="0.06,0.04"];
  edge [color="#64748b", fontname="Helvetica", fontsize=10, fontcolor="#475569", arrowsize=0.7];
  n0 [label=<<B>x</B>>, color="#2563eb", fillcolor="#e3edfd", style="rounded,filled"];
  n1 [label=<<TABLE BORDER="0" CELLBORDER="0" CELLSPACING="0" CELLPADDING="2">\
<TR><TD COLSPAN="2"><B>y  =  x · x</B></TD></TR><HR/>\
<TR><TD ALIGN="LEFT"><FONT COLOR="#5b6472">value&#160; </FONT></TD>\
<TD ALIGN="RIGHT"><FONT COLOR="#15803d">9</FONT></TD></TR>\
<TR><TD ALIGN="LEFT"><FONT COLOR="#5b6472">grad&#160; </FONT></TD>\
<TD ALIGN="RIGHT"><FONT COLOR="#b91c1c">1</FONT></TD></TR>\
<TR><TD COLSPAN="2"><FONT POINT-SIZE="9"><I>line 3</I></FONT></TD></TR></TABLE>>, \
color="#b45309", fillcolor="#fdeed8", style="filled", peripheries=2];
  n0 -> n1;
  n0 -> n1;
  n0 -> n1 [label=<&#160;6&#160;>, dir=back, style=dashed, color="#dc2626", fontcolor="#b91c1c"];
}
"""


def test_golden() -> None:
    x = Box("x", "x", (), "input")
    y = Box("y", "y  =  x · x", (("value", "9"), ("grad", "1")), "output", "line 3")
    arrows = [Arrow(0, 1), Arrow(0, 1), Arrow(1, 0, "6", "backward")]
    assert to_dot(Figure([x, y], arrows, title="a < b", rankdir="TB")) == GOLDEN


def test_a_heat_map_is_as_wide_as_its_cells_whatever_the_box() -> None:
    heat = ((0.0, 1.0, -1.0), (1.0, 0.0, 0.5))
    text = to_dot(Figure([Box("x", "x", (("value", "a long row of text", heat),), "input")]))
    assert 'FIXEDSIZE="TRUE" WIDTH="27" HEIGHT="18"><TR>' in text


def outside_labels(dot: str) -> str:
    """The DOT text without its HTML-like labels, which end where their brackets balance."""
    kept, depth, previous = [], 0, ""
    for character in dot:
        if depth == 0 and character == "<" and previous == "=":
            depth = 1
        elif depth:
            depth += {"<": 1, ">": -1}.get(character, 0)
        else:
            kept.append(character)
        previous = character
    return "".join(kept)


@pytest.mark.parametrize("text", HOSTILE)
def test_no_text_breaks_out(text: str) -> None:
    def dot(text: str) -> str:
        boxes = [Box(f"{text}{i}", text, ((text, text),), "constant", text) for i in range(2)]
        return to_dot(Figure(boxes, [Arrow(0, 1, text)], title=text, note=text))

    assert len(dot(text)) < 8000
    dot(text).encode("utf-8")
    assert all(c.isprintable() or c in "\n\u200d" for c in dot(text))
    if text.strip():
        assert outside_labels(dot(text)) == outside_labels(dot("harmless"))
    assert "<script" not in dot(text)
    assert "\\" not in dot(text)


def test_an_empty_figure_is_a_graph() -> None:
    assert to_dot(Figure([])).endswith("arrowsize=0.7];\n}\n")


def test_100_000_boxes() -> None:
    rows = (("value", "0.5"), ("grad", "1e-07"))
    boxes = [Box(f"n{i}", "tanh", rows, "operation") for i in range(100_000)]
    figure = Figure(boxes, [Arrow(i, i + 1) for i in range(99_999)])
    started = time.thread_time()
    assert to_dot(figure).count(" -> ") == 99_999
    assert time.thread_time() - started < 8  # about 0.4 s


# -- the figure itself --------------------------------------------------------------------------


def test_a_wrong_figure_says_what_is_wrong() -> None:
    x = Box("x", "x", (), "input")
    with pytest.raises(ValueError, match=r"box 0 \('x'\) has an unknown kind: .*Received: 'leaf'"):
        Figure([x._replace(kind="leaf")])
    with pytest.raises(ValueError, match="boxes 0 and 1 have the same key 'x'"):
        Figure([x, x])
    with pytest.raises(ValueError, match=r"a row is a \(label, text\) pair. Received: 'ab'"):
        Figure([Box("x", "x", ("ab",), "input")])  # type: ignore[arg-type]  # wrong on purpose
    with pytest.raises(ValueError, match="arrow 0 starts at box -1, but the figure has 1 box"):
        Figure([x], [Arrow(-1, 0)])
    with pytest.raises(ValueError, match=r"arrow 0 ends at box 7, .* 2 boxes \(valid: 0 to 1\)"):
        Figure([x, x._replace(key="y")], [Arrow(0, 7)])
    with pytest.raises(ValueError, match=r"arrow 0 has an unknown kind: .*Received: 'up'"):
        Figure([x], [Arrow(0, 0, kind="up")])
    with pytest.raises(ValueError, match=r"rankdir must be one of 'LR', 'TB'. Received: 'RL'"):
        Figure([x], rankdir="RL")


def test_a_figure_is_plain_data() -> None:
    x = Box("x", "x", (("value", "1"),), "input")
    figure = Figure([x], title="one")
    assert figure == Figure((x,), (), "one")
    assert not hasattr(figure, "__dict__")
    assert (figure.rankdir, figure.note, figure.arrows) == ("LR", "", ())


def test_text_is_cleaned_cut_and_coloured_by_its_label() -> None:
    assert clean("a\tb\x00c\u202e\ud800") == "a bc"
    assert clean("👩‍👧") == "👩‍👧"
    assert shorten("abcdef", 4) == "abc…"
    assert shorten("abcd", 4) == "abcd"
    assert [role(label) for label in ("value", "grad", "gradiente", "shape")] == [
        "value", "grad", "grad", "other"
    ]  # fmt: skip
