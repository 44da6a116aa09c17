"""One comparison with PyTorch: the same function of the same numbers, both ways.

A `Case` names an operation, how each library writes it, and the inputs. `ours` and `theirs` run
it: the values, the gradient of Σ output·cotangent in every float input, and, at second order, the
gradient of a random projection of that gradient.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any
from zlib import crc32

import numpy as np
import pytest

from tinygrad_es import Tensor, as_tensor

torch = pytest.importorskip("torch", reason="compares with torch")

Domain = tuple[float, float] | Callable[[np.random.Generator, tuple[int, ...]], np.ndarray]
Arrays = list[np.ndarray]

POSITIVE, UNIT = (0.3, 2.0), (-0.9, 0.9)


def away_from_zero(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """Samples in ±[0.5, 2]: for divisors."""
    return rng.uniform(0.5, 2.0, shape) * rng.choice([-1.0, 1.0], shape)


def regular(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """Matrices that are well conditioned, with well separated singular values."""
    a = rng.uniform(-0.4, 0.4, shape)
    for i in range(min(shape[-2:]) if len(shape) > 1 else 0):
        a[..., i, i] += 1.5 + i
    return a


@dataclass(frozen=True, eq=False)
class Case:
    """One operation on one set of inputs.

    An input is a shape (floats are drawn from `domain`) or an array: float arrays are
    differentiated, integers and bools are not.
    """

    name: str  # the operation, perhaps followed by a space and what is special
    ours: Callable[..., Any]
    theirs: Callable[..., Any]
    inputs: tuple[Any, ...]
    domain: Domain = (-2.0, 2.0)
    smooth: bool = True  # has a second derivative here, and PyTorch knows it
    double: float = 1e-10  # the tolerance in float64
    single: float = 1e-4  # in float32
    quiet: bool = False  # NumPy itself warns here (log 0): the warning is no finding

    @property
    def operation(self) -> str:
        """The name without what is special about this case."""
        return self.name.split(" ")[0]

    @property
    def id(self) -> str:
        """The test's name, and the seed of its numbers."""
        shapes = [
            "x".join(map(str, np.shape(x) if is_array(x) else x)) or "0d" for x in self.inputs
        ]
        numbers = [x.tobytes() for x in self.inputs if is_array(x)]
        if numbers:
            shapes.append(f"{crc32(b''.join(numbers)):x}")
        return f"{self.name}-{','.join(shapes)}".replace(" ", "_")

    def arrays(self) -> Arrays:
        """The inputs as float64, integer and bool arrays."""
        rng = np.random.default_rng(crc32(self.id.encode()))
        return [np.asarray(x) if is_array(x) else self._drawn(rng, x) for x in self.inputs]

    def _drawn(self, rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
        if callable(self.domain):
            return np.asarray(self.domain(rng, shape))
        return np.asarray(rng.uniform(*self.domain, shape))


def is_array(x: Any) -> bool:
    return isinstance(x, np.ndarray)


def cases(
    name: str, ours: Callable[..., Any], theirs: Callable[..., Any], *samples: Any, **options: Any
) -> Iterator[Case]:
    """One case for each sample, a tuple of inputs."""
    for sample in samples:
        yield Case(name, ours, theirs, sample, **options)


# --- layouts of the same numbers in memory --------------------------------------------------------


def _strided(a: np.ndarray) -> np.ndarray:
    wide = np.zeros((*a.shape, 2), a.dtype)
    wide[..., 0] = a
    return wide[..., 0]


LAYOUTS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "contiguous": np.copy,
    "transposed": lambda a: a.T.copy().T,
    "strided": _strided,
    "reversed": lambda a: np.flip(np.flip(a).copy()),
}

# --- running --------------------------------------------------------------------------------------


@dataclass
class Outcome:
    """What one library made of a case; `second` is empty where it was not asked for."""

    values: Arrays
    first: Arrays
    second: Arrays


def flat(result: Any) -> list[Any]:
    """One output or several as a list."""
    return list(result) if isinstance(result, (tuple, list)) else [result]


def weights(seed: str, values: Arrays) -> Arrays:
    """Random cotangents of the shape and dtype of the values, the same for both libraries."""
    rng = np.random.default_rng(crc32(seed.encode()))
    return [np.asarray(rng.uniform(-1.0, 1.0, v.shape), v.dtype) for v in values]


