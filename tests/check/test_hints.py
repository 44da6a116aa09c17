"""What students are told: enough to go on, and no number of the reference anywhere."""

from __future__ import annotations

import gc
import itertools
import json
import re
import types

import numpy as np
import pytest

from tinygrad_es import Tensor, assert_backprop, check_backprop
from tinygrad_es.check.diagnosis.hypotheses import HYPOTHESES
from tinygrad_es.check.hints import KINDS, Hints
from tinygrad_es.check.marks import marks_of

from .backprop_models import MODELS

PLANTED = [(name, mistake) for name, model in MODELS.items() for mistake in model.mistakes]


def checked(name, mistake, seed=0, **options):
    model = MODELS[name]
    inputs = model.inputs(np.random.default_rng(seed))
    return check_backprop(*model.functions(mistake), *inputs, **options)


def first(name, code):
    return next(m for m in MODELS[name].mistakes if code in m.codes)


def test_three_levels():
    mistake = first("mlp tanh", "G03")
    told = [str(checked("mlp tanh", mistake, student=level)) for level in (1, 2, 3)]
    where, kind, mend = "z2: WRONG", "a constant is wrong", "the division by 7 is missing"
    assert [where in text for text in told] == [True, True, True]
    assert [kind in text for text in told] == [False, True, True]
    assert [mend in text for text in told] == [False, False, True]
    assert "student=2 says what kind" in told[0]
    assert "falta la división entre 7" in checked("mlp tanh", mistake, student=3).text("es")
    assert all(len(text.splitlines()) <= 12 for text in told)
    fine = checked("mlp tanh", None, student=True)
    assert fine
    assert "all right" in str(fine)


def test_one_mistake_has_one_kind():
    """Weight decay that is missing: only what comes of the product was counted, too."""

    def forward(X, W, t):
        return np.sum((X @ W - t) ** 2) + 0.05 * np.sum(W * W)

    given = [np.random.default_rng(0).normal(size=s) for s in ((7, 5), (5, 3), (7, 3))]
    right = {"W": 2 * given[0].T @ (given[0] @ given[1] - given[2])}
    report = check_backprop(forward, lambda X, W, t: right, *given)
    assert [d.code for d in report.diagnoses] == ["G06", "G07"]
    told = check_backprop(forward, lambda X, W, t: right, *given, student=2)
    assert KINDS["G06"][0] in told.text("en")
    assert KINDS["G07"][0] not in told.text("en")


def test_every_code_has_a_hint_and_every_mistake_a_text_of_at_most_12_lines():
    assert set(KINDS) == {code for code, _ in HYPOTHESES} | {"G99"}
    for name, mistake in PLANTED:
        hints = checked(name, mistake, student=3)
        assert not hints
        assert hints.culprit == mistake.culprit
        assert len(hints.text("en").splitlines()) <= 12
        assert not re.search(r"max\|g\||residual|relative error|× the reference", str(hints))


# --- nothing leaks -------------------------------------------------------------------------------

NUMBER = re.compile(r"[-−]?(?:\d+\.\d+|\d+)(?:e[-+−]?\d+)?")


def secrets(name, mistake):
    """The arrays that a student must not see: gradients that are not their own or the forward's."""
    report = checked(name, mistake)
    forward = [np.asarray(n.value, np.float64) for n in report.comparison.order]
    forward += [np.asarray(x) for n in report.comparison.order for x in n.inputs
                if isinstance(x, np.ndarray)]  # fmt: skip
    own = [np.asarray(c.mine, np.float64) for c in report.comparison.found]
    known = np.concatenate([np.ravel(a) for a in (*forward, *own)])
    hidden = []
    for c in report.comparison.found:
        for a in (c.reference, c.expected):
            a = np.asarray(a, np.float64)
            open_to_all = [np.isclose(known, v, rtol=1e-9, atol=0.0).any() for v in a.ravel()]
            if c.verdict != "right" and not any(open_to_all):
                hidden.append(a)
    return hidden


