"""Training: `fit`, `evaluate`, `predict`. The step reads like the lesson:
batch → forward → loss → backward → update."""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..autodiff.modes import no_grad, training
from ..autodiff.tensor import Tensor
from ..callbacks import Callback, CallbackList, History, Logs
from ..layers.layer import positive_integer, shapes_of
from ..tree import leaves, map_structure, pack
from .compiled import of_single_output
from .data import Data, class_weights, split, warn_of_nan
from .progress import Progress, level
from .resuming import Resumable
from .sources import ArraySource, Source, is_iterable_of_batches, source_of

__all__ = ["Trainer"]


class Trainer(Resumable):
    """What a model needs to be trained; `train_step` is the one place to change how."""

    stop_training = False
    callbacks_of_fit: list[Any] = []
    _parameters: list[Tensor] | None = None  # what the steps of a `fit` change
    built: bool
    history: Any
    trainable_weights: list[Tensor]
    may_have_losses: Callable[[], bool]

    @property
    def input_count(self) -> int:
        """How many inputs there are; 0 where only `call` knows."""
        return 0

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        for name in ("train_step", "test_step"):
            if name in vars(cls) and takes_data(vars(cls)[name]):
                raise TypeError(
                    f"{cls.__name__}: expected {name}(self, x, y, sample_weight=None), which "
                    "returns the loss and the predictions. Received: Keras' (self, data)."
                )
        own = vars(cls).get("compute_loss")
        if inspect.isfunction(own) and not named(own, ("x", "y", "y_pred", "sample_weight")):
            raise TypeError(
                f"{cls.__name__}: expected compute_loss(self, x=None, y=None, y_pred=None, "
                f"sample_weight=None, training=True). Received: {inspect.signature(own)}."
            )

    # --- one batch -------------------------------------------------------------------------------

    def train_step(self, x: Any, y: Any, sample_weight: Any = None) -> tuple[Any, Any]:
        """Forward, loss, backward, update; returns the loss and the predictions."""
        y_pred = self(x, training=True)  # type: ignore[operator]  # a Model is a Layer
        loss = self.compute_loss(x=x, y=y, y_pred=y_pred, sample_weight=sample_weight)
        parameters = self._parameters  # those of a `fit`; None in a step by itself
        if parameters is None:
            parameters = self._without_gradients()
        if parameters:
            self.optimizer.scale_loss(loss).backward()
            self.optimizer.step(parameters)
        return loss, y_pred

    def test_step(self, x: Any, y: Any, sample_weight: Any = None) -> tuple[Any, Any]:
        """Forward and loss. It is recorded like training, so that the loss sees the logits."""
        y_pred = self(x, training=False)  # type: ignore[operator]  # a Model is a Layer
        loss = self.compute_loss(x=x, y=y, y_pred=y_pred, sample_weight=sample_weight)
        return loss, y_pred

    # --- many batches ----------------------------------------------------------------------------

    def fit(
        self,
        x: Any = None,
        y: Any = None,
        batch_size: int | None = None,
        epochs: int = 1,
        verbose: Any = "auto",
        callbacks: Sequence[Callback] | None = None,
        validation_split: float = 0.0,
        validation_data: Any = None,
        shuffle: Any = True,
        class_weight: dict[int, float] | None = None,
        sample_weight: Any = None,
        initial_epoch: int = 0,
        steps_per_epoch: int | None = None,
        validation_steps: int | None = None,
        validation_batch_size: int | None = None,
        validation_freq: Any = 1,
        drop_remainder: bool = False,
    ) -> History:
        """Train for a number of epochs; returns the History.

        Arguments as Keras 3. x may also be a generator, a `Sequence` or any other iterable of
        batches (x, y) or (x, y, sample_weight), so that the data need not fit into memory.
        `drop_remainder` leaves out a last batch that is not full.

        Raises:
            ValueError: not compiled; x and y of different lengths; arguments out of range.
        """
        self._must_be_compiled()
        whole("epochs", epochs)
        whole("initial_epoch", initial_epoch)
        if isinstance(validation_freq, int):
            positive_integer("validation_freq", validation_freq)
        held_out = None
        if is_iterable_of_batches(x):
            if validation_split and validation_data is None:
                raise ValueError(
                    "`validation_split` is only supported for arrays. Received: x of type "
                    f"{type(x).__name__}; give `validation_data`."
                )
            source = source_of(
                x, self._prepared, y=y, sample_weight=sample_weight, shuffle=shuffle,
                class_weight=class_weight, steps=steps_per_epoch, inputs=self.input_count,
            )  # fmt: skip
        else:
            data = self._prepared(x, y, sample_weight)
            if data.y is None and self.loss is not None:
                raise ValueError("fit: expected targets. Received: y=None.")
            warn_of_nan(data)
            if validation_split and validation_data is None:
                data, held_out = split(data, validation_split)
            if class_weight is not None:
                data = class_weights(data, class_weight)
            self._build_from(data.x)
            source = ArraySource(data, batch_size, shuffle, drop_remainder, steps_per_epoch)
        validation = self._validation(
            validation_data, held_out, validation_batch_size or batch_size, validation_steps
        )
        loud = level(verbose)
        history = self.history = History()
        params = {"verbose": loud, "epochs": epochs, "steps": source.steps}
        progress = Progress(loud)
        hooks = CallbackList([*as_list(callbacks), *shown(progress), history], self, params)
        history.params = params
        self.stop_training, self.callbacks_of_fit, self._resumed = False, hooks.callbacks, None
        try:
            run = range(initial_epoch, epochs)
            self._run_epochs(source, validation, run, validation_freq, hooks)
        finally:
            self._parameters = self._penalized_training = self._resumed = None
            self.callbacks_of_fit, self.optimizer.onlookers = [], ()
            progress.close()
        return history

    def _run_epochs(
        self, source: Source, validation: Source | None, epochs: range, freq: Any, hooks: Any
    ) -> None:
        logs: Logs = {}
        hooks.call("on_train_begin")
        self.optimizer.onlookers = hooks.listeners("on_gradients")
        if self._resumed is not None:
            stopped = self._resumed.stopped
            epochs = range(epochs.stop if stopped else self._resumed.epoch, epochs.stop)
        for epoch in epochs:
            hooks.call("on_epoch_begin", epoch)
            logs = self._epoch(source, hooks)
            listed = isinstance(freq, (list, tuple, set))
            due = (epoch + 1) in freq if listed else (epoch + 1) % freq == 0
            if validation is not None and due:
                found = self._measure(validation, hooks)
                logs |= {f"val_{k}": v for k, v in found.items()}
            hooks.call("on_epoch_end", epoch, logs)
            if self.stop_training:
                break
        self.optimizer.finalize_variable_values(self.trainable_weights)
        hooks.call("on_train_end", logs)

    def _epoch(self, source: Source, hooks: Any) -> Logs:
        """One pass over the training data: the mean loss and the metrics."""
        begin = hooks.listeners("on_train_batch_begin")
        stepped = hooks.listeners("on_train_step")
        end = hooks.listeners("on_train_batch_end")
        self._reset()
        first, self._sums = 0, (0.0, 0)
        batches = source.epoch()
        if self._resumed is not None:
            first = self._skip(batches)
        for i, batch in enumerate(batches, start=first):
            if i == first:
                self._build_from(batch.x)
                self._parameters = self._without_gradients()
            for hook in begin:
                hook(i, {})
            loss, y_pred = self.train_step(*batch)
            for hook in stepped:
                hook(i, loss)
            if i == first:  # the first call may add the first loss
                self._penalized_training = self.may_have_losses()
            n = batch.size
            total, samples = self._sums
            self._sums = total, samples = total + float(loss.value) * n, samples + n
            self._metrics.update(batch.y, y_pred, batch.weight)
            del loss, y_pred, batch  # the graph: its memory serves the next step
            for hook in end:
                hook(i, self._logs(total / samples))
            if self.stop_training:
                break
        total, samples = self._sums
        if samples == 0:
            self.stop_training = True  # a generator gives its batches once
            return {}
        return self._logs(total / samples)

    def _measure(self, source: Source, hooks: Any) -> Logs:
        """Loss and metrics in inference mode."""
        hooks.call("on_test_begin")
        begin = hooks.listeners("on_test_batch_begin")
        end = hooks.listeners("on_test_batch_end")
        total, samples = 0.0, 0
        self._reset()
        source.restart()
        for i, batch in enumerate(source.epoch()):
            for hook in begin:
                hook(i, {})
            loss, y_pred = self.test_step(*batch)
            n = batch.size
            total += float(loss.value) * n
            samples += n
            self._metrics.update(batch.y, y_pred, batch.weight)
            for hook in end:
                hook(i, self._logs(total / samples))
        logs = self._logs(total / max(samples, 1))
        hooks.call("on_test_end", logs)
        return logs

    def evaluate(
        self,
        x: Any = None,
        y: Any = None,
        batch_size: int | None = None,
        verbose: Any = "auto",
        sample_weight: Any = None,
        steps: int | None = None,
        callbacks: Sequence[Callback] | None = None,
        return_dict: bool = False,
    ) -> Any:
        """Loss and metrics in inference mode: a list in the order of `compile`, or a dict."""
        self._must_be_compiled()
        source = self._source(x, y, sample_weight, batch_size, steps)
        progress = Progress(level(verbose))
        params = {"verbose": level(verbose), "steps": source.steps}
        try:
            hooks = CallbackList([*as_list(callbacks), *shown(progress)], self, params)
            logs = self._measure(source, hooks)
        finally:
            progress.close()
        return logs if return_dict else self._listed(logs)

    def predict(
        self,
        x: Any,
        batch_size: int | None = None,
        verbose: Any = "auto",
        steps: int | None = None,
        callbacks: Sequence[Callback] | None = None,
    ) -> Any:
        """The outputs for x as one array (or a structure of arrays), in inference mode."""
        source = self._source(x, None, None, batch_size, steps)
        progress = Progress(level(verbose))
        params = {"verbose": level(verbose), "steps": source.steps}
        parts: list[Any] = []
        try:
            hooks = CallbackList([*as_list(callbacks), *shown(progress)], self, params)
            hooks.call("on_predict_begin")
            for i, batch in enumerate(source.epoch()):
                hooks.call("on_predict_batch_begin", i)
                parts.append(self.predict_on_batch(batch.x))
                hooks.call("on_predict_batch_end", i, {"outputs": parts[-1]})
            hooks.call("on_predict_end")
        finally:
            progress.close()
        if not parts:
            raise ValueError("predict: expected at least one batch. Received: none.")
        joined = [np.concatenate(column) for column in zip(*map(leaves, parts), strict=True)]
        return pack(parts[0], joined)

    def predict_on_batch(self, x: Any) -> Any:
        """The outputs for one batch, in inference mode."""
        with no_grad(), training(False):
            return map_structure(lambda y: y.numpy(), self(x))  # type: ignore[operator]  # a Layer

    def train_on_batch(
        self, x: Any, y: Any = None, sample_weight: Any = None, class_weight: Any = None,
        return_dict: bool = False,
    ) -> Any:  # fmt: skip
        """One step on one batch; returns what `evaluate` would."""
        return self._one(self.train_step, x, y, sample_weight, class_weight, return_dict)

    def test_on_batch(
        self, x: Any, y: Any = None, sample_weight: Any = None, return_dict: bool = False
    ) -> Any:
        """Loss and metrics of one batch, without learning."""
        return self._one(self.test_step, x, y, sample_weight, None, return_dict)

    def _one(
        self, step: Any, x: Any, y: Any, weight: Any, class_weight: Any, return_dict: bool
    ) -> Any:
        self._must_be_compiled()
        data = self._prepared(x, y, weight)
        if class_weight is not None:
            data = class_weights(data, class_weight)
        self._build_from(data.x)
        self._reset()
        loss, y_pred = step(*data)
        self._metrics.update(data.y, y_pred, data.weight)
        logs = self._logs(float(loss.value))
        return logs if return_dict else self._listed(logs)

    # --- small parts -----------------------------------------------------------------------------

    def _prepared(self, x: Any, y: Any = None, sample_weight: Any = None) -> Data:
        """Checked arrays, as many as the model has inputs and outputs."""
        names = self.output_names
        y = of_single_output(y, names, "y")
        sample_weight = of_single_output(sample_weight, names, "sample_weight")
        return Data.of(x, y, sample_weight, self.input_count, len(names))

    def _source(self, x: Any, y: Any, weight: Any, batch_size: Any, steps: Any) -> Source:
        """Where the batches of `evaluate` and `predict` come from."""
        if is_iterable_of_batches(x):
            return source_of(
                x, self._prepared, y=y, sample_weight=weight, steps=steps, inputs=self.input_count
            )
        data = self._prepared(x, y, weight)
        self._build_from(data.x)
        return ArraySource(data, batch_size, steps=steps)

    def _validation(
        self, given: Any, held_out: Data | None, batch_size: Any, steps: Any
    ) -> Source | None:
        if given is None:
            return None if held_out is None else ArraySource(held_out, batch_size, steps=steps)
        if is_iterable_of_batches(given):
            return source_of(given, self._prepared, steps=steps, inputs=self.input_count)
        if not isinstance(given, (tuple, list)) or len(given) not in (2, 3):
            raise ValueError(
                "`validation_data` must be (x, y) or (x, y, sample_weight), or an iterable of "
                f"batches. Received: {type(given).__name__}."
            )
        return ArraySource(self._prepared(*given), batch_size, steps=steps)

    def _build_from(self, x: Any) -> None:
        if not self.built:
            self.build(shapes_of(x))  # type: ignore[attr-defined]  # of Layer

    def _without_gradients(self) -> list[Tensor]:
        """What a step changes. Gradients from before, or of an interruption, do not count."""
        parameters = self.trainable_weights
        if not parameters:
            warnings.warn("The model does not have any trainable weights.", stacklevel=4)
        for p in parameters:
            p.grad = None
        return parameters


def takes_data(step: Any) -> bool:
    """Whether a step has one parameter besides self, as Keras' steps have."""
    if not inspect.isfunction(step):
        return False
    parameters = list(inspect.signature(step).parameters.values())
    return len(parameters) == 2 and parameters[1].kind is parameters[1].POSITIONAL_OR_KEYWORD


def named(function: Any, names: Sequence[str]) -> bool:
    """Whether a function takes arguments of these names."""
    parameters = inspect.signature(function).parameters
    any_name = any(p.kind is p.VAR_KEYWORD for p in parameters.values())
    return any_name or all(name in parameters for name in names)


def whole(name: str, value: Any) -> None:
    """A ValueError unless an integer from 0 on."""
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < 0:
        raise ValueError(f"`{name}` must be an integer from 0 on. Received: {name}={value!r}.")


def shown(progress: Progress) -> list[Callback]:
    """The progress where it prints: a silent one must not cost time."""
    return [progress] if progress.verbose else []


def as_list(callbacks: Any) -> list[Any]:
    """Callbacks as a list: one alone is one."""
    return [callbacks] if isinstance(callbacks, Callback) else list(callbacks or [])
