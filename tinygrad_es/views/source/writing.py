"""How the statements of a program become lines: names, parts with a name of their own, comments.

What has no name and is used once stands in the line that uses it, so that `x @ W + b` is one line.
"""

from __future__ import annotations

import linecache
from collections import Counter
from collections.abc import Callable
from pathlib import PurePath
from typing import Any

from ...autodiff import arrays
from ...autodiff.expressions import Expression, literal
from ...autodiff.program import Program, Statement
from ...autodiff.tensor import Tensor
from ..figures.figure import clean, shorten
from ..names import Identifiers

__all__ = ["Body", "folded", "parts_of"]

WHOLE = 72  # characters up to which an expression stays in one piece
FEW = 12  # operations up to which it does
PART = 48  # characters from which on a part of a longer expression gets a line of its own
INSIDE = 40  # characters up to which a value without a name stands in the line that uses it
LINE = 92  # characters of a line
SHARING = frozenset(
    ["reshape", "transpose", "broadcast_to", "getitem", "flip", "windows", "sum_to", "einsum"]
)
FRESH = (arrays.NATIVE - SHARING) | {"add", "subtract", "multiply", "divide", "negative"}
"""Operations whose result is an array of its own, which `+=` may change."""


class Body:
    """The lines of the function, and the names in it."""

    def __init__(
        self,
        program: Program,
        unique: Identifiers,
        name_of: Callable[[Any], str | None],
        root: Tensor,
    ) -> None:
        self.unique = unique
        self.root = root
        self.forward = [s for s in program.statements if not s.backward]
        self.backward = [s for s in program.statements if s.backward]
        self.targets = {id(s.target) for s in program.statements}
        self.named: set[int] = set()  # the expressions that are, by now, a name
        self.names = [unique(n) if (n := name_of(a.source)) else "" for a in program.arguments]
        self.wishes = self.wish_names(name_of)
        self.called: dict[int, str] = {}  # the name of a Tensor's value, by its index
        self.name_arguments(program)
        self.first: dict[int, Expression] = {}  # the gradient of a Tensor, so far
        self.scopes = Scopes([s.by.scope for s in program.statements])
        self.place = ("", "")  # the layer and the user's line of the statement before
        self.lines: list[str] = []
        self.write()
        self.give_back(program)

    # --- names ----------------------------------------------------------------------------------

    def wish_names(self, name_of: Callable[[Any], str | None]) -> dict[int, str]:
        """What nodes are called: the user's name; the last one of a layer has the layer's."""
        wishes: dict[int, str] = {}
        layers: dict[Any, int] = {}
        for s in self.forward:
            node = s.node
            own = name_of(node)
            if own:
                wishes[node.index] = own
            elif node.scope and node.scope.order == 0:
                layers[str(node.scope), node.scope.call] = node.index
        for (path, _), index in layers.items():
            wishes.setdefault(index, path.rpartition("/")[2])
        wishes.setdefault(self.root.index, "loss" if self.root.size == 1 else "y")
        return {index: self.unique(name) for index, name in wishes.items()}

    def name_arguments(self, program: Program) -> None:
        """A name for the arguments that have none: what the operation calls them."""
        for k, argument in enumerate(program.arguments):
            role = argument.role
            wish = self.unique.numbered if len(role) == 1 else self.unique
            self.names[k] = self.names[k] or wish(role)
            argument.expression.text = self.names[k]
            if type(argument.source) is Tensor:
                self.called[argument.source.index] = self.names[k]

    def is_named(self, x: Expression) -> bool:
        """Whether an expression is a name by now."""
        return id(x) in self.named

    def call_it(self, x: Expression, name: str) -> None:
        """Let an expression be a name from here on."""
        x.text = name
        self.named.add(id(x))

    # --- statements -----------------------------------------------------------------------------

    def write(self) -> None:
        """The lines of both passes."""
        passing = self.passing()
        once = self.used_once_forward()
        inside: set[int] = set()  # what stands in another line has no line for its gradient either
        self.lines.append("# forward")
        for s in self.forward:
            index = s.node.index
            if index in passing and id(s.target) in once and self.is_short(s.target):
                inside.add(index)
                continue
            name = self.wishes.get(index) or self.unique.numbered("v")
            self.called[index] = name
            self.comment(s)
            self.assign(name, s.target, shape=True)
        self.lines += ["", "# backward"]
        self.place = ("", "")
        for s in self.backward:
            if s.node.index in inside:
                self.call_it(s.target, s.target.inputs[0].text)
            else:
                self.write_gradient(s)

    def passing(self) -> set[int]:
        """The nodes without a name whose gradient is, as a whole, that of another one."""
        contributions = Counter(s.node.index for s in self.backward)
        return {
            s.node.index
            for s in self.backward
            if s.target.op == "same"
            and isinstance(s.target.inputs[0], Expression)
            and contributions[s.node.index] == 1
            and s.node.op is not None
            and s.node.index not in self.wishes
        }

    def used_once_forward(self) -> set[int]:
        """The targets that one statement uses, once, and it is in the forward pass."""
        uses: Counter[int] = Counter()
        backward: set[int] = set()
        for s in (*self.forward, *self.backward):
            for part in parts_of(s.target, lambda x: id(x) in self.targets):
                found = [id(x) for x in part.parts() if id(x) in self.targets]
                uses.update(found)
                if s.backward:
                    backward.update(found)
        return {x for x, n in uses.items() if n == 1} - backward

    def is_short(self, x: Expression) -> bool:
        """Whether an expression is short enough to stand inside another one."""
        parts = parts_of(x, self.is_named)
        if len(x.text) <= INSIDE:
            return True
        for part in parts:
            part.forget()
        return False

    def write_gradient(self, s: Statement) -> None:
        """`dz = …`, or one more contribution to it."""
        index = s.node.index
        self.comment(s)
        if s.before is None:
            self.assign(self.unique("d" + self.called[index]), s.target)
        elif self.first[index].op in FRESH:
            self.assign(s.before.text, s.target.inputs[1], sign="+=")
            self.call_it(s.target, s.before.text)
        else:  # its memory may be another gradient's: a new array is made
            self.assign(s.before.text, s.target)
        self.first[index] = s.target

    def assign(self, name: str, target: Expression, sign: str = "=", shape: bool = False) -> None:
        """The line `name = …`, after lines for parts that are used twice or long."""
        parts = [] if self.is_named(target) else parts_of(target, self.is_named)
        count = Counter(id(x) for part in parts for x in part.parts())
        for part in parts[:-1]:  # inner ones come first, so this goes no deeper than once
            if count[id(part)] > 1 and part.op not in ("T", "same", "float"):
                self.assign(self.unique.numbered("t"), part)
        parts = parts_of(target, self.is_named) if parts else parts
        if len(parts) > FEW or len(target.text) > WHOLE:
            for part in parts:
                part.forget()
            for part in parts[:-1]:
                if len(part.text) > PART:
                    text = part.text
                    self.call_it(part, self.unique.numbered("t"))
                    self.lines += folded(f"{part.text} = {text}")
        line = f"{name} {sign} {literal(target)}"
        note = f"{line}  # {target.shape}" if shape and target.ndim else line
        self.lines += [note] if len(note) <= LINE else folded(line)
        self.call_it(target, name)

    def give_back(self, program: Program) -> None:
        """`return loss, {"x": dx}`, over several lines where it is long."""
        pairs = [f'"{a.expression.text}": {g.text}' for a, g in program.gradients]
        value = program.value.text
        line = f"return {value}, {{{', '.join(pairs)}}}"
        long = [f"return {value}, {{", *(f"    {pair}," for pair in pairs), "}"]
        self.lines += [line] if len(line) <= LINE - 4 else long

    # --- comments -------------------------------------------------------------------------------

    def comment(self, s: Statement) -> None:
        """The layer, where it is another one than before, and the user's line."""
        layer = self.scopes.title(s.by)
        line = "" if s.backward else users_line(s.node.line)
        if layer != self.place[0]:
            if self.lines[-1] not in ("# forward", "# backward"):
                self.lines.append("")
            if layer:
                self.lines.append(f"# {layer}")
        if line and line != self.place[1]:
            self.lines.append(f"# {line}")
        self.place = (layer, line)


