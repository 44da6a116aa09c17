"""Metrics: what "accuracy" means for which shapes, running means, confusion matrices."""

import numpy as np
import pytest

from tinygrad_es import metrics, ops

# the slide of S2 (§2.12): rows are the true digits
CONFUSION = np.zeros((10, 10), int)
for _row, _counts in enumerate(
    [{0: 375, 8: 1}, {0: 7, 1: 382}, {0: 2, 2: 378}, {0: 7, 3: 380, 5: 2}, {0: 3, 4: 383, 6: 1},
     {0: 6, 3: 1, 5: 369}, {0: 2, 1: 2, 6: 373}, {3: 1, 7: 386}, {0: 17, 1: 2, 8: 361},
     {0: 13, 1: 1, 3: 1, 5: 1, 9: 366}]
):  # fmt: skip
    for _column, _count in _counts.items():
        CONFUSION[_row, _column] = _count


# --- accuracy -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("t", "p", "expected"),
    [
        # one column: above ½ is 1, exactly ½ is 0
        ([[0], [1], [1], [0]], [[0.2], [0.9], [0.5], [0.5]], [1, 1, 0, 1]),
        ([0, 1, 1, 0], [[0.2], [0.9], [0.5], [0.5]], [1, 1, 0, 1]),
        # −1 and +1 against raw outputs: the threshold is still ½, and −1 never matches
        ([[-1], [1]], [[-0.7], [0.7]], [0, 1]),
        # integers: the class of the largest prediction
        ([0, 1, 2, 2], [[0.9, 0.05, 0.05], [0.2, 0.5, 0.3], [0.3, 0.5, 0.2], [0.1, 0.2, 0.7]],
         [1, 1, 0, 1]),
        ([[0], [1]], [[0.9, 0.1], [0.9, 0.1]], [1, 0]),
        # one-hot: the largest of both; three sigmoids are three classes (Keras 3)
        ([[1, 0, 0], [0, 0, 1]], [[0.6, 0.55, 0.7], [0.1, 0.2, 0.3]], [0, 1]),
    ],
)  # fmt: skip
def test_accuracy(t, p, expected):
    found = np.asarray(metrics.accuracy(np.array(t), np.array(p)))
    assert found.astype(float).tolist() == expected
    metric = metrics.get("accuracy")
    metric.update_state(np.array(t), np.array(p))
    assert metric.result() == sum(expected) / len(expected)


def test_accuracy_of_every_step_of_a_sequence():
    p = np.array([[[0.1, 0.9], [0.8, 0.2]], [[0.4, 0.6], [0.3, 0.7]]])
    assert metrics.accuracy(np.array([[1, 0], [0, 1]]), p).tolist() == [[True, True], [False, True]]


# --- running means --------------------------------------------------------------------------------


def test_batches_weigh_by_their_size():
    metric = metrics.get("accuracy")
    assert metric.result() == 0.0
    metric.update_state(np.array([0, 1, 1]), np.eye(2)[[0, 1, 1]])
    assert metric.result() == 1.0
    metric.update_state(np.array([0]), np.eye(2)[[1]])
    assert metric.result() == 0.75
    metric.reset_state()
    assert metric.result() == 0.0
    metric.update_state(np.array([0]), np.eye(2)[[1]])
    assert metric.result() == 0.0


def test_sample_weight():
    metric = metrics.get("accuracy")
    metric.update_state(np.array([0, 1]), np.eye(2)[[0, 0]], sample_weight=[3.0, 1.0])
    assert metric.result() == 0.75


@pytest.mark.parametrize("name", ["accuracy", "acc", "mse", "MSE", "mean_squared_error"])
def test_the_name_is_the_one_given(name):
    assert metrics.get(name).name == name


@pytest.mark.parametrize(
    ("name", "t", "p", "expected"),
    [
        ("mse", [[0.0, 1.0], [1.0, 1.0]], [[0.2, 0.7], [0.5, 0.6]], (0.065 + 0.205) / 2),
        ("binary_crossentropy", [[0.0, 1.0]], [[0.2, 0.7]], 0.289909247626471),
        ("categorical_crossentropy", [[0.0, 1.0]], [[0.25, 0.75]], -np.log(0.75)),
        ("sparse_categorical_crossentropy", [1], [[0.25, 0.75]], -np.log(0.75)),
    ],
)
def test_losses_as_metrics(name, t, p, expected):
    metric = metrics.get(name)
    metric.update_state(np.array(t), np.array(p))
    assert metric.result() == pytest.approx(expected, rel=1e-12)


