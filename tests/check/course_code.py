"""Forward and backward passes as students type them: a course's own code, and the layers of cs231n.

Each lesson is a cell of a notebook, a call, and mistakes: pieces of the cell that are replaced.
The cells are what people write, global arrays, caches, masks, loops and all; nothing in them was
made to fit the checker.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from tinygrad_es import check_backprop

from .backprop_models import Mistake


class Lesson(NamedTuple):
    cell: str
    check: Callable[[dict[str, Any], np.random.Generator], Any]  # (variables of the cell, rng)
    mistakes: tuple[Mistake, ...]

    def report(self, mistake: Mistake | None = None, seed: int = 0) -> Any:
        """What the checker says of the cell; with a mistake or none."""
        cell = self.cell
        if mistake is not None:
            assert cell.count(mistake.right) == 1, mistake
            cell = cell.replace(mistake.right, mistake.wrong)
        space: dict[str, Any] = {}
        rng = np.random.default_rng(seed)
        np.random.seed(seed)  # noqa: NPY002 - the cells draw from it, as the lessons do
        exec(cell, space)
        return self.check(space, rng)


def half_square(y, t):
    return 0.5 * np.sum((y - t) ** 2)


# --- the course: a circuit, a network in columns, dropout -----------------------------------------

circuit = Lesson(
    """
def circuito(x, y, z):
    # pasada hacia delante
    q = x + y
    f = q * z
    print('f =', f)
    # pasada hacia atras, en orden inverso
    # f = q * z
    dfdz = q
    dfdq = z
    # q = x + y
    dqdx = 1.0
    dqdy = 1.0
    dfdx = dfdq * dqdx  # regla de la cadena
    dfdy = dfdq * dqdy
    return f, (dfdx, dfdy, dfdz)
""",
    lambda space, rng: check_backprop(space["circuito"], -2, 5, -4),
    (
        Mistake("dfdz = q", "dfdz = z", "z", "G12 G99"),
        Mistake("dfdz = q", "dfdz = -q", "z", "G03"),
        Mistake("dfdq = z", "dfdq = q", "q", "G12 G99"),
        Mistake("dfdq * dqdx", "dqdx", "x", "G12 G03 G04"),
        Mistake("dfdq * dqdy", "2 * dfdq * dqdy", "y", "G03"),
    ),
)

neuron = Lesson(
    """
import math
w = [2, -3, -3]
x = [-1, -2]

def forward(w0, x0, w1, x1, w2):
    dot = w0*x0 + w1*x1 + w2
    f = 1.0 / (1 + math.exp(-dot))  # funcion sigmoide
    return f

def backward(w0, x0, w1, x1, w2):
    f = forward(w0, x0, w1, x1, w2)
    ddot = (1 - f) * f
    dx0, dx1 = w0 * ddot, w1 * ddot
    dw0, dw1, dw2 = x0 * ddot, x1 * ddot, 1.0 * ddot
    return dw0, dx0, dw1, dx1, dw2
""",
    lambda space, rng: check_backprop(
        space["forward"], space["backward"], 2.0, -1.0, -3.0, -2.0, -3.0
    ),
    (
        Mistake("ddot = (1 - f) * f", "ddot = f", "dot", "G04 G05 G12 G99"),
        Mistake("ddot = (1 - f) * f", "ddot = -(1 - f) * f", "dot", "G03"),
        Mistake("x1 * ddot, 1.0", "w1 * ddot, 1.0", "w1", "G12 G99"),
    ),
)

NETWORK = """
import numpy as np

def sigmoid(z):
    return 1.0/(1.0+np.exp(-z))

def dsigmoid(z):
    return sigmoid(z)*(1-sigmoid(z))

