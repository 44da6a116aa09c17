"""set_language: what teaches speaks Spanish and English."""

from __future__ import annotations

import pytest

import tinygrad_es as tg
from tinygrad_es.languages import chosen, say

VARIABLES = ("TINYGRAD_ES_LANGUAGE", "LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG")


@pytest.fixture(autouse=True)
def _silent_machine(monkeypatch):
    for variable in VARIABLES:
        monkeypatch.delenv(variable, raising=False)
    yield
    tg.set_language(None)


@pytest.mark.parametrize(
    ("variable", "value", "expected"),
    [
        ("LANG", "es_AR.UTF-8", "es"),
        ("LANG", "C.UTF-8", "en"),
        ("LC_ALL", "pt_BR.UTF-8", "en"),
        ("LANGUAGE", "es:en", "es"),
        ("TINYGRAD_ES_LANGUAGE", "es", "es"),
        ("TINYGRAD_ES_LANGUAGE", "ES_mx", "es"),
        ("TINYGRAD_ES_LANGUAGE", "", "en"),
    ],
)
def test_the_machine_says_which(monkeypatch, variable, value, expected):
    monkeypatch.setenv(variable, value)
    assert tg.language() == expected


def test_the_choice_comes_first_then_the_variable_then_the_locale(monkeypatch):
    monkeypatch.setenv("LANG", "es_ES.UTF-8")
    monkeypatch.setenv("TINYGRAD_ES_LANGUAGE", "en")
    assert tg.language() == "en"
    tg.set_language("es")
    assert tg.language() == "es"
    assert chosen("en") == "en"
    assert say(("one", "uno")) == "uno"
    tg.set_language(None)
    assert tg.language() == "en"


@pytest.mark.parametrize("bad", ["fr", "", "ES", 3, "spanish"])
def test_other_languages_are_refused(bad):
    with pytest.raises(ValueError, match="expected one of"):
        tg.set_language(bad)
    assert tg.language() == "en"


def test_a_wrong_variable_is_refused(monkeypatch):
    monkeypatch.setenv("TINYGRAD_ES_LANGUAGE", "klingon")
    with pytest.raises(ValueError, match="TINYGRAD_ES_LANGUAGE"):
        tg.language()
