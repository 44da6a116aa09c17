"""`summary()`: one row a layer, shapes with an open batch axis, counts, bytes, totals."""

import re

import numpy as np
import pytest

import tinygrad_es as tg
from tinygrad_es import Model, Sequential
from tinygrad_es.layers import Activation, Dense, Flatten, Input, Layer
from tinygrad_es.models.summary import memory


def text(model, **options):
    """What `summary` hands to print_fn, which is called once."""
    parts = []
    model.summary(print_fn=parts.append, **options)
    assert len(parts) == 1
    return parts[0]


def rows(summary):
    """The cells of the table, below its head."""
    lines = [line for line in summary.splitlines() if "│" in line or "┃" in line]
    cells = [[cell.strip() for cell in re.split("[│┃]", line)[1:-1]] for line in lines]
    assert cells[0] == ["Layer (type)", "Output Shape", "Param #"]
    return cells[1:]


def totals(summary):
    return [line.strip() for line in summary.splitlines() if "params:" in line]


# --- the tables of the courses --------------------------------------------------------------------


def test_fashion_network():
    model = Sequential(
        [Input((28, 28)), Flatten(), Dense(300, "relu"), Dense(100, "relu"), Dense(10, "softmax")]
    )
    summary = text(model)
    assert summary.splitlines()[0] == 'Model: "sequential"'
    assert rows(summary) == [
        ["flatten (Flatten)", "(None, 784)", "0"],
        ["dense (Dense)", "(None, 300)", "235,500"],
        ["dense_1 (Dense)", "(None, 100)", "30,100"],
        ["dense_2 (Dense)", "(None, 10)", "1,010"],
    ]
    assert totals(summary) == [
        "Total params: 266,610 (1.02 MB)",
        "Trainable params: 266,610 (1.02 MB)",
        "Non-trainable params: 0 (0.00 B)",
    ]


def test_iris_network_with_activation_layers():
    layers = [Dense(2), Activation("tanh"), Dense(3), Activation("softmax")]
    summary = text(Sequential([Input((4,)), *layers], name="iris"))
    assert 'Model: "iris"' in summary
    assert rows(summary) == [
        ["dense (Dense)", "(None, 2)", "10"],
        ["activation (Activation)", "(None, 2)", "0"],
        ["dense_1 (Dense)", "(None, 3)", "9"],
        ["activation_1 (Activation)", "(None, 3)", "0"],
    ]
    assert totals(summary)[0] == "Total params: 19 (76.00 B)"


@pytest.mark.parametrize(
    ("sizes", "total"), [((64, 50, 10), 3_760), ((784, 32, 10), 25_450), ((2, 5, 5, 1), 51)]
)
def test_totals(sizes, total):
    model = Sequential([Input((sizes[0],)), *[Dense(n) for n in sizes[1:]]])
    assert f"Total params: {total:,} (" in text(model)
    assert sum(int(row[2].replace(",", "")) for row in rows(text(model))) == total


def test_training_does_not_add_parameters():
    """The state of an optimizer is no parameter, here."""
    model = Sequential([Input((4,)), Dense(3)])
    before = text(model)
    model.compile("adam", "mse")
    model.fit(np.ones((2, 4)), np.ones((2, 3)), verbose=0)
    assert text(model) == before


# --- not built, frozen, nested, subclassed --------------------------------------------------------


def test_before_the_input_is_known():
    model = Sequential([Dense(2), Dense(3)])
    summary = text(model)
    assert rows(summary) == [
        ["dense (Dense)", "?", "0 (unbuilt)"],
        ["dense_1 (Dense)", "?", "0 (unbuilt)"],
    ]
    assert totals(summary)[0] == "Total params: 0 (0.00 B)"
    model(np.ones((7, 4), "float32"))
    assert rows(text(model))[0] == ["dense (Dense)", "(None, 2)", "10"]


def test_no_layers_at_all():
    summary = text(Sequential(name="empty"))
    assert 'Model: "empty"' in summary
    assert rows(summary) == []
    assert totals(summary)[0] == "Total params: 0 (0.00 B)"


