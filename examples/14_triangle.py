"""The triangle: three neurons draw a line each, a fourth combines them.

English. Points inside a triangle cannot be told from those outside by one line. Three logistic
neurons can learn its three sides, and one more says where all three agree: a 2-3-1 perceptron with
13 parameters. One neuron alone, and the same network without activations, which is again one
neuron, show what the hidden layer and its sigmoids are for.

Español. Los puntos interiores de un triángulo no se separan de los exteriores con una recta. Tres
neuronas logísticas pueden aprender los tres lados, y otra más dice dónde coinciden las tres: un
perceptrón 2-3-1 con 13 parámetros. Una sola neurona, y la misma red sin activaciones, que vuelve a
ser una neurona, enseñan para qué sirven la capa oculta y sus sigmoides.
"""

import numpy as np

import tinygrad_es as keras
from tinygrad_es.datasets import synthetic
from tinygrad_es.layers import Dense, Input
from tinygrad_es.models import Sequential
from tinygrad_es.optimizers import Adam


def learn(hidden, x, y):
    keras.utils.set_random_seed(2)
    layers = [Dense(3, activation=hidden)] if hidden else []
    red = Sequential([Input(shape=(2,)), *layers, Dense(1, activation="sigmoid")])
    red.compile(Adam(0.05), "binary_crossentropy", metrics=["accuracy"])
    red.fit(x, y, epochs=150, batch_size=32, verbose=0)
    return red, red.evaluate(x, y, verbose=0)[1]


def picture(red, side, columns=48, rows=22):
    """The plane in letters: # where the network says inside, a dot outside."""
    grid = np.stack(
        np.meshgrid(np.linspace(-side, side, columns), np.linspace(side, -side, rows)), axis=-1
    )
    inside = red.predict(grid.reshape(-1, 2), verbose=0).reshape(rows, columns) > 0.5
    return "\n".join("".join("#" if cell else "." for cell in row) for row in inside)


def main():
    x, y = synthetic.triangle(600, seed=0)
    share = max(y.mean(), 1 - y.mean())
    print(f"{y.sum()} of {len(y)} points are inside; the same answer for all: {share:.1%}")
    for title, hidden in (
        ("one neuron", None),
        ("2-3-1 without activations", "linear"),
        ("2-3-1 with sigmoids", "sigmoid"),
    ):
        red, accuracy = learn(hidden, x, y)
        print(f"{title:26} {red.count_params():3} parameters, accuracy {accuracy:.1%}")

    lines, offsets = red.layers[0].get_weights()
    print("\nThe three sides that the hidden neurons found:")
    for (a, b), c in zip(lines.T, offsets, strict=True):
        size = np.hypot(a, b)
        print(f"  {a / size:+.2f}·x1 {b / size:+.2f}·x2 {c / size:+.2f} = 0")
    print(f"\n{picture(red, float(np.abs(x).max()))}")


if __name__ == "__main__":
    main()
