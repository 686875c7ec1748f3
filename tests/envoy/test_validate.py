"""Every configuration that the product makes, held against the real Envoy's own validation."""

import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kode.gateway import local_gateway, translate
from kode.gateway.local_gateway import Route
from kode.gateway.sidecar import AuthMode, Sidecar, Upstream
from tests.envoy.server import envoy, write
from tests.golden import cases
from tests.golden.cases import configurations

GOLDEN = Path(__file__).parents[1] / "golden"
EXAMPLES = Path(__file__).parents[2] / "examples"
CASES = [*sorted(GOLDEN.glob("gateway/*.in.yaml")), *sorted(GOLDEN.glob("render/*.in.yaml"))]
USERS = "me:{SHA}2kuSN7rMzfGcB2DKt67EqDWQELA=\n"


def accepted(config: dict[str, object], folder: Path) -> None:
    """Fail with Envoy's own words where it refuses a configuration."""
    users = folder / "htpasswd"
    users.write_text(USERS)
    text = translate.dump(config).replace("/etc/envoy/htpasswd", str(users))
    file = write(yaml.safe_load(text), folder)
    done = subprocess.run(
        [*envoy(file), "--mode", "validate"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, (done.stdout + done.stderr)[-2000:]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name.removesuffix(".in.yaml"))
def test_envoy_accepts_every_golden(case: Path, tmp_path: Path) -> None:
    found = configurations(case.parent.name, yaml.safe_load(case.read_text()))
    assert found
    for config in found:
        accepted(config, tmp_path)


@pytest.mark.parametrize("file", sorted(EXAMPLES.glob("*.yaml")), ids=lambda file: file.stem)
def test_envoy_accepts_every_example(file: Path, tmp_path: Path) -> None:
    found = configurations("render", {"files": [str(file)]})
    assert found
    for config in found:
        accepted(config, tmp_path)


@pytest.mark.parametrize(
    "case", sorted(GOLDEN.glob("gateway/*.in.yaml")), ids=lambda case: case.name[:-8]
)
def test_envoy_accepts_every_golden_behind_the_door_of_one_machine(
    case: Path, tmp_path: Path
) -> None:
    sidecar = cases.sidecar(yaml.safe_load(case.read_text()))
    sidecar = replace(sidecar, upstream=replace(sidecar.upstream, socket=str(tmp_path / "editor")))
    entry = Route("dev-1", ("dev.localhost",), "default/dev", "running", sidecar, USERS)
    one = local_gateway.kode_listener(entry, sidecar, str(tmp_path / "door"))
    accepted({"admin": {"address": {"pipe": {}}}, **local_gateway.standalone_config(one)}, tmp_path)


@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    auth_mode=st.sampled_from(AuthMode),
    port=st.integers(1, 65535),
    path=st.from_regex(r"/[a-z0-9/_.-]{0,20}", fullmatch=True),
    flags=st.tuples(st.booleans(), st.booleans()),
)
def test_envoy_accepts_every_sidecar(
    auth_mode: AuthMode, port: int, path: str, flags: tuple[bool, bool], tmp_path: Path
) -> None:
    upstream = Upstream(
        port, path, login_is_healthy=flags[0], authorization="Basic x" if flags[1] else ""
    )
    accepted(translate.bootstrap(Sidecar(auth_mode, upstream)), tmp_path)


def test_a_broken_filter_is_refused_in_words_that_name_the_field(tmp_path: Path) -> None:
    given_filter = {
        "name": "envoy.filters.http.ext_authz",
        "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.filters.http.ext_authz.v3.ExtAuthz",
            "no_such_field": True,
        },
    }
    (config,) = configurations("gateway", {"door": "filters", "httpFilters": [given_filter]})
    with pytest.raises(AssertionError, match="no_such_field"):
        accepted(config, tmp_path)
