"""The command line: `python -m tinygrad_es demo`."""

from __future__ import annotations

import argparse
import io
import sys
from collections.abc import Sequence
from pathlib import Path

__all__ = ["main"]


def parser() -> argparse.ArgumentParser:
    """The commands and their options."""
    from . import __version__

    top = argparse.ArgumentParser(
        prog="python -m tinygrad_es",
        description="Reverse-mode autodiff on NumPy: train, draw and check backpropagation.",
    )
    top.add_argument("--version", action="version", version=f"tinygrad_es {__version__}")
    commands = top.add_subparsers(dest="command", metavar="COMMAND")
    demo = commands.add_parser(
        "demo",
        help="train a model on real handwritten digits and draw its backward pass",
        description="Train a 64-50-10 perceptron on the optdigits data that ship with the package "
        "(a few seconds), print its accuracy and confusion matrix, and draw two graphs as SVG.",
    )
    demo.add_argument(
        "--out",
        type=Path,
        default=Path("tinygrad_es_demo"),
        metavar="FOLDER",
        help="where the pictures go (default: %(default)s)",
    )
    demo.add_argument(
        "--epochs",
        type=positive,
        default=30,
        metavar="N",
        help="passes over the training data (default: %(default)s)",
    )
    demo.add_argument("--seed", type=natural, default=7, help="of all random numbers (default: 7)")
    return top


def natural(text: str, low: int = 0) -> int:
    """An integer from `low` on, or argparse's error."""
    try:
        number = int(text)
    except ValueError:
        number = low - 1
    if number < low:
        raise argparse.ArgumentTypeError(f"expected an integer from {low} on. Received: {text!r}")
    return number


def positive(text: str) -> int:
    """A positive integer, or argparse's error."""
    return natural(text, 1)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; returns the exit code (0 done, 1 failed, 2 wrong arguments)."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # a terminal without ✓ or × shows ?
    top = parser()
    options = top.parse_args(arguments)
    if options.command is None:
        top.print_help()
        return 2
    problem = unwritable(options.out)
    if problem:
        print(f"error: --out {options.out}: {problem}", file=sys.stderr)
        return 1
    from .demo import run

    run(options.out, options.epochs, options.seed)
    return 0


def unwritable(folder: Path) -> str | None:
    """Why nothing can be written into this folder, found before the training and not after."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / ".tinygrad_es_probe"
        probe.write_text("")
        probe.unlink()
    except FileExistsError:
        return "a file of this name is in the way; expected a folder"
    except OSError as error:
        return f"cannot be written ({error.strerror})"
    return None


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        print("\ninterrupted", file=sys.stderr)
        sys.exit(130)
