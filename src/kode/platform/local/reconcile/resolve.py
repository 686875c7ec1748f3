"""What a Kode means on one machine, from what was gathered.

Rule: pure, and the same core as on a cluster; only the login and the claim are said here once more,
because nobody but the store holds them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from kode.api.document import parse
from kode.api.kode import Kode
from kode.api.meta import Object
from kode.desired.desired_state import DesiredState
from kode.desired.resolution import Named, derive_desired, resolve_named
from kode.errors import InvalidSpec, KodeError
from kode.gateway.sidecar import AuthMode
from kode.platform.local.reconcile import credentials, volumes
from kode.platform.local.reconcile.credentials import ResolvedLogin
from kode.platform.local.reconcile.gather import LocalInputs


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


def resolve_kode(inputs: LocalInputs, fallback_password: str) -> ResolvedInputs:
    """Return what a Kode means.

    Args:
        inputs: what was gathered.
        fallback_password: a password to use where the Kode has none.
    """
    try:
        kode = parse(inputs.kode)
    except InvalidSpec as error:
        return ResolvedInputs(None, (error,))
    assert isinstance(kode, Kode)  # noqa: S101 - gathered by kind
    login, problems = ResolvedLogin(None), list[KodeError]()
    try:
        login = credentials.resolve_credentials(inputs, kode)
    except KodeError as error:
        problems.append(error)
    try:
        named = resolve_named(kode, inputs.kode, inputs.template, inputs.proxy_config)
        problem = problems.pop() if problems else None
        login, desired = _derive(inputs, kode, named, (login, problem), fallback_password)
        volumes.check_claim(inputs, desired.kode)
    except KodeError as error:
        return ResolvedInputs(kode, (*problems, error), login)
    return ResolvedInputs(kode, (), login, desired, volumes.desired_claim(inputs, desired.kode))


def without_password(kode: Object) -> Object | None:
    """Return a Kode's document without its password; None where there is none in it."""
    spec: Mapping[str, Any] = kode.get("spec") or {}
    if "password" not in spec:
        return None
    return {**kode, "spec": {key: value for key, value in spec.items() if key != "password"}}


def _derive(
    inputs: LocalInputs,
    kode: Kode,
    named: Named,
    login: tuple[ResolvedLogin, KodeError | None],
    fallback_password: str,
) -> tuple[ResolvedLogin, DesiredState]:
    """Return what a Kode means, with a login of its own where nothing else keeps others out."""
    given, problem = login
    if given.credentials or problem:
        return given, derive_desired(kode, named, given.credentials, problem)
    if not named.asks_for_password:
        desired = derive_desired(kode, named, None)
        if desired.auth_mode is not AuthMode.DENY:
            return given, desired
    made = credentials.generate_credentials(inputs, kode, fallback_password)
    return made, derive_desired(kode, named, made.credentials)
