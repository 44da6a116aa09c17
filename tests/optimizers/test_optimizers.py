"""Optimizers: one pure step, clipping and decay, learning rates, names and errors (§2.9)."""

import copy
import pickle
import warnings

import numpy as np
import pytest
from numpy.testing import assert_allclose

from tinygrad_es import Tensor, optimizers
from tinygrad_es.optimizers import SGD, Adam, Optimizer

G = np.array([[3.0, -4.0], [0.0, 0.5]])


def parameter(values=((1.0, 2.0), (3.0, -4.0)), name="w", dtype="float64"):
    return Tensor(np.array(values, dtype), requires_grad=True, name=name)


def moved(optimizer, *gradients):
    """The parameters after one step, less their start."""
    parameters = [parameter() for _ in gradients]
    start = [p.numpy().copy() for p in parameters]
    optimizer.apply(gradients, parameters)
    return [p.numpy() - s for p, s in zip(parameters, start, strict=True)]


# --- formulas -------------------------------------------------------------------------------------


def test_sgd_moves_against_the_gradient():
    assert_allclose(moved(SGD(0.1), G)[0], -0.1 * G, rtol=1e-14)
    assert SGD().learning_rate == 0.01
    assert Adam().learning_rate == 0.001


def test_sgd_minimises():
    w = parameter([3.0, -2.0])
    optimizer = SGD(0.2, momentum=0.5)
    for _ in range(60):
        ((w - 1.0) ** 2).sum().backward()
        optimizer.step([w])
    assert_allclose(w.numpy(), [1.0, 1.0], atol=1e-7)


@pytest.mark.parametrize("nesterov", [False, True])
def test_momentum_by_hand(nesterov):
    w = parameter()
    expected, m = w.numpy().copy(), np.zeros((2, 2))
    optimizer = SGD(0.1, momentum=0.9, nesterov=nesterov)
    for k in range(4):
        g = G * (k + 1) + k
        m = 0.9 * m - 0.1 * g
        expected = expected + (0.9 * m - 0.1 * g if nesterov else m)
        optimizer.apply([g], [w])
        assert_allclose(w.numpy(), expected, rtol=1e-13)


@pytest.mark.parametrize("amsgrad", [False, True])
def test_adam_by_hand(amsgrad):
    w = parameter()
    expected, m, v, largest = w.numpy().copy(), 0.0, 0.0, 0.0
    optimizer = Adam(0.02, beta_1=0.8, beta_2=0.95, epsilon=1e-3, amsgrad=amsgrad)
    for t in range(1, 6):
        g = G / t**2  # shrinks, so that the largest v differs from the last
        m = m + (g - m) * (1 - 0.8)
        v = v + (g * g - v) * (1 - 0.95)
        largest = np.maximum(largest, v)
        rate = 0.02 * np.sqrt(1 - 0.95**t) / (1 - 0.8**t)
        expected = expected - rate * m / (np.sqrt(largest if amsgrad else v) + 1e-3)
        optimizer.apply([g], [w])
        assert_allclose(w.numpy(), expected, rtol=1e-13)
    assert (largest != v).any()


def test_ewa_is_momentum_with_a_smaller_rate():
    """S2's v = βv + (1−β)g, w ← w − αv is Keras' momentum at the rate α(1−β)."""
    w, x, v = parameter([1.0, 1.0]), np.ones(2), 0.0
    optimizer = SGD(0.5 * (1 - 0.9), momentum=0.9)
    for _ in range(10):
        v = 0.9 * v + 0.1 * x * [1.0, 10.0]
        x = x - 0.5 * v
        optimizer.apply([w.numpy() * [1.0, 10.0]], [w])
        assert_allclose(w.numpy(), x, rtol=1e-12, atol=1e-14)


