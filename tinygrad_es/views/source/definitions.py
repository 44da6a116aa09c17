"""Functions that generated source brings along: what NumPy lacks, and rows that have a name.

Their text is that of the library itself, by `inspect.getsource`, so that there is one of each:
functions of the arrays reading without their annotations, forwards of the table with `np.` in the
place of `xp.`.
"""

from __future__ import annotations

import ast
import copy
import functools
import inspect
import re
import textwrap
from collections.abc import Callable
from typing import Any

from ...autodiff import arrays
from ...autodiff.expressions import helper_names
from ...autodiff.primitive import PRIMITIVES, Primitive
from ...autodiff.program import Program
from .writing import parts_of

__all__ = ["definition", "has_definition", "needed"]

# Two are written for speed in the library, with parts from elsewhere.
_PLAIN = {
    "sum_to": '''\
def sum_to(x, *, shape):
    """Sum `x` over the axes that broadcasting `shape` to `x.shape` had made or stretched."""
    extra = x.ndim - len(shape)
    axes = (*range(extra), *(extra + i for i, n in enumerate(shape) if n == 1))
    return np.sum(x, axis=axes, keepdims=True).reshape(shape)
''',
    "erf": '''\
def erf(x):
    """The error function, element by element: NumPy has none."""
    return np.asarray(np.frompyfunc(math.erf, 1, 1)(x), dtype=x.dtype)
''',
}
_SIGNS: dict[str, type[ast.cmpop]] = {
    "equal": ast.Eq,
    "not_equal": ast.NotEq,
    "less": ast.Lt,
    "less_equal": ast.LtE,
    "greater": ast.Gt,
    "greater_equal": ast.GtE,
}
# of the arrays reading those that are called as NumPy's functions of that name are
_ALIKE = frozenset(
    [
        *("abs", "arccos", "arccosh", "arcsin", "arcsinh", "arctan", "arctan2", "arctanh", "ceil"),
        *("copy", "cos", "cosh", "exp", "expm1", "floor", "isfinite", "isinf", "isnan", "log"),
        *("log1p", "logical_and", "logical_not", "logical_or", "logical_xor", "maximum"),
        *("minimum", "ones_like", "reciprocal", "sign", "sin", "sinh", "sqrt", "square", "tan"),
        *("tanh", "where", "zeros_like", "sum", "prod", "any", "all", "argmax", "argmin"),
        *("amax", "amin", "matmul", "power"),
    ]
)
SHORT = 3  # operations up to which a row is written where it stands


def definition(name: str) -> str:
    """The source of a function that stands alone, with NumPy as `np`."""
    if name in _PLAIN:
        return _PLAIN[name]
    if name in helper_names:
        text = ast.unparse(_WithoutTypes().visit(tree_of(getattr(arrays, name))))
        return re.sub(r"\b(any|all)\(\((.*)\)\)", r"\1(\2)", text)
    found = _of_row(PRIMITIVES[name])
    if found is None:
        raise LookupError(f"the operation {name!r} has no text that stands alone")
    return found


def has_definition(name: str) -> bool:
    """Whether a row of the table becomes a function of its own, being more than a line of NumPy."""
    op = PRIMITIVES.get(name)
    return op is not None and op.name == name and _of_row(op) is not None


def needed(program: Program) -> list[str]:
    """The functions that the text of a program calls and NumPy does not have, in alphabetic order.

    One may call another one.
    """
    targets = {id(s.target) for s in program.statements}
    waiting: set[str] = set()
    for s in program.statements:
        waiting.update(p.op for p in parts_of(s.target, lambda x: id(x) in targets))
    found: set[str] = set()
    while waiting:
        name = waiting.pop()
        if name not in found and (name in helper_names or has_definition(name)):
            found.add(name)
            calls = (n for n in ast.walk(ast.parse(definition(name))) if isinstance(n, ast.Call))
            waiting.update(n.func.id for n in calls if isinstance(n.func, ast.Name))
    return sorted(found)


def tree_of(function: Callable[..., Any]) -> ast.FunctionDef:
    """The syntax tree of a function."""
    (found,) = ast.parse(textwrap.dedent(inspect.getsource(function))).body
    if not isinstance(found, ast.FunctionDef):
        raise LookupError("not written with def")
    return found


