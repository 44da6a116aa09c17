"""Whole trainings on the data of the package, as accurate as the courses promise.

The seeds are fixed; beside each test stands what other seeds gave.
"""

import numpy as np
import pytest

import tinygrad_es as keras
from tinygrad_es.datasets import iris, optdigits
from tinygrad_es.layers import Conv2D, Dense, Dropout, Flatten, Input, MaxPooling2D
from tinygrad_es.models import Sequential
from tinygrad_es.optimizers import Adam
from tinygrad_es.optimizers.schedules import CosineDecay

pytestmark = pytest.mark.slow


def stratified_folds(labels, k=5):
    """(train, test) rows k times: the first k-th of every class, the second, …"""
    place = np.empty(len(labels), int)
    for label in np.unique(labels):
        rows = np.flatnonzero(labels == label)
        place[rows] = np.arange(len(rows)) * k // len(rows)
    return [(np.flatnonzero(place != i), np.flatnonzero(place == i)) for i in range(k)]


def test_folds():
    labels = iris.load_all()[1]
    folds = stratified_folds(labels)
    assert sorted(np.concatenate([test for _, test in folds])) == list(range(150))
    for train, test in folds:
        assert np.bincount(labels[test]).tolist() == [10, 10, 10]
        assert not set(train) & set(test)
        assert len(train) == 120


@pytest.mark.peers
def test_folds_are_those_of_scikit_learn():
    selection = pytest.importorskip("sklearn.model_selection", reason="compares with scikit-learn")
    x, labels = iris.load_all()
    theirs = selection.StratifiedKFold(5).split(x, labels)
    for (train, test), (their_train, their_test) in zip(
        stratified_folds(labels), theirs, strict=True
    ):
        np.testing.assert_array_equal(train, their_train)
        np.testing.assert_array_equal(test, their_test)


def fold_accuracy(x, y, train, test):
    mean, deviation = x[train].mean(axis=0), x[train].std(axis=0)
    x = (x - mean) / deviation
    red = Sequential(
        [Input(shape=(4,)), Dense(10, activation="tanh"), Dense(3, activation="softmax")]
    )
    red.compile(Adam(0.01), "sparse_categorical_crossentropy", metrics=["accuracy"])
    red.fit(x[train], y[train], epochs=60, batch_size=20, verbose=0)
    return red.evaluate(x[test], y[test], verbose=0)[1]


def test_iris_in_five_folds():
    """97.3 % with every one of ten seeds."""
    keras.utils.set_random_seed(0)
    x, y = iris.load_all()
    accuracies = [fold_accuracy(x, y, *fold) for fold in stratified_folds(y)]
    assert np.mean(accuracies) >= 0.96


def digits():
    (x, y), (x_test, y_test) = optdigits.load_data()
    return x[..., None] / 16.0, y, x_test[..., None] / 16.0, y_test


def perceptron():
    return [Flatten(), Dense(128, activation="relu"), Dense(10, activation="softmax")]


def convolutional():
    return [
        Conv2D(32, 3, padding="same", activation="relu"),
        Conv2D(32, 3, padding="same", activation="relu"),
        MaxPooling2D(),
        Dropout(0.3),
        Flatten(),
        Dense(64, activation="relu"),
        Dense(10, activation="softmax"),
    ]


def held_out(layers, seed, epochs, rate):
    """The accuracy on the test part of optdigits, and its size."""
    keras.utils.set_random_seed(seed)
    x, y, x_test, y_test = digits()
    red = Sequential([Input(shape=(8, 8, 1)), *layers()])
    updates = epochs * -(-len(x) // 32)
    red.compile(
        Adam(CosineDecay(rate, decay_steps=updates)),
        "sparse_categorical_crossentropy",
        metrics=["accuracy"],
    )
    red.fit(x, y, epochs=epochs, verbose=0)
    accuracy = red.evaluate(x_test, y_test, verbose=0)[1]
    predicted = red.predict(x_test, verbose=0).argmax(axis=-1)
    assert accuracy == pytest.approx((predicted == y_test).mean())
    return accuracy, len(y_test)


@pytest.mark.parametrize("seed", [0, 1])
def test_optdigits_perceptron(seed):
    """97.8 to 99.2 % over ten seeds."""
    accuracy, samples = held_out(perceptron, seed, epochs=40, rate=0.003)
    assert samples == 359
    assert accuracy >= 0.97


def test_optdigits_convolutional():
    """99.2 to 99.7 % over five seeds."""
    accuracy, samples = held_out(convolutional, 0, epochs=25, rate=0.002)
    assert samples == 359
    assert accuracy >= 0.985


def test_optdigits_from_the_first_half():
    """The second half of the file from the first: 94.3 to 94.7 % over four seeds."""
    x, y = optdigits.load_all()
    x = x[..., None] / 16.0
    keras.utils.set_random_seed(0)
    red = Sequential([Input(shape=(8, 8, 1)), *perceptron()])
    red.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    red.fit(x[:898], y[:898], epochs=60, verbose=0)
    assert red.evaluate(x[898:], y[898:], verbose=0)[1] >= 0.92
