"""`plot_model`: a box for each layer with what is asked for, files, errors, returned drawings."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest

import tinygrad_es as tg
from tinygrad_es import Model, Sequential, layers, set_language, utils
from tinygrad_es.views.figures import engines
from tinygrad_es.views.figures.figure import Arrow


def chain():
    hidden = layers.Dense(3, activation="tanh", name="hidden", trainable=False)
    return Sequential([layers.Input((4,)), hidden, layers.Flatten(name="flat")], name="chain")


def graph():
    a, b = layers.Input((4,), name="a"), layers.Input((4,), name="b")
    shared = layers.Dense(3, name="shared")
    joined = layers.Concatenate(name="joined")([shared(a), shared(b)])
    return Model([a, b], chain_like()(joined), name="graph")


def chain_like():
    return Sequential([layers.Dense(2, name="one"), layers.Dense(1, name="two")], name="part")


class Net(Model):
    def __init__(self):
        super().__init__(name="net")
        self.hidden = layers.Dense(3, name="hidden")
        self.out = layers.Dense(1, name="out")
        self.unused = layers.Dense(1, name="unused")

    def call(self, x):
        return self.out(self.hidden(x))


def titles(drawing):
    return [box.title for box in drawing.figure.boxes]


def test_a_chain_with_everything():
    drawing = utils.plot_model(
        chain(),
        to_file=None,
        show_shapes=True,
        show_dtype=True,
        show_layer_names=True,
        show_layer_activations=True,
        show_trainable=True,
    )
    hidden, flat = drawing.figure.boxes
    assert hidden.title == "hidden (Dense)"
    assert hidden.rows == (
        ("activation", "tanh"),
        ("input shape", "(None, 4)"),
        ("output shape", "(None, 3)"),
        ("output dtype", "float32"),
        ("trainable", "no"),
    )
    assert flat.rows[-1] == ("output dtype", "float32")  # no weights: nothing to train
    assert (hidden.kind, flat.kind) == ("operation", "output")
    assert drawing.figure.arrows == (Arrow(0, 1),)
    assert drawing.figure.rankdir == "TB"


def test_at_first_only_classes_are_shown():
    assert titles(utils.plot_model(chain(), None)) == ["Dense", "Flatten"]
    assert titles(utils.model_to_dot(chain())) == ["hidden (Dense)", "flat (Flatten)"]
    assert all(not box.rows for box in utils.plot_model(chain(), None).figure.boxes)


def test_a_shared_layer_has_one_box_and_two_arrows():
    figure = utils.model_to_dot(graph()).figure
    names = [box.title.split()[0] for box in figure.boxes]
    assert names == ["a", "b", "shared", "joined", "part"]
    assert [(names[a.source], names[a.target]) for a in figure.arrows] == [
        ("a", "shared"), ("b", "shared"), ("shared", "joined"), ("joined", "part"),
    ]  # fmt: skip
    assert [box.kind for box in figure.boxes] == ["input"] * 2 + ["operation"] * 2 + ["output"]


def test_nested_models_are_opened_and_say_where_their_layers_are():
    inner = graph()
    x, y = layers.Input((4,), name="x"), layers.Input((4,), name="y")
    drawing = utils.model_to_dot(Model([x, y], inner([x, y]), name="outer"), expand_nested=True)
    figure = drawing.figure
    names = [box.title.split()[0] for box in figure.boxes]
    assert names == ["x", "y", "a", "b", "shared", "joined", "one", "two"]
    assert [box.note for box in figure.boxes] == ["", ""] + ["graph"] * 4 + ["graph/part"] * 2
    arrows = {(names[a.source], names[a.target]) for a in figure.arrows}
    assert arrows == {
        ("x", "a"), ("y", "b"), ("a", "shared"), ("b", "shared"), ("shared", "joined"),
        ("joined", "one"), ("one", "two"),
    }  # fmt: skip
    assert [box.kind for box in figure.boxes][-1] == "output"


def test_copies_are_drawn_like_their_originals():
    for model in (chain(), graph()):
        drawn = utils.model_to_dot(model, show_shapes=True).dot()
        for other in (copy.deepcopy(model), pickle.loads(pickle.dumps(model))):
            assert utils.model_to_dot(other, show_shapes=True).dot() == drawn


def test_a_class_is_one_box_or_its_layers():
    net = Net()
    net(np.ones((1, 4), "float32"))
    (box,) = utils.model_to_dot(net, show_shapes=True).figure.boxes
    assert (box.title, box.rows[0]) == ("net (Net)", ("input shape", "(None, 4)"))
    opened = utils.model_to_dot(net, expand_nested=True).figure
    assert [box.title for box in opened.boxes] == ["hidden (Dense)", "out (Dense)"]
    assert not opened.arrows
    assert "draw(model(x))" in opened.note
    set_language("es")
    try:
        assert "Qué capa" in utils.model_to_dot(net, expand_nested=True).figure.note
    finally:
        set_language(None)


def test_a_class_with_inputs_and_outputs_is_drawn_by_its_layers():
    class Named(Model):
        """A graph under a name of its own."""

    x = layers.Input((4,), name="x")
    assert titles(utils.model_to_dot(Named(x, layers.Dense(2, name="d")(x)))) == [
        "x (InputLayer)", "d (Dense)",
    ]  # fmt: skip


def test_operators_are_boxes():
    x = layers.Input((4,), name="x")
    model = Model(x, layers.Dense(1)(x * 2 + x))
    assert titles(utils.plot_model(model, None)) == ["InputLayer", "Multiply", "Add", "Dense"]


# --- files ---------------------------------------------------------------------------------------


def test_files_by_their_endings(tmp_path):
    for name, begin in (("m.svg", "<svg"), ("m.dot", "digraph"), ("m.md", "```mermaid")):
        drawing = utils.plot_model(chain(), tmp_path / name)
        assert (tmp_path / name).read_text().startswith(begin)
        assert repr(drawing).startswith("<Drawing of 2 nodes")
    assert drawing._repr_mimebundle_()["image/svg+xml"].startswith("<svg")


def test_without_an_ending_it_is_a_png_of_that_resolution(tmp_path, monkeypatch):
    told = []

    def drawn(*given):
        told.append(given)
        return b"png"

    monkeypatch.setattr(engines, "_there", lambda: ["dot"])
    monkeypatch.setattr(engines, "_drawn", drawn)
    utils.plot_model(chain(), str(tmp_path / "model"), dpi=70, splines="curved")
    assert (tmp_path / "model").read_bytes() == b"png"
    ((engine, text, form, dpi),) = told
    assert (engine, form, dpi) == ("dot", "png", 70)
    assert "splines=curved" in text


def test_a_png_without_graphviz_says_what_to_do(tmp_path, monkeypatch):
    monkeypatch.setattr(engines, "_there", list)
    with pytest.raises(ImportError, match=r"plot_model: \.png needs a Graphviz.*pip.*\.svg needs"):
        utils.plot_model(chain(), tmp_path / "model.png")
    assert not list(tmp_path.iterdir())


def test_errors():
    with pytest.raises(ValueError, match="has not yet been built"):
        utils.plot_model(Sequential([layers.Dense(2)]), None)
    with pytest.raises(ValueError, match="has not yet been built"):
        utils.model_to_dot(Net())
    with pytest.raises(ValueError, match="`layer_range` is no longer supported"):
        utils.plot_model(chain(), None, layer_range=["a", "b"])
    with pytest.raises(ValueError, match=r"Unrecognized keyword arguments: \{'color': 1\}"):
        utils.plot_model(chain(), None, color=1)
    with pytest.raises(ValueError, match=r"rankdir must be one of.*'up'"):
        utils.plot_model(chain(), None, rankdir="up")
    with pytest.raises(ValueError, match=r"splines: expected one of.*'wavy'"):
        utils.plot_model(chain(), None, splines="wavy")
    with pytest.raises(ValueError, match="subgraph=False"):
        utils.model_to_dot(chain(), subgraph=True)
    with pytest.raises(ValueError, match=r"ends in \.svg"):
        utils.plot_model(chain(), "model.jpg")
    with pytest.raises(TypeError, match=r"expected a model\. Received: float 1"):
        utils.plot_model(tg.Tensor(1.0), None)


def test_a_model_of_2_000_layers_is_drawn():
    x = layers.Input((2,), name="x")
    h = x
    for _ in range(2000):
        h = layers.ReLU()(h)
    figure = utils.model_to_dot(Model(x, h)).figure
    assert (len(figure.boxes), len(figure.arrows)) == (2001, 2000)
