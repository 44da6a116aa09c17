"""The perceptron beyond its worked runs: outputs that learn apart, options, errors."""

import numpy as np
import pytest

from tinygrad_es import activations, callbacks
from tinygrad_es.models import Perceptron
from tinygrad_es.ops import random

POINTS = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
AND, OR = np.array([0, 0, 0, 1]), np.array([0, 1, 1, 1])


def clouds(n=200, dim=3):
    """Two clouds with a gap, labelled by a plane."""
    rng = np.random.default_rng(1)
    x = rng.normal(size=(n, dim))
    side = x @ np.arange(1.0, dim + 1) - 0.5
    return x[np.abs(side) > 0.3], (side[np.abs(side) > 0.3] > 0).astype(int)


def fitted(x, y, model=None, **options):
    model = model or Perceptron()
    options = {"epochs": 200, "shuffle": False, "verbose": 0} | options
    return model, model.fit(x, y, **options).history["mistakes"]


def test_each_output_learns_by_itself():
    both, mistakes = fitted(POINTS, np.stack([AND, OR], axis=1), Perceptron(2))
    first, _ = fitted(POINTS, AND)
    assert both.converged
    assert len(mistakes) == 6
    assert both.dense.kernel[:, 0].tolist() == first.dense.kernel.ravel().tolist()
    assert both.dense.kernel[:, 1].tolist() == [1.0, 1.0]
    assert both.dense.bias.tolist() == [-3.0, -1.0]
    assert both.predict(POINTS, verbose=0).T.tolist() == [AND.tolist(), OR.tolist()]


@pytest.mark.parametrize("batch_size", [1, 3, 32, 1000])
def test_the_batch_size_does_not_matter(batch_size):
    x, y = clouds()
    model, mistakes = fitted(x, y, batch_size=batch_size)
    other, expected = fitted(x, y)
    assert mistakes == expected
    assert model.converged
    assert (model.dense.kernel.numpy() == other.dense.kernel.numpy()).all()
    assert (model.predict(x, verbose=0).ravel() == y).all()


@pytest.mark.parametrize("rate", [0.5, 2.0, 1024.0])
def test_the_rate_scales_the_weights_only(rate):
    x, y = clouds()
    (one, a), (other, b) = fitted(x, y), fitted(x, y, Perceptron(learning_rate=rate))
    assert a == b
    scaled = rate * one.dense.kernel.numpy()
    np.testing.assert_allclose(other.dense.kernel.numpy(), scaled, rtol=1e-6)


def test_shuffling_repeats_with_the_seed():
    x, y = clouds()
    runs = []
    for seed in (1, 1, 2):
        random.seed(seed)
        runs.append(fitted(x, y, shuffle=True))
    assert runs[0][1] == runs[1][1] != runs[2][1]
    assert all(model.converged for model, _ in runs)


def test_training_goes_on_where_it_stopped():
    whole, mistakes = fitted(POINTS, AND)
    model = Perceptron()
    parts = [fitted(POINTS, AND, model, epochs=n)[1] for n in (1, 2, 10)]
    assert [m for part in parts for m in part] == mistakes
    assert model.dense.bias.tolist() == whole.dense.bias.tolist()


def test_weights_of_samples_and_frozen_layers():
    model, _ = fitted(POINTS, AND, epochs=1, sample_weight=np.array([3.0, 0.0, 0.0, 0.0]))
    assert model.dense.bias.tolist() == [-3.0]
    assert model.dense.kernel.ravel().tolist() == [0.0, 0.0]
    model.dense.trainable = False
    with pytest.warns(UserWarning, match="does not have any trainable weights"):
        fitted(POINTS, AND, model, epochs=1)
    assert model.dense.bias.tolist() == [-3.0]


def test_it_is_a_model():
    seen, lines = [], []
    model = Perceptron(name="tlu")
    watch = callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: seen.append(logs["mistakes"]))
    history = model.fit(POINTS, AND, epochs=9, shuffle=False, verbose=0, callbacks=[watch])
    assert history.history["mistakes"] == seen == [2, 3, 3, 2, 1, 0]
    assert history.history["loss"] == [0.5, 0.75, 0.75, 0.5, 0.25, 0.0]  # the share of mistakes
    assert model.evaluate(POINTS, AND, verbose=0) == 0.0
    model.compile(loss="mse", metrics=["accuracy"])
    assert model.evaluate(POINTS, OR, verbose=0) == [0.5, 0.5]
    model.summary(print_fn=lines.append)
    assert "tlu" in "\n".join(lines)
    assert model.count_params() == 3


def test_progress_is_printed(capsys):
    Perceptron().fit(POINTS, AND, epochs=2, shuffle=False, verbose=2)
    assert "mistakes: 3" in capsys.readouterr().out


def test_bad_arguments():
    for wrong, words in [
        (lambda: Perceptron(activation="relu"), "activation='relu'"),
        (lambda: Perceptron(activation="sigmoid"), "a function of one value below 0"),
        (lambda: Perceptron(learning_rate=0.0), "must be > 0. Received: 0.0"),
        (lambda: Perceptron(learning_rate=float("nan")), "Received: nan"),
        (lambda: Perceptron(0), "units=0"),
    ]:
        with pytest.raises(ValueError, match=words):
            wrong()


@pytest.mark.parametrize(
    ("model", "labels"),
    [
        (Perceptron, 2 * AND - 1),
        (Perceptron, [0, 1, 2, 1]),
        (Perceptron, [0.0, 1.0, np.nan, 0.0]),
        (Perceptron, np.ones((4, 2))),
        (lambda: Perceptron(activation="sign"), AND),
        (lambda: Perceptron(activation=activations.sign), AND),
        (lambda: Perceptron(2), AND),
    ],
)
def test_labels_that_it_cannot_return(model, labels):
    model = model()
    with pytest.raises(ValueError, match=r"expected labels .* for each sample\. Received: labels"):
        model.fit(POINTS, labels, verbose=0)
    assert not model.built
