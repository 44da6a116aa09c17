"""Which of the variables of a backward pass are believed: those that explain what was returned.

What backward returns is judged in any case. Where some of it is wrong its variables help to say
where the mistake is; but `dc` may be half of the gradient of c, or in other units.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ..views.compare import Compared, Comparison, agree, compared
from .diagnosis.axes import summed
from .diagnosis.case import case_of
from .diagnosis.diagnose import diagnose
from .passes.functions import Traced

__all__ = ["believed_variables", "of_other_shape", "one_hot"]


def believed_variables(run: Traced) -> tuple[dict[str, Any], dict[int, str]]:
    """The variables that are believed, by the names of their nodes, and the names of the nodes."""
    names = run.names
    if all(one.verdict == "right" for one in _judged(run, {}, names).found):
        return {}, names
    both = _judged(run, run.variables, names)
    suspects = [c.name for c in both.found if c.verdict != "right" and c.name in run.variables]
    divided = _in_their_units(run, names, both)
    runs = [run] if divided is run else [run, divided]
    found = [_believed(one, names, suspects) for one in runs]
    _, believed, names = min(found, key=lambda one: one[0])
    return believed, names


def of_other_shape(run: Traced, names: dict[int, str]) -> dict[str, Any]:
    """Variables whose shape is wrong and that a sum would mend: nothing was learnt from them."""
    both = _judged(run, run.variables, names)
    odd = [c for c in both.found if np.shape(c.mine) != c.node.shape and c.name in run.variables]
    cases = {c.name: case_of(c, both, names, run.values) for c in odd}
    return {k: run.variables[k] for k, case in cases.items() if any(True for _ in summed(case))}


def _judged(run: Traced, variables: Mapping[str, Any], names: Mapping[int, str]) -> Comparison:
    by_hand = {**variables, **run.returned}
    return compared(run.reference, by_hand, names, run.apart)


def _believed(
    run: Traced, names: dict[int, str], suspects: list[str]
) -> tuple[int, dict[str, Any], dict[int, str]]:
    """The variables that are believed, their names, and how many mistakes there are then."""
    believed = {k: v for k, v in run.variables.items() if k not in suspects}
    before = _unexplained(run, believed, names)
    for name in suspects:  # a variable is believed where it explains what follows
        more = {**believed, name: run.variables[name]}
        others = _named_otherwise(name, run, names)
        scores = [_unexplained(run, more, other) for other in others]
        if min(scores) < before:
            before = min(scores)
            believed, names = more, others[scores.index(before)]
    count = _mistakes(run, believed, names)
    for name in [name for name in run.handed if name in believed]:  # it was none of the student's
        rest = {k: v for k, v in believed.items() if k != name}
        if (fewer := _mistakes(run, rest, names)) < count:
            count, believed = fewer, rest
    return count, believed, names


def _named_otherwise(name: str, run: Traced, names: dict[int, str]) -> list[dict[int, str]]:
    """The names as they are, and with this one for a Tensor that the variable held before."""
    held = [i for i in run.former.get(name, []) if i not in names]
    others = {i: n for i, n in names.items() if n != name}
    return [names, *({**others, i: name} for i in reversed(held))]


def _mistakes(run: Traced, believed: Mapping[str, Any], names: dict[int, str]) -> int:
    found = _judged(run, believed, names).found
    return sum(c.verdict == "wrong" or _contradicts(c, run) for c in found)


def _unexplained(
    run: Traced, variables: Mapping[str, Any], names: Mapping[int, str]
) -> tuple[int, int]:
    """How many of the returned gradients are wrong by themselves, and for how many nothing fits."""
    comparison = _judged(run, variables, names)
    wrong = [c for c in comparison.found if c.verdict == "wrong" and c.name in run.returned]
    values = {**run.values, **one_hot(run.values, comparison)}
    cases = (case_of(c, comparison, names, values) for c in wrong)
    count = len(wrong) + sum(_contradicts(c, run) for c in comparison.found)
    return count, sum(diagnose(case)[0].code == "G99" for case in cases)


def _contradicts(one: Compared, run: Traced) -> bool:
    """Whether a returned gradient is right, and did not come from what is believed to arrive."""
    given = one.name in run.returned and one.verdict == "right"
    return given and not agree(one.mine, one.expected, one.node)


def _in_their_units(run: Traced, names: Mapping[int, str], both: Comparison) -> Traced:
    """The variables, divided by a constant that all of them have: `dZ = A − Y; dW = X.T @ dZ / m`.

    Of one variable at least a returned gradient that is right says that the division came later.
    """
    for one in both.found:
        r, g = one.reference, one.mine
        if one.name not in run.variables or np.shape(g) != np.shape(r) or not np.any(r):
            continue
        k = float(np.sum(np.multiply(g, r)) / np.sum(np.square(r)))
        alone = _judged(run, {one.name: g}, names).found if np.isfinite(k) and k else ()
        if agree(g, np.multiply(k, r), one.node) and any(_contradicts(c, run) for c in alone):
            divided = {c.name: c.mine / k for c in both.found if c.verdict != "right"}
            own = {name: divided.get(name, v) for name, v in run.variables.items()}
            return run._replace(variables=own)
    return run


def one_hot(values: Mapping[str, Any], comparison: Comparison) -> dict[str, Any]:
    """Labels as the rows of a matrix like the gradients: where an array of integers may be them."""
    found = {}
    for name, labels in values.items():
        if not isinstance(labels, np.ndarray) or labels.ndim != 1 or labels.dtype.kind not in "iu":
            continue
        for shape in {one.node.shape for one in comparison.found}:
            if len(shape) == 2 and shape[0] == labels.size and labels.max() < shape[1]:
                found[f"onehot({name}, {shape[1]})"] = np.eye(shape[1])[labels]
    return found
