"""The command line: `python -m tinygrad_es demo|draw|explain|check`."""

from __future__ import annotations

import argparse
import io
import itertools
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

from .languages import LANGUAGES, Pair, language, say, set_language

__all__ = ["main"]


ARGPARSE = (  # what argparse says of wrong arguments, and its Spanish
    (r"the following arguments are required: (.*)", r"faltan argumentos: \1"),
    (r"unrecognized arguments: (.*)", r"argumentos desconocidos: \1"),
    (r"argument (.*): invalid choice: (.*) \((?:choose from )?(.*)\)",
     r"argumento \1: \2 no vale; elige entre \3"),
    (r"argument (.*): expected one argument", r"argumento \1: se esperaba un valor"),
    (r"argument (.*): ignored explicit argument (.*)",
     r"argumento \1: no lleva ningún valor. Se ha recibido: \2"),
    (r"argument (.*): invalid \w+ value: (.*)", r"argumento \1: \2 no vale"),
    (r"argument (.*): expected an integer from (\d+) on\. Received: (.*)",
     r"argumento \1: se esperaba un entero a partir de \2. Se ha recibido: \3"),
    (r"ambiguous option: (.*) could match (.*)", r"opción ambigua: \1 puede ser \2"),
)  # fmt: skip


class Parser(argparse.ArgumentParser):
    """argparse, that says in Spanish too what is wrong with arguments."""

    def format_usage(self) -> str:
        usage = super().format_usage()
        return usage if language() == "en" else usage.replace("usage:", "uso:", 1)

    def error(self, message: str) -> NoReturn:
        if language() == "es":
            fits = (re.sub(f"^{e}$", s, message) for e, s in ARGPARSE if re.fullmatch(e, message))
            message = next(fits, message)
        self.exit(2, f"{self.format_usage()}{self.prog}: error: {message}\n")


