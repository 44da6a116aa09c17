"""Every layer against Keras 3 (torch backend): values, gradients, weights, shapes, training."""

from __future__ import annotations

import os

import numpy as np
import pytest
from numpy.testing import assert_allclose

import tinygrad_es as tg

os.environ["KERAS_BACKEND"] = "torch"
torch = pytest.importorskip("torch", reason="compares with torch")
keras = pytest.importorskip("keras", reason="compares with keras")

pytestmark = [pytest.mark.peers, pytest.mark.filterwarnings("ignore")]

CLOSE = {"rtol": 1e-5, "atol": 1e-5}  # float32
IMAGE, SEQUENCE, ROWS = (2, 7, 6, 3), (2, 9, 4), (5, 4)

# class, arguments, shape of the input
LAYERS = [
    ("Dense", {"units": 3, "activation": "tanh"}, ROWS),
    ("Dense", {"units": 3, "use_bias": False}, SEQUENCE),
    ("Flatten", {}, IMAGE),
    ("Reshape", {"target_shape": (3, -1)}, IMAGE),
    ("Reshape", {"target_shape": (2, 2)}, ROWS),
    ("Activation", {"activation": "gelu"}, ROWS),
    ("ReLU", {}, ROWS),
    ("ReLU", {"max_value": 0.7, "negative_slope": 0.1, "threshold": 0.2}, ROWS),
    ("LeakyReLU", {}, ROWS),
    ("LeakyReLU", {"negative_slope": 0.1}, IMAGE),
    ("ELU", {"alpha": 0.5}, ROWS),
    ("PReLU", {}, SEQUENCE),
    ("PReLU", {"shared_axes": [1, 2]}, IMAGE),
    ("Softmax", {}, ROWS),
    ("Softmax", {"axis": 1}, SEQUENCE),
    ("BatchNormalization", {}, ROWS),
    ("BatchNormalization", {"momentum": 0.7, "epsilon": 0.1}, IMAGE),
    ("BatchNormalization", {"axis": 1, "center": False}, SEQUENCE),
    ("BatchNormalization", {"scale": False}, SEQUENCE),
    ("LayerNormalization", {}, ROWS),
    ("LayerNormalization", {"axis": [1, 2], "epsilon": 0.01}, SEQUENCE),
    ("Conv1D", {"filters": 5, "kernel_size": 3, "activation": "relu"}, SEQUENCE),
    ("Conv1D", {"filters": 5, "kernel_size": 2, "strides": 2, "padding": "same"}, SEQUENCE),
    ("Conv1D", {"filters": 2, "kernel_size": 3, "dilation_rate": 2, "use_bias": False}, SEQUENCE),
    ("Conv2D", {"filters": 4, "kernel_size": 3}, IMAGE),
    ("Conv2D", {"filters": 4, "kernel_size": (2, 3), "padding": "same"}, IMAGE),
    ("Conv2D", {"filters": 4, "kernel_size": 3, "strides": 2, "padding": "same"}, IMAGE),
    ("Conv2D", {"filters": 2, "kernel_size": 2, "strides": (2, 1)}, IMAGE),
    ("Conv2D", {"filters": 2, "kernel_size": 2, "dilation_rate": 2}, IMAGE),
    ("MaxPooling1D", {}, SEQUENCE),
    ("MaxPooling1D", {"pool_size": 3, "strides": 1, "padding": "same"}, SEQUENCE),
    ("MaxPooling2D", {}, IMAGE),
    ("MaxPooling2D", {"pool_size": (3, 2), "strides": 2, "padding": "same"}, IMAGE),
    ("AveragePooling1D", {"pool_size": 3}, SEQUENCE),
    ("AveragePooling2D", {"pool_size": 2}, IMAGE),
    ("AveragePooling2D", {"pool_size": (2, 3), "strides": 1}, IMAGE),
    ("GlobalMaxPooling1D", {}, SEQUENCE),
    ("GlobalMaxPooling2D", {"keepdims": True}, IMAGE),
    ("GlobalAveragePooling1D", {"keepdims": True}, SEQUENCE),
    ("GlobalAveragePooling2D", {}, IMAGE),
    ("Rescaling", {"scale": 0.5, "offset": -1.0}, ROWS),
    ("Normalization", {"mean": 0.3, "variance": 4.0}, ROWS),
]
IDS = [f"{cls}-{i}" for i, (cls, *_) in enumerate(LAYERS)]


