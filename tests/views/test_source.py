"""The source of a graph runs with NumPy alone, gives what `backward` gives, and is safe to run."""

from __future__ import annotations

import pickle
import subprocess
import sys

import numpy as np
import pytest
from source_graphs import GRAPHS

import tinygrad_es as tg
from tinygrad_es import Tensor, backward_source
from tinygrad_es.autodiff.backward import gradients, seed
from tinygrad_es.autodiff.order import topological
from tinygrad_es.autodiff.primitive import PRIMITIVES
from tinygrad_es.check.battery import inputs_of_sample
from tinygrad_es.check.numeric import cotangent

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
        sources = {
            name: backward_source(root, gradient=gradient, names=False)
            for name, (root, gradient) in roots.items()
        }
    finally:
        tg.set_floatx("float32")
        for name in [name for name in PRIMITIVES if name not in known]:
            del PRIMITIVES[name]
            delattr(Tensor, name)
    results = results_elsewhere(sources, tmp_path_factory.mktemp("elsewhere"))
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
