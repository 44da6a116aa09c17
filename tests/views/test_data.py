"""The graph as data: whole, finite, in terms of places; what the page and graders read."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

from tinygrad_es.views import snapshot
from tinygrad_es.views.data import to_data, to_json

from .test_snapshot import GRAPHS


@pytest.mark.parametrize("name", GRAPHS)
def test_data_agrees_with_the_snapshot(name):
    graph = snapshot(GRAPHS[name]())
    data = json.loads(to_json(graph))
    assert data == json.loads(json.dumps(to_data(graph)))
    assert len(data["nodes"]) == len(graph.nodes)
    labels = [node["label"] for node in data["nodes"] if node["kind"] != "constant"]
    assert len(set(labels)) == len(labels)
    for node, told in zip(graph.nodes, data["nodes"], strict=True):
        assert told["op"] == node.op
        check(told["value"], node.value)
        check(told["gradient"], node.gradient)
    for edge, told in zip(graph.edges, data["edges"], strict=True):
        assert (told["source"], told["target"]) == (edge.source, edge.target)
        check(told["contribution"], edge.contribution)
        check(told["local"], edge.local)
    for group in data["groups"]:
        assert group["parent"] is None or set(group["nodes"]) <= set(
            data["groups"][group["parent"]]["nodes"]
        )


def check(told, value):
    if value is None:
        assert told is None
        return
    assert told["text"]
    array = np.asarray(value, dtype=np.float64)
    if "values" in told:
        np.testing.assert_allclose(np.asarray(told["values"], dtype=np.float64), array)
    if array.ndim and array.size:
        assert told["shape"] == list(array.shape)
        assert told["min"] == pytest.approx(array.min())
        assert told["mean"] == pytest.approx(array.mean())
        assert told["zeros"] == np.count_nonzero(array == 0)
        cells = np.asarray(told["heat"], dtype=np.float64)
        assert cells.ndim == 2 or array.size < 2
        assert cells.size <= 64
        assert np.abs(cells).max(initial=0.0) <= 1.0


@pytest.mark.parametrize("name", GRAPHS)
def test_the_steps_tell_the_whole_backward_pass(name):
    graph = snapshot(GRAPHS[name]())
    data = to_data(graph)
    arrived: dict[int, object] = {}
    for step in data["steps"]:
        node = graph.nodes[step["node"]]
        if node.kind == "operation":
            np.testing.assert_allclose(arrived[step["node"]], node.gradient, rtol=1e-9, atol=1e-12)
        for term in step["terms"]:
            edge = graph.edges[term["edge"]]
            assert (edge.source, edge.target) == (term["source"], step["node"])
            arrived[term["source"]] = arrived.get(term["source"], 0.0) + edge.contribution
            assert all(term[key] for key in ("rule", "symbols", "numbers", "result"))
    for i, node in enumerate(graph.nodes):
        if node.kind == "parameter" and node.gradient is not None:
            np.testing.assert_allclose(arrived[i], node.gradient, rtol=1e-9, atol=1e-12)


def test_scalar_formulas_come_out_at_their_result():
    """The formula with numbers, read as a calculation, is the contribution."""
    for name in ("product", "fan-out", "neuron", "quotient", "power"):
        graph = snapshot(GRAPHS[name]())
        for step in to_data(graph)["steps"]:
            for term in step["terms"]:
                text = term["numbers"].replace("−", "-").replace("·", "*").replace("^", "**")
                for digit, raised in zip("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹", strict=True):
                    text = text.replace(raised, f"**{digit}")
                text = text.replace("ln", "log")
                found = eval(text, {**vars(math), "σ": lambda x: 1 / (1 + math.exp(-x))})
                contribution = graph.edges[term["edge"]].contribution
                assert found == pytest.approx(contribution, rel=2e-2, abs=1e-3), term


def test_nan_and_infinity_have_names():
    from tinygrad_es import Tensor

    x = Tensor(np.array([np.nan, np.inf, -np.inf, 1.0]), requires_grad=True)
    data = json.loads(to_json(snapshot((x * 2.0).sum())))
    assert data["nodes"][0]["value"]["values"] == ["nan", "inf", "-inf", 1.0]
    assert data["nodes"][0]["value"]["bad"] == 3
