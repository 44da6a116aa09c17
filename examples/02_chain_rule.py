"""The chain rule, drawn: every node shows its value and its gradient.

English. f = (x + y)·z at x = −2, y = 5, z = −4 is the first example of every course: the forward
pass computes q = 3 and f = −12, the backward pass walks back and multiplies the local
derivatives. The second graph is a neuron, σ(w₀x₀ + w₁x₁ + w₂). Open the two SVG files in a
browser.

Español. f = (x + y)·z en x = −2, y = 5, z = −4 es el primer ejemplo de todos los cursos: la pasada
hacia delante calcula q = 3 y f = −12; la pasada hacia atrás recorre el grafo al revés y multiplica
las derivadas locales. El segundo grafo es una neurona, σ(w₀x₀ + w₁x₁ + w₂). Los dos ficheros SVG
se abren con un navegador.

    python 02_chain_rule.py [FOLDER]
"""

import sys
from pathlib import Path

from tinygrad_es import Tensor, draw


def variable(name, value):
    return Tensor(value, requires_grad=True, name=name)


def chain_rule():
    x, y, z = variable("x", -2.0), variable("y", 5.0), variable("z", -4.0)
    q = x + y
    q.name = "q"
    f = q * z
    f.name = "f"
    return [x, y, z, q, f]


def neuron():
    w0, w1, w2 = variable("w0", 2.0), variable("w1", -3.0), variable("w2", -3.0)
    x0, x1 = variable("x0", -1.0), variable("x1", -2.0)
    s = w0 * x0 + w1 * x1 + w2
    s.name = "s"
    f = s.sigmoid()
    f.name = "f"
    return [w0, x0, w1, x1, w2, s, f]


def show(formula, tensors, path):
    """Backward from the last Tensor; print value and gradient of each, and draw the graph."""
    for t in tensors:
        t.retain_grad()  # keep the gradients of q, s and f too, not only those of the leaves
    result = tensors[-1]
    result.backward()
    print(formula)
    for t in tensors:
        print(f"  {t.name:>2} = {t.item():8.4f}    ∂f/∂{t.name:<2} = {t.grad.item():8.4f}")
    print(f"  drawn: {draw(result, title=formula).save(path)}\n")


def main(folder="tinygrad_es_examples"):
    out = Path(folder)
    out.mkdir(parents=True, exist_ok=True)
    show("f = (x + y)·z", chain_rule(), out / "chain_rule.svg")
    show("f = σ(w0·x0 + w1·x1 + w2)", neuron(), out / "neuron.svg")


if __name__ == "__main__":
    main(*sys.argv[1:2])
