"""Seeded two-dimensional problems: xor, moons, circles, spiral, gaussians, triangle; noisy sine.

Every generator is called `(n_samples=…, *, noise=…, seed=0)` and returns `(x, y)`: points x,
float32 of shape (n_samples, 2), and labels y, int64 of shape (n_samples,). Only `noisy_sine`, a
regression, differs (see there). The classes differ by at most one row in size where each has its
own shape, and the rows are shuffled, so that any slice of them (Keras' `validation_split` takes
the last rows) has every class. The same arguments give the same numbers, with the same NumPy
(NEP 19 lets a release change the stream of its random generator).

`noise` is what it is in the source of each, so it does not compare between generators:

| generator | noise moves | how |
|---|---|---|
| `xor`, `circles`, `triangle` | the place the label is read at | uniform, ±5·noise on each axis |
| `spiral` | the point | uniform, ±noise on each axis |
| `gaussians` | the spread | variance 0.5 + 7·noise |
| `moons`, `noisy_sine` | the point (its y) | normal, standard deviation noise |

Sources: TensorFlow Playground, `src/dataset.ts` (xor, circles, spiral, gaussians; its labels
+1 and -1 are 1 and 0 here); scikit-learn, `make_moons`; Stanford CS231n (a spiral of several
classes).

Every one raises TypeError for an argument that is no number (or no integer: `n_samples`,
`seed`), and ValueError for n_samples < 1, a negative or non-finite noise, a negative seed.
"""

import math

import numpy as np
from numpy.typing import NDArray

from tinygrad_es.datasets._arguments import generator, noise_level, whole_number

Examples = tuple[NDArray[np.float32], NDArray[np.int64]]

RADIUS = 5.0
"""Half the side of the square (or the radius of the disc) in which the Playground draws."""

TRIANGLE: tuple[tuple[float, float], ...] = ((-4.0, -4.0), (4.0, -4.0), (0.0, 4.0))
"""The corners of `triangle`, counter-clockwise."""


# ── shared by the generators ─────────────────────────────────────────────────────────────────────


def _class_sizes(n_samples: int, n_classes: int) -> list[int]:
    """Return how many rows each class has: as equal as can be, the later classes the larger."""
    return [(n_samples + label) // n_classes for label in range(n_classes)]


def _shuffled(
    rng: np.random.Generator, parts: list[NDArray[np.float64]], labels: NDArray[np.int64]
) -> Examples:
    """Return the parts (points of one class each) as one shuffled set."""
    order = rng.permutation(len(labels))
    return np.concatenate(parts).astype(np.float32)[order], labels[order]


def _read_at(
    rng: np.random.Generator, x: NDArray[np.float32], noise: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the coordinates at which the labels of x are read: x itself when noise is 0.

    Starting from the rounded float32 points, so that the label is right for what is returned.
    """
    place = x.astype(np.float64) + noise * rng.uniform(-RADIUS, RADIUS, size=x.shape)
    return place[:, 0], place[:, 1]


def _polar(radius: NDArray[np.float64], angle: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the points at these radii and angles, the angle clockwise from the second axis."""
    return np.stack([radius * np.sin(angle), radius * np.cos(angle)], axis=1)


# ── classification ───────────────────────────────────────────────────────────────────────────────


def xor(n_samples: int | None = None, *, noise: float = 0.0, seed: int = 0) -> Examples:
    """Return the truth table of exclusive or; with n_samples, the Playground's xor cloud.

    Without n_samples: the four points (0,0), (0,1), (1,0), (1,1), in this order, labelled
    0, 1, 1, 0; nothing is random and noise must be 0.

    With n_samples: points uniform in ±5 on each axis and then moved 0.3 away from it, so that
    0.3 <= |coordinate| <= 5.3; label 1 where the coordinates have the same sign. Mind that this
    is the Playground's convention and the opposite of the table's, where 1 means "differ".
    The label is read at a place moved by ±5·noise.

    Raises ValueError for a noise without n_samples; see the module for the rest.

    >>> x, y = xor()
    >>> x.tolist(), y.tolist()
    ([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]], [0, 1, 1, 0])
    >>> x, y = xor(300)
    >>> bool(np.all(y == (x[:, 0] * x[:, 1] > 0)))
    True
    """
    noise, rng = noise_level(noise), generator(seed)
    if n_samples is None:
        if noise:
            raise ValueError(
                "The four points of xor() have no noise: expected noise=0, or n_samples as well. "
                f"Received: n_samples=None, noise={noise}"
            )
        table = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], dtype=np.float32)
        return table, np.array([0, 1, 1, 0], dtype=np.int64)
    n = whole_number("n_samples", n_samples, minimum=1)
    spot = rng.uniform(-RADIUS, RADIUS, size=(n, 2))
    x = (spot + np.where(spot > 0, 0.3, -0.3)).astype(np.float32)
    first, second = _read_at(rng, x, noise)
    return x, (first * second > 0).astype(np.int64)


