"""kode.evaluate.envoy_errors. What a real Envoy says is in tests/envoy."""

import pytest

from kode.evaluate.envoy_errors import UNTOLD, summarize_error

pytestmark = pytest.mark.attack

_PLACE = "static_resources.clusters[3].a: message x.Y"
_AT = f"invalid JSON in envoy.Bootstrap @ {_PLACE}, near 1:9 (offset 8)"
_PROTOBUF = "Protobuf message (type envoy.Bootstrap reason INVALID_ARGUMENT: "
_ROOT = "invalid JSON in envoy.Lua, near 1:9 (offset 8)"
_WHERE = "invalid JSON in envoy.Bootstrap @ clusters[2].a"
_BOUNDS = "Proto constraint validation failed (BootstrapValidationError.StaticResources: "
_IN_CLUSTER = "StaticResourcesValidationError.Clusters[3]: "
_PORT = "PortValidationError.Value: value must be less than or equal to 65535"
_CHAIN = "embedded message failed validation | caused by "


def _unparsed(mistake: str, at: str = _AT) -> str:
    return f'Unable to parse JSON as proto (INVALID_ARGUMENT: {at}: {mistake}): {{"a": "secret"}}'


_SAID = [
    ("", ""),
    (" \n", ""),
    (_unparsed("invalid number: 'secret'"), f"{_WHERE}: invalid number"),
    (
        _unparsed("duration must start with an integer"),
        f"{_WHERE}: duration must start with an",
    ),
    (_unparsed("unexpected character: '\"'; expected '{'"), f"{_WHERE}: an object is expected"),
    (_unparsed("unexpected character: '1'; expected '['"), f"{_WHERE}: a list is expected"),
    (_unparsed("unexpected character: '{'; expected '\"'"), f"{_WHERE}: a text is expected"),
    (_unparsed("secret things"), f"{_WHERE}: it is not what Envoy has there"),
    (
        f"{_PROTOBUF}{_AT}: no such field: 'no_such') has",
        f"{_WHERE}: no such field: 'no_such'",
    ),
    (_unparsed("no such field: 'a secret'"), f"{_WHERE}: no such field"),
    (
        _unparsed("invalid number: 'x'", _AT.replace(_PLACE, "resources[2].<any>.a: message x.Y")),
        "invalid JSON in envoy.Bootstrap @ clusters[1].a: invalid number",
    ),
    ("Invalid duration: Expected positive duration: secret", "Invalid duration: Expected positive"),
    (_unparsed("no such field: 'x')", _ROOT), "invalid JSON in envoy.Lua: no such field: 'x'"),
    (
        f"{_PROTOBUF}unknown enum value: 'secret')",
        "a field of envoy.Bootstrap has an unknown enum value",
    ),
    (
        f'a: "secret" : {_BOUNDS}{_CHAIN}{_IN_CLUSTER}{_CHAIN}{_PORT})',
        f"out of bounds: BootstrapValidationError.StaticResources > clusters[2] > {_PORT}",
    ),
    (
        f'{_BOUNDS}value does not match regex pattern "secret")',
        "out of bounds: BootstrapValidationError.StaticResources: value does not match regex",
    ),
    (f"{_BOUNDS}secret", "out of bounds: BootstrapValidationError.StaticResources: no such"),
    (
        "Proto constraint validation failed (AValidationError.Providers[secret]: no)",
        "out of bounds: AValidationError.Providers: no such value",
    ),
    ("Proto constraint validation failed (secret", UNTOLD),
    (
        "script load error: [string \"local a = 'secret'...\"]:12: '=' expected near 'secret'",
        "script load error in line 12",
    ),
    (
        "Didn't find a registered implementation for 'secret' with type URL: 'no.such.Filter'",
        "there is no filter or extension of the type no.such.Filter",
    ),
    ("error `malformed IP address: secret. Consider` init", "malformed IP address"),
    (
        "Failed to load private key from <inline>, Cause: secret",
        "Failed to load private key from <inline>",
    ),
    ("a word", UNTOLD),
    ('"port_value": 1}}}]}]}}]}}', UNTOLD),
    ("error `a sentence nobody knows: secret` initializing config 'a.json'", UNTOLD),
]


@pytest.mark.parametrize(("words", "told"), _SAID)
def test_the_reason_is_told_and_no_value(words: str, told: str) -> None:
    assert summarize_error(words).startswith(told)
    assert bool(summarize_error(words)) == bool(told)
    assert "secret" not in summarize_error(words)


def test_what_is_long_is_cut() -> None:
    links = "".join(f"{'x' * 79}ValidationError.{'Y' * 79}: " for _ in range(20))
    assert len(summarize_error(f"Proto constraint validation failed ({links}")) == 900


def test_where_nothing_is_told_it_is_said_how_to_see_it() -> None:
    assert "kode logs --sidecar" in UNTOLD
    assert "kode render --envoy" in UNTOLD
