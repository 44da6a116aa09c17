"""Names of mistakes that users reported: each is told by what it is, not by what it looks like."""

from __future__ import annotations

import numpy as np
import pytest

from tinygrad_es import Tensor, check_backprop, ops

from .backprop_models import MODELS

RNG = np.random.default_rng(0)
X, W, T = RNG.normal(size=(7, 5)), RNG.normal(size=(5, 3)), RNG.normal(size=(7, 3))


def first(report, code, *words):
    """The first diagnosis has this code and says these words, in both languages in few lines."""
    found = report.diagnoses[0]
    assert found.code == code, str(report)
    for word in words:
        assert word in found.text[0], str(report)
    for language in ("en", "es"):
        assert len(report.text(language).splitlines()) <= 12
    return found


# --- a maximum, an index, a kernel ---------------------------------------------------------------


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_a_maximum_over_an_axis_sends_its_gradient_to_one_place(dtype):
    x = Tensor(X.astype(dtype), requires_grad=True)
    m = ops.max(x, axis=1)
    r = T[:, 0].astype(dtype)
    loss = (m * r).sum()
    everywhere = np.repeat(r[:, None], 5, axis=1)
    first(check_backprop(loss, by_hand={"x": everywhere}), "G04", "mask of the maximum")
    first(check_backprop(loss, by_hand={"x": everywhere / 5}), "G05", "in equal parts")
    found = first(
        check_backprop(loss, by_hand={"x": everywhere * (X.min(axis=1, keepdims=True) == X)}),
        "G05",
        "to the smallest entry",
    )
    assert "al elemento menor" in found.text[1]


def test_an_index_of_two_axes_whose_entries_come_twice():
    table, index = Tensor(RNG.normal(size=(11, 5)), requires_grad=True), np.array([[0, 3], [3, 1]])
    r = RNG.normal(size=(2, 2, 5))
    loss = (table[index] * r).sum()
    mine = np.zeros((11, 5))
    mine[index] = r
    first(check_backprop(loss, by_hand={"table": mine}), "G07", "np.add.at(d, index, …)")


def test_half_of_a_gradient_of_two_is_no_softmax():
    """Two numbers that sum to 0 are twice what the diagonal of any softmax makes of them."""
    z = Tensor(np.array([0.3, -0.8]), requires_grad=True)
    loss = (z[0] - z[1]) ** 2
    dz = 2.2 * np.array([1.0, -1.0])
    first(check_backprop(loss, by_hand={"z": dz / 2}), "G03")
    report = check_backprop(loss, by_hand={"z": dz / 2})
    assert "G11" not in [d.code for d in report.diagnoses]


def test_both_axes_of_a_kernel_reversed():
    kernel = Tensor(RNG.normal(size=(2, 3, 3)), requires_grad=True)
    r = RNG.normal(size=(2, 3, 3))
    report = check_backprop((kernel * r).sum(), by_hand={"kernel": r[:, ::-1, ::-1]})
    found = first(report, "G09", "axes 1 and 2 are reversed")
    assert "los ejes 1 y 2 están al revés" in found.text[1]


# --- terms ---------------------------------------------------------------------------------------


def penalized(gradient):
    """A least squares loss with weight decay, whose gradient in W is `gradient(g, W, lam)`."""

    def forward(X, t, W, lam):
        y = X @ W
        return np.sum((y - t) ** 2) / (2 * len(X)) + lam * np.sum(W**2) / 2

    def backward(X, t, W, lam):
        dy = (X @ W - t) / len(X)
        return {"W": gradient(X.T @ dy, W, lam)}

    return check_backprop(forward, backward, X, T, W, 0.3)


