"""Hypotheses about the ways by which a gradient arrives: one was left out, or counted before."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from ...autodiff.tensor import Tensor
from ...languages import Pair
from .case import Case, Fit, Fits

__all__ = ["constant_normaliser", "diagonal", "last_only", "not_zeroed", "overwritten"]

MANY = 6  # contributions, of which all subsets are tried


def overwritten(case: Case) -> Fits:
    """G07: not all that is sent to the node was added up."""
    paths = case.paths
    if len(paths) < 2 or case.g.shape != case.r.shape:
        return
    n = len(paths)
    for subset in _subsets(case):
        rest = [paths[k][1] for k in range(n) if k not in subset]
        gap = case.fits(sum(paths[k][1] for k in subset))
        if gap is None or not any(np.any(c) for c in rest):
            continue
        (en, es), of = _counted(case, subset), case.name
        yield Fit(
            f"{of} is used {n} times; {en}. Accumulate with +=, do not assign with =.",
            f"{of} se usa {n} veces; {es}. Acumula con +=, no asignes con =.",
            gap,
        )
        return


def last_only(case: Case) -> Fits:
    """G07: in a loop each entry kept one of the contributions that add up, mostly the last."""
    g, r = case.g, case.r
    if len(case.paths) < 2 or g.shape != r.shape:
        return
    terms = np.stack([c for _, c in case.paths])
    close = np.abs(terms - g) <= case.tolerance * np.max(np.abs(r), initial=0.0)
    differs = np.abs(g - r) > case.tolerance * np.max(np.abs(r), initial=0.0)
    one = close.any(axis=0) | ~differs
    whole = any(np.all(path) for path in close)  # one of them is all of it: see `overwritten`
    if whole or not np.all(one) or np.count_nonzero(g[differs]) < 2:
        return
    most = int(np.max(np.count_nonzero(terms, axis=0)))
    yield Fit(
        f"each entry of yours is one of up to {most} contributions, the others were overwritten. "
        "Accumulate with +=, do not assign with =.",
        f"cada elemento del tuyo es una de hasta {most} contribuciones, las demás se "
        "sobrescribieron. Acumula con +=, no asignes con =.",
        float(np.max(np.min(np.abs(terms - g), axis=0)[differs]) / np.max(np.abs(r))),
    )


def _subsets(case: Case) -> list[tuple[int, ...]]:
    """Those of the contributions that may have been counted.

    Of a few all; of many the one that least squares finds, where its weights are 0 and 1.
    """
    n = len(case.paths)
    if n <= MANY:
        return [c for k in range(1, n) for c in itertools.combinations(range(n), k)]
    columns = np.stack([c.ravel() for _, c in case.paths], axis=1)
    weights = np.linalg.lstsq(columns, case.g.ravel(), rcond=None)[0]
    if np.all(np.minimum(np.abs(weights), np.abs(weights - 1)) < 1e-6):
        return [tuple(int(k) for k in np.flatnonzero(weights > 0.5))]
    return [(k,) for k in range(n)] + [tuple(range(k)) for k in range(2, n)]


def _counted(case: Case, subset: tuple[int, ...]) -> Pair:
    """What was counted and what was not: by name, where those of both kinds differ; else by
    number."""
    n = len(case.paths)
    names = [name for name, _ in case.paths]
    kept = [names[k] for k in range(n) if k in subset]
    lost = [names[k] for k in range(n) if k not in subset]
    if not set(kept) & set(lost) and "matmul" not in names:
        here, there = _several(kept), _several(lost)
        return (
            f"only what comes from {here} was counted, not {there}",
            f"solo se contó lo que llega de {here}, no {there}",
        )
    here = _ranges([n - k for k in range(n) if k in subset])  # paths are in backward order
    there = _ranges([n - k for k in range(n) if k not in subset])
    return (
        f"of these, in the order of the forward pass, only no. {here} was counted, not no. {there}",
        f"de ellas, en el orden de la pasada hacia delante, solo se contó la n.º {here}, no la n.º "
        f"{there}",
    )


def _several(names: list[str]) -> str:
    """Names, those of many counted: getitem (48 times)."""
    counts = {name: names.count(name) for name in names}
    return ", ".join(k if n == 1 else f"{k} ({n}×)" for k, n in list(counts.items())[:4])


def _ranges(numbers: list[int]) -> str:
    """Numbers in order, those that follow each other as one, of many the first.

    >>> _ranges([4, 1, 2, 3, 7])
    '1–4, 7'
    """
    found: list[list[int]] = []
    for k in sorted(numbers):
        if found and found[-1][-1] == k - 1:
            found[-1].append(k)
        else:
            found.append([k])
    told = [str(run[0]) if len(run) == 1 else f"{run[0]}–{run[-1]}" for run in found]
    return ", ".join(told[:4]) + (", …" if len(told) > 4 else "")


def not_zeroed(case: Case) -> Fits:
    """G08: the gradient of the step before was added to."""
    before = case.previous
    if before is None or before.shape != case.r.shape or not np.any(before):
        return
    if (gap := case.fits(before + case.r)) is not None:
        yield Fit(
            "your gradient = that of the step before + the reference: it was not set to 0.",
            "tu gradiente = el del paso anterior + la referencia: no se puso a 0.",
            gap,
        )


def constant_normaliser(case: Case) -> Fits:
    """G11: a mean, a variance, a sum was treated as a constant."""
    found = case.normalisers()
    if case.g.shape != case.r.shape or not 1 <= len(found) <= 12:
        return
    groups = [g for n in (1, 2) for g in itertools.combinations(found, n)]
    for group in [*groups, *([tuple(found)] if len(found) > 2 else [])]:
        blocked = case.without(frozenset(node.index for node in group))
        if not np.any(blocked) or case.fits(blocked, case.r) is not None:
            continue
        if (gap := case.fits(blocked)) is not None:
            told = [_told(node, case.called) for node in group]
            en, es = " and ".join(told), " y ".join(told)
            yield Fit(
                f"treated as a constant: {en}; {case.name} goes into it too.",
                f"se trató como constante: {es}; también depende de {case.name}.",
                gap,
            )
            return


def _told(node: Tensor, names: Mapping[int, str | None]) -> str:
    """A reduction: its name, else what it is; a sum of squared deviations is of a variance."""
    axis = (node.params or {}).get("axis")
    assert node.op is not None
    kind = {"norm2": "std"}.get(node.op.name, node.op.name)
    if kind in ("sum", "mean") and _is_op(node.inputs[0], "square", "multiply", "power"):
        squared = node.inputs[0].inputs[0]
        if _is_op(squared, "subtract") and _is_op(squared.inputs[1], "mean"):
            kind = "var"
    return names.get(node.index) or f"{kind}(axis={axis})"


def _is_op(x: Any, *names: str) -> bool:
    return type(x) is Tensor and x.op is not None and x.op.name in names


def diagonal(case: Case) -> Fits:
    """G11: of the derivatives of a softmax, p_i (1{i = j} − p_j), those with i ≠ j are missing.

    What arrives at p follows from the gradient by hand, whether it has a name or not.
    """
    g, r, z = case.g, case.r, np.asarray(case.node.value, np.float64)
    if g.shape != r.shape or z.shape != r.shape or g.ndim == 0:
        return
    for axis in (*range(g.ndim), *([tuple(range(g.ndim))] if g.ndim > 1 else [])):
        e = np.exp(z - np.max(z, axis=axis, keepdims=True))
        p = e / np.sum(e, axis=axis, keepdims=True)
        for own, (en, es), least in _DIAGONALS:
            if g.size < least * e.sum(axis=axis).size:
                continue  # of two that sum to 0 the diagonal is just half
            u = g / own(p)
            if case.fits(p * (u - np.sum(u * p, axis=axis, keepdims=True)), r) is None:
                continue
            gap = case.fits(u * own(p))
            yield Fit(
                f"{en} of a softmax is there alone: each output depends on every input along axis "
                f"{axis}. It is p·(dp − Σ dp·p).",
                f"de un softmax está solo {es}: cada salida depende de todas las entradas del eje "
                f"{axis}. Es p·(dp − Σ dp·p).",
                0.0 if gap is None else gap,
            )
            return


_DIAGONALS: tuple[tuple[Callable[[Any], Any], Pair, int], ...] = (
    (lambda p: p * (1 - p), ("the diagonal p·(1 − p)", "la diagonal p·(1 − p)"), 3),
    (lambda p: p, ("the factor p", "el factor p"), 2),
)
