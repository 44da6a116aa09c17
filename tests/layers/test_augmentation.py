"""Random flips, translations and rotations: by hand, per sample, with gradients."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import tinygrad_es as tg
from tinygrad_es import Tensor, layers, ops
from tinygrad_es.ops import random

LAYERS = [
    layers.RandomFlip,
    lambda seed: layers.RandomRotation(0.4, seed=seed),
    lambda seed: layers.RandomRotation(0.4, "constant", "nearest", seed=seed),
    lambda seed: layers.RandomTranslation(0.4, (-0.1, 0.6), "wrap", seed=seed),
    lambda seed: layers.RandomTranslation(0.4, 0.4, "constant", fill_value=3.0, seed=seed),
]


def trained(layer, x):
    return layer(x, training=True)


def numbers(*shape, dtype="float32"):
    return np.random.default_rng(0).normal(size=shape).astype(dtype)


def test_a_quarter_turn_is_counter_clockwise():
    x = numbers(2, 5, 5, 3)
    y = trained(layers.RandomRotation((0.25, 0.25)), x).numpy()
    assert_allclose(y, np.rot90(x, 1, axes=(1, 2)), atol=1e-5)
    y = trained(layers.RandomRotation((-0.25, -0.25), "constant"), x).numpy()
    assert_allclose(y, np.rot90(x, -1, axes=(1, 2)), atol=1e-4)


@pytest.mark.parametrize(
    ("fill_mode", "expected"),
    [
        ("constant", [9, 9, 1, 2]),
        ("nearest", [1, 1, 1, 2]),
        ("wrap", [3, 4, 1, 2]),
        ("reflect", [2, 1, 1, 2]),
    ],
)
def test_positive_moves_down_and_right(fill_mode, expected):
    line, rest = np.array([1.0, 2.0, 3.0, 4.0]), {"fill_mode": fill_mode, "fill_value": 9.0}
    down, right = line.reshape(4, 1, 1), line.reshape(1, 4, 1)
    shifts = (
        layers.RandomTranslation((0.5, 0.5), 0, **rest),
        layers.RandomTranslation(0, (0.5, 0.5), **rest),
    )
    for layer, x in zip(shifts, (down, right), strict=True):
        assert trained(layer, x).ravel().tolist() == expected


def test_between_two_pixels():
    line = np.array([[[1.0], [3.0]]])
    layer = layers.RandomTranslation(0, (-0.25, -0.25), "constant")  # half a pixel to the left
    assert trained(layer, line).ravel().tolist() == [2.0, 1.5]


def test_one_draw_turns_both_ways():
    x = numbers(200, 3, 4, 2)
    y = trained(layers.RandomFlip(seed=1), x).numpy()
    turned = (y == x[:, ::-1, ::-1]).all((1, 2, 3))
    assert ((y == x).all((1, 2, 3)) != turned).all()
    assert 70 < turned.sum() < 130


@pytest.mark.parametrize("make", LAYERS)
def test_each_image_has_its_own_draw_and_seeds_repeat(make):
    x = np.broadcast_to(numbers(6, 6, 1), (16, 6, 6, 1))
    one, two = make(seed=3), make(seed=3)
    first = trained(one, x).numpy()
    assert len(np.unique(first.reshape(16, -1), axis=0)) >= 2
    assert_array_equal(first, trained(two, x).numpy())
    assert (first != trained(one, x).numpy()).any()  # the draws go on
    random.seed(5)
    free = trained(make(seed=None), x).numpy()
    random.seed(5)
    assert_array_equal(free, trained(make(seed=None), x).numpy())


@pytest.mark.parametrize("make", LAYERS)
def test_types_shapes_and_inference(make):
    layer = make(seed=0)
    for dtype in ("float32", "float64"):
        for shape in ((4, 5, 6, 2), (5, 6, 2), (0, 5, 6, 2)):
            x = numbers(*shape, dtype=dtype)
            y = trained(layer, x)
            assert (y.dtype, y.shape) == (np.dtype(dtype), shape)
            assert_array_equal(layer(x).numpy(), x)
            assert_array_equal(layer(x, training=False).numpy(), x)
    assert trained(layer, np.ones((2, 3, 3, 1), "uint8")).dtype == np.float32
    view = numbers(4, 6, 5, 2).transpose(0, 2, 1, 3)
    view.flags.writeable = False
    expected = trained(make(seed=1), view.copy()).numpy()
    assert_array_equal(trained(make(seed=1), view).numpy(), expected)


@pytest.mark.parametrize("make", LAYERS)
def test_gradients(make):
    x = numbers(3, 4, 5, 2, dtype="float64")
    assert tg.check_gradients(lambda t: trained(make(seed=7), t * t), x, order=2)
    assert tg.check_gradients(lambda t: trained(make(seed=7), t), x[0])
    assert not trained(make(seed=7), x).requires_grad


@pytest.mark.parametrize("make", LAYERS)
def test_configurations_make_the_layer_again(make):
    layer = make(seed=4)
    again = type(layer).from_config(layer.get_config())
    assert again.get_config() == layer.get_config()
    x = numbers(8, 5, 5, 1)
    assert_array_equal(trained(again, x).numpy(), trained(layer, x).numpy())


def test_only_training_sees_it():
    x, y = numbers(32, 4, 4, 1), np.arange(32) % 2
    model = tg.Sequential(
        [
            layers.Input((4, 4, 1)),
            layers.RandomRotation(0.5, seed=1),
            layers.Flatten(),
            layers.Dense(2, activation="softmax"),
        ]
    )
    model.compile("sgd", "sparse_categorical_crossentropy")
    before = model.predict(x, verbose=0)
    assert_array_equal(before, model.predict(x, verbose=0))
    model.fit(x, y, verbose=0)
    assert model.count_params() == 34
    assert_array_equal(model(x).numpy(), model.predict(x, verbose=0))
    assert (model(x, training=True).numpy() != model(x).numpy()).any()


@pytest.mark.parametrize(
    ("make", "error", "words"),
    [
        (lambda: layers.RandomFlip("both"), ValueError, "Received: mode='both'"),
        (lambda: layers.RandomRotation(1.5), ValueError, "Received: factor=1.5"),
        (lambda: layers.RandomRotation(np.nan), ValueError, "Received: factor=nan"),
        (lambda: layers.RandomRotation((-2, 0)), ValueError, r"Received: factor=\(-2, 0\)"),
        (lambda: layers.RandomTranslation(0, "a"), ValueError, "Received: width_factor=a"),
        (lambda: layers.RandomTranslation([0.1], 0), ValueError, "height_factor=.0.1."),
        (lambda: layers.RandomRotation(0.1, "mirror"), NotImplementedError, "fill_mode` mirror"),
        (lambda: layers.RandomRotation(0.1, interpolation="cubic"), NotImplementedError, "cubic"),
        (lambda: layers.RandomFlip(data_format="channels_first"), ValueError, "channels_first"),
        (lambda: layers.RandomFlip()(np.ones((2, 2))), ValueError, "rank 3 .* 4 .*Received"),
        (lambda: layers.RandomRotation(0.1)(np.ones((1,) * 5)), ValueError, "rank 3"),
    ],
)
def test_errors(make, error, words):
    with pytest.raises(error, match=words):
        make()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((np.ones((2, 2)), np.zeros(8)), "expected images"),
        ((np.ones((2, 2, 2, 1)), np.zeros(6)), r"shape \(8,\) or \(2, 8\)"),
        ((np.ones((2, 2, 2, 1)), np.zeros((3, 8))), r"shape \(8,\) or \(2, 8\)"),
        ((np.ones((2, 2, 2, 1)), np.full(8, np.nan)), "expected finite numbers"),
        ((np.ones((2, 2, 2, 1)), np.ones(8)), "no perspective"),
        ((np.ones((2, 2, 2, 1)), np.zeros(8), "cubic"), "interpolation='cubic'"),
        ((np.ones((2, 2, 2, 1)), np.zeros(8), "nearest", "edge"), "fill_mode='edge'"),
    ],
)
def test_errors_of_the_transform(arguments, words):
    with pytest.raises(ValueError, match=words):
        ops.image.affine_transform(*arguments)


def test_what_lies_outside_does_not_spread():
    image = np.array([[[np.nan], [1.0], [2.0]]])
    right = ops.image.affine_transform(image, [1, 0, 5, 0, 1, 0, 0, 0], fill_value=4.0)
    assert right.ravel().tolist() == [4.0, 4.0, 4.0]
    x = Tensor(image, requires_grad=True)
    ops.image.affine_transform(x, [1, 0, 1, 0, 1, 0, 0, 0]).sum().backward()
    assert x.grad.ravel().tolist() == [0.0, 1.0, 1.0]
