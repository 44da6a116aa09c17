"""tinygrad_es: reverse-mode automatic differentiation on NumPy, drawn and explained.

One table of derivatives read four ways (floats, arrays, graph, text); one recorded graph, many
views. Model names follow Keras 3, Tensor names PyTorch and NumPy.

>>> import tinygrad_es as tg
>>> x = tg.Tensor(3.0, requires_grad=True)
>>> y = x**2 + 1
>>> y.backward()
>>> x.grad
tensor(6.0)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from . import ops
from .autodiff import protocols as _protocols  # noqa: F401 - puts NumPy's protocols on Tensor
from .autodiff.config import floatx, set_floatx
from .autodiff.errors import AnomalyError, GradientError, ShapeError
from .autodiff.modes import (
    detect_anomaly,
    enable_grad,
    is_grad_enabled,
    no_grad,
    set_grad_enabled,
    training,
)
from .autodiff.primitive import Primitive, primitive
from .autodiff.tensor import Tensor, as_tensor
from .autodiff.transforms import grad, hessian, hvp, jacobian, jvp, value_and_grad, vjp
from .languages import language, set_language

if TYPE_CHECKING:
    from . import (
        activations,
        backend,
        callbacks,
        constraints,
        datasets,
        initializers,
        layers,
        losses,
        metrics,
        models,
        optimizers,
        plots,
        regularizers,
        saving,
        testing,
        utils,
    )
    from .check import (
        assert_backprop,
        assert_gradients,
        check_backprop,
        check_gradients,
        check_primitive,
    )
    from .layers import Input, Layer
    from .models import Model, Sequential, gradient_flow
    from .views import backward_source, draw, explain

__version__ = "0.1.0"

# what is heavier than the engine loads on first use: the import costs little more than NumPy's
_MODULES = frozenset(
    [
        *("activations", "backend", "callbacks", "check", "constraints", "datasets"),
        *("initializers", "saving"),
        *("layers", "losses", "metrics", "models", "optimizers", "plots", "regularizers"),
        *("testing", "utils", "views"),
    ]
)
_NAMES = {
    "Input": "layers",
    "Layer": "layers",
    "Model": "models",
    "Sequential": "models",
    "assert_backprop": "check",
    "assert_gradients": "check",
    "backward_source": "views",
    "check_backprop": "check",
    "check_gradients": "check",
    "check_primitive": "check",
    "draw": "views",
    "explain": "views",
    "gradient_flow": "models",
}

__all__ = [
    "AnomalyError",
    "GradientError",
    "Input",
    "Layer",
    "Model",
    "Primitive",
    "Sequential",
    "ShapeError",
    "Tensor",
    "activations",
    "as_tensor",
    "assert_backprop",
    "assert_gradients",
    "backend",
    "backward_source",
    "callbacks",
    "check_backprop",
    "check_gradients",
    "check_primitive",
    "constraints",
    "datasets",
    "detect_anomaly",
    "draw",
    "enable_grad",
    "explain",
    "floatx",
    "grad",
    "gradient_flow",
    "hessian",
    "hvp",
    "initializers",
    "is_grad_enabled",
    "jacobian",
    "jvp",
    "language",
    "layers",
    "losses",
    "metrics",
    "models",
    "no_grad",
    "ops",
    "optimizers",
    "plots",
    "primitive",
    "regularizers",
    "saving",
    "set_floatx",
    "set_grad_enabled",
    "set_language",
    "testing",
    "training",
    "utils",
    "value_and_grad",
    "vjp",
]


def __getattr__(name: str) -> Any:
    import importlib

    if name in _MODULES:
        return importlib.import_module(f".{name}", __name__)
    if name in _NAMES:
        value = getattr(importlib.import_module(f".{_NAMES[name]}", __name__), name)
        globals()[name] = value
        return value
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__, *_MODULES})
