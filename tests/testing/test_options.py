"""The seed and the power; other plugins; what the plugin costs."""

from __future__ import annotations

import subprocess
import sys
import tomllib

import pytest

from .conftest import ENTRY, ROOT

# --- the seed -----------------------------------------------------------------------------------

SEEDED = """
    def test_one(gradcheck):
        print("drawn", gradcheck.seed, gradcheck.rng.normal(), gradcheck.rng.normal())

    def test_two(gradcheck):
        print("drawn", gradcheck.seed, gradcheck.rng.normal(), gradcheck.rng.normal())

    def test_three(gradcheck):
        report = gradcheck(ops.tanh, [1.0, 2.0], order=1)
        print("entry", report.table[0].automatic)
        report = gradcheck(ops.tanh, [1.0, 2.0], order=1, seed=11)
        print("fixed", report.table[0].automatic)
"""


def told(result, word):
    return [line.partition(word)[2] for line in result.outlines if word in line]


def test_the_seed_decides_all_that_is_random(run):
    none, zero, three, again = (
        run(SEEDED, "-s", "-q", *options)
        for options in ([], ["--gradcheck-seed=0"], *([["--gradcheck-seed", "3"]] * 2))
    )
    for word in ("drawn", "entry"):
        assert told(none, word) == told(zero, word) != told(three, word) == told(again, word)
    first, second = told(three, "drawn")
    assert first == second  # each test has a generator of its own
    a, b = first.split()[1:]
    assert a != b
    assert told(three, "fixed") == told(zero, "fixed")


def test_the_seed_is_told(run):
    text = """
        @pytest.mark.gradcheck
        def test_half():
            return half, [1.0]

        def test_other():
            pass
    """
    lines = run(text, "--gradcheck-seed=5").outlines
    assert "gradcheck: --gradcheck-seed=5" in lines
    assert "gradcheck: 1 of them, --gradcheck-seed=5" in lines
    assert any(line.strip("E ") == "repeat with --gradcheck-seed=5" for line in lines)
    plain = run("def test_other(): pass").outlines
    assert not any("gradcheck" in line for line in plain)


@pytest.mark.parametrize("seed", ["-1", "1.5", "x"])
def test_a_bad_seed_is_an_error_of_usage(run, seed):
    result = run("", f"--gradcheck-seed={seed}")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"*--gradcheck-seed: expected a whole number ≥ 0. *'{seed}'"])


# --- power --------------------------------------------------------------------------------------

POWER = """
    @pytest.mark.gradcheck
    def test_strong():
        return ops.tanh, np.linspace(0.1, 1.0, 7)

    def test_weak(gradcheck):
        gradcheck(ops.tanh, np.linspace(0.1, 1.0, 7), rtol=0.5)
        gradcheck(ops.exp, np.linspace(0.1, 1.0, 7))

    def test_half_vacuous(gradcheck):
        gradcheck(lambda x, w: x * w, np.zeros(3), np.arange(1.0, 4.0))

    def test_vacuous(gradcheck):
        gradcheck(lambda x: 0.0 * x, np.ones(3))

    def test_wrong(gradcheck):
        gradcheck(half, np.ones(3))

    def test_by_hand(gradcheck):
        gradcheck.backprop(forward, right, *arrays())

    def test_nothing(gradcheck):
        pass

    def test_other():
        pass
"""
TABLE = [
    "   100 %    7 of 7  test_it.py::test_half_vacuous: VACUOUS in input 1: all derivatives are 0",
    "    68 %  15 of 22  test_it.py::test_weak: not ×1.01 on one entry (7); 2 checks",
    "   100 %  14 of 14  test_it.py::test_by_hand",
    "   100 %  11 of 11  test_it.py::test_strong",
    "     —    0 of 0  test_it.py::test_vacuous: FAILED; VACUOUS in input 0: all derivatives are 0",
    "     —    0 of 0  test_it.py::test_wrong: FAILED",
]


def table(result):
    lines = result.outlines
    start = next(i for i, line in enumerate(lines) if "planted mistakes that each test" in line)
    stop = next(i for i, line in enumerate(lines) if i > start and line.startswith("==="))
    return [line for line in lines[start + 1 : stop] if line]


def test_the_table_has_the_weakest_first(run):
    result = run(POWER, "--gradcheck-power")
    result.assert_outcomes(passed=6, failed=2)
    assert [" ".join(line.split()) for line in table(result)] == [
        " ".join(line.split()) for line in TABLE
    ]


def test_without_the_option_there_is_no_table(run):
    run(POWER).stdout.no_fnmatch_line("*planted mistakes*")


def test_an_empty_table_says_so(run):
    lines = table(run("def test_other(): pass", "--gradcheck-power"))
    assert lines == ["no test checked a gradient"]


def test_the_table_in_spanish(run, monkeypatch):
    monkeypatch.setenv("TINYGRAD_ES_LANGUAGE", "es")
    result = run(POWER, "--gradcheck-power")
    result.stdout.fnmatch_lines(["*errores plantados que detecta cada prueba*"])
    result.stdout.fnmatch_lines(["*test_half_vacuous: VACÍA en entrada 1: todas*"])


