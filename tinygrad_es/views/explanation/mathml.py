r"""The LaTeX of our formulas as MathML, which browsers draw and read aloud without any script.

It knows the commands that `notation` and `document` write, no others. A matrix is a table of the
class `tg-matrix`: its brackets are for the page's style to draw, because without a mathematical
font a browser cannot stretch them.

>>> mathml(r"\frac{\partial f}{\partial q}")
'<mfrac><mrow><mo>∂</mo><mi>f</mi></mrow><mrow><mo>∂</mo><mi>q</mi></mrow></mfrac>'
>>> mathml("W_{1}^{2}")
'<msubsup><mi>W</mi><mn>1</mn><mn>2</mn></msubsup>'
"""

from __future__ import annotations

import re

from ..figures.figure import escape
from ..notation import GREEK_LETTERS

__all__ = ["mathml"]

_TOKEN = re.compile(r"\\[A-Za-z]+|[0-9]+(?:\.[0-9]+)?|\s+|.", re.DOTALL)
_SIGNS = {
    "partial": "∂",
    "cdot": "·",
    "odot": "⊙",
    "times": "×",
    "top": "⊤",
    "sum": "∑",
    "infty": "∞",
    "neq": "≠",
    "leq": "≤",
    "geq": "≥",
    "lt": "&lt;",
    "gt": "&gt;",
    "wedge": "∧",
    "vee": "∨",
    "lvert": "|",
    "rvert": "|",
    "prime": "′",
    "tfrac": "",
}
_WORDS = {"mathrm", "text", "operatorname", "mathbf"}


def mathml(latex: str) -> str:
    """The content of a `<math>` element."""
    parser = _Parser(_TOKEN.findall(latex))
    parts = parser.row(None)
    return parts[0] if len(parts) == 1 else "".join(parts)


class _Parser:
    def __init__(self, tokens: list[str]) -> None:
        self.tokens, self.at = tokens, 0

    def peek(self) -> str:
        while self.at < len(self.tokens) and self.tokens[self.at].isspace():
            self.at += 1
        return self.tokens[self.at] if self.at < len(self.tokens) else ""

    def take(self) -> str:
        token = self.peek()
        self.at += 1
        return token

    def row(self, *ends: str | None) -> list[str]:
        """Atoms with their scripts up to an end, which stays."""
        found: list[str] = []
        while (token := self.peek()) and token not in ends:
            if token == "-" and (not found or found[-1].startswith("<mo>")):
                self.take()
                found.append('<mo form="prefix">−</mo>')
                continue
            found.append(self.scripted(self.atom()))
        return found

    def group(self) -> str:
        """`{…}` as one element."""
        if self.peek() != "{":
            return self.atom()
        self.take()
        parts = self.row("}")
        self.take()
        return parts[0] if len(parts) == 1 else f"<mrow>{''.join(parts)}</mrow>"

    def raw(self) -> str:
        """What stands in the braces, unread."""
        self.take()
        depth, found = 1, ""
        while self.at < len(self.tokens):
            token = self.tokens[self.at]
            self.at += 1
            depth += (token == "{") - (token == "}")
            if not depth:
                break
            found += token
        return escape(found)

    def scripted(self, base: str) -> str:
        below = above = ""
        while self.peek() in ("_", "^"):
            if self.take() == "_":
                below = self.group()
            else:
                above = self.group()
        limits = "∑" in base[:12]
        if below and above:
            return f"<msubsup>{base}{below}{above}</msubsup>"
        if below:
            tag = "munder" if limits else "msub"
            return f"<{tag}>{base}{below}</{tag}>"
        return f"<msup>{base}{above}</msup>" if above else base

    def atom(self) -> str:
        token = self.peek()
        if token == "{":
            return self.group()
        self.take()
        if token.startswith("\\") and len(token) > 1:
            return self.command(token[1:])
        if token[0].isdigit():
            return f"<mn>{token}</mn>"
        if token.isalpha():
            return f"<mi>{token}</mi>"
        if token == "'":
            return "<mo>′</mo>"
        return f"<mo>{'−' if token == '-' else escape(token)}</mo>"

    def command(self, name: str) -> str:
        if name == "frac":
            return f"<mfrac>{self.group()}{self.group()}</mfrac>"
        if name == "sqrt":
            return f"<msqrt>{self.group()}</msqrt>"
        if name == "underset":
            below, base = self.group(), self.group()
            return f"<munder>{base}{below}</munder>"
        if name in _WORDS:
            text = self.raw()
            return f"<mtext>{text}</mtext>" if name == "text" else f"<mi>{text}</mi>"
        if name == "left":
            first = escape(self.take())
            inside = "".join(self.row("\\right"))
            self.take()
            last = escape(self.take())
            return f"<mrow><mo>{first}</mo>{inside}<mo>{last}</mo></mrow>"
        if name == "quad":
            return '<mspace width="1em"></mspace>'
        if name == "begin":
            return self.matrix()
        if name in GREEK_LETTERS:
            return f"<mi>{GREEK_LETTERS[name]}</mi>"
        if name in _SIGNS:
            return f"<mo>{_SIGNS[name]}</mo>"
        return f"<mi>{name}</mi>"

    def matrix(self) -> str:
        self.raw()
        rows, cells = list[str](), list[str]()
        while True:
            cells.append(f"<mtd>{''.join(self.row('&', chr(92) + 'cr', chr(92) + 'end'))}</mtd>")
            end = self.take()
            if end != "&":
                rows.append(f"<mtr>{''.join(cells)}</mtr>")
                cells = []
            if end not in ("&", "\\cr"):
                break
        self.raw()
        return f'<mtable class="tg-matrix">{"".join(rows)}</mtable>'
