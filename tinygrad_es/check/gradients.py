"""`check_gradients`: the automatic gradient of a function or a model against differences."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..autodiff.errors import describe
from .differences.comparison import Comparison
from .differences.mutants import power_of
from .differences.numeric import STEP, taylor_slope
from .differences.numeric import cotangent as random_cotangent
from .differences.structure import same_twice, structure
from .differences.subject import Function, Loss, Slope, Subject, kept_as_it_was, rounding
from .differences.verdicts import Tolerance, tolerance_of
from .report import GradientCheck

__all__ = ["GradientCheck", "assert_gradients", "check_gradients"]

BUDGET = 5000  # evaluations of f up to which every entry is compared


def check_gradients(
    f: Callable[..., Any],
    *inputs: Any,
    order: int | None = None,
    rtol: float | None = None,
    atol: float | None = None,
    step: float = STEP,
    seed: int = 0,
    cotangent: Any = "random",
    tolerances: str = "strict",
    mode: str = "auto",
    budget: int = BUDGET,
    power: bool = False,
    opinions: bool = False,
    training: bool = False,
) -> GradientCheck:
    """Compare the gradient of f with central differences in float64.

    Args:
        f: a function of the inputs, on Tensors, that returns one Tensor of any shape; or a
            compiled model, and then `inputs` are x and y: its loss is checked, in all weights.
        inputs: numbers, lists, arrays or Tensors (copied); integer arrays are held fixed.
        order: 1; or 2 for every second derivative too. Default: 1, and the second derivatives
            along three directions in each input, where f has them.
        rtol: how far the two may differ, relative to the larger; default 1e-5.
        atol: and relative to the largest derivative in the same input; default 1e-8.
        step: h = step·max(1, |x|).
        seed: of the random choices.
        cotangent: what the output is contracted with: `"random"` (mixed signs), `"ones"`, or an
            array of the output's shape.
        tolerances: `"strict"`, or `"torch"` for those of torch.autograd.gradcheck.
        mode: `"complete"` compares all entries, `"sample"` at least 20 of each input (largest,
            smallest, random) and three projections; `"auto"` samples where the budget is too small.
        budget: evaluations of f.
        power: whether to report how many planted mistakes this very test would catch.
        opinions: whether to take the Taylor slope as a second opinion.
        training: a model's training flag.

    Returns a `GradientCheck`, true when all that was looked at agrees.

    >>> from tinygrad_es import check_gradients
    >>> check_gradients(lambda x: (x * x).sum(), [1.0, -2.0]).ok
    True
    """
    _must_fit(f, inputs, order, mode, step=step, seed=seed, budget=budget)
    tolerance = tolerance_of(tolerances, rtol, atol)
    is_model = hasattr(f, "compute_loss") and hasattr(f, "trainable_weights")
    subject: Subject = _loss(f, inputs, training) if is_model else Function(f, inputs)
    with kept_as_it_was(f), subject.prepared(), np.errstate(all="ignore"):
        leaves, y = subject.record(subject.arrays)
        v = _cotangent(cotangent, y.shape, seed)
        report = GradientCheck()
        if not same_twice(subject, v, report):
            return report
        noise = rounding(leaves, y, v)
        first = Comparison(subject, v, tolerance, noise, step, seed, report)
        finite = bool(np.isfinite(y.value).all())
        if not finite:
            report.notes.append(NOT_FINITE)
        del leaves, y
        first.look_for_kinks()
        first.run(mode, budget)
        report.problems = structure(subject, v, noise, report) if finite else []
        _judge(report, first)
        if report.verdict != "wrong" and (power or report.entries < report.total):
            report.power = power_of(first)
        if opinions:
            _ask(subject, v, first, report)
        if order != 1 and report.verdict in ("right", "vacuous"):
            _second(subject, v, tolerance, step, seed, report, order, mode, budget)
    if order == 2 and report.second is not None:
        return _of_both(report)
    return report


NOT_FINITE = (
    "the function is not finite at these inputs: use others",
    "la función no es finita en estas entradas: usa otras",
)


def _must_fit(f: Any, inputs: Any, order: Any, mode: Any, **numbers: Any) -> None:
    if not callable(f):
        raise TypeError(
            f"check_gradients: expected a function first. Received: {describe(f)}; pass f itself, "
            "not f(x)."
        )
    if order not in (None, 1, 2):
        raise ValueError(f"check_gradients: expected order 1 or 2. Received: {order!r}.")
    if not inputs:
        raise ValueError("check_gradients: expected at least one input after the function.")
    if mode not in ("auto", "complete", "sample"):
        raise ValueError(
            f"check_gradients: expected mode 'auto', 'complete' or 'sample'. Received: {mode!r}."
        )
    _must_be_numbers(**numbers)


def _must_be_numbers(step: Any, seed: Any, budget: Any) -> None:
    if not (isinstance(step, (int, float)) and 0.0 < step < np.inf):
        raise ValueError(
            f"check_gradients: expected step to be a number > 0. Received: {describe(step)}."
        )
    for name, value in (("seed", seed), ("budget", budget)):
        if not isinstance(value, (int, np.integer)) or isinstance(value, bool) or value < 0:
            raise ValueError(
                f"check_gradients: expected {name} to be a whole number ≥ 0. Received: "
                f"{describe(value)}."
            )


def _loss(model: Any, inputs: Any, training: bool) -> Loss:
    if len(inputs) > 2:
        raise ValueError(
            "check_gradients(model, x, y): expected the data and the targets. Received: "
            f"{len(inputs)} arguments after the model."
        )
    x, y = inputs if len(inputs) == 2 else (*inputs, None)
    return Loss(model, x, y, training)


def _cotangent(asked: Any, shape: tuple[int, ...], seed: int) -> Any:
    if isinstance(asked, str):
        if asked not in ("random", "ones"):
            raise ValueError(
                f"check_gradients: expected cotangent 'random', 'ones' or an array. "
                f"Received: {asked!r}."
            )
        return np.ones(shape) if asked == "ones" else random_cotangent(shape, seed)
    v = np.array(getattr(asked, "value", asked), dtype=np.float64)
    if v.shape != shape:
        raise ValueError(
            f"check_gradients: expected a cotangent of the output's shape {shape}. Received: "
            f"{describe(asked)}."
        )
    return v


def _judge(report: GradientCheck, compared: Comparison) -> None:
    """The verdict on the whole, and which inputs could not have been wrong."""
    report.vacuous = [] if not report.total else compared.vacuous()
    subject = compared.subject
    named = zip(subject.places, subject.names, strict=True)
    zero = {place for place, name in named if name in report.vacuous}
    for j, entry in enumerate(report.table):
        if entry.input in zero and entry.verdict == "inconclusive":
            report.table[j] = entry._replace(verdict="zero")
    if report.mismatches or report.problems:
        report.verdict = "wrong"
    elif report.total and len(report.vacuous) == len(subject.names):
        report.verdict = "vacuous"
        report.notes.append((
            "all derivatives are 0 within rounding: a gradient of zeros passes too. Use other "
            "inputs, or cotangent='random' on what is not yet summed",
            "todas las derivadas son 0 salvo redondeo: un gradiente de ceros también pasa. Usa "
            "otras entradas, o cotangent='random' sobre lo que aún no está sumado",
        ))  # fmt: skip
    elif report.entries and report.count("right") + report.kinks == 0:
        report.verdict = "inconclusive"
    if report.vacuous and report.verdict == "right":
        names = ", ".join(report.vacuous)
        report.notes.append((
            f"all derivatives are 0 in {names}: nothing was tested there",
            f"todas las derivadas son 0 en {names}: ahí no se ha comprobado nada",
        ))  # fmt: skip


def _second(
    subject: Subject,
    v: Any,
    tolerance: Tolerance,
    step: float,
    seed: int,
    report: GradientCheck,
    order: int | None,
    mode: str,
    budget: int,
) -> None:
    """The derivatives of the gradient: every entry at order 2, else along three directions."""
    slope = Slope(subject, v, seed)
    try:
        leaves, y = slope.record(slope.arrays)
    except Exception as error:  # nobody asked for second derivatives: told, and not raised
        if order == 2:
            raise
        report.notes.append((
            f"no second derivatives: the gradient cannot be recorded ({type(error).__name__})",
            f"sin segundas derivadas: el gradiente no se puede grabar ({type(error).__name__})",
        ))  # fmt: skip
        return
    report.second = GradientCheck(2)
    one = np.ones(())
    compared = Comparison(
        slope, one, tolerance, rounding(leaves, y, one), step, seed, report.second
    )
    compared.run(mode if order == 2 else "projections", budget)
    if report.second.mismatches:
        report.second.verdict = "wrong"
        if report.verdict == "right" or order == 2:
            report.verdict = "wrong"


def _of_both(report: GradientCheck) -> GradientCheck:
    """At order 2 the report is that of the second derivatives, unless the first are to blame."""
    second = report.second
    if second is None or report.mismatches or report.problems:
        return report
    second.evaluations += report.evaluations
    if report.verdict != "vacuous":
        second.notes = list(dict.fromkeys([*report.notes, *second.notes]))
    second.vacuous, second.power, second.opinions = report.vacuous, report.power, report.opinions
    return second


def _ask(subject: Subject, v: Any, compared: Comparison, report: GradientCheck) -> None:
    """Second opinions: the Taylor slope, input by input."""
    for k, name in enumerate(subject.names):

        def along(x: Any, k: int = k) -> float:
            values = list(subject.arrays)
            values[k] = x
            return float(np.sum(subject(values) * v))

        slope = taylor_slope(along, compared.automatic[k], subject.arrays[k])
        report.opinions[f"taylor slope, {name}"] = slope


def assert_gradients(f: Callable[..., Any], *inputs: Any, **options: Any) -> None:
    """Raise AssertionError with the worst entries unless `check_gradients` agrees.

    >>> from tinygrad_es import assert_gradients, ops
    >>> assert_gradients(ops.tanh, [0.5, -1.0], order=2)
    """
    report = check_gradients(f, *inputs, **options)
    if not report:
        raise AssertionError(str(report))
