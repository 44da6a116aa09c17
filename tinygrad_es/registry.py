"""Finding a thing by its name, as Keras' `get`: `"relu"`, `"Adam"`, a class, an instance."""

from __future__ import annotations

import contextlib
import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextvars import ContextVar
from typing import Any

__all__ = [
    "Configured",
    "arguments_of",
    "custom_object_scope",
    "custom_objects",
    "find",
    "made",
    "meant",
    "register_keras_serializable",
    "resolve",
    "serialize",
    "snake_case",
]

WITHOUT_EFFECT = {"renorm_momentum": 0.99, "data_format": "channels_last"}  # what Keras writes
CUSTOM: dict[str, Any] = {}  # what the user registered
_SCOPE: ContextVar[Mapping[str, Any]] = ContextVar("custom objects")


def custom_objects() -> dict[str, Any]:
    """The user's own classes and functions that configurations may name."""
    return CUSTOM | dict(_SCOPE.get({}))


@contextlib.contextmanager
def custom_object_scope(objects: Mapping[str, Any] | None) -> Iterator[None]:
    """Inside, configurations may name these classes and functions: `{"MyLayer": MyLayer}`."""
    token = _SCOPE.set(dict(_SCOPE.get({})) | dict(objects or {}))
    try:
        yield
    finally:
        _SCOPE.reset(token)


def register_keras_serializable(
    package: str = "Custom", name: str | None = None
) -> Callable[[Any], Any]:
    """A decorator: a saved model may name this class or function, as `package>name`.

    >>> @register_keras_serializable(package="lesson")
    ... def double(x):
    ...     return 2 * x
    >>> double.registered_name
    'lesson>double'
    """

    def register(thing: Any) -> Any:
        thing.registered_name = f"{package}>{name or thing.__name__}"
        CUSTOM[thing.registered_name] = thing
        return thing

    return register


def find(kind: str, identifier: str, table: Mapping[str, Any]) -> Any:
    """The entry of `table` under this name; a ValueError names the nearest one.

    Names are compared without case and underscores: `"GlorotUniform"` is `"glorot_uniform"`.
    """
    own = custom_objects()
    if identifier in own:
        return own[identifier]
    wanted = identifier.replace("_", "").lower()
    for name, value in table.items():
        if name.replace("_", "").lower() == wanted:
            return value
    raise ValueError(
        f"Could not interpret {kind} identifier: {identifier}. Expected one of "
        f"{sorted(table)}.{meant(identifier.lower(), [n.lower() for n in table])}"
    )


def meant(wrong: str, names: Iterable[str]) -> str:
    """The name nearest to a wrong one, as a question; empty where none is near."""
    from difflib import get_close_matches

    near = get_close_matches(wrong, list(names), n=1)
    return f" Did you mean {near[0]!r}?" if near else ""


def arguments_of(cls: type) -> set[str]:
    """What the constructors of a class and of its bases take by name."""
    inits = [vars(base)["__init__"] for base in cls.__mro__ if "__init__" in vars(base)]
    found = {name for init in inits[:-1] for name in inspect.signature(init).parameters}
    return found - {"self", "args", "kwargs", "unknown"}


def resolve(
    kind: str, identifier: Any, table: Mapping[str, Any], check: Callable[[Any], bool]
) -> Any:
    """What `identifier` means: a name or a class becomes an instance, an instance is itself."""
    if isinstance(identifier, str):
        identifier = find(kind, identifier, table)
    elif isinstance(identifier, dict) and "class_name" in identifier:
        identifier = made(kind, identifier, table)
    if isinstance(identifier, type):
        identifier = identifier()
    if not check(identifier):
        raise ValueError(f"Could not interpret {kind} identifier: {identifier!r}.")
    return identifier


class Configured:
    """The base of small objects whose attributes are the arguments that made them."""

    def get_config(self) -> dict[str, Any]:
        """The arguments that make this object again."""
        return dict(vars(self))

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        """The object of a configuration."""
        return cls(**config)


def made(kind: str, configuration: Mapping[str, Any], table: Mapping[str, Any]) -> Any:
    """The thing that `serialize` described. Its class is looked up, never imported."""
    name, config = configuration["class_name"], configuration.get("config", {})
    registered = configuration.get("registered_name")
    own = custom_objects()
    by_name = name == "function"
    if by_name:
        name, config = config, {}
    found: Any = own.get(registered or name, own.get(name))
    if found is None:
        found = find(kind, str(name), table)
    if not isinstance(found, type):
        return found  # a function
    if not isinstance(config, Mapping):
        raise ValueError(f"{kind} {name}: expected a configuration, a dict. Received: {config!r}.")
    maker: Any = found
    return maker.from_config(accepted(found, config))


def accepted(cls: type, config: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments that a class takes; what it does not know is dropped where it is off."""
    known, open_ended = parameters(cls)
    if open_ended:
        return dict(config)
    return {
        k: v
        for k, v in config.items()
        if k in known or not (v is None or v is False or v == WITHOUT_EFFECT.get(k))
    }


def parameters(cls: type) -> tuple[set[str], bool]:
    """The arguments of `__init__`, those that it hands on to its base included, and whether it
    takes any others.
    """
    known: set[str] = set()
    for base in cls.__mro__:
        own = vars(base).get("__init__")
        if own is None:
            continue
        arguments = inspect.signature(base if "__signature__" in vars(base) else own).parameters
        known |= set(arguments)
        if not any(p.kind is p.VAR_KEYWORD for p in arguments.values()):
            return known, False
    return known, base is not object and "__init__" in vars(base)


def serialize(thing: Any) -> Any:
    """What the `get` of its module makes a thing from again: its class and its arguments.

    A function is named, None and plain values are themselves.

    >>> from tinygrad_es.initializers import Constant
    >>> serialize(Constant(0.5))["config"]
    {'value': 0.5}
    """
    if thing is None or isinstance(thing, (str, int, float, bool)):
        return thing
    registered = vars(type(thing)).get("registered_name")
    if hasattr(thing, "get_config"):
        kind = type(thing)
        return {
            "module": _module(kind),
            "class_name": getattr(thing, "type_name", kind.__name__),
            "config": thing.get_config(),
            "registered_name": registered,
        }
    if callable(thing) and hasattr(thing, "__name__"):
        registered = getattr(thing, "registered_name", None)
        return {
            "module": "builtins",
            "class_name": "function",
            "config": thing.__name__,
            "registered_name": registered or thing.__name__,
        }
    return thing


def _module(kind: type) -> str:
    """Where Keras has a class of this package: "keras.layers"; others are where they are."""
    package, *parts = kind.__module__.split(".")
    if package != __package__:
        return kind.__module__
    if parts[-1] == "schedules":
        return "keras.optimizers.schedules"
    return "keras" if parts[0] == "models" else f"keras.{parts[0]}"


def snake_case(name: str) -> str:
    """The Keras way from a class name to a layer name.

    >>> snake_case("BatchNormalization"), snake_case("PReLU"), snake_case("MaxPooling2D")
    ('batch_normalization', 'p_re_lu', 'max_pooling2d')
    """
    import re

    name = re.sub(r"\W+", "", name)
    name = re.sub(r"(.)([A-Z][a-z]+)", r"\1_\2", name)
    return re.sub(r"([a-z])([A-Z])", r"\1_\2", name).lower()
