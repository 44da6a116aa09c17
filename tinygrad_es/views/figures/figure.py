"""A figure as plain data: boxes with rows of text, arrows between them, a title and a caption.

A view of a graph is built in two steps: something reads the graph and decides *what* to show
(a `Figure`), and a writer decides *how* (`dot.to_dot`, `svg.to_svg`, ...). A figure holds only
text and small integers, so it can be printed, compared, tested and pickled without any graph.

    >>> x = Box("x", "x", (("value", "-2"), ("grad", "-4")), "input")
    >>> f = Box("f", "f  =  x²", (("value", "4"), ("grad", "1")), "output")
    >>> figure = Figure([x, f], [Arrow(0, 1)], title="a square")
    >>> figure.boxes[figure.arrows[0].target].title
    'f  =  x²'
    >>> Figure([x], [Arrow(0, 1)])
    Traceback (most recent call last):
    ...
    ValueError: arrow 0 ends at box 1, but the figure has 1 box (valid: 0 to 0).
"""

from collections.abc import Iterable
from typing import Any, NamedTuple

BOX_KINDS = ("input", "parameter", "constant", "operation", "output", "layer")
# what else is to be seen of a box: where a walk through the pass stands, and what is wrong with it
MARKS = ("", "active", "done", "waiting", "failed", "wrong", "carried", "right")
ARROW_KINDS = ("forward", "backward")
RANKDIRS = ("LR", "TB")

# A row's colour follows its label: green for the forward value, red for the gradient.
VALUE_LABELS = ("value", "valor")
GRADIENT_LABELS = ("grad", "gradient", "gradiente")

_JOINERS = "\u200c\u200d"  # invisible, yet they hold emoji and some scripts together


# -- the data -----------------------------------------------------------------------------------


class Row(NamedTuple):
    """A line of a box: a label, a text, and for an array its heat map (`numbers.heat`)."""

    label: str
    text: str
    heat: tuple[tuple[float, ...], ...] = ()


class Box(NamedTuple):
    """One node: a title, rows of (label, text), and what kind of node it is.

    `key` is the node's identity (unique in a figure), `title` what is printed (`x`,
    `q  =  x + y`, `·`), `note` a smaller last line (a scope, a source line, a warning). `flag` is
    a warning in words; `order` counts the backward passes it comes out of.
    """

    key: str
    title: str
    rows: tuple[tuple[Any, ...], ...]  # Rows, or pairs
    kind: str
    note: str = ""
    flag: str = ""
    order: int = 0
    mark: str = ""


class Arrow(NamedTuple):
    """An arrow between two boxes, given by their indices in `Figure.boxes`.

    A `"forward"` arrow carries a value to the node that uses it. A `"backward"` arrow carries a
    gradient the other way; it does not change where the boxes are placed. `width` is 0 for a
    usual line, or 1 to 4 by the size of what it carries; a `mark` is "active" or "hidden".
    """

    source: int
    target: int
    label: str = ""
    kind: str = "forward"
    width: int = 0
    mark: str = ""


class _Fields(NamedTuple):
    boxes: tuple[Box, ...]
    arrows: tuple[Arrow, ...]
    title: str
    rankdir: str
    note: str


class Figure(_Fields):
    """Boxes and arrows with a title and a caption (`note`), checked when it is made.

    `rankdir` is the direction of the forward pass, in Graphviz' words: `"LR"` from left to
    right, `"TB"` from top to bottom. Several arrows between the same boxes are all drawn
    (`a*a` has two), so are arrows from a box to itself.

    Raises `ValueError` for an unknown kind or direction, a key used twice, a row that is not a
    (label, text) pair, or an arrow to a box that is not there.
    """

    __slots__ = ()

    def __new__(
        cls,
        boxes: Iterable[Box],
        arrows: Iterable[Arrow] = (),
        title: str = "",
        rankdir: str = "LR",
        note: str = "",
    ) -> "Figure":
        """Check the parts and make the figure."""
        boxes, arrows = tuple(boxes), tuple(arrows)
        if rankdir not in RANKDIRS:
            raise ValueError(f"rankdir must be one of {_listed(RANKDIRS)}. Received: {rankdir!r}.")
        _check_boxes(boxes)
        _check_arrows(arrows, len(boxes))
        return super().__new__(cls, boxes, arrows, title, rankdir, note)


