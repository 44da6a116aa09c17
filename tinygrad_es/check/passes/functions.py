"""A forward and a backward pass written with NumPy: run as they are, and read.

Forward runs on Tensors through NumPy's protocols; its arguments, its variables and what it returns
name the nodes. Backward runs on plain arrays; the gradients are what it returns, and `dh` among
its variables is the gradient of `h`. Where Tensors cannot run through forward, or lose their graph
on the way, differences of the plain forward take their place.
"""

from __future__ import annotations

import contextlib
import copy
import io
import threading
import warnings
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from ...autodiff.errors import describe
from ...autodiff.order import topological
from ...autodiff.tensor import Tensor
from ...languages import Pair
from ...tree import leaves, map_structure
from ...views.compare import Reference
from ..by_differences import black_box
from .beside import loss_and_gradients, without_loss
from .calling import arguments_of, arriving_at
from .draws import drawing_from, random_state
from .forward import Forward, World
from .lists import named_lists
from .naming import named_leaves, node_of, required
from .plain import Plain
from .recording import Recorded, recorded_pass
from .returned import Returned, absent, gradients_of, in_order, kept_gradients, not_compared
from .styles import Passes, passes_of
from .watching import observed
from .whole import lifted, whole_leaves, with_gradient

__all__ = ["Traced", "traced"]


ALONE = threading.RLock()  # a check swaps variables of modules, and sys.stdout


class Traced(NamedTuple):
    """The recorded forward pass and the gradients by hand."""

    reference: Reference  # what the gradients by hand are held against
    names: dict[int, str]  # by Tensor index
    values: dict[str, Any]  # the inputs as arrays, by name
    returned: dict[str, Any]  # the gradients that backward returned, by node
    variables: dict[str, Any]  # and those that it had in variables
    former: dict[str, list[int]]  # by name: nodes that a variable of forward held before
    apart: tuple[Tensor, ...] = ()  # arguments that the result does not depend on
    absent: tuple[str, ...] = ()  # parameters for which there is no gradient by hand
    notes: tuple[Pair, ...] = ()
    handed: tuple[str, ...] = ()  # variables of backward that are still what was handed to it


def traced(subject: Any, given: tuple[Any, ...], loss: Any = None) -> Traced:
    """Run both passes, one check at a time; random states and NumPy's settings stay.

    Raises:
        TypeError: these are no two passes; arguments or results have no names.
    """
    with ALONE, contextlib.ExitStack() as kept:
        for settings in (np.errstate(), np.printoptions(), warnings.catch_warnings()):
            kept.enter_context(settings)
        kept.enter_context(drawing_from(random_state()))
        return _traced(subject, given, loss)


def _traced(subject: Any, given: tuple[Any, ...], loss: Any) -> Traced:
    passes = passes_of(subject, given)
    most = len(required(passes.forward, optional=True)) or len(passes.inputs)
    inputs = passes.inputs[:most]
    ahead = Forward(passes.forward, inputs)
    again = ahead
    if passes.plain is not passes.forward:
        again = Forward(passes.plain, inputs, ahead.labels)
    world = World(passes.plain, passes.backward)
    with world:
        result, space = _once(passes, inputs, ahead.labels)
    by_name = dict(zip(ahead.labels, inputs, strict=False))
    _with_backward(passes, result, loss)
    if loss is None:
        arriving, places = arriving_at(passes, result, by_name, space)
        passes = passes._replace(arriving=arriving, places=places)
    plain = Plain(again, passes, loss)
    tape, why = recorded_pass(ahead, plain, passes.end(result))
    if tape is None and any(map(_short, leaves(given))):
        return _traced(subject, map_structure(_doubled, given), loss)  # as the differences are
    g = tape.gradient if tape else plain.cotangent()
    held = {} if again is not ahead else dict(named_leaves(space))
    known = dict.fromkeys(tape.names.values() if tape else [*plain.names, *held])
    gradients, own, arguments = _ran_backward(passes, by_name, result, space, g, world)
    gradients = _alone(gradients, passes, result, plain, own, known, tape)
    if whole := _integers(passes, by_name, plain.names, gradients, own, world):
        floats = (*lifted(inputs, ahead.labels, whole), *passes.inputs[most:])
        run = _traced(subject, (*given[: len(given) - len(passes.inputs)], *floats), loss)
        return run._replace(notes=(_read_as_floats(whole), *run.notes))
    if passes.style == "values":
        known |= {} if tape else dict.fromkeys(gradients)
        gradients = {k: v for k, v in gradients.items() if k in known}
    pairs = zip(plain.names, plain.arrays, strict=True)
    ends = {name: a.shape for name, a in pairs if name in known}
    fixed = [*whole_leaves(by_name), *ahead.fixed]
    found = _gradients(passes, gradients, own, known, ends, list(by_name), fixed)
    returned, others, notes = found.gradients, found.others, tuple(not_compared(found, fixed))
    extra = dict(zip(required(passes.backward, optional=True), arguments, strict=False))
    # masks and the like: no nodes, no gradients
    held = {k: v for k, v in held.items() if not ((tape and k in known) or node_of(k, known))}
    values = {k: v for k, v in {**held, **extra, **by_name}.items() if isinstance(v, np.ndarray)}
    if tape:
        run = _on_tape(tape, values, returned, others, by_name)
        return run._replace(notes=notes, handed=_handed(others, passes.arriving))
    return _by_differences(plain, values, returned, g, why)._replace(notes=notes)


