"""The forward pass, run as it stands: on Tensors, and on other numbers.

All that it reads is copied before each run: its inputs, what its object keeps, the arrays of its
module and NumPy's random state. So every run sees the same and leaves nothing behind.
"""

from __future__ import annotations

import contextlib
import copy
import math
import types
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np

from ..autodiff.tensor import Tensor
from ..ops import stack
from .calling import is_plain_object, required
from .watching import recorded

__all__ = ["Forward", "Run", "Stopped", "code_of"]

Make = Callable[[str, Any], Any]  # from a name and an array of floats to what stands in for it
CREATION = frozenset(["zeros", "ones", "empty", "full"])
CREATION |= {f"{name}_like" for name in CREATION}


class Run(NamedTuple):
    """One run: what was returned, what variables held then, and Tensors that they held before."""

    result: Any
    variables: dict[str, Any]
    former: dict[str, list[int]]


class Stopped(Exception):
    """The run ended in an error, which is the cause; `variables` are those at that moment."""

    def __init__(self, variables: dict[str, Any]) -> None:
        super().__init__()
        self.variables = variables


class Forward:
    """A function, or a method of an object, and what it reads.

    >>> w = np.array([1.0, 2.0])
    >>> def forward(x):
    ...     z = w * x
    ...     return np.sum(z)
    >>> run = Forward(forward, [3.0]).run(lambda name, x: 10 * x)
    >>> float(run.result), run.variables["z"]
    (900.0, array([300., 600.]))
    """

    def __init__(self, function: Callable[..., Any], inputs: Any, labels: Any = None) -> None:
        owner = getattr(function, "__self__", None)
        self.function = function
        self.owner = None if isinstance(owner, types.ModuleType) else owner
        named = required(function, optional=True)
        self.labels = labels or [*named, *(f"x{i}" for i in range(len(inputs)))]
        self.space: dict[str, Any] = getattr(function, "__globals__", {})
        if self.owner is not None:
            self.space = getattr(getattr(function, "__func__", None), "__globals__", {})
        kept = vars(self.owner) if hasattr(self.owner, "__dict__") else {}
        read = {k: v for k, v in self._globals().items() if k not in self.labels and k not in kept}
        self.given = copy.deepcopy((list(inputs), kept, read))
        self.random = np.random.get_state()  # noqa: NPY002 - a student's dropout draws from it
        self.whole = not any(map(_floating, self.given[0])) and not any(
            isinstance(x, (dict, list, tuple)) for x in self.given[0]
        )  # numbers as one writes them: -2, 5, -4

    def run(self, made: Make, plain: bool = False) -> Run:
        """What comes of it with `made(name, x)` in place of every array of floats x.

        With `plain` these are arrays: nothing stands in for NumPy, and no variables are read.

        Raises:
            Stopped: from the error that the function raised.
        """
        memo: dict[int, Any] = {}
        taken: set[str] = set()

        def make(name: str, x: Any) -> Any:  # each name once
            while name in taken:
                name += "′"
            taken.add(name)
            return made(name, x)

        inputs, kept, read = self.given
        lifted = [
            _copied(x, label, make, memo, floats=True, whole=self.whole)
            for x, label in zip(inputs, self.labels, strict=False)
        ]
        own = {k: _copied(v, k, make, memo) for k, v in kept.items()}
        world = {k: _copied(v, k, make, memo) for k, v in read.items()}
        if not plain:
            modules = {k: v for k, v in self.space.items() if v is np or v is math}
            world |= {k: STAND_INS[v.__name__] for k, v in modules.items()}
        function: Any = self.function
        if self.owner is not None:
            twin = copy.copy(self.owner)
            if own:
                vars(twin).update(own)
            function = types.MethodType(function.__func__, twin)
        after = np.random.get_state()  # noqa: NPY002 - as above
        np.random.set_state(self.random)  # noqa: NPY002 - as above
        try:
            with _swapped(self.space, world) as written:
                if plain:
                    return Run(function(*lifted), {}, {})
                result, variables, former, error = recorded(function, lifted, history=True)
        finally:
            np.random.set_state(after)  # noqa: NPY002 - as above
        kept = {} if self.owner is None else vars(function.__self__)
        variables = {k: v for k, v in variables.items() if not is_plain_object(v)}
        variables |= {k: v for k, v in {**written, **kept}.items() if k not in variables}
        if error is not None:
            raise Stopped(variables) from error
        return Run(result, variables, former)

    def _globals(self) -> dict[str, Any]:
        """The arrays, structures and random generators of its module that it reads.

        Also what functions of the module read that it calls, and other methods of its object.
        """
        methods = vars(type(self.owner)).values() if self.owner is not None else ()
        todo = [code_of(f) for f in (self.function, *methods)]
        seen: set[Any] = {None}
        found: dict[str, Any] = {}
        while todo:
            code = todo.pop()
            if code in seen:
                continue
            seen.add(code)
            todo += [c for c in code.co_consts if isinstance(c, types.CodeType)]
            for name in code.co_names:
                value = self.space.get(name)
                if getattr(value, "__globals__", None) is self.space:
                    todo.append(code_of(value))
                elif isinstance(value, (np.ndarray, dict, list, tuple, np.random.Generator)):
                    found[name] = value
        return found


