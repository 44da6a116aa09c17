"""The marker: what it checks, with which options, and what it refuses."""

from __future__ import annotations

import pytest


def test_what_can_be_returned(run):
    run("""
        from tinygrad_es import Sequential, layers

        pytestmark = pytest.mark.gradcheck

        def test_function():
            return ops.tanh, [0.5, -1.0]

        def test_list():
            return [ops.tanh, np.ones((3, 2))]

        def test_model():
            model = Sequential([layers.Input((5,)), layers.Dense(3, "tanh")])
            model.compile("sgd", "mse")
            rng = np.random.default_rng(0)
            return model, rng.normal(size=(7, 5)), rng.normal(size=(7, 3))

        def test_two_functions():
            return forward, right, *arrays()

        def test_report():
            return check_gradients(ops.tanh, [0.5])

        def test_report_by_hand():
            return check_backprop(forward, right, *arrays())

        @pytest.mark.gradcheck(loss=lambda y, t: 0.5 * np.sum((y - t) ** 2))
        def test_object():
            class Net:
                def __init__(self, W):
                    self.W = W
                def forward(self, x):
                    self.x = x
                    return x @ self.W
                def backward(self, x, t):
                    self.dW = x.T @ (x @ self.W - t)
            x, t, W = arrays()
            return Net(W), x, t
    """).assert_outcomes(passed=7)


@pytest.mark.parametrize(
    "returned",
    [
        "half, [1.0, 2.0]",
        "forward, wrong, *arrays()",
        "check_gradients(half, [1.0])",
        "check_backprop(forward, wrong, *arrays())",
        "lambda x: 0.0 * x, [1.0]",  # vacuous
        "lambda x: x * np.random.normal(), [1.0]",  # random
    ],
)
def test_what_is_wrong_fails(run, returned):
    result = run(f"""
        @pytest.mark.gradcheck
        def test_it():
            return {returned}
    """)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["E * repeat with --gradcheck-seed=0"])


@pytest.mark.parametrize(
    ("returned", "received"),
    [
        ("None", "None"),
        ("True", "bool True"),
        ("()", "an empty tuple"),
        ("ops.tanh", "tanh"),
        ("(ops.tanh,)", "tanh"),
        ("[1.0], ops.tanh", "list*, tanh"),
        ("'f', [1.0]", "str*"),
    ],
)
def test_anything_else_is_an_error(run, returned, received):
    result = run(f"""
        @pytest.mark.gradcheck
        def test_it():
            return {returned}
    """)
    result.assert_outcomes(failed=1)
    start = "E * TypeError: a test marked gradcheck returns what it checks: `return f, x, w`, *"
    result.stdout.fnmatch_lines([f"{start}Received: {received}*"])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("2", "*expected options by name, @pytest.mark.gradcheck(order=2). Received: int 2*"),
        ("ordr=2", "*no check has an option 'ordr'; did you mean 'order'? Received: ordr=2."),
        ("by_hand={}", "*no check has an option 'by_hand'; * Received: by_hand={}."),
    ],
)
def test_bad_arguments_are_errors_before_the_test_runs(run, arguments, message):
    result = run(f"""
        @pytest.mark.gradcheck({arguments})
        def test_it():
            raise SystemError("it ran")
    """)
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines([message])
    result.stdout.no_fnmatch_line("*it ran*")


@pytest.mark.parametrize(
    ("options", "returned", "message"),
    [
        ("order=3", "ops.tanh, [1.0]", "*ValueError: check_gradients: expected order 1 or 2.*"),
        ("rtol='x'", "ops.tanh, [1.0]", "*ValueError: check_gradients: expected rtol to be*"),
        ("loss=sum", "ops.tanh, [1.0]", "*TypeError: *'loss' is no option of check_gradients."),
        ("order=2", "forward, right, *arrays()", "*TypeError: *'order' is no option of check_ba*"),
    ],
)
def test_bad_values_point_at_the_test(run, options, returned, message):
    result = run(f"""
        @pytest.mark.gradcheck({options})
        def test_it():
            return {returned}
    """)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines([f">       return {returned}".replace("[", "[[]"), message])
    result.stdout.no_fnmatch_line("*tinygrad_es/*")


def test_where_it_cannot_work_it_says_so(run):
    result = run("""
        import unittest

        @pytest.mark.gradcheck
        class TestCase(unittest.TestCase):
            def test_method(self):
                pass

        @pytest.mark.gradcheck
        async def test_async():
            return ops.tanh, [1.0]
    """)
    result.assert_outcomes(errors=2)
    result.stdout.fnmatch_lines(["*unittest throws away what its test methods return*"])
    result.stdout.fnmatch_lines(["*expected a plain function, not async*"])


