"""The curves of plots against scikit-learn, on scores with ties and without."""

from __future__ import annotations

import numpy as np
import pytest

from tinygrad_es import plots

sklearn_metrics = pytest.importorskip("sklearn.metrics", reason="compares with scikit-learn")
pytest.importorskip("matplotlib", reason="plots are the extra `plots`")

pytestmark = [pytest.mark.peers, pytest.mark.filterwarnings("ignore")]


@pytest.fixture(params=[2, 20, 0], ids=["many ties", "some ties", "no ties"])
def scored(request, rng):
    """Labels, and scores that know a little; rounded to so many steps."""
    y = rng.integers(0, 2, 300)
    score = rng.normal(size=300) + y
    return y, np.round(score * request.param) / request.param if request.param else score


def test_roc_curve(scored):
    y, score = scored
    fpr, tpr, _ = sklearn_metrics.roc_curve(y, score, drop_intermediate=False)
    line = plots.roc_curve(y, score).lines[-1]
    np.testing.assert_allclose(line.get_xydata(), np.stack([fpr, tpr], axis=1), rtol=1e-14)
    assert line.get_label() == f"AUC = {sklearn_metrics.auc(fpr, tpr):0.2f}"


def test_precision_recall_curve(scored):
    y, score = scored
    precision, recall, _ = sklearn_metrics.precision_recall_curve(y, score)
    line = plots.precision_recall_curve(y, score).lines[-1]
    expected = np.stack([recall, precision], axis=1)[::-1]
    np.testing.assert_allclose(line.get_xydata(), expected, rtol=1e-14)
    assert line.get_label() == f"AP = {sklearn_metrics.average_precision_score(y, score):0.2f}"


def test_confusion_matrix(rng):
    t, p = rng.integers(0, 4, (2, 100))
    counts = sklearn_metrics.confusion_matrix(t, p)
    drawn = plots.confusion_matrix(counts)
    assert [int(text.get_text()) for text in drawn.texts] == counts.ravel().tolist()


def test_decision_regions_of_a_classifier(rng):
    linear_model = pytest.importorskip("sklearn.linear_model", reason="compares with scikit-learn")
    x = rng.normal(size=(60, 2))
    y = np.where(x.sum(axis=1) > 0, 5, 2)
    classifier = linear_model.LogisticRegression().fit(x, y)
    image = plots.decision_regions(classifier.predict, x, y, resolution=50).images[0]
    left, right, bottom, top = image.get_extent()
    a, b = np.meshgrid(np.linspace(left, right, 50), np.linspace(bottom, top, 50))
    expected = classifier.predict(np.stack([a.ravel(), b.ravel()], axis=1)) == 5
    assert (np.asarray(image.get_array()).ravel() == expected).all()