def moons(n_samples: int = 100, *, noise: float = 0.1, seed: int = 0) -> Examples:
    """Return two interleaving half circles of radius 1, as scikit-learn's `make_moons`.

    With t evenly spaced in 0..π, both ends included: label 0 at (cos t, sin t), the upper moon;
    label 1 at (1 - cos t, 1/2 - sin t), the lower one. Normal noise of standard deviation `noise`
    is added to each coordinate.

    >>> x, y = moons(100, noise=0)
    >>> upper = x[y == 0]
    >>> len(upper), bool(np.allclose(np.hypot(upper[:, 0], upper[:, 1]), 1))
    (50, True)
    """
    n, noise = whole_number("n_samples", n_samples, minimum=1), noise_level(noise)
    rng = generator(seed)
    sizes = _class_sizes(n, 2)
    upper, lower = (np.linspace(0.0, np.pi, size) for size in sizes)
    parts = [
        np.stack([np.cos(upper), np.sin(upper)], axis=1),
        np.stack([1.0 - np.cos(lower), 0.5 - np.sin(lower)], axis=1),
    ]
    parts = [part + rng.normal(0.0, noise, size=part.shape) for part in parts]
    return _shuffled(rng, parts, np.repeat(np.arange(2), sizes))


def circles(n_samples: int = 500, *, noise: float = 0.0, seed: int = 0) -> Examples:
    """Return a disc inside a ring (the Playground's "circle").

    Half the points have a radius uniform in 0..2.5, the other half in 3.5..5; the angles are
    uniform. Label 1 where the radius is below 2.5, read at a place moved by ±5·noise.

    >>> x, y = circles(500)
    >>> radius = np.hypot(x[:, 0], x[:, 1])
    >>> bool(radius[y == 1].max() < 2.5 and radius[y == 0].min() > 3.499), y.sum().item()
    (True, 250)
    """
    n, noise = whole_number("n_samples", n_samples, minimum=1), noise_level(noise)
    rng = generator(seed)
    outer, inner = _class_sizes(n, 2)
    radius = np.concatenate(
        [rng.uniform(0.7 * RADIUS, RADIUS, outer), rng.uniform(0.0, 0.5 * RADIUS, inner)]
    )
    x = _polar(radius, rng.uniform(0.0, 2.0 * np.pi, n))[rng.permutation(n)].astype(np.float32)
    first, second = _read_at(rng, x, noise)
    return x, (np.hypot(first, second) < 0.5 * RADIUS).astype(np.int64)


