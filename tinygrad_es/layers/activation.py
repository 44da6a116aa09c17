"""Activations as layers of their own."""

from __future__ import annotations

from typing import Any

from .. import activations, ops
from .layer import Layer, Shape
from .weighted import WeightedLayer

__all__ = ["ELU", "Activation", "LeakyReLU", "PReLU", "ReLU", "Softmax"]


class Elementwise(Layer):
    """A layer that returns what it gets in the same shape."""

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return input_shape


class Activation(Elementwise):
    """Apply a function by its name: `Activation("tanh")`.

    >>> import numpy as np
    >>> from tinygrad_es.layers import Activation
    >>> Activation("relu")(np.array([[-1.0, 2.0]], "float32"))
    tensor([[0., 2.]])
    """

    def __init__(self, activation: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.activation = activations.get(activation)

    def call(self, x: Any) -> Any:
        return self.activation(x)

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"activation": activations.serialize(self.activation)}


class ReLU(Elementwise):
    """max(0, x); in general as `activations.relu`.

    Args:
        max_value: the largest value, None for no limit.
        negative_slope: of what is below the threshold.
        threshold: where the slope changes.
    """

    def __init__(
        self,
        max_value: float | None = None,
        negative_slope: float = 0.0,
        threshold: float = 0.0,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        limits = {"max_value": max_value, "negative_slope": negative_slope, "threshold": threshold}
        for key, value in limits.items():
            if (value is None and key != "max_value") or (value is not None and value < 0):
                raise ValueError(
                    f"{key} of a ReLU layer cannot be a negative value. Received: {key}={value}"
                )
        self.max_value, self.negative_slope = max_value, negative_slope
        self.threshold = threshold

    def call(self, x: Any) -> Any:
        return activations.relu(x, self.negative_slope, self.max_value, self.threshold)

    def get_config(self) -> dict[str, Any]:
        keys = ("max_value", "negative_slope", "threshold")
        return super().get_config() | {k: getattr(self, k) for k in keys}


class LeakyReLU(Elementwise):
    """x where x > 0, else slope·x; `alpha` is Keras 2's name of the slope."""

    def __init__(
        self, negative_slope: float = 0.3, *, alpha: float | None = None, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        slope = negative_slope if alpha is None else alpha
        if slope is None or slope < 0:
            raise ValueError(
                "The negative_slope value of a Leaky ReLU layer cannot be None or negative value. "
                f"Expected a float. Received: negative_slope={slope}"
            )
        self.negative_slope = slope

    def call(self, x: Any) -> Any:
        return activations.leaky_relu(x, self.negative_slope)

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"negative_slope": self.negative_slope}


class ELU(Elementwise):
    """x where x > 0, else α·(eˣ − 1)."""

    def __init__(self, alpha: float = 1.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.alpha = alpha

    def call(self, x: Any) -> Any:
        return activations.elu(x, self.alpha)

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"alpha": self.alpha}


class Softmax(Elementwise):
    """e^x / Σe^x along an axis."""

    def __init__(self, axis: int = -1, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.axis = axis

    def call(self, x: Any) -> Any:
        return activations.softmax(x, self.axis)

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"axis": self.axis}


class PReLU(Elementwise, WeightedLayer):
    """x where x > 0, else α·x with a learned α for each input.

    Args:
        alpha_initializer, alpha_regularizer, alpha_constraint: of α.
        shared_axes: axes along which one α serves, as (1, 2) of images.

    Source: He et al. 2015 (arXiv 1502.01852).
    """

    def __init__(
        self,
        alpha_initializer: Any = "zeros",
        alpha_regularizer: Any = None,
        alpha_constraint: Any = None,
        shared_axes: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.choose("alpha", alpha_initializer, alpha_regularizer, alpha_constraint)
        axes = [shared_axes] if isinstance(shared_axes, int) else shared_axes
        self.shared_axes = None if axes is None else list(axes)

    def build(self, input_shape: Shape) -> None:
        shape = list(input_shape[1:])
        for axis in self.shared_axes or ():
            shape[axis - 1] = 1
        self.alpha = self.add_chosen("alpha", [n or 1 for n in shape])

    def call(self, x: Any) -> Any:
        return ops.relu(x) - self.alpha * ops.relu(-x)

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"shared_axes": self.shared_axes}
