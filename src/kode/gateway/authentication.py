"""Whether an administrator's filters refuse a request that proves nothing.

Rule: deny by default. A filter counts only where its configuration plainly leaves no way past it;
one that may let strangers through, or that is not known here, counts as none.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

_FILTERS = "type.googleapis.com/envoy.extensions.filters.http."
_CAPITAL = re.compile(r"(?<=[a-z0-9])[A-Z]")

_LETS_PASS = frozenset(
    {
        "allow_failed_matcher",
        "allow_missing",
        "allow_missing_or_failed",
        "bypass_cors_preflight",
        "failure_mode_allow",
        "filter_enabled",
        "filter_enabled_metadata",
        "pass_through_matcher",
    }
)
"""Fields that let some requests through, in whatever filter and at whatever depth."""


def authenticates(filters: Sequence[Mapping[str, Any]]) -> bool:
    """Tell whether one of the filters refuses every request that proves nothing."""
    return any(_refuses_strangers(item) for item in filters)


def _refuses_strangers(item: Mapping[str, Any]) -> bool:
    # Envoy skips a filter that is disabled, and one that is optional where it does not know it.
    if any(item.get(key) for key in ("disabled", "is_optional", "isOptional")):
        return False
    config = _snake(item.get("typed_config"))
    url = config.get("@type") if isinstance(config, Mapping) else None
    if not isinstance(url, str) or not url.startswith(_FILTERS) or _may_let_pass(config):
        return False
    match url.removeprefix(_FILTERS).split(".")[0]:
        case "ext_authz":
            # Without a service to ask, it does nothing.
            return bool(config.get("grpc_service") or config.get("http_service"))
        case "jwt_authn":
            return _wants_a_token_everywhere(config.get("rules"))
        case "oauth2" | "basic_auth":
            return True
        case _:
            return False


def _may_let_pass(config: Any) -> bool:
    return any(key in _LETS_PASS and value is not False for key, value in _fields(config))


def _wants_a_token_everywhere(rules: object) -> bool:
    # The first rule that matches decides, and a path that no rule matches is open.
    if not isinstance(rules, list):
        return False
    for rule in rules:
        if not isinstance(rule, Mapping) or not _wants_a_token(rule.get("requires")):
            return False
        if rule.get("match") == {"prefix": "/"}:
            return True
    return False


def _wants_a_token(requirement: object) -> bool:
    match requirement:
        case {"provider_name": str()} | {"provider_and_audiences": {"provider_name": str()}}:
            return True
        case {"requires_all": {"requirements": [*inner]}}:
            return any(_wants_a_token(item) for item in inner)
        case {"requires_any": {"requirements": [_, *_] as inner}}:
            return all(_wants_a_token(item) for item in inner)
        case _:
            return False


def _snake(node: Any) -> Any:
    # Envoy reads a field by either of its names.
    match node:
        case Mapping():
            return {
                _CAPITAL.sub(lambda found: f"_{found[0].lower()}", key): _snake(value)
                for key, value in node.items()
            }
        case list():
            return [_snake(value) for value in node]
        case _:
            return node


def _fields(node: Any) -> Iterator[tuple[str, Any]]:
    match node:
        case Mapping():
            yield from node.items()
            for value in node.values():
                yield from _fields(value)
        case list():
            for value in node:
                yield from _fields(value)
