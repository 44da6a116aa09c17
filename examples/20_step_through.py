"""The backward pass, step by step, in a browser.

English. Three graphs become three pages: the first example of every course, a value that is used
twice (its two contributions are added), and a small network in its layers. Open a page in a
browser: the arrow keys go from step to step, and each step says what arrives, which rule holds, and
what is sent to whom. A page needs no network; `chain_rule.html#1` opens it at its first step.

Español. Tres grafos se vuelven tres páginas: el primer ejemplo de todos los cursos, un valor que se
usa dos veces (sus dos contribuciones se suman) y una red pequeña con sus capas. Abre una página en
un navegador: las flechas van de paso en paso, y cada paso dice qué llega, qué regla vale y qué se
envía a quién. Una página no necesita red; `chain_rule.html#1` la abre en su primer paso.

    python 20_step_through.py [FOLDER [en|es]]
"""

import sys
from pathlib import Path

from tinygrad_es import Sequential, Tensor, datasets, layers, losses, ops
from tinygrad_es.views import snapshot
from tinygrad_es.views.html import to_html


def variable(name, value):
    return Tensor(value, requires_grad=True, name=name)


def named(name, tensor):
    tensor.name = name
    return tensor


def chain_rule():
    x, y, z = variable("x", -2.0), variable("y", 5.0), variable("z", -4.0)
    q = named("q", x + y)
    return named("f", q * z)


def fan_out():
    x = variable("x", 2.0)
    u = named("u", 3.0 * x)
    return named("L", u * x - u)


def network():
    ops.random.seed(7)
    x, y = datasets.iris.load_all()
    net = Sequential(
        [layers.Dense(4, "tanh", name="hidden"), layers.Dense(3, "softmax", name="class")],
        name="net",
    )
    rows = slice(0, None, 10)
    inputs = Tensor(x[rows].astype("float32"), name="x")
    return losses.SparseCategoricalCrossentropy()(y[rows], net(inputs))


PAGES = {
    "chain_rule": ("f = (x + y)·z", chain_rule),
    "fan_out": ("L = u·x − u, u = 3x", fan_out),
    "network": ("iris, 4-4-3", network),
}


def main(folder="tinygrad_es_examples", language=None):
    out = Path(folder)
    out.mkdir(parents=True, exist_ok=True)
    for name, (title, make) in PAGES.items():
        graph = snapshot(make())
        path = out / f"{name}.html"
        path.write_text(to_html(graph, title=title, language=language), encoding="utf-8")
        print(f"{title}: {len(graph.nodes)} nodes, {path.stat().st_size:,} bytes in {path}")


if __name__ == "__main__":
    main(*sys.argv[1:3])
