"""`gradient_flow`: how the gradient of one batch flows through a model, or of one loss back."""

from __future__ import annotations

import copy
import random as python_random
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..autodiff.backward import seed
from ..autodiff.errors import GradientError, describe
from ..autodiff.order import topological
from ..autodiff.sweep import sweep
from ..autodiff.tensor import Tensor
from ..flow import Flow, first_nan, flow_of, is_finite, numbers_of
from ..ops import random
from .data import warn_of_nan
from .trainer import Trainer

__all__ = ["gradient_flow"]


def gradient_flow(model: Any, x: Any = None, y: Any = None, sample_weight: Any = None) -> Flow:
    """How the gradient of one batch flows through the layers; nothing is changed.

    The step is made on a copy of the model (with its optimizer, as `fit` would, dropout and batch
    norm as while training), so weights, state of the optimizer, running means, metrics and random
    numbers stay as they are.

    Args:
        model: compiled and built; or a loss, a recorded Tensor: then its own graph is read.
        x, y, sample_weight: one batch, as for `fit`; all of it is computed at once.

    Returns:
        A `Flow`: `.layers` with their numbers, `.flags`, `.healthy`, `.first_nan`, `.table()`
        (what `print` prints), `.plot()`.

    Raises:
        ValueError: not compiled or not built; no trainable weights; x and y that do not fit.
        TypeError: neither a model nor a Tensor.
        GradientError: a loss that depends on nothing that requires grad, or is not one number.

    >>> import numpy as np
    >>> from tinygrad_es import Sequential, gradient_flow, layers
    >>> deep = [layers.Dense(16, "sigmoid", name=f"h{i}") for i in range(10)]
    >>> model = Sequential([layers.Input((3,)), *deep, layers.Dense(1)])
    >>> model.compile("sgd", "mse")
    >>> flow = gradient_flow(model, np.ones((8, 3)), np.ones((8, 1)))
    >>> flow.flags["h0"], flow.layers[0].arrives < 1e-5, flow.layers[-1].arrives
    (('vanishing',), True, 1.0)
    """
    if isinstance(model, Tensor):
        if x is not None or y is not None or sample_weight is not None:
            raise TypeError("gradient_flow: a loss alone, or a model with x and y.")
        return _of_loss(model)
    if not isinstance(model, Trainer):
        raise TypeError(
            "gradient_flow: expected a model, or a loss that is a recorded Tensor. Received: "
            f"{describe(model)}."
        )
    model._must_be_compiled()
    if not model.built:
        raise ValueError(
            f"gradient_flow: the model {getattr(model, 'name', '')!r} has no weights yet. Build it "
            "with model.build((None, …)), an Input(…) as first layer, or fit."
        )
    if not model.trainable_weights:
        raise ValueError("gradient_flow: the model does not have any trainable weights.")
    data = model._prepared(x, y, sample_weight)
    if data.y is None and model.loss is not None:
        raise ValueError("gradient_flow: expected targets. Received: y=None.")
    warn_of_nan(data)
    library, python = random.generator().bit_generator.state, python_random.getstate()
    of_numpy = np.random.get_state()  # noqa: NPY002 - a layer of the user may draw with it
    try:
        return _of_step(copy.deepcopy(model), *data)
    finally:
        random.generator().bit_generator.state = library
        python_random.setstate(python)
        np.random.set_state(of_numpy)  # noqa: NPY002 - see above


def _of_step(model: Any, x: Any, y: Any, sample_weight: Any) -> Flow:
    """The flow of a whole step of a model, which it changes."""
    parameters, optimizer = model.trainable_weights, model.optimizer
    for p in parameters:
        p.grad = None
    y_pred = model(x, training=True)
    loss = model.compute_loss(x=x, y=y, y_pred=y_pred, sample_weight=sample_weight)
    scale = optimizer.loss_scale_factor or 1.0
    if not loss.tracked:
        raise ValueError("gradient_flow: the loss does not depend on any trainable weight.")
    optimizer.scale_loss(loss).backward()
    numbers = [numbers_of(p._grad, p.size, scale) for p in parameters]
    origin = _origin(loss, numbers, scale)
    before = [p.value if type(p.value) is float else p.value.copy() for p in parameters]
    with np.errstate(all="ignore"):
        optimizer.step(parameters)
    flow = flow_of(loss, parameters, numbers, before)
    flow.first_nan = origin
    return flow


def _of_loss(loss: Tensor) -> Flow:
    """The flow back from a recorded loss; no `.grad` is touched."""
    start = seed(loss, None)
    if loss.op is None:
        raise GradientError("gradient_flow: the loss is itself what requires grad: no operation.")
    found = sweep([(loss, start)], hooks=False)
    gradients = {node.index: g for node, g in found}
    parameters = [n for n in reversed(topological([loss])) if n.op is None]
    numbers = [numbers_of(gradients.get(p.index), p.size) for p in parameters]
    flow = flow_of(loss, parameters, numbers)
    flow.first_nan = _origin(loss, numbers, 1.0)
    return flow


def _origin(loss: Tensor, numbers: Sequence[Any], scale: float) -> Any:
    fine = is_finite(loss.value) and all(np.isfinite(n.squares) for n in numbers)
    return None if fine else first_nan(loss, scale)
