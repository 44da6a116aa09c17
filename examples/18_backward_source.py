"""The backward pass as a program: NumPy source that is read, compared, run without the library.

English. `backward_source` writes what was recorded, forward and backward, one step a line. First
the course's f = (x + y)·z. Then the two layers that learn XOR: the file that is written needs
NumPy only, its gradients are those of `backward()`, and gradient descent with it learns XOR.

Español. `backward_source` escribe lo que se registró, hacia delante y hacia atrás, un paso por
línea. Primero, la f = (x + y)·z del curso. Después, las dos capas que aprenden XOR: el archivo que
escribe solo necesita NumPy, sus gradientes son los de `backward()` y el descenso por gradiente con
él aprende XOR.
"""

import runpy
import tempfile
from pathlib import Path

import numpy as np

from tinygrad_es import Tensor, backward_source, ops


def leaf(value):
    return Tensor(value, requires_grad=True)


def chain_rule():
    x, y, z = leaf(-2.0), leaf(5.0), leaf(-4.0)
    q = x + y
    f = q * z
    return backward_source(f)


def two_layers(x, t):
    rng = np.random.default_rng(1)
    W1, b1 = leaf(rng.normal(size=(2, 4))), leaf(np.zeros(4))
    W2, b2 = leaf(rng.normal(size=(4, 1))), leaf(np.zeros(1))
    z1 = x @ W1 + b1
    h = np.tanh(z1)
    z2 = h @ W2 + b2
    y = ops.sigmoid(z2)
    e = y - t
    C = (e * e).sum() / 2
    C.backward()
    by_backward = {"W1": W1.grad, "b1": b1.grad, "W2": W2.grad, "b2": b2.grad}
    return backward_source(C), {name: g.numpy() for name, g in by_backward.items()}


def main():
    source = chain_rule()
    print(source)
    value, gradients = source.run()
    print(f"f = {value}, gradients {gradients}\n")

    x = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
    t = np.array([[0.0], [1.0], [1.0], [0.0]])
    source, by_backward = two_layers(x, t)
    print(source)
    with tempfile.TemporaryDirectory() as folder:
        path = source.save(Path(folder) / "xor.py")
        step = runpy.run_path(str(path))["step"]  # a program like any other

    w = {name: value.copy() for name, value in source.arguments.items()}
    _, gradients = step(**w)
    apart = max(np.abs(gradients[name] - g).max() for name, g in by_backward.items())
    print(f"furthest from backward(): {apart:.1e}")
    for k in range(3001):
        cost, gradients = step(**w)
        if k % 1000 == 0:
            print(f"step {k:4}: C = {cost:.4f}")
        for name, g in gradients.items():
            w[name] -= 0.5 * g
    y = 1 / (1 + np.exp(-(np.tanh(x @ w["W1"] + w["b1"]) @ w["W2"] + w["b2"])))
    print("XOR:", " ".join(f"{p:.2f}" for p in y[:, 0]))


if __name__ == "__main__":
    main()
