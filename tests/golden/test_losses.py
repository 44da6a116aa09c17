"""Losses on the fixed examples of the specification (§2.4), and the lessons' figures."""

import math

import numpy as np
import pytest

from tinygrad_es import Tensor, losses

T = np.array([[0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
Y = np.array([[0.2, 0.7], [0.9, 0.4], [0.5, 0.6]])

# per sample ; mean: Keras 3.15.1's formulas in float64
ROWS = """
mse .065 .085 .205 ; .118333333333333
mae .25 .25 .45 ; .316666666666667
bce .289909247626471 .308093069711909 .601986402162968 ; .399996239833783
huber .0325 .0425 .1025 ; .0591666666666667
log_cosh .0321044208829738 .0414725871047395 .099033996173055 ; .0575370013869228
msle .0298267580262872 .0579222503857877 .0662770096516345 ; .0513420060212365
hinge .75 .75 .45 ; .65
squared_hinge .765 .985 .205 ; .651666666666667
categorical_hinge .5 .5 0 ; .333333333333333
kld .356673493072959 .105358995477334 1.20397280432594 ; .55533509762541
poisson .6283374005408 .702680202273361 1.15198621882965 ; .827667940547937
cosine_similarity -.961523947640823 -.913811548620257 -.995893206467704 ; -.957076234242928
mape 100000015 200000005 45 ; 100000021.666667
"""


@pytest.mark.parametrize("row", ROWS.strip().splitlines(), ids=lambda row: row.split()[0])
def test_example_a(row):
    name, numbers = row.split(maxsplit=1)
    values, mean = numbers.split(" ; ")
    loss = losses.get(name)
    expected = [float(v) for v in values.split()]
    np.testing.assert_allclose(loss.call(T, Y).numpy(), expected, rtol=1e-12, atol=1e-14)
    assert loss(T, Y).item() == pytest.approx(float(mean), rel=1e-12)


def test_options_of_example_a():
    np.testing.assert_allclose(losses.huber(T, Y, 0.25).numpy(), [0.031875, 0.036875, 0.08125])
    focal = losses.BinaryFocalCrossentropy()
    assert focal(T, Y).item() == pytest.approx(0.0631385144847903, rel=1e-12)
    balanced = losses.BinaryFocalCrossentropy(apply_class_balancing=True)
    assert balanced(T, Y).item() == pytest.approx(0.0233394487757912, rel=1e-12)


def test_categorical_hinge_of_scores():
    def cost(scores, label):
        return losses.categorical_hinge(np.eye(3)[[label]], np.array([scores])).item()

    assert cost([1.0, 2.0, 3.0], 0) == 3.0
    assert cost([13.0, -7.0, 11.0], 0) == 0.0


@pytest.mark.parametrize(
    ("scores", "delta", "cost", "gradient"),
    [
        ([13.0, -7.0, 11.0], 10.0, 8.0, [-1.0, 0.0, 1.0]),
        ([1.0, 2.0, 3.0], 1.0, 5.0, [-2.0, 1.0, 1.0]),
    ],
)
@pytest.mark.parametrize("target", [np.array([0]), np.array([[0]]), np.eye(3)[[0]]])
def test_the_hinge_of_the_lesson(scores, delta, cost, gradient, target):
    z = Tensor(np.array([scores], dtype=float), requires_grad=True)
    loss = losses.MulticlassHinge(delta)(target, z)
    assert loss.item() == cost
    loss.backward()
    assert z.grad.tolist() == [gradient]


def test_the_edge_of_a_margin_has_no_gradient():
    z = Tensor(np.array([[1.0, 0.0]]), requires_grad=True)
    loss = losses.MulticlassHinge()(np.array([0]), z)
    loss.backward()
    assert (loss.item(), z.grad.tolist()) == (0.0, [[0.0, 0.0]])
    y = Tensor(np.array([[1.0]]), requires_grad=True)
    losses.Hinge()(np.array([[1.0]]), y).backward()
    assert y.grad.tolist() == [[0.0]]


def test_ten_equal_scores_cost_nine():
    assert losses.MulticlassHinge()(np.array([3]), np.zeros((1, 10))).item() == 9.0


def test_the_lessons_sums():
    """The 3-2-output example of the lessons: quadratic and cross-entropy costs, δ = y − t."""
    y = Tensor(np.array([[0.38294763871855647, 0.4000407616246634]]), requires_grad=True)
    t = np.array([[0.0, 1.0]])
    loss = losses.HalfSquaredError()(t, y)
    assert loss.item() == pytest.approx(0.253299990856016, rel=1e-12)
    loss.backward()
    np.testing.assert_allclose(y.grad.numpy(), y.numpy() - t, rtol=1e-15)
    total = losses.SumBinaryCrossentropy()(t, y.detach())
    assert total.item() == pytest.approx(1.3989902273683612, rel=1e-12)
    z = Tensor(np.array([[0.5, -1.2]]), requires_grad=True)
    losses.SumBinaryCrossentropy(from_logits=True)(np.array([[1.0, 0.0]]), z).backward()
    np.testing.assert_allclose(z.grad.numpy(), [[-0.3775406687981454, 0.23147521650098238]])


def test_huber_is_smooth_where_its_parts_meet():
    e = Tensor(np.array([[-1.0], [1.0], [0.999999], [-1.000001]]), requires_grad=True)
    losses.Huber(reduction="sum")(np.zeros((4, 1)), e).backward()
    np.testing.assert_allclose(e.grad.numpy().ravel(), [-1.0, 1.0, 0.999999, -1.0])


def single_neuron(loss, rate, w, b):
    """Nielsen's neuron: x = 1, target 0, 300 steps; the first and the last output, w and b."""
    from tinygrad_es import ops
    from tinygrad_es.optimizers import SGD

    w, b = (Tensor(np.array([[v]]), requires_grad=True) for v in (w, b))
    optimizer, outputs = SGD(rate), []
    for _ in range(300):
        a = ops.sigmoid(w * 1.0 + b)
        outputs.append(a.item())
        loss(np.zeros((1, 1)), a).backward()
        optimizer.step([w, b])
    return outputs[0], ops.sigmoid(w + b).item(), w.item(), b.item()


@pytest.mark.parametrize(
    ("loss", "rate", "start", "expected"),
    [
        (
            *("half_squared_error", 0.15, (0.6, 0.9)),
            (0.8175744761936437, 0.09395569486364724, -1.2831324334215497, -0.9831324334215481),
        ),
        (
            *("half_squared_error", 0.15, (2.0, 2.0)),
            (0.9820137900379085, 0.2028484242677765, -0.684292910952007, -0.684292910952007),
        ),
        ("sum_binary_crossentropy", 0.005, (0.6, 0.9), (0.8175744761936437, 0.4176792995988869)),
        ("sum_binary_crossentropy", 0.005, (2.0, 2.0), (0.9820137900379085, 0.7795870642061684)),
    ],
)
def test_a_neuron_that_is_badly_wrong(loss, rate, start, expected):
    found = single_neuron(losses.get(loss), rate, *start)
    np.testing.assert_allclose(found[: len(expected)], expected, rtol=1e-12)


def test_names_and_arguments():
    assert losses.Huber().name == "huber_loss"
    assert losses.Huber(0.5, "sum", "mine").get_config() == {
        "delta": 0.5, "reduction": "sum", "name": "mine",
    }  # fmt: skip
    with pytest.raises(TypeError, match=r"Huber: .*'gamma'.*Expected Huber\(delta=1.0, reduction"):
        losses.Huber(gamma=2.0)
    for name in losses.__all__:
        cls = getattr(losses, name)
        if isinstance(cls, type) and issubclass(cls, losses.Loss) and cls is not losses.Loss:
            again = losses.get(losses.serialize(cls()))
            assert again.get_config() == cls().get_config()
            assert losses.get(name).name == cls().name


def test_log_cosh_does_not_overflow():
    assert losses.log_cosh([[0.0]], np.array([[1000.0]])).item() == pytest.approx(
        1000 - math.log(2)
    )
