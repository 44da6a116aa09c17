"""The same numbers as PyTorch: values, first and second gradients, over edge shapes and layouts."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch", reason="compares with torch")

import cases_elementwise  # noqa: E402 - they need torch
import cases_linear_algebra  # noqa: E402 - they need torch
import cases_nn  # noqa: E402 - they need torch
import cases_numpy  # noqa: E402 - they need torch
import cases_reductions  # noqa: E402 - they need torch
import cases_shapes  # noqa: E402 - they need torch
from torch_comparison import LAYOUTS, Case, assert_same, ours, theirs  # noqa: E402 - they need torch

from tinygrad_es.autodiff.primitive import PRIMITIVES  # noqa: E402 - they need torch

pytestmark = pytest.mark.peers

MODULES = (
    cases_elementwise,
    cases_reductions,
    cases_shapes,
    cases_linear_algebra,
    cases_nn,
    cases_numpy,
)
CASES = [case for module in MODULES for case in module.CASES]
SMOOTH = [case for case in CASES if case.smooth]


def _all_numbers(case: Case) -> bool:
    """Whether every input is one float: then the case runs on Python floats too."""
    return all(x == () for x in case.inputs if isinstance(x, tuple)) and () in [
        x for x in case.inputs if isinstance(x, tuple)
    ]


NUMBERS = [case for case in CASES if _all_numbers(case) and len(case.inputs) < 4]


def each(found: list[Case]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("case", found, ids=lambda case: case.id)


@each(CASES)
def test_values_and_gradients_in_float64(case: Case) -> None:
    mine, peer = ours(case), theirs(case)
    assert_same("value", mine.values, peer.values, case.double)
    assert_same("gradient", mine.first, peer.first, case.double)


@each(CASES)
def test_values_and_gradients_in_float32(case: Case) -> None:
    mine, peer = ours(case, "float32"), theirs(case, "float32")
    assert_same("value", mine.values, peer.values, case.single)
    assert_same("gradient", mine.first, peer.first, case.single)


@each(SMOOTH)
def test_second_order(case: Case) -> None:
    mine, peer = ours(case, order=2), theirs(case, order=2)
    assert_same("gradient", mine.first, peer.first, case.double)
    assert_same("second gradient", mine.second, peer.second, 100 * case.double)


@each(CASES)
def test_layouts_in_memory(case: Case) -> None:
    peer = theirs(case)
    for layout in LAYOUTS:
        mine = ours(case, layout=layout)
        assert_same(f"value of {layout}", mine.values, peer.values, case.double)
        assert_same(f"gradient of {layout}", mine.first, peer.first, case.double)


@each(NUMBERS)
def test_python_floats(case: Case) -> None:
    mine, peer = ours(case, weak=True, order=2), theirs(case, order=2)
    # a number that an operation makes an array of takes the default dtype, as a list does
    arrays = "float32" in case.name or any(v.dtype == "float32" for v in mine.values)
    tolerance = case.single if arrays else case.double
    assert_same("value", mine.values, peer.values, tolerance, dtypes=False)
    assert_same("gradient", mine.first, peer.first, tolerance, dtypes=not arrays)
    if case.smooth:
        assert_same("second gradient", mine.second, peer.second, 100 * tolerance, not arrays)


def test_at_least_150_operations_are_compared() -> None:
    operations = {case.operation for case in CASES}
    assert len(operations) >= 300, len(operations)
    assert len(CASES) >= 900, len(CASES)
    assert len({case.id for case in CASES}) == len(CASES), "two cases of one name share numbers"


def test_every_primitive_of_the_table_is_compared() -> None:
    compared = {case.operation for case in CASES}
    table = {
        op.name
        for op in PRIMITIVES.values()
        if "tinygrad_es.autodiff.rules" in op.forward.__module__
    }
    assert sorted(table - compared - REACHED_BY) == []


REACHED_BY = {
    "eigh_values",  # eigvalsh
    "svd_u",  # svd
    "svd_s",  # svdvals
    "svd_vt",  # svd
}
