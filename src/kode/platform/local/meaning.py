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
from kode.platform.local import login as logins
from kode.platform.local import volumes
from kode.platform.local.gather import Seen
from kode.platform.local.login import Login
from kode.render.resolve import resolve


@dataclass(frozen=True)
class Understood:
    """A Kode as far as it can be understood.

    Attributes:
        kode: the Kode; None where its document is broken.
        problems: what stands in the way, the first found first.
        login: who may open it.
        meaning: what it means; None where something stands in the way.
        claim: the claim to write; None for nothing to write.
    """

    kode: Kode | None
    problems: tuple[KodeError, ...] = ()
    login: Login = field(default_factory=lambda: Login(None))
    meaning: DesiredState | None = None
    claim: Object | None = None


def understand(seen: Seen, spare: str) -> Understood:
    """Return what a Kode means.

    Args:
        seen: what the pass saw.
        spare: a password to use where the Kode has none.
    """
    try:
        kode = parse(seen.kode)
    except InvalidSpec as error:
        return Understood(None, (error,))
    assert isinstance(kode, Kode)  # noqa: S101 - gathered by kind
    try:
        login = logins.find(seen, kode)
    except KodeError as error:
        return Understood(kode, (error,))
    try:
        template = resolve_template(kode, seen.kode, seen.template)
        proxy = resolve_proxy_config(template, seen.template or {}, seen.proxy_config)
        login, meaning = _meaning(seen, kode, (template, proxy), login, spare)
        volumes.check(seen, meaning.kode)
    except KodeError as error:
        return Understood(kode, (error,), login)
    return Understood(kode, (), login, meaning, volumes.wanted(seen, meaning.kode))


def is_withheld(understood: Understood) -> bool:
    """Tell whether a Kode may not run, whatever it is made from: then what runs is stopped."""
    return any(problem.reason in WITHHELD for problem in understood.problems)


def without_password(kode: Object) -> Object | None:
    """Return a Kode's document without its password; None where there is none in it."""
    spec: Mapping[str, Any] = kode.get("spec") or {}
    if "password" not in spec:
        return None
    return {**kode, "spec": {key: value for key, value in spec.items() if key != "password"}}


def _meaning(
    seen: Seen,
    kode: Kode,
    named: tuple[Template, ProxyConfig | None],
    login: Login,
    spare: str,
) -> tuple[Login, DesiredState]:
    template, proxy = named
    if login.credentials is None:
        asks = proxy is not None and proxy.spec.auth_type == "basic"
        if not asks:
            meaning = derive(resolve(kode, template, proxy, None))
            if meaning.auth_mode is not AuthMode.DENY:
                return login, meaning
        login = logins.generate(seen, kode, spare)
    return login, derive(resolve(kode, template, proxy, login.credentials))
