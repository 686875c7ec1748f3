"""Whether an administrator's filters refuse a request that proves nothing.

Rule: deny by default. A filter counts only where each of its fields is known to leave no way past
it, and only where nothing stands before it that could answer in the editor's place.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from kode.gateway import known
from kode.gateway.fields import quote_key, twice
from kode.gateway.passthrough import EDITOR_CLUSTER
from kode.gateway.references import cluster_references
from kode.gateway.shapes import Doubt, Shape, read

_TYPE = re.compile(r"type\.googleapis\.com/envoy\.extensions\.filters\.http\.([a-z0-9_]+)\.v3\.\w+")


def authenticates(filters: Sequence[Mapping[str, Any]]) -> bool:
    """Tell whether the filters refuse every request that proves nothing."""
    return not doubt(filters)


def doubt(filters: Sequence[Mapping[str, Any]]) -> str:
    """Return why the filters do not count as a login; empty where they do.

    The first filter that asks decides, and those before it must be known to do no more than refuse
    or pass on. What stands behind it sees only requests that it let in.
    """
    for number, item in enumerate(filters):
        try:
            _ask(item)
        except Doubt as error:
            why = f"httpFilters[{number}] does not count as a login: {error}"
            if not _only_passes(item):
                return why
        else:
            return ""
    return why if filters else "there are no httpFilters"


def _ask(item: Mapping[str, Any]) -> None:
    """Find out whether a filter lets nobody pass who proves nothing.

    Raises:
        Doubt: it does, or may.
    """
    for at, one, other in twice(item):
        raise Doubt(
            f"{at or 'it'} gives one field twice, as {quote_key(one)} and {quote_key(other)}"
        )
    read(item, known.ITEM, "")
    name, config = _config(item, known.ASKING)
    for at, cluster in cluster_references(item):
        if cluster == EDITOR_CLUSTER:
            raise Doubt(f"{at} is the editor itself, which is what it is to guard")
    match name:
        case "ext_authz":
            # Without a service to ask, it does nothing.
            asks = bool(config.get("grpc_service") or config.get("http_service"))
        case "jwt_authn":
            asks = _wants_a_token_everywhere(config.get("rules"))
        case "oauth2":
            # Without a configuration, it does nothing.
            asks = bool(config.get("config"))
        case "api_key_auth":
            asks = bool(config.get("key_sources"))
        case _:
            asks = bool(config.get("users"))
    if not asks:
        raise Doubt(f"this {name} does not ask everybody about every path")


def _only_passes(item: Mapping[str, Any]) -> bool:
    if any(twice(item)):
        return False
    try:
        read(item, known.PASSING_ITEM, "")
        _config(item, known.PASSING)
    except Doubt:
        return False
    return True


def _config(item: Mapping[str, Any], shapes: Mapping[str, Shape]) -> tuple[str, Mapping[str, Any]]:
    config = item.get("typed_config")
    url = config.get("@type") if isinstance(config, Mapping) else None
    match = _TYPE.fullmatch(url) if isinstance(url, str) else None
    if not isinstance(config, Mapping) or not match or match[1] not in shapes:
        raise Doubt("it is none of the filters that are known to ask who somebody is")
    fields = {key: value for key, value in config.items() if key != "@type"}
    return match[1], read(fields, shapes[match[1]], "typed_config")


def _wants_a_token_everywhere(rules: object) -> bool:
    # The first rule that matches decides, and a path that no rule matches is open.
    if not isinstance(rules, list):
        return False
    for rule in rules:
        if not _wants_a_token(rule.get("requires")):
            return False
        if rule.get("match") == {"prefix": "/"}:
            return True
    return False


def _wants_a_token(requirement: object) -> bool:
    match requirement:
        case {"provider_name": str(name)} | {
            "provider_and_audiences": {"provider_name": str(name)}
        }:
            return bool(name)
        case {"requires_all": {"requirements": [*inner]}}:
            return any(_wants_a_token(item) for item in inner)
        case {"requires_any": {"requirements": [_, *_] as inner}}:
            return all(_wants_a_token(item) for item in inner)
        case _:
            return False