def ours(
    case: Case,
    dtype: str = "float64",
    layout: str = "contiguous",
    order: int = 1,
    weak: bool = False,
) -> Outcome:
    """Run a case on Tensors; `weak` on Python floats."""
    inputs, leaves = [], []
    for a in case.arrays():
        if a.dtype.kind != "f":
            inputs.append(as_tensor(LAYOUTS[layout](a)))
            continue
        x = Tensor(float(a)) if weak else as_tensor(LAYOUTS[layout](a.astype(dtype)))
        leaves.append(x.requires_grad_())
        inputs.append(x)
    with np.errstate(all="ignore") if case.quiet else nullcontext():
        outputs = flat(case.ours(*inputs))
        values = [y.numpy() for y in outputs]
        first = _pull(case.id, outputs, leaves, order > 1)
        second = _pull(case.id + "²", first, leaves, False) if order > 1 else []
    return Outcome(values, [g.numpy() for g in first], [g.numpy() for g in second])


def _pull(seed: str, outputs: Any, leaves: list[Tensor], create_graph: bool) -> list[Tensor]:
    for x in leaves:
        x.grad = None
    seeds = weights(seed, [y.numpy() for y in outputs])
    roots = [(y, c) for y, c in zip(outputs, seeds, strict=True) if y.requires_grad]
    if len(roots) == 1:
        y, c = roots[0]
        y.backward(c, create_graph=create_graph)
    elif roots:
        total = sum((y * c).sum() for y, c in roots)
        total.backward(create_graph=create_graph)
    zero = [as_tensor(np.zeros(x.shape, x.dtype)) for x in leaves]
    return [z if x.grad is None else x.grad for x, z in zip(leaves, zero, strict=True)]


def theirs(case: Case, dtype: str = "float64", order: int = 1) -> Outcome:
    """Run a case on PyTorch's tensors."""
    inputs, leaves = [], []
    for a in case.arrays():
        x = torch.from_numpy(np.array(a.astype(dtype) if a.dtype.kind == "f" else a))
        if a.dtype.kind == "f":
            leaves.append(x.requires_grad_())
        inputs.append(x)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore" if case.quiet else "error")
        outputs = flat(case.theirs(*inputs))
    values = [y.detach().numpy() for y in outputs]
    first = _torch_pull(case.id, outputs, leaves, order > 1)
    second = _torch_pull(case.id + "²", first, leaves, False) if order > 1 else []
    return Outcome(
        values,
        [g.detach().numpy(force=True) for g in first],
        [g.detach().numpy(force=True) for g in second],
    )


def _torch_pull(seed: str, outputs: Any, leaves: list[Any], create_graph: bool) -> list[Any]:
    drawn = weights(seed, [y.detach().numpy(force=True) for y in outputs])
    pairs = [(y, torch.from_numpy(c)) for y, c in zip(outputs, drawn) if y.requires_grad]
    if not pairs:
        return [torch.zeros_like(x) for x in leaves]
    roots, seeds = (list(part) for part in zip(*pairs))
    found = torch.autograd.grad(
        roots, leaves, seeds, create_graph=create_graph, allow_unused=True, retain_graph=True
    )
    return [torch.zeros_like(x) if g is None else g for g, x in zip(found, leaves, strict=True)]


# --- comparing ------------------------------------------------------------------------------------


def assert_same(
    what: str, mine: Arrays, peers: Arrays, tolerance: float, dtypes: bool = True
) -> None:
    """The same number of arrays, of the same shapes, dtypes and numbers (NaN equals NaN)."""
    assert len(mine) == len(peers), f"{what}: {len(mine)} arrays, PyTorch has {len(peers)}"
    for i, (a, b) in enumerate(zip(mine, peers, strict=True)):
        assert a.shape == b.shape, f"{what} {i}: shape {a.shape}, PyTorch has {b.shape}"
        if dtypes:
            assert a.dtype == b.dtype, f"{what} {i}: dtype {a.dtype}, PyTorch has {b.dtype}"
        np.testing.assert_allclose(
            a, b, rtol=tolerance, atol=tolerance, err_msg=f"{what} {i} (desired: PyTorch's)"
        )
