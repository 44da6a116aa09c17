"""XOR: the smallest problem that needs a hidden layer, solved twice.

English. No straight line separates the points where exactly one input is 1. A 2-4-1 perceptron
does. First with nothing but Tensors: the forward pass is NumPy code, `backward()` gives the
gradients, and gradient descent is one line. Then the same network as a Sequential model.

Español. Ninguna recta separa los puntos en los que exactamente una entrada vale 1; un perceptrón
2-4-1 sí. Primero, solo con tensores: la pasada hacia delante es código de NumPy, `backward()` da
los gradientes y el descenso por gradiente es una línea. Después, la misma red como modelo
Sequential.
"""

import numpy as np

from tinygrad_es import Sequential, ops
from tinygrad_es.datasets import synthetic
from tinygrad_es.layers import Dense, Input
from tinygrad_es.ops import random
from tinygrad_es.optimizers import SGD


def with_tensors(x, t, epochs=1000, rate=0.5):
    w1, b1 = random.randn(2, 4, requires_grad=True), ops.zeros(4, requires_grad=True)
    w2, b2 = random.randn(4, 1, requires_grad=True), ops.zeros(1, requires_grad=True)
    for epoch in range(epochs + 1):
        h = np.tanh(x @ w1 + b1)
        p = ops.sigmoid(h @ w2 + b2)
        loss = -(t * np.log(p) + (1 - t) * np.log(1 - p)).mean()
        loss.backward()
        for w in (w1, b1, w2, b2):
            w.data = w.data - rate * w.grad.data
            w.grad = None
        if epoch % 250 == 0:
            print(f"  epoch {epoch:4}: loss {loss.item():.4f}")
    return p.numpy()


def with_a_model(x, t, epochs=1000):
    model = Sequential([Input((2,)), Dense(4, activation="tanh"), Dense(1, activation="sigmoid")])
    model.compile(SGD(learning_rate=0.5), "binary_crossentropy", metrics=["accuracy"])
    model.fit(x, t, epochs=epochs, batch_size=4, verbose=0)
    return model.predict(x, verbose=0)


def main():
    random.seed(1)
    x, labels = synthetic.xor()
    t = labels.reshape(-1, 1).astype("float32")
    print("With Tensors only:")
    by_tensors = with_tensors(x, t)
    by_model = with_a_model(x, t)
    print("\n  input    xor    Tensors   Sequential")
    for point, target, p, q in zip(x, labels, by_tensors[:, 0], by_model[:, 0], strict=True):
        print(f"  {point}    {target}    {p:7.4f}   {q:10.4f}")


if __name__ == "__main__":
    main()
