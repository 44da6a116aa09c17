"""Hypotheses about one operation on the way: its rule stands there, but hands on another thing.

A maximum sends its gradient to where the maximum was; indexing adds up what repeated indices send;
a kernel is read in the backward pass as in the forward one. What would arrive if one of these were
done otherwise is computed from the recorded graph, and must be the gradient by hand.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from ...autodiff.modes import enable_grad
from ...autodiff.record import apply
from ...autodiff.tensor import Tensor
from ...languages import Pair
from ...views.snapshot import contributions, receivers
from .case import Case, Fit, Fits

__all__ = ["flipped", "masked", "not_added", "routed_elsewhere", "routed_everywhere"]

WORK = 200_000  # operations that all walks of one hypothesis may take
VIEWS = frozenset(["getitem", "reshape", "transpose", "flip"])  # in them a kernel is still itself

Send = Callable[[Tensor, Any], list[Any]]
Share = Callable[[Any], Any]  # from windows, entries last, to the part that each entry gets


# --- a maximum -----------------------------------------------------------------------------------


def routed_everywhere(case: Case) -> Fits:
    """G04: the mask of a maximum is missing."""
    told = (
        "the mask of the maximum is missing: all entries that it was taken of got the gradient, "
        "not only the largest.",
        "falta la máscara del máximo: recibieron el gradiente todos los elementos entre los que "
        "se tomó, no solo el mayor.",
    )
    yield from _routed(case, np.ones_like, told)


def routed_elsewhere(case: Case) -> Fits:
    """G05: what is the derivative of a maximum was handed on as that of something else."""
    for share, (en, es) in ELSEWHERE:
        yield from _routed(
            case,
            share,
            (
                f"the gradient of the maximum goes {en}, not to where the maximum was.",
                f"el gradiente del máximo va {es}, no a donde estaba el máximo.",
            ),
        )


def _at(place: Callable[[Any], Any]) -> Share:
    return lambda windows: np.eye(windows.shape[-1])[place(windows)]


ELSEWHERE: tuple[tuple[Share, Pair], ...] = (
    (
        lambda windows: np.ones_like(windows) / windows.shape[-1],
        ("to all entries in equal parts, as that of a mean", "a todos por igual, como el de una "
         "media"),
    ),
    (_at(lambda w: np.zeros(w.shape[:-1], int)), ("to the first entry", "al primer elemento")),
    (_at(lambda w: np.full(w.shape[:-1], -1)), ("to the last entry", "al último elemento")),
    (_at(lambda w: np.argmin(w, axis=-1)), ("to the smallest entry", "al elemento menor")),
)  # fmt: skip


def _routed(case: Case, share: Share, told: Pair) -> Fits:
    maxima = {n.index: axes for n in case.comparison.order if (axes := _maximum(n)) is not None}
    if not maxima or case.g.shape != case.r.shape:
        return

    def send(node: Tensor, g: Any) -> list[Any]:
        if (axes := maxima.get(node.index)) is None:
            return contributions(node, g)
        (x,) = receivers(node)
        last = tuple(range(-len(axes), 0))
        moved = np.moveaxis(x.value, axes, last)
        rest = moved.shape[: moved.ndim - len(axes)]
        parts = share(moved.reshape(*rest, -1)) * np.reshape(g, (*rest, 1))
        return [((), np.moveaxis(parts.reshape(moved.shape), last, axes).astype(x.dtype))]

    yield from _if_it_fits(case, send, told)


def _maximum(node: Tensor) -> tuple[int, ...] | None:
    """The axes over which a node is the maximum of its input; None where it is none."""
    x = node.inputs[0] if node.op is not None else None
    if node.op is None or type(x) is not Tensor or not x.tracked or not 0 < x.ndim <= 8:
        return None
    if node.op.name == "amax":
        axis = (node.params or {}).get("axis")
        axes = range(x.ndim) if axis is None else axis if isinstance(axis, tuple) else (axis,)
        return tuple(a % x.ndim for a in axes)
    index = (node.params or {}).get("index")
    if node.op.name != "getitem" or not isinstance(index, tuple) or len(index) != x.ndim:
        return None
    if not all(isinstance(i, np.ndarray) and i.dtype.kind == "i" for i in index):
        return None
    largest = (np.max(x.value, axis=a, keepdims=True) for a in range(x.ndim))
    return next(((a,) for a, v in enumerate(largest) if np.array_equal(v, node.value)), None)


# --- the mask of a ReLU, of a node that goes elsewhere as well -----------------------------------


def masked(case: Case) -> Fits:
    """G05: what comes back through a ReLU has the mask of another."""
    found = {n.index for n in case.comparison.order if _is_relu(n)}
    if not found or len(case.paths) < 2 or case.g.shape != case.r.shape:
        return
    for mask, (en, es) in MASKS:

        def send(node: Tensor, g: Any, mask: Share = mask) -> list[Any]:
            if node.index not in found:
                return contributions(node, g)
            (x,) = receivers(node)
            c = mask(x.value) * g
            return [((), c if type(x.value) is float else c.astype(x.value.dtype))]

        told = f"what comes back through relu {en}.", f"lo que vuelve por relu {es}."
        yield from _if_it_fits(case, send, told)


MASKS: tuple[tuple[Share, Pair], ...] = (
    (
        lambda x: 1.0 * (x < 0),
        ("has the mask (z < 0) in place of (z > 0)", "tiene la máscara (z < 0) en vez de (z > 0)"),
    ),
    (lambda x: 1.0, ("has no mask: (z > 0) is missing", "no tiene máscara: falta (z > 0)")),
    (
        lambda x: x * (x > 0),
        ("is multiplied by its result, not by the mask (z > 0)", "está multiplicado por su "
         "resultado, no por la máscara (z > 0)"),
    ),
    (
        lambda x: x,
        ("is multiplied by its input, not by the mask (z > 0)", "está multiplicado por su entrada, "
         "no por la máscara (z > 0)"),
    ),
)  # fmt: skip


def _is_relu(node: Tensor) -> bool:
    if node.op is None or node.op.name not in ("relu", "maximum"):
        return False
    constants = [x for x in node.inputs if type(x) is not Tensor]
    alone = len(node.inputs) - len(constants) == 1 and receivers(node) != []
    return alone and all(np.size(x) == 1 and float(np.sum(x)) == 0.0 for x in constants)


# --- indices that come twice ---------------------------------------------------------------------


def not_added(case: Case) -> Fits:
    """G07: of entries that were read several times only the last gradient was kept."""
    repeated = {n.index: name for n in case.comparison.order if (name := _repeats(n, case))}
    if not repeated or case.g.shape != case.r.shape:
        return

    def send(node: Tensor, g: Any) -> list[Any]:
        if node.index not in repeated:
            return contributions(node, g)
        x, index = node.inputs[0], (node.params or {})["index"]
        kept = np.zeros_like(x.value)
        kept[index] = g
        return [((), kept)]

    name = next(iter(repeated.values()))
    told = (
        f"{name} has entries more than once, and of each only the last gradient was kept, as "
        f"d[{name}] = … and d[{name}] += … do. Use np.add.at(d, {name}, …).",
        f"{name} tiene elementos repetidos, y de cada uno quedó solo el último gradiente, como "
        f"pasa con d[{name}] = … y d[{name}] += …. Usa np.add.at(d, {name}, …).",
    )
    yield from _if_it_fits(case, send, told)


def _repeats(node: Tensor, case: Case) -> str:
    """The name of the index by which a node reads entries more than once, "" where it does not."""
    if node.op is None or node.op.name != "getitem":
        return ""
    x, index = node.inputs[0], (node.params or {})["index"]
    arrays = [i for i in (index if isinstance(index, tuple) else (index,)) if np.ndim(i)]
    if not arrays or type(x) is not Tensor or not x.tracked:
        return ""
    places = np.arange(x.size).reshape(x.shape)[index]
    if np.unique(places).size == places.size:
        return ""
    known = (k for k, v in case.values.items() if any(np.array_equal(v, i) for i in arrays))
    return next(known, "idx")


# --- a kernel ------------------------------------------------------------------------------------


def flipped(case: Case) -> Fits:
    """G09: in the backward pass a kernel stands reversed, or with two axes exchanged."""
    order = case.comparison.order
    left = WORK // max(len(order), 1)
    for name, kernel in _kernels(case):
        for change, (en, es) in _turned(kernel.value):
            left -= 1
            if left < 0:
                return
            told = (
                f"your gradient is that of {name} {en}: in the backward pass it stands otherwise "
                "than in the forward pass.",
                f"tu gradiente es el de {name} {es}: en la pasada hacia atrás no está como en la "
                "pasada hacia delante.",
            )
            fits = [*_if_it_fits(case, _reads(order, kernel, change), told)]
            yield from fits
            if fits:
                return


def _kernels(case: Case) -> Iterator[tuple[str, Tensor]]:
    """The named Tensors that nothing computed, but for the node itself; the smallest first."""
    named = [(name, n) for n in case.comparison.order if (name := case.called.get(n.index))]
    leaves = [(k, n) for k, n in named if n.op is None and n is not case.node and n.size > 1]
    yield from sorted(leaves, key=lambda one: one[1].size)[:8]


def _turned(value: Any) -> Iterator[tuple[Any, Pair]]:
    pairs = {(value.ndim - 2, value.ndim - 1): 0, (0, 1): 0} if value.ndim > 1 else {}
    alone = dict.fromkeys(a for pair in pairs for a in pair) or {0: None}
    for turned in [*pairs, *((a,) for a in alone)]:
        where = f"[{', '.join('::-1' if a in turned else ':' for a in range(value.ndim))}]"
        yield np.flip(value, turned), (f"reversed, {where}", f"al revés, {where}")
    for a, b in pairs:
        if value.shape[a] == value.shape[b]:
            which = f"{a} and {b} exchanged", f"{a} y {b} cambiados"
            yield np.swapaxes(value, a, b), (f"with axes {which[0]}", f"con los ejes {which[1]}")


def _reads(order: tuple[Tensor, ...], kernel: Tensor, value: Any) -> Send:
    """What is handed on where the operations that read the kernel find this value instead."""
    other = Tensor(np.ascontiguousarray(value))
    other.tracked = kernel.tracked
    seen, twins = {kernel.index: other}, dict[int, Tensor]()
    for node in reversed(order):
        if node.op is None or not any(type(x) is Tensor and x.index in seen for x in node.inputs):
            continue
        inputs = tuple(seen.get(x.index, x) if type(x) is Tensor else x for x in node.inputs)
        with enable_grad():
            twins[node.index] = apply(node.op, inputs, node.params)
        if node.op.name in VIEWS:
            seen[node.index] = twins[node.index]
    return lambda node, g: contributions(twins.get(node.index, node), g)


def _if_it_fits(case: Case, send: Send, told: Pair) -> Fits:
    """What it says, where the gradient by hand is what would arrive so, and the reference not."""
    predicted = case.resent(send)
    if case.fits(predicted, case.r) is None and (gap := case.fits(predicted)) is not None:
        yield Fit(*told, gap)
