"""How the gradient flows through deep networks: healthy, vanishing, exploding, dead, NaN.

English. `gradient_flow(model, x, y)` measures one step without changing anything; the callback
GradientFlow watches a training. Both say in words what is wrong. With a FOLDER the pictures of the
documentation are written there (needs matplotlib, the extra `plots`).

Español. `gradient_flow(modelo, x, y)` mide un paso sin cambiar nada; el callback GradientFlow
observa un entrenamiento. Ambos dicen con palabras qué va mal. Con una carpeta FOLDER se escriben
allí las imágenes de la documentación (necesita matplotlib, el extra `plots`).

    python 19_gradient_flow.py [FOLDER]
"""

import sys
from pathlib import Path

import numpy as np

from tinygrad_es import Sequential, Tensor, gradient_flow, ops
from tinygrad_es.callbacks import GradientFlow
from tinygrad_es.datasets import optdigits
from tinygrad_es.initializers import RandomNormal
from tinygrad_es.layers import BatchNormalization, Dense, Input
from tinygrad_es.losses import SparseCategoricalCrossentropy
from tinygrad_es.ops import random

(X, Y), _ = optdigits.load_data()
X = X.reshape(-1, 64) / 16


def network(depth, activation, weights="glorot_uniform", normalized=False):
    """`depth` hidden layers of 64 units, and the digits at the end."""
    random.seed(0)
    stack = []
    for i in range(1, depth + 1):
        stack.append(Dense(64, activation, kernel_initializer=weights, name=f"hidden_{i}"))
        if normalized:
            stack.append(BatchNormalization(name=f"norm_{i}"))
    model = Sequential([Input(shape=(64,)), *stack, Dense(10, name="digits")])
    model.compile("adam", SparseCategoricalCrossentropy(from_logits=True))
    return model


def sigmoids_at_zero(depth):
    """Weights 1 and sums 0: of the error arrives the product of the slopes, 1/4 each."""
    a = Tensor(1.0)
    for i in range(depth):
        w = Tensor(1.0, requires_grad=True, name=f"w{i + 1}")
        a = ops.sigmoid(a * w - a.item())
    return gradient_flow(a)


def with_dead_layer():
    model = network(4, "relu", "he_normal")
    model.get_layer("hidden_3").bias.assign(np.full(64, -20.0))
    return model


MODELS = {
    "10 layers, ReLU, He": lambda: network(10, "relu", "he_normal"),
    "10 layers, tanh, Glorot": lambda: network(10, "tanh"),
    "5 layers, sigmoid, Glorot": lambda: network(5, "sigmoid"),
    "10 layers, sigmoid, Glorot": lambda: network(10, "sigmoid"),
    "10 layers, ReLU, N(0, 0.6²)": lambda: network(10, "relu", RandomNormal(stddev=0.6)),
    "5 layers, tanh, N(0, 1)": lambda: network(5, "tanh", RandomNormal(stddev=1.0)),
    "4 layers, ReLU, a bias of −20": with_dead_layer,
}


def trained(**options):
    """Ten layers of sigmoids, watched for two epochs."""
    flow = GradientFlow(every=10)
    network(10, "sigmoid", **options).fit(X, Y, epochs=2, verbose=0, callbacks=[flow])
    return flow


# --- pictures ----------------------------------------------------------------------------------


def gradient_flow_bars():
    return gradient_flow(MODELS["10 layers, sigmoid, Glorot"](), X[:128], Y[:128]).plot()


def gradient_flow_lines():
    return trained().plot()


def gradient_flow_heatmap():
    return trained().plot("heatmap", value="arrives")


def main(folder=None):
    for depth in (1, 2, 5, 10):
        print(f"{depth:2} sigmoids at 0: {sigmoids_at_zero(depth).layers[0].signal:.13e}")

    print("\nflags before training / avisos antes de entrenar")
    for title, make in MODELS.items():
        flow = gradient_flow(make(), X[:128], Y[:128])
        first = flow.layers[0]
        found = sorted({flag for flags in flow.flags.values() for flag in flags})
        print(f"  {title:30} arrives {first.arrives:8.1e}  {', '.join(found) or 'healthy'}")

    print("\n" + str(gradient_flow(with_dead_layer(), X[:128], Y[:128])))

    print("\ntwo epochs of ten sigmoids / dos épocas de diez sigmoides")
    for title, options in {"plain": {}, "batch norm": {"normalized": True}}.items():
        flow = trained(**options)
        arrives = flow.history["arrives"]["hidden_1"]
        loss = flow.history["loss"]
        print(
            f"  {title:10} loss {loss[0]:.2f} → {loss[-1]:.2f}, arrives {arrives[0]:.1e} → "
            f"{arrives[-1]:.1e}, {'healthy' if flow.healthy else 'unwell'}"
        )

    with np.errstate(all="ignore"):
        w = Tensor(np.ones((64, 1)), requires_grad=True, name="w")
        flow = gradient_flow(ops.log(Tensor(np.maximum(X[:4], 0.0)) * 0.0 @ w).mean())
    print("\n" + flow.first_nan.text())

    if folder is not None:
        draw(Path(folder))


def draw(out):
    import matplotlib.pyplot as plt

    plt.switch_backend("Agg")  # files only, no windows
    out.mkdir(parents=True, exist_ok=True)
    for plot in (gradient_flow_bars, gradient_flow_lines, gradient_flow_heatmap):
        ax = plot()
        path = out / f"{plot.__name__}.png"
        ax.figure.savefig(path, dpi=80, metadata={"Software": None})
        plt.close(ax.figure)
        print(f"drawn: {path}")


if __name__ == "__main__":
    main(*sys.argv[1:2])
