"""plot_model: the boxes, rows and arrows of Keras' `model_to_dot`, model by model."""

from __future__ import annotations

import os
import re
import shutil

import pytest

import tinygrad_es as tg

os.environ["KERAS_BACKEND"] = "torch"
keras = pytest.importorskip("keras", reason="compares with keras")
pytest.importorskip("pydot", reason="Keras draws with it")

pytestmark = [pytest.mark.peers, pytest.mark.filterwarnings("ignore")]

SHOWN = [
    {},
    {
        "show_shapes": True,
        "show_dtype": True,
        "show_layer_activations": True,
        "show_trainable": True,
    },
]


def sequential(k):
    layers = k.layers
    frozen = layers.Dense(3, activation="tanh", name="frozen", trainable=False)
    chain = [frozen, layers.Dropout(0.5, name="drop"), layers.Dense(2, "softmax", name="out")]
    return k.Sequential([layers.Input((4,), name="x"), *chain], name="chain")


def images(k):
    layers = k.layers
    chain = [
        layers.Conv2D(4, 3, activation="relu", name="conv"), layers.MaxPooling2D(name="pool"),
        layers.BatchNormalization(name="norm"), layers.Flatten(name="flat"),
        layers.Dense(10, name="out"),
    ]  # fmt: skip
    return k.Sequential([layers.Input((8, 8, 1)), *chain], name="images")


def residual(k):
    x = k.Input((4,), name="x")
    h = k.layers.Dense(4, activation="relu", name="hidden")(x)
    y = k.layers.Dense(1, name="y")(k.layers.Add(name="sum")([x, h]))
    return k.Model(x, y, name="residual")


def several(k):
    a, b = k.Input((4,), name="a"), k.Input((3,), name="b")
    both = k.layers.Concatenate(name="both")([a, b])
    one = k.layers.Dense(2, name="one")(both)
    two = k.layers.Dense(1, activation="sigmoid", name="two")(both)
    return k.Model([a, b], [one, two], name="several")


def shared(k):
    a, b = k.Input((4,), name="a"), k.Input((4,), name="b")
    dense = k.layers.Dense(3, name="shared")
    joined = k.layers.Concatenate(name="joined")([dense(a), dense(b)])
    return k.Model([a, b], k.layers.Dense(1, name="y")(joined), name="siamese")


def twice(k):
    x = k.Input((4,), name="x")
    h = k.layers.Dense(4, name="h")(x)
    return k.Model(x, k.layers.Add(name="doubled")([h, h]), name="twice")


def inner(k, name):
    x = k.Input((4,), name=f"{name}_x")
    y = k.layers.Dense(2, name=f"{name}_y")(k.layers.Dense(3, name=f"{name}_h")(x))
    return k.Model(x, y, name=name)


def nested(k):
    x = k.Input((4,), name="x")
    y = k.layers.Dense(1, name="y")(inner(k, "encoder")(x))
    return k.Model(x, y, name="outer")


def nested_chain(k):
    x = k.Input((4,), name="x")
    part = k.Sequential([k.layers.Dense(3, name="one"), k.layers.Dense(2, name="two")], name="part")
    return k.Model(x, k.layers.Dense(1, name="y")(part(x)), name="outer")


def deep(k):
    x = k.Input((4,), name="x")
    middle = k.Model(x, k.layers.Dense(4, name="middle_y")(inner(k, "core")(x)), name="middle")
    z = k.Input((4,), name="z")
    return k.Model(z, k.layers.Add(name="sum")([middle(z), z]), name="deep")


def two_ends(k):
    x = k.Input((4,), name="x")
    h = k.layers.Dense(3, name="h")(x)
    fork = k.Model(x, [k.layers.Dense(2, name="l")(h), k.layers.Dense(2, name="r")(h)], name="fork")
    z = k.Input((4,), name="z")
    left, right = fork(z)
    return k.Model(z, k.layers.Subtract(name="difference")([right, left]), name="two_ends")


def chain_of_models(k):
    part = k.Sequential([k.layers.Dense(3, name="a"), k.layers.ReLU(name="relu")], name="part")
    whole = [k.layers.Input((4,)), part, k.layers.Dense(2, name="b")]
    return k.Sequential(whole, name="whole")


def arithmetic(k):
    x = k.Input((4,), name="x")
    h = k.layers.Dense(4, name="h")(x)
    return k.Model(x, k.layers.Dense(1, name="y")(h * 2 + x), name="arithmetic")


