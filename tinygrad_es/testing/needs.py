"""Hypothesis is for tests alone, so it is loaded by the first strategy and not before."""

from __future__ import annotations

from typing import Any

__all__ = ["strategies"]


def strategies() -> Any:
    """The module `hypothesis.strategies`.

    Raises:
        ModuleNotFoundError: it is not installed; the message has the command.
    """
    try:
        import hypothesis.strategies as st
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            "tinygrad_es.testing: the strategies need Hypothesis, which is not installed: "
            "pip install hypothesis"
        ) from error
    return st
