"""Hypotheses about the axes of a gradient: in which order, summed or not, shifted or not."""

from __future__ import annotations

import itertools

import numpy as np

from .case import Case, Fit, Fits

__all__ = ["labels_shifted", "permuted", "summed", "transposed"]


def transposed(case: Case) -> Fits:
    """G01: the axes in another order."""
    g, r = case.g, case.r
    if g.ndim == r.ndim == 2:
        if (gap := case.fits(r.T)) is not None:
            yield Fit(
                "your gradient is the transpose of the reference: use a.T @ dz, not dz.T @ a.",
                "tu gradiente es la traspuesta de la referencia: usa a.T @ dz, no dz.T @ a.",
                gap,
            )
    elif g.ndim == r.ndim and 2 < g.ndim <= 4:
        for axes in itertools.permutations(range(g.ndim)):
            if list(axes) != sorted(axes) and (gap := case.fits(r.transpose(axes))) is not None:
                yield Fit(
                    f"the axes of your gradient are in the order {axes}.",
                    f"los ejes de tu gradiente están en el orden {axes}.",
                    gap,
                )


def summed(case: Case) -> Fits:
    """G02: a sum over axes is missing, is one too many, or goes over another axis."""
    g, r = case.g, case.r
    if g.shape == r.shape:
        return
    if g.size == r.size and (gap := case.fits(g, r.reshape(g.shape))) is not None:
        yield Fit(
            f"the numbers are right, the shape is not: expected {r.shape}, yours is {g.shape}.",
            f"los números están bien, la forma no: se esperaba {r.shape}, la tuya es {g.shape}.",
            gap,
        )
        return
    yield from itertools.islice(itertools.chain(_not_summed(case), _once_too_often(case)), 1)
    for name, u in case.gradients.items():
        for a, b in itertools.permutations(range(u.ndim), 2):
            gap = case.fits(u.sum(axis=a))
            if gap is not None and case.fits(u.sum(axis=b), r) is not None:
                yield Fit(
                    f"d{name} was summed over axis {a}; it is axis {b} that was broadcast.",
                    f"d{name} se sumó sobre el eje {a}; el que se extendió es el eje {b}.",
                    gap,
                )


def _not_summed(case: Case) -> Fits:
    kinds = ((np.sum, "sum", "suma"), (np.mean, "mean", "media"))
    for axes, (how, en, es), keep in itertools.product(_axes(case.g.ndim), kinds, (False, True)):
        gap = case.fits(how(case.g, axis=axes, keepdims=keep), case.r)
        if gap is not None:
            where = axes[0] if len(axes) == 1 else axes
            yield Fit(
                f"the {en} over axis {where} is missing: {case.name} was broadcast along it.",
                f"falta la {es} sobre el eje {where}: {case.name} se extendió a lo largo de él.",
                gap,
            )


def _once_too_often(case: Case) -> Fits:
    for axes, keep in itertools.product(_axes(case.r.ndim), (False, True)):
        gap = case.fits(case.r.sum(axis=axes, keepdims=keep))
        if gap is not None:
            where = axes[0] if len(axes) == 1 else axes
            yield Fit(
                f"yours was summed over axis {where} of {case.name} too: each of its entries has a "
                "derivative of its own.",
                f"el tuyo se sumó también sobre el eje {where} de {case.name}: cada uno de sus "
                "elementos tiene su propia derivada.",
                gap,
            )


def _axes(ndim: int) -> list[tuple[int, ...]]:
    return [a for n in range(1, ndim + 1) for a in itertools.combinations(range(ndim), n)]


def permuted(case: Case) -> Fits:
    """G09: the same numbers in another order."""
    g, r = case.g, case.r
    if g.shape != r.shape or g.ndim == 0 or residual_of_sorted(case) is None:
        return
    for axis in range(r.ndim):
        if (gap := case.fits(np.flip(r, axis))) is not None:
            yield Fit(f"axis {axis} is reversed.", f"el eje {axis} está al revés.", gap)
            return
        for k in range(1, min(r.shape[axis], 50)):
            if (gap := case.fits(np.roll(r, k, axis))) is not None:
                yield Fit(
                    f"axis {axis} is shifted by {k}.",
                    f"el eje {axis} está desplazado en {k}.",
                    gap,
                )
                return
    for axes in itertools.combinations(range(r.ndim), 2):
        if (gap := case.fits(np.flip(r, axes))) is not None:
            en = f"axes {axes[0]} and {axes[1]} are reversed."
            yield Fit(en, f"los ejes {axes[0]} y {axes[1]} están al revés.", gap)
            return
    for axis in range(r.ndim):
        rows, mine = (np.moveaxis(v, axis, 0).reshape(v.shape[axis], -1) for v in (r, g))
        order, own = (np.lexsort(np.round(v, 12).T) for v in (rows, mine))
        if (gap := case.fits(rows[order], mine[own])) is not None:
            yield Fit(
                f"the entries along axis {axis} are in another order.",
                f"los elementos a lo largo del eje {axis} están en otro orden.",
                gap,
            )
            return
    if (gap := case.fits(r.reshape(r.shape[::-1]).T if r.ndim > 1 else r)) is not None:
        yield Fit(
            "reshape was used where a transpose goes.", "reshape en lugar de traspuesta.", gap
        )


def residual_of_sorted(case: Case) -> float | None:
    """Whether both have the same numbers."""
    return case.fits(np.sort(case.r, axis=None), np.sort(case.g, axis=None))


def labels_shifted(case: Case) -> Fits:
    """G09: the classes of a one-hot array are shifted: g − r = c·(t − t shifted)."""
    if case.g.shape != case.r.shape or case.r.ndim != 2:
        return
    difference = case.g - case.r
    for name, t in case.values.items():
        if t.shape != case.r.shape or not np.all((t == 0) | (t == 1)) or not np.any(t):
            continue
        for axis, k in ((1, 1), (1, -1), (0, 1), (0, -1)):
            change = np.roll(t, k, axis) - t
            c = float(np.sum(difference * change) / max(float(np.sum(change**2)), 1e-300))
            if c and (gap := case.fits(case.r + c * change)) is not None:
                what = ("classes", "clases") if axis else ("rows", "filas")
                yield Fit(
                    f"{name} is shifted by {k} along axis {axis}: the {what[0]} are off by one.",
                    f"{name} está desplazado en {k} en el eje {axis}: las {what[1]} no casan.",
                    gap,
                )