def pair(cls, options, shape, rng):
    """The layer in both packages with the same random weights."""
    mine, theirs = (getattr(p.layers, cls)(**options) for p in (tg, keras))
    theirs.build((None, *shape[1:]))
    mine.build((None, *shape[1:]))
    weights = [rng.uniform(0.5, 1.5, w.shape).astype("float32") for w in theirs.get_weights()]
    theirs.set_weights(weights)
    mine.set_weights(weights)
    return mine, theirs


@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize(("cls", "options", "shape"), LAYERS, ids=IDS)
def test_values_and_gradients(cls, options, shape, training, rng):
    mine, theirs = pair(cls, options, shape, rng)
    x = rng.normal(size=shape).astype("float32")
    a, b = tg.Tensor(x, requires_grad=True), torch.tensor(x, requires_grad=True)
    takes = {"training": training} if cls == "BatchNormalization" else {}
    y, z = mine(a, **takes), theirs(b, **takes)
    assert y.dtype == np.float32
    assert_allclose(y.numpy(), z.detach().numpy(), **CLOSE)
    w = rng.normal(size=y.shape).astype("float32")
    (y * w).sum().backward()
    (z * torch.tensor(w)).sum().backward()
    assert_allclose(a.grad.numpy(), b.grad.numpy(), **CLOSE)
    for p, q in zip(mine.trainable_weights, theirs.trainable_weights, strict=True):
        assert_allclose(p.grad.numpy(), q.value.grad.numpy(), rtol=1e-4, atol=1e-4)
    for p, q in zip(mine.get_weights(), theirs.get_weights(), strict=True):
        assert_allclose(p, q, **CLOSE)  # the running means


@pytest.mark.parametrize(("cls", "options", "shape"), LAYERS, ids=IDS)
def test_shapes_and_counts(cls, options, shape, rng):
    mine, theirs = pair(cls, options, shape, rng)
    open_shape = (None, *shape[1:])
    assert mine.compute_output_shape(open_shape) == theirs.compute_output_shape(open_shape)
    assert mine.count_params() == theirs.count_params()
    assert len(mine.trainable_weights) == len(theirs.trainable_weights)
    again = type(mine).from_config(mine.get_config())
    assert again.get_config() == mine.get_config()


def shared_keys(mine, theirs):
    plain = (str, int, float, bool, type(None))
    return [k for k in mine if k in theirs and isinstance(theirs[k], plain) and k != "name"]


@pytest.mark.parametrize(("cls", "options", "shape"), LAYERS, ids=IDS)
def test_configurations(cls, options, shape, rng):
    mine, theirs = (x.get_config() for x in pair(cls, options, shape, rng))
    keys = [k for k in shared_keys(mine, theirs) if k not in ("mean", "variance")]
    assert {k: mine[k] for k in keys} == {k: theirs[k] for k in keys}
    ours_only = set(mine) - set(theirs) - {"activity_regularizer"}
    assert not ours_only, f"Keras has no {ours_only}"


def test_embedding(rng):
    mine, theirs = (p.layers.Embedding(7, 3) for p in (tg, keras))
    index = rng.integers(0, 7, (4, 5))
    theirs(index)
    mine(index)
    mine.set_weights(theirs.get_weights())
    y, z = mine(index), theirs(index)
    assert_allclose(y.numpy(), z.detach().numpy())
    (y * y).sum().backward()
    (z * z).sum().backward()
    assert_allclose(mine.embeddings.grad.numpy(), theirs.embeddings.value.grad.numpy(), **CLOSE)
    assert mine.compute_output_shape((None, 5)) == theirs.compute_output_shape((None, 5))


