"""Backward passes derived by hand, as a student writes them, and the mistakes planted in them.

A model is its forward and backward pass as source; a mistake replaces a piece of the source. With
each goes the node that is first wrong and the names that say what is wrong.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

N, D, H, C = 7, 5, 11, 13


class Mistake(NamedTuple):
    right: str  # a piece of the backward pass
    wrong: str  # and what is written in its place
    culprit: str
    codes: str  # any of these is the right name


class Model(NamedTuple):
    forward: str
    backward: str
    inputs: Any  # a function of a generator
    mistakes: tuple[Mistake, ...]

    def functions(self, mistake: Mistake | None = None) -> tuple[Any, Any]:
        """Forward and backward; with a mistake or none."""
        source = self.backward
        if mistake is not None:
            assert source.count(mistake.right) == 1, mistake
            source = source.replace(mistake.right, mistake.wrong)
        space: dict[str, Any] = {"np": np}
        exec(self.forward + source, space)
        return space["forward"], space["backward"]


def one_hot(rng, n, c):
    return np.eye(c)[rng.integers(0, c, n)]


linear = Model(
    """
def forward(X, t, W, b):
    z = X @ W + b
    e = z - t
    return np.sum(e ** 2) / (2 * len(X))
""",
    """
def backward(X, t, W, b):
    z = X @ W + b
    e = z - t
    de = e / len(X)
    dz = de
    dW = X.T @ dz
    db = dz.sum(axis=0)
    return {"W": dW, "b": db, "e": de, "z": dz}
""",
    lambda rng: (rng.normal(size=(N, D)), rng.normal(size=(N, H)), rng.normal(size=(D, H)),
                 rng.normal(size=H)),
    (
        Mistake("de = e / len(X)", "de = e", "e", "G03"),
        Mistake("de = e / len(X)", "de = -e / len(X)", "e", "G03"),
        Mistake("de = e / len(X)", "de = 2 * e / len(X)", "e", "G03"),
        Mistake("de = e / len(X)", "de = e / (len(X) - 1)", "e", "G03"),
        Mistake("de = e / len(X)", "de = e / e.size", "e", "G03"),
        Mistake("dz = de", "dz = z / len(X)", "z", "G06"),
        Mistake("X.T @ dz", "dz.T @ X", "W", "G01"),
        Mistake("X.T @ dz", "X.T @ dz + 0.1 * W", "W", "G06"),
        Mistake("X.T @ dz", "np.zeros_like(W)", "W", "G10"),
        Mistake("X.T @ dz", "X.T @ z", "W", "G12"),
        Mistake("X.T @ dz", "(X.T @ dz)[::-1]", "W", "G09"),
        Mistake("dz.sum(axis=0)", "dz", "b", "G02"),
        Mistake("dz.sum(axis=0)", "dz.mean(axis=0)", "b", "G03"),
        Mistake("dz.sum(axis=0)", "dz.sum(axis=1)", "b", "G02"),
        Mistake("dz.sum(axis=0)", "dz.sum(axis=0, keepdims=True)", "b", "G02"),
    ),
)  # fmt: skip

logistic = Model(
    """
def forward(X, t, w, b):
    z = X @ w + b
    p = 1 / (1 + np.exp(-z))
    return -np.mean(t * np.log(p) + (1 - t) * np.log(1 - p))
""",
    """
def backward(X, t, w, b):
    z = X @ w + b
    p = 1 / (1 + np.exp(-z))
    dp = (p - t) / (p * (1 - p)) / len(X)
    dz = dp * p * (1 - p)
    dw = X.T @ dz
    db = dz.sum()
    return {"p": dp, "z": dz, "w": dw, "b": db}
