"""Six ways to write one network, and they are the same network.

English. A 4-2-3 perceptron: layers added one after the other, the input as an argument, the
activations as layers of their own, a list with names, functions of an input, and layers that are
made first and connected afterwards. All have 19 parameters, and from the same weights all learn
the same, to the last digit.

Español. Un perceptrón 4-2-3: capas añadidas una tras otra, la entrada como argumento, las
activaciones como capas propias, una lista con nombres, funciones de una entrada, y capas que se
crean primero y se conectan después. Todas tienen 19 parámetros y, con los mismos pesos iniciales,
todas aprenden lo mismo, hasta la última cifra.
"""

import numpy as np

import tinygrad_es as keras
from tinygrad_es.layers import Activation, Dense, Input
from tinygrad_es.models import Model, Sequential
from tinygrad_es.optimizers import SGD

X = np.array(
    [[5.1, 3.5, 1.4, 0.2], [4.9, 3.0, 1.4, 0.2], [4.7, 3.2, 1.3, 0.2],
     [4.6, 3.1, 1.5, 0.2], [5.0, 3.6, 1.4, 0.2], [5.4, 3.9, 1.7, 0.4]]
)  # fmt: skip
T = np.eye(3)[[0, 1, 2, 2, 1, 2]]


def added():
    red = Sequential()
    red.add(Input(shape=[4]))
    red.add(Dense(2, activation="tanh"))
    red.add(Dense(3, activation="softmax"))
    return red


def input_as_an_argument():
    red = Sequential()
    red.add(Dense(2, input_shape=[4], activation="tanh"))
    red.add(Dense(3, activation="softmax"))
    return red


def activations_apart():
    red = Sequential()
    red.add(Input(shape=[4]))
    red.add(Dense(2))
    red.add(Activation("tanh"))
    red.add(Dense(3))
    red.add(Activation("softmax"))
    return red


def a_list():
    return Sequential(
        [
            Input(shape=(4,), name="Entrada"),
            Dense(2, activation="tanh", name="Oculto"),
            Dense(3, activation="softmax", name="Salida"),
        ]
    )


def functions():
    entrada = Input(shape=(4,), name="Entrada")
    red = Dense(2, activation="tanh", name="Oculto")(entrada)
    red = Dense(3, activation="softmax", name="Salida")(red)
    return Model(inputs=entrada, outputs=red)


def layers_first():
    entrada = Input(shape=(4,), name="Entrada")
    oculta = Dense(2, activation="tanh", name="Oculto")
    salida = Dense(3, activation="softmax", name="Salida")
    return Model(inputs=entrada, outputs=salida(oculta(entrada)))


def main():
    keras.utils.set_random_seed(0)
    start = added().get_weights()
    print("way                    layers  parameters  loss of epochs 1 to 4")
    for way in (added, input_as_an_argument, activations_apart, a_list, functions, layers_first):
        red = way()
        red.set_weights(start)
        red.compile(optimizer=SGD(learning_rate=0.1), loss="categorical_crossentropy")
        losses = red.fit(X, T, epochs=4, shuffle=False, verbose=0).history["loss"]
        numbers = " ".join(f"{loss:.6f}" for loss in losses)
        name = way.__name__.replace("_", " ")
        print(f"{name:22} {len(red.layers):6} {red.count_params():11}  {numbers}")
    print()
    layers_first().summary()


if __name__ == "__main__":
    main()
