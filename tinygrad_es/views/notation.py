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
from collections.abc import Callable, Collection, Mapping
from functools import lru_cache
from typing import NamedTuple

__all__ = ["LATEX", "TEXT", "Dialect", "latex_name", "latex_number", "mathematics", "number"]

LOW, COMPARE, ADD, UNARY, MULTIPLY, POWER, ATOM = 0, 1, 3, 4, 5, 7, 9
SUPERSCRIPT_DIGITS = "⁰¹²³⁴⁵⁶⁷⁸⁹"
SUPERSCRIPTS = str.maketrans("0123456789-−", SUPERSCRIPT_DIGITS + "⁻⁻")
PLAIN_DIGITS = str.maketrans(SUPERSCRIPT_DIGITS + "₀₁₂₃₄₅₆₇₈₉", "0123456789" * 2)
_LOOK_ALIKES = str.maketrans("\\~^#$%&{}<>|`*_[]−", "＼～＾＃＄％＆｛｝＜＞｜｀＊-［］-")

# one operator each: text, LaTeX
_INFIX: dict[type[ast.operator], tuple[str, str, int]] = {
    ast.Add: (" + ", " + ", ADD),
    ast.Sub: (" − ", " - ", ADD),
    ast.Mult: ("·", r" \cdot ", MULTIPLY),
    ast.MatMult: (" @ ", r" ", MULTIPLY),
    ast.Div: ("/", "/", MULTIPLY),
    ast.FloorDiv: (" // ", r" \mathbin{//} ", MULTIPLY),
    ast.Mod: (" mod ", r" \bmod ", MULTIPLY),
}
_RELATIONS = {
    "equal": ("=", "="),
    "not_equal": ("≠", r"\neq"),
    "less": ("<", r"\lt"),
    "less_equal": ("≤", r"\leq"),
    "greater": (">", r"\gt"),
    "greater_equal": ("≥", r"\geq"),
    "logical_and": ("∧", r"\wedge"),
    "logical_or": ("∨", r"\vee"),
}
_CALLED: dict[str, type[ast.operator]] = {"divide": ast.Div, "power": ast.Pow}  # 1/0, (−1)^0.5
_FUNCTIONS = {"sigmoid": ("σ", r"\sigma"), "log": ("ln", r"\ln"), "sum": ("Σ", r"\sum")}
_LATEX_KNOWN = frozenset(
    ["exp", "sin", "cos", "tan", "sinh", "cosh", "tanh", "arcsin", "arccos", "arctan", "det"]
)
GREEK_LETTERS = {
    "alpha": "α",
    "beta": "β",
    "gamma": "γ",
    "delta": "δ",
    "epsilon": "ε",
    "eta": "η",
    "theta": "θ",
    "lambda": "λ",
    "mu": "μ",
    "rho": "ρ",
    "sigma": "σ",
    "tau": "τ",
    "phi": "φ",
    "omega": "ω",
}
_GREEK = {letter: "\\" + word for word, letter in GREEK_LETTERS.items()}


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


def latex_number(value: float, digits: int = 4) -> str:
    r"""The same in LaTeX.

    >>> latex_number(-0.5), latex_number(1e-7), latex_number(float("-inf"))
    ('-0.5', '1 \\times 10^{-7}', '-\\infty')
    """
    text = f"{value + 0.0:.{digits}g}".replace("inf", r"\infty").replace("nan", r"\mathrm{NaN}")
    mantissa, e, exponent = text.partition("e")
    return rf"{mantissa} \times 10^{{{int(exponent)}}}" if e and exponent else text


def latex_name(name: str) -> str:
    r"""A name in LaTeX: `W1` is W_{1}, `z²` of layer 2 z^{(2)}; nothing in it is a command.

    No backslash stands before punctuation: Markdown would take it away.

    >>> latex_name("W1"), latex_name("x"), latex_name("δ2"), latex_name("out/kernel")
    ('W_{1}', 'x', '\\delta_{2}', '\\mathrm{out/kernel}')
    >>> latex_name("δ²"), latex_name("learning_rate"), latex_name("50% $x")
    ('\\delta^{(2)}', '\\mathrm{learning}_{\\mathrm{rate}}', '\\text{50％ ＄x}')
    """
    plain = name.rstrip("₀₁₂₃₄₅₆₇₈₉")
    name = plain + name[len(plain) :].translate(PLAIN_DIGITS) if plain else name
    base = name.rstrip(SUPERSCRIPT_DIGITS)
    if base and base != name:
        layer = name[len(base) :].translate(PLAIN_DIGITS)
        return f"{latex_name(base)}^{{({layer})}}"
    head, _, tail = name.partition("_")
    if not head:
        return _word(name.replace("_", "-"))
    if not tail:
        head = name.rstrip("0123456789_") or name
        tail = name[len(head) :]
    tail = tail.replace("_", ",").strip(",")
    below = tail if tail.isdecimal() and tail.isascii() else _word(tail) if tail else ""
    return f"{_word(head)}_{{{below}}}" if below else _word(head)


