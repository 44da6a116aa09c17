"""The language of what teaches: explanations, legends, reports. Errors and names are English.

A text is a pair, English and Spanish, kept where it is used; `say` chooses.

>>> say(("wrong", "mal"), "es")
'mal'
"""

from __future__ import annotations

import os

__all__ = ["LANGUAGES", "Pair", "chosen", "language", "say", "set_language"]

Pair = tuple[str, str]  # English, Spanish
LANGUAGES = ("en", "es")
VARIABLE = "TINYGRAD_ES_LANGUAGE"

_language: str | None = None


def set_language(language: str | None) -> None:
    """Choose the language of what teaches: `"en"`, `"es"`, or None for what the machine says.

    Without a choice it is that of the environment variable `TINYGRAD_ES_LANGUAGE`, else of the
    locale (`LANGUAGE`, `LC_ALL`, `LC_MESSAGES`, `LANG`): Spanish for `es_…`, English for all
    others.

    Raises:
        ValueError: another language.

    >>> import tinygrad_es as tg
    >>> tg.set_language("es")
    >>> tg.language()
    'es'
    >>> tg.set_language(None)
    """
    global _language
    _language = None if language is None else _checked(language, "set_language")


def language() -> str:
    """The language of what teaches, `"en"` or `"es"`: see `set_language`."""
    if _language is not None:
        return _language
    asked = os.environ.get(VARIABLE)
    if asked:
        return _checked(asked.lower().partition("_")[0].partition("-")[0], VARIABLE)
    for variable in ("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"):
        value = os.environ.get(variable, "")
        if value and value not in ("C", "C.UTF-8", "POSIX"):
            return "es" if value.lower().startswith("es") else "en"
    return "en"


def chosen(asked: str | None) -> str:
    """The language of an argument `language=`: that one, or where it is None the general one."""
    return language() if asked is None else _checked(asked, "language")


def say(pair: Pair, asked: str | None = None) -> str:
    """The text of an (English, Spanish) pair in a language."""
    return pair[LANGUAGES.index(chosen(asked))]


def _checked(asked: str, by: str) -> str:
    if asked not in LANGUAGES:
        raise ValueError(f"{by}: expected one of {LANGUAGES}. Received: {asked!r}.")
    return asked
