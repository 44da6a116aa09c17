"""Bad input: the documented error, what was received, what was expected; nothing half-changed."""

from __future__ import annotations

import numpy as np
import pytest

import tinygrad_es as tg
from tinygrad_es import (
    AnomalyError,
    GradientError,
    Sequential,
    ShapeError,
    Tensor,
    grad,
    jacobian,
    jvp,
    layers,
    losses,
    ops,
    optimizers,
    vjp,
)


def leaf(value):
    return Tensor(value, requires_grad=True)


def compiled(**kwargs):
    model = Sequential([layers.Input(shape=(2,)), layers.Dense(3)])
    model.compile(**({"optimizer": "sgd", "loss": "mse"} | kwargs))
    return model


def modified():
    w = leaf(np.ones(2))
    y = (w * w).sum()
    w.data = np.zeros(2)
    y.backward()


def in_place_on_leaf():
    w = leaf(np.ones(2))
    w += 1.0


def anomaly():
    with np.errstate(all="ignore"), tg.detect_anomaly():
        ops.log(leaf(np.array([-1.0])))


A, B = np.ones((2, 3)), np.ones((4, 3))

CASES = {
    # the engine
    "add shapes": (lambda: Tensor(A) + B, ShapeError, r"add: shapes \(2, 3\) and \(4, 3\) do not"),
    "array on the left": (lambda: B * Tensor(A), ShapeError, r"\(4, 3\) and \(2, 3\)"),
    "matmul shapes": (lambda: Tensor(A) @ A, ShapeError, r"matmul: shapes \(2, 3\) @ \(2, 3\)"),
    "matmul of numbers": (lambda: Tensor(2.0) @ Tensor(3.0), ShapeError, "matmul"),
    "string": (lambda: Tensor("abc"), TypeError, "expected a number.*str 'abc'"),
    "None": (lambda: Tensor(None), TypeError, "expected a number.*None"),
    "objects": (lambda: Tensor([object()]), TypeError, "expected real numbers"),
    "complex": (lambda: Tensor(np.ones(2, complex)), TypeError, "complex128"),
    "ragged": (lambda: Tensor([[1.0], [1.0, 2.0]]), ShapeError, "rectangular"),
    "list of tracked": (lambda: Tensor([leaf(1.0)]), TypeError, r"ops\.stack"),
    "dict operand": (lambda: Tensor(1.0) + {}, TypeError, "expected a number.*dict"),
    "int grad": (lambda: leaf(np.array([1, 2])), GradientError, "floating point.*int64"),
    "axis": (lambda: Tensor(A).sum(axis=2), IndexError, r"axis 2 is out of range.*\[-2, 1\]"),
    "axis type": (lambda: Tensor(A).sum(axis=1.5), TypeError, "integer axis.*float 1.5"),
    "axis twice": (lambda: Tensor(A).mean(axis=(0, -2)), ValueError, "named twice"),
    "max of nothing": (lambda: Tensor(np.ones(0)).max(), ValueError, r"max.*shape \(0,\)"),
    "reshape": (lambda: Tensor(A).reshape(4), ShapeError, r"\(4,\) is invalid for 6 elements"),
    "reshape -1": (lambda: Tensor(A).reshape(-1, 4), ShapeError, r"\(-1, 4\) is invalid"),
    "reshape type": (lambda: Tensor(A).reshape("x"), TypeError, "reshape: expected integers"),
    "transpose": (lambda: Tensor(A).transpose(0), ValueError, "all 2 axes.*swapaxes"),
    "squeeze": (lambda: Tensor(A).squeeze(0), ShapeError, "not of length 1"),
    "index": (lambda: Tensor(A)[5], IndexError, "index 5 is out of bounds"),
    "float index": (lambda: Tensor(A)[Tensor([0.0])], IndexError, "integers or bools.*float32"),
    "concatenate": (lambda: ops.concatenate([Tensor(A), np.ones((2, 2))]), ShapeError, "but on axis 0"),
    "concatenate nothing": (lambda: ops.concatenate([]), ValueError, "at least one Tensor"),
    "stack": (lambda: ops.stack([Tensor(A), Tensor(B)]), ShapeError, r"\(2, 3\), \(4, 3\)"),
    "split": (lambda: ops.split(Tensor(A), 2, axis=1), ValueError, "3 elements on axis 1"),
    "einsum": (lambda: np.einsum("ij,jk", leaf(A)), ValueError, "names 2 operands. Received: 1"),
    "einsum axes": (lambda: ops.einsum("i->i", Tensor(A)), ValueError, "'i' names 1 axes"),
    "singular": (lambda: ops.inv(Tensor(np.zeros((2, 2)))), np.linalg.LinAlgError, "inv: Singular"),
    "unknown option": (lambda: ops.astype(1.0), TypeError, "astype"),
    "out=": (lambda: np.exp(leaf(1.0), out=np.zeros(())), TypeError, "out="),
    "where=": (lambda: np.exp(Tensor(1.0), where=True), TypeError, "where"),
    "unsupported function": (lambda: np.convolve(leaf(A), 1), TypeError, "no rule.*nearest"),
    "unsupported ufunc": (lambda: np.spacing(leaf(1.0)), TypeError, "np.spacing has no rule"),
    "unsupported method": (lambda: np.add.accumulate(leaf(A)), TypeError, "add.accumulate"),
    "asarray": (lambda: np.asarray(leaf(A)), TypeError, r"tensor\.detach\(\)"),
    "into an array": (lambda: A.__isub__(leaf(A)), TypeError, "requires grad: the graph"),
    "bool": (lambda: bool(Tensor(A) > 0), ValueError, r"ambiguous.*shape \(2, 3\)"),
    "item": (lambda: Tensor(A).item(), ValueError, r"one element.*\(2, 3\)"),
    "float": (lambda: float(Tensor(A)), ValueError, "one element"),
    "len": (lambda: len(Tensor(1.0)), TypeError, "without axes"),
    "iter": (lambda: list(Tensor(1.0)), TypeError, "iterate"),
    "as index": (lambda: [1, 2][Tensor(1.0)], TypeError, "integer can be an index"),
    # backward
    "not scalar": (lambda: leaf(A).exp().backward(), GradientError, r"one number only.*\(2, 3\)"),
    "constant": (lambda: Tensor(1.0).backward(), GradientError, "requires_grad=True"),
    "gradient shape": (lambda: leaf(A).exp().backward(B), ShapeError, r"\(2, 3\).*\(4, 3\)"),
    "modified": (modified, GradientError, "modified after"),
    "in place on a leaf": (in_place_on_leaf, GradientError, "no_grad"),
    "hook without grad": (lambda: Tensor(1.0).register_hook(print), GradientError, "require grad"),
    "retain without grad": (lambda: Tensor(1.0).retain_grad(), GradientError, "require grad"),
    "nan": (anomaly, AnomalyError, "log made a NaN"),
    # transforms
    "grad of many": (lambda: grad(ops.exp)(A), GradientError, r"one number.*\(2, 3\).*jacobian"),
    "grad of ints": (lambda: grad(ops.sum)(np.array([1, 2])), TypeError, "floating point.*int64"),
    "argnums": (lambda: grad(ops.sum, argnums=1)(1.0), IndexError, "argnums 1"),
    "not a Tensor": (lambda: jacobian(lambda x: "y")(1.0), TypeError, "return one Tensor.*str"),
    "cotangent": (lambda: vjp(ops.exp, A)[1](B), ShapeError, r"cotangent of shape \(2, 3\)"),
    "tangent": (lambda: jvp(ops.exp, (A,), (B,)), ShapeError, r"tangent of shape \(2, 3\)"),
    "tangents": (lambda: jvp(ops.exp, (A,), ()), ValueError, "1 primals but 0 tangents"),
    "order": (lambda: tg.check_gradients(ops.exp, A, order=3), ValueError, "order 1 or 2.*3"),
    "nothing to check": (lambda: tg.check_gradients(ops.exp, np.array(1)), TypeError, "floating point"),
    # layers, losses, optimizers, models
    "units": (lambda: layers.Dense(-1), ValueError, "units=-1"),
    "units type": (lambda: layers.Dense(2.5), ValueError, "positive integer.*2.5"),
    "activation": (lambda: layers.Dense(2, activation="rleu"), ValueError, "rleu.*did you mean|Did"),
    "initializer": (lambda: layers.Dense(2, kernel_initializer="x"), ValueError, "initializer.*x"),
    "layer argument misspelt": (lambda: layers.Dense(2, activaton="relu"), ValueError, r"\{'activaton': 'relu'\}\. Did you mean 'activation'\?"),
    "optimizer argument misspelt": (lambda: optimizers.SGD(0.1, momentun=0.9), ValueError, r"recognized: \{'momentun': 0\.9\}\. Did you mean 'momentum'"),
    "Newton in compile": (lambda: compiled(optimizer=optimizers.Newton()), ValueError, r"no steps over batches.*newton\.step"),
    "one sample": (lambda: compiled().predict(np.ones(2), verbose=0), ValueError, r"found shape=\(2,\); x\[None\] makes"),
    "no channels": (lambda: layers.Conv2D(2, 3)(np.ones((5, 8, 8))), ValueError, r"received: \(5, 8, 8\).*x\[\.\.\., None\]"),
    "math of many": (lambda: __import__("math").sin(Tensor(A)), ValueError, r"one element.*\(2, 3\).*np\.sin"),
    "layer keyword": (lambda: layers.Dense(2, unit=3), ValueError, "Dense: {'unit': 3}"),
    "layer name": (lambda: layers.Dense(2, name="a/b"), ValueError, "character `/`"),
    "Input": (lambda: layers.Input(), ValueError, "pass a `shape`"),
    "float of a symbol": (lambda: float(layers.Input((2,))), TypeError, "has no values yet.*`ops` or NumPy.*Lambda"),
    "math of a symbol": (lambda: __import__("math").sin(layers.Input((2,))), TypeError, "has no values yet"),
    "not a layer": (lambda: Sequential(["x"]), ValueError, "Only instances.*str"),
    "1-D": (lambda: layers.Dense(2)(np.ones(3)), ValueError, "min_ndim=2, found ndim=1"),
    "features": (lambda: compiled().predict(np.ones((1, 5))), ValueError, r"value 2, but received.*\(1, 5\)"),
    "not compiled": (lambda: Sequential([layers.Dense(1)]).fit(A, A), ValueError, "compile()"),
    "loss name": (lambda: compiled(loss="foo"), ValueError, "loss identifier: foo"),
    "optimizer name": (lambda: compiled(optimizer="foo"), ValueError, "optimizer identifier: foo"),
    "metrics": (lambda: compiled(metrics="accuracy"), ValueError, "list, tuple, or dict.*accuracy"),
    "weight of no output": (lambda: compiled(loss_weights={"foo": 2.0}), ValueError, r"`loss_weights`: expected the names of outputs, \['dense.*\['foo'\]"),
    "metric name": (lambda: compiled(metrics=["foo"]), ValueError, "metric identifier: foo"),
    "learning rate": (lambda: optimizers.SGD(1), ValueError, "learning_rate=1"),
    "momentum": (lambda: optimizers.SGD(0.1, momentum=2.0), ValueError, "2.0"),
    "optimizer keyword": (lambda: optimizers.SGD(0.1, mu=1), ValueError, "mu"),
    "x and y": (lambda: compiled().fit(np.ones((12, 2)), np.ones((5, 3))), ValueError, "'x' sizes: 12\n.*'y' sizes: 5"),
    "no samples": (lambda: compiled().fit(np.ones((0, 2)), np.ones((0, 3))), ValueError, "at least one"),
    "text samples": (lambda: compiled().fit([["a"]], [[1.0]]), ValueError, "array of numbers"),
    "names of classes": (lambda: compiled().fit(A[:, :2], ["roca", "mina"]), ValueError, r"y: expected.*<U4 array of shape \(2,\)\. Numbers for names: .*np\.unique"),
    "ragged samples": (lambda: compiled().fit([[1.0, 2.0], [3.0]], A), ValueError, "x: expected.*list of length 2, of which NumPy makes no array"),
    "evaluate without y": (lambda: compiled().evaluate(A[:, :2], verbose=0), ValueError, "expected targets.*y=None"),
    "batch without y": (lambda: compiled().train_on_batch(A[:, :2]), ValueError, "expected targets.*y=None"),
    "to_categorical of names": (lambda: tg.utils.to_categorical(["a", "b"]), ValueError, "expected integers.*<U1 array.*np.unique"),
    "to_categorical of parts": (lambda: tg.utils.to_categorical([0.5, np.nan]), ValueError, "expected integers.*float64 array"),
    "validation split": (lambda: compiled().fit(np.ones((10, 2)), np.ones((10, 3)), validation_split=0.95), ValueError, "not sufficient"),
    "batch size": (lambda: compiled().fit(np.ones((1, 2)), np.ones((1, 3)), batch_size=0), ValueError, "batch_size.*0"),
    "verbose": (lambda: compiled().fit(np.ones((1, 2)), np.ones((1, 3)), verbose=7), ValueError, "verbose.*7"),
    "target shape": (lambda: losses.mean_squared_error(A, B), ValueError, r"\(4, 3\).*\(2, 3\)"),
    "column of classes": (lambda: losses.categorical_crossentropy([[0], [1]], [[0.5, 0.5], [0.5, 0.5]]), ValueError, r"shape of the predictions, \(2, 2\)\. Received: y_true of shape \(2, 1\).*sparse"),
    "one label for many": (lambda: losses.binary_crossentropy([[0]], [[0.5], [0.5]]), ValueError, r"\(2, 1\)\. Received: y_true of shape \(1, 1\)"),
    "labels": (lambda: losses.sparse_categorical_crossentropy([3], [[0.5, 0.5]]), ValueError, "from 0 to 1.*is 3"),
    "reduction": (lambda: losses.MeanSquaredError(reduction="x"), ValueError, "reduction=x"),
    "weights": (lambda: compiled().set_weights([]), ValueError, "length 0.*expecting 2"),
    "weight shape": (lambda: compiled().set_weights([A, np.ones(3)[:2]]), ValueError, r"\(3,\).*\(2,\)"),
    # views
    "draw": (lambda: tg.draw(3), TypeError, "expected a Tensor.*int 3"),
    "save": (lambda: tg.draw(leaf(1.0) * 2).save("x.bmp"), ValueError, r"\.svg.*x\.bmp"),
    "engine": (lambda: tg.draw(leaf(1.0) * 2, engine="neato").svg(), ValueError, "neato"),
    "floatx": (lambda: tg.set_floatx("float8"), ValueError, "float8"),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_bad_input(name):
    call, kind, message = CASES[name]
    with pytest.raises(kind, match=f"(?s){message}"):
        call()


# --- nothing is half-changed -----------------------------------------------------------------------


def test_a_failed_backward_leaves_gradients_alone():
    x, y = leaf(np.ones(2)), leaf(np.ones(2))
    z = x * 2 + y * y
    y.data = np.zeros(2)
    with pytest.raises(GradientError):
        z.sum().backward()
    assert x.grad is None
    assert y.grad is None


def test_assign_keeps_the_dtype_and_the_shape():
    kernel = compiled().layers[0].kernel
    kernel.assign(np.ones((2, 3)))
    assert kernel.dtype == np.float32
    kernel.assign([[1, 2, 3], [4, 5, 6]])
    with pytest.raises(ShapeError, match=r"expected shape \(2, 3\)\. Received: .* \(3, 2\)"):
        kernel.assign(np.ones((3, 2)))
    np.testing.assert_array_equal(kernel.data, [[1, 2, 3], [4, 5, 6]])


def test_failed_set_weights_changes_nothing():
    model = compiled()
    before = model.get_weights()
    with pytest.raises(ValueError, match="not compatible"):
        model.set_weights([np.zeros((2, 3)), np.zeros(4)])
    for a, b in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_failed_compile_keeps_the_old_one():
    model = compiled()
    old = model.optimizer
    with pytest.raises(ValueError, match="foo"):
        model.compile(optimizer="adam", loss="foo")
    assert model.optimizer is old


def test_a_gradient_of_wrong_shape_moves_no_parameter():
    a, b = leaf(np.ones(2)), leaf(np.ones(3))
    with pytest.raises(ShapeError, match=r"\(2,\). Expected \(3,\)"):
        optimizers.SGD(0.1).apply([np.ones(2), np.ones(2)], [a, b])
    np.testing.assert_array_equal(a.data, np.ones(2))


def test_failed_in_place_leaves_the_tensor():
    x = Tensor(np.ones(3))
    with pytest.raises(ShapeError):
        x += np.ones((2, 3))
    assert x.shape == (3,)
    h = leaf(np.ones(3)) * 2
    with pytest.raises(ValueError, match=r"expected a result of shape \(3,\)"):
        h += np.ones((2, 3))
    assert h.op.name == "multiply"


def test_a_float_stays_one_number_in_place():
    x = Tensor(1.0)
    with pytest.raises(ShapeError):
        x += np.ones(3)
    assert x.item() == 1.0


# --- what a new user ran into ---------------------------------------------------------------------


def test_a_function_as_loss_or_metric_gets_targets_with_the_axes_of_the_predictions():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(64, 1))
    t = 3.0 * x[:, 0] + 1.0

    def squared(a, b):
        assert np.shape(a) == b.shape
        return np.mean((a - b) ** 2, axis=-1)

    model = Sequential([layers.Input((1,)), layers.Dense(1)])
    model.compile(optimizers.SGD(0.3), squared, metrics=[squared])
    model.fit(x, t, epochs=60, verbose=0)
    kernel, bias = model.get_weights()
    assert kernel.item() == pytest.approx(3.0, abs=1e-2)
    assert bias.item() == pytest.approx(1.0, abs=1e-2)


