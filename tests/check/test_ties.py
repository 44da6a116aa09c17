"""Where there is no derivative, each of those that people write by hand is right."""

from __future__ import annotations

import numpy as np
import pytest

from tinygrad_es import Tensor, check_backprop, ops

X = np.array([[0.0, 1.0, -2.0], [3.0, 0.0, 0.0]])


def relu(x, w):
    z = x @ w
    h = np.maximum(z, 0.0)
    return np.sum(h * h + 3.0 * h)


def relu_back(rule):
    def backward(x, w):
        z = x @ w
        dz = (2.0 * np.maximum(z, 0.0) + 3.0) * rule(z)
        return {"w": x.T @ dz, "x": dz @ w.T}

    return backward


@pytest.mark.parametrize(
    "rule",
    [lambda z: z > 0, lambda z: z >= 0, lambda z: np.where(z == 0, 0.5, z > 0)],
    ids=[">", ">=", "half"],
)
def test_relu_at_zero(rule):
    w = np.array([[0.0, 1.0], [0.0, 2.0], [0.0, 1.0]])  # a whole unit at 0
    assert check_backprop(relu, relu_back(rule), X, w)


def test_relu_that_is_wrong_elsewhere():
    w = np.array([[0.0, 1.0], [0.0, 2.0], [0.0, 1.0]])
    assert check_backprop(relu, relu_back(lambda z: 1.01 * (z > 0)), X, w).culprit is not None
    assert check_backprop(relu, relu_back(lambda z: 2.0 * (z >= 0)), X, w).culprit is not None


def winner(place):
    def backward(x):
        d = np.zeros_like(x)
        d[np.flatnonzero(x == x.max())[place]] = 1.0
        return {"x": d}

    return backward


def test_equal_maxima():
    x = np.array([1.0, 2.0, 0.5, 2.0])
    for place in (0, -1):
        assert check_backprop(lambda x: np.max(x), winner(place), x)
    both = check_backprop(lambda x: np.max(x), lambda x: {"x": 1.0 * (x == x.max())}, x)
    assert both.culprit is None
    none = check_backprop(lambda x: np.max(x), lambda x: {"x": 1.0 * (x == 0.5)}, x)
    assert none.verdicts == {"x": "wrong"}


@pytest.mark.parametrize("sign", [lambda x: np.where(x >= 0, 1.0, -1.0), np.sign])
def test_abs_at_zero(sign):
    assert check_backprop(lambda x: np.sum(np.abs(x)), lambda x: {"x": sign(x)}, X)


@pytest.mark.parametrize(
    ("slope", "ok"), [(-1.0, True), (0.3, True), (1.0, True), (1.5, False), (-40.0, False)]
)
def test_differences_at_a_kink(slope, ok):
    """Between the slopes to both sides any number is right; another is not passed as right."""
    x = np.array([0.0, 1.0, -2.0, 3.0])
    report = check_backprop(
        lambda x: float(np.sum(np.abs(x))), lambda x: {"x": np.sign(x) + slope * (x == 0.0)}, x
    )
    assert report.ok is ok
    assert "wrong" not in report.verdicts.values()


def test_clip_at_its_ends():
    x = np.array([0.0, 0.5, 1.0])
    for inside in (lambda x: (x > 0) & (x < 1), lambda x: (x >= 0) & (x <= 1)):
        verdicts = check_backprop(
            lambda x: np.sum(np.clip(x, 0.0, 1.0)), lambda x, f=inside: {"x": 1.0 * f(x)}, x
        ).verdicts
        assert verdicts["x"] in ("right", "inconclusive")


LEAKY = {
    "where": lambda z: np.where(z > 0, z, 0.01 * z),
    "masks": lambda z: z * (z > 0) + 0.01 * z * (z <= 0),
}


@pytest.mark.parametrize("name", LEAKY)
@pytest.mark.parametrize("at_zero", [0.01, 1.0])
def test_either_side_of_a_mask_where_both_are_0(name, at_zero):
    x, w = np.array([[0.0, 0.0], [1.0, 2.0]]), np.array([[1.0, -1.0], [0.5, 2.0]])

    def forward(x, w):
        z = x @ w
        h = LEAKY[name](z)
        return np.sum(h**2 + h)

    def backward(x, w, wrong=0.0):
        z = x @ w
        slope = np.where(z > 0, 1.0, np.where(z < 0, 0.01, at_zero))
        dz = (2 * LEAKY[name](z) + 1) * slope
        dz[1] += wrong
        return {"z": dz, "w": x.T @ dz, "x": dz @ w.T}

    assert check_backprop(forward, backward, x, w).ok
    assert check_backprop(forward, lambda x, w: backward(x, w, 0.01), x, w).culprit == "z"


def one_at(place):
    def backward(x, w):
        dx = np.zeros_like(x)
        dx[np.arange(len(x)), place(x)] = 2 * x.max(axis=1) * w
        return {"x": dx}

    return backward


def shared(x, w):
    largest = x == x.max(axis=1, keepdims=True)
    return {"x": 2 * x * w[:, None] * largest / largest.sum(axis=1, keepdims=True)}


