"""EnvoyProxyConfig and EnvoyProxyClusterConfig: how the sidecar guards an editor.

Rule: httpFilters and clusters are Envoy's own JSON; only that it is JSON and has names is looked at
here, and what it means is checked by Envoy.
"""

import math
from collections.abc import Iterable, Mapping
from typing import Annotated, Literal, Self

from pydantic import ConfigDict, Field, model_validator

from kode.api.meta import CustomResource, Image, Model, UniqueByName

DEFAULT_ENVOY_IMAGE = "envoyproxy/envoy:v1.40-latest"

_MAX_DEPTH = 64
"""Levels of nesting; Envoy itself reads no more than 100 in all."""
_MAX_NUMBER = 2**64
_MAX_VALUES = 100_000
"""Values on one level; more is no configuration."""


class RawModel(Model):
    """Envoy's own JSON, of which Kode reads little and keeps all."""

    model_config = ConfigDict(
        extra="allow", json_schema_extra={"x-kubernetes-preserve-unknown-fields": True}
    )

    @model_validator(mode="after")
    def _is_json(self) -> Self:
        level: list[object] = [self.model_extra]
        for _ in range(_MAX_DEPTH):
            level = [inner for value in level for inner in _inside(value)]
            if not level:
                return self
            if len(level) > _MAX_VALUES:
                break
        raise ValueError(f"nested deeper than {_MAX_DEPTH} levels, or too large")


def _inside(value: object) -> Iterable[object]:
    match value:
        case Mapping():
            if not all(isinstance(key, str) for key in value):
                raise ValueError("keys must be text")
            return (*value, *value.values())
        case list():
            return value
        case str():
            if any("\ud800" <= char <= "\udfff" for char in value):
                raise ValueError("invalid Unicode: an unpaired surrogate")
        case float() if not math.isfinite(value):
            raise ValueError(f"{value} is not a valid JSON number")
        case int() if abs(value) >= _MAX_NUMBER:
            raise ValueError("the number is larger than Envoy can read")
        case None | int() | float():
            pass
        case _:
            raise ValueError(f"a {type(value).__name__} is no value of JSON")
    return ()


class HttpFilter(RawModel):
    """One HTTP filter, in Envoy's own JSON."""

    name: Annotated[str, Field(min_length=1, max_length=253, description="Name of the filter.")]


class EnvoyCluster(RawModel):
    """One upstream cluster, in Envoy's own JSON."""

    name: Annotated[str, Field(min_length=1, max_length=253, description="Name of the cluster.")]


class ProxyConfigSpec(Model):
    """How the sidecar in front of an editor is set up."""

    image: Annotated[Image, Field(description="Image of the sidecar.")] = DEFAULT_ENVOY_IMAGE
    auth_type: Annotated[
        Literal["none", "basic"],
        Field(
            description="The sidecar requires the Kode's user and password if it has them. With "
            "basic, a Kode without them is refused; with none, httpFilters must then authenticate "
            "the user, or all requests are denied."
        ),
    ] = "none"
    http_filters: Annotated[
        list[HttpFilter],
        Field(
            description="HTTP filters, passed to Envoy in order: between authType's and router.",
            max_length=32,
        ),
    ] = []
    clusters: Annotated[
        UniqueByName[EnvoyCluster],
        Field(
            description="Upstream clusters that the filters use, passed to Envoy.", max_length=32
        ),
    ] = []


class EnvoyProxyConfig(CustomResource):
    """A proxy config of one namespace."""

    kind: Literal["EnvoyProxyConfig"] = "EnvoyProxyConfig"
    spec: ProxyConfigSpec = ProxyConfigSpec()


class EnvoyProxyClusterConfig(CustomResource):
    """A proxy config for all namespaces."""

    kind: Literal["EnvoyProxyClusterConfig"] = "EnvoyProxyClusterConfig"
    spec: ProxyConfigSpec = ProxyConfigSpec()


ProxyConfig = EnvoyProxyConfig | EnvoyProxyClusterConfig
