"""How a notebook shows a report: the verdicts in their colours, and the message."""

from __future__ import annotations

import html
from collections.abc import Mapping

__all__ = ["as_html"]

LOOKS = {  # colours that can be read on white and on black
    "right": ("✓", "#1f883d"),
    "carried": ("~", "#a56a00"),
    "wrong": ("✗", "#d93c42"),
    "inconclusive": ("?", "#707880"),
    "missing": ("?", "#707880"),
}


def as_html(text: str, ok: bool, verdicts: Mapping[str, str] | None = None) -> str:
    """A block with a bar of its colour, the first line in bold, a chip for each verdict.

    >>> print(as_html("ok: 1 gradient", True, {"w": "right"}))
    <div style="border-left:4px solid #1f883d;padding:2px 12px"><b>ok: 1 gradient</b><p ...
    """
    first, _, rest = text.partition("\n")
    bar = LOOKS["right" if ok else "wrong"][1]
    chips = " ".join(_chip(name, verdict) for name, verdict in (verdicts or {}).items())
    parts = [f"<b>{html.escape(first)}</b>"]
    if chips:
        parts.append(f'<p style="margin:6px 0;line-height:1.9">{chips}</p>')
    if rest:
        style = "margin:4px 0;padding:0;white-space:pre-wrap;background:none;color:inherit"
        parts.append(f'<pre style="{style}">{html.escape(rest)}</pre>')
    return f'<div style="border-left:4px solid {bar};padding:2px 12px">{"".join(parts)}</div>'


def _chip(name: str, verdict: str) -> str:
    mark, colour = LOOKS[verdict]
    style = f"color:{colour};border:1px solid {colour};border-radius:9px;padding:1px 8px"
    return f'<span style="{style}">{mark}&nbsp;{html.escape(name)}</span>'
