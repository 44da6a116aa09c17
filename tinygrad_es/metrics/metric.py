"""The base of metrics: numbers that grow with the batches of an epoch."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .. import initializers
from ..autodiff.tensor import Tensor
from ..registry import snake_case

__all__ = ["Mean", "MeanMetricWrapper", "Metric", "Sum", "array"]


def array(x: Any) -> Any:
    """The numbers of anything, without a graph."""
    return x.numpy() if type(x) is Tensor else np.asarray(x)


class Metric:
    """Base: `update_state(y_true, y_pred, sample_weight)`, `result()`, `reset_state()`.

    Args:
        name: in the logs; default: the class in snake case.
        dtype: accepted for Keras' sake; metrics count in float64.

    >>> class Largest(Metric):
    ...     def __init__(self, name="largest", **kwargs):
    ...         super().__init__(name, **kwargs)
    ...         self.error = self.add_variable(name="error")
    ...     def update_state(self, y_true, y_pred, sample_weight=None):
    ...         self.error.assign(max(self.error.item(), abs(y_true - y_pred).max()))
    ...     def result(self):
    ...         return self.error
    >>> m = Largest()
    >>> m(np.array([1.0, 2.0]), np.array([1.5, 4.0])).item()
    2.0
    """

    direction: str | None = None  # "up" or "down" where one of them is better

    def __init__(self, name: str | None = None, dtype: Any = None) -> None:
        self.name = name or snake_case(type(self).__name__)
        self.reset_state()

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        raise TypeError(f"{type(self).__name__} has no update_state of its own")

    def result(self) -> Any:
        raise TypeError(f"{type(self).__name__} has no result of its own")

    def add_variable(
        self,
        shape: Any = (),
        initializer: Any = "zeros",
        dtype: Any = None,
        aggregation: Any = None,
        name: str | None = None,
    ) -> Tensor:
        """A Tensor that grows with the batches, and starts again with each epoch.

        Args:
            shape, initializer: its lengths, and what it starts with.
            dtype: default: float64.
            aggregation: accepted for Keras' sake.
            name: shown with it.
        """
        start = np.asarray(initializers.get(initializer)(tuple(shape), "float64"))
        variable = Tensor(start.astype(dtype or "float64"), name=name)
        vars(self).setdefault("variables", []).append((variable, variable.numpy().copy()))
        return variable

    add_weight = add_variable

    def reset_state(self) -> None:
        """Forget everything that was seen: variables are as they were made."""
        for variable, start in vars(self).get("variables", ()):
            variable.assign(start.copy())

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """`update_state`, then `result`."""
        self.update_state(*args, **kwargs)
        return self.result()

    def get_config(self) -> dict[str, Any]:
        """The arguments that make this metric again."""
        return {"name": self.name}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Metric:
        return cls(**config)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} name={self.name}>"


class Sum(Metric):
    """The (weighted) sum of all values seen.

    >>> m = Sum()
    >>> m.update_state([1.0, 2.0])
    >>> m.result()
    3.0
    """

    def reset_state(self) -> None:
        self.total = 0.0

    def update_state(  # type: ignore[override]  # as Keras
        self, values: Any, sample_weight: Any = None
    ) -> None:
        self.total += float(weighted(values, sample_weight)[0].sum())

    def result(self) -> float:
        return self.total


class Mean(Metric):
    """The (weighted) mean of all values seen.

    >>> m = Mean()
    >>> m.update_state([1.0, 2.0], sample_weight=[3.0, 1.0])
    >>> m.result()
    1.25
    """

    def reset_state(self) -> None:
        self.total, self.count = 0.0, 0.0

    def update_state(  # type: ignore[override]  # as Keras
        self, values: Any, sample_weight: Any = None
    ) -> None:
        values, weight = weighted(values, sample_weight)
        self.total += float(values.sum())
        self.count += values.size if weight is None else float(weight.sum())

    def result(self) -> float:
        return self.total / self.count if self.count else 0.0


def weighted(values: Any, sample_weight: Any) -> tuple[Any, Any]:
    """The values times their weights, and the weights in the shape of the values."""
    values = np.asarray(array(values), dtype=np.float64)
    if sample_weight is None:
        return values, None
    weight = np.asarray(array(sample_weight), dtype=np.float64)
    if weight.ndim == values.ndim + 1 and weight.shape[-1] == 1:
        weight = weight[..., 0]
    while weight.ndim > values.ndim:
        weight = weight.mean(axis=-1)
    weight = weight.reshape(weight.shape + (1,) * (values.ndim - weight.ndim))
    weight = np.broadcast_to(weight, values.shape)
    return values * weight, weight


class MeanMetricWrapper(Mean):
    """The mean of a function's values per sample, over all samples seen since the last reset.

    >>> m = MeanMetricWrapper(lambda t, p: abs(t - p), "distance")
    >>> m.update_state(np.array([0.0, 1.0]), np.array([0.5, 0.5]))
    >>> m.result()
    0.5
    """

    def __init__(
        self,
        fn: Callable[..., Any],
        name: str | None = None,
        dtype: Any = None,
        **options: Any,
    ) -> None:
        super().__init__(name or getattr(fn, "__name__", None), dtype)
        self.fn, self.options = fn, options

    def update_state(  # type: ignore[override]  # of Metric, not of Mean
        self, y_true: Any, y_pred: Any, sample_weight: Any = None
    ) -> None:
        super().update_state(self.fn(y_true, y_pred, **self.options), sample_weight)

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | self.options
