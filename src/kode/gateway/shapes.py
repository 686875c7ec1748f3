"""How Envoy's JSON is read where it matters what each field does.

Rule: only what a shape lists is read. A field that it does not list, one of the next release too,
is a doubt and not a detail.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any, TypeAlias

from kode.gateway.fields import below, camel


class Leaf(Enum):
    """What may stand in a field whose own fields are not looked at."""

    ANY = "any"
    """Anything: none of it lets a request pass."""
    OFF = "off"
    """Only what it is where nobody gives it: false."""


@dataclass(frozen=True)
class Each:
    """A list of messages, or a map of them by names of anybody's own."""

    shape: "Shape"


Shape: TypeAlias = "Leaf | Each | Mapping[str, Shape]"


class Doubt(Exception):
    """A field that is not known to be harmless; its text says which one and why."""


def read(value: Any, shape: Shape, at: str) -> Any:
    """Return a value with its fields by the names that the shape has for them.

    Args:
        value: a part of Envoy's JSON.
        shape: what is known of it.
        at: where it stands, for the doubt.

    Raises:
        Doubt: a field is not listed, or is on where it must be off.
    """
    match shape:
        case Leaf.ANY:
            return value
        case Leaf.OFF:
            if value is not False:
                raise Doubt(f"{at} may let requests pass")
            return value
        case Each(shape=inner) if isinstance(value, Mapping):
            return {key: read(item, inner, below(at, key)) for key, item in value.items()}
        case Each(shape=inner) if isinstance(value, list | tuple):
            return [read(item, inner, f"{at}[{number}]") for number, item in enumerate(value)]
        case Mapping() if isinstance(value, Mapping):
            return dict(_field(key, item, shape, at) for key, item in value.items())
        case _:
            raise Doubt(f"{at} is not what Envoy has there")


def anything(*names: str) -> dict[str, Shape]:
    """Return fields of which none lets a request pass, whatever stands in them."""
    return dict.fromkeys(names, Leaf.ANY)


def off(*names: str) -> dict[str, Shape]:
    """Return fields that let requests pass unless they are false."""
    return dict.fromkeys(names, Leaf.OFF)


def _field(key: str, value: Any, shape: Mapping[str, Shape], at: str) -> tuple[str, Any]:
    for name, inner in shape.items():
        if key in (name, camel(name)):
            return name, read(value, inner, below(at, key))
    raise Doubt(f"{below(at, key)} is not known to be harmless")
