"""The source of a graph runs with NumPy alone, gives what `backward` gives, and is safe to run."""

from __future__ import annotations

import ast
import itertools
import os
import pickle
import subprocess
import sys
import time
import traceback
from pathlib import Path

import numpy as np
import pytest

import tinygrad_es as tg
from tinygrad_es import GradientError, Tensor, backward_source, primitive
from tinygrad_es.autodiff.backward import gradients, seed
from tinygrad_es.autodiff.modes import scope
from tinygrad_es.autodiff.order import topological
from tinygrad_es.autodiff.primitive import PRIMITIVES
from tinygrad_es.check.battery import inputs_of_sample
from tinygrad_es.check.differences.numeric import cotangent

from .source_graphs import GRAPHS

ROWS = {op.name: op for op in PRIMITIVES.values() if op.differentiable}
SAMPLES = [f"{name}-{k}" for name, op in sorted(ROWS.items()) for k in range(len(op.samples))]

# what another program does with the saved sources: it has NumPy and the standard library
STRANGER = """
import importlib.abc, pickle, sys, warnings

class Refuse(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("tinygrad_es", "scipy"):
            raise ImportError(f"{name} is not here")

sys.meta_path.insert(0, Refuse())
for name in ("tinygrad_es", "scipy"):
    try:
        __import__(name)
    except ImportError:
        continue
    raise SystemExit(f"{name} could be imported")
warnings.simplefilter("ignore", RuntimeWarning)  # of infinities, which the graphs have too
with open(sys.argv[1], "rb") as file:
    sources = pickle.load(file)
results = {}
for name, (text, arguments) in sources.items():
    try:
        space = {}
        exec(compile(text, name, "exec"), space)
        results[name] = space["step"](**arguments)
    except Exception as error:
        results[name] = f"{type(error).__name__}: {error}"
with open(sys.argv[1], "wb") as file:
    pickle.dump(results, file)
"""


def results_elsewhere(sources, folder):
    """What the sources return in an interpreter that has NumPy only."""
    path = folder / "sources.pickle"
    path.write_bytes(pickle.dumps({k: (s.text, s.arguments) for k, s in sources.items()}))
    command = [sys.executable, "-I", "-c", STRANGER, str(path)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=folder)
    assert done.returncode == 0, done.stderr
    return pickle.loads(path.read_bytes())


def expected(root, gradient, names):
    """The value, and the gradients of `names` by the library's own backward pass."""
    leaves = {node.name: node for node in topological([root]) if node.op is None}
    with np.errstate(all="ignore"):
        found = gradients([root], [seed(root, gradient)], list(leaves.values()))
    by_name = {name: g for name, g in zip(leaves, found, strict=True) if g is not None}
    assert set(by_name) == set(names)
    return {"value": root.data} | {name: by_name[name] for name in names}


def assert_close(found, wanted, rtol):
    """Equal names, shapes, dtypes, and numbers relative to the largest gradient of all."""
    assert list(found) == list(wanted)
    arrays = [np.asarray(g) for g in wanted.values()]
    scale = max((np.abs(g[np.isfinite(g)]).max(initial=0.0) for g in arrays), default=0.0)
    for name, b in zip(wanted, arrays, strict=True):
        a = np.asarray(found[name])
        assert (a.shape, a.dtype) == (b.shape, b.dtype), name
        np.testing.assert_allclose(a, b, rtol=rtol, atol=rtol * scale, err_msg=name)


def name_leaves(root):
    """Every leaf a name of its own, so that gradients can be told apart."""
    for node in topological([root]):
        if node.op is None:
            node.name = f"leaf{node.index}"


def made(graph):
    found = graph()
    root, gradient = found if isinstance(found, tuple) else (found, None)
    name_leaves(root)
    return root, gradient


# --- every graph, in an interpreter without the library -----------------------------------------


