"""The structure: imports go down only, no cycles, no long files."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "tinygrad_es"

# the most special path wins; what is on one floor may import within its own group only
FLOORS = {
    "autodiff/errors": 0,
    "autodiff/modes": 0,
    "autodiff/config": 0,
    "autodiff/marks": 0,
    "languages": 0,
    "registry": 0,
    "tree": 0,
    "datasets": 0,
    "autodiff/primitive": 1,
    "autodiff/arrays": 1.1,
    "autodiff/floats": 1.1,
    "autodiff/promotion": 1.1,
    "autodiff/expressions": 1.2,
    "autodiff/rules": 2,
    "autodiff": 3,
    "autodiff/transforms": 4,
    "ops": 4,
    "views": 5,
    "initializers": 5,
    "regularizers": 5,
    "constraints": 5,
    "activations": 5,
    "layers": 5,
    "losses": 5,
    "optimizers": 5,
    "plots": 5.2,
    "check": 5.4,
    "flow": 5.4,
    "utils": 5.5,
    "backend": 5.5,
    "files": 5,
    "metrics": 6,
    "callbacks": 6,
    "models": 7,
    "saving": 8,
    "script": 8,
    "cells": 0,
    "grading": 8.5,
    "demo": 8,
    "testing": 8,
    "__init__": 8,
    "__main__": 9,
}
# groups of one floor that may meet
TOGETHER = [{"layers", "activations", "initializers", "regularizers", "constraints"}]
FILES = sorted(p for p in PACKAGE.rglob("*.py"))


def module(path: Path) -> str:
    name = path.relative_to(PACKAGE).with_suffix("").as_posix()
    return name.removesuffix("/__init__")


def group(name: str) -> str:
    return max((k for k in FLOORS if name == k or name.startswith(k + "/")), key=len)


def imports(path: Path) -> list[tuple[str, bool]]:
    """(module of this package, whether for types only) of every import, nested ones included."""
    here = path.relative_to(PACKAGE).with_suffix("").parts
    found = []

    def visit(node: ast.AST, typing_only: bool) -> None:
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test):
            typing_only = True
        if isinstance(node, ast.ImportFrom) and (
            node.level or (node.module or "").startswith("tinygrad_es")
        ):
            base = list(here[: len(here) - node.level]) if node.level else []
            tail = (node.module or "").removeprefix("tinygrad_es").strip(".")
            base += [part for part in tail.split(".") if part]
            for alias in node.names:
                inner = "/".join([*base, alias.name])
                known = (PACKAGE / f"{inner}.py").exists() or (PACKAGE / inner).is_dir()
                found.append((inner if known else "/".join(base), typing_only))
        for child in ast.iter_child_nodes(node):
            visit(child, typing_only)

    visit(ast.parse(path.read_text(encoding="utf-8")), False)
    return found


@pytest.mark.parametrize("path", FILES, ids=module)
def test_imports_go_down(path):
    own = group(module(path))
    for target, typing_only in imports(path):
        if typing_only or not target:
            continue
        other = group(target)
        meets = any({own, other} <= together for together in TOGETHER)
        assert FLOORS[other] < FLOORS[own] or other == own or meets, (
            f"{module(path)} (floor {FLOORS[own]}) imports {target} (floor {FLOORS[other]})"
        )


def test_rules_import_only_the_primitive_and_each_other():
    for path in FILES:
        if module(path).startswith("autodiff/rules"):
            allowed = ("autodiff/primitive", "autodiff/rules")
            assert all(t.startswith(allowed) for t, _ in imports(path)), module(path)


def test_no_cycles():
    edges = {
        module(p): {t for t, typing_only in imports(p) if not typing_only and t != module(p)}
        for p in FILES
    }
    edges = {k: {v if v in edges else v.rpartition("/")[0] for v in vs} for k, vs in edges.items()}
    # a package's __init__ gathers its own modules: they may name the package of another, not it
    done: set[str] = set()

    def walk(name: str, path: list[str]) -> None:
        assert name not in path, f"import cycle: {' → '.join([*path, name])}"
        if name in done:
            return
        for other in sorted(edges.get(name, ())):
            if other != name:
                walk(other, [*path, name])
        done.add(name)

    for name in sorted(edges):
        walk(name, [])


@pytest.mark.parametrize("path", FILES, ids=module)
def test_files_and_functions_are_short(path):
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 400
    assert all(len(line) <= 100 for line in text.splitlines())
    exceptions = {"walk", "_binary"}  # the two hot places, written out
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node.end_lineno:
            body = node.body[1:] if ast.get_docstring(node) else node.body
            if not body or node.name in exceptions:
                continue
            length = body[-1].end_lineno - body[0].lineno + 1
            assert length <= 45, f"{node.name} is {length} lines long"


def test_only_numpy_is_loaded_at_import():
    import subprocess
    import sys

    code = (
        "import sys, numpy; before = set(sys.modules); import tinygrad_es; "
        "new = {m.partition('.')[0] for m in set(sys.modules) - before}; "
        "print(sorted(new - set(sys.stdlib_module_names) - {'tinygrad_es', 'numpy'}))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
