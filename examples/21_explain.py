"""The chain rule, told: what arrives at each step, the local rule, what is sent on.

English. f = (x + y)·z step by step, in English; then a network of two layers with a sigmoid
between them and C = ½‖y − t‖², in matrices: z, a, δ and the gradients of the weights, in Spanish.
Both are also saved, as text, as Markdown with LaTeX, and as HTML pages for a browser.

Español. f = (x + y)·z paso a paso, en inglés; después una red de dos capas con una sigmoide entre
ellas y C = ½‖y − t‖², en forma matricial: z, a, δ y los gradientes de los pesos, en español. Las
dos explicaciones se guardan también como texto, como Markdown con LaTeX y como páginas HTML.

    python 21_explain.py [FOLDER]
"""

import sys
from pathlib import Path

import numpy as np

from tinygrad_es import Tensor, explain


def circuit():
    x, y, z = (Tensor(n, requires_grad=True) for n in (-2.0, 5.0, -4.0))
    q = x + y
    f = q * z
    return explain(f, language="en")  # the names are those of the variables


def network():
    W1 = Tensor(np.array([[1.0, -2.0], [0.0, 1.0], [3.0, 4.0]]), requires_grad=True)
    W2 = Tensor(np.array([[6.0, -2.0, 1.0], [5.0, -3.0, 2.0]]), requires_grad=True)
    x, t = Tensor(np.array([[1.0], [2.0]])), Tensor(np.array([[0.0], [1.0]]))
    z1 = W1 @ x
    a1 = 1 / (1 + np.exp(-z1))
    y = W2 @ a1
    C = 0.5 * ((y - t) ** 2).sum()
    return explain(C, language="es")


def main(folder="tinygrad_es_examples"):
    out = Path(folder)
    out.mkdir(parents=True, exist_ok=True)
    for name, explanation in (("circuit", circuit()), ("network", network())):
        print(explanation)
        saved = [explanation.save(out / f"{name}{ending}") for ending in (".txt", ".md", ".html")]
        print("\nsaved:", ", ".join(path.name for path in saved), "\n")


if __name__ == "__main__":
    main(*sys.argv[1:2])