def parser() -> argparse.ArgumentParser:
    """The commands and their options."""
    from . import __version__

    top = Parser(
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
    add_views(commands)
    add_check(commands)
    for command in commands.choices.values():
        command.add_argument(
            "--lang", choices=LANGUAGES, help="of what is told (default: the machine's)"
        )
    return top


def add_views(commands: Any) -> None:
    """`draw` and `explain`: the graph of a script's loss."""
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument(
        "script",
        metavar="FILE[:NAME]",
        help="a Python file, which is run, and the Tensor in it (default: loss, L, …, or the "
        "newest result)",
    )
    common.add_argument(
        "--out", type=Path, metavar="PATH", help="the file to write; its ending says in which form"
    )
    drawing = commands.add_parser(
        "draw",
        parents=[common],
        help="draw the graph of a script's loss",
        description="Run a script and draw the graph of its loss, both passes. Where the script "
        "fails, the graph up to the operation that failed is drawn.",
    )
    drawing.add_argument("--collapse", metavar="HOW", help="'layers', or a depth from 1")
    drawing.add_argument("--direction", choices=("both", "forward", "backward"), default="both")
    drawing.add_argument("--rankdir", choices=("LR", "TB"), default="LR")
    drawing.add_argument("--order", type=int, choices=(0, 1, 2), default=0)
    drawing.add_argument("--title", default="", help="above the picture")
    commands.add_parser(
        "explain",
        parents=[common],
        help="tell the chain rule of a script's loss, step by step",
        description="Run a script and tell how the gradients of its loss come about.",
    )


def add_check(commands: Any) -> None:
    """`check`: the backward passes by hand in a file."""
    check = commands.add_parser(
        "check",
        help="check the backward passes by hand in a file, and say what is wrong",
        description="Run a file in a process of its own, find its forward and backward passes "
        "(functions such as affine_forward and affine_backward, objects with both methods), and "
        "compare their gradients with the automatic ones. The exit code is 0 when all are right, 1 "
        "when one is wrong, 2 when they could not be checked.",
    )
    check.add_argument("script", type=Path, metavar="FILE", help="a Python file, which is run")
    check.add_argument(
        "--inputs",
        type=Path,
        metavar="FILE.npz",
        help="arrays by the names of arguments (default: the file's variables of those names)",
    )
    check.add_argument(
        "--student",
        type=int,
        choices=(1, 2, 3),
        default=0,
        metavar="LEVEL",
        help="hints without the reference: 1 where the mistake is, 2 what kind, 3 how to mend it",
    )
    check.add_argument(
        "--rubric", type=Path, metavar="FILE.json", help='points by name, {"W1": 2, "b1": 1}'
    )
    check.add_argument("--json", action="store_true", help="for graders: the result as JSON")
    check.add_argument(
        "--seconds", type=positive, default=60, help="the time it has (default: %(default)s)"
    )
    check.add_argument(
        "--megabytes", type=positive, default=2048, help="and the memory (default: %(default)s)"
    )


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
    """Run a command; returns the exit code (0 done, 1 failed or wrong, 2 wrong arguments)."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # a terminal without ✓ or × shows ?
    given = sys.argv[1:] if arguments is None else list(arguments)
    for asked, value in itertools.pairwise(given):
        if asked == "--lang" and value in LANGUAGES:  # what is wrong is told in it too
            set_language(value)
    top = parser()
    options = top.parse_args(given)
    if options.command is None:
        top.print_help()
        return 2
    if options.lang:
        set_language(options.lang)
    if options.command == "demo":
        return demo_command(options)
    if options.command == "check":
        return check_command(options)
    return view_command(options)


def demo_command(options: argparse.Namespace) -> int:
    """`demo`: train, draw, explain."""
    problem = unwritable(options.out)
    if problem:
        print(f"error: --out {options.out}: {problem}", file=sys.stderr)
        return 1
    from .demo import run

    run(options.out, options.epochs, options.seed)
    return 0


def check_command(options: argparse.Namespace) -> int:
    """`check`: run a file apart, print what was found."""
    import json

    from .grading import check_file

    try:
        rubric = json.loads(options.rubric.read_text("utf-8")) if options.rubric else None
        found = check_file(
            options.script,
            inputs=options.inputs,
            student=options.student,
            rubric=rubric,
            seconds=options.seconds,
            megabytes=options.megabytes,
        )
    except (OSError, ValueError, TypeError) as error:
        at = f"{options.rubric}: " if isinstance(error, (ValueError, TypeError)) else ""
        print(f"error: {at}{say(unread(error))}", file=sys.stderr)
        return 2
    if options.json:
        print(json.dumps(found.to_dict(), ensure_ascii=False, indent=2))
    else:
        print(found.text())
    return found.code


def unread(error: Exception) -> Pair:
    """Why a file that was named cannot be read, in both languages."""
    import json

    from .grading.spanish import in_both

    if isinstance(error, json.JSONDecodeError):
        return (
            f"expected JSON. Received: {error}",
            f"se esperaba JSON; falla en la línea {error.lineno}, columna {error.colno}",
        )
    if isinstance(error, UnicodeDecodeError):
        return "expected text in UTF-8.", "se esperaba texto en UTF-8."
    if isinstance(error, FileNotFoundError):
        return in_both(
            f"there is no file {str(error.filename)!r}." if error.filename else str(error)
        )
    if isinstance(error, IsADirectoryError):
        name = repr(str(error.filename))
        return (
            f"expected a file. {name} is a folder.",
            f"se esperaba un archivo. {name} es una carpeta.",
        )
    if isinstance(error, OSError):
        return f"cannot be used: {error}", f"no se puede usar: {error.filename}"
    return in_both(str(error))


def view_command(options: argparse.Namespace) -> int:
    """`draw` and `explain`."""
    from .script import chosen, run_script

    path, name = named(options.script)
    try:
        finished = run_script(path)
        root: Any = finished.error
        if root is None:
            name, root = chosen(finished.variables, name)
        write = draw_script if options.command == "draw" else explain_script
        write(options, path, name or "error", root, finished.variables)
    except OSError as error:
        print(f"error: {say(unread(error))}", file=sys.stderr)
        return 1
    except (SyntaxError, LookupError, ValueError, TypeError, RuntimeError) as error:
        print(f"error: {options.script}: {error}", file=sys.stderr)
        return 1
    if finished.error is not None:
        import traceback

        traceback.print_exception(finished.error)
        return 1
    return 0


def named(text: str) -> tuple[Path, str | None]:
    """FILE and NAME of FILE:NAME; a colon of a drive or of the file's own name stays."""
    path = Path(text)
    head, colon, name = text.rpartition(":")
    if not path.exists() and colon and name.isidentifier():
        return Path(head), name
    return path, None


def draw_script(
    options: argparse.Namespace, path: Path, name: str, root: Any, variables: dict[str, Any]
) -> None:
    """Draw what a script left, into a file."""
    from .views import draw

    how: Any = options.collapse
    picture = draw(
        root,
        names=variables,
        collapse=int(how) if how and how.isdecimal() else how,
        direction=options.direction,
        rankdir=options.rankdir,
        order=options.order,
        title=options.title or name,
    )
    print(picture.save(options.out or Path(f"{path.stem}.svg")))


def explain_script(
    options: argparse.Namespace, path: Path, name: str, root: Any, variables: dict[str, Any]
) -> None:
    """Tell what a script left, on the terminal or into a file."""
    from .views import explain

    if isinstance(root, BaseException):
        return
    told = explain(root, names=variables)
    print(told.save(options.out) if options.out else told)


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