""",
    lambda rng: (rng.normal(size=(N, D)), np.array([0.0, 1, 1, 0, 1, 0, 1]), rng.normal(size=D),
                 float(rng.normal())),
    (
        Mistake("dz = dp * p * (1 - p)", "dz = dp", "z", "G04"),
        Mistake("dz = dp * p * (1 - p)", "dz = dp * z * (1 - z)", "z", "G05"),
        Mistake("dz = dp * p * (1 - p)", "dz = dp * (1 - p ** 2)", "z", "G05"),
        Mistake("dz = dp * p * (1 - p)", "dz = (p - t)", "z", "G03"),
        Mistake("dz = dp * p * (1 - p)", "dz = p / len(X)", "z", "G06"),
        Mistake("dz = dp * p * (1 - p)", "dz = (t - p) / len(X)", "z", "G03"),
        Mistake("(p - t) / (p * (1 - p))", "(p - t)", "p", "G04"),
        Mistake("(p - t) / (p * (1 - p))", "(p - t) / p", "p", "G04"),
        Mistake("X.T @ dz", "X.T @ dp", "w", "G12"),
        Mistake("X.T @ dz", "X.T @ dz * 2", "w", "G03"),
        Mistake("X.T @ dz", "np.roll(X.T @ dz, 1)", "w", "G09"),
        Mistake("dz.sum()", "dz", "b", "G02"),
        Mistake("dz.sum()", "dz.mean()", "b", "G03"),
    ),
)  # fmt: skip


def mlp(activation: str, derivative: str, mistakes: tuple[Mistake, ...]) -> Model:
    """Two layers, softmax and cross-entropy, weight decay on W2."""
    return Model(
        f"""
def forward(X, T, W1, b1, W2, b2):
    z1 = X @ W1 + b1
    h = {activation}
    z2 = h @ W2 + b2
    e = np.exp(z2)
    p = e / np.sum(e, axis=1, keepdims=True)
    return -np.sum(T * np.log(p)) / len(X) + 0.05 * np.sum(W2 ** 2)
""",
        f"""
def backward(X, T, W1, b1, W2, b2):
    z1 = X @ W1 + b1
    h = {activation}
    e = np.exp(h @ W2 + b2)
    p = e / np.sum(e, axis=1, keepdims=True)
    dz2 = (p - T) / len(X)
    dW2 = h.T @ dz2 + 0.1 * W2
    db2 = dz2.sum(axis=0)
    dh = dz2 @ W2.T
    dz1 = dh * {derivative}
    dW1 = X.T @ dz1
    db1 = dz1.sum(axis=0)
    return dW1, db1, dW2, db2
