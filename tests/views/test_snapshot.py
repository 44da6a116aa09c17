"""snapshot: values, gradients, contributions against an independent computation."""

from __future__ import annotations

import numpy as np
import pytest

import tinygrad_es as tg
from tinygrad_es import Tensor, layers, losses, ops
from tinygrad_es.autodiff import arrays
from tinygrad_es.autodiff.primitive import PRIMITIVES
from tinygrad_es.autodiff.record import apply
from tinygrad_es.views import snapshot

RNG = np.random.default_rng(5)


def t(*shape, name=None, low=-1.0, high=1.0):
    return Tensor(RNG.uniform(low, high, shape), requires_grad=True, name=name)


def n(value):
    return Tensor(float(value), requires_grad=True)


def second_order(function, x):
    y = function(x)
    y.backward(create_graph=True)
    return (x.grad * x.grad).sum()


def shared_layer():
    layer = layers.Dense(3, activation="tanh", dtype="float64")
    x = t(4, 3)
    return (layer(layer(x)) ** 2).sum()


def batch_norm():
    layer = layers.BatchNormalization(dtype="float64")
    return (layer(t(5, 3), training=True) * RNG.normal(size=(5, 3))).sum()


def lstm_step():
    x, h, c = t(2, 3), t(2, 4), t(2, 4)
    w, u, b = t(3, 16), t(4, 16), t(16)
    z = x @ w + h @ u + b
    i, f, g, o = (z[:, 4 * k : 4 * k + 4] for k in range(4))
    c = ops.sigmoid(f) * c + ops.sigmoid(i) * ops.tanh(g)
    return (ops.sigmoid(o) * ops.tanh(c)).sum()


def attention():
    q, k, v = t(2, 5, 4), t(2, 5, 4), t(2, 5, 3)
    return ((ops.softmax(q @ k.transpose(0, 2, 1) / 2.0) @ v) ** 2).sum()


def two_layers(loss, last):
    net = tg.Sequential(
        [layers.Dense(4, "tanh", dtype="float64"), layers.Dense(3, last, dtype="float64")]
    )
    return loss(np.eye(3)[[0, 2, 1, 1]], net(RNG.normal(size=(4, 2))))


def convolution():
    net = tg.Sequential(
        [
            layers.Conv2D(2, 3, activation="tanh", dtype="float64"),
            layers.MaxPooling2D(2, dtype="float64"),
            layers.Flatten(),
            layers.Dense(1, dtype="float64"),
        ]
    )
    return net(RNG.normal(size=(2, 6, 6, 1))).sum()


def fan_out():
    a = n(1.5)
    b = a * a
    return b * a + ops.sin(b) - b / a


def stretched():
    w, b, x = t(1, 3), t(3), t(4, 3)
    return ((x * w + b) ** 2).mean()


def in_place():
    x = t(3)
    y = x * 2.0
    y[0] = x[1]
    y += x
    return (y * y).sum()


