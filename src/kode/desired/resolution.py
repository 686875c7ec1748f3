"""A Kode with what it names, before anything is rendered: the same steps on any platform.

Rule: pure. A login that cannot be had keeps nothing else from being looked at, so that all that is
wrong is reported, and in the same order everywhere.
"""

from collections.abc import Collection
from dataclasses import dataclass

from kode.api.kode import Kode
from kode.api.meta import Object
from kode.api.proxyconfig import ProxyConfig
from kode.api.template import Template
from kode.desired.desired_state import DesiredState, derive
from kode.desired.resolve_references import resolve_proxy_config, resolve_template
from kode.errors import KodeError
from kode.render.resolve import Credentials, resolve


@dataclass(frozen=True)
class Named:
    """What a Kode names, read and permitted.

    Attributes:
        template: its template.
        proxy_config: the template's proxy config; None where it names none.
        granting: the namespaces whose KodeTemplates may grant what others may not.
    """

    template: Template
    proxy_config: ProxyConfig | None
    granting: Collection[str] = ()

    @property
    def asks_for_password(self) -> bool:
        """Whether nobody is let in without a password."""
        return self.proxy_config is not None and self.proxy_config.spec.auth_type == "basic"


def resolve_named(
    kode: Kode,
    document: Object,
    template: Object | None,
    proxy_config: Object | None,
    granting: Collection[str] = (),
) -> Named:
    """Return what a Kode names.

    Args:
        kode: the Kode.
        document: the same Kode, as it is written.
        template: the document that its templateRef names; None when absent.
        proxy_config: the document that the template's envoyProxyRef names; None when absent.
        granting: the namespaces whose KodeTemplates may grant what others may not.

    Raises:
        RefNotFound: something is absent, broken or not for this Kode.
        InvalidSpec: the template does not grant what the Kode asks for.
    """
    found = resolve_template(kode, document, template, granting)
    return Named(found, resolve_proxy_config(found, template or {}, proxy_config), granting)


def derive_desired(
    kode: Kode, named: Named, credentials: Credentials | None, problem: KodeError | None = None
) -> DesiredState:
    """Return what a Kode means with what it names.

    Args:
        kode: the Kode.
        named: what it names.
        credentials: user and password; None where it has none.
        problem: why there are no credentials though they were asked for.

    Raises:
        KodeError: the problem; a login that cannot be had must not come out as no login at all.
        InvalidSpec: the proxy config is broken, or asks for a password that the Kode lacks.
    """
    if problem:
        raise problem
    return derive(resolve(kode, named.template, named.proxy_config, credentials, named.granting))