""",
        lambda rng: (rng.normal(size=(N, D)), one_hot(rng, N, C), rng.normal(size=(D, H)),
                     rng.normal(size=H), rng.normal(size=(H, C)), rng.normal(size=C)),
        mistakes,
    )  # fmt: skip


COMMON = (
    Mistake("dz2 = (p - T) / len(X)", "dz2 = p - T", "z2", "G03"),
    Mistake("dz2 = (p - T) / len(X)", "dz2 = p / len(X)", "z2", "G06"),
    Mistake("dz2 = (p - T) / len(X)", "dz2 = (T - p) / len(X)", "z2", "G03"),
    Mistake("dz2 = (p - T) / len(X)", "dz2 = (p - np.roll(T, 1, 1)) / len(X)", "z2", "G09"),
    Mistake("h.T @ dz2 + 0.1 * W2", "h.T @ dz2", "W2", "G06 G07"),
    Mistake("h.T @ dz2 + 0.1 * W2", "0.1 * W2", "W2", "G07"),
    Mistake("h.T @ dz2 + 0.1 * W2", "h.T @ dz2 + 0.05 * W2", "W2", "G06"),
    Mistake("h.T @ dz2 + 0.1 * W2", "(h.T @ dz2 + 0.1 * W2).T", "W2", "G01"),
    Mistake("dz2.sum(axis=0)", "dz2", "b2", "G02"),
    Mistake("dh = dz2 @ W2.T", "dh = 2 * dz2 @ W2.T", "h", "G03"),
    Mistake("X.T @ dz1", "X.T @ dh", "W1", "G12"),
    Mistake("X.T @ dz1", "X.T @ (dz1 / len(X))", "W1", "G03"),
    Mistake("X.T @ dz1", "X.T @ (z1 * dh)", "W1", "G12"),
    Mistake("dz1.sum(axis=0)", "dh.sum(axis=0)", "b1", "G12"),
    Mistake("dz1.sum(axis=0)", "np.nan * dz1.sum(axis=0)", "b1", "G10"),
)
tanh = mlp(
    "np.tanh(z1)",
    "(1 - h ** 2)",
    (
        *COMMON,
        Mistake("dh * (1 - h ** 2)", "dh", "z1", "G04"),
        Mistake("dh * (1 - h ** 2)", "dh * (1 - z1 ** 2)", "z1", "G05"),
        Mistake("dh * (1 - h ** 2)", "dh * (1 - h)", "z1", "G05"),
        Mistake("dh * (1 - h ** 2)", "dh * h * (1 - h)", "z1", "G05"),
        Mistake("dh * (1 - h ** 2)", "dh * (1 - h ** 2) * h", "z1", "G04"),
        Mistake("dh * (1 - h ** 2)", "dh * (1 - h ** 2) ** 2", "z1", "G04"),
    ),
)
relu = mlp(
    "np.maximum(0, z1)",
    "(z1 > 0)",
    (
        *COMMON[:12],
        *COMMON[13:],
        Mistake("dh * (z1 > 0)", "dh", "z1", "G04"),
        Mistake("dh * (z1 > 0)", "dh * h", "z1", "G04 G05"),
        Mistake("dh * (z1 > 0)", "dh * (z1 < 0)", "z1", "G05"),
        Mistake("dh * (z1 > 0)", "dh * z1", "z1", "G05 G12"),
    ),
)

softmax = Model(
    """
def forward(X, T, W):
    z = X @ W
    e = np.exp(z)
    s = np.sum(e, axis=1, keepdims=True)
    p = e / s
    return -np.sum(T * np.log(p)) / len(X)
""",
    """
def backward(X, T, W):
    z = X @ W
    e = np.exp(z)
    s = np.sum(e, axis=1, keepdims=True)
    p = e / s
    dp = -T / p / len(X)
    ds = -np.sum(dp * e / s ** 2, axis=1, keepdims=True)
    de = dp / s + ds
    dz = de * e
    dW = X.T @ dz
    return {"p": dp, "s": ds, "e": de, "z": dz, "W": dW}
""",
    lambda rng: (rng.normal(size=(N, D)), one_hot(rng, N, C), rng.normal(size=(D, C))),
    (
        Mistake("de = dp / s + ds", "de = dp / s", "e", "G11 G07"),
        Mistake("de = dp / s + ds", "de = ds + 0 * dp", "e", "G07"),
        Mistake("dp * e / s ** 2", "dp * e / s", "s", "G04"),
        Mistake("-np.sum(dp * e / s ** 2", "np.sum(dp * e / s ** 2", "s", "G03"),
        Mistake("dz = de * e", "dz = de", "z", "G04"),
        Mistake("dz = de * e", "dz = de * p", "z", "G04 G05 G12"),
        Mistake("-T / p / len(X)", "-1 / p / len(X)", "p", "G04"),
        Mistake("-T / p / len(X)", "-T / len(X)", "p", "G04"),
    ),
)

batch_norm = Model(
    """
def forward(x, gamma, beta, R):
    mu = np.mean(x, axis=0)
    xc = x - mu
    var = np.mean(xc ** 2, axis=0)
    s = np.sqrt(var + 1e-5)
    xhat = xc / s
    y = gamma * xhat + beta
    return np.sum(y * R)
""",
    """
