"""The data sets: what is stored, how it is split, where the generated points lie."""

import doctest
import hashlib
import re
import runpy
from collections.abc import Callable
from importlib import import_module, resources
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tinygrad_es.datasets import iris, optdigits, synthetic
from tinygrad_es.datasets._archive import read
from tinygrad_es.datasets._split import stratified_indices

DATA = resources.files("tinygrad_es.datasets").joinpath("data")
STORED = {"iris": iris, "optdigits": optdigits}
CLASSIFIERS: dict[str, Callable[..., Any]] = {
    "xor": synthetic.xor,
    "moons": synthetic.moons,
    "circles": synthetic.circles,
    "spiral": synthetic.spiral,
    "gaussians": synthetic.gaussians,
    "triangle": synthetic.triangle,
}
GENERATORS: dict[str, Callable[..., Any]] = {**CLASSIFIERS, "noisy_sine": synthetic.noisy_sine}

each_stored = pytest.mark.parametrize("name", list(STORED))
each_classifier = pytest.mark.parametrize("name", list(CLASSIFIERS))
each_generator = pytest.mark.parametrize("name", list(GENERATORS))


def _rows(x: np.ndarray, y: np.ndarray) -> list[tuple[float, ...]]:
    """Return the labelled rows, sorted: equal lists are equal multisets of examples."""
    return sorted(map(tuple, np.column_stack([x.reshape(len(y), -1), y]).tolist()))


# ── what is stored ───────────────────────────────────────────────────────────────────────────────


def test_iris_facts() -> None:
    x, y = iris.load_all()
    assert (x.dtype, x.shape, y.dtype, y.shape) == (np.float32, (150, 4), np.int64, (150,))
    assert y.tolist() == [0] * 50 + [1] * 50 + [2] * 50
    assert len(iris.FEATURE_NAMES) == 4
    assert iris.CLASS_NAMES == ("Iris-setosa", "Iris-versicolor", "Iris-virginica")
    np.testing.assert_array_equal(x.min(axis=0), np.array([4.3, 2.0, 1.0, 0.1], np.float32))
    np.testing.assert_array_equal(x.max(axis=0), np.array([7.9, 4.4, 6.9, 2.5], np.float32))
    np.testing.assert_allclose(x.mean(axis=0), [5.8433, 3.0573, 3.7580, 1.1993], atol=1e-4)


@pytest.mark.parametrize(
    ("row", "lengths"),
    [
        (1, (5.1, 3.5, 1.4, 0.2)),
        (2, (4.9, 3.0, 1.4, 0.2)),
        (35, (4.9, 3.1, 1.5, 0.2)),  # UCI's iris.data: 0.1
        (38, (4.9, 3.6, 1.4, 0.1)),  # UCI's iris.data: 3.1, 1.5
        (95, (5.6, 2.7, 4.2, 1.3)),
        (96, (5.7, 3.0, 4.2, 1.2)),
        (97, (5.7, 2.9, 4.2, 1.3)),
        (149, (6.2, 3.4, 5.4, 2.3)),
        (150, (5.9, 3.0, 5.1, 1.8)),
    ],
)
def test_iris_rows_counted_from_one(row: int, lengths: tuple[float, ...]) -> None:
    x, _ = iris.load_all()
    np.testing.assert_array_equal(x[row - 1], np.array(lengths, np.float32))


def test_optdigits_facts() -> None:
    x, y = optdigits.load_all()
    assert (x.dtype, x.shape, y.dtype, y.shape) == (np.uint8, (1797, 8, 8), np.uint8, (1797,))
    assert (int(x.min()), int(x.max())) == (0, 16)
    assert np.bincount(y).tolist() == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]
    assert y[:10].tolist() == list(range(10))
    assert x[0, 0].tolist() == [0, 0, 5, 13, 9, 1, 0, 0]
    assert x[0, 7].tolist() == [0, 0, 6, 13, 10, 0, 0, 0]


@each_stored
def test_digests_are_those_of_the_attribution_file(name: str) -> None:
    noted = DATA.joinpath("ATTRIBUTION.md").read_text(encoding="utf-8")
    for field in ("x", "y"):
        array = read(name)[field]
        little = array.astype(array.dtype.newbyteorder("<"))
        digest = hashlib.sha256(little.tobytes()).hexdigest()
        assert f"| {name} `{field}` | `{digest}` |" in noted


@each_stored
def test_archives_name_their_source_and_licence(name: str) -> None:
    notice = str(read(name)["attribution"])
    for phrase in ("UCI Machine Learning Repository", "https://doi.org/10.24432/", "CC BY 4.0"):
        assert phrase in notice


@pytest.mark.parametrize(("name", "limit"), [("iris", 3_000), ("optdigits", 50_000)])
def test_archives_are_small(name: str, limit: int) -> None:
    assert len(DATA.joinpath(f"{name}.npz").read_bytes()) < limit