@pytest.mark.parametrize(
    ("gradient", "code", "words"),
    [
        (lambda g, W, lam: g, "G06", "the term 0.3·W is missing."),
        (lambda g, W, lam: g + 2 * lam * W, "G06", "the term 0.3·W is there twice."),
        (lambda g, W, lam: g - lam * W, "G06", "the sign of the term 0.3·W is wrong."),
        (lambda g, W, lam: g + lam / 2 * W, "G06", "the term is 0.3·W, yours is 0.15·W."),
        (lambda g, W, lam: 2 * g, "G03", "that of 0.3·W is missing; that of y is 2 × what"),
        (lambda g, W, lam: -g + lam * W, "G03", "that of y is -1 × what it should be: the sign"),
        (lambda g, W, lam: 7 * g + lam * W, "G03", "that of y is 7 × what it should be: 7 = y."),
        (lambda g, W, lam: g / 3 + 5 * lam * W, "G03", "that of 0.3·W is 5 × what it should be"),
    ],
)
def test_weight_decay(gradient, code, words):
    assert penalized(lambda g, W, lam: g + lam * W).ok
    report = penalized(gradient)
    assert report.culprit == "W"
    found = first(report, code, words)
    assert "0.3" not in (found.hint or found.text)[0]  # a student is not told the numbers


@pytest.mark.parametrize(
    "penalty",
    [
        lambda W: 0.5 * 0.1 * np.sum(W * W),
        lambda W: 0.05 * np.vdot(W, W),
        lambda W: 0.05 * np.trace(W.T @ W),
        lambda W: 0.05 * np.einsum("ij,ij", W, W),
        lambda W: 0.05 * np.sum(np.square(W)),
    ],
)
@pytest.mark.parametrize(
    ("factor", "words", "hint"),
    [
        (0.0, "the term 0.1·W is missing.", "the term c·W is missing."),
        (0.2, "the term 0.1·W is there twice.", "the term c·W is there twice."),
        (0.05, "the term is 0.1·W, yours is 0.05·W.", "the factor of the term in W is wrong."),
        (-0.1, "the sign of the term 0.1·W is wrong.", "the sign of the term c·W is wrong."),
    ],
)
def test_weight_decay_as_a_product_of_the_weight_with_itself(penalty, factor, words, hint):
    def forward(X, t, W):
        return np.sum((X @ W - t) ** 2) / 2 + penalty(W)

    def backward(X, t, W):
        return {"W": X.T @ (X @ W - t) + factor * W}

    found = first(check_backprop(forward, backward, X, T, W), "G06", words)
    assert (found.hint or found.text)[0] == hint
    told = str(check_backprop(forward, backward, X, T, W, student=3))
    assert hint in told


def test_noise_in_a_gradient_of_two_terms_is_not_explained():
    noise = 1e-4 * np.random.default_rng(1).normal(size=W.shape)
    first(penalized(lambda g, W, lam: 2 * g + lam * W + noise), "G99")


@pytest.mark.parametrize(
    ("gradient", "code", "words"),
    [
        (lambda X, W, T: -2 * X.T @ (X @ W - T) + 0.1 * W, "G03", "+ 0.2·W: the sign is wrong"),
        (lambda X, W, T: 2 * X.T @ (X @ W + T) + 0.1 * W, "G06", "the reference + 4·X.T @ T"),
        (lambda X, W, T: 2 * X.T @ (X @ W) + 0.1 * W, "G06", "the reference + 2·X.T @ T"),
        (lambda X, W, T: 2 * X.T @ (X @ W - T), "G06", "the term 0.1·W is missing, or half"),
        (lambda X, W, T: 2 * X.T @ (X @ W - T) - 0.1 * W, "G06", "the term 0.2·W is missing, or"),
    ],
)
def test_signs_and_terms_where_differences_are_the_reference(gradient, code, words):
    def forward(X, W, T):
        return float(np.sum((X @ W - T) ** 2)) + 0.05 * float(np.sum(W * W))

    report = check_backprop(forward, lambda X, W, T: {"W": gradient(X, W, T)}, X, W, T)
    assert report.notes
    first(report, code, words)


