"""Keras reads the same from the same files."""

from __future__ import annotations

import os
from importlib import import_module

import numpy as np
import pytest

from tinygrad_es.datasets import _cifar, california_housing, fashion_mnist, mnist

from .files import batches, idx, pickled

os.environ["KERAS_BACKEND"] = "torch"

pytestmark = pytest.mark.peers


@pytest.fixture
def theirs(monkeypatch):
    """Keras' module of a data set, which takes its files from a folder, whatever their checksum."""
    pytest.importorskip("keras", reason="compares with Keras")

    def module(name, folder):
        found = import_module(f"keras.src.datasets.{name}")
        monkeypatch.setattr(found, "get_file", lambda fname, **_: str(folder / fname))
        return found

    return module


def assert_same(ours, keras):
    for part, other in zip(ours, keras, strict=True):
        for array, expected in zip(part, other, strict=True):
            assert array.dtype == expected.dtype
            np.testing.assert_array_equal(array, expected)


@pytest.mark.parametrize("version", ["large", "small"])
@pytest.mark.parametrize(("share", "seed"), [(0.2, 113), (0.0, 0), (0.3, 2**32 - 1), (0.999, 7)])
def test_housing(tmp_path, rng, theirs, version, share, seed):
    x = rng.normal(size=(701, 8)).astype(np.float32)
    np.savez(tmp_path / "california_housing.npz", x=x, y=x[:, 0] * 2)
    keras = theirs("california_housing", tmp_path)
    assert_same(
        california_housing.load_data(version, tmp_path, share, seed),
        keras.load_data(version, test_split=share, seed=seed),
    )


def test_mnist(tmp_path, rng, theirs):
    x, y = rng.integers(0, 256, (9, 28, 28), np.uint8), rng.integers(0, 10, 9, np.uint8)
    np.savez(tmp_path / "mnist.npz", x_train=x, y_train=y, x_test=x[2:4], y_test=y[2:4])
    assert_same(mnist.load_data(tmp_path), theirs("mnist", tmp_path).load_data())


def test_fashion_mnist(tmp_path, rng, theirs):
    import gzip

    for part, n in (("train", 9), ("t10k", 4)):
        x, y = rng.integers(0, 256, (n, 28, 28), np.uint8), rng.integers(0, 10, n, np.uint8)
        for kind, array in (("images-idx3", x), ("labels-idx1", y)):
            (tmp_path / f"{part}-{kind}-ubyte.gz").write_bytes(gzip.compress(idx(array)))
    assert_same(fashion_mnist.load_data(tmp_path), theirs("fashion_mnist", tmp_path).load_data())


def test_a_batch_of_cifar(tmp_path, rng):
    keras = pytest.importorskip("keras.src.datasets.cifar", reason="compares with Keras")
    content = pickled(*batches(rng)[0]).replace(b"numpy.core", b"numpy._core")  # else NumPy warns
    (tmp_path / "data_batch_1").write_bytes(content)
    pixels, labels = keras.load_batch(str(tmp_path / "data_batch_1"))
    ours, our_labels = _cifar.parse_python(content, tmp_path)
    np.testing.assert_array_equal(pixels.reshape(-1, 3072), ours)
    np.testing.assert_array_equal(labels, our_labels)
