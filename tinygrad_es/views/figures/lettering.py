"""Text in an SVG: how wide it is, how it is written, how it is broken into lines."""

from collections.abc import Iterator
from functools import lru_cache
from unicodedata import combining, east_asian_width

from tinygrad_es.views.figures.figure import clean, escape, shorten

CAPTION_LIMIT = 600

# Advance widths in hundredths of the font size: those of DejaVu Sans Bold, wider than the rest.
ADVANCES = {
    35: "ijl' ", 40: "IJ,./:;|·", 45: "f-²³₁₂ᵀ¹", 50: "rt!()[]_`–", 55: '"*∂⁻', 60: "csz?",
    65: "xL", 70: "0123456789aekovyEFT$∇αΣ√áéíó", 75: "bdghnpquCPSYZ{}μβñúü", 80: "ABKRVXσ",
    85: "DGHNU#+<=>^~−×→⊙≈", 90: "OQ&", 95: "w", 100: "M@…—", 105: "m%½", 115: "W",
}  # fmt: skip
_SANS = {character: width / 100 for width, group in ADVANCES.items() for character in group}
_MONO = 0.61


def text_width(text: str, size: float, mono: bool = False) -> float:
    """An upper estimate of the width of `text`, in the unit of the font size."""
    if mono and text.isascii():
        return _MONO * size * len(text)
    return size * sum([_advance(c, mono) for c in text])


def _advance(character: str, mono: bool) -> float:
    known = _SANS.get(character)
    if known is not None:
        return _MONO if mono else known
    if combining(character):
        return 0.0
    return 1.3 if east_asian_width(character) in "WF" else 0.9


def element(style: str, x: float, y: float, text: str, size: float, mono: bool = False) -> str:
    """A `<text>`; one with letters of unknown width is told how wide to be."""
    fit = ""
    if not text.isascii() and not all(c in _SANS or c.isascii() for c in text):
        fit = (
            f' textLength="{decimal(text_width(text, size, mono))}" lengthAdjust="spacingAndGlyphs"'
        )
    return f'<text class="{style}" x="{decimal(x)}" y="{decimal(y)}"{fit}>{escape(text)}</text>'


def wrapped(text: str, size: float, room: float) -> Iterator[str]:
    """Lines of at most `room`; a word that is longer than a line is cut."""
    line = ""
    for word in shorten(clean(text), CAPTION_LIMIT).split():
        if line and text_width(f"{line} {word}", size) > room:
            yield line
            line = ""
        line = f"{line} {word}" if line else word
        while text_width(line, size) > room and len(line) > 1:
            cut = max(1, int(len(line) * room / text_width(line, size)))
            yield line[:cut]
            line = line[cut:]
    if line:
        yield line


@lru_cache(maxsize=8192)  # coordinates repeat: a fifth less time for a large picture
def decimal(x: float) -> str:
    """A coordinate with one decimal at most."""
    return f"{x:.1f}".removesuffix(".0")