@pytest.fixture(scope="module")
def graphs(tmp_path_factory):
    """{name: (root, gradient, what the source returned elsewhere)} of all graphs and rows."""
    tg.set_floatx("float64")
    known = dict(PRIMITIVES)
    try:
        roots = {name: made(graph) for name, graph in GRAPHS.items()}
        roots |= {name: row_graph(name) for name in SAMPLES}
        sources, results = {}, {}
        for name, (root, gradient) in roots.items():
            try:
                sources[name] = backward_source(root, gradient=gradient, names=False)
            except Exception as error:
                results[name] = f"{type(error).__name__}: {error}"
    finally:
        tg.set_floatx("float32")
        for name in [name for name in PRIMITIVES if name not in known]:
            del PRIMITIVES[name]
            delattr(Tensor, name)
    results |= results_elsewhere(sources, tmp_path_factory.mktemp("elsewhere"))
    return {name: (*roots[name], results[name]) for name in roots}


def row_graph(name):
    """One operation on a sample, and a gradient that arrives."""
    row, _, k = name.rpartition("-")
    op = ROWS[row]
    inputs, options = inputs_of_sample(op, op.samples[int(k)], int(k))
    rules = [op.rule(i) for i in range(len(inputs))]
    pairs = zip(inputs, rules, strict=True)
    tensors = [Tensor(x, requires_grad=rule is not None) for x, rule in pairs]
    y = op(*tensors, **options)
    name_leaves(y)
    return y, cotangent(y.shape)


@pytest.mark.parametrize("name", [*GRAPHS, *SAMPLES])
def test_value_and_gradients_elsewhere(graphs, name):
    root, gradient, result = graphs[name]
    assert not isinstance(result, str), result
    value, found = result
    assert_close({"value": value} | found, expected(root, gradient, found), 1e-12)


@pytest.mark.parametrize("name", [n for n in GRAPHS if n != "own_operations"])
def test_float32_stays_float32(name):
    root, gradient = made(GRAPHS[name])
    value, found = backward_source(root, gradient=gradient, names=False).run()
    assert_close({"value": value} | found, expected(root, gradient, found), 1e-4)


# --- what a student reads -----------------------------------------------------------------------

CHAIN_RULE = """\
import numpy as np


def step(x, y, z):
    # forward
    q = x + y
    f = q * z

    # backward
    df = 1.0
    dq = df * z
    dz = df * q
    dx = dq
    dy = dq
    return f, {"x": dx, "y": dy, "z": dz}
"""

TWO_LAYERS = """\
import numpy as np


def step(
    x,  # (4, 2) float64
    W1,  # (2, 3) float64
    b1,  # (3,) float64
    W2,  # (3, 1) float64
    b2,  # (1,) float64
    t,  # (4, 1) float64
):
    # forward
    z1 = x @ W1 + b1  # (4, 3)
    h = np.tanh(z1)  # (4, 3)
    y = h @ W2 + b2  # (4, 1)
    e = y - t  # (4, 1)
    v1 = e ** 2  # (4, 1)
    C = np.sum(v1) / 4

    # backward
    dC = 1.0
    dv1 = np.broadcast_to(dC / 4, (4, 1))
    de = dv1 * 2.0 * e
    dy = de
    db2 = np.sum(dy, axis=0)
    dh = dy @ W2.T
    dW2 = h.T @ dy
    dz1 = dh * (1.0 - h * h)
    db1 = np.sum(dz1, axis=0)
    dW1 = x.T @ dz1
    return C, {"W1": dW1, "b1": db1, "W2": dW2, "b2": db2}
"""


def leaf(value, **options):
    return Tensor(value, requires_grad=True, **options)


def chain():
    x, y, z = leaf(-2.0), leaf(5.0), leaf(-4.0)
    q = x + y
    f = q * z
    return backward_source(f)


