"""The backward pass as a page to step through: one HTML file with everything in it.

No network and no library; it opens from disk, and in a notebook as a frame. The graph is in it
as data (`data.to_data`); the page draws it and lays it out itself, so that layers can be opened
and closed. A content security policy lets nothing run or load but the page's own script and
style, by their hashes; names from the graph only ever become text.
"""

from __future__ import annotations

import base64
import functools
import hashlib
import json
import re
from importlib import resources
from typing import Any

from ..languages import LANGUAGES, chosen, say
from .boxes import figure_of
from .data import to_data
from .figures.figure import clean, escape, shorten
from .figures.style import COLOURS
from .figures.svg import to_svg
from .snapshot import Snapshot

__all__ = ["still_page", "to_html", "to_iframe"]

SCRIPTS = ("texts", "layout", "place", "model", "draw", "panel", "tip", "view", "page")
THEMES = ("light", "dark")
STATIC = 300  # nodes up to which a reader without JavaScript sees the picture
TITLE_LIMIT = 200
STILL = (
    ":root{color-scheme:light dark}body{font:16px/1.5 system-ui,sans-serif;margin:1rem}"
    "h1{font-size:1.2rem}figure{margin:0;overflow:auto;background:#fff}pre{overflow:auto}"
)
BY_HAND = "Gradients by hand", "Gradientes a mano"
WITHOUT_STYLE = "<style>main,.tools,.search,.skip{display:none}</style>"
WITHOUT = ("This page needs JavaScript.", "Esta página necesita JavaScript.")


def to_html(
    graph: Snapshot, *, title: str = "", language: str | None = None, theme: str | None = None
) -> str:
    """The page for a snapshot: HTML text that needs nothing else.

    Args:
        graph: what `snapshot` read.
        title: above the page.
        language: "en" or "es"; None for the general choice (`set_language`). The page can switch.
        theme: "light" or "dark"; None for what the reader's system says. The page can switch.

    Raises:
        ValueError: an unknown language or theme.

    >>> from tinygrad_es import Tensor
    >>> from tinygrad_es.views import snapshot
    >>> x = Tensor(3.0, requires_grad=True, name="x")
    >>> page = to_html(snapshot(x * x), title="a square")
    >>> page[:15], "http" in page.replace("http-equiv", "").replace("http://www.w3.org", "")
    ('<!DOCTYPE html>', False)
    """
    if theme is not None and theme not in THEMES:
        raise ValueError(f"theme: expected one of {THEMES}, or None. Received: {theme!r}.")
    tongue = chosen(language)
    picture = f"{WITHOUT_STYLE}<p>{say(WITHOUT, tongue)}</p>{_static(graph, title)}"
    style, script = _style(), _script()
    styles = [style, *re.findall(r"<style>(.*?)</style>", picture, re.DOTALL)]
    parts = {
        "language": tongue,
        "theme": f' data-theme="{theme}"' if theme else "",
        "policy": _policy([script], styles),
        "title": _name(title, tongue),
        "named": "" if clean(title).strip() else ' data-t="page"',  # changes with the language
        "style": style,
        "picture": picture,
        "words": _embedded(_words()),
        "data": _embedded(_rounded(to_data(graph))),
        "script": script,
    }
    page = re.sub(r"\{\{(\w+)\}\}", lambda found: parts[found[1]], _asset("page.html"))
    return page.encode("utf-8", "replace").decode("utf-8")


def still_page(svg: str, text: str, *, title: str = "", language: str | None = None) -> str:
    """A page without steps: a picture and its words, those of gradients by hand.

    >>> page = still_page("<svg></svg>", "w: right", title="by hand")
    >>> "<svg></svg>" in page, "w: right" in page, "<script" in page
    (True, True, False)
    """
    tongue = chosen(language)
    styles = [STILL, *re.findall(r"<style>(.*?)</style>", svg, re.DOTALL)]
    name = _name(title or say(BY_HAND, tongue), tongue)
    page = (
        f'<!DOCTYPE html>\n<html lang="{tongue}"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{_policy([], styles)}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{name}</title><style>{STILL}</style></head><body><main><h1>{name}</h1>"
        f'<figure tabindex="0">{svg}</figure><pre tabindex="0">{escape(text)}</pre>'
        "</main></body></html>\n"
    )
    return page.encode("utf-8", "replace").decode("utf-8")