GRAPHS = {
    "product": lambda: (n(-2) + n(5)) * n(-4),
    "square by reuse": lambda: (lambda a: a * a)(n(3)),
    "twice": lambda: (lambda a: a + a)(n(3)),
    "fan-out": fan_out,
    "neuron": lambda: ops.sigmoid(n(2) * n(-1) + n(-3) * n(-2) + n(-3)),
    "maximum": lambda: 2.0 * (n(3) * n(-4) + ops.maximum(n(2), n(-1))),
    "quotient": lambda: (lambda x, y: (x + ops.sigmoid(y)) / (ops.sigmoid(x) + (x + y) ** 2))(
        n(3), n(-4)
    ),
    "power": lambda: n(1.3) ** n(2.2),
    "stretched": stretched,
    "number by array": lambda: (n(0.7) * t(2, 3)).sum(),
    "column by row": lambda: (t(3, 1) * t(1, 4)).mean(),
    "matrices": lambda: ((t(3, 2) @ t(2, 4)) ** 2).sum(),
    "batches of matrices": lambda: ((t(2, 3, 2) @ t(2, 4)) ** 2).sum(),
    "indexed": lambda: (lambda x: (x[1:] * x[:-1]).sum() + x[[0, 0, 2]].sum())(t(4)),
    "joined": lambda: (ops.concatenate([t(2), t(3)]) * RNG.normal(size=5)).sum(),
    "chosen": lambda: ops.where(np.array([True, False, True]), t(3), t(3)).sum(),
    "softmax": lambda: (ops.softmax(t(2, 4)) * RNG.normal(size=(2, 4))).sum(),
    "inverse": lambda: ops.inv(t(2, 2) + 3.0 * np.eye(2)).sum(),
    "sums and means": lambda: (t(3, 4).sum(axis=1) * t(3, 4).mean(axis=1)).max(),
    "in place": in_place,
    "mlp, cross-entropy": lambda: two_layers(losses.CategoricalCrossentropy(), "softmax"),
    "mlp, squares": lambda: two_layers(losses.MeanSquaredError(), "sigmoid"),
    "mlp, hinge": lambda: two_layers(losses.CategoricalHinge(), None),
    "shared layer": shared_layer,
    "batch normalization": batch_norm,
    "lstm step": lstm_step,
    "attention": attention,
    "convolution": convolution,
    "second order, number": lambda: second_order(lambda x: x**3 * ops.exp(x), n(0.7)),
    "second order, array": lambda: second_order(
        lambda x: (ops.tanh(x * x) * np.arange(3.0)).sum(), t(3)
    ),
}


def seeded(make):
    """The same numbers whatever ran before."""

    def made():
        global RNG
        RNG = np.random.default_rng(5)
        tg.ops.random.seed(5)
        return make()

    return made


GRAPHS = {name: seeded(make) for name, make in GRAPHS.items()}


def after(graph, changed):
    """The last value, where the nodes in `changed` have another one; computed forward again."""
    values = [node.value for node in graph.nodes]
    for edges, (i, node) in zip(graph.incoming(), enumerate(graph.nodes), strict=True):
        if i in changed:
            values[i] = changed[i]
        elif node.op is not None:
            inputs = tuple(values[edge.source] for edge in edges)
            values[i] = apply(PRIMITIVES[node.op], inputs, dict(node.options) or None).value
    return values[-1]


def numerical(function, value, h=1e-6):
    """Central differences of a function of one array or number, entry by entry."""
    flat = np.array(value, dtype=np.float64)
    out = np.zeros_like(flat)
    for index in np.ndindex(flat.shape):
        ends = []
        for sign in (h, -h):
            moved = flat.copy()
            moved[index] += sign
            ends.append(function(moved if type(value) is not float else float(moved)))
        out[index] = (ends[0] - ends[1]) / (2 * h)
    return out


@pytest.mark.parametrize("name", GRAPHS)
def test_numbers_are_those_of_an_independent_computation(name):
    graph = snapshot(GRAPHS[name]())
    incoming, outgoing = graph.incoming(), graph.outgoing()
    for i, node in enumerate(graph.nodes):
        if node.gradient is None:
            assert all(edge.contribution is None for edge in outgoing[i])
            continue
        expected = numerical(lambda v, i=i: float(np.asarray(after(graph, {i: v}))), node.value)
        np.testing.assert_allclose(node.gradient, expected, rtol=2e-5, atol=1e-7)
        assert np.shape(node.gradient) == np.shape(node.value)
        sent = [edge.contribution for edge in outgoing[i] if edge.contribution is not None]
        if i < len(graph.nodes) - 1:
            np.testing.assert_allclose(sum(sent), node.gradient, rtol=1e-12, atol=1e-14)
        for edge in incoming[i]:
            if edge.contribution is not None:
                check_edge(graph, incoming[i], edge)


