"""The battery: what every row of the table must pass, the library's own and a user's.

For each sample: floats = arrays; first and second derivatives against differences; the graph
reading = the arrays reading; the text reading executes to the same numbers; and the row has a
label, a docstring, and a rule or an explicit "not differentiable".
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..autodiff import arrays, expressions, floats
from ..autodiff.backward import gradients
from ..autodiff.expressions import Expression, helper_names
from ..autodiff.primitive import Primitive
from ..autodiff.tensor import Tensor, as_tensor
from .differences.numeric import cotangent
from .gradients import check_gradients

__all__ = ["check_primitive", "inputs_of_sample"]

ADVICE = (
    "Forward and rules are read with floats, arrays, Tensors and text in turn: write each function "
    "as xp.name (xp.exp, not np.exp or math.exp), a choice as xp.where (not if), and a rule as "
    "(xp, g, y, *inputs) that returns the gradient."
)


def check_primitive(op: Any, seed: int = 0) -> list[str]:
    """Run the battery on one primitive; returns what it found wrong, one line each.

    >>> from tinygrad_es import primitive, check_primitive
    >>> @primitive("x³", samples=[((3,),), ((),)], elementwise=True)
    ... def cube(xp, x):
    ...     '''x³.'''
    ...     return x * x * x
    >>> _ = cube.derivatives(x=lambda xp, g, y, x: g * 2.9 * x * x)
    >>> check_primitive(cube)[0][:38]
    'sample 0: ∂cube: gradient: 3 entries, '
    """
    op = getattr(op, "primitive", op)  # `ops.exp` is the function that applies a row
    problems = _check_row(op)
    if problems:
        return problems
    for k, sample in enumerate(op.samples):
        inputs, options = inputs_of_sample(op, sample, seed + k)
        for check in (_check_floats, _check_derivatives, _check_graph, _check_text):
            try:
                found = check(op, inputs, options)
            except Exception as error:
                reading = check.__name__.removeprefix("_check_")
                found = [f"{reading}: {type(error).__name__}: {error}. {ADVICE}"]
            problems += [f"sample {k}: {line}" for line in found]
    return problems


def inputs_of_sample(op: Primitive, sample: tuple[Any, ...], seed: int) -> tuple[list[Any], Any]:
    """Float64 arrays drawn from the row's domain for the shapes of a sample, and its options."""
    shapes = [s for s in sample if not isinstance(s, dict)]
    options = dict(op.options)
    for part in sample:
        if isinstance(part, dict):
            options.update(part)
    rng = np.random.default_rng(seed)
    inputs = []
    for position, shape in enumerate(shapes):
        if isinstance(shape, np.ndarray):
            inputs.append(shape)
        elif callable(op.domain):
            inputs.append(np.asarray(op.domain(rng, shape, position)))
        else:
            low, high = op.domain or (-2.0, 2.0)
            inputs.append(rng.uniform(low, high, shape))
    return inputs, options


def _check_row(op: Primitive) -> list[str]:
    problems = []
    if not op.symbol:
        problems.append("no symbol: drawings have no label for it")
    if not (op.__doc__ or "").strip():
        problems.append("no docstring")
    if op.differentiable is None:
        problems.append("neither .derivatives(…) nor .not_differentiable()")
    if not op.samples:
        problems.append("no samples: nothing can be tested")
    for sample in op.samples:
        shapes = [s for s in sample if not isinstance(s, dict)]
        if not op.variadic and len(shapes) != len(op.inputs):
            problems.append(f"sample {sample}: expected {len(op.inputs)} shapes")
    return problems


def _close(a: Any, b: Any, rtol: float = 1e-12) -> bool:
    a, b = np.asarray(a, dtype=float), np.asarray(b, dtype=float)
    return a.shape == b.shape and bool(np.allclose(a, b, rtol=rtol, atol=rtol, equal_nan=True))


def _rules(op: Primitive, inputs: list[Any], options: dict[str, Any]) -> list[tuple[int, Any, Any]]:
    """(position, rule, options) of every input that has a rule."""
    found = []
    for i in range(len(inputs)):
        rule = op.rule(i)
        if rule is not None:
            found.append((i, rule, {"which": i, **options} if op.variadic else options))
    return found