def _handed(others: Mapping[str, Any], arriving: tuple[Any, ...]) -> tuple[str, ...]:
    """The variables that are still what arrived."""
    return tuple(k for k, v in others.items() if any(np.array_equal(v, g) for g in arriving))


def _alone(
    gradients: Any, passes: Passes, result: Any, plain: Plain, own: dict[str, Any],
    known: dict[str, None], tape: Recorded | None,
) -> Any:  # fmt: skip
    """What backward returned, without the loss, and lists by name."""
    shapes = {name: a.shape for name, a in zip(plain.names, plain.arrays, strict=True)}
    if passes.style != "functions":
        return named_lists(gradients, own, shapes) if passes.joint else gradients
    value = plain.lost(leaves(passes.end(result))[plain.place or 0])
    end = tape.names.get(tape.root.index) if tape else None
    gradients = without_loss(gradients, value, own, known, shapes, end)
    return named_lists(gradients, own, shapes)


def _by_differences(
    plain: Plain, values: dict[str, Any], returned: dict[str, Any], g: Any, why: Pair
) -> Traced:
    """Where no graph was recorded."""
    lacking = tuple(absent(plain.names, returned))
    root, names = black_box(plain, returned, g, why)
    returned = {k: v for k, v in returned.items() if k in names.values()}
    return Traced(Reference(root), names, values, returned, {}, {}, (), lacking)


def _with_backward(passes: Passes, result: Any, loss: Any) -> None:
    """Raises TypeError where a forward pass was given alone."""
    several = isinstance(result, tuple) and len(result) > 1
    if passes.joint and not (several and loss is not None) and not loss_and_gradients(result):
        what = [f"shape {np.shape(x)}" for x in leaves(result)]
        raise TypeError(
            "check_backprop: backward is missing. Expected check_backprop(forward, backward, x, …),"
            " or one function that returns a loss, one number, and its gradients: `loss, dx`. "
            f"Received: a function that returns {type(result).__name__} ({', '.join(what)})."
        )


def _ran_backward(
    passes: Passes, by_name: Mapping[str, Any], result: Any, space: Mapping[str, Any], g: Any,
    world: World,
) -> tuple[Any, dict[str, Any], list[Any]]:  # fmt: skip
    """What backward returns, its variables and its arguments."""
    if passes.joint:
        parts = loss_and_gradients(result) or (None, result[1] if len(result) == 2 else result[1:])
        return parts[1], dict(space), []
    arguments = arguments_of(passes, by_name, result, space, g)
    with world:
        gradients, own = observed(passes.backward, *copy.deepcopy(arguments))
    if passes.style == "context":
        gradients = in_order(gradients, list(by_name))
    return gradients, own, arguments


