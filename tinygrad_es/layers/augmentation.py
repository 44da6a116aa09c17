"""Random flips, translations and rotations of images while training: more data out of the same."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import ops
from ..ops.image import FILL_MODES, INTERPOLATIONS
from .convolution import channels_last
from .regularization import Noise

__all__ = ["RandomFlip", "RandomRotation", "RandomTranslation"]


class RandomImage(Noise):
    """The base: `transform` of (batch, height, width, channels), each image with a draw of its own.

    One image without the batch is taken as well. Called by itself the layer needs
    `training=True`, as `Dropout` does (Keras' transforms unless it is told `training=False`).
    """

    def __init__(
        self, seed: int | None = None, data_format: str | None = None, **kwargs: Any
    ) -> None:
        super().__init__(seed, **kwargs)
        self.data_format = channels_last(data_format)

    def transform(self, images: Any) -> Any:
        raise TypeError(f"{type(self).__name__} has no transform(images) of its own")

    def call(self, x: Any, training: bool = False) -> Any:
        if x.ndim not in (3, 4):
            raise ValueError(
                "Expected image tensor to have rank 3 (single image) or 4 (batch of images). "
                f"Received: data.shape={x.shape}"
            )
        if not training:
            return x
        return self.transform(x) if x.ndim == 4 else self.transform(ops.expand_dims(x, 0))[0]

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"data_format": self.data_format}


class RandomFlip(RandomImage):
    """Mirror half of the images.

    Args:
        mode: "horizontal" (left and right change places), "vertical" (top and bottom) or
            "horizontal_and_vertical": one draw for both, so that half of the images turn by 180°,
            as in Keras 3.
        seed: of its draws; they go on from call to call.

    >>> import numpy as np
    >>> from tinygrad_es.layers import RandomFlip
    >>> image = np.array([1.0, 2.0, 3.0], "float32").reshape(1, 3, 1)
    >>> flip = RandomFlip("horizontal", seed=2)
    >>> [flip(image, training=True).ravel().tolist() for _ in range(2)]
    [[3.0, 2.0, 1.0], [3.0, 2.0, 1.0]]
    """

    AXES = {"horizontal": (2,), "vertical": (1,), "horizontal_and_vertical": (2, 1)}

    def __init__(
        self,
        mode: str = "horizontal_and_vertical",
        seed: int | None = None,
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(seed, data_format, **kwargs)
        if mode not in self.AXES:
            raise ValueError(f"`mode` must be one of {tuple(self.AXES)}. Received: mode={mode!r}")
        self.mode = mode

    def transform(self, images: Any) -> Any:
        chosen = self.generator().random((len(images), 1, 1, 1)) <= 0.5
        return ops.where(chosen, ops.flip(images, self.AXES[self.mode]), images)

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"mode": self.mode}


class RandomAffine(RandomImage):
    """The base of translation and rotation: `matrices` for a batch of images of a size."""

    def __init__(
        self,
        fill_mode: str = "reflect",
        interpolation: str = "bilinear",
        seed: int | None = None,
        fill_value: float = 0.0,
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(seed, data_format, **kwargs)
        for name, value, known in (
            ("fill_mode", fill_mode, FILL_MODES),
            ("interpolation", interpolation, INTERPOLATIONS),
        ):
            if value not in known:
                raise NotImplementedError(f"Unknown `{name}` {value}. Expected of one {known}.")
        self.fill_mode, self.interpolation = fill_mode, interpolation
        self.fill_value = fill_value

    def matrices(self, batch: int, height: int, width: int) -> Any:
        """One row of `ops.image.affine_transform` for each image."""
        raise TypeError(f"{type(self).__name__} has no matrices(…) of its own")

    def transform(self, images: Any) -> Any:
        rows = self.matrices(*images.shape[:3])
        return ops.image.affine_transform(
            images, rows, self.interpolation, self.fill_mode, self.fill_value
        )

    def get_config(self) -> dict[str, Any]:
        keys = ("fill_mode", "interpolation", "fill_value")
        return super().get_config() | {k: getattr(self, k) for k in keys}


class RandomTranslation(RandomAffine):
    """Shift each image down (or up) and to the right (or left).

    Args:
        height_factor: the shift as a fraction of the height, down where positive: a number f for
            [−f, f], or (lowest, highest).
        width_factor: the same of the width, to the right where positive.
        fill_mode: what moves in: "reflect", "wrap", "constant" or "nearest".
        interpolation: "bilinear" or "nearest", for shifts between two pixels.
        seed: of its draws; they go on from call to call.
        fill_value: what "constant" fills with.

    >>> import numpy as np
    >>> from tinygrad_es.layers import RandomTranslation
    >>> image = np.array([1.0, 2.0, 3.0, 4.0], "float32").reshape(1, 4, 1)
    >>> shift = RandomTranslation(0, (0.5, 0.5), "nearest")
    >>> shift(image, training=True).ravel().tolist()
    [1.0, 1.0, 1.0, 2.0]
    """

    def __init__(
        self,
        height_factor: Any,
        width_factor: Any,
        fill_mode: str = "reflect",
        interpolation: str = "bilinear",
        seed: int | None = None,
        fill_value: float = 0.0,
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(fill_mode, interpolation, seed, fill_value, data_format, **kwargs)
        self.height_factor, self.width_factor = height_factor, width_factor
        self.down = interval("height_factor", height_factor)
        self.right = interval("width_factor", width_factor)

    def matrices(self, batch: int, height: int, width: int) -> Any:
        rows = np.tile([1.0, 0, 0, 0, 1.0, 0, 0, 0], (batch, 1))
        rows[:, 5] = -height * self.generator().uniform(*self.down, batch)
        rows[:, 2] = -width * self.generator().uniform(*self.right, batch)
        return rows

    def get_config(self) -> dict[str, Any]:
        factors = {"height_factor": self.height_factor, "width_factor": self.width_factor}
        return super().get_config() | factors


class RandomRotation(RandomAffine):
    """Turn each image about its centre.

    Args:
        factor: the angle as a fraction of 2π, counter-clockwise where positive: a number f for
            [−f, f], or (lowest, highest).
        fill_mode, interpolation, seed, fill_value: as in `RandomTranslation`.

    >>> import numpy as np
    >>> from tinygrad_es.layers import RandomRotation
    >>> image = np.array([[1.0, 2.0], [3.0, 4.0]], "float32")[..., None]
    >>> turn = RandomRotation((0.25, 0.25), interpolation="nearest")
    >>> turn(image, training=True)[..., 0].tolist()
    [[2.0, 4.0], [1.0, 3.0]]
    """

    def __init__(
        self,
        factor: Any,
        fill_mode: str = "reflect",
        interpolation: str = "bilinear",
        seed: int | None = None,
        fill_value: float = 0.0,
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(fill_mode, interpolation, seed, fill_value, data_format, **kwargs)
        self.factor = interval("factor", factor)

    def matrices(self, batch: int, height: int, width: int) -> Any:
        angle = 2.0 * np.pi * self.generator().uniform(*self.factor, batch)
        cos, sin, zero = np.cos(angle), np.sin(angle), np.zeros(batch)
        x, y = (width - 1) / 2, (height - 1) / 2  # the centre, which stays
        rows = [cos, -sin, x - x * cos + y * sin, sin, cos, y - x * sin - y * cos, zero, zero]
        return np.stack(rows, axis=1)

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"factor": self.factor}


def interval(name: str, factor: Any) -> tuple[float, float]:
    """f as (−|f|, |f|), two numbers in their order; a ValueError unless all are in [−1, 1]."""
    ends = tuple(factor) if isinstance(factor, (tuple, list)) else (factor, factor)
    numbers = all(isinstance(v, (int, float, np.number)) and -1 <= v <= 1 for v in ends)
    if len(ends) != 2 or not numbers:
        raise ValueError(
            "The `factor` argument should be a number (or a list of two numbers) in the range "
            f"[-1.0, 1.0]. Received: {name}={factor}"
        )
    if not isinstance(factor, (tuple, list)):
        return -abs(float(factor)), abs(float(factor))
    low, high = sorted(map(float, ends))
    return low, high