@pytest.mark.parametrize(
    ("added", "en", "es"),
    [
        (1, "the one-hot onehot(y, 3) has the wrong sign.", "se suma en lugar de restarse"),
        (0, "the one-hot onehot(y, 3) is not subtracted: -0.1429·", "no se resta el one-hot"),
        (-2, "the one-hot onehot(y, 3) is there twice.", "está dos veces"),
        (
            -0.5,
            "the factor of the one-hot onehot(y, 3) is wrong: -0.1429, yours -0.07143",
            "del one-hot",
        ),
    ],
)
def test_labels_in_a_softmax(added, en, es):
    y = np.array([0, 2, 1, 1, 0, 2, 0])

    def forward(X, W, y):
        z = X @ W
        e = np.exp(z - z.max(axis=1, keepdims=True))
        p = e / e.sum(axis=1, keepdims=True)
        return -np.mean(np.log(p[np.arange(len(y)), y]))

    def backward(X, W, y):
        z = X @ W
        e = np.exp(z - z.max(axis=1, keepdims=True))
        dz = e / e.sum(axis=1, keepdims=True)
        dz[np.arange(len(y)), y] += added
        dz /= len(y)
        return {"z": dz, "W": X.T @ dz}

    report = check_backprop(forward, backward, X, W, y)
    assert report.culprit == "z"
    found = first(report, "G06", en)
    assert es in found.text[1]
    assert "0.1" not in (found.hint or found.text)[0]


# --- a constant is what it is, not what it equals ------------------------------------------------


def test_a_mask_comes_before_a_constant_that_equals_a_size():
    """3 − 1 = 2: the mask of dropout is 0 or 2, and three rows go in."""
    keep = np.random.default_rng(2).random((3, 7)) < 0.5
    x, w, r = RNG.normal(size=(3, 5)), RNG.normal(size=(5, 7)), RNG.normal(size=(3, 7))

    def forward(x, w, r, keep):
        mask = keep / 0.5
        h = np.tanh(x @ w)
        y = h * mask
        return np.sum(y * r)

    def backward(x, w, r, keep):
        h = np.tanh(x @ w)
        dh = r * keep
        return {"w": x.T @ (dh * (1 - h**2))}

    report = check_backprop(forward, backward, x, w, r, keep)
    first(report, "G12", "dy·keep in place of dy·mask")
    assert "− 1" not in str(report)


def test_a_constant_of_the_forward_pass_comes_before_a_size():
    x, m, r = RNG.normal(size=(5, 4)), 1.0 * (RNG.random((5, 4)) < 0.5), RNG.normal(size=(5, 4))

    def forward(x, m, r):
        y = x * m / 0.25
        return np.sum(y * r)

    report = check_backprop(forward, lambda x, m, r: {"x": r * m}, x, m, r)
    first(report, "G03", "it is divided by 0.25: this division is missing")
    assert "shape" not in report.diagnoses[0].text[0]


def test_the_mean_of_windows_comes_before_a_size():
    x, r = RNG.normal(size=(3, 4, 6)), RNG.normal(size=(3, 2, 3))

    def forward(x, r):
        y = x.reshape(3, 2, 2, 3, 2).mean(axis=(2, 4))
        return np.sum(y * r)

    def backward(x, r):
        return {"x": r.repeat(2, axis=1).repeat(2, axis=2)}

    found = first(check_backprop(forward, backward, x, r), "G03", "each mean is over 4 entries")
    assert "shape" not in found.text[0]


@pytest.mark.parametrize(
    ("factor", "words"),
    [
        (1 / 11, ("3/2 × the reference, and the factor 2 of the square is missing, and each mean "
                  "is over 33 entries, yours divides by 11 =",)),
        (-1 / 11, ("-3/2 × the reference, and the factor 2 of the square is missing", "the sign")),
        (1.0, ("33/2 × the reference, and the factor 2 of the square is missing, and each mean is "
               "over 33 entries: this division is missing.",)),
        (2 / 11, ("3 = W.shape[1]: the division by 3 is missing.",)),
        (1 / 33, ("half of it is missing",)),
    ],
)  # fmt: skip
def test_a_square_and_a_mean_over_rows_and_columns(factor, words):
    """3 − 1 = 2 is no reason to name it."""
    X, t = RNG.normal(size=(11, 5)), RNG.normal(size=(11, 3))

    def forward(X, W, t):
        return np.mean((X @ W - t) ** 2)

    def backward(X, W, t):
        return {"W": factor * X.T @ (X @ W - t)}

    found = first(check_backprop(forward, backward, X, W, t), "G03", *words)
    assert "− 1" not in found.text[0]


