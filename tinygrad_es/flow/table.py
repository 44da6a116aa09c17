"""The flow of gradients as a table in the terminal, and in a notebook."""

from __future__ import annotations

import html
import io
import math
from collections.abc import Callable, Sequence
from typing import Any

from ..languages import say
from ..views.health import flag_names

__all__ = ["html_of", "number", "table_of"]

COLUMNS = {  # of a row → heading
    "name": ("layer", "capa"),
    "norm": ("norm", "norma"),
    "mean": ("mean", "media"),
    "zeros": ("zeros", "ceros"),
    "update": ("update/ weight", "paso/ peso"),
    "arrives": ("error that arrives", "error que llega"),
    "idle": ("flat or dead", "plano o muerto"),
    "flags": ("flags", "avisos"),
}
SHARES = ("zeros", "idle")
NOTE = (
    "norm, mean, zeros: of ∂L/∂w. error that arrives: ∂L/∂z, where the last layer has 1.",
    "norma, media, ceros: de ∂L/∂w. error que llega: ∂L/∂z, donde la última capa tiene 1.",
)
HEALTHY = ("no flags", "sin avisos")


def number(value: float | None, share: bool = False) -> str:
    """A number for a reader, in few characters; — where there is none.

    >>> number(0.000123456), number(12.3456), number(0.25, share=True), number(None)
    ('1.2e-04', '12.3', '25%', '—')
    """
    if value is None:
        return "—"
    if not math.isfinite(value):
        return "NaN" if math.isnan(value) else "inf" if value > 0 else "-inf"
    if share:
        return f"{value:.0%}"
    if value == 0.0 or 1e-2 <= abs(value) < 1e4:
        return f"{value:.3g}"
    return f"{value:.1e}"


def cells(row: dict[str, Any], language: str | None) -> list[str]:
    """The texts of one row."""
    found = [row["name"]]
    idle = [share for share in (row["saturated"], row["dead"]) if share is not None]
    full = row | {"idle": max(idle, default=None)}
    found += [number(full[c], c in SHARES) for c in list(COLUMNS)[1:-1]]
    return [*found, flag_names(row["flags"], language)]


def table_of(
    rows: Sequence[dict[str, Any]],
    loss: float,
    reasons: Sequence[str],
    language: str | None = None,
    width: int | None = None,
) -> str:
    """The table as text of a width (default: 92 columns), what is wrong in sentences below."""
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    title = say(("Gradient flow", "Flujo del gradiente"), language)
    lost = say(("loss", "pérdida"), language)
    table = Table(box=box.SQUARE, width=width or 92, header_style="bold")
    for i, heading in enumerate(COLUMNS.values()):
        ends = i in (0, len(COLUMNS) - 1)
        table.add_column(say(heading, language), justify="left" if ends else "right")
    for row in rows:
        table.add_row(*map(Text, cells(row, language)))
    text = io.StringIO()
    console = Console(width=width or 92, file=text, force_terminal=False)
    console.print(Text(f"{title}, {lost} {number(loss)}"), table, Text(say(NOTE, language)))
    for line in reasons or [say(HEALTHY, language)]:
        console.print(Text(line))
    return "\n".join(line.rstrip() for line in text.getvalue().splitlines())


def html_of(table: Callable[[], str]) -> str:
    """The text in a notebook; a failure is said, never raised."""
    try:
        text = table()
    except Exception as error:
        text = f"{type(error).__name__}: {error}"
    return f"<pre>{html.escape(text)}</pre>"