def channels(hints):
    """Every way in which hints come out, as text."""
    picture = hints.graph(engine="builtin")
    page = picture.html()
    data = page[page.index('id="graph"') :] if 'id="graph"' in page else page
    return {
        "str": str(hints), "repr": repr(hints), "es": hints.text("es"), "json": hints.json(),
        "html": hints._repr_html_(), "dict": repr(hints.to_dict()), "svg": picture.svg(),
        "dot": picture.dot(), "mermaid": picture.mermaid(), "text": picture.text(),
        "graph json": picture.json(), "page": data, "vars": repr(vars(hints)),
    }  # fmt: skip


def values_in(thing, seen=None):
    """Every array and float that can be reached from an object."""
    seen = set() if seen is None else seen
    if id(thing) in seen or isinstance(thing, (str, bytes, int, type, types.ModuleType)):
        return
    seen.add(id(thing))
    if isinstance(thing, (float, np.ndarray, np.generic)):
        yield np.asarray(thing)
    elif isinstance(thing, dict):
        for value in thing.values():
            yield from values_in(value, seen)
    elif isinstance(thing, (list, tuple, set, frozenset)):
        for value in thing:
            yield from values_in(value, seen)
    elif isinstance(thing, Tensor):
        parts = [thing.value, *thing.inputs]
        yield from values_in([*parts, thing.grad] if thing.is_leaf else parts, seen)
    elif hasattr(thing, "__dict__") and not callable(thing):
        yield from values_in(vars(thing), seen)


SEARCHED = [planted for planted in PLANTED[::11] if secrets(*planted)]  # else all is the student's


@pytest.mark.filterwarnings("ignore:Mermaid draws")  # 505 arrows
@pytest.mark.parametrize(("name", "mistake"), SEARCHED, ids=lambda v: getattr(v, "wrong", v))
def test_no_reference_number_comes_out(name, mistake):
    hidden = secrets(name, mistake)
    numbers = np.unique(np.concatenate([a.ravel() for a in hidden]))
    numbers = numbers[(np.abs(numbers) > 1e-9) & (numbers != np.round(numbers, 2))]
    ranges = {f"{a.min():.{d}g} … {a.max():.{d}g}" for a in hidden for d in (3, 4) if a.size > 6}
    for level in (1, 2, 3):
        hints = checked(name, mistake, student=level)
        for channel, text in channels(hints).items():
            text = text.replace("−", "-")
            exact = [float(t) for t in NUMBER.findall(text) if len(t) >= 14]
            for value in exact:  # with fewer digits numbers are alike by chance
                assert not np.isclose(numbers, value, rtol=1e-11, atol=0.0).any(), (channel, value)
            assert not [r for r in ranges if r in text], channel
        for found in values_in(hints):
            for a in hidden:
                assert found.shape != a.shape or not np.allclose(found, a), "held in the object"


def test_the_search_would_find_a_leak():
    """The same search finds the numbers in the report that is not for students."""
    name, mistake = "mlp tanh", first("mlp tanh", "G03")
    hidden = secrets(name, mistake)
    report = checked(name, mistake)
    assert any(
        found.shape == a.shape and np.allclose(found, a)
        for found in values_in(report)
        for a in hidden
    )
    numbers = np.concatenate([a.ravel() for a in hidden])
    told = [float(t) for t in NUMBER.findall(report.graph().json().replace("−", "-")) if len(t) > 8]
    assert any(np.isclose(numbers, value, rtol=1e-6, atol=0.0).any() for value in told)


def raised_by(name, mistake):
    model = MODELS[name]
    inputs = model.inputs(np.random.default_rng(0))
    forward, backward = model.functions(mistake)
    with pytest.raises(AssertionError, match="z2: WRONG") as raised:
        assert_backprop(forward, backward, *inputs, student=2)
    return raised.value.__traceback__.tb_next


def test_nor_does_an_assertion_carry_it():
    name, mistake = "mlp tanh", first("mlp tanh", "G03")
    hidden, frame = secrets(name, mistake), raised_by(name, mistake)
    looked = 0
    while frame is not None:
        for found in values_in(frame.tb_frame.f_locals):
            looked += 1
            assert not any(found.shape == a.shape and np.allclose(found, a) for a in hidden)
        frame = frame.tb_next
    assert looked > 5


