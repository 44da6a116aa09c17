"""C2 and C3: Fashion-MNIST with Keras, as the workshop types it, and C8, the network with dropout.

The files are made up, in the format of the true ones, so that the true loader reads them.
"""

import re

import numpy as np
import pytest

import tinygrad_es as keras
from tinygrad_es import layers, models

NAMES = [
    "T-shirt/top", "Trouser", "Pullover", "Dress", "Coat",
    "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot",
]  # fmt: skip


@pytest.fixture
def model():
    return keras.models.Sequential(
        [
            keras.layers.Flatten(input_shape=[28, 28]),
            keras.layers.Dense(300, activation="relu"),
            keras.layers.Dense(100, activation="relu"),
            keras.layers.Dense(10, activation="softmax"),
        ]
    )


@pytest.mark.slow
@pytest.mark.usefixtures("fashion_files")
def test_c2_the_classifier(model, capsys):
    fashion_mnist = keras.datasets.fashion_mnist
    (X_train_full, y_train_full), (X_test, y_test) = fashion_mnist.load_data()
    assert X_train_full.dtype == "uint8"
    assert X_test.shape == (10_000, 28, 28)

    X_valid, X_train = X_train_full[:5000] / 255.0, X_train_full[5000:] / 255.0
    y_valid, y_train = y_train_full[:5000], y_train_full[5000:]
    X_test = X_test / 255.0
    assert X_train.shape == (1000, 28, 28)

    model.summary()
    model.compile(loss="sparse_categorical_crossentropy", optimizer="sgd", metrics=["accuracy"])
    history = model.fit(X_train, y_train, epochs=30, validation_data=(X_valid, y_valid))
    assert (history.params["epochs"], history.params["steps"]) == (30, 32)
    assert history.epoch == list(range(30))
    assert sorted(history.history) == ["accuracy", "loss", "val_accuracy", "val_loss"]
    assert {len(values) for values in history.history.values()} == {30}
    printed = capsys.readouterr().out
    assert 'Model: "sequential"' in printed
    assert "Total params: 266,610 (1.02 MB)" in printed
    assert "Epoch 30/30" in printed
    assert "32/32" in printed

    score = model.evaluate(X_test, y_test)
    assert "313/313" in capsys.readouterr().out
    assert isinstance(score, list)
    assert score[0] == pytest.approx(history.history["val_loss"][-1], abs=0.1)
    assert score[1] > 0.95

    X_new = X_test[:3]
    y_proba = model.predict(X_new)
    assert y_proba.shape == (3, 10)
    np.testing.assert_allclose(y_proba.sum(axis=1), 1.0, rtol=1e-6)
    y_pred = np.argmax(model.predict(X_new), axis=-1)
    assert list(np.array(fashion_mnist.CLASS_NAMES)[y_pred]) == NAMES[:3]
    assert list(y_test[:3]) == [0, 1, 2]


def test_c2_summary(model, table):
    assert table(model) == (
        [
            ("Layer (type)", "Output Shape", "Param #"),
            ("flatten (Flatten)", "(None, 784)", "0"),
            ("dense (Dense)", "(None, 300)", "235,500"),
            ("dense_1 (Dense)", "(None, 100)", "30,100"),
            ("dense_2 (Dense)", "(None, 10)", "1,010"),
        ],
        {
            "Total params": "266,610 (1.02 MB)",
            "Trainable params": "266,610 (1.02 MB)",
            "Non-trainable params": "0 (0.00 B)",
        },
    )
    assert model.count_params() == 266_610


def test_c2_one_layer_after_the_other(table):
    model = keras.models.Sequential()
    model.add(keras.layers.Flatten(input_shape=[28, 28]))
    model.add(keras.layers.Dense(300, activation="relu"))
    model.add(keras.layers.Dense(100, activation="relu"))
    model.add(keras.layers.Dense(10, activation="softmax"))
    rows, totals = table(model)
    assert [row[2] for row in rows[1:]] == ["0", "235,500", "30,100", "1,010"]
    assert totals["Total params"] == "266,610 (1.02 MB)"


def test_c3_weights(model):
    hidden1 = model.layers[1]
    assert hidden1.name == "dense"
    assert model.get_layer("dense") is hidden1
    weights, biases = hidden1.get_weights()
    assert weights.shape == (784, 300)
    assert biases.shape == (300,)
    assert weights.dtype == biases.dtype == np.float32
    assert 0.074 < np.abs(weights).max() <= 0.0743980  # glorot_uniform, √(6/1084)
    assert not biases.any()


def test_c8_dropout(table):
    model = models.Sequential(
        [
            layers.Flatten(input_shape=(28, 28)),
            layers.Dense(32, activation="relu"),
            layers.Dropout(0.25),
            layers.Dense(10, activation="softmax"),
        ]
    )
    rows, totals = table(model)
    assert rows[1:] == [
        ("flatten (Flatten)", "(None, 784)", "0"),
        ("dense (Dense)", "(None, 32)", "25,120"),
        ("dropout (Dropout)", "(None, 32)", "0"),
        ("dense_1 (Dense)", "(None, 10)", "330"),
    ]
    assert totals["Total params"].startswith("25,450 (")

    x = np.random.default_rng(0).random((64, 28, 28), dtype="float32")
    hidden = keras.Sequential(model.layers[:3])
    dropped = hidden(x, training=True).numpy()
    kept = hidden(x, training=False).numpy()
    some = kept > 0
    zeros = (dropped[some] == 0).mean()
    assert zeros == pytest.approx(0.25, abs=0.05)
    np.testing.assert_allclose(dropped[dropped > 0], kept[dropped > 0] / 0.75, rtol=1e-6)
    np.testing.assert_array_equal(model.predict(x), model.predict(x))  # it drops nothing


def test_a_longer_run_prints_as_keras_does(model, capsys):
    x = np.zeros((70, 28, 28))
    model.compile(loss="sparse_categorical_crossentropy", optimizer="sgd", metrics=["accuracy"])
    model.fit(x, np.zeros(70), epochs=2, verbose=2)
    lines = [line for line in capsys.readouterr().out.splitlines() if line]
    assert lines[::2] == ["Epoch 1/2", "Epoch 2/2"]
    pattern = r"3/3 - \d+s - \d+[mu]?s/step - accuracy: \d\.\d{4} - loss: \d\.\d{4}"
    assert all(re.fullmatch(pattern, line) for line in lines[1::2])
