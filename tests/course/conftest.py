"""What the snippets of the courses find when they start: data, folders, no network."""

from __future__ import annotations

import numpy as np
import pytest

from tests.datasets.files import idx
from tinygrad_es.datasets import _fetch


def clothes(n, rng):
    """Images of 28×28 bytes, each class a bright square in its own place, under noise."""
    labels = (np.arange(n) % 10).astype(np.uint8)
    images = rng.integers(0, 100, (n, 28, 28), dtype=np.uint8)
    for k in range(10):
        row, column = 5 * (k // 5) + 4, 5 * (k % 5) + 1
        images[labels == k, row : row + 5, column : column + 5] += 120
    return images, labels


@pytest.fixture(scope="session")
def made_up_fashion(tmp_path_factory):
    """A data folder with four files in Fashion-MNIST's format: 6,000 and 10,000 images."""
    folder = tmp_path_factory.mktemp("data")
    (folder / "fashion-mnist").mkdir()
    rng = np.random.default_rng(0)
    for part, n in (("train", 6000), ("t10k", 10_000)):
        for kind, array in zip(("images-idx3", "labels-idx1"), clothes(n, rng)):
            (folder / "fashion-mnist" / f"{part}-{kind}-ubyte").write_bytes(idx(array))
    return folder


@pytest.fixture(autouse=True)
def own_folder(tmp_path, monkeypatch):
    """Snippets write into the folder they run in, and have no network."""

    def refuse(url):
        raise OSError(f"no network in tests: {url}")

    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TINYGRAD_ES_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    monkeypatch.setattr(_fetch, "open_url", refuse)
    return tmp_path


@pytest.fixture
def fashion_files(made_up_fashion, own_folder, monkeypatch):
    monkeypatch.setenv("TINYGRAD_ES_DATA", str(made_up_fashion))


@pytest.fixture
def flowers():
    """Iris as the lesson reads it: lengths, and names as labels."""
    from tinygrad_es.datasets import iris

    x, y = iris.load_all()
    return x, np.array(iris.CLASS_NAMES)[y]


@pytest.fixture
def table():
    """A function from a model to the rows of its summary and the totals below."""

    def read(model):
        texts = []
        model.summary(print_fn=texts.append)
        (text,) = texts
        lines = [line.strip(" │┃") for line in text.splitlines()]
        rows = [tuple(c.strip() for c in line.split("│")) for line in lines if "│" in line]
        totals = dict(line.split(": ") for line in lines if "params: " in line)
        return rows, totals

    return read
