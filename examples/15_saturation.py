"""Why cross-entropy: a neuron that is badly wrong should learn fast.

English. One sigmoid neuron is to answer 0 for the input 1. With the quadratic cost its gradient has
the factor σ′(z), which is nearly 0 where the neuron is sure, also where it is sure and wrong: from
the second start it sits still for a hundred epochs. In the cross-entropy the factor cancels, and
δ = a − t. (Both experiments are those of Nielsen's book, chapter 3, with its learning rates.) The
table below is the reason: quadratic and cross-entropy δ of an output a for the target 0.

Español. Una neurona sigmoide debe responder 0 a la entrada 1. Con el coste cuadrático su gradiente
lleva el factor σ′(z), casi 0 donde la neurona está segura, también donde está segura y se equivoca:
desde el segundo comienzo se queda quieta cien épocas. En la entropía cruzada el factor se cancela y
δ = a − t. (Los dos experimentos son los del capítulo 3 del libro de Nielsen, con sus tasas de
aprendizaje.) La tabla de abajo es la razón: δ cuadrática y de entropía cruzada de una salida a con
objetivo 0.
"""

import numpy as np

from tinygrad_es import Tensor, ops
from tinygrad_es.losses import BinaryCrossentropy, HalfSquaredError

EPOCHS = (0, 50, 100, 150, 200, 300)


def train(criterion, rate, w, b):
    """The outputs of the neuron at some epochs."""
    w, b = Tensor(np.array([[w]]), requires_grad=True), Tensor(np.array([b]), requires_grad=True)
    x, target, outputs = np.array([[1.0]]), np.array([[0.0]]), []
    for _ in range(max(EPOCHS) + 1):
        a = ops.sigmoid(x @ w + b)
        outputs.append(a.item())
        criterion(target, a).backward()
        for parameter in (w, b):
            parameter.data = parameter.data - rate * parameter.grad.data
            parameter.grad = None
    return [outputs[epoch] for epoch in EPOCHS]


def delta(criterion, z):
    """∂C/∂z of one sigmoid output with target 0."""
    z = Tensor(np.array([[z]]), requires_grad=True)
    criterion(np.zeros((1, 1)), ops.sigmoid(z)).backward()
    return z.grad.item()


def main():
    print("output of the neuron, wanted 0, at epoch", *[f"{epoch:6}" for epoch in EPOCHS])
    for (w, b), word in (((0.6, 0.9), "wrong"), ((2.0, 2.0), "sure and wrong")):
        for name, criterion, rate in (
            ("quadratic", HalfSquaredError(), 0.15),
            ("cross-entropy", BinaryCrossentropy(), 0.005),
            ("cross-entropy", BinaryCrossentropy(), 0.15),
        ):
            row = [f"{a:6.3f}" for a in train(criterion, rate, w, b)]
            print(f"{name:14} rate {rate:<5} {word:15}", *row)

    print("\n       output a   δ quadratic = a·σ′   δ cross-entropy = a")
    for z in (-2.0, 0.0, 2.0, 4.0, 8.0, 40.0):
        quadratic = delta(HalfSquaredError(), z)
        entropy = delta(BinaryCrossentropy(), z)
        print(f"z {z:4.0f} {1 / (1 + np.exp(-z)):9.6f} {quadratic:18.6f} {entropy:18.6f}")


if __name__ == "__main__":
    main()
