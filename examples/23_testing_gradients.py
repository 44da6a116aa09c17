"""Tests of gradients with pytest: a marker, a fixture, strategies, and what each test is worth.

English. This file is a test file and a program: as a program it runs pytest on itself. Two tests
fail, and so they should: one function forgets a gradient, one backward pass by hand takes a mean
where a sum belongs. Each failure names what is wrong. The table at the end says how many planted
mistakes every test would catch: a test with a tolerance of one half catches few.

Español. Este archivo es un archivo de pruebas y un programa: como programa ejecuta pytest sobre sí
mismo. Dos pruebas fallan, y así debe ser: una función olvida un gradiente, y una pasada hacia atrás
a mano toma la media donde va la suma. Cada fallo dice qué está mal. La tabla del final dice cuántos
errores plantados detectaría cada prueba: una con tolerancia de un medio detecta pocos.
"""

import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings

from tinygrad_es import ops
from tinygrad_es.testing import calls_of, prime_network, small_networks


def forgetful(x, w):
    return ops.tanh(x * w.detach())  # nothing flows back to w


def forward(x, t, W1, b1, W2, b2):
    z = x @ W1 + b1
    h = np.tanh(z)
    y = h @ W2 + b2
    return np.sum((y - t) ** 2) / 2


def backward(x, t, W1, b1, W2, b2):
    h = np.tanh(x @ W1 + b1)
    dy = h @ W2 + b2 - t
    dW2, db2 = h.T @ dy, dy.mean(axis=0)  # the sum over the rows, not their mean
    dz = (dy @ W2.T) * (1 - h**2)
    return {"W1": x.T @ dz, "b1": dz.sum(axis=0), "W2": dW2, "b2": db2}


@pytest.mark.gradcheck(order=2)
def test_softmax():
    return ops.softmax, np.linspace(-1.0, 1.0, 7)


@pytest.mark.gradcheck
def test_forgetful():
    return forgetful, [0.5, -1.0], [2.0, 3.0]


@pytest.mark.gradcheck(rtol=0.5)
def test_careless():
    return ops.exp, np.linspace(-1.0, 1.0, 7)


def test_by_hand(gradcheck):
    gradcheck.backprop(forward, backward, *prime_network(gradcheck.seed))


@settings(derandomize=True, deadline=None, max_examples=5, database=None)
@given(calls_of(ops.matmul), small_networks(losses=("categorical_crossentropy",)))
def test_drawn(gradcheck, call, network):
    gradcheck(*call)
    gradcheck(*network, order=1)


def main():
    here = Path(__file__).resolve()
    ours = ["-p", "pytest_tinygrad_es", "--gradcheck-power", "--gradcheck-seed=1"]
    plain = ["-c", os.devnull, "--rootdir", str(here.parent), "-p", "no:cacheprovider"]
    loaded = ["-W", "ignore::pytest.PytestAssertRewriteWarning"]  # by this program already
    pytest.main([str(here), *ours, *plain, *loaded, "--capture=no", "--color=no", "-q"])


if __name__ == "__main__":
    main()
