"""The printed paths of the optimizers on J = ½(w₁² + 10·w₂²) from (1, 1) (§2.9)."""

import numpy as np
import pytest

from tinygrad_es import Tensor
from tinygrad_es.optimizers import SGD, Adam

STEPS = (1, 2, 3, 10)

# run in Keras 3.15.1 (jax, x64): w1,w2 at t = 1 | 2 | 3 | 10, to 15 digits
ROWS = {
    ".95,.5 | .9025,.25 | .857375,.125 | .598736939238379,.0009765625": lambda: SGD(0.05),
    ".95,.5 | .8575,-.2 | .731375,-.73 | -.310922910669629,.0877247680000001": (
        lambda: SGD(0.05, 0.9)
    ),
    ".905,.05 | .778525,-.4025 | .631462625,-.404875 | -.261992453382427,-.0162984593125977": (
        lambda: SGD(0.05, 0.9, nesterov=True)
    ),
    ".900000316226766,.900000031622767 | .800412776215515,.800412282525816 | "
    ".701587014864783,.70158634573554 | .0762506532291992,.0762493008578437": lambda: Adam(0.1),
    # AdamW is Adam with a decoupled decay
    ".899600316226766,.899600031622767 | .799655251172773,.799654757563993 | "
    ".70051626754326,.700515598645618 | .0744212174854108,.0744198687682766": (
        lambda: Adam(0.1, weight_decay=0.004)
    ),
    ".99502481404895,.950248140489501 | .989817678204902,.900520022323802 | "
    ".984354767810864,.850819352207327 | .935831248484722,.504255810852484": (
        lambda: SGD(0.05, clipnorm=1.0)
    ),
    ".975,.975 | .95,.95 | .925,.925 | .75,.75": lambda: SGD(0.05, clipvalue=0.5),
    ".945,.495 | .893025,.245025 | .843908625,.121287375 | .56796043755203,.000883185620125785": (
        lambda: SGD(0.05, weight_decay=0.1)
    ),
}
NAMES = [
    "SGD", "momentum", "Nesterov", "Adam", "Adam, decay", "clipnorm", "clipvalue", "weight_decay",
]  # fmt: skip


def numbers(row):
    return np.array([[float(w) for w in pair.split(",")] for pair in row.split("|")])


@pytest.mark.parametrize(("row", "make"), list(ROWS.items()), ids=NAMES)
def test_printed_rows(row, make):
    w = Tensor(np.array([1.0, 1.0]), requires_grad=True)
    curvature = np.array([1.0, 10.0])
    optimizer = make()
    path = []
    for _ in range(10):
        (0.5 * (curvature * w**2).sum()).backward()
        optimizer.step([w])
        path.append(w.numpy().copy())
    found = np.array([path[t - 1] for t in STEPS])
    # half a unit of the 15th printed digit, and the rounding of ten steps
    np.testing.assert_allclose(found, numbers(row), rtol=2e-15, atol=3e-15)
    assert optimizer.iterations == 10


@pytest.mark.parametrize(
    ("row", "make"),
    # a norm is taken per parameter: clipnorm of two numbers is another path
    [pair for pair, name in zip(ROWS.items(), NAMES, strict=True) if name != "clipnorm"],
    ids=[name for name in NAMES if name != "clipnorm"],
)
def test_printed_rows_on_python_floats(row, make):
    w1, w2 = Tensor(1.0, requires_grad=True), Tensor(1.0, requires_grad=True)
    optimizer = make()
    path = []
    for _ in range(10):
        (0.5 * (w1**2 + 10.0 * w2**2)).backward()
        optimizer.step([w1, w2])
        path.append([w1.data, w2.data])
    assert type(w1.data) is type(w2.data) is float
    found = np.array([path[t - 1] for t in STEPS])
    np.testing.assert_allclose(found, numbers(row), rtol=2e-15, atol=3e-15)
