"""What a Kode refers to, read and permitted, in the same words on any platform.

Rule: pure; what is absent, broken or not permitted is an error that names the reference.
"""

from collections.abc import Collection

from kode import labels
from kode.api.conditions import Reason
from kode.api.document import parse
from kode.api.kode import Kode
from kode.api.meta import Object
from kode.api.proxyconfig import EnvoyProxyClusterConfig, EnvoyProxyConfig, ProxyConfig
from kode.api.template import KodeClusterTemplate, KodeTemplate, Template
from kode.api.unstructured import get_dict
from kode.desired import references
from kode.errors import InvalidSpec, RefNotFound
from kode.render import grants
from kode.render.resolve import Credentials, check_namespace, check_proxy_ref
from kode.render.secret import parse_login_secret


def resolve_template(
    kode: Kode, document: Object, template_document: Object | None, granting: Collection[str] = ()
) -> Template:
    """Return the template of a Kode.

    Args:
        kode: the Kode.
        document: the same Kode, as it is written.
        template_document: the document that its templateRef names; None when absent.
        granting: the namespaces whose KodeTemplates may grant what others may not.

    Raises:
        RefNotFound: it is absent, broken or not for this Kode.
        InvalidSpec: it does not grant what the Kode asks for.
    """
    named = references.template_of(document)
    if template_document is None:
        raise RefNotFound(Reason.TEMPLATE_NOT_FOUND, f"{named} does not exist")
    # Before it is read: what is wrong with it is no stranger's business.
    check_leave(kode.metadata.namespace, template_document)
    try:
        template = parse(template_document)
    except InvalidSpec as error:
        raise RefNotFound(Reason.TEMPLATE_INVALID, f"{named} is broken: {error}") from None
    assert isinstance(template, KodeTemplate | KodeClusterTemplate)  # noqa: S101 - by kind
    grants.check(kode, template, granting)
    return template


def check_leave(namespace: str, template: Object) -> None:
    """Refuse a template that is not for Kodes of a namespace; it may be broken otherwise.

    Raises:
        RefNotFound: with reason RefNotPermitted.
    """
    if template.get("kind") != "KodeTemplate":
        return
    metadata, spec = get_dict(template, "metadata"), get_dict(template, "spec")
    allowed = spec.get("allowedNamespaces")
    where = (str(metadata.get("namespace", "")), str(metadata.get("name", "")))
    check_namespace(namespace, where, allowed if isinstance(allowed, list) else ())


def resolve_proxy_config(
    template: Template, document: Object, proxy_document: Object | None
) -> ProxyConfig | None:
    """Return the proxy config of a template; None where it names none.

    Args:
        template: the template.
        document: the same template, as it is written.
        proxy_document: the document that its envoyProxyRef names; None when absent.

    Raises:
        RefNotFound: it is absent, broken or not for this template.
    """
    if template.spec.envoy_proxy_ref is None:
        return None
    named = references.proxy_config_of(document)
    check_proxy_ref(template)
    if proxy_document is None:
        raise RefNotFound(Reason.PROXY_CONFIG_NOT_FOUND, f"{named} does not exist")
    try:
        proxy = parse(proxy_document)
    except InvalidSpec as error:
        raise RefNotFound(Reason.PROXY_CONFIG_INVALID, f"{named} is broken: {error}") from None
    assert isinstance(proxy, EnvoyProxyConfig | EnvoyProxyClusterConfig)  # noqa: S101 - by kind
    return proxy


def resolve_login(kode: Kode, secret: Object | None) -> Credentials:
    """Return the login that a Kode's existingSecret holds.

    Args:
        kode: the Kode; it names an existingSecret.
        secret: that Secret; None when absent.

    Raises:
        RefNotFound: it is absent, another Kode's, not offered as a login, or has no usable
            password.
    """
    name, meta = kode.spec.existing_secret or "", kode.metadata
    if secret is None:
        raise RefNotFound(
            Reason.SECRET_NOT_FOUND,
            f"spec.existingSecret: there is no Secret {name} in namespace {meta.namespace}",
        )
    check_offered(secret, meta.uid)
    return parse_login_secret(secret, name, kode.spec.user)


def check_offered(secret: Object, uid: str) -> None:
    """Refuse a Secret as the login of a Kode where its owner has not offered it as one.

    Whoever uses a password can read it: without this a Kode would read that of a database, or of a
    colleague.

    Args:
        secret: the Secret.
        uid: of the Kode.

    Raises:
        RefNotFound: with reason RefNotPermitted.
    """
    metadata = get_dict(secret, "metadata")
    name, namespace = metadata.get("name"), metadata.get("namespace")
    owners = metadata.get("ownerReferences") or []
    mine = [it for it in owners if it.get("kind") == "Kode" and it.get("uid") == uid]
    other = next((it for it in owners if it.get("kind") == "Kode" and it not in mine), None)
    if other:
        raise RefNotFound(
            Reason.REF_NOT_PERMITTED,
            f"spec.existingSecret: Secret {name} is that of Kode {other.get('name')}",
        )
    if not mine and get_dict(metadata, "labels").get(labels.LOGIN) != "true":
        raise RefNotFound(
            Reason.REF_NOT_PERMITTED,
            f"spec.existingSecret: Secret {name} is not offered as a login; who owns it allows it "
            f"with: kubectl -n {namespace} label secret {name} {labels.LOGIN}=true",
        )


def restarted_at(kode: Object | None, *named: Object | None) -> str:
    """Return what restarts a Kode when it changes: its own annotation, and those of what it names.

    Args:
        kode: the Kode.
        named: its template and its proxy config; None where there is none.
    """
    own, *others = (
        str(get_dict(get_dict(it or {}, "metadata"), "annotations").get(labels.RESTARTED_AT, ""))
        for it in (kode, *named)
    )
    # Of a Kode whose template has none it is as it was before templates could have one.
    return "|".join((own, *others)) if any(others) else own
