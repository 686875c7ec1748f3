"""What every kind shares: the frozen model base, object metadata and checked scalar types.

Rule: a value of these types is valid by construction; nothing behind the edge checks it again.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Protocol, Self, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetJsonSchemaHandler,
    WithJsonSchema,
    model_validator,
)
from pydantic.alias_generators import to_camel
from pydantic_core import CoreSchema

GROUP = "kode.jacero.io"
VERSION = "v1alpha1"
API_VERSION = f"{GROUP}/{VERSION}"

Object = Mapping[str, Any]
"""An unstructured Kubernetes object."""

# The forms of https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/
QUANTITY = (
    r"^[+]?([0-9]+(\.[0-9]*)?|\.[0-9]+)(Ki|Mi|Gi|Ti|Pi|Ei|n|u|m|k|M|G|T|P|E|[eE][+-]?[0-9]+)?$"
)
MAX_QUANTITY = 32
MAX_KEYS = 64
"""Entries of a map."""


@dataclass(frozen=True)
class Rule:
    """A rule that crosses fields, said once for the API server and once for everywhere else.

    Attributes:
        cel: the rule in CEL, for the CRD.
        holds: the same rule on the typed value.
        message: what is wrong and what to do.
    """

    cel: str
    holds: Callable[[Any], bool]
    message: str


class Model(BaseModel):
    """A frozen value with camelCase names in YAML; unknown fields are refused by name.

    A field that is null is a field left out, as the API server has it.
    """

    rules: ClassVar[tuple[Rule, ...]] = ()

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        alias_generator=to_camel,
        # "yes" for a bool or "3" for a number would be refused by the API server as well.
        strict=True,
    )

    @model_validator(mode="before")
    @classmethod
    def _drop_nulls(cls, value: Any) -> Any:
        return _without_nulls(value)

    @model_validator(mode="after")
    def _obey(self) -> Self:
        for rule in self.rules:
            if not rule.holds(self):
                raise ValueError(rule.message)
        return self

    @classmethod
    def __get_pydantic_json_schema__(
        cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        """Return the JSON schema with the rules beside it."""
        schema = handler.resolve_ref_schema(handler(core_schema))
        if cls.rules:
            schema["x-kubernetes-validations"] = [
                {"rule": rule.cel, "message": rule.message} for rule in cls.rules
            ]
        return schema


def _without_nulls(value: Any) -> Any:
    if not isinstance(value, Mapping):
        return value
    return {key: value for key, value in value.items() if value is not None}


def quantity(value: object) -> str:
    """Return an amount as text.

    Raises:
        ValueError: it is none.
    """
    text = str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""
    if len(text) > MAX_QUANTITY or not re.fullmatch(QUANTITY.removesuffix("$"), text):
        raise ValueError("must be a Kubernetes quantity such as 500m, 2, 1Gi or 1.5Gi")
    return text.removeprefix("+")


Quantity = Annotated[
    str,
    BeforeValidator(quantity),
    WithJsonSchema(
        {
            "x-kubernetes-int-or-string": True,
            "anyOf": [{"type": "integer"}, {"type": "string"}],
            "pattern": QUANTITY,
            "maxLength": MAX_QUANTITY,
            "minimum": 0,
        }
    ),
]
"""An amount of a resource, for example 500m, 2 or 1Gi."""

ObjectName = Annotated[
    str,
    Field(
        min_length=1,
        max_length=253,
        pattern=r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$",
    ),
]
"""The name of a Kubernetes object (an RFC 1123 subdomain)."""

NamespaceName = Annotated[
    str, Field(min_length=1, max_length=63, pattern=r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$")
]
"""The name of a namespace (an RFC 1123 label)."""

IMAGE = r"^[^\s-][^\s]*$"
"""A word that no program takes for an option."""
MAX_IMAGE = 512

Image = Annotated[str, Field(min_length=1, max_length=MAX_IMAGE, pattern=IMAGE)]
"""A container image reference, for example linuxserver/code-server:latest."""

_SEGMENT = "[A-Za-z0-9_@+-][A-Za-z0-9._@+-]*"
HOME_PATH = f"^(/{_SEGMENT})+$"
WORKSPACE_PATH = f"^{_SEGMENT}(/{_SEGMENT})*$"
MAX_PATH = 253

HomePath = Annotated[str, Field(min_length=3, max_length=MAX_PATH, pattern=HOME_PATH)]
"""An absolute path without dot segments, for example /config."""

WorkspacePath = Annotated[str, Field(min_length=1, max_length=MAX_PATH, pattern=WORKSPACE_PATH)]
"""A folder relative to the home, without dot segments, for example workspace or src/app."""

Port = Annotated[int, Field(ge=1, le=65535)]
"""A TCP port."""


class _Named(Protocol):
    @property
    def name(self) -> str: ...


_Item = TypeVar("_Item", bound=_Named)


def _distinct(items: list[_Item]) -> list[_Item]:
    seen: set[str] = set()
    for item in items:
        if item.name in seen:
            raise ValueError(f"duplicate name {item.name}")
        seen.add(item.name)
    return items


UniqueByName = Annotated[
    list[_Item],
    AfterValidator(_distinct),
    Field(
        json_schema_extra={
            "x-kubernetes-list-type": "map",
            "x-kubernetes-list-map-keys": ["name"],
        }
    ),
]
"""A list in which each name stands once."""


class ObjectMeta(BaseModel):
    """The part of metav1.ObjectMeta that the product reads; the rest is ignored."""

    model_config = ConfigDict(frozen=True, extra="ignore", alias_generator=to_camel)

    name: str = ""
    namespace: str = ""
    uid: str = ""
    generation: int = 0
    resource_version: str = ""
    labels: dict[str, str] = {}
    annotations: dict[str, str] = {}
    deletion_timestamp: str | None = None

    @model_validator(mode="before")
    @classmethod
    def _drop_nulls(cls, value: Any) -> Any:
        return _without_nulls(value)


class CustomResource(BaseModel):
    """One object of the API: metadata and spec; status is read and written apart from it."""

    model_config = ConfigDict(frozen=True, extra="forbid", alias_generator=to_camel)

    api_version: str = API_VERSION
    kind: str
    metadata: ObjectMeta
    status: Annotated[dict[str, Any] | None, Field(repr=False)] = None

    @model_validator(mode="before")
    @classmethod
    def _drop_nulls(cls, value: Any) -> Any:
        return _without_nulls(value)
