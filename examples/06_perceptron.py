"""The perceptron learns from its mistakes: AND and OR, but never XOR.

English. A threshold logic unit answers 1 where w·x + b ≥ 0. Whenever the answer is wrong its
weights move by the sample, and if a straight line can separate the classes that comes to an end.
No line separates XOR, so there the mistakes go on for ever; three units in two layers do it, with
weights that one can choose by hand.

Español. Una unidad lógica de umbral responde 1 donde w·x + b ≥ 0. Cada vez que se equivoca, sus
pesos se mueven según la muestra, y si una recta puede separar las clases eso acaba. Ninguna recta
separa XOR, así que ahí los errores no acaban nunca; tres unidades en dos capas lo resuelven, con
pesos que se pueden elegir a mano.
"""

import numpy as np

from tinygrad_es.activations import step
from tinygrad_es.models import Perceptron

POINTS = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
GATES = {"AND": [0, 0, 0, 1], "OR": [0, 1, 1, 1], "XOR": [0, 1, 1, 0]}


def learn(name, labels):
    model = Perceptron()
    history = model.fit(POINTS, labels, epochs=100, shuffle=False, verbose=0)
    mistakes = history.history["mistakes"]
    (w1, w2), b = model.dense.kernel.numpy().ravel(), model.dense.bias.item()
    print(f"{name:4} {sum(mistakes):3} mistakes in {len(mistakes):3} epochs", end=", ")
    if model.converged:
        print(f"then none: 1 where {w1:g}·x1 + {w2:g}·x2 ≥ {-b:g}")
    else:
        print(f"still {mistakes[-1]} of 4 in the last")
    return model


def xor_by_hand(x):
    """Two units look whether any input is 1 and whether both are; the third subtracts."""
    h1 = step(x[:, 0] + x[:, 1] - 0.5)
    h2 = step(x[:, 0] + x[:, 1] - 1.5)
    return step(h1 - h2 - 0.5)


def main():
    models = {name: learn(name, labels) for name, labels in GATES.items()}
    print("\ninput  AND  OR  XOR   XOR of three units")
    answers = {name: model.predict(POINTS, verbose=0).ravel() for name, model in models.items()}
    for point, a, o, x, y in zip(POINTS, *answers.values(), xor_by_hand(POINTS), strict=True):
        print(f"{point}   {a:.0f}    {o:.0f}    {x:.0f}   {y:.0f}")


if __name__ == "__main__":
    main()
