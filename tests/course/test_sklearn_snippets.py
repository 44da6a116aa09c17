"""C5 and C12: one-hot labels, scores and the ROC curve, with scikit-learn's functions."""

import numpy as np
import pytest

from tinygrad_es.datasets import optdigits, synthetic
from tinygrad_es.layers import Dense
from tinygrad_es.models import Sequential
from tinygrad_es.optimizers import SGD, Adam

pytestmark = pytest.mark.peers
preprocessing = pytest.importorskip("sklearn.preprocessing", reason="compares with scikit-learn")
metrics = pytest.importorskip("sklearn.metrics", reason="compares with scikit-learn")
LabelBinarizer = preprocessing.LabelBinarizer


def red_de_iris():
    red = Sequential()
    red.add(Dense(2, input_shape=[4], activation="tanh"))
    red.add(Dense(3, activation="sigmoid"))
    red.compile(optimizer=SGD(learning_rate=0.1), loss="mse", metrics=["accuracy"])
    return red


def test_c5_from_names_to_names(flowers):
    X, nombres = flowers
    Y_binarizer = LabelBinarizer()
    T = Y_binarizer.fit_transform(nombres)
    assert T.shape == (150, 3)
    assert list(Y_binarizer.classes_) == ["Iris-setosa", "Iris-versicolor", "Iris-virginica"]

    model = red_de_iris()
    H = model.fit(X, T, epochs=100, batch_size=20, verbose=0)
    assert H.params["steps"] == 8

    Y = model.predict(X)
    assert Y.shape == (150, 3)
    assert not np.allclose(Y.sum(axis=1), 1.0)  # sigmoid outputs
    Y_str = Y_binarizer.inverse_transform(Y)
    score = model.evaluate(X, T)
    print("Error :", score[0])
    print("Accuracy :", score[1])
    assert score[1] == pytest.approx(metrics.accuracy_score(nombres, Y_str))
    assert score[0] == pytest.approx(((Y - T) ** 2).mean(), rel=1e-5)
    assert score[1] > 0.6
    assert score[0] < H.history["loss"][0]

    W1, b1 = model.layers[0].get_weights()
    W2, b2 = model.layers[1].get_weights()
    assert [w.shape for w in (W1, b1, W2, b2)] == [(4, 2), (2,), (2, 3), (3,)]
    by_hand = 1 / (1 + np.exp(-(np.tanh(X @ W1 + b1) @ W2 + b2)))
    np.testing.assert_allclose(Y, by_hand, rtol=1e-5)


def test_c5_confusion_matrix():
    (X, y), (X_test, y_test) = optdigits.load_data()
    model = Sequential([Dense(30, input_shape=[64], activation="tanh"), Dense(10, "softmax")])
    model.compile(
        optimizer=Adam(learning_rate=0.01), loss="categorical_crossentropy", metrics=["accuracy"]
    )
    binarizer = LabelBinarizer()
    model.fit(
        X.reshape(-1, 64) / 16, binarizer.fit_transform(y), epochs=20, batch_size=150, verbose=0
    )
    Y = model.predict(X_test.reshape(-1, 64) / 16)
    _, accuracy = model.evaluate(
        X_test.reshape(-1, 64) / 16, binarizer.transform(y_test), verbose=0
    )
    Y_str = binarizer.inverse_transform(Y)
    matrix = metrics.confusion_matrix(y_test, Y_str)
    assert matrix.shape == (10, 10)
    assert np.trace(matrix) / matrix.sum() == pytest.approx(accuracy)
    assert accuracy == pytest.approx(metrics.accuracy_score(y_test, Y_str))
    assert accuracy > 0.94
    report = metrics.classification_report(y_test, Y_str)
    assert "macro avg" in report


def test_c5_two_classes_are_one_column():
    x, labels = synthetic.moons(100)
    binarizer = LabelBinarizer()
    T = binarizer.fit_transform(np.array(["mina", "roca"])[labels])
    assert T.shape == (100, 1)
    model = Sequential([Dense(4, input_shape=[2], activation="tanh"), Dense(1, "sigmoid")])
    model.compile(optimizer=Adam(0.05), loss="binary_crossentropy", metrics=["accuracy"])
    model.fit(x, T, epochs=60, verbose=0)
    predicted = binarizer.inverse_transform(model.predict(x, verbose=0))
    share = (predicted == np.array(["mina", "roca"])[labels]).mean()
    assert share == pytest.approx(model.evaluate(x, T, verbose=0)[1])


def test_c12_roc():
    plt = pytest.importorskip("matplotlib.pyplot", reason="plots are the extra `plots`")
    x, y = synthetic.moons(300, noise=0.3)
    model = Sequential([Dense(8, input_shape=[2], activation="tanh"), Dense(1, "sigmoid")])
    model.compile(optimizer=Adam(0.02), loss="binary_crossentropy", metrics=["AUC"])
    model.fit(x, y, epochs=30, verbose=0)

    y_score = model.predict(x)
    fpr, tpr, threshold = metrics.roc_curve(y, y_score)
    roc_auc = metrics.auc(fpr, tpr)
    plt.title("Receiver Operating Characteristic")
    plt.plot(fpr, tpr, "b", label="AUC = %0.2f" % roc_auc)  # noqa: UP031 - as the course types it
    plt.legend(loc="lower right")
    plt.plot([0, 1], [0, 1], "r--")

    assert (fpr[0], tpr[0], threshold[0]) == (0.0, 0.0, np.inf)
    assert roc_auc > 0.85
    text = plt.gca().get_legend().get_texts()[0].get_text()
    assert text == f"AUC = {roc_auc:.2f}"
    ours = model.evaluate(x, y, verbose=0)[1]
    assert ours == pytest.approx(roc_auc, abs=0.005)  # 200 thresholds, as Keras
