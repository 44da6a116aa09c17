"""Tensor: a value and its node in the recorded graph, one slotted object.

What Tensor can compute is put on it from the registry: operators and methods by `install`, NumPy's
protocols by `protocols`; how gradients flow is in `backward`. Here is what a Tensor *is*.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from itertools import count
from typing import Any

import numpy as np

from .config import float_dtype
from .errors import LOST_GRADIENT, GradientError, ShapeError, describe
from .interface import Interface
from .marks import Marks
from .modes import MODES, OUTSIDE, Scope
from .primitive import Primitive

__all__ = ["Tensor", "as_tensor", "constant"]

next_index = count(1).__next__
Value = Any  # a Python float or an ndarray


def constant(data: Any) -> Value:
    """The value that `data` has inside the engine: a Python float, or an ndarray.

    A bare Python number is a float (weak: it never promotes an array); NumPy arrays and scalars
    keep their dtype; lists take `floatx`.
    """
    kind = type(data)
    if kind is float or kind is np.ndarray:
        value = data
    elif kind is int:
        return float(data)
    elif kind is Tensor:
        return data.value
    elif kind is list or kind is tuple:
        value = _from_list(data)
    elif data is None or isinstance(data, (str, bytes, dict, set)):
        raise TypeError(
            f"expected a number, an array or a (nested) list of numbers. Received: {describe(data)}"
        )
    else:
        value = np.asarray(data)
    if kind is not float and value.dtype.kind not in "fiub":
        raise TypeError(
            "expected real numbers (floating point, integer or bool). Received: "
            f"{describe(data)}, which NumPy reads as dtype {value.dtype}."
        )
    return value


def _from_list(data: Any) -> Value:
    if any(isinstance(x, Tensor) and x.tracked for x in data):
        raise TypeError(
            "a list of Tensors that require grad cannot become one Tensor without losing the "
            "graph; expected numbers. Use ops.stack(list) (or np.stack(list)) instead."
        )
    try:
        value = np.asarray(data)
    except ValueError as error:
        raise ShapeError(f"expected a rectangular nested list of numbers. {error}") from None
    return value.astype(float_dtype()) if value.dtype.kind in "fiu" else value


class Tensor(Interface):
    """A number or an array that remembers how it was computed.

    Args:
        data: a Python number (kept as a Python float), a NumPy array (copied; its dtype is
            kept) or a nested list (which takes `floatx`).
        requires_grad: whether `backward` shall compute ∂L/∂(this tensor). Floats only.
        dtype: another dtype; then the value is always an array.
        name: what drawings, formulas and reports call it.

    Raises:
        TypeError: `data` is not made of real numbers.
        RuntimeError: `requires_grad` for integers or bools.

    >>> from tinygrad_es import Tensor
    >>> x, y, z = Tensor(-2.0, requires_grad=True), Tensor(5.0), Tensor(-4.0)
    >>> f = (x + y) * z
    >>> f.backward()
    >>> f.item(), x.grad
    (-12.0, tensor(-4.0))
    """

    __slots__ = (
        "__weakref__",
        "_grad",
        "_scope",
        "first",
        "index",
        "marks",
        "op",
        "second",
        "tracked",
        "value",
    )

    value: Value  # a Python float or an ndarray: the engine's door, `data` is the user's
    tracked: bool  # requires_grad, without the checks of the property
    op: Primitive | None  # what computed it; None for a leaf
    first: Any  # its first input, a Tensor or a constant; with options, or three inputs: the tuple
    second: Any  # its second input; in those other cases the options
    index: int  # creation counter: inputs have smaller ones, but after a change in place
    marks: Marks | None  # None for nearly all
    # Empty in most results. (A `__getattr__` with defaults would make every attribute slower.)
    _scope: Scope  # the layer it was born in
    _grad: Any  # a float, an array, or the Tensor that `grad` hands out

    def __init__(
        self,
        data: Any,
        *,
        requires_grad: bool = False,
        dtype: Any = None,
        name: str | None = None,
    ) -> None:
        value = constant(data)
        if dtype is not None:
            value = np.array(value, dtype=np.dtype(dtype))
        elif type(value) is np.ndarray:
            value = value.copy()
        self._become(value)
        if name is not None:
            self.name = name
        if requires_grad:
            self.requires_grad = True

    def _become(self, value: Value) -> None:
        """A leaf with this value and nothing else."""
        self.value = value
        self.tracked = False
        self.op = None
        self.index = next_index()
        self.marks = None
        self._grad = None

    @property
    def inputs(self) -> tuple[Any, ...]:
        """Tensors and constants, in the order of the primitive's inputs; none of a leaf."""
        if self.op is None:
            return ()
        arity = self.op.arity
        if arity == 1:
            return (self.first,)
        return (self.first, self.second) if arity == 2 else self.first

    @inputs.setter
    def inputs(self, new: tuple[Any, ...]) -> None:
        assert self.op is not None
        if self.op.arity:
            self.first, self.second = new if len(new) == 2 else (*new, None)
        else:
            self.first = new

    @property
    def params(self) -> dict[str, Any] | None:
        """The options of the operation, None where it has none."""
        return self.second if self.op is not None and self.op.options else None

    @property
    def scope(self) -> Scope:
        """The layer it was born in."""
        return getattr(self, "_scope", OUTSIDE)

    @property
    def name(self) -> str | None:
        """What drawings, formulas and reports call it."""
        return None if self.marks is None else self.marks.name

    @name.setter
    def name(self, new: str | None) -> None:
        if new is not None and not isinstance(new, str):
            raise TypeError(f"name: expected a string. Received: {describe(new)}.")
        self.marked().name = new

    @property
    def line(self) -> str:
        """The user's line that made it, under detect_anomaly only."""
        return "" if self.marks is None else self.marks.line

    # --- value, gradient, requires_grad ----------------------------------------------------------

    @property
    def data(self) -> Value:
        """The value: a Python float or an ndarray. Assigning marks the Tensor as modified."""
        return self.value

    @data.setter
    def data(self, new: Any) -> None:
        new = constant(new)
        if np.shape(new) != self.shape:
            raise ShapeError(
                f"data of a Tensor{self._called()}: expected shape {self.shape}. "
                f"Received: {describe(new)}."
            )
        if type(self.value) is float:
            new = float(new)
        elif type(new) is float or new.dtype != self.value.dtype:
            new = np.asarray(new, dtype=self.value.dtype)
        self.overwrite(new)

    def assign(self, value: Any) -> None:
        """`data = value`, under Keras' name."""
        self.data = value

    def overwrite(self, value: Value) -> None:
        """Replace the value, unchecked (`data = …` checks), and note when."""
        self.value = value
        self.marked().modified = next_index()

    @property
    def modified(self) -> int:
        """The creation counter at the last assignment, 0 if there was none."""
        return 0 if self.marks is None else self.marks.modified

    def marked(self) -> Marks:
        """The marks, made where there are none yet."""
        marks = self.marks = self.marks or Marks()
        return marks

    @property
    def grad(self) -> Tensor | None:
        """∂L/∂(this tensor) after `backward`: a Tensor of the same shape and dtype, else None."""
        grad = getattr(self, "_grad", None)
        if grad is None and self.op is not None:
            warnings.warn("a result keeps no .grad: call .retain_grad() first", stacklevel=2)
        if grad is not None and type(grad) is not Tensor:
            self._grad = grad = as_tensor(grad)
        return grad

    @grad.setter
    def grad(self, new: Any) -> None:
        if new is None:
            self._grad = None
            return
        if np.shape(constant(new)) != self.shape:
            raise ShapeError(
                f"grad of a Tensor{self._called()}: expected shape {self.shape} (the Tensor's own)."
                f" Received: {describe(new)}."
            )
        self._grad = new if type(new) is Tensor else constant(new)

    @property
    def requires_grad(self) -> bool:
        """Whether `backward` computes a gradient for this Tensor."""
        return self.tracked

    @requires_grad.setter
    def requires_grad(self, flag: bool) -> None:
        if self.op is not None and not flag:
            raise GradientError(
                "requires_grad can be switched off on leaves only; this Tensor is the result of "
                f"{self.op.name}. Use .detach() for a copy without a graph."
            )
        if flag and type(self.value) is not float and self.value.dtype.kind != "f":
            raise GradientError(
                "only Tensors of floating point can require grad. "
                f"Received: {describe(self.value)}; pass dtype='float32'."
            )
        self.tracked = bool(flag)

    def requires_grad_(self, flag: bool = True) -> Tensor:
        """Set `requires_grad` and return the Tensor."""
        self.requires_grad = flag
        return self

    @property
    def is_leaf(self) -> bool:
        """Whether no recorded operation made this Tensor."""
        return self.op is None

    def detach(self) -> Tensor:
        """The same value, sharing memory, cut off from the graph."""
        return as_tensor(self.value)

    # --- shape and type --------------------------------------------------------------------------

    @property
    def shape(self) -> tuple[int, ...]:
        """The length of every axis; `()` for one number."""
        return () if type(self.value) is float else self.value.shape

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return 0 if type(self.value) is float else self.value.ndim

    @property
    def size(self) -> int:
        """The number of elements."""
        return 1 if type(self.value) is float else self.value.size

    @property
    def dtype(self) -> np.dtype[Any]:
        """The dtype of the array; float64 for a Python float."""
        return np.dtype("float64") if type(self.value) is float else self.value.dtype

    def numel(self) -> int:
        """The number of elements, by PyTorch's name."""
        return self.size

    # --- to Python and NumPy ---------------------------------------------------------------------

    def numpy(self) -> Any:
        """The value as an ndarray, without the graph (it shares memory: copy it to change it)."""
        return np.asarray(self.value)

    def item(self) -> Any:
        """The only element, as a Python number."""
        if self.size != 1:
            raise ValueError(
                f"item(): expected a Tensor with one element. Received: shape {self.shape}; "
                "index it, or reduce it with .sum() or .mean(); np.sin for each, not math.sin."
            )
        return self.value if type(self.value) is float else self.value.item()

    def tolist(self) -> Any:
        """Nested Python lists of Python numbers."""
        return self.value if type(self.value) is float else self.value.tolist()

    def __float__(self) -> float:
        if self.tracked and MODES.get().tracing:
            raise TypeError(LOST_GRADIENT)
        return float(self.item())

    def __int__(self) -> int:
        return int(self.item())

    def __index__(self) -> int:
        if self.size != 1 or self.dtype.kind not in "iu":
            raise TypeError(f"only one integer can be an index. Received: {describe(self)}")
        return int(self.item())

    def __bool__(self) -> bool:
        if self.size != 1:
            raise ValueError(
                "the truth value of a Tensor with more than one element is ambiguous. "
                f"Received: shape {self.shape}; use .any() or .all()."
            )
        return bool(self.item())

    def __len__(self) -> int:
        if self.ndim == 0:
            raise TypeError("len() of a Tensor without axes (one number)")
        return int(self.shape[0])

    def __iter__(self) -> Iterator[Tensor]:
        if self.ndim == 0:
            raise TypeError("cannot iterate over a Tensor without axes (one number)")
        return (self[i] for i in range(len(self)))

    # --- text ------------------------------------------------------------------------------------

    def __repr__(self) -> str:
        extras = []
        if type(self.value) is float:
            text = repr(self.value)
        else:
            text = np.array2string(self.value, separator=", ", prefix="tensor(")
            if self.value.dtype != float_dtype() and self.value.dtype.kind != "b":
                extras.append(f"dtype={self.value.dtype}")
        if self.name is not None:
            extras.append(f"name={self.name!r}")
        if self.op is not None:
            extras.append(f"op={self.op.name}")
        elif self.tracked:
            extras.append("requires_grad=True")
        return f"tensor({', '.join([text, *extras])})"

    def __format__(self, spec: str) -> str:
        return format(self.item(), spec) if spec else repr(self)

    def _called(self) -> str:
        return f" named {self.name!r}" if self.name else ""

    __hash__ = object.__hash__  # `==` compares elements; as a key a Tensor is itself


def as_tensor(data: Any, dtype: Any = None) -> Tensor:
    """A Tensor that shares memory with an array; a Tensor is returned as it is.

    >>> import numpy as np
    >>> a = np.zeros(2)
    >>> as_tensor(a).data is a
    True
    """
    if type(data) is Tensor and (dtype is None or data.dtype == np.dtype(dtype)):
        return data
    value = constant(data)
    tensor = object.__new__(Tensor)
    tensor._become(value if dtype is None else np.asarray(value, dtype=np.dtype(dtype)))
    return tensor
