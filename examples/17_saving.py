"""Save, load, go on: a classifier in files, and a training that survives being interrupted.

English. The lesson's 4-2-3 network on iris learns from one-hot rows and is saved whole and as
weights; what comes back predicts the same, and learns on as if it had never been away. Then a
training is interrupted twice, in the middle of an epoch too, and ends with the same weights, bit
for bit, as one that was not. Needs h5py for the whole model (the extra `files`).

Español. La red 4-2-3 de la lección aprende iris con filas one-hot y se guarda entera y solo los
pesos; lo que vuelve predice lo mismo y sigue aprendiendo como si nunca se hubiera ido. Después se
interrumpe un entrenamiento dos veces, también a mitad de una época, y acaba con los mismos pesos,
bit a bit, que uno sin interrupciones. El modelo entero necesita h5py (el extra `files`).
"""

import tempfile
from pathlib import Path

from tinygrad_es import utils
from tinygrad_es.callbacks import BackupAndRestore, Callback
from tinygrad_es.datasets import iris
from tinygrad_es.layers import Dense, Input
from tinygrad_es.models import Sequential, load_model
from tinygrad_es.optimizers import Adam


def network():
    model = Sequential(
        [
            Input(shape=(4,)),
            Dense(2, activation="tanh", name="Oculta"),
            Dense(3, activation="softmax", name="Salida"),
        ]
    )
    model.compile(Adam(0.02), "categorical_crossentropy", metrics=["accuracy"])
    return model


class Interrupt(Callback):
    """Stands for the power cut: the program ends at this batch of this epoch."""

    def __init__(self, epoch, batch):
        self.at = (epoch, batch)

    def on_epoch_begin(self, epoch, logs=None):
        self.epoch = epoch

    def on_train_batch_end(self, batch, logs=None):
        if (self.epoch, batch) == self.at:
            raise KeyboardInterrupt


def files(folder, x, t):
    model = network()
    model.fit(x, t, epochs=100, batch_size=20, verbose=0)
    score = model.evaluate(x, t, verbose=0)
    print(f"loss {score[0]:.4f}, accuracy {score[1]:.1%}")

    model.save(folder / "miModelo")  # miModelo.keras
    model.save_weights(folder / "pesos.npz")
    again, twin = load_model(folder / "miModelo"), network()
    twin.load_weights(folder / "pesos.npz")
    for path in sorted(folder.iterdir()):
        print(f"  {path.name}: {path.stat().st_size:,} bytes")
    expected = model.predict(x, verbose=0)
    for name, other in (("miModelo.keras", again), ("pesos.npz", twin)):
        same = (other.predict(x, verbose=0) == expected).all()
        print(f"what comes out of {name} predicts the same: {same}")
    print(f"its optimizer goes on at step {again.optimizer.iterations}\n")


def interrupted(folder, x, t):
    def train(*callbacks):
        utils.set_random_seed(1)
        model = network()
        history = model.fit(x, t, epochs=20, batch_size=20, verbose=0, callbacks=list(callbacks))
        return model.get_weights(), history.history["loss"]

    weights, losses = train()
    for at in ((4, 1), (11, 6)):
        try:
            train(BackupAndRestore(folder / "backup", save_freq=2), Interrupt(*at))
        except KeyboardInterrupt:
            print(f"interrupted in epoch {at[0] + 1}, after batch {at[1] + 1}")
    resumed, history = train(BackupAndRestore(folder / "backup", save_freq=2))
    same = all((a == b).all() for a, b in zip(weights, resumed, strict=True))
    print(f"the same weights as without interruptions: {same}")
    print(f"the same losses: {losses == history}")


def main():
    utils.set_random_seed(0)
    x, y = iris.load_all()
    t = utils.to_categorical(y)
    with tempfile.TemporaryDirectory() as folder:
        files(Path(folder), x, t)
        interrupted(Path(folder), x, t)


if __name__ == "__main__":
    main()