def test_several_processes_give_the_same_table(run):
    pytest.importorskip("xdist", reason="pytest-xdist is not installed")
    alone = run(POWER, "--gradcheck-power", "--gradcheck-seed=3", apart=True)
    several = run(POWER, "--gradcheck-power", "--gradcheck-seed=3", "-n", "2", apart=True)
    several.assert_outcomes(passed=6, failed=2)
    assert table(several) == table(alone)
    assert "E       repeat with --gradcheck-seed=3" in several.outlines


# --- the fixture --------------------------------------------------------------------------------


def test_the_fixture_gives_the_report_back(run):
    run("""
        def test_report(gradcheck):
            assert gradcheck(ops.tanh, [1.0], order=2).order == 2
            report = gradcheck.backprop(forward, right, *arrays())
            assert set(report.verdicts.values()) == {"right"}
            assert repr(gradcheck) == "<gradcheck, seed 0>"
    """).assert_outcomes(passed=1)


def test_recorded_losses_go_by_the_names_of_the_test(run):
    run("""
        from tinygrad_es import Tensor

        def test_names(gradcheck):
            w = Tensor(3.0, requires_grad=True)
            loss = w * w
            gradcheck.backprop(loss, by_hand={"w": 6.0})
            with pytest.raises(AssertionError, match="w: WRONG"):
                gradcheck.backprop(loss, by_hand={"w": 5.0})
    """).assert_outcomes(passed=1)


def test_the_fixture_works_wherever_fixtures_do(run, pytester):
    pytester.makepyfile(
        test_old="""
        import unittest
        import pytest
        from tinygrad_es import ops

        class TestOld(unittest.TestCase):
            @pytest.fixture(autouse=True)
            def _own(self, gradcheck):
                self.gradcheck = gradcheck

            def test_method(self):
                self.gradcheck(ops.tanh, [1.0])
                with self.assertRaises(AssertionError):
                    self.gradcheck(lambda x: x * x.detach(), [1.0])
    """
    )
    result = run("""
        @pytest.fixture
        def checked(gradcheck):
            return gradcheck(ops.tanh, [1.0])

        class TestIt:
            @pytest.mark.parametrize("n", [1, 2])
            def test_class(self, gradcheck, n):
                gradcheck(ops.tanh, [0.5] * n)

            def test_indirect(self, checked):
                assert checked.ok

            def test_late(self, request):
                request.getfixturevalue("gradcheck")(ops.tanh, [1.0])

        @settings(derandomize=True, deadline=None, max_examples=5, database=None)
        @given(x=st.floats(0.5, 2))
        def test_given(gradcheck, x):
            gradcheck(ops.log, x)
    """)
    result.assert_outcomes(passed=6)


def test_a_fixture_of_the_same_name_comes_first(run, pytester):
    pytester.makeconftest("""
        import pytest

        @pytest.fixture
        def gradcheck():
            return 7
    """)
    run("""
        def test_it(gradcheck):
            assert gradcheck == 7
    """).assert_outcomes(passed=1)


# --- with others --------------------------------------------------------------------------------


def test_it_may_be_asked_for_twice(run, pytester):
    pytester.makeconftest('pytest_plugins = ["pytest_tinygrad_es"]')
    result = run(SEEDED, "-p", "pytest_tinygrad_es", apart=True)
    result.assert_outcomes(passed=3)


def test_another_wrapper_of_the_call_sees_a_plain_test(run, pytester):
    pytester.makeconftest("""
        import pytest

        @pytest.hookimpl(wrapper=True, tryfirst=True)
        def pytest_pyfunc_call(pyfuncitem):
            before = pyfuncitem.obj
            result = yield
            assert pyfuncitem.obj is before
            return result
    """)
    result = run("""
        @pytest.mark.gradcheck
        def test_right():
            return ops.tanh, [1.0]

        @pytest.mark.gradcheck
        def test_half():
            return half, [1.0]
    """)
    result.assert_outcomes(passed=1, failed=1)


# --- what it costs ------------------------------------------------------------------------------


def test_nothing_is_loaded_until_a_gradient_is_checked(run, pytester):
    pytester.makeconftest("""
        import sys

        def pytest_unconfigure():
            print("loaded", sorted({"numpy", "tinygrad_es"} & set(sys.modules)))
    """)
    pytester.makepyfile(test_plain="def test_it(): assert True")
    result = run("", "test_plain.py", "-s", apart=True)
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["loaded [[][]]"])


def test_the_module_alone_loads_pytest_alone():
    code = (
        "import sys, pytest; before = set(sys.modules); import pytest_tinygrad_es; "
        "print(sorted(set(sys.modules) - before))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ENTRY
    )
    assert done.stdout.strip() == "['pytest_tinygrad_es']"


def test_it_is_installed_as_a_plugin():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    entries = project["project"]["entry-points"]["pytest11"]
    assert entries == {"pytest_tinygrad_es": "pytest_tinygrad_es"}
    build = project["tool"]["hatch"]["build"]
    module = (ENTRY / "pytest_tinygrad_es.py").relative_to(ROOT).as_posix()
    assert build["targets"]["wheel"]["force-include"] == {module: "pytest_tinygrad_es.py"}
