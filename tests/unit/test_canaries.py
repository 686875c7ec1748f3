"""Nothing secret leaves: what the pure core tells, prints and renders, searched for canaries."""

import base64
import json
from typing import Any

import pytest

from kode.api.document import parse
from kode.api.kode import Kode
from kode.api.proxyconfig import EnvoyProxyConfig
from kode.desired.desired_state import DesiredState, derive
from kode.errors import InvalidSpec, KodeError
from kode.evaluate.envoy_errors import summarize_error
from kode.evaluate.observed import pod_view
from kode.gateway import translate
from kode.render.resolve import Credentials
from kode.render.secret import parse_login_secret
from tests import canaries
from tests.canaries import CANARY, leaks
from tests.documents import kode, proxy, resolved, secret_document, template, typed

pytestmark = pytest.mark.attack

_ODD: list[Any] = [CANARY, {CANARY: CANARY}, [CANARY], {"no_such": CANARY}]


@pytest.mark.parametrize(
    "text",
    [
        CANARY,
        f"a {CANARY[3:16]} b",
        CANARY.encode(),
        base64.b64encode(b"user:" + CANARY.encode()).decode(),
        json.dumps({"key": f"\n{CANARY}"}),
    ],
)
def test_a_canary_is_found_however_it_is_written(text: str | bytes) -> None:
    assert leaks(text)
    assert not leaks("canary")


def _meaning(guard: dict[str, Any]) -> DesiredState | KodeError:
    try:
        return derive(resolved(guard=typed(EnvoyProxyConfig, guard)))
    except KodeError as error:
        return error


@pytest.mark.parametrize("value", _ODD, ids=["text", "key", "list", "object"])
def test_no_part_of_a_proxy_config_is_told_whatever_is_wrong_with_it(value: Any) -> None:
    seen = 0
    for where, guard in canaries.planted(canaries.proxy(authType="none"), value):
        if where == "spec":
            continue
        found = _meaning(guard)
        seen += isinstance(found, KodeError)
        assert not leaks(str(found) if isinstance(found, KodeError) else found.doubt), where
        assert not leaks(repr(found)), where
    assert seen > 5


@pytest.mark.parametrize("value", _ODD, ids=["text", "key", "list", "object"])
def test_no_part_of_what_cannot_be_read_is_told(value: Any) -> None:
    refused = 0
    for where, document in canaries.planted(canaries.kode(storage={"keepVolume": True}), value):
        message = _refusal(document)
        refused += bool(message)
        # A field that there is none of is told by its name.
        assert not leaks(message) or value == {CANARY: CANARY}, where
    assert refused > 3


def _refusal(document: dict[str, Any]) -> str:
    try:
        parse(document)
    except InvalidSpec as error:
        return error.message
    return ""


def test_a_proxy_config_is_in_the_secret_of_its_sidecar_and_nowhere_else() -> None:
    guard = typed(EnvoyProxyConfig, canaries.proxy())
    meaning = derive(resolved(guard=guard, login=Credentials("me", CANARY, "dev-auth")))
    for manifest in meaning.render(operator_namespace="kode-system"):
        kind, name = manifest["kind"], manifest["metadata"]["name"]
        assert leaks(json.dumps(manifest)) == (kind == "Secret"), name
    assert not leaks(repr(meaning))


def test_a_secret_that_cannot_be_used_is_not_quoted() -> None:
    odd = secret_document("login", username=f"{CANARY}\n", password=CANARY)
    broken = secret_document("login", password=f"{CANARY}\n{CANARY}")
    for document in (odd, broken):
        with pytest.raises(KodeError) as caught:
            parse_login_secret(document, "login", None)
        assert not leaks(caught.value.message)
    assert not leaks(repr(parse_login_secret(canaries.secret(), "login", None)))
    assert not leaks(repr(derive(resolved(typed(Kode, canaries.kode(env=[])), template()))))


_NUMBER = "invalid JSON in a.Bootstrap @ a.b[0]: uint32, near 1:9 (offset 8): invalid number: "
_ENUM = "Protobuf message (type a.Cluster reason INVALID_ARGUMENT: unknown enum value: "
_REASONS = [
    f"Unable to parse JSON as proto (INVALID_ARGUMENT: {_NUMBER}'{CANARY}'): ",
    f"{_ENUM}'{CANARY}') has unknown fields ",
    f"script load error: [string \"local key = '{CANARY}'\"]:3: '=' expected near '{CANARY}' ",
    f"missing ): {CANARY} ",
    f"a sentence of the next release about {CANARY} ",
    "",
]


@pytest.mark.parametrize("reason", _REASONS)
def test_no_end_of_what_envoy_says_tells_a_canary(reason: str) -> None:
    quoted = json.dumps({"clusters": canaries.clusters(), "filters": canaries.filters()})
    said = f"[2026-01-01 10:00:00.000][1][critical] error `{reason}{quoted}` initializing config"
    for start in range(0, len(said), 7):
        terminated = {"exitCode": 1, "message": said[start:]}
        status = {"name": "envoy", "state": {"terminated": terminated}}
        trouble = pod_view({"status": {"containerStatuses": [status]}}).failure
        assert trouble is not None
        assert not leaks(trouble.message), start
        assert not leaks(summarize_error(said[: start + 1])), start


@pytest.mark.parametrize(
    ("guard", "quiet"),
    [
        ({}, True),
        ({"httpFilters": canaries.filters()[:1]}, False),
        ({"httpFilters": canaries.filters()[2:]}, False),
        ({"clusters": canaries.clusters()}, False),
        (
            {"httpFilters": [{"name": "a", "typed_config": {"@type": "x", "y": [1, {"z": True}]}}]},
            True,
        ),
        ({"httpFilters": [{"name": "a", "typed_config": {"@type": "x", "y": ["z"]}}]}, False),
    ],
)
def test_where_envoy_may_quote_a_key_nothing_of_it_reaches_the_pods_status(
    guard: dict[str, Any], *, quiet: bool
) -> None:
    guard = {"clusters": [{"name": "authz"}], **guard} if "clusters" in guard else guard
    sidecar = derive(resolved(guard=proxy(**guard))).sidecar
    assert translate.quotes_nothing(sidecar) is quiet
    workload = derive(resolved(kode(), guard=proxy(**guard))).render(
        operator_namespace="kode-system"
    )[-1]
    envoy = workload["spec"]["containers"][-1]
    # Its configuration is another one while it runs, so nothing of its log ever stands there.
    assert envoy["terminationMessagePolicy"] == "File"
