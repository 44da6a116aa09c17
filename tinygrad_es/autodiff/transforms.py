"""Transforms of plain functions: grad, vjp, jvp, jacobian, hessian, hvp.

They wrap the arguments in Tensors, run the function, and sweep. Numbers and arrays in, numbers
and arrays out; Tensors in, Tensors out. A result that depends on Tensors from outside which
require grad (arguments, or what the function closes over) is recorded, so that transforms nest to
any order and a gradient can be part of a loss.

>>> from tinygrad_es import grad
>>> cube = lambda x: x**3
>>> grad(cube)(2.0), grad(grad(cube))(2.0), grad(grad(grad(cube)))(2.0)
(12.0, 12.0, 6.0)
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from . import rules
from .backward import gradients
from .errors import GradientError, ShapeError, describe
from .modes import Switch, is_grad_enabled
from .order import topological
from .tensor import Tensor, as_tensor, constant, next_index

__all__ = ["grad", "hessian", "hvp", "jacobian", "jvp", "value_and_grad", "vjp"]

Arguments = tuple[Any, ...]


def lift(x: Any, name: str) -> Tensor:
    """A fresh Tensor that requires grad: a leaf, or linked to the Tensor it came from."""
    if type(x) is Tensor and x.tracked:
        return rules.clone(x)
    value = constant(x)
    if type(value) is np.ndarray and value.dtype.kind != "f":
        raise TypeError(
            f"{name}: expected floating point arguments to differentiate. Received: {describe(x)};"
            " use x.astype(float)."
        )
    tensor = as_tensor(value) if type(value) is float else Tensor(value)
    tensor.tracked = True
    return tensor


def chosen(name: str, argnums: int | Sequence[int], args: Arguments) -> tuple[int, ...]:
    """The positions to differentiate in, checked."""
    numbers = (argnums,) if isinstance(argnums, int) else tuple(argnums)
    for n in numbers:
        if not isinstance(n, int) or not -len(args) <= n < len(args):
            raise IndexError(
                f"{name}: argnums {n!r} is out of range. Received: {len(args)} arguments."
            )
    found = tuple(n % len(args) for n in numbers)
    if len(set(found)) < len(found):
        raise ValueError(f"{name}: an argument is named twice. Received: argnums={argnums}.")
    return found


def must_be_function(name: str, f: Any) -> None:
    """A TypeError for f(x) in the place of f."""
    if not callable(f):
        raise TypeError(
            f"{name}: expected a function. Received: {describe(f)}; pass f itself, not f(x)."
        )


class Trace:
    """One run of a function on fresh Tensors: what came out, and by which doors it went in.

    `nested` says that the result depends on older Tensors that require grad: those of an outer
    transform, or a model's weights. Then the sweep is recorded too.
    """

    def __init__(
        self,
        name: str,
        f: Callable[..., Any],
        args: Arguments,
        where: tuple[int, ...],
        kwargs: Any,
        has_aux: bool = False,
    ) -> None:
        must_be_function(name, f)
        self.wrapped = any(type(a) is Tensor for a in args)
        start = next_index()
        with Switch(grad=True, tracing=True):
            self.leaves = [lift(args[i], name) for i in where]
            full = list(args)
            for i, leaf in zip(where, self.leaves, strict=True):
                full[i] = leaf
            result = f(*full, **kwargs)
        self.aux: Any = None
        if has_aux:
            result, self.aux = result
        self.y = one_tensor(name, result)
        self.order = topological([self.y]) if self.y.tracked else []
        self.nested = is_grad_enabled() and any(node.index < start for node in self.order)

    def pull(self, g: Any, create_graph: bool) -> list[Any]:
        """vᵀ·J for every leaf, zeros where y does not depend on it."""
        if not self.y.tracked:
            return [_zeros(leaf) for leaf in self.leaves]
        found = gradients([self.y], [g], self.leaves, create_graph, self.order)
        pairs = zip(found, self.leaves, strict=True)
        return [_zeros(leaf) if g is None else g for g, leaf in pairs]

    def value(self) -> Any:
        """f(x), as the caller's kind."""
        return self.hand_out(self.y if self.nested else self.y.detach())

    def hand_out(self, x: Any) -> Any:
        """A result as the caller's kind: Tensor for Tensors, else a float or an array."""
        if type(x) is Tensor:
            return x if self.wrapped or self.nested else x.value
        if self.wrapped or self.nested:
            return as_tensor(x)
        return np.asarray(x) if isinstance(x, np.generic) else x