def _check_boxes(boxes: tuple[Box, ...]) -> None:
    first: dict[str, int] = {}
    for index, box in enumerate(boxes):
        if box.kind not in BOX_KINDS:
            raise ValueError(
                f"box {index} ({box.key!r}) has an unknown kind: expected one of "
                f"{_listed(BOX_KINDS)}. Received: {box.kind!r}."
            )
        earlier = first.setdefault(box.key, index)
        if earlier != index:
            raise ValueError(f"boxes {earlier} and {index} have the same key {box.key!r}.")
        if box.mark not in MARKS:
            raise ValueError(
                f"box {index} ({box.key!r}) has an unknown mark: expected one of "
                f"{_listed(MARKS)}. Received: {box.mark!r}."
            )
        for row in box.rows:
            if len(row) not in (2, 3) or isinstance(row, str):
                raise ValueError(
                    f"box {index} ({box.key!r}): a row is a (label, text) pair. Received: {row!r}."
                )


def _check_arrows(arrows: tuple[Arrow, ...], count: int) -> None:
    for index, arrow in enumerate(arrows):
        if arrow.kind not in ARROW_KINDS:
            raise ValueError(
                f"arrow {index} has an unknown kind: expected one of {_listed(ARROW_KINDS)}. "
                f"Received: {arrow.kind!r}."
            )
        for verb, end in (("starts", arrow.source), ("ends", arrow.target)):
            if not 0 <= end < count:
                noun = "box" if count == 1 else "boxes"
                valid = f" (valid: 0 to {count - 1})" if count else ""
                raise ValueError(
                    f"arrow {index} {verb} at box {end}, but the figure has {count} {noun}{valid}."
                )


def _listed(words: tuple[str, ...]) -> str:
    return ", ".join(map(repr, words))


# -- text that every writer can print ------------------------------------------------------------


def role(label: str) -> str:
    """What a row shows, from its label: `"value"`, `"grad"` or `"other"`."""
    if label in VALUE_LABELS:
        return "value"
    return "grad" if label in GRADIENT_LABELS else "other"


def clean(text: str) -> str:
    r"""Return `text` as one printable line: valid in XML and in DOT, whatever a name contains.

    Line breaks and tabs become spaces; control characters, direction overrides and unpaired
    surrogates go.

    >>> clean("two\nlines\x00\ud800")
    'two lines'
    """
    if text.isprintable():
        return text
    return "".join(
        c if c.isprintable() or c in _JOINERS else " " if c.isspace() else "" for c in text
    )


def shorten(text: str, limit: int) -> str:
    """Cut `text` to at most `limit` characters, the last of them `…` if anything was cut.

    >>> shorten("cross_entropy", 8)
    'cross_e…'
    """
    return text if len(text) <= limit else text[: max(limit - 1, 0)].rstrip() + "…"


def escape(text: str) -> str:
    """Make `text` safe inside an element or an attribute of XML and HTML.

    >>> escape("<b> & 'c'")
    '&lt;b&gt; &amp; &#39;c&#39;'
    """
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return text.replace('"', "&quot;").replace("'", "&#39;")


def tint(value: float) -> str:
    """The colour of a cell of a heat map: blue for −1, near white for 0, red for 1, grey for NaN.

    >>> tint(-1.0), tint(0.0), tint(1.0), tint(float("nan"))
    ('#2166ac', '#f7f7f7', '#b2182b', '#808080')
    """
    if value != value:
        return "#808080"
    end = (178, 24, 43) if value > 0 else (33, 102, 172)
    share = min(abs(value), 1.0)
    return "#" + "".join([f"{round(247 + (c - 247) * share):02x}" for c in end])