class _WithoutTypes(ast.NodeTransformer):
    """Takes away annotations, and `builtins.` where a module needs it."""

    def visit_arg(self, node: ast.arg) -> ast.arg:
        node.annotation = None
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> Any:
        node.returns = None
        return self.generic_visit(node)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> Any:
        assert node.value is not None
        return self.generic_visit(ast.copy_location(ast.Assign([node.target], node.value), node))

    def visit_Attribute(self, node: ast.Attribute) -> Any:
        if isinstance(node.value, ast.Name) and node.value.id == "builtins":
            return ast.Name(node.attr, node.ctx)
        return self.generic_visit(node)


@functools.lru_cache(maxsize=1024)
def _of_row(op: Primitive) -> str | None:
    """The forward of a row with `np` for `xp`; None where it is short or does not stand alone."""
    if op.name in arrays.NATIVE or not op.name.isidentifier():
        return None
    try:
        tree = tree_of(op.forward)
        must_be_what_runs(tree, op.forward)
        mended = _WithNumPy(tree)
        text = ast.unparse(mended.visit(tree))
    except (LookupError, OSError, TypeError, SyntaxError, ValueError):
        return None
    return text if mended.operations > SHORT else None


def must_be_what_runs(tree: ast.FunctionDef, function: Callable[..., Any]) -> None:
    """The file may have changed since it was read: then its text is not the function's."""
    bare = copy.copy(tree)
    bare.decorator_list = []
    module = compile(ast.Module([bare], []), "text", "exec")  # it is not run
    (code,) = (c for c in module.co_consts if getattr(c, "co_name", "") == tree.name)
    other = function.__code__
    same = code.co_code == other.co_code and code.co_names == other.co_names
    if not same or code.co_consts != other.co_consts:
        raise LookupError("the text is another one")


class _WithNumPy(ast.NodeTransformer):
    """Puts `np.` in the place of `xp.`; a LookupError where that is not all there is to it."""

    def __init__(self, tree: ast.FunctionDef) -> None:
        self.operations = 0
        names = [n for n in ast.walk(tree) if isinstance(n, ast.Name)]
        known = {n.id for n in names if isinstance(n.ctx, ast.Store)}
        known |= {a.arg for a in ast.walk(tree) if isinstance(a, ast.arg)}
        if tree.args.vararg is not None or {n.id for n in names} - known - _decorating(tree):
            raise LookupError("a name from elsewhere")
        if any(isinstance(n, (ast.Import, ast.Global, ast.Lambda)) for n in ast.walk(tree)):
            raise LookupError("more than mathematics")

    def visit_FunctionDef(self, node: ast.FunctionDef) -> Any:
        node.decorator_list = []
        node.args.args = node.args.args[1:]
        if ast.get_docstring(node):
            first = (ast.get_docstring(node) or "").splitlines()[0]
            node.body[0] = ast.Expr(ast.Constant(first))
        return self.generic_visit(node)

    def visit_BinOp(self, node: ast.BinOp) -> Any:
        self.operations += 1
        return self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> Any:
        self.operations += 1
        name = node.func.attr if _is_xp(node.func) else ""  # type: ignore[attr-defined]  # checked
        if name in _SIGNS:
            a, b = (self.visit(x) for x in node.args)
            return ast.Compare(a, [_SIGNS[name]()], [b])
        return self.generic_visit(node)

    def visit_Attribute(self, node: ast.Attribute) -> Any:
        if not _is_xp(node):
            return self.generic_visit(node)
        if node.attr in _ALIKE:
            name = {"amax": "max", "amin": "min"}.get(node.attr, node.attr)
            return ast.Attribute(ast.Name("np", ast.Load()), name, ast.Load())
        if not has_definition(node.attr):
            raise LookupError(f"xp.{node.attr}")
        return ast.Name(node.attr, ast.Load())

    def visit_Name(self, node: ast.Name) -> Any:
        if node.id == "xp":
            raise LookupError("xp itself")
        return node


def _is_xp(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id == "xp"
    )


def _decorating(tree: ast.FunctionDef) -> set[str]:
    """The names in the decorators, which are taken away."""
    inside = (n for d in tree.decorator_list for n in ast.walk(d))
    return {n.id for n in inside if isinstance(n, ast.Name)}