def test_nesterov_is_the_point_looked_ahead_to():
    """S4's x + μv, at which it takes the gradient, is Keras' w."""
    w, x, v = parameter([1.0, 1.0]), np.ones(2), np.zeros(2)
    optimizer = SGD(0.05, momentum=0.9, nesterov=True)
    for _ in range(10):
        v = 0.9 * v - 0.05 * (x + 0.9 * v) * [1.0, 10.0]
        x = x + v
        optimizer.apply([w.numpy() * [1.0, 10.0]], [w])
        assert_allclose(w.numpy(), x + 0.9 * v, rtol=1e-12, atol=1e-14)
    assert_allclose(x, [-0.17901321856162, 0.00123008941503906], rtol=1e-12)


# --- clipping and decay ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "first", "second"),
    [
        ({"clipvalue": 0.25}, np.clip(G, -0.25, 0.25), np.clip(G / 100, -0.25, 0.25)),
        ({"clipnorm": 2.0}, G * 2 / np.linalg.norm(G), G / 100),
        ({"global_clipnorm": 2.0},
         G * 2 / np.hypot(np.linalg.norm(G), np.linalg.norm(G) / 100),
         G / 100 * 2 / np.hypot(np.linalg.norm(G), np.linalg.norm(G) / 100)),
        ({"global_clipnorm": 100.0}, G, G / 100),
        ({"clipnorm": 100.0}, G, G / 100),
    ],
)  # fmt: skip
def test_clipping(options, first, second):
    one, two = moved(SGD(1.0, **options), G, G / 100)
    assert_allclose(one, -first, rtol=1e-13, atol=1e-15)
    assert_allclose(two, -second, rtol=1e-13, atol=1e-15)


@pytest.mark.parametrize("cls", [SGD, Adam])
def test_weight_decay_is_decoupled(cls):
    plain, decayed = parameter(), parameter()
    plain.data = plain.data * (1 - 0.1 * 0.5)
    cls(0.1).apply([G], [plain])
    cls(0.1, weight_decay=0.5).apply([G], [decayed])
    assert_allclose(decayed.numpy(), plain.numpy(), rtol=1e-14)


def test_gradients_are_clipped_before_the_decay():
    w = parameter()
    start = w.numpy().copy()
    SGD(0.1, weight_decay=0.5, clipvalue=0.25).apply([G], [w])
    assert_allclose(w.numpy(), start * 0.95 - 0.1 * np.clip(G, -0.25, 0.25), rtol=1e-14)


# --- the step -------------------------------------------------------------------------------------


@pytest.mark.parametrize("optimizer", [SGD(0.1), SGD(0.1, 0.9), Adam(0.1, amsgrad=True)])
def test_a_step_touches_neither_the_gradient_nor_the_old_array(optimizer):
    w, g = parameter(), G.copy()
    before = w.data
    copy = before.copy()
    optimizer.apply([g], [w])
    assert (g == G).all()
    assert (before == copy).all()
    assert (w.numpy() != copy).any()


def test_step_reads_and_clears_grad():
    w = parameter()
    (w * Tensor(G)).sum().backward()
    SGD(0.5).step([w])
    assert_allclose(w.numpy(), parameter().numpy() - 0.5 * G)
    assert w.grad is None


def test_apply_gradients_takes_pairs_and_tensors():
    one, two = parameter(), parameter()
    SGD(0.5).apply_gradients([(Tensor(G), one), (G.tolist(), two)])
    assert_allclose(one.numpy(), parameter().numpy() - 0.5 * G)
    assert_allclose(two.numpy(), one.numpy())


@pytest.mark.parametrize("optimizer", [SGD(0.1), SGD(0.1, 0.9, True), Adam(0.1)])
def test_every_parameter_has_its_own_state(optimizer):
    cls, config = type(optimizer), optimizer.get_config()
    together = [parameter(), parameter([[1.0, 1.0]])]
    for k in (1.0, 2.0):
        optimizer.apply([k * G, k * G[:1]], together)
    for i, g in enumerate((G, G[:1])):
        alone, again = cls.from_config(config), [parameter(), parameter([[1.0, 1.0]])][i]
        for k in (1.0, 2.0):
            alone.apply([k * g], [again])
        assert (together[i].numpy() == again.numpy()).all()


