"""Backpropagation by hand: a network of two layers, and what the engine says of it.

English. The class is the lesson's: `forward` in columns, `backward` written out rule by rule, one
step of gradient descent. The same `forward`, with its matrices as Tensors, is recorded and swept
backwards by the engine. The gradients agree, and after a mistake on purpose they do not.

Español. La clase es la de la lección: `forward` en columnas, `backward` escrita regla a regla y un
paso de descenso por gradiente. La misma `forward`, con sus matrices como Tensores, queda grabada y
el motor la recorre hacia atrás. Los gradientes coinciden; con un error a propósito, no.
"""

import numpy as np

from tinygrad_es import Tensor


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def dsigmoid(z):
    return sigmoid(z) * (1 - sigmoid(z))


class TwoLayers:
    """y = W2·σ(W1·x + b1) + b2 and C = ½‖y − t‖²."""

    def __init__(self, convert=np.array):
        self.W1, self.b1 = convert([[1.0, -2.0], [0.0, 1.0], [3.0, 4.0]]), convert([[0.0]] * 3)
        self.W2, self.b2 = convert([[6.0, -2.0, 1.0], [5.0, -3.0, 2.0]]), convert([[0.0]] * 2)

    def forward(self, x):
        z1 = np.dot(self.W1, x) + self.b1
        a1 = sigmoid(z1)
        z2 = np.dot(self.W2, a1) + self.b2
        return z1, a1, z2, z2

    def backward(self, x, t):
        z1, a1, _, a2 = self.forward(x)
        dz2 = a2 - t
        dW2 = np.dot(dz2, a1.T)
        da1 = np.dot(self.W2.T, dz2)
        dz1 = dsigmoid(z1) * da1
        dW1 = np.dot(dz1, x.T)
        return {"W1": dW1, "b1": dz1, "W2": dW2, "b2": dz2}

    def gradient_step(self, x, t, eta):
        for name, gradient in self.backward(x, t).items():
            setattr(self, name, getattr(self, name) - eta * gradient)


class Forgetful(TwoLayers):
    """The usual mistake: without the derivative of the activation."""

    def backward(self, x, t):
        right = super().backward(x, t)
        dz1 = np.dot(self.W2.T, right["b2"])
        return right | {"W1": np.dot(dz1, x.T), "b1": dz1}


def cost(y, t):
    return 0.5 * np.sum((y - t) ** 2)


def by_the_engine(x, t):
    red = TwoLayers(lambda rows: Tensor(np.array(rows), requires_grad=True))
    cost(red.forward(x)[-1], t).backward()
    return {name: parameter.grad.numpy() for name, parameter in vars(red).items()}


def main():
    x, t = np.array([[1.0], [2.0]]), np.array([[0.0], [1.0]])
    red = TwoLayers()
    z1, a1, _, y = red.forward(x)
    print(f"z1 = {z1.ravel()}, a1 = {a1.ravel().round(6)}")
    print(f"y  = {y.ravel().round(6)}, C = {cost(y, t):.6f}\n")

    engine = by_the_engine(x, t)
    print("largest difference to the engine's gradients")
    print("            ", *[f"{name:>8}" for name in engine])
    for kind in (TwoLayers, Forgetful):
        by_hand = kind().backward(x, t)
        apart = [f"{np.abs(by_hand[name] - g).max():8.0e}" for name, g in engine.items()]
        print(f"{kind.__name__:12}", *apart)

    print("\nstep     C")
    for step in range(21):
        if step % 5 == 0:
            print(f"{step:4}  {cost(red.forward(x)[-1], t):.6f}")
        red.gradient_step(x, t, eta=0.1)


if __name__ == "__main__":
    main()
