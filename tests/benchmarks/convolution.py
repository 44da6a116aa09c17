"""One training step of a small convolutional network: ours and torch, from the same weights."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_es import layers, losses, models, optimizers

from .steps import Step
from .timing import compare, row


def setup(n: int = 64) -> tuple[list[Any], Any, Any]:
    """Weights as Keras orders them, images and labels."""
    rng = np.random.default_rng(0)
    shapes = [(3, 3, 1, 16), (16,), (3, 3, 16, 32), (32,), (800, 10), (10,)]
    weights = [(rng.normal(size=s) * 0.1).astype("f4") for s in shapes]
    return weights, rng.normal(size=(n, 28, 28, 1)).astype("f4"), rng.integers(0, 10, n)


def ours(weights: list[Any], x: Any, labels: Any) -> Step:
    """Conv 16 → pool → conv 32 → pool → dense 10, of layers."""
    model = models.Sequential(
        [
            layers.Input((28, 28, 1)),
            layers.Conv2D(16, 3, activation="relu"),
            layers.MaxPooling2D(2),
            layers.Conv2D(32, 3, activation="relu"),
            layers.MaxPooling2D(2),
            layers.Flatten(),
            layers.Dense(10),
        ]
    )
    model.set_weights(weights)
    params, optimizer = model.trainable_weights, optimizers.SGD(0.01)
    criterion = losses.SparseCategoricalCrossentropy(from_logits=True)

    def step() -> object:
        loss = criterion(labels, model(x, training=True))
        loss.backward()
        optimizer.step(params)
        return loss

    return step


def torch_eager(weights: list[Any], x: Any, labels: Any) -> Step:
    """The same in torch, channels first; the dense layer sees the pixels in our order."""
    import torch

    f = torch.nn.functional
    k1, b1, k2, b2, w, b = weights
    w = w.reshape(5, 5, 32, 10).transpose(3, 2, 0, 1).reshape(10, 800)
    arrays = [k1.transpose(3, 2, 0, 1), b1, k2.transpose(3, 2, 0, 1), b2, w, b]
    params = [torch.tensor(a.copy(), requires_grad=True) for a in arrays]
    optimizer = torch.optim.SGD(params, 0.01)
    inputs, targets = torch.tensor(x.transpose(0, 3, 1, 2).copy()), torch.tensor(labels)

    def step() -> object:
        h = f.max_pool2d(torch.relu(f.conv2d(inputs, *params[:2])), 2)
        h = f.max_pool2d(torch.relu(f.conv2d(h, *params[2:4])), 2)
        loss = f.cross_entropy(f.linear(h.flatten(1), *params[4:]), targets)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return loss

    return step


def main() -> None:
    """Print the ratio, after a check that both learn the same."""
    try:
        import torch  # noqa: F401 - only asked whether it is there
    except ImportError:
        (seconds,) = compare([ours(*setup())])
        row("convolution, ms a step", seconds * 1e3, "torch is not installed")
        return
    steps = [ours(*setup()), torch_eager(*setup())]
    for _ in range(5):
        mine, theirs = (float(step().item()) for step in steps)  # type: ignore[attr-defined]  # a number
        assert abs(mine - theirs) < 1e-4, "the two disagree"
    times = compare(steps)
    row("convolution, ms a step", "ours", "torch", "/torch")
    row("28x28, batch 64, SGD", *(t * 1e3 for t in times), times[0] / times[1])
