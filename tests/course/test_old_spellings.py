"""What older Keras called otherwise and the courses still write: it is taken without a warning."""

import warnings

import numpy as np
import pytest

import tinygrad_es as keras
from tinygrad_es import backend, constraints, initializers, losses
from tinygrad_es.layers import Dense, Flatten, Input, LeakyReLU
from tinygrad_es.models import Sequential
from tinygrad_es.optimizers import SGD, Adagrad, Adam, RMSprop

T = np.array([[0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
Y = np.array([[0.2, 0.7], [0.9, 0.4], [0.5, 0.6]])


@pytest.mark.parametrize("first", [{"input_shape": [4]}, {"input_shape": (4,)}, {"input_dim": 4}])
def test_the_input_as_an_argument_of_the_first_layer(first):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        model = Sequential([Dense(2, **first), Dense(3)])
    assert caught == []
    assert model.count_params() == 19


@pytest.mark.parametrize("shape", [[28, 28], (28, 28)])
def test_flatten_with_an_input_shape(shape):
    assert Sequential([Flatten(input_shape=shape), Dense(10)]).count_params() == 7850


@pytest.mark.parametrize("way", [lambda: Input(shape=[4]), lambda: Input(shape=(4,))])
def test_the_shape_of_an_input_is_a_list_or_a_tuple(way):
    assert tuple(way().shape) == (None, 4)


# --- optimizers -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("made", "rate"),
    [
        (lambda: SGD(lr=0.1), 0.1),
        (lambda: SGD(lr=0.01, momentum=0.9, nesterov=True), 0.01),
        (lambda: Adam(lr=0.002), 0.002),
        (lambda: RMSprop(lr=0.003), 0.003),
        (lambda: Adagrad(lr=0.004), 0.004),
    ],
)
def test_lr(made, rate):
    optimizer = made()
    assert optimizer.learning_rate == rate
    assert optimizer.get_config()["learning_rate"] == rate


def test_signatures_of_optimizers_as_the_pages_print_them():
    made = [
        SGD(learning_rate=0.01, momentum=0.0, nesterov=False, name="SGD"),
        Adagrad(
            learning_rate=0.001, initial_accumulator_value=0.1, epsilon=1e-07, name="Adagrad"
        ),
        RMSprop(
            learning_rate=0.001, rho=0.9, momentum=0.0, epsilon=1e-07, centered=False,
            name="RMSprop",
        ),
        Adam(
            learning_rate=0.001, beta_1=0.9, beta_2=0.999, epsilon=1e-07, amsgrad=False,
            name="Adam",
        ),
    ]  # fmt: skip
    for optimizer in made:
        same = type(optimizer)()
        assert optimizer.name == type(optimizer).__name__
        assert optimizer.get_config() == same.get_config() | {"name": optimizer.name}


# --- losses ---------------------------------------------------------------------------------------


def test_signatures_of_losses_as_the_pages_print_them():
    losses_utils = losses
    made = [
        losses.MeanSquaredError(
            reduction=losses_utils.ReductionV2.AUTO, name="mean_squared_error"
        ),
        losses.BinaryCrossentropy(
            from_logits=False, label_smoothing=0, reduction=losses_utils.ReductionV2.AUTO,
            name="binary_crossentropy",
        ),
        losses.CategoricalCrossentropy(
            from_logits=False, label_smoothing=0, reduction=losses_utils.ReductionV2.AUTO,
            name="categorical_crossentropy",
        ),
        losses.SparseCategoricalCrossentropy(
            from_logits=False, reduction=losses_utils.ReductionV2.AUTO,
            name="sparse_categorical_crossentropy",
        ),
        losses.Hinge(reduction=losses_utils.ReductionV2.AUTO, name="hinge"),
        losses.CategoricalHinge(
            reduction=losses_utils.ReductionV2.AUTO, name="categorical_hinge"
        ),
    ]  # fmt: skip
    for loss in made:
        targets = np.array([1, 0, 1]) if "Sparse" in type(loss).__name__ else T
        assert loss.reduction == "sum_over_batch_size"
        assert loss(targets, Y).item() == type(loss)()(targets, Y).item()
        assert loss.get_config() == type(loss)().get_config()


@pytest.mark.parametrize(
    ("reduction", "expected"),
    [
        ("auto", 0.355 / 3),
        (losses.Reduction.AUTO, 0.355 / 3),
        (losses.Reduction.SUM_OVER_BATCH_SIZE, 0.355 / 3),
        (losses.Reduction.SUM, 0.355),
        (losses.Reduction.NONE, [0.065, 0.085, 0.205]),
        (keras.losses.ReductionV2.NONE, [0.065, 0.085, 0.205]),
    ],
)
def test_reductions(reduction, expected):
    found = losses.MeanSquaredError(reduction=reduction)(T, Y)
    np.testing.assert_allclose(found.numpy(), expected, rtol=1e-13)


# --- activations, initializers, constraints -------------------------------------------------------


def test_slopes_called_alpha():
    x = np.array([-10.0, -5.0, 0.0, 5.0, 10.0])
    relu = keras.activations.relu
    assert relu(x, alpha=0.0, max_value=None, threshold=0).tolist() == [0, 0, 0, 5, 10]
    assert relu(x, alpha=0.5).tolist() == [-5, -2.5, 0, 5, 10]
    assert relu(x, max_value=5).tolist() == [0, 0, 0, 5, 5]
    np.testing.assert_allclose(LeakyReLU(alpha=0.1)(x[:, None]).numpy()[:, 0], [-1, -0.5, 0, 5, 10])


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (initializers.glorot_uniform, initializers.GlorotUniform),
        (initializers.glorot_normal, initializers.GlorotNormal),
        (initializers.he_normal, initializers.HeNormal),
        (initializers.he_uniform, initializers.HeUniform),
        (initializers.lecun_normal, initializers.LecunNormal),
        (initializers.lecun_uniform, initializers.LecunUniform),
        (initializers.random_normal, initializers.RandomNormal),
        (initializers.random_uniform, initializers.RandomUniform),
        (initializers.truncated_normal, initializers.TruncatedNormal),
        (initializers.variance_scaling, initializers.VarianceScaling),
        (initializers.orthogonal, initializers.Orthogonal),
    ],
)
def test_initializers_in_lower_case(old, new):
    np.testing.assert_array_equal(old(seed=1)((5, 4)), new(seed=1)((5, 4)))