def _word(text: str) -> str:
    if text in _GREEK:
        return _GREEK[text]
    if len(text) == 1 and text.isascii() and text.isalpha():
        return text
    plain = all(c.isascii() and (c.isalnum() or c in "./,") for c in text)
    return rf"\mathrm{{{text}}}" if plain else rf"\text{{{_escaped(text)}}}"


def _escaped(text: str) -> str:
    """Without what is a command in LaTeX, in Markdown or in HTML: look-alikes stand for it."""
    return text.translate(_LOOK_ALIKES)


TEXT = Dialect(0, str)
LATEX = Dialect(1, latex_name)


def mathematics(
    source: str,
    names: Mapping[str, str] | None = None,
    dialect: Dialect = TEXT,
    arrays: Collection[str] = (),
) -> str:
    """The source of an expression as mathematics.

    `names` has, for letters, what to write in their place: already in the dialect, and put in
    parentheses where it begins with a minus sign or holds a sum. `x.shape` and `x.size` may have
    names too. A product of two letters of `arrays` is elementwise, ⊙.

    >>> mathematics("a + b", {"a": "4", "b": "−3"}), mathematics("g * y", arrays="gy")
    ('4 + (−3)', 'g ⊙ y')
    """
    return _Writer(names or {}, dialect, arrays).write(_parsed(source))[0]


@lru_cache(maxsize=1024)
def _parsed(source: str) -> ast.expr:
    """The tree of an expression, which no one changes: the same rules come again and again."""
    return ast.parse(source, mode="eval").body


def _difference(text: str) -> str:
    """`3 − 1`, which power rules leave where the exponent is known, is 2."""
    first, sign, second = text.replace("−", "-").partition(" - ")
    digits = (first + second).replace(".", "")
    return number(float(first) - float(second)) if sign and digits.isdecimal() else text


_PRODUCTS = ("·", " @ ", " ⊙ ", r" \cdot ", r" \odot ", r" \times ")


def _binding(text: str) -> int:
    """How tightly a text binds: by its first sign, and the signs outside of parentheses."""
    if text.startswith(("−", "-")):
        return UNARY
    depth, found = 0, ATOM
    for i, c in enumerate(text):
        depth += (c in "([{") - (c in ")]}")
        if depth == 0:
            if text.startswith((" + ", " − ", " - "), i):
                return ADD
            ratio = c == "/" and not text.startswith("/∂", i)
            if ratio or text.startswith(_PRODUCTS, i):
                found = MULTIPLY
    return found


