"""The flags: relative between layers, with the thresholds that the documentation names."""

import numpy as np
import pytest

from tinygrad_es.views import health
from tinygrad_es.views.health import Pulse, flags_of, judge, lasting, reasons

NAN, INF = float("nan"), float("inf")


def chain(*signals, **last):
    layers = [Pulse(f"layer {i}", s) for i, s in enumerate(signals)]
    return [*layers[:-1], layers[-1]._replace(last=True, **last)]


# --- one array -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("size", "flags"),
    [
        (1.0, ()),
        (health.VANISHING * 1.01, ()),
        (health.VANISHING * 0.99, ("vanishing",)),
        (health.EXPLODING * 0.99, ()),
        (health.EXPLODING * 1.01, ("exploding",)),
        (0.0, ("dead",)),
        (NAN, ("nan",)),
        (-INF, ("nan",)),
    ],
)
def test_one_array_by_its_size_among_the_others(size, flags):
    for shape in ((), (3,), (5, 7)):
        assert flags_of(np.full(shape, size), reference=1.0) == flags
        assert flags_of(np.full(shape, size, "float32"), reference=1.0) == flags


def test_sizes_do_not_matter_for_the_root_mean_square():
    assert health.rms(np.full((3, 4), -2.0)) == health.rms([2.0]) == 2.0
    assert health.rms([]) == 0.0
    assert health.rms(np.full(3, 1e-30, "float32")) == pytest.approx(1e-30)


def test_nothing_is_judged_without_a_reference():
    for reference in (None, 0.0, NAN, INF):
        assert flags_of([1e-30], reference=reference) == ()
        assert flags_of([0.0], reference=reference) == ()
    assert flags_of(None, reference=1.0) == flags_of([], reference=1.0) == ()


def test_a_value_that_is_nan_is_flagged_where_the_gradient_is_not_known():
    assert flags_of(None, [1.0, NAN]) == flags_of([1.0], INF) == ("nan",)
    assert flags_of(1.0, np.array([1, 2])) == ()


# --- layers --------------------------------------------------------------------------------------


@pytest.mark.parametrize("depth", [5, 10])
def test_the_products_of_the_specification(depth):
    """Πσ′(0): 0.25 for one sigmoid, 9.765625e-4 for five, 9.5367431640625e-7 for ten."""
    arriving = [0.25 ** (depth - i) for i in range(depth)]
    assert arriving[0] == {5: 9.765625e-4, 10: 9.5367431640625e-7}[depth]
    flags = judge(chain(*arriving))
    assert flags[0] == ("vanishing",)
    assert flags[-4:] == [(), (), (), ()]  # 1/64 of the last one, and more


def test_all_gradients_tiny_is_convergence():
    assert judge(chain(1e-20, 2e-20, 1e-20)) == [(), (), ()]
    assert judge(chain(0.0, 0.0, 0.0)) == [(), (), ()]


def test_two_ends_are_compared_with_the_larger():
    trunk = Pulse("trunk", 1.0)
    strong, weak = Pulse("strong", 0.5, last=True), Pulse("weak", 1e-5, last=True)
    assert judge([trunk, strong, weak]) == [(), (), ()]


def test_exploding_dead_saturated_nan():
    assert judge(chain(2e3, 1.0)) == [("exploding",), ()]
    assert judge(chain(NAN, 1.0)) == judge([Pulse("a", 1.0, finite=False), *chain(1.0)])
    layers = [Pulse("a", 1.0, dead=0.95), Pulse("b", 1.0, saturated=0.8), Pulse("c", 0.0, zeros=1)]
    flags = [("dead",), ("saturated",), ("dead",), ()]
    assert judge([*layers, *chain(1.0, saturated=0.99)]) == flags
    assert judge([Pulse("a", 1.0, growth=1e4), *chain(1.0)]) == [("exploding",), ()]
    assert judge([]) == []


def test_flags_that_last():
    fleeting = [()] * 6 + [("vanishing",)] * 4
    assert lasting(fleeting) == ()
    assert lasting([*fleeting, ("vanishing",), ("vanishing",)]) == ("vanishing",)
    assert lasting([("nan",)] + [()] * 50) == ("nan",)
    assert lasting([["dead", "exploding"]]) == ("dead", "exploding")  # lists, of a file


# --- words ---------------------------------------------------------------------------------------


def test_reasons_in_two_languages():
    layers = [Pulse("h", 3e-6), Pulse("d", 1.0, dead=1.0), *chain(1.0)]
    english, spanish = (reasons(layers, judge(layers), language) for language in ("en", "es"))
    assert english == [
        "d: dead: 100% of its ReLU units are 0 for every sample",
        "h: vanishing: the error here is 3e-06 times that of the last layer, less than 0.01",
    ]
    assert spanish == [
        "d: muerta: el 100% de sus unidades ReLU es 0 en todas las muestras",
        "h: se desvanece: el error es aquí 3e-06 veces el de la última capa, menos de 0.01",
    ]


def test_every_flag_has_a_reason():
    layers = [
        Pulse("a", 1.0, finite=False), Pulse("b", 0.0, zeros=1.0), Pulse("c", 1e-9),
        Pulse("d", 1e9), Pulse("e", 1.0, saturated=1.0), Pulse("f", 1.0, growth=1e9), *chain(1.0),
    ]  # fmt: skip
    flags = judge(layers)
    assert {flag for found in flags for flag in found} == set(health.FLAGS)
    for language in ("en", "es"):
        assert [line[0] for line in reasons(layers, flags, language)] == list("abcdfe")


def test_the_layer_whose_units_are_dead_comes_before_those_it_cuts_off():
    cut_off = [Pulse(f"before {i}", 0.0, zeros=1.0, dead=0.1) for i in range(4)]
    layers = [*cut_off, Pulse("culprit", 0.0, zeros=1.0, dead=1.0), Pulse("last", 0.1, last=True)]
    found = reasons(layers, judge(layers), "en")
    assert found[0] == "culprit: dead: 100% of its ReLU units are 0 for every sample"
    assert found[-1] == "before 2, before 3: dead"


def test_many_layers_of_one_flag_are_listed():
    layers = chain(*[1e-9] * 6, 1.0)
    found = reasons(layers, judge(layers), "en")
    assert len(found) == 4
    assert found[-1] == "layer 3, layer 4, layer 5: vanishing"