def test_frozen_layers_are_not_trainable():
    model = Sequential([Input((4,)), Dense(2, trainable=False), Dense(3)])
    assert totals(text(model)) == [
        "Total params: 19 (76.00 B)",
        "Trainable params: 9 (36.00 B)",
        "Non-trainable params: 10 (40.00 B)",
    ]


def test_a_model_inside_is_one_row():
    inner = Sequential([Dense(5), Dense(2)], name="inner")
    model = Sequential([Input((4,)), inner, Dense(3)])
    assert rows(text(model)) == [
        ["inner (Sequential)", "(None, 2)", "37"],
        ["dense_2 (Dense)", "(None, 3)", "9"],
    ]


def test_a_subclassed_model():
    class Net(Model):
        def __init__(self):
            super().__init__(name="net")
            self.hidden = Dense(2)
            self.out = Dense(3)

        def call(self, x):
            return self.out(self.hidden(x))

    model = Net()
    assert [row[1:] for row in rows(text(model))] == [["?", "0 (unbuilt)"]] * 2
    model(np.ones((1, 4), "float32"))
    assert [row[2] for row in rows(text(model))] == ["10", "9"]
    assert [row[1] for row in rows(text(model))] == ["(None, 2)", "(None, 3)"]
    assert totals(text(model))[0] == "Total params: 19 (76.00 B)"


def test_a_layer_that_does_not_say_its_shape():
    class Pairs(Layer):
        def call(self, x):
            return x.reshape(x.shape[0], -1, 2)

    model = Sequential([Input((6,)), Pairs(), Dense(5)])
    assert [row[1] for row in rows(text(model))] == ["(None, 3, 2)", "(None, 3, 5)"]
    assert model.output_shape == (None, 3, 5)


@pytest.mark.usefixtures("float64")
def test_float64_takes_twice_the_memory():
    assert "Total params: 15 (120.00 B)" in text(Sequential([Input((4,)), Dense(3)]))


# --- printing -------------------------------------------------------------------------------------


def test_print_and_print_fn_give_the_same(capsys):
    model = Sequential([Input((4,)), Dense(3)])
    assert model.summary() is None
    assert capsys.readouterr().out == text(model)
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("width", [50, 72, 100])
def test_line_length(width):
    model = Sequential([Input((4,)), Dense(3)])
    table = [line for line in text(model, line_length=width).splitlines() if "─" in line]
    assert {len(line) for line in table} == {width}
    assert rows(text(model, line_length=width)) == [["dense (Dense)", "(None, 3)", "15"]]


def test_names_are_no_markup():
    model = Sequential([Input((4,)), Dense(3, name="a_[bold]_[0]_:smile:")])
    assert rows(text(model))[0][0] == "a_[bold]_[0]_:smile: (Dense)"


def test_a_long_name_does_not_break_the_table():
    model = Sequential([Input((4,)), Dense(3, name="long_name_" * 9), Dense(2)])
    found = rows(text(model))
    assert found[0][0].startswith("long_name_long_name_")
    assert found[0][1:] == ["(None, 3)", "15"]
    assert found[-1] == ["dense (Dense)", "(None, 2)", "8"]


@pytest.mark.parametrize(
    ("count", "expected"),
    [(0, "0.00 B"), (76, "76.00 B"), (1023, "1023.00 B"), (1024, "1.00 KB"),
     (1024**2, "1.00 MB"), (266_610 * 4, "1.02 MB"), (5 * 1024**3, "5.00 GB"),
     (3 * 1024**4, "3.00 TB")],
)  # fmt: skip
def test_memory(count, expected):
    assert memory(count) == expected


def test_a_summary_records_nothing_and_changes_nothing():
    model = Sequential([Input((4,)), Dense(3, "tanh")])
    before = model.get_weights()
    text(model)
    assert tg.is_grad_enabled()
    assert all(w.grad is None for w in model.weights)
    assert all((a == b).all() for a, b in zip(before, model.get_weights(), strict=True))


def test_the_column_of_what_is_trainable_has_its_whole_name():
    model = Sequential([Input((4,)), Dense(3), Dense(2, trainable=False)])
    summary = text(model, show_trainable=True)
    assert "│ Trainable │" in summary
    marks = [line.split("│")[4].strip() for line in summary.splitlines() if "(Dense)" in line]
    assert marks == ["Y", "N"]