def test_program_of_the_attribution_file_makes_these_arrays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("sklearn", reason="the archives are made from scikit-learn's data")
    text = DATA.joinpath("ATTRIBUTION.md").read_text(encoding="utf-8")
    programs = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    assert len(programs) == 1
    program = tmp_path / "make.py"
    program.write_text(programs[0], encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    runpy.run_path(str(program))
    for name in STORED:
        stored = read(name)
        with np.load(tmp_path / f"{name}.npz", allow_pickle=False) as made:
            assert sorted(made.files) == sorted(stored)
            for field in made.files:
                assert made[field].dtype == stored[field].dtype
                np.testing.assert_array_equal(made[field], stored[field])


@each_stored
def test_load_all_gives_arrays_of_ones_own(name: str) -> None:
    x, y = STORED[name].load_all()
    x[:], y[:] = 0, 0
    assert all(array.any() for array in STORED[name].load_all())


# ── the split ────────────────────────────────────────────────────────────────────────────────────


@each_stored
@pytest.mark.parametrize("test_split", [0, 0.1, 0.2, 0.5, np.float32(0.25)])
def test_parts_are_disjoint_and_together_are_all(name: str, test_split: float) -> None:
    x, y = STORED[name].load_all()
    train, test = stratified_indices(y, test_split, seed=113)
    assert sorted([*train.tolist(), *test.tolist()]) == list(range(len(y)))
    (x_train, y_train), (x_test, y_test) = STORED[name].load_data(test_split=test_split)
    np.testing.assert_array_equal(x_train, x[train])
    both = _rows(np.concatenate([x_train, x_test]), np.concatenate([y_train, y_test]))
    assert both == _rows(x, y)
    for label, count in enumerate(np.bincount(y)):
        assert int((y_test == label).sum()) == round(float(test_split) * int(count))


@each_stored
def test_no_test_part(name: str) -> None:
    x, y = STORED[name].load_all()
    _, (x_test, y_test) = STORED[name].load_data(test_split=0)
    assert (x_test.shape, x_test.dtype) == ((0, *x.shape[1:]), x.dtype)
    assert (y_test.shape, y_test.dtype) == ((0,), y.dtype)


@each_stored
def test_split_is_decided_by_the_seed(name: str) -> None:
    load = STORED[name].load_data
    first, again, (other, _) = load(seed=7), load(seed=np.int64(7)), load(seed=8)
    for part, same in zip(first, again, strict=True):
        np.testing.assert_array_equal(part[0], same[0])
        np.testing.assert_array_equal(part[1], same[1])
    assert not np.array_equal(first[0][0], other[0])


@each_stored
def test_parts_are_shuffled(name: str) -> None:
    for _, y in STORED[name].load_data():
        assert set(y[: len(y) // 3].tolist()) == set(y.tolist())


def test_a_smaller_test_part_is_in_a_larger_one() -> None:
    _, y = iris.load_all()
    (_, small), (_, large) = (stratified_indices(y, share, seed=3) for share in (0.1, 0.4))
    assert set(small.tolist()) < set(large.tolist())


@each_stored
@pytest.mark.parametrize("bad", [-0.1, 1, 1.0, 2, float("nan"), float("inf"), 0.9999])
def test_bad_test_split(name: str, bad: float) -> None:
    with pytest.raises(ValueError, match=r"test_split must .* Received: test_split="):
        STORED[name].load_data(test_split=bad)


@each_stored
@pytest.mark.parametrize("bad", ["0.2", None, True, [0.2]])
def test_test_split_that_is_no_number(name: str, bad: object) -> None:
    with pytest.raises(TypeError, match=r"test_split must be a real number.* Received: test_split"):
        STORED[name].load_data(test_split=bad)


@pytest.mark.parametrize("make", [*GENERATORS.values(), iris.load_data, optdigits.load_data])
def test_bad_seed(make: Callable[..., Any]) -> None:
    for bad in (None, 0.5, True):
        with pytest.raises(TypeError, match=r"seed must be an integer.* Received: seed="):
            make(seed=bad)
    with pytest.raises(ValueError, match=r"seed must be at least 0. Received: seed=-1"):
        make(seed=-1)


# ── generators: what they share ──────────────────────────────────────────────────────────────────


@each_classifier
@pytest.mark.parametrize("n", [1, 2, 5, 100, np.int32(33)])
@pytest.mark.parametrize("noise", [0, 0.3])
def test_shapes_and_types(name: str, n: int, noise: float) -> None:
    x, y = CLASSIFIERS[name](n, noise=noise)
    assert (x.dtype, x.shape, y.dtype, y.shape) == (np.float32, (n, 2), np.int64, (n,))
    assert np.isfinite(x).all()
    assert set(y.tolist()) <= {0, 1}


@each_generator
def test_numbers_are_decided_by_the_seed(name: str) -> None:
    make = GENERATORS[name]
    first, again, other = (make(50, noise=0.2, seed=seed) for seed in (4, 4, 5))
    for one, two in zip(first, again, strict=True):
        np.testing.assert_array_equal(one, two)
    assert not all(np.array_equal(a, b) for a, b in zip(first, other, strict=True))
    for one, two in zip(make(50, seed=0), make(50), strict=True):
        np.testing.assert_array_equal(one, two)


@each_generator
def test_noise_changes_the_numbers(name: str) -> None:
    calm, noisy = (GENERATORS[name](400, noise=noise) for noise in (0, 0.4))
    assert not all(np.array_equal(a, b) for a, b in zip(calm, noisy, strict=True))


@each_classifier
def test_every_slice_has_both_classes(name: str) -> None:
    _, y = CLASSIFIERS[name](500)
    assert set(y[-50:].tolist()) == {0, 1}


@each_generator
@pytest.mark.parametrize("bad", [0, -3])
def test_too_few_samples(name: str, bad: int) -> None:
    with pytest.raises(ValueError, match=f"n_samples must be at least 1. .*n_samples={bad}"):
        GENERATORS[name](bad)


@each_generator
@pytest.mark.parametrize("bad", [10.0, "10", True, (5, 5)])
def test_samples_that_are_no_integer(name: str, bad: object) -> None:
    with pytest.raises(TypeError, match=r"n_samples must be an integer.* Received: n_samples="):
        GENERATORS[name](bad)


@each_generator
@pytest.mark.parametrize("bad", [-0.1, float("nan"), float("inf")])
def test_bad_noise(name: str, bad: float) -> None:
    with pytest.raises(ValueError, match=r"noise must be finite and at least 0. Received: noise="):
        GENERATORS[name](10, noise=bad)


@each_generator
@pytest.mark.parametrize("bad", [None, "0", True, 1j])
def test_noise_that_is_no_number(name: str, bad: object) -> None:
    with pytest.raises(TypeError, match=r"noise must be a real number.* Received: noise="):
        GENERATORS[name](10, noise=bad)


# ── generators: where the points lie ─────────────────────────────────────────────────────────────


def test_xor_table() -> None:
    x, y = synthetic.xor()
    assert (x.dtype, y.dtype) == (np.float32, np.int64)
    assert x.tolist() == [[0, 0], [0, 1], [1, 0], [1, 1]]
    assert y.tolist() == [0, 1, 1, 0]
    with pytest.raises(ValueError, match=r"no noise.* Received: n_samples=None, noise=0.1"):
        synthetic.xor(noise=0.1)


def test_xor_cloud() -> None:
    x, y = synthetic.xor(4000)
    assert np.abs(x).min() >= np.float32(0.3)
    assert np.abs(x).max() <= np.float32(5.3)
    np.testing.assert_array_equal(y, np.sign(x[:, 0]) == np.sign(x[:, 1]))
    assert abs(y.mean() - 0.5) < 0.05
    moved, labels = synthetic.xor(4000, noise=0.2)
    np.testing.assert_array_equal(moved, x)  # the label is noisy, not the point
    disputed = labels != y
    assert 0.02 < disputed.mean() < 0.4
    assert np.abs(x[disputed]).min(axis=1).max() <= 5 * 0.2


def test_moons_are_half_circles() -> None:
    x, y = synthetic.moons(201, noise=0)
    upper, lower = x[y == 0], x[y == 1]
    assert (len(upper), len(lower)) == (100, 101)
    np.testing.assert_allclose(np.hypot(*upper.T), 1, atol=1e-6)
    np.testing.assert_allclose(np.hypot(*(lower - [1, 0.5]).T), 1, atol=1e-6)
    assert upper[:, 1].min() >= -1e-6
    assert lower[:, 1].max() <= 0.5 + 1e-6
    noisy, labels = synthetic.moons(20_000, noise=0.1)
    off = np.hypot(*noisy[labels == 0].T) - 1
    assert abs(off.std() - 0.1) < 0.01


def test_moons_without_noise_are_those_of_scikit_learn() -> None:
    reference = pytest.importorskip("sklearn.datasets", reason="compares with sklearn")
    x, y = reference.make_moons(101, shuffle=False, noise=None)
    ours = np.array(_rows(*synthetic.moons(101, noise=0)))
    theirs = np.array(_rows(x.astype(np.float32), y))
    np.testing.assert_allclose(ours, theirs, atol=1e-6)


def test_circles_are_a_disc_and_a_ring() -> None:
    x, y = synthetic.circles(1001)
    radius = np.hypot(x[:, 0], x[:, 1])
    assert np.bincount(y).tolist() == [500, 501]
    assert radius[y == 1].max() < 2.5
    assert radius[y == 0].min() >= 3.5 - 1e-6
    assert radius[y == 0].max() <= 5 + 1e-6
    moved, labels = synthetic.circles(1001, noise=0.2)
    np.testing.assert_array_equal(moved, x)
    disputed = labels != y
    assert disputed.any()
    assert np.abs(radius[disputed] - 2.5).max() <= 5 * 0.2 * np.sqrt(2)


def test_spiral_follows_its_formula() -> None:
    n = 100
    x, y = synthetic.spiral(2 * n)
    for label, start in ((1, 0.0), (0, np.pi)):
        arm = x[y == label]
        arm = arm[np.argsort(np.hypot(*arm.T))]
        i = np.arange(n)
        r, t = 5 * i / n, 1.75 * 2 * np.pi * i / n + start
        np.testing.assert_allclose(arm, np.stack([r * np.sin(t), r * np.cos(t)], 1), atol=1e-5)


def test_spiral_noise_is_bounded() -> None:
    x, _ = synthetic.spiral(600, noise=0.5)
    assert np.abs(x).max() <= 5.5
    shift = np.abs(x - synthetic.spiral(600)[0])  # one seed, one order: the same points, moved
    assert 0.45 < shift.max() <= 0.5 + 1e-6


def test_spiral_of_several_classes() -> None:
    k, n = 5, 40
    x, y = synthetic.spiral(k * n, n_classes=k)
    assert np.bincount(y).tolist() == [n] * k
    radius = np.hypot(x[:, 0], x[:, 1])
    outer = [np.flatnonzero(y == label)[radius[y == label].argmax()] for label in range(k)]
    angles = np.sort(np.arctan2(x[outer, 0], x[outer, 1]))
    np.testing.assert_allclose(np.diff(angles), 2 * np.pi / k, atol=1e-5)
    assert np.bincount(synthetic.spiral(2, n_classes=3)[1], minlength=3).tolist() == [0, 1, 1]
    with pytest.raises(ValueError, match=r"n_classes must be at least 2. Received: n_classes=1"):
        synthetic.spiral(10, n_classes=1)
    with pytest.raises(TypeError, match="n_classes must be an integer"):
        synthetic.spiral(10, n_classes=2.0)  # type: ignore[arg-type]  # wrong on purpose


@pytest.mark.parametrize("noise", [0, 0.5])
def test_gaussians_have_their_mean_and_variance(noise: float) -> None:
    x, y = synthetic.gaussians(40_001, noise=noise)
    assert np.bincount(y).tolist() == [20_000, 20_001]
    for label, centre in ((1, 2), (0, -2)):
        cloud = x[y == label]
        np.testing.assert_allclose(cloud.mean(axis=0), centre, atol=0.06)
        np.testing.assert_allclose(cloud.var(axis=0), 0.5 + 7 * noise, rtol=0.05)


def test_triangle_membership_by_barycentric_coordinates() -> None:
    x, y = synthetic.triangle(3000)
    assert np.abs(x).max() <= 5
    corners = np.array(synthetic.TRIANGLE)
    system = np.vstack([corners.T, np.ones(3)])  # weights of the corners that make the point
    weights = np.linalg.solve(system, np.vstack([x.T.astype(np.float64), np.ones(len(x))]))
    np.testing.assert_array_equal(y, (weights > 0).all(axis=0))
    assert abs(y.mean() - 0.32) < 0.04
    moved, _ = synthetic.triangle(3000, noise=0.1)
    np.testing.assert_array_equal(moved, x)


def test_noisy_sine() -> None:
    x, y = synthetic.noisy_sine()
    assert (x.shape, x.dtype, y.shape, y.dtype) == ((1000, 1), np.float32, (1000, 1), np.float32)
    np.testing.assert_array_equal(x[:, 0], (np.linspace(0, 1, 1000) * 10).astype(np.float32))
    residual = y - np.sin(x)
    assert abs(residual.mean()) < 0.03
    assert abs(residual.std() - 0.3) < 0.03


# ── documentation ────────────────────────────────────────────────────────────────────────────────


MODULES = [
    "",
    "._arguments",
    "._archive",
    "._fetch",
    "._sources",
    "._split",
    ".iris",
    ".optdigits",
    ".synthetic",
]
MODULES += [".mnist", ".fashion_mnist", ".cifar10", ".california_housing", ".sonar"]


@pytest.mark.parametrize("module", MODULES)
def test_doctests(module: str) -> None:
    outcome = doctest.testmod(import_module("tinygrad_es.datasets" + module))
    assert (outcome.attempted > 0, outcome.failed) == (True, 0)