def test_normalization_adapts_alike(rng):
    x = rng.normal(size=(20, 3, 4)).astype("float32") * 3 + 1
    for axis in (-1, 1, None, (1, 2)):
        mine, theirs = (p.layers.Normalization(axis=axis) for p in (tg, keras))
        mine.adapt(x)
        theirs.adapt(x)
        assert_allclose(mine(x).numpy(), theirs(x).detach().numpy(), rtol=1e-4, atol=1e-4)


# --- networks of all of them ----------------------------------------------------------------------


def network(package, seed):
    """One of many architectures over images: convolution, pooling, normalization, dense."""
    rng = np.random.default_rng(seed)
    lay = package.layers
    chain = [package.Input(shape=(8, 8, 2))]
    if seed % 2:
        chain.append(lay.Rescaling(0.5, 0.1))
    for _ in range(1 + seed % 3):
        filters, size = int(rng.integers(2, 6)), int(rng.integers(1, 4))
        chain.append(lay.Conv2D(filters, size, padding=["same", "valid"][rng.integers(2)]))
        kind = rng.integers(6)
        if kind == 0:
            chain.append(lay.BatchNormalization(momentum=0.8))
        elif kind == 1:
            chain.append(lay.LeakyReLU(0.1))
        elif kind == 2:
            chain.append(lay.PReLU())
        elif kind == 3:
            chain.append(lay.LayerNormalization())
        elif kind == 4:
            chain.append(lay.ELU(0.5))
        else:
            chain.append(lay.Activation("softplus"))
    chain.append([lay.MaxPooling2D(2), lay.AveragePooling2D(2)][seed % 2])
    ends = [lay.Flatten(), lay.GlobalAveragePooling2D(), lay.GlobalMaxPooling2D()]
    chain.append(ends[seed % 3])
    if seed % 4 == 0:
        chain.append(lay.Dense(6, activation="tanh", kernel_regularizer="l2"))
        chain.append(lay.BatchNormalization())
    chain.append(lay.Dropout(0.0))
    chain.append(lay.Dense(3, activation="softmax", bias_regularizer="l1"))
    return package.Sequential(chain)


SETTINGS = [
    *[("Adam", {}), ("RMSprop", {}), ("Adagrad", {}), ("Adamax", {}), ("Nadam", {})],
    *[("AdamW", {}), ("SGD", {"momentum": 0.5}), ("Adadelta", {})],
]
# a bias in front of a normalization has gradient 0, of which the others make steps out of rounding
AFTER_ROUNDING = [
    ("SGD", {}),
    ("SGD", {"momentum": 0.9, "nesterov": True}),
    ("SGD", {"clipnorm": 0.5}),
]


@pytest.mark.parametrize("seed", range(36))
def test_random_networks_train_alike(seed, rng):
    mine, theirs = network(tg, seed), network(keras, seed)
    weights = theirs.get_weights()
    mine.set_weights(weights)
    x = rng.normal(size=(12, 8, 8, 2)).astype("float32")
    t = rng.integers(0, 3, 12)
    assert mine.count_params() == theirs.count_params()
    assert_allclose(mine.predict(x, verbose=0), theirs.predict(x, verbose=0), **CLOSE)
    normalized = any("Normalization" in type(layer).__name__ for layer in mine.layers)
    settings = AFTER_ROUNDING if normalized else SETTINGS
    cls, options = settings[seed // 2 % len(settings)]
    for model, package in ((mine, tg), (theirs, keras)):
        optimizer = getattr(package.optimizers, cls)(0.01, **options)
        model.compile(optimizer, "sparse_categorical_crossentropy", metrics=["accuracy"])
    found = [m.fit(x, t, 4, 3, verbose=0, shuffle=False).history for m in (mine, theirs)]
    assert_allclose(found[0]["loss"], found[1]["loss"], rtol=2e-4)
    assert_allclose(mine.predict(x, verbose=0), theirs.predict(x, verbose=0), rtol=2e-3, atol=2e-4)
