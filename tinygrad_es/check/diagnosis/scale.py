"""The hypothesis that a gradient is off by a constant factor, and where that comes from."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np

from ...autodiff.tensor import Tensor
from ...languages import Pair
from .case import Case, Fit, Fits

__all__ = ["causes_of", "is_of_the_way", "scaled", "times"]

MANY = 6  # constants of the forward pass, of which products are tried

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

    >>> times(2.0), times(-1 / 7), times(0.3), times(16.5)
    ('2', '1/-7', '0.3', '33/2')
    """
    if abs(k) < 0.5 and abs(1 / k - round(1 / k)) <= 1e-6:
        return f"1/{round(1 / k)}"
    near = Fraction(k).limit_denominator(9)
    parts = abs(k) > 0.5 and near.denominator > 1 and abs(near - k) <= 1e-6
    return str(near) if parts else f"{k:.6g}"


def causes_of(case: Case, k: float) -> list[Pair]:
    """Where a constant may come from, the simplest first.

    A length of an array is a coincidence where constants of the forward pass are the same number.
    """

    def fitting(constants: Iterable[tuple[float, Pair]]) -> list[Pair]:
        return list(dict.fromkeys(_equal_to(k, constants, case)))

    lengths: dict[int, str] = {}
    for name, value in [*case.values.items(), (case.name, case.r)]:
        for axis, n in enumerate(value.shape):
            if n > 1:
                lengths.setdefault(n, f"{name}.shape[{axis}]")
    constants = _constants(case, lengths)
    of = [c.divisor for c in constants if c.divisor]
    near = {n: where for n, where in lengths.items() if any(d % n == 0 for d in of)}
    signs = fitting(SIGNS)
    known = (
        fitting(_of_the_way(constants))
        or fitting(_of_counts(lengths if signs else near, pairs=False))
        or (
            fitting(_of_products(constants, lengths, twice=False))
            if abs(abs(k) - 1.0) > 1e-6
            else []
        )
        or ([] if signs else fitting(_of_products(constants, lengths)))
        or fitting(_of_counts(lengths))
    )
    found = signs + known + fitting(_of_values(case))
    return found or fitting(_of_roots(lengths)) or fitting(_of_lengths(lengths))


def _equal_to(k: float, constants: Iterable[tuple[float, Pair]], case: Case) -> list[Pair]:
    close = max(1e-7, min(case.tolerance, 1e-5))
    return [text for value, text in constants if abs(k - value) <= close * abs(value)]


def is_of_the_way(case: Case) -> bool:
    """Whether it is a constant of the forward pass, or a named one, that a gradient is off by."""
    k = float(np.sum(case.g * case.r) / np.sum(case.r * case.r))
    return bool(_equal_to(k, [*_of_the_way(_constants(case, {})), *_of_values(case)], case))


class Constant(NamedTuple):
    """A constant that the chain rule multiplies by: its value, and what is said of it."""

    value: float
    missing: Pair
    twice: Pair
    alone: bool = True  # whether it is looked for by itself: one length is told by its name
    divisor: float = 0.0  # n, of the value 1/n; 0 for a factor
    axes: tuple[int, ...] = ()  # the lengths that a mean is over, or more than these


def _constants(case: Case, lengths: dict[int, str]) -> list[Constant]:
    """Those of the operations that lead from the node to the next gradients by hand."""
    found: dict[Pair, Constant] = {}
    for node in case.on_the_way():
        for constant in _of_operation(node, lengths):
            found.setdefault(constant.missing, constant)
    return list(found.values())[:MANY]


def _of_operation(node: Tensor, lengths: dict[int, str]) -> Iterator[Constant]:
    name, x = node.op.name if node.op else "", node.inputs[0]
    if name == "mean" and type(x) is Tensor and node.size < x.size:
        n, alone = x.size // node.size, node.size > 1
        told = f"each mean is over {n} entries", f"cada media es de {n}"
        yield _divisor(n, told, alone, x.shape)
    last = node.inputs[-1]
    square = name == "multiply" and last is x
    if square or (name == "power" and type(last) is float and last == 2.0):
        yield _factor(2.0, ("the factor 2 of the square", "el factor 2 del cuadrado"), False)
    if name == "multiply":
        numbers = [c for v in node.inputs if (c := _number(v))]
        yield from (_factor(c, (f"the factor {c:.6g}", f"el factor {c:.6g}")) for c in numbers)
    if name == "divide" and (c := _number(last)):
        by = f"{_root(c, lengths)}{c:.6g}"
        yield _divisor(c, (f"it is divided by {by}", f"se divide entre {by}"), c not in lengths)


def _number(x: Any) -> float:
    """A number that changes what it multiplies; else 0."""
    if isinstance(x, Tensor) or np.size(x) != 1 or not np.isrealobj(x):
        return 0.0
    c = float(np.reshape(x, ()))
    return c if np.isfinite(c) and abs(c) != 1.0 else 0.0


