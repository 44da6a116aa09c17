"""The base of all optimizers: clipping, weight decay, and the loop over the parameters."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from ..autodiff import arrays, floats
from ..autodiff.errors import ShapeError
from ..autodiff.tensor import Tensor, constant
from ..registry import snake_case
from .flat import Flat

__all__ = ["Optimizer"]

State = dict[str, Any]
ndarray = np.ndarray


class Optimizer:
    """Base class. A subclass writes `start` (the state) and one pure `update_step`.

    Args:
        learning_rate: a float, or a function of the iteration number.
        weight_decay: decoupled: w ← w − w·weight_decay·learning_rate before the update.
        clipnorm: largest norm of each gradient; global_clipnorm: of all together; clipvalue:
            largest size of an element. Only one of the three.
        name: what its configuration calls it.

    Raises:
        ValueError: learning_rate is not a float or callable; two clippings; unknown arguments.
    """

    elementwise: bool = False  # whether `update_step` looks at each element by itself

    def __init__(
        self,
        learning_rate: Any = 0.01,
        *,
        weight_decay: float | None = None,
        clipnorm: float | None = None,
        clipvalue: float | None = None,
        global_clipnorm: float | None = None,
        name: str | None = None,
        **unknown: Any,
    ) -> None:
        if "lr" in unknown:
            learning_rate = unknown.pop("lr")  # Keras 2's name, which the courses use
        if unknown.pop("decay", None) is not None:
            warnings.warn(
                "Argument `decay` is no longer supported and will be ignored.", stacklevel=3
            )
        if unknown:
            raise ValueError(f"Argument(s) not recognized: {unknown}")
        self.learning_rate = learning_rate
        if sum(c is not None for c in (clipnorm, clipvalue, global_clipnorm)) > 1:
            raise ValueError(
                "Only one of `clipnorm`, `clipvalue` and `global_clipnorm` can be set. Received: "
                f"clipnorm={clipnorm}, clipvalue={clipvalue}, global_clipnorm={global_clipnorm}."
            )
        limits = {"clipnorm": clipnorm, "clipvalue": clipvalue, "global_clipnorm": global_clipnorm}
        for key, value in limits.items():
            if value is not None and value <= 0:
                raise ValueError(f"{key} must be positive. Received: {key}={value}.")
        self.weight_decay = weight_decay
        self.clipnorm, self.clipvalue = clipnorm, clipvalue
        self.global_clipnorm = global_clipnorm
        self.name = name or snake_case(type(self).__name__)
        self.iterations = 0
        self._states: dict[int, State] = {}
        self._flat: Flat | None = None

    # --- what a subclass writes ------------------------------------------------------------------

    def start(self, parameter: Any) -> State:
        """The state of one parameter before the first step; arrays of its shape."""
        return {}

    def update_step(
        self, xp: Any, w: Any, g: Any, state: State, learning_rate: float
    ) -> tuple[Any, State]:
        """The new value of a parameter and its new state; pure, written through `xp`."""
        raise TypeError(f"{type(self).__name__} has no update_step of its own")

    # --- learning rate ---------------------------------------------------------------------------

    @property
    def learning_rate(self) -> Any:
        """The learning rate of the next step."""
        return self._learning_rate if self._schedule is None else self._schedule(self.iterations)

    @learning_rate.setter
    def learning_rate(self, value: Any) -> None:
        if getattr(self, "_schedule", None) is not None:
            raise TypeError(
                "This optimizer was created with a schedule as its `learning_rate`; it cannot be "
                "set to a number afterwards."
            )
        self._schedule: Callable[[int], float] | None = None
        if callable(value):
            self._schedule = value
        elif isinstance(value, bool) or not isinstance(value, (float, np.floating)):
            raise ValueError(
                "Argument `learning_rate` should be float, or an instance of "
                "LearningRateSchedule, or a callable (that takes in the current iteration value "
                f"and returns the corresponding learning rate value). Received instead: "
                f"learning_rate={value!r}"
            )
        self._learning_rate = value if callable(value) else float(value)

    # --- the step --------------------------------------------------------------------------------

    def apply_gradients(self, pairs: Iterable[tuple[Any, Tensor]]) -> None:
        """One step from (gradient, parameter) pairs, Keras' order of arguments."""
        pairs = list(pairs)
        self.apply([g for g, _ in pairs], [w for _, w in pairs])

    def apply(self, gradients: Sequence[Any], parameters: Sequence[Tensor]) -> None:
        """One step: every parameter gets its new value.

        Raises:
            ValueError: no gradient at all.
            ShapeError: a gradient has another shape than its parameter.
        """
        given = []
        for g, p in zip(gradients, parameters, strict=True):
            if g is None:
                continue
            if type(g) is not ndarray:
                g = constant(g)
            # no name for the value: `Flat` counts who holds it
            if (g.shape if type(g) is ndarray else ()) != (
                () if type(p.value) is float else p.value.shape
            ):
                raise ShapeError(
                    f"optimizer: the gradient of {p.name or 'a parameter'} has shape "
                    f"{np.shape(g)}. Expected {p.shape}."
                )
            given.append((g, p))
        if len(given) < len(parameters) or not given:
            self._complain(given, parameters)
        if self.clipnorm or self.clipvalue or self.global_clipnorm:
            given = self._clipped(given)
        rate = float(self.learning_rate)
        self.begin_step()
        if self.elementwise and alike(given):
            self._together(given, rate)
        else:
            self._one_by_one(given, rate)
        self.iterations += 1

    def _together(self, given: list[tuple[Any, Tensor]], rate: float) -> None:
        """All parameters as one vector."""
        parameters = [p for _, p in given]
        if self._flat is None or not self._flat.holds(parameters):
            refuse_twice(parameters)
            known = self.states
            states = [known.get(p.index) or self.start(p.value) for p in parameters]
            self._states, self._flat = known, Flat(parameters, states)
        decay = (self.weight_decay or 0.0) * rate

        def update(w: Any, g: Any, state: State) -> tuple[Any, State]:
            return self.update_step(arrays, w - w * decay if decay else w, g, state, rate)

        self._flat.step([g for g, _ in given], update)

    def _one_by_one(self, given: list[tuple[Any, Tensor]], rate: float) -> None:
        """Numbers, mixed dtypes, and updates that look at a parameter as a whole."""
        if self._flat is not None:
            self._states, self._flat = self.states, None
        if len(self._states) < len(given):  # at the first step, and where one is given twice
            refuse_twice([p for _, p in given])
        decay = (self.weight_decay or 0.0) * rate
        states, update_step = self._states, self.update_step
        for g, p in given:
            w = p.value
            state = states.get(p.index)
            if state is None:
                state = states[p.index] = self.start(w)
            if decay:
                w = w - w * decay
            w, after = update_step(floats if type(w) is float else arrays, w, g, state, rate)
            if after is not state:
                states[p.index] = after
            if type(w) is not ndarray and type(p.value) is ndarray:
                w = np.asarray(w, p.value.dtype)  # without axes: NumPy made a scalar of it
            p.assign(w)

    @property
    def states(self) -> dict[int, State]:
        """The state of each parameter, by the parameter's creation index."""
        return self._states | (self._flat.states() if self._flat is not None else {})

    def begin_step(self) -> None:
        """Numbers that all parameters share in this step."""

    def step(self, parameters: Sequence[Tensor]) -> None:
        """One step from the parameters' `.grad`, which are then cleared."""
        self.apply([p._grad for p in parameters], parameters)
        for p in parameters:
            p._grad = None

    def _complain(self, given: list[tuple[Any, Tensor]], parameters: Sequence[Tensor]) -> None:
        if not given:
            raise ValueError("No gradients provided for any variable.")
        known = {id(p) for _, p in given}
        missing = [p.name or str(p.shape) for p in parameters if id(p) not in known]
        warnings.warn(
            f"Gradients do not exist for variables {missing} when minimizing the loss.",
            stacklevel=4,
        )

    def _clipped(self, given: list[tuple[Any, Tensor]]) -> list[tuple[Any, Tensor]]:
        if self.clipvalue is not None:
            high = self.clipvalue
            return [
                (min(max(g, -high), high) if type(g) is float else np.clip(g, -high, high), p)
                for g, p in given
            ]
        if self.clipnorm is not None:
            limit = self.clipnorm
            return [(g * (limit / max(_norm(g), limit)), p) for g, p in given]
        assert self.global_clipnorm is not None
        total = sum(_norm(g) ** 2 for g, _ in given) ** 0.5
        scale = self.global_clipnorm / max(total, self.global_clipnorm)
        return [(g * scale, p) for g, p in given]

    def get_config(self) -> dict[str, Any]:
        """The arguments that make this optimizer again."""
        keys = ("weight_decay", "clipnorm", "clipvalue", "global_clipnorm", "name")
        return {"learning_rate": self.learning_rate, **{k: getattr(self, k) for k in keys}}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Optimizer:
        return cls(**config)


def check_fractions(**values: float) -> None:
    """A ValueError for an argument that is not in [0, 1)."""
    for key, value in values.items():
        if not 0 <= value < 1:
            raise ValueError(f"`{key}` must be in [0, 1). Received: {value!r}")


def refuse_twice(parameters: Sequence[Tensor]) -> None:
    """A ValueError where a parameter occurs twice: it would be changed twice."""
    if len({id(p) for p in parameters}) < len(parameters):
        raise ValueError("optimizer: a parameter is given twice.")


def alike(given: list[tuple[Any, Tensor]]) -> bool:
    """Whether all gradients and parameters are arrays of one dtype."""
    dtype = given[0][0].dtype if type(given[0][0]) is ndarray else None
    return dtype is not None and all(
        type(v) is ndarray and v.dtype is dtype for g, p in given for v in (g, p.value)
    )


def _norm(g: Any) -> float:
    return float(np.sqrt(np.sum(np.square(g))))