def check_edge(graph, edges, edge):
    """The contribution of one edge: what moves the target, weighted by the target's gradient."""
    node = graph.nodes[edge.target]
    op, options = PRIMITIVES[node.op], dict(node.options)

    def target(v):
        values = [graph.nodes[e.source].value for e in edges]
        values[edge.position] = v
        values = [np.asarray(x, np.float64) if type(x) is float else x for x in values]
        return op.forward(arrays, *values, **options)

    source = graph.nodes[edge.source].value
    weighted = numerical(lambda v: float(np.sum(target(v) * node.gradient)), source)
    np.testing.assert_allclose(edge.contribution, weighted, rtol=2e-5, atol=1e-7)
    if edge.local is not None:
        assert op.elementwise
        h = 1e-6
        stretched = np.broadcast_to(source, np.shape(node.value))
        slope = (target(stretched + h) - target(stretched - h)) / (2 * h)
        np.testing.assert_allclose(
            np.broadcast_to(edge.local, np.shape(slope)), slope, rtol=2e-5, atol=1e-7
        )
        product = np.asarray(node.gradient * edge.local)
        if edge.summed:
            product = product.sum(axis=edge.summed)
        np.testing.assert_allclose(
            edge.contribution, product.reshape(np.shape(source)), rtol=1e-12, atol=1e-15
        )


def test_there_are_enough_graphs():
    assert len(GRAPHS) >= 25


def test_broadcasting_says_over_which_axes_it_sums():
    w, b, x = t(1, 3, name="w"), t(3, name="b"), t(4, 3, name="x")
    graph = snapshot((x * w + b).sum())
    summed = {graph.nodes[e.source].name: e.summed for e in graph.edges}
    assert summed["w"] == (0,)
    assert summed["b"] == (0,)
    assert summed["x"] == ()


def test_an_array_used_twice_is_one_node():
    a, x = np.ones((2, 2)), t(2, 2)
    graph = snapshot(((x * a) @ a).sum())
    assert [node.kind for node in graph.nodes].count("constant") == 1


def test_several_roots_and_their_gradients():
    x = t(3, name="x")
    y, z = x * 2.0, x * 3.0
    graph = snapshot([y, z], gradient=[np.ones(3), np.ones(3)])
    assert [node.kind for node in graph.nodes].count("output") == 2
    np.testing.assert_array_equal(graph.nodes[0].gradient, np.full(3, 5.0))
    assert all(node.gradient is None for node in snapshot([y, z]).nodes)


def test_calls_and_orders():
    graph = snapshot(shared_layer())
    calls = {node.scope.call for node in graph.nodes if node.op and node.scope}
    assert len(calls) == 2
    x = n(2)
    (x**3).backward(create_graph=True)
    assert {node.scope.order for node in snapshot(x.grad).nodes} == {0, 1}


def test_names_of_the_caller_and_lines():
    x, y = n(2), n(3)
    f = x * y
    graph = snapshot(f, names={x.index: "a", f.index: "product"})
    assert [node.name for node in graph.nodes] == ["a", None, "product"]
    with tg.detect_anomaly():
        g = x * y
    assert "test_snapshot.py:" in snapshot(g).nodes[-1].line


def test_long_runs_are_read_by_their_ends():
    x = n(1)
    y = x
    for _ in range(3000):
        y = y * 1.001
    graph = snapshot(y * y, longest=100)
    assert len(graph.nodes) < 20
    (run,) = [node for node in graph.nodes if node.kind == "run"]
    assert run.options["operations"] == 2999 - 6  # the last is used twice
    whole = snapshot(y * y)
    assert graph.nodes[0].gradient == whole.nodes[0].gradient
    assert all(node.kind != "run" for node in snapshot(y * y, longest=5000).nodes)


@pytest.mark.parametrize("bad", [None, 3.0, "f", [], [3.0]])
def test_bad_roots(bad):
    with pytest.raises(TypeError, match="expected a Tensor"):
        snapshot(bad)
