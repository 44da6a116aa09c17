"""Optimizers compared: a narrow valley, and the same network learning digits.

English. J = ½(w₁² + 100·w₂²) is a valley 100 times steeper across than along: the learning rate of
plain descent is bounded by the steep direction, so it crawls along the flat one. Momentum gathers
speed; AdaGrad, RMSprop and Adam measure each direction by its own gradients, and RMSprop, whose
steps stay as long as the rate, ends up hopping about the bottom. Then five epochs of digits with
each, at four learning rates: the rate matters as much as the rule.

Español. J = ½(w₁² + 100·w₂²) es un valle 100 veces más empinado a lo ancho que a lo largo: la
dirección empinada limita la tasa de aprendizaje del descenso simple, que avanza a rastras por la
llana. El momento acumula velocidad; AdaGrad, RMSprop y Adam miden cada dirección por sus propios
gradientes, y RMSprop, cuyos pasos siguen siendo tan largos como la tasa, acaba saltando alrededor
del fondo. Después, cinco épocas de dígitos con cada uno y cuatro tasas: la tasa importa tanto como
la regla.
"""

import numpy as np

import tinygrad_es as keras
from tinygrad_es import Tensor
from tinygrad_es.datasets import optdigits
from tinygrad_es.layers import Dense, Flatten, Input
from tinygrad_es.models import Sequential
from tinygrad_es.optimizers import SGD, Adagrad, Adam, RMSprop

CURVATURE = np.array([1.0, 100.0])
RULES = {
    "SGD": lambda rate: SGD(rate),
    "momentum 0.9": lambda rate: SGD(rate, momentum=0.9),
    "Nesterov 0.9": lambda rate: SGD(rate, momentum=0.9, nesterov=True),
    "AdaGrad": lambda rate: Adagrad(rate),
    "RMSprop": lambda rate: RMSprop(rate),
    "Adam": lambda rate: Adam(rate),
}
VALLEY = [0.01, 0.01, 0.01, 0.2, 0.03, 0.1]  # the rates there
RATES = [0.001, 0.01, 0.1, 1.0]


def descend(optimizer, steps=200):
    """J on the way from (1, 1) to (0, 0)."""
    w, path = Tensor(np.array([1.0, 1.0]), requires_grad=True), []
    for _ in range(steps):
        J = 0.5 * (CURVATURE * w**2).sum()
        path.append(J.item())
        J.backward()
        optimizer.step([w])
    return [*path, 0.5 * float((CURVATURE * w.numpy() ** 2).sum())]


def learn(optimizer, x, y, x_test, y_test):
    keras.utils.set_random_seed(0)
    red = Sequential([Input((8, 8)), Flatten(), Dense(32, "relu"), Dense(10, "softmax")])
    red.compile(optimizer, "sparse_categorical_crossentropy", metrics=["accuracy"])
    red.fit(x, y, epochs=5, batch_size=32, verbose=0)
    return red.evaluate(x_test, y_test, verbose=0)[1]


def main():
    print("The valley      rate   J after 10, 50 and 200 steps")
    for (name, make), rate in zip(RULES.items(), VALLEY, strict=True):
        path = descend(make(rate))
        print(f"{name:13} {rate:6}  ", *[f"{path[t]:10.2e}" for t in (10, 50, 200)])

    (x, y), (x_test, y_test) = optdigits.load_data()
    x, x_test = x / 16, x_test / 16
    print("\nDigits: accuracy on the test part after 5 epochs")
    print("learning rate", *[f"{rate:8}" for rate in RATES])
    for name, make in RULES.items():
        found = [learn(make(rate), x, y, x_test, y_test) for rate in RATES]
        print(f"{name:13}", *[f"{accuracy:8.1%}" for accuracy in found])


if __name__ == "__main__":
    main()
