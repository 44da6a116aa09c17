"""Affine transforms of images, and the random layers made of them, against Keras 3."""

from __future__ import annotations

import os

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import tinygrad_es as tg

os.environ["KERAS_BACKEND"] = "torch"
torch = pytest.importorskip("torch", reason="compares with torch")
keras = pytest.importorskip("keras", reason="compares with keras")

pytestmark = [pytest.mark.peers, pytest.mark.filterwarnings("ignore")]

FILLS = ["constant", "nearest", "wrap", "reflect"]
WAYS = ["bilinear", "nearest"]


def matrices(rng, n, dtype="float32"):
    """Turned, sheared, scaled and shifted, some of it far outside."""
    rows = np.zeros((n, 8), dtype)
    rows[:, :6] = rng.normal(size=(n, 6)) * [1, 0.5, 6, 0.5, 1, 6] + [0.5, 0, 0, 0, 0.5, 0]
    return rows


def theirs_of(images, rows, **options):
    x = torch.tensor(images, requires_grad=images.dtype.kind == "f")
    y = keras.ops.image.affine_transform(x, torch.tensor(rows), **options)
    return x, y


@pytest.mark.parametrize("shape", [(6, 7, 9, 3), (5, 4, 1, 2), (3, 1, 1, 1)])
@pytest.mark.parametrize("fill_mode", FILLS)
@pytest.mark.parametrize("interpolation", WAYS)
def test_affine_transform(interpolation, fill_mode, shape, rng):
    options = {"interpolation": interpolation, "fill_mode": fill_mode, "fill_value": 0.7}
    images, rows = rng.normal(size=shape).astype("float32"), matrices(rng, shape[0])
    x, z = theirs_of(images, rows.copy(), **options)
    a = tg.Tensor(images, requires_grad=True)
    y = tg.ops.image.affine_transform(a, rows, **options)
    assert y.dtype == np.float32
    assert_allclose(y.numpy(), z.detach().numpy(), rtol=1e-4, atol=1e-4)
    w = rng.normal(size=shape).astype("float32")
    (y * w).sum().backward()
    (z * torch.tensor(w)).sum().backward()
    assert_allclose(a.grad.numpy(), x.grad.numpy(), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("fill_mode", FILLS)
@pytest.mark.parametrize("interpolation", WAYS)
def test_half_pixels_and_single_images(interpolation, fill_mode, rng):
    image = rng.normal(size=(4, 5, 2)).astype("float32")
    for shift in (0.5, -0.5, 1.5, -2.5, 11.0, -7.0):
        row = np.array([1, 0, shift, 0, 1, -shift, 0, 0], "float32")
        options = {"interpolation": interpolation, "fill_mode": fill_mode}
        _, z = theirs_of(image, row.copy(), **options)
        y = tg.ops.image.affine_transform(image, row, **options)
        assert_allclose(y.numpy(), z.detach().numpy(), rtol=1e-5, atol=1e-6)


def test_float64_and_integers(rng):
    rows = matrices(rng, 4, "float64")
    images = rng.normal(size=(4, 6, 5, 2))
    _, z = theirs_of(images, rows.copy())
    y = tg.ops.image.affine_transform(images, rows)
    assert y.dtype == np.float64
    assert_allclose(y.numpy(), z.detach().numpy(), rtol=1e-12, atol=1e-12)
    whole = rng.integers(0, 256, (4, 6, 5, 2)).astype("int32")
    rows = rows.astype("float32")
    _, z = theirs_of(whole, rows.copy(), fill_mode="reflect")
    y = tg.ops.image.affine_transform(whole, rows, fill_mode="reflect")
    assert y.dtype == np.int32
    assert np.abs(y.numpy() - z.numpy()).max() <= 1  # a half may be rounded either way


# factors of one value: nothing is left to chance
FIXED = [
    ("RandomRotation", {"factor": (0.1, 0.1)}),
    ("RandomRotation", {"factor": (-0.3, -0.3), "fill_mode": "wrap"}),
    ("RandomRotation", {"factor": (0.25, 0.25), "fill_mode": "constant", "fill_value": 2.0}),
    ("RandomRotation", {"factor": (0.4, 0.4), "interpolation": "nearest"}),
    ("RandomTranslation", {"height_factor": (0.3, 0.3), "width_factor": (-0.2, -0.2)}),
    (
        "RandomTranslation",
        {"height_factor": (-0.5, -0.5), "width_factor": 0, "fill_mode": "nearest"},
    ),
    (
        "RandomTranslation",
        {"height_factor": 0.0, "width_factor": [0.6, 0.6], "fill_mode": "constant"},
    ),
]


@pytest.mark.parametrize("shape", [(3, 6, 9, 2), (7, 5, 3)])
@pytest.mark.parametrize(("cls", "options"), FIXED)
def test_layers_without_chance(cls, options, shape, rng):
    x = rng.normal(size=shape).astype("float32")
    mine, theirs = (getattr(p.layers, cls)(**options) for p in (tg, keras))
    assert_allclose(mine(x, training=True).numpy(), theirs(x, training=True).numpy(), atol=2e-5)
    assert_array_equal(mine(x, training=False).numpy(), x)
    assert mine.compute_output_shape((None, *shape)) == theirs.compute_output_shape((None, *shape))


RANDOM = [
    ("RandomFlip", {}),
    ("RandomFlip", {"mode": "vertical", "seed": 3}),
    ("RandomRotation", {"factor": 0.2}),
    ("RandomRotation", {"factor": [0.3, -0.1], "fill_mode": "wrap"}),
    ("RandomTranslation", {"height_factor": -0.2, "width_factor": (-0.1, 0.5), "fill_value": 1.0}),
]


@pytest.mark.parametrize(("cls", "options"), RANDOM)
def test_configurations(cls, options):
    mine, theirs = (getattr(p.layers, cls)(**options).get_config() for p in (tg, keras))
    assert set(mine) - {"activity_regularizer"} == set(theirs)
    keys = set(theirs) - {"name", "dtype"}
    assert {k: mine[k] for k in keys} == {k: theirs[k] for k in keys}


def outcomes(layer, image, n):
    """The different images that a layer makes of one, with how often."""
    y = layer(np.broadcast_to(image, (n, *image.shape)), training=True).numpy()
    found, counts = np.unique(y.reshape(n, -1), axis=0, return_counts=True)
    return {tuple(row): count / n for row, count in zip(found.tolist(), counts, strict=True)}


@pytest.mark.parametrize("mode", ["horizontal", "vertical", "horizontal_and_vertical"])
def test_the_same_flips_as_often(mode):
    image = np.arange(6, dtype="float32").reshape(2, 3, 1)
    mine, theirs = (outcomes(p.layers.RandomFlip(mode, 1), image, 4000) for p in (tg, keras))
    assert set(mine) == set(theirs)
    assert all(abs(mine[k] - 0.5) < 0.04 for k in mine)


@pytest.mark.parametrize(
    ("cls", "arguments"),
    [
        ("RandomRotation", (1.5,)),
        ("RandomRotation", ((0.1, 0.2, 0.3),)),
        ("RandomRotation", ("a",)),
        ("RandomRotation", (0.1, "mirror")),
        ("RandomRotation", (0.1, "reflect", "cubic")),
        ("RandomTranslation", (2, 0)),
        ("RandomTranslation", (0, (0.1, -1.2))),
        ("RandomTranslation", (0, None)),
        ("RandomTranslation", (0, 0, "edge")),
    ],
)
def test_errors_are_of_the_same_kind(cls, arguments):
    kinds = []
    for package in (tg, keras):
        with pytest.raises((ValueError, NotImplementedError)) as caught:
            getattr(package.layers, cls)(*arguments)
        kinds.append(caught.type)
    assert kinds[0] is kinds[1]


def test_in_a_model_as_in_keras():
    x = np.arange(12, dtype="float32").reshape(1, 3, 4, 1)
    for package in (tg, keras):
        model = package.Sequential([package.layers.RandomTranslation((0.5, 0.5), 0)])
        assert (np.asarray(model(x, training=True)) != x).any()
        assert (np.asarray(model(x, training=False)) == x).all()
        assert (model.predict(x, verbose=0) == x).all()