def one_tensor(name: str, result: Any) -> Tensor:
    """What a function returned, as a Tensor; a TypeError where it is several things or none."""
    if isinstance(result, (Tensor, float, int, np.ndarray, np.generic)):
        return as_tensor(result)
    raise TypeError(
        f"{name}: expected the function to return one Tensor. Received: {describe(result)}."
    )


def _zeros(leaf: Tensor) -> Any:
    return 0.0 if type(leaf.value) is float else np.zeros_like(leaf.value)


def _one(y: Tensor) -> Any:
    return 1.0 if type(y.value) is float else np.ones_like(y.value)


def value_and_grad(
    f: Callable[..., Any], argnums: int | Sequence[int] = 0, has_aux: bool = False
) -> Callable[..., Any]:
    """A function that returns `(f(x), ∇f(x))`, from one forward and one backward pass.

    Args:
        f: returns one number (and, with `has_aux`, anything else beside it).
        argnums: which argument, or which ones (then the gradient is a tuple).

    Raises:
        GradientError: f returned more than one number (use `jacobian` or `vjp`).
    """

    must_be_function("grad", f)

    @functools.wraps(f)
    def run(*args: Any, **kwargs: Any) -> Any:
        where = chosen("grad", argnums, args)
        trace = Trace("grad", f, args, where, kwargs, has_aux)
        y = trace.y
        if y.size != 1:
            raise GradientError(
                f"grad: expected a function that returns one number. Received: shape {y.shape}; "
                "use jacobian(f) or vjp(f, …) for more."
            )
        found = [trace.hand_out(g) for g in trace.pull(_one(y), trace.nested)]
        answer = found[0] if isinstance(argnums, int) else tuple(found)
        return ((trace.value(), trace.aux) if has_aux else trace.value()), answer

    return run


def grad(
    f: Callable[..., Any], argnums: int | Sequence[int] = 0, has_aux: bool = False
) -> Callable[..., Any]:
    """A function that returns the gradient ∇f(x). Arguments and errors as `value_and_grad`.

    >>> import numpy as np
    >>> from tinygrad_es import grad
    >>> grad(lambda x: np.sum(np.sin(x)))(np.zeros(2))
    array([1., 1.])
    """
    both = value_and_grad(f, argnums, has_aux)

    @functools.wraps(f)
    def run(*args: Any, **kwargs: Any) -> Any:
        value, gradient = both(*args, **kwargs)
        return (gradient, value[1]) if has_aux else gradient

    return run


def vjp(f: Callable[..., Any], *primals: Any) -> tuple[Any, Callable[[Any], tuple[Any, ...]]]:
    """`(f(x), pullback)`, where `pullback(v)` is the tuple of vᵀ·J, one for each argument.

    >>> y, pullback = vjp(lambda a, b: a * b, 4.0, -3.0)
    >>> y, pullback(1.0)
    (-12.0, (-3.0, 4.0))
    """
    trace = Trace("vjp", f, primals, tuple(range(len(primals))), {})
    y = trace.y

    def pullback(v: Any) -> tuple[Any, ...]:
        if np.shape(constant(v)) != y.shape:
            raise ShapeError(
                f"vjp: expected a cotangent of shape {y.shape}. Received: {describe(v)}."
            )
        recorded = trace.nested or (type(v) is Tensor and v.tracked)
        g = as_tensor(v) if recorded else _like(v, y)
        return tuple(trace.hand_out(x) for x in trace.pull(g, recorded))

    return trace.value(), pullback


def _like(v: Any, y: Tensor) -> Any:
    value = constant(v)
    return float(value) if type(y.value) is float else np.asarray(value, dtype=y.dtype)


