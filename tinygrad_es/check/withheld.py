"""What is kept from students: the reference, in what is drawn and in the frames of an error.

An error has a traceback, and each frame of it the variables of a function that was running: the
gradients that were just compared, for example. Debuggers and error pages show them.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from ..autodiff.record import apply
from ..autodiff.tensor import Tensor
from .by_differences import FORWARD, found_in

__all__ = ["emptied", "without_reference"]

HOUSE = (__name__.partition(".")[0], "numpy")  # the functions that see the reference


@contextlib.contextmanager
def emptied() -> Iterator[None]:
    """An error that leaves takes no variables of this package with it; those of others stay.

    >>> try:
    ...     with emptied():
    ...         _fails()
    ... except ValueError as error:
    ...     print(error, error.__traceback__.tb_next.tb_frame.f_locals)
    told {}
    """
    try:
        yield
    except BaseException as error:
        _empty(error)
        raise


def _empty(error: BaseException) -> None:
    todo: list[BaseException | None] = [error]
    seen: set[int] = set()
    while todo:
        one = todo.pop()
        if one is None or id(one) in seen:
            continue
        seen.add(id(one))
        todo += [one.__cause__, one.__context__]
        place = one.__traceback__
        while place is not None:
            module = place.tb_frame.f_globals.get("__name__")
            if isinstance(module, str) and module.partition(".")[0] in HOUSE:
                with contextlib.suppress(RuntimeError):  # it still runs: of the caller's own
                    place.tb_frame.clear()
            place = place.tb_next


def _fails() -> None:
    secret = 3.0
    raise ValueError("told") from ArithmeticError(secret)


def without_reference(root: Tensor, by_hand: Mapping[str, Any], verdicts: Mapping[str, str],
                      names: Mapping[int, str]) -> Tensor:  # fmt: skip
    """The root, where differences were taken without them: its rules give the same verdicts.

    What is right has the gradient by hand itself for a derivative, what is wrong another number.
    A graph that was recorded holds no gradients and stays as it is.
    """
    found = found_in(root)
    if found is None:
        return root
    inputs = [x for x in root.inputs if isinstance(x, Tensor)]
    made = []
    for x in inputs:
        mine, verdict = by_hand[names[x.index]], verdicts[names[x.index]]
        if verdict == "right":
            made.append(mine)
        elif verdict == "inconclusive":
            made.append(np.full(x.shape, np.nan))
        else:
            fits = np.shape(mine) == x.shape
            made.append(np.where(np.asarray(mine) == 0.0, 1.0, 0.0) if fits else np.zeros(x.shape))
    bare = found._replace(gradients=tuple(made), looked={}, residuals={})
    return apply(FORWARD, tuple(inputs), {"value": root.value, "found": bare})
