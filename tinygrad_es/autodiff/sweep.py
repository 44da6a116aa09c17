"""The sweep: the one walk back over a recorded graph.

Topological order is creation order: of the nodes whose gradient has arrived, the newest is next,
because whatever used it is newer still. Nothing is recursive. The sweep alone knows about
broadcasting, accumulation and dtypes, so that the rules need not.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from heapq import heappop, heappush, heappushpop
from typing import Any

import numpy as np

from . import arrays, faults, floats, rules
from .errors import GradientError, ShapeError
from .hooks import run_hooks
from .modes import MODES, derived
from .order import as_recorded
from .tensor import Tensor, as_tensor

__all__ = ["sweep", "sweep_graph"]

ndarray = np.ndarray


def sweep(
    seeds: Sequence[tuple[Tensor, Any]],
    live: set[int] | None = None,
    keep: Callable[[Tensor], bool] | None = None,
    hooks: bool = True,
) -> list[tuple[Tensor, Any]]:
    """Walk back on floats and arrays; returns the leaves with their gradients.

    Args:
        seeds: the roots, each with the gradient that arrives there.
        live: the indices of the nodes to visit (`only_towards`), None for all.
        keep: which other nodes to return as well (all nodes: `lambda node: True`).
        hooks: whether users' hooks run; a view, which only looks, says no.
    """
    frontier = Frontier(live)
    for root, g in seeds:
        frontier.add(root, g)
    try:
        return walk(frontier, keep, hooks)
    finally:
        if frontier.silence is not None:
            frontier.silence.__exit__(None, None, None)


def walk(
    frontier: Frontier, keep: Callable[[Tensor], bool] | None, hooks: bool
) -> list[tuple[Tensor, Any]]:
    """The sweep from a frontier on.

    This is the hot loop of the library, so the two commonest nodes are written out: a number made
    of two numbers, and an array made of arrays. `Frontier.pull` does the others.
    """
    live = frontier.live
    grads, nodes, heap, push = frontier.grads, frontier.nodes, frontier.heap, heappush
    next_node, next_gradient = nodes.pop, grads.pop
    found: list[tuple[Tensor, Any]] = []
    anomaly = MODES.get().anomaly
    plain = live is None and not anomaly
    below = 0
    ahead: Any = None  # the node made just before this one, if it is next: it skips the queue
    waiting: Any = None  # its gradient
    late = 0  # the newcomer that is not in the heap yet: most often it is next
    while True:
        if ahead is not None:
            node, g, ahead = ahead, waiting, None
            index = below
        else:
            if late:
                index = -heappushpop(heap, -late)
                late = 0
            elif heap:
                index = -heappop(heap)
            else:
                break
            node = next_node(index)
            g = next_gradient(index)
        below = index - 1
        marks = node.marks
        if marks is not None:
            if hooks and marks.watched:
                g = run_hooks(node, g)
            if marks.modified > index:
                faults.check_output(node)
        if keep is not None and keep(node):
            found.append((node, g))
        y = node.value
        op: Any = node.op
        rules_of = op.rules
        if type(y) is float:
            if not plain or not op.plain:
                frontier.pull(node, g)
                continue
            a, b = node.first, node.second
            c = d = None
            try:
                if type(b) is Tensor:
                    if b.marks is not None and b.marks.modified > index:
                        b = as_recorded(node, b)
                    w = b.value
                else:
                    w = b
                if type(a) is Tensor:
                    if a.marks is not None and a.marks.modified > index:
                        a = as_recorded(node, a)
                    v = a.value
                    if a.tracked:
                        c = rules_of[0](floats, g, y, v, w)
                else:
                    v = a
                if type(b) is Tensor and b.tracked:
                    d = rules_of[1](floats, g, y, v, w)
            except Exception as error:  # what `math` refuses is read on arrays; the rest explained
                frontier.pull(node, g, error)
                continue
            if c is not None:
                i = a.index
                if i in grads:
                    grads[i] += c
                elif i == below and a.op is not None:
                    ahead, waiting = a, c
                else:
                    grads[i] = c
                    nodes[i] = a
                    if a.op is not None:
                        if late:
                            push(heap, -late)
                        late = i
            if d is not None:
                i = b.index
                if i in grads:
                    grads[i] += d
                elif b is ahead:
                    waiting += d
                elif i == below and b.op is not None:
                    ahead, waiting = b, d
                else:
                    grads[i] = d
                    nodes[i] = b
                    if b.op is not None:
                        if late:
                            push(heap, -late)
                        late = i
            continue
        if op.variadic:
            frontier.pull(node, g)
            continue
        values = []
        inputs = node.inputs
        for x in inputs:
            if type(x) is Tensor:
                if x.marks is not None and x.marks.modified > index:
                    x = as_recorded(node, x)
                    inputs = node.inputs
                x = x.value
            if type(x) is float and not op.elementwise:  # a number that became an array
                x = np.asarray(x, y.dtype)
            values.append(x)
        if not op.calm and frontier.silence is None:
            frontier.silence_numpy()
        params = node.second if op.options else None
        for k, rule in enumerate(rules_of):
            x = inputs[k]
            if type(x) is Tensor and x.tracked and rule is not None:
                if live is not None and x.index not in live:
                    continue
                try:
                    if params is None:
                        c = rule(arrays, g, y, *values)
                    else:
                        c = rule(arrays, g, y, *values, **params)
                except Exception as error:
                    raise faults.explain_rule(node, k, g, error) from error
                frontier.receive(node, x, c, g)
                if anomaly:
                    faults.look_for_nan_in_rule(c, g, node, x)
    for index, leaf in nodes.items():
        g = grads[index]
        watched = leaf.marks is not None and hooks and leaf.marks.watched
        found.append((leaf, run_hooks(leaf, g) if watched else g))
    return found


class Frontier:
    """The nodes whose gradient has arrived, in whole or in part, but has not yet moved on.

    Leaves are not in the heap: they wait in `nodes` to the end.
    """

    __slots__ = ("grads", "heap", "live", "nodes", "owned", "silence")

    def __init__(self, live: set[int] | None) -> None:
        self.grads: dict[int, Any] = {}
        self.nodes: dict[int, Tensor] = {}
        self.heap: list[int] = []  # the indices, negative: the newest comes first
        self.owned: set[int] = set()  # accumulation buffers that are nobody else's
        self.live = live
        self.silence: Any = None

    def silence_numpy(self) -> None:
        """No warnings, from the first rule on that may divide by zero: silence costs 3 µs."""
        self.silence = np.errstate(all="ignore")
        self.silence.__enter__()

    def add(self, x: Tensor, g: Any) -> None:
        """Add to what has arrived at a node."""
        i = x.index
        before = self.grads.get(i)
        if before is None:
            self.grads[i] = g
            self.nodes[i] = x
            if x.op is not None:
                heappush(self.heap, -i)
        elif i in self.owned:
            before += g
        else:
            self.grads[i] = before + g
            if type(before) is not float and before.ndim:
                self.owned.add(i)

    def receive(self, node: Tensor, x: Tensor, c: Any, g: Any) -> None:
        """Add what a rule of `node` returned for its input `x`, in the shape and dtype of `x`."""
        like = x.value
        if type(like) is float:
            if type(c) is not float:
                c = fit(c, like, node, x)
        elif type(c) is not ndarray or c.shape != like.shape or c.dtype is not like.dtype:
            c = fit(c, like, node, x)
        # a leaf's gradient is handed out: it must not be an alias of another one
        if x.op is None and type(c) is ndarray and (c is g or c.base is not None):
            c = c.copy()
        self.add(x, c)

    def pull(self, node: Tensor, g: Any, refused: Exception | None = None) -> None:
        """Apply the rules of one node for the inputs that need them: the general way.

        What `math` refused on floats is read again on arrays, which give inf and NaN.
        """
        op, params, y = node.op, node.params or {}, node.value
        assert op is not None
        if self.silence is None:
            self.silence_numpy()
        inputs = [
            as_recorded(node, x) if type(x) is Tensor and x.modified > node.index else x
            for x in node.inputs
        ]
        values = [x.value if type(x) is Tensor else x for x in inputs]
        xp: Any = arrays
        h = g
        scalar = type(y) is float and op.elementwise
        if scalar and refused is None:
            xp = floats
        elif scalar:
            h, y, values = np.float64(g), np.float64(y), [np.float64(v) for v in values]
        elif type(y) is float:
            h, y, values = np.asarray(g), np.asarray(y), [np.asarray(v) for v in values]
        elif not op.elementwise:
            values = [np.asarray(v, y.dtype) if type(v) is float else v for v in values]
        found = []
        for k, x in enumerate(inputs):
            rule = op.rule(k)
            if type(x) is not Tensor or not x.tracked or rule is None:
                continue
            if self.live is not None and x.index not in self.live:
                continue
            extra = {"which": k} if op.variadic else {}
            try:
                c = rule(xp, h, y, *values, **extra, **params)
            except Exception as error:
                if scalar and refused is None:
                    self.pull(node, g, error)
                    return
                raise faults.explain_rule(node, k, g, error) from error
            found.append((x, float(c) if scalar else c))
        for x, c in found:
            self.receive(node, x, c, g)
            if MODES.get().anomaly:
                faults.look_for_nan_in_rule(c, g, node, x)


def fit(c: Any, like: Any, node: Tensor, x: Tensor) -> Any:
    """A contribution, summed over what was broadcast, in the shape and dtype of its input."""
    if c is None:
        position = next(i for i, other in enumerate(node.inputs) if other is x)
        assert node.op is not None
        raise GradientError(
            f"the rule ∂{node.op.name}/∂{node.op.input_name(position)} returned None. Expected the "
            "gradient in that input; does it lack a return?"
        )
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
    order: list[Tensor],
    seeds: Sequence[tuple[Tensor, Tensor]],
    keep: Callable[[Tensor], bool] | None = None,
    hooks: bool = True,
) -> list[tuple[Tensor, Tensor]]:
    """The sweep over `order` (`topological`), read through Tensors: every step is recorded."""
    grads: dict[int, Any] = {}
    for root, g in seeds:
        grads[root.index] = g if root.index not in grads else grads[root.index] + g
    found: list[tuple[Tensor, Tensor]] = []
    with derived(1 + max([node.scope.order for node in order], default=0)) as scope:
        for node in order:
            g = grads.pop(node.index, None)
            if g is None:
                continue
            if node.marks is not None:
                if node.marks.watched and hooks:
                    g = run_hooks(node, g)
                if node.marks.modified > node.index:
                    faults.check_output(node)
            if node.op is None or (keep is not None and keep(node)):
                found.append((node, g))
            if node.op is not None:
                scope.at(node.scope)
                _pull_graph(node, g, grads)
    return found


def _pull_graph(node: Tensor, g: Any, grads: dict[int, Any]) -> None:
    """`Frontier.pull`, recorded."""
    op = node.op
    assert op is not None
    inputs = [as_tensor(x) for x in node.inputs]
    for i, x in enumerate(node.inputs):
        rule = op.rule(i)
        if type(x) is not Tensor or not x.tracked or rule is None:
            continue
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