def test_a_function_is_wrapped_in_a_mean():
    def largest_error(y_true, y_pred):
        return ops.max(ops.abs(y_pred - y_true), axis=-1)

    metric = metrics.get(largest_error)
    assert metric.name == "largest_error"
    metric.update_state(np.zeros((2, 2)), np.array([[1.0, -3.0], [0.5, 0.0]]))
    assert metric.result() == 1.75
    assert metrics.get(metric) is metric


@pytest.mark.parametrize("identifier", ["foo", 3, None])
def test_unknown(identifier):
    words = f"Could not interpret metric identifier: {identifier}"
    with pytest.raises(ValueError, match=words):
        metrics.get(identifier)


# --- confusion matrix -----------------------------------------------------------------------------


def test_confusion_matrix_of_the_course():
    t = np.repeat(np.arange(10), CONFUSION.sum(1))
    p = np.concatenate([np.repeat(np.arange(10), row) for row in CONFUSION])
    order = np.random.default_rng(0).permutation(len(t))
    found = metrics.confusion_matrix(t[order], p[order])
    assert (found == CONFUSION).all()
    assert found.sum() == 3823
    assert found.sum(1).tolist() == [376, 389, 380, 389, 387, 376, 377, 387, 380, 382]
    assert np.trace(found) / found.sum() == 0.9816897724300288
    one_hot = metrics.get("accuracy")
    one_hot.update_state(np.eye(10)[t], np.eye(10)[p])
    assert one_hot.result() == 0.9816897724300288


def test_confusion_matrix_of_columns_and_of_more_classes():
    found = metrics.confusion_matrix([[0], [1], [1]], [[0.0], [1.0], [0.0]], num_classes=3)
    assert found.tolist() == [[1, 0, 0], [1, 1, 0], [0, 0, 0]]
    assert metrics.confusion_matrix([], []).shape == (0, 0)


@pytest.mark.parametrize(
    ("t", "p", "options", "words"),
    [
        ([0, 1, 1], [0, 1], {}, "3 targets but 2 predictions"),
        ([0, 1], [0, 5], {"num_classes": 2}, "5"),
        ([-1, 1], [0, 1], {}, "-1"),  # not the last class
    ],
)
def test_confusion_matrix_errors(t, p, options, words):
    with pytest.raises(ValueError, match=words):
        metrics.confusion_matrix(t, p, **options)


# --- classification -------------------------------------------------------------------------------

T4, S4 = np.array([0, 0, 1, 1]), np.array([0.1, 0.4, 0.35, 0.8])
T3 = np.eye(3)[[0, 1, 2, 2]]
P3 = np.array([[0.9, 0.05, 0.05], [0.2, 0.5, 0.3], [0.3, 0.5, 0.2], [0.1, 0.2, 0.7]])


@pytest.mark.parametrize(
    ("metric", "expected"),
    [
        (metrics.AUC(num_thresholds=2000), 0.75),
        (metrics.AUC(curve="PR"), 0.79726744),
        (metrics.Precision(), 1.0),
        (metrics.Recall(), 0.5),
        (metrics.BinaryAccuracy(), 0.75),
        (metrics.TruePositives(), 1.0),
        (metrics.FalseNegatives(), 1.0),
        (metrics.TrueNegatives(), 2.0),
        (metrics.FalsePositives(), 0.0),
    ],
)
def test_two_classes(metric, expected):
    metric.update_state(T4[:, None], S4[:, None])
    assert metric.result() == pytest.approx(expected, abs=1e-6)
    metric.reset_state()
    assert metric.result() == 0.0


@pytest.mark.parametrize(
    ("metric", "expected"),
    [
        (metrics.CategoricalAccuracy(), 0.75),
        (metrics.F1Score(), [1.0, 2 / 3, 2 / 3]),
        (metrics.F1Score("macro"), 0.7777777),
        (metrics.F1Score("micro"), 0.75),
        (metrics.TopKCategoricalAccuracy(2), 0.75),
        (metrics.TopKCategoricalAccuracy(3), 1.0),
    ],
)
def test_three_classes(metric, expected):
    metric.update_state(T3, P3)
    assert metric.result() == pytest.approx(expected, abs=1e-6)


def test_f1_of_the_slide():
    rows, columns = np.nonzero(CONFUSION)
    counts = CONFUSION[rows, columns]
    t, p = (np.eye(10)[np.repeat(x, counts)] for x in (rows, columns))
    score, macro = metrics.F1Score(), metrics.F1Score("macro")
    score.update_state(t, p)
    macro.update_state(t, p)
    printed = ".928218 .984536 .997361 .984456 .994805 .986631 .993342 .998706 .973046 .978610"
    assert score.result() == pytest.approx([float(v) for v in printed.split()], abs=1e-6)
    assert macro.result() == pytest.approx(0.981971, abs=1e-6)


