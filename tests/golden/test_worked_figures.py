"""Figures that the lessons work out on a slide."""

import numpy as np
import pytest

from tinygrad_es import losses, metrics


def test_iris_slide():
    predicted = np.array(
        [[0.967722, 0.189344, 0.00421873], [0.0372113, 0.510963, 0.346058],
         [0.00325751, 0.261545, 0.917956], [0.00823823, 0.319694, 0.795647],
         [0.0717264, 0.611822, 0.171516], [0.0134856, 0.482814, 0.59486]]
    )  # fmt: skip
    labels = np.array([0, 1, 2, 2, 1, 2])
    one_hot = np.eye(3)[labels]
    assert losses.get("mse")(one_hot, predicted).item() == pytest.approx(
        0.06661460699415311, rel=1e-13
    )
    assert losses.get("bce")(one_hot, predicted).item() == pytest.approx(
        0.24119297749668153, rel=1e-13
    )
    for target in (labels, one_hot):
        metric = metrics.get("acc")
        metric.update_state(target, predicted)
        assert metric.result() == 1.0
    metric = metrics.get("mse")
    metric.update_state(one_hot, predicted)
    assert metric.result() == pytest.approx(0.06661460699415311, rel=1e-13)
