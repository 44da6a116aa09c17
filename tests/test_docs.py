"""The documentation: generated pages are fresh, both languages say the same, links lead somewhere.

That its code runs and prints what it shows is tested by pytest itself, which runs every page.
"""

from __future__ import annotations

import ast
import doctest
import re
import runpy
from pathlib import Path

import pytest

from .test_floors import FLOORS

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
ENGLISH = {p.name: p for p in [*DOCS.glob("en/*.md"), DOCS / "architecture.md"]}
SPANISH = {p.name: p for p in DOCS.glob("es/*.md")}
PAGES = [ROOT / "README.md", *sorted(DOCS.rglob("*.md"))]
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def read(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def fences(path: Path, language: str) -> list[str]:
    return [body for kind, body in FENCE.findall(read(path)) if kind == language]


def headings(path: Path) -> list[int]:
    """The levels of the headings, in order."""
    return [len(marks) for marks in re.findall(r"^(#+) ", FENCE.sub("", read(path)), re.MULTILINE)]


def code(path: Path) -> list[str]:
    """Every example of every block, without what may be translated: comments and strings."""
    found = []
    for body in fences(path, "pycon"):
        for example in doctest.DocTestParser().get_examples(body):
            tree = ast.parse(example.source)
            for node in ast.walk(tree):
                if isinstance(node, ast.Constant) and isinstance(node.value, str):
                    node.value = ""
            found.append(ast.unparse(tree))
    return found


# --- generated ----------------------------------------------------------------------------------


def test_the_table_of_derivatives_is_fresh():
    generator = runpy.run_path(str(DOCS / "make_derivatives.py"))
    assert generator["main"](["--check"]) == 0


SVGS = sorted(path.stem for path in DOCS.glob("images/*.svg"))
FIRST = ["chain_rule", "neuron"]
ZOO = [name for name in SVGS if name.startswith("zoo_")]
PICTURES = {
    "02_chain_rule": FIRST,
    "22_drawing": [name for name in SVGS if name not in FIRST + ZOO],
    "25_bug_zoo": ZOO,
}


@pytest.mark.parametrize("example", PICTURES)
def test_the_pictures_are_what_the_library_draws(example, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("TINYGRAD_ES_ENGINE", "builtin")
    runpy.run_path(str(ROOT / "examples" / f"{example}.py"))["main"](tmp_path)
    assert sorted(path.stem for path in tmp_path.iterdir()) == PICTURES[example]
    for name in PICTURES[example]:
        drawn, kept = tmp_path / f"{name}.svg", DOCS / "images" / f"{name}.svg"
        assert read(drawn) == read(kept), (
            f"{name}: TINYGRAD_ES_ENGINE=builtin python examples/{example}.py docs/images"
        )


@pytest.mark.parametrize("language", ["en", "es"])
def test_the_bug_zoo_shows_the_exhibits_of_the_example(language):
    program = ast.parse(read(ROOT / "examples" / "25_bug_zoo.py"))
    bodies = {f.name: f.body for f in program.body if isinstance(f, ast.FunctionDef)}
    zoo = runpy.run_path(str(ROOT / "examples" / "25_bug_zoo.py"))["ZOO"]
    blocks = fences(DOCS / language / "bug-zoo.md", "pycon")[1:]
    assert len(blocks) == len(zoo)
    for exhibit, block in zip(zoo.values(), blocks, strict=True):
        *steps, last = bodies[exhibit.__name__]
        examples = doctest.DocTestParser().get_examples(block)
        shown = [ast.unparse(ast.parse(example.source)) for example in examples]
        wanted = [ast.unparse(step) for step in steps]
        assert shown[:-1] == [*wanted, f"report = {ast.unparse(last.value)}"]


PAGE = DOCS / "images" / "step_through.png"
PLOTS = sorted(set(DOCS.glob("images/*.png")) - {PAGE})


@pytest.mark.parametrize("path", PLOTS, ids=lambda p: p.stem)
def test_the_plots_are_small_and_can_be_made_again(path):
    """matplotlib's pixels depend on its version, so here the names and the sizes are checked."""
    flow = path.stem.startswith("gradient_flow")
    example, page_name = ("19_gradient_flow", "gradient-flow") if flow else ("12_plots", "plots")
    program = ast.parse(read(ROOT / "examples" / f"{example}.py"))
    names = [node.name for node in program.body if isinstance(node, ast.FunctionDef)]
    assert path.stem in names
    assert path.stat().st_size < 60_000
    for page in (DOCS / "en" / f"{page_name}.md", DOCS / "es" / f"{page_name}.md"):
        (command,) = re.findall(rf"`python examples/{example}\.py docs/images(.*)`", read(page))
        assert flow or path.stem in command.split()
        assert path in targets(page)


def test_the_picture_of_the_page_is_small_and_can_be_made_again():
    """A browser's pixels depend on its fonts: the size is checked, and that the page says how."""
    assert PAGE.stat().st_size < 150_000
    for page in (DOCS / "en" / "step-through.md", DOCS / "es" / "step-through.md"):
        assert PAGE in targets(page)
        (commands,) = fences(page, "sh")
        assert commands.startswith("python examples/20_step_through.py ")
        assert "docs/images/step_through.png" in commands


# --- two languages ------------------------------------------------------------------------------


def test_every_page_is_there_in_both_languages():
    assert sorted(ENGLISH) == sorted(SPANISH)


@pytest.mark.parametrize("name", sorted(ENGLISH))
def test_both_languages_have_the_same_headings_and_code(name):
    english, spanish = ENGLISH[name], SPANISH[name]
    assert headings(english) == headings(spanish)
    assert code(english) == code(spanish)
    assert fences(english, "sh") == fences(spanish, "sh")


@pytest.mark.parametrize("name", sorted(ENGLISH))
def test_both_languages_are_listed_and_lead_to_each_other(name):
    english, spanish = ENGLISH[name], SPANISH[name]
    assert spanish in targets(english)
    assert english in targets(spanish)
    if name != "index.md":
        assert english in targets(ENGLISH["index.md"])
        assert spanish in targets(SPANISH["index.md"])


# --- links --------------------------------------------------------------------------------------


def links(path: Path) -> list[str]:
    found = re.findall(r"\]\(([^)\s]+)\)", FENCE.sub("", read(path)))
    return [link for link in found if not link.startswith(("http://", "https://", "#"))]


def targets(path: Path) -> list[Path]:
    return [(path.parent / link.partition("#")[0]).resolve() for link in links(path)]


@pytest.mark.parametrize("path", PAGES, ids=lambda p: p.relative_to(ROOT).as_posix())
def test_links_lead_to_files(path):
    missing = [link for link, target in zip(links(path), targets(path)) if not target.exists()]
    assert missing == []


# --- what pages promise -------------------------------------------------------------------------


def test_the_readme_has_exactly_two_commands():
    run, test = fences(ROOT / "README.md", "sh")
    for command in (run, test):
        assert len(command.splitlines()) == 1
        assert command.startswith("python -m venv .venv && . .venv/bin/activate && pip install ")
    assert run.endswith("&& python -m tinygrad_es demo\n")
    assert test.endswith("&& pytest -n auto\n")


@pytest.mark.parametrize("pages", [ENGLISH, SPANISH], ids=["en", "es"])
def test_the_floors_are_those_that_are_enforced(pages):
    rows = re.findall(r"^\| ([\d.]+) \| (.*?) \|", read(pages["architecture.md"]), re.MULTILINE)
    told = {name: float(floor) for floor, names in rows for name in re.findall(r"`(.+?)`", names)}
    assert told == FLOORS


@pytest.mark.parametrize("path", PAGES, ids=lambda p: p.relative_to(ROOT).as_posix())
def test_lines_are_short(path):
    long = [
        line
        for line in read(path).splitlines()
        if len(line) > 100 and not line.startswith(("|", "!["))
    ]
    assert long == []
