"""Pictures of a data set, with what they are and what a model takes them for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .canvas import VERMILLION, panels
from .values import class_numbers, finite

__all__ = ["images"]

MOST = 400  # pictures in one figure, before it takes minutes


def images(
    x: Any,
    labels: Any = None,
    predictions: Any = None,
    *,
    names: Sequence[Any] | None = None,
    columns: int = 10,
    ax: Any = None,
) -> Any:
    """Small pictures side by side: digits, clothes, colour photographs; returns their Axes.

    Grey pictures are drawn as ink on paper, the largest number of all of them black. Below a
    mistake stands, in red, "3 → 8": a 3 that was taken for an 8.

    Args:
        x: (n, height, width), grey, also (n, height, width, 1); or (n, height, width, 3), colour,
            whole numbers of 0..255 or fractions of 0..1.
        labels: the classes, (n,).
        predictions: what the model says, (n,) or, as probabilities, (n, classes).
        names: of the classes; default their numbers.
        columns: pictures in a row.
        ax: n Axes to draw on; default: a new figure.

    Raises:
        ValueError: another shape; NaN; other numbers of labels or predictions; labels without a
            name; more than 400 pictures.

    >>> from tinygrad_es.datasets import optdigits
    >>> x, y = optdigits.load_all()
    >>> axes = images(x[:3], y[:3], [0, 1, 7])
    >>> [ax.get_xlabel() for ax in axes]
    ['0', '1', '2 → 7']
    """
    x = checked_pictures(x)
    texts = captions(len(x), labels, predictions, names)
    height, width = x.shape[1:3]
    found = panels(ax, len(x), columns, (0.9, 0.9 * height / width + (0.25 if texts else 0.0)))
    shades = {} if x.ndim == 4 else {"cmap": "gray_r", "vmin": min(0, x.min()), "vmax": x.max()}
    for i, each in enumerate(found):
        each.imshow(x[i], **shades)
        each.set_xticks([])
        each.set_yticks([])
        if texts:
            text, right = texts[i]
            each.set_xlabel(text, color="black" if right else VERMILLION, fontsize=9)
    return found


def checked_pictures(x: Any) -> Any:
    """Pictures as (n, height, width) or (n, height, width, 3), of finite numbers in range."""
    x = np.asarray(x)
    if x.ndim == 4 and x.shape[-1] == 1:
        x = x[..., 0]
    if x.ndim not in (3, 4) or x.size == 0 or (x.ndim == 4 and x.shape[-1] != 3):
        raise ValueError(
            "images: expected (n, height, width), or (n, height, width, 3) for colour. Received: "
            f"shape {x.shape}; of flat pictures x.reshape(-1, height, width), of one x[None]."
        )
    if len(x) > MOST:
        raise ValueError(f"images: expected up to {MOST}. Received: {len(x)}; show x[:25].")
    x = finite("images", x, x.ndim)
    top = 1.0 if x.dtype.kind == "f" else 255
    if x.ndim == 4 and (x.min() < 0 or x.max() > top):
        raise ValueError(
            "images: expected colours of 0..255 as whole numbers, or of 0..1 as fractions. "
            f"Received: {x.dtype} of {x.min():g}..{x.max():g}."
        )
    return x


def captions(n: int, labels: Any, predictions: Any, names: Any) -> list[tuple[str, bool]]:
    """The text below each picture, and whether nothing is wrong with it."""
    found = []
    for what, given in (("labels", labels), ("predictions", predictions)):
        if given is not None:
            classes = class_numbers(what, given)
            if len(classes) != n:
                raise ValueError(
                    f"{what}: expected {n}, one per picture. Received: {len(classes)}."
                )
            found.append([named(what, k, names) for k in classes.tolist()])
    if not found:
        return []
    return [(a, True) if a == b else (f"{a} → {b}", False) for a, b in zip(found[0], found[-1])]


def named(what: str, k: int, names: Any) -> str:
    """The name of class k."""
    if names is None:
        return str(k)
    if not 0 <= k < len(names):
        raise ValueError(f"{what}: expected classes from 0 to {len(names) - 1}. Received: {k}.")
    return str(names[k])
