"""The fixture `gradcheck`: checks that assert, with the seed and the options of the run."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from ..check import BackpropReport, GradientCheck, check_backprop, check_gradients
from ..check.hints import Hints
from ..views.names import caller_variables
from .messages import message, without_library
from .power import note

__all__ = ["Gradcheck", "report_of"]

GENERATOR = pytest.StashKey[np.random.Generator]()


class Gradcheck:
    """What a test gets as `gradcheck`.

    Attributes:
        seed: that of the run, `--gradcheck-seed`; checks take it unless they are given another.
        rng: a NumPy generator made with it, a new one in every test.
    """

    def __init__(self, current: Callable[[], pytest.Item]) -> None:
        self._current = current  # the test that runs: the fixture itself lives through all of them

    @property
    def seed(self) -> int:
        """The seed of the run."""
        chosen: int = self._current().config.getoption("--gradcheck-seed")
        return chosen

    @property
    def rng(self) -> np.random.Generator:
        """The generator of this test."""
        return self._current().stash.setdefault(GENERATOR, np.random.default_rng(self.seed))

    def __call__(self, f: Any, *inputs: Any, **options: Any) -> GradientCheck:
        """Assert that the gradient of f agrees with differences; options as `check_gradients`.

        Raises:
            AssertionError: it does not, or nothing was tested; the message is the report.
        """
        __tracebackhide__ = True
        report: GradientCheck = run(self._current(), check_gradients, (f, *inputs), options)
        return report

    def backprop(self, subject: Any, *given: Any, **options: Any) -> BackpropReport | Hints:
        """Assert that gradients by hand are right; arguments and options as `check_backprop`.

        Raises:
            AssertionError: one is wrong; the message is the report, with the diagnosis.
        """
        __tracebackhide__ = True
        if options.get("names", True) is True:
            options["names"] = caller_variables(True, 1)
        found: BackpropReport | Hints
        found = run(self._current(), check_backprop, (subject, *given), options)
        return found

    def __repr__(self) -> str:
        return f"<gradcheck, seed {self.seed}>"


def run(item: pytest.Item, check: Callable[..., Any], given: Any, options: Any) -> Any:
    """The report of a check; AssertionError where it is not good."""
    __tracebackhide__ = True
    report = report_of(item, check, given, options)
    if not report:
        raise AssertionError(message(report, item.config.getoption("--gradcheck-seed")))
    return report


def report_of(item: pytest.Item, check: Callable[..., Any], given: Any, options: Any) -> Any:
    """Run a check for a test, with the options of the run, and note what it is worth.

    An error of the function that is checked comes without the library's frames, unless pytest was
    told `--full-trace`.
    """
    __tracebackhide__ = True
    config, options = item.config, dict(options)
    power = config.getoption("--gradcheck-power")
    if check is check_gradients:
        options.setdefault("seed", config.getoption("--gradcheck-seed"))
        options.setdefault("power", power)
    try:
        report = check(*given, **options)
    except Exception as error:
        if config.getoption("fulltrace"):
            raise
        raise without_library(error)  # noqa: B904 - the same error, without our frames
    if power and not isinstance(report, Hints):  # those know no reference
        note(item, report)
    return report
