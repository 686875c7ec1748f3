"""Filters that are scripts in Lua, and values written into them.

Rule: a value is a constant at the head of its script, never a piece of its code.
"""

from collections.abc import Mapping
from typing import Any


def script(source: str) -> dict[str, Any]:
    """Return the filter that runs a script."""
    return {
        "name": "envoy.filters.http.lua",
        "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.filters.http.lua.v3.Lua",
            "default_source_code": {"inline_string": source},
        },
    }


def constants(values: Mapping[str, str | int]) -> str:
    """Return the lines of a script that name values."""
    return "".join(f"local {name} = {_literal(value)}\n" for name, value in values.items())


def _literal(value: str | int) -> str:
    if isinstance(value, int):
        return str(value)
    return '"' + "".join(map(_letter, value.encode().decode("latin-1"))) + '"'


def _letter(byte: str) -> str:
    # As a number where it could end the text, or not stand in it.
    plain = byte.isascii() and byte.isprintable() and byte not in '"\\'
    return byte if plain else f"\\{ord(byte):03}"