def two_layers():
    rng = np.random.default_rng(0)
    x, t = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]), np.ones((4, 1))
    W1, b1 = leaf(rng.normal(size=(2, 3))), leaf(np.zeros(3))
    W2, b2 = leaf(rng.normal(size=(3, 1))), leaf(np.zeros(1))
    z1 = x @ W1 + b1
    h = np.tanh(z1)
    y = h @ W2 + b2
    e = y - t
    C = (e**2).mean()
    return backward_source(C)


def test_the_chain_rule_as_one_writes_it():
    source = chain()
    assert str(source) == source.text == CHAIN_RULE
    assert source.run() == (-12.0, {"x": -4.0, "y": -4.0, "z": 3.0})
    assert source.arguments == {"x": -2.0, "y": 5.0, "z": -4.0}


def test_two_layers_as_one_writes_them():
    source = two_layers()
    assert source.text == TWO_LAYERS
    cost, found = source.run()
    assert cost > 0
    assert [g.shape for g in found.values()] == [(2, 3), (3,), (3, 1), (1,)]


def test_layers_are_headings():
    model = tg.Sequential([tg.layers.Dense(3, "tanh", name="hidden"), tg.layers.Dense(1)])
    x = np.ones((4, 2), dtype=np.float32)
    loss = tg.losses.MeanSquaredError()(np.ones((4, 1)), model(x))
    lines = backward_source(loss).text.splitlines()
    forward, backward = lines.index("    # forward"), lines.index("    # backward")
    assert forward < lines.index("    # hidden") < lines.index("    # dense") < backward
    assert lines[backward:].index("    # dense") < lines[backward:].index("    # hidden")
    assert "    hidden_kernel,  # (2, 3) float32" in lines
    assert "    dhidden_kernel = x.T @ dv1" in lines


def test_the_users_line_is_a_comment():
    x = leaf(2.0)
    with tg.detect_anomaly():
        y = np.sin(x) * x
    assert "# test_source.py:" in str(backward_source(y))
    assert "    # test_source.py:" + str(y.line.rpartition(":")[2]) + ": y = np.sin(x) * x" in str(
        backward_source(y)
    )


def test_an_own_operation_brings_its_text():
    with np.errstate(all="ignore"):
        root, _ = made(GRAPHS["own_operations"])
    text = str(backward_source(root))
    assert "def my_bump(x):" in text
    assert "e = np.exp(-x * x)" in text
    assert "def sigmoid(x):" in text  # which my_cubic calls


# --- one text, always ---------------------------------------------------------------------------

PRINTS = """
import sys
sys.path.insert(0, sys.argv[1])
import source_graphs, hashlib
from tinygrad_es import backward_source, ops
for name, graph in source_graphs.GRAPHS.items():
    ops.random.seed(0)
    found = graph()
    root, gradient = found if isinstance(found, tuple) else (found, None)
    print(name, hashlib.sha256(str(backward_source(root, gradient=gradient)).encode()).hexdigest())
"""


def test_the_text_is_the_same_under_every_hash_seed(tmp_path):
    here = Path(__file__)
    environment = {**os.environ, "PYTHONPATH": str(here.parents[2])}
    outputs = []
    for seed_of_hashes in ("0", "1", "4711"):
        done = subprocess.run(
            [sys.executable, "-c", PRINTS, str(here.parent)],
            env={**environment, "PYTHONHASHSEED": seed_of_hashes},
            capture_output=True,
            text=True,
            check=True,
            cwd=tmp_path,
        )
        outputs.append(done.stdout)
    assert outputs[0].count("\n") == len(GRAPHS)
    assert outputs[0] == outputs[1] == outputs[2]


def test_nothing_is_drawn_and_nothing_is_changed():
    model = tg.Sequential([tg.layers.Dense(4), tg.layers.Dropout(0.5), tg.layers.Dense(1)])
    loss = model(np.ones((3, 2)), training=True).sum()
    state = str(tg.ops.random.generator(None).bit_generator.state)
    first, second = backward_source(loss), backward_source(loss)
    assert first.text == second.text
    assert str(tg.ops.random.generator(None).bit_generator.state) == state
    assert all(w.grad is None for w in model.trainable_weights)
    loss.backward()
    assert backward_source(loss).text == first.text


