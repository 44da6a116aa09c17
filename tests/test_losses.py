"""Losses: Keras 3's values, reductions and weights; p − t exactly, even saturated."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

import tinygrad_es as tg
from tinygrad_es import Tensor, losses, ops

EXACT = {"rtol": 1e-13, "atol": 1e-15}

# the fixed example A of the specification (§2.4): probabilities
T = np.array([[0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
Y = np.array([[0.2, 0.7], [0.9, 0.4], [0.5, 0.6]])
MSE = [0.065, 0.085, 0.205]
BCE = [0.289909247626471, 0.308093069711909, 0.601986402162968]

# the fixed example B: logits, one row saturated
Z = np.array([[2.0, -1.0, 0.5], [0.0, 0.0, 0.0], [1000.0, 0.0, -1000.0], [-2.0, 3.0, 1.0]])
LABELS = np.array([0, 1, 2, 1])
ONE_HOT = np.eye(3)[LABELS]
CCE_LOGITS = [0.24131129665715703, 1.0986122886681098, 2000.0, 0.13284523372757537]
CCE_PROBABILITIES = [
    0.24131129665715703, 1.0986122886681098, 16.11809565095832, 0.13284523372757556,
]  # fmt: skip
BCE_LOGITS = [0.47142222758043406, 0.6931471805599453, 666.8977157268533, 0.4962590167116458]


def softmax(z):
    e = np.exp(z - z.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def sigmoid(z):
    return np.where(z >= 0, 1 / (1 + np.exp(-np.abs(z))), 1 - 1 / (1 + np.exp(-np.abs(z))))


def gradient(loss, y_true, z):
    """∂loss/∂z for a loss object, through `loss(y_true, z)`."""
    z = Tensor(z, requires_grad=True)
    loss(y_true, z).backward()
    return z.grad.numpy()


# --- values ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("loss", "t"),
    [
        (losses.binary_crossentropy, [[1.0, 0.0]]),
        (losses.categorical_crossentropy, [[1.0, 0.0]]),
        (losses.sparse_categorical_crossentropy, [0]),
    ],
)
def test_what_cannot_be_probabilities_is_a_warning(loss, t):
    """A forgotten softmax or sigmoid trains without an error, and learns nothing."""
    for p in ([[-0.2, 1.2]], [[0.5, 3.0]]):
        with pytest.warns(UserWarning, match="expected probabilities.*activation=.*from_logits"):
            loss(t, np.array(p))
        loss(t, np.array(p), from_logits=True)
    loss(t, np.array([[1.0 + 1e-6, -1e-6]]))  # warnings are errors: rounding is none


@pytest.mark.parametrize(
    ("function", "cls", "values", "mean"),
    [
        (losses.mean_squared_error, losses.MeanSquaredError, MSE, 0.118333333333333),
        (losses.binary_crossentropy, losses.BinaryCrossentropy, BCE, 0.399996239833783),
    ],
)
def test_example_a(function, cls, values, mean):
    assert_allclose(function(T, Y).numpy(), values, rtol=1e-12)
    assert cls()(T, Y).item() == pytest.approx(mean, rel=1e-12)


def test_binary_label_smoothing_of_example_a():
    loss = losses.BinaryCrossentropy(label_smoothing=0.1)
    assert loss(T, Y).item() == pytest.approx(0.443677464959279, rel=1e-12)


@pytest.mark.parametrize(
    ("cls", "target"),
    [
        (losses.CategoricalCrossentropy, ONE_HOT),
        (losses.SparseCategoricalCrossentropy, LABELS),
        (losses.SparseCategoricalCrossentropy, LABELS[:, None]),
        (losses.SparseCategoricalCrossentropy, LABELS.astype("float64")),
    ],
)
class TestExampleB:
    def test_from_logits(self, cls, target):
        loss = cls(from_logits=True)
        assert_allclose(loss.call(target, Z).numpy(), CCE_LOGITS, **EXACT)
        assert loss(target, Z).item() == pytest.approx(500.3681922047632, rel=1e-13)

    def test_from_probabilities(self, cls, target):
        loss = cls()
        assert_allclose(loss.call(target, softmax(Z)).numpy(), CCE_PROBABILITIES, rtol=1e-13)
        assert loss(target, softmax(Z)).item() == pytest.approx(4.397716117502791, rel=1e-13)

    def test_gradient_is_p_minus_t_over_n(self, cls, target):
        found = gradient(cls(from_logits=True), target, Z)
        first = [-0.05360074135268103, 0.009778143317671862, 0.043822598035009167]
        assert_allclose(found[0], first, rtol=1e-13)
        assert_allclose(found, (softmax(Z) - ONE_HOT) / 4, rtol=1e-13, atol=1e-17)


def test_categorical_label_smoothing_from_logits():
    found = losses.categorical_crossentropy(ONE_HOT, Z, from_logits=True, label_smoothing=0.1)
    expected = [0.391311296657157, 1.09861228866811, 1900.0, 0.36617856706090873]
    assert_allclose(found.numpy(), expected, rtol=1e-12)


def test_binary_from_logits_of_example_b():
    found = losses.binary_crossentropy(ONE_HOT, Z, from_logits=True)
    assert_allclose(found.numpy(), BCE_LOGITS, rtol=1e-13)
    mean = losses.BinaryCrossentropy(from_logits=True)(ONE_HOT, Z).item()
    assert mean == pytest.approx(167.13963603792635, rel=1e-13)
    found = gradient(losses.BinaryCrossentropy(from_logits=True), ONE_HOT, Z)
    assert_allclose(found, (sigmoid(Z) - ONE_HOT) / 12, rtol=1e-13, atol=1e-17)


@pytest.mark.parametrize(
    ("dtype", "row", "expected"),
    [
        ("float64", [1, 0, 0], 1.0000000494736474e-07),
        ("float32", [1, 0, 0], 1.192093e-07),  # float32(1 − 1e-7) is 0.9999999
        ("float64", [0, 1, 0], 16.11809565095832),  # +∞ without the clip
        ("float64", [0.5, 0.25, 0.25], 0.6931471805599453),
        ("float64", [0.2, 0.2, 0.2], 1.0986122886681098),  # divided by its sum
    ],
)
def test_cross_entropy_rows_of_the_course(dtype, row, expected):
    p = np.array([row], dtype)
    for found in (
        losses.categorical_crossentropy([[1, 0, 0]], p),
        losses.sparse_categorical_crossentropy([0], p),
    ):
        assert found.dtype == dtype
        assert found.item() == pytest.approx(expected, rel=1e-6 if dtype == "float32" else 1e-12)


@pytest.mark.parametrize(
    ("dtype", "expected"),
    # §2.4 prints 16.118095398, which is this number after Keras' mean rounded it to float32
    [("float64", -np.log(1 - (1 - 1e-7))), ("float32", 15.942385)],
)
def test_binary_saturation(dtype, expected):
    found = losses.binary_crossentropy([[0]], np.array([[1]], dtype)).item()
    assert found == pytest.approx(expected, rel=1e-13 if dtype == "float64" else 1e-7)


def test_cross_entropy_is_entropy_plus_divergence():
    p, q = np.array([[0.5, 0.25, 0.25]]), np.array([[0.4, 0.4, 0.2]])
    found = losses.categorical_crossentropy(p, q).item()
    assert found == pytest.approx(1.0895775270141412, rel=1e-13)
    assert found == pytest.approx(1.0397207708399179 + 0.04985675617422343, rel=1e-13)


def test_ten_equal_classes_cost_log_ten():
    found = losses.SparseCategoricalCrossentropy(from_logits=True)([3], np.zeros((1, 10))).item()
    assert found == pytest.approx(2.302585092994046, rel=1e-14)


# --- the exact backward ---------------------------------------------------------------------------


def test_softmax_of_the_course():
    z = np.array([[1.0, 2.0, 3.0]])
    loss = losses.CategoricalCrossentropy(from_logits=True)
    assert loss([[0, 0, 1]], z).item() == pytest.approx(0.40760596444438046, rel=1e-14)
    expected = [[0.09003057317038046, 0.24472847105479764, -0.3347590442251782]]
    assert_allclose(gradient(loss, [[0, 0, 1]], z), expected, rtol=1e-14)


def test_sigmoid_of_the_course():
    z, t = np.array([[0.5, -1.2]]), np.array([[1.0, 0.0]])
    loss = losses.BinaryCrossentropy(from_logits=True)
    assert 2 * loss(t, z).item() == pytest.approx(0.7373594515181379, rel=1e-14)  # S4 sums
    expected = [[-0.3775406687981454, 0.23147521650098238]]
    assert_allclose(2 * gradient(loss, t, z), expected, rtol=1e-14)


@pytest.mark.parametrize(
    ("activation", "loss", "t", "expected"),
    [
        (ops.softmax, losses.CategoricalCrossentropy(), [[0.0, 0.0, 1.0]], [[1.0, 0.0, -1.0]]),
        (ops.softmax, losses.SparseCategoricalCrossentropy(), [2], [[1.0, 0.0, -1.0]]),
        (ops.sigmoid, losses.BinaryCrossentropy(), [[0.0, 1.0, 1.0]],
         [[1 / 3, -1 / 6, -1 / 3]]),
    ],
)  # fmt: skip
def test_saturated_probabilities_still_learn(activation, loss, t, expected):
    z = Tensor(np.array([[1000.0, 0.0, -1000.0]]), requires_grad=True)
    loss(t, activation(z)).backward()
    assert z.grad.tolist() == expected


def test_probabilities_without_a_graph_are_clipped_and_do_not_learn_there():
    p = Tensor(np.array([[1.0, 0.0]]), requires_grad=True)
    losses.CategoricalCrossentropy()([[0.0, 1.0]], p).backward()
    assert p.grad.tolist() == [[0.0, 0.0]]


@pytest.mark.parametrize("loss", [losses.CategoricalCrossentropy, losses.BinaryCrossentropy])
def test_from_probabilities_and_from_logits_have_the_same_gradient(loss):
    z = Z[[0, 1, 3]]
    t = np.array([[0.2, 0.3, 0.5], [0.0, 1.0, 0.0], [0.5, 0.5, 0.0]])
    squash = ops.softmax if loss is losses.CategoricalCrossentropy else ops.sigmoid
    through_a_copy = gradient(lambda t, z: loss()(t, squash(z) * 1.0), t, z)  # the long way
    assert_allclose(gradient(loss(from_logits=True), t, z), through_a_copy, rtol=1e-10, atol=1e-12)
    assert_allclose(gradient(lambda t, z: loss()(t, squash(z)), t, z), through_a_copy, atol=1e-12)


def test_targets_that_do_not_sum_to_one():
    t = np.array([[1.0, 1.0, 0.5]])
    found = gradient(losses.CategoricalCrossentropy(from_logits=True), t, Z[:1])
    assert_allclose(found, softmax(Z[:1]) * 2.5 - t, rtol=1e-13)


def test_mse_gradient():
    assert_allclose(gradient(losses.MeanSquaredError(), T, Y), 2 * (Y - T) / 6, rtol=1e-14)


@pytest.mark.parametrize("cls", [losses.CategoricalCrossentropy, losses.BinaryCrossentropy])
@pytest.mark.parametrize("smoothing", [0.0, 0.2])
def test_gradients_from_probabilities_by_differences(cls, smoothing):
    loss = cls(label_smoothing=smoothing)
    tg.assert_gradients(lambda p: loss(T, p), Y)


# --- reductions and weights -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("reduction", "expected"),
    [
        ("sum_over_batch_size", 0.355 / 3),
        ("mean", 0.355 / 3),
        ("auto", 0.355 / 3),
        ("sum", 0.355),
        ("none", MSE),
        (None, MSE),
    ],
)
def test_reductions(reduction, expected):
    found = losses.MeanSquaredError(reduction=reduction)(T, Y)
    assert_allclose(found.numpy(), expected, rtol=1e-13)


@pytest.mark.parametrize("weight", [[1, 2, 1], [[1], [2], [1]], np.array([1, 2, 1])])
@pytest.mark.parametrize(
    ("reduction", "expected"),
    [
        ("sum_over_batch_size", 0.1466666666666667),  # divided by the count, not by Σw
        ("mean_with_sample_weight", 0.11),
        ("sum", 0.44),
        ("none", [0.065, 0.17, 0.205]),
    ],
)
def test_sample_weight(weight, reduction, expected):
    found = losses.MeanSquaredError(reduction=reduction)(T, Y, sample_weight=weight)
    assert_allclose(found.numpy(), expected, rtol=1e-13)


def test_sample_weight_scales_the_gradient_of_its_sample():
    loss = losses.CategoricalCrossentropy(from_logits=True)
    found = gradient(lambda t, z: loss(t, z, sample_weight=[1, 0, 2, 3]), ONE_HOT, Z)
    weights = np.array([[1.0], [0.0], [2.0], [3.0]])
    assert_allclose(found, weights * (softmax(Z) - ONE_HOT) / 4, rtol=1e-13, atol=1e-17)


def test_ignore_class():
    loss = losses.SparseCategoricalCrossentropy(from_logits=True, ignore_class=2)
    assert loss(LABELS, Z).item() == pytest.approx(0.490922939684281, rel=1e-13)
    values = losses.sparse_categorical_crossentropy(LABELS, Z, from_logits=True, ignore_class=2)
    assert values.tolist() == [*CCE_LOGITS[:2], 0.0, pytest.approx(CCE_LOGITS[3])]
    assert not gradient(loss, LABELS, Z)[2].any()


def test_ignore_class_may_lie_outside_the_classes():
    loss = losses.SparseCategoricalCrossentropy(from_logits=True, ignore_class=-1)
    found = loss([0, -1], Z[:2]).item()
    assert found == pytest.approx(CCE_LOGITS[0], rel=1e-13)


def test_ignore_class_with_mean_with_sample_weight():
    loss = losses.SparseCategoricalCrossentropy(
        from_logits=True, ignore_class=2, reduction="mean_with_sample_weight"
    )
    found = loss(LABELS, Z, sample_weight=[1.0, 2.0, 5.0, 1.0])
    expected = (CCE_LOGITS[0] + 2 * CCE_LOGITS[1] + CCE_LOGITS[3]) / 4
    assert found.shape == ()
    assert found.item() == pytest.approx(expected, rel=1e-13)


# --- shapes ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["mse", "binary_crossentropy"])
def test_a_rank_less_is_the_same_targets(name):
    loss = losses.get(name)
    column = loss(T[:, :1], Y[:, :1]).item()
    assert loss(T[:, 0], Y[:, :1]).item() == column
    assert np.ndim(column) == 0


def test_more_axes():
    y = np.stack([Z, Z + 1.0, Z * 2.0])
    t = np.stack([ONE_HOT] * 3)
    found = losses.categorical_crossentropy(t, y, from_logits=True)
    assert found.shape == (3, 4)
    assert_allclose(found.numpy()[0], CCE_LOGITS, **EXACT)
    labels = losses.sparse_categorical_crossentropy(np.stack([LABELS] * 3), y, from_logits=True)
    assert_allclose(labels.numpy(), found.numpy(), **EXACT)


def test_axis():
    found = losses.categorical_crossentropy(ONE_HOT.T, Z.T, from_logits=True, axis=0)
    assert_allclose(found.numpy(), CCE_LOGITS, **EXACT)
    assert_allclose(losses.binary_crossentropy(T.T, Y.T, axis=0).numpy(), BCE, rtol=1e-12)


@pytest.mark.parametrize("count", [4, 3])  # with 3, as many samples as classes
def test_sparse_axis(count):
    found = losses.sparse_categorical_crossentropy(
        LABELS[-count:], Z[-count:].T, from_logits=True, axis=0
    )
    assert_allclose(found.numpy(), CCE_LOGITS[-count:], **EXACT)


@pytest.mark.parametrize("name", ["mse", "categorical_crossentropy", "binary_crossentropy"])
def test_float32_stays_float32(name):
    assert losses.get(name)(T.astype(int), Y.astype("float32")).dtype == "float32"


# --- names, functions, errors ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cls", "names"),
    [
        (losses.MeanSquaredError, "mse MSE mean_squared_error MeanSquaredError"),
        (losses.BinaryCrossentropy, "bce BCE binary_crossentropy BinaryCrossentropy"),
        (losses.CategoricalCrossentropy, "categorical_crossentropy CategoricalCrossentropy"),
        (losses.SparseCategoricalCrossentropy,
         "sparse_categorical_crossentropy SparseCategoricalCrossentropy"),
    ],
)  # fmt: skip
def test_names(cls, names):
    for name in names.split():
        assert type(losses.get(name)) is cls
    found = losses.get(cls)
    assert type(found) is cls
    assert losses.get(found) is found
    assert found.name in names.split()


def test_configuration_makes_the_loss_again():
    loss = losses.CategoricalCrossentropy(from_logits=True, label_smoothing=0.1, reduction="sum")
    again = losses.CategoricalCrossentropy.from_config(loss.get_config())
    assert again(ONE_HOT, Z).item() == loss(ONE_HOT, Z).item()
    assert loss.get_config() == {
        "name": "categorical_crossentropy", "reduction": "sum", "from_logits": True,
        "label_smoothing": 0.1, "axis": -1,
    }  # fmt: skip


def test_a_function_is_a_loss():
    def cubed(y_true, y_pred):
        return ops.mean(ops.abs(y_pred - y_true) ** 3, axis=-1)

    loss = losses.get(cubed)
    assert loss.name == "cubed"
    assert loss(T, Y).item() == pytest.approx((np.abs(T - Y) ** 3).mean(), rel=1e-13)


@pytest.mark.parametrize("identifier", ["foo", 3, None])
def test_unknown(identifier):
    with pytest.raises(ValueError, match=f"Could not interpret loss identifier: {identifier}"):
        losses.get(identifier)


@pytest.mark.parametrize(
    ("run", "words"),
    [
        (lambda: losses.get("mse")(T, Y[:, :1].repeat(3, 1)), ["(3, 2)", "(3, 3)"]),
        (lambda: losses.get("mse")(T[:2], Y), ["(2, 2)", "(3, 2)"]),
        (lambda: losses.get("categorical_crossentropy")(LABELS, Z), ["(4,)", "(4, 3)"]),
        (lambda: losses.get("sparse_categorical_crossentropy")(ONE_HOT, Z), ["(4, 3)", "(4,)"]),
        (lambda: losses.get("sparse_categorical_crossentropy")([0, 1, 2, 3], Z), ["0 to 2", "3"]),
        (lambda: losses.get("sparse_categorical_crossentropy")([0, 1, 2, -1], Z), ["-1"]),
        (lambda: losses.get("sparse_categorical_crossentropy")([0, 1, 2, 0.5], Z), ["0.5"]),
        (lambda: losses.get("mse")(T, Y, sample_weight=[1, 2]), ["3 samples", "(2,)"]),
        (lambda: losses.MeanSquaredError(reduction="median"), ["median", "sum_over_batch_size"]),
    ],
)
def test_errors_say_what_was_received(run, words):
    with pytest.raises(ValueError) as caught:  # noqa: PT011 - the words are looked for below
        run()
    for word in words:
        assert word in str(caught.value)