@pytest.mark.parametrize(
    "make",
    [
        lambda: SGD(0.1),
        lambda: SGD(0.1, 0.9),
        lambda: SGD(0.1, 0.9, nesterov=True),
        lambda: Adam(0.1, amsgrad=True),
        lambda: SGD(0.1, weight_decay=0.1, clipvalue=0.5),
        lambda: Adam(0.1, clipnorm=0.5),
    ],
)
def test_numbers_step_like_arrays(make):
    number, array = Tensor(2.0, requires_grad=True), parameter([2.0])
    one, two = make(), make()
    for _ in range(5):
        (number**2 * 3.0).backward()
        one.step([number])
        (array**2 * 3.0).sum().backward()
        two.step([array])
        assert number.data == pytest.approx(array.numpy()[0], rel=1e-14)
    assert type(number.data) is float


@pytest.mark.parametrize("optimizer", [SGD(0.1, 0.9, weight_decay=0.1), Adam(0.1, clipnorm=1.0)])
def test_float32_stays_float32(optimizer):
    w = parameter(dtype="float32")
    for _ in range(2):
        optimizer.apply([G.astype("float32")], [w])
    assert w.dtype == "float32"


def test_a_graph_recorded_before_the_step_is_not_used_after_it():
    w = parameter()
    loss = (w**2).sum()
    loss.backward()
    SGD(0.1).step([w])
    with pytest.raises(RuntimeError, match="w"):
        loss.backward()


def test_an_optimizer_of_ones_own():
    class Sign(Optimizer):
        def start(self, parameter):
            return {"steps": parameter * 0.0}

        def update_step(self, xp, w, g, state, learning_rate):
            return w - learning_rate * xp.sign(g), {"steps": state["steps"] + 1.0}

    sign = Sign(0.5)
    assert_allclose(moved(sign, G)[0], -0.5 * np.sign(G))
    assert sign.iterations == 1
    assert sign.name == "sign"


# --- learning rate --------------------------------------------------------------------------------


def test_a_function_of_the_iteration_is_a_learning_rate():
    seen = []

    def schedule(iteration):
        seen.append(iteration)
        return 1.0 / (1 + iteration)

    optimizer = SGD(schedule)
    w = parameter([0.0])
    for _ in range(3):
        optimizer.apply([np.ones(1)], [w])
    assert w.numpy()[0] == pytest.approx(-(1 + 1 / 2 + 1 / 3))
    assert seen == [0, 1, 2]
    assert optimizer.learning_rate == 0.25
    with pytest.raises(TypeError, match="schedule"):
        optimizer.learning_rate = 0.1


def test_the_learning_rate_can_be_changed():
    optimizer = SGD(0.5)
    optimizer.learning_rate = np.float32(0.25)
    assert_allclose(moved(optimizer, G)[0], -0.25 * G)
    assert SGD(lr=0.3).learning_rate == 0.3  # Keras 2's name


@pytest.mark.parametrize("value", [1, True, "0.1", None])
def test_the_learning_rate_must_be_a_float(value):
    words = f"`learning_rate` should be float.*learning_rate={value!r}"
    with pytest.raises(ValueError, match=words):
        SGD(learning_rate=value)
    optimizer = Adam()
    with pytest.raises(ValueError, match=words):
        optimizer.learning_rate = value


# --- names and errors -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "cls"), [("sgd", SGD), ("SGD", SGD), ("adam", Adam), (Adam, Adam)]
)
def test_names(name, cls):
    found = optimizers.get(name)
    assert type(found) is cls
    assert optimizers.get(found) is found
    assert optimizers.get(name) is not found


@pytest.mark.parametrize("identifier", ["foo", 3, None])
def test_unknown_optimizer(identifier):
    words = f"Could not interpret optimizer identifier: {identifier}"
    with pytest.raises(ValueError, match=words):
        optimizers.get(identifier)


