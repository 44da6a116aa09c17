"""`model.summary()`: the table of layers, shapes and numbers of parameters."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from typing import Any

from ..layers.symbolic import is_shape

__all__ = ["print_summary"]

WIDTHS = {
    "Layer (type)": 9, "Output Shape": 7, "Param #": 4, "Connected to": 6, "Trainable": 3,
}  # fmt: skip


def shape_text(shape: Any) -> str:
    """A shape as a tuple, several as a list of tuples."""
    if shape is None:
        return "?"
    if isinstance(shape, dict):
        return "{" + ", ".join(f"{k}: {shape_text(v)}" for k, v in shape.items()) + "}"
    if not is_shape(shape):
        return "[" + ", ".join(shape_text(part) for part in shape) + "]"
    return "(" + ", ".join(str(n) for n in shape) + (",)" if len(shape) == 1 else ")")


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


def connections(model: Any, layer: Any) -> str:
    """What each call of the layer takes: name[call][output]."""
    function = model._function
    found = [
        f"{origin.layer.name}[{origin.call}][{origin.place}]"
        for step in function.steps
        if step.layer is layer
        for origin in (function.origins[slot] for slot in step.sources)
    ]
    return ", ".join(found) or "-"


def rows_of(
    model: Any, connected: bool, trainable: bool, nested: bool, level: int = 0
) -> list[tuple[str, list[str]]]:
    """One row a layer, with its name: name (type), output shape, parameters, …"""
    rows: list[tuple[str, list[str]]] = []
    for layer, shape in model.layers_with_shapes():
        prefix = "   " * level + "└ " if level else ""
        count = f"{layer.count_params():,}" if layer.built else "0 (unbuilt)"
        row = [f"{prefix}{layer.name} ({layer.type_name})", shape_text(shape), count]
        if connected:
            row.append("-" if level else connections(model, layer))
        if trainable:
            row.append(("Y" if layer.trainable else "N") if layer.weights else "-")
        rows.append((layer.name, row))
        if nested and hasattr(layer, "layers_with_shapes"):
            inside = rows_of(layer, connected, trainable, nested, level + 1)
            rows += [("", row) for _, row in inside]
    return rows


def in_range(rows: list[tuple[str, list[str]]], bounds: Any) -> list[list[str]]:
    """The rows from the first layer that matches to the last one."""
    if bounds is None:
        return [row for _, row in rows]
    if len(bounds) != 2 or not all(isinstance(name, str) for name in bounds):
        raise ValueError(
            f"layer_range must be a list or tuple of two strings. Received: layer_range={bounds!r}."
        )
    names = [name for name, _ in rows]
    first = [i for i, name in enumerate(names) if name and re.match(bounds[0], name)]
    last = [i for i, name in enumerate(names) if name and re.match(bounds[1], name)]
    if not first or not last:
        raise ValueError(
            f"Passed layer_names do not match the layer names in the model. Received: {bounds}. "
            f"Expected among {[name for name in names if name]}."
        )
    begin, end = sorted((min(first), max(last)))
    while end + 1 < len(rows) and not names[end + 1]:
        end += 1  # what is inside of it
    return [row for _, row in rows[begin : end + 1]]


def print_summary(
    model: Any,
    line_length: int | None = None,
    positions: Any = None,
    print_fn: Callable[[str], Any] | None = None,
    expand_nested: bool = False,
    show_trainable: bool = False,
    layer_range: Any = None,
) -> None:
    """Print the table with rich, or hand the whole text to `print_fn` at once."""
    from rich import box
    from rich.console import Console, Group
    from rich.table import Table
    from rich.text import Text

    connected = getattr(model, "_function", None) is not None and not model._function.is_chain
    rows = in_range(rows_of(model, connected, show_trainable, expand_nested), layer_range)
    names = ["Layer (type)", "Output Shape", "Param #"]
    names += ["Connected to"] * connected + ["Trainable"] * show_trainable
    width = line_length or 72 + 20 * connected + 12 * show_trainable
    table = Table(box=box.SQUARE, width=width, show_lines=True, header_style="bold")
    columns = column_widths(positions, width, len(names))
    for name, column in zip(names, columns, strict=True):
        justify = {"Param #": "right", "Trainable": "center"}.get(name, "left")
        share: Any = {"ratio": WIDTHS[name]} if column is None else {"width": column}
        if name == "Trainable" and column is None:
            share = {"width": len(name)}  # Y or N: the name is enough
        table.add_column(name, justify=justify, **share)  # type: ignore[arg-type]  # literal
    for row in rows:
        table.add_row(*map(Text, row))
    text = None if print_fn is None else io.StringIO()
    console = Console(width=width, file=text, force_terminal=False if text else None)
    title = Text(f'Model: "{model.name}"', style="bold")
    console.print(Group(title, table, *map(Text, totals(model))))  # at once: one cell of a notebook
    if print_fn is not None and text is not None:
        print_fn(text.getvalue())


def column_widths(positions: Any, width: int, count: int) -> list[int | None]:
    """The widths of the columns inside their frames; None: by their usual shares."""
    if positions is None:
        return [None] * count
    ends = [int(p * width) if p <= 1 else int(p) for p in positions]
    widths = [end - begin - 3 for begin, end in zip([0, *ends], ends, strict=False)]
    if len(widths) != count or min(widths) < 1:
        raise ValueError(
            f"`positions`: expected {count} growing ends of columns. Received: {positions}."
        )
    return list(widths)


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
