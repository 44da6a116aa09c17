"""The hypothesis that a gradient is off by a constant factor, and where that comes from."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import numpy as np

from .case import Case, Fit, Fits, Pair

__all__ = ["scaled"]

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
    close = max(1e-7, min(case.tolerance, 1e-5))
    causes = [text for value, text in _constants(case) if abs(k - value) <= close * abs(value)]
    if not causes and np.count_nonzero(r) < 2:
        return  # one number is always a multiple of another
    times = f"{k:.6g}" if abs(k) >= 0.5 or abs(1 / k - round(1 / k)) > 1e-6 else f"1/{round(1 / k)}"
    en, es = f"your gradient = {times} × the reference", f"tu gradiente = {times} × la referencia"
    hint = "it is a constant times too large.", "es un múltiplo constante de lo que debe ser."
    if causes:
        why = "; or ".join(text[0] for text in causes[:3]) + "."
        porque = "; o ".join(text[1] for text in causes[:3]) + "."
        yield Fit(f"{en}, and {why}", f"{es}, y {porque}", gap, (why, porque))
    else:
        yield Fit(en + ".", es + ".", gap, hint)


def _constants(case: Case) -> Iterator[tuple[float, Pair]]:
    """Constants that mistakes make, and how they come about, the simplest first."""
    yield from SIGNS
    lengths: dict[int, str] = {}
    for name, value in [*case.values.items(), (case.name, case.r)]:
        for axis, n in enumerate(value.shape):
            if n > 1:
                lengths.setdefault(n, f"{name}.shape[{axis}]")
    yield from _of_counts(lengths)
    yield from _of_lengths(lengths)
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
