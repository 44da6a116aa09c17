"""Learning by heart: what weight penalties, dropout and early stopping do about it.

English. One in five of 600 digits has a wrong label. A large network learns those by heart too,
and then errs on digits it has never seen. A penalty on the weights keeps them small; dropout
switches units off at random while training; early stopping watches a part that is kept aside and
goes back to the best epoch. Each leaves the wrong labels unlearnt and reads new digits better.

Español. Uno de cada cinco de 600 dígitos tiene una etiqueta falsa. Una red grande también se las
aprende de memoria, y luego falla con dígitos que nunca ha visto. Una penalización sobre los pesos
los mantiene pequeños; dropout apaga unidades al azar durante el entrenamiento; la parada temprana
vigila una parte reservada y vuelve a la mejor época. Todas dejan sin aprender las etiquetas falsas
y leen mejor los dígitos nuevos.
"""

import numpy as np

import tinygrad_es as keras
from tinygrad_es.callbacks import EarlyStopping
from tinygrad_es.datasets import optdigits
from tinygrad_es.layers import Dense, Dropout, Flatten, Input
from tinygrad_es.models import Sequential
from tinygrad_es.regularizers import l1, l2

EPOCHS = 60


def network(penalty=None, rate=0.0):
    red = Sequential([Input(shape=(8, 8)), Flatten()])
    for _ in range(2):
        red.add(Dense(128, activation="relu", kernel_regularizer=penalty))
        if rate:
            red.add(Dropout(rate))
    red.add(Dense(10, activation="softmax", kernel_regularizer=penalty))
    return red


def digits():
    """600 to learn, a fifth of them with another label; 200 kept aside; the test part."""
    (x, y), test = optdigits.load_data()
    rng = np.random.default_rng(0)
    labels = y[:600].copy()
    wrong = rng.random(600) < 0.2
    labels[wrong] = (labels[wrong] + rng.integers(1, 10, wrong.sum())) % 10
    return (x[:600] / 16, labels, wrong), (x[600:800] / 16, y[600:800]), (test[0] / 16, test[1])


def main():
    (x, labels, wrong), kept, test = digits()
    es = EarlyStopping(monitor="val_loss", patience=8, restore_best_weights=True)
    variants = {
        "nothing": (network, []),
        "l2(0.01)": (lambda: network(penalty=l2(0.01)), []),
        "l1(0.001)": (lambda: network(penalty=l1(0.001)), []),
        "Dropout(0.5)": (lambda: network(rate=0.5), []),
        "early stopping": (network, [es]),
        "dropout and stopping": (lambda: network(rate=0.5), [es]),
    }
    print(f"{wrong.sum()} of 600 labels are wrong\n")
    print("                      epochs    Σw²   weights ≈ 0   wrong ones learnt   test")
    for name, (make, callbacks) in variants.items():
        keras.utils.set_random_seed(0)
        red = make()
        red.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
        history = red.fit(
            x, labels, epochs=EPOCHS, validation_data=kept, callbacks=callbacks, verbose=0
        )
        w = np.concatenate([w.ravel() for w in red.get_weights() if w.ndim == 2])
        by_heart = red.evaluate(x[wrong], labels[wrong], verbose=0)[1]
        tested = red.evaluate(*test, verbose=0)[1]
        print(
            f"{name:22} {len(history.epoch):5} {(w**2).sum():6.0f} {(abs(w) < 1e-3).mean():13.0%}"
            f" {by_heart:19.0%} {tested:6.1%}"
        )


if __name__ == "__main__":
    main()
