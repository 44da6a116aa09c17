"""Everything that a drawing can show, one picture each.

    python examples/22_drawing.py [FOLDER] [NAME …]

Writes fan_out.svg, broadcasting.svg, layers.svg, focus.svg, repeats.svg, second_order.svg,
failure.svg, by_hand.svg, vanishing.svg and steps.svg (or only those named) into the folder.
"""

import sys
from pathlib import Path

import numpy as np

from tinygrad_es import Sequential, Tensor, draw, layers, losses, ops
from tinygrad_es.utils import set_random_seed
from tinygrad_es.views import Drawing


def fan_out():
    """A value that is used several times gets the sum of what comes back."""
    a, b = Tensor(2.0, requires_grad=True), Tensor(-1.0, requires_grad=True)
    c = a * b
    f = c * a + ops.relu(c)
    return draw(f, title="f = (a·b)·a + relu(a·b)", legend=True)


def broadcasting():
    """What was added to every row gets the sum over the rows."""
    x = Tensor([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]], name="x")
    w = Tensor([[0.5], [-0.25]], requires_grad=True)
    b = Tensor([0.125], requires_grad=True)
    y = x @ w + b
    loss = (y * y).mean()
    return draw(loss, title="the bias was added to three rows")


def network():
    """A network whose weights are all simple numbers."""
    model = Sequential(
        [
            layers.Dense(4, "tanh", kernel_initializer="identity", name="first"),
            layers.Dense(4, "tanh", kernel_initializer="identity", name="second"),
            layers.Dense(2, kernel_initializer="ones", name="out"),
        ],
        name="net",
    )
    model.compile("sgd", losses.MeanSquaredError())
    x = np.array([[0.5, -0.5, 0.25, 1.0], [1.0, 0.5, -0.25, 0.0]], "float32")
    return model, x, np.zeros((2, 2), "float32")


def layers_closed():
    """Each layer one box: what it gives, what comes back, the gradients of its weights."""
    return draw(*network(), collapse="layers", title="collapse='layers'")


def focus():
    """One layer open, everything else closed."""
    return draw(*network(), focus="second", title="focus='second'")


def repeats():
    """One layer that is called three times (×3), then three layers that are alike (+2)."""
    cell = layers.Dense(2, "tanh", kernel_initializer="identity", name="cell")
    h = Tensor([[0.5, -1.0]], requires_grad=True, name="x")
    for _ in range(3):
        h = cell(h)
    for k in range(3):
        h = layers.Dense(2, "tanh", kernel_initializer="identity", name=f"dense_{k}")(h)
    return draw(h.sum(), collapse="layers", repeats=True, title="repeats=True")


def second_order():
    """The graph of a derivative, and its own gradient: 2x + 3x² and 2 + 6x."""
    return draw(lambda x: x**2 + x**3, 2.0, order=1, title="the derivative of x² + x³ at 2")


def failure():
    """A forward pass that fails is drawn up to there."""

    def forward(W, x):
        h = np.tanh(x @ W)
        return (h @ W).sum()

    return draw(forward, np.ones((2, 3)), np.ones((4, 2)), title="h @ W: one ᵀ is missing")


def by_hand():
    """A derivation by hand beside the automatic one: dz lacks the factor 1 − h²."""
    x, w, v = (Tensor(value, requires_grad=True) for value in (0.5, 1.0, -2.0))
    z = x * w
    h = ops.tanh(z)
    y = h * v
    dh = -2.0
    dz = dh
    return draw(
        y,
        by_hand={"v": float(np.tanh(0.5)), "h": dh, "z": dz, "w": dz * 0.5, "x": dz * 1.0},
        title="y = v·tanh(w·x), by hand: dz = dh",
    )


def vanishing():
    """Eight sigmoids, each of which passes on a quarter at most: the first layers learn nothing."""
    set_random_seed(0)
    model = Sequential(
        [
            *(layers.Dense(8, "sigmoid", name=f"hidden_{k}") for k in range(8)),
            layers.Dense(2, "softmax", name="out"),
        ]
    )
    model.compile("sgd", "sparse_categorical_crossentropy")
    x = np.random.default_rng(0).normal(size=(16, 4)).astype("float32")
    labels = np.arange(16) % 2
    return draw(model, x, labels, collapse="layers", constants=False, title="eight sigmoids")


def steps():
    """One of the frames: the second of four operations has just sent its gradients back."""
    x, y, z = (Tensor(v, requires_grad=True) for v in (-2.0, 5.0, -4.0))
    q = x + y
    f = q * z
    return Drawing(draw(f, title="f = (x + y)·z, the first step back").frames()[1])


PICTURES = {
    "fan_out": fan_out,
    "broadcasting": broadcasting,
    "layers": layers_closed,
    "focus": focus,
    "repeats": repeats,
    "second_order": second_order,
    "failure": failure,
    "by_hand": by_hand,
    "vanishing": vanishing,
    "steps": steps,
}


def main(folder="drawings", *names):
    """Draw all, or those named."""
    Path(folder).mkdir(parents=True, exist_ok=True)
    for name in names or PICTURES:
        print(PICTURES[name]().save(Path(folder) / f"{name}.svg"))


if __name__ == "__main__":
    main(*sys.argv[1:])
