"""The page on testing: its test files are run, and print what it shows, in both languages."""

from __future__ import annotations

import re
import sys

import pytest

from .conftest import ROOT

FENCE = re.compile(r"^```(python|sh|text)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def runs(language):
    """(the test file, its text, the options, what is shown) for every command of the page."""
    page = (ROOT / "docs" / language / "testing-gradients.md").read_text(encoding="utf-8")
    files, options, found = {}, [], []
    for kind, body in FENCE.findall(page):
        if kind == "python":
            files[body.split()[1]] = body
        elif kind == "sh":
            (_, name, *options) = body.split()
        else:
            found.append((name, files[name], options, body))
    return found


def without_source(text):
    return [ast for ast in text.splitlines() if not ast.startswith("#")]


@pytest.mark.parametrize("language", ["en", "es"])
@pytest.mark.parametrize("number", range(5))
def test_the_page_shows_what_is_printed(language, number, pytester, monkeypatch):
    monkeypatch.setenv("TINYGRAD_ES_LANGUAGE", language)
    found = runs(language)
    assert len(found) == 5
    name, text, options, shown = found[number]
    # the outer run has a file of that name as well
    monkeypatch.delitem(sys.modules, name.removesuffix(".py"), raising=False)
    pytester.path.joinpath(name).write_text(text, encoding="utf-8")
    plugins = ("-p", "pytest_tinygrad_es", "-p", "no:randomly", "-p", "no:cacheprovider")
    printed = pytester.runpytest_inprocess(*plugins, name, *options).outlines
    rest = iter(printed)
    for line in filter(str.strip, shown.splitlines()):
        pattern = re.escape(line.rstrip()).replace(re.escape("..."), ".*")
        assert any(re.fullmatch(pattern, out.rstrip()) for out in rest), (line, printed)


def test_both_languages_run_the_same_files():
    english, spanish = runs("en"), runs("es")
    strip = lambda text: re.sub(r" *#.*", "", text)
    for a, b in zip(english, spanish, strict=True):
        assert (a[0], strip(a[1]), a[2]) == (b[0], strip(b[1]), b[2])
