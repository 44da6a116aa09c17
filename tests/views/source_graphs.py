"""Graphs of every kind, one function each: it returns a loss, or a Tensor and its gradient."""

from __future__ import annotations

import numpy as np

from tinygrad_es import Sequential, Tensor, floatx, layers, losses, ops, primitive

GRAPHS = {}


def graph(function):
    GRAPHS[function.__name__] = function
    return function


def rng():
    return np.random.default_rng(7)


def weights(*shapes, scale=0.7):
    """Parameters of the float type that is set."""
    values = rng()
    return [
        Tensor((values.normal(size=s) * scale).astype(floatx()), requires_grad=True) for s in shapes
    ]


X = rng().normal(size=(6, 4))
T = np.eye(3)[[0, 2, 1, 1, 0, 2]]


# --- from numbers to perceptrons ----------------------------------------------------------------


@graph
def chain_rule():
    x, y, z = (Tensor(v, requires_grad=True) for v in (-2.0, 5.0, -4.0))
    return (x + y) * z


@graph
def neuron():
    w0, x0, w1, x1, w2 = (Tensor(v, requires_grad=True) for v in (2.0, -1.0, -3.0, -2.0, -3.0))
    return 1 / (1 + np.exp(-(w0 * x0 + w1 * x1 + w2)))


@graph
def shared_numbers():
    a, b = Tensor(3.0, requires_grad=True), Tensor(-2.0, requires_grad=True)
    c = a * a + a + a
    d = c * b**3 - abs(b) / c + np.maximum(a, c) + ops.sigmoid(b) * ops.softplus(a)
    return d * d + np.sin(c) * np.arctan2(a, b) + ops.where(a > b, a, b)


@graph
def what_math_refuses():
    x, y = Tensor(0.0, requires_grad=True), Tensor(-2.0, requires_grad=True)
    return 1.0 / x + np.exp(y * -500.0)


@graph
def not_a_number():
    x, y, z = (Tensor(v, requires_grad=True) for v in (0.0, -2.0, 3.0))
    return np.log(x) * z + y**0.5


@graph
def linear_regression():
    w, b = weights((4, 1), (1,))
    return ((X @ w + b - X[:, :1]) ** 2).mean()


@graph
def logistic_regression():
    w, b = weights((4, 1), (1,))
    return losses.BinaryCrossentropy()((X[:, :1] > 0).astype(float), ops.sigmoid(X @ w + b))


def perceptron(activation, l2=0.0):
    w1, b1, w2, b2 = weights((4, 5), (5,), (5, 3), (3,))
    h = activation(X @ w1 + b1)
    loss = losses.CategoricalCrossentropy()(T, ops.softmax(h @ w2 + b2))
    return loss + l2 * ((w1**2).sum() + (w2**2).sum()) if l2 else loss


@graph
def perceptron_sigmoid():
    return perceptron(ops.sigmoid)


@graph
def perceptron_tanh():
    return perceptron(np.tanh)


@graph
def perceptron_relu():
    return perceptron(ops.relu)


@graph
def perceptron_l2():
    return perceptron(np.tanh, l2=0.01)


# --- layers -------------------------------------------------------------------------------------


def classified(model, x, training=True):
    y = np.arange(len(x)) % 3
    return losses.SparseCategoricalCrossentropy()(y, model(x, training=training))


@graph
def convolutional():
    x = rng().normal(size=(3, 8, 8, 2))
    parts = [layers.Conv2D(3, 3, activation="relu"), layers.MaxPooling2D(2), layers.Flatten()]
    return classified(Sequential([*parts, layers.Dense(3, "softmax")]), x)


@graph
def convolution_with_strides():
    x = rng().normal(size=(2, 9, 7, 1))
    parts = [
        layers.Conv2D(2, (3, 2), strides=2, padding="same", activation="tanh"),
        layers.MaxPooling2D(3, strides=1),
        layers.AveragePooling2D(2),
        layers.Flatten(),
        layers.Dense(3),
        layers.Activation("softmax"),
    ]
    return classified(Sequential(parts), x)


@graph
def batch_normalization():
    model = Sequential([layers.Dense(5), layers.BatchNormalization(), layers.Dense(3, "softmax")])
    return classified(model, X)


@graph
def layer_normalization():
    model = Sequential([layers.LayerNormalization(), layers.Dense(3, "softmax")])
    return classified(model, X)


