"""Layers written by hand: what the checker says of a right and of a wrong backward pass.

English. Batch normalisation, a convolution with loops, the loss of a linear classifier and an
operation in the style of micrograd, as one writes them in an exercise: plain NumPy, untouched. Each
is checked twice, the second time with a usual mistake in it. The last forward pass leaves NumPy, so
no graph can be recorded, and differences take its place.

Español. Normalización por lotes, una convolución con bucles, la pérdida de un clasificador lineal y
una operación al estilo de micrograd, como se escriben en una práctica: NumPy sin tocar. Cada una se
comprueba dos veces, la segunda con un error habitual. La última pasada hacia delante se sale de
NumPy: no hay grafo que grabar y su lugar lo ocupan diferencias.
"""

import math

import numpy as np

from tinygrad_es import check_backprop

MISTAKE = False  # whether the backward passes below make theirs


def batchnorm_forward(x, gamma, beta):
    mu = x.mean(axis=0)
    var = x.var(axis=0)
    std = np.sqrt(var + 1e-5)
    xhat = (x - mu) / std
    out = gamma * xhat + beta
    return out, (xhat, gamma, std)


def batchnorm_backward(dout, cache):
    xhat, gamma, std = cache
    dgamma = np.sum(dout * xhat, axis=0)
    dbeta = np.sum(dout, axis=0)
    dxhat = dout * gamma
    if MISTAKE:  # the mean and the variance depend on x too
        dx = dxhat / std
    else:
        dx = (dxhat - dxhat.mean(axis=0) - xhat * (dxhat * xhat).mean(axis=0)) / std
    return dx, dgamma, dbeta


def conv_forward(x, w, b):
    rows, columns = x.shape[1] - 2, x.shape[2] - 2
    out = np.zeros((len(w), rows, columns))
    for f in range(len(w)):
        for i in range(rows):
            for j in range(columns):
                out[f, i, j] = np.sum(x[:, i : i + 3, j : j + 3] * w[f]) + b[f]
    return out, (x, w)


def conv_backward(dout, cache):
    x, w = cache
    dx, dw = np.zeros_like(x), np.zeros_like(w)
    db = dout.sum(axis=(1, 2))
    for f, i, j in np.ndindex(dout.shape):
        window = (slice(None), slice(i, i + 3), slice(j, j + 3))
        dw[f] += x[window] * dout[f, i, j]
        if MISTAKE:  # the windows overlap
            dx[window] = w[f] * dout[f, i, j]
        else:
            dx[window] += w[f] * dout[f, i, j]
    return dx, dw, db


def svm_loss(W, X, y, reg):
    N = len(X)
    scores = X @ W
    margins = np.maximum(0, scores - scores[np.arange(N), y][:, None] + 1)
    margins[np.arange(N), y] = 0
    loss = np.sum(margins) / N + reg * np.sum(W * W)

    dscores = (margins > 0).astype(float)
    dscores[np.arange(N), y] -= dscores.sum(axis=1)
    dscores /= N
    dW = X.T @ dscores + (reg if MISTAKE else 2 * reg) * W
    return loss, dW


class Value:
    """A number that remembers how to send its gradient back."""

    def __init__(self, data, before=()):
        self.data, self.grad, self.before = data, 0.0, before
        self._backward = lambda: None

    def __mul__(self, other):
        out = Value(self.data * other.data, (self, other))

        def _backward():
            self.grad += other.data * out.grad
            other.grad += self.data * out.grad

        out._backward = _backward
        return out

    def swish(self):
        s = 1 / (1 + math.exp(-self.data))
        out = Value(self.data * s, (self,))

        def _backward():
            slope = s + self.data * s * (1 - s)
            self.grad += (-slope if MISTAKE else slope) * out.grad

        out._backward = _backward
        return out

    def backward(self):
        self.grad, order, todo = 1.0, [], [self]
        while todo:  # a chain here: whoever is used twice would need a topological order
            order.append(todo.pop())
            todo += order[-1].before
        for value in order:
            value._backward()


def reports(rng):
    def normal(*shape):
        return rng.normal(size=shape)

    return {
        "batch norm": check_backprop(
            batchnorm_forward, batchnorm_backward, normal(7, 5), normal(5), normal(5)
        ),
        "convolution": check_backprop(
            conv_forward, conv_backward, normal(3, 7, 5), normal(2, 3, 3, 3), normal(2)
        ),
        "svm loss": check_backprop(
            svm_loss, normal(5, 3), normal(7, 5), rng.integers(0, 3, 7), 0.05
        ),
        "swish": check_backprop(Value.swish, Value, 0.7),
    }


def main():
    global MISTAKE
    for language, mistake in (("en", False), ("en", True), ("es", True)):
        MISTAKE = mistake
        for name, report in reports(np.random.default_rng(0)).items():
            print(f"{name}\n{report.text(language)}\n")


if __name__ == "__main__":
    main()
