"""What is checked: a function of arrays, the loss of a model, or the gradient of either."""

from __future__ import annotations

import abc
import contextlib
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from ...autodiff.backward import gradients
from ...autodiff.errors import describe
from ...autodiff.modes import Switch
from ...autodiff.sweep import sweep
from ...autodiff.tensor import Tensor, as_tensor
from ...autodiff.transforms import one_tensor
from .numeric import cotangent

__all__ = ["Function", "Loss", "Slope", "Subject", "kept_as_it_was", "rounding"]


class Subject(abc.ABC):
    """Something that computes one Tensor from float64 arrays."""

    arrays: list[Any]
    names: list[str]  # what messages call the inputs

    @property
    def places(self) -> Sequence[int]:
        """Where the arrays stand among what the caller gave."""
        return range(len(self.arrays))

    @abc.abstractmethod
    def record(self, arrays: Sequence[Any]) -> tuple[list[Tensor], Tensor]:
        """The leaves that hold these arrays, and the recorded result."""

    def __call__(self, arrays: Sequence[Any]) -> Any:
        """The result alone, as an array. Recorded, for a loss may see logits only where it is."""
        return np.array(self.record(arrays)[1].value)

    @contextlib.contextmanager
    def prepared(self) -> Iterator[None]:
        """Around the whole check."""
        yield

    def pull(self, arrays: Sequence[Any], v: Any) -> list[Any]:
        """Σ v·∂y/∂x for every input, None where y does not depend on it."""
        leaves, y = self.record(arrays)
        return pulled(leaves, y, v)


def pulled(leaves: list[Tensor], y: Tensor, v: Any) -> list[Any]:
    """The gradients of a recorded result."""
    if not y.tracked:
        return [None] * len(leaves)
    g = float(v) if type(y.value) is float else np.array(v, dtype=y.dtype)
    return gradients([y], [g], leaves)


class Function(Subject):
    """f(inputs…): floats are free, integer arrays are held fixed."""

    def __init__(self, f: Callable[..., Any], inputs: Sequence[Any]) -> None:
        self.f = f
        self.fixed = [as_float64(x) for x in inputs]
        self.free = [i for i, a in enumerate(self.fixed) if a.dtype.kind == "f"]
        if not self.free:
            raise TypeError(
                f"check_gradients: expected a floating point input. Received: "
                f"{', '.join(map(describe, inputs))}."
            )
        self.arrays = [self.fixed[i] for i in self.free]
        self.names = [f"input {i}" for i in self.free]

    @property
    def places(self) -> Sequence[int]:
        return self.free

    def record(self, arrays: Sequence[Any]) -> tuple[list[Tensor], Tensor]:
        full: list[Any] = list(self.fixed)
        leaves = [Tensor(a) for a in arrays]
        for i, leaf in zip(self.free, leaves, strict=True):
            leaf.tracked = True
            full[i] = leaf
        with Switch(grad=True, tracing=True):
            return leaves, one_tensor("check_gradients", self.f(*full))


def as_float64(x: Any) -> Any:
    """A copy, in float64; integer arrays are labels and stay."""
    value = np.array(x.value if type(x) is Tensor else x)
    if value.dtype.kind == "i" and isinstance(x, (int, list, tuple)):
        return value.astype(np.float64)  # numbers as one writes them
    return value.astype(np.float64) if value.dtype.kind == "f" else value


class Loss(Subject):
    """The loss of a model on a batch, of all its trainable weights: in float64, whatever they are.

    The weights hold the arrays inside `prepared` only.
    """

    def __init__(self, model: Any, x: Any, y: Any, training: bool = False) -> None:
        self.model, self.x, self.y, self.training = model, doubled(x), y, training
        if not model.trainable_weights:
            model(x)
        self.weights: list[Tensor] = list(model.trainable_weights)
        self.arrays = [np.array(w.value, dtype=np.float64) for w in self.weights]
        self.names = [getattr(w, "path", None) or w.name or "weight" for w in self.weights]

    def record(self, arrays: Sequence[Any]) -> tuple[list[Tensor], Tensor]:
        for w, a in zip(self.weights, arrays, strict=True):
            w.value = a
        prediction = self.model(self.x, training=self.training)
        loss = self.model.compute_loss(x=self.x, y=self.y, y_pred=prediction)
        return self.weights, as_tensor(loss)

    @contextlib.contextmanager
    def prepared(self) -> Iterator[None]:
        before = [w.value for w in self.weights]
        try:
            yield
        finally:
            for w, value in zip(self.weights, before, strict=True):
                w.value = value


