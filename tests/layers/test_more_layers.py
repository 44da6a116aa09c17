"""Layers beyond Dense: worked figures, noise, running means, windows, errors."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

import tinygrad_es as tg
from tinygrad_es import Sequential, Tensor, layers
from tinygrad_es.ops import random
from tinygrad_es.optimizers import Adam


def numbers(*shape):
    return np.random.default_rng(0).normal(size=shape).astype("float32")


# --- maxout ---------------------------------------------------------------------------------------


def test_maxout_of_the_lesson():
    layer = layers.Maxout(2)
    layer.build((None, 2))
    w1, w2 = np.array([[1.0, -1.0], [0.0, 2.0]]), np.array([[0.0, 1.0], [1.0, 1.0]])
    bias = np.array([[[0.0, 0.5]], [[1.0, 0.0]]])
    layer.set_weights([np.stack([w1.T, w2.T]), bias])  # the lesson's columns are rows here
    assert layer(np.array([[2.0, 1.0]], "float32")).tolist() == [[2.0, 3.0]]


def test_maxout_learns_only_through_the_larger_piece():
    layer = layers.Maxout(1, use_bias=False)
    layer.build((None, 1))
    layer.set_weights([np.array([[[1.0]], [[3.0]]])])
    layer(np.array([[2.0]], "float32")).sum().backward()
    assert layer.kernel.grad.tolist() == [[[0.0]], [[2.0]]]


# --- noise ----------------------------------------------------------------------------------------


def test_dropout_keeps_the_mean_and_is_quiet_in_inference():
    x = np.ones((200, 500), "float32")
    layer = layers.Dropout(0.3, seed=1)
    y = layer(x, training=True).numpy()
    assert set(np.unique(y)) == {np.float32(0), np.float32(1 / 0.7)}
    assert (y == 0).mean() == pytest.approx(0.3, abs=0.01)
    assert y.mean() == pytest.approx(1.0, abs=0.01)
    assert layer(x).numpy() is not None
    assert (layer(x).numpy() == x).all()
    assert (layer(x, training=False).numpy() == x).all()


def test_the_backward_pass_of_dropout_uses_the_same_mask():
    x = Tensor(np.ones((4, 5)), requires_grad=True)
    y = layers.Dropout(0.5)(x, training=True)
    y.sum().backward()
    assert (x.grad.numpy() == y.numpy()).all()


def test_masks_go_on_and_repeat_with_their_seed():
    x = np.ones((8, 8), "float32")
    one, two = layers.Dropout(0.5, seed=3), layers.Dropout(0.5, seed=3)
    first = one(x, training=True).numpy()
    assert (first == two(x, training=True).numpy()).all()
    assert (first != one(x, training=True).numpy()).any()
    random.seed(1)
    again = layers.Dropout(0.5)(x, training=True).numpy()
    random.seed(1)
    assert (again == layers.Dropout(0.5)(x, training=True).numpy()).all()


def test_a_mask_for_whole_rows():
    y = layers.Dropout(0.5, noise_shape=(None, 1), seed=0)(np.ones((50, 3)), training=True).numpy()
    assert (y == y[:, :1]).all()
    assert 0 < (y[:, 0] == 0).sum() < 50
    with pytest.raises(ValueError, match="noise_shape: expected 2 lengths"):
        layers.Dropout(0.5, noise_shape=(1,))(np.ones((2, 2)), training=True)


@pytest.mark.parametrize(("rate", "value"), [(0.0, 1.0), (1.0, 0.0), (1, 0.0)])
def test_the_ends_of_dropout(rate, value):
    assert (layers.Dropout(rate)(np.ones((3, 3)), training=True).numpy() == value).all()


def test_gaussian_noise():
    layer = layers.GaussianNoise(0.5, seed=2)
    x = np.zeros((100, 100), "float32")
    y = layer(x, training=True).numpy()
    assert y.dtype == np.float32
    assert y.std() == pytest.approx(0.5, abs=0.02)
    assert (layer(x).numpy() == 0).all()


# --- batch normalization --------------------------------------------------------------------------


X = np.array([[1.0, 2.0], [3.0, 6.0], [5.0, 10.0]])


def test_batch_normalization_of_the_specification():
    layer = layers.BatchNormalization(dtype="float64")
    y = layer(X, training=True).numpy()
    expected = [[-1.2245152962941819, -1.224687465512062], [0.0, 0.0]]
    assert_allclose(y[:2], expected, rtol=1e-12)
    assert_allclose(y[2], -y[0], rtol=1e-12)
    assert_allclose(layer.moving_mean.numpy(), [0.03, 0.06], rtol=1e-12)
    assert_allclose(layer.moving_variance.numpy(), [1.0166666666666666, 1.0966666666666667])
    inference = [
        [0.9615435510964094, 1.8516823712528299],
        [2.9441075739756046, 5.6695841676504175],
        [4.926671596854799, 9.487485964048004],
    ]
    assert_allclose(layer(X).numpy(), inference, rtol=1e-12)
    assert [w.name.split("/")[1] for w in layer.weights] == [
        *["gamma", "beta", "moving_mean", "moving_variance"]
    ]
    assert (layer.count_params(), len(layer.trainable_weights)) == (8, 2)


def test_the_gradient_of_batch_normalization():
    layer = layers.BatchNormalization(dtype="float64")
    layer.build((None, 2))
    assert tg.check_gradients(lambda x: layer(x, training=True), X, order=2).ok
    x = Tensor(X, requires_grad=True)
    dy = np.array([[1.0, -2.0], [0.5, 0.0], [3.0, 1.0]])
    (layer(x, training=True) * dy).sum().backward()
    size = np.sqrt(X.var(0) + 1e-3)
    hat = (X - X.mean(0)) / size
    by_hand = (3 * dy - dy.sum(0) - hat * (dy * hat).sum(0)) / (3 * size)
    assert_allclose(x.grad.numpy(), by_hand, rtol=1e-10)


def test_a_frozen_normalization_uses_its_running_means():
    layer = layers.BatchNormalization()
    layer(numbers(8, 2), training=True)
    layer.trainable = False
    before = layer.get_weights()
    x = numbers(4, 2)
    assert (layer(x, training=True).numpy() == layer(x).numpy()).all()
    assert all((a == b).all() for a, b in zip(before, layer.get_weights(), strict=True))
    assert layer.trainable_weights == []


# --- windows --------------------------------------------------------------------------------------


def test_convolution_by_loops():
    x, layer = numbers(2, 6, 5, 3), layers.Conv2D(4, (3, 2), strides=(2, 1), padding="same")
    y = layer(x).numpy()
    kernel, _ = layer.get_weights()
    padded = np.pad(x, ((0, 0), (0, 1), (0, 1), (0, 0)))
    expected = np.zeros_like(y)
    for b, i, j, f in np.ndindex(y.shape):
        window = padded[b, 2 * i : 2 * i + 3, j : j + 2]
        expected[b, i, j, f] = (window * kernel[..., f]).sum()
    assert y.shape == (2, 3, 5, 4)
    assert_allclose(y, expected, rtol=1e-4, atol=1e-5)
    assert layer.compute_output_shape((None, 6, 5, 3)) == (None, 3, 5, 4)
    assert layer.compute_output_shape((None, None, 5, 3)) == (None, None, 5, 4)


def test_padding_does_not_count_in_a_mean():
    layer = layers.AveragePooling1D(3, strides=1, padding="same")
    assert layer(np.array([[[3.0], [6.0], [9.0]]])).numpy().ravel().tolist() == [4.5, 6.0, 7.5]


def test_of_ties_the_first_gets_the_gradient():
    x = Tensor(np.ones((1, 4, 1)), requires_grad=True)
    layers.MaxPooling1D(2)(x).sum().backward()
    assert x.grad.numpy().ravel().tolist() == [1.0, 0.0, 1.0, 0.0]


def test_a_small_image_network_learns():
    random.seed(0)
    (x, y), (x_test, y_test) = tg.datasets.optdigits.load_data()
    model = Sequential(
        [
            layers.Input((8, 8, 1)),
            layers.Rescaling(1 / 16),
            layers.Conv2D(8, 3, activation="relu"),
            layers.MaxPooling2D(2),
            layers.Flatten(),
            layers.Dropout(0.2),
            layers.Dense(10, activation="softmax"),
        ]
    )
    model.compile(Adam(0.005), "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(x[..., None], y, batch_size=16, epochs=8, verbose=0)
    assert model.evaluate(x_test[..., None], y_test, verbose=0)[1] > 0.95


# --- numbers to vectors ---------------------------------------------------------------------------


def test_embedding():
    layer = layers.Embedding(4, 2, embeddings_initializer="ones")
    y = layer(np.array([[0, 3], [3, 3]]))
    y.sum().backward()
    assert y.shape == (2, 2, 2)
    assert layer.embeddings.grad.tolist() == [[1, 1], [0, 0], [0, 0], [3, 3]]
    for wrong in ([[4]], [[-1]], [[0.5]]):
        with pytest.raises(ValueError, match=r"expected integers from 0 to 3\. Received"):
            layer(np.array(wrong))


def test_the_course_with_dropout():
    model = Sequential([layers.Dense(6, input_shape=[3]), layers.Dropout(0.5), layers.Dense(2)])
    assert model.count_params() == 38
    model = Sequential(
        [
            layers.Flatten(input_shape=(28, 28)),
            layers.Dense(32, activation="relu"),
            layers.Dropout(0.25),
            layers.Dense(10, activation="softmax"),
        ]
    )
    assert model.count_params() == 25_450


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: layers.Dropout(1.5), "between 0 and 1. Received: rate=1.5"),
        (lambda: layers.GaussianNoise(-1.0), "stddev=-1.0"),
        (lambda: layers.LeakyReLU(-0.1), "negative_slope=-0.1"),
        (lambda: layers.ReLU(max_value=-1.0), "max_value=-1.0"),
        (lambda: layers.Conv2D(0, 3), "filters=0"),
        (lambda: layers.Conv2D(2, (3, 3, 3)), "kernel_size"),
        (lambda: layers.Conv1D(2, 3, padding="full"), "padding='full'"),
        (lambda: layers.Conv2D(2, 3, data_format="channels_first"), "channels_first"),
        (lambda: layers.Conv2D(2, 3, groups=2), "groups=2"),
        (lambda: layers.Reshape((-1, -1)), "at most one unknown"),
        (lambda: layers.Normalization(mean=1.0), "both `mean` and `variance`"),
        (lambda: layers.Normalization()(np.ones((2, 2))), "call adapt"),
        (lambda: layers.Conv2D(2, 3)(numbers(2, 5, 3)), "min_ndim=4, found ndim=3"),
        (lambda: layers.Conv1D(2, 3)(numbers(2, 5, 5, 3)), "expected ndim=3, found ndim=4"),
        (lambda: layers.Conv2D(2, 9)(numbers(2, 5, 5, 3)), "larger than the input"),
        (lambda: layers.Embedding(3, 2, mask_zero=True), "mask_zero"),
    ],
)
def test_bad_arguments(make, words):
    with pytest.raises(ValueError, match=words):
        make()


def test_alpha_of_keras_2():
    assert layers.LeakyReLU(alpha=0.1).negative_slope == 0.1