def to_iframe(
    graph: Snapshot,
    *,
    height: int = 640,
    title: str = "",
    language: str | None = None,
    theme: str | None = None,
) -> str:
    """The page as a frame of `height` pixels for a notebook; scripts in it reach nothing outside.

    >>> from tinygrad_es import Tensor
    >>> from tinygrad_es.views import snapshot
    >>> to_iframe(snapshot(Tensor(2.0, requires_grad=True)))[:33]
    '<iframe sandbox="allow-scripts" w'
    """
    page = to_html(graph, title=title, language=language, theme=theme)
    name = _name(title, chosen(language))
    return (
        f'<iframe sandbox="allow-scripts" width="100%" height="{int(height)}" title="{name}" '
        f'style="border:1px solid #8884;border-radius:8px" srcdoc="{escape(page)}"></iframe>'
    )


def _name(title: str, language: str) -> str:
    """What a page is called, as text of HTML."""
    given = shorten(clean(title).strip(), TITLE_LIMIT)
    return escape(given or _words()["page"][LANGUAGES.index(language)])


def _rounded(data: Any) -> Any:
    """The same data with six digits a number: the page shows four, and is ready sooner."""
    if type(data) is float:
        return float(f"{data:.6g}")
    if type(data) is list:
        return [_rounded(part) for part in data]
    return {k: _rounded(v) for k, v in data.items()} if type(data) is dict else data


def _embedded(data: Any) -> str:
    """JSON that no tag can end; half a surrogate pair stays an escape."""
    text = json.dumps(data, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return text.encode("utf-8", "backslashreplace").decode("utf-8").replace("<", "\\u003c")


def _static(graph: Snapshot, title: str) -> str:
    """The picture for readers without JavaScript; not of large graphs, nor of shortened ones."""
    if len(graph.nodes) > STATIC or any(node.kind == "run" for node in graph.nodes):
        return ""
    return to_svg(figure_of(graph, title))


# --- the parts of the page ----------------------------------------------------------------------


def _policy(scripts: list[str], styles: list[str]) -> str:
    """A content security policy: these scripts and styles, and nothing else."""
    allowed = " ".join(_digest(text) for text in scripts) or "'none'"
    styled = " ".join(_digest(text) for text in styles)
    return (
        f"default-src 'none'; script-src {allowed}; style-src {styled}; base-uri 'none'; "
        "form-action 'none'"
    )


def _digest(text: str) -> str:
    code = base64.b64encode(hashlib.sha256(text.encode("utf-8")).digest()).decode("ascii")
    return f"'sha256-{code}'"


@functools.cache
def _asset(name: str) -> str:
    return (resources.files(__package__) / "page" / name).read_text(encoding="utf-8")


@functools.cache
def _words() -> dict[str, list[str]]:
    """What the page says: English and Spanish."""
    return dict(json.loads(_asset("texts.json")))


@functools.cache
def _script() -> str:
    """All scripts as one function, without comments and without blanks that say nothing."""
    text = "\n".join(_asset(f"{name}.js") for name in SCRIPTS)
    lines = [line.strip() for line in text.splitlines()]
    code = [line for line in lines if line and not line.startswith(("//", "/*", "* ", "*/"))]
    kept = [_squeezed(line) for line in code]
    return "\n".join(['(() => {\n"use strict";', *kept, "})();"])


def _squeezed(line: str) -> str:
    """A line of code loses the blanks beside its punctuation, but not inside of texts."""
    if "'" in line or "/" in line or line.count("`") > 2:  # patterns, templates in templates
        return line
    parts = re.split(r'("(?:[^"\\]|\\.)*"|`[^`]*`)', line)
    code = [re.sub(r" ?([=!]==|=>|&&|\|\||[,;:?=(){}<>*+]) ?", r"\1", part) for part in parts[::2]]
    return "".join(a + b for a, b in zip(code, [*parts[1::2], ""], strict=True))


@functools.cache
def _style() -> str:
    """The style sheet, with the colours of kinds from the static drawing."""
    return _asset("page.css") + _colours(".tge", 2) + _colours(':root[data-theme="dark"] .tge', 3)


def _colours(under: str, column: int) -> str:
    rules = []
    for row in COLOURS:
        selectors = ",".join(f"{under} {selector}" for selector in row[0].split(","))
        rules.append(f"{selectors}{{{row[1]}:{row[column]}}}\n")
    return "".join(rules)
