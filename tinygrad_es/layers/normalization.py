"""Layers that bring their input to mean 0 and variance 1, then scale and shift it."""

from __future__ import annotations

from typing import Any

from .. import initializers, ops
from .activation import Elementwise
from .layer import Shape
from .weighted import WeightedLayer

__all__ = ["BatchNormalization", "LayerNormalization"]


class ScaledAndShifted(Elementwise, WeightedLayer):
    """The base: γ (scale) and β (shift) along the normalized axes."""

    def __init__(
        self,
        epsilon: float,
        center: bool,
        scale: bool,
        beta_initializer: Any = "zeros",
        gamma_initializer: Any = "ones",
        beta_regularizer: Any = None,
        gamma_regularizer: Any = None,
        beta_constraint: Any = None,
        gamma_constraint: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.epsilon, self.center, self.scale = epsilon, center, scale
        self.choose("beta", beta_initializer, beta_regularizer, beta_constraint)
        self.choose("gamma", gamma_initializer, gamma_regularizer, gamma_constraint)
        self.gamma: Any = None
        self.beta: Any = None

    def add_scale_and_shift(self, shape: Any) -> None:
        if self.scale:
            self.gamma = self.add_chosen("gamma", shape)
        if self.center:
            self.beta = self.add_chosen("beta", shape)

    def scaled_and_shifted(self, x: Any, mean: Any, variance: Any, shape: Any) -> Any:
        """γ·(x − mean)/√(variance + ε) + β, the weights in a shape that broadcasts to x."""
        size = 1.0 / ops.sqrt(variance + self.epsilon)
        if self.gamma is not None:
            size = size * self.gamma.reshape(shape)
        y = (x - mean) * size
        return y if self.beta is None else y + self.beta.reshape(shape)

    def get_config(self) -> dict[str, Any]:
        own = {"epsilon": self.epsilon, "center": self.center, "scale": self.scale}
        return super().get_config() | own


class BatchNormalization(ScaledAndShifted):
    """γ·(x − μ)/√(σ² + ε) + β with the batch's μ and σ² per feature while training.

    In inference, and where `trainable` is False, the running means of both take their place:
    m ← momentum·m + (1 − momentum)·(the batch's); σ² is the biased variance, as in Keras.

    Args:
        axis: the axis of the features.
        momentum: memory of the running means.
        epsilon: ε.
        center, scale: whether there are β and γ.
        beta_…, gamma_…, moving_mean_initializer, moving_variance_initializer: of the weights.

    Weights: gamma, beta, moving_mean, moving_variance. Source: Ioffe & Szegedy 2015; Keras 3.
    """

    def __init__(
        self,
        axis: int = -1,
        momentum: float = 0.99,
        epsilon: float = 1e-3,
        center: bool = True,
        scale: bool = True,
        *,
        moving_mean_initializer: Any = "zeros",
        moving_variance_initializer: Any = "ones",
        **kwargs: Any,
    ) -> None:
        super().__init__(epsilon, center, scale, **kwargs)
        self.axis, self.momentum = int(axis), float(momentum)
        self.moving_mean_initializer = initializers.get(moving_mean_initializer)
        self.moving_variance_initializer = initializers.get(moving_variance_initializer)

    def build(self, input_shape: Shape) -> None:
        n = input_shape[self.axis]
        if n is None:
            raise ValueError(
                f"BatchNormalization: the length of axis {self.axis} must be known. Received: "
                f"input_shape={input_shape}."
            )
        self.add_scale_and_shift((n,))
        self.moving_mean = self.add_weight(
            (n,), self.moving_mean_initializer, trainable=False, name="moving_mean"
        )
        self.moving_variance = self.add_weight(
            (n,), self.moving_variance_initializer, trainable=False, name="moving_variance"
        )

    def call(self, x: Any, training: bool = False) -> Any:
        axis = self.axis % x.ndim
        others = tuple(i for i in range(x.ndim) if i != axis)
        shape = tuple(n if i == axis else 1 for i, n in enumerate(x.shape))
        if training and self.trainable:
            mean = ops.mean(x, axis=others, keepdims=True)
            variance = ops.mean(ops.square(x - mean), axis=others, keepdims=True)
            for moving, now in ((self.moving_mean, mean), (self.moving_variance, variance)):
                new = now.value.reshape(-1)
                moving.overwrite(moving.value * self.momentum + new * (1.0 - self.momentum))
        else:
            mean, variance = self.moving_mean.reshape(shape), self.moving_variance.reshape(shape)
        return self.scaled_and_shifted(x, mean, variance, shape)

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {
            "axis": self.axis,
            "momentum": self.momentum,
            "moving_mean_initializer": initializers.serialize(self.moving_mean_initializer),
            "moving_variance_initializer": initializers.serialize(self.moving_variance_initializer),
        }


class LayerNormalization(ScaledAndShifted):
    """γ·(x − μ)/√(σ² + ε) + β with μ and σ² of each sample along an axis (or several).

    Args:
        axis: along which mean and variance are taken.
        epsilon: ε.
        center, scale: whether there are β and γ.
        beta_…, gamma_…: initializers, regularizers and constraints of the weights.

    Source: Ba et al. 2016 (arXiv 1607.06450); Keras 3.
    """

    def __init__(
        self,
        axis: Any = -1,
        epsilon: float = 1e-3,
        center: bool = True,
        scale: bool = True,
        **kwargs: Any,
    ) -> None:
        super().__init__(epsilon, center, scale, **kwargs)
        self.axis = list(axis) if isinstance(axis, (list, tuple)) else axis

    def _axes(self, ndim: int) -> tuple[int, ...]:
        axes = self.axis if isinstance(self.axis, list) else [self.axis]
        return tuple(sorted(a % ndim for a in axes))

    def build(self, input_shape: Shape) -> None:
        lengths = [input_shape[a] for a in self._axes(len(input_shape))]
        self.add_scale_and_shift(lengths)

    def call(self, x: Any) -> Any:
        axes = self._axes(x.ndim)
        shape = tuple(n if i in axes else 1 for i, n in enumerate(x.shape))
        mean = ops.mean(x, axis=axes, keepdims=True)
        variance = ops.mean(ops.square(x - mean), axis=axes, keepdims=True)
        return self.scaled_and_shifted(x, mean, variance, shape)

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"axis": self.axis}