def backward(x, gamma, beta, R):
    n = len(x)
    mu = np.mean(x, axis=0)
    xc = x - mu
    var = np.mean(xc ** 2, axis=0)
    s = np.sqrt(var + 1e-5)
    xhat = xc / s
    dy = R
    dgamma = np.sum(dy * xhat, axis=0)
    dbeta = np.sum(dy, axis=0)
    dxhat = dy * gamma
    dx = (dxhat - dxhat.mean(0) - xhat * (dxhat * xhat).mean(0)) / s
    return {"y": dy, "gamma": dgamma, "beta": dbeta, "xhat": dxhat, "x": dx}
""",
    lambda rng: (rng.normal(size=(N, D)), rng.normal(size=D), rng.normal(size=D),
                 rng.normal(size=(N, D))),
    (
        Mistake("(dxhat - dxhat.mean(0) - xhat * (dxhat * xhat).mean(0)) / s", "dxhat / s", "x",
                "G11"),
        Mistake("- xhat * (dxhat * xhat).mean(0)", "", "x", "G11"),
        Mistake("- dxhat.mean(0) - xhat", "- xhat", "x", "G11"),
        Mistake("(dxhat * xhat).mean(0)) / s", "(dxhat * xhat).mean(0))", "x", "G04"),
        Mistake("dy * xhat, axis=0", "dy * x, axis=0", "gamma", "G12"),
        Mistake("dy * xhat, axis=0", "dy, axis=0", "gamma", "G12"),
        Mistake("dbeta = np.sum(dy, axis=0)", "dbeta = dy", "beta", "G02"),
        Mistake("dxhat = dy * gamma", "dxhat = dy", "xhat", "G04"),
        Mistake("dxhat = dy * gamma", "dxhat = dy * beta", "xhat", "G12"),
    ),
)  # fmt: skip

attention = Model(
    """
def forward(Q, K, V, R):
    S = Q @ K.T / np.sqrt(5)
    E = np.exp(S)
    A = E / np.sum(E, axis=1, keepdims=True)
    O = A @ V
    return np.sum(O * R)
""",
    """
def backward(Q, K, V, R):
    S = Q @ K.T / np.sqrt(5)
    E = np.exp(S)
    A = E / np.sum(E, axis=1, keepdims=True)
    dO = R
    dV = A.T @ dO
    dA = dO @ V.T
    dS = A * (dA - np.sum(dA * A, axis=1, keepdims=True))
    dQ = dS @ K / np.sqrt(5)
    dK = dS.T @ Q / np.sqrt(5)
    return dQ, dK, dV
""",
    lambda rng: (rng.normal(size=(N, D)), rng.normal(size=(H, D)), rng.normal(size=(H, C)),
                 rng.normal(size=(N, C))),
    (
        Mistake("A * (dA - np.sum(dA * A, axis=1, keepdims=True))", "A * dA", "S", "G11"),
        Mistake("A * (dA -", "(dA -", "S", "G04"),
        Mistake("dS @ K / np.sqrt(5)", "dS @ K", "Q", "G03"),
        Mistake("dS.T @ Q / np.sqrt(5)", "Q.T @ dS / np.sqrt(5)", "K", "G01"),
        Mistake("dV = A.T @ dO", "dV = S.T @ dO", "V", "G12"),
        Mistake("dV = A.T @ dO", "dV = dO.T @ A", "V", "G01"),
        Mistake("dA = dO @ V.T", "dA = -dO @ V.T", "A", "G03"),
    ),
)  # fmt: skip

lstm = Model(
    """
def forward(x, h0, c0, Wi, Wf, Wo, Wg, R):
    i = 1 / (1 + np.exp(-(x @ Wi)))
    f = 1 / (1 + np.exp(-(x @ Wf)))
    o = 1 / (1 + np.exp(-(x @ Wo)))
    g = np.tanh(x @ Wg)
    c = f * c0 + i * g
    m = np.tanh(c)
    h = o * m
    return np.sum(h * R) + 0.5 * np.sum(c ** 2)
""",
    """
