"""A box of a figure as SVG: its texts cut to size, its shape, its heat maps."""

from collections.abc import Iterator

from tinygrad_es.views.figures.figure import Box, clean, escape, role, shorten, tint
from tinygrad_es.views.figures.lettering import decimal, element, text_width

PAD = 11.0  # between the border of a box and its text
HEADER = 27.0
ROW = 18.0
NOTE = 16.0
CELL = 5.0  # side of a cell of a heat map
TITLE_LIMIT, ROW_LIMIT, LABEL_LIMIT = 48, 44, 24


class Card:
    """A box with its texts cut to size, and how large that makes it."""

    __slots__ = ("box", "flag", "heats", "height", "note", "rows", "title", "width")

    def __init__(self, box: Box) -> None:
        self.box = box
        self.title = shorten(clean(box.title), TITLE_LIMIT)
        self.note = shorten(clean(box.note), ROW_LIMIT)
        self.flag = shorten(clean(box.flag), ROW_LIMIT)
        self.rows = []
        self.heats = []
        for label, text, *heat in box.rows:
            label = shorten(clean(label), LABEL_LIMIT)
            self.rows.append((label, shorten(clean(text), ROW_LIMIT), role(label)))
            if heat and heat[0]:
                self.heats.append((role(label), heat[0]))
        labels = max([text_width(label, 11) for label, _, _ in self.rows], default=0.0)
        texts = max([text_width(text, 12, mono=True) for _, text, _ in self.rows], default=0.0)
        maps = sum([CELL * len(heat[0]) + 12 for _, heat in self.heats])
        widest = max(text_width(self.title, 14), labels + 10 + texts, text_width(self.note, 10.5))
        widest = max(widest, text_width(self.flag, 11.5), maps)
        self.width = float(max(44, round(widest + 2 * PAD + 0.5)))
        body = ROW * len(self.rows) + (NOTE if self.note else 0) + (NOTE if self.flag else 0)
        self.height = HEADER + (body + self._map_height() + 7 if body else 0)

    def _map_height(self) -> float:
        """The height that the heat maps need, side by side."""
        return max([CELL * len(heat) + 7 for _, heat in self.heats], default=0.0)

    def drawn(self, x: float, y: float) -> str:
        """The box with its upper left corner at (x, y)."""
        box, w, h = self.box, decimal(self.width), decimal(self.height)
        r = decimal(min(13.0, self.height / 2) if box.kind == "input" else 6.0)
        plain = f'width="{w}" height="{h}" rx="{r}"'
        head = f'<rect class="head" {plain}/>'
        if self.rows or self.note or self.flag:
            right = decimal(self.width - float(r))
            head = (
                f'<path class="head" d="M0 {decimal(HEADER)}V{r}a{r} {r} 0 0 1 {r} -{r}H{right}'
                f'a{r} {r} 0 0 1 {r} {r}V{decimal(HEADER)}z"/>'
            )
        parts = [
            f'<g class="{self._class()}" data-key="{escape(clean(box.key))}"',
            f' transform="translate({decimal(x)} {decimal(y)})"><title>{self._tooltip()}</title>',
            self._stack(plain),
            f'<rect class="card" {plain}/>{head}<rect class="edge" {plain}/>',
        ]
        if box.kind == "parameter":
            height = decimal(self.height - 12)
            parts.append(f'<rect class="bar" y="6" width="4" height="{height}"/>')
        if box.kind == "output":
            w, h = decimal(self.width - 6), decimal(self.height - 6)
            parts.append(f'<rect class="edge" x="3" y="3" width="{w}" height="{h}" rx="3.5"/>')
        return "".join([*parts, *self._texts(), "</g>"])

    def _stack(self, plain: str) -> str:
        """A second box behind that of a layer: there is more inside."""
        if self.box.kind != "layer":
            return ""
        shifted = f'x="4" y="-4" {plain}'
        return f'<rect class="card" {shifted}/><rect class="edge behind" {shifted}/>'

    def _class(self) -> str:
        box, order = self.box, ""
        if box.kind in ("operation", "layer"):
            order = ("", " first", " second")[min(box.order, 2)]
        return f"box {box.kind}{order}{' ' if box.mark else ''}{box.mark}"

    def _texts(self) -> Iterator[str]:
        yield element("name", self.width / 2, 18.5, self.title, 14)
        y = HEADER + 16
        for label, text, kind in self.rows:
            yield element("label", PAD, y, label, 11)
            yield element(f"text {kind}", self.width - PAD, y, text, 12, mono=True)
            y += ROW
        if self.heats:
            yield from self._maps(y - 11)
            y += self._map_height()
        if self.flag:
            yield element("flag", self.width / 2, y - 1, self.flag, 11)
            y += NOTE
        if self.note:
            yield element("note", self.width / 2, y - 1, self.note, 10.5)

    def _maps(self, y: float) -> Iterator[str]:
        """The heat maps: of the value on the left, of the gradient on the right."""
        for kind, heat in self.heats:
            wide, high = CELL * len(heat[0]), CELL * len(heat)
            x = PAD if kind == "value" else self.width - PAD - wide
            for i, row in enumerate(heat):
                for j, cell in enumerate(row):
                    at = f'x="{decimal(x + CELL * j)}" y="{decimal(y + CELL * i)}"'
                    yield f'<rect {at} width="5" height="5" fill="{tint(cell)}"/>'
            frame = f'x="{decimal(x)}" y="{decimal(y)}" width="{decimal(wide)}"'
            yield f'<rect class="map {kind}" {frame} height="{decimal(high)}"/>'

    def _tooltip(self) -> str:
        """Everything, in full: what is cut in the box can still be read."""
        box = self.box
        lines = [f"{box.title} ({box.kind})", *(f"{row[0]}: {row[1]}" for row in box.rows)]
        return "\n".join([escape(clean(line)) for line in (*lines, box.flag, box.note) if line])