def test_a_product_of_constants_comes_before_a_product_of_sizes():
    """20 = 40/2, and the weight has 5 × 4 entries."""
    X, W, t = RNG.normal(size=(10, 5)), RNG.normal(size=(5, 4)), RNG.normal(size=(10, 4))

    def forward(X, W, t):
        e = X @ W - t
        return np.mean(e * e)

    def backward(X, W, t):
        return {"W": X.T @ (X @ W - t)}

    found = first(check_backprop(forward, backward, X, W, t), "G03", "each mean is over 40")
    assert "W.shape" not in found.text[0]
    assert "falta el factor 2 del cuadrado, y cada media es de 40" in found.text[1]
    right_but_for_two = check_backprop(
        forward, lambda X, W, t: {"W": X.T @ (X @ W - t) / 10}, X, W, t
    )
    first(right_but_for_two, "G03", "it was counted twice", "yours divides by 10 = ")


def test_the_root_of_a_size():
    q, k, r = (RNG.normal(size=s) for s in ((6, 3), (7, 3), (6, 7)))

    def forward(q, k, r):
        s = q @ k.T / np.sqrt(q.shape[1])
        return np.sum(s * r)

    report = check_backprop(forward, lambda q, k, r: {"q": r @ k}, q, k, r)
    first(report, "G03", "it is divided by √q.shape[1] = 1.73205: this division is missing.")
    report = check_backprop(forward, lambda q, k, r: {"q": r @ k / 3}, q, k, r)
    first(report, "G03", "√q.shape[1] = 1.73205: this division is there twice.")

    def two_names(q, k, r):
        z = q @ k.T
        s = z / np.sqrt(q.shape[1])
        return np.sum(s * r)

    report = check_backprop(two_names, lambda q, k, r: {"q": r @ k}, q, k, r)
    first(report, "G03", "it is divided by √q.shape[1] = 1.73205: this division is missing.")


def test_a_cause_is_told_once():
    x, r = RNG.normal(size=(5, 11)), RNG.normal(size=5)

    def forward(x, r):
        return np.sum(x.mean(axis=1) * r) + np.sum(np.sin(x.mean(axis=1)) * r)

    def backward(x, r):
        return {"x": np.repeat((r + np.cos(x.mean(axis=1)) * r)[:, None], 11, axis=1)}

    found = first(check_backprop(forward, backward, x, r), "G03")
    assert found.text[0].count("each mean is over 11") == 1


# --- which contributions ------------------------------------------------------------------------


def test_uses_of_a_weight_in_a_loop_are_told_by_number():
    def forward(x, h, V, U):
        for k in range(4):
            h = np.tanh(x[k] @ U + h @ V)
        return np.sum(h)

    def backward(x, h, V, U):
        hs = [h]
        for k in range(4):
            hs.append(np.tanh(x[k] @ U + hs[-1] @ V))
        dh, dV, dU = np.ones_like(h), np.zeros_like(V), np.zeros_like(U)
        for k in reversed(range(4)):
            da = dh * (1 - hs[k + 1] ** 2)
            dV = np.outer(hs[k], da)
            dU += np.outer(x[k], da)
            dh = V @ da
        return {"V": dV, "U": dU}

    given = (RNG.normal(size=s) for s in ((4, 3), 5, (5, 5), (3, 5)))
    report = check_backprop(forward, backward, *given)
    found = first(report, "G07", "V is used 4 times", "only no. 1 was counted, not no. 2–4")
    assert "solo se contó la n.º 1, no la n.º 2–4" in found.text[1]
    assert "matmul" not in str(report)


def test_products_are_told_by_their_operands():
    def forward(Q, K, R):
        return np.sum((Q @ K) * R) + np.sum((Q @ K.T) * R) + np.sum((K @ Q) * R)

    Q, K, R = RNG.normal(size=(3, 5, 5))
    report = check_backprop(forward, lambda Q, K, R: {"Q": R @ K.T}, Q, K, R)
    first(report, "G07", "only what comes from Q @ K was counted, not K @ Q, Q @ K.T")


