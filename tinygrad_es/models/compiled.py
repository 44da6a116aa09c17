"""What `compile` is given: losses and metrics, matched with the outputs of the model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .. import losses
from ..metrics import Metric
from ..metrics import get as get_metric
from ..tree import is_nested, leaves

__all__ = ["Losses", "Metrics", "chosen_loss", "per_output"]


def loss_of(identifier: Any) -> Any:
    """A loss as an object that returns one number."""
    if identifier is None:
        return None
    found = losses.get(identifier)
    if found.reduction == "none":
        raise ValueError(
            "compile: expected a loss that is one number. Received: one with reduction='none'."
        )
    return found


def per_output(values: Any, names: Sequence[str], what: str) -> list[Any]:
    """One value for each output: of a list in order, or of a dict by name.

    Raises:
        ValueError: other counts or names.
    """
    if isinstance(values, dict):
        unknown = [key for key in values if key not in names]
        if unknown:
            raise ValueError(
                f"`{what}`: expected the names of outputs, {list(names)}. Received: {unknown}."
            )
        return [values.get(name) for name in names]
    listed = list(values) if isinstance(values, (list, tuple)) else [values]
    if len(listed) != len(names):
        raise ValueError(
            f"`{what}`: expected one for each of the {len(names)} outputs {list(names)}. Received: "
            f"{len(listed)}."
        )
    return listed


def of_single_output(value: Any, names: Sequence[str], what: str) -> Any:
    """What a dict has for the one output; anything else is itself.

    Raises:
        ValueError: the dict has other names.
    """
    if len(names) == 1 and isinstance(value, dict):
        return per_output(value, names, what)[0]
    return value


def chosen_loss(loss: Any, weights: Any, names: Sequence[str]) -> tuple[Any, Any]:
    """What `compile` was given, as a loss and its factor for one output, or as `Losses`."""
    if isinstance(loss, dict) and names:
        per_output(loss, names, "loss")  # says which names are unknown
    if isinstance(weights, dict) and names:
        per_output(weights, names, "loss_weights")
    if len(names) > 1 or (is_nested(loss) and len(leaves(loss)) != 1):
        if weights is not None and not is_nested(weights):
            raise ValueError(
                "Expected `loss_weights` argument to be a list or a dict for a model of several "
                f"outputs. Received: loss_weights={weights!r}."
            )
        return (None if loss is None else Losses(loss, weights, names)), None
    loss = leaves(loss)[0] if is_nested(loss) else loss
    if is_nested(weights) and len(leaves(weights)) == 1:
        weights = leaves(weights)[0]
    if weights is not None and not isinstance(weights, (int, float)):
        raise ValueError(
            "Expected `loss_weights` argument to be a float (or a list of one). Received: "
            f"loss_weights={weights!r}; metrics are given by name, metrics=[…]."
        )
    return loss_of(loss), weights


def names_of(y_pred: Any, known: Sequence[str]) -> list[str]:
    """How the outputs are called: keys of a dict, names of layers, else output_0, output_1, …"""
    if isinstance(y_pred, dict):
        return list(y_pred)
    count = len(leaves(y_pred))
    return list(known) if len(known) == count else [f"output_{i}" for i in range(count)]


class Losses:
    """The weighted sum of a loss for each output.

    Args:
        loss: one for all outputs, or a list or a dict of them (None: that output has none).
        weights: a list or a dict of numbers.
        known: the names of the model's outputs.
    """

    reduction = "sum_over_batch_size"

    def __init__(self, loss: Any, weights: Any, known: Sequence[str]) -> None:
        self.loss, self.weights, self.known = loss, weights, known
        self.names: list[str] = []
        self.parts: list[tuple[int, Any, float]] = []  # output, loss, weight
        if len(known) > 1:
            self._match(list(known))  # what does not fit is said at once
        self.reset()

    def _match(self, names: list[str]) -> None:
        given = self.loss if is_nested(self.loss) else [self.loss] * len(names)
        found = [loss_of(loss) for loss in per_output(given, names, "loss")]
        weights: list[Any] = [None] * len(names)
        if self.weights is not None:
            weights = per_output(self.weights, names, "loss_weights")
        self.names = names
        self.parts = [
            (i, loss, 1.0 if w is None else float(w))
            for i, (loss, w) in enumerate(zip(found, weights, strict=True))
            if loss is not None
        ]
        if not self.parts:
            raise ValueError(f"`loss`: expected one for some output. Received: {self.loss}.")

    def reset(self) -> None:
        """Forget the values of the batches seen."""
        self.totals = [0.0] * len(self.parts)
        self.samples = 0

    def __call__(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Any:
        outputs = leaves(y_pred)
        if not self.parts:
            self._match(names_of(y_pred, self.known))
            self.reset()
        targets = self._aligned(y_true)
        weights = aligned(sample_weight, self.names, "sample_weight")
        total: Any = None
        n = outputs[0].shape[0]
        self.samples += n
        for k, (i, loss, factor) in enumerate(self.parts):
            value = loss(targets[i], outputs[i], weights[i])
            self.totals[k] += float(value.value) * n
            value = value if factor == 1.0 else value * factor
            total = value if total is None else total + value
        return total

    def _aligned(self, y: Any) -> list[Any]:
        """The targets of the outputs; those without a loss may be left out."""
        if isinstance(y, (list, tuple)) and len(y) == len(self.parts) < len(self.names):
            found: list[Any] = [None] * len(self.names)
            for (i, _, _), target in zip(self.parts, y, strict=True):
                found[i] = target
            return found
        found = per_output(y, self.names, "y")
        missing = [self.names[i] for i, _, _ in self.parts if found[i] is None]
        if missing:
            raise ValueError(f"`y`: expected targets for the outputs {missing}. Received: none.")
        return found

    def logs(self) -> dict[str, float]:
        """The mean of each loss, without its weight, where there are several."""
        if len(self.parts) < 2:
            return {}
        count = max(self.samples, 1)
        return {
            f"{self.names[i]}_loss": total / count
            for (i, _, _), total in zip(self.parts, self.totals, strict=True)
        }


def aligned(values: Any, names: Sequence[str], what: str) -> list[Any]:
    """For each output its own, or the one there is for all."""
    if values is None or not is_nested(values):
        return [values] * len(names)
    return per_output(values, names, what)


class Metrics:
    """The metrics of the outputs under the names they have in the logs."""

    def __init__(self, metrics: Any, weighted: Any, known: Sequence[str]) -> None:
        for name, given in (("metrics", metrics), ("weighted_metrics", weighted)):
            if given is not None and not isinstance(given, (list, tuple, dict)):
                raise ValueError(
                    f"Expected `{name}` argument to be a list, tuple, or dict. Received instead: "
                    f"{name}={given} of type {type(given)}"
                )
        self.given = ((metrics, False), (weighted, True))
        self.known = known
        self.entries: list[tuple[str, Metric, int, bool]] = []  # name, metric, output, weighted
        self.count = 0
        plain = not any(is_nested(m) for given, _ in self.given for m in leaves_of(given))
        named = any(isinstance(given, dict) for given in (metrics, weighted))
        if known or (plain and not named):
            self._match(list(known) or [""])

    def _match(self, names: list[str]) -> None:
        self.count, entries = len(names), []
        taken: set[str] = set()
        for given, weighted in self.given:
            if not given:
                continue
            if len(names) == 1:
                of_one = isinstance(given, dict) and names != [""]
                rows = [leaves(per_output(given, names, "metrics") if of_one else given)]
            else:
                what = "weighted_metrics" if weighted else "metrics"
                rows = [leaves([row]) for row in per_output(given, names, what)]
            for i, row in enumerate(rows):
                for identifier in row:
                    if identifier is None:
                        continue
                    metric = get_metric(identifier)
                    prefix = f"{names[i]}_" if len(names) > 1 else ""
                    name = prefix + metric.name
                    if name in taken and weighted:
                        name = f"{prefix}weighted_{metric.name}"
                    base, k = name, 0
                    while name in taken:
                        k += 1
                        name = f"{base}_{k}"
                    taken.add(name)
                    entries.append((name, metric, i, weighted))
        self.entries = entries

    def update(self, y: Any, y_pred: Any, sample_weight: Any) -> None:
        """Let the metrics see a batch."""
        if not is_nested(y_pred):
            if self.count != 1:
                self._match([""])
            for _, metric, _, weighted in self.entries:
                target = leaves(y)[0] if is_nested(y) else y
                if weighted:
                    metric.update_state(target, y_pred.value, sample_weight)
                else:
                    metric.update_state(target, y_pred.value)
            return
        names = names_of(y_pred, self.known)
        if self.count != len(names):
            self._match(names)
        if not self.entries:
            return
        outputs, targets = leaves(y_pred), per_output(y, names, "y")
        weights = aligned(sample_weight, names, "sample_weight")
        for _, metric, i, weighted in self.entries:
            more = (weights[i],) if weighted else ()
            metric.update_state(targets[i], outputs[i].value, *more)

    def reset(self) -> None:
        for _, metric, _, _ in self.entries:
            metric.reset_state()

    def logs(self) -> dict[str, Any]:
        return {name: plain(metric.result()) for name, metric, _, _ in self.entries}


def plain(value: Any) -> Any:
    """A number that came as a Tensor or an array of one element."""
    return value.item() if getattr(value, "size", 0) == 1 and hasattr(value, "item") else value


def leaves_of(given: Any) -> list[Any]:
    """The entries of a list or the values of a dict."""
    return list(given.values()) if isinstance(given, dict) else list(given or [])
