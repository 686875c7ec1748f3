"""What a template may grant, and in whose namespace.

Rule: whoever writes a KodeTemplate need not be an administrator, so it grants nothing that its
namespace would not: that is for KodeClusterTemplates, and for namespaces that an administrator has
labelled. In another namespace than its own it reads no Secret and no ConfigMap.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from kode import labels
from kode.api.conditions import Reason
from kode.api.kode import Kode
from kode.api.meta import Object
from kode.api.template import KodeTemplate, Template, TemplateSpec
from kode.api.unstructured import get_dict, get_dicts, get_path
from kode.errors import InvalidSpec, RefNotFound

PRIVILEGED = "privileged"


def check(kode: Kode, template: Template, granting: Collection[str]) -> None:
    """Refuse what a template may not grant to a Kode, and what it may not read beside it.

    Args:
        kode: the Kode.
        template: the template that its templateRef names.
        granting: the namespaces that an administrator has labelled (labels.ALLOW_GRANTS).

    Raises:
        RefNotFound: the template asks for it, whatever the Kode says (RefNotPermitted).
        InvalidSpec: the Kode asks for it (NotPermitted).
    """
    spec, named = template.spec, _named(template)
    closed: list[str] = []
    if isinstance(template, KodeTemplate):
        own, other = kode.metadata.namespace, template.metadata.namespace
        reads = _reads(spec)
        if own != other and reads:
            raise RefNotFound(
                Reason.REF_NOT_PERMITTED,
                f"{named} is of another namespace and would read {', '.join(reads)} in namespace "
                f"{own}: only a template of that namespace or a KodeClusterTemplate may",
            )
        closed = [name for name in dict.fromkeys((other, own)) if name not in granting]
    asked = placement(spec)
    if closed and asked:
        raise RefNotFound(
            Reason.REF_NOT_PERMITTED,
            f"{named} may not set {', '.join(asked)}: {_leave(closed)}",
        )
    if kode.spec.privileged and not spec.allow_privileged:
        raise InvalidSpec(
            Reason.NOT_PERMITTED,
            f"spec.privileged: {named} does not allow it (allowPrivileged)",
        )
    if kode.spec.privileged and closed:
        raise InvalidSpec(
            Reason.NOT_PERMITTED,
            f"spec.privileged: {named} may not grant it: {_leave(closed)}",
        )


def is_granting(namespace: Object) -> bool:
    """Tell whether an administrator has labelled a namespace for grants."""
    return get_dict(get_dict(namespace, "metadata"), "labels").get(labels.ALLOW_GRANTS) == "true"


def revoked(
    workload: Object | None, template: Object | None, closed: Sequence[str]
) -> tuple[str, ...]:
    """Return what a live workload has been granted and nobody grants any more.

    It is asked where the workload is not put right at once: the Kode or its template cannot be
    read, or an update waits.

    Args:
        workload: the live pod, or the StatefulSet of 0.1.0; None where there is none.
        template: the document of its Kode's template; None where it is absent.
        closed: the namespaces of the Kode and of its template that are not labelled; none for a
            KodeClusterTemplate, which needs no leave.

    Returns:
        Fields, as a template spells them.
    """
    carried = _carried(workload or {})
    if closed:
        return carried
    allowed = get_dict(template or {}, "spec").get("allowPrivileged") is True
    if template is not None and not allowed and PRIVILEGED in carried:
        return (PRIVILEGED,)
    return ()


def is_privileged(container: Mapping[str, Any]) -> bool:
    """Tell whether a container has all the rights of its node."""
    return get_dict(container, "securityContext").get("privileged") is True


def not_granted(fields: Sequence[str], closed: Sequence[str]) -> InvalidSpec:
    """Return the error that says what is taken back."""
    why = _leave(closed) if closed else "its template does not allow it any more (allowPrivileged)"
    return InvalidSpec(
        Reason.NOT_PERMITTED, f"{', '.join(fields)}: granted before, and taken back: {why}"
    )


def _carried(workload: Object) -> tuple[str, ...]:
    spec = get_dict(workload, "spec")
    former = get_dict(get_dict(spec, "template"), "spec")
    pod = former or spec
    containers = [*get_dicts(pod, "initContainers"), *get_dicts(pod, "containers")]
    # Every pod has tolerations, and in some clusters a node selector, that nobody asked for.
    asked = str(get_path(workload, "metadata", "annotations", labels.GRANTS)).split(",")
    carried = {
        "runtimeClassName": bool(pod.get("runtimeClassName")),
        "hostUsers": pod.get("hostUsers") is True,
        "nodeSelector": bool(former.get("nodeSelector")) or "nodeSelector" in asked,
        "tolerations": bool(former.get("tolerations")) or "tolerations" in asked,
        PRIVILEGED: any(is_privileged(container) for container in containers),
    }
    return tuple(name for name, has in carried.items() if has)


def placement(spec: TemplateSpec) -> list[str]:
    """Return the fields of a template that need leave, as it spells them."""
    # A user namespace of its own (hostUsers: false) takes rights away, and needs no leave.
    asked = {
        "runtimeClassName": bool(spec.runtime_class_name),
        "hostUsers": spec.host_users is True,
        "nodeSelector": bool(spec.node_selector),
        "tolerations": bool(spec.tolerations),
    }
    return [name for name, wanted in asked.items() if wanted]


def _reads(spec: TemplateSpec) -> list[str]:
    found = []
    for variable in spec.env:
        source = variable.value_from
        if source and source.secret_key_ref:
            found.append(f"Secret {source.secret_key_ref.name} (env {variable.name})")
        if source and source.config_map_key_ref:
            found.append(f"ConfigMap {source.config_map_key_ref.name} (env {variable.name})")
    for item in spec.env_from:
        if item.secret_ref:
            found.append(f"Secret {item.secret_ref.name} (envFrom)")
        if item.config_map_ref:
            found.append(f"ConfigMap {item.config_map_ref.name} (envFrom)")
    return found


def _named(template: Template) -> str:
    where = template.metadata.namespace if isinstance(template, KodeTemplate) else ""
    return f"{template.kind} {where}/{template.metadata.name}".replace(" /", " ")


def _leave(closed: Sequence[str]) -> str:
    return (
        "only a KodeClusterTemplate may, or an administrator allows it with: "
        f"kubectl label namespace {' '.join(closed)} {labels.ALLOW_GRANTS}=true"
    )
