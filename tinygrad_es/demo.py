"""The demonstration: real digits, a real model, its backward pass drawn and told."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from . import metrics
from .autodiff.tensor import Tensor
from .datasets import optdigits
from .layers import Dense, Flatten, Input
from .losses import SparseCategoricalCrossentropy
from .models import Sequential
from .ops import random
from .optimizers import Adam
from .views import draw, explain

__all__ = ["run"]


def chain_rule() -> Tensor:
    """f = (x + y)·z at x = −2, y = 5, z = −4: the first example of every course."""
    x = Tensor(-2.0, requires_grad=True, name="x")
    y = Tensor(5.0, requires_grad=True, name="y")
    z = Tensor(-4.0, requires_grad=True, name="z")
    q = x + y
    q.name = "q"
    f = q * z
    f.name = "f"
    return f


def digits_model() -> Sequential:
    """The 64-50-10 perceptron."""
    return Sequential(
        [
            Input(shape=(8, 8)),
            Flatten(name="pixels"),
            Dense(50, activation="relu", kernel_initializer="he_normal", name="hidden"),
            Dense(10, activation="softmax", name="digit"),
        ],
        name="optdigits_mlp",
    )


def run(out: Path, epochs: int = 30, seed: int = 7, console: Any = None) -> float:
    """Train on optdigits, print what happens, draw backward passes; returns the accuracy."""
    from rich.console import Console

    console = console or Console()
    random.seed(seed)
    (train, y_train), (test, y_test) = optdigits.load_data()
    x_train, x_test = train.astype("float32") / 16, test.astype("float32") / 16
    console.print(
        f"optdigits: {len(x_train)} handwritten digits to train with, {len(x_test)} to test with, "
        "8×8 pixels.\n"
    )
    model = digits_model()
    model.summary()
    model.compile(
        optimizer=Adam(learning_rate=0.003),
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy"],
    )
    start = time.perf_counter()
    model.fit(x_train, y_train, epochs=epochs, batch_size=32)
    spent = time.perf_counter() - start
    _, accuracy = model.evaluate(x_test, y_test, verbose=0)
    predicted = model.predict(x_test, verbose=0).argmax(axis=-1)
    console.print(f"\nTrained in {spent:.1f} s. Test accuracy: {accuracy:.2%}\n")
    print_confusion(console, metrics.confusion_matrix(y_test, predicted, 10))
    for line in drawings(model, x_train[:32], y_train[:32], out):
        console.print(line, soft_wrap=True)
    return float(accuracy)


def print_confusion(console: Any, counts: Any) -> None:
    """The confusion matrix: rows are the true digits, columns what the model took them for."""
    from rich import box
    from rich.table import Table

    table = Table(title="Confusion matrix (row: true, column: predicted)", box=box.SIMPLE_HEAD)
    table.add_column("", style="bold")
    for digit in range(len(counts)):
        table.add_column(str(digit), justify="right")
    for digit, row in enumerate(counts):
        cells = [
            f"[green]{n}[/]" if i == digit else f"[red]{n}[/]" if n else "[dim]·[/]"
            for i, n in enumerate(row)
        ]
        table.add_row(str(digit), *cells)
    console.print(table)


def drawings(model: Sequential, x: Any, y: Any, out: Path) -> list[str]:
    """Draw the chain-rule example and one training step; returns what to print."""
    out.mkdir(parents=True, exist_ok=True)
    first = draw(chain_rule(), title="f = (x + y)·z")
    step = draw(
        SparseCategoricalCrossentropy()(y, model(x, training=True)),
        title="One training step on 32 digits",
        rankdir="TB",
    )
    return [
        "Drawn, with what the chain rule does at every node (open them in a browser):",
        *(f"  {first.save(out / f'chain_rule.{form}')}" for form in ("svg", "html")),
        *(f"  {step.save(out / f'training_step.{form}')}" for form in ("svg", "html")),
        "  (.svg: a picture; .html: to step through the backward pass)",
        "",
        str(explain(chain_rule())),
        "",
        "Go on:",
        "  examples/01_one_number.py, 02_chain_rule.py, … one idea each",
        "  python -m tinygrad_es --help                   what else this command does",
        "  docs/en/index.md · docs/es/index.md            the documentation",
    ]