ROWS = {
    "first": one_at(lambda x: x.argmax(axis=1)),
    "last": one_at(lambda x: x.shape[1] - 1 - x[:, ::-1].argmax(axis=1)),
    "shared": shared,
}


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", ROWS)
def test_the_largest_of_each_row_at_ties(name, dtype):
    x = np.array([[1.5, 1.5, 0.5], [2.0, 2.0, 2.0], [3.0, -1.0, -2.0]], dtype)
    w = np.array([1.0, -2.0, 3.0], dtype)

    def forward(x, w):
        return np.sum(np.max(x, axis=1) ** 2 * w)

    assert check_backprop(forward, ROWS[name], x, w).ok
    doubled = {k: 2 * v for k, v in ROWS[name](x, w).items()}
    assert check_backprop(forward, lambda x, w: doubled, x, w).culprit == "x"


@pytest.mark.parametrize("at_zero", [0.0, 1.0])
def test_ties_in_float32(at_zero):
    """1e-13 of a number is nothing in float32."""
    x, w = np.ones((5, 3), "float32"), np.zeros((3, 4), "float32")

    def forward(x, w):
        z = x @ w
        return np.sum(np.maximum(z, 0) * np.arange(1.0, 5.0, dtype="float32"))

    def backward(x, w):
        dz = np.arange(1.0, 5.0, dtype="float32") * np.where(x @ w > 0, 1.0, at_zero)
        return {"z": dz, "w": (x.T @ dz).astype("float32")}

    assert check_backprop(forward, backward, x, w).ok


@pytest.mark.parametrize("place", [0, -1], ids=["first", "last"])
@pytest.mark.parametrize("at_zero", [0.0, 1.0])
def test_two_kinks_of_one_value(place, at_zero):
    """Each has slopes of its own: ReLU of 0 has 0, or 1, whichever of the largest is taken."""

    def forward(x, w, b):
        z = x @ w + b
        return np.maximum(z, 0.0), z.max(axis=1), (x, w, z)

    def rule(factor):
        def backward(da, dm, cache):
            x, w, z = cache
            dz = da * np.where(z == 0.0, at_zero, z > 0.0)
            for i, row in enumerate(z):
                dz[i, np.flatnonzero(row == row.max())[place]] += factor * dm[i]
            return dz @ w.T, x.T @ dz, dz.sum(axis=0)

        return backward

    for seed in range(3):
        rng = np.random.default_rng(seed)
        x, w = np.round(rng.normal(size=(7, 3))), np.round(rng.normal(size=(3, 5)))
        x *= seed > 0  # with the first all is 0
        assert check_backprop(forward, rule(1.0), x, w, np.zeros(5))
        assert not check_backprop(forward, rule(3.0), x, w, np.zeros(5))


@pytest.mark.parametrize("n", [2, 3, 5, 9, 14])
@pytest.mark.parametrize("taken_by_index", [False, True])
def test_a_maximum_that_many_share(n, taken_by_index):
    """In equal parts, all to one of them, or the whole to each: between the slopes all the same."""
    r = np.array([1.0, -2.0, 3.0])[:, None]

    def forward(x):
        if taken_by_index:
            return np.sum(x[np.arange(3)[:, None], x.argmax(axis=1)[:, None]] * r)
        return np.sum(x.max(axis=1, keepdims=True) * r)

    def ok(share):
        return bool(check_backprop(forward, lambda x: {"x": r * share}, np.zeros((3, n))))

    assert all(ok(share) for share in (np.full(n, 1.0 / n), np.ones(n), np.eye(n)[n // 2]))
    assert not ok(np.full(n, 1.5))
    assert not ok(np.full(n, -0.5))


@pytest.mark.parametrize("k", [2, 3])
@pytest.mark.parametrize("kind", ["first", "last", "all", "equal parts"])
def test_windows_of_zeros_after_relu(k, kind):
    def forward(x, r):
        h = np.maximum(x, 0.0)
        out = np.zeros(r.shape)
        for i, j in np.ndindex(2, 2):
            out[..., i, j] = np.max(h[..., i * k : i * k + k, j * k : j * k + k], axis=(1, 2))
        return np.sum(out * r)

    def backward(x, r):
        h = np.maximum(x, 0.0)
        dh = np.zeros_like(h)
        for i, j in np.ndindex(2, 2):
            at = (..., slice(i * k, i * k + k), slice(j * k, j * k + k))
            window = h[at].reshape(len(x), -1)
            mask = 1.0 * (window == window.max(axis=1, keepdims=True))
            if kind == "equal parts":
                mask /= mask.sum(axis=1, keepdims=True)
            elif kind != "all":
                turned = mask[:, :: 1 if kind == "first" else -1]
                mask = np.eye(k * k)[turned.argmax(axis=1)][:, :: 1 if kind == "first" else -1]
            dh[at] = mask.reshape(h[at].shape) * r[:, i, j, None, None]
        return {"h": dh, "x": dh * (x > 0)}

    for seed in range(5):
        rng = np.random.default_rng(seed)
        x = np.where(rng.random((3, 2 * k, 2 * k)) < 0.8, -1.0, 1.0) * rng.random((3, 2 * k, 2 * k))
        report = check_backprop(forward, backward, x, rng.normal(size=(3, 2, 2)))
        assert report.verdicts == {"h": "right", "x": "right"}, str(report)


@pytest.mark.parametrize(("share", "ok"), [(0.25, True), (1.0, True), (1.2, False)])
def test_a_pool_of_equal_entries(share, ok):
    x = Tensor(np.zeros((1, 4, 4, 2)), requires_grad=True)
    y = ops.max_pool(x, (2, 2)).sum()
    assert check_backprop(y, by_hand={"x": np.full(x.shape, share)}).ok == ok
