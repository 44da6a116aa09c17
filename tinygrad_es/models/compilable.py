"""`compile`: the optimizer, the loss and the metrics of a model, and the numbers they give."""

from __future__ import annotations

from typing import Any

from .. import optimizers
from ..callbacks import Logs
from ..layers.layer import must_be_initialised, positive_integer
from ..tree import is_nested
from .compiled import Losses, Metrics, chosen_loss

__all__ = ["Compilable"]


class Compilable:
    """The part of a model that knows what it is trained for."""

    optimizer: Any = None
    loss: Any = None
    run_eagerly = False
    _loss_weight: float | None = None
    _metrics: Metrics
    _penalized_training: bool | None = None  # whether the steps of a `fit` have losses to add
    compiled_with: dict[str, Any]  # the arguments, as given
    losses: list[Any]

    @property
    def output_names(self) -> list[str]:
        """What losses and metrics of several outputs are named after; [] where nobody knows."""
        return []

    def compile(
        self,
        optimizer: Any = "rmsprop",
        loss: Any = None,
        loss_weights: Any = None,
        metrics: Any = None,
        weighted_metrics: Any = None,
        run_eagerly: bool = False,
        steps_per_execution: int = 1,
        jit_compile: Any = "auto",
        auto_scale_loss: bool = True,
    ) -> None:
        """Choose the optimizer, the loss and the metrics, by name or as objects.

        Args:
            optimizer: a name or an object.
            loss: one, or a list or a dict (by name of the output) with one for each output.
            loss_weights: what the losses are multiplied with (not the penalties): a number, or a
                list or a dict where there are several outputs.
            metrics: a list; of lists, or a dict, where there are several outputs.
            weighted_metrics: those that see the weights of samples and classes.
            run_eagerly, steps_per_execution, jit_compile, auto_scale_loss: accepted for Keras'
                sake; every step runs eagerly.

        Raises:
            ValueError: an unknown name, metrics that are not a list, other counts than outputs.
        """
        must_be_initialised(self)
        positive_integer("steps_per_execution", steps_per_execution)
        names = self.output_names
        criterion, weight = chosen_loss(loss, loss_weights, names)
        measured = Metrics(metrics, weighted_metrics, names)
        self.optimizer = optimizers.get(optimizer)
        self.loss, self._metrics, self._loss_weight = criterion, measured, weight
        self.run_eagerly = bool(run_eagerly)
        self.compiled_with = {
            "loss": loss, "loss_weights": loss_weights, "metrics": metrics,
            "weighted_metrics": weighted_metrics,
        }  # fmt: skip

    @property
    def metrics(self) -> list[Any]:
        """The metrics of `compile`, as objects."""
        return [metric for _, metric, _, _ in self._metrics.entries]

    def compute_loss(
        self, x: Any = None, y: Any = None, y_pred: Any = None, sample_weight: Any = None,
        training: bool = True,
    ) -> Any:  # fmt: skip
        """The loss of a batch: that of `compile`, and what layers add."""
        penalties = [] if self._penalized_training is False else self.losses
        if self.loss is None:
            if not penalties:
                raise ValueError(
                    "No loss to compute. Provide a `loss` argument in `compile()`, or let a layer "
                    "call `add_loss`."
                )
            return sum(penalties[1:], start=penalties[0])
        if y is None:
            raise ValueError(
                "expected targets: the model was compiled with a loss. Received: y=None."
            )
        if y_pred is None:
            raise ValueError("compute_loss(x, y, y_pred, sample_weight): received y_pred=None.")
        if is_nested(y_pred) and not isinstance(self.loss, Losses):  # of a subclassed model
            self.loss = Losses(self.compiled_with["loss"], self.compiled_with["loss_weights"], [])
            self._loss_weight = None
        total = self.loss(y, y_pred, sample_weight)
        if self._loss_weight is not None:
            total = total * self._loss_weight
        for penalty in penalties:
            total = total + penalty
        return total

    def _must_be_compiled(self) -> None:
        if self.optimizer is None:
            raise ValueError("You must call `compile()` before using the model.")

    # --- what the logs say -----------------------------------------------------------------------

    def _reset(self) -> None:
        """Forget the batches seen."""
        self._metrics.reset()
        if isinstance(self.loss, Losses):
            self.loss.reset()

    def _logs(self, loss: float) -> Logs:
        """The metrics and the losses, in the order of their names."""
        logs = self._metrics.logs() | {"loss": loss}
        if isinstance(self.loss, Losses):
            logs |= self.loss.logs()
        return dict(sorted(logs.items()))

    def _listed(self, logs: Logs) -> Any:
        """The loss, those of several outputs, then the metrics; one alone is a number."""
        first = ["loss", *(self.loss.logs() if isinstance(self.loss, Losses) else ())]
        names = [name for name, *_ in self._metrics.entries]
        rest = names if self._metrics.count == 1 else sorted(names)
        values = [logs[name] for name in (*first, *rest)]
        return values if len(values) > 1 else values[0]

    def metric_of(self, name: str) -> Any:
        """The metric that the logs call so, None where there is none."""
        return next((m for known, m, _, _ in self._metrics.entries if known == name), None)