class red_simple:
    def __init__(self, n0, n1, n2):
        self.W1 = np.random.randn(n1, n0)
        self.b1 = np.random.randn(n1, 1)
        self.W2 = np.random.randn(n2, n1)
        self.b2 = np.random.randn(n2, 1)

    def forward(self, x):
        z1 = np.dot(self.W1, x) + self.b1
        a1 = sigmoid(z1)
        z2 = np.dot(self.W2, a1) + self.b2
        y = z2  # salida lineal
        return z1, a1, z2, y

    def backward(self, x, t):
        z1, a1, z2, a2 = self.forward(x)
        # capa de salida
        dz2 = a2 - t
        db2 = dz2
        dW2 = np.dot(dz2, a1.T)
        # capa oculta
        da1 = np.dot(self.W2.T, dz2)
        dz1 = dsigmoid(z1)*da1
        db1 = dz1
        dW1 = np.dot(dz1, x.T)
        return dW1, db1, dW2, db2

    def gradient_step(self, x, t, eta):
        dW1, db1, dW2, db2 = self.backward(x, t)
        self.W1 -= eta*dW1
        self.b1 -= eta*db1
        self.W2 -= eta*dW2
        self.b2 -= eta*db2
"""

network = Lesson(
    NETWORK,
    lambda space, rng: check_backprop(
        space["red_simple"](5, 11, 7),
        rng.normal(size=(5, 1)),
        rng.normal(size=(7, 1)),
        loss=half_square,
    ),
    (
        Mistake("dz2 = a2 - t", "dz2 = t - a2", "z2", "G03"),
        Mistake("dz2 = a2 - t", "dz2 = dsigmoid(z2)*(a2 - t)", "z2", "G04"),
        Mistake("np.dot(dz2, a1.T)", "np.dot(a1, dz2.T)", "W2", "G01"),
        Mistake("np.dot(dz2, a1.T)", "np.dot(dz2, z1.T)", "W2", "G12"),
        Mistake("dz1 = dsigmoid(z1)*da1", "dz1 = dsigmoid(a1)*da1", "z1", "G05"),
        Mistake("dz1 = dsigmoid(z1)*da1", "dz1 = da1", "z1", "G04"),
        Mistake("dz1 = dsigmoid(z1)*da1", "dz1 = sigmoid(z1)*da1", "z1", "G04 G05 G12"),
        Mistake("db1 = dz1", "db1 = da1", "b1", "G12 G04"),
    ),
)

batch_in_columns = Lesson(
    NETWORK.replace("db2 = dz2", "db2 = np.sum(dz2, axis=1, keepdims=True)").replace(
        "db1 = dz1", "db1 = np.sum(dz1, axis=1, keepdims=True)"
    ),
    lambda space, rng: check_backprop(
        space["red_simple"](5, 11, 7),
        rng.normal(size=(5, 13)),
        rng.normal(size=(7, 13)),
        loss=half_square,
    ),
    (
        Mistake("db2 = np.sum(dz2, axis=1, keepdims=True)", "db2 = dz2", "b2", "G02"),
        Mistake("db2 = np.sum(dz2, axis=1, keepdims=True)", "db2 = np.sum(dz2, axis=1)", "b2",
                "G02"),
        Mistake("db1 = np.sum(dz1, axis=1, keepdims=True)",
                "db1 = np.mean(dz1, axis=1, keepdims=True)", "b1", "G03"),
    ),
)  # fmt: skip

vanilla_dropout = Lesson(
    """
import numpy as np
p = 0.5 # probabilidad de mantener activa una unidad
W1 = np.random.randn(11, 5); b1 = np.random.randn(11, 1)
W2 = np.random.randn(7, 11); b2 = np.random.randn(7, 1)
W3 = np.random.randn(3, 7); b3 = np.random.randn(3, 1)

def train_step(X):
    # pasada hacia delante de una red de tres capas
    global H1, H2, U1, U2
    H1 = np.maximum(0, np.dot(W1, X) + b1)
    U1 = np.random.rand(*H1.shape) < p # primera mascara de dropout
    H1 *= U1 # drop!
    H2 = np.maximum(0, np.dot(W2, H1) + b2)
    U2 = np.random.rand(*H2.shape) < p # segunda mascara de dropout
    H2 *= U2 # drop!
    out = np.dot(W3, H2) + b3
    return out

