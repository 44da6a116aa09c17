"""Functions as layers: `Lambda`, and what arithmetic on symbolic tensors puts into a model."""

from __future__ import annotations

import inspect
import operator
from collections.abc import Callable
from typing import Any

from .. import ops
from ..autodiff.install import ONE_SIDED, OPERATORS
from ..autodiff.primitive import COMPOSITES, PRIMITIVES
from ..registry import custom_objects
from .layer import Layer, unique_name
from .symbolic import SymbolicTensor, has_symbols, outline

__all__ = ["Lambda", "Operation"]


class Lambda(Layer):
    """Any function of Tensors as a layer: `Lambda(lambda x: x**2)`.

    Args:
        function: of x (and `training`, if it has a parameter of that name), made of operations.
        output_shape: accepted for Keras' sake; it is found by calling the function.
        arguments: further arguments of the function, by name.

    >>> from tinygrad_es.layers import Input, Lambda
    >>> Lambda(lambda x: x[:, :2] ** 2)(Input(shape=(4,))).shape
    (None, 2)
    """

    def __init__(
        self,
        function: Callable[..., Any],
        output_shape: Any = None,
        mask: Any = None,
        arguments: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if not callable(function):
            raise TypeError(f"Lambda: expected a function. Received: {function!r}.")
        if mask is not None:
            raise ValueError("Lambda: expected mask=None; there are no masks here.")
        self.function = function
        self.arguments = arguments or {}
        self._given_training = "training" in inspect.signature(function).parameters

    def call(self, x: Any, training: bool = False) -> Any:
        more = {"training": training} if self._given_training else {}
        return self.function(x, **self.arguments, **more)

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"function": self.function, "arguments": self.arguments}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Lambda:
        """The layer again; its function is looked up in `custom_objects`, by its name."""
        given = config["function"]
        if isinstance(given, dict):
            name = given.get("config") if given.get("class_name") == "function" else None
            own = custom_objects()
            function = own.get(str(given.get("registered_name"))) or own.get(str(name))
            if function is None:
                raise ValueError(
                    f"layer {config.get('name')}: the function of a Lambda is code, which is not "
                    f"taken out of a file. Give it: custom_objects={{{name!r}: function}}."
                )
            config = config | {"function": function}
        return cls(**{k: v for k, v in config.items() if k != "mask"})


class Operation(Layer):
    """One function of `ops` in a model, with its constants: `x + 1`, `x[:, 0]`, `np.exp(x)`.

    Args:
        function: its name in `ops`.
        options: its arguments that are no tensors, by name.

    >>> from tinygrad_es.layers import Input
    >>> x = Input(shape=(4,))
    >>> (1 - x).node.layer
    <Operation name=subtract, built=True>
    """

    def __init__(self, function: str, *, name: str | None = None, **options: Any) -> None:
        super().__init__(name=name or unique_name(KERAS_NAMES.get(function, function)))
        self.function, self.options = function, options
        self.built = True

    @property
    def type_name(self) -> str:
        name = KERAS_NAMES.get(self.function, self.function)
        return "".join(part.capitalize() for part in name.split("_"))

    @property
    def module(self) -> str:
        """Where Keras has it."""
        return f"keras.src.ops.{KERAS_MODULES.get(self.function, 'numpy')}"

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if has_symbols((args, kwargs)):
            return self.record(args, kwargs, outline(self._run, args, kwargs))
        return self._run(*args, **kwargs)

    def _run(self, *args: Any, **kwargs: Any) -> Any:
        compute = operator.getitem if self.function == "getitem" else getattr(ops, self.function)
        return compute(*args, **kwargs, **self.options)

    def get_config(self) -> dict[str, Any]:
        renamed = {"newshape" if k == "shape" else k: v for k, v in self.options.items()}
        return {"name": self.name, **renamed}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Operation:
        """The operation of a configuration with `function`, its name in `ops` or Keras' for it."""
        options = {"shape" if k == "newshape" else k: v for k, v in config.items()}
        wanted = options.pop("function")
        function = next((f for f, keras in KERAS_NAMES.items() if keras == wanted), wanted)
        if function not in COMPOSITES and function not in PRIMITIVES:
            raise ValueError(f"there is no operation {wanted!r}.")
        return cls(function, **options)