def test_the_local_derivative_of_another_gate():
    """Of twelve gradients and more values yet, those that are near are tried first."""
    model = MODELS["lstm"]
    source = model.backward.replace("di * i * (1 - i)", "di * f * (1 - f)")
    functions = model._replace(backward=source).functions()
    report = check_backprop(*functions, *model.inputs(np.random.default_rng(0)))
    assert report.culprit == "Wi"
    first(report, "G12", "x.T @ (di·f·(1 − f)) in place of x.T @ (di·i·(1 − i))")


# --- gates in one matrix -------------------------------------------------------------------------

GATES = """
def forward(x, c0, W, R):
    H = c0.shape[1]
    a = x @ W
    i = 1 / (1 + np.exp(-a[:, :H]))
    f = 1 / (1 + np.exp(-a[:, H:2 * H]))
    g = np.tanh(a[:, 2 * H:])
    c = f * c0 + i * g
    return np.sum(c * R)

def backward(x, c0, W, R):
    H = c0.shape[1]
    a = x @ W
    i = 1 / (1 + np.exp(-a[:, :H]))
    f = 1 / (1 + np.exp(-a[:, H:2 * H]))
    g = np.tanh(a[:, 2 * H:])
    dc = R
    df, di, dg = dc * c0, dc * g, dc * i
    ai = di * i * (1 - i)
    af = df * f * (1 - f)
    ag = dg * (1 - g ** 2)
    da = np.hstack([ai, af, ag])
    return {"W": x.T @ da}
"""


@pytest.mark.parametrize(
    ("right", "wrong", "code", "words"),
    [
        (
            "di * i * (1 - i)",
            "di * f * (1 - f)",
            "G05",
            "in a[:, :3]: your gradient = di·f·(1 − f)",
        ),
        ("df * f * (1 - f)", "df", "G04", "in a[:, 3:6]: the factor f·(1 − f) is missing."),
        ("dg * (1 - g ** 2)", "-dg * (1 - g ** 2)", "G03", "in a[:, 6:]: your gradient = -1 ×"),
    ],
)
def test_gates_that_are_slices_of_one_matrix(right, wrong, code, words):
    given = [RNG.normal(size=s) for s in ((7, 5), (7, 3), (5, 9), (7, 3))]
    space = {"np": np}
    exec(GATES, space)
    assert check_backprop(space["forward"], space["backward"], *given).ok
    assert GATES.count(right) == 1
    exec(GATES.replace(right, wrong), space)
    report = check_backprop(space["forward"], space["backward"], *given)
    assert report.verdicts == {**report.verdicts, "a": "wrong", "W": "carried"}
    found = first(report, code, words)
    assert found.text[1].startswith("en a[")


def test_a_part_that_nothing_fits_is_not_guessed():
    a = Tensor(RNG.normal(size=(7, 9)), requires_grad=True)
    loss = (ops.tanh(a[:, :3]) * a[:, 3:6] * a[:, 6:]).sum()
    loss.backward()
    mine = a.grad.numpy().copy()
    mine[:, 3:6] += 1e-3 * RNG.normal(size=(7, 3))
    first(check_backprop(loss, by_hand={"a": mine}), "G99")


# --- two mistakes --------------------------------------------------------------------------------


def two_branches(dz1, dz2, **options):
    def forward(x, V, U, r, s):
        z1, z2 = x @ V, x @ U
        h1, h2 = np.tanh(z1), np.tanh(z2)
        return np.sum(h1 * r) + np.sum(h2 * s)

    def backward(x, V, U, r, s):
        g1, g2 = dz1(np.tanh(x @ V), r), dz2(np.tanh(x @ U), s)
        return {"V": x.T @ g1, "U": x.T @ g2, "z1": g1, "z2": g2}

    given = (RNG.normal(size=s) for s in ((7, 5), (5, 3), (5, 4), (7, 3), (7, 4)))
    return check_backprop(forward, backward, *given, **options)


