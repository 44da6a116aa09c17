"""NumPy's protocols (and Python's copies): unmodified NumPy code runs on Tensors, or says no.

`np.exp(t)` asks `Tensor.__array_ufunc__`, `np.sum(t, axis=0)` asks `Tensor.__array_function__`;
both look the name up in the registry. A function that is not there raises: never a silent detach.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from copy import deepcopy as copied
from typing import Any

import numpy as np

from .errors import GradientError, describe
from .install import BITWISE
from .marks import Marks
from .modes import MODES
from .primitive import COMPOSITES, PRIMITIVES
from .tensor import Tensor, as_tensor, constant

__all__ = ["nearest"]

# ufuncs whose NumPy name is not the name of the row
_UFUNC_NAMES = {"fabs": "abs", "positive": "clone", "conjugate": "clone"}
_UFUNC_NAMES |= {"expit": "sigmoid"}  # of SciPy
_REDUCTIONS = {"add": "sum", "multiply": "prod", "maximum": "amax", "minimum": "amin"}
_REDUCTIONS |= {"logical_and": "all", "logical_or": "any"}
_FUNCTION_NAMES = {"amax": "max", "amin": "min", "copy": "clone", "vector_norm": "norm"}
_DEFAULTS = {"svd": {"full_matrices": True}}  # where NumPy's default is not ours

# what NumPy may compute on the bare values: no derivative is lost
_ON_VALUES = frozenset(
    [
        *("shape", "ndim", "size", "may_share_memory", "shares_memory", "result_type", "can_cast"),
        *("array_repr", "array_str", "array2string", "iscomplexobj", "isrealobj", "common_type"),
        *("min_scalar_type", "save", "savez", "savetxt", "nonzero", "flatnonzero", "argwhere"),
        *("searchsorted", "bincount", "unique", "array_equiv", "isin"),
    ]
)


def lookup(name: str) -> Callable[..., Any] | None:
    """The function of the registry with this name: a composite before the primitive."""
    return COMPOSITES.get(name) or PRIMITIVES.get(name)


def nearest(name: str) -> str:
    """The supported function of NumPy most like this name, "" where none is like it."""
    from difflib import get_close_matches

    known = [n for n in {**COMPOSITES, **PRIMITIVES} if hasattr(np, n) or hasattr(np.linalg, n)]
    found = get_close_matches(name, known, n=1, cutoff=0.5)
    home = "" if not found or hasattr(np, found[0]) else "linalg."
    return home + found[0] if found else ""


def unsupported(name: str, home: str = "numpy") -> TypeError:
    near = nearest(name)
    found = f"; the nearest supported function is np.{near}" if near else ""
    return TypeError(
        f"{home.replace('numpy', 'np', 1)}.{name} has no rule for Tensors{found}. "
        "Use a composition of supported functions (see tinygrad_es.ops), write the operation with "
        "@primitive, or leave the graph with tensor.numpy()."
    )


def array_ufunc(self: Tensor, ufunc: Any, method: str, *inputs: Any, **kwargs: Any) -> Any:
    """What `np.exp(t)`, `np.multiply(a, t)`, `array * t` and `np.add.reduce(t)` run."""
    name = _UFUNC_NAMES.get(ufunc.__name__, ufunc.__name__)
    if name in BITWISE and method == "__call__":
        return BITWISE[name](*inputs)
    out = kwargs.pop("out", None)
    if method == "reduce" and name in _REDUCTIONS and out is None:
        kwargs = {k: v for k, v in kwargs.items() if v is not None or k == "axis"}
        kwargs.setdefault("axis", 0)
        return _known(_REDUCTIONS[name])(*inputs, **kwargs)
    function = lookup(name)
    if method != "__call__" or function is None:
        raise unsupported(ufunc.__name__ + ("" if method == "__call__" else f".{method}"))
    if kwargs:
        raise TypeError(
            f"np.{ufunc.__name__} of a Tensor: unsupported argument(s) {sorted(kwargs)}. "
            "Expected the arrays only."
        )
    if out is not None:
        return _write(ufunc, inputs, out)
    return function(*inputs)


def _known(name: str) -> Callable[..., Any]:
    function = lookup(name)
    assert function is not None
    return function


def _write(ufunc: Any, inputs: tuple[Any, ...], out: tuple[Any, ...]) -> Any:
    """`array -= tensor`: into a plain array, from Tensors that nobody differentiates."""
    if any(type(x) is Tensor and x.tracked for x in inputs) or any(type(o) is Tensor for o in out):
        raise TypeError(
            f"np.{ufunc.__name__} cannot write (out=, or in place) into an array from a Tensor "
            "that requires grad: the graph would be lost. Write `a = a - t`, or use t.detach()."
        )
    return ufunc(*(x.value if type(x) is Tensor else x for x in inputs), out=out)


def array_function(self: Tensor, func: Any, types: Any, args: Any, kwargs: Any) -> Any:
    """What `np.sum(t, axis=0)`, `np.concatenate([a, t])`, `np.linalg.inv(t)` run."""
    name = func.__name__
    if name in _ON_VALUES:
        return func(*_values(args), **_values(kwargs))
    function = lookup(_FUNCTION_NAMES.get(name, name))
    if function is None:
        raise unsupported(name, func.__module__)
    given = _DEFAULTS.get(name, {}) | {
        k: v for k, v in kwargs.items() if v is not np._NoValue and not (k == "out" and v is None)
    }
    try:
        return function(*args, **given)
    except TypeError as error:
        if "argument" not in str(error):
            raise
        raise TypeError(
            f"np.{name} of a Tensor: {error}. Received: {len(args)} positional arguments and "
            f"{sorted(given)}; see help(tinygrad_es.ops.{getattr(function, '__name__', name)})."
        ) from None


def _values(x: Any) -> Any:
    if type(x) is Tensor:
        return x.numpy()
    if isinstance(x, (list, tuple)):
        return type(x)(_values(v) for v in x)
    if isinstance(x, dict):
        return {k: _values(v) for k, v in x.items()}
    return x


def array(self: Tensor, dtype: Any = None, copy: bool | None = None) -> Any:
    """What `np.asarray(t)` runs: only where no graph is lost."""
    if self.tracked:
        raise TypeError(
            "NumPy asked for the array of a Tensor that requires grad, which would lose the "
            "graph silently. Use a function with a rule (np.exp, np.dot, …, or ops), or say "
            "so: tensor.numpy() or tensor.detach()."
        )
    value = np.asarray(self.value)
    if dtype is not None and value.dtype != np.dtype(dtype):
        if copy is False:
            raise ValueError(f"a {value.dtype} Tensor cannot be viewed as {dtype}; copy it")
        return value.astype(dtype)
    return value.copy() if copy else value


# --- reading and writing elements ---------------------------------------------------------------


def plain_index(index: Any, inside: bool = False) -> Any:
    """An index as NumPy understands it: Tensors become integers or arrays, sequences arrays.

    Only the outermost tuple is one index for each axis; a tuple `inside` it is a sequence.
    """
    if type(index) is tuple and not inside:
        return tuple(plain_index(i, inside=True) for i in index)
    if type(index) is Tensor:
        if index.dtype.kind not in "iub":
            raise IndexError(
                f"expected integers or bools as an index. Received: {describe(index)}; "
                "use .astype(int)."
            )
        return index.value if index.ndim or index.dtype.kind == "b" else int(index.item())
    plain = index is None or index is Ellipsis or isinstance(index, (int, slice, np.generic))
    if plain or type(index) is np.ndarray:
        return index
    try:
        found = np.asarray(index)
    except ValueError:
        return index  # NumPy says what is wrong with it
    return found if found.size else found.astype(np.intp)


def getitem(self: Tensor, index: Any) -> Tensor:
    """`x[index]`: integers, slices, None, `...`, boolean masks, arrays of integers."""
    return PRIMITIVES["getitem"](self, index=plain_index(index))


def setitem(self: Tensor, index: Any, values: Any) -> None:
    """`x[index] = values`: in place where nothing is recorded, else `x` becomes a new node."""
    index = plain_index(index)
    parts = index if type(index) is tuple else (index,)
    if any(type(p) is np.ndarray and p.dtype.kind != "b" for p in parts):
        index, values = last_writes(self.shape, index, values)
    rebind(self, PRIMITIVES["setitem"], (self, values), {"index": index})


def last_writes(shape: tuple[int, ...], index: Any, values: Any) -> tuple[Any, Any]:
    """An index in which no place is named twice: of several values written to one the last stays.

    The others must get no gradient.
    """
    places = np.arange(math.prod(shape)).reshape(shape)[index]
    found, from_the_end = np.unique(places.ravel()[::-1], return_index=True)
    if found.size == places.size:
        return index, values
    values, index = as_tensor(values), np.unravel_index(found, shape)
    if values.ndim == 0:  # the same everywhere
        return index, values
    spread = PRIMITIVES["broadcast_to"](values, shape=places.shape)
    flat = PRIMITIVES["reshape"](spread, shape=(places.size,))
    return index, flat[places.size - 1 - from_the_end]


def in_place(op: Any) -> Callable[..., Tensor]:
    """The in-place version of an operation: `x += y`, `x.add_(y)`."""

    def function(self: Tensor, *others: Any) -> Tensor:
        rebind(self, op, (self, *others), {})
        return self

    function.__name__ = f"{op.name}_"
    function.__doc__ = f"In place: {op.__doc__}"
    return function


_NODE = ("value", "tracked", "op", "first", "second", "index")


def rebind(self: Tensor, op: Any, inputs: tuple[Any, ...], options: dict[str, Any]) -> None:
    """Let a Tensor hold the result of an operation on itself.

    What it held becomes an old node, the first input of the new one; an operation that had read
    this very Tensor finds it there when it is swept (`as_recorded`).
    """
    from_outside = any(type(x) is Tensor and x.tracked for x in inputs[1:])
    recording = MODES.get().grad and (self.tracked or from_outside)
    if recording and self.tracked and self.op is None:
        called = f" named {self.name!r}" if self.name else ""
        raise GradientError(
            f"{op.name}: a leaf that requires grad{called} cannot be changed in place while "
            "operations are recorded. Do it inside `with no_grad():`, assign to .data, or write "
            "`x = x + …` for a new Tensor."
        )
    if not recording:
        result = op(*(x.detach() if type(x) is Tensor else x for x in inputs), **options)
        must_keep_kind(op, result, self)
        self.data = result.value
        return
    old = object.__new__(Tensor)
    for slot in (*_NODE, "marks", "_grad"):
        setattr(old, slot, getattr(self, slot, None))
    old._scope = self.scope
    result = op(*(old if x is self else x for x in inputs), **options)
    if result.dtype != self.dtype and type(self.value) is not float:
        must_keep_kind(op, result, self)
        result = PRIMITIVES["astype"](result, dtype=self.dtype)
    if result.shape != self.shape:
        raise ValueError(
            f"{op.name} in place: expected a result of shape {self.shape}. Received: "
            f"{result.shape}."
        )
    for slot in _NODE:
        setattr(self, slot, getattr(result, slot, None))
    self.marks = Marks()
    self.marks.name, self.marks.modified = old.name, self.index
    if old.marks is not None and old.marks.retain:  # it is this Tensor whose gradient is wanted
        self.marks.retain = self.marks.watched = True
        old.marks.retain, old.marks.watched = False, bool(old.marks.hooks)


def must_keep_kind(op: Any, result: Tensor, self: Tensor) -> None:
    """A TypeError where a result in place would lose its kind: floats in integers."""
    if not np.can_cast(result.dtype, self.dtype, "same_kind"):
        raise TypeError(
            f"{op.name} in place: a result of {result.dtype} does not fit a Tensor of "
            f"{self.dtype}. Use .astype(float), or `x = x + …` for a new Tensor."
        )


# --- copies: Python's protocols ------------------------------------------------------------------


def deepcopy(self: Tensor, memo: dict[int, Any]) -> Tensor:
    """What `copy.deepcopy(t)` runs."""
    if self.op is not None:
        raise GradientError(
            "only leaves can be deep-copied: a copy of a recorded Tensor would share half a "
            "graph. Use .detach().clone()."
        )
    copy = as_tensor(self.value if type(self.value) is float else self.value.copy())
    copy.tracked = self.tracked
    if self.name is not None:
        copy.name = self.name
    memo[id(self)] = copy
    if self.marks is not None and self.marks.constraint is not None:
        copy.marked().constraint = copied(self.marks.constraint, memo)
    return copy


def reduce(self: Tensor) -> tuple[Any, ...]:
    """What `pickle` runs."""
    if self.op is not None:
        raise GradientError("only leaves can be pickled; use .detach()")
    constraint = None if self.marks is None else self.marks.constraint
    return _restore, (self.value, self.tracked, self.name, constraint)


def _restore(value: Any, tracked: bool, name: str | None, constraint: Any = None) -> Tensor:
    tensor = as_tensor(value)
    tensor.tracked = tracked
    if name is not None:
        tensor.name = name
    if constraint is not None:
        tensor.marked().constraint = constraint
    return tensor


def install_protocols() -> None:
    """Put the protocols and the in-place operators on Tensor."""
    set_on = {
        "__array__": array,
        "__array_ufunc__": array_ufunc,
        "__array_function__": array_function,
    }
    set_on |= {"__deepcopy__": deepcopy, "__reduce__": reduce}
    set_on |= {"__getitem__": getitem, "__setitem__": setitem}
    for name, method in set_on.items():
        setattr(Tensor, name, method)
    Tensor.__array_priority__ = 1000  # type: ignore[attr-defined]  # NumPy reads it
    signs = {"add": "iadd", "subtract": "isub", "multiply": "imul", "divide": "itruediv"}
    signs |= {"power": "ipow", "floor_divide": "ifloordiv", "remainder": "imod"}
    for name, op in PRIMITIVES.items():
        if op.elementwise and op.differentiable:
            setattr(Tensor, f"{name}_", in_place(op))
        if name in signs:
            setattr(Tensor, f"__{signs[name]}__", in_place(op))


def zero_(self: Tensor) -> Tensor:
    """Set every element to 0, in place."""
    return fill_(self, 0.0)


def fill_(self: Tensor, value: float) -> Tensor:
    """Set every element to a number, in place."""
    rebind(self, PRIMITIVES["setitem"], (self, as_tensor(value)), {"index": Ellipsis})
    return self


def assign_add(self: Tensor, value: Any) -> None:
    """Add to the value, under Keras' name; nothing is recorded."""
    self.assign(self.value + constant(value))


def assign_sub(self: Tensor, value: Any) -> None:
    """Subtract from the value, under Keras' name; nothing is recorded."""
    self.assign(self.value - constant(value))


Tensor.assign_add = assign_add  # type: ignore[attr-defined]  # put on at run time
Tensor.assign_sub = assign_sub  # type: ignore[attr-defined]  # the same
Tensor.zero_ = zero_  # type: ignore[attr-defined]  # put on at run time
Tensor.fill_ = fill_  # type: ignore[attr-defined]  # the same
install_protocols()
