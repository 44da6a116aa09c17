"""Rosenblatt's perceptron: threshold logic units, and the rule by which they learn."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import activations
from ..autodiff.tensor import as_tensor
from ..callbacks import CallbackList, Logs
from ..layers.dense import Dense
from .data import Data
from .model import Model

__all__ = ["Perceptron"]


def sign(x: Any) -> Any:
    """−1 below 0, and 1 from 0 on: the perceptron's sign decides at 0 too."""
    return 2.0 * activations.step(x) - 1.0


class Perceptron(Model):
    """A layer of threshold logic units Φ(x·W + b), which learns from its mistakes.

    Sample by sample, each unit whose output is wrong moves its weights towards the sample or away
    from it: w ← w + η·(t − ŷ)·x for labels 0 and 1, the same as w ← w + η·t·x for labels −1 and 1;
    b as the weight of an input that is always 1. Weights start at 0.

    `fit` takes what every model's takes (only the order of the samples matters, not how many make
    a batch) and stops after an epoch without a mistake: then `converged` is True. That happens if
    the classes are linearly separable (Novikoff 1962) and the epochs suffice; XOR never is. The
    History counts the samples that were wrong when their turn came, `"mistakes"`.

    Args:
        units: the number of outputs; each learns by itself.
        activation: Φ, "step" (labels 0 and 1) or "sign" (labels −1 and 1), both 1 at 0; or a
            function of two values, as `activations.sign`, which is 0, and so wrong, at 0.
        learning_rate: η; from weights 0 it scales them and changes no decision.

    Attributes:
        dense: the layer with `kernel` W, (inputs, units), and `bias` b, (units,).
        converged: whether the last epoch had no mistake; None before `fit`.

    Source: Rosenblatt 1958, "The perceptron", Psychological Review 65.

    Raises:
        ValueError: an activation that is no threshold; η ≤ 0; labels that Φ does not return.

    >>> import numpy as np
    >>> from tinygrad_es.models import Perceptron
    >>> x = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
    >>> model = Perceptron()
    >>> history = model.fit(x, [0, 0, 0, 1], epochs=100, shuffle=False, verbose=0)
    >>> history.history["mistakes"]
    [2, 3, 3, 2, 1, 0]
    >>> model.dense.kernel.ravel().tolist(), model.dense.bias.tolist(), model.converged
    ([2.0, 1.0], [-3.0], True)
    >>> _ = model.fit(x, [0, 1, 1, 0], epochs=100, verbose=0)  # XOR
    >>> model.converged
    False
    """

    converged: bool | None

    def __init__(
        self,
        units: int = 1,
        activation: Any = "step",
        learning_rate: float = 1.0,
        *,
        name: str | None = None,
    ) -> None:
        super().__init__(name=name)
        phi = sign if activation == "sign" else activations.get(activation)
        self.low, low, self.high, high = phi(np.array([-1.0, -9.0, 1.0, 9.0])).tolist()
        if not self.low == low < high == self.high:
            raise ValueError(
                "`activation` must be 'step', 'sign' or a function of one value below 0 and a "
                f"larger one above. Received: activation={activation!r}"
            )
        if not learning_rate > 0:
            raise ValueError(f"`learning_rate` must be > 0. Received: {learning_rate!r}")
        self.learning_rate = learning_rate
        self.dense = Dense(units, phi, kernel_initializer="zeros")
        self.mistakes, self.converged = 0, None
        self.compile(loss="mae")  # the rule below needs neither a loss nor an optimizer

    def call(self, x: Any) -> Any:
        return self.dense(x)

    def train_step(self, x: Any, y: Any, sample_weight: Any = None) -> tuple[Any, Any]:
        """The learning rule, sample by sample; returns the loss and what was predicted."""
        w, b = self.dense.get_weights()
        rates = np.full(len(x), self.learning_rate * self.dense.trainable)
        if sample_weight is not None:
            rates *= sample_weight
        predicted = []
        for sample, target, rate in zip(x, y.reshape(len(x), -1), rates, strict=True):
            output = self.dense.activation(sample @ w + b).numpy()
            wrong = output != target
            step = rate * wrong * np.where(target == self.high, 1.0, -1.0)
            w += np.outer(sample, step)
            b += step
            self.mistakes += int(wrong.any())
            predicted.append(output)
        self.dense.set_weights([w, b])
        y_pred = as_tensor(np.array(predicted))
        return self.compute_loss(x, y, y_pred, sample_weight), y_pred

    def _epoch(self, source: Any, hooks: CallbackList) -> Logs:
        self.mistakes = 0
        logs = super()._epoch(source, hooks)
        self.converged = self.mistakes == 0
        self.stop_training = self.stop_training or self.converged
        return {**logs, "mistakes": self.mistakes}

    def _prepared(self, x: Any, y: Any = None, sample_weight: Any = None) -> Data:
        data = super()._prepared(x, y, sample_weight)
        if data.y is not None:
            labels, units = np.unique(data.y), data.y[0].size
            if not np.isin(labels, [self.low, self.high]).all() or units != self.dense.units:
                raise ValueError(
                    f"Perceptron: expected labels {self.low:g} and {self.high:g}, "
                    f"{self.dense.units} for each sample. Received: labels "
                    f"{labels[:5].tolist()}, {units} for each sample. "
                    "Labels 0 and 1 need activation='step', −1 and 1 activation='sign'."
                )
        return data