def parts_of(root: Expression, known: Callable[[Expression], bool]) -> list[Expression]:
    """The operations that an expression is made of, inputs first, itself last.

    What is `known` is left out; one that is used twice is there once.
    """
    found: list[Expression] = []
    seen: set[int] = set()
    waiting = [(root, False)]
    while waiting:
        part, entered = waiting.pop()
        if entered:
            found.append(part)
        elif id(part) not in seen:
            seen.add(id(part))
            waiting.append((part, True))
            inner = [x for x in part.parts() if x.op and not known(x)]
            waiting += [(x, False) for x in reversed(inner)]
    return found


# --- text ---------------------------------------------------------------------------------------


class Scopes:
    """Layers as titles: their path, without what all of them have in common."""

    def __init__(self, scopes: list[Any]) -> None:
        paths = {str(scope): str(scope).split("/") for scope in scopes if scope}
        self.skip = 0
        while paths and all(len(path) > self.skip + 1 for path in paths.values()):
            if len({path[self.skip] for path in paths.values()}) > 1:
                break
            self.skip += 1

    def title(self, node: Tensor) -> str:
        """The layer of a node; with a prime where it is of the layer's derivative."""
        if not node.scope:
            return ""
        path = "/".join(str(node.scope).split("/")[self.skip :])
        return shorten(clean(path), 80) + "′" * node.scope.order


def users_line(line: str) -> str:
    """`train.py:12: h = np.tanh(x @ W1)`, of the file and line that was recorded."""
    file, _, number = line.rpartition(":")
    if not file or not number.isdigit():
        return ""
    text = linecache.getline(file, int(number)).strip() if file.isprintable() else ""
    return shorten(clean(f"{PurePath(file).name}:{number}: {text}"), LINE - 6)


def folded(line: str, indent: str = "    ", width: int = LINE) -> list[str]:
    """A line, broken after commas inside brackets where it is too long: the outermost first."""
    if len(line) <= width:
        return [line]
    places = commas(line)
    lines, start = [], 0
    while len(line) - start > width - len(indent):
        near = [(depth, -i) for i, depth in places if start < i <= start + width - len(indent)]
        if not near:
            break
        end = -min(near)[1]
        lines.append(line[start:end].rstrip())
        start = end
        places = [(i, depth) for i, depth in places if i > start]
    return [part if k == 0 else indent + part for k, part in enumerate([*lines, line[start:]])]


def commas(line: str) -> list[tuple[int, int]]:
    """Where a line may be broken, and how deep in brackets."""
    found, depth, quote = [], 0, ""
    for i, c in enumerate(line):
        if quote:
            quote = "" if c == quote else quote
        elif c in "'\"":
            quote = c
        elif c in "([{":
            depth += 1
        elif c in ")]}":
            depth -= 1
        elif c == "," and depth and line[i + 1 : i + 2] == " ":
            found.append((i + 2, depth))
    return found