def code_of(function: Any) -> Any:
    """The code of a function or a method, None of what is written in C."""
    function = getattr(function, "__func__", function)
    return getattr(function, "__code__", None)


def _floating(x: Any) -> bool:
    return isinstance(x, float) or (isinstance(x, np.ndarray) and x.dtype.kind == "f")


def _copied(
    x: Any, label: str, make: Make, memo: dict[int, Any], floats: bool = False, whole: bool = False
) -> Any:
    """A copy with `make(name, x)` for the arrays of floats, and with `floats` for numbers too.

    What lies in a dict is called as its key, in a list `h[0]`, in an object `layer.W`.
    """
    if id(x) in memo:
        return memo[id(x)]
    made: Any
    if isinstance(x, dict):
        named = ((k, k if isinstance(k, str) else f"{label}[{k}]") for k in x)
        made = {k: _copied(x[k], name, make, memo, floats) for k, name in named}
    elif isinstance(x, (list, tuple)):
        parts = [_copied(v, f"{label}[{i}]", make, memo, floats) for i, v in enumerate(x)]
        made = parts if isinstance(x, list) else tuple(parts)
    elif isinstance(x, np.ndarray) and x.dtype.kind == "f":
        made = make(label, x)
    elif floats and isinstance(x, float):
        return make(label, x)
    elif whole and isinstance(x, int) and not isinstance(x, bool):
        return make(label, float(x))
    elif is_plain_object(x):
        made = memo[id(x)] = copy.copy(x)
        vars(made).update({k: _copied(v, f"{label}.{k}", make, memo) for k, v in vars(x).items()})
    else:
        made = copy.deepcopy(x)
    memo[id(x)] = made
    return made


@contextlib.contextmanager
def _swapped(space: dict[str, Any], others: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Other values for some variables of a module; at the end what is newly written is handed out,
    and all is as it was."""
    before, written = dict(space), dict[str, Any]()
    space.update(others)
    there = dict(space)
    try:
        yield written
    finally:
        written.update({k: v for k, v in space.items() if v is not there.get(k)})
        for name in [k for k in space if k not in before]:
            del space[name]
        space.update(before)


# --- what stands in for a module while Tensors run through it ------------------------------------


class StandIn(types.ModuleType):
    """A module, but for the functions that would lose the graph of a Tensor.

    New arrays of floats are Tensors: elements can be written into them. `np.array` of a list of
    Tensors stacks them, and `math.exp` of a Tensor is `np.exp`.

    >>> out = StandIn(np).zeros(2)
    >>> out[0] = Tensor(3.0, requires_grad=True)
    >>> out.requires_grad, StandIn(math).sqrt(Tensor(4.0))
    (True, tensor(2.0))
    """

    def __init__(self, module: types.ModuleType) -> None:
        super().__init__(module.__name__)
        self.__dict__["_module"] = module

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._module, name)
        if self._module is math and callable(found):
            return _on_either(found, getattr(np, name, found))
        if self._module is np and name in CREATION:
            return _new_tensor(found)
        if self._module is np and name in ("array", "asarray", "float64"):
            return _on_either(found, _stacked)
        return found


def _new_tensor(function: Callable[..., Any]) -> Callable[..., Any]:
    def create(*args: Any, **options: Any) -> Any:
        values = [a.value if isinstance(a, Tensor) else a for a in args]
        made = function(*values, **options)
        return Tensor(made) if made.dtype.kind == "f" else made

    return create


def _on_either(plain: Callable[..., Any], other: Callable[..., Any]) -> Callable[..., Any]:
    """One function for Tensors, and lists of them, and another for all else."""

    def function(*args: Any, **options: Any) -> Any:
        return other(*args) if any(map(_holds_tensors, args)) else plain(*args, **options)

    return function


def _holds_tensors(x: Any) -> bool:
    return isinstance(x, Tensor) or (isinstance(x, (list, tuple)) and any(map(_holds_tensors, x)))


def _stacked(x: Any, *_: Any) -> Any:
    return stack([_stacked(v) for v in x]) if isinstance(x, (list, tuple)) else x + 0.0


STAND_INS = {module.__name__: StandIn(module) for module in (np, math)}
