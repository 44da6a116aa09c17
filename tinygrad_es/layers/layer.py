"""The base of all layers: names, weights, building on first use."""

from __future__ import annotations

import functools
import inspect
import itertools
from collections.abc import Callable, Iterator
from typing import Any, ClassVar

import numpy as np

from .. import regularizers
from ..autodiff.config import float_dtype
from ..autodiff.modes import is_training, scope, scope_now
from ..autodiff.tensor import Tensor, as_tensor
from ..registry import arguments_of, meant, snake_case
from ..tree import is_nested, leaves, map_structure
from .holder import WeightHolder
from .symbolic import Node, Shape, SymbolicTensor, has_symbols, is_shape, outline

__all__ = ["Layer", "Shape", "clear_session", "unique_name"]

_counters: dict[str, Iterator[int]] = {}
_ADDING = False  # whether any layer ever added a loss: then calls start by forgetting the last's


def unique_name(base: str) -> str:
    """dense, dense_1, dense_2, …: a counter for each class, of the whole process, as Keras'."""
    number = next(_counters.setdefault(base, itertools.count()))
    return f"{base}_{number}" if number else base


def clear_session() -> None:
    """Start the counters of names again, as `keras.backend.clear_session()`."""
    _counters.clear()


class Layer(WeightHolder):
    """Base class: write `__init__` (configuration), `build` (weights) and `call` (mathematics).

    Args:
        name: unique within a model; default: the class in snake case and a number.
        trainable: whether its weights get gradients.
        activity_regularizer: a penalty on what the layer returns, divided by the batch's size.
        dtype: of the weights; default `floatx`.
        input_shape / input_dim: accepted on a first layer, as in Keras 2.

    Raises:
        ValueError: an unknown keyword, or a name with a slash.

    >>> import numpy as np
    >>> from tinygrad_es import layers
    >>> class Scale(layers.Layer):
    ...     def build(self, input_shape):
    ...         self.factor = self.add_weight(shape=(), initializer="ones", name="factor")
    ...     def call(self, x):
    ...         return x * self.factor
    >>> Scale()(np.ones((1, 2), "float32")).shape
    (1, 2)
    """

    min_ndim: int | None = None
    _parameters_of_call: ClassVar[tuple[str, ...]] = ("x",)
    _takes_training: ClassVar[bool] = False

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "build" in vars(cls):
            whole: Any = _once_whole(cls.build)
            cls.build = whole  # type: ignore[method-assign]  # of the same signature
        if "call" in vars(cls):
            cls._parameters_of_call = tuple(inspect.signature(cls.call).parameters)[1:]
            cls._takes_training = "training" in cls._parameters_of_call

    def __init__(
        self,
        *,
        name: str | None = None,
        trainable: bool = True,
        dtype: Any = None,
        activity_regularizer: Any = None,
        **kwargs: Any,
    ) -> None:
        input_shape = kwargs.pop("input_shape", None)
        input_dim = kwargs.pop("input_dim", None)
        if input_dim is not None:
            input_shape = (input_dim,)
        if kwargs:
            raise ValueError(
                f"Unrecognized keyword arguments passed to {type(self).__name__}: {kwargs}."
                f"{meant(next(iter(kwargs)), arguments_of(type(self)))}"
            )
        if name is not None and (not isinstance(name, str) or "/" in name):
            raise ValueError(
                f"Argument `name` must be a string and cannot contain character `/`. "
                f"Received: name={name!r}"
            )
        self.name = name or unique_name(snake_case(type(self).__name__))
        self._trainable = bool(trainable)
        self.dtype = np.dtype(dtype or float_dtype()).name
        if isinstance(input_shape, (int, np.integer)):
            input_shape = (input_shape,)  # (4) for (4,)
        self.asked_input_shape: Shape | None = None if input_shape is None else (None, *input_shape)
        self.built = False
        self.built_shape: Any = None
        self.own_weights = []
        self._frozen = []
        self.activity_regularizer = regularizers.get(activity_regularizer)
        self._penalized = []
        self._added: list[Any] = []  # losses of the last call
        self._nodes: list[Node] = []  # calls on symbolic tensors

    # --- what a subclass writes ------------------------------------------------------------------

    def build(self, input_shape: Shape) -> None:
        """Make the weights for inputs of this shape (batch axis first, None where unknown)."""
        self.built, self.built_shape = True, input_shape

    def call(self, x: Any) -> Any:
        """The mathematics; may take `training` as well."""
        raise NotImplementedError(
            f"{type(self).__name__} does not have a `call()` method implemented: write call(x)."
        )

    def compute_output_shape(self, input_shape: Any) -> Any:
        """The shape that `call` returns; found by calling on ones unless a subclass knows it."""
        x = map_shapes(lambda shape: SymbolicTensor(shape, self.dtype), input_shape)
        return map_structure(lambda y: y.shape, self._outline((x,), {}))

    # --- calling ---------------------------------------------------------------------------------

    def __call__(self, x: Any = None, *args: Any, training: Any = None, **kwargs: Any) -> Any:
        try:
            built = self.built
        except AttributeError:
            must_be_initialised(self)
            raise
        if args:
            kwargs, training = self._by_name(args, kwargs, training)
        if type(x) is not Tensor:
            if x is None:
                x = self._named_input(kwargs)
            if has_symbols(x) or (kwargs and has_symbols(kwargs)):
                return self._call_symbolically(x, kwargs, training)
        x = self.check_input(x)
        if not built:
            self.build(shapes_of(x))
        if _ADDING and not scope_now():
            for layer in self.nested():
                layer._added.clear()
        if training is None and not self._takes_training:
            with scope(self.name):
                y = self.call(x, **kwargs)
        else:
            flag = is_training() if training is None else bool(training)
            with scope(self.name, flag):
                if self._takes_training:
                    kwargs["training"] = flag
                y = self.call(x, **kwargs)
        if y is None:
            raise ValueError(
                f'the call of layer "{self.name}" ({type(self).__name__}) returned None. Expected '
                "a Tensor: add a return."
            )
        if self.activity_regularizer is not None:
            for output in leaves(y):
                self.add_loss(self.activity_regularizer(output) / max(output.shape[0], 1))
        return y

    def _named_input(self, kwargs: dict[str, Any]) -> Any:
        """The input given by the name that `call` has for it, or as Keras' `inputs`."""
        first = self._parameters_of_call[0]
        for name in (first, "inputs"):
            if name in kwargs:
                return kwargs.pop(name)
        raise TypeError(
            f'layer "{self.name}": its call takes {list(self._parameters_of_call)}. Received no '
            f"`{first}`."
        )

    def _by_name(self, args: Any, kwargs: Any, training: Any) -> tuple[dict[str, Any], Any]:
        """Further positional arguments under the names that `call` has for them."""
        names = self._parameters_of_call[1:]
        if not names and len(args) == 1 and isinstance(args[0], bool):
            return kwargs, args[0]  # model(x, True)
        if len(args) > len(names):
            raise TypeError(
                f'layer "{self.name}": its call takes {list(self._parameters_of_call)}. Received '
                f"{1 + len(args)} positional arguments."
            )
        kwargs = dict(zip(names, args, strict=False)) | kwargs
        return kwargs, kwargs.pop("training", training)

    def check_input(self, x: Any) -> Any:
        """The input as a Tensor of floats (or a structure of them) that this layer can take."""
        nested = type(x) is not Tensor and is_nested(x)
        if nested and (isinstance(x, dict) or any(getattr(a, "ndim", 0) for a in leaves(x))):
            self._must_take_several(x)
            return map_structure(self._as_float, x)
        x = self._as_float(x)
        if self.min_ndim is not None and len(x.shape) < self.min_ndim:
            self._must_have_axes(x)
        return x

    def _must_take_several(self, x: Any) -> None:
        if self.min_ndim is not None:  # a layer of one array
            raise ValueError(
                f'Layer "{self.name}" expects 1 input(s), but it received {len(leaves(x))} input '
                "tensors: call it on each of them, or join them first (layers.concatenate)."
            )

    def _must_have_axes(self, x: Any) -> None:
        if self.min_ndim is not None and x.ndim < self.min_ndim:
            channels = ", x[..., None] adds an axis of channels" if self.min_ndim > 2 else ""
            raise ValueError(
                f'Input 0 of layer "{self.name}" is incompatible with the layer: expected '
                f"min_ndim={self.min_ndim}, found ndim={x.ndim}. Full shape received: {x.shape}; "
                f"x[None] makes one sample a batch{channels}."
            )

    def _as_float(self, x: Any) -> Tensor:
        if type(x) is not Tensor:
            x = as_tensor(x)
        if type(x.value) is not float and x.value.dtype.kind in "iub":
            x = as_tensor(x.value.astype(self.dtype))
        return x

    # --- calling on symbolic tensors -------------------------------------------------------------

    def _call_symbolically(self, x: Any, kwargs: Any, training: Any) -> Any:
        """Build the layer and note the call: the result is a symbolic tensor too."""
        if training is not None:
            kwargs = kwargs | {"training": training}
        symbols = [s for s in leaves(x) if isinstance(s, SymbolicTensor)]
        if is_nested(x):
            self._must_take_several(x)
        for symbol in symbols:
            self._must_have_axes(symbol)
        if not self.built:
            self.build(shapes_of(x))
        return self.record((x,), kwargs, self._outputs(x, kwargs))

    def _outputs(self, x: Any, kwargs: Any) -> Any:
        own = type(self).compute_output_shape is not Layer.compute_output_shape
        if not own or has_symbols(kwargs):
            return self._outline((x,), kwargs)
        inspect.signature(self.call).bind(x, **{k: kwargs[k] for k in kwargs if k != "training"})
        shapes = self.compute_output_shape(map_structure(lambda s: s.shape, x))
        return map_shapes(lambda shape: SymbolicTensor(shape, self.dtype), shapes)

    def _outline(self, args: Any, kwargs: Any) -> Any:
        try:
            return outline(self, args, kwargs)
        finally:
            for layer in self.nested():
                layer._added.clear()  # losses of the trial

    def record(self, args: Any, kwargs: Any, outputs: Any) -> Any:
        """Note a call on symbolic tensors; returns what it gives."""
        return Node(self, (args, kwargs), outputs).outputs

    @functools.cached_property
    def input(self) -> Any:
        """The symbolic tensor(s) that the layer was first called on."""
        args, _ = self._first_node().arguments
        return args[0] if len(args) == 1 else list(args)

    @functools.cached_property
    def output(self) -> Any:
        """The symbolic tensor(s) that the layer returned at its first call on such."""
        return self._first_node().outputs

    def _first_node(self) -> Node:
        if not self._nodes:
            raise AttributeError(
                f"The layer {self.name} has never been called on a symbolic tensor and thus has no "
                "defined input and output."
            )
        return self._nodes[0]

    def __getstate__(self) -> dict[str, Any]:
        """A copy is not part of the graphs that the layer is part of."""
        kept = vars(self).items()
        found = {k: v for k, v in kept if k not in ("input", "output") or not has_symbols(v)}
        return found | {"_nodes": []}

    # --- losses of the layer ----------------------------------------------------------------------

    def add_loss(self, loss: Any) -> None:
        """Let the training add this number to its loss; to be called from `call`."""
        global _ADDING
        _ADDING = True
        self._added.append(as_tensor(loss))

    def may_have_losses(self) -> bool:
        """False where `losses` is empty and stays so."""
        return _ADDING or any(layer._penalized for layer in self.nested())

    @property
    def losses(self) -> list[Tensor]:
        """What training adds to its loss: losses of the last call, then penalties of weights."""
        layers = self.nested()
        found = [loss for layer in layers for loss in layer._added]
        return found + [r(w) for layer in layers for w, r in layer._penalized]

    # --- configuration ---------------------------------------------------------------------------

    def __new__(cls, *args: Any, **kwargs: Any) -> Any:
        layer = super().__new__(cls)
        if not cls.__module__.startswith(__package__.partition(".")[0] + "."):
            layer.__dict__["given_to_init"] = (
                args,
                kwargs,
            )  # for its configuration
        return layer

    def get_config(self) -> dict[str, Any]:
        """The arguments that make this layer again.

        A class of your own whose arguments are numbers, texts, lists and dicts need not write it.
        """
        base = {"name": self.name, "trainable": self._trainable, "dtype": self.dtype}
        return base | self._given_arguments()

    def _given_arguments(self) -> dict[str, Any]:
        """What a class of the user was made with."""
        args, kwargs = vars(self).get("given_to_init", ((), {}))
        names = list(inspect.signature(type(self).__init__).parameters)[1:]
        return dict(zip(names, args, strict=False)) | kwargs

    @property
    def type_name(self) -> str:
        """What tables and drawings call this kind of layer."""
        return type(self).__name__

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Layer:
        return cls(**config)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} name={self.name}, built={self.built}>"