def reached_from(thing):
    """Every array that hangs on an object, whoever holds it: closures, frames of a traceback."""
    seen, todo, found = set(), [thing], []
    while todo:
        one = todo.pop()
        if id(one) in seen or isinstance(one, (type, types.ModuleType)):
            continue
        seen.add(id(one))
        if isinstance(one, np.ndarray):
            found.append(one)
        if isinstance(one, types.FunctionType):
            todo += [cell.cell_contents for cell in one.__closure__ or ()]
        elif isinstance(one, types.FrameType):
            own = one.f_globals.get("__name__") == __name__ and one.f_code.co_name == "hints_of"
            todo += [] if own else list(one.f_locals.values())
        elif not (isinstance(one, dict) and "__builtins__" in one):  # the globals of a module
            todo += gc.get_referents(one)
    return found


def by_graph(x, w):
    return np.sum(np.tanh(x @ w))


def by_differences(x, w):
    return float(np.sum(np.tanh(x @ w)))


def that_stops(x, w):
    if next(calls) == 60:
        raise ArithmeticError("enough")
    return float(np.sum(np.tanh(x @ w)))


def three_times_too_much(x, w):
    return {"w": 3.0 * x.T @ (1.0 - np.tanh(x @ w) ** 2)}


calls = itertools.count()


def given():
    rng = np.random.default_rng(0)
    return rng.normal(size=(7, 5)), rng.normal(size=(5, 3))


def the_secret_in(things):
    x, w = given()
    secret = x.T @ (1.0 - np.tanh(x @ w) ** 2)
    return [a for a in things if a.shape == secret.shape and np.allclose(a, secret, rtol=1e-4)]


def hints_of(forward, **options):
    try:
        return check_backprop(forward, three_times_too_much, *given(), student=1, **options)
    except Exception as error:
        return error


@pytest.mark.parametrize("forward", [by_graph, by_differences])
def test_nothing_that_hangs_on_the_hints_is_the_reference(forward):
    hints = hints_of(forward)
    assert hints.verdicts["w"] == "wrong"
    picture = hints.graph(engine="builtin")
    assert "wrong" in picture.text()
    assert the_secret_in(reached_from(check_backprop(forward, three_times_too_much, *given())))
    for thing in (hints, picture):
        assert not the_secret_in(reached_from(thing))


@pytest.mark.parametrize("forward", [by_graph, by_differences])
@pytest.mark.parametrize(
    "options",
    [
        {"rubric": {"q": 1}},
        {"rubric": [1]},
        {"rubric": {"w": "2"}},
        {"rubric": {"w": 1}, "follow_through": 2.0},
        {"follow_through": "all"},
        {"previous": {"w": "abc"}},
        {"loss": 3},
        {"names": 3},
        {"gradient": 1.0},
    ],
    ids=str,
)
def test_nothing_that_hangs_on_an_error_is_the_reference(forward, options):
    error = hints_of(forward, **options)
    assert isinstance(error, Exception)
    assert not the_secret_in(reached_from(error))


def test_nor_where_forward_stops_while_differences_are_taken():
    error = hints_of(that_stops)
    assert isinstance(error, ArithmeticError)
    place = error.__traceback__
    while place.tb_next is not None:
        place = place.tb_next
    assert "x" in place.tb_frame.f_locals  # the student's own variables are there
    assert not reached_differences(error)
    with pytest.raises(ValueError, match="engine") as raised:
        hints_of(by_differences).graph(engine="none")
    assert not the_secret_in(reached_from(raised.value))


def reached_differences(error):
    """Whether frames of the package on the way of an error still have variables."""
    place, found = error.__traceback__, []
    while place is not None:
        frame = place.tb_frame
        inside = frame.f_globals.get("__name__", "").startswith("tinygrad_es.")
        found += list(frame.f_locals) if inside and frame.f_code.co_name == "_judged" else []
        place = place.tb_next
    return found


