"""How to start: equal weights, too small, too large, and Glorot's and He's answer.

English. A perceptron of eight hidden layers of 64 units, before any training: how large the
activations of the last hidden layer are, and how much of the gradient reaches the first. Then 15
epochs of digits from the same starts. With equal weights all units of a layer stay equal; small
ones let nothing through, large ones too much; sigmoids lose the gradient whatever the start,
because σ′ ≤ ¼; batch normalization makes the start matter less.

Español. Un perceptrón de ocho capas ocultas de 64 unidades, antes de entrenar: qué tamaño tienen
las activaciones de la última capa oculta y cuánto del gradiente llega a la primera. Después, 15
épocas de dígitos desde esos mismos comienzos. Con pesos iguales, todas las unidades de una capa
siguen siendo iguales; los pequeños no dejan pasar nada y los grandes, demasiado; las sigmoides
pierden el gradiente sea cual sea el comienzo, porque σ′ ≤ ¼; con normalización por lotes el
comienzo importa menos.
"""

import numpy as np

import tinygrad_es as keras
from tinygrad_es import initializers, losses
from tinygrad_es.datasets import optdigits
from tinygrad_es.layers import Activation, BatchNormalization, Dense, Flatten, Input
from tinygrad_es.models import Sequential
from tinygrad_es.optimizers import SGD

STARTS = [
    ("relu", "all 1/64", initializers.Constant(1 / 64), False),
    ("relu", "N(0, 0.01)", initializers.RandomNormal(stddev=0.01), False),
    ("relu", "N(0, 0.3)", initializers.RandomNormal(stddev=0.3), False),
    ("relu", "he_normal", "he_normal", False),
    ("tanh", "glorot_normal", "glorot_normal", False),
    ("sigmoid", "glorot_normal", "glorot_normal", False),
    ("relu", "N(0, 0.01)", initializers.RandomNormal(stddev=0.01), True),
]


def network(activation, start, normalized, depth=8):
    red = Sequential([Input(shape=(8, 8)), Flatten()])
    for _ in range(depth):
        red.add(Dense(64, kernel_initializer=start))
        if normalized:
            red.add(BatchNormalization())
        red.add(Activation(activation))
    red.add(Dense(10, activation="softmax", kernel_initializer=start))
    return red


def sizes(red, x, y):
    """Standard deviation of the last hidden activations, and |gradient| first : last."""
    hidden = Sequential(red.layers[:-1])(x, training=True)
    losses.get("sparse_categorical_crossentropy")(y, red(x, training=True)).backward()
    kernels = [w for w in red.trainable_weights if w.ndim == 2]
    first, last = (float(np.abs(w.grad.numpy()).mean()) for w in (kernels[0], kernels[-1]))
    for w in red.trainable_weights:
        w.grad = None
    return hidden.numpy().std(), first / last if last else 0.0


def different_units(red):
    """How many units of the first hidden layer are not copies of another."""
    return len(np.unique(red.layers[1].kernel.numpy().round(4), axis=1).T)


def main():
    (x, y), (x_test, y_test) = optdigits.load_data()
    x, x_test = ((part / 16).astype("float32") for part in (x, x_test))
    print("activation  start            deviation of the   gradient       different   test after")
    print("                             last activations   first : last   units       15 epochs")
    for activation, name, start, normalized in STARTS:
        keras.utils.set_random_seed(0)
        red = network(activation, start, normalized)
        deviation, ratio = sizes(red, x[:200], y[:200])
        red.compile(
            SGD(0.01, momentum=0.9), "sparse_categorical_crossentropy", metrics=["accuracy"]
        )
        red.fit(x, y, epochs=15, verbose=0)
        accuracy = red.evaluate(x_test, y_test, verbose=0)[1]
        title = f"{name}, BN" if normalized else name
        print(
            f"{activation:11} {title:15} {deviation:17.1e} {ratio:14.1e}"
            f" {different_units(red):11} {accuracy:13.1%}"
        )


if __name__ == "__main__":
    main()