KERAS_NAMES = {"getitem": "get_item", "abs": "absolute", "divide": "true_divide"}
KERAS_MODULES = {  # of what Keras does not have in ops.numpy
    **dict.fromkeys(("log_softmax", "relu", "sigmoid", "softmax", "softplus"), "nn"),
    **dict.fromkeys(("erf", "logsumexp", "rsqrt"), "math"),
    **dict.fromkeys(("cholesky", "det", "eigh", "inv", "norm", "qr", "solve"), "linalg"),
}


def apply(function: str, *args: Any, **kwargs: Any) -> Any:
    """Put an operation into the graph of the symbolic tensors among its arguments."""
    if function in ("reshape", "transpose") and len(args) > 1:  # sizes one by one, or a tuple
        sizes = args[1] if isinstance(args[1], (tuple, list)) else args[1:]
        args, kwargs = args[:1], {"shape" if function == "reshape" else "axes": tuple(sizes)}
    known = _parameters(function)
    if "axis" in known[: len(args)]:  # from there on they are options, which have names in files
        place = known.index("axis")
        args, kwargs = args[:place], dict(zip(known[place:], args[place:], strict=False)) | kwargs
    options = {key: value for key, value in kwargs.items() if not has_symbols(value)}
    others = {key: value for key, value in kwargs.items() if key not in options}
    return Operation(function, **options)(*args, **others)


def _parameters(function: str) -> list[str]:
    if function in COMPOSITES:
        return list(inspect.signature(COMPOSITES[function]).parameters)
    op = PRIMITIVES.get(function)
    return [] if op is None or op.variadic else [*op.inputs, *op.options]


def _method(self: SymbolicTensor, name: str) -> Any:
    """The methods of Tensor."""
    if name.startswith("__") or (name not in COMPOSITES and name not in PRIMITIVES):
        raise AttributeError(f"'SymbolicTensor' object has no attribute {name!r}")
    return lambda *args, **kwargs: apply(name, self, *args, **kwargs)


def _ufunc(self: SymbolicTensor, ufunc: Any, method: str, *args: Any, **kwargs: Any) -> Any:
    if method != "__call__":
        raise TypeError(f"np.{ufunc.__name__}.{method} has no meaning for {self!r}.")
    return _named(ufunc.__name__, args, kwargs)


def _array_function(self: SymbolicTensor, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
    return _named(function.__name__, args, kwargs)


def _named(name: str, args: Any, kwargs: Any) -> Any:
    if name not in COMPOSITES and name not in PRIMITIVES:
        raise TypeError(
            f"np.{name} cannot be part of a model: there is no derivative of that name. Expected "
            "a function of `ops`, or layers.Lambda(function)."
        )
    return apply(name, *args, **kwargs)


def _install() -> None:
    """Operators, methods and NumPy's protocols, read from the registry as those of Tensor."""

    def binary(name: str) -> tuple[Any, Any]:
        return (
            lambda self, other: apply(name, self, other),
            lambda self, other: apply(name, other, self),
        )

    def unary(name: str) -> Any:
        return lambda self, *other: apply(name, self, *other)

    kind: Any = SymbolicTensor
    for name, sign in OPERATORS.items():
        there, back = binary(name)
        setattr(kind, f"__{sign}__", there)
        setattr(kind, f"__r{sign}__", back)
    for name, sign in ONE_SIDED.items():
        if name not in ("equal", "not_equal", "clone"):  # symbols are looked up in dicts
            setattr(kind, f"__{sign}__", unary(name))
    kind.__getitem__ = lambda self, index: apply("getitem", self, index)
    kind.__iter__ = None
    kind.__getattr__ = _method
    kind.operation = lambda self, name, *args, **kwargs: apply(name, *args, **kwargs)
    kind.T = property(lambda self: apply("transpose", self))
    kind.__array_ufunc__ = _ufunc
    kind.__array_function__ = _array_function


_install()
