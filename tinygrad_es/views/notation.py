r"""Source read as mathematics: `g * (1.0 - y * y)` is g·(1 − y²), and LaTeX.

>>> mathematics("g * (1.0 - y * y)")
'g·(1 − y²)'
>>> mathematics("g * b", {"g": "∂f/∂q", "b": "−4"})
'∂f/∂q·(−4)'
>>> mathematics("x.T @ g", {"x": "a1", "g": "δ2"})
'a1ᵀ @ δ2'
>>> mathematics("g / np.sqrt(1.0 - x * x)", dialect=LATEX)
'\\frac{g}{\\sqrt{1 - {x}^{2}}}'
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from typing import NamedTuple

__all__ = ["LATEX", "TEXT", "Dialect", "latex_name", "mathematics", "number"]

LOW, COMPARE, ADD, UNARY, MULTIPLY, POWER, ATOM = 0, 1, 3, 4, 5, 7, 9
SUPERSCRIPTS = str.maketrans("0123456789-−", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁻")

# one operator each: text, LaTeX
_INFIX: dict[type[ast.operator], tuple[str, str, int]] = {
    ast.Add: (" + ", " + ", ADD),
    ast.Sub: (" − ", " - ", ADD),
    ast.Mult: ("·", r" \cdot ", MULTIPLY),
    ast.MatMult: (" @ ", r"\, ", MULTIPLY),
    ast.Div: ("/", "/", MULTIPLY),
    ast.FloorDiv: (" // ", r" \mathbin{//} ", MULTIPLY),
    ast.Mod: (" mod ", r" \bmod ", MULTIPLY),
}
_RELATIONS = {
    "equal": ("=", "="),
    "not_equal": ("≠", r"\neq"),
    "less": ("<", "<"),
    "less_equal": ("≤", r"\leq"),
    "greater": (">", ">"),
    "greater_equal": ("≥", r"\geq"),
    "logical_and": ("∧", r"\wedge"),
    "logical_or": ("∨", r"\vee"),
}
_FUNCTIONS = {"sigmoid": ("σ", r"\sigma"), "log": ("ln", r"\ln"), "sum": ("Σ", r"\sum")}
_LATEX_KNOWN = frozenset(
    ["exp", "sin", "cos", "tan", "sinh", "cosh", "tanh", "arcsin", "arccos", "arctan", "det"]
)
_GREEK = {
    letter: "\\" + word
    for letter, word in [
        *[("α", "alpha"), ("β", "beta"), ("γ", "gamma"), ("δ", "delta"), ("ε", "epsilon")],
        *[("η", "eta"), ("θ", "theta"), ("λ", "lambda"), ("μ", "mu"), ("ρ", "rho")],
        *[("σ", "sigma"), ("τ", "tau"), ("φ", "phi"), ("ω", "omega")],
    ]
}


class Dialect(NamedTuple):
    """How the parts of a formula are written: 0 for text, 1 for LaTeX."""

    column: int
    name: Callable[[str], str]


def number(value: float, digits: int = 4) -> str:
    """A number for a formula, with a real minus sign: `−0.1966`.

    >>> number(-12.0), number(0.19661193), number(float("nan")), number(1e-7)
    ('−12', '0.1966', 'nan', '1e−07')
    """
    return f"{value + 0.0:.{digits}g}".replace("-", "−")


def latex_name(name: str) -> str:
    r"""A name in LaTeX: `W1` is W_{1}, `dW1` \mathrm{dW}_{1}; nothing in it is a command.

    >>> latex_name("W1"), latex_name("x"), latex_name("δ2"), latex_name("out/kernel")
    ('W_{1}', 'x', '\\delta_{2}', '\\mathrm{out/kernel}')
    """
    head = name.rstrip("0123456789")
    tail = name[len(head) :]
    if head in _GREEK:
        word = _GREEK[head]
    elif len(head) == 1 and head.isalpha():
        word = head
    else:
        word = rf"\mathrm{{{_escaped(head or name)}}}"
        tail = tail if head else ""
    return f"{word}_{{{tail}}}" if tail else word


def _escaped(text: str) -> str:
    special = {"\\": r"\backslash{}", "~": r"\sim{}", "^": r"\wedge{}", "−": "-"}
    special |= {c: "\\" + c for c in "#$%&_{}"}
    return "".join(special.get(c, c) for c in text)


TEXT = Dialect(0, str)
LATEX = Dialect(1, latex_name)


def mathematics(
    source: str, names: Mapping[str, str] | None = None, dialect: Dialect = TEXT
) -> str:
    """The source of an expression as mathematics.

    `names` has, for letters, what to write in their place: already in the dialect, and put in
    parentheses where it begins with a minus sign or holds a sum. `x.shape` and `x.size` may have
    names too.
    """
    tree = ast.parse(source, mode="eval").body
    return _Writer(names or {}, dialect).write(tree)[0]


def _difference(text: str) -> str:
    """`3 − 1`, which power rules leave where the exponent is known, is 2."""
    first, sign, second = text.replace("−", "-").partition(" - ")
    digits = (first + second).replace(".", "")
    return number(float(first) - float(second)) if sign and digits.isdecimal() else text


class _Writer:
    def __init__(self, names: Mapping[str, str], dialect: Dialect) -> None:
        self.names = names
        self.latex = dialect.column == 1
        self.column = dialect.column
        self.name = dialect.name

    def write(self, node: ast.expr) -> tuple[str, int]:
        """The text of a node, and how tightly it binds."""
        method = getattr(self, f"_{type(node).__name__.lower()}", None)
        return (ast.unparse(node), ATOM) if method is None else method(node)

    def inside(self, node: ast.expr, binding: int) -> str:
        text, own = self.write(node)
        return text if own >= binding else self.parentheses(text)

    def parentheses(self, text: str) -> str:
        return rf"\left({text}\right)" if self.latex else f"({text})"

    def _name(self, node: ast.Name) -> tuple[str, int]:
        if node.id not in self.names:
            return self.name(node.id), ATOM
        text = self.names[node.id]
        if text.startswith(("−", "-")):
            return text, UNARY
        return text, ADD if " + " in text or " − " in text else ATOM

    def _constant(self, node: ast.Constant) -> tuple[str, int]:
        if isinstance(node.value, (int, float)) and not isinstance(node.value, bool):
            return number(node.value).replace("−", "-" if self.latex else "−"), ATOM
        return rf"\text{{{_escaped(str(node.value))}}}" if self.latex else str(node.value), ATOM

    def _unaryop(self, node: ast.UnaryOp) -> tuple[str, int]:
        sign = {ast.USub: "-" if self.latex else "−", ast.UAdd: "+"}.get(type(node.op))
        if sign is None:
            return ast.unparse(node), ATOM
        return sign + self.inside(node.operand, MULTIPLY), UNARY

    def _binop(self, node: ast.BinOp) -> tuple[str, int]:
        left, right = node.left, node.right
        if isinstance(node.op, ast.Pow):
            return self.power(left, _difference(self.write(right)[0]))
        if isinstance(node.op, ast.Mult):
            if ast.dump(left) == ast.dump(right):
                return self.power(left, "2")
            if (
                isinstance(left, ast.BinOp)
                and isinstance(left.op, ast.Mult)
                and ast.dump(left.right) == ast.dump(right)
            ):  # (g·y)·y
                rest, square = self.inside(left.left, UNARY), self.power(right, "2")[0]
                return rest + self.sign(ast.Mult) + square, MULTIPLY
        if isinstance(node.op, ast.Div) and self.latex:
            return rf"\frac{{{self.write(left)[0]}}}{{{self.write(right)[0]}}}", ATOM
        binding = _INFIX[type(node.op)][2]
        closed = binding if isinstance(node.op, ast.Add) else binding + 1
        first = self.write(left)
        text = first[0] if first[1] >= binding or first[1] == UNARY else self.parentheses(first[0])
        if isinstance(node.op, ast.Div) and isinstance(left, ast.Name) and "/" in text:
            text = f"({text})"  # (∂L/∂x)/n
        return text + self.sign(type(node.op)) + self.inside(right, closed), binding

    def sign(self, operator: type[ast.operator]) -> str:
        text, latex, _ = _INFIX[operator]
        return latex if self.latex else text

    def power(self, base: ast.expr, exponent: str) -> tuple[str, int]:
        below = self.inside(base, ATOM)
        if self.latex:
            return f"{{{below}}}^{{{exponent}}}", POWER
        if exponent.replace("−", "").isdigit():
            return below + exponent.translate(SUPERSCRIPTS), POWER
        simple = exponent.replace(".", "").isalnum()
        return f"{below}^{exponent}" if simple else f"{below}^({exponent})", POWER

    def _attribute(self, node: ast.Attribute) -> tuple[str, int]:
        if node.attr == "T":
            below = self.inside(node.value, ATOM)
            return (rf"{{{below}}}^{{\top}}" if self.latex else below + "ᵀ"), POWER
        text = ast.unparse(node)
        if text in self.names:
            return self.names[text], ATOM
        if isinstance(node.value, ast.Name) and node.value.id in self.names:
            return f"{self.names[node.value.id]}.{node.attr}", ATOM
        return (rf"\mathrm{{{_escaped(text)}}}" if self.latex else text), ATOM

    def _call(self, node: ast.Call) -> tuple[str, int]:
        name = node.func.attr if isinstance(node.func, ast.Attribute) else ast.unparse(node.func)
        given = [self.write(argument)[0] for argument in node.args]
        if name in _RELATIONS and len(node.args) == 2:
            sign = _RELATIONS[name][self.column]
            ends = [self.inside(argument, COMPARE + 1) for argument in node.args]
            return f" {sign} ".join(ends), COMPARE
        if name in ("zeros_like", "ones_like"):
            return str(int(name == "ones_like")), ATOM
        if name == "abs":
            return f"|{given[0]}|", ATOM
        if name == "sqrt":
            return (rf"\sqrt{{{given[0]}}}" if self.latex else f"√({given[0]})"), ATOM
        if name == "transpose" and len(given) == 1:
            below = self.inside(node.args[0], ATOM)
            return (rf"{{{below}}}^{{\top}}" if self.latex else below + "ᵀ"), POWER
        options = [f"{k.arg}={ast.unparse(k.value)}" for k in node.keywords]
        options = [o for o in options if o not in ("keepdims=True", "kind='stable'")]
        if name == "broadcast_to" and given[1:] == ["()"]:
            return self.write(node.args[0])  # a number stays one
        given = [text for text in given if text not in ("None", r"\text{None}")]
        if self.latex:
            options = [rf"\mathrm{{{_escaped(option)}}}" for option in options]
            if name == "sum" and options:
                return rf"\sum_{{{options[0]}}}" + self.parentheses(given[0]), ATOM
        return self.function(name) + self.parentheses(", ".join([*given, *options])), ATOM

    def function(self, name: str) -> str:
        if name in _FUNCTIONS:
            return _FUNCTIONS[name][self.column]
        if not self.latex:
            return name
        return rf"\{name}" if name in _LATEX_KNOWN else rf"\operatorname{{{_escaped(name)}}}"

    def _subscript(self, node: ast.Subscript) -> tuple[str, int]:
        if ast.unparse(node) in self.names:
            return self.names[ast.unparse(node)], ATOM
        below, index = self.inside(node.value, ATOM), ast.unparse(node.slice)
        if isinstance(node.slice, ast.Tuple):
            index = index.removeprefix("(").removesuffix(")")
        if self.latex:
            return rf"{below}\mathrm{{[{_escaped(index)}]}}", ATOM
        return f"{below}[{index}]", ATOM

    def _list(self, node: ast.List) -> tuple[str, int]:
        return "[" + ", ".join([self.write(part)[0] for part in node.elts]) + "]", ATOM

    def _tuple(self, node: ast.Tuple) -> tuple[str, int]:
        parts = ", ".join([self.write(part)[0] for part in node.elts])
        return f"({parts}{',' if len(node.elts) == 1 else ''})", ATOM