def backward(x, h0, c0, Wi, Wf, Wo, Wg, R):
    i = 1 / (1 + np.exp(-(x @ Wi)))
    f = 1 / (1 + np.exp(-(x @ Wf)))
    o = 1 / (1 + np.exp(-(x @ Wo)))
    g = np.tanh(x @ Wg)
    c = f * c0 + i * g
    m = np.tanh(c)
    dh = R
    do = dh * m
    dm = dh * o
    dc = c + dm * (1 - m ** 2)
    df = dc * c0
    di = dc * g
    dg = dc * i
    dc0 = dc * f
    dWi = x.T @ (di * i * (1 - i))
    dWf = x.T @ (df * f * (1 - f))
    dWo = x.T @ (do * o * (1 - o))
    dWg = x.T @ (dg * (1 - g ** 2))
    return {"h": dh, "o": do, "m": dm, "c": dc, "f": df, "i": di, "g": dg, "c0": dc0,
            "Wi": dWi, "Wf": dWf, "Wo": dWo, "Wg": dWg}
""",
    lambda rng: (rng.normal(size=(N, D)), rng.normal(size=(N, H)), rng.normal(size=(N, H)),
                 *(rng.normal(size=(D, H)) for _ in range(4)), rng.normal(size=(N, H))),
    (
        Mistake("dc = c + dm * (1 - m ** 2)", "dc = dm * (1 - m ** 2)", "c", "G07 G06"),
        Mistake("dc = c + dm * (1 - m ** 2)", "dc = c + 0", "c", "G07"),
        Mistake("df = dc * c0", "df = dc * c", "f", "G12"),
        Mistake("di = dc * g", "di = dc * i", "i", "G12"),
        Mistake("dg = dc * i", "dg = dc", "g", "G04"),
        Mistake("dc0 = dc * f", "dc0 = dc * i", "c0", "G12"),
        Mistake("do = dh * m", "do = dh * c", "o", "G12"),
        Mistake("dm = dh * o", "dm = -dh * o", "m", "G03"),
        Mistake("x.T @ (di * i * (1 - i))", "(x.T @ (di * i * (1 - i))).T", "Wi", "G01"),
        Mistake("x.T @ (dg * (1 - g ** 2))", "x.T @ dg", "Wg", "G12"),
    ),
)  # fmt: skip

convolution = Model(
    """
def forward(x, w, b, R):
    y = np.zeros((2, 5, 5))
    for k in range(2):
        for i in range(5):
            for j in range(5):
                y[k, i, j] = np.sum(x[:, i:i + 3, j:j + 3] * w[k]) + b[k]
    a = np.maximum(0, y)
    return np.sum(a * R)
""",
    """
def backward(x, w, b, R):
    y = np.zeros((2, 5, 5))
    for k in range(2):
        for i in range(5):
            for j in range(5):
                y[k, i, j] = np.sum(x[:, i:i + 3, j:j + 3] * w[k]) + b[k]
    da = R
    dy = da * (y > 0)
    dw, dx, db = np.zeros_like(w), np.zeros_like(x), dy.sum(axis=(1, 2))
    for k in range(2):
        for i in range(5):
            for j in range(5):
                dw[k] += x[:, i:i + 3, j:j + 3] * dy[k, i, j]
                dx[:, i:i + 3, j:j + 3] += w[k] * dy[k, i, j]
    return {"a": da, "y": dy, "w": dw, "x": dx, "b": db}
""",
    lambda rng: (rng.normal(size=(3, 7, 7)), rng.normal(size=(2, 3, 3, 3)), rng.normal(size=2),
                 rng.normal(size=(2, 5, 5))),
    (
        Mistake("dy = da * (y > 0)", "dy = da", "y", "G04"),
        Mistake("dy.sum(axis=(1, 2))", "dy.sum(axis=(1, 2)) / 25", "b", "G03"),
        Mistake("dy.sum(axis=(1, 2))", "dy", "b", "G02"),
        Mistake("+= w[k] * dy", "+= w[k, :, ::-1, ::-1] * dy", "x", "G09"),
        Mistake("+= w[k] * dy", "+= w[k].swapaxes(1, 2) * dy", "x", "G09"),
        Mistake("dw[k] += x", "dw[k] = x", "w", "G07"),
    ),
)  # fmt: skip

pooling = Model(
    """