def test_long_graphs_take_linear_time():
    def seconds(n):
        x = leaf(0.5)
        y = x
        for _ in range(n):
            y = np.sin(y) * 1.01 + x
        start = time.thread_time()
        source = backward_source(y)
        taken = time.thread_time() - start
        y.backward()
        assert source.run()[1]["x"] == pytest.approx(x.grad.item(), rel=1e-12)
        return taken

    small, large = seconds(700), seconds(7000)  # 21,000 nodes
    assert large < 20 * small + 1.0


def test_a_node_with_many_inputs():
    parts = [leaf(np.full(1, float(i))) for i in range(300)]
    joined = tg.ops.concatenate(parts)
    source = backward_source((joined * joined).sum(), names=False)
    assert max(map(len, source.text.splitlines())) <= 100
    value, found = source.run()
    assert value == sum(i * i for i in range(300))
    assert [float(g[0]) for g in found.values()] == [2.0 * i for i in range(300)]


# --- names --------------------------------------------------------------------------------------

HOSTILE = [
    "__import__('os').system('false')",
    '"""',
    "]'''\n)\nraise SystemExit(1)  #",
    "two\nlines\r\x0c\x00\u2028",
    "🎉",
    "x" * 10_000,
    "lambda",
    "np",
    "step",
    "float",
    "dx",
    "1st",
    " ",
    "v1",
    "t1",
    "ﬁ",
    "𝐱",
    "sum_to",
    "\ud800\u202e",
]


def test_hostile_names_are_harmless():
    leaves = [leaf(np.array([1.0, 2.0 + i]), name=name) for i, name in enumerate(HOSTILE)]
    twice = [leaf(np.array([1.0]), name=name) for name in HOSTILE]
    total = np.zeros(2)
    for scope_name, a, b in zip(HOSTILE, leaves, twice, strict=True):
        with scope(scope_name):
            total = total + (a * b) * a
            total.name = scope_name
            total.marked().line = f"{scope_name}:7"
    source = backward_source(total.sum())
    tree = ast.parse(source.text)
    calls = {ast.unparse(n.func) for n in ast.walk(tree) if isinstance(n, ast.Call)}
    assert calls == {"np.sum", "np.array", "np.broadcast_to"}
    value, found = source.run()
    assert value == pytest.approx(total.numpy().sum())
    assert len(found) == 2 * len(HOSTILE)
    assert all(name.isidentifier() and len(name) < 60 for name in found)
    total.sum().backward()
    for given, g in zip(leaves, list(found.values())[::2], strict=True):
        np.testing.assert_allclose(g, given.grad.numpy())


def test_hostile_variables_and_options_are_harmless():
    x = leaf(np.arange(3.0))
    source = backward_source((x * 2.0).sum(), names=dict.fromkeys(reversed(HOSTILE), x))
    assert source.run()[0] == 6.0

    class Shown(int):
        def __repr__(self):
            return "__import__('os').abort()"

    def odd(xp, x, *, k=1):
        """k·x."""
        return x * float(k)

    op = primitive("odd", elementwise=True)(odd)
    op.derivatives(x=lambda xp, g, y, x, *, k: g * float(k))
    with pytest.raises(GradientError, match="odd: the option k cannot be written"):
        backward_source(op(x, k=Shown(3)).sum())


def test_names_come_from_the_tensor_then_from_the_caller():
    a, b = leaf(2.0, name="weight"), leaf(3.0)
    _hidden = leaf(4.0)
    y = a * b * _hidden
    assert list(backward_source(y).run()[1]) == ["weight", "b", "w1"]
    assert list(backward_source(y, names=False).run()[1]) == ["weight", "w1", "w2"]
    assert list(backward_source(y, names={"c": _hidden, "β": b}).run()[1]) == ["weight", "β", "c"]
    assert "def step(" in str(backward_source(y))
    assert "def f(weight, b, w1):" in str(backward_source(y, function="f"))