def _root(c: float, lengths: dict[int, str]) -> str:
    """What a number is the square root of, "" where that is no length."""
    n = round(c * c)
    root = n in lengths and abs(c - n**0.5) <= 1e-6 * c and c != round(c)
    return f"√{lengths[n]} = " if root else ""


def _factor(c: float, told: Pair, alone: bool = True) -> Constant:
    en, es = told
    falta = f"falta {es}", f"{es} está dos veces"
    return Constant(c, (f"{en} is missing", falta[0]), (f"{en} is there twice", falta[1]), alone)


def _divisor(n: float, told: Pair, alone: bool = True, axes: tuple[int, ...] = ()) -> Constant:
    en, es = told
    missing = f"{en}: this division is missing", f"{es}: falta esta división"
    twice = f"{en}: this division is there twice", f"{es}: esta división está dos veces"
    return Constant(1 / n, missing, twice, alone, n, axes)


def _of_the_way(constants: list[Constant]) -> Iterator[tuple[float, Pair]]:
    """Each of them missing, or there twice."""
    for c in constants:
        if c.alone:
            yield 1 / c.value, c.missing
            yield c.value, c.twice


def _of_products(
    constants: list[Constant], lengths: dict[int, str], twice: bool = True
) -> Iterator[tuple[float, Pair]]:
    """Several of them missing or there twice; and a division by a part of what is divided by."""
    ways = {c: [(1 / c.value, c.missing), *_in_part(c, lengths)] for c in constants}
    for c in constants if twice else []:
        ways[c].append((c.value, c.twice))
    for count in (1, 2, 3) if twice else (2, 3):
        for group in itertools.combinations(constants, count):
            for chosen in itertools.product(*(ways[c] for c in group)):
                k = math.prod(value for value, _ in chosen)
                en, es = _joined(chosen)
                if count > 1:
                    yield k, (en, es)
                yield -k, (f"{en}, and the sign is wrong", f"{es}, y el signo está mal")


def _joined(chosen: Sequence[tuple[float, Pair]]) -> Pair:
    return ", and ".join(t[0] for _, t in chosen), ", y ".join(t[1] for _, t in chosen)


def _in_part(c: Constant, lengths: dict[int, str]) -> Iterator[tuple[float, Pair]]:
    """A division by one length, where it is by the product of two."""
    for m, where in lengths.items():
        rest = c.divisor / m
        whole = rest == round(rest) and rest > 1
        if whole and (m in c.axes if c.axes else round(rest) in lengths):
            en, es = c.missing[0].split(":")[0], c.missing[1].split(":")[0]
            yours = f"yours divides by {m} = {where} alone"
            yield rest, (f"{en}, {yours}", f"{es}, el tuyo divide solo entre {m} = {where}")


def _of_values(case: Case) -> Iterator[tuple[float, Pair]]:
    for name, value in case.values.items():
        if value.size == 1 and np.isfinite(k := float(value.reshape(()))) and k not in (0.0, 1.0):
            is_k = f"{name} = {k:.6g}"
            yield (
                k,
                (
                    f"{is_k} is a factor too many (or the division by it is missing)",
                    f"sobra el factor {is_k} (o falta dividir entre él)",
                ),
            )
            yield (
                1 / k,
                (
                    f"the factor {is_k} is missing (or it is divided by it once too often)",
                    f"falta el factor {is_k} (o se divide entre él una vez de más)",
                ),
            )
            if not np.isfinite(1 / np.float64(k * k)):
                continue  # so small that its square is 0
            yield (
                k * k,
                (
                    f"it is multiplied by {is_k} where it should be divided",
                    f"se multiplica por {is_k} donde hay que dividir",
                ),
            )
            yield (
                1 / (k * k),
                (
                    f"it is divided by {is_k} where it should be multiplied",
                    f"se divide entre {is_k} donde hay que multiplicar",
                ),
            )


def _of_counts(lengths: dict[int, str], pairs: bool = True) -> Iterator[tuple[float, Pair]]:
    """N, 1/N; also of the products of two lengths, and with the wrong sign."""
    both = itertools.combinations(lengths.items(), 2)
    products = {n * m: f"{a} × {b}" for (n, a), (m, b) in both}
    squares = {n * n: f"{a}²" for n, a in lengths.items()}
    more = [*products.items(), *squares.items()] if pairs else []
    for n, where in [*lengths.items(), *more]:
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


def _of_roots(lengths: dict[int, str]) -> Iterator[tuple[float, Pair]]:
    """The square root of a length."""
    for n, where in lengths.items():
        en, es = f"{n} = {where}: the division by √{n} is", f"{n} = {where}: "
        yield n**0.5, (f"{en} missing", f"{es}falta la división entre √{n}")
        yield n**-0.5, (f"{en} there once too often", f"{es}sobra una división entre √{n}")


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
