"""Plots: what is drawn is what was given, or computed from it; bad input draws nothing."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from tinygrad_es import Sequential, layers, metrics, ops, optimizers, plots
from tinygrad_es.callbacks import History

from .test_metrics import CONFUSION

matplotlib = pytest.importorskip("matplotlib", reason="plots are the extra `plots`")
plt = pytest.importorskip("matplotlib.pyplot", reason="plots are the extra `plots`")

NAN, INF = float("nan"), float("inf")
Y, SCORE = [0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8]
DIGITS = np.arange(2 * 8 * 8).reshape(2, 8, 8)
FLOW = {
    "step": [0, 10, 20, 30],
    "norm": {
        "first": [1e-8, 2e-8, 0.0, NAN],
        "second": [1e-3, None, 2e-3, INF],
        "last": [1.0, 0.5, 2.0, 1.0],
    },
    "zeros": {"first": [0.0, 0.5, 1.0, 0.0], "second": [0.0] * 4, "last": [0.25] * 4},
    "flags": {
        "first": [("vanishing",), ("vanishing",), ("dead",), ("nan",)],
        "second": [(), ("vanishing",), ("vanishing",), ("vanishing", "saturated")],
        "last": [()] * 4,
    },
}


def lines(ax):
    """Label → (x, y) of the lines that a legend would name."""
    found = [line for line in ax.lines if not line.get_label().startswith("_")]
    return {n.get_label(): (n.get_xdata().tolist(), n.get_ydata().tolist()) for n in found}


def texts(ax):
    return [text.get_text() for text in ax.texts]


def legend(ax):
    return [text.get_text() for text in ax.get_legend().get_texts()]


def fitted(epochs=3, **kwargs):
    x = np.linspace(-1, 1, 20, dtype="float32").reshape(-1, 1)
    model = Sequential([layers.Dense(2, "tanh"), layers.Dense(1)])
    model.compile("sgd", "mse", metrics=["mae"])
    return model, model.fit(x, x**2, epochs=epochs, verbose=0, **kwargs)


# --- all of them --------------------------------------------------------------------------------

CALLS = {
    "activation": lambda ax: plots.activation("tanh", ax=ax),
    "activations": lambda ax: plots.activations(["relu"], ax=ax),
    "compare_histories": lambda ax: plots.compare_histories({"a": {"loss": [1.0, 0.5]}}, ax=ax),
    "confusion_matrix": lambda ax: plots.confusion_matrix(CONFUSION, ax=ax),
    "decision_regions": lambda ax: plots.decision_regions(
        lambda p: p[:, 0], np.eye(2), [1, 0], resolution=9, ax=ax
    ),
    "descent": lambda ax: plots.descent(lambda a, b: a + b, [[0, 0], [1, 2]], ax=ax),
    "dropout": lambda ax: plots.dropout([2, 1], ax=ax),
    "fits": lambda ax: plots.fits([0, 1], [0, 1], {"x": lambda x: x}, ax=ax),
    "gradient_flow": lambda ax: plots.gradient_flow(FLOW, ax=ax),
    "history": lambda ax: plots.history({"loss": [1.0, 0.5]}, ax=ax),
    "images": lambda ax: plots.images(DIGITS[:1], ax=ax),
    "nesterov": lambda ax: plots.nesterov(ax=ax),
    "network": lambda ax: plots.network([2, 3, 1], ax=ax),
    "precision_recall_curve": lambda ax: plots.precision_recall_curve(Y, SCORE, ax=ax),
    "roc_curve": lambda ax: plots.roc_curve(Y, SCORE, ax=ax),
    "search": lambda ax: plots.search({"grid": [[0, 0], [1, 1]]}, ax=ax),
    "smoothing": lambda ax: plots.smoothing([0, 1], [1, 1], ax=ax),
}


def test_every_plot_is_in_the_list():
    assert sorted([*CALLS, "trajectory"]) == plots.__all__


@pytest.mark.parametrize("name", CALLS)
def test_new_figures_given_axes_and_settings_left_alone(name, monkeypatch):
    monkeypatch.setattr(plt, "show", lambda *args: pytest.fail("a plot called plt.show"))
    before = dict(matplotlib.rcParams)
    made = np.ravel(CALLS[name](None))
    assert len(plt.get_fignums()) == 1
    given = np.ravel(made[0].figure.__class__().subplots(1, len(made)))
    drawn = np.ravel(CALLS[name](given if len(given) > 1 else given[0]))
    assert drawn.tolist() == given.tolist()
    assert len(plt.get_fignums()) == 1
    for ax in (*made, *drawn):
        ax.figure.canvas.draw()  # warnings are errors
    assert dict(matplotlib.rcParams) == before


@pytest.mark.parametrize("name", CALLS)
def test_what_is_no_axes_is_refused(name):
    with pytest.raises((TypeError, ValueError), match="ax: expected"):
        CALLS[name]([3, 4, 5])
    with pytest.raises((TypeError, ValueError), match=r"ax: expected .*Received: (int|1)\."):
        CALLS[name](3)
    assert plt.get_fignums() == []


def test_matplotlib_is_loaded_by_the_first_plot():
    code = (
        "import sys, tinygrad_es.plots as plots; assert 'matplotlib' not in sys.modules; "
        "plots.history({'loss': [1.0]}); assert 'matplotlib' in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_without_matplotlib(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.pyplot", None)
    with pytest.raises(ImportError, match=r'pip install "tinygrad-es\[plots\]"'):
        plots.activation("relu")


# --- trainings ----------------------------------------------------------------------------------


def test_history_of_a_training():
    _, found = fitted(epochs=4, validation_split=0.25)
    ax = plots.history(found, "mae")
    assert lines(ax) == {
        "training": ([1, 2, 3, 4], found.history["mae"]),
        "validation": ([1, 2, 3, 4], found.history["val_mae"]),
    }
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("epoch", "mae")
    assert legend(ax) == ["training", "validation"]


def test_history_without_validation_has_no_legend():
    ax = plots.history(fitted(epochs=1)[1], labels=("entrenamiento", "validación"))
    assert list(lines(ax)) == ["entrenamiento"]
    assert ax.get_legend() is None
    assert ax.lines[0].get_marker() == "."  # else one epoch would not be seen


def test_history_that_goes_on_at_a_later_epoch():
    _, found = fitted(epochs=5, initial_epoch=3)
    assert lines(plots.history(found))["training"][0] == [4, 5]


@pytest.mark.parametrize(("often", "epochs"), [(2, [2, 4]), ([1, 5], [1, 5])])
def test_history_validated_now_and_then(often, epochs):
    _, found = fitted(epochs=5, validation_split=0.25, validation_freq=often)
    ax = plots.history(found, validation_freq=often)
    assert lines(ax)["validation"] == (epochs, found.history["val_loss"])
    with pytest.raises(ValueError, match=r"expected 5 values of 'val_loss'.*Received: 2; with fit"):
        plots.history(found)


def test_history_that_diverged_has_a_gap():
    assert np.isnan(lines(plots.history({"loss": [1.0, NAN, INF]}))["training"][1][1])


def test_ticks_of_epochs_are_whole():
    ax = plots.history({"loss": [3.0, 2.0]})
    assert all(tick == int(tick) for tick in ax.get_xticks())


def test_compare_histories_over_epochs_and_over_time():
    found = {"online": {"loss": [0.5, 0.2]}, "batches": {"loss": [0.9, 0.8, 0.7]}}
    ax = plots.compare_histories(found)
    assert lines(ax) == {"online": ([1, 2], [0.5, 0.2]), "batches": ([1, 2, 3], [0.9, 0.8, 0.7])}
    assert legend(ax) == ["online", "batches"]
    assert len({(n.get_color(), n.get_linestyle()) for n in ax.lines}) == 2
    ax = plots.compare_histories(found, seconds={"online": 8, "batches": [0.25, 0.5, 0.25]})
    assert lines(ax)["online"] == ([4.0, 8.0], [0.5, 0.2])
    assert lines(ax)["batches"][0] == [0.25, 0.75, 1.0]
    assert ax.get_xlabel() == "seconds"


def test_comparing_what_only_one_has_is_refused_only_when_asked_for():
    found = {"a": {"loss": [1.0, 2.0], "val_loss": [1.0]}, "b": {"loss": [1.0, 2.0]}}
    assert list(lines(plots.compare_histories(found))) == ["a", "b"]
    with pytest.raises(ValueError, match="expected 2 values of 'val_loss'"):
        plots.compare_histories(found, "val_loss")


# --- gradient flow -------------------------------------------------------------------------------


def test_lines_of_a_flow_show_what_a_logarithm_cannot():
    ax = plots.gradient_flow(FLOW)
    assert (ax.get_yscale(), ax.get_xlabel()) == ("log", "step")
    found = lines(ax)
    assert list(found) == ["first: NaN", "second: vanishing", "last"]
    x, y = found["first: NaN"]
    assert x == [0, 10, 20, 30]
    np.testing.assert_array_equal(y, [1e-8, 2e-8, NAN, NAN])
    marks = {n.get_label(): n.get_xdata().tolist() for n in ax.lines if len(n.get_xdata()) < 4}
    assert marks == {"_zeros": [20], "_broken": [30]}
    assert sorted(texts(ax)) == ["0", "NaN or inf"]
    assert ax.get_ylim()[0] < 1e-8 < 2.0 < ax.get_ylim()[1]
    assert legend(ax) == list(found)


def test_bars_of_a_flow_are_those_of_its_latest_record():
    ax = plots.gradient_flow(FLOW, "bars")
    assert [tick.get_text() for tick in ax.get_yticklabels()] == ["first", "second", "last"]
    assert texts(ax) == ["NaN", "inf, vanishing, saturated"]
    (bar,) = ax.patches
    assert bar.get_x() + bar.get_width() == pytest.approx(1.0)
    assert (ax.get_xscale(), ax.yaxis_inverted()) == ("log", True)
    shares = plots.gradient_flow(FLOW, "bars", "zeros")
    assert shares.get_xscale() == "linear"
    assert shares.get_xlim() == (-0.02, 1.02)


def test_heat_map_of_a_flow():
    ax = plots.gradient_flow(FLOW, "heatmap")
    (image,) = ax.images
    shown = image.get_array()
    assert shown.shape == (3, 4)
    assert shown.mask.tolist() == [[0, 0, 1, 1], [0, 1, 0, 1], [0, 0, 0, 0]]
    assert texts(ax) == ["0", "×", "×"]
    assert [tick.get_text() for tick in ax.get_xticklabels()] == ["0", "10", "20", "30"]
    ax.figure.canvas.draw()
    (right,) = ax.child_axes
    assert [t.get_text() for t in right.get_yticklabels()] == ["NaN", "vanishing"]


def test_a_flow_of_a_model_and_of_a_training():
    from tinygrad_es import callbacks, gradient_flow

    watch = callbacks.GradientFlow(every=1)
    model, _ = fitted(epochs=2, callbacks=[watch])
    x = np.linspace(-1, 1, 20, dtype="float32").reshape(-1, 1)
    one = gradient_flow(model, x, x**2)
    names = [layer.name for layer in model.layers]
    for flow, kind in ((one, "bars"), (watch, "lines"), (watch, "heatmap"), (watch, "bars")):
        for value in ("norm", "rms", "mean", "zeros", "update", "arrives", "saturated", "dead"):
            ax = flow.plot(kind, value=value)
            ax.figure.canvas.draw()
            plt.close(ax.figure)
    assert [t.get_text() for t in one.plot().get_yticklabels()] == names
    assert list(lines(watch.plot())) == names
    assert lines(watch.plot())[names[0]][1] == watch.history["norm"][names[0]]


def test_flows_that_are_none():
    for wrong in (None, 3, {"loss": [1.0]}):
        with pytest.raises(TypeError, match="gradient_flow: expected what"):
            plots.gradient_flow(wrong)
    empty = {"step": [], "norm": {}, "flags": {}}
    with pytest.raises(ValueError, match="at least one record"):
        plots.gradient_flow(empty)
    with pytest.raises(ValueError, match=r"value: expected one of .*Received: 'size'"):
        plots.gradient_flow(FLOW, value="size")
    with pytest.raises(ValueError, match=r"kind: expected one of .*Received: 'pie'"):
        plots.gradient_flow(FLOW, "pie")
    assert plt.get_fignums() == []


# --- activations --------------------------------------------------------------------------------

# values and derivatives of §2.3, from torch in float64, at these x
AT = [-3.0, -1.0, -0.5, 0.0, 0.5, 2.0]
SLOPES = {
    "sigmoid": [0.04517665973, 0.1966119332, 0.2350037122, 0.25, 0.2350037122, 0.1049935854],
    "tanh": [0.009866037165, 0.4199743416, 0.786447733, 1.0, 0.786447733, 0.07065082485],
    "relu": [0.0, 0.0, 0.0, 0.0, 1.0, 1.0],
    "softplus": [0.04742587318, 0.2689414214, 0.3775406688, 0.5, 0.6224593312, 0.880797078],
    "elu": [0.04978706837, 0.3678794412, 0.6065306597, 1.0, 1.0, 1.0],
    "selu": [0.08753061208, 0.646768603, 1.066341153, 1.758099341, 1.050700987, 1.050700987],
}


@pytest.mark.parametrize("name", SLOPES)
def test_activation_and_its_derivative(name):
    found = lines(plots.activation(name))
    assert list(found) == [name, f"{name}′"]
    (x, y), (x_of_slope, slope) = found.values()
    assert x == x_of_slope
    assert (x[0], x[-1]) == (-5.0, 5.0)
    where = [int(np.argmin(np.abs(np.array(x) - at))) for at in AT]
    np.testing.assert_allclose(np.array(slope)[where], SLOPES[name], rtol=1e-8)
    middle = {"sigmoid": 0.5, "softplus": np.log(2.0)}.get(name, 0.0)
    assert y[where[3]] == pytest.approx(middle)


def test_activation_of_a_function_of_ones_own():
    found = lines(plots.activation(lambda x: np.sin(x) * x, limits=(0.0, 1.0)))
    (x, y), (_, slope) = (np.array(pair) for pair in found.values())
    np.testing.assert_allclose(y, x * np.sin(x))
    np.testing.assert_allclose(slope, np.sin(x) + x * np.cos(x), atol=1e-12)
    assert list(found) == ["f", "f′"]
    assert list(lines(plots.activation("step", derivative=False))) == ["step"]


def test_activations_has_a_panel_each():
    found = plots.activations(["sigmoid", "tanh", "relu", np.tanh], limits=(-1.0, 1.0))
    assert [ax.get_title() for ax in found] == ["sigmoid", "tanh", "relu", "tanh"]
    assert len(found[0].figure.axes) == 4
    assert lines(found[1])["tanh"] == lines(found[3])["tanh"]


# --- classes ------------------------------------------------------------------------------------


def test_confusion_matrix_of_the_slide():
    ax = plots.confusion_matrix(CONFUSION)
    assert texts(ax) == [str(n) for n in CONFUSION.ravel()]
    shown = ax.images[0].get_array()
    np.testing.assert_allclose(shown.sum(axis=1), 1.0)
    assert shown[8, 0] == 17 / 380
    assert {text.get_color() for text in ax.texts} == {"white", "black", "#767676"}


def test_confusion_matrix_as_shares_with_names():
    ax = plots.confusion_matrix([[3, 1], [0, 0]], names=["cat", "dog"], shares=True)
    assert texts(ax) == ["0.75", "0.25", "0.00", "0.00"]  # the row without samples is no 0/0
    assert [t.get_text() for t in ax.get_xticklabels()] == ["cat", "dog"]
    assert [t.get_text() for t in ax.get_yticklabels()] == ["cat", "dog"]
    assert texts(plots.confusion_matrix([[1234567]])) == ["1234567"]


def test_roc_curve_of_the_slide():
    ax = plots.roc_curve(Y, SCORE)
    assert lines(ax) == {"AUC = 0.75": ([0, 0, 0.5, 0.5, 1], [0, 0.5, 0.5, 1, 1])}
    plots.roc_curve([-1, -1, 1, 1], [1, 2, 3, 4], label="perfect", ax=ax)
    plots.roc_curve(np.array(Y, bool), np.zeros(4, "float32"), label="equal", ax=ax)
    found = lines(ax)
    assert found["perfect: AUC = 1.00"] == ([0, 0, 0, 0.5, 1], [0, 0.5, 1, 1, 1])
    assert found["equal: AUC = 0.50"] == ([0, 1], [0, 1])
    assert legend(ax) == list(found)
    assert len(ax.lines) == 4  # the diagonal once
    styles = {line.get_linestyle() for line in ax.lines[-3:]}
    assert len(styles) == 2 + 1


def test_precision_recall_curve_of_the_slide():
    ax = plots.precision_recall_curve(Y, SCORE)
    recall, precision = lines(ax)["AP = 0.83"]
    assert recall == [0, 0.5, 0.5, 1, 1]
    np.testing.assert_allclose(precision, [1, 1, 0.5, 2 / 3, 0.5])
    curve = next(line for line in ax.lines if line.get_label() == "AP = 0.83")
    x, y = curve.get_path().vertices.T
    assert curve.get_drawstyle() == "steps-pre"
    assert (x[-1], y[-1]) == (1.0, 0.5)
    assert list(ax.lines[0].get_ydata()) == [0.5, 0.5]  # the share of positives
    plots.precision_recall_curve([0, 1], [0, 1], label="other", ax=ax)
    assert legend(ax) == ["AP = 0.83", "other: AP = 1.00"]
    assert len(ax.lines) == 3


def test_decision_regions_of_a_line():
    x, y = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [1.0, 1.0]]), [0, 0, 1, 1]
    ax = plots.decision_regions(lambda p: p[:, 1:], x, y, names=["low", "high"], resolution=51)
    (image,) = ax.images
    shown = np.asarray(image.get_array())
    assert shown.shape == (51, 51)
    assert (shown[:25] == 0).all()
    assert (shown[26:] == 1).all()
    assert image.origin == "lower"
    assert image.get_extent() == pytest.approx([-0.08, 1.08, -0.08, 1.08])
    assert legend(ax) == ["low", "high"]
    np.testing.assert_array_equal(ax.collections[1].get_offsets(), x[2:])
    markers = [c.get_paths()[0].vertices.shape for c in ax.collections]
    assert markers[0] != markers[1]


@pytest.mark.parametrize(
    ("answer", "y", "threshold", "expected"),
    [
        (lambda p: np.stack([-p[:, 0], p[:, 0]], 1), [0, 1], 0.5, ["0", "1"]),  # columns
        (lambda p: np.stack([-p[:, 0], p[:, 0]], 1), np.eye(2), 0.5, ["0", "1"]),  # one-hot labels
        (lambda p: np.tanh(p[:, :1]), [-1, 1], 0.0, ["-1", "1"]),  # one column, signs
        (lambda p: np.where(p[:, 0] > 0, 7, 3), [3, 7], 0.5, ["3", "7"]),  # labels themselves
        (lambda p: p[:, 0] > 0, [0, 1], 0.5, ["0", "1"]),  # truth
    ],
)
def test_decision_regions_of_every_kind_of_answer(answer, y, threshold, expected):
    x = np.array([[-1, 0], [1, 1]], "float32")
    ax = plots.decision_regions(answer, x, y, threshold=threshold, resolution=11)
    assert legend(ax) == expected
    shown = np.asarray(ax.images[0].get_array())
    assert (shown[:, :5] == 0).all()
    assert (shown[:, 6:] == 1).all()


def test_decision_regions_of_a_model():
    model = Sequential([layers.Input(shape=(2,)), layers.Dense(3, "softmax")])
    x = ops.randn(30, 2).numpy()
    y = model.predict(x, verbose=0).argmax(axis=1)
    ax = plots.decision_regions(model, x, y, resolution=40)
    (left, right, bottom, top), shown = ax.images[0].get_extent(), ax.images[0].get_array()
    a, b = np.linspace(left, right, 40), np.linspace(bottom, top, 40)
    corner = model.predict(np.array([[a[3], b[30]]], "float32"), verbose=0)
    assert shown[30, 3] == corner.argmax()
    assert sum(len(c.get_offsets()) for c in ax.collections) == 30


# --- pictures -----------------------------------------------------------------------------------


def test_images_are_the_pixels_on_one_scale():
    found = plots.images(DIGITS, columns=1)
    assert [ax.images[0].get_array().tolist() for ax in found] == DIGITS.tolist()
    assert {ax.images[0].get_clim() for ax in found} == {(0, 127)}
    assert [ax.get_xlabel() for ax in found] == ["", ""]
    assert found[0].get_gridspec().get_geometry() == (2, 1)


def test_images_in_rows():
    found = plots.images(np.zeros((7, 28, 28), "uint8"), columns=3)
    assert len(found) == len(found[0].figure.axes) == 7
    assert found[0].get_gridspec().get_geometry() == (3, 3)


@pytest.mark.parametrize("dtype", ["uint8", "float32"])
def test_images_in_colour(dtype):
    x = np.zeros((1, 32, 32, 3), dtype)
    x[..., 0] = 255 if dtype == "uint8" else 1.0
    (ax,) = plots.images(x)
    np.testing.assert_array_equal(ax.images[0].get_array(), x[0])
    (grey,) = plots.images(x[..., :1])
    assert grey.images[0].get_array().shape == (32, 32)


def test_images_tell_mistakes():
    found = plots.images(DIGITS, [[0], [1]], [[0.9, 0.1], [0.8, 0.2]], names=["cat", "dog"])
    assert [ax.get_xlabel() for ax in found] == ["cat", "dog → cat"]
    colours = [ax.xaxis.label.get_color() for ax in found]
    assert colours[0] == "black" != colours[1]
    assert [ax.get_xlabel() for ax in plots.images(DIGITS, predictions=[4, 5])] == ["4", "5"]


# --- descents and averages ----------------------------------------------------------------------


def bowl(a, b):
    return 0.5 * (a**2 + 10.0 * b**2)


def test_trajectory_and_its_descent():
    """The numbers of §2.9: SGD(.05, .9) on ½(w₁² + 10·w₂²) from (1, 1)."""
    path = plots.trajectory(bowl, optimizers.SGD(0.05, momentum=0.9), (1.0, 1.0), steps=10)
    expected = [[1, 1], [0.95, 0.5], [0.8575, -0.2], [0.731375, -0.73]]
    np.testing.assert_allclose(path[:4], expected)
    np.testing.assert_allclose(path[10], [-0.310922910669629, 0.0877247680000001])
    plain = plots.trajectory(bowl, optimizers.SGD(0.05), (1, 1), steps=0)
    assert plain.tolist() == [[1.0, 1.0]]
    ax = plots.descent(bowl, {"momentum": path, "start": plain})
    assert np.array(lines(ax)["momentum"]).T.tolist() == path.tolist()
    assert legend(ax) == ["momentum", "start"]
    low, high = ax.get_xlim()
    assert low < path[:, 0].min() < path[:, 0].max() < high


def test_levels_of_a_bowl_are_evenly_spaced():
    ax = plots.descent(lambda a, b: a**2 + b**2, [[-1, -1], [1, 1]], limits=((-2, 2), (-1, 1)))
    (contours,) = ax.collections
    gaps = np.diff(np.sqrt(contours.levels))
    np.testing.assert_allclose(gaps, gaps[-1], atol=0.02)
    assert (*ax.get_xlim(), *ax.get_ylim()) == (-2, 2, -1, 1)
    ax = plots.descent(lambda a, b: a + b, [[0, 0], [1, 1]], levels=[0.5, 1.0])
    assert ax.collections[0].levels.tolist() == [0.5, 1.0]
    assert ax.get_legend() is None


def test_smoothing_with_the_numbers_of_the_lesson():
    t = np.linspace(0, 1, 1000) * 10
    found = lines(plots.smoothing(t, np.sin(t), corrected=True))
    for beta, second, last in [
        ("0.9", 0.0010009842843179183, -0.46448692079969006),
        ("0.98", 0.00020019685686358386, -0.10743324202161546),
    ]:
        v = found[f"β = {beta}"][1]
        assert (v[1], v[-1]) == (pytest.approx(second), pytest.approx(last))
        right = found[f"β = {beta}, v/(1−βᵗ)"][1]
        assert right[1] == pytest.approx(second / (1 - float(beta) ** 2))
        assert right[-1] == pytest.approx(last, rel=1e-6)
    noisy = np.random.RandomState(0).normal(scale=0.3, size=1000) + np.sin(t)
    ax = plots.smoothing(t[:, None], noisy[:, None], [0.9])
    assert lines(ax)["β = 0.9"][1][9] == pytest.approx(0.15079367792714735)
    assert ax.lines[0].get_ydata().tolist() == noisy.tolist()
    assert lines(plots.smoothing([1, 2], [3.0, 5.0], [0.0])) == {"β = 0": ([1, 2], [3.0, 5.0])}


def test_nesterov_takes_the_gradient_ahead():
    """f = a² + b²: the gradient is 2·(a, b), so each arrow is known."""
    found = plots.nesterov(
        lambda a, b: a**2 + b**2, (1.0, 2.0), (1.0, -1.0), momentum=0.5, learning_rate=0.1,
        labels=("inercia", "gradiente", "paso"), titles=("clásico", "Nésterov"),
    )  # fmt: skip
    ahead, here = np.array([1.5, 1.5]), np.array([1.0, 2.0])
    for ax, at in zip(found, (here, ahead), strict=True):
        step = -0.1 * 2.0 * at
        ends = [(np.array(text.xyann), np.array(text.xy)) for text in ax.texts]
        expected = [(here, ahead), (at, at + step), (here, ahead + step)]
        np.testing.assert_allclose(ends, expected)
        assert legend(ax) == ["inercia", "gradiente", "paso"]
    assert [ax.get_title() for ax in found] == ["clásico", "Nésterov"]


# --- fits and searches --------------------------------------------------------------------------


def test_fits_on_training_and_test_points():
    x, y = np.array([0.0, 1.0, 2.0]), np.array([0.0, 1.0, 4.0])
    found = plots.fits(
        x, y, {"mean": lambda x: 0 * x + 2.0, "square": lambda x: x**2}, test=([3.0], [8.0])
    )
    assert [ax.get_title() for ax in found] == [
        "mean\nMSE 3, test 36",
        "square\nMSE 0, test 1",
    ]
    points, other, curve = found[1].lines
    assert points.get_xydata().tolist() == [[0, 0], [1, 1], [2, 4]]
    assert other.get_xydata().tolist() == [[3, 8]]
    assert curve.get_xdata()[[0, -1]].tolist() == [0.0, 3.0]
    np.testing.assert_allclose(curve.get_ydata(), curve.get_xdata() ** 2)
    assert found[0].get_ylim() == found[1].get_ylim()


def test_fits_of_a_model():
    model, _ = fitted()
    x = np.array([[0.0], [0.5], [1.0]], "float32")
    (ax,) = plots.fits(x, x**2, {"net": model})
    curve = ax.lines[-1]
    expected = model.predict(curve.get_xdata()[:, None], verbose=0)[:, 0]
    np.testing.assert_array_equal(curve.get_ydata(), expected)


def test_search_counts_the_values_tried():
    grid = [(a, b) for a in (1, 2, 3) for b in (4, 5, 6)]
    drawn = np.random.default_rng(0).uniform(1, 6, (9, 2))
    found = plots.search({"grid": grid, "random": drawn}, score=lambda a, b: a)
    assert [ax.get_title().split("\n")[1] for ax in found] == ["3 × 3 values", "9 × 9 values"]
    points, down, left = found[0].collections
    assert points.get_offsets().tolist() == [list(map(float, p)) for p in grid]
    assert [segment[0][0] for segment in down.get_segments()] == [1, 2, 3]
    assert [segment[0][1] for segment in left.get_segments()] == [4, 5, 6]
    shown = found[1].images[0].get_array()
    assert (np.diff(shown, axis=1) > 0).all()
    assert found[0].get_xlim() == found[1].get_xlim()
    assert list(plots.search({"grid": grid})[0].images) == []


# --- networks -----------------------------------------------------------------------------------


def segments(ax):
    return [
        s.tolist() for c in ax.collections if hasattr(c, "get_segments") for s in c.get_segments()
    ]


def circles(ax, gid):
    return sum(len(c.get_offsets()) for c in ax.collections if c.get_gid() == gid)


def test_network_of_sizes():
    ax = plots.network([2, 3, 1], inputs=["a", "b"])
    assert len(segments(ax)) == 2 * 3 + 3 * 1
    assert circles(ax, "units") == 6
    assert sorted(texts(ax)) == ["a", "b", "y₁"]
    assert [[0, 0.5], [1, 1.0]] in segments(ax)


def test_network_of_a_model_shows_its_weights():
    model = Sequential([
        layers.Input(shape=(2,)), layers.Dense(2, "tanh"), layers.Dropout(0.5), layers.Dense(1),
    ])  # fmt: skip
    model.set_weights([np.array([[1.0, -2.0], [0.5, 4.0]]), np.array([0.1, -0.2]),
                       np.array([[3.0], [-1.25]]), np.array([0.7])])  # fmt: skip
    ax = plots.network(model)
    shown = ["1", "−2", "0.5", "4", "3", "−1.2", "0.1", "−0.2", "0.7", "x₁", "x₂", "y₁"]
    assert sorted(texts(ax)) == sorted(shown)
    first, second = (c for c in ax.collections if hasattr(c, "get_segments"))
    assert first.get_linewidths() == pytest.approx([1.2, 1.8, 0.9, 3.0])
    blue, red = first.get_colors()[:2].tolist()
    assert blue != red
    assert first.get_colors().tolist() == [blue, red, blue, blue]
    assert second.get_colors().tolist() == [blue, red]
    assert first.get_linestyles()[0] != first.get_linestyles()[1]
    for text in ax.texts:  # each number lies on its connection
        if text.get_text() == "−2":
            x, y = text.get_position()
            assert (x, y) == pytest.approx((1 / 3, 0.5 - 1 / 3))
    assert "1" not in texts(plots.network(model, numbers=False))


def test_network_without_biases_and_with_zero_weights():
    model = Sequential([layers.Input(shape=(2,)), layers.Dense(1, use_bias=False)])
    model.set_weights([np.zeros((2, 1))])
    assert sorted(texts(plots.network(model))) == ["0", "0", "x₁", "x₂", "y₁"]


def test_large_layers_are_cut():
    ax = plots.network([100, 3], most=6)
    assert len(segments(ax)) == 6 * 3
    assert [t for t in texts(ax) if t.startswith("x")] == ["x₁", "x₂", "x₃", "x₁₀₀", "x₉₉", "x₉₈"]
    assert {"⋮", "(100)"} <= set(texts(ax))
    assert "(3)" not in texts(ax)


def test_dropped_units_have_no_connections():
    ax = plots.network([2, 3, 1], dropped=[[1], [0, 2], []])
    assert segments(ax) == [[[0, 0.5], [1, 0.0]], [[1, 0.0], [2, 0.0]]]
    assert (circles(ax, "units"), circles(ax, "off")) == (3, 3)
    crosses = [line.get_xydata()[0].tolist() for line in ax.lines if line.get_gid() == "cross"]
    assert crosses == [[0, -0.5], [1, 1.0], [1, -1.0]]


def test_dropout_before_and_after():
    before, after = plots.dropout([20, 30, 4], rate=0.3, seed=5)
    assert circles(before, "off") == 0
    rng = np.random.default_rng(5)
    off = [set(np.flatnonzero(rng.random(n) < 0.3)) for n in (20, 30)]
    shown = [{0, 1, 2, 3, 4, 15, 16, 17, 18, 19}, {0, 1, 2, 3, 4, 25, 26, 27, 28, 29}]
    left = [len(a - b) for a, b in zip(shown, off, strict=True)]
    assert circles(after, "off") == 20 - sum(left)
    assert len(segments(after)) == left[0] * left[1] + left[1] * 4
    assert circles(plots.dropout([3, 3, 2], rate=1.0)[1], "units") == 2
    assert circles(plots.dropout([3, 3, 2], rate=0.0)[1], "off") == 0
    _, kept = plots.dropout([3, 3, 2], rate=1.0, inputs=False)
    assert (circles(kept, "units"), circles(kept, "off")) == (5, 3)


# --- bad input ----------------------------------------------------------------------------------

ROUND, X = (lambda a, b: a + b), np.eye(2)
unbuilt = Sequential([layers.Dense(1)])
convolution = Sequential([layers.Input(shape=(8, 8, 1)), layers.Conv2D(2, 3), layers.Flatten(),
                          layers.Dense(1)])  # fmt: skip

BAD = {
    "metric": (lambda: plots.history({"loss": [1], "val_loss": [1]}, "acc"), ValueError,
               r"expected one of \['loss'\]\. Received: 'acc'"),
    "empty dict": (lambda: plots.history({}), ValueError, "at least one epoch"),
    "empty history": (lambda: plots.history(History()), ValueError, "at least one epoch"),
    "a list": (lambda: plots.history([1.0]), TypeError, "what `fit` returns.*Received: list"),
    "no dict": (lambda: plots.compare_histories([1]), TypeError, "label → history.*list"),
    "no histories": (lambda: plots.compare_histories({}), TypeError, "empty"),
    "metric of one": (lambda: plots.compare_histories({"a": {"loss": [1]}}, "mae"), ValueError,
                      r"a: expected one of \['loss'\]"),
    "all classes at once": (lambda: plots.roc_curve([0, 1, 2], np.eye(3)), ValueError,
                            r"for class k of several, y_true == k and y_score\[:, k\]"),
    "all scores at once": (lambda: plots.roc_curve([0, 1, 1], np.ones((3, 2))), ValueError,
                           r"1 axis that .*\(3, 2\); of one column, x\[:, k\]"),
    "no seconds": (lambda: plots.compare_histories({"a": {"loss": [1]}}, seconds={"b": 1}),
                   ValueError, "expected 'a'"),
    "seconds=True": (lambda: plots.compare_histories({"a": {"loss": [1]}}, seconds=True),
                     TypeError, "expected a dict, label → how long.*bool True"),
    "seconds": (lambda: plots.compare_histories({"a": {"loss": [1]}}, seconds={"a": [1, 2]}),
                ValueError, "expected one number, or 1"),
    "negative": (lambda: plots.compare_histories({"a": {"loss": [1]}}, seconds={"a": -1.0}),
                 ValueError, "none negative"),
    "name": (lambda: plots.activation("rellu"), ValueError, "Did you mean 'relu'"),
    "softmax": (lambda: plots.activation("softmax"), ValueError, "softmax: expected a function of"),
    "glu": (lambda: plots.activation("glu"), ValueError, "501|glu"),
    "limits": (lambda: plots.activation("relu", limits=(1, 1)), ValueError, "the first smaller"),
    "one name": (lambda: plots.activations("relu"), ValueError, "expected a list"),
    "a bad one": (lambda: plots.activations(["relu", "softmax"]), ValueError, "softmax"),
    "not square": (lambda: plots.confusion_matrix(np.ones((2, 3))), ValueError, r"\(2, 3\)"),
    "labels": (lambda: plots.confusion_matrix([0, 1, 1]), ValueError, "2 axes"),
    "counts": (lambda: plots.confusion_matrix([[1, -1], [0, 1]]), ValueError, "none negative"),
    "nan counts": (lambda: plots.confusion_matrix([[1, NAN], [0, 1]]), ValueError, "1 NaN"),
    "names": (lambda: plots.confusion_matrix(X, names=["a"]), ValueError, "names: expected 2"),
    "lengths": (lambda: plots.roc_curve([0, 1], [0.1]), ValueError, "2 labels, 1 scores"),
    "one class": (lambda: plots.roc_curve([1, 1], [0, 1]), ValueError, "both of them"),
    "classes": (lambda: plots.precision_recall_curve([0, 1, 2], [0, 1, 2]), ValueError,
                "y_true == k"),
    "scores": (lambda: plots.roc_curve([0, 1], [0.1, NAN]), ValueError, "y_score.*1 NaN"),
    "columns": (lambda: plots.roc_curve([0, 1], X), ValueError, "1 axis that"),
    "fractions": (lambda: plots.roc_curve([0, 0.5], [0, 1]), ValueError, "whole numbers"),
    "words": (lambda: plots.roc_curve(["a", "b"], [0, 1]), ValueError, "expected numbers"),
    "no model": (lambda: plots.decision_regions(3, X, [0, 1]), TypeError, "`predict`.*int"),
    "three inputs": (lambda: plots.decision_regions(len, np.eye(3), [0, 1, 1]), ValueError,
                     r"two coordinates.*\(3, 3\)"),
    "points": (lambda: plots.decision_regions(len, X, [0]), ValueError, "2 points, but 1"),
    "answer": (lambda: plots.decision_regions(lambda p: p[:3, 0], X, [0, 1]), ValueError,
               "an answer for each"),
    "nan answer": (lambda: plots.decision_regions(lambda p: p[:, 0] * NAN, X, [0, 1]), ValueError,
                   "the model's answers.*NaN"),
    "label": (lambda: plots.decision_regions(lambda p: p, X, [0, 2]), ValueError,
              r"y: expected classes of \[0, 1\]. Received: 2"),
    "flat": (lambda: plots.images(np.ones((2, 64))), ValueError, "reshape"),
    "no pictures": (lambda: plots.images(np.ones((0, 8, 8))), ValueError, "images: expected"),
    "channels": (lambda: plots.images(np.ones((2, 8, 8, 2))), ValueError, r"\(2, 8, 8, 2\)"),
    "too many": (lambda: plots.images(np.ones((401, 2, 2))), ValueError, "401; show"),
    "range": (lambda: plots.images(np.full((1, 2, 2, 3), 255.0)), ValueError, "0..1 as fractions"),
    "nan picture": (lambda: plots.images(np.full((1, 2, 2), NAN)), ValueError, "4 NaN"),
    "captions": (lambda: plots.images(DIGITS, [1]), ValueError, "labels: expected 2"),
    "out of range": (lambda: plots.images(DIGITS, [0, 2], names=["a", "b"]), ValueError,
                     "from 0 to 1. Received: 2"),
    "path": (lambda: plots.descent(ROUND, [1.0, 2.0]), ValueError, "path ''.*2 axes"),
    "diverged": (lambda: plots.descent(ROUND, {"a": [[1, 2], [INF, NAN]]}), ValueError,
                 "path 'a'.*2 NaN"),
    "no paths": (lambda: plots.descent(ROUND, {}), ValueError, "at least one"),
    "no surface": (lambda: plots.descent(lambda a, b: 1.0, X), ValueError, r"shape \(\)"),
    "holes": (lambda: plots.descent(lambda a, b: a / np.where(a > 0, 1, NAN), [[-1, 0], [1, 1]]),
              ValueError, "function's values.*NaN"),
    "beta": (lambda: plots.smoothing([1], [1], [1.0]), ValueError, "0 ≤ β < 1"),
    "t": (lambda: plots.smoothing([1, 2], [1]), ValueError, "2 places t, but 1"),
    "nan signal": (lambda: plots.smoothing([1, 2], [1, NAN]), ValueError, "x: .*1 NaN"),
    "coordinates": (lambda: plots.nesterov(point=(1, 2, 3), velocity=(1, 2, 3)), ValueError, "two"),
    "fits": (lambda: plots.fits([1, 2], [1, 2], [len]), TypeError, "title → model"),
    "y": (lambda: plots.fits([1, 2], [1], {"a": abs}), ValueError, "2 and 1"),
    "curve": (lambda: plots.fits([1, 2], [1, 2], {"a": lambda x: x[:1]}), ValueError, "'a'"),
    "nan curve": (lambda: plots.fits([1, 2], [1, 2], {"a": lambda x: x * NAN}), ValueError,
                  "'a'.*NaN"),
    "trials": (lambda: plots.search([[1, 2]]), TypeError, "title → points"),
    "one number": (lambda: plots.search({"a": [[1], [2]]}), ValueError, "two coordinates"),
    "no trials": (lambda: plots.search({}), TypeError, "title → points"),
    "one layer": (lambda: plots.network([3]), ValueError, r"two or more layers.*\[3\]"),
    "size": (lambda: plots.network([3, 0]), ValueError, "numbers of units"),
    "matrix": (lambda: plots.network([2, 1], [np.ones((1, 2))]), ValueError,
               r"weights: expected shape \(2, 1\)"),
    "matrices": (lambda: plots.network([2, 1], [X, X]), ValueError, "expected 1 arrays"),
    "nan weight": (lambda: plots.network([1, 1], [[[NAN]]]), ValueError, "weights.*NaN"),
    "bias": (lambda: plots.network([2, 1], biases=[[1, 2]]), ValueError, r"biases: .*\(1,\)"),
    "unit names": (lambda: plots.network([2, 1], inputs=["a"]), ValueError, "inputs: expected 2"),
    "dropped": (lambda: plots.network([2, 1], dropped=[[2], []]), ValueError, r"units of 0..1"),
    "dropped lists": (lambda: plots.network([2, 1], dropped=[[1]]), ValueError, "expected 2 lists"),
    "unbuilt": (lambda: plots.network(unbuilt), ValueError, "no weights yet"),
    "convolution": (lambda: plots.network(convolution), ValueError, "Dense layers.*Conv2D"),
    "weights twice": (lambda: plots.network(convolution, [X]), ValueError, "of its own"),
    "rate": (lambda: plots.dropout([2, 1], 1.5), ValueError, "from 0 to 1. Received: 1.5"),
    "drop sizes": (lambda: plots.dropout([2]), ValueError, "two or more"),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD)
def test_bad_input_says_what_was_expected_and_draws_nothing(case):
    call, error, words = BAD[case]
    with pytest.raises(error, match=words):
        call()
    assert plt.get_fignums() == []


def test_what_metrics_count_is_what_is_drawn():
    t, p = [0, 1, 2, 2, 1], [0, 2, 2, 2, 1]
    ax = plots.confusion_matrix(metrics.confusion_matrix(t, p))
    assert texts(ax) == ["1", "0", "0", "0", "1", "1", "0", "0", "2"]
