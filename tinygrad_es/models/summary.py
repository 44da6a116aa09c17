"""`model.summary()`: the table of layers, shapes and numbers of parameters."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

__all__ = ["print_summary"]


def shape_text(shape: Any) -> str:
    return (
        "?"
        if shape is None
        else "(" + ", ".join(str(n) for n in shape) + (",)" if len(shape) == 1 else ")")
    )


def memory(count_of_bytes: float) -> str:
    """Bytes with a unit, two decimals.

    >>> memory(76), memory(266_610 * 4)
    ('76.00 B', '1.02 MB')
    """
    for unit in ("B", "KB", "MB", "GB"):
        if count_of_bytes < 1024:
            return f"{count_of_bytes:.2f} {unit}"
        count_of_bytes /= 1024
    return f"{count_of_bytes:.2f} TB"


def rows_of(model: Any) -> list[tuple[str, str, str]]:
    """One row a layer: name (type), output shape, parameters."""
    rows = []
    for layer, shape in model.layers_with_shapes():
        count = f"{layer.count_params():,}" if layer.built else "0 (unbuilt)"
        rows.append((f"{layer.name} ({type(layer).__name__})", shape_text(shape), count))
    return rows


def print_summary(
    model: Any, line_length: int | None = None, print_fn: Callable[[str], Any] | None = None
) -> None:
    """Print the table with rich, or hand the whole text to `print_fn` at once."""
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    width = line_length or 72
    table = Table(box=box.SQUARE, width=width, show_lines=True, header_style="bold")
    for name, share, justify in (
        ("Layer (type)", 9, "left"),
        ("Output Shape", 7, "left"),
        ("Param #", 4, "right"),
    ):
        table.add_column(name, ratio=share, justify=justify)  # type: ignore[arg-type]  # literal
    for row in rows_of(model):
        table.add_row(*map(Text, row))
    text = None if print_fn is None else io.StringIO()
    console = Console(width=width, file=text, force_terminal=False if text else None)
    console.print(Text(f'Model: "{model.name}"', style="bold"))
    console.print(table)
    for line in totals(model):
        console.print(Text(line))
    if print_fn is not None and text is not None:
        print_fn(text.getvalue())


def totals(model: Any) -> list[str]:
    """The lines below the table; optimizer state is never counted as a parameter."""
    groups = [
        ("Total params", model.weights),
        ("Trainable params", model.trainable_weights),
        ("Non-trainable params", model.non_trainable_weights),
    ]
    lines = []
    for name, weights in groups:
        count = sum(w.size for w in weights)
        size = sum(w.size * w.dtype.itemsize for w in weights)
        lines.append(f" {name}: {count:,} ({memory(size)})")
    return lines
