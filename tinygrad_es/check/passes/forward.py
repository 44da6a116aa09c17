"""The forward pass, run as it stands: on Tensors, and on other numbers.

All that it reads is copied before each run: its inputs, what its object keeps, the arrays of its
module and the state of random numbers. So every run sees the same and leaves nothing behind.
"""

from __future__ import annotations

import contextlib
import copy
import math
import random
import types
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np

from ...autodiff.tensor import Tensor
from ...ops import stack
from .draws import GENERATORS, drawing_from, random_state
from .naming import is_plain_object, required
from .watching import recorded

__all__ = ["Forward", "Run", "Stopped", "World", "code_of"]

Make = Callable[[str, Any], Any]  # from a name and an array of floats to what stands in for it
NUMBERS = (int, float, np.number)
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
        own = vars(self.owner) if hasattr(self.owner, "__dict__") else {}
        names = _names(function, self.owner, self.space)
        shared = {} if self.owner is None else _of_class(self.owner, names - own.keys())
        taken = {*self.labels, *own, *shared}
        reads = read_by(function, self.owner, self.space)
        read = {k: v for k, v in reads.items() if k not in taken}
        self.given = copy.deepcopy((list(inputs), own, shared, read))
        self.random = random_state()
        held = {name: self.space[name] for name in names if name in self.space}
        self.fixed = [k for k, v in {**held, **own}.items() if isinstance(v, NUMBERS)]
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

        inputs, kept, shared, read = self.given
        lifted = [
            _copied(x, label, make, memo, floats=True, whole=self.whole)
            for x, label in zip(inputs, self.labels, strict=False)
        ]
        own = {k: _copied(v, k, make, memo) for k, v in kept.items()}
        common = {k: _copied(v, k, make, memo) for k, v in shared.items()}
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
        swapped, instead = _swapped(self.space, world), _instead(type(self.owner), common)
        with drawing_from(self.random), swapped as written, instead:
            if plain:
                return Run(function(*lifted), {}, {})
            result, variables, former, error = recorded(function, lifted, history=True)
        kept = {} if self.owner is None else getattr(function.__self__, "__dict__", {})
        variables = {k: v for k, v in variables.items() if not is_plain_object(v)}
        found = {**written, **common, **kept}
        variables |= {k: v for k, v in found.items() if k not in variables}
        if error is not None:
            raise Stopped(variables) from error
        return Run(result, variables, former)


class World:
    """The variables of modules that functions read: `with world:` copies take their place.

    What the functions write stays in the copies, for the next time: forward may keep in `CACHE`
    what backward looks up. Lists, dictionaries, arrays and generators of a module are copied, and
    those of an object's class; not other objects of the module and what a closure holds.

    >>> made = []
    >>> def f(x):
    ...     made.append(x)
    >>> with World(f):
    ...     f(3.0)
    >>> made
    []
    """

    def __init__(self, *functions: Callable[..., Any]) -> None:
        spaces: dict[int, tuple[dict[str, Any], dict[str, Any]]] = {}
        shared: dict[type, dict[str, Any]] = {}
        for function in functions:
            owner = getattr(function, "__self__", None)
            space = getattr(getattr(function, "__func__", function), "__globals__", {})
            spaces.setdefault(id(space), (space, {}))[1].update(read_by(function, owner, space))
            if owner is not None and not isinstance(owner, types.ModuleType):
                names = _names(function, owner, space) - getattr(owner, "__dict__", {}).keys()
                shared.setdefault(type(owner), {}).update(_of_class(owner, names))
        self.shared = copy.deepcopy(shared)
        self.copies = [(space, copy.deepcopy(read)) for space, read in spaces.values()]
        self.inside = contextlib.ExitStack()
        self.written: list[dict[str, Any]] = []

    def __enter__(self) -> None:
        swaps = [_swapped(space, own) for space, own in self.copies]
        self.written = [self.inside.enter_context(swap) for swap in swaps]
        for kind, own in self.shared.items():
            self.inside.enter_context(_instead(kind, own))

    def __exit__(self, *error: Any) -> None:
        self.inside.close()
        for (_, own), written in zip(self.copies, self.written, strict=True):
            own.update(written)


def read_by(function: Any, owner: Any, space: Mapping[str, Any]) -> dict[str, Any]:
    """The arrays, structures and random generators of its module that a function reads.

    Also what functions of the module read that it calls, and other methods of its object.
    """
    names = sorted(_names(function, owner, space))  # the same in every run
    return {name: space[name] for name in names if name in space and _is_kept(space[name])}


def _is_kept(x: Any) -> bool:
    """Whether it is data that a pass reads, and may change: to be copied."""
    kinds = (np.ndarray, dict, list, tuple, *GENERATORS)
    return isinstance(x, kinds) and not isinstance(x, random.SystemRandom)  # that has no state


def _names(function: Any, owner: Any, space: Mapping[str, Any]) -> set[str]:
    """The names in the code of a function, of those of its module that it calls, of its object."""
    methods = vars(type(owner)).values() if owner is not None else ()
    todo = [code_of(f) for f in (function, *methods)]
    seen: set[Any] = {None}
    found: set[str] = set()
    while todo:
        code = todo.pop()
        if code in seen:
            continue
        seen.add(code)
        todo += [c for c in code.co_consts if isinstance(c, types.CodeType)]
        called = (space.get(name) for name in code.co_names)
        todo += [code_of(f) for f in called if getattr(f, "__globals__", None) is space]
        found.update(code.co_names)
    return found


def _of_class(owner: Any, names: Collection[str]) -> dict[str, Any]:
    """The data that the class of an object has, not the object itself: `class Net: W = …`."""
    found: dict[str, Any] = {}
    for kind in reversed(type(owner).__mro__):
        found.update(vars(kind))
    return {
        name: value
        for name, value in found.items()
        if name in names and _is_kept(value) and not name.startswith("__")
    }


@contextlib.contextmanager
def _instead(kind: type, others: dict[str, Any]) -> Iterator[None]:
    """Other values for some attributes of a class, which `self.W` and `Net.W` both read.

    At the end all is as it was, and `others` has what they were set to.
    """
    holders = {name: next(k for k in kind.__mro__ if name in vars(k)) for name in others}
    before = {name: vars(holder)[name] for name, holder in holders.items()}
    try:
        for name, holder in holders.items():
            setattr(holder, name, others[name])
        yield
    finally:
        for name, holder in holders.items():
            others[name] = vars(holder).get(name)
            setattr(holder, name, before[name])


def code_of(function: Any) -> Any:
    """The code of a function or a method, None of what is written in C."""
    function = getattr(function, "__func__", function)
    return getattr(function, "__code__", None)


def _floating(x: Any) -> bool:
    if isinstance(x, (np.ndarray, np.generic)):
        return x.dtype.kind == "f"
    return isinstance(x, float)


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
    elif floats and isinstance(x, (float, np.floating)):
        return make(label, x if isinstance(x, float) else np.asarray(x))
    elif whole and isinstance(x, (int, np.integer)) and not isinstance(x, bool):
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
