"""C4, C9, C10, C11: small networks with Keras, as the lesson on Iris and optdigits types them."""

from itertools import pairwise

import numpy as np
import pytest

import tinygrad_es as keras
from tests.golden.test_golden_runs import RUNS, SOFTMAX, START, T, X
from tinygrad_es.callbacks import EarlyStopping
from tinygrad_es.datasets import optdigits
from tinygrad_es.layers import Activation, Dense, Dropout, Input
from tinygrad_es.models import Model, Sequential
from tinygrad_es.optimizers import SGD
from tinygrad_es.regularizers import l1, l1_l2, l2

DENSE = [("(None, 2)", "10"), ("(None, 3)", "9")]
WITH_ACTIVATIONS = [("(None, 2)", "10"), ("(None, 2)", "0"), ("(None, 3)", "9"), ("(None, 3)", "0")]
SALIDA = ["Oculto (Dense)", "FunH (Activation)", "salida (Dense)", "FunS (Activation)"]


# --- C4: six ways to write 4-2-3 ------------------------------------------------------------------


def uno_add(final="sigmoid"):
    red = Sequential()
    red.add(Input(shape=[4]))
    red.add(Dense(2, activation="tanh"))
    red.add(Dense(3, activation=final))
    return red


def dos_input_shape(final="sigmoid"):
    red = Sequential()
    red.add(Dense(2, input_shape=[4], activation="tanh"))
    red.add(Dense(3, activation=final))
    return red


def tres_activation(final="sigmoid"):
    red = Sequential()
    red.add(Input(shape=[4]))
    red.add(Dense(2))
    red.add(Activation("tanh"))
    red.add(Dense(3))
    red.add(Activation(final))
    return red


def cuatro_lista(final="sigmoid"):
    return Sequential(
        [
            Input(shape=(4,), name="Entrada"),
            Dense(2, name="Oculto"),
            Activation("tanh", name="FunH"),
            Dense(3, name="salida"),
            Activation(final, name="FunS"),
        ]
    )


def cinco_funcional(final="sigmoid"):
    I = Input(shape=(4,), name="Entrada")  # noqa: E741 - the name that the course gives it
    red = Dense(units=2, name="Oculto")(I)
    red = Activation("tanh", name="FunH")(red)
    red = Dense(units=3, name="salida")(red)
    red = Activation(final, name="FunS")(red)
    return Model(inputs=I, outputs=red)


def seis_capas(final="sigmoid"):
    I = Input(shape=(4,), name="Entrada")  # noqa: E741 - the name that the course gives it
    oculta = Dense(units=2, activation="tanh", name="Oculto")
    salida = Dense(units=3, activation=final, name="salida")
    red = salida(oculta(I))
    return Model(inputs=I, outputs=red)


ENTRADA = ("Entrada (InputLayer)", "(None, 4)", "0")
ROWS = {
    uno_add: list(zip(["dense (Dense)", "dense_1 (Dense)"], DENSE)),
    dos_input_shape: list(zip(["dense (Dense)", "dense_1 (Dense)"], DENSE)),
    tres_activation: list(
        zip(
            [f"{kind}{n} ({kind.title()})" for n in ("", "_1") for kind in ("dense", "activation")],
            WITH_ACTIVATIONS,
        )
    ),
    cuatro_lista: list(zip(SALIDA, WITH_ACTIVATIONS)),
    cinco_funcional: list(zip(SALIDA, WITH_ACTIVATIONS)),
    seis_capas: list(zip(["Oculto (Dense)", "salida (Dense)"], DENSE)),
}


@pytest.mark.parametrize("way", ROWS, ids=lambda way: way.__name__)
def test_c4_summary(way, table):
    red = way()
    rows, totals = table(red)
    first = [ENTRADA] if type(red).__name__ != "Sequential" else []
    assert rows == [
        ("Layer (type)", "Output Shape", "Param #"),
        *first,
        *[(name, *cells) for name, cells in ROWS[way]],
    ]
    assert totals == {
        "Total params": "19 (76.00 B)",
        "Trainable params": "19 (76.00 B)",
        "Non-trainable params": "0 (0.00 B)",
    }
    assert red.count_params() == 19
    assert [w.shape for w in red.get_weights()] == [(4, 2), (2,), (2, 3), (3,)]
    assert red.predict(X).shape == (6, 3)
    assert red.input_shape == (None, 4)
    assert red.output_shape == (None, 3)


