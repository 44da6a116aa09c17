"""`fit`: which batches, what the History says, weights of samples, errors, interruptions."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import tinygrad_es as tg
from tinygrad_es import Model, Sequential
from tinygrad_es.layers import Dense, Input
from tinygrad_es.ops import random
from tinygrad_es.optimizers import SGD, Adam

N = 10
X = np.random.default_rng(1).normal(size=(N, 3)).astype("float32")
Y = np.eye(2, dtype="float32")[np.arange(N) % 2]


class Spy(Model):
    """A linear model that notes the samples (their first feature) of every batch."""

    def __init__(self):
        super().__init__()
        self.out = Dense(2, kernel_initializer="zeros")
        self.trained, self.tested = [], []

    def call(self, x):
        return self.out(x)

    def train_step(self, x, y, sample_weight=None):
        assert len(x) == len(y)
        self.trained.append(x[:, 0].astype(int).tolist())
        return super().train_step(x, y, sample_weight)

    def test_step(self, x, y, sample_weight=None):
        self.tested.append(x[:, 0].astype(int).tolist())
        return super().test_step(x, y, sample_weight)


def spied(n=N, optimizer="sgd", **options):
    """Fit a Spy on samples 0, 1, …, n − 1."""
    model = Spy()
    model.compile(optimizer, "mse")
    x = np.repeat(np.arange(n)[:, None], 3, 1) * 1.0
    model.history_of_fit = model.fit(x, np.zeros((n, 2)), verbose=0, **options)
    return model


def network(optimizer="sgd", loss="mse", **options):
    random.seed(3)
    model = Sequential([Input((3,)), Dense(4, "tanh"), Dense(2, "sigmoid")])
    model.compile(optimizer, loss, **options)
    return model


def joined(batches):
    return [i for batch in batches for i in batch]


def same_weights(one, two):
    return all((a == b).all() for a, b in zip(one.get_weights(), two.get_weights(), strict=True))


# --- batches --------------------------------------------------------------------------------------


def test_batches_in_order_with_the_last_one_partial():
    model = spied(batch_size=4, epochs=2, shuffle=False)
    assert model.trained == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9]] * 2
    assert model.optimizer.iterations == 6
    assert model.history_of_fit.params["steps"] == 3


@pytest.mark.parametrize(
    ("n", "size", "steps"),
    [(70, None, [32, 32, 6]), (10, 10, [10]), (10, 99, [10]), (3, 1, [1, 1, 1])],
)
def test_sizes_of_batches(n, size, steps):
    assert [len(b) for b in spied(n, batch_size=size).trained] == steps


def test_drop_remainder():
    assert spied(batch_size=4, drop_remainder=True, shuffle=False).trained[-1] == [4, 5, 6, 7]


def test_shuffle_is_a_new_permutation_each_epoch():
    batches = spied(50, batch_size=8, epochs=3).trained
    epochs = [joined(batches[i : i + 7]) for i in (0, 7, 14)]
    assert all(sorted(epoch) == list(range(50)) for epoch in epochs)
    assert len({tuple(epoch) for epoch in [*epochs, range(50)]}) == 4


def test_shuffle_batch_is_within_the_batches():
    batches = spied(50, batch_size=16, shuffle="batch").trained
    assert [sorted(b) for b in batches] == [
        list(range(16)), list(range(16, 32)), list(range(32, 48)), [48, 49],
    ]  # fmt: skip
    assert batches[0] != list(range(16))


def test_the_seed_repeats_everything():
    runs = []
    for seed in (5, 5, 6):
        random.seed(seed)
        model = Sequential([Dense(4, "tanh"), Dense(2)])
        model.compile("adam", "mse")
        found = model.fit(X, Y, batch_size=3, epochs=3, verbose=0).history["loss"]
        runs.append((found, model))
    assert runs[0][0] == runs[1][0] != runs[2][0]
    assert same_weights(runs[0][1], runs[1][1])


@pytest.mark.parametrize(
    ("n", "share", "first"), [(10, 0.2, 8), (50, 0.2, 40), (100, 0.33, 67), (7, 0.25, 5)]
)
def test_validation_split_takes_the_last_part_before_shuffling(n, share, first):
    model = spied(n, validation_split=share, batch_size=4)
    assert sorted(joined(model.trained)) == list(range(first))
    assert joined(model.tested) == list(range(first, n))
    assert {len(b) for b in model.tested[:-1]} <= {4}


def test_validation_data_overrides_the_split_and_has_its_batch_size():
    held_out = (np.full((5, 3), 70.0), np.zeros((5, 2)))
    model = spied(validation_split=0.5, validation_data=held_out, validation_batch_size=2)
    assert sorted(joined(model.trained)) == list(range(N))
    assert model.tested == [[70, 70], [70, 70], [70]]


@pytest.mark.parametrize(("every", "due"), [(1, 4), (2, 2), (3, 1), ([1, 4], 2), ([9], 0)])
def test_validation_freq(every, due):
    model = spied(epochs=4, validation_split=0.2, validation_freq=every)
    assert len(model.tested) == due
    assert len(model.history_of_fit.history.get("val_loss", [])) == due
    assert len(model.history_of_fit.history["loss"]) == 4


# --- History --------------------------------------------------------------------------------------


def test_epochs_is_the_final_index():
    history = spied(epochs=5, initial_epoch=2).history_of_fit
    assert history.epoch == [2, 3, 4]
    assert len(history.history["loss"]) == 3
    assert spied(epochs=0).history_of_fit.history == {}
    assert spied(epochs=2, initial_epoch=2).history_of_fit.epoch == []


def test_history_keys_are_sorted_numbers():
    model = network(metrics=["mse", "accuracy"])
    history = model.fit(X, Y, epochs=2, validation_split=0.2, verbose=0)
    keys = ["accuracy", "loss", "mse", "val_accuracy", "val_loss", "val_mse"]
    assert list(history.history) == keys
    assert all(type(v) is float for values in history.history.values() for v in values)
    assert history.params == {"verbose": 0, "epochs": 2, "steps": 1}
    assert model.history is history


def test_losses_and_metrics_are_means_over_samples():
    """Batches of 4, 4 and 2 samples: with a rate of 0 the epoch is one pass over all of them."""
    model = network(SGD(0.0), metrics=["accuracy", "mse"])
    y = np.where(np.arange(N)[:, None] < 8, Y, 5 * Y)  # the small batch has another loss
    history = model.fit(X, y, batch_size=4, shuffle=False, verbose=0).history
    p = model.predict(X, verbose=0)
    assert history["loss"][0] == pytest.approx(np.square(p - y).mean(), rel=1e-6)
    assert history["mse"][0] == pytest.approx(history["loss"][0], rel=1e-6)
    assert history["accuracy"][0] == (p.argmax(1) == y.argmax(1)).mean()
    assert model.evaluate(X, y, batch_size=3, verbose=0) == pytest.approx(
        [history["loss"][0], history["accuracy"][0], history["mse"][0]], rel=1e-6
    )


def test_the_loss_of_an_epoch_is_taken_before_each_update():
    model, other = network(), network()
    history = model.fit(X, Y, batch_size=5, epochs=1, shuffle=False, verbose=0)
    by_hand = [other.train_on_batch(X[i : i + 5], Y[i : i + 5]) for i in (0, 5)]
    assert history.history["loss"][0] == pytest.approx(np.mean(by_hand), rel=1e-6)
    assert same_weights(model, other)


def test_validation_uses_the_weights_after_the_epoch():
    model = network()
    history = model.fit(X, Y, validation_data=(X, Y), epochs=2, verbose=0).history
    assert history["val_loss"][-1] == pytest.approx(model.evaluate(X, Y, verbose=0), rel=1e-6)
    assert history["val_loss"][0] < history["loss"][0]


def test_a_second_fit_starts_a_new_history_and_keeps_the_optimizer():
    model, whole = network(Adam(0.05)), network(Adam(0.05))
    first = model.fit(X, Y, epochs=2, shuffle=False, verbose=0)
    second = model.fit(X, Y, epochs=2, shuffle=False, verbose=0)
    expected = whole.fit(X, Y, epochs=4, shuffle=False, verbose=0).history["loss"]
    assert first.history["loss"] + second.history["loss"] == expected
    assert model.optimizer.iterations == 4
    assert second.epoch == [0, 1]


def test_compile_again_starts_the_optimizer_again():
    model = network("adam")
    model.fit(X, Y, verbose=0)
    model.compile("adam", "mse")
    assert model.optimizer.iterations == 0
    assert model.optimizer.states == {}


# --- weights of samples ---------------------------------------------------------------------------


def test_sample_weight_multiplies_and_divides_by_the_count():
    weight = np.linspace(0.0, 3.0, N)
    model = network(SGD(0.0), metrics=["mse"])
    loss = model.fit(X, Y, batch_size=4, sample_weight=weight, verbose=0).history
    each = np.square(model.predict(X, verbose=0) - Y).mean(1)
    assert loss["loss"][0] == pytest.approx((each * weight).mean(), rel=1e-6)
    assert loss["mse"][0] == pytest.approx(each.mean(), rel=1e-6)  # metrics are not weighted
    found = model.evaluate(X, Y, sample_weight=weight, verbose=0, return_dict=True)
    assert found["loss"] == pytest.approx(loss["loss"][0], rel=1e-6)
    found = model.fit(X, Y, validation_data=(X, Y, weight), verbose=0).history["val_loss"]
    assert found[0] == pytest.approx(loss["loss"][0], rel=1e-6)


@pytest.mark.parametrize("targets", [Y, np.arange(N) % 2, (np.arange(N) % 2)[:, None]])
def test_class_weight_is_a_sample_weight(targets):
    loss = "mse" if targets is Y else "sparse_categorical_crossentropy"
    weight = np.where(np.arange(N) % 2 == 1, 3.0, 1.0)  # a class that is not named weighs 1
    one, two = network(loss=loss), network(loss=loss)
    one.fit(X, targets, class_weight={1: 3.0}, shuffle=False, verbose=0)
    two.fit(X, targets, sample_weight=weight, shuffle=False, verbose=0)
    assert same_weights(one, two)
    with pytest.raises(ValueError, match="cannot `class_weight` and `sample_weight` at the same"):
        one.fit(X, targets, class_weight={1: 3.0}, sample_weight=weight, verbose=0)


# --- data -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["list", "float64", "int", "tensor", "strided"])
def test_kinds_of_data(kind):
    x = np.round(X * 3)
    change = {
        "list": lambda a: a.tolist(),
        "float64": lambda a: a.astype("float64"),
        "int": lambda a: a.astype(int),
        "tensor": tg.Tensor,
        "strided": lambda a: np.repeat(a, 2, axis=0)[::2],
    }[kind]
    expected, model = network(), network()
    a = expected.fit(x, Y, epochs=2, batch_size=3, shuffle=False, verbose=0).history["loss"]
    b = model.fit(change(x), change(Y), epochs=2, batch_size=3, shuffle=False, verbose=0)
    assert_allclose(b.history["loss"], a, rtol=1e-6)
    assert {w.dtype for w in model.get_weights()} == {np.dtype("float32")}


def test_fit_changes_neither_x_nor_y():
    x, y = X.copy(), Y.copy()
    network().fit(x, y, epochs=2, verbose=0)
    assert_array_equal(x, X)
    assert_array_equal(y, Y)


# --- errors ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["fit", "evaluate", "train_on_batch", "test_on_batch"])
def test_before_compile(method):
    model = Sequential([Input((3,)), Dense(2)])
    with pytest.raises(ValueError, match=r"must call `compile\(\)` before using the model"):
        getattr(model, method)(X, Y)
    assert model.predict(X, verbose=0).shape == (N, 2)  # needs no compile


SIZES = r"cardinality is ambiguous(.|\n)*'x' sizes: 10\s*'y' sizes: 4"
BAD = {
    "lengths": ({"y": Y[:4]}, SIZES),
    "weights": ({"sample_weight": np.ones(4)}, r"'sample_weight' sizes: 4"),
    "validation lengths": ({"validation_data": (X, Y[:4])}, SIZES),
    "validation kind": ({"validation_data": X}, r"must be \(x, y\) or .*ndarray"),
    "split": ({"validation_split": 0.95}, "10 samples, which is not sufficient to split"),
    "split above one": ({"validation_split": 1.5}, "between 0 and 1. Received: 1.5"),
    "split below zero": ({"validation_split": -0.5}, "between 0 and 1. Received: -0.5"),
    "no targets": ({"y": None}, "expected targets. Received: y=None"),
    "batch size": ({"batch_size": -3}, "`batch_size`.*Received: batch_size=-3"),
    "batch size kind": ({"batch_size": 2.5}, "`batch_size`.*Received: batch_size=2.5"),
    "verbose": ({"verbose": "loud"}, "`verbose` .*'loud'"),
    "callbacks": ({"callbacks": [print]}, "must be Callback instances. Received: builtin"),
    "target shape": ({"y": np.zeros((10, 5))}, r"\(10, 2\)(.|\n)*\(10, 5\)"),
    "features": ({"x": np.ones((10, 7))}, r"axis -1 .* value 3, but received .*shape \(10, 7\)"),
}


@pytest.mark.parametrize("name", BAD)
def test_errors_leave_the_model_as_it_was(name):
    change, words = BAD[name]
    model = network("adam")
    before = model.get_weights()
    with pytest.raises(ValueError, match=words):
        model.fit(**({"x": X, "y": Y, "verbose": 0} | change))
    for a, b in zip(before, model.get_weights(), strict=True):
        assert_array_equal(a, b)
    assert model.optimizer.iterations == 0
    expected = network("adam").fit(X, Y, shuffle=False, verbose=0).history
    assert model.fit(X, Y, shuffle=False, verbose=0).history == expected


def test_a_loss_must_be_given():
    model = Sequential([Dense(2)])
    model.compile("sgd")
    with pytest.raises(ValueError, match="No loss to compute"):
        model.fit(X, Y, verbose=0)
