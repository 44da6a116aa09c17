"""The base of all layers: names, weights, building on first use."""

from __future__ import annotations

import functools
import inspect
import itertools
from collections.abc import Callable, Iterator, Sequence
from typing import Any, ClassVar

import numpy as np

from .. import constraints, initializers, regularizers
from ..autodiff.config import float_dtype
from ..autodiff.modes import is_training, scope, scope_now
from ..autodiff.modes import training as training_mode
from ..autodiff.tensor import Tensor, as_tensor, constant
from ..registry import snake_case

__all__ = ["Layer", "clear_session", "unique_name"]

Shape = tuple[int | None, ...]
_counters: dict[str, Iterator[int]] = {}
_ADDING = False  # whether any layer ever added a loss: then calls start by forgetting the last's


def unique_name(base: str) -> str:
    """dense, dense_1, dense_2, …: a counter for each class, of the whole process, as Keras'."""
    number = next(_counters.setdefault(base, itertools.count()))
    return f"{base}_{number}" if number else base


def clear_session() -> None:
    """Start the counters of names again, as `keras.backend.clear_session()`."""
    _counters.clear()


class Layer:
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
    _takes_training: ClassVar[bool] = False

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "build" in vars(cls):
            whole: Any = _once_whole(cls.build)
            cls.build = whole  # type: ignore[method-assign]  # of the same signature
        if "call" in vars(cls):
            cls._takes_training = "training" in inspect.signature(cls.call).parameters

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
                f"Unrecognized keyword arguments passed to {type(self).__name__}: {kwargs}"
            )
        if name is not None and (not isinstance(name, str) or "/" in name):
            raise ValueError(
                f"Argument `name` must be a string and cannot contain character `/`. "
                f"Received: name={name!r}"
            )
        self.name = name or unique_name(snake_case(type(self).__name__))
        self._trainable = bool(trainable)
        self.dtype = np.dtype(dtype or float_dtype()).name
        self.asked_input_shape: Shape | None = None if input_shape is None else (None, *input_shape)
        self.built = False
        self.built_shape: Shape | None = None
        self.own_weights: list[Tensor] = []
        self.frozen: list[Tensor] = []  # those of them that never get gradients
        self.activity_regularizer = regularizers.get(activity_regularizer)
        self._penalized: list[tuple[Tensor, Any]] = []  # weights, each with its regularizer
        self._added: list[Any] = []  # losses of the last call

    # --- what a subclass writes ------------------------------------------------------------------

    def build(self, input_shape: Shape) -> None:
        """Make the weights for inputs of this shape (batch axis first, None where unknown)."""
        self.built, self.built_shape = True, input_shape

    def call(self, x: Any) -> Any:
        """The mathematics; may take `training` as well."""
        raise TypeError(f"{type(self).__name__} has no call(x) of its own")

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """The shape that `call` returns; found by calling on zeros unless a subclass knows it."""
        known = tuple(2 if n is None else n for n in input_shape)
        result = self(np.zeros(known, dtype=self.dtype))
        return (input_shape[0], *result.shape[1:])

    # --- calling ---------------------------------------------------------------------------------

    def __call__(self, x: Any, training: bool | None = None) -> Any:
        must_be_initialised(self)
        x = self.check_input(x)
        if not self.built:
            self.build((None, *x.shape[1:]))
        if _ADDING and not scope_now():
            for layer in self.nested():
                layer._added.clear()
        if training is None and not self._takes_training:
            with scope(self.name):
                y = self.call(x)
        else:
            flag = is_training() if training is None else bool(training)
            with scope(self.name), training_mode(flag):
                if self._takes_training:
                    y = self.call(x, training=flag)  # type: ignore[call-arg]  # checked above
                else:
                    y = self.call(x)
        if y is None:
            raise ValueError(
                f'the call of layer "{self.name}" ({type(self).__name__}) returned None. Expected '
                "a Tensor: add a return."
            )
        if self.activity_regularizer is not None:
            self.add_loss(self.activity_regularizer(y) / max(y.shape[0], 1))
        return y

    def check_input(self, x: Any) -> Tensor:
        """The input as a Tensor of floats, of a shape that this layer can take."""
        if type(x) is not Tensor:
            x = as_tensor(x)
        if type(x.value) is not float and x.value.dtype.kind in "iub":
            x = as_tensor(x.value.astype(self.dtype))
        if self.min_ndim is not None and x.ndim < self.min_ndim:
            raise ValueError(
                f'Input 0 of layer "{self.name}" is incompatible with the layer: expected '
                f"min_ndim={self.min_ndim}, found ndim={x.ndim}. Full shape received: {x.shape}"
            )
        return x

    # --- weights ---------------------------------------------------------------------------------

    def add_weight(
        self,
        shape: Sequence[int] = (),
        initializer: Any = "glorot_uniform",
        *,
        dtype: Any = None,
        trainable: bool = True,
        regularizer: Any = None,
        constraint: Any = None,
        name: str | None = None,
    ) -> Tensor:
        """A new weight of this layer, a Tensor named `layer/name`.

        Args:
            shape: its lengths.
            initializer: a name, an object or a function of a shape.
            dtype: default: the layer's.
            trainable: whether training changes it.
            regularizer: a penalty that is part of the loss.
            constraint: what its value must satisfy after each update.
            name: the last part of its name.
        """
        values = initializers.get(initializer)(tuple(shape), dtype or self.dtype)
        weight = Tensor(values, dtype=dtype or self.dtype, name=f"{self.name}/{name or 'weight'}")
        weight.requires_grad = trainable and self._trainable
        weight.marked().constraint = constraints.get(constraint)
        self.own_weights.append(weight)
        if not trainable:
            self.frozen.append(weight)
        if regularizer is not None:
            self._penalized.append((weight, regularizers.get(regularizer)))
        return weight

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

    @property
    def sublayers(self) -> list[Layer]:
        """The layers held as attributes, also in lists and dicts, in the order they were set."""
        found: dict[int, Layer] = {}
        waiting = list(reversed(vars(self).values()))
        while waiting:
            value = waiting.pop()
            if isinstance(value, Layer):
                found.setdefault(id(value), value)
            elif isinstance(value, dict):
                waiting += reversed(value.values())
            elif isinstance(value, (list, tuple)):
                waiting += reversed(value)
        return list(found.values())

    @property
    def weights(self) -> list[Tensor]:
        """All weights, layer by layer; in a layer those that can learn come first."""
        return [w for w, _ in self._all_weights()]

    def _all_weights(self) -> list[tuple[Tensor, bool]]:
        """Each weight once, and whether training changes it."""
        found: dict[int, tuple[Tensor, bool]] = {}
        seen: set[int] = set()  # a child may hold its parent

        def visit(layer: Layer, trainable: bool) -> None:
            if id(layer) in seen:
                return
            seen.add(id(layer))
            trainable = trainable and layer._trainable
            attributes = [v for v in vars(layer).values() if type(v) is Tensor and v.op is None]
            loose = [v for v in attributes if v.tracked and not _is_in(v, layer.own_weights)]
            own = sorted([*layer.own_weights, *loose], key=lambda w: _is_in(w, layer.frozen))
            for w in own:
                found.setdefault(id(w), (w, trainable and not _is_in(w, layer.frozen)))
            for inner in layer.sublayers:
                visit(inner, trainable)

        visit(self, True)
        return list(found.values())

    def nested(self) -> list[Layer]:
        """This layer and all layers inside it, each once."""
        found: dict[int, Layer] = {}
        waiting = [self]
        while waiting:
            layer = waiting.pop()
            if id(layer) not in found:
                found[id(layer)] = layer
                waiting += reversed(layer.sublayers)
        return list(found.values())

    @property
    def trainable_weights(self) -> list[Tensor]:
        """The weights that training changes."""
        return [w for w, trainable in self._all_weights() if trainable]

    @property
    def non_trainable_weights(self) -> list[Tensor]:
        """The weights that training leaves alone."""
        return [w for w, trainable in self._all_weights() if not trainable]

    @property
    def trainable(self) -> bool:
        """Whether the layer's weights get gradients; assigning reaches the layers inside."""
        return self._trainable

    @trainable.setter
    def trainable(self, flag: bool) -> None:
        for layer in self.nested():
            layer._trainable = bool(flag)
            for weight in layer.own_weights:
                weight.requires_grad = bool(flag) and not _is_in(weight, layer.frozen)

    def get_weights(self) -> list[Any]:
        """Copies of the weights as arrays, in the order of `weights`."""
        return [np.array(w.value) for w in self.weights]

    def set_weights(self, weights: Sequence[Any]) -> None:
        """New values for all weights; nothing changes unless every shape fits."""
        own = self.weights
        if len(weights) != len(own):
            raise ValueError(
                f"You called `set_weights(weights)` on layer '{self.name}' with a weight list of "
                f"length {len(weights)}, but the layer was expecting {len(own)} weights."
            )
        for weight, new in zip(own, weights, strict=True):
            if np.shape(constant(new)) != weight.shape:
                raise ValueError(
                    f"Layer {self.name} weight shape {weight.shape} is not compatible with "
                    f"provided weight shape {np.shape(constant(new))}."
                )
        for weight, new in zip(own, weights, strict=True):
            weight.assign(np.array(constant(new), dtype=weight.dtype))

    def count_params(self) -> int:
        """The number of numbers in all weights."""
        if not self.built:
            raise ValueError(
                f"You tried to call `count_params` on layer '{self.name}', but the layer isn't "
                "built. You can build it manually via: `layer.build(input_shape)`."
            )
        return sum(w.size for w in self.weights)

    # --- configuration ---------------------------------------------------------------------------

    def get_config(self) -> dict[str, Any]:
        """The arguments that make this layer again."""
        return {"name": self.name, "trainable": self._trainable, "dtype": self.dtype}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Layer:
        return cls(**config)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} name={self.name}, built={self.built}>"


def _once_whole(build: Callable[[Any, Shape], None]) -> Callable[[Any, Shape], None]:
    """`build`, so that it notes that the layer is built, and leaves no weights where it fails."""

    @functools.wraps(build)
    def whole(self: Layer, input_shape: Shape) -> None:
        own, frozen, attributes = len(self.own_weights), len(self.frozen), dict(vars(self))
        try:
            build(self, input_shape)
        except BaseException:
            del self.own_weights[own:], self.frozen[frozen:]
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


def _is_in(weight: Tensor, weights: list[Tensor]) -> bool:
    return any(weight is other for other in weights)


def positive_integer(kind: str, value: Any) -> int:
    """`units` and its like: a ValueError in Keras' words unless a positive integer."""
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value <= 0:
        raise ValueError(
            f"Received an invalid value for `{kind}`, expected a positive integer. Received: "
            f"{kind}={value!r}"
        )
    return int(value)
