"""Gradients by hand against differences of the plain forward pass, where no graph can be recorded.

What is compared are the inputs and weights; the forward pass is one node, whose derivatives are
the differences. An entry by hand that agrees with its difference, or of which the difference says
nothing (a kink, rounding), stands in the reference as it is: only what is wrong differs from it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from ..autodiff.primitive import Primitive
from ..autodiff.record import apply
from ..autodiff.tensor import Tensor
from ..languages import Pair
from .differences.numeric import Differences, Estimate, noise_of
from .differences.verdicts import Tolerance
from .passes.plain import Plain, bent, between

__all__ = ["Found", "black_box", "found_in"]

BUDGET = 2000  # evaluations of the forward pass, two for an entry that is right
ROUGH = 1e-3  # residual of an explanation that may still be called one
CONFIRMED = 30  # wrong entries of a gradient after which the others need no second look
CLOSE = {8: Tolerance(1e-6, 1e-8), 4: Tolerance(1e-4, 1e-6), 2: Tolerance(1e-2, 1e-3)}  # by item


class Found(NamedTuple):
    """What the differences gave, kept in the node of the forward pass."""

    gradients: tuple[Any, ...]  # for each input
    close: Tolerance
    looked: dict[str, Any]  # which entries were judged (flat), by name: of those that are not all
    residuals: dict[str, float]  # up to which an explanation fits, by name
    notes: list[Pair]


def _forward(xp, *inputs, value, found):  # type: ignore[no-untyped-def]  # a row, as in rules/
    """The whole forward pass, in one node."""
    return np.float64(value)


FORWARD = Primitive(_forward, "forward", (), False, None, (), None, True)
FORWARD.__name__ = "forward"
FORWARD.derivatives(inputs=lambda xp, g, y, *xs, value, found, which: g * found.gradients[which])


def found_in(root: Tensor) -> Found | None:
    """What the differences gave, None where the forward pass was recorded."""
    return root.params["found"] if root.op is FORWARD and root.params else None


def black_box(
    plain: Plain, by_hand: Mapping[str, Any], v: Any, why: Pair
) -> tuple[Tensor, dict[int, str]]:
    """The forward pass as one node, whose inputs are what has a gradient by hand; their names.

    Raises:
        TypeError: none of the gradients is that of an input.
        ValueError: forward draws at random what nobody can repeat.
    """
    chosen = [(k, n) for k, n in enumerate(plain.names) if n in by_hand]
    if not chosen:
        raise TypeError(
            f"check_backprop: forward could not run on Tensors ({why[0]}), so gradients of its "
            f"inputs alone can be compared. Expected one of {', '.join(plain.names)}. Received: "
            f"{', '.join(by_hand) or 'none'}."
        )
    weight = np.asarray(1.0 if v is None else v)
    here = plain(plain.arrays)
    if not np.array_equal(here, plain(plain.arrays), equal_nan=True):
        raise ValueError(
            "check_backprop: forward gives another result at every call. Expected the same draws: "
            "seed the generator inside forward, or pass it as an argument."
        )
    differences = Differences(plain, plain.arrays, weight, noise_of(plain, plain.arrays, weight))
    sizes = [np.asarray(by_hand[name], None).dtype for _, name in chosen]
    close = CLOSE[min([8, *(t.itemsize for t in [*sizes, *plain.dtypes] if t.kind == "f")])]
    found = Found((), close, {}, {}, [_told(why, close)])
    share = BUDGET // (2 * len(chosen))
    made = [_judged(differences, k, name, by_hand[name], share, found) for k, name in chosen]
    left = ", ".join(n for n in by_hand if n not in plain.names)
    if left:
        found.notes.append((f"not compared, for lack of a graph: {left}",
                            f"sin comparar, por falta de grafo: {left}"))  # fmt: skip
    inputs = [Tensor(plain.arrays[k], requires_grad=True) for k, _ in chosen]
    total = float(np.sum(weight * here))
    found = found._replace(gradients=tuple(made))
    root = apply(FORWARD, tuple(inputs), {"value": total, "found": found})
    return root, {x.index: name for x, (_, name) in zip(inputs, chosen, strict=True)}


def _told(why: Pair, close: Tolerance) -> Pair:
    to = f"{close.rtol:.0e}".replace("e-0", "e-")
    return (
        f"compared with differences, to {to}: forward could not run on Tensors ({why[0]})",
        f"comparado con diferencias, hasta {to}: forward no pudo ejecutarse con tensores "
        f"({why[1]})",
    )


def _judged(
    differences: Differences, k: int, name: str, by_hand: Any, share: int, found: Found
) -> Any:
    """The reference of one gradient: differences where it is wrong, else itself."""
    shape, mine = differences.arrays[k].shape, np.asarray(by_hand, np.float64)
    size = math.prod(shape)
    if mine.shape != shape and mine.T.shape == shape:
        mine = mine.T  # a guess, so that what was not looked at is the transpose
    flat = mine.ravel() if mine.shape == shape else np.full(size, np.nan)
    looked = np.arange(size)
    if size > max(share, 24):
        found.looked[name] = looked = _sample(flat, max(share, 24))
        few, many = f"{looked.size:,}", f"{size:,}"
        found.notes.append((f"{name}: {few} of its {many} entries were compared",
                            f"{name}: se compararon {few} de sus {many} elementos"))  # fmt: skip
    first = {int(i): _quotient(differences, k, int(i)) for i in looked}
    largest = max((abs(d) for d in first.values() if math.isfinite(d)), default=0.0)
    reference, wrong, unsure, outside = np.nan_to_num(flat), 0, list[int](), list[int]()
    rough = found.close.rtol
    for i, d in first.items():
        if abs(flat[i] - d) <= found.close.allowed(flat[i], d, largest):
            continue
        thoroughly = wrong < CONFIRMED
        verdict, best = _again(differences, k, i, flat[i], largest, found.close, thoroughly)
        wrong += verdict == "wrong"
        if verdict in ("inconclusive", "outside"):
            unsure.append(i)
            outside += [i] if verdict == "outside" else []
        elif verdict == "wrong":
            reference[i] = best.value
            rough = max(rough, 10.0 * best.error / largest) if largest else rough
    found.residuals[name] = min(rough, ROUGH)
    if unsure:
        found.looked[name] = np.setdiff1d(looked, unsure)
        count = f"{len(unsure)} of {looked.size}", f"{len(unsure)} de {looked.size}"
        found.notes.append((f"{name}: {count[0]} entries inconclusive, on a kink or too rough",
                            f"{name}: {count[1]} elementos sin veredicto, en un punto anguloso "
                            "o imprecisos"))  # fmt: skip
    if size and len(unsure) == looked.size:
        reference[:] = np.nan  # nothing is known
    elif not wrong and 2 * len(unsure) > looked.size:
        reference[unsure] = np.nan  # too little is known
    elif not wrong:
        reference[outside] = np.nan  # no subgradient: a tie of several, or wrong
    return reference.reshape(shape)


def _sample(flat: Any, count: int) -> Any:
    """Entries of a large gradient: a third the largest, the others at random."""
    order = np.argsort(-np.abs(flat), kind="stable")
    third = count // 3
    others = np.random.default_rng(0).permutation(order[third:])[: count - third]
    return np.sort(np.concatenate([order[:third], others]))


def _quotient(differences: Differences, k: int, i: int) -> float:
    return differences.quotient(k, i, np.float64(1.0), differences.entry_step(k, i))


def _again(
    differences: Differences,
    k: int,
    i: int,
    a: float,
    largest: float,
    close: Tolerance,
    thoroughly: bool,
) -> tuple[str, Estimate]:
    """A second look at an entry: better steps, and no blame where there is a kink."""
    best = differences.entry(k, i)
    if thoroughly:
        best = differences.closer(k, i, best, lambda n: close.verdict(a, n, largest))
    verdict = close.verdict(a, best, largest)
    h = min(best.h, differences.entry_step(k, i))
    if verdict == "wrong" and thoroughly and bent(differences, k, i, h):
        verdict = "inconclusive" if between(differences, k, i, a, h) else "outside"
    if verdict == "wrong" and thoroughly:
        step = differences.stairs(k, i)
        verdict = "outside" if abs(a - best.value) <= 10.0 * step / h else verdict
    return verdict, best
