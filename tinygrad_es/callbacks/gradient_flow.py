"""Gradient flow over a training: what `fit` is watched for, every so many steps."""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..autodiff.errors import GradientError
from ..autodiff.tensor import Tensor
from ..flow import (
    SERIES,
    Flow,
    LayerFlow,
    Numbers,
    Origin,
    as_before,
    first_nan,
    flow_of,
    html_of,
    is_finite,
    numbers_of,
)
from ..plots import gradient_flow as plot_flow
from ..views.health import lasting
from .callback import Callback, Logs

__all__ = ["GradientFlow"]

FIRST = 3  # records whose median later ones are compared with


class GradientFlow(Callback):
    """Record during `fit` how the gradient flows through the layers.

    For each layer and every `every`-th step, the first one included: the norm, root mean square
    and mean of its gradient and the share of zeros in it, the norm of the update over that of the
    weights, the size of the error that arrives, the share of outputs at the flat ends of a sigmoid
    or tanh, and of dead ReLU units. `.history` has the numbers, `.table()` and `print` the latest,
    `.plot()` draws them, `.flags` says which layers are unwell, `.first_nan` which operation made
    the first NaN.

    The numbers are read from the gradients of the step itself: nothing is computed twice, and the
    training is the same to the last bit. The first NaN is looked for at every step.

    Args:
        every: record each so many steps (updates). A record takes about as long as a step.
        layers: the names of those to record (or the layers); default: all that learn.

    Raises:
        ValueError: `every` is not a positive integer; at the first step, names of no layer.

    >>> import numpy as np
    >>> from tinygrad_es import Sequential, callbacks, layers
    >>> hidden, out = layers.Dense(4, "tanh", name="hidden"), layers.Dense(1, name="out")
    >>> model = Sequential([layers.Input((3,)), hidden, out])
    >>> model.compile("sgd", "mse")
    >>> flow = callbacks.GradientFlow(every=2)
    >>> x = np.random.default_rng(0).normal(size=(64, 3))
    >>> _ = model.fit(x, x[:, :1], batch_size=16, verbose=0, callbacks=[flow])
    >>> flow.history["step"], list(flow.history["norm"]), flow.flags
    ([0, 2], ['hidden', 'out'], {})
    """

    remembered = ("history", "first_nan_step", "_steps", "_sizes")

    def __init__(self, every: int = 20, layers: Sequence[Any] | str | None = None) -> None:
        if isinstance(every, bool) or not isinstance(every, (int, np.integer)) or every < 1:
            raise ValueError(f"`every` must be a positive integer. Received: every={every!r}.")
        if layers is not None and not isinstance(layers, (str, list, tuple)):
            raise TypeError(
                "`layers` must be names of layers, or layers, in a list. Received: "
                f"layers={layers!r}."
            )
        named = [layers] if isinstance(layers, str) else layers
        self.every = int(every)
        self.layers = None if named is None else [getattr(n, "name", n) for n in named]
        self._forget()

    def _forget(self) -> None:
        self.history: dict[str, Any] = {"step": [], "epoch": [], "loss": []}
        self.history |= {name: {} for name in (*SERIES, "flags")}
        self.latest: Flow | None = None
        self.first_nan: Origin | None = None
        self.first_nan_step: int | None = None
        self._epoch, self._steps = 0, 0
        self._sizes: list[float] = []  # of the whole gradient, at the first records
        self._probes: list[int] = []  # parameters whose gradients are looked at in every step
        self._numbers: list[Numbers] | None = None  # of the step at hand, where it is recorded
        self._parameters: Sequence[Tensor] = ()
        self._before: list[Any] = []  # their values before the update

    # --- what it listens to ----------------------------------------------------------------------

    def on_train_begin(self, logs: Logs | None = None) -> None:
        self._forget()

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        self._epoch = epoch

    def on_gradients(self, gradients: Sequence[Any], parameters: Sequence[Tensor]) -> None:
        """Before the update: the sums of the gradients, and copies of the weights."""
        self._numbers = None
        due = self._steps % self.every == 0
        if not due and (self.first_nan_step is not None or self._looks_fine(gradients)):
            return
        scale = self.model.optimizer.loss_scale_factor or 1.0
        pairs = zip(gradients, parameters, strict=True)
        self._numbers = [numbers_of(g, p.size, scale) for g, p in pairs]
        self._parameters = list(parameters)
        self._before = [p.value if type(p.value) is float else p.value.copy() for p in parameters]

    def on_train_step(self, batch: int, loss: Tensor) -> None:
        """After the update: what the graph of the step says."""
        if self._numbers is None and (self.first_nan_step is not None or math.isfinite(loss.value)):
            self._steps += 1
            return
        if self._numbers is None:  # nobody saw it coming: only the graph can tell
            self._find_nan(loss)
        else:
            self._record(loss, self._numbers)
        self._numbers, self._parameters, self._before = None, (), []
        self._steps += 1

    def on_train_end(self, logs: Logs | None = None) -> None:
        if not self.history["step"]:
            why = "no step was run"
            if self._steps:
                why = f"none of the {self._steps} steps gave gradients to `model.optimizer`"
            if not self.model.trainable_weights:
                why = "the model has no trainable weights"
            warnings.warn(f"GradientFlow recorded nothing: {why}.", stacklevel=2)

    # --- one step --------------------------------------------------------------------------------

    def _looks_fine(self, gradients: Sequence[Any]) -> bool:
        """Whether small gradients of the last and the first layer are finite.

        A NaN comes with the loss, or is made on the way down and flows to the first layer.
        """
        for k in self._probes:
            g = gradients[k] if k < len(gradients) else None
            fine = g is None or math.isfinite(np.add.reduce(g, None))
            if not fine and not is_finite(g):
                return False
        return True

    def _record(self, loss: Tensor, numbers: list[Numbers]) -> None:
        size = math.sqrt(sum(n.squares for n in numbers))
        known = sorted(self._sizes)
        usual = known[len(known) // 2] if known else 0.0
        growth = size / usual if usual else None
        if len(known) < FIRST:
            self._sizes.append(size)
        flow = flow_of(loss, self._parameters, numbers, self._before, growth)
        if not self._probes:
            self._probes = [self._smallest(flow.layers[-1]), self._smallest(flow.layers[0])]
        if not (math.isfinite(size) and is_finite(loss.value)) and self.first_nan_step is None:
            self._find_nan(loss)
        flow.first_nan = self.first_nan
        self.latest = self._chosen(flow)
        self._append(self.latest)

    def _smallest(self, layer: LayerFlow) -> int:
        """The place of the smallest weight of a layer."""
        names = {w.name for w in layer.weights}
        sizes = [(p.size, k) for k, p in enumerate(self._parameters) if (p.name or "") in names]
        return min(sizes)[1]

    def _find_nan(self, loss: Tensor) -> None:
        """Which operation made it: the backward pass is read with the weights it had."""
        self.first_nan_step = self._steps
        scale = self.model.optimizer.loss_scale_factor or 1.0
        before = list(zip(self._parameters, self._before, strict=True))
        with as_before(before or [(p, p.value) for p in self.model.trainable_weights]):
            try:
                self.first_nan = first_nan(loss, scale)
            except GradientError:  # a weight was changed in the middle of the step
                self.first_nan = None

    def _chosen(self, flow: Flow) -> Flow:
        if self.layers is None:
            return flow
        names = [layer.name for layer in flow.layers]
        unknown = [name for name in self.layers if name not in names]
        if unknown:
            raise ValueError(f"GradientFlow: expected layers among {names}. Received: {unknown}.")
        kept = [layer for layer in flow.layers if layer.name in self.layers]
        return Flow(flow.loss, kept, flow.reference, flow.first_nan)

    def _append(self, flow: Flow) -> None:
        history = self.history
        past = len(history["step"])
        for key, value in (("step", self._steps), ("epoch", self._epoch), ("loss", flow.loss)):
            history[key].append(value)
        for layer in flow.layers:
            for name in (*SERIES, "flags"):
                series = history[name].setdefault(layer.name, [None] * past)
                series.append(getattr(layer, name))

    # --- what it says ----------------------------------------------------------------------------

    @property
    def flags(self) -> dict[str, tuple[str, ...]]:
        """Layer → the flags that most of the latest records have, for layers that have any."""
        found = {
            name: lasting([flags or () for flags in records])
            for name, records in self.history["flags"].items()
        }
        return {name: flags for name, flags in found.items() if flags}

    @property
    def healthy(self) -> bool:
        """Whether no layer has a lasting flag, and nothing is NaN."""
        return not self.flags and self.first_nan_step is None

    def table(self, language: str | None = None, width: int | None = None) -> str:
        """The latest record as a table, below it the reasons of its flags."""
        return self._latest().table(language, width)

    def plot(self, kind: str = "lines", **options: Any) -> Any:
        """Draw the record: "lines", "heatmap" or "bars", see `plots.gradient_flow`."""
        if not self.history["step"]:
            self._latest()
        return plot_flow(self, kind, **options)

    def _latest(self) -> Flow:
        if self.latest is None:
            raise ValueError("GradientFlow: nothing is recorded yet. Give it to fit(callbacks=…).")
        return self.latest

    def __str__(self) -> str:
        return repr(self) if self.latest is None else self.table()

    def __repr__(self) -> str:
        count = len(self.history["step"])
        return f"<GradientFlow every={self.every}: {count} records, flags={self.flags}>"

    def _repr_html_(self) -> str:
        return html_of(self.__str__)