def forward(x, R):
    y = np.zeros((3, 2, 3))
    for i in range(2):
        for j in range(3):
            y[:, i, j] = np.max(x[:, 2 * i:2 * i + 2, 2 * j:2 * j + 2], axis=(1, 2))
    return np.sum(y * R)
""",
    """
def backward(x, R):
    dy = R
    dx = np.zeros_like(x)
    for k in range(3):
        for i in range(2):
            for j in range(3):
                window = x[k, 2 * i:2 * i + 2, 2 * j:2 * j + 2]
                mask = window == np.max(window)
                dx[k, 2 * i:2 * i + 2, 2 * j:2 * j + 2] = mask * dy[k, i, j]
    return {"y": dy, "x": dx}
""",
    lambda rng: (rng.normal(size=(3, 5, 7)), rng.normal(size=(3, 2, 3))),
    (
        Mistake("mask * dy[k, i, j]", "dy[k, i, j]", "x", "G04"),
        Mistake("mask * dy[k, i, j]", "dy[k, i, j] / 4", "x", "G05"),
        Mistake("window == np.max(window)", "np.arange(4).reshape(2, 2) == 0", "x", "G05"),
        Mistake("window == np.max(window)", "np.arange(4).reshape(2, 2) == 3", "x", "G05"),
        Mistake("window == np.max(window)", "window == np.min(window)", "x", "G05"),
        Mistake("= mask * dy", "= -1 * mask * dy", "x", "G03"),
    ),
)  # fmt: skip

embedding = Model(
    """
def forward(E, W, words):
    h = E[words]
    z = h @ W
    return np.sum(np.tanh(z))
""",
    """
def backward(E, W, words):
    h = E[words]
    dz = 1 - np.tanh(h @ W) ** 2
    dh = dz @ W.T
    dE = np.zeros_like(E)
    np.add.at(dE, words, dh)
    return {"z": dz, "h": dh, "W": h.T @ dz, "E": dE}
""",
    lambda rng: (rng.normal(size=(H, D)), rng.normal(size=(D, C)), np.array([0, 3, 3, 1, 0, 8, 3])),
    (
        Mistake("np.add.at(dE, words, dh)", "dE[words] = dh", "E", "G07"),
        Mistake("np.add.at(dE, words, dh)", "dE[words] += dh", "E", "G07"),
    ),
)

softmax_of_shifted = Model(
    """
def forward(X, W, R):
    z = X @ W
    z = z - np.max(z, axis=1, keepdims=True)
    e = np.exp(z)
    p = e / np.sum(e, axis=1, keepdims=True)
    return np.sum(p * R)
""",
    """
def backward(X, W, R):
    z = X @ W
    e = np.exp(z - np.max(z, axis=1, keepdims=True))
    p = e / np.sum(e, axis=1, keepdims=True)
    dp = R
    dz = p * (dp - np.sum(dp * p, axis=1, keepdims=True))
    return {"W": X.T @ dz}
""",
    lambda rng: (rng.normal(size=(N, D)), rng.normal(size=(D, C)), rng.normal(size=(N, C))),
    (
        Mistake("p * (dp - np.sum(dp * p, axis=1, keepdims=True))", "dp * p * (1 - p)", "z", "G11"),
        Mistake("p * (dp - np.sum(dp * p, axis=1, keepdims=True))", "dp * p", "z", "G11"),
    ),
)

MODELS = {
    "linear": linear,
    "logistic": logistic,
    "mlp tanh": tanh,
    "mlp relu": relu,
    "softmax": softmax,
    "batch norm": batch_norm,
    "attention": attention,
    "lstm": lstm,
    "convolution": convolution,
    "pooling": pooling,
    "embedding": embedding,
    "softmax of shifted": softmax_of_shifted,
}
