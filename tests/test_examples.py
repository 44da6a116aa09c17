"""Every example runs offline within seconds and prints what it is there to show."""

from __future__ import annotations

import re
import runpy
import sys
from pathlib import Path

import pytest

EXAMPLES = sorted((Path(__file__).parents[1] / "examples").glob("*.py"))
NUMBER = r"(-?\d+\.\d+)"


@pytest.fixture
def run(monkeypatch, tmp_path, capsys):
    """Run an example as a program, in an empty folder; returns what it printed."""

    def refuse(*address):
        raise OSError(f"an example asked for the network: {address}")

    def example(name):
        (path,) = (p for p in EXAMPLES if p.stem.endswith(name))
        monkeypatch.setattr(sys, "argv", [str(path)])
        runpy.run_path(str(path), run_name="__main__")
        return capsys.readouterr().out

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("socket.socket.connect", refuse)
    monkeypatch.setenv("TINYGRAD_ES_ENGINE", "builtin")
    return example


def test_each_example_has_a_test():
    assert [p.name for p in EXAMPLES] == [
        "01_one_number.py",
        "02_chain_rule.py",
        "03_xor.py",
        "04_iris.py",
        "05_optdigits.py",
        "06_perceptron.py",
        "07_six_ways.py",
        "08_by_hand.py",
        "09_regularization.py",
        "10_optimizers.py",
        "11_data.py",
        "12_plots.py",
        "13_convolution.py",
        "14_triangle.py",
        "15_saturation.py",
        "16_initialization.py",
        "17_saving.py",
        "18_backward_source.py",
        "19_gradient_flow.py",
        "20_step_through.py",
        "21_explain.py",
        "22_drawing.py",
        "23_testing_gradients.py",
        "24_check_layers.py",
        "25_bug_zoo.py",
    ]


def test_one_number(run):
    rows = [list(map(float, line.split())) for line in run("one_number").splitlines()[3:]]
    assert [row[0] for row in rows] == [-1.0, 0.0, 0.5, 2.0]
    for _, _, first, by_hand, second, by_hand_too, _ in rows:
        assert (first, second) == (by_hand, by_hand_too)


def test_chain_rule(run, tmp_path):
    out = run("chain_rule")
    found = {name: float(g) for name, g in re.findall(rf"∂f/∂(\w+) += +{NUMBER}", out)}
    assert [found[name] for name in ("x", "y", "z", "q")] == [-4.0, -4.0, 3.0, -4.0]
    assert [found[name] for name in ("w0", "w1", "w2")] == [-0.1966, -0.3932, 0.1966]
    assert "f = -12.0000" in out
    pictures = sorted((tmp_path / "tinygrad_es_examples").iterdir())
    assert [p.name for p in pictures] == ["chain_rule.svg", "neuron.svg"]
    assert all(p.read_text(encoding="utf-8").startswith("<svg") for p in pictures)


def test_xor(run):
    rows = re.findall(rf"\] +(\d) +{NUMBER} +{NUMBER}", run("xor"))
    assert [int(target) for target, _, _ in rows] == [0, 1, 1, 0]
    for target, by_tensors, by_model in rows:
        assert abs(float(by_tensors) - int(target)) < 0.1
        assert abs(float(by_model) - int(target)) < 0.1


def test_iris(run):
    out = run("iris")
    assert float(re.search(rf"test: .*accuracy {NUMBER}%", out)[1]) >= 90.0
    assert out.count("taken for") == 5


def test_plots(run):
    pytest.importorskip("matplotlib", reason="plots are the extra `plots`")
    drawn = re.findall(r"^drawn: (.+\.png)$", run("plots"), re.MULTILINE)
    assert len({Path(path).name for path in drawn}) == 21
    for path in map(Path, drawn):
        assert path.read_bytes().startswith(b"\x89PNG")
        path.unlink()
    (folder,) = {Path(path).parent for path in drawn}
    folder.rmdir()  # nothing else was written


def test_optdigits(run):
    out = run("optdigits")
    assert float(re.search(rf"Test accuracy: {NUMBER}%", out)[1]) >= 96.0
    assert "Total params: 3,760" in out


def test_perceptron(run):
    out = run("perceptron")
    assert "AND   11 mistakes in   6 epochs, then none: 1 where 2·x1 + 1·x2 ≥ 3" in out
    assert "OR     5 mistakes in   4 epochs, then none: 1 where 1·x1 + 1·x2 ≥ 1" in out
    assert "XOR  398 mistakes in 100 epochs, still" in out
    rows = [row.split() for row in re.findall(r"^\[\d \d\] (.+)$", out, re.MULTILINE)]
    gates = {"AND": "0001", "OR": "0111", "XOR of three units": "0110"}
    columns = ["".join(column) for column in zip(*rows, strict=True)]
    assert [columns[0], columns[1], columns[3]] == list(gates.values())
    assert columns[2] != "0110"  # one unit does not learn it