def backward(X, dout):
    dW3 = np.dot(dout, H2.T)
    db3 = np.sum(dout, axis=1, keepdims=True)
    dH2 = np.dot(W3.T, dout)
    dH2 = dH2 * U2
    dZ2 = dH2 * (H2 > 0)
    dW2 = np.dot(dZ2, H1.T)
    db2 = np.sum(dZ2, axis=1, keepdims=True)
    dH1 = np.dot(W2.T, dZ2)
    dH1 = dH1 * U1
    dZ1 = dH1 * (H1 > 0)
    dW1 = np.dot(dZ1, X.T)
    db1 = np.sum(dZ1, axis=1, keepdims=True)
    return {'W1': dW1, 'b1': db1, 'W2': dW2, 'b2': db2, 'W3': dW3, 'b3': db3}

def predict(X):
    H1 = np.maximum(0, np.dot(W1, X) + b1) * p # escala las activaciones
    H2 = np.maximum(0, np.dot(W2, H1) + b2) * p
    out = np.dot(W3, H2) + b3
    return out
""",
    lambda space, rng: check_backprop(
        space["train_step"], space["backward"], rng.normal(size=(5, 13))
    ),
    (
        Mistake("np.dot(dout, H2.T)", "np.dot(H2, dout.T)", "W3", "G01"),
        Mistake("db3 = np.sum(dout, axis=1, keepdims=True)", "db3 = dout", "b3", "G02"),
        Mistake("db2 = np.sum(dZ2, axis=1, keepdims=True)",
                "db2 = np.sum(dZ2, axis=1, keepdims=True) / 13", "b2", "G03"),
        Mistake("dZ2 = dH2 * (H2 > 0)", "dZ2 = -dH2 * (H2 > 0)", "b2", "G03"),
    ),
)  # fmt: skip

inverted_dropout = Lesson(
    """
import numpy as np
p = 0.5
W1 = np.random.randn(11, 5); b1 = np.random.randn(11, 1)
W2 = np.random.randn(3, 11); b2 = np.random.randn(3, 1)

def train_step(X, T):
    # pasada hacia delante
    Z1 = np.dot(W1, X) + b1
    H1 = np.maximum(0, Z1)
    U1 = (np.random.rand(*H1.shape) < p) / p # dropout invertido: se divide entre p
    A1 = H1 * U1
    out = np.dot(W2, A1) + b2
    C = 0.5 * np.sum((out - T) ** 2)
    print("coste: %f" % C)
    # pasada hacia atras
    dout = out - T
    dW2 = np.dot(dout, A1.T)
    db2 = np.sum(dout, axis=1, keepdims=True)
    dA1 = np.dot(W2.T, dout)
    dH1 = dA1 * U1
    dZ1 = dH1.copy()
    dZ1[Z1 <= 0] = 0
    dW1 = np.dot(dZ1, X.T)
    db1 = np.sum(dZ1, axis=1, keepdims=True)
    return float(C), {'W1': dW1, 'b1': db1, 'W2': dW2, 'b2': db2}
""",
    lambda space, rng: check_backprop(
        space["train_step"], rng.normal(size=(5, 13)), rng.normal(size=(3, 13))
    ),
    (
        Mistake("dH1 = dA1 * U1", "dH1 = dA1", "H1", "G04"),
        Mistake("dH1 = dA1 * U1", "dH1 = dA1 * (U1 > 0)", "H1", "G03 G05"),
        Mistake("dZ1[Z1 <= 0] = 0", "dZ1[Z1 > 0] = 0", "Z1", "G05"),
        Mistake("dZ1[Z1 <= 0] = 0", "pass", "Z1", "G04"),
        Mistake("dout = out - T", "dout = 2 * (out - T)", "out", "G03"),
    ),
)