@graph
def dropout():
    model = Sequential([layers.Dense(8, "relu"), layers.Dropout(0.5), layers.Dense(3, "softmax")])
    return classified(model, X)


@graph
def embedding():
    words = rng().integers(0, 10, size=(6, 30))  # too many to be written in place, and repeated
    model = Sequential([layers.Embedding(10, 4), layers.Flatten(), layers.Dense(3, "softmax")])
    return classified(model, words)


@graph
def more_activations():
    parts = [layers.Dense(4, name) for name in ("elu", "selu", "gelu", "swish", "softplus")]
    parts += [layers.PReLU(), layers.LeakyReLU(), layers.Maxout(3, 2)]
    return classified(Sequential([*parts, layers.Dense(3, "softmax")]), X)


# --- other networks -----------------------------------------------------------------------------


@graph
def attention():
    q, k, v = weights((4, 3), (4, 3), (4, 3))
    x = rng().normal(size=(2, 5, 4))
    scores = ops.softmax((x @ q) @ (x @ k).transpose((0, 2, 1)) / np.sqrt(3.0))
    return (scores @ (x @ v)).sum()


@graph
def lstm():
    wi, wf, wo, wc, b = weights((7, 3), (7, 3), (7, 3), (7, 3), (3,))
    h = c = np.zeros((6, 3))
    for _ in range(3):
        z = ops.concatenate([ops.as_tensor(X), ops.as_tensor(h)], axis=1)
        i, f, o = (ops.sigmoid(z @ w + b) for w in (wi, wf, wo))
        c = f * c + i * np.tanh(z @ wc + b)
        h = o * np.tanh(c)
    return (h**2).mean()


@graph
def residual():
    w, v = weights((4, 4), (4, 4))
    h = ops.as_tensor(X)
    for _ in range(3):
        h = h + np.tanh(h @ w) @ v
    return h.mean()


@graph
def matrix_functions():
    a, b = weights((3, 3), (3, 2), scale=0.2)
    m = a @ a.T + 2.0 * np.eye(3)
    chol = np.linalg.cholesky(m)
    return (
        np.linalg.inv(m).sum()
        + np.linalg.solve(m, b).sum() * np.linalg.det(m)
        + (chol * chol).sum()
        + np.linalg.slogdet(m)[1]
    )


# --- what the sweep does by itself --------------------------------------------------------------


@graph
def broadcasting():
    a, b, c = weights((3, 1, 4), (2, 1), (1,))
    s = Tensor(0.5, requires_grad=True)
    return ((a * b + c) ** 2 * s - s).sum() + (a / (b * b + 1.0)).mean()


@graph
def aliases():
    x, y = weights((3,), (3,))
    z = x + x + y
    w = z.reshape((3, 1)).T.reshape((3,)) + z
    return (w * w).sum() + x.sum() + np.sum(y[::-1] * z) + (z + w).sum()


@graph
def views_of_gradients():
    x, y = weights((2, 3), (3, 2))
    s = y * 1.5
    a = np.einsum("ij->ji", x) * s
    b = x.T + s
    c = x.reshape((3, 2)) * np.einsum("ij->ji", b).reshape((3, 2))
    d = np.flip(x, axis=0).T - b
    return (a * c * d + b * b).sum() + x[:, ::-1].sum() + np.broadcast_to(x, (2, 2, 3)).sum()


@graph
def a_view_that_grows():
    x, y = weights((2, 3), (3, 2))
    q, p = y * 1.5, x * 2.0
    e = np.einsum("ij->ji", x)  # x gets a view of w's gradient; then p adds to it; then q reads w's
    w = e + q
    return (w**3).sum() + p.sum()


@graph
def indices():
    (x,) = weights((5, 4))
    mask = rng().normal(size=(5, 4)) > 0
    long = rng().integers(0, 5, size=40)
    return (
        (x[1:4, ::2] ** 2).sum()
        + (x[[0, 0, 3]] * 2.0).sum()
        + x[mask].sum()
        + x[..., None, 1].sum()
        + x[-1, 2]
        + (x[np.array([1, 2]), [0, 0]] ** 3).sum()
        + np.exp(x[long, 1:3]).sum()
        + x[:, np.array([True, False, True, False])].mean()
    )


