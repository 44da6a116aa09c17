"""`backward_source(loss)`: the forward and the backward pass as NumPy source to read and to run."""

from __future__ import annotations

import hashlib
import linecache
import os
from pathlib import Path
from typing import Any

import numpy as np

from ...autodiff.errors import describe
from ...autodiff.program import Program, program
from ...autodiff.tensor import Tensor
from ..figures.pictures import must_have_a_folder, write
from ..names import Identifiers, caller_names, caller_variables
from .definitions import definition, has_definition, needed
from .writing import Body, folded

__all__ = ["Source", "backward_source"]

WIDTH = 88  # characters up to which a signature stays on one line


class Source:
    """Source text of one function, with the values it was recorded on; `print` shows the text.

    In a notebook it shows itself.
    """

    def __init__(self, text: str, function: str, arguments: dict[str, Any]) -> None:
        self.text = text
        self.name = function
        self.arguments = arguments

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        lines = self.text.count("\n")
        return f"<Source of {self.name}, {lines} lines; print it, .run(), .save('{self.name}.py')>"

    def _repr_markdown_(self) -> str:
        return f"```python\n{self.text}```"

    @property
    def function(self) -> Any:
        """The function itself, made of the text in a namespace of its own.

        Tracebacks show its lines.
        """
        digest = hashlib.sha256(self.text.encode()).hexdigest()[:12]
        file = f"<backward_source {self.name} {digest}>"
        lines = self.text.splitlines(keepends=True)
        linecache.cache[file] = (len(self.text), None, lines, file)
        space: dict[str, Any] = {"__name__": self.name}
        exec(compile(self.text, file, "exec"), space)
        return space[self.name]

    def run(self, **changes: Any) -> tuple[Any, dict[str, Any]]:
        """The value and the gradients by name, on the recorded arguments or on others.

        >>> from tinygrad_es import Tensor, backward_source
        >>> x = Tensor(3.0, requires_grad=True)
        >>> backward_source(x * x).run(x=5.0)
        (25.0, {'x': 10.0})
        """
        unknown = [name for name in changes if name not in self.arguments]
        if unknown:
            raise TypeError(f"run: expected some of {list(self.arguments)}. Received: {unknown}.")
        with np.errstate(all="ignore"):
            found: tuple[Any, dict[str, Any]] = self.function(**(self.arguments | changes))
        return found

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the text to a file that ends in `.py`; returns the path.

        Raises:
            ValueError: another ending.
            FileNotFoundError: a folder that is not there.
        """
        target = Path(path)
        if target.suffix != ".py":
            raise ValueError(f"save: expected a path that ends in .py. Received: {str(path)!r}.")
        must_have_a_folder(target)
        write(target, self.text.encode())
        return target


def backward_source(
    loss: Any, *, gradient: Any = None, names: Any = True, function: str = "step"
) -> Source:
    """Write the forward and the backward pass of a recorded graph as NumPy source.

    The text is a function of the graph's leaves that returns the value and the gradients. It
    needs NumPy and nothing else. Each statement is a row of the table of derivatives, applied to
    this graph: the chain rule, one step a line. Hooks are not written.

    Args:
        loss: the last Tensor: one number, or any with a `gradient`.
        gradient: what arrives at `loss`; may be left out for one number (then 1).
        names: where Tensors without a name get theirs: True for the variables of the function
            that calls this one, a mapping such as `locals()`, or False. What has no name becomes
            v1, v2, …
        function: the name of the function that is written.

    Raises:
        GradientError: as in `backward`; or an operation that cannot be written, by its name.
        TypeError, ValueError: not a Tensor; `names` or `function` cannot be used.

    >>> from tinygrad_es import Tensor, backward_source
    >>> x, y = Tensor(-2.0, requires_grad=True), Tensor(5.0, requires_grad=True)
    >>> print(backward_source(x * y, names={"x": x, "y": y}))
    import numpy as np
    <BLANKLINE>
    <BLANKLINE>
    def step(x, y):
        # forward
        loss = x * y
    <BLANKLINE>
        # backward
        dloss = 1.0
        dx = dloss * y
        dy = dloss * x
        return loss, {"x": dx, "y": dy}
    <BLANKLINE>
    """
    if not isinstance(loss, Tensor):
        hint = " Call it first: backward_source(loss_function(targets, model(inputs)))."
        raise TypeError(
            f"backward_source: expected a Tensor (for example a loss). Received: {describe(loss)}."
            f"{hint if callable(loss) else ''}"
        )
    unique = Identifiers()
    if not isinstance(function, str) or unique(function) != function:
        raise ValueError(
            f"function: expected a name that a function can have. Received: {describe(function)}."
        )
    variables = caller_variables(names, depth=1)
    tensors = caller_names(variables)
    arrays = {id(v): k for k, v in reversed(variables.items()) if isinstance(v, np.ndarray)}

    def name_of(source: Any) -> str | None:
        if type(source) is not Tensor:
            return arrays.get(id(source))
        known = source.name or tensors.get(source.index)
        return known or (None if source.op else arrays.get(id(source.value)))

    steps = program(loss, gradient, has_definition, lambda source: bool(name_of(source)))
    helpers = needed(steps)
    if function in helpers:
        raise ValueError(
            f"function: the source calls another function {function!r}. Expected another name."
        )
    body = Body(steps, Identifiers([function, *helpers]), name_of, loss)
    arguments = {
        body.names[k]: a.value if type(a.value) is float else np.array(a.value)
        for k, a in enumerate(steps.arguments)
    }
    text = module_text(helpers, signature(function, steps, body), body.lines)
    return Source(text, function, arguments)


def module_text(helpers: list[str], head: str, lines: list[str]) -> str:
    """Imports, the functions that NumPy lacks, and the function itself."""
    definitions = ["\n".join(map(within, definition(h).strip().splitlines())) for h in helpers]
    imports = ["import numpy as np"]
    if any("math." in text for text in definitions):
        imports.insert(0, "import math\n")
    body = "\n".join(f"    {line}" if line else "" for line in lines)
    return "\n\n\n".join(["\n".join(imports), *definitions, f"{head}\n{body}\n"])


def within(line: str) -> str:
    """A line of a definition, broken where it is too long."""
    indent = line[: len(line) - len(line.lstrip())]
    return "\n".join(folded(line, indent + "    ", width=100))


def signature(function: str, steps: Program, body: Body) -> str:
    """`def step(x, y):`, with a line for each argument where arrays are among them."""
    names = [body.names[k] for k in range(len(steps.arguments))]
    short = f"def {function}({', '.join(names)}):"
    if all(type(a.value) is float for a in steps.arguments) and len(short) <= WIDTH:
        return short
    lines = [f"def {function}("]
    for name, argument in zip(names, steps.arguments, strict=True):
        value = argument.value
        what = "number" if type(value) is float else f"{value.shape} {value.dtype}"
        lines.append(f"    {name},  # {what}")
    return "\n".join([*lines, "):"])
