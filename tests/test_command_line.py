"""`python -m tinygrad_es`: the demonstration, help, errors, exit codes."""

from __future__ import annotations

import subprocess
import sys

import pytest

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
