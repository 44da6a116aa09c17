"""What a failing test shows: the report and the test's own lines, none of the library's."""

from __future__ import annotations

import re

import pytest

REPORT = [
    "E       AssertionError: gradient: 2 entries, largest relative error 5.0e-01: 2 WRONG",
    "E         input 0[1]: automatic -1.5395…, numerical -3.0791…",
    "E         input 0[0]: automatic -1.1369…, numerical -2.2739…",
]
REPEAT = "E       repeat with --gradcheck-seed=0"


def without_blank(lines):
    return [re.sub(r"(\d\.\d{4})\d+", r"\1…", line) for line in lines if line.strip()]


def test_a_marked_test_shows_its_source_and_the_report(failing):
    lines = failing("""
        @pytest.mark.gradcheck
        def test_half():
            return half, [1.0, 2.0]
    """)
    assert without_blank(lines) == [
        "    @pytest.mark.gradcheck",
        "    def test_half():",
        ">       return half, [1.0, 2.0]",
        *REPORT,
        REPEAT,
        lines[-1],
    ]
    assert lines[-1].endswith(": AssertionError")
    assert lines[-1].startswith("test_it.py:")


def test_a_failing_fixture_shows_the_line_of_the_call(failing):
    lines = without_blank(
        failing("""
        def test_half(gradcheck):
            gradcheck(ops.tanh, [1.0, 2.0])
            gradcheck(half, [1.0, 2.0])
    """)
    )
    assert lines[0] == "gradcheck = <gradcheck, seed 0>"
    assert lines[3:-1] == [">       gradcheck(half, [1.0, 2.0])", *REPORT, REPEAT]


@pytest.mark.parametrize(
    "statement",
    ["assert check_gradients(half, [1.0, 2.0])", "assert check_gradients(half, [1.0, 2.0]).ok"],
)
def test_a_plain_assert_shows_the_report(failing, statement):
    lines = without_blank(
        failing(f"""
        def test_half():
            {statement}
    """)
    )
    assert lines[:-1] == ["    def test_half():", f">       {statement}", *REPORT]


def test_a_plain_assert_keeps_its_own_words(failing):
    lines = without_blank(
        failing("""
        def test_half():
            report = check_gradients(half, [1.0, 2.0])
            assert report, "the derivative of half"
    """)
    )
    first = REPORT[0].replace("AssertionError: ", "")
    expected = ["E       AssertionError: the derivative of half", first, *REPORT[1:]]
    assert lines[3:-1] == expected


@pytest.mark.parametrize(
    "body",
    [
        "assert check_backprop(forward, wrong, *arrays())",
        "gradcheck.backprop(forward, wrong, *arrays())",
    ],
)
def test_gradients_by_hand_show_the_diagnosis(failing, body):
    lines = failing(f"""
        def test_hand(gradcheck):
            {body}
    """)
    found = [line for line in lines if line.startswith("E ")]
    assert found[0].startswith("E       AssertionError: z: WRONG (first wrong node")
    assert "Diagnosis G05" in found[2]
    assert "your gradient = dh·(1 − h) in place of dh·(1 − h²)." in found[2]
    assert not any("tinygrad_es/" in line for line in lines)


def test_other_asserts_are_left_alone(failing):
    lines = without_blank(
        failing("""
        def test_other():
            report = check_gradients(half, [1.0, 2.0])
            assert report.entries == 3
    """)
    )
    assert "E       assert 2 == 3" in lines


def test_a_message_has_at_most_twelve_lines(failing):
    lines = failing("""
        @pytest.mark.gradcheck(power=True, opinions=True, mode="sample")
        def test_half():
            return lambda x: ops.relu(x) * half(x) + 0.0 * x**3, np.linspace(-1, 2, 100)
    """)
    found = [line for line in lines if line.startswith("E ")]
    assert 7 < len(found) <= 12
    assert found[-1] == REPEAT


def test_an_error_of_the_function_shows_its_line_alone(failing):
    text = """
        def f(x):
            return ops.matmul(x, np.ones((3, 5)))

        {}
    """
    marked = "@pytest.mark.gradcheck\n        def test_f():\n            return f, np.ones((2, 2))"
    called = "def test_f(gradcheck):\n            gradcheck(f, np.ones((2, 2)))"
    for body in (marked, called):
        lines = failing(text.format(body))
        assert ">       return ops.matmul(x, np.ones((3, 5)))" in lines
        assert any("ShapeError: matmul: shapes (2, 2) @ (3, 5) do not fit" in x for x in lines)
        assert not any("tinygrad_es/" in line or "direct cause" in line for line in lines)
        every = failing(text.format(body), "--full-trace")
        assert any("record.py" in line for line in every)


def test_an_error_of_the_check_points_at_the_test(failing):
    text = """
        @pytest.mark.gradcheck
        def test_f():
            x = np.arange(3)
            return ops.tanh, x
    """
    lines = without_blank(failing(text))
    assert ">       return ops.tanh, x" in lines
    assert (
        "E       TypeError: check_gradients: expected a floating point input. Received: int64 "
        "array of shape (3,)." in lines
    )
    assert not any("tinygrad_es/" in line for line in lines)


def test_of_several_returns_none_is_blamed(failing):
    lines = without_blank(
        failing("""
        @pytest.mark.gradcheck
        def test_half():
            if half is None:
                return None
            return half, [1.0, 2.0]
    """)
    )
    assert lines[1] == ">   def test_half():"
    assert lines[-2].strip("E ") == REPEAT.strip("E ")


@pytest.mark.parametrize("style", ["short", "line", "native", "auto"])
def test_every_style_of_traceback_names_the_place(run, style):
    result = run("""
        @pytest.mark.gradcheck
        def test_half():
            return half, [1.0, 2.0]
    """, f"--tb={style}", "--showlocals")  # fmt: skip
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*test_it.py*", "*2 WRONG*"])
    result.stdout.fnmatch_lines(["FAILED test_it.py::test_half - AssertionError: gradient: 2 *"])


def test_spanish(failing, monkeypatch):
    monkeypatch.setenv("TINYGRAD_ES_LANGUAGE", "es")
    lines = failing("""
        @pytest.mark.gradcheck
        def test_half():
            return half, [1.0, 2.0]
    """)
    text = "\n".join(lines)
    assert "gradiente: 2 componentes, mayor error relativo 5.0e-01: 2 MAL" in text
    assert "E       se repite con --gradcheck-seed=0" in text