def doubled(x: Any) -> Any:
    """Data in float64 where it is floating point; lists and dictionaries of arrays as they are."""
    value = x.value if type(x) is Tensor else x
    if isinstance(value, np.ndarray) and value.dtype.kind == "f":
        return value.astype(np.float64)
    return x


class Slope(Subject):
    """x ↦ Σ w·∇(v·f)(x): its gradient is the second derivative of f along w.

    Its values come from the arrays reading, its gradient from the recorded graph of the rules.
    """

    def __init__(self, subject: Subject, v: Any, seed: int) -> None:
        self.subject, self.v = subject, v
        self.arrays, self.names = subject.arrays, subject.names
        self.w = [cotangent(a.shape, seed + 1 + k) for k, a in enumerate(self.arrays)]

    @property
    def places(self) -> Sequence[int]:
        return self.subject.places

    def __call__(self, arrays: Sequence[Any]) -> Any:
        parts = zip(self.subject.pull(arrays, self.v), self.w, strict=True)
        return np.float64(sum(float(np.sum(g * w)) for g, w in parts if g is not None))

    def record(self, arrays: Sequence[Any]) -> tuple[list[Tensor], Tensor]:
        leaves, y = self.subject.record(arrays)
        total: Any = as_tensor(0.0)
        if y.tracked:
            g = as_tensor(np.array(self.v, dtype=y.dtype).reshape(y.shape))
            found = gradients([y], [g], leaves, create_graph=True)
            for part, w in zip(found, self.w, strict=True):
                if part is not None:
                    total = total + (part * w).sum()
        return leaves, total


LOGARITHMIC = frozenset(
    ["softmax_cross_entropy", "sparse_softmax_cross_entropy", "sigmoid_cross_entropy"]
)


def rounding(leaves: list[Tensor], y: Tensor, v: Any) -> float:
    """How much rounding may change Σ v·y: ε·√Σ (gradient · value)² over all recorded results.

    First-order running error analysis (Higham, Accuracy and Stability, 2.6 and 3.3), with the
    gradients that a sweep finds: errors of many operations add up as a random walk.
    """
    eps = float(np.finfo(y.dtype).eps) if y.dtype.kind == "f" else 0.0
    own = float(np.linalg.norm(v * np.asarray(y.value)))
    if not y.tracked:
        return eps * own
    g = float(v) if type(y.value) is float else np.array(v, dtype=y.dtype)
    with np.errstate(all="ignore"):
        found = sweep([(y, g)], keep=lambda node: True, hooks=False)
        parts = [np.linalg.norm(g * node.value) for node, g in found]
        # inside a fused operation: log Σ exp of logits near 40 is rounded like 40, whatever is left
        fused = [(n, g) for n, g in found if n.op is not None and n.op.name in LOGARITHMIC]
        parts += [np.linalg.norm(g) * largest_input(n) for n, g in fused]
        total = float(np.linalg.norm(parts))
    return eps * max(total, own) if np.isfinite(total) else eps * own


def largest_input(node: Tensor) -> float:
    """The largest number that an operation read."""
    values = [x.value if type(x) is Tensor else x for x in node.inputs]
    return max((float(np.max(np.abs(v), initial=0.0)) for v in values), default=0.0)


@contextlib.contextmanager
def kept_as_it_was(f: Any) -> Iterator[None]:
    """Inside, f may run at will: the weights of layers that it holds (running statistics) and the
    counters of their assignments are put back."""
    cells = [c.cell_contents for c in getattr(f, "__closure__", None) or () if _filled(c)]
    code = getattr(f, "__code__", None)
    space = getattr(f, "__globals__", {})
    read = [space[n] for n in (code.co_names if code is not None else ()) if n in space]
    holders = [f, getattr(f, "__self__", None), *cells, *read]
    kept: dict[int, tuple[Tensor, Any, int]] = {}
    for holder in holders:
        weights = [] if isinstance(holder, type) else getattr(holder, "weights", [])
        for w in weights if isinstance(weights, (list, tuple)) else []:
            if type(w) is Tensor:
                value = w.value if type(w.value) is float else w.value.copy()
                kept[id(w)] = (w, value, w.modified)
    try:
        yield
    finally:
        for w, value, modified in kept.values():
            same = w.modified == modified and np.array_equal(w.value, value, equal_nan=True)
            if not same:
                w.overwrite(value)


def _filled(cell: Any) -> bool:
    try:
        return cell.cell_contents is not None
    except ValueError:
        return False