def test_two_mistakes_that_have_nothing_to_do_with_each_other():
    def near(h, r):
        return r * (1 - h)

    def twice(h, s):
        return 2 * s * (1 - h**2)

    report = two_branches(near, twice)
    assert report.verdicts == {"z2": "wrong", "U": "carried", "z1": "wrong", "V": "carried"}
    assert report.given == {"U": "z2", "V": "z1"}
    for line in ("U: right given your z2", "V: right given your z1", "z1: wrong as well: your"):
        assert line in report.text("en"), str(report)
    assert "z1: también mal: " in report.text("es")
    assert "V: bien, dado tu z1 (error arrastrado)" in report.text("es")
    assert "mend" not in report.text("en")
    told = two_branches(near, twice, student=2).text("en")
    assert "z1: wrong as well\n" in told
    assert "V: right given your z1" in told


def test_a_mistake_behind_another_one_comes_after_it():
    def forward(x, V, U, t):
        h = np.tanh(x @ V)
        y = h @ U
        return np.sum((y - t) ** 2) / 2

    def backward(x, V, U, t):
        h = np.tanh(x @ V)
        dy = 3 * (h @ U - t)
        dh = dy @ U.T * 5
        return {"y": dy, "U": h.T @ dy, "h": dh, "V": x.T @ (dh * (1 - h**2))}

    given = (RNG.normal(size=s) for s in ((7, 5), (5, 3), (3, 4), (7, 4)))
    report = check_backprop(forward, backward, *given)
    assert report.given == {"U": "y", "h": "y", "V": "h"}
    assert "h: wrong as well, given what arrives; mend y first" in report.text("en")
    assert "wrong as well: " not in report.text("en")


# --- few numbers, few words ----------------------------------------------------------------------


@pytest.mark.parametrize("point", [(2, 3), (2.0, 3.0), (np.float64(2), 3)])
def test_what_fits_one_number_by_chance_is_not_told(point):
    """6 is half of 12, but also x·(1 + x) where x is 2."""
    report = check_backprop(lambda x, y: x**2 * y, lambda x, y: (x * y, x**2), *point)
    first(report, "G03", "half of it is missing")
    assert len(report.diagnoses) == 1
    report = check_backprop(
        lambda x, y, z: (x + y) * z, lambda x, y, z: (x + y, z, x + y), -2, 5, -4
    )
    assert [d.code for d in report.diagnoses] == ["G99"]
    assert report.text("es").splitlines()[2].endswith("nada encaja")


def test_where_other_inputs_fail_all_that_fits_is_told():
    def forward(x):
        return x * x * (1.0 if abs(x - 2.0) < 0.01 else np.zeros(2)[5])

    report = check_backprop(forward, lambda x: -2.0 * x, 2.0)
    first(report, "G03", "the sign is wrong")


@pytest.mark.parametrize("shape", [(3,), (1, 3)])
def test_a_bias_summed_whole(shape):
    def forward(X, W, b):
        return np.sum((X @ W + b) ** 2)

    def backward(X, W, b):
        dz = 2.0 * (X @ W + b)
        return {"W": X.T @ dz, "b": np.sum(dz)}

    report = check_backprop(forward, backward, X, W, np.ones(shape))
    first(report, "G02", "of b too: each of its entries has a derivative of its own")


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        (lambda g, p: g / p / p, "(or it is divided by it once too often)"),
        (lambda g, p: g * p, "it is multiplied by p = 0.6 where it should be divided"),
        (lambda g, p: g, "the factor p = 0.6 is a factor too many"),
    ],
)
def test_a_division_by_a_named_number(rule, words):
    def forward(x, mask, p):
        return x * mask / p, (mask, p)

    def backward(dout, cache):
        mask, p = cache
        return rule(dout * mask, p), None, None

    report = check_backprop(forward, backward, X, (X > 0) * 1.0, 0.6)
    assert words.replace("the factor ", "") in report.text("en").replace("\n      ", " ")


