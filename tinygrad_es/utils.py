"""Small helpers with the names of `keras.utils`."""

from __future__ import annotations

import random
from typing import Any

import numpy as np

from .autodiff.errors import describe
from .layers.layer import clear_session
from .ops import random as library
from .registry import CUSTOM, custom_object_scope, register_keras_serializable
from .views.figures.engines import NoEngine
from .views.figures.pictures import Drawing

__all__ = [
    "PyDataset",
    "Sequence",
    "clear_session",
    "custom_object_scope",
    "get_custom_objects",
    "model_to_dot",
    "normalize",
    "plot_model",
    "register_keras_serializable",
    "set_random_seed",
    "to_categorical",
]


def set_random_seed(seed: int) -> None:
    """Seed Python, NumPy and this library: weights, shuffling and dropout repeat bit for bit.

    Raises:
        ValueError: not an integer of 32 bits.

    >>> from tinygrad_es import initializers
    >>> set_random_seed(1)
    >>> a = initializers.get("glorot_uniform")((2, 3))
    >>> set_random_seed(1)
    >>> bool((a == initializers.get("glorot_uniform")((2, 3))).all())
    True
    """
    if isinstance(seed, bool) or not isinstance(seed, (int, np.integer)) or not 0 <= seed < 2**32:
        raise ValueError(
            f"Expected `seed` argument to be an integer from 0 to 2**32 - 1. Received: seed={seed}."
        )
    random.seed(int(seed))
    np.random.seed(int(seed))  # noqa: NPY002 - what the user draws with it repeats too
    library.seed(int(seed))


def get_custom_objects() -> dict[str, Any]:
    """The classes and functions of your own that configurations may name: a dict to add to."""
    return CUSTOM


def to_categorical(x: Any, num_classes: int | None = None) -> Any:
    """One-hot rows of class numbers.

    Args:
        x: integers from 0, of any shape (a last axis of length 1 is dropped).
        num_classes: default: the largest of x, plus 1.

    >>> to_categorical([0, 2, 1])
    array([[1., 0., 0.],
           [0., 0., 1.],
           [0., 1., 0.]])
    """
    found = np.asarray(x)
    if found.dtype.kind not in "iubf" or (found != np.floor(found)).any():
        raise ValueError(
            f"to_categorical: expected integers. Received: {describe(found)}; numbers for names: "
            "names, x = np.unique(x, return_inverse=True)."
        )
    labels = found.astype(np.int64)
    if labels.ndim > 1 and labels.shape[-1] == 1:
        labels = labels[..., 0]
    count = (int(labels.max()) + 1 if labels.size else 0) if num_classes is None else num_classes
    if labels.size and not (labels.min() >= 0 and labels.max() < count):
        raise ValueError(
            f"to_categorical: expected class numbers from 0 to {count - 1}. Received: numbers from "
            f"{labels.min()} to {labels.max()}."
        )
    return np.eye(count)[labels]


def normalize(x: Any, axis: int = -1, order: int = 2) -> Any:
    """x / ‖x‖ along an axis; what is 0 stays 0.

    >>> normalize([[3.0, 4.0]])
    array([[0.6, 0.8]])
    """
    values = np.asarray(x)
    norms = np.atleast_1d(np.linalg.norm(values, order, axis))
    norms[norms == 0] = 1
    return values / np.expand_dims(norms, axis)


SPLINES = ("ortho", "curved", "polyline", "spline", "line")


