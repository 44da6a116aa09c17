"""`python -m tinygrad_es`: the demonstration, help, errors, exit codes."""

from __future__ import annotations

import subprocess
import sys

import pytest

import tinygrad_es as tg
from tinygrad_es.__main__ import main


def test_the_demo_learns_digits_and_draws(tmp_path, capsys):
    assert main(["demo", "--out", str(tmp_path / "new" / "folder")]) == 0
    out = capsys.readouterr().out
    accuracy = float(out.split("Test accuracy: ")[1].split("%")[0])
    assert accuracy >= 96.0
    assert "Total params: 3,760" in out
    assert "Confusion matrix" in out
    for name in ("chain_rule.svg", "training_step.svg"):
        assert "<svg" in (tmp_path / "new" / "folder" / name).read_text()


def test_two_runs_are_the_same(tmp_path, capsys):
    found = []
    for _ in range(2):
        main(["demo", "--epochs", "1", "--out", str(tmp_path)])
        found.append(capsys.readouterr().out.split("Test accuracy")[1])
    assert found[0] == found[1]


def test_help_and_version(capsys):
    assert main([]) == 2
    assert "demo" in capsys.readouterr().out
    for flag in ("--help", "--version"):
        with pytest.raises(SystemExit) as stop:
            main([flag])
        assert stop.value.code == 0


@pytest.mark.parametrize(
    "arguments", [["demo", "--epochs", "0"], ["demo", "--epochs", "x"], ["nothing"]]
)
def test_wrong_arguments(arguments, capsys):
    with pytest.raises(SystemExit) as stop:
        main(arguments)
    assert stop.value.code == 2
    assert arguments[-1] in capsys.readouterr().err


def test_a_folder_that_cannot_be_written(tmp_path, capsys):
    (tmp_path / "file").write_text("")
    assert main(["demo", "--out", str(tmp_path / "file")]) == 1
    assert "expected a folder" in capsys.readouterr().err
    assert main(["demo", "--out", str(tmp_path / "file" / "below")]) == 1


def test_as_a_module():
    done = subprocess.run(
        [sys.executable, "-m", "tinygrad_es", "--version"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.startswith("tinygrad_es ")


# --- draw and explain: a script's loss ----------------------------------------------------------

GOOD = """
from tinygrad_es import Tensor
x, y, z = (Tensor(v, requires_grad=True) for v in (-2.0, 5.0, -4.0))
q = x + y
f = q * z
print("ran")
"""
BAD = """
import numpy as np
from tinygrad_es import Tensor
W = Tensor(np.ones((2, 3)), requires_grad=True)
h = np.tanh(np.ones((4, 2)) @ W)
loss = (h @ W).sum()
"""


@pytest.fixture
def script(tmp_path, monkeypatch):
    monkeypatch.setenv("TINYGRAD_ES_ENGINE", "builtin")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "good.py").write_text(GOOD, encoding="utf-8")
    (tmp_path / "bad.py").write_text(BAD, encoding="utf-8")
    yield tmp_path
    tg.set_language(None)


def test_draw_writes_the_graph_of_the_loss(script, capsys):
    assert main(["draw", "good.py"]) == 0
    assert capsys.readouterr().out == "ran\ngood.svg\n"
    assert "f = q·z" in (script / "good.svg").read_text(encoding="utf-8")
    assert main(["draw", "good.py:q", "--out", "q.txt", "--lang", "es"]) == 0
    text = (script / "q.txt").read_text(encoding="utf-8")
    assert text.startswith("hacia delante")
    assert "∂q/∂x" in text
    assert main(["draw", "good.py", "--order", "1", "--direction", "forward"]) == 0
    assert "∂z" in (script / "good.svg").read_text(encoding="utf-8")


def test_draw_shows_where_a_script_fails(script, capsys):
    assert main(["draw", "bad.py", "--out", "bad.svg"]) == 1
    drawn = (script / "bad.svg").read_text(encoding="utf-8")
    assert "✗ @" in drawn
    assert "bad.py:6" in drawn
    assert "ShapeError" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nothing.py"], "there is no file 'nothing.py'."),
        (["."], "expected a file. '.' is a folder."),
        (["good.py:loss"], "no Tensor 'loss' in it. Its Tensors: x, y, z, q, f"),
        (["good.py", "--out", "x.gif"], "ends in .svg"),
        (["good.py", "--collapse", "all"], "collapse: expected"),
        (["empty.py"], "no recorded result"),
        (["broken.py"], "invalid syntax"),
    ],
)
def test_what_cannot_be_drawn_is_said_in_a_line(script, capsys, arguments, message):
    (script / "empty.py").write_text("x = 3\n", encoding="utf-8")
    (script / "broken.py").write_text("x = = 3\n", encoding="utf-8")
    assert main(["draw", *arguments]) == 1
    said = capsys.readouterr().err
    assert said.startswith("error: ")
    assert said.count("\n") == 1
    assert message in said


def test_scripts_that_exit_and_read_their_arguments(script, capsys):
    (script / "exits.py").write_text(
        GOOD + "import sys, good\nassert sys.argv == ['exits.py']\nsys.exit(0)\n", encoding="utf-8"
    )
    assert main(["draw", "exits.py"]) == 0
    (script / "stops.py").write_text(GOOD + "raise SystemExit('enough')\n", encoding="utf-8")
    assert main(["draw", "stops.py"]) == 1
    assert "enough" in capsys.readouterr().err


def test_a_script_that_leaves_its_folder_is_drawn_where_the_command_was_given(
    tmp_path, monkeypatch
):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "moves.py").write_text(
        "import os\nfrom tinygrad_es import Tensor\n"
        "os.chdir('elsewhere')\nloss = Tensor(2.0, requires_grad=True) * 3.0\n"
    )
    monkeypatch.chdir(tmp_path)
    assert main(["draw", "moves.py"]) == 0
    assert (tmp_path / "moves.svg").is_file()
    assert list((tmp_path / "elsewhere").iterdir()) == []