def test_small_constants_are_in_place_and_large_ones_are_arguments():
    w = leaf(np.ones(30))
    row, large = np.arange(20.0), np.arange(30.0)
    untitled = {"w": w, "large": large}
    loss = (w * large).sum() + (w[:20] * row.copy()).sum() + (w[[0, 2]] * 3).sum()
    source = backward_source(loss, names=untitled)
    assert list(source.arguments) == ["w", "large"]
    assert "w[[0, 2]]" in source.text
    assert "19.0])" in source.text
    assert source.arguments["large"] is not large


def test_a_named_number_is_one_argument():
    x, rate = leaf(3.0), Tensor(0.5)
    source = backward_source(x * rate + rate / x - Tensor(2.0))
    assert list(source.arguments) == ["x", "rate"]
    assert source.run(rate=3.0)[0] == 8.0


# --- the object ---------------------------------------------------------------------------------


def test_saving_and_running_with_other_values(tmp_path):
    source = chain()
    path = source.save(tmp_path / "chain.py")
    assert path.read_text(encoding="utf-8") == CHAIN_RULE
    assert source.run(x=0.0) == (-20.0, {"x": -4.0, "y": -4.0, "z": 5.0})
    assert source.function(1.0, 2.0, 3.0)[0] == 9.0
    assert "```python\nimport numpy" in source._repr_markdown_()
    assert "step" in repr(source)
    with pytest.raises(TypeError, match=r"expected some of \['x', 'y', 'z'\]"):
        source.run(w=1.0)
    with pytest.raises(ValueError, match=r"ends in \.py"):
        source.save(tmp_path / "chain.txt")


def test_tracebacks_show_the_text():
    source = two_layers()
    with pytest.raises(ValueError, match="matmul") as caught:
        source.run(W1=np.ones((3, 3)))
    shown = "".join(traceback.format_exception(caught.value))
    assert "z1 = x @ W1 + b1" in shown


# --- what cannot be written ---------------------------------------------------------------------


def test_errors_of_the_arguments():
    x = leaf(np.ones(3))
    with pytest.raises(TypeError, match="expected a Tensor"):
        backward_source(3.0)
    with pytest.raises(GradientError, match="one number only"):
        backward_source(x * 2.0)
    with pytest.raises(GradientError, match="does not depend on anything"):
        backward_source(Tensor(1.0) * 2.0)
    with pytest.raises(tg.ShapeError, match="gradient"):
        backward_source(x * 2.0, gradient=np.ones(2))
    for name in ("2x", "lambda", "a b", "np", "print", 3):
        with pytest.raises(ValueError, match="a name that a function can have"):
            backward_source(x.sum(), function=name)
    with pytest.raises(ValueError, match="calls another function 'sigmoid'"):
        backward_source(tg.ops.sigmoid(x).sum(), function="sigmoid")
    with pytest.raises(TypeError, match="names"):
        backward_source(x.sum(), names="x")
    x.data = np.zeros(3)
    y = x * x
    x.data = np.ones(3)
    with pytest.raises(GradientError, match="modified after"):
        backward_source(y.sum())


def test_errors_name_the_operation():
    noise = itertools.count(step=10)

    def by_numpy(xp, x):
        """eˣ."""
        return xp.exp(x)

    def noisy(xp, x):
        """x and something else each time."""
        return x + float(next(noise))

    first = primitive("exp", elementwise=True)(by_numpy)
    first.derivatives(x=lambda xp, g, y, x: g * np.exp(x))
    second = primitive("noisy", elementwise=True)(noisy)
    second.derivatives(x=lambda xp, g, y, x: g)
    with pytest.raises(GradientError, match="∂by_numpy/∂x cannot be written as source: TypeError"):
        backward_source(first(leaf(np.ones(2))).sum())
    with pytest.raises(GradientError, match="noisy: run again on the same inputs"):
        backward_source(second(leaf(1.0)))
