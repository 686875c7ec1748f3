"""Which objects a Kode refers to, read from unstructured documents.

Rule: reading never fails: a document that is broken refers to nothing, and its own pass says why.
Gather uses this to know what to read, the caches to know whom a change reaches.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from kode.api.unstructured import get_path

_OBJECT_NAME = re.compile(r"[a-z0-9]([-.a-z0-9]{0,251}[a-z0-9])?")


@dataclass(frozen=True, order=True, slots=True)
class Ref:
    """An object that another one names; namespace is empty for cluster-wide kinds."""

    kind: str
    namespace: str
    name: str

    def __str__(self) -> str:
        """Return kind and name as messages show them."""
        where = f"{self.namespace}/" if self.namespace else ""
        return f"{self.kind} {where}{self.name}"


def template_of(kode: Mapping[str, Any]) -> Ref | None:
    """Return the template that a Kode names."""
    return _ref(
        get_path(kode, "spec", "templateRef"),
        default_kind="KodeTemplate",
        cluster_kind="KodeClusterTemplate",
        namespace=_name(get_path(kode, "metadata", "namespace")),
    )


def proxy_config_of(template: Mapping[str, Any]) -> Ref | None:
    """Return the proxy config that a template names.

    A cluster template that names an EnvoyProxyConfig must name its namespace; without one the
    reference leads nowhere (namespace empty), which the pass reports.
    """
    return _ref(
        get_path(template, "spec", "envoyProxyRef"),
        default_kind="EnvoyProxyConfig",
        cluster_kind="EnvoyProxyClusterConfig",
        namespace=_name(get_path(template, "metadata", "namespace")),
    )


def secret_of(kode: Mapping[str, Any]) -> Ref | None:
    """Return the Secret that a Kode's existingSecret names."""
    return _own(kode, "Secret", get_path(kode, "spec", "existingSecret"))


def claim_of(kode: Mapping[str, Any]) -> Ref | None:
    """Return the claim that a Kode's existingVolumeClaim names."""
    name = get_path(kode, "spec", "storage", "existingVolumeClaim")
    return _own(kode, "PersistentVolumeClaim", name)


def _own(kode: Mapping[str, Any], kind: str, ref: object) -> Ref | None:
    name = _name(ref)
    return Ref(kind, _name(get_path(kode, "metadata", "namespace")), name) if name else None


def _ref(ref: object, *, default_kind: str, cluster_kind: str, namespace: str) -> Ref | None:
    if not isinstance(ref, Mapping) or not _name(ref.get("name")):
        return None
    kind = ref.get("kind") or default_kind
    if kind == cluster_kind:
        return Ref(cluster_kind, "", _name(ref.get("name")))
    if kind != default_kind:
        return None
    return Ref(default_kind, _name(ref.get("namespace")) or namespace, _name(ref.get("name")))


def _name(value: object) -> str:
    # A name that no object can have, such as one with a slash, must not get into a path.
    return value if isinstance(value, str) and _OBJECT_NAME.fullmatch(value) else ""
