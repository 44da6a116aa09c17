"""`backward` and `gradients`: from which Tensors the sweep starts, and where gradients go."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .errors import GradientError, ShapeError, describe
from .hooks import plus
from .modes import enable_grad
from .order import only_towards, topological
from .sweep import sweep, sweep_graph
from .tensor import Tensor, as_tensor, constant

__all__ = ["backward", "gradients", "seed"]


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


# --- what users call ----------------------------------------------------------------------------


def gradients(
    roots: Sequence[Tensor],
    seeds: Sequence[Any],
    targets: Sequence[Tensor],
    create_graph: bool = False,
    order: list[Tensor] | None = None,
    hooks: bool = True,
) -> list[Any]:
    """∂(Σ root·seed)/∂target for each target, None where a root does not depend on it.

    Touches no `.grad`. Raw floats and arrays; Tensors with `create_graph`. `order` is
    `topological(roots)`, for who has it already. Without `hooks` those of the user are not run.
    """
    order = topological(roots) if order is None else order
    live = only_towards(order, targets)
    wanted = {t.index for t in targets}

    def keep(node: Tensor) -> bool:
        return node.index in wanted

    start = [(r, as_tensor(g) if create_graph else g) for r, g in zip(roots, seeds, strict=True)]
    if create_graph:
        with enable_grad():
            found = sweep_graph([n for n in order if n.index in live], start, keep, hooks)
    else:
        found = sweep([(r, g) for r, g in start if r.index in live], live, keep, hooks)
    by_index = {node.index: g for node, g in found}
    return [by_index.get(t.index) for t in targets]


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
    if self.op is None:
        g = as_tensor(g) if create_graph else g if type(g) is float else np.array(g)
    if inputs is not None:
        chosen = [inputs] if isinstance(inputs, Tensor) else list(inputs)
        targets = list({x.index: x for x in chosen}.values())
        pairs = zip(targets, gradients([self], [g], targets, create_graph), strict=True)
        found = [(x, c) for x, c in pairs if c is not None]
    elif create_graph:
        with enable_grad():
            found = sweep_graph(topological([self]), [(self, g)])
    else:
        found = sweep([(self, g)])
    for leaf, g in found:
        before = getattr(leaf, "_grad", None)
        leaf._grad = g if before is None else plus(before, g)


Tensor.backward = backward  # type: ignore[method-assign,assignment]  # of `Interface`
