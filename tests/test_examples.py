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
        "11_data.py",
        "12_plots.py",
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


def test_data(run):
    out = run("data")
    assert "train-images-idx3-ubyte.gz  00 00 08 03 00 00 05 9e 00 00 00 1c 00 00 00 1c" in out
    assert "train: (1438, 28, 28) uint8, test: (359, 28, 28), ink to 254" in out
    assert float(re.search(rf"test: .*accuracy {NUMBER}%", out)[1]) >= 88.0
