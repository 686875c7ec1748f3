"""kode.render.workload."""

from typing import Any

import pytest

from kode import labels
from kode.render.resolve import Credentials, ResolvedKode
from kode.render.secret import SidecarConfig, envoy, holds_secrets
from kode.render.workload import digest, workload
from tests.documents import WEBTOP, credentials, kode, resolved, template


def hashes(
    of: ResolvedKode, config: str = "{}", start: str = "{}", restarted_at: str = ""
) -> tuple[str, str]:
    files = SidecarConfig(start, config, config, config)
    found = workload(of, files, restarted_at)["metadata"]["annotations"]
    return found[labels.KODE_HASH], found[labels.POD_HASH]


BASE = hashes(resolved())


@pytest.mark.parametrize(
    ("found", "of_kode", "of_pod"),
    [
        (hashes(resolved()), True, True),
        (hashes(resolved(kode(suspend=True))), True, True),
        (hashes(resolved(over=template(image="new"))), True, False),
        (hashes(resolved(), config="{ }"), True, True),
        (hashes(resolved(), start="{ }"), True, False),
        (hashes(resolved(kode(workspace="other"))), False, False),
        (hashes(resolved(), restarted_at="now"), False, False),
    ],
)
def test_hashes_tell_whose_change_a_pod_lacks(
    found: tuple[str, str], *, of_kode: bool, of_pod: bool
) -> None:
    assert (found[0] == BASE[0], found[1] == BASE[1]) == (of_kode, of_pod)


@pytest.mark.attack
def test_password_is_part_of_no_hash() -> None:
    one, other = credentials(), credentials()
    object.__setattr__(other, "password", "another")
    assert hashes(resolved(login=one)) == hashes(resolved(login=other))


@pytest.mark.parametrize("value", [{"a": [1, "å", None]}, "\ud800", []])
def test_digest_is_short_and_follows_the_value(value: Any) -> None:
    assert digest(value) == digest(value)
    assert digest(value) != digest([value])
    assert len(digest(value)) == 16


@pytest.mark.attack
def test_pod_has_no_token_and_no_way_to_more_rights() -> None:
    files = SidecarConfig("{}", "{}", "{}", "1")
    pod = workload(resolved(), files, "")["spec"]
    assert pod["automountServiceAccountToken"] is False
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert all("privileged" not in item["securityContext"] for item in pod["containers"])
    assert all("resources" in item for item in [*pod["containers"], *pod["initContainers"]])


@pytest.mark.attack
@pytest.mark.parametrize("login", [None, credentials()])
@pytest.mark.parametrize("quotes_nothing", [True, False])
def test_only_a_configuration_without_secrets_stands_in_the_pod(
    login: Credentials | None, *, quotes_nothing: bool
) -> None:
    files = SidecarConfig("{}", '{"c": 1}', '{"l": 1}', "1", quotes_nothing=quotes_nothing)
    kode = resolved(login=login)
    annotations = workload(kode, files, "")["metadata"]["annotations"]
    data = envoy(kode, files)["data"] if holds_secrets(kode, files) else {}
    keys = (labels.ENVOY_CLUSTERS, labels.ENVOY_LISTENERS)
    is_open = quotes_nothing and login is None
    assert [annotations.get(key) for key in keys] == (
        [files.clusters, files.listeners] if is_open else [None, None]
    )
    assert ({"clusters.json", "listeners.json"} <= data.keys()) is not is_open
    assert ("htpasswd" in data) is (login is not None)


def test_a_configuration_too_long_for_an_annotation_stands_in_the_secret() -> None:
    files = SidecarConfig("{}", "", "x" * 100_001, "1", quotes_nothing=True)
    assert labels.ENVOY_LISTENERS not in workload(resolved(), files, "")["metadata"]["annotations"]
    assert "listeners.json" in envoy(resolved(), files)["data"]


def test_whoever_an_image_lets_in_by_itself_is_part_of_the_kodes_own() -> None:
    over = template(type="webtop", image=WEBTOP)
    assert hashes(resolved(over=over)) != hashes(resolved(over=over, login=credentials()))