@pytest.mark.parametrize(
    "optimizer",
    [
        SGD(0.3, 0.8, nesterov=True, clipnorm=0.5, name="mine"),
        Adam(0.3, 0.8, 0.95, 1e-3, amsgrad=True, weight_decay=0.1),
    ],
)
def test_configuration_makes_the_optimizer_again(optimizer):
    again = type(optimizer).from_config(optimizer.get_config())
    assert again.get_config() == optimizer.get_config()
    assert again.name == optimizer.name
    assert (moved(again, G)[0] == moved(optimizer, G)[0]).all()


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: SGD(0.1, wrong=3), r"Argument\(s\) not recognized: .*'wrong': 3"),
        (lambda: SGD(0.1, clipnorm=1.0, clipvalue=0.5), "Only one of .*clipvalue=0.5"),
        (lambda: SGD(0.1, clipnorm=1.0, global_clipnorm=2.0), "Only one of .*global_clipnorm=2.0"),
        (lambda: SGD(0.1, clipvalue=0.5, global_clipnorm=2.0), "Only one of .*clipvalue=0.5"),
        (lambda: SGD(0.1, clipnorm=-1.0), "clipnorm=-1.0"),
        (lambda: SGD(0.1, clipvalue=-1.0), "clipvalue=-1.0"),
        (lambda: SGD(0.1, global_clipnorm=-1.0), "global_clipnorm=-1.0"),
        (lambda: SGD(0.1, momentum=1.5), "Received: 1.5"),
        (lambda: SGD(0.1, momentum=-0.5), "Received: -0.5"),
        (lambda: SGD(0.1, momentum=0.5, nesterov="yes"), "Received: 'yes'"),
        (lambda: Adam(beta_1=1.0), r"`beta_1` .*Received: 1.0"),
        (lambda: Adam(beta_2=-0.1), r"`beta_2` .*Received: -0.1"),
    ],
)
def test_errors_say_what_was_received(make, words):
    with pytest.raises(ValueError, match=words):
        make()


def test_decay_of_older_keras_warns_and_is_ignored():
    with pytest.warns(UserWarning, match="decay"):
        optimizer = SGD(0.1, decay=1e-6)
    assert_allclose(moved(optimizer, G)[0], -0.1 * G, rtol=1e-14)


def test_no_gradient_at_all():
    with pytest.raises(ValueError, match="No gradients provided for any variable"):
        SGD(0.1).apply([None, None], [parameter(), parameter()])


def test_a_missing_gradient_warns_and_is_left_out():
    one, two = parameter(name="kernel"), parameter(name="bias")
    with pytest.warns(UserWarning, match=r"Gradients do not exist for variables .*bias"):
        SGD(0.1).apply([G, None], [one, two])
    assert (two.numpy() == parameter().numpy()).all()
    assert (one.numpy() != parameter().numpy()).any()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        SGD(0.1).apply([G, G], [one, two])


def test_a_gradient_of_another_shape():
    with pytest.raises(ValueError, match=r"kernel has shape \(2,\). Expected \(2, 2\)"):
        SGD(0.1).apply([G[0]], [parameter(name="kernel")])


# --- averages, accumulation, exclusion ------------------------------------------------------------


def test_the_mean_of_the_weights_is_put_in_on_request():
    w = parameter([0.0])
    optimizer = SGD(1.0, use_ema=True, ema_momentum=0.5)
    for g in (-1.0, -1.0, -2.0):
        optimizer.apply([np.array([g])], [w])
    assert w.tolist() == [4.0]  # 1, 2, 4; means 1, 1.5, 2.75
    optimizer.finalize_variable_values([w])
    assert w.tolist() == [2.75]


def test_gradients_are_averaged_over_calls():
    w = parameter([0.0])
    optimizer = SGD(1.0, gradient_accumulation_steps=2)
    for g, expected in ((-1.0, 0.0), (-3.0, 2.0), (-5.0, 2.0)):
        optimizer.apply([np.array([g])], [w])
        assert w.tolist() == [expected]
    assert optimizer.iterations == 1


@pytest.mark.parametrize("cls", [SGD, Adam])
def test_what_does_not_decay(cls):
    w, bias, other = parameter([1.0]), parameter([1.0], "dense/bias"), parameter([1.0])
    optimizer = cls(weight_decay=0.5)
    optimizer.exclude_from_weight_decay(var_list=[other], var_names=["bias"])
    optimizer.apply([np.zeros(1)] * 3, [w, bias, other])
    assert w.item() < 1.0
    assert (bias.item(), other.item()) == (1.0, 1.0)