def test_numbers():
    t, y = np.array([[1.0], [3.0]]), np.array([[2.0], [3.0]])
    for name, expected in (("RootMeanSquaredError", 0.5**0.5), ("R2Score", 0.5), ("mae", 0.5)):
        metric = metrics.get(name)
        assert metric(t, y) == pytest.approx(expected)
    total = metrics.Sum()
    assert total([1.0, 2.0], sample_weight=[1.0, 0.5]) == 2.0


@pytest.mark.parametrize(
    ("name", "kind", "direction"),
    [
        ("acc", metrics.MeanMetricWrapper, "up"),
        ("AUC", metrics.AUC, "up"),
        ("Precision", metrics.Precision, "up"),
        ("binary_accuracy", metrics.BinaryAccuracy, "up"),
        ("mae", metrics.LossMetric, "down"),
        ("f1_score", metrics.F1Score, "up"),
    ],
)
def test_names_and_directions(name, kind, direction):
    metric = metrics.get(name)
    assert isinstance(metric, kind)
    assert (metric.name, metric.direction) == (name, direction)


@pytest.mark.parametrize(
    "make",
    [
        lambda: metrics.AUC(num_thresholds=1),
        lambda: metrics.AUC(curve="XY"),
        lambda: metrics.Precision(thresholds=1.5),
        lambda: metrics.F1Score("some"),
        lambda: metrics.FBetaScore(beta=0.0),
        lambda: metrics.BinaryAccuracy(threshold=2.0),
        lambda: metrics.F1Score().update_state(np.ones(3), np.ones(3)),
    ],
)
def test_bad_arguments(make):
    with pytest.raises(ValueError, match=r"Received|Expected"):
        make()


# --- losses as metrics ----------------------------------------------------------------------------


def test_a_loss_as_a_metric_is_its_mean():
    t, y = np.array([[1.0, 0.0], [0.0, 1.0]]), np.array([[2.0, 1.0], [-2.0, 0.5]])
    made = metrics.BinaryCrossentropy(from_logits=True, label_smoothing=0.1)
    again = type(made).from_config(made.get_config())
    for metric in (made, again):
        metric.update_state(t, y)
    smooth = t * 0.9 + 0.05
    by_hand = np.mean(np.logaddexp(0, y) - smooth * y)
    np.testing.assert_allclose([made.result(), again.result()], by_hand, rtol=1e-6)
    assert (made.name, made.direction) == ("binary_crossentropy", "down")
    with pytest.raises(TypeError, match="from_logit"):
        metrics.MeanSquaredError(from_logit=True)


def test_similarity_is_one_where_directions_agree():
    """As a loss it is negative: the metric of the same name is not."""
    for metric in (metrics.get("cosine_similarity"), metrics.CosineSimilarity()):
        metric.update_state([[1.0, 1.0], [1.0, 0.0], [0.0, 0.0]], [[2.0, 2.0], [0.0, 3.0], [1, 1]])
        assert metric.result() == pytest.approx(1 / 3)
        assert metric.direction == "up"


def test_a_metric_with_variables_as_in_keras():
    from tinygrad_es import Input, Sequential, layers

    class Positives(metrics.Metric):
        def __init__(self, name="positives", **kwargs):
            super().__init__(name=name, **kwargs)
            self.total = self.add_variable(shape=(), initializer="zeros", name="total")
            self.seen = self.add_weight(shape=(2,), initializer="ones", name="seen")

        def update_state(self, y_true, y_pred, sample_weight=None):
            self.total.assign_add((np.asarray(y_pred) > 0).sum())
            self.seen.assign_sub(np.array([0.0, len(y_true)]))

        def result(self):
            return self.total / (1.0 - self.seen[1])

    metric = Positives()
    metric.update_state(np.zeros(4), np.array([1.0, -1.0, 2.0, 3.0]))
    metric.update_state(np.zeros(4), np.array([-1.0, -1.0, 2.0, 3.0]))
    assert metric.result().item() == 5 / 8
    metric.reset_state()
    assert metric.total.item() == 0.0
    assert metric.seen.tolist() == [1.0, 1.0]
    model = Sequential([Input((2,)), layers.Dense(1, kernel_initializer="ones")])
    model.compile("sgd", "mse", metrics=[Positives()])
    logs = model.evaluate(np.array([[1.0, 1.0], [-1.0, -1.0]]), np.zeros((2, 1)), verbose=0,
                          return_dict=True)  # fmt: skip
    assert logs["positives"] == 0.5