def _once_whole(build: Callable[[Any, Shape], None]) -> Callable[[Any, Shape], None]:
    """`build`, so that it notes that the layer is built, and leaves no weights where it fails."""

    @functools.wraps(build)
    def whole(self: Layer, input_shape: Shape) -> None:
        own, frozen, attributes = len(self.own_weights), len(self._frozen), dict(vars(self))
        try:
            build(self, input_shape)
        except BaseException:
            del self.own_weights[own:], self._frozen[frozen:]
            vars(self).clear()
            vars(self).update(attributes)
            raise
        self.built, self.built_shape = True, input_shape

    return whole


def must_be_initialised(layer: Any) -> None:
    """A RuntimeError where a subclass' `__init__` forgot the base's."""
    if "own_weights" not in vars(layer):
        raise RuntimeError(
            f"{type(layer).__name__}: call `super().__init__()` first in `__init__`, before any "
            "layer or weight is set."
        )


def shapes_of(x: Any) -> Any:
    """The shapes of inputs with the batch's length unknown."""
    return map_structure(lambda part: (None, *part.shape[1:]), x)


def map_shapes(function: Callable[[Shape], Any], shapes: Any) -> Any:
    """`map_structure` with shapes as leaves."""
    if is_shape(shapes):
        return function(tuple(shapes))
    if isinstance(shapes, dict):
        return {key: map_shapes(function, value) for key, value in shapes.items()}
    return [map_shapes(function, value) for value in shapes]


def positive_integer(kind: str, value: Any) -> int:
    """`units` and its like: a ValueError in Keras' words unless a positive integer."""
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value <= 0:
        raise ValueError(
            f"Received an invalid value for `{kind}`, expected a positive integer. Received: "
            f"{kind}={value!r}"
        )
    return int(value)
