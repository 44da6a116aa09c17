"""The hypothesis that a gradient is off by a constant factor, and where that comes from."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator

import numpy as np

from ..autodiff.tensor import Tensor
from .case import Case, Fit, Fits, Pair

__all__ = ["causes_of", "is_of_the_way", "scaled", "times"]

SIGNS: tuple[tuple[float, Pair], ...] = (
    (-1.0, ("the sign is wrong", "el signo está mal")),
    (2.0, ("it was counted twice (or a ½ is missing)", "se contó dos veces (o falta un ½)")),
    (
        0.5,
        (
            "half of it is missing (a factor 2, or one of two equal terms)",
            "falta la mitad (un factor 2, o uno de dos términos iguales)",
        ),
    ),
    (-2.0, ("the sign and a factor 2 are wrong", "están mal el signo y un factor 2")),
    (-0.5, ("the sign and a factor ½ are wrong", "están mal el signo y un factor ½")),
)


def scaled(case: Case) -> Fits:
    """G03: a constant times the reference, and where the constant may come from."""
    g, r = case.g, case.r
    if g.shape != r.shape or not np.any(r) or not np.any(g):
        return
    k = float(np.sum(g * r) / np.sum(r * r))
    gap = case.fits(k * r)
    if gap is None or abs(k - 1.0) <= case.tolerance:
        return
    causes = causes_of(case, k)
    if not causes and np.count_nonzero(r) < 2:
        return  # one number is always a multiple of another
    en = f"your gradient = {times(k)} × the reference"
    es = f"tu gradiente = {times(k)} × la referencia"
    hint = "it is a constant times too large.", "es un múltiplo constante de lo que debe ser."
    if causes:
        why = "; or ".join(text[0] for text in causes[:3]) + "."
        porque = "; o ".join(text[1] for text in causes[:3]) + "."
        yield Fit(f"{en}, and {why}", f"{es}, y {porque}", gap, (why, porque))
    else:
        yield Fit(en + ".", es + ".", gap, hint)


def times(k: float) -> str:
    """A constant as one writes it: 1/7 for 0.142857.

    >>> times(2.0), times(-1 / 7), times(0.3)
    ('2', '1/-7', '0.3')
    """
    whole = abs(k) < 0.5 and abs(1 / k - round(1 / k)) <= 1e-6
    return f"1/{round(1 / k)}" if whole else f"{k:.6g}"


def causes_of(case: Case, k: float) -> list[Pair]:
    """Where a constant may come from, the simplest first.

    A length of an array is a coincidence where a constant of the forward pass is the same number.
    """

    def fitting(constants: Iterable[tuple[float, Pair]]) -> list[Pair]:
        return _equal_to(k, constants, case)

    lengths: dict[int, str] = {}
    for name, value in [*case.values.items(), (case.name, case.r)]:
        for axis, n in enumerate(value.shape):
            if n > 1:
                lengths.setdefault(n, f"{name}.shape[{axis}]")
    found = fitting(SIGNS) + (fitting(_of_the_way(case)) or fitting(_of_counts(lengths)))
    return found + fitting(_of_values(case)) or fitting(_of_lengths(lengths))


def _equal_to(k: float, constants: Iterable[tuple[float, Pair]], case: Case) -> list[Pair]:
    close = max(1e-7, min(case.tolerance, 1e-5))
    return [text for value, text in constants if abs(k - value) <= close * abs(value)]


def is_of_the_way(case: Case) -> bool:
    """Whether it is a constant of the forward pass, or a named one, that a gradient is off by."""
    k = float(np.sum(case.g * case.r) / np.sum(case.r * case.r))
    return bool(_equal_to(k, [*_of_the_way(case), *_of_values(case)], case))


def _of_the_way(case: Case) -> Iterator[tuple[float, Pair]]:
    """Constants of the operations that lead from the node to the next nodes with names."""
    for node in case.on_the_way():
        name, x = node.op.name if node.op else "", node.inputs[0]
        if name == "mean" and type(x) is Tensor and 1 < node.size < x.size:
            n = x.size // node.size
            yield from _divided(n, f"each mean is over {n} entries", f"cada media es de {n}")
        numbers = [x for x in node.inputs if isinstance(x, float) and x not in (0.0, 1.0, -1.0)]
        for number in numbers if name in ("multiply", "divide") else []:
            c, told = number, f"{number:.6g}"
            if name == "divide" and node.inputs[0] is number:
                continue
            if name == "divide":
                yield from _divided(c, f"it is divided by {told}", f"se divide entre {told}")
            else:
                yield 1 / c, (f"the factor {told} is missing", f"falta el factor {told}")
                yield c, (f"the factor {told} is there twice", f"el factor {told} está dos veces")


def _divided(n: float, en: str, es: str) -> Iterator[tuple[float, Pair]]:
    yield n, (f"{en}: this division is missing", f"{es}: falta esta división")
    yield 1 / n, (f"{en}: this division is there twice", f"{es}: esta división está dos veces")


def _of_values(case: Case) -> Iterator[tuple[float, Pair]]:
    for name, value in case.values.items():
        if value.size == 1 and np.isfinite(k := float(value.reshape(()))) and k not in (0.0, 1.0):
            yield k, (f"{name} = {k:.6g} is a factor too many", f"sobra el factor {name} = {k:.6g}")
            yield 1 / k, (f"the factor {name} = {k:.6g} is missing", f"falta {name} = {k:.6g}")


def _of_counts(lengths: dict[int, str]) -> Iterator[tuple[float, Pair]]:
    """N, 1/N; also of the products of two lengths, and with the wrong sign."""
    pairs = itertools.combinations(lengths.items(), 2)
    products = {n * m: f"{a} × {b}" for (n, a), (m, b) in pairs}
    squares = {n * n: f"{a}²" for n, a in lengths.items()}
    for n, where in [*lengths.items(), *products.items(), *squares.items()]:
        for sign, en, es in ((1, "", ""), (-1, " and the sign is wrong", " y el signo está mal")):
            yield (
                sign * n,
                (
                    f"{n} = {where}: the division by {n} is missing{en}",
                    f"{n} = {where}: falta la división entre {n}{es}",
                ),
            )
            yield (
                sign / n,
                (
                    f"{n} = {where}: it is divided by {n} once too often{en}",
                    f"{n} = {where}: se divide entre {n} una vez de más{es}",
                ),
            )


def _of_lengths(lengths: dict[int, str]) -> Iterator[tuple[float, Pair]]:
    """One length in place of another, or of itself less 1."""
    others = [(n, a, m, b) for (n, a), (m, b) in itertools.permutations(lengths.items(), 2)]
    less = [(n, a, n - 1, f"{a} − 1") for n, a in lengths.items()]
    for n, a, m, b in [*less, *((m, b, n, a) for n, a, m, b in less), *others]:
        yield (
            n / m,
            (
                f"it is divided by {m} = {b} in place of {n} = {a}",
                f"se divide entre {m} = {b} en lugar de {n} = {a}",
            ),
        )
