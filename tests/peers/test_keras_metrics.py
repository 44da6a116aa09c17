"""Streaming metrics against Keras 3 (torch backend) and scikit-learn, batch after batch."""

from __future__ import annotations

import os
import re

import numpy as np
import pytest

import tinygrad_es as tg

os.environ["KERAS_BACKEND"] = "torch"
pytest.importorskip("torch", reason="compares with torch")
keras = pytest.importorskip("keras", reason="compares with keras")

pytestmark = [pytest.mark.peers, pytest.mark.filterwarnings("ignore")]


def binary(rng, n=40):
    return rng.integers(0, 2, (n, 1)).astype("float32"), rng.uniform(size=(n, 1)).astype("float32")


def one_hot(rng, n=40):
    p = rng.dirichlet(np.ones(6), n).astype("float32")
    return np.eye(6, dtype="float32")[rng.integers(0, 6, n)], p


def numbers(rng, n=40):
    labels, p = one_hot(rng, n)
    return labels.argmax(-1), p


def values(rng, n=40):
    return (rng.normal(size=(n, 2)).astype("float32") for _ in range(2))


def positive(rng, n=40):
    return (rng.uniform(0.1, 2.0, size=(n, 3)).astype("float32") for _ in range(2))


def signs(rng, n=40):
    t, y = values(rng, n)
    return np.sign(t), y


METRICS = [
    ("BinaryAccuracy", {}, binary),
    ("BinaryAccuracy", {"threshold": 0.3}, one_hot),
    ("CategoricalAccuracy", {}, one_hot),
    ("SparseCategoricalAccuracy", {}, numbers),
    ("TopKCategoricalAccuracy", {"k": 2}, one_hot),
    ("SparseTopKCategoricalAccuracy", {"k": 3}, numbers),
    ("TruePositives", {}, binary),
    ("FalsePositives", {"thresholds": 0.7}, binary),
    ("TrueNegatives", {"thresholds": [0.2, 0.8]}, binary),
    ("FalseNegatives", {}, one_hot),
    ("Precision", {}, binary),
    ("Precision", {"thresholds": [0.1, 0.5, 0.9]}, binary),
    ("Precision", {"class_id": 2, "thresholds": 0.2}, one_hot),
    ("Recall", {}, binary),
    ("Recall", {"thresholds": 0.9}, binary),
    ("F1Score", {}, one_hot),
    ("F1Score", {"average": "macro", "threshold": 0.3}, one_hot),
    ("F1Score", {"average": "micro"}, one_hot),
    ("FBetaScore", {"average": "weighted", "beta": 2.0}, one_hot),
    ("AUC", {}, binary),
    ("AUC", {"curve": "PR"}, binary),
    ("AUC", {"summation_method": "minoring", "num_thresholds": 20}, binary),
    ("AUC", {"curve": "PR", "summation_method": "majoring"}, binary),
    ("RootMeanSquaredError", {}, values),
    ("R2Score", {}, values),
    ("MeanSquaredError", {}, values),
    ("MeanAbsoluteError", {}, values),
    ("MeanAbsolutePercentageError", {}, positive),
    ("MeanSquaredLogarithmicError", {}, positive),
    ("LogCoshError", {}, values),
    ("BinaryCrossentropy", {}, binary),
    ("BinaryCrossentropy", {"from_logits": True, "label_smoothing": 0.1}, one_hot),
    ("CategoricalCrossentropy", {}, one_hot),
    ("CategoricalCrossentropy", {"from_logits": True, "label_smoothing": 0.2}, one_hot),
    ("SparseCategoricalCrossentropy", {}, numbers),
    ("KLDivergence", {}, positive),
    ("Poisson", {}, positive),
    ("Hinge", {}, signs),
    ("SquaredHinge", {}, signs),
    ("CategoricalHinge", {}, one_hot),
    ("CosineSimilarity", {}, values),
    ("CosineSimilarity", {"axis": 1}, positive),
]


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize(
    ("cls", "options", "make"), METRICS, ids=[f"{m[0]}-{i}" for i, m in enumerate(METRICS)]
)
def test_metrics_over_batches(cls, options, make, weighted, rng):
    mine, theirs = (getattr(p.metrics, cls)(**options) for p in (tg, keras))
    for n in (40, 7, 1):
        t, p = make(rng, n)
        w = rng.uniform(0.1, 2.0, n).astype("float32") if weighted else None
        mine.update_state(t, p, w)
        theirs.update_state(t, p, w)
        expected = np.asarray(theirs.result().detach() if hasattr(theirs.result(), "detach")
                              else theirs.result())  # fmt: skip
        np.testing.assert_allclose(mine.result(), expected, rtol=2e-4, atol=1e-5)
    mine.reset_state()
    theirs.reset_state()
    t, p = make(rng, 5)
    mine.update_state(t, p)
    theirs.update_state(t, p)
    np.testing.assert_allclose(mine.result(), np.asarray(theirs.result()), rtol=2e-4, atol=1e-5)
    assert mine.name == re.sub(r"_\d+$", "", theirs.name)  # Keras counts them


def test_against_scikit_learn(rng):
    sk = pytest.importorskip("sklearn.metrics", reason="compares with scikit-learn")
    t, p = rng.integers(0, 2, 300), rng.uniform(size=300)
    many = tg.metrics.AUC(num_thresholds=20_000)
    many.update_state(t, p)
    assert many.result() == pytest.approx(sk.roc_auc_score(t, p), abs=1e-4)
    labels, q = rng.integers(0, 4, 200), rng.dirichlet(np.ones(4), 200)
    score = tg.metrics.F1Score("macro")
    score.update_state(np.eye(4)[labels], q)
    expected = sk.f1_score(labels, q.argmax(-1), average="macro")
    assert score.result() == pytest.approx(expected, abs=1e-6)
    matrix = tg.metrics.confusion_matrix(labels, q.argmax(-1))
    assert (matrix == sk.confusion_matrix(labels, q.argmax(-1))).all()
