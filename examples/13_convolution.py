"""Convolution: an image is more than a row of numbers.

English. A perceptron would learn the same from digits whose pixels are shuffled, always in the
same way; a convolution looks at neighbours. On the digits as they are, two layers of 3×3 windows
with pooling and dropout beat a perceptron of as many parameters; on shuffled pixels they lose
most of that. The learning rate falls along a cosine to 0.

Español. Un perceptrón aprendería lo mismo de dígitos con los píxeles barajados, siempre del mismo
modo; una convolución mira a los vecinos. Con los dígitos tal como son, dos capas de ventanas de
3×3 con pooling y dropout superan a un perceptrón con otros tantos parámetros; con los píxeles
barajados pierden casi toda esa ventaja. La tasa de aprendizaje baja por un coseno hasta 0.
"""

import numpy as np

import tinygrad_es as keras
from tinygrad_es.datasets import optdigits
from tinygrad_es.layers import Conv2D, Dense, Dropout, Flatten, Input, MaxPooling2D
from tinygrad_es.models import Sequential
from tinygrad_es.optimizers import Adam
from tinygrad_es.optimizers.schedules import CosineDecay

EPOCHS, BATCH = 15, 32


def convolutional():
    return Sequential(
        [
            Input(shape=(8, 8, 1)),
            Conv2D(16, 3, padding="same", activation="relu"),
            Conv2D(16, 3, padding="same", activation="relu"),
            MaxPooling2D(),
            Dropout(0.3),
            Flatten(),
            Dense(64, activation="relu"),
            Dense(10, activation="softmax"),
        ],
        name="convolutional",
    )


def perceptron():
    return Sequential(
        [
            Input(shape=(8, 8, 1)),
            Flatten(),
            Dense(256, activation="relu"),
            Dropout(0.3),
            Dense(10, activation="softmax"),
        ],
        name="perceptron",
    )


def learn(make, x, y, x_test, y_test):
    keras.utils.set_random_seed(0)
    model = make()
    updates = EPOCHS * -(-len(x) // BATCH)
    model.compile(
        Adam(CosineDecay(0.003, decay_steps=updates)),
        "sparse_categorical_crossentropy",
        metrics=["accuracy"],
    )
    model.fit(x, y, epochs=EPOCHS, batch_size=BATCH, verbose=0)
    return model, model.evaluate(x_test, y_test, verbose=0)[1]


def main():
    (x, y), (x_test, y_test) = optdigits.load_data()
    x, x_test = x[..., None] / 16, x_test[..., None] / 16  # one channel
    order = np.random.default_rng(0).permutation(64)

    def shuffled(images):
        return images.reshape(-1, 64)[:, order].reshape(images.shape)

    convolutional().summary()
    print("\naccuracy on 359 digits    as they are   pixels shuffled")
    for make in (perceptron, convolutional):
        model, straight = learn(make, x, y, x_test, y_test)
        _, mixed = learn(make, shuffled(x), y, shuffled(x_test), y_test)
        name = f"{model.name}, {model.count_params():,}"
        print(f"{name:24} {straight:12.2%} {mixed:17.2%}")


if __name__ == "__main__":
    main()
