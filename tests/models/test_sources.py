"""Batches that are made while training: generators, sequences, loaders; steps of an epoch."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

import tinygrad_es as tg
from tinygrad_es import Sequential, utils
from tinygrad_es.callbacks import Callback
from tinygrad_es.layers import Dense, Input

RNG = np.random.default_rng(1)
X, Y = RNG.standard_normal((12, 3)), RNG.standard_normal((12, 1))


def network():
    tg.ops.random.seed(3)
    model = Sequential([Input((3,)), Dense(4, "tanh"), Dense(1)])
    model.compile("sgd", "mse", metrics=["mae"])
    return model


def batches(n=4):
    for i in range(0, len(X), n):
        yield X[i : i + n], Y[i : i + n]


def forever():
    while True:
        yield from batches()


class Batches(utils.Sequence):
    """Four at a time; counts its epochs."""

    epochs = 0

    def __len__(self):
        return 3

    def __getitem__(self, i):
        return X[4 * i : 4 * i + 4], Y[4 * i : 4 * i + 4]

    def on_epoch_end(self):
        self.epochs += 1


class Loader:
    """Something that can only be iterated over, again and again."""

    def __iter__(self):
        return batches()


def reference(epochs=2, **options):
    model = network()
    return model.fit(X, Y, batch_size=4, epochs=epochs, shuffle=False, verbose=0, **options).history


class Count(Callback):
    """Batches of each epoch."""

    def __init__(self):
        self.counts = []

    def on_epoch_begin(self, epoch, logs=None):
        self.counts.append(0)

    def on_train_batch_end(self, batch, logs=None):
        self.counts[-1] += 1


# --- each source trains as arrays do --------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "options"),
    [
        (Batches, {"shuffle": False}),
        (Loader, {}),
        (forever, {"steps_per_epoch": 3}),
    ],
)
def test_a_source_trains_as_its_arrays_do(source, options):
    count = Count()
    history = network().fit(source(), epochs=2, verbose=0, callbacks=count, **options)
    assert count.counts == [3, 3]
    for key, values in reference().items():
        assert_allclose(history.history[key], values, rtol=1e-6)


def test_a_generator_gives_one_epoch():
    history = network().fit(batches(), epochs=1, verbose=0)
    assert_allclose(history.history["loss"], reference(1)["loss"], rtol=1e-6)


def test_a_generator_that_ends_interrupts_the_training():
    with pytest.warns(UserWarning, match="ran out of data; interrupting training"):
        history = network().fit(batches(), epochs=5, verbose=0)
    assert_allclose(history.history["loss"][0], reference(1)["loss"][0], rtol=1e-6)
    assert len(history.history["loss"]) == 1
    with pytest.warns(UserWarning, match="ran out of data"):
        network().fit(batches(), steps_per_epoch=2, epochs=3, verbose=0)


def test_a_sequence_is_told_that_an_epoch_ended_and_its_batches_are_shuffled():
    data, seen = Batches(), []
    network().fit(data, epochs=3, verbose=0)
    assert data.epochs == 3

    class Spy(Batches):
        def __getitem__(self, i):
            seen.append(i)
            return super().__getitem__(i)

    network().fit(Spy(), epochs=8, verbose=0)
    assert sorted(seen) == sorted([0, 1, 2] * 8)
    assert seen != [0, 1, 2] * 8


def test_steps_cut_epochs_out_of_arrays():
    count = Count()
    model = network()
    model.fit(X, Y, batch_size=2, steps_per_epoch=3, epochs=4, verbose=0, callbacks=count)
    assert count.counts == [3, 3, 3, 3]
    again = network()
    again.fit(X, Y, batch_size=2, epochs=2, verbose=0)  # the same twelve batches
    assert_allclose(model.get_weights()[0], again.get_weights()[0], rtol=1e-6)
    with pytest.warns(UserWarning, match="ran out of data"):
        model.fit(X, Y, batch_size=4, steps_per_epoch=4, epochs=1, verbose=0)


def test_validation_from_sources():
    expected = reference(validation_data=(X, Y))
    for source, options in ((Batches(), {}), (forever(), {"validation_steps": 3}), (Loader(), {})):
        history = network().fit(
            X, Y, batch_size=4, epochs=2, shuffle=False, verbose=0, validation_data=source,
            **options,
        )  # fmt: skip
        assert_allclose(history.history["val_loss"], expected["val_loss"], rtol=1e-6)
    history = network().fit(
        X, Y, batch_size=4, epochs=1, shuffle=False, verbose=0, validation_data=(X, Y),
        validation_steps=1,
    )  # fmt: skip
    model = network()
    model.fit(X, Y, batch_size=4, epochs=1, shuffle=False, verbose=0)
    assert_allclose(
        history.history["val_loss"], [model.evaluate(X[:4], Y[:4], verbose=0)[0]], rtol=1e-6
    )


def test_evaluate_and_predict_from_sources():
    model = network()
    assert_allclose(
        model.evaluate(Batches(), verbose=0), model.evaluate(X, Y, verbose=0), rtol=1e-6
    )
    assert_allclose(model.predict(Batches(), verbose=0), model.predict(X, verbose=0), rtol=1e-5)
    assert model.predict((x for x, _ in batches()), verbose=0).shape == (12, 1)
    assert model.predict(forever(), steps=2, verbose=0).shape == (8, 1)
    assert_allclose(
        model.evaluate(X, Y, batch_size=4, steps=2, verbose=0),
        model.evaluate(X[:8], Y[:8], verbose=0),
        rtol=1e-6,
    )


def test_weights_of_samples_and_classes():
    weight = np.arange(12.0)
    labels = (Y[:, 0] > 0).astype(int)

    def weighted():
        for i in range(0, 12, 4):
            yield X[i : i + 4], Y[i : i + 4], weight[i : i + 4]

    expected = reference(1, sample_weight=weight)
    assert_allclose(network().fit(weighted(), verbose=0).history["loss"], expected["loss"])
    model, other = network(), network()
    per_class = {0: 1.0, 1: 5.0}
    model.fit(((X[i : i + 4], labels[i : i + 4]) for i in (0, 4, 8)), class_weight=per_class,
              verbose=0)  # fmt: skip
    other.fit(X, labels, batch_size=4, shuffle=False, class_weight=per_class, verbose=0)
    assert_allclose(model.get_weights()[0], other.get_weights()[0], rtol=1e-6)


def test_a_model_is_built_from_the_first_batch():
    model = Sequential([Dense(2), Dense(1)])
    model.compile("sgd", "mse")
    model.fit(Batches(), epochs=2, verbose=0)
    assert model.count_params() == 8 + 3


def test_progress_of_a_generator(capsys):
    network().fit(batches(), verbose=2)
    assert "3/3 - " in capsys.readouterr().out
    network().evaluate(Loader(), verbose=2)
    assert "3/3 - " in capsys.readouterr().out


# --- errors ---------------------------------------------------------------------------------------


def test_errors():
    model = network()
    with pytest.raises(ValueError, match="as a generator, `y` should not be passed"):
        model.fit(batches(), Y, verbose=0)
    with pytest.raises(ValueError, match="as a Batches, `sample_weight` should not be passed"):
        model.evaluate(Batches(), sample_weight=Y, verbose=0)
    with pytest.raises(ValueError, match="`validation_split` is only supported for arrays"):
        model.fit(batches(), validation_split=0.2, verbose=0)
    with pytest.raises(ValueError, match=r"each batch must be x, \(x, y\)"):
        model.fit(iter([(X, Y, Y, Y)]), verbose=0)
    with pytest.raises(ValueError, match="`steps`"):
        model.fit(X, Y, steps_per_epoch=0, verbose=0)
    with pytest.raises(ValueError, match="`shuffle` must be"):
        model.fit(X, Y, shuffle="batches", verbose=0)
    with pytest.raises(ValueError, match="at least one batch"):
        model.fit(type("Empty", (Batches,), {"__len__": lambda self: 0})(), verbose=0)
    with (
        pytest.warns(UserWarning, match="ran out"),
        pytest.raises(ValueError, match="at least one batch"),
    ):
        model.predict(iter([]), verbose=0)
    with pytest.raises(ValueError, match="an array of numbers"):
        model.fit(iter([("a", "b")]), verbose=0)


def test_an_error_in_a_generator_reaches_the_caller():
    def broken():
        yield X[:4], Y[:4]
        raise RuntimeError("the disk is gone")

    with pytest.raises(RuntimeError, match="the disk is gone"):
        network().fit(broken(), verbose=0)
