"""Every plot of the lessons, from real trainings and small computations.

English. Pictures of activations with derivatives, curves of trainings, what a model takes
for what, decision regions, descents, averages, fits, networks. Each is one call of a function of
`tinygrad_es.plots`, which returns matplotlib's Axes. Needs matplotlib (the extra `plots`).

Español. Imágenes de activaciones con sus derivadas, curvas de entrenamientos, qué confunde un
modelo con qué, regiones de decisión, descensos, medias, ajustes, redes. Cada una es una llamada a
una función de `tinygrad_es.plots`, que devuelve los ejes de matplotlib. Necesita matplotlib (el
extra `plots`).

    python 12_plots.py [FOLDER [NAME …]]
"""

import functools
import sys
import tempfile
import time
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

from tinygrad_es import Sequential, plots
from tinygrad_es.datasets import iris, optdigits, synthetic
from tinygrad_es.layers import Dense, Dropout, Flatten, Input
from tinygrad_es.metrics import confusion_matrix
from tinygrad_es.ops import random
from tinygrad_es.optimizers import SGD, Adam

# --- functions and descents --------------------------------------------------------------------


def activations():
    return plots.activations(["sigmoid", "tanh", "relu", "softplus", "elu", "selu"])


def activation():
    return plots.activation("gelu")


def bowl(a, b):
    return 0.5 * (a**2 + 10 * b**2)


def descent():
    slow = plots.trajectory(bowl, SGD(0.17), (-2.0, 0.6), steps=20)
    momentum = plots.trajectory(bowl, SGD(0.05, momentum=0.6), (-2.0, 0.6), steps=20)
    return plots.descent(bowl, {"η = 0.17": slow, "η = 0.05, momentum 0.6": momentum})


def nesterov():
    return plots.nesterov()


def smoothing():
    t, x = synthetic.noisy_sine(seed=1)
    return plots.smoothing(t, x, betas=[0.9, 0.98], corrected=True)


# --- trainings ---------------------------------------------------------------------------------


@functools.cache
def digits(**kwargs):
    """A model of the digits, its history, and what it says of the test part."""
    random.seed(0)
    (x_train, y_train), (x_test, y_test) = optdigits.load_data()
    model = Sequential([Flatten(), Dense(30, "relu"), Dense(10, "softmax")])
    model.compile(Adam(0.003), "sparse_categorical_crossentropy", metrics=["accuracy"])
    settings = {"epochs": 25, "validation_split": 0.2, "verbose": 0, **kwargs}
    history = model.fit(x_train / 16, y_train, **settings)
    return history, x_test, y_test, model.predict(x_test / 16, verbose=0)


def history():
    figure, (left, right) = plt.subplots(1, 2, figsize=(8, 3), layout="constrained")
    trained = digits()[0]
    plots.history(trained, "loss", ax=left)
    plots.history(trained, "accuracy", ax=right)
    return figure


def output_and_loss():
    """Sigmoid or softmax at the end, with squared error or with cross-entropy."""
    (x, y), _ = iris.load_data()
    x, t = (x - x.mean(axis=0)) / x.std(axis=0), np.eye(3, dtype="float32")[y]
    found = {}
    for end, loss in [
        ("sigmoid", "mse"),
        ("sigmoid", "binary_crossentropy"),
        ("softmax", "categorical_crossentropy"),
    ]:
        random.seed(0)
        model = Sequential([Dense(4, "sigmoid"), Dense(3, end)])
        model.compile(SGD(0.5), loss, metrics=["categorical_accuracy"])
        found[f"{end}, {loss}"] = model.fit(x, t, epochs=40, verbose=0)
    return plots.compare_histories(found, "categorical_accuracy")


def online_and_batches():
    """The same training with one sample, 32 and all samples a step: over epochs and over time."""
    found, seconds = {}, {}
    for label, size in [("online", 1), ("32 samples", 32), ("all samples", 1150)]:
        start = time.perf_counter()
        found[label] = digits(epochs=5, batch_size=size)[0]
        seconds[label] = time.perf_counter() - start
    figure, (left, right) = plt.subplots(1, 2, figsize=(8, 3), layout="constrained")
    plots.compare_histories(found, ax=left)
    plots.compare_histories(found, seconds=seconds, ax=right)
    return figure


# --- classes -----------------------------------------------------------------------------------


def confusion():
    _, _, y, p = digits(epochs=3)
    return plots.confusion_matrix(confusion_matrix(y, p.argmax(axis=1), 10))


def confusion_shares():
    counts = [[50, 0, 0], [0, 46, 4], [0, 7, 43]]
    return plots.confusion_matrix(counts, names=iris.CLASS_NAMES, shares=True)


def detectors():
    """How well eights and nines are found among all digits, after little training."""
    _, _, y, p = digits(epochs=3)
    return {f"digit {k}": (y == k, p[:, k]) for k in (8, 9)}