def test_options_reach_the_check(run):
    run("""
        @pytest.mark.gradcheck(rtol=0.6, order=1)  # it is wrong by half
        def test_rough():
            return half, [1.0, 2.0]

        @pytest.mark.gradcheck(rtol=0.4, order=1)
        def test_not_as_rough():
            return half, [1.0, 2.0]
    """).assert_outcomes(passed=1, failed=1)


def test_hints_and_points_reach_a_check_by_hand(run):
    result = run(
        """
        @pytest.mark.gradcheck(student=2, rubric={"W": 2, "t": 1})
        def test_hints():
            return forward, wrong, *arrays()
    """,
        "--gradcheck-power",
    )
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*WRONG (first wrong node*", "*points: * of 3"])
    result.stdout.no_fnmatch_line("*reference*")


def test_the_nearest_marker_has_the_last_word(run):
    run("""
        @pytest.mark.gradcheck(rtol=0.6, order=1)
        class TestHalf:
            def test_own_class(self):
                return half, [1.0, 2.0]

            @pytest.mark.xfail(strict=True)
            @pytest.mark.gradcheck(rtol=0.1)
            def test_own(self):
                return half, [1.0, 2.0]

            @pytest.mark.parametrize("x", [
                [1.0],
                pytest.param([2.0], marks=[pytest.mark.gradcheck(rtol=0.1), pytest.mark.xfail]),
                pytest.param([2.0], marks=pytest.mark.skip),
            ])
            def test_each(self, x):
                return half, x
    """).assert_outcomes(passed=2, xfailed=2, skipped=1)


def test_only_marked_parameters_are_checked(run):
    result = run("""
        @pytest.mark.parametrize("n", [1, pytest.param(2, marks=pytest.mark.gradcheck)])
        def test_n(n):
            return (half, [1.0] * n) if n == 2 else None
    """)
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["FAILED test_it.py::test_n[[]2[]]*"])


def test_every_example_of_hypothesis_is_checked(run):
    result = run("""
        seen = []

        @pytest.mark.gradcheck
        @settings(derandomize=True, deadline=None, max_examples=20, database=None)
        @given(x=st.lists(st.floats(0.5, 2), min_size=1, max_size=3))
        def test_right(x):
            seen.append(x)
            return ops.log, x

        def test_seen():
            assert len(seen) == 20

        class TestClass:
            @pytest.mark.gradcheck
            @settings(derandomize=True, deadline=None, database=None)
            @given(x=st.floats(0.5, 2))
            def test_wrong(self, x):
                return (half if x > 1 else ops.tanh), x
    """)
    result.assert_outcomes(passed=2, failed=1)
    result.stdout.fnmatch_lines(["E * 1 WRONG", "E *Failing test case: test_wrong(*", "E * x=*"])


def test_fixtures_and_setup_are_those_of_any_test(run):
    run("""
        @pytest.fixture
        def x():
            yield np.array([0.5, 1.0])

        class TestIt:
            def setup_method(self):
                self.w = np.array([2.0, 3.0])

            @pytest.mark.gradcheck(order=2)
            def test_it(self, x):
                return lambda x, w: (w * ops.exp(x)).sum(), x, self.w
    """).assert_outcomes(passed=1)


def test_a_test_that_raises_itself_is_shown_as_ever(run):
    result = run("""
        @pytest.mark.gradcheck
        def test_it():
            assert 1 == 2
            return half, [1.0]
    """)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines([">       assert 1 == 2", "E       assert 1 == 2"])


def test_unmarked_tests_keep_the_warning_of_pytest(run):
    run("""
        def test_it():
            return ops.tanh, [1.0]
    """).assert_outcomes(failed=1)


def test_the_marker_is_explained(run):
    result = run("", "--markers")
    result.stdout.fnmatch_lines(["@pytest.mark.gradcheck(order=*): the test returns `f, *inputs`*"])


@pytest.mark.parametrize(
    "head",
    [
        "@pytest.mark.gradcheck\ndef test_it():",
        "@pytest.mark.gradcheck\n@decorated\ndef test_it():",
        "class TestIt:\n  @staticmethod\n  @pytest.mark.gradcheck\n  def test_it():",
        "class TestIt:\n  @pytest.mark.gradcheck\n  @classmethod\n  def test_it(cls):",
        "class TestIt:\n  @pytest.mark.gradcheck\n  def test_it(self):",
    ],
)
def test_the_place_of_any_kind_of_function_is_found(run, head):
    decorated = (
        "import functools\ndef decorated(f):\n    @functools.wraps(f)\n"
        "    def inner():\n        return f()\n    return inner\n"
    )
    result = run(decorated + head + "\n        return half, [1.0]\n")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines([">*return half, [[]1.0]", "E * 1 WRONG", "*.py:*: AssertionError"])


def test_a_skip_inside_the_function_is_a_skip(run):
    run("""
        @pytest.mark.gradcheck
        def test_it():
            return lambda x: pytest.skip("not here"), [1.0]
    """).assert_outcomes(skipped=1)
