"""kode.render.workload."""

from typing import Any

import pytest

from kode import labels
from kode.render.resolve import Credentials, ResolvedKode
from kode.render.secret import SidecarConfig
from kode.render.workload import digest, workload
from tests.documents import credentials, kode, resolved, template


def hashes(
    of: ResolvedKode, config: str = "{}", revision: int = 1, restarted_at: str = ""
) -> tuple[str, str]:
    files = SidecarConfig(config, revision)
    found = workload(of, files, restarted_at)["metadata"]["annotations"]
    return found[labels.KODE_HASH], found[labels.POD_HASH]


BASE = hashes(resolved())


@pytest.mark.parametrize(
    ("found", "of_kode", "of_pod"),
    [
        (hashes(resolved()), True, True),
        (hashes(resolved(kode(suspend=True))), True, True),
        (hashes(resolved(over=template(image="new"))), True, False),
        (hashes(resolved(), config="{ }"), True, False),
        (hashes(resolved(kode(workspace="other"))), False, False),
        (hashes(resolved(), revision=2), False, False),
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
    files = SidecarConfig("{}", 1)
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
    files = SidecarConfig('{"static": 1}', 1, last_words=quotes_nothing)
    pod = workload(resolved(login=login), files, "")
    (volume,) = (it for it in pod["spec"]["volumes"] if it["name"] == "envoy")
    is_open = login is None and quotes_nothing
    assert ("downwardAPI" in volume, "secret" in volume) == (is_open, not is_open)
    assert pod["metadata"]["annotations"].get(labels.ENVOY) == (files.config if is_open else None)