def _integers(
    passes: Passes, by_name: Mapping[str, Any], read: list[str], gradients: Any,
    own: Mapping[str, Any], world: World,
) -> list[str]:  # fmt: skip
    """The integers of which backward gives a gradient, unless forward needs them as integers."""
    whole = [name for name in whole_leaves(by_name) if name not in read]
    places = [name for name, _ in named_leaves(dict(by_name))]
    found = with_gradient(gradients, own, whole, places if {*read} <= {*places} else [])
    if not found:
        return []
    try:
        with world, contextlib.redirect_stdout(io.StringIO()):
            passes.plain(*copy.deepcopy(lifted(by_name.values(), by_name, found)))
    except Exception:  # an index, a count: it has no gradient, and is told as what is not known
        return []
    return found


def _read_as_floats(names: list[str]) -> Pair:
    told = ", ".join(names)
    return (
        f"read as floats, for backward gives their gradients: {told}",
        f"leídos como números reales, pues backward da su gradiente: {told}",
    )


def _on_tape(
    tape: Recorded, values: dict[str, Any], returned: dict[str, Any], others: dict[str, Any],
    by_name: Mapping[str, Any],
) -> Traced:  # fmt: skip
    """Where a graph was recorded: what the result depends on, and what of it has no gradient."""
    reached = {tape.names.get(node.index) for node in topological([tape.root])}
    others = {k: v for k, v in others.items() if k in reached}
    left = [k for k in returned if k not in reached and k in by_name and k in tape.inputs]
    apart = tuple(tape.inputs[k] for k in left)
    lacking = tuple(k for k in absent(tape.inputs, returned) if k in reached)
    reference = Reference(tape.root, tape.gradient)
    return Traced(reference, tape.names, values, returned, others, tape.former, apart, lacking)


def _once(passes: Passes, inputs: Any, labels: list[str]) -> tuple[Any, dict[str, Any]]:
    """What forward returns for numbers, and its variables; rows of a list must fit each other."""
    if len(inputs) < len(needed := required(passes.forward)):
        raise TypeError(
            f"check_backprop: forward takes {', '.join(needed)}. Expected a value for each, after "
            f"forward and backward. Received: {len(inputs)}."
        )
    try:
        return observed(passes.plain, *copy.deepcopy(inputs))
    except (ValueError, TypeError, IndexError) as error:
        for label, x in zip(labels, inputs, strict=False):
            lengths = _lengths(x)
            if len(set(lengths)) > 1:
                rows = ", ".join(map(str, lengths[:12])) + (", …" if len(lengths) > 12 else "")
                raise ValueError(
                    f"check_backprop: {label} is a ragged list: rows of {rows} numbers. Expected "
                    "rows of one length."
                ) from error
        raise


def _lengths(x: Any) -> list[int]:
    """How many numbers each row has of a list of lists of numbers, else none."""
    odd = isinstance(x, np.ndarray) and x.dtype.kind == "O"
    rows = list(x) if odd or isinstance(x, (list, tuple)) else []
    flat = all(
        isinstance(row, (list, tuple)) and all(isinstance(v, (int, float)) for v in row)
        for row in rows
    )
    return [len(row) for row in rows] if flat else []


def _short(x: Any) -> bool:
    kinds = (np.ndarray, np.generic)
    return isinstance(x, kinds) and x.dtype.kind == "f" and x.dtype.itemsize < 8


def _doubled(x: Any) -> Any:
    return x.astype(np.float64) if _short(x) else x


def _gradients(
    passes: Passes, result: Any, own: dict[str, Any], known: dict[str, None],
    inputs: dict[str, tuple[int, ...]], arguments: list[str], fixed: list[str],
) -> Returned:  # fmt: skip
    """The gradients that were returned or kept in the object, and others among the variables."""
    arguments = [name for name in arguments if name in inputs]
    found = gradients_of(result, own, known, inputs, arguments, fixed)
    for node, value in kept_gradients(getattr(passes.backward, "__self__", None), known).items():
        where = found.gradients if result is None or node in inputs else found.others
        where.setdefault(node, value)
    if not found.gradients:
        raise TypeError(
            "check_backprop: backward returned no gradient, and none was kept as self.dW. "
            f"Received: {describe(result)}; nodes: {', '.join(known)}."
        )
    return found


# --- forward on Tensors --------------------------------------------------------------------------
