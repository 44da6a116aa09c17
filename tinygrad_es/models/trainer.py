"""Training: `compile`, `fit`, `evaluate`, `predict`. The step reads like the lesson:
batch → forward → loss → backward → update."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np

from .. import losses, optimizers
from ..autodiff.config import float_dtype
from ..autodiff.modes import no_grad, training
from ..autodiff.tensor import Tensor
from ..callbacks import Callback, CallbackList, History, Logs
from ..layers.layer import must_be_initialised, positive_integer
from ..metrics import get as get_metric
from .data import Data, batch_size_of, class_weights, split
from .progress import Progress, described, level

__all__ = ["Trainer"]


class Trainer:
    """What a model needs to be trained; `train_step` is the one place to change how."""

    optimizer: Any = None
    loss: Any = None
    stop_training = False
    _loss_weight: float | None = None
    _parameters: list[Tensor] | None = None  # what the steps of a `fit` change
    _penalized_training: bool | None = None  # whether they have losses to add
    built: bool
    history: Any
    trainable_weights: list[Tensor]
    losses: list[Tensor]
    may_have_losses: Any

    def compile(
        self,
        optimizer: Any = "rmsprop",
        loss: Any = None,
        loss_weights: Any = None,
        metrics: Sequence[Any] | None = None,
    ) -> None:
        """Choose the optimizer, the loss and the metrics, by name or as objects.

        `loss_weights` multiplies the loss (not the penalties): a number, or a list of one.

        Raises:
            ValueError: an unknown name, or metrics that are not a list.
        """
        must_be_initialised(self)
        weight = loss_weights
        if isinstance(weight, (list, tuple)) and len(weight) == 1:
            weight = weight[0]
        if weight is not None and not isinstance(weight, (int, float)):
            raise ValueError(
                "Expected `loss_weights` argument to be a float (or a list of one). Received: "
                f"loss_weights={loss_weights!r}; metrics are given by name, metrics=[…]."
            )
        if metrics is not None and not isinstance(metrics, (list, tuple)):
            raise ValueError(
                "Expected `metrics` argument to be a list or tuple. Received instead: "
                f"metrics={metrics} of type {type(metrics)}"
            )
        chosen = optimizers.get(optimizer)
        criterion = None if loss is None else losses.get(loss)
        if criterion is not None and criterion.reduction == "none":
            raise ValueError(
                "compile: expected a loss that is one number. Received: one with reduction='none'."
            )
        measured = [get_metric(m) for m in metrics or []]
        self.optimizer, self.loss, self.metrics = chosen, criterion, measured
        self._loss_weight = weight

    # --- one batch -------------------------------------------------------------------------------

    def train_step(self, x: Any, y: Any, sample_weight: Any = None) -> tuple[Any, Any]:
        """Forward, loss, backward, update; returns the loss and the predictions."""
        y_pred = self(x, training=True)  # type: ignore[operator]  # a Model is a Layer
        loss = self.compute_loss(y, y_pred, sample_weight)
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
        return self.compute_loss(y, y_pred, sample_weight), y_pred

    def compute_loss(self, y: Any, y_pred: Any, sample_weight: Any = None) -> Any:
        """The loss of a batch."""
        if self.loss is None:
            raise ValueError("No loss to compute: pass `loss=…` to `compile()`.")
        total = self.loss(y, y_pred, sample_weight)
        if self._loss_weight is not None:
            total = total * self._loss_weight
        if self._penalized_training is not False:
            for penalty in self.losses:
                total = total + penalty
        return total

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
        validation_batch_size: int | None = None,
        validation_freq: Any = 1,
        drop_remainder: bool = False,
    ) -> History:
        """Train for a number of epochs; returns the History.

        Arguments as Keras 3; `drop_remainder` leaves out a last batch that is not full.

        Raises:
            ValueError: not compiled; x and y of different lengths; arguments out of range.
        """
        self._must_be_compiled()
        whole("epochs", epochs)
        whole("initial_epoch", initial_epoch)
        data = self._prepared(x, y, sample_weight)
        if data.y is None:
            raise ValueError("fit: expected targets. Received: y=None.")
        if isinstance(validation_freq, int):
            positive_integer("validation_freq", validation_freq)
        held_out = self._held_out(validation_data)
        if validation_split and held_out is None:
            data, held_out = split(data, validation_split)
        if class_weight is not None:
            data = class_weights(data, class_weight)
        batch_size = batch_size_of(batch_size)
        self._build_from(data)
        self.stop_training = False
        steps = data.steps(batch_size, drop_remainder)
        if steps == 0:
            raise ValueError(
                f"drop_remainder leaves no batch: {data.size} samples, batch_size {batch_size}."
            )
        loud = level(verbose)
        history = self.history = History()
        params = {"verbose": loud, "epochs": epochs, "steps": steps}
        progress = [Progress(loud)] if loud else []
        hooks = CallbackList([*as_list(callbacks), *progress, history], self, params)
        history.params = params
        try:
            self._run_epochs(
                data, held_out, range(initial_epoch, epochs), batch_size, shuffle, drop_remainder,
                validation_batch_size or batch_size, validation_freq, hooks,
            )  # fmt: skip
        finally:
            self._parameters = self._penalized_training = None
            for bar in progress:
                bar.close()
        return history

    def _run_epochs(
        self, data: Data, held_out: Data | None, epochs: range, batch_size: int, shuffle: Any,
        drop_remainder: bool, validation_batch: int, validation_freq: Any, hooks: CallbackList,
    ) -> None:  # fmt: skip
        logs: Logs = {}
        hooks.call("on_train_begin")
        for epoch in epochs:
            hooks.call("on_epoch_begin", epoch)
            logs = self._epoch(data.batches(batch_size, shuffle, drop_remainder), hooks)
            due = (
                (epoch + 1) in validation_freq
                if isinstance(validation_freq, (list, tuple, set))
                else (epoch + 1) % validation_freq == 0
            )
            if held_out is not None and due:
                found = self._measure(held_out, validation_batch, hooks)
                logs |= {f"val_{k}": v for k, v in found.items()}
            hooks.call("on_epoch_end", epoch, logs)
            if self.stop_training:
                break
        self.optimizer.finalize_variable_values(self.trainable_weights)
        hooks.call("on_train_end", logs)

    def _epoch(self, batches: Any, hooks: CallbackList) -> Logs:
        """One pass over the training data: the mean loss and the metrics."""
        self._parameters = self._without_gradients()
        begin = hooks.listeners("on_train_batch_begin")
        end = hooks.listeners("on_train_batch_end")
        total, samples = 0.0, 0
        self._reset_metrics()
        for i, (x, y, weight) in enumerate(batches):
            for hook in begin:
                hook(i, {})
            loss, y_pred = self.train_step(x, y, weight)
            if i == 0:  # the first call may add the first loss
                self._penalized_training = self.may_have_losses()
            n = len(x)
            total += float(loss.value) * n
            samples += n
            self._update_metrics(y, y_pred)
            for hook in end:
                hook(i, self._logs(total / samples))
            if self.stop_training:
                break
        return self._logs(total / max(samples, 1))

    def _measure(self, data: Data, batch_size: int, hooks: CallbackList) -> Logs:
        """Loss and metrics in inference mode."""
        hooks.call("on_test_begin")
        begin = hooks.listeners("on_test_batch_begin")
        end = hooks.listeners("on_test_batch_end")
        total = 0.0
        self._reset_metrics()
        for i, (x, y, weight) in enumerate(data.batches(batch_size)):
            for hook in begin:
                hook(i, {})
            loss, y_pred = self.test_step(x, y, weight)
            total += float(loss.value) * len(x)
            self._update_metrics(y, y_pred)
            for hook in end:
                hook(i, {})
        logs = self._logs(total / data.size)
        hooks.call("on_test_end", logs)
        return logs

    def evaluate(
        self,
        x: Any = None,
        y: Any = None,
        batch_size: int | None = None,
        verbose: Any = "auto",
        sample_weight: Any = None,
        callbacks: Sequence[Callback] | None = None,
        return_dict: bool = False,
    ) -> Any:
        """Loss and metrics in inference mode: a list in the order of `compile`, or a dict."""
        self._must_be_compiled()
        data = self._prepared(x, y, sample_weight)
        self._build_from(data)
        hooks = CallbackList(as_list(callbacks), self, {"verbose": verbose})
        logs = self._measure(data, batch_size_of(batch_size), hooks)
        if level(verbose):
            steps = data.steps(batch_size_of(batch_size))
            print(f"{steps}/{steps} - {described(logs)}")
        if return_dict:
            return logs
        values = [logs["loss"], *(logs[m.name] for m in self.metrics)]
        return values if len(values) > 1 else values[0]

    def predict(
        self,
        x: Any,
        batch_size: int | None = None,
        verbose: Any = "auto",
        callbacks: Sequence[Callback] | None = None,
    ) -> Any:
        """The outputs for x as one array, in inference mode, batch by batch."""
        data = self._prepared(x, None, None)
        self._build_from(data)
        hooks = CallbackList(as_list(callbacks), self, {"verbose": verbose})
        hooks.call("on_predict_begin")
        parts = []
        with no_grad(), training(False):
            for i, batch in enumerate(data.batches(batch_size_of(batch_size))):
                hooks.call("on_predict_batch_begin", i)
                parts.append(self(batch.x).numpy())  # type: ignore[operator]  # a Layer
                hooks.call("on_predict_batch_end", i, {"outputs": parts[-1]})
        hooks.call("on_predict_end")
        return np.concatenate(parts)

    def train_on_batch(self, x: Any, y: Any, sample_weight: Any = None) -> Any:
        """One step on one batch; returns what `evaluate` would."""
        self._must_be_compiled()
        data = self._prepared(x, y, sample_weight)
        self._build_from(data)
        return self._one(data, self.train_step(*data))

    def test_on_batch(self, x: Any, y: Any, sample_weight: Any = None) -> Any:
        """Loss and metrics of one batch, without learning."""
        self._must_be_compiled()
        data = self._prepared(x, y, sample_weight)
        self._build_from(data)
        return self._one(data, self.test_step(*data))

    def _one(self, data: Data, outcome: tuple[Any, Any]) -> Any:
        loss, y_pred = outcome
        self._reset_metrics()
        self._update_metrics(data.y, y_pred)
        values = [float(loss.value), *(m.result() for m in self.metrics)]
        return values if len(values) > 1 else values[0]

    # --- small parts -----------------------------------------------------------------------------

    def _must_be_compiled(self) -> None:
        if self.optimizer is None:
            raise ValueError("You must call `compile()` before using the model.")

    def _prepared(self, x: Any, y: Any, sample_weight: Any) -> Data:
        """Checked arrays; float64 samples become `floatx` once, not batch by batch."""
        data = Data.of(x, y, sample_weight)
        if data.x.dtype.kind == "f" and data.x.dtype != float_dtype():
            data = data._replace(x=data.x.astype(float_dtype()))
        return data

    def _held_out(self, validation_data: Any) -> Data | None:
        if validation_data is None:
            return None
        if not isinstance(validation_data, (tuple, list)) or len(validation_data) not in (2, 3):
            raise ValueError(
                "`validation_data` must be (x, y) or (x, y, sample_weight). Received: "
                f"{type(validation_data).__name__}."
            )
        return self._prepared(*validation_data, *[None] * (3 - len(validation_data)))

    def _build_from(self, data: Data) -> None:
        if not self.built:
            self.build((None, *data.x.shape[1:]))  # type: ignore[attr-defined]  # of Layer

    def _without_gradients(self) -> list[Tensor]:
        """What a step changes. Gradients from before, or of an interruption, do not count."""
        parameters = self.trainable_weights
        if not parameters:
            warnings.warn("The model does not have any trainable weights.", stacklevel=4)
        for p in parameters:
            p.grad = None
        return parameters

    def _reset_metrics(self) -> None:
        for metric in self.metrics:
            metric.reset_state()

    def _update_metrics(self, y: Any, y_pred: Any) -> None:
        for metric in self.metrics:
            metric.update_state(y, y_pred.value)

    def _logs(self, loss: float) -> Logs:
        """The metrics and the loss, in the order of their names."""
        logs = {m.name: m.result() for m in self.metrics}
        logs["loss"] = loss
        return dict(sorted(logs.items()))


def whole(name: str, value: Any) -> None:
    """A ValueError unless an integer from 0 on."""
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < 0:
        raise ValueError(f"`{name}` must be an integer from 0 on. Received: {name}={value!r}.")


def as_list(callbacks: Any) -> list[Any]:
    """Callbacks as a list: one alone is one."""
    return [callbacks] if isinstance(callbacks, Callback) else list(callbacks or [])