@pytest.mark.parametrize("way", ROWS, ids=lambda way: way.__name__)
@pytest.mark.parametrize(("final", "loss"), [("sigmoid", "mse"), ("softmax", None)])
@pytest.mark.usefixtures("float64")
def test_c4_learns_the_same(way, final, loss):
    """Every way learns what torch does from the same weights (§2.15)."""
    loss = loss or "categorical_crossentropy"
    red = way(final)
    red.set_weights(START)
    red.compile(optimizer=SGD(learning_rate=0.1), loss=loss, metrics=["accuracy"])
    historia = red.fit(X, T, epochs=5, batch_size=20, shuffle=False)
    expected = RUNS[final, loss, 0.0, 6]
    assert historia.history["loss"] == pytest.approx(expected, rel=0, abs=1e-11)


# --- C9: early stopping ---------------------------------------------------------------------------


def test_c9_early_stopping(capsys):
    (X_train, y_train), _ = optdigits.load_data()
    X_train, T_train = X_train.reshape(-1, 64) / 16, keras.utils.to_categorical(y_train)
    X_train, X_val, T_train, T_val = (
        X_train[:400],
        X_train[400:600],
        T_train[:400],
        T_train[400:600],
    )
    red = Sequential()
    red.add(Dense(20, input_shape=[64], activation="tanh"))
    red.add(Dense(10, activation="softmax"))
    red.compile(
        optimizer=SGD(learning_rate=0.1), loss="categorical_crossentropy", metrics=["accuracy"]
    )

    es = EarlyStopping(monitor="val_accuracy", patience=30, min_delta=0.0001)
    historia = red.fit(
        X_train, T_train, epochs=4000, batch_size=20,
        validation_data=(X_val, T_val), callbacks=[es], verbose=0,
    )  # fmt: skip
    print("Epocas = %d" % es.stopped_epoch)  # noqa: UP031 - as the course types it

    val = historia.history["val_accuracy"]
    assert capsys.readouterr().out == f"Epocas = {len(val) - 1}\n"
    assert 31 <= len(val) < 400
    best = val[: len(val) - 30]
    assert max(val) < best[-1] + 0.0001 + 1e-9  # 30 epochs without an improvement
    assert all(v + 0.0001 < best[-1] for v in best[:-1])
    assert best[-1] > 0.85


def test_c9_validation_split_and_best_weights():
    (X_train, y_train), _ = optdigits.load_data()
    X_train = X_train[:300].reshape(-1, 64) / 16
    red = Sequential([Dense(12, input_shape=[64], activation="tanh"), Dense(10, "softmax")])
    red.compile(
        optimizer=SGD(learning_rate=1.0), loss="sparse_categorical_crossentropy",
        metrics=["accuracy"],
    )  # fmt: skip
    es = EarlyStopping(
        monitor="val_accuracy", mode="max", patience=5, min_delta=0.0001,
        restore_best_weights=True,
    )  # fmt: skip
    historia = red.fit(
        X_train, y_train[:300], epochs=4000, batch_size=20, validation_split=0.2,
        callbacks=[es], verbose=0,
    )  # fmt: skip
    assert historia.params["steps"] == 12  # 240 of the 300
    found = red.evaluate(X_train[240:], y_train[240:300], verbose=0)
    assert found[1] == max(historia.history["val_accuracy"])


# --- C10: optimizers by name and by object --------------------------------------------------------