MODELS = [
    sequential, images, residual, several, shared, twice, nested, nested_chain, deep, two_ends,
    chain_of_models, arithmetic,
]  # fmt: skip


def of_keras(dot):
    """(class, rows) of each box by name, and the arrows between names."""
    names, boxes, arrows = {}, {}, set()

    def visit(graph):
        for node in graph.get_nodes():
            label = node.get_label() or ""
            found = re.search(r"<b>([^<]*)</b> \(([^)]*)\)", label)
            if found is None:
                continue  # what is said of all nodes
            names[node.get_name()] = found[1]
            rows = dict(re.findall(r"(?:\">|\s)(\w+ ?\w*): <b>(.*?)</b>", label))
            rows = {key.lower(): value for key, value in rows.items()}
            for word, value in (("<b>Trainable", "yes"), ("<b>Non-trainable", "no")):
                if word in label:
                    rows["trainable"] = value
            if "output dtype" in rows:  # of several outputs, a list in Python's words
                rows["output dtype"] = re.sub(r"[\[\]']", "", rows["output dtype"])
            boxes[found[1]] = (found[2], rows)
        for part in graph.get_subgraphs():
            visit(part)
        edges.extend(graph.get_edges())

    edges = []
    visit(dot)
    for edge in edges:
        arrows.add((names[edge.get_source()], names[edge.get_destination()]))
    assert len(arrows) == len(edges)
    return boxes, arrows


def of_ours(drawing):
    figure = drawing.figure
    titles = [re.fullmatch(r"(.*) \((.*)\)", box.title) for box in figure.boxes]
    boxes = {
        title[1]: (title[2], dict(box.rows))
        for title, box in zip(titles, figure.boxes, strict=True)
    }
    assert len(boxes) == len(titles)
    arrows = {(titles[a.source][1], titles[a.target][1]) for a in figure.arrows}
    assert len(arrows) == len(figure.arrows)
    return boxes, arrows


@pytest.mark.parametrize("expand_nested", [False, True])
@pytest.mark.parametrize("show", SHOWN, ids=["plain", "all"])
@pytest.mark.parametrize("make", MODELS, ids=lambda make: make.__name__)
def test_boxes_rows_and_arrows(make, show, expand_nested):
    keras.utils.clear_session()
    tg.utils.clear_session()
    options = {"expand_nested": expand_nested, "show_layer_names": True} | show
    theirs = of_keras(keras.utils.model_to_dot(make(keras), **options))
    ours = of_ours(tg.utils.model_to_dot(make(tg), **options))
    assert ours[0] == theirs[0]
    assert ours[1] == theirs[1]


def test_a_class_is_one_box():
    def make(k):
        class Net(k.Model):
            def __init__(self):
                super().__init__(name="net")
                self.dense = k.layers.Dense(2)

            def call(self, x):
                return self.dense(x)

        net = Net()
        net(tg.ops.ones((1, 4)).numpy() if k is keras else tg.ops.ones((1, 4)))
        return net

    theirs = of_keras(keras.utils.model_to_dot(make(keras)))
    assert of_ours(tg.utils.model_to_dot(make(tg))) == theirs


@pytest.mark.parametrize("name", ["plot_model", "model_to_dot"])
def test_errors(name, tmp_path):
    if name == "plot_model" and shutil.which("dot") is None:
        pytest.skip("Keras' plot_model asks for Graphviz first")
    file = {"to_file": tmp_path / "m.svg"} if name == "plot_model" else {}
    for options in ({"layer_range": ["a", "b"]}, {"colour": "red"}):
        said = []
        for k in (keras, tg):
            with pytest.raises(ValueError) as error:  # noqa: PT011 - the text is compared below
                getattr(k.utils, name)(sequential(k), **file, **options)
            said.append(str(error.value))
        assert said[0] == said[1]
    for k in (keras, tg):
        with pytest.raises(ValueError, match=r"has not yet been built\. Build the model first"):
            getattr(k.utils, name)(k.Sequential([k.layers.Dense(2)]), **file)


def test_the_same_arguments():
    import inspect

    for name in ("plot_model", "model_to_dot"):
        theirs = inspect.signature(getattr(keras.utils, name)).parameters
        ours = inspect.signature(getattr(tg.utils, name)).parameters
        assert list(ours) == list(theirs)
        assert [p.default for p in ours.values()] == [p.default for p in theirs.values()]
