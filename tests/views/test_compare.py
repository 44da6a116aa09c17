"""By hand against automatic: the first wrong node is found, carried errors are not blamed."""

from __future__ import annotations

import numpy as np
import pytest

from tinygrad_es import Tensor, draw, ops
from tinygrad_es.views.compare import verdicts

RNG = np.random.default_rng(3)
X, T = RNG.normal(size=(7, 5)), np.eye(3)[RNG.integers(0, 3, 7)]
W1, B1, W2 = RNG.normal(size=(5, 11)), RNG.normal(size=11), RNG.normal(size=(11, 3))


def network():
    w1, b1, w2 = (Tensor(v, requires_grad=True, name=n) for v, n in
                  ((W1, "W1"), (B1, "b1"), (W2, "W2")))  # fmt: skip
    z1 = X @ w1 + b1
    h = ops.tanh(z1)
    z2 = h @ w2
    z1.name, h.name, z2.name = "z1", "h", "z2"
    return -(ops.log_softmax(z2) * T).sum() / 7.0


def by_hand(wrong=None):
    """The course's derivation, with one mistake or none."""
    h = np.tanh(X @ W1 + B1)
    z2 = h @ W2
    p = np.exp(z2) / np.exp(z2).sum(axis=1, keepdims=True)
    dz2 = (p - T) / 7.0
    if wrong == "z2":
        dz2 = p - T
    dW2 = h.T @ dz2 * (2.0 if wrong == "W2" else 1.0)
    dh = dz2 @ W2.T
    dz1 = dh if wrong == "z1" else dh * (1 - h**2)
    db1 = dz1.mean(axis=0) if wrong == "b1" else dz1.sum(axis=0)
    return {"z2": dz2, "W2": dW2, "h": dh, "z1": dz1, "W1": X.T @ dz1, "b1": db1}


@pytest.mark.parametrize(
    ("wrong", "carried"),
    [(None, set()), ("z2", {"W2", "h", "z1", "W1", "b1"}), ("W2", set()), ("z1", {"W1", "b1"}),
     ("b1", set())],
)  # fmt: skip
def test_the_culprit_and_what_it_drags_along(wrong, carried):
    found = verdicts(network(), by_hand(wrong))
    assert {name for name, verdict in found.items() if verdict == "wrong"} == {wrong} - {None}
    assert {name for name, verdict in found.items() if verdict == "carried"} == carried
    if wrong in ("z2", "z1"):
        assert next(iter(verdict for verdict in found.values() if verdict != "right")) == "wrong"


def test_what_is_not_given_is_filled_in_by_the_rules():
    found = verdicts(network(), {k: v for k, v in by_hand("z2").items() if k in ("z2", "W1")})
    assert found == {"z2": "wrong", "W1": "carried"}


def test_the_drawing_says_it_in_words_and_colours(monkeypatch):
    monkeypatch.setenv("TINYGRAD_ES_ENGINE", "builtin")
    picture = draw(network(), by_hand=by_hand("z1"))
    marks = {box.title.split(" ")[0]: box.mark for box in picture.figure.boxes if box.mark}
    assert marks == {"z2": "right", "W2": "right", "h": "right", "z1": "wrong", "W1": "carried",
                     "b1": "carried"}  # fmt: skip
    svg = picture.svg()
    for word in ("✓ right", "✗ wrong", "~ carried error", "by hand"):
        assert word in svg
    assert "arrastrado" in draw(network(), by_hand=by_hand("z1"), language="es").dot()


def test_the_text_says_it_too():
    x, y = (Tensor(v, requires_grad=True, name=n) for v, n in ((2.0, "x"), (5.0, "y")))
    by_hand = {"x": 5.0, "y": 3.0}
    text = draw(x * y, by_hand=by_hand, language="en").text()
    assert text.endswith("\nby hand\n  ∂L/∂y = 3: ✗ wrong\n  ∂L/∂x = 5: ✓ right")
    text = draw(x * y, by_hand=by_hand, language="es").text()
    assert text.endswith("\na mano\n  ∂L/∂y = 3: ✗ mal\n  ∂L/∂x = 5: ✓ bien")


def test_float32_is_judged_as_float32():
    x = Tensor(np.float32([0.1, 0.2, 0.3]), requires_grad=True, name="x")
    loss = (x * x * x).sum()
    almost = (3 * x.numpy() ** 2) * np.float32(1 + 1e-6)
    assert verdicts(loss, {"x": almost}) == {"x": "right"}
    assert verdicts(loss, {"x": almost * 1.001}) == {"x": "wrong"}


def test_of_two_nodes_of_one_name_the_newest_is_meant():
    x = Tensor(3.0, requires_grad=True, name="x")
    first = x * 2.0
    second = first * 5.0
    first.name = second.name = "h"
    loss = second * 7.0
    assert verdicts(loss, {"h": 7.0}) == {"h": "right"}
    marked = [box for box in draw(loss, by_hand={"h": 7.0}).figure.boxes if box.mark]
    assert [(box.title, box.mark) for box in marked] == [("h = h·5", "right")]


def test_a_gradient_of_another_shape_is_drawn_as_wrong():
    picture = draw(network(), by_hand={"W1": np.zeros((11, 5))})
    (marked,) = [box for box in picture.figure.boxes if box.mark]
    assert (marked.title, marked.mark) == ("W1", "wrong")
    assert "(11, 5)" in str(marked.rows[-1])


def test_bad_input():
    loss = network()
    with pytest.raises(LookupError, match=r"no node is called 'dW1'.*W1"):
        draw(loss, by_hand={"dW1": 0.0})
    with pytest.raises(TypeError, match="from names of nodes"):
        draw(loss, by_hand=[W1])
    with pytest.raises(ValueError, match="one result"):
        draw([loss, loss * 2.0], by_hand={"W1": W1})
