"""`set_random_seed` makes a whole run repeat, bit for bit."""

import random

import numpy as np

from tinygrad_es import Input, Model, layers, utils


def run():
    """Weights, shuffling, dropout, noise, augmentation, and what the user draws."""
    utils.set_random_seed(11)
    x = np.random.rand(20, 8, 8, 1)  # noqa: NPY002 - what the user draws repeats too
    y = np.array([random.randrange(3) for _ in range(20)])
    inputs = Input((8, 8, 1))
    h = layers.RandomFlip("horizontal")(inputs)
    h = layers.RandomRotation(0.1)(layers.RandomTranslation(0.1, 0.1)(h))
    h = layers.Conv2D(3, 3, activation="relu")(layers.GaussianNoise(0.1)(h))
    h = layers.Dropout(0.3)(layers.Flatten()(h))
    model = Model(inputs, layers.Dense(3, "softmax", kernel_initializer="he_normal")(h))
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    history = model.fit(x, y, batch_size=6, epochs=3, validation_split=0.2, verbose=0)
    return [w.tobytes() for w in model.get_weights()], history.history


def test_a_run_repeats():
    first, second = run(), run()
    assert first == second


def test_another_seed_is_another_run():
    first = run()[0]
    utils.set_random_seed(12)
    other = layers.Dense(3)
    other.build((None, 4))
    assert first[-2] != other.kernel.numpy().tobytes()