def plot_model(
    model: Any,
    to_file: Any = "model.png",
    show_shapes: bool = False,
    show_dtype: bool = False,
    show_layer_names: bool = False,
    rankdir: str = "TB",
    expand_nested: bool = False,
    dpi: float = 200,
    show_layer_activations: bool = False,
    show_trainable: bool = False,
    splines: str = "ortho",
    **kwargs: Any,
) -> Drawing:
    """Draw the layers of a model into a file, and return the drawing, which notebooks show.

    Args:
        model: one that is built.
        to_file: a path that ends in .svg, .dot, .mmd, .md, .png or .pdf (of these only the last
            two need a Graphviz); without an ending it is a PNG; None: no file.
        show_shapes: the shapes of inputs and outputs.
        show_dtype: the type of the numbers.
        show_layer_names: names beside the classes.
        rankdir: "TB" from top to bottom, "LR" from left to right.
        expand_nested: open the models inside; each of their layers says in which it is.
        dpi: dots per inch of a PNG.
        show_layer_activations: the activation of layers that have one.
        show_trainable: whether a layer's weights are trained.
        splines: how Graphviz draws arrows: "ortho", "curved", "polyline", "spline" or "line".

    Raises:
        ValueError: the model is not built; an unknown argument or ending.
        ImportError: .png or .pdf without a Graphviz.

    >>> import tempfile
    >>> from tinygrad_es import Sequential, layers
    >>> model = Sequential([layers.Input((4,)), layers.Dense(2), layers.Dense(3)])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     plot_model(model, f"{folder}/model.svg", show_shapes=True)
    <Drawing of 2 nodes; .svg(), .dot(), .save('graph.svg')>
    """
    drawing = model_to_dot(
        model, show_shapes, show_dtype, show_layer_names, rankdir, expand_nested, dpi,
        show_layer_activations=show_layer_activations, show_trainable=show_trainable,
        splines=splines, **kwargs,
    )  # fmt: skip
    if to_file is not None:
        try:
            drawing.save(to_file, ending=".png")
        except NoEngine as error:
            raise ImportError(f"plot_model: {error}") from None
    return drawing


def model_to_dot(
    model: Any,
    show_shapes: bool = False,
    show_dtype: bool = False,
    show_layer_names: bool = True,
    rankdir: str = "TB",
    expand_nested: bool = False,
    dpi: float = 200,
    subgraph: bool = False,
    show_layer_activations: bool = False,
    show_trainable: bool = False,
    splines: str = "ortho",
    **kwargs: Any,
) -> Drawing:
    """The drawing of `plot_model`, without a file: `.dot()` is its text.

    Raises:
        ValueError: the model is not built; an unknown argument; `subgraph`, a part of a drawing
            of pydot's.

    >>> from tinygrad_es import Sequential, layers
    >>> model = Sequential([layers.Input((4,)), layers.Dense(2, name="hidden")])
    >>> model_to_dot(model).dot().splitlines()[-2].split(",")[0]
    '  n0 [label=<<B>hidden (Dense)</B>>'
    """
    if kwargs.pop("layer_range", None) is not None:
        raise ValueError("Argument `layer_range` is no longer supported.")
    if kwargs:
        raise ValueError(f"Unrecognized keyword arguments: {kwargs}")
    if subgraph:
        raise ValueError("model_to_dot: expected subgraph=False; expand_nested=True opens models.")
    if splines not in SPLINES:
        raise ValueError(f"splines: expected one of {SPLINES}. Received: {splines!r}.")
    if not hasattr(model, "as_figure"):
        raise TypeError(f"expected a model. Received: {describe(model)}.")
    figure = model.as_figure(
        rankdir,
        expand_nested,
        shapes=show_shapes,
        dtype=show_dtype,
        names=show_layer_names,
        activations=show_layer_activations,
        trainable=show_trainable,
    )
    drawing = Drawing(figure)
    drawing.dpi, drawing.splines = dpi, splines
    return drawing


class PyDataset:
    """Batches made on demand: write `__len__` (batches) and `__getitem__(i)` → (x, y).

    `fit` takes its batches in a new random order each epoch (`shuffle=False`: in order), and
    calls `on_epoch_end`.

    Args:
        workers, use_multiprocessing, max_queue_size: accepted for Keras' sake; batches are made
            one after the other.

    >>> class Squares(PyDataset):
    ...     def __len__(self):
    ...         return 3
    ...     def __getitem__(self, i):
    ...         x = np.arange(4.0)[:, None] + i
    ...         return x, x**2
    >>> len(Squares()), Squares()[0][0].shape
    (3, (4, 1))
    """

    def __init__(
        self, workers: int = 1, use_multiprocessing: bool = False, max_queue_size: int = 10
    ) -> None:
        self.workers = workers

    def __len__(self) -> int:
        raise TypeError(f"{type(self).__name__} has no __len__ of its own: the number of batches.")

    def __getitem__(self, index: int) -> Any:
        raise TypeError(f"{type(self).__name__} has no __getitem__(i) of its own: a batch.")

    def on_epoch_end(self) -> None:
        """Called after each epoch of `fit`."""


Sequence = PyDataset
