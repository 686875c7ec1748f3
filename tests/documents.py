"""Documents and typed objects for tests: short builders with sensible rest.

Rule: what a test is about stands in the test; what is the same everywhere stands here.
"""

import base64
from collections.abc import Collection, Mapping, Sequence
from typing import Any, TypeVar

from kode.api.document import parse
from kode.api.kode import Kode
from kode.api.meta import API_VERSION, CustomResource
from kode.api.proxyconfig import EnvoyProxyClusterConfig, EnvoyProxyConfig, ProxyConfig
from kode.api.template import KodeClusterTemplate, KodeTemplate, Template
from kode.labels import ALLOW_GRANTS, LOGIN
from kode.render.resolve import Credentials, ResolvedKode, resolve

Document = dict[str, Any]
_Type = TypeVar("_Type", bound=CustomResource)

UID = "7d3c1f0e-0000-4000-8000-000000000001"
CODE_SERVER = "linuxserver/code-server:latest"
CODERCOM = "codercom/code-server:latest"
WEBTOP = "linuxserver/webtop:ubuntu-mate"
EXT_AUTHZ: Document = {
    "name": "envoy.filters.http.ext_authz",
    "typed_config": {
        "@type": "type.googleapis.com/envoy.extensions.filters.http.ext_authz.v3.ExtAuthz",
        "transport_api_version": "V3",
        "grpc_service": {"envoy_grpc": {"cluster_name": "opa"}, "timeout": "0.250s"},
    },
}


def document(kind: str, name: str, spec: Mapping[str, Any], **metadata: Any) -> Document:
    """Return a document of one of our kinds."""
    placed = {} if "Cluster" in kind else {"namespace": "team"}
    return {
        "apiVersion": API_VERSION,
        "kind": kind,
        "metadata": {"name": name, **placed, **metadata},
        "spec": dict(spec),
    }


def kode_document(name: str = "dev", /, **spec: Any) -> Document:
    """Return the document of a Kode of the template `base`."""
    given = {"templateRef": {"kind": "KodeTemplate", "name": "base"}, **spec}
    return document("Kode", name, given, uid=UID, generation=1)


def template_document(kind: str = "KodeTemplate", /, **spec: Any) -> Document:
    """Return the document of the template `base`."""
    given = {"type": "code-server", "image": CODE_SERVER, **spec}
    return document(kind, "base", given, generation=1)


def proxy_document(kind: str = "EnvoyProxyConfig", /, **spec: Any) -> Document:
    """Return the document of the proxy config `guard`."""
    return document(kind, "guard", spec, generation=1)


def typed(model: type[_Type], given: Mapping[str, Any]) -> _Type:
    """Return the typed object of a document."""
    found = parse(given)
    assert isinstance(found, model)
    return found


def kode(name: str = "dev", /, **spec: Any) -> Kode:
    """Return a Kode."""
    return typed(Kode, kode_document(name, **spec))


def template(**spec: Any) -> KodeTemplate:
    """Return a KodeTemplate."""
    return typed(KodeTemplate, template_document(**spec))


def cluster_template(**spec: Any) -> KodeClusterTemplate:
    """Return a KodeClusterTemplate."""
    return typed(KodeClusterTemplate, template_document("KodeClusterTemplate", **spec))


def proxy(**spec: Any) -> EnvoyProxyConfig:
    """Return an EnvoyProxyConfig."""
    return typed(EnvoyProxyConfig, proxy_document(**spec))


def cluster_proxy(**spec: Any) -> EnvoyProxyClusterConfig:
    """Return an EnvoyProxyClusterConfig."""
    return typed(EnvoyProxyClusterConfig, proxy_document("EnvoyProxyClusterConfig", **spec))


def credentials(secret: str = "dev-auth", user: str = "devuser") -> Credentials:
    """Return a login."""
    return Credentials(user, "devpassword", secret)


def resolved(
    of: Kode | None = None,
    over: Template | None = None,
    guard: ProxyConfig | None = None,
    *,
    login: Credentials | None = None,
    granting: Collection[str] = ("team",),
) -> ResolvedKode:
    """Return a resolved Kode; its namespace may grant what it likes."""
    return resolve(of or kode(), over or template(), guard, login, granting)


def namespace_document(name: str = "team", /, *, grants: bool = False) -> Document:
    """Return a namespace, as an administrator has labelled it."""
    marks = {ALLOW_GRANTS: "true"} if grants else {}
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": marks}}


def secret_document(name: str, /, **texts: str) -> Document:
    """Return a Secret of somebody's own, offered as a login."""
    data = {key: base64.b64encode(text.encode()).decode() for key, text in texts.items()}
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {
            "name": name,
            "namespace": "team",
            "uid": f"uid-of-{name}",
            "labels": {LOGIN: "true"},
        },
        "data": data,
    }


def variables(container: Mapping[str, Any]) -> dict[str, Any]:
    """Return the environment of a container: literal values, or where they come from."""
    env: Sequence[Mapping[str, Any]] = container.get("env", [])
    return {item["name"]: item.get("value", item.get("valueFrom", "")) for item in env}
