"""What a Kode refers to, read and permitted, in the same words on any platform.

Rule: pure; what is absent, broken or not permitted is an error that names the reference.
"""

from kode.api.conditions import Reason
from kode.api.document import parse
from kode.api.kode import Kode
from kode.api.meta import Object
from kode.api.proxyconfig import EnvoyProxyClusterConfig, EnvoyProxyConfig, ProxyConfig
from kode.api.template import KodeClusterTemplate, KodeTemplate, Template
from kode.errors import InvalidSpec, RefNotFound
from kode.platform import references
from kode.render.resolve import Credentials, check_proxy_ref, check_template_ref
from kode.render.secret import existing


def template_of(kode: Kode, document: Object, found: Object | None) -> Template:
    """Return the template of a Kode.

    Args:
        kode: the Kode.
        document: the same Kode, as it is written.
        found: the document that its templateRef names; None when absent.

    Raises:
        RefNotFound: it is absent, broken or not for this Kode.
    """
    named = references.template_of(document)
    if found is None:
        raise RefNotFound(Reason.TEMPLATE_NOT_FOUND, f"{named} does not exist")
    try:
        template = parse(found)
    except InvalidSpec as error:
        raise RefNotFound(Reason.TEMPLATE_INVALID, f"{named} is broken: {error}") from None
    assert isinstance(template, KodeTemplate | KodeClusterTemplate)  # noqa: S101 - by kind
    check_template_ref(kode, template)
    return template


def proxy_config_of(
    template: Template, document: Object, found: Object | None
) -> ProxyConfig | None:
    """Return the proxy config of a template; None where it names none.

    Args:
        template: the template.
        document: the same template, as it is written.
        found: the document that its envoyProxyRef names; None when absent.

    Raises:
        RefNotFound: it is absent, broken or not for this template.
    """
    if template.spec.envoy_proxy_ref is None:
        return None
    named = references.proxy_config_of(document)
    check_proxy_ref(template)
    if found is None:
        raise RefNotFound(Reason.PROXY_CONFIG_NOT_FOUND, f"{named} does not exist")
    try:
        proxy = parse(found)
    except InvalidSpec as error:
        raise RefNotFound(Reason.PROXY_CONFIG_INVALID, f"{named} is broken: {error}") from None
    assert isinstance(proxy, EnvoyProxyConfig | EnvoyProxyClusterConfig)  # noqa: S101 - by kind
    return proxy


def login_of(kode: Kode, found: Object | None) -> Credentials:
    """Return the login that a Kode's existingSecret holds.

    Args:
        kode: the Kode; it names an existingSecret.
        found: that Secret; None when absent.

    Raises:
        RefNotFound: it is absent, another Kode's or has no usable password.
    """
    name, meta = kode.spec.existing_secret or "", kode.metadata
    if found is None:
        raise RefNotFound(
            Reason.SECRET_NOT_FOUND,
            f"spec.existingSecret: there is no Secret {name} in namespace {meta.namespace}",
        )
    owners = found.get("metadata", {}).get("ownerReferences") or []
    strangers = (it for it in owners if it.get("kind") == "Kode" and it.get("uid") != meta.uid)
    other = next(strangers, None)
    if other:
        # The editor's environment would show one person the password of another.
        raise RefNotFound(
            Reason.REF_NOT_PERMITTED,
            f"spec.existingSecret: Secret {name} is that of Kode {other.get('name')}",
        )
    return existing(found, name, kode.spec.user)