def roc():
    ax = None
    for label, (right, score) in detectors().items():
        ax = plots.roc_curve(right, score, label=label, ax=ax)
    return ax


def precision_recall():
    ax = None
    for label, (right, score) in detectors().items():
        ax = plots.precision_recall_curve(right, score, label=label, ax=ax)
    return ax


def digit_images():
    _, x, y, p = digits(epochs=3)
    wrong = np.flatnonzero(p.argmax(axis=1) != y)[:10]
    some = np.concatenate([np.arange(20), wrong])
    return plots.images(x[some], y[some], p[some])


def colour_images():
    """Colour pictures, made up: a bright square on a dark ground that drifts through the hues."""
    x = np.zeros((8, 32, 32, 3))
    for i, picture in enumerate(x):
        picture[...] = np.linspace(0.1, 0.5, 32)[:, None, None] * np.roll([1.0, 0.6, 0.2], i)
        picture[8 + i : 20 + i, 4 + 2 * i : 16 + 2 * i] = np.roll([0.2, 0.9, 0.7], i)
    return plots.images(x, np.arange(8) % 2, names=["plane", "ship"], columns=4)


def regions(x, y, *layers, loss="binary_crossentropy"):
    random.seed(1)
    model = Sequential([Input(shape=(2,)), *layers])
    model.compile(Adam(0.03), loss)
    model.fit(x, y, epochs=80, verbose=0)
    return plots.decision_regions(model, x, y)


def decision_regions():
    return regions(*synthetic.triangle(400), Dense(3, "sigmoid"), Dense(1, "sigmoid"))


def decision_regions_of_three():
    (x, y), _ = iris.load_data()
    layers = [Dense(8, "tanh"), Dense(3, "softmax")]
    ax = regions(x[:, 2:], y, *layers, loss="sparse_categorical_crossentropy")
    ax.set(xlabel="petal length, cm", ylabel="petal width, cm")
    return ax


# --- models ------------------------------------------------------------------------------------


def fits():
    rng = np.random.default_rng(2)
    x, other = np.linspace(0, 1, 12), rng.uniform(0, 1, 30)
    y, y_other = (np.sin(6 * v) + rng.normal(0, 0.3, v.size) for v in (x, other))
    titles = {"under-fitted, degree 1": 1, "right, degree 3": 3, "over-fitted, degree 10": 10}
    models = {t: np.polynomial.Polynomial.fit(x, y, degree) for t, degree in titles.items()}
    return plots.fits(x, y, models, test=(other, y_other))


def grid_and_random():
    side = (0.15, 0.5, 0.85)
    grid = [(a, b) for a in side for b in side]
    drawn = np.random.default_rng(6).uniform(0.05, 0.95, (9, 2))

    def score(a, b):
        return np.exp(-(((a - 0.65) / 0.1) ** 2)) + 0.1 * b

    names = ("important", "unimportant")
    return plots.search({"grid": grid, "random": drawn}, score=score, names=names)


def network():
    random.seed(3)
    (x, y), _ = iris.load_data()
    model = Sequential([Input(shape=(4,)), Dense(2, "tanh"), Dense(3, "softmax")])
    model.compile(Adam(0.05), "sparse_categorical_crossentropy")
    model.fit(x - x.mean(axis=0), y, epochs=60, verbose=0)
    return plots.network(
        model,
        inputs=["sepal length", "sepal width", "petal length", "petal width"],
        outputs=iris.CLASS_NAMES,
    )


def large_network():
    return plots.network(Sequential([Input(shape=(64,)), Dense(30), Dropout(0.2), Dense(10)]))


def dropout():
    return plots.dropout([5, 5, 5, 2], rate=0.5, seed=1)


ALL = [
    *(activation, activations, descent, nesterov, smoothing, history, output_and_loss),
    *(online_and_batches, confusion, confusion_shares, roc, precision_recall, digit_images),
    *(colour_images, decision_regions, decision_regions_of_three, fits, grid_and_random),
    *(network, large_network, dropout),
]


def main(folder=None, names=()):
    """Write the pictures of these names, or all."""
    out = Path(folder or tempfile.mkdtemp(prefix="tinygrad_es_plots_"))
    out.mkdir(parents=True, exist_ok=True)
    for plot in ALL:
        if names and plot.__name__ not in names:
            continue
        drawn = plot()
        figure = drawn if hasattr(drawn, "savefig") else np.ravel(drawn)[0].figure
        path = out / f"{plot.__name__}.png"
        figure.savefig(path, dpi=80, metadata={"Software": None})
        plt.close(figure)
        print(f"drawn: {path}")


if __name__ == "__main__":
    plt.switch_backend("Agg")  # files only, no windows
    main(*sys.argv[1:2], names=sys.argv[2:])