@pytest.mark.parametrize(
    "optimizer",
    [
        "adam",
        "rmsprop",
        lambda: keras.optimizers.RMSprop(learning_rate=0.001),
        lambda: SGD(learning_rate=0.1),
        lambda: keras.optimizers.SGD(learning_rate=0.01, momentum=0.9),
        lambda: keras.optimizers.SGD(learning_rate=0.01, momentum=0.9, nesterov=True),
        lambda: keras.optimizers.Adam(learning_rate=0.001, beta_1=0.9, beta_2=0.999),
    ],
)
def test_c10_compile(optimizer):
    red = uno_add()
    red.set_weights(START)
    red.compile(optimizer=optimizer if isinstance(optimizer, str) else optimizer(), loss="mse")
    losses = red.fit(X, T, epochs=20, verbose=0).history["loss"]
    assert losses[0] == pytest.approx(RUNS["sigmoid", "mse", 0.0, 6][0], abs=2e-7)
    assert all(later < earlier for earlier, later in pairwise(losses))


@pytest.mark.usefixtures("float64")
def test_c10_momentum_is_the_golden_run():
    red = uno_add("softmax")
    red.set_weights(START)
    red.compile(
        optimizer=keras.optimizers.SGD(learning_rate=0.1, momentum=0.9),
        loss="categorical_crossentropy",
    )
    found = red.fit(X, T, epochs=5, batch_size=20, shuffle=False, verbose=0).history["loss"]
    expected = RUNS["softmax", "categorical_crossentropy", 0.9, 6]
    assert found == pytest.approx(expected, rel=0, abs=1e-11)


# --- regularizers, and C11: dropout ---------------------------------------------------------------

WITH_L2 = [1.272823164490, 1.134713095878, 1.095600475210, 1.075067019808, 1.057863792776]


@pytest.mark.usefixtures("float64")
def test_l2_is_the_golden_run():
    red = Sequential()
    red.add(Input(shape=[4]))
    red.add(Dense(2, activation="tanh", kernel_regularizer=l2(0.01)))
    red.add(Dense(3, activation="softmax", kernel_regularizer=l2(0.01)))
    red.set_weights(START)
    red.compile(optimizer=SGD(learning_rate=0.1), loss="categorical_crossentropy")
    found = red.fit(X, T, epochs=5, batch_size=20, shuffle=False, verbose=0).history["loss"]
    assert found == pytest.approx(WITH_L2, rel=0, abs=1e-11)
    assert found[0] - SOFTMAX[0] == pytest.approx(
        0.01 * sum((w**2).sum() for w in START[::2]), abs=1e-11
    )


def test_regularizers_of_kernels_and_biases():
    red = Sequential()
    red.add(
        Dense(
            32, input_shape=[64], activation="relu",
            kernel_regularizer=l2(0.01), bias_regularizer=l2(0.01),
        )
    )  # fmt: skip
    red.add(Dense(10, kernel_regularizer=l1(0.001), activity_regularizer=l1_l2(l1=0.01, l2=0.01)))
    red.layers[0].bias.assign(np.full(32, 0.5, "float32"))
    w1, b1, w2, _ = red.get_weights()
    x = np.ones((4, 64), "float32")
    y = red(x).numpy()
    expected = [
        0.01 * (np.abs(y).sum() + (y**2).sum()) / 4,  # of a batch of 4
        0.01 * (w1**2).sum(),
        0.01 * (b1**2).sum(),
        0.001 * np.abs(w2).sum(),
    ]
    assert [loss.item() for loss in red.losses] == pytest.approx(expected, rel=1e-5)
    red.compile(optimizer=SGD(learning_rate=0.1), loss="mse")
    found = red.evaluate(x, y, verbose=0)
    assert found == pytest.approx(sum(expected), rel=1e-5)  # the error itself is 0


def test_c11_dropout(table):
    red = Sequential()
    red.add(Dense(6, input_shape=[3], activation="tanh"))
    red.add(Dropout(0.5))
    red.add(Dense(2, activation="sigmoid"))
    rows, totals = table(red)
    assert rows[1:] == [
        ("dense (Dense)", "(None, 6)", "24"),
        ("dropout (Dropout)", "(None, 6)", "0"),
        ("dense_1 (Dense)", "(None, 2)", "14"),
    ]
    assert totals["Total params"] == "38 (152.00 B)"
    x = np.ones((200, 3), "float32")
    assert len(np.unique(red(x, training=True).numpy(), axis=0)) > 10
    assert len(np.unique(red.predict(x), axis=0)) == 1