def test_initializers_without_a_seed():
    assert initializers.zeros()((2,)).tolist() == [0, 0]
    assert initializers.ones()((2,)).tolist() == [1, 1]
    assert initializers.constant(0.1)((2,), "float64").tolist() == [0.1, 0.1]
    assert initializers.identity()((2, 2)).tolist() == [[1, 0], [0, 1]]


@pytest.mark.parametrize(
    ("constraint", "expected"),
    [
        (constraints.max_norm(2), [[1.2, 0.1], [1.6, 0.2]]),
        (constraints.unit_norm(), [[0.6, 0.4472136], [0.8, 0.8944272]]),
        (constraints.non_neg(), [[3.0, 0.1], [4.0, 0.2]]),
        (constraints.min_max_norm(0.0, 2.0), [[1.2, 0.1], [1.6, 0.2]]),
    ],
)
def test_constraints_in_lower_case(constraint, expected):
    w = np.array([[3.0, 0.1], [4.0, 0.2]])
    np.testing.assert_allclose(constraint(w), expected, rtol=1e-5)


# --- keras.backend --------------------------------------------------------------------------------


def test_clear_session_starts_the_names_again():
    names = [Sequential([Dense(2)]).layers[0].name for _ in range(2)]
    assert names == ["dense", "dense_1"]
    keras.backend.clear_session()
    assert Sequential([Dense(2)]).layers[0].name == "dense"


def test_float_type_and_small_number():
    assert backend.floatx() == keras.floatx() == "float32"
    assert backend.epsilon() == 1e-7
    backend.set_floatx("float64")
    try:
        assert Dense(2)(np.ones((1, 2))).dtype == np.float64
    finally:
        backend.set_floatx("float32")