def test_comparing_with_none_is_false():
    x = Tensor([1.0, 2.0])
    assert x != None  # noqa: E711 - what a beginner writes
    assert x != None  # noqa: E711 - the same
    assert x != "a"
    assert (x == 1.0).tolist() == [True, False]


def test_one_column_may_come_without_its_axis():
    model = Sequential([layers.Input((1,)), layers.Dense(2)])
    assert model.predict(np.ones(5), verbose=0).shape == (5, 2)


@pytest.mark.parametrize(
    ("call", "kind", "words"),
    [
        (lambda: optimizers.SGD(0.1).step(Tensor([1.0])), TypeError, "expected a list of Tensors"),
        (lambda: optimizers.SGD(0.1).step([np.ones(2)]), TypeError, "expected a list of Tensors"),
        (lambda: optimizers.Adam().step(Tensor([1.0]) * 2), TypeError, "expected a list"),
        (lambda: tg.grad(3.0), TypeError, "pass f itself"),
        (lambda: tg.vjp(3.0, 1.0), TypeError, "pass f itself"),
        (lambda: tg.check_gradients(np.ones(2), 1.0), TypeError, "pass f itself"),
        (lambda: Tensor(1.0, name=3), TypeError, "name: expected a string"),
        (lambda: tg.primitive(len), TypeError, "expected the symbol first"),
        (lambda: compiled().fit(A, A, epochs="3"), ValueError, "`epochs`.*epochs='3'"),
        (lambda: compiled().fit(A, A, epochs=-1), ValueError, "`epochs`.*epochs=-1"),
    ],
)
def test_mistakes_are_named(call, kind, words):
    with pytest.raises(kind, match=words):
        call()