def spiral(
    n_samples: int = 500, *, noise: float = 0.0, seed: int = 0, n_classes: int = 2
) -> Examples:
    """Return `n_classes` arms of a spiral, 1.75 turns long, one class each.

    Point i of the m on an arm: r = 5 i/m, t = 1.75 · 2π i/m + Δ, at (r sin t, r cos t), and
    uniform noise of ±noise on each coordinate. The arm of label k starts at Δ = 2π (k + 1) /
    n_classes. For two classes that is the Playground's: label 1 at Δ = 0, label 0 at Δ = π. Three
    classes are a spiral as in CS231n, which has shorter arms, 4 radians apart, and normal noise
    on the angle.

    Raises ValueError for n_classes < 2; see the module for the rest.

    >>> x, y = spiral(300, n_classes=3)
    >>> np.bincount(y).tolist(), bool(np.hypot(x[:, 0], x[:, 1]).max() < 5)
    ([100, 100, 100], True)
    """
    n, noise = whole_number("n_samples", n_samples, minimum=1), noise_level(noise)
    k, rng = whole_number("n_classes", n_classes, minimum=2), generator(seed)
    sizes = _class_sizes(n, k)
    parts = []
    for label, size in enumerate(sizes):
        along = np.arange(size) / max(size, 1)
        start = 2.0 * np.pi * ((label + 1) % k) / k
        arm = _polar(RADIUS * along, 1.75 * 2.0 * np.pi * along + start)
        parts.append(arm + noise * rng.uniform(-1.0, 1.0, size=arm.shape))
    return _shuffled(rng, parts, np.repeat(np.arange(k), sizes))


def gaussians(n_samples: int = 500, *, noise: float = 0.0, seed: int = 0) -> Examples:
    """Return two round normal clouds (the Playground's "gauss").

    Label 1 is centred at (2, 2), label 0 at (-2, -2); each coordinate has variance
    0.5 + 7·noise. The Playground's slider ends at noise 0.5, variance 4.

    >>> x, y = gaussians(2000)
    >>> print(x[y == 1].mean(axis=0).round(1), x[y == 0].mean(axis=0).round(1))
    [2. 2.] [-2. -2.]
    """
    n, noise = whole_number("n_samples", n_samples, minimum=1), noise_level(noise)
    rng = generator(seed)
    sizes = _class_sizes(n, 2)
    spread = math.sqrt(0.5 + 7.0 * noise)
    parts = [
        rng.normal(centre, spread, size=(size, 2))
        for centre, size in zip((-2.0, 2.0), sizes, strict=True)
    ]
    return _shuffled(rng, parts, np.repeat(np.arange(2), sizes))


def triangle(n_samples: int = 500, *, noise: float = 0.0, seed: int = 0) -> Examples:
    """Return points of a square, labelled 1 inside the triangle `TRIANGLE`.

    The points are uniform in ±5 on each axis. A corner and the next one, a and b, bound a half
    plane: the cross product of b - a and p - a is positive to the left of the line. The label is
    the product of the three answers, which is what three threshold units and one "and" compute;
    fewer than three half planes bound no region on all sides. About 32 % of the points are
    inside. The label is read at a place moved by ±5·noise.

    >>> x, y = triangle(1000)
    >>> bool(0.27 < y.mean() < 0.37)
    True
    """
    n, noise = whole_number("n_samples", n_samples, minimum=1), noise_level(noise)
    rng = generator(seed)
    x = rng.uniform(-RADIUS, RADIUS, size=(n, 2)).astype(np.float32)
    first, second = _read_at(rng, x, noise)
    inside = np.ones(n, dtype=np.int64)
    for (ax, ay), (bx, by) in zip(TRIANGLE, TRIANGLE[1:] + TRIANGLE[:1], strict=True):
        inside *= (bx - ax) * (second - ay) - (by - ay) * (first - ax) > 0
    return x, inside


# ── regression ───────────────────────────────────────────────────────────────────────────────────


def noisy_sine(
    n_samples: int = 1000, *, noise: float = 0.3, seed: int = 0
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return y = sin(x) plus normal noise, at n_samples evenly spaced x in 0..10.

    Both are float32 of shape (n_samples, 1), in the order of x (not shuffled: it plots as a
    curve); `noise` is the standard deviation.

    >>> x, y = noisy_sine(5, noise=0)
    >>> x.ravel().tolist()
    [0.0, 2.5, 5.0, 7.5, 10.0]
    >>> bool(np.allclose(y, np.sin(x)))
    True
    """
    n, noise = whole_number("n_samples", n_samples, minimum=1), noise_level(noise)
    x = np.linspace(0.0, 1.0, n)[:, np.newaxis] * 10.0
    y = np.sin(x) + generator(seed).normal(0.0, noise, size=x.shape)
    return x.astype(np.float32), y.astype(np.float32)
