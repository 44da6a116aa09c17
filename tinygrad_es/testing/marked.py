"""The marker `gradcheck`: a test returns what is to be checked.

`return f, x, w` compares the gradient of f with differences; `return forward, backward, x, t`, or
an object that has both, compares the gradients by hand with the automatic ones.
"""

from __future__ import annotations

import contextlib
import difflib
import functools
import inspect
import unittest
from collections.abc import Callable, Iterator
from typing import Any, NoReturn

import pytest

from ..autodiff.errors import describe
from ..check import BackpropReport, GradientCheck, check_backprop, check_gradients
from ..check.hints import Hints
from .gradcheck import report_of
from .messages import fail_in, is_of_library, message

__all__ = ["checking", "must_fit"]

GRADIENTS = tuple(
    name
    for name, p in inspect.signature(check_gradients).parameters.items()
    if p.kind is inspect.Parameter.KEYWORD_ONLY
)
BACKPROP = tuple(
    name
    for name, p in inspect.signature(check_backprop).parameters.items()
    if p.kind is inspect.Parameter.KEYWORD_ONLY and name not in ("by_hand", "names")
)
WHAT = "`return f, x, w`, `return model, x, y`, or `return forward, backward, x, t`"


def must_fit(item: pytest.Item) -> None:
    """Fail where the marker cannot work here, or has arguments that no check has."""
    received = item.nodeid
    test = getattr(item, "obj", None)
    if not isinstance(item, pytest.Function):
        _refuse(f"the marker is for test functions. Received: {received}.")
    if item.cls is not None and issubclass(item.cls, unittest.TestCase):
        _refuse(
            "unittest throws away what its test methods return; call assert_gradients or "
            f"assert_backprop in the method, without the marker. Received: {received}."
        )
    if inspect.iscoroutinefunction(test) or inspect.isasyncgenfunction(test):
        _refuse(
            "expected a plain function, not async: what is checked is called many times; use the "
            f"fixture `gradcheck` inside. Received: {received}."
        )
    for mark in item.iter_markers("gradcheck"):
        if mark.args:
            _refuse(
                "expected options by name, @pytest.mark.gradcheck(order=2). Received: "
                f"{', '.join(map(describe, mark.args))}."
            )
        for name in mark.kwargs:
            if name not in (*GRADIENTS, *BACKPROP):
                _refuse(f"{_unknown(name)} Received: {name}={mark.kwargs[name]!r}.")


def _unknown(name: str) -> str:
    known = (*GRADIENTS, *BACKPROP)
    near = difflib.get_close_matches(name, known, n=1)
    hint = f"did you mean {near[0]!r}?" if near else f"expected some of {', '.join(known)}."
    return f"no check has an option {name!r}; {hint}"


def _refuse(why: str) -> NoReturn:
    pytest.fail(f"pytest.mark.gradcheck: {why}", pytrace=False)


@contextlib.contextmanager
def checking(item: pytest.Function) -> Iterator[None]:
    """Inside, the test's function is one that checks what it returns, and returns None.

    Of a test with `@given` it is the function inside: every example is checked.
    """
    test = item.obj
    handle: Any = getattr(test, "hypothesis", None)
    if hasattr(handle, "inner_test"):
        inner = handle.inner_test
        handle.inner_test = _checked(item, inner)
        try:
            yield
        finally:
            handle.inner_test = inner
        return
    item.obj = _checked(item, test)
    try:
        yield
    finally:
        item.obj = test


def _checked(item: pytest.Function, test: Callable[..., Any]) -> Callable[..., None]:
    """The test, and then the check of what it returned."""
    options: dict[str, Any] = {}
    for mark in item.iter_markers("gradcheck"):  # the nearest first: it has the last word
        options = {**mark.kwargs, **options}

    @functools.wraps(test)
    def check(*args: Any, **kwargs: Any) -> None:
        __tracebackhide__ = True
        returned = test(*args, **kwargs)
        try:
            asked = _asked(returned, options)
        except TypeError as error:
            fail_in(test, error, returned)
        try:
            report = report_of(item, *asked, options)
        except Exception as error:
            if is_of_library(error) and not item.config.getoption("fulltrace"):
                fail_in(test, error, returned)
            raise
        if not report:
            seed = item.config.getoption("--gradcheck-seed")
            fail_in(test, AssertionError(message(report, seed)), returned)

    return check


def _asked(returned: Any, options: dict[str, Any]) -> tuple[Callable[..., Any], Any]:
    """The check that a returned value asks for, and its arguments.

    Raises:
        TypeError: it asks for none, or for one that has not all of the options.
    """
    if isinstance(returned, (GradientCheck, BackpropReport, Hints)):
        return (lambda report, **options: report), (returned,)  # it was checked in the test
    if returned is None:
        raise TypeError(f"a test marked gradcheck returns what it checks: {WHAT}. Received: None.")
    given = tuple(returned) if isinstance(returned, (tuple, list)) else (returned,)
    if len(given) < 2 or not (callable(given[0]) or _has_both(given[0])):
        raise TypeError(
            f"a test marked gradcheck returns what it checks: {WHAT}. Received: "
            f"{', '.join(map(_named, given)) or 'an empty tuple'}."
        )
    by_hand = callable(given[1]) or _has_both(given[0])
    known = BACKPROP if by_hand else GRADIENTS
    for name in options:
        if name not in known:
            check = "check_backprop" if by_hand else "check_gradients"
            raise TypeError(f"pytest.mark.gradcheck: {name!r} is no option of {check}.")
    return (check_backprop if by_hand else check_gradients), given


def _named(x: Any) -> str:
    return x.__name__ if inspect.isfunction(x) else describe(x)


def _has_both(net: Any) -> bool:
    return all(callable(getattr(net, name, None)) for name in ("forward", "backward"))
