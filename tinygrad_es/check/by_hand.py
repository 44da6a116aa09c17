"""`check_backprop`: a backward pass derived by hand, held against the automatic one.

>>> import numpy as np
>>> from tinygrad_es import Tensor
>>> x, w = np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 7.0]]), np.array([0.5, -1.0])
>>> def forward(x, w):
...     z = x @ w
...     return np.mean(z**2)
>>> def backward(x, w):
...     z = x @ w
...     dz = 2 * z  # the mean is over 3 rows
...     dw = x.T @ dz
...     return {"w": dw}
>>> print(check_backprop(forward, backward, x, w).text("en"))
z: WRONG (first wrong node in the order of the backward pass)
  by hand    (3,)  max|g| 9     reference (3,)  max|g| 3    largest relative error 2
  Diagnosis G03 (residual 0): your gradient = 3 × the reference, and 3 = z.shape[0]: the ...
w: right given your z (carried error; 0 new errors)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, NamedTuple, overload

import numpy as np

from ..autodiff.errors import describe
from ..autodiff.order import topological
from ..autodiff.tensor import Tensor
from ..views.compare import Reference, compared
from ..views.names import caller_names, caller_variables
from .backprop_report import BackpropReport
from .believed import believed_variables, of_other_shape, one_hot
from .chance import FEW, moved, still_fitting
from .diagnosis.case import case_of
from .diagnosis.diagnose import diagnose, unexplained
from .hints import Hints, level_of
from .marks import checked_names, checked_points
from .passes.functions import Traced, traced
from .withheld import emptied

__all__ = ["assert_backprop", "check_backprop"]


@overload
def check_backprop(
    subject: Any,
    *given: Any,
    student: Literal[0] = ...,
    by_hand: Mapping[str, Any] | None = ...,
    gradient: Any = ...,
    loss: Any = ...,
    previous: Mapping[str, Any] | None = ...,
    names: Any = ...,
    rubric: Mapping[str, float] | None = ...,
    follow_through: float = ...,
) -> BackpropReport: ...


@overload
def check_backprop(
    subject: Any,
    *given: Any,
    student: int,
    by_hand: Mapping[str, Any] | None = ...,
    gradient: Any = ...,
    loss: Any = ...,
    previous: Mapping[str, Any] | None = ...,
    names: Any = ...,
    rubric: Mapping[str, float] | None = ...,
    follow_through: float = ...,
) -> Hints: ...


def check_backprop(
    subject: Any,
    *given: Any,
    by_hand: Mapping[str, Any] | None = None,
    gradient: Any = None,
    loss: Any = None,
    previous: Mapping[str, Any] | None = None,
    names: Any = True,
    rubric: Mapping[str, float] | None = None,
    follow_through: float = 1.0,
    student: int = 0,
) -> BackpropReport | Hints:
    """Compare gradients derived by hand with the automatic ones, and say what is wrong.

    In three ways: `check_backprop(loss, by_hand={"W1": dW1, "z1": dz1})` takes gradients by the
    names of nodes of a recorded loss. `check_backprop(forward, backward, *inputs)` takes two
    functions written with NumPy, unchanged. `check_backprop(net, x, t, loss=…)` takes an object
    with `forward` and `backward`.

    Args:
        subject: a recorded Tensor, the function `forward`, or an object with both methods.
        *given: `backward` and the inputs of `forward`; of an object the inputs alone.
        by_hand: gradients by the names of Tensors or of the caller's variables.
        gradient: what arrives at a Tensor of more than one number.
        loss: a function of what `forward` returns first (and of the last input, the target),
            where `forward` itself does not end in one number.
        previous: the gradients of the step before, by name: what was not set to 0 is then named.
        names: True for the names of the caller's variables, False, or a mapping like `locals()`.
        rubric: points by name; without one each gradient counts 1.
        follow_through: the share of its points that a carried error keeps.
        student: 0 for everything; 1, 2, 3 for `Hints` without any number of the reference: where
            the mistake is, what kind it is, how to mend it.

    Returns:
        A `BackpropReport`, true when all are right: `.ok`, `.culprit`, `.diagnoses`, `.points`,
        `.verdicts`, `.graph()`, `.json()`; `str` is the message. Or `Hints`.

    Raises:
        TypeError: what was given is none of the three.
        ValueError: another level of `student`, points that are negative, two gradients of one node
            (`dW` and `grad_W`; a `W` beside `dW` is taken for the parameter).
        LookupError: no node has one of the names.

    >>> from tinygrad_es import Tensor, check_backprop
    >>> x, y = Tensor(3.0, requires_grad=True), Tensor(4.0, requires_grad=True)
    >>> check_backprop(x * y, by_hand={"x": 4.0, "y": -3.0}).culprit
    'y'
    """
    level, asked = level_of(student), Asked(previous, rubric, follow_through)
    _checked(asked)
    called, variables = caller_names(names, 1), caller_variables(names, 1)
    if not level:
        with np.errstate(all="ignore"):  # what is not finite is told in the report
            return _compared(subject, given, by_hand, gradient, loss, called, variables, asked)
    with emptied(), np.errstate(all="ignore"):
        report = _compared(subject, given, by_hand, gradient, loss, called, variables, asked)
        return Hints(report, level)


def _compared(
    subject: Any, given: tuple[Any, ...], by_hand: Mapping[str, Any] | None, gradient: Any,
    loss: Any, called: Mapping[int, str], variables: Mapping[str, Any], asked: Asked,
) -> BackpropReport:  # fmt: skip
    """The report, in one of the three ways."""
    if isinstance(subject, Tensor):
        if given or by_hand is None:
            raise TypeError(
                "check_backprop: with a recorded loss expected gradients by name, "
                "check_backprop(loss, by_hand={'W1': dW1}). Received: "
                f"{', '.join(map(describe, given)) or 'no by_hand'}."
            )
        values = _arrays(subject, variables)
        _known(asked, [subject], called)
        return _report(Reference(subject, gradient), by_hand, called, values, asked)
    if by_hand is not None:
        raise TypeError(
            "check_backprop: by_hand goes with a recorded loss, a Tensor. Received: "
            f"{describe(subject)}."
        )
    if gradient is not None:
        raise TypeError(
            "check_backprop: gradient goes with a recorded result, a Tensor; of two functions give "
            f"loss=. Received: {describe(gradient)}."
        )
    run = traced(subject, given, loss)
    report = _of_functions(run, asked)
    _tried_elsewhere(report, subject, given, loss)
    report.notes.extend(run.notes)
    if run.absent and asked.rubric is None:
        names = ", ".join(run.absent)
        report.notes.append((f"no gradient was given for {names}",
                             f"no se ha dado ningún gradiente de {names}"))  # fmt: skip
    return report


def _tried_elsewhere(
    report: BackpropReport, subject: Any, given: tuple[Any, ...], loss: Any
) -> None:
    """Of a gradient of few numbers: leave out what fits them by chance."""
    one = next((c for c in report.comparison.found if c.name == report.culprit), None)
    if one is None or one.node.size > FEW or report.diagnoses[0].code in ("G08", "G10", "G99"):
        return
    try:
        run = traced(subject, moved(given), loss)
    except Exception:  # there it cannot be run, whatever it raises: all that fits here is told
        return
    other = _of_functions(run, Asked(None, None, 1.0))
    there = other.diagnoses if other.culprit == report.culprit else []
    case = case_of(one, report.comparison, {}, {})
    report.diagnoses = still_fitting(report.diagnoses, there) or [unexplained(case)]


class Asked(NamedTuple):
    """What the caller wants beside the verdicts."""

    previous: Mapping[str, Any] | None
    rubric: Mapping[str, float] | None
    follow_through: float


def _checked(asked: Asked) -> None:
    """The options that need no graph, before anything is compared."""
    checked_points(asked.rubric, asked.follow_through)
    previous = asked.previous
    if previous is not None and not isinstance(previous, Mapping):
        raise TypeError(
            f"previous: expected gradients by name, {{'W1': dW1}}. Received: {describe(previous)}."
        )
    for name, value in (previous or {}).items():
        held = value.value if isinstance(value, Tensor) else value
        if not isinstance(held, (np.ndarray, np.generic, int, float, list, tuple)):
            raise TypeError(f"previous[{name!r}]: expected an array. Received: {describe(value)}.")


def _known(asked: Asked, ends: Sequence[Tensor], names: Mapping[int, str]) -> None:
    """Raises LookupError where the rubric asks for what is no node, before anything is compared."""
    called = (node.name or names.get(node.index) for node in topological(ends))
    checked_names(asked.rubric, [name for name in called if name])


def assert_backprop(subject: Any, *given: Any, names: Any = True, **options: Any) -> None:
    """Raise AssertionError with the message unless `check_backprop` finds all right.

    >>> from tinygrad_es import Tensor, assert_backprop
    >>> x = Tensor(3.0, requires_grad=True)
    >>> assert_backprop(x * x, by_hand={"x": 6.0})
    """
    if names is True:
        names = caller_variables(True, 1)
    report = check_backprop(subject, *given, names=names, **options)
    if not report:
        raise AssertionError(str(report))


def _report(
    reference: Reference,
    by_hand: Mapping[str, Any],
    names: Mapping[int, str],
    values: Mapping[str, Any],
    asked: Asked,
    apart: tuple[Tensor, ...] = (),
) -> BackpropReport:
    comparison = compared(reference, by_hand, names, apart)
    values = {**values, **one_hot(values, comparison)}
    found = {}
    for one in comparison.found:
        if one.verdict == "wrong":
            before = (asked.previous or {}).get(one.name)
            found[one.name] = diagnose(case_of(one, comparison, names, values, before))
            break
    return BackpropReport(
        comparison, found, names, reference.gradient, asked.rubric, asked.follow_through
    )


def _of_functions(run: Traced, asked: Asked) -> BackpropReport:
    """Of two functions: what backward returns is judged; where it is wrong its variables help."""
    _known(asked, [run.reference.root, *run.apart], run.names)
    believed, names = believed_variables(run)
    by_hand = {**believed, **run.returned}
    report = _report(run.reference, by_hand, names, run.values, asked, run.apart)
    summed_late = of_other_shape(run, names) if _unknown(report) else {}
    if summed_late:
        by_hand = {**believed, **summed_late, **run.returned}
        return _report(run.reference, by_hand, names, run.values, asked, run.apart)
    return report


def _unknown(report: BackpropReport) -> bool:
    return any(found.code == "G99" for found in report.diagnoses)


def _arrays(root: Tensor, variables: Mapping[str, Any]) -> dict[str, Any]:
    """The caller's arrays that went into the graph, by name."""
    used = {id(x) for node in topological([root]) for x in node.inputs if type(x) is np.ndarray}
    return {
        name: value
        for name, value in variables.items()
        if isinstance(value, np.ndarray) and (id(value) in used or value.dtype.kind in "iu")
    }
