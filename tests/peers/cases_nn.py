"""Convolution, pooling, losses, activations, normalisation, and formulas of whole layers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from torch_comparison import POSITIVE, Case, away_from_zero, cases

import tinygrad_es.activations as act
from tinygrad_es import ops

torch = pytest.importorskip("torch", reason="compares with torch")
F = torch.nn.functional


def first(x: Any) -> Any:
    """Channels last to channels first."""
    return x.movedim(-1, 1)


def last(x: Any) -> Any:
    """Channels first to channels last."""
    return x.movedim(1, -1)


CONVS = {1: F.conv1d, 2: F.conv2d, 3: F.conv3d}

# input, kernel, strides, dilation
CONVOLUTIONS: list[tuple[tuple[int, ...], tuple[int, ...], Any, Any]] = [
    ((2, 5, 6, 3), (3, 2, 3, 4), 1, 1),
    ((1, 6, 5, 1), (2, 2, 1, 1), 2, 1),
    ((2, 7, 6, 2), (3, 2, 2, 3), (2, 1), 1),
    ((1, 7, 7, 2), (2, 3, 2, 2), 1, 2),
    ((1, 8, 7, 1), (2, 2, 1, 2), (2, 3), (3, 1)),
    ((1, 3, 3, 2), (3, 3, 2, 1), 1, 1),
    ((2, 4, 4, 3), (1, 1, 3, 2), 1, 1),
    ((0, 4, 4, 2), (2, 2, 2, 3), 1, 1),
    ((2, 7, 2), (3, 2, 4), 2, 1),
    ((1, 4, 5, 3, 2), (2, 2, 2, 2, 3), 1, 1),
]
SAME: list[tuple[tuple[int, ...], tuple[int, ...], Any]] = [
    ((2, 5, 6, 3), (3, 3, 3, 2), 1),
    ((1, 4, 5, 2), (2, 3, 2, 2), 1),
    ((1, 6, 7, 1), (3, 2, 1, 1), 2),
    ((2, 6, 1), (2, 1, 2), 1),
]


def _torch_conv(x: Any, kernel: Any, strides: Any, dilation: Any) -> Any:
    n = kernel.ndim - 2
    weight = kernel.permute(n + 1, n, *range(n)).contiguous()
    return last(CONVS[n](first(x), weight, stride=strides, dilation=dilation))


def _padded(x: Any, sizes: Any, strides: int, value: float = 0.0) -> Any:
    """Keras' "same": what is odd goes to the end."""
    widths: list[int] = []
    for n, k in zip(reversed(x.shape[1:-1]), reversed(sizes)):
        total = max((-(-n // strides) - 1) * strides + k - n, 0)
        widths += [total // 2, total - total // 2]
    return last(F.pad(first(x), widths, value=value))


def _convolutions() -> Iterator[Case]:
    for x, kernel, strides, gap in CONVOLUTIONS:
        yield from cases(
            f"conv strides={strides},dilation={gap}",
            lambda x, k, s=strides, d=gap: ops.conv(x, k, s, "valid", d),
            lambda x, k, s=strides, d=gap: _torch_conv(x, k, s, d),
            (x, kernel),
        )
    for x, kernel, strides in SAME:
        yield from cases(
            f"conv same strides={strides}",
            lambda x, k, s=strides: x.conv(k, s, padding="same"),
            lambda x, k, s=strides: _torch_conv(_padded(x, k.shape[:-2], s), k, s, 1),
            (x, kernel),
        )
    rough = {"smooth": False}
    for size, strides in [(2, None), ((3, 2), 1), (2, (1, 3))]:
        step = strides if strides is not None else size
        yield from cases(
            f"max_pool {size},{strides}",
            lambda x, n=size, s=strides: ops.max_pool(x, n, s),
            lambda x, n=size, s=step: last(F.max_pool2d(first(x), n, s)),
            ((2, 5, 6, 3),),
        )
        yield from cases(
            f"average_pool {size},{strides}",
            lambda x, n=size, s=strides: ops.average_pool(x, n, s),
            lambda x, n=size, s=step: last(F.avg_pool2d(first(x), n, s)),
            ((2, 5, 6, 3),),
        )
    yield from cases("max_pool ties", lambda x: ops.max_pool(x, 2), lambda x: last(F.max_pool2d(first(x), 2)), (np.array([1.0, 1.0, 0.0, 1.0] * 2).reshape(1, 2, 4, 1),), **rough)
    yield from cases("max_pool 1d", lambda x: ops.max_pool(x, 3, 2), lambda x: last(F.max_pool1d(first(x), 3, 2)), ((2, 7, 2),))
    yield from cases("max_pool same", lambda x: x.max_pool(3, 2, "same"), lambda x: last(F.max_pool2d(first(_padded(x, (3, 3), 2, -np.inf)), 3, 2)), ((1, 6, 5, 2),))
    yield from cases("average_pool same", lambda x: x.average_pool(3, 1, "same"), lambda x: last(F.avg_pool2d(first(x), 3, 1, padding=1, count_include_pad=False)), ((1, 4, 5, 2),))
    yield from cases("average_pool 3d", lambda x: ops.average_pool(x, 2), lambda x: last(F.avg_pool3d(first(x), 2)), ((1, 4, 4, 2, 2),))

    def torch_unfold(x: Any) -> Any:
        rows = F.unfold(first(x), (2, 3), stride=(1, 2))  # (batch, channels·6, places)
        n, out = x.shape[0], (x.shape[1] - 1, (x.shape[2] - 3) // 2 + 1)
        return rows.reshape(n, x.shape[3], 6, -1).permute(0, 3, 2, 1).reshape(n, *out, -1)

    yield from cases("unfold", lambda x: ops.unfold(x, (2, 3), (1, 2)), torch_unfold, ((2, 4, 5, 3),))
    yield from cases(
        "windows",
        lambda x: ops.windows(x, axes=(1, 0), size=(2, 3), strides=(1, 2), dilation=(1, 1)),
        lambda x: x.unfold(1, 2, 1).unfold(0, 3, 2),
        ((7, 4),),
    )
    yield from cases(
        "windows dilation",
        lambda x: ops.windows(x, axes=(0,), size=(2,), strides=(1,), dilation=(3,)),
        lambda x: torch.stack([x[:-3], x[3:]], -1),
        ((7, 2),),
    )
    yield from cases(
        "fold",
        lambda y: ops.fold(y, shape=(2, 4, 5, 3), axes=(1, 2), size=(2, 3), strides=(1, 2), dilation=(1, 1)),
        lambda y: last(F.fold(y.permute(0, 3, 4, 5, 1, 2).reshape(2, 18, 6), (4, 5), (2, 3), stride=(1, 2))),
        ((2, 3, 2, 3, 2, 3),),
    )


def _losses() -> Iterator[Case]:
    rows = [((3, 4), (3, 4)), ((4,), (4,)), ((2, 3, 4), (2, 3, 4)), ((0, 4), (0, 4))]
    soft = lambda z, t: -(t * torch.log_softmax(z, -1)).sum(-1)
    yield from cases("softmax_cross_entropy", ops.softmax_cross_entropy, soft, *rows)
    yield from cases("softmax_cross_entropy_twin", ops.softmax_cross_entropy_twin, soft, *rows)
    distribution = np.array([[0.2, 0.5, 0.3], [1.0, 0.0, 0.0]])
    yield from cases(
        "softmax_cross_entropy cross_entropy",
        lambda z, t: ops.softmax_cross_entropy(z, t.detach()),
        lambda z, t: F.cross_entropy(z, t.detach(), reduction="none"),
        ((2, 3), distribution),
        (np.array([[1000.0, -1000.0, 0.0], [-1000.0, 1000.0, 0.0]]), distribution),
    )
    masked = np.array([[-np.inf, 1.0, 2.0]])
    yield from cases(
        "softmax_cross_entropy masked",
        lambda z: ops.softmax_cross_entropy(z, np.array([[0.0, 1.0, 0.0]], z.dtype)),
        lambda z: F.cross_entropy(z, torch.tensor([1]), reduction="none"),
        (masked,),
        smooth=False,
    )
    for mean, how in ((False, "none"), (True, "mean")):
        for z in ((3, 4), np.array([[1000.0, 0.0, -1000.0, 3.0]] * 3), np.tile([-np.inf, 1.0, 2.0, 0.5], (3, 1))):
            for name in ("sparse_softmax_cross_entropy", "sparse_softmax_cross_entropy_twin"):
                if name.endswith("twin") and np.ndim(z) and np.isinf(z).any():
                    continue
                yield from cases(
                    f"{name} mean={mean}",
                    lambda z, m=mean, f=name: getattr(ops, f)(z, hot=np.eye(4)[[3, 1, 3]] == 1, mean=m),
                    lambda z, h=how: F.cross_entropy(z, torch.tensor([3, 1, 3]), reduction=h),
                    (z,),
                    smooth=np.ndim(z) == 1,
                )
    pairs = [((3, 4), (3, 4)), ((), ()), ((2, 3), (3,)), ((0,), (0,))]
    bce = lambda z, t: F.binary_cross_entropy_with_logits(z, t.expand_as(z), reduction="none")
    yield from cases("sigmoid_cross_entropy", ops.sigmoid_cross_entropy, bce, *pairs)
    yield from cases("sigmoid_cross_entropy_twin", ops.sigmoid_cross_entropy_twin, bce, *pairs)
    far = (np.array([1000.0, -1000.0, 1000.0, -1000.0, 0.0]), np.array([1.0, 0.0, 0.0, 1.0, 0.3]))
    yield from cases("sigmoid_cross_entropy far", ops.sigmoid_cross_entropy, bce, far)


# name in tinygrad_es.activations, PyTorch's, the samples it is smooth at
ACTIVATIONS: list[tuple[str, Any, Any]] = [
    ("relu", act.relu, F.relu),
    ("relu slope", lambda x: act.relu(x, negative_slope=0.1), lambda x: F.leaky_relu(x, 0.1)),
    ("relu6", lambda x: act.relu(x * 5, max_value=6.0), lambda x: F.relu6(x * 5)),
    ("relu threshold", lambda x: act.relu(x, threshold=0.7), lambda x: F.threshold(x, 0.7, 0.0)),
    ("leaky_relu", act.leaky_relu, lambda x: F.leaky_relu(x, 0.2)),
    ("elu", act.elu, F.elu),
    ("elu alpha", lambda x: act.elu(x, 0.3), lambda x: F.elu(x, 0.3)),
    ("selu", act.selu, F.selu),
    ("silu", act.silu, F.silu),
    ("gelu", act.gelu, F.gelu),
    ("gelu tanh", lambda x: act.gelu(x, approximate=True), lambda x: F.gelu(x, approximate="tanh")),
    ("softplus", act.softplus, F.softplus),
    ("softsign", act.softsign, F.softsign),
    ("sigmoid", act.sigmoid, F.sigmoid),
    ("tanh", act.tanh, F.tanh),
    ("exponential", act.exponential, torch.exp),
    ("linear", act.linear, lambda x: x.clone()),
    ("celu", act.celu, F.celu),
    ("celu alpha", lambda x: act.celu(x, 0.25), lambda x: F.celu(x, 0.25)),
    ("mish", act.mish, F.mish),
    ("hard_sigmoid", act.hard_sigmoid, lambda x: F.relu6(x + 3) / 6),  # torch's own: 1/6 in float32
    ("hard_silu", act.hard_silu, F.hardswish),
    ("hard_tanh", act.hard_tanh, F.hardtanh),
    ("hard_shrink", act.hard_shrink, F.hardshrink),
    ("soft_shrink", act.soft_shrink, F.softshrink),
    ("tanh_shrink", act.tanh_shrink, F.tanhshrink),
    ("relu6 itself", act.relu6, F.relu6),
    ("threshold", lambda x: act.threshold(x, 0.3, -2.0), lambda x: F.threshold(x, 0.3, -2.0)),
    ("log_sigmoid", act.log_sigmoid, F.logsigmoid),
]


def _activations() -> Iterator[Case]:
    kink = (np.array([-6.0, -1.0, 0.0, 1.0, 6.0]),)
    for name, mine, peer in ACTIVATIONS:
        yield from cases(f"activations.{name}", mine, peer, ((3, 4),), ((),), ((0, 2),), domain=away_from_zero)
        yield from cases(f"activations.{name} kink", mine, peer, kink, smooth=False)
        if name not in ("exponential", "relu threshold"):
            far = (np.array([-1000.0, -50.0, 50.0, 1000.0]),)
            yield from cases(f"activations.{name} far", mine, peer, far, smooth=False)
    yield from cases("activations.glu", act.glu, F.glu, ((2, 4),))
    yield from cases("activations.log_softmax", act.log_softmax, lambda x: F.log_softmax(x, -1), ((2, 3),))
    yield from cases("activations.softmax", act.softmax, lambda x: F.softmax(x, -1), ((2, 3),))


def _normal(axis: Any, peer: Any) -> tuple[Any, Any]:
    return lambda x, g, b: ops.batch_norm(x, g, b, axis, 1e-3), peer


def _layers() -> Iterator[Case]:
    norm = lambda x, g, b: F.batch_norm(x, None, None, g, b, training=True, eps=1e-3)
    yield from cases("batch_norm", *_normal(0, norm), ((5, 3), (3,), (3,)), double=1e-9)
    images = lambda x, g, b: last(norm(first(x), g, b))
    yield from cases("batch_norm images", *_normal((0, 1, 2), images), ((2, 3, 3, 2), (2,), (2,)), double=1e-9)
    layer = lambda x, g, b: F.layer_norm(x, (4,), g, b, eps=1e-3)
    yield from cases("batch_norm layer", *_normal(-1, layer), ((3, 4), (4,), (4,)), double=1e-9)
    yield from cases("dropout 0", lambda x: ops.dropout(x, 0.0), lambda x: F.dropout(x, 0.0), ((3, 4),))
    yield from cases("dropout 1", lambda x: ops.dropout(x, 1.0), lambda x: F.dropout(x, 1.0), ((3, 4),))
    classes = (np.array([[0, 2], [1, 1]]),)
    yield from cases("one_hot", lambda i: ops.one_hot(i, 3, dtype="int64"), lambda i: F.one_hot(i, 3), classes)
    yield from cases("one_hot axis", lambda i: ops.one_hot(i, 3, 1, "int64"), lambda i: F.one_hot(i, 3).movedim(-1, 1), classes)
    for name, f, shapes, options in FORMULAS:
        yield from cases(f"formula {name}", lambda *x, f=f: f(ops, *x), lambda *x, f=f: f(torch, *x), shapes, **options)


def _attention(m: Any, q: Any, k: Any, v: Any) -> Any:
    return m.softmax(q @ k.mT / q.shape[-1] ** 0.5, -1) @ v


def _lstm(m: Any, x: Any, h: Any, c: Any, w: Any, u: Any) -> tuple[Any, Any]:
    for t in range(x.shape[0]):
        z = x[t] @ w + h @ u
        i, f, o, g = (z[:, 2 * k : 2 * k + 2] for k in range(4))
        c = m.sigmoid(f) * c + m.sigmoid(i) * m.tanh(g)
        h = m.sigmoid(o) * m.tanh(c)
    return h, c


def _perceptron(m: Any, x: Any, w1: Any, b1: Any, w2: Any, b2: Any) -> Any:
    return ((m.tanh(m.tanh(x @ w1 + b1) @ w2 + b2) - 0.3) ** 2).mean()


def _huber(m: Any, e: Any) -> Any:
    a = m.abs(e)
    return m.where(a <= 1.0, 0.5 * e * e, a - 0.5).sum()


def _rosenbrock(m: Any, x: Any) -> Any:
    return (100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1.0 - x[:-1]) ** 2).sum()


def _kernel(m: Any, x: Any) -> Any:
    d = ((x[:, None, :] - x[None, :, :]) ** 2).sum(-1)
    return m.exp(-0.5 * d)


# the same text for both libraries: m is ops or torch
FORMULAS: list[tuple[str, Any, tuple[Any, ...], dict[str, Any]]] = [
    ("perceptron", _perceptron, ((5, 3), (3, 4), (4,), (4, 2), (2,)), {}),
    ("attention", _attention, ((2, 3, 4), (2, 5, 4), (2, 5, 3)), {}),
    ("lstm", _lstm, ((3, 2, 3), (2, 2), (2, 2), (3, 8), (2, 8)), {}),
    ("huber", _huber, ((6,),), {"domain": (-3.0, 3.0)}),
    ("rosenbrock", _rosenbrock, ((4,),), {"single": 2e-3}),
    ("kernel", _kernel, ((4, 2),), {}),
    ("entropy", lambda m, p: -(p * m.log(p)).sum(-1), ((3, 4),), {"domain": POSITIVE}),
    ("normalise", lambda m, x: (x - x.mean(0)) / (((x - x.mean(0)) ** 2).mean(0) + 1e-3) ** 0.5, ((5, 2),), {}),
    ("mixture", lambda m, x, w: m.logsumexp(m.log_softmax(w, -1) - (x[:, None] - w) ** 2, -1), ((5,), (3,)), {}),
    ("chain", lambda m, x: m.sin(m.cos(m.exp(m.sin(x * x) + x) * x) / 3.0), ((3,), ), {}),
    ("horner", lambda m, x: (((0.1 * x - 0.3) * x + 2.0) * x - 1.0) * x, ((3, 2),), {}),
    ("forty layers", lambda m, x, w: _deep(m, x, w), ((2, 3), (3, 3)), {}),
    ("gravity", lambda m, p: (1.0 / (((p[:, None] - p[None]) ** 2).sum(-1) + 0.1) ** 0.5).sum(), ((4, 3),), {}),
]


def _deep(m: Any, x: Any, w: Any) -> Any:
    for _ in range(40):
        x = m.tanh(x @ w * 0.5 + x * 0.5)
    return x


CASES = [*_convolutions(), *_losses(), *_activations(), *_layers()]