def test_options_are_looked_at_before_anything_runs():
    def forward(x):
        raise AssertionError("it ran")

    for options in ({"rubric": {"x": -1}}, {"follow_through": 2.0}, {"previous": {"x": "a"}}):
        with pytest.raises((TypeError, ValueError), match=r"rubric|follow|previous"):
            check_backprop(forward, forward, np.ones(3), **options)


def test_what_fits_nothing_and_odd_multiples_are_hinted_at_without_numbers():
    w = Tensor(np.array([1.0, 2.0, 5.0]), requires_grad=True, name="w")
    loss = (w * w * w).sum()
    told = check_backprop(loss, by_hand={"w": np.array([3.3, 1.7, 9.1])}, student=3)
    assert "derive this one again" in str(told)
    assert not re.search(r"\d\.\d", str(told))
    times = check_backprop(loss, by_hand={"w": 1.2345 * 3.0 * w.value**2}, student=3)
    assert "1.2345" not in str(times)
    assert "constant" in str(times)
    added = check_backprop(loss, by_hand={"w": 3.0 * w.value**2 + 0.4321 * w.value}, student=3)
    assert "the term in w" in str(added)
    assert "0.4321" not in str(added)


# --- points --------------------------------------------------------------------------------------


def test_a_rubric_with_follow_through_marks():
    mistake = first("mlp tanh", "G03")  # z2 is wrong, all behind it is carried on
    rubric = {"W1": 3, "b1": 1, "W2": 2, "b2": 2}
    report = checked("mlp tanh", mistake, rubric=rubric)
    verdicts = {m.name: (m.verdict, m.points, m.of) for m in report.marks}
    assert verdicts["b2"] == ("carried", 0.0, 2.0)  # z2 has no points: b2 pays
    assert verdicts["W1"] == ("carried", 3.0, 3.0)
    assert (report.score, report.of) == (6.0, 8.0)
    assert "points: 6 of 8" in report.text("en")
    half = checked("mlp tanh", mistake, rubric={**rubric, "z2": 4}, follow_through=0.5)
    assert (half.score, half.of) == (4.0, 12.0)
    data = json.loads(checked("mlp tanh", mistake, rubric=rubric, student=1).json())
    assert (data["score"], data["of"], data["level"]) == (6.0, 8.0, 1)
    assert data["marks"][0] == {"name": "W1", "verdict": "carried", "points": 3.0, "of": 3.0}
    full = checked("mlp tanh", None, rubric=rubric)
    assert full.score == full.of == 8.0


def test_what_the_rubric_asks_for_and_nobody_gave_is_missing():
    x, y = (Tensor(v, requires_grad=True) for v in (3.0, 4.0))
    report = check_backprop(x * y, by_hand={"x": 4.0}, rubric={"x": 1, "y": 2})
    assert not report
    assert report.culprit is None
    assert (report.missing, report.score, report.of) == (["y"], 1.0, 3.0)
    assert "missing: y" in report.text("en")
    assert "faltan: y" in report.text("es")
    assert "y" in report._repr_html_()


@pytest.mark.parametrize(
    ("error", "options", "match"),
    [
        (ValueError, {"student": 4}, "student: expected 1"),
        (ValueError, {"student": "yes"}, "student: expected 1"),
        (TypeError, {"rubric": [1, 2]}, "rubric: expected points"),
        (LookupError, {"rubric": {"q": 1}}, "no node is called 'q'"),
        (ValueError, {"rubric": {"x": -1}}, "≥ 0"),
        (TypeError, {"rubric": {"x": "2"}}, "expected a number"),
        (ValueError, {"rubric": {"x": float("nan")}}, "≥ 0"),
        (ValueError, {"rubric": {"x": 1}, "follow_through": 2.0}, "from 0 to 1"),
    ],
)
def test_bad_options(error, options, match):
    x = Tensor(3.0, requires_grad=True)
    with pytest.raises(error, match=match):
        check_backprop(x * x, by_hand={"x": 6.0}, **options)


def test_marks_alone():
    assert marks_of({}) == ()
    assert [m.points for m in marks_of({"a": "wrong", "b": "carried"})] == [0.0, 1.0]
    assert isinstance(checked("mlp tanh", None, student=1), Hints)
