"""`explain(loss)`: the chain rule of a recorded graph, told step by step.

The forward pass first, every operation with its numbers; then the backward pass, at each step what
arrives, the local rule, and what is sent on; at the end the gradients. In Spanish or English, as
text, Markdown with LaTeX, or HTML.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ...autodiff.errors import describe
from ...autodiff.tensor import Tensor
from ...languages import chosen
from ..figures.pictures import must_have_a_folder, write
from ..names import caller_names, named_arrays
from ..snapshot import snapshot
from .document import Document, to_text
from .markdown import to_markdown
from .matrices import matrices_of
from .narration import Narration
from .records import Record, record_of
from .telling import Teller
from .webpage import to_html, to_page

__all__ = ["Explanation", "explain"]

LEVELS = (None, "scalars", "matrices")
DETAILED = 50_000  # operations up to which every contribution is computed
LIMIT = 200  # operations that are told


class Explanation:
    """A told graph: `print` it, show it in a notebook, save it; `.steps` are its steps as data."""

    def __init__(self, document: Document, steps: tuple[Record, ...]) -> None:
        self.document = document
        self.steps = steps

    def text(self) -> str:
        """Plain text; what `print` shows."""
        return to_text(self.document)

    def markdown(self) -> str:
        """Markdown with formulas in LaTeX between dollars, for GitHub and notebooks."""
        return to_markdown(self.document)

    def html(self) -> str:
        """A fragment of HTML with formulas in MathML; it needs no script and no network."""
        return to_html(self.document)

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write `.txt`, `.md` or `.html` (a whole page), by the ending; returns the path.

        The file is written whole or not at all.

        Raises:
            ValueError: another ending.
            FileNotFoundError: a folder that is not there.
        """
        target = Path(path)
        writers = {".txt": to_text, ".md": to_markdown, ".html": to_page}
        if target.suffix not in writers:
            raise ValueError(
                f"save: expected a path that ends in {', '.join(writers)}. Received: {str(path)!r}."
            )
        must_have_a_folder(target)
        written = writers[target.suffix](self.document).rstrip("\n") + "\n"
        write(target, written.encode())
        return target

    def __str__(self) -> str:
        return self.text()

    def __repr__(self) -> str:
        count = len(self.steps)
        steps = f"{count} step{'' if count == 1 else 's'}"
        return f"<Explanation of {steps}; print it, or .markdown(), .html(), .save('why.html')>"

    def _repr_markdown_(self) -> str | None:
        return _quietly(self.markdown)

    def _repr_html_(self) -> str | None:
        return _quietly(self.html)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        found = {
            "text/plain": _quietly(self.text),
            "text/markdown": _quietly(self.markdown),
            "text/html": _quietly(self.html),
        }
        return {kind: text for kind, text in found.items() if text is not None}


def _quietly(write: Any) -> str | None:
    """A notebook must not break on what it shows."""
    try:
        return str(write())
    except Exception:
        return None


def explain(
    root: Any,
    *,
    gradient: Any = None,
    language: str | None = None,
    names: bool | Mapping[str, Any] = True,
    digits: int = 4,
    level: str | None = None,
    limit: int | None = LIMIT,
) -> Explanation:
    """Tell the chain rule of the graph that ends in a Tensor.

    Args:
        root: the last Tensor, for example a loss. A backward pass of its own is run; the graph and
            all `.grad` stay as they are.
        gradient: what arrives at `root`; needed where it is more than one number.
        language: "en" or "es"; by default that of `set_language`.
        names: True takes the names of the caller's variables for Tensors without a name; a mapping
            from names to Tensors gives them; False takes none.
        digits: significant digits of numbers.
        level: "scalars" tells every operation; "matrices" tells layers with their δ; None chooses:
            matrices where layers are found.
        limit: operations that are told; of more, those in the middle are left out. None: all.

    Raises:
        TypeError: `root` is not a Tensor.
        ValueError: an unknown language or level, digits below 1, a limit below 2.

    >>> from tinygrad_es import Tensor
    >>> x, y = Tensor(3.0, requires_grad=True), Tensor(-4.0, requires_grad=True)
    >>> f = x * y
    >>> print(explain(f, language="en"))
    The chain rule, step by step
    <BLANKLINE>
    Forward pass
      x = 3, y = −4
      f = x·y = 3·(−4) = −12
    <BLANKLINE>
    Backward pass
      The backward pass begins at the end: ∂f/∂f = 1.
    <BLANKLINE>
      1. f = x·y. Arrives: ∂f/∂f = 1
         The product passes the gradient on crosswise: each factor gets it times the other one.
           ∂f/∂x = y = −4
           ∂f/∂y = x = 3
    <BLANKLINE>
    Gradients
      name  shape   value  gradient
      ────  ──────  ─────  ────────
      x     number  3      −4
      y     number  −4     3
    """
    language = chosen(language)
    _check(root, digits, level, limit)
    known = caller_names(names, 1)
    graph = named_arrays(snapshot(root, gradient, known, detailed=DETAILED), names, 1)
    told: Narration | None = None
    if level != "scalars":
        told = matrices_of(graph, language, digits, always=level is not None)
    told = told or Narration(Teller(graph, language, digits))
    title = told.teller.say("The chain rule, step by step", "La regla de la cadena, paso a paso")
    blocks = [*told.forward(limit), *told.backward(limit)]
    document = Document(title, tuple(blocks), language)
    return Explanation(document, tuple(record_of(told.teller.story, i) for i in told.told))


def _check(root: Any, digits: Any, level: Any, limit: Any) -> None:
    if not isinstance(root, Tensor):
        hint = " Call it first: explain(loss_function(targets, model(inputs)))."
        raise TypeError(
            f"explain: expected a Tensor (for example a loss). Received: {describe(root)}."
            f"{hint if callable(root) else ''}"
        )
    if type(digits) is not int or not 1 <= digits <= 17:
        raise ValueError(f"digits: expected an integer from 1 to 17. Received: {digits!r}.")
    if level not in LEVELS:
        raise ValueError(f"level: expected one of {LEVELS}. Received: {level!r}.")
    if limit is not None and (type(limit) is not int or limit < 2):
        raise ValueError(f"limit: expected None or an integer from 2 on. Received: {limit!r}.")
