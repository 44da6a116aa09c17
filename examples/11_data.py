"""Data from files: digits in MNIST's four files, written, read back and learnt.

English. A data set is read with `load_data(path)`, which gives training and test part as Keras
does. Here the stored 8×8 digits are enlarged to 28×28 and written in MNIST's format, so that no
network is needed; then comes the lesson's classifier. With a folder that has the true files,
`python examples/11_data.py path/to/fashion-mnist`, the same program learns those.

Español. Un conjunto de datos se lee con `load_data(path)`, que da las partes de entrenamiento y
de test como Keras. Aquí los dígitos de 8×8 del paquete se amplían a 28×28 y se escriben en el
formato de MNIST, así que no hace falta red; después viene el clasificador de la lección. Con una
carpeta que tenga los archivos auténticos, `python examples/11_data.py ruta/de/fashion-mnist`, el
mismo programa aprende esos.
"""

import gzip
import struct
import sys
import tempfile
from pathlib import Path

import numpy as np

from tinygrad_es import Sequential
from tinygrad_es.datasets import mnist, optdigits
from tinygrad_es.layers import Dense, Flatten, Input
from tinygrad_es.ops import random


def write_idx(path, array):
    """Type 8 (bytes), the number of axes, the size of each, and then the numbers."""
    header = bytes([0, 0, 8, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape)
    with gzip.open(path, "wb") as stream:
        stream.write(header + array.tobytes())
    print(f"{path.name:27} {header.hex(' ')}")


def write_digits(folder):
    """The stored digits, each pixel three by three of them, with a border of two."""
    print("file                        its first bytes: type, axes, sizes")
    for part, (x, y) in zip(("train", "t10k"), optdigits.load_data(), strict=True):
        x = np.pad(np.kron(x, np.ones((1, 3, 3), np.uint8)), ((0, 0), (2, 2), (2, 2)))
        write_idx(folder / f"{part}-images-idx3-ubyte.gz", (x * 15.9).astype(np.uint8))
        write_idx(folder / f"{part}-labels-idx1-ubyte.gz", y)


def main():
    random.seed(0)
    with tempfile.TemporaryDirectory() as own:
        if len(sys.argv) == 1:
            write_digits(Path(own))
        (x_all, y_all), (x_test, y_test) = mnist.load_data(sys.argv[1] if sys.argv[1:] else own)
    print(f"\ntrain: {x_all.shape} {x_all.dtype}, test: {x_test.shape}, ink to {x_all.max()}\n")

    x_all, x_test = x_all / 255.0, x_test / 255.0
    n = len(x_all) // 12  # the lesson keeps the first 5,000 of 60,000 aside
    model = Sequential(
        [
            Input(shape=(28, 28)),
            Flatten(),
            Dense(300, activation="relu"),
            Dense(100, activation="relu"),
            Dense(10, activation="softmax"),
        ]
    )
    model.compile("sgd", "sparse_categorical_crossentropy", metrics=["accuracy"])
    history = model.fit(
        x_all[n:], y_all[n:], epochs=10, validation_data=(x_all[:n], y_all[:n]), verbose=0
    ).history
    for epoch in (0, 4, 9):
        print(f"epoch {epoch + 1:2}: kept aside, accuracy {history['val_accuracy'][epoch]:.1%}")
    loss, accuracy = model.evaluate(x_test, y_test, verbose=0)
    print(f"test:     loss {loss:.3f}, accuracy {accuracy:.1%}")
    print(
        f"first:    {model.predict(x_test[:8], verbose=0).argmax(axis=-1)}, in truth {y_test[:8]}"
    )


if __name__ == "__main__":
    main()