@pytest.mark.parametrize("p", [1e-200, 1e200, 5e-324])
def test_a_named_number_whose_square_is_0_or_too_large(p):
    def forward(x, p):
        return x * 3.0 + p, (p,)

    report = check_backprop(forward, lambda dout, cache: (dout * 2.0, None), X, p)
    assert (report.culprit, report.diagnoses[0].code) == ("x", "G03")


@pytest.mark.parametrize("spread", [np.var, np.std])
def test_a_spread_that_is_a_constant_is_called_so(spread):
    def forward(x):
        return np.sum(np.sin(x / np.sqrt(spread(x, axis=1, keepdims=True))))

    def backward(x):
        s = np.sqrt(spread(x, axis=1, keepdims=True))
        return {"x": np.cos(x / s) / s}

    first(check_backprop(forward, backward, X), "G11", f"{spread.__name__}(axis=1)")


def test_a_result_without_a_name_is_called_out():
    def forward(x, w, b):
        return x @ w + b, (x, w)

    def backward(dout, cache):
        x, w = cache
        return dout @ w.T, x.T @ dout, dout.mean(axis=0)

    first(check_backprop(forward, backward, X, W, np.ones(3)), "G03", "7 = out.shape[0]")


@pytest.mark.parametrize(("factor", "en", "es"), [
    (1.0, "there is a term 0.1·w too many, or the term -0.1·w is missing", "sobra un término 0.1"),
    (-1.0, "the term 0.1·w is missing, or there is a term -0.1·w too many", "falta el término 0.1"),
    (10.0, "there is a term w too many, or the term -w is missing", "sobra un término w"),
])  # fmt: skip
def test_a_term_too_many_is_its_negative_missing(factor, en, es):
    w = W[:, 0]

    def forward(x, w):
        return np.sum(np.sin(x @ w))

    def backward(x, w):
        return {"w": x.T @ np.cos(x @ w) + factor * 0.1 * w}

    found = first(check_backprop(forward, backward, X, w), "G06", en)
    assert es in found.text[1]
    hints = check_backprop(forward, backward, X, w, student=3)
    assert "is it missing, or one too many?" in hints.text("en")
    assert "0.1" not in hints.text("en") + hints.text("es")


def test_labels_that_are_no_rows_of_a_one_hot_are_labels():
    t = (T[:, 0] > 0) * 1.0

    def forward(x, w):
        p = 1.0 / (1.0 + np.exp(-(x @ w)))
        return -np.sum(t * np.log(p) + (1 - t) * np.log(1 - p))

    def backward(x, w):
        z = x @ w
        dz = 1.0 / (1.0 + np.exp(-z))
        return {"w": x.T @ dz}

    report = check_backprop(forward, backward, X, W[:, 0])
    assert "one-hot" not in str(report)


@pytest.mark.parametrize(
    ("f", "right", "wrong", "words"),
    [
        (np.tanh, lambda z: 1 - np.tanh(z) ** 2, lambda z: 1 - np.tanh(z),
         "your gradient = (1 − tanh(z)) in place of (1 − tanh(z)²)."),
        (np.tanh, lambda z: 1 - np.tanh(z) ** 2, np.tanh,
         "your gradient = tanh(z) in place of (1 − tanh(z)²)."),
        (np.exp, np.exp, lambda z: 1 + z, "your gradient = (1 + z) in place of exp(z)."),
        (lambda z: 1 / (1 + np.exp(-z)), None, lambda z: 1 / (1 + np.exp(z)),
         "your gradient = (1 − σ(z)) in place of σ'(z)."),
    ],
)  # fmt: skip
def test_a_sum_of_a_function_without_a_name(f, right, wrong, words):
    """What arrives at each entry is 1, and is not written."""

    def back(rule):
        def backward(X, W):
            z = X @ W
            dz = rule(z)
            return {"W": X.T @ dz}

        return backward

    def forward(X, W):
        z = X @ W
        return np.sum(f(z))

    assert right is None or check_backprop(forward, back(right), X, W)
    report = check_backprop(forward, back(wrong), X, W)
    assert report.culprit == "z"
    assert words in [d.text[0] for d in report.diagnoses], str(report)
