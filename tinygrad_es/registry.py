"""Finding a thing by its name, as Keras' `get`: `"relu"`, `"Adam"`, a class, an instance."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

__all__ = ["Configured", "find", "resolve", "serialize", "snake_case"]


def find(kind: str, identifier: str, table: Mapping[str, Any]) -> Any:
    """The entry of `table` under this name; a ValueError names the nearest one.

    Names are compared without case and underscores: `"GlorotUniform"` is `"glorot_uniform"`.
    """
    wanted = identifier.replace("_", "").lower()
    for name, value in table.items():
        if name.replace("_", "").lower() == wanted:
            return value
    from difflib import get_close_matches

    near = get_close_matches(identifier.lower(), [n.lower() for n in table], n=1)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    raise ValueError(
        f"Could not interpret {kind} identifier: {identifier}. Expected one of "
        f"{sorted(table)}.{hint}"
    )


def resolve(
    kind: str, identifier: Any, table: Mapping[str, Any], check: Callable[[Any], bool]
) -> Any:
    """What `identifier` means: a name or a class becomes an instance, an instance is itself."""
    if isinstance(identifier, str):
        identifier = find(kind, identifier, table)
    elif isinstance(identifier, dict) and "class_name" in identifier:
        found = find(kind, identifier["class_name"], table)
        return found.from_config(identifier.get("config", {}))
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


def serialize(thing: Any) -> Any:
    """What the `get` of its module makes a thing from again: its class and its arguments.

    A function, or None, is itself.

    >>> from tinygrad_es.initializers import Constant
    >>> serialize(Constant(0.5))
    {'class_name': 'Constant', 'config': {'value': 0.5}}
    """
    if hasattr(thing, "get_config"):
        return {"class_name": type(thing).__name__, "config": thing.get_config()}
    return thing


def snake_case(name: str) -> str:
    """The Keras way from a class name to a layer name.

    >>> snake_case("BatchNormalization"), snake_case("PReLU"), snake_case("MaxPooling2D")
    ('batch_normalization', 'p_re_lu', 'max_pooling2d')
    """
    import re

    name = re.sub(r"\W+", "", name)
    name = re.sub(r"(.)([A-Z][a-z]+)", r"\1_\2", name)
    return re.sub(r"([a-z])([A-Z])", r"\1_\2", name).lower()