def test_six_ways(run):
    out = run("six_ways")
    rows = re.findall(r"^(\D+) (\d) +(\d+)  (.+)$", out.partition("Model:")[0], re.MULTILINE)
    assert [int(layers) for _, layers, _, _ in rows] == [2, 2, 4, 2, 3, 3]
    assert {parameters for _, _, parameters, _ in rows} == {"19"}
    assert len({losses for _, _, _, losses in rows}) == 1
    assert "Entrada (InputLayer)" in out
    assert "Total params: 19 (76.00 B)" in out


def test_by_hand(run):
    out = run("by_hand")
    assert "y  = [-0.477056 -0.405295], C = 1.101218" in out
    right, wrong = (
        [float(n) for n in re.search(rf"^{name} +(.+)$", out, re.MULTILINE)[1].split()]
        for name in ("TwoLayers", "Forgetful")
    )
    assert max(right) < 1e-12
    assert min(wrong[:2]) > 1
    assert max(wrong[2:]) < 1e-12
    costs = [float(c) for c in re.findall(rf"^ +\d+ +{NUMBER}$", out, re.MULTILINE)]
    assert costs == sorted(costs, reverse=True)
    assert costs[-1] < 1e-4


def test_regularization(run):
    out = run("regularization")
    rows = re.findall(r"^(.{22}) +(\d+) +(\d+) +(\d+)% +(\d+)% +([\d.]+)%$", out, re.MULTILINE)
    table = {name.strip(): [float(n) for n in row] for name, *row in rows}
    assert len(table) == 6
    _, size, zeros, learnt, tested = table.pop("nothing")
    assert learnt > 40
    for _, _, _, wrong, accuracy in table.values():
        assert wrong < learnt / 2
        assert accuracy > tested
    assert table["l2(0.01)"][1] < size / 4
    assert table["l1(0.001)"][2] > 50 > zeros
    assert table["early stopping"][0] < 60


def test_optimizers(run):
    valley, _, digits = run("optimizers").partition("Digits")
    rows = re.findall(r"^(\w+ ?[\d.]*) +([\d.]+) +(\S+) +(\S+) +(\S+)$", valley, re.MULTILINE)
    last = {name.strip(): float(row[-1]) for name, *row in rows}
    assert len(last) == 6
    assert all(last[name] < last["SGD"] / 1000 for name in last if name not in ("SGD", "RMSprop"))
    assert last["RMSprop"] == pytest.approx(0.5 * 100 * 0.015**2, rel=0.2)  # it hops by the rate
    best = [max(map(float, re.findall(r"([\d.]+)%", line))) for line in digits.splitlines()[2:]]
    assert len(best) == 6
    assert min(best) > 93


def test_convolution(run):
    out = run("convolution")
    rows = dict(re.findall(rf"^(perceptron|convolutional), \S+ +{NUMBER}%", out, re.MULTILINE))
    assert float(rows["convolutional"]) >= 98.5
    assert float(rows["convolutional"]) > float(rows["perceptron"]) >= 97.0
    assert "Total params: 19,578" in out


def test_triangle(run):
    out = run("triangle")
    found = re.findall(rf"(\d+) parameters, accuracy {NUMBER}%", out)
    assert [int(parameters) for parameters, _ in found] == [3, 13, 13]
    one, linear, three = (float(accuracy) for _, accuracy in found)
    assert max(one, linear) < 70
    assert three > 95
    assert len(re.findall(r"·x1 .+·x2 .+ = 0", out)) == 3
    assert 0.1 < out.count("#") / (48 * 22) < 0.5


def test_saturation(run):
    rows = [line.split() for line in run("saturation").splitlines() if " rate " in line]
    last = [float(row[-1]) for row in rows]
    assert last == [0.094, 0.418, 0.012, 0.203, 0.780, 0.012]  # the first and fourth: the book's
    sure = [float(n) for n in rows[3][-6:-3]]
    assert sure == [0.982, 0.976, 0.964]  # it sits still


def test_initialization(run):
    lines = run("initialization").splitlines()[2:]
    assert len(lines) == 7
    table = [
        (float(deviation), float(ratio), int(units), float(accuracy.rstrip("%")))
        for deviation, ratio, units, accuracy in (line.split()[-4:] for line in lines)
    ]
    equal, small, large, he, glorot, sigmoid, normalized = table
    assert equal[2] == 1
    assert equal[3] < 40
    assert small[0] < 1e-8
    assert large[0] > 10
    assert sigmoid[1] < 1e-3
    assert small[3] < 15
    assert sigmoid[3] < 15
    for deviation, ratio, units, accuracy in (he, glorot, normalized):
        assert 0.05 < deviation < 2
        assert 0.1 < ratio < 10
        assert units == 64
        assert accuracy > 93


def test_data(run):
    out = run("data")
    assert "train-images-idx3-ubyte.gz  00 00 08 03 00 00 05 9e 00 00 00 1c 00 00 00 1c" in out
    assert "train: (1438, 28, 28) uint8, test: (359, 28, 28), ink to 254" in out
    assert float(re.search(rf"test: .*accuracy {NUMBER}%", out)[1]) >= 88.0


