"""The lines of C2 and C5 that write a model or its weights, and read them again."""

import numpy as np
import pytest

import tinygrad_es as keras
from tinygrad_es.layers import Dense
from tinygrad_es.models import Sequential, load_model
from tinygrad_es.optimizers import SGD


def red_de_iris():
    model = Sequential()
    model.add(Dense(2, input_shape=[4], activation="tanh"))
    model.add(Dense(3, activation="sigmoid"))
    return model


@pytest.fixture
def trained(flowers):
    X, nombres = flowers
    T = (np.unique(nombres) == nombres[:, None]).astype("float32")
    model = red_de_iris()
    model.compile(optimizer=SGD(learning_rate=0.1), loss="mse", metrics=["accuracy"])
    model.fit(X, T, epochs=10, batch_size=20, verbose=0)
    return model, X, T


def test_c5_the_whole_model(trained, own_folder):
    model, X, T = trained
    model.save("miModelo")
    assert [path.name for path in own_folder.iterdir()] == ["miModelo.keras"]
    otro = load_model("miModelo")
    np.testing.assert_array_equal(otro.predict(X, verbose=0), model.predict(X, verbose=0))
    assert otro.evaluate(X, T, verbose=0) == model.evaluate(X, T, verbose=0)


def test_c5_the_weights(trained, own_folder):
    model, X, _ = trained
    model.save_weights("pesos_de_miModelo")
    assert [path.name for path in own_folder.iterdir()] == ["pesos_de_miModelo.weights.h5"]
    otro = red_de_iris()
    otro.load_weights("pesos_de_miModelo")
    np.testing.assert_array_equal(otro.predict(X, verbose=0), model.predict(X, verbose=0))


@pytest.mark.usefixtures("fashion_files")
def test_c2_h5():
    (X_train, y_train), (X_test, y_test) = keras.datasets.fashion_mnist.load_data()
    X_train, X_test, y_test = X_train / 255.0, X_test[:1000] / 255.0, y_test[:1000]
    model = keras.models.Sequential(
        [
            keras.layers.Flatten(input_shape=[28, 28]),
            keras.layers.Dense(300, activation="relu"),
            keras.layers.Dense(100, activation="relu"),
            keras.layers.Dense(10, activation="softmax"),
        ]
    )
    model.compile(loss="sparse_categorical_crossentropy", optimizer="sgd", metrics=["accuracy"])
    model.fit(X_train, y_train, epochs=1, verbose=0)
    expected = model.predict(X_test), model.evaluate(X_test, y_test)

    model.save("my_keras_model.h5")
    model = keras.models.load_model("my_keras_model.h5")

    np.testing.assert_array_equal(model.predict(X_test), expected[0])
    assert model.evaluate(X_test, y_test) == expected[1]
