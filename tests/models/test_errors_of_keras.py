"""What Keras refuses is refused here too: with its kind of exception and the key words of its text.

A row calls `provoke(p)`, where p is the library: the table is read once more, with Keras itself, in
tests/peers/test_keras_errors.py.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pytest

import tinygrad_es as tg

X, Y = np.zeros((12, 4), "float32"), np.zeros((12, 3), "float32")


class Row(NamedTuple):
    """One mistake: what provokes it, and what the answer must be and say."""

    name: str
    provoke: Callable[[Any], Any]
    error: type[Exception]
    words: tuple[str, ...]


def chain(p, *layers):
    return p.Sequential([p.Input((4,)), *(layers or [p.layers.Dense(3)])])


def compiled(p, **options):
    model = chain(p)
    model.compile("sgd", "mse", **options)
    return model


def fit(x=X, y=Y, **options):
    return lambda p: compiled(p).fit(x, y, verbose=0, **options)


def disconnected(p):
    one, other = p.Input((3,)), p.Input((3,))
    p.Model(inputs=one, outputs=p.layers.Dense(1)(other))


def twice_the_same_name(p):
    x = p.Input((3,))
    p.Model(x, p.layers.Dense(1, name="x")(p.layers.Dense(1, name="x")(x)))


def built(p):
    layer = p.layers.Dense(3, name="dense_4")
    layer.build((None, 2))
    return layer


SEQUENTIAL = [
    Row(
        "count_params before it is built",
        lambda p: p.Sequential([p.layers.Dense(3)], name="net").count_params(),
        ValueError,
        ("You tried to call `count_params` on layer 'net', but the layer isn't built",),
    ),
    Row(
        "not a layer",
        lambda p: p.Sequential().add("x"),
        ValueError,
        ("Only instances of", "can be added to a Sequential model",
         "Received: x (of type <class 'str'>)"),
    ),
    Row(
        "one name twice",
        lambda p: p.Sequential([p.layers.Dense(3, name="x"), p.layers.Dense(2, name="x")]),
        ValueError,
        ("All layers added to a Sequential model should have unique names. Name 'x' is already",),
    ),
    Row(
        "a second Input",
        lambda p: p.Sequential([p.Input((3,)), p.layers.Dense(2)]).add(p.Input((4,))),
        ValueError,
        ("has already been configured to use input shape (None, 3)",),
    ),
    Row(
        "built without layers",
        lambda p: p.Sequential().build((None, 3)),
        ValueError,
        ("cannot be built because it has no layers. Call `model.add(layer)`",),
    ),
    Row(
        "input_shape before it is built",
        lambda p: p.Sequential([p.layers.Dense(3)]).input_shape,
        AttributeError,
        ("input_shape",),
    ),
    Row(
        "predict with other features",
        lambda p: chain(p).predict(np.zeros((2, 5), "float32"), verbose=0),
        ValueError,
        ("Input 0", "expected axis -1 of input shape to have value 4, but received input with "
         "shape (2, 5)"),
    ),
    Row(
        "one axis too few",
        lambda p: p.layers.Dense(3)(np.zeros(3, "float32")),
        ValueError,
        ("expected min_ndim=2, found ndim=1",),
    ),
    Row(
        "two inputs to a layer of one",
        lambda p: p.layers.Dense(3)([X, X]),
        ValueError,
        ("expects 1 input(s), but it received 2 input tensors",),
    ),
    Row(
        "two symbols to a layer of one",
        lambda p: p.layers.Dense(3)([p.Input((3,)), p.Input((3,))]),
        ValueError,
        ("expects 1 input(s), but it received 2 input tensors",),
    ),
    *(
        Row(
            f"units {units}",
            lambda p, units=units: p.layers.Dense(units),
            ValueError,
            ("Received an invalid value for `units`, expected a positive integer. "
             f"Received: units={units}",),
        )
        for units in (-1, 0, 2.5)
    ),
    Row(
        "an unknown keyword",
        lambda p: p.layers.Dense(3, foo=1),
        ValueError,
        ("Unrecognized keyword arguments passed to Dense: {'foo': 1}",),
    ),
]  # fmt: skip

GRAPHS = [
    Row("no shape", lambda p: p.Input(), ValueError, ("You must pass a `shape` argument.",)),
    Row(
        "two shapes",
        lambda p: p.Input((3,), batch_shape=(None, 3)),
        ValueError,
        ("both `shape` and `batch_shape`",),
    ),
    Row(
        "not connected",
        disconnected,
        ValueError,
        ("Output with path `` is not connected to `inputs`",),
    ),
    Row(
        "one name twice in a graph",
        twice_the_same_name,
        ValueError,
        ('The name "x" is used 2 times in the model. All operation names should be unique.',),
    ),
    Row(
        "a slash in a name",
        lambda p: p.layers.Dense(1, name="a/b"),
        ValueError,
        ("cannot contain character `/`",),
    ),
]

TRAINING = [
    Row(
        "metrics that are no list",
        lambda p: compiled(p, metrics="accuracy"),
        ValueError,
        ("Expected `metrics` argument to be a list, tuple, or dict.", "metrics=accuracy"),
    ),
    Row(
        "fit before compile",
        lambda p: chain(p).fit(X, Y),
        ValueError,
        ("You must call `compile()` before using the model.",),
    ),
    Row(
        "class numbers in a column for a loss of one-hot rows",
        lambda p: p.losses.categorical_crossentropy(np.zeros((12, 1)), np.full((12, 3), 1 / 3)),
        ValueError,
        ("must have the", "shape", "12, 1", "12, 3"),
    ),
    Row(
        "too few samples to split",
        fit(X[:10], Y[:10], validation_split=0.9),
        ValueError,
        ("Training data contains 10 samples, which is not sufficient to split it",
         "`validation_split=0.9`"),
    ),
    Row(
        "all samples held out",
        fit(validation_split=0.99),
        ValueError,
        ("Training data contains 12 samples, which is not sufficient to split it",),
    ),
    Row(
        "weights of classes and of samples",
        fit(class_weight={0: 1.0}, sample_weight=np.ones(12)),
        ValueError,
        ("You cannot `class_weight` and `sample_weight` at the same time.",),
    ),
    Row(
        "other numbers of samples",
        fit(X, Y[:5]),
        ValueError,
        ("Data cardinality is ambiguous. Make sure all arrays contain the same number of samples.",
         "'x' sizes: 12", "'y' sizes: 5"),
    ),
]  # fmt: skip

WEIGHTS = [
    Row(
        "too few weights",
        lambda p: built(p).set_weights([np.ones((2, 3))]),
        ValueError,
        ("You called `set_weights(weights)` on layer 'dense_4' with a weight list of length 1, "
         "but the layer was expecting 2 weights.",),
    ),
    Row(
        "a weight of another shape",
        lambda p: built(p).set_weights([np.ones((3, 3)), np.ones(3)]),
        ValueError,
        ("Layer dense_4 weight shape (2, 3) is not compatible with provided weight shape (3, 3).",),
    ),
    Row(
        "a weight before it is built",
        lambda p: p.layers.Dense(3).kernel,
        AttributeError,
        ("kernel",),
    ),
    Row(
        "an unknown layer",
        lambda p: chain(p).get_layer("foo"),
        ValueError,
        ("No such layer: foo. Existing layers are:",),
    ),
]  # fmt: skip

ROWS = [*SEQUENTIAL, *GRAPHS, *TRAINING, *WEIGHTS]


def said(row: Row, library: Any) -> str:
    """The text of the exception that a row provokes, in one line."""
    with pytest.raises(row.error) as caught:
        row.provoke(library)
    return " ".join(str(caught.value).split())


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_the_exception_of_keras_and_its_words(row):
    text = said(row, tg)
    for words in row.words:
        assert words in text


def test_the_weight_before_it_is_built_says_what_to_do():
    with pytest.raises(AttributeError, match="You must build the layer before accessing"):
        _ = tg.layers.Dense(3).kernel


def test_nothing_to_train_is_a_warning():
    model = chain(tg)
    model.trainable = False
    model.compile("sgd", "mse")
    with pytest.warns(UserWarning, match="The model does not have any trainable weights."):
        model.fit(X, Y, verbose=0)


def test_an_input_shape_on_a_first_layer_is_taken_silently():
    """Course material has it; Keras 3 warns."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model = tg.Sequential([tg.layers.Dense(2, input_shape=(4,)), tg.layers.Dense(3)])
    assert model.layers[0].units == 2
    assert model.count_params() == 19


def test_an_input_shape_of_one_number_is_one_axis():
    """(4) is 4 in Python: `Input(shape=(4))` is taken, so `input_shape=(4)` is too."""
    assert tg.Sequential([tg.layers.Dense(2, input_shape=(4))]).input_shape == (None, 4)
    assert tg.Input(shape=(4)).shape == (None, 4)
