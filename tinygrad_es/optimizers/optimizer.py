"""The base of all optimizers: clipping, weight decay, averages, the loop over the parameters."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from ..autodiff import arrays, floats
from ..autodiff.errors import ShapeError, describe
from ..autodiff.tensor import Tensor, constant
from ..registry import arguments_of, meant, snake_case
from . import schedules
from .flat import Flat

__all__ = ["Optimizer"]

State = dict[str, Any]
COMMON = (
    *("weight_decay", "clipnorm", "global_clipnorm", "clipvalue", "use_ema", "ema_momentum"),
    *("ema_overwrite_frequency", "loss_scale_factor", "gradient_accumulation_steps"),
)
ndarray = np.ndarray


class Optimizer:
    """Base class. A subclass writes `start` (the state) and one pure `update_step`.

    Args:
        learning_rate: a float, a schedule, or another function of the iteration number.
        weight_decay: decoupled: w ← w − w·weight_decay·learning_rate before the update.
        clipnorm: largest norm of each gradient; global_clipnorm: of all together; clipvalue:
            largest size of an element. Only one of the three.
        use_ema: keep a running mean of each parameter, a ← μ·a + (1 − μ)·w with μ = ema_momentum
            (after the first step a = w); `finalize_variable_values` puts it into the parameters,
            as `fit` does at its end. ema_overwrite_frequency: also after so many steps.
        loss_scale_factor: what the loss was multiplied with; the gradients are divided by it.
        gradient_accumulation_steps: gradients are averaged over so many calls, then applied.
        name: what its configuration calls it.

    Raises:
        ValueError: learning_rate is not a float or callable; two clippings; unknown arguments.
    """

    elementwise: bool = False  # whether `update_step` looks at each element by itself
    options: tuple[str, ...] = ()  # the arguments of a subclass, for its configuration
    variants: dict[str, Any] = {}  # those that Keras does not have, with their defaults
    slots_apart: tuple[str, ...] = ()  # kinds of state that Keras lists after the others
    shared: tuple[str, ...] = ()  # numbers that change with the steps, of all parameters
    onlookers: Sequence[Callable[..., Any]] = ()  # called by `apply` with what it was given

    def __init__(
        self,
        learning_rate: Any = 0.01,
        *,
        weight_decay: float | None = None,
        clipnorm: float | None = None,
        clipvalue: float | None = None,
        global_clipnorm: float | None = None,
        use_ema: bool = False,
        ema_momentum: float = 0.99,
        ema_overwrite_frequency: int | None = None,
        loss_scale_factor: float | None = None,
        gradient_accumulation_steps: int | None = None,
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
            hint = meant(next(iter(unknown)), arguments_of(type(self)))
            raise ValueError(f"Argument(s) not recognized: {unknown}.{hint}")
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
        if use_ema:
            if not 0 <= ema_momentum <= 1:
                raise ValueError(
                    "`ema_momentum` must be in the range [0, 1]. Received: "
                    f"ema_momentum={ema_momentum}"
                )
            at_least("ema_overwrite_frequency", ema_overwrite_frequency, 1)
        at_least("gradient_accumulation_steps", gradient_accumulation_steps, 2)
        self.use_ema, self.ema_momentum = use_ema, ema_momentum
        self.ema_overwrite_frequency = ema_overwrite_frequency
        self.loss_scale_factor = loss_scale_factor
        self.gradient_accumulation_steps = gradient_accumulation_steps
        self.weight_decay = weight_decay
        self.clipnorm, self.clipvalue = clipnorm, clipvalue
        self.global_clipnorm = global_clipnorm
        self.name = name or snake_case(type(self).__name__)
        self.iterations = 0
        self._states: dict[Tensor, State] = {}
        self._flat: Flat | None = None
        self._averages: dict[Tensor, Any] = {}  # of `use_ema`
        self._gathered: list[dict[Tensor, Any]] = []  # of `gradient_accumulation_steps`
        self._undecayed: tuple[list[Tensor], list[str]] = ([], [])

    # --- what a subclass writes ------------------------------------------------------------------

    def start(self, parameter: Any) -> State:
        """The state of one parameter before the first step; arrays of its shape."""
        return {}

    def zeros(self, parameter: Any) -> Any:
        """Zeros like a parameter: the usual start."""
        return 0.0 if type(parameter) is float else np.zeros_like(parameter)

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
        if isinstance(value, dict):
            value = schedules.get(value)
        if callable(value):
            self._schedule = value
        elif isinstance(value, bool) or not isinstance(value, (float, np.floating)):
            hint = f"; write {float(value)!r}." if type(value) is int else ""
            raise ValueError(
                "Argument `learning_rate` should be float, or an instance of "
                "LearningRateSchedule, or a callable (that takes in the current iteration value "
                f"and returns the corresponding learning rate value). Received instead: "
                f"learning_rate={value!r}{hint}"
            )
        self._learning_rate = value if callable(value) else float(value)

    @property
    def lr(self) -> Any:
        """Keras 2's name of `learning_rate`."""
        return self.learning_rate

    @lr.setter
    def lr(self, value: Any) -> None:
        self.learning_rate = value

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
        for look in self.onlookers:
            look(gradients, parameters)
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
        if self.loss_scale_factor:
            given = [(g / self.loss_scale_factor, p) for g, p in given]
        if self.gradient_accumulation_steps:
            self._gathered.append({p: g for g, p in given})
            if len(self._gathered) < self.gradient_accumulation_steps:
                return
            given = self._averaged_gradients()
        if self.clipnorm or self.clipvalue or self.global_clipnorm:
            given = self._clipped(given)
        rate = float(self.learning_rate)
        self.begin_step()
        if self.elementwise and not any(self._undecayed) and alike(given):
            self._together(given, rate)
        else:
            self._one_by_one(given, rate)
        if self.use_ema:
            self._average([p for _, p in given])
        for _, p in given:
            if p.marks is not None and p.marks.constraint is not None:
                p.overwrite(p.marks.constraint(p.value))
        self.iterations += 1

    def _together(self, given: list[tuple[Any, Tensor]], rate: float) -> None:
        """All parameters as one vector."""
        parameters = [p for _, p in given]
        if self._flat is None or not self._flat.holds(parameters):
            refuse_twice(parameters)
            known = self.states
            states = [known.get(p) or self.start(p.value) for p in parameters]
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
            state = states.get(p)
            if state is None:
                state = states[p] = self.start(w)
            if decay and self._decays(p):
                w = w - w * decay
            w, after = update_step(floats if type(w) is float else arrays, w, g, state, rate)
            if after is not state:
                states[p] = after
            if type(w) is not ndarray and type(p.value) is ndarray:
                w = np.asarray(w, p.value.dtype)  # without axes: NumPy made a scalar of it
            p.overwrite(w)

    @property
    def states(self) -> dict[Tensor, State]:
        """The state of each parameter."""
        return self._states | (self._flat.states() if self._flat is not None else {})

    def begin_step(self) -> None:
        """Numbers that all parameters share in this step."""

    def step(self, parameters: Sequence[Tensor]) -> None:
        """One step from the parameters' `.grad`, which are then cleared."""
        try:
            gradients = [p._grad for p in parameters]
        except (AttributeError, TypeError):
            raise TypeError(
                f"{type(self).__name__}.step: expected a list of Tensors that require grad, as "
                f"model.trainable_weights. Received: {describe(parameters)}."
            ) from None
        self.apply(gradients, parameters)
        for p in parameters:
            p._grad = None

    # --- averages --------------------------------------------------------------------------------

    def _averaged_gradients(self) -> list[tuple[Any, Tensor]]:
        """The mean over the calls that were gathered; a parameter may miss in some of them."""
        total: dict[Tensor, Any] = {}
        for gradients in self._gathered:
            for p, g in gradients.items():
                total[p] = total[p] + g if p in total else g
        count = len(self._gathered)
        self._gathered = []
        return [(g / count, p) for p, g in total.items()]

    def _average(self, parameters: Sequence[Tensor]) -> None:
        """The running means of `use_ema`, after an update."""
        mu = self.ema_momentum
        for p in parameters:
            before = self._averages.get(p)
            self._averages[p] = (
                p.value * 1.0 if before is None else mu * before + (1 - mu) * p.value
            )
        every = self.ema_overwrite_frequency
        if every and (self.iterations + 1) % every == 0:
            self.finalize_variable_values(parameters)

    def finalize_variable_values(self, parameters: Sequence[Tensor]) -> None:
        """Put the running means of `use_ema` into the parameters; nothing without it."""
        for p in parameters:
            if p in self._averages:
                p.overwrite(self._averages[p] * 1.0)

    def exclude_from_weight_decay(
        self, var_list: Sequence[Tensor] | None = None, var_names: Sequence[str] | None = None
    ) -> None:
        """No weight decay for these parameters, or for those whose name has one of these parts."""
        self._undecayed = (list(var_list or ()), list(var_names or ()))

    def _decays(self, p: Tensor) -> bool:
        chosen, parts = self._undecayed
        return not any(p is q for q in chosen) and not any(part in (p.name or "") for part in parts)

    def scale_loss(self, loss: Any) -> Any:
        """The loss times `loss_scale_factor`: what to call `backward` on."""
        return loss if self.loss_scale_factor is None else loss * self.loss_scale_factor

    def _complain(self, given: list[tuple[Any, Tensor]], parameters: Sequence[Tensor]) -> None:
        if not given:
            raise ValueError(
                "No gradients provided for any variable. Call loss.backward() before each step."
            )
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
        rate = self._learning_rate
        if isinstance(rate, schedules.LearningRateSchedule):
            rate = schedules.serialize(rate)
        keys = (*COMMON, *self.options)
        changed = {k: getattr(self, k) for k, v in self.variants.items() if getattr(self, k) != v}
        return {
            "name": self.name,
            "learning_rate": rate,
            **{k: getattr(self, k) for k in keys},
            **changed,
        }

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Optimizer:
        return cls(**config)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} name={self.name}>"


def at_least(key: str, value: int | None, low: int) -> None:
    """A ValueError for an argument that is neither None nor an integer from `low` on."""
    if value is not None and (not isinstance(value, int) or value < low):
        raise ValueError(f"`{key}` must be an integer >= {low} or None. Received: {key}={value!r}")


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
