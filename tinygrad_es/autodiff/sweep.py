"""The sweep: the one walk back over a recorded graph.

Topological order is creation order: collect the reachable nodes, sort them by their creation
counter, walk down. Nothing is recursive. The sweep alone knows about broadcasting, accumulation
and dtypes, so that the rules need not.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from . import arrays, faults, floats, rules
from .errors import GradientError, ShapeError
from .hooks import run_hooks
from .modes import MODES
from .tensor import Tensor, as_tensor

__all__ = ["only_towards", "sweep", "sweep_graph", "topological"]

ndarray = np.ndarray
Gradients = dict[int, Any]


def topological(roots: Sequence[Tensor]) -> list[Tensor]:
    """Every tracked Tensor that the roots depend on, the newest first."""
    found = {root.index: root for root in roots}
    stack = list(found.values())
    while stack:
        node = stack.pop()
        for x in node.inputs:
            if type(x) is Tensor:
                if x.marks is not None and x.marks.modified > node.index:
                    x = as_recorded(node, x)
                if x.tracked:
                    i = x.index
                    if i not in found:
                        found[i] = x
                        if x.op is not None:
                            stack.append(x)
    return list(map(found.__getitem__, sorted(found, reverse=True)))


def as_recorded(node: Tensor, x: Tensor) -> Tensor:
    """The node that `x` was when `node` read it, before `x[i] = …` or `x += …` made a new one.

    An operation in place keeps what it found as its first input, so the way back is there; the
    inputs of `node` are put right for good. A value assigned to `.data` is lost: `x` comes back
    as it is, and the sweep reports it.
    """
    old = x
    while old.modified > node.index and old.modified == old.index:
        old = old.inputs[0]
    if old.modified > node.index:
        return x
    node.inputs = tuple(old if y is x else y for y in node.inputs)
    return old


def only_towards(order: list[Tensor], targets: Sequence[Tensor]) -> set[int]:
    """The indices of those nodes of `order` that depend on one of the targets."""
    live = {t.index for t in targets}
    for node in reversed(order):
        if node.index not in live:
            for x in node.inputs:
                if type(x) is Tensor and x.index in live:
                    live.add(node.index)
                    break
    return live


def sweep(
    order: list[Tensor],
    seeds: Gradients,
    keep: Callable[[Tensor], bool] | None = None,
    hooks: bool = True,
) -> Gradients:
    """Walk back over `order` on floats and arrays; returns the gradients of the leaves.

    Args:
        order: the nodes, newest first (`topological`).
        seeds: the gradients that arrive at the roots, by index.
        keep: which other nodes' gradients to return as well (all nodes: `lambda node: True`).
        hooks: whether users' hooks run; a view, which only looks, says no.

    This is the hot loop of the library: it is written out, 0.4 µs a node over NumPy's own cost.
    """
    grads = dict(seeds)
    kept: Gradients = {}
    pending: list[tuple[Tensor, Any]] = []
    owned: set[int] = set()  # the accumulation buffers that are nobody else's
    anomaly = MODES.get().anomaly
    quick = not anomaly
    for node in order:
        op = node.op
        g = grads.pop(node.index, None)
        if g is None:
            continue
        if node.marks is not None and hooks:
            g = run_hooks(node, g)
        if op is None:
            kept[node.index] = g
            continue
        if keep is not None and keep(node):
            kept[node.index] = g
        y = node.value
        inputs = node.inputs
        params = node.params
        rules_of: Any = op.rules
        pulled = len(inputs)
        try:
            if params is None and pulled == 2:
                a, b = inputs
                xp = floats if type(y) is float else arrays
                c = d = None
                if type(a) is Tensor:
                    v = a.value
                    if a.marks is not None and a.marks.modified > node.index:
                        faults.raise_modified(node, a)
                else:
                    v = a
                if type(b) is Tensor:
                    w = b.value
                    if b.marks is not None and b.marks.modified > node.index:
                        faults.raise_modified(node, b)
                    if b.tracked and rules_of[1] is not None:
                        d = rules_of[1](xp, g, y, v, w)
                else:
                    w = b
                if type(a) is Tensor and a.tracked and rules_of[0] is not None:
                    c = rules_of[0](xp, g, y, v, w)
                if quick and xp is floats and type(g) is float:
                    if d is not None:
                        i = b.index
                        grads[i] = grads[i] + d if i in grads else d
                    if c is not None:
                        i = a.index
                        grads[i] = grads[i] + c if i in grads else c
                    continue
                if d is not None:
                    pending.append((b, d))
                if c is not None:
                    pending.append((a, c))
            elif pulled == 1 and type(y) is not float:
                a = inputs[0]
                v = a.value
                if a.marks is not None and a.marks.modified > node.index:
                    faults.raise_modified(node, a)
                if type(v) is float:
                    pull(node, g, pending)
                elif params is None:
                    pending.append((a, rules_of[0](arrays, g, y, v)))
                elif op.variadic:
                    pending.append((a, rules_of[0](arrays, g, y, v, which=0, **params)))
                else:
                    pending.append((a, rules_of[0](arrays, g, y, v, **params)))
            elif pulled == 1 and params is None and op.elementwise:
                a = inputs[0]
                if a.marks is not None and a.marks.modified > node.index:
                    faults.raise_modified(node, a)
                c = rules_of[0](floats, g, y, a.value)
                if quick and type(c) is float:
                    i = a.index
                    grads[i] = grads[i] + c if i in grads else c
                    continue
                pending.append((a, c))
            else:
                pull(node, g, pending)
        except GradientError:
            raise
        except Exception:  # what `math` refused, or a fault that `pull` explains
            del pending[:]
            pull(node, g, pending, careful=True)
        for x, c in pending:
            like = x.value
            if type(like) is float:
                if type(c) is not float:
                    c = fit(c, like, node, x)
            elif type(c) is not ndarray or c.shape != like.shape or c.dtype is not like.dtype:
                c = fit(c, like, node, x)
            if anomaly:
                faults.look_for_nan_in_rule(c, g, node, x)
            i = x.index
            before = grads.get(i)
            if before is None:
                # a leaf's gradient is handed out: it must not be an alias of another one
                if x.op is None and (c is g or (type(c) is ndarray and c.base is not None)):
                    c = c if type(c) is float else c.copy()
                grads[i] = c
            elif i in owned:
                before += c
            else:
                grads[i] = before + c
                if type(before) is not float and before.ndim:
                    owned.add(i)
        pending.clear()
    return kept


def pull(node: Tensor, g: Any, pending: list[tuple[Tensor, Any]], careful: bool = False) -> None:
    """Apply the rules of one node for the inputs that need them: the general way.

    `careful` is the second reading after `math` refused a number, or the error explained.
    """
    op, inputs, params = node.op, node.inputs, node.params or {}
    assert op is not None
    values = [x.value if type(x) is Tensor else x for x in inputs]
    y = node.value
    weak = type(y) is float
    scalar = weak and op.elementwise
    xp = floats if scalar and not careful else arrays
    if scalar and careful:
        g, y, values = np.float64(g), np.float64(y), [np.float64(v) for v in values]
    elif weak:
        g, y, values = np.asarray(g), np.asarray(y), [np.asarray(v) for v in values]
    elif not op.elementwise:  # a number that became an array has a shape for its rule
        values = [np.asarray(v, y.dtype) if type(v) is float else v for v in values]
    for i, x in enumerate(inputs):
        if type(x) is not Tensor:
            continue
        if x.modified > node.index:
            faults.raise_modified(node, x)
        rule = op.rule(i)
        if not x.tracked or rule is None:
            continue
        try:
            if op.variadic:
                c = rule(xp, g, y, *values, which=i, **params)
            else:
                c = rule(xp, g, y, *values, **params)
        except Exception as error:
            if scalar and not careful:
                raise
            raise faults.explain_rule(node, i, g, error) from error
        pending.append((x, float(c) if scalar and careful else c))


def fit(c: Any, like: Any, node: Tensor, x: Tensor) -> Any:
    """A contribution, summed over what was broadcast, in the shape and dtype of its input."""
    if type(like) is float:
        return float(np.sum(c))
    if type(c) is not ndarray:
        c = np.asarray(c, dtype=like.dtype)
    if c.shape != like.shape:
        extra = c.ndim - like.ndim
        ends = zip(c.shape[max(extra, 0) :], like.shape, strict=False)
        if extra < 0 or any(n != m and m != 1 for n, m in ends):
            position = next(i for i, other in enumerate(node.inputs) if other is x)
            assert node.op is not None
            raise ShapeError(
                f"the rule ∂{node.op.name}/∂{node.op.input_name(position)} returned shape "
                f"{c.shape}. Expected the shape of its input, {like.shape}, or one that "
                "broadcasting made of it."
            )
        c = arrays.sum_to(c, shape=like.shape)
    return c if c.dtype == like.dtype else c.astype(like.dtype)


# --- the same walk, recorded: higher orders -----------------------------------------------------


def sweep_graph(
    order: list[Tensor], seeds: dict[int, Tensor], keep: Callable[[Tensor], bool] | None = None
) -> dict[int, Tensor]:
    """The sweep read through Tensors: every step of the backward pass is recorded in turn."""
    grads = dict(seeds)
    kept: dict[int, Tensor] = {}
    for node in order:
        op = node.op
        g = grads.pop(node.index, None)
        if g is None:
            continue
        if node.marks is not None:
            g = run_hooks(node, g)
        if op is None or (keep is not None and keep(node)):
            kept[node.index] = g
            if op is None:
                continue
        inputs = [as_tensor(x) for x in node.inputs]
        for i, x in enumerate(node.inputs):
            rule = op.rule(i)
            if type(x) is not Tensor or not x.tracked or rule is None:
                continue
            if x.modified > node.index:
                faults.raise_modified(node, x)
            extra = dict(node.params or {})
            if op.variadic:
                extra["which"] = i
            try:
                c = rule(rules, g, node, *inputs, **extra)
            except Exception as error:
                raise faults.explain_rule(node, i, g.value, error) from error
            c = fit_graph(as_tensor(c), x)
            before = grads.get(x.index)
            grads[x.index] = c if before is None else before + c
    return kept


def fit_graph(c: Tensor, like: Tensor) -> Tensor:
    """`fit`, recorded."""
    if c.shape != like.shape:
        extra = c.ndim - like.ndim
        if extra < 0:
            c = rules.broadcast_to(c, shape=like.shape)
        else:
            c = rules.sum_to(c, shape=like.shape)
    if type(like.value) is float or c.dtype == like.dtype:
        return c
    return rules.astype(c, dtype=like.dtype)