def _check_floats(op: Primitive, inputs: list[Any], options: dict[str, Any]) -> list[str]:
    if not op.elementwise:
        return []
    problems = []
    flat = [a.ravel()[:4] for a in np.broadcast_arrays(*inputs)]
    for values in zip(*flat, strict=True):
        small = [float(v) for v in values]
        with np.errstate(all="ignore"):
            expected = op.forward(arrays, *map(np.float64, small), **options)
        y = op.forward(floats, *small, **options)
        if not _close(y, expected):
            problems.append(f"floats reading {y!r}, arrays reading {expected!r} at {small}")
        for i, rule, extra in _rules(op, inputs, options):
            a = rule(floats, 0.7, y, *small, **extra)
            with np.errstate(all="ignore"):
                b = rule(arrays, np.float64(0.7), expected, *map(np.float64, small), **extra)
            if not _close(a, b):
                problems.append(f"∂{op.name}/∂{op.input_name(i)}: floats {a!r}, arrays {b!r}")
    return problems


def _check_derivatives(op: Primitive, inputs: list[Any], options: dict[str, Any]) -> list[str]:
    if not op.differentiable:
        return []
    free = [i for i, _, _ in _rules(op, inputs, options)]

    def f(*values: Any) -> Any:
        full: list[Any] = list(inputs)
        for i, v in zip(free, values, strict=True):
            full[i] = v
        return op(*full, **options)

    problems = []
    for order in (1, 2):
        report = check_gradients(f, *(inputs[i] for i in free), order=order)
        if not report and report.verdict != "vacuous":  # floor and sign have derivatives of 0
            problems.append(f"∂{'²' if order == 2 else ''}{op.name}: {report}")
    return problems


def _check_graph(op: Primitive, inputs: list[Any], options: dict[str, Any]) -> list[str]:
    if not op.differentiable:
        return []
    chosen = {i for i, _, _ in _rules(op, inputs, options)}
    tensors = [Tensor(a, requires_grad=i in chosen) for i, a in enumerate(inputs)]
    y = op(*tensors, **options)
    g = cotangent(y.shape)
    targets = [t for i, t in enumerate(tensors) if i in chosen]
    plain = gradients([y], [g], targets)
    graph = gradients([y], [as_tensor(g)], targets, create_graph=True)
    pairs = enumerate(zip(plain, graph, strict=True))
    return [
        f"graph reading of input {i} differs from the arrays reading"
        for i, (a, b) in pairs
        if not _close(a, b.value)
    ]


def _check_text(op: Primitive, inputs: list[Any], options: dict[str, Any]) -> list[str]:
    """Write the forward and the rules as source, execute the source, compare."""
    names = [f"x{i}" for i in range(len(inputs))] if op.variadic else list(op.inputs)
    with np.errstate(all="ignore"):
        y = np.asarray(op.forward(arrays, *inputs, **options))
    g = cotangent(y.shape)
    written = {"g": Expression("g", g), "_y": Expression("_y", y)}
    xs = [Expression(n, v) for n, v in zip(names, inputs, strict=True)]
    space = {"np": np, "g": g, "_y": y, **dict(zip(names, inputs, strict=True))}
    space |= {name: getattr(arrays, name) for name in helper_names}
    todo = [("forward", op.forward(expressions, *xs, **options), y)]
    for i, rule, extra in _rules(op, inputs, options):
        with np.errstate(all="ignore"):
            expected = rule(arrays, g, y, *inputs, **extra)
        text = rule(expressions, written["g"], written["_y"], *xs, **extra)
        todo.append((f"∂{op.name}/∂{op.input_name(i)}", text, expected))
    problems = []
    for what, text, expected in todo:
        with np.errstate(all="ignore"):
            found = eval(str(text), dict(space))
        if not _close(found, expected):
            problems.append(f"text of {what} does not execute to its value: {text}")
        value = text.value if isinstance(text, Expression) else text
        if not _close(value, expected):
            problems.append(f"value carried by the text of {what} is not its value: {text}")
    return problems
