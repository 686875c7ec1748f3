"""EnvoyProxyConfig and EnvoyProxyClusterConfig: how the sidecar guards an editor.

Rule: httpFilters and clusters are Envoy's own JSON; only their names are looked at here, and what
they mean is checked by Envoy.
"""

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field
from pydantic.alias_generators import to_camel

from kode.api.meta import Image, Model, Resource

DEFAULT_ENVOY_IMAGE = "envoyproxy/envoy:v1.40-latest"

_RAW: dict[str, Any] = {"x-kubernetes-preserve-unknown-fields": True}
_RAW_MODEL = ConfigDict(
    frozen=True, extra="allow", strict=True, alias_generator=None, json_schema_extra=_RAW
)


class HttpFilter(Model):
    """One HTTP filter, in Envoy's own JSON."""

    model_config = _RAW_MODEL

    name: Annotated[str, Field(min_length=1, max_length=253, description="Name of the filter.")]


class EnvoyCluster(Model):
    """One upstream cluster, in Envoy's own JSON."""

    model_config = _RAW_MODEL

    name: Annotated[str, Field(min_length=1, max_length=253, description="Name of the cluster.")]


class ProxyConfigSpec(Model):
    """How the sidecar in front of an editor is set up."""

    model_config = ConfigDict(alias_generator=to_camel)

    image: Annotated[Image, Field(description="Image of the sidecar.")] = DEFAULT_ENVOY_IMAGE
    auth_type: Annotated[
        Literal["none", "basic"],
        Field(
            description="basic asks for the Kode's user and password. none adds no login of its "
            "own: the editor's login, or the given httpFilters, must guard it."
        ),
    ] = "none"
    http_filters: Annotated[
        list[HttpFilter],
        Field(
            description="HTTP filters, passed to Envoy in order, after authType's and before the router.",
            max_length=32,
        ),
    ] = []
    clusters: Annotated[
        list[EnvoyCluster],
        Field(
            description="Upstream clusters that the filters use, passed to Envoy.", max_length=32
        ),
    ] = []


class EnvoyProxyConfig(Resource):
    """A proxy config of one namespace."""

    kind: Literal["EnvoyProxyConfig"] = "EnvoyProxyConfig"
    spec: ProxyConfigSpec = ProxyConfigSpec()


class EnvoyProxyClusterConfig(Resource):
    """A proxy config for all namespaces."""

    kind: Literal["EnvoyProxyClusterConfig"] = "EnvoyProxyClusterConfig"
    spec: ProxyConfigSpec = ProxyConfigSpec()


ProxyConfig = EnvoyProxyConfig | EnvoyProxyClusterConfig
