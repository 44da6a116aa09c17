"""The bug zoo: thirteen mistakes of backward passes, each with its name and its picture.

    python examples/25_bug_zoo.py [FOLDER]

English. Each exhibit is a forward pass and a backward pass with one mistake. `check_backprop` says
what it is; the picture has right gradients in green, wrong ones in red, carried errors in amber.

Español. Cada ejemplar es una pasada hacia delante y una hacia atrás con un error.
`check_backprop` dice cuál es; en el dibujo los gradientes buenos van en verde, los malos en rojo y
los errores arrastrados en ámbar.
"""

import sys
from pathlib import Path

import numpy as np

from tinygrad_es import Tensor, check_backprop

rng = np.random.default_rng(0)
x, W, V = rng.normal(size=(5, 3)), rng.normal(size=(3, 7)), rng.normal(size=(7, 2))
w, b, t, r = (rng.normal(size=n) for n in (3, 7, 5, 5))
labels, s = np.array([0, 3, 1, 6, 2]), rng.uniform(0.5, 2.0, size=5)


def transposed():
    def forward(x, W):
        y = x @ W
        return np.sum(y**2)

    def backward(x, W):
        dy = 2 * (x @ W)
        dW = dy.T @ x
        return {"W": dW}

    return check_backprop(forward, backward, x, W)


def sum_forgotten():
    def forward(x, W, b):
        z = x @ W + b
        return np.sum(z**2)

    def backward(x, W, b):
        dz = 2 * (x @ W + b)
        db = dz
        return {"b": db, "W": x.T @ dz}

    return check_backprop(forward, backward, x, W, b)


def not_divided():
    def forward(x, w, t):
        y = x @ w
        return np.mean((y - t) ** 2)

    def backward(x, w, t):
        dy = 2 * (x @ w - t)
        return {"w": x.T @ dy}

    return check_backprop(forward, backward, x, w, t)


def factor_forgotten():
    def forward(x, w, r):
        z = x @ w
        h = np.tanh(z)
        return np.sum(r * h)

    def backward(x, w, r):
        dz = r
        return {"w": x.T @ dz}

    return check_backprop(forward, backward, x, w, r)


def wrong_derivative():
    def forward(x, w, r):
        z = x @ w
        h = np.tanh(z)
        return np.sum(r * h)

    def backward(x, w, r):
        z = x @ w
        dh = r
        dz = dh * (1 - z**2)
        return {"w": x.T @ dz}

    return check_backprop(forward, backward, x, w, r)


def term_too_many():
    def forward(x, w, t):
        y = x @ w
        return np.sum((y - t) ** 2)

    def backward(x, w, t):
        dy = 2 * (x @ w - t)
        dw = x.T @ dy + 0.1 * w
        return {"w": dw}

    return check_backprop(forward, backward, x, w, t)


def assigned():
    def forward(s, r):
        h = np.tanh(s)
        left = h * r
        right = h**2
        return np.sum(left + right)

    def backward(s, r):
        h = np.tanh(s)
        dh = r
        dh = 2 * h
        return {"s": dh * (1 - h**2)}

    return check_backprop(forward, backward, s, r)


def not_zeroed():
    w1 = Tensor(w, requires_grad=True)
    dw = np.zeros(3)
    for rows in (x[:2], x[2:]):
        before = dw.copy()
        loss = ((rows @ w1) ** 2).sum()
        dw += 2 * rows.T @ (rows @ w)
    return check_backprop(loss, by_hand={"w1": dw}, previous={"w1": before})


def labels_off_by_one():
    def forward(z, labels):
        p = np.exp(z) / np.sum(np.exp(z), axis=1, keepdims=True)
        return -np.sum(np.log(p[np.arange(len(z)), labels]))

    def backward(z, labels):
        dz = np.exp(z) / np.sum(np.exp(z), axis=1, keepdims=True)
        dz[np.arange(len(z)), labels - 1] -= 1
        return {"z": dz}

    return check_backprop(forward, backward, x @ W, labels)


def disconnected():
    def forward(x, w, r):
        z = x @ w
        h = np.maximum(0, z)
        return np.sum(r * h)

    def backward(x, w, r):
        h = np.maximum(0, x @ w)
        dh = r
        dz = dh * (h < 0)
        return {"w": x.T @ dz}

    return check_backprop(forward, backward, x, w, r)


def constant_normaliser():
    def forward(s, r):
        total = np.sum(s)
        p = s / total
        return np.sum(r * p)

    def backward(s, r):
        dp = r
        ds = dp / np.sum(s)
        return {"s": ds}

    return check_backprop(forward, backward, s, r)


def other_value():
    def forward(x, W, V):
        z = x @ W
        h = np.tanh(z)
        y = h @ V
        return np.sum(y**2)

    def backward(x, W, V):
        z = x @ W
        dy = 2 * (np.tanh(z) @ V)
        dV = z.T @ dy
        return {"V": dV}

    return check_backprop(forward, backward, x, W, V)


def unknown():
    def forward(x, w, t):
        y = x @ w
        return np.sum((y - t) ** 2)

    def backward(x, w, t):
        dy = 2 * (x @ w - t)
        dw = x.T @ np.sin(dy)
        return {"w": dw}

    return check_backprop(forward, backward, x, w, t)


ZOO = {
    "G01": transposed,
    "G02": sum_forgotten,
    "G03": not_divided,
    "G04": factor_forgotten,
    "G05": wrong_derivative,
    "G06": term_too_many,
    "G07": assigned,
    "G08": not_zeroed,
    "G09": labels_off_by_one,
    "G10": disconnected,
    "G11": constant_normaliser,
    "G12": other_value,
    "G99": unknown,
}


def main(folder="bug_zoo"):
    """Check each exhibit, print the message, draw the picture."""
    Path(folder).mkdir(parents=True, exist_ok=True)
    for code, exhibit in ZOO.items():
        report = exhibit()
        print(report, "\n")
        picture = report.graph(constants=False, rankdir="TB", language="en")
        picture.save(Path(folder) / f"zoo_{code}.svg")


if __name__ == "__main__":
    main(*sys.argv[1:])