def test_labels_of_a_sigmoid_lie_between_zero_and_one():
    with pytest.raises(ValueError, match=r"from 0 to 1\. Received: targets from -1 to 1; .*hinge"):
        tg.losses.binary_crossentropy(np.array([[-1.0], [1.0]]), np.full((2, 1), 0.5))


def test_what_returns_nothing_is_named():
    class Silent(layers.Layer):
        def call(self, x):
            _ = x * 2

    with pytest.raises(ValueError, match=r"\"silent\" \(Silent\) returned None"):
        Silent()(A)
    model = Sequential([layers.Input((3,)), layers.Dense(1)])
    model.compile("sgd", lambda t, y: None)
    with pytest.raises(ValueError, match="returned None"):
        model.fit(A, A[:, :1], verbose=0)


def test_a_model_that_forgot_its_base():
    class Forgetful(tg.Model):
        def __init__(self):
            self.dense = layers.Dense(2)

        def call(self, x):
            return self.dense(x)

    with pytest.raises(RuntimeError, match="super"):
        Forgetful().compile("sgd", "mse")


@pytest.mark.parametrize(
    "rule",
    [
        lambda xp, g, y, x: g * np.exp(x) * np.sign(x),
        lambda xp, g, y, x: g * xp.foo(x),
        lambda g, x: g,
        lambda xp, g, y, x: None,
    ],
)
def test_the_battery_reports_what_a_rule_may_not_do(rule):
    @tg.primitive("mine", samples=[((3,),), ((),)], elementwise=True)
    def mine(xp, x):
        """eˣ."""
        return xp.exp(x)

    mine.derivatives(x=rule)
    problems = tg.check_primitive(mine)
    assert problems
    assert all(line.startswith("sample ") for line in problems)