def test_saving(run):
    pytest.importorskip("h5py", reason="whole models are the extra `files`")
    out = run("saving")
    assert out.count("predicts the same: True") == 2
    assert "its optimizer goes on at step 800" in out
    assert out.count("interrupted in epoch") == 2
    assert "without interruptions: True\nthe same losses: True" in out


def test_backward_source(run):
    out = run("backward_source")
    for line in ("dq = df * z", "dz = df * q", "dx = dq", "dW1 = x.T @ dz1", "db2 = np.sum(dz2"):
        assert f"    {line}" in out
    assert "f = -12.0, gradients {'x': -4.0, 'y': -4.0, 'z': 3.0}" in out
    assert float(re.search(r"furthest from backward\(\): (.+)", out)[1]) < 1e-14
    costs = [float(c) for c in re.findall(rf"C = {NUMBER}", out)]
    assert costs == sorted(costs, reverse=True)
    assert costs[-1] < 0.01
    answers = [round(float(p)) for p in out.rpartition("XOR:")[2].split()]
    assert answers == [0, 1, 1, 0]


def test_explain(run, tmp_path):
    out = run("explain").replace("−", "-")
    assert "∂f/∂q = z = -4" in out
    assert "∂f/∂x = ∂f/∂q·∂q/∂x = -4·1 = -4" in out
    assert "δ2 = ∂C/∂y = y - t = [-0.4771 -1.405]ᵀ" in out
    assert "δ1 = ∂C/∂z1 = ∂C/∂a1 ⊙ σ′(z1) = (W2ᵀ @ δ2) ⊙ σ′(z1) = [-0.4467 0.5428" in out
    assert "Pasada hacia atrás" in out
    saved = sorted(p.name for p in (tmp_path / "tinygrad_es_examples").iterdir())
    names = ["circuit.html", "circuit.md", "circuit.txt"]
    assert saved == [*names, *[name.replace("circuit", "network") for name in names]]


def test_bug_zoo(run, tmp_path):
    out = run("bug_zoo")
    codes = ["G01", "G02", "G03", "G04", "G05", "G06", "G07", "G08", "G09", "G10", "G11", "G12"]
    assert re.findall(r"^  Dia\S+ (G\d\d)", out, re.MULTILINE) == [*codes, "G99"]
    assert len(list(tmp_path.glob("bug_zoo/zoo_*.svg"))) == 13


def test_drawing(run, tmp_path):
    out = run("drawing")
    assert out.count(".svg") == 10
    assert len(list(tmp_path.glob("drawings/*.svg"))) == 10


def test_gradient_flow(run):
    out = run("gradient_flow")
    products = [line.split()[-1] for line in out.splitlines()[:4]]
    wanted = ["2.5000000000000e-01", "6.2500000000000e-02", "9.7656250000000e-04"]
    assert products == [*wanted, "9.5367431640625e-07"]
    rows = dict(re.findall(r"^  (\d.*?)  +arrives +\S+  (.+)$", out, re.MULTILINE))
    assert list(rows.values()) == [
        *("healthy", "healthy", "vanishing", "vanishing", "exploding", "saturated", "dead")
    ]
    assert re.search(r"  plain .*, unwell\n  batch norm .*, healthy\n", out)
    assert "first inf: log, of a (4, 1) array from 0 to 0" in out


def test_step_through(run, tmp_path):
    out = run("step_through")
    assert "f = (x + y)·z: 5 nodes" in out
    pages = sorted((tmp_path / "tinygrad_es_examples").iterdir())
    assert [p.name for p in pages] == ["chain_rule.html", "fan_out.html", "network.html"]
    assert all(p.read_text(encoding="utf-8").startswith("<!DOCTYPE html>") for p in pages)


def test_check_layers(run):
    right, wrong, en_español = run("check_layers").split("batch norm\n")[1:]
    assert len(re.findall(r"^ *ok: ", right, re.MULTILINE)) == 4
    assert right.count("compared with differences") == 1
    codes = ["G11", "G07", "G06", "G03"]
    assert re.findall(r"^  Diagnosis (G\d\d)", wrong, re.MULTILINE) == codes
    assert re.findall(r"^  Diagnóstico (G\d\d)", en_español, re.MULTILINE) == codes


def test_testing_gradients(run):
    out = run("testing_gradients")
    assert "2 failed, 3 passed in" in out
    assert "E         input 1[0]: automatic 0, numerical " in out
    assert "your gradient = 1/7 × the reference" in out
    assert out.count("E       repeat with --gradcheck-seed=1") == 2
    table = re.findall(r"^ +(\S+)(?: %)? +(\d+) of +(\d+)  23_\w+\.py::(\w+)", out, re.MULTILINE)
    assert [name for *_, name in table] == [
        *("test_careless", "test_drawn", "test_softmax", "test_forgetful", "test_by_hand")
    ]
    assert table[0][:3] == ("36", "4", "11")
