"""What a person reads when a real Envoy refuses what an administrator wrote.

Rule: none of it is a value. It is read whole, as one machine does, and as the kubelet keeps it: the
last 2048 bytes.
"""

import subprocess
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from kode.api.meta import Object
from kode.errors import InvalidSpec
from kode.evaluate.envoy_errors import summarize_error
from kode.evaluate.observed import pod_view
from kode.gateway import passthrough, translate
from kode.gateway.faults import check
from kode.gateway.sidecar import AuthMode, Sidecar, Upstream
from tests import canaries
from tests.canaries import CANARY
from tests.envoy.server import envoy, write

pytestmark = pytest.mark.attack

_KEPT = 2048
_LUA = "type.googleapis.com/envoy.extensions.filters.http.lua.v3.Lua"


def _cluster(port: Any = 9191, name: str = "opa", **more: Any) -> Object:
    address = {"socket_address": {"address": "opa.opa", "port_value": port}}
    endpoints = [{"lb_endpoints": [{"endpoint": {"address": address}}]}]
    return {
        "name": name,
        "type": "STRICT_DNS",
        "connect_timeout": "1s",
        "load_assignment": {"cluster_name": name, "endpoints": endpoints},
        **more,
    }


def _filter(**config: Any) -> Object:
    return {"name": "mark", "typed_config": {"@type": _LUA, **config}}


def _said(folder: Path, clusters: Sequence[Object], filters: Sequence[Object]) -> str:
    """Return what Envoy says against a sidecar that does not start; empty for one that does."""
    found = passthrough.filters(filters)
    own = passthrough.clusters(clusters, found)
    sidecar = Sidecar(AuthMode.FILTERS, Upstream(8443, "/"), http_filters=found, clusters=own)
    file = write(translate.bootstrap(sidecar), folder)
    command = [*envoy(file), "--mode", "validate", "--log-level", "critical"]
    done = subprocess.run(command, capture_output=True, check=False)
    return (done.stderr + done.stdout).decode(errors="replace") if done.returncode else ""


def _told(folder: Path, *clusters: Object, filters: tuple[Object, ...] = ()) -> str:
    """Return what is told of a sidecar that does not start."""
    return summarize_error(_said(folder, clusters, filters))


@pytest.mark.parametrize(
    ("cluster", "words"),
    [
        (_cluster("nine"), ["clusters[0]", "socket_address.port_value", "invalid number"]),
        (_cluster(99999), ["clusters[0]", "SocketAddressValidationError.PortValue", "65535"]),
        (_cluster(connect_timeout="soon"), ["clusters[0].connect_timeout", "integer"]),
        (_cluster(protocol_selection="NO"), ["envoy.config.bootstrap.v3.Bootstrap", "enum value"]),
        (_cluster(no_such=1), ["clusters[0]", "no such field: 'no_such'"]),
    ],
)
def test_a_cluster_that_is_refused(cluster: Object, words: list[str], tmp_path: Path) -> None:
    told = _told(tmp_path, cluster)
    assert [word for word in words if word not in told] == [], told
    assert told.count("STRICT_DNS") == 0, "nothing is quoted"
    assert len(told) < 1024


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ({"no_such": 1}, ["lua.v3.Lua", "no such field: 'no_such'"]),
        ({"default_source_code": 1}, ["lua.v3.Lua", "default_source_code"]),
        ({"default_source_code": {"inline_string": "function ("}}, ["script load error"]),
    ],
)
def test_a_filter_that_is_refused(config: Object, words: list[str], tmp_path: Path) -> None:
    told = _told(tmp_path, filters=(_filter(**config),))
    assert [word for word in words if word not in told] == [], told


def test_what_is_right_is_taken(tmp_path: Path) -> None:
    assert _told(tmp_path, _cluster()) == ""
    assert _told(tmp_path, *(_cluster(name=f"opa-{number}") for number in range(200))) == ""


@pytest.mark.parametrize("value", [CANARY, f"a (\n'\"`{{ {CANARY}", {CANARY: 1}, [CANARY]], ids=str)
def test_a_key_is_not_told_wherever_the_mistake_is(value: Any, tmp_path: Path) -> None:
    given = {"clusters": canaries.clusters(), "filters": canaries.filters()}
    planted = (changed for _, changed in canaries.planted(given, value))
    asked = [given, *(changed for changed in planted if _is_passed_on(changed))]
    folders = [tmp_path / str(number) for number in range(len(asked))]
    for folder in folders:
        folder.mkdir()
    with ThreadPoolExecutor() as pool:
        said = list(pool.map(lambda folder, it: _said(folder, **it), folders, asked))
    assert sum(canaries.leaks(text) for text in said) > 10, "what is searched holds canaries"
    for text in said:
        assert not canaries.leaks(summarize_error(text)), text
        terminated = {"exitCode": 1, "message": text[-_KEPT:]}
        status = {"name": "envoy", "state": {"terminated": terminated}}
        trouble = pod_view({"status": {"containerStatuses": [status]}}).failure
        assert trouble is not None
        assert not canaries.leaks(trouble.message), text


def _is_passed_on(given: Object) -> bool:
    items = [item for part in given.values() for item in part]
    if not all(isinstance(item, dict) and "name" in item for item in items):
        return False
    try:
        check(given["filters"], given["clusters"])
    except InvalidSpec:
        return False
    return True