def jvp(f: Callable[..., Any], primals: Sequence[Any], tangents: Sequence[Any]) -> tuple[Any, Any]:
    """`(f(x), J·v)`: the change of f along `tangents`.

    Forward mode out of the table of pullbacks: u ↦ uᵀ·J is linear, and its own gradient in the
    direction v is J·v.

    >>> import numpy as np
    >>> jvp(lambda x: x * x, (3.0,), (1.0,))
    (9.0, 6.0)
    """
    if not isinstance(primals, (tuple, list)) or not isinstance(tangents, (tuple, list)):
        raise TypeError(
            "jvp: expected tuples of primals and of tangents, `jvp(f, (x,), (v,))`. Received: "
            f"{describe(primals)} and {describe(tangents)}."
        )
    if len(primals) != len(tangents):
        raise ValueError(f"jvp: {len(primals)} primals but {len(tangents)} tangents.")
    trace = Trace("jvp", f, tuple(primals), tuple(range(len(primals))), {})
    y = trace.y
    for x, v in zip(trace.leaves, tangents, strict=True):
        if np.shape(constant(v)) != x.shape:
            raise ShapeError(
                f"jvp: expected a tangent of shape {x.shape}. Received: {describe(v)}."
            )
    u = lift(np.zeros(y.shape, y.dtype) if type(y.value) is not float else 0.0, "jvp")
    pulled = [as_tensor(g) for g in trace.pull(u, create_graph=True)]
    linear = [(g, v) for g, v in zip(pulled, tangents, strict=True) if g.tracked]
    recorded = trace.nested or any(type(v) is Tensor and v.tracked for v in tangents)
    if linear:
        roots, seeds = [g for g, _ in linear], [_like(v, g) for g, v in linear]
        if recorded:
            seeds = [as_tensor(v) for _, v in linear]
        (moved,) = gradients(roots, seeds, [u], create_graph=recorded)
    else:
        moved = None
    moved = _zeros(y) if moved is None else moved
    return trace.value(), trace.hand_out(moved)


def jacobian(f: Callable[..., Any], argnums: int = 0) -> Callable[..., Any]:
    """A function that returns J, of shape (shape of f(x)) + (shape of x): one sweep a row.

    `argnums` is one argument: for several, call it for each.

    >>> import numpy as np
    >>> jacobian(lambda x: x * x)(np.array([1.0, 2.0]))
    array([[2., 0.],
           [0., 4.]])
    """

    @functools.wraps(f)
    def run(*args: Any, **kwargs: Any) -> Any:
        if not isinstance(argnums, int):
            raise TypeError(
                f"jacobian: expected one argument number. Received: argnums={argnums!r}; call it "
                "once for each argument."
            )
        where = chosen("jacobian", argnums, args)
        trace = Trace("jacobian", f, args, where, kwargs)
        y, x = trace.y, trace.leaves[0]
        rows = []
        for i in range(y.size):
            basis = np.zeros(y.size, y.dtype)
            basis[i] = 1.0
            g = 1.0 if type(y.value) is float else basis.reshape(y.shape)
            rows.append(trace.pull(as_tensor(g) if trace.nested else g, trace.nested)[0])
        shape = y.shape + x.shape
        if trace.nested:
            flat = [rules.reshape(as_tensor(row), shape=(1, x.size)) for row in rows]
            stacked = rules.concatenate(*flat, axis=0) if flat else np.zeros((0, x.size))
            return trace.hand_out(rules.reshape(stacked, shape=shape))
        if not shape and type(x.value) is float:
            return trace.hand_out(rows[0])
        dtype = x.dtype if type(x.value) is not float else np.float64
        return trace.hand_out(np.array(rows, dtype=dtype).reshape(shape))

    return run


def hessian(f: Callable[..., Any], argnums: int = 0) -> Callable[..., Any]:
    """A function that returns the matrix of second derivatives of a function of one number's worth.

    >>> import numpy as np
    >>> hessian(lambda x: x[0] ** 2 * x[1] + x[1] ** 3)(np.array([1.0, 2.0]))
    array([[ 4.,  2.],
           [ 2., 12.]])
    """
    return jacobian(grad(f, argnums), argnums)


def hvp(f: Callable[..., Any], x: Any, v: Any) -> Any:
    """H·v without the matrix H: the gradient of ∇f(x)·v.

    >>> import numpy as np
    >>> hvp(lambda x: x[0] ** 2 * x[1] + x[1] ** 3, np.array([1.0, 2.0]), np.ones(2))
    array([ 6., 14.])
    """
    return jvp(grad(f), (x,), (v,))[1]
