"""The sweep: the one walk back over a recorded graph.

Topological order is creation order: collect the reachable nodes, sort them by their creation
counter, walk down. Nothing is recursive. The sweep alone knows about broadcasting, accumulation
and dtypes, so that the rules need not.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from operator import attrgetter
from typing import Any

import numpy as np

from . import arrays, floats, rules
from .errors import AnomalyError, GradientError, ShapeError, describe
from .modes import MODES, enable_grad

from .tensor import Tensor, as_tensor, constant

__all__ = ["backward", "gradients", "sweep", "topological"]

ndarray = np.ndarray
Gradients = dict[int, Any]


def topological(roots: Sequence[Tensor]) -> list[Tensor]:
    """Every tracked Tensor that the roots depend on, the newest first."""
    seen = {root.index for root in roots}
    order = list({root.index: root for root in roots}.values())
    stack = list(order)
    while stack:
        for x in stack.pop().inputs:
            if type(x) is Tensor and x.tracked and x.index not in seen:
                seen.add(x.index)
                order.append(x)
                stack.append(x)
    order.sort(key=attrgetter("index"), reverse=True)
    return order


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
    for node in order:
        op = node.op
        g = grads.pop(node.index, None)
        if g is None:
            continue
        if node.watch is not None and hooks:
            g = run_hooks(node, g)
        if op is None:
            kept[node.index] = g
            continue
        if keep is not None and keep(node):
            kept[node.index] = g
        y = node.value
        inputs = node.inputs
        params = node.params
        pulled = len(inputs)
        try:
            if params is None and pulled == 2:
                a, b = inputs
                xp = floats if type(y) is float else arrays
                if type(a) is Tensor:
                    v = a.value
                    if a.modified > node.index:
                        raise_modified(node, a)
                else:
                    v = a
                if type(b) is Tensor:
                    w = b.value
                    if b.modified > node.index:
                        raise_modified(node, b)
                    if b.tracked and op.rules[1] is not None:
                        pending.append((b, op.rules[1](xp, g, y, v, w)))
                else:
                    w = b
                if type(a) is Tensor and a.tracked and op.rules[0] is not None:
                    pending.append((a, op.rules[0](xp, g, y, v, w)))
            elif pulled == 1 and type(y) is not float:
                a = inputs[0]
                v = a.value
                if a.modified > node.index:
                    raise_modified(node, a)
                if type(v) is float:
                    pull(node, g, pending)
                elif params is None:
                    pending.append((a, op.rules[0](arrays, g, y, v)))
                elif op.variadic:
                    pending.append((a, op.rules[0](arrays, g, y, v, which=0, **params)))
                else:
                    pending.append((a, op.rules[0](arrays, g, y, v, **params)))
            elif pulled == 1 and params is None and op.elementwise:
                a = inputs[0]
                if a.modified > node.index:
                    raise_modified(node, a)
                pending.append((a, op.rules[0](floats, g, y, a.value)))
            else:
                pull(node, g, pending)
        except (ZeroDivisionError, OverflowError, ValueError):
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
                look_for_nan(c, g, node, x)
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
    for i, x in enumerate(inputs):
        if type(x) is not Tensor:
            continue
        if x.modified > node.index:
            raise_modified(node, x)
        rule = op.rules[0] if op.variadic else op.rules[i]
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
            raise explain_rule(node, i, g, error) from error
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


# --- the same walk, recorded: higher orders ---------------------------------------------------------


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
        if node.watch is not None:
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
                raise_modified(node, x)
            extra = dict(node.params or {})
            if op.variadic:
                extra["which"] = i
            try:
                c = rule(rules, g, node, *inputs, **extra)
            except Exception as error:
                raise explain_rule(node, i, g.value, error) from error
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


# --- seeds, hooks, errors --------------------------------------------------------------------------


def seed(root: Tensor, gradient: Any) -> Any:
    """The gradient that arrives at a root: 1 for one number, else what the caller gives."""
    if not root.tracked:
        raise GradientError(
            "backward on a Tensor that does not depend on anything that requires grad. Received: "
            f"{describe(root)}. Create the inputs with requires_grad=True, outside no_grad()."
        )
    if gradient is None:
        if root.size != 1:
            raise GradientError(
                "a gradient can be made implicitly for one number only. Received: a Tensor of "
                f"shape {root.shape}; reduce it (.sum(), .mean()) or pass backward(gradient=…) of "
                "that shape."
            )
        if type(root.value) is float:
            return 1.0
        return np.ones(root.shape, root.dtype) if root.ndim else root.value.dtype.type(1)
    value = constant(gradient)
    if np.shape(value) != root.shape:
        raise ShapeError(
            f"gradient: expected the shape of the Tensor, {root.shape}. Received: "
            f"{describe(gradient)}."
        )
    if type(root.value) is float:
        return float(value)
    return np.asarray(value, dtype=root.value.dtype)


def run_hooks(node: Tensor, g: Any) -> Any:
    """Let the hooks of a node see, and perhaps replace, the gradient that arrives."""
    recorded = type(g) is Tensor
    for hook in list(node.watch.hooks.values()):
        answer = hook(g if recorded else as_tensor(g))
        if answer is not None:
            if np.shape(constant(answer)) != node.shape:
                raise ShapeError(
                    f"a hook must return a gradient of shape {node.shape}. Received: "
                    f"{describe(answer)}."
                )
            g = as_tensor(answer) if recorded else constant(answer)
    if node.watch.retain:
        node._grad = g if node._grad is None else _plus(node._grad, g)
    return g


def _plus(before: Any, g: Any) -> Any:
    if type(before) is Tensor and type(g) is not Tensor and not before.tracked:
        before = before.value
    return before + g


def raise_modified(node: Tensor, x: Tensor) -> None:
    assert node.op is not None
    called = f" named {x.name!r}" if x.name else ""
    raise GradientError(
        f"an input of {node.op.name}{called} (shape {x.shape}) was modified after the operation "
        f"was recorded, so its gradient would be wrong{_where(node)}. Run the forward pass again "
        "after changing .data, or change a .clone()."
    )


def explain_rule(node: Tensor, position: int, g: Any, error: Exception) -> GradientError:
    op = node.op
    assert op is not None
    received = ", ".join(describe(x) for x in node.inputs)
    return GradientError(
        f"the rule ∂{op.name}/∂{op.input_name(position)} failed: {type(error).__name__}: {error}. "
        f"Gradient received: {describe(g)}; inputs: {received}{_where(node)}."
    )


def look_for_nan(c: Any, g: Any, node: Tensor, x: Tensor) -> None:
    if np.isnan(c).any() and not np.isnan(g).any():
        position = next(i for i, other in enumerate(node.inputs) if other is x)
        assert node.op is not None
        raise AnomalyError(
            f"the rule ∂{node.op.name}/∂{node.op.input_name(position)} made a NaN of a gradient "
            f"that had none{_where(node)}. Inputs: {', '.join(map(describe, node.inputs))}."
        )


def _where(node: Tensor) -> str:
    line = getattr(node, "line", None)
    return f", recorded at {line}" if line else " (detect_anomaly() records the line)"


# --- what users call -------------------------------------------------------------------------------


def gradients(
    roots: Sequence[Tensor],
    seeds: Sequence[Any],
    targets: Sequence[Tensor],
    create_graph: bool = False,
) -> list[Any]:
    """∂(Σ root·seed)/∂target for each target, None where a root does not depend on it.

    Touches no `.grad`. Raw floats and arrays; Tensors with `create_graph`.
    """
    order = topological(roots)
    live = only_towards(order, targets)
    order = [node for node in order if node.index in live]
    wanted = {t.index for t in targets}

    def keep(node: Tensor) -> bool:
        return node.index in wanted

    start: Gradients = {}
    for root, g in zip(roots, seeds, strict=True):
        g = as_tensor(g) if create_graph else g
        start[root.index] = g if root.index not in start else start[root.index] + g
    if create_graph:
        with enable_grad():
            found = sweep_graph(order, start, keep)
    else:
        with np.errstate(all="ignore"):
            found = sweep(order, start, keep)
    return [found.get(t.index) for t in targets]


def backward(
    self: Tensor,
    gradient: Any = None,
    *,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    inputs: Any = None,
) -> None:
    """Add ∂(self)/∂leaf to the `.grad` of every leaf that requires grad.

    Args:
        gradient: what arrives at this Tensor; may be left out for one number (then 1).
        retain_graph: accepted for PyTorch's sake; the graph lives as long as the Tensor does.
        create_graph: record the backward pass itself, so that gradients have gradients.
        inputs: only these leaves, in place of all.

    Raises:
        GradientError: nothing requires grad; not one number and no `gradient`; an input was
            modified after it was recorded; a rule failed.
        ShapeError: `gradient` has another shape.

    >>> from tinygrad_es import Tensor
    >>> x = Tensor(3.0, requires_grad=True)
    >>> (x * x).backward()
    >>> x.grad
    tensor(6.0)
    """
    g = seed(self, gradient)
    if create_graph:
        g = gradient if type(gradient) is Tensor else as_tensor(g)
    order = topological([self])
    if inputs is not None:
        chosen = [inputs] if isinstance(inputs, Tensor) else list(inputs)
        live = only_towards(order, chosen)
        order = [node for node in order if node.index in live]
    if create_graph:
        with enable_grad():
            found: Gradients = sweep_graph(order, {self.index: g})
    else:
        with np.errstate(all="ignore"):
            found = sweep(order, {self.index: g})
    for node in order:
        if node.op is None:
            g = found.get(node.index)
            if g is not None:
                node._grad = g if node._grad is None else _plus(node._grad, g)


class Watch:
    """What somebody wants to know of a node: hooks, and whether to keep its gradient."""

    __slots__ = ("hooks", "retain")

    def __init__(self) -> None:
        self.hooks: dict[int, Callable[[Tensor], Any]] = {}
        self.retain = False


class Handle:
    """What `register_hook` returns: `.remove()` takes the hook off again."""

    __slots__ = ("key", "watch")

    def __init__(self, watch: Watch, key: int) -> None:
        self.watch, self.key = watch, key

    def remove(self) -> None:
        self.watch.hooks.pop(self.key, None)


def register_hook(self: Tensor, hook: Callable[[Tensor], Any]) -> Handle:
    """Call `hook(gradient)` when the gradient of this Tensor is known; it may return another.

    >>> from tinygrad_es import Tensor
    >>> x = Tensor(1.0, requires_grad=True)
    >>> handle = x.register_hook(lambda g: g * 10)
    >>> (x * 2).backward()
    >>> x.grad
    tensor(20.0)
    """
    if not self.tracked:
        raise GradientError("register_hook: this Tensor does not require grad")
    if self.watch is None:
        self.watch = Watch()
    key = max(self.watch.hooks, default=0) + 1
    self.watch.hooks[key] = hook
    return Handle(self.watch, key)


def retain_grad(self: Tensor) -> None:
    """Keep the gradient of this intermediate Tensor in `.grad` as well."""
    if not self.tracked:
        raise GradientError("retain_grad: this Tensor does not require grad")
    if self.op is not None:
        if self.watch is None:
            self.watch = Watch()
        self.watch.retain = True


Tensor.register_hook = register_hook  # type: ignore[attr-defined]  # as `backward`
Tensor.retain_grad = retain_grad  # type: ignore[attr-defined]
Tensor.backward = backward  # type: ignore[method-assign]  # declared there, written here
