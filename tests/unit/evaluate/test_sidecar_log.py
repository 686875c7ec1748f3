"""kode.evaluate.sidecar_log. What a real Envoy logs is read in tests/envoy/test_live.py."""

import pytest

from kode.evaluate.envoy_errors import UNTOLD
from kode.evaluate.sidecar_log import Verdict, read

_AT = "[2026-11-28 10:00:00.000][1]"
_CLUSTERS = f"{_AT}[info][upstream] [a.cc:91] cds: added/updated 1 cluster(s)\n"
_HTTP = f"{_AT}[info][upstream] [a.cc:110] lds: add/update listener 'http'\n"
_FIELD = (
    "Protobuf message (type envoy.Bootstrap reason INVALID_ARGUMENT: invalid JSON in envoy.RBAC, "
    "near 1:12 (offset 11): no such field: 'polices') has unknown fields"
)
_TOLD = "invalid JSON in envoy.RBAC: no such field: 'polices'"
_REFUSED = f"{_AT}[warning][upstream] [a.cc:89] lds: listener 'http' config rejected: {_FIELD}\n"
_FILE = f"{_AT}[warning][config] [f.cc:81] Filesystem config update"
_AFTER = f"{_FILE} rejected: Error adding/updating listener(s) http: {_FIELD}\n\n"
_DURATION = f"{_FILE} rejected: Invalid duration: Expected positive duration: go\nseconds: -2\n"
_EMPTY = (
    f"{_FILE} failure: in /etc/envoy/listeners.json, "
    "Unable to parse JSON as proto (INVALID_ARGUMENT: unexpected EOF): \n"
)
_ODD = f"{_FILE} failure: a secret\n"
_NO_CLUSTER = "it names a cluster that Envoy does not have"
_EARLY = (
    f"{_AT}[warning][upstream] [a.cc:89] lds: listener 'http' config rejected: "
    "route: unknown cluster 'revision-2'\n"
)
_NO_FILE = (
    f"{_AT}[warning][upstream] [a.cc:89] lds: listener 'http' config rejected: "
    "unable to read file: /etc/envoy/htpasswd\n"
)


def _mark(revision: str) -> str:
    return f"{_AT}[info][upstream] [a.cc:110] lds: add/update listener 'revision-{revision}'\n"


_ONE = _CLUSTERS + _HTTP + _mark("1")


LOGS = [
    pytest.param("", Verdict(unread=True, silent=True), id="silent"),
    pytest.param(_ONE, Verdict(unread=True), id="another-revision"),
    pytest.param(_CLUSTERS + _HTTP, Verdict(unread=True, silent=True), id="not-said-of-which"),
    pytest.param(_ONE + _CLUSTERS + _HTTP + _mark("2"), Verdict(), id="taken"),
    pytest.param(_ONE + _REFUSED + _mark("2") + _AFTER, Verdict(_TOLD), id="listener"),
    pytest.param(
        _ONE + _REFUSED + _mark("0") + _AFTER + _CLUSTERS + _HTTP + _mark("2"),
        Verdict(),
        id="mended",
    ),
    pytest.param(
        _ONE + _DURATION + _HTTP + _mark("2"),
        Verdict("Invalid duration: Expected positive duration"),
        id="clusters",
    ),
    pytest.param(
        _ONE + _HTTP + _mark("2") + _DURATION,
        Verdict("Invalid duration: Expected positive duration"),
        id="clusters-read-last",
    ),
    pytest.param(_ONE + _EMPTY + _HTTP + _mark("2"), Verdict(), id="empty-for-a-moment"),
    pytest.param(_ONE + _ODD + _mark("2"), Verdict(UNTOLD), id="nothing-is-quoted"),
    pytest.param(_HTTP + _mark("2") + _ONE + _HTTP + _mark("2"), Verdict(), id="there-and-back"),
    pytest.param(_HTTP + _mark("2") + _ONE, Verdict(unread=True), id="another-since"),
    pytest.param(
        _ONE + _EARLY + _mark("2"), Verdict(_NO_CLUSTER, early=True), id="clusters-come-later"
    ),
    pytest.param(
        _NO_FILE + _mark("2"),
        Verdict("unable to read file: /etc/envoy/htpasswd", early=True),
        id="users-come-later",
    ),
    pytest.param(
        _ONE + _EARLY + _mark("2") + _CLUSTERS + _HTTP, Verdict(), id="clusters-came-later"
    ),
    pytest.param(
        _ONE + _EARLY + _mark("2") + _DURATION,
        Verdict("Invalid duration: Expected positive duration"),
        id="clusters-are-refused-later",
    ),
    pytest.param(
        "lds: add/update listener 'revision-2'",
        Verdict(unread=True, silent=True),
        id="cut-at-the-front",
    ),
    pytest.param(
        _mark("2") + _REFUSED + _mark("1") + _AFTER + _REFUSED + _AFTER + _CLUSTERS + _mark("2"),
        Verdict(),
        id="what-was-before-comes-again",
    ),
    pytest.param(
        _NO_FILE + _mark("2"),
        Verdict("unable to read file: /etc/envoy/htpasswd", early=True),
        id="its-own-file",
    ),
    pytest.param(
        _NO_FILE.replace("/etc/envoy/htpasswd", "/etc/keys/secret") + _mark("2"),
        Verdict(UNTOLD),
        id="somebodys-file",
    ),
    pytest.param(
        _ONE + _HTTP + _mark("2") + f"{_AT}[warning][lua] [l.cc:1] asked for {_REFUSED}",
        Verdict(),
        id="words-of-somebody-else",
    ),
]


@pytest.mark.parametrize(("log", "verdict"), LOGS)
def test_what_envoy_makes_of_revision_2(log: str, verdict: Verdict) -> None:
    assert read(log, "2") == verdict
