"""The pytest plugin of tinygrad_es: the marker and the fixture `gradcheck`, and two options.

It stands beside the package, not in it: pytest imports every installed plugin at every start, and
an import of anything in `tinygrad_es` would load NumPy. What it does is in `tinygrad_es.testing`,
and that is loaded by the first test that checks a gradient.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Generator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tinygrad_es.testing.gradcheck import Gradcheck

MARKER = (
    "gradcheck(order=…, rtol=…, …): the test returns `f, *inputs`, whose gradient is compared with "
    "differences, or `forward, backward, *inputs`; options are those of check_gradients"
)
CURRENT = pytest.StashKey[pytest.Item]()


def seed(text: str) -> int:
    """A seed of NumPy's generators."""
    try:
        number = int(text)
    except ValueError:
        number = -1
    if number < 0:
        raise argparse.ArgumentTypeError(f"expected a whole number ≥ 0. Received: {text!r}")
    return number


def pytest_addoption(parser: pytest.Parser) -> None:
    """The two options."""
    group = parser.getgroup("gradcheck", "checking gradients (tinygrad_es)")
    group.addoption(
        "--gradcheck-seed",
        type=seed,
        default=0,
        metavar="N",
        help="seed of every gradient check of the plugin and of gradcheck.rng (default: 0)",
    )
    group.addoption(
        "--gradcheck-power",
        action="store_true",
        help="report how many planted mistakes each test of a gradient would catch",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known: `--strict-markers`, `pytest --markers`."""
    config.addinivalue_line("markers", MARKER)


@pytest.fixture(scope="session")
def gradcheck(pytestconfig: pytest.Config) -> Gradcheck:
    """Check a gradient: `gradcheck(f, *inputs)`, `gradcheck.backprop(forward, backward, *inputs)`.

    Both raise AssertionError with the report, or return it. `gradcheck.rng` is a generator for
    inputs, the same in every test. The fixture lives as long as the run, so `@given` may have it.
    """
    from tinygrad_es.testing.gradcheck import Gradcheck

    return Gradcheck(lambda: pytestconfig.stash[CURRENT])


def _marked(item: pytest.Item) -> bool:
    return item.get_closest_marker("gradcheck") is not None


def pytest_report_header(config: pytest.Config) -> list[str]:
    """The seed, where it was chosen: what depends on it can be repeated."""
    chosen = config.getoption("--gradcheck-seed")
    return [f"gradcheck: --gradcheck-seed={chosen}"] if chosen else []


def pytest_report_collectionfinish(config: pytest.Config, items: list[pytest.Item]) -> list[str]:
    """How many tests check gradients, and the seed, where there are any."""
    count = sum(_marked(i) or "gradcheck" in getattr(i, "fixturenames", ()) for i in items)
    count = count if config.getoption("verbose") >= 0 else 0
    chosen = config.getoption("--gradcheck-seed")
    return [f"gradcheck: {count} of them, --gradcheck-seed={chosen}"] if count else []


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Remember the test, and refuse a marker that cannot work before its fixtures are made."""
    item.config.stash[CURRENT] = item
    if _marked(item):
        from tinygrad_es.testing.marked import must_fit

        must_fit(item)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> Generator[None, Any, Any]:
    """Check what a marked test returns."""
    __tracebackhide__ = True
    if not _marked(pyfuncitem):
        return (yield)
    from tinygrad_es.testing.marked import checking

    with checking(pyfuncitem):
        return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show the report where a plain `assert check_gradients(…)` fails."""
    found, loaded = call.excinfo, "tinygrad_es.check" in sys.modules
    if loaded and found is not None and found.errisinstance(AssertionError):
        from tinygrad_es.testing.messages import tell

        tell(found)
    return (yield)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """With `--gradcheck-power`, the table of what each test would catch."""
    if terminalreporter.config.getoption("--gradcheck-power"):
        from tinygrad_es.testing.power import show

        show(terminalreporter)
