"""Checked texts of a template that may have placeholders in them.

Rule: as written, a text may have placeholders instead of being valid; once filled, it is what the
type of the same name without placeholders would take.
"""

from typing import Annotated, Any

from pydantic import BeforeValidator, Field, ValidationInfo, WithJsonSchema

from kode.api import meta
from kode.api.placeholders import (
    MAX_LENGTH,
    allow_placeholders,
    check_when_filled,
    has_placeholders,
)

_TIME_ZONE = r"^[A-Za-z0-9_+/-]+$"
_MAX_TIME_ZONE = 64


def _quantity(value: object, info: ValidationInfo) -> str:
    # What is not a text with placeholders is an amount, or refused in the same words as one.
    return str(value) if has_placeholders(value, info) else meta.quantity(value)


def _text(pattern: str, shortest: int = 1) -> Any:
    # The pattern is for the API server alone: what it says to people is that of once_filled.
    return Field(
        min_length=shortest,
        max_length=MAX_LENGTH,
        json_schema_extra={"pattern": allow_placeholders(pattern)},
    )


TemplatedImage = Annotated[
    str,
    _text(meta.IMAGE),
    check_when_filled(meta.IMAGE, meta.MAX_IMAGE),
]
"""An image reference."""

TemplatedQuantity = Annotated[
    str,
    BeforeValidator(_quantity),
    WithJsonSchema(
        {
            "x-kubernetes-int-or-string": True,
            "anyOf": [{"type": "integer"}, {"type": "string"}],
            "pattern": allow_placeholders(meta.QUANTITY),
            "maxLength": MAX_LENGTH,
            "minimum": 0,
        }
    ),
]
"""An amount of a resource."""

TemplatedHome = Annotated[
    str,
    _text(meta.HOME_PATH, shortest=3),
    check_when_filled(meta.HOME_PATH, meta.MAX_PATH),
]
"""An absolute path without dot segments."""

TemplatedWorkspace = Annotated[
    str,
    _text(meta.WORKSPACE_PATH),
    check_when_filled(meta.WORKSPACE_PATH, meta.MAX_PATH),
]
"""A folder relative to the home."""

TemplatedTimeZone = Annotated[
    str,
    _text(_TIME_ZONE),
    check_when_filled(_TIME_ZONE, _MAX_TIME_ZONE),
]
"""The name of a time zone."""
