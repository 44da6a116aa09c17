"""The base of callbacks, and the history: what `fit` tells about its progress, and to whom."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

__all__ = ["Callback", "CallbackList", "History", "LambdaCallback", "Logs"]

Logs = dict[str, Any]


class Callback:
    """Base class: overwrite the hooks you need. `self.model` and `self.params` are set by `fit`.

    `self.model.stop_training = True` ends the training after the batch or epoch at hand.
    """

    model: Any = None
    params: dict[str, Any] = {}
    remembered: tuple[str, ...] = ()  # attributes that a training that goes on needs again
    last = False  # whether its hooks run after those of the others

    def set_model(self, model: Any) -> None:
        self.model = model

    def set_params(self, params: dict[str, Any]) -> None:
        self.params = params

    def on_train_begin(self, logs: Logs | None = None) -> None: ...
    def on_train_end(self, logs: Logs | None = None) -> None: ...
    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None: ...
    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None: ...
    def on_train_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        self.on_batch_begin(batch, logs)

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        self.on_batch_end(batch, logs)

    def on_gradients(self, gradients: Sequence[Any], parameters: Sequence[Any]) -> None:
        """Before each update, with what the optimizer was given: only to look at, not Keras'."""

    def on_train_step(self, batch: int, loss: Any) -> None:
        """After each update, with the loss as a Tensor and its graph behind it; not Keras'."""

    def on_batch_begin(self, batch: int, logs: Logs | None = None) -> None: ...
    def on_batch_end(self, batch: int, logs: Logs | None = None) -> None: ...
    def on_test_begin(self, logs: Logs | None = None) -> None: ...
    def on_test_end(self, logs: Logs | None = None) -> None: ...
    def on_test_batch_begin(self, batch: int, logs: Logs | None = None) -> None: ...
    def on_test_batch_end(self, batch: int, logs: Logs | None = None) -> None: ...
    def on_predict_begin(self, logs: Logs | None = None) -> None: ...
    def on_predict_end(self, logs: Logs | None = None) -> None: ...
    def on_predict_batch_begin(self, batch: int, logs: Logs | None = None) -> None: ...
    def on_predict_batch_end(self, batch: int, logs: Logs | None = None) -> None: ...


class History(Callback):
    """What `fit` returns: `.history` (name → one value per epoch) and `.epoch`."""

    remembered = ("history", "epoch")

    def __init__(self) -> None:
        self.history: dict[str, list[float]] = {}
        self.epoch: list[int] = []

    def on_train_begin(self, logs: Logs | None = None) -> None:
        self.history, self.epoch = {}, []

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        self.epoch.append(epoch)
        for key, value in (logs or {}).items():
            self.history.setdefault(key, []).append(value)


class LambdaCallback(Callback):
    """Hooks as functions: `LambdaCallback(on_epoch_end=lambda epoch, logs: print(logs))`.

    Raises:
        TypeError: a name that is no hook.
    """

    def __init__(self, **hooks: Any) -> None:
        for name, function in hooks.items():
            if not name.startswith("on_") or not hasattr(Callback, name):
                known = [n for n in dir(Callback) if n.startswith("on_")]
                raise TypeError(f"LambdaCallback: expected one of {known}. Received: {name!r}.")
            if function is not None:
                setattr(self, name, function)


class CallbackList:
    """All callbacks as one; a hook that nobody overwrites costs nothing."""

    def __init__(self, callbacks: Iterable[Callback], model: Any, params: dict[str, Any]) -> None:
        self.callbacks = sorted(callbacks, key=lambda c: getattr(c, "last", False))
        for callback in self.callbacks:
            if not isinstance(callback, Callback):
                raise ValueError(
                    f"callbacks must be Callback instances. Received: {type(callback).__name__}."
                )
            callback.set_model(model)
            callback.set_params(params)

    def listeners(self, hook: str) -> list[Any]:
        """The bound hooks that somebody overwrote."""
        aliases = {"on_train_batch_begin": "on_batch_begin", "on_train_batch_end": "on_batch_end"}
        names = {hook, aliases.get(hook, hook)}
        found = []
        for callback in self.callbacks:
            kind = type(callback)
            own = vars(callback)  # hooks of a LambdaCallback
            if any(n in own or getattr(kind, n) is not getattr(Callback, n) for n in names):
                found.append(getattr(callback, hook))
        return found

    def call(self, hook: str, *args: Any) -> None:
        for listener in self.listeners(hook):
            listener(*args)