@graph
def shapes_and_selections():
    a, b = weights((3, 4), (2, 4))
    c = ops.concatenate([a, b, a], axis=0)
    d = ops.where(c > 0, c, 0.1 * c)
    e = np.einsum("ij,kj->ik", d, a)
    f = ops.stack([e, e * 2.0]).transpose((2, 0, 1))
    return (
        (f.max(axis=1) * np.flip(f.min(axis=2), axis=0)[:, :1]).sum()
        + ops.sort(a, axis=1).cumsum(axis=1).sum()
        + ops.clip(b, -0.3, 0.3).prod()
        + ops.pad(a, ((1, 1), (0, 2))).sum()
        + ops.std(a, axis=0).sum()
        + ops.norm(b)
        + ops.tril(a).sum()
    )


@graph
def in_place():
    (w,) = weights((4,))
    y = w * 2.0
    z = y * y
    y[1:3] = w[:2] * z[0]
    y += 1.0
    y[0] *= 3.0
    return (y * z).sum()


@graph
def second_order():
    (w,) = weights((3,))
    f = (np.tanh(w) ** 2).sum()
    f.backward(create_graph=True)
    g = w.grad
    w.grad = None
    return (g * g).sum()


@graph
def second_order_of_a_layer():
    layer = layers.Dense(2, "sigmoid")
    loss = (layer(X) ** 2).sum()
    loss.backward(create_graph=True)
    grads = [w.grad for w in layer.trainable_weights]
    for w in layer.trainable_weights:
        w.grad = None
    return sum((g * g).sum() for g in grads)


@graph
def several_axes_and_a_gradient():
    w, b = weights((4, 2), (2,))
    return np.tanh(X @ w + b), rng().normal(size=(6, 2))


@graph
def empty_arrays():
    (w,) = weights((4, 2))
    return (np.zeros((0, 4)) @ w).sum() + ops.concatenate([w[:0], w]).sum()


@graph
def arrays_of_one_number():
    a, b = Tensor(np.array(1.5), requires_grad=True), Tensor(np.array(-0.5), requires_grad=True)
    return a * b + np.exp(a) / b + (a + a).reshape((1,)).sum()


@graph
def a_leaf():
    return Tensor(2.0, requires_grad=True)


@graph
def own_operations():
    @primitive("cubic", elementwise=True, samples=[((3,),)])
    def my_cubic(xp, x, *, scale=1.0):
        """scale·x³ + σ(x)."""
        return scale * x * x * x + xp.sigmoid(x)

    my_cubic.derivatives(
        x=lambda xp, g, y, x, *, scale: (
            g * (3.0 * scale * x * x + xp.sigmoid(x) * (1.0 - xp.sigmoid(x)))
        )
    )

    @primitive("bump", elementwise=True, samples=[((3,),)])
    def my_bump(xp, x):
        """e^(−x²)·(1 + x²)/(2 + |x|)."""
        e = xp.exp(-x * x)
        return e * (1.0 + x * x) / (2.0 + xp.abs(x))

    def rule(xp, g, y, x):
        e, n, d = xp.exp(-x * x), 1.0 + x * x, 2.0 + xp.abs(x)
        return g * (-2.0 * x * e * n / d + 2.0 * x * e / d - e * n * xp.sign(x) / (d * d))

    my_bump.derivatives(x=rule)
    (x,) = weights((3,))
    return (my_cubic(x, scale=2.0) * my_bump(x)).sum() + my_bump(x[0])


def _loss_graph(kind):
    def make():
        values = rng()
        (w,) = weights((4, 3))
        z = X @ w
        if kind is losses.SparseCategoricalCrossentropy:
            return kind()(np.array([0, 1, 2, 2, 1, 0]), ops.softmax(z))
        if "Hinge" in kind.__name__ and "Multi" in kind.__name__:
            return kind()(np.array([0, 1, 2, 2, 1, 0]), z)
        if "Hinge" in kind.__name__:
            return kind()(np.where(T > 0, 1.0, -1.0), np.tanh(z))
        if "Categorical" in kind.__name__ or kind is losses.KLDivergence:
            return kind()(T * 0.8 + 0.1, ops.softmax(z))
        if "inary" in kind.__name__:
            return kind()(T, ops.sigmoid(z))
        return kind()(values.uniform(0.2, 1.0, size=(6, 3)), np.exp(0.2 * z))

    return make


for _name in losses.__all__:
    _kind = getattr(losses, _name)
    if isinstance(_kind, type) and issubclass(_kind, losses.Loss) and _kind is not losses.Loss:
        GRAPHS[f"loss_{_name}"] = _loss_graph(_kind)