def test_a_constraint_holds_after_each_step():
    w = parameter([1.0, -1.0])
    w.marked().constraint = lambda value: np.maximum(value, 0.0)
    for optimizer in (SGD(0.1), Adam(0.1)):
        optimizer.apply([np.array([20.0, 0.0])], [w])
        assert (w.numpy() >= 0.0).all()


@pytest.mark.parametrize("cls", [optimizers.Adam, optimizers.Nadam, optimizers.Adagrad, SGD])
def test_a_copy_goes_on_where_the_original_stood(cls):
    w = parameter()
    optimizer = cls(0.1)
    optimizer.apply([G], [w])
    again, w2 = copy.deepcopy((optimizer, w))
    for o, p in ((optimizer, w), (again, w2)):
        o.apply([G * 2.0], [p])
    assert w.tolist() == w2.tolist()
    third, w3 = pickle.loads(pickle.dumps((optimizer, w)))
    for o, p in ((optimizer, w), (third, w3)):
        o.apply([G], [p])
    assert w.tolist() == w3.tolist()


NAMES = "sgd Adam AdamW RMSPROP adagrad Adadelta adamax nadam Ftrl lion"


@pytest.mark.parametrize("name", NAMES.split())
def test_names_and_configurations(name):
    optimizer = optimizers.get(name)
    again = optimizers.get(optimizers.serialize(optimizer))
    assert type(again) is type(optimizer)
    assert again.get_config() == optimizer.get_config()


def test_variants_are_in_the_configuration_only_where_they_were_chosen():
    assert "epsilon_hat" not in Adam().get_config()
    config = Adam(epsilon_hat=False).get_config()
    assert Adam.from_config(config).epsilon_hat is False


@pytest.mark.parametrize(
    "make",
    [
        lambda: SGD(use_ema=True, ema_momentum=2.0),
        lambda: SGD(use_ema=True, ema_overwrite_frequency=0),
        lambda: SGD(gradient_accumulation_steps=1),
        lambda: optimizers.AdamW(weight_decay=None),
        lambda: optimizers.Ftrl(learning_rate_power=0.5),
        lambda: optimizers.Ftrl(l1_regularization_strength=-1.0),
        lambda: optimizers.Newton(damping=0.0),
    ],
)
def test_arguments_out_of_range(make):
    with pytest.raises(ValueError, match=r"Received: .*="):
        make()


# --- whole functions ------------------------------------------------------------------------------


def test_newton_goes_down_where_the_curvature_is_negative():
    w = Tensor(np.array([0.1, 1.0]), requires_grad=True)  # a saddle: x² curves down at 0
    newton = optimizers.Newton()
    losses = [newton.step(lambda: (w[0] ** 2 - 1.0) ** 2 + w[1] ** 2, [w]) for _ in range(60)]
    assert losses[-1] < 1e-12
    assert abs(abs(w.numpy()[0]) - 1.0) < 1e-6


def test_newton_leaves_the_parameters_where_it_cannot_step():
    w = Tensor(np.array([0.0]), requires_grad=True)
    with np.errstate(all="ignore"), pytest.raises(FloatingPointError, match="not finite"):
        optimizers.Newton().step(lambda: w.sqrt().sum(), [w])
    assert w.tolist() == [0.0]


def test_minimize_with_scipy():
    pytest.importorskip("scipy", reason="minimize hands the work to SciPy")
    x, y = Tensor(-1.2, requires_grad=True), Tensor(np.array([1.0], "float32"), requires_grad=True)
    result = optimizers.minimize(lambda: ((1 - x) ** 2 + 100 * (y - x**2) ** 2).sum(), [x, y])
    assert result.success
    assert type(x.data) is float
    assert y.dtype == np.float32
    assert abs(x.item() - 1.0) < 1e-2
    assert x.grad is None


def test_lr_is_the_learning_rate():
    """Keras 2's name, as an argument and as an attribute: setting it is not lost."""
    sgd = SGD(lr=0.1)
    sgd.lr = sgd.lr * 2
    assert sgd.learning_rate == sgd.lr == 0.2
