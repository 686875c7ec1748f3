"""What a person reads when a real Envoy refuses what an administrator wrote.

Rule: the kubelet keeps the last 2048 bytes of what a container said; no test sees more than that.
"""

import subprocess
from pathlib import Path
from typing import Any

import pytest

from kode.api.meta import Object
from kode.evaluate.observed import pod_view
from kode.gateway import passthrough, translate
from kode.gateway.sidecar import Door, Sidecar, Upstream
from tests.envoy.server import envoy

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


def _told(folder: Path, *clusters: Object, filters: tuple[Object, ...] = ()) -> str:
    """Return what the conditions say of a sidecar that does not start."""
    found = passthrough.filters(filters)
    own = passthrough.clusters(clusters, found)
    sidecar = Sidecar(Door.EDITOR, Upstream(8443, "/"), http_filters=found, clusters=own)
    text, merged = translate.parts(sidecar)
    file = folder / "envoy.json"
    file.write_text(text.replace("/run/envoy/admin.sock", str(folder / "admin.sock")))
    more = ["--config-yaml", merged] if merged else []
    command = [*envoy(file), "--mode", "validate", *more]
    done = subprocess.run(command, capture_output=True, check=False)
    said = (done.stderr + done.stdout)[-_KEPT:].decode(errors="replace")
    if done.returncode == 0:
        return ""
    last = {"exitCode": done.returncode, "message": said}
    status = {"name": "envoy", "state": {"terminated": last}}
    trouble = pod_view({"status": {"containerStatuses": [status]}}).trouble
    assert trouble is not None
    return trouble.message


@pytest.mark.parametrize(
    ("cluster", "words"),
    [
        (_cluster("nine"), ["clusters[0]", "socket_address.port_value", "invalid number: 'nine'"]),
        (_cluster(99999), ["clusters[0]", "SocketAddressValidationError.PortValue", "65535"]),
        (_cluster(connect_timeout="soon"), ["clusters[0].connect_timeout", "integer"]),
        (_cluster(type="STRIKT_DNS"), ["unknown enum value: 'STRIKT_DNS'"]),
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


def test_where_the_reason_is_lost_it_is_said_how_to_see_it(tmp_path: Path) -> None:
    told = _told(tmp_path, *(_cluster("nine", name=f"opa-{number}") for number in range(20)))
    assert "kode render --envoy" in told


def test_what_is_right_is_merged(tmp_path: Path) -> None:
    assert _told(tmp_path, _cluster()) == ""
    assert _told(tmp_path, *(_cluster(name=f"opa-{number}") for number in range(200))) == ""