class _Writer:
    def __init__(
        self, names: Mapping[str, str], dialect: Dialect, arrays: Collection[str] = ()
    ) -> None:
        self.names = names
        self.arrays = arrays
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
        return text, _binding(text)

    def _constant(self, node: ast.Constant) -> tuple[str, int]:
        if isinstance(node.value, (int, float)) and not isinstance(node.value, bool):
            return (latex_number if self.latex else number)(node.value), ATOM
        return rf"\text{{{_escaped(str(node.value))}}}" if self.latex else str(node.value), ATOM

    def _unaryop(self, node: ast.UnaryOp) -> tuple[str, int]:
        sign = {ast.USub: "-" if self.latex else "−", ast.UAdd: "+"}.get(type(node.op))
        if sign is None:
            return ast.unparse(node), ATOM
        text, own = self.write(node.operand)
        closed = own >= MULTIPLY and not text.startswith(("−", "-"))
        return sign + (text if closed else self.parentheses(text)), UNARY

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
                return rest + self.times(left.left, right) + square, MULTIPLY
        if isinstance(node.op, ast.Div) and self.latex:
            return rf"\frac{{{self.write(left)[0]}}}{{{self.write(right)[0]}}}", ATOM
        binding = _INFIX[type(node.op)][2]
        closed = binding if isinstance(node.op, ast.Add) else binding + 1
        first = self.write(left)
        text = first[0] if first[1] >= binding or first[1] == UNARY else self.parentheses(first[0])
        if isinstance(node.op, ast.Div) and isinstance(left, ast.Name) and "/" in text:
            text = f"({text})"  # (∂L/∂x)/n
        second = self.inside(right, closed)
        if second.startswith(("−", "-")):
            second = self.parentheses(second)  # 4 + (−3)
        sign = self.times(left, right) if isinstance(node.op, ast.Mult) else None
        return text + (sign or self.sign(type(node.op))) + second, binding

    def sign(self, operator: type[ast.operator]) -> str:
        text, latex, _ = _INFIX[operator]
        return latex if self.latex else text

    def times(self, left: ast.expr, right: ast.expr) -> str:
        """The sign of a product: of two arrays it is elementwise."""
        if self.arrays and self.holds_array(left) and self.holds_array(right):
            return r" \odot " if self.latex else " ⊙ "
        return self.sign(ast.Mult)

    def holds_array(self, node: ast.expr) -> bool:
        return any(isinstance(n, ast.Name) and n.id in self.arrays for n in ast.walk(node))

    def raised(self, base: ast.expr) -> str:
        """The base of a power: a name that ends in a raised number is closed, `(a²)ᵀ`."""
        below = self.inside(base, ATOM)
        end = ")}" if self.latex else tuple(SUPERSCRIPT_DIGITS)
        return self.parentheses(below) if below.endswith(end) else below

    def power(self, base: ast.expr, exponent: str) -> tuple[str, int]:
        if exponent == "1":
            return self.write(base)
        below = self.raised(base)
        if self.latex:
            return f"{{{below}}}^{{{exponent}}}", POWER
        if exponent.replace("−", "").isdigit():
            return below + exponent.translate(SUPERSCRIPTS), POWER
        simple = exponent.replace(".", "").isalnum()
        return f"{below}^{exponent}" if simple else f"{below}^({exponent})", POWER

    def _attribute(self, node: ast.Attribute) -> tuple[str, int]:
        if node.attr == "T":
            below = self.raised(node.value)
            return (rf"{{{below}}}^{{\top}}" if self.latex else below + "ᵀ"), POWER
        text = ast.unparse(node)
        if text in self.names:
            return self.names[text], ATOM
        if isinstance(node.value, ast.Name) and node.value.id in self.names:
            attribute = rf"\mathrm{{.{_escaped(node.attr)}}}" if self.latex else f".{node.attr}"
            return self.names[node.value.id] + attribute, ATOM
        return (rf"\mathrm{{{_escaped(text)}}}" if self.latex else text), ATOM

    def _call(self, node: ast.Call) -> tuple[str, int]:
        name = node.func.attr if isinstance(node.func, ast.Attribute) else ast.unparse(node.func)
        if name in _CALLED and len(node.args) == 2:
            return self.write(ast.BinOp(node.args[0], _CALLED[name](), node.args[1]))
        given = [self.write(argument)[0] for argument in node.args]
        if name in _RELATIONS and len(node.args) == 2:
            sign = _RELATIONS[name][self.column]
            ends = [self.inside(argument, COMPARE + 1) for argument in node.args]
            return f" {sign} ".join(ends), COMPARE
        if name in ("zeros_like", "ones_like"):
            return str(int(name == "ones_like")), ATOM
        if name == "abs":
            return (rf"\lvert {given[0]} \rvert" if self.latex else f"|{given[0]}|"), ATOM
        if name == "sqrt":
            return (rf"\sqrt{{{given[0]}}}" if self.latex else f"√({given[0]})"), ATOM
        if name == "transpose" and len(given) == 1:
            below = self.raised(node.args[0])
            return (rf"{{{below}}}^{{\top}}" if self.latex else below + "ᵀ"), POWER
        if name == "where" and [ast.unparse(n) for n in node.args[1:]] == ["1.0", "0.0"]:
            return (rf"\mathbf{{1}}[{given[0]}]" if self.latex else f"1[{given[0]}]"), ATOM
        options = [f"{k.arg}={ast.unparse(k.value)}" for k in node.keywords]
        options = [o for o in options if o not in ("keepdims=True", "kind='stable'")]
        if name == "broadcast_to" and given[1:] == ["()"]:
            return self.write(node.args[0])  # a number stays one
        given = [text for text in given if text not in ("None", r"\text{None}")]
        if self.latex:
            options = [rf"\mathrm{{{_escaped(option)}}}" for option in options]
            if name == "sum" and options:
                return rf"\sum_{{{options[0]}}} " + self.parentheses(given[0]), ATOM
        return self.function(name) + self.parentheses(", ".join([*given, *options])), ATOM

    def function(self, name: str) -> str:
        if name in _FUNCTIONS:
            return _FUNCTIONS[name][self.column]
        if not self.latex:
            return name
        return rf"\{name}" if name in _LATEX_KNOWN else rf"\mathrm{{{_escaped(name)}}}"

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
