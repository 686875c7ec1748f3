"""What a Kode means on one machine, from what one pass saw.

Rule: pure, and the same core as on a cluster; only the login and the claim are said here once more,
because nobody but the store holds them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from kode.api.document import parse
from kode.api.kode import Kode
from kode.api.meta import Object
from kode.api.proxyconfig import ProxyConfig
from kode.api.template import Template
from kode.desired.desired_state import DesiredState, derive
from kode.desired.resolve_references import resolve_proxy_config, resolve_template
from kode.errors import InvalidSpec, KodeError
from kode.evaluate.conditions import WITHHELD
from kode.gateway.sidecar import AuthMode
from kode.platform.local.reconcile import credentials, volumes
from kode.platform.local.reconcile.credentials import ResolvedLogin
from kode.platform.local.reconcile.gather import Inputs
from kode.render.resolve import resolve


@dataclass(frozen=True)
class ResolvedInputs:
    """A Kode as far as it can be understood.

    Attributes:
        kode: the Kode; None where its document is broken.
        problems: what stands in the way, the first found first.
        login: who may open it.
        desired: what it means; None where something stands in the way.
        claim: the claim to write; None for nothing to write.
    """

    kode: Kode | None
    problems: tuple[KodeError, ...] = ()
    login: ResolvedLogin = field(default_factory=lambda: ResolvedLogin(None))
    desired: DesiredState | None = None
    claim: Object | None = None


def resolve_kode(inputs: Inputs, fallback_password: str) -> ResolvedInputs:
    """Return what a Kode means.

    Args:
        inputs: what the pass saw.
        fallback_password: a password to use where the Kode has none.
    """
    try:
        kode = parse(inputs.kode)
    except InvalidSpec as error:
        return ResolvedInputs(None, (error,))
    assert isinstance(kode, Kode)  # noqa: S101 - gathered by kind
    try:
        login = credentials.resolve_credentials(inputs, kode)
    except KodeError as error:
        return ResolvedInputs(kode, (error,))
    try:
        template = resolve_template(kode, inputs.kode, inputs.template)
        proxy = resolve_proxy_config(template, inputs.template or {}, inputs.proxy_config)
        login, desired = _desired(inputs, kode, (template, proxy), login, fallback_password)
        volumes.check_claim(inputs, desired.kode)
    except KodeError as error:
        return ResolvedInputs(kode, (error,), login)
    return ResolvedInputs(kode, (), login, desired, volumes.desired_claim(inputs, desired.kode))


def is_withheld(resolved: ResolvedInputs) -> bool:
    """Tell whether a Kode may not run, whatever it is made from: then what runs is stopped."""
    return any(problem.reason in WITHHELD for problem in resolved.problems)


def without_password(kode: Object) -> Object | None:
    """Return a Kode's document without its password; None where there is none in it."""
    spec: Mapping[str, Any] = kode.get("spec") or {}
    if "password" not in spec:
        return None
    return {**kode, "spec": {key: value for key, value in spec.items() if key != "password"}}


def _desired(
    inputs: Inputs,
    kode: Kode,
    named: tuple[Template, ProxyConfig | None],
    login: ResolvedLogin,
    fallback_password: str,
) -> tuple[ResolvedLogin, DesiredState]:
    template, proxy = named
    if login.credentials is None:
        asks = proxy is not None and proxy.spec.auth_type == "basic"
        if not asks:
            desired = derive(resolve(kode, template, proxy, None))
            if desired.auth_mode is not AuthMode.DENY:
                return login, desired
        login = credentials.generate_credentials(inputs, kode, fallback_password)
    return login, derive(resolve(kode, template, proxy, login.credentials))
