"""How a backward pass is called: by the names and in the order that people use."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from ..differences.numeric import cotangent
from .naming import PREFIXES, named_leaves, node_of, parameters, required
from .styles import Passes

__all__ = ["ARRIVING", "CACHES", "NoLossError", "arguments_of", "arriving_at"]

FLOATING = (np.ndarray, np.floating, float)
ARRIVING = frozenset(["dout", "g", "grad", "gradient", "upstream", "grad_out", "grad_output", "dy"])
CACHES = frozenset(["cache", "caches", "saved", "ctx", "values", "memory", "forward_values"])


class NoLossError(TypeError):
    """Forward ends in more than one number, and backward takes no gradient that arrives there."""


def arguments_of(
    passes: Passes,
    by_name: Mapping[str, Any],
    result: Any,
    variables: Mapping[str, Any],
    gradient: Any,
) -> list[Any]:
    """What backward is called with.

    `result` and `variables` are those of forward on plain arrays, `gradient` arrives at a result
    of more than one number. First (gradient, cache) and (cache); then the arguments by their
    names; then the inputs; then the inputs and what forward returned.

    Raises:
        TypeError: none of these.
    """
    if passes.style == "values":
        return list(passes.inputs)
    if passes.arriving:
        return [(*passes.arriving, result[-1])[k] for k in passes.places]
    if passes.style == "context":
        return [1.0 if gradient is None else gradient]
    found = _arguments(passes.backward, passes.inputs, by_name, result, variables, gradient)
    unread = gradient is not None and not any(x is gradient for x in found)
    if unread and passes.style == "functions":
        raise NoLossError(
            f"check_backprop: forward ends in shape {np.shape(gradient)}, not in one number, and "
            "backward takes no gradient that arrives there. Expected the loss that backward "
            "differentiates, for example loss=lambda y, t: 0.5 * np.sum((y - t) ** 2)."
        )
    return found


def arriving_at(
    passes: Passes, result: Any, inputs: Mapping[str, Any], variables: Mapping[str, Any]
) -> tuple[tuple[Any, ...], tuple[int, ...]]:
    """What arrives at each of several results, where backward takes a gradient of each and the
    cache that comes after them: `lstm_step_backward(dnext_h, dnext_c, cache)`; else nothing.

    With it the places of backward's parameters among these gradients and the cache: in their
    order, but for `cache` and for what is called as a variable is that was returned, `dnext_c`.
    """
    wanted = required(passes.backward)
    context = passes.style == "context"
    if (passes.style != "functions" and not context) or not isinstance(result, tuple):
        return (), ()
    known = {**variables, **inputs}
    if len(result) != len(wanted) or len(result) < 3 - context or all(k in known for k in wanted):
        return (), ()
    called = [_called_as(name, result, variables) for name in wanted]
    caches = [name for name in wanted if name in CACHES and name not in inputs]
    last = wanted.index(caches[0]) if len(caches) == 1 else len(wanted) - 1
    bare = context or (  # a gradient of each
        isinstance(result[-1], FLOATING)
        and wanted[last] not in {*caches, *known}
        and (called[last] == last or wanted[last].startswith(PREFIXES))
    )
    outs = [np.asarray(x) for x in (result if bare else result[:-1]) if isinstance(x, FLOATING)]
    if len(outs) < len(result) - (not bare) or any(x.dtype.kind != "f" for x in outs):
        return (), ()
    places = [called[k] for k in range(len(wanted)) if bare or k != last]
    if sorted(-1 if k is None else k for k in places) != [*range(len(outs))]:
        places = [*range(len(outs))]
    if not bare:
        places.insert(last, len(outs))
    pairs = enumerate(outs, 2)
    arriving = tuple(np.asarray(k / 2 * cotangent(x.shape, k), x.dtype) for k, x in pairs)
    return arriving, tuple(k for k in places if k is not None)


def _called_as(name: str, result: tuple[Any, ...], variables: Mapping[str, Any]) -> int | None:
    """Which of the results it is the gradient of, by the variable that was returned."""
    node = node_of(name, variables)
    return next((k for k, x in enumerate(result) if node and x is variables[node]), None)


def _arguments(
    backward: Callable[..., Any],
    inputs: tuple[Any, ...],
    by_name: Mapping[str, Any],
    result: Any,
    variables: Mapping[str, Any],
    gradient: Any,
) -> list[Any]:
    wanted = required(backward)
    if not wanted:  # `net.backward()`: all is in the object; or `backward(dout=1)`
        takes_all = any(p.kind is p.VAR_POSITIONAL for p in parameters(backward))
        arrives = gradient is not None and {*required(backward, optional=True)[:1]} & ARRIVING
        return [gradient] if arrives else list(inputs) if takes_all else []
    further = inputs[len(by_name) :]  # that forward does not take: the target
    if wanted and len(wanted) == len(further) and not any(name in by_name for name in wanted):
        return list(further)
    pair = isinstance(result, tuple) and len(result) == 2
    cache = result[1] if pair else result
    arriving = 1.0 if gradient is None else gradient
    space = {**dict(named_leaves(result) if isinstance(result, dict) else ()), **variables}
    space |= by_name
    by_their_names = all(name in space for name in wanted) and wanted[0] in by_name
    if pair and len(wanted) == 2 and not (by_their_names and wanted[0] not in ARRIVING):
        return [arriving, cache]
    parts = result if isinstance(result, tuple) else ()
    for name in wanted:
        own = any(x is variables.get(name, wanted) for x in parts)  # `return loss, scores, cache`
        if name in CACHES and name not in by_name and not own:
            space[name] = cache
        if name in ARRIVING and name not in by_name:
            space[name] = arriving
    missing = [name for name in wanted if name not in space]
    if missing and len(missing) == len(further) < len(wanted):
        space |= dict(zip(missing, further, strict=True))
    if wanted and all(name in space for name in wanted):
        return [space[name] for name in wanted]
    if len(wanted) == 1 and len(inputs) != 1:
        return [cache]
    if len(wanted) == len(inputs):
        return list(inputs)
    if len(wanted) == len(inputs) + 1:
        return [*inputs, result]
    unknown = ", ".join(name for name in wanted if name not in space)
    raise TypeError(
        "check_backprop: cannot tell what backward is called with. Expected the inputs of forward, "
        "(gradient, cache) with a gradient of each result, or arguments called as the inputs or "
        "variables of forward are. "
        f"Received: backward({', '.join(wanted)}); not known: {unknown or 'none'}; known: "
        f"{', '.join(space) or 'none'}."
    )
